//! The images of a panel, the letters of its font above all, as the GPU filters them rightly.

use epaint::textures::TexturesDelta;
use epaint::{Color32, ImageData, ImageDelta, TextureId};

use super::pipeline::Pipeline;
use crate::draw::Gpu;

/// A panel has its letters and a few pictures; further ones are not shown.
const TEXTURES_MAX: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Textures {
    all: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: TextureId,
    texture: wgpu::Texture,
    group: wgpu::BindGroup,
}

impl Textures {
    /// What a piece with this image binds.
    pub fn group(&self, id: TextureId) -> Option<&wgpu::BindGroup> {
        self.all.iter().find(|entry| entry.id == id).map(|entry| &entry.group)
    }

    /// Makes and changes images; the bytes are there before the next pass.
    pub fn set(&mut self, gpu: &Gpu, pipeline: &Pipeline, delta: &TexturesDelta) {
        for (&id, changes) in &delta.set {
            for change in changes {
                if change.is_whole() {
                    self.replace(gpu, pipeline, id, change);
                }
                self.write(gpu, id, change);
            }
        }
    }

    /// Forgets images that no later picture shows.
    pub fn free(&mut self, delta: &TexturesDelta) {
        self.all.retain(|entry| !delta.free.contains(&entry.id));
    }

    fn replace(&mut self, gpu: &Gpu, pipeline: &Pipeline, id: TextureId, change: &ImageDelta) {
        let [width, height] = change.image.size().map(|side| side as u32);
        let same = self.all.iter().any(|entry| {
            entry.id == id && entry.texture.width() == width && entry.texture.height() == height
        });
        if same {
            return;
        }
        self.all.retain(|entry| entry.id != id);
        let most = gpu.device.limits().max_texture_dimension_2d;
        if width == 0 || height == 0 || width.max(height) > most || self.all.len() >= TEXTURES_MAX {
            tracing::warn!("an image of {width} × {height} on a panel is not shown");
            return;
        }
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("panel"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8UnormSrgb,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let group = pipeline.group(gpu, &view);
        self.all.push(Entry { id, texture, group });
    }

    fn write(&self, gpu: &Gpu, id: TextureId, change: &ImageDelta) {
        let Some(entry) = self.all.iter().find(|entry| entry.id == id) else { return };
        let ImageData::Color(image) = &change.image;
        let [width, height] = image.size.map(|side| side as u32);
        let [x, y] = change.pos.unwrap_or_default().map(|side| side as u32);
        let is_inside = x.saturating_add(width) <= entry.texture.width()
            && y.saturating_add(height) <= entry.texture.height();
        if !is_inside || width == 0 || height == 0 || image.pixels.len() != image.size[0] * image.size[1] {
            tracing::warn!("a change of an image on a panel lies outside of it");
            return;
        }
        let texels: Vec<[u8; 4]> = image.pixels.iter().map(|&color| filterable(color)).collect();
        gpu.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                origin: wgpu::Origin3d { x, y, z: 0 },
                ..entry.texture.as_image_copy()
            },
            bytemuck::cast_slice(&texels),
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(width * 4), rows_per_image: None },
            wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        );
    }
}

/// egui multiplies by alpha after encoding as sRGB, which cannot be filtered or blended as light. This
/// is the same colour multiplied before: half a letter's coverage is half of its light.
fn filterable(color: Color32) -> [u8; 4] {
    let [r, g, b, alpha] = color.to_array();
    match alpha {
        255 | 0 => [r, g, b, alpha],
        _ => {
            let share = f32::from(alpha) / 255.0;
            let [r, g, b] = [r, g, b].map(|c| encoded(linear(f32::from(c) / 255.0 / share) * share));
            [r, g, b, alpha]
        }
    }
}

/// IEC 61966-2-1.
fn linear(x: f32) -> f32 {
    if x <= 0.040_45 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
}

/// Its inverse, as a byte.
fn encoded(x: f32) -> u8 {
    let y = if x <= 0.003_130_8 { x * 12.92 } else { 1.055 * x.powf(1.0 / 2.4) - 0.055 };
    (y.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the standard's own numbers: half the light of white is byte 188.
    #[test]
    fn coverage_becomes_light() {
        assert_eq!(filterable(Color32::from_white_alpha(128)), [188, 188, 188, 128]);
        assert_eq!(filterable(Color32::WHITE), [255; 4]);
        assert_eq!(filterable(Color32::TRANSPARENT), [0; 4]);
        // Added light stays as it is.
        assert_eq!(filterable(Color32::from_rgba_premultiplied(40, 50, 60, 0)), [40, 50, 60, 0]);
        let half_red = filterable(Color32::from_rgba_unmultiplied(200, 0, 0, 128));
        let light = linear(200.0 / 255.0) * 128.0 / 255.0;
        assert!(half_red[0].abs_diff(encoded(light)) <= 1 && half_red[1] == 0, "{half_red:?}");
    }
}
