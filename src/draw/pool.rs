//! Buffers that many share: which elements are free, and how the buffers grow without a frame that waits for it.
//!
//! They double when they are full, up to a ceiling. The larger ones are made beside the frame, and what is there moves
//! into them some megabytes a frame; until then nothing new finds room.

use super::Gpu;
use super::batch::Batch;
use super::maker::{Allowance, Maker, Pending};
use super::ranges::Ranges;

/// One of the buffers: what an element is to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    pub label: &'static str,
    /// Bytes of an element, a multiple of four.
    pub element_bytes: u64,
    pub usage: wgpu::BufferUsages,
}

impl Stream {
    fn buffer(&self, device: &wgpu::Device, capacity: u32) -> wgpu::Buffer {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(self.label),
            size: self.element_bytes * u64::from(capacity),
            usage: self.usage | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        })
    }
}

/// What becomes of a wish for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// From this element on.
    At(u32),
    /// Larger buffers are on their way: ask again in the next frame.
    Coming,
    /// All that there may be is taken.
    Full,
}

/// Larger buffers on their way.
#[derive(Debug)]
enum Growth<const STREAMS: usize> {
    Ordered { capacity: u32, made: Pending<[wgpu::Buffer; STREAMS]> },
    Moving { capacity: u32, buffers: [wgpu::Buffer; STREAMS], moved: u32 },
}

/// Buffers with an element each of whatever has a place.
#[derive(Debug)]
pub(super) struct Pool<const STREAMS: usize> {
    streams: [Stream; STREAMS],
    buffers: [wgpu::Buffer; STREAMS],
    elements: Ranges,
    capacity_max: u32,
    growth: Option<Growth<STREAMS>>,
}

impl<const STREAMS: usize> Pool<STREAMS> {
    pub fn new(gpu: &Gpu, streams: [Stream; STREAMS], capacity: u32, capacity_max: u32) -> Self {
        let buffers = streams.map(|stream| stream.buffer(&gpu.device, capacity));
        Self { streams, buffers, elements: Ranges::new(capacity), capacity_max, growth: None }
    }

    /// The buffers, in the order of the streams.
    pub fn buffers(&self) -> &[wgpu::Buffer; STREAMS] {
        &self.buffers
    }

    /// What the buffers occupy, with larger ones on their way and what nothing is in, bytes.
    pub fn held_bytes(&self) -> u64 {
        let coming = match &self.growth {
            Some(Growth::Moving { buffers, .. }) => buffers.as_slice(),
            Some(Growth::Ordered { .. }) | None => &[],
        };
        self.buffers.iter().chain(coming).map(wgpu::Buffer::size).sum()
    }

    /// All of it is free; the buffers stay as large as they are.
    pub fn reset(&mut self) {
        self.elements = Ranges::new(self.elements.capacity());
        self.growth = None;
    }

    /// Room in the buffers as they are.
    pub fn take(&mut self, count: u32) -> Option<u32> {
        self.elements.take(count)
    }

    /// Gives room back.
    pub fn give_back(&mut self, first: u32, count: u32) {
        self.elements.give_back(first, count);
    }

    /// Finds room. Where there is none, larger buffers are ordered.
    pub fn reserve(&mut self, maker: &Maker, count: u32) -> Room {
        // What would be written now may be where the move has been already.
        if self.growth.is_some() {
            return Room::Coming;
        }
        if let Some(first) = self.take(count) {
            return Room::At(first);
        }
        let now = self.elements.capacity();
        if now >= self.capacity_max {
            return Room::Full;
        }
        let capacity = now.saturating_mul(2).max(now.saturating_add(count)).min(self.capacity_max);
        let streams = self.streams;
        let made = maker.order(move |device| streams.map(|stream| stream.buffer(device, capacity)));
        self.growth = Some(Growth::Ordered { capacity, made });
        Room::Coming
    }

    /// Has what is there moved into the larger buffers, if there are any, and what is behind it cleared: up to
    /// the `allowance`, from which that is taken.
    pub fn advance(&mut self, batch: &mut Batch, allowance: &mut Allowance) {
        if let Some(Growth::Ordered { capacity, made }) = &self.growth
            && let Some(buffers) = made.take(allowance)
        {
            self.growth = Some(Growth::Moving { capacity: *capacity, buffers, moved: 0 });
        }
        let Some(Growth::Moving { capacity, buffers, moved }) = &mut self.growth else { return };
        let used = self.elements.capacity();
        let element_bytes: u64 = self.streams.iter().map(|stream| stream.element_bytes).sum();
        while *moved < *capacity && allowance.bytes > 0 {
            let is_used = *moved < used;
            let end = if is_used { used } else { *capacity };
            let affordable = u32::try_from(allowance.bytes / element_bytes).unwrap_or(u32::MAX);
            let count = affordable.clamp(1, end - *moved);
            for ((stream, old), new) in self.streams.iter().zip(&self.buffers).zip(&*buffers) {
                let [from, to] = [*moved, *moved + count].map(|at| u64::from(at) * stream.element_bytes);
                if is_used {
                    batch.move_bytes(old, new, from..to);
                } else {
                    // Else it would be cleared at once by the first frame that draws from it.
                    batch.clear(new, from..to);
                }
            }
            *moved += count;
            allowance.bytes = allowance.bytes.saturating_sub(u64::from(count) * element_bytes);
        }
    }

    /// What [`Pool::advance`] had moved is submitted: after the last of it, the larger buffers are those.
    pub fn settle(&mut self) {
        if let Some(Growth::Moving { capacity, buffers, moved }) = &self.growth
            && moved == capacity
        {
            self.buffers = buffers.clone();
            self.elements.grow(*capacity);
            self.growth = None;
        }
    }
}
