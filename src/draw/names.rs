//! Names of people, ready to be seen: pixels with their mip levels, and the texture that holds them.
//!
//! All names are layers of one texture, made before the first frame, which stays whatever twin is shown.

use super::{Gpu, text};
use crate::scene::actor::NAME_LAYERS;
use crate::scene::texture::levels_of;

/// Pixels of the largest level.
pub(super) const SIZE_PX: [u32; 2] = [text::NAME_WIDTH_PX, text::NAME_HEIGHT_PX];

/// Down to 4 × 1 pixels: a tag is never seen smaller.
const LEVEL_COUNT: u32 = 8;

/// A name as the tag shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePlate {
    levels: Vec<Vec<u8>>,
}

impl NamePlate {
    /// Sets the name. Takes a millisecond or more: not for the frame thread.
    pub fn of(name: &str) -> Self {
        // The size of a plate is always divisible; without levels there would be nothing to upload.
        Self { levels: levels_of(&text::name_plate(name), LEVEL_COUNT).unwrap_or_default() }
    }

    /// RGBA8, sRGB, rows from the top; the largest first.
    pub(super) fn levels(&self) -> &[Vec<u8>] {
        &self.levels
    }
}

/// Width and height of a level, pixels.
pub(super) fn level_size_px(level: usize) -> [u32; 2] {
    SIZE_PX.map(|side| (side >> level).max(1))
}

/// An empty plate in every layer: 350 KiB each, 11 MiB in all.
pub(super) fn texture(gpu: &Gpu) -> wgpu::Texture {
    let [width, height] = SIZE_PX;
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("names"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: u32::from(NAME_LAYERS) },
        mip_level_count: LEVEL_COUNT,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8UnormSrgb,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    // Written once here, or wgpu would clear every level of every layer when the first person comes.
    for mip_level in 0..LEVEL_COUNT {
        let [width, height] = level_size_px(mip_level as usize);
        let blank = vec![0; (width * height) as usize * 4 * usize::from(NAME_LAYERS)];
        gpu.queue.write_texture(
            wgpu::TexelCopyTextureInfo { mip_level, ..texture.as_image_copy() },
            &blank,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(width * 4),
                rows_per_image: Some(height),
            },
            wgpu::Extent3d { width, height, depth_or_array_layers: u32::from(NAME_LAYERS) },
        );
    }
    texture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plate_has_every_level() {
        let plate = NamePlate::of("Ada");
        assert_eq!(plate.levels().len(), LEVEL_COUNT as usize);
        for (level, bytes) in plate.levels().iter().enumerate() {
            let [width, height] = level_size_px(level);
            assert_eq!(bytes.len() as u32, width * height * 4);
        }
        assert_ne!(plate, NamePlate::of("Bob"));
    }
}
