//! What the GPU takes for frames, by its own clock.
//!
//! A frame is stamped before its first command and after its pictures are complete; the stamps stay on the GPU until
//! somebody waits for them, so that a frame that is measured does nothing else than one that is not. Architecture
//! invariant: it decides nothing.

use std::sync::mpsc;

use super::{DrawError, Gpu};

/// Frames that are stamped between two readings: longer runs are read in pieces.
pub const FRAMES_MAX: u32 = 64;

/// Both stamps of every frame.
const STAMPS: u32 = FRAMES_MAX * 2;
const STAMP_BYTES: u64 = wgpu::QUERY_SIZE as u64;

/// Stamps of frames.
#[derive(Debug)]
pub(super) struct Stopwatch {
    stamps: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    readable: wgpu::Buffer,
    nanos_per_tick: f32,
    frames: u32,
}

impl Stopwatch {
    /// `None` where the device has no clock.
    pub fn new(gpu: &Gpu) -> Option<Self> {
        if !gpu.device.features().contains(wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS) {
            return None;
        }
        let buffer = |label, usage| {
            gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size: u64::from(STAMPS) * STAMP_BYTES,
                usage: usage | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        };
        Some(Self {
            stamps: gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("stamps"),
                ty: wgpu::QueryType::Timestamp,
                count: STAMPS,
            }),
            resolved: buffer(
                "stamps resolved",
                wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            ),
            readable: buffer("stamps readable", wgpu::BufferUsages::MAP_READ),
            nanos_per_tick: gpu.queue.get_timestamp_period(),
            frames: 0,
        })
    }

    /// Before the frame's first command. What comes after [`FRAMES_MAX`] is not stamped.
    pub fn start(&self, encoder: &mut wgpu::CommandEncoder) {
        if self.frames < FRAMES_MAX {
            encoder.write_timestamp(&self.stamps, self.frames * 2);
        }
    }

    /// After its last.
    pub fn stop(&self, encoder: &mut wgpu::CommandEncoder) {
        if self.frames < FRAMES_MAX {
            encoder.write_timestamp(&self.stamps, self.frames * 2 + 1);
        }
    }

    /// The frame was submitted.
    pub fn count(&mut self) {
        self.frames = (self.frames + 1).min(FRAMES_MAX);
    }

    /// Nanoseconds of each frame since the last time, as soon as all of them are done.
    pub fn take(&mut self, gpu: &Gpu) -> Result<Vec<u64>, DrawError> {
        let stamps = std::mem::take(&mut self.frames) * 2;
        if stamps == 0 {
            return Ok(Vec::new());
        }
        let bytes = u64::from(stamps) * STAMP_BYTES;
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.resolve_query_set(&self.stamps, 0..stamps, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.readable, 0, bytes);
        gpu.queue.submit([encoder.finish()]);

        let lost = |reason: String| DrawError::Readback { reason };
        let (sender, receiver) = mpsc::sync_channel(1);
        self.readable.map_async(wgpu::MapMode::Read, ..bytes, move |result| {
            // The receiver outlives the wait below.
            let _ = sender.send(result);
        });
        gpu.device.poll(wgpu::PollType::wait_indefinitely()).map_err(|error| lost(error.to_string()))?;
        let mapped = receiver.try_recv().map_err(|error| lost(error.to_string()))?;
        mapped.map_err(|error| lost(error.to_string()))?;
        let nanos = {
            let bytes = self.readable.get_mapped_range(..bytes).map_err(|error| lost(error.to_string()))?;
            let ticks: &[u64] = bytemuck::cast_slice(&bytes);
            let nanos = |ticks: u64| (ticks as f64 * f64::from(self.nanos_per_tick)) as u64;
            ticks.chunks_exact(2).map(|pair| nanos(pair[1].saturating_sub(pair[0]))).collect()
        };
        self.readable.unmap();
        Ok(nanos)
    }
}
