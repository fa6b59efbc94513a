//! Pictures from the GPU back to bytes: slow, waits, and is never part of a frame.

use std::sync::mpsc;
use std::time::Duration;

use super::{DrawError, EyeImage, Gpu};
use crate::scene::texture::Pixels;

/// What is drawn is told of at once; only a thread that was put to sleep takes longer.
const TELLING_MAX: Duration = Duration::from_secs(10);

/// What both eyes see, left then right, as soon as everything submitted so far is drawn.
///
/// # Errors
/// When the device was lost.
pub fn read(gpu: &Gpu, image: &EyeImage) -> Result<[Pixels; 2], DrawError> {
    let [width, height] = image.size();
    let row_bytes = width * 4;
    let pitch = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let layer_bytes = u64::from(pitch) * u64::from(height);
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("readback"),
        size: layer_bytes * 2,
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let [x, y] = image.part().offset;
    encoder.copy_texture_to_buffer(
        wgpu::TexelCopyTextureInfo {
            origin: wgpu::Origin3d { x, y, z: 0 },
            ..image.texture().as_image_copy()
        },
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(pitch),
                rows_per_image: Some(height),
            },
        },
        wgpu::Extent3d { width, height, depth_or_array_layers: 2 },
    );
    gpu.queue.submit([encoder.finish()]);

    let lost = |reason: String| DrawError::Readback { reason };
    let (sender, receiver) = mpsc::sync_channel(1);
    buffer.map_async(wgpu::MapMode::Read, .., move |result| {
        // The receiver outlives the wait below.
        let _ = sender.send(result);
    });
    gpu.device.poll(wgpu::PollType::wait_indefinitely()).map_err(|error| lost(error.to_string()))?;
    // Another thread that waits for the device may be the one that is about to tell.
    let told = receiver.recv_timeout(TELLING_MAX).map_err(|error| lost(error.to_string()))?;
    told.map_err(|error| lost(error.to_string()))?;
    let bytes = buffer.get_mapped_range(..).map_err(|error| lost(error.to_string()))?;
    let eyes = bytes.chunks_exact(layer_bytes as usize).map(|layer| Pixels {
        width,
        height,
        rgba: layer
            .chunks_exact(pitch as usize)
            .flat_map(|row| &row[..row_bytes as usize])
            .copied()
            .collect(),
    });
    let eyes: Vec<Pixels> = eyes.collect();
    eyes.try_into().map_err(|_| lost("it has the wrong number of layers".to_owned()))
}
