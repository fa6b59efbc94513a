//! The light of the sky as a cube map: a pixel reads what it would have to compute from nine coefficients, twice.
//!
//! In: a tileset's light. Out: two levels. Level 0 is the sky itself, level 1 what a rough surface, or a white
//! diffuse one, sends back of it; what a surface of another roughness mirrors lies between the two in a straight line.

use glam::Vec3;

use super::Gpu;
use super::half::half;
use crate::scene::tileset::Light;

/// Texels along an edge of level 0. Nine coefficients bend so little that half a texel is below what eight bits show.
const SIDE: u32 = 32;

/// The sky itself, and its mirror image in a rough surface.
const LEVELS: u32 = 2;

#[derive(Debug)]
pub(super) struct Sky {
    texture: wgpu::Texture,
    pub view: wgpu::TextureView,
    pub sampler: wgpu::Sampler,
}

impl Sky {
    pub fn new(gpu: &Gpu, light: &Light) -> Self {
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("sky"),
            size: wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: 6 },
            mip_level_count: LEVELS,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba16Float,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor {
            dimension: Some(wgpu::TextureViewDimension::Cube),
            ..wgpu::TextureViewDescriptor::default()
        });
        let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("sky"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            mipmap_filter: wgpu::MipmapFilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        let sky = Self { texture, view, sampler };
        sky.write(gpu, light);
        sky
    }

    /// Shows the sky of this light from the next submit on.
    pub fn write(&self, gpu: &Gpu, light: &Light) {
        for level in 0..LEVELS {
            let side = SIDE >> level;
            let to = wgpu::TexelCopyTextureInfo { mip_level: level, ..self.texture.as_image_copy() };
            let layout = wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(side * size_of::<[u16; 4]>() as u32),
                rows_per_image: Some(side),
            };
            let size = wgpu::Extent3d { width: side, height: side, depth_or_array_layers: 6 };
            gpu.queue.write_texture(
                to,
                bytemuck::cast_slice(&texels(light, side, level as f32)),
                layout,
                size,
            );
        }
    }
}

/// All faces, each in rows from the top.
fn texels(light: &Light, side: u32, roughness: f32) -> Vec<[u16; 4]> {
    let place = |index: u32| (index as f32 + 0.5) / side as f32 * 2.0 - 1.0;
    let texel = |face, row, column| {
        let direction = direction(face, place(column), place(row)).normalize_or_zero();
        let [r, g, b] = radiance(light, direction, roughness).to_array();
        [r, g, b, 1.0].map(half)
    };
    let rows = (0..6).flat_map(|face| (0..side).map(move |row| (face, row)));
    rows.flat_map(|(face, row)| (0..side).map(move |column| texel(face, row, column))).collect()
}

/// Where a place on a face of a cube map is, to the right and down from −1 to 1: Vulkan's table of cube map faces.
fn direction(face: u32, right: f32, down: f32) -> Vec3 {
    match face {
        0 => Vec3::new(1.0, -down, -right),
        1 => Vec3::new(-1.0, -down, right),
        2 => Vec3::new(right, 1.0, down),
        3 => Vec3::new(right, -1.0, -down),
        4 => Vec3::new(right, -down, 1.0),
        _ => Vec3::new(-right, -down, -1.0),
    }
}

/// What comes from direction `d`, blurred as a surface of this roughness would. A cosine lobe weakens
/// the linear band to 2/3 and the quadratic band to 1/4; the sharper the lobe, the more is undone.
fn radiance(light: &Light, d: Vec3, roughness: f32) -> Vec3 {
    let c = &light.sky;
    let linear = c[1] * d.y + c[2] * d.z + c[3] * d.x;
    let quadratic = c[4] * (d.x * d.y)
        + c[5] * (d.y * d.z)
        + c[6] * (3.0 * d.z * d.z - 1.0)
        + c[7] * (d.x * d.z)
        + c[8] * (d.x * d.x - d.y * d.y);
    (c[0] + linear * (1.5 - 0.5 * roughness) + quadratic * (4.0 - 3.0 * roughness)).max(Vec3::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sky that is brighter to the right, above or behind is so on the face that looks there and dark on the other.
    #[test]
    fn each_face_looks_where_the_light_is() {
        for (coefficient, bright, dark) in [(3, 0, 1), (1, 2, 3), (2, 4, 5)] {
            let mut light = Light { sky: [Vec3::ZERO; 9], ..Light::default() };
            light.sky[coefficient] = Vec3::ONE;
            let texels = texels(&light, 2, 1.0);
            // Each of a face's four texels is as far from its middle: 1 of 1, ½ and ½.
            let expected = half(1.0 / 1.5_f32.sqrt());
            assert!(texels[bright * 4..][..4].iter().all(|texel| texel[0] == expected), "{texels:?}");
            assert!(texels[dark * 4..][..4].iter().all(|texel| texel[0] == 0), "{texels:?}");
        }
    }

    /// Between the texels' middles a straight line is as good as the sky itself, to a byte of what is shown.
    #[test]
    fn the_map_is_fine_enough() {
        let light = Light::default();
        for step in 0..64 {
            let at = |offset: f32| {
                let place = (step as f32 + offset) / 64.0 * 2.0 - 1.0;
                radiance(&light, direction(5, place, 0.3).normalize_or_zero(), 0.0)
            };
            let error = (at(0.0) + at(2.0)) * 0.5 - at(1.0);
            assert!(error.abs().max_element() < 1.0 / 255.0, "{error}");
        }
    }
}
