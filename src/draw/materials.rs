//! The tileset's materials, and after them those of the built-in shapes, as one uniform buffer.
//!
//! A slot whose image has not arrived reads white, so the factor alone is seen; the entry is
//! written again when the image is there.

use std::num::NonZeroU64;

use bytemuck::{Pod, Zeroable};

use super::Gpu;
use super::half::half;
use super::textures::WHITE_LAYER;
use crate::scene::limits::MATERIALS_MAX;
use crate::scene::{ImageId, Material, MaterialId, Tileset, actor};

/// Entries of the buffer; WGSL twin: the length of `materials` in shaders/lib/material.wgsl.
pub(crate) const ENTRY_COUNT: usize = MATERIALS_MAX + actor::MATERIAL_COUNT;

/// One entry; WGSL twin: `Material` in shaders/lib/material.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub(crate) struct MaterialUniform {
    /// Offset and scale.
    pub uv: [f32; 4],
    /// Halves: base colour; emitted colour and the alpha cutoff.
    pub colors: [u16; 8],
    /// Twice the slope or the scale of the normal map, layer of the base colour; metallic, layer of the data; the shares of light
    /// that are diffuse and mirrored where nothing is metallic; roughness, strength of occlusion.
    pub surface: [u16; 8],
    /// Layers of normal, occlusion and emissive, none; flags, none; 1 where unlit, 1 where the surface is packed.
    pub rest: [u16; 8],
}

/// The first of five bits: the slot reads the second texture coordinates.
const READS_UV1: u16 = 1;

/// Below it the highlight of a point-like sun is smaller than a pixel and flickers. WGSL twin: `ROUGHNESS_MIN`.
const ROUGHNESS_MIN: f32 = 0.09;

/// What a dielectric mirrors straight back. WGSL twin: `DIELECTRIC`.
pub(super) const DIELECTRIC: f32 = 0.04;

impl MaterialUniform {
    /// `layer_of` says where an image is, if it has arrived.
    pub fn new(material: &Material, layer_of: impl Fn(ImageId) -> Option<u16>) -> Self {
        let slots = material.drawn_textures();
        let [base_color, data, mut normal, mut occlusion, emissive] =
            slots.map(|slot| slot.and_then(|slot| layer_of(slot.image)).unwrap_or(WHITE_LAYER));
        let mut flags = 0;
        for (index, slot) in slots.iter().enumerate() {
            flags |= u16::from(slot.is_some_and(|slot| slot.uv_set == 1)) * (READS_UV1 << index);
        }
        let (mut metallic, mut bump) = (material.metallic, material.normal_scale);
        if let Some(packed) = material.packed {
            (metallic, bump) = (packed.metallic, packed.slope_max);
            (normal, occlusion) = (data, data);
        }
        // White is no normal.
        if normal == WHITE_LAYER {
            bump = 0.0;
        }
        let [r, g, b, a] = material.base_color.map(half);
        let [glow_r, glow_g, glow_b] = material.emissive.map(half);
        let cutoff = half(material.alpha_cutoff);
        let occlusion_strength = if material.packed.is_some() { 1.0 } else { material.occlusion_strength };
        let one_if = |condition| half(if condition { 1.0 } else { 0.0 });
        Self {
            uv: [material.uv_offset[0], material.uv_offset[1], material.uv_scale[0], material.uv_scale[1]],
            colors: [r, g, b, a, glow_r, glow_g, glow_b, cutoff],
            surface: [
                half(2.0 * bump),
                base_color,
                half(metallic),
                data,
                half(1.0 - metallic),
                half(DIELECTRIC * (1.0 - metallic)),
                half(material.roughness.max(ROUGHNESS_MIN)),
                half(occlusion_strength),
            ],
            rest: [
                normal,
                occlusion,
                emissive,
                0,
                flags,
                0,
                one_if(material.unlit),
                one_if(material.packed.is_some()),
            ],
        }
    }
}

#[derive(Debug)]
pub(super) struct Materials {
    pub buffer: wgpu::Buffer,
    materials: Vec<Material>,
    /// The layer of each image that has arrived.
    layers: Vec<Option<u16>>,
    /// For each image the entries that show it.
    users: Vec<Vec<usize>>,
    /// Entries that are not in the buffer as they are now.
    stale: Vec<usize>,
}

impl Materials {
    pub fn new(gpu: &Gpu) -> Self {
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("materials"),
            size: (ENTRY_COUNT * size_of::<MaterialUniform>()) as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        // The tag's only image is the first name; an instance says which one it shows instead.
        let shapes = actor::materials().map(|material| MaterialUniform::new(&material, |_| Some(0)));
        let offset = (MATERIALS_MAX * size_of::<MaterialUniform>()) as u64;
        gpu.queue.write_buffer(&buffer, offset, bytemuck::cast_slice(&shapes));
        Self { buffer, materials: Vec::new(), layers: Vec::new(), users: Vec::new(), stale: Vec::new() }
    }

    /// Takes the table of another tileset, none of whose images has arrived.
    pub fn reset(&mut self, tileset: &Tileset) {
        self.materials.clear();
        self.materials.extend(tileset.materials().iter().take(MATERIALS_MAX).cloned());
        self.layers.clear();
        self.layers.resize(tileset.images().len(), None);
        self.users.clear();
        self.users.resize(tileset.images().len(), Vec::new());
        for (index, material) in self.materials.iter().enumerate() {
            for slot in material.drawn_textures().iter().flatten() {
                if let Some(users) = self.users.get_mut(slot.image.index())
                    && users.last() != Some(&index)
                {
                    users.push(index);
                }
            }
        }
        self.rewrite_all();
    }

    /// What was written may be lost: all of it is written again with the next frame.
    pub fn rewrite_all(&mut self) {
        self.stale.clear();
        self.stale.extend(0..self.materials.len());
    }

    /// The layer of the image, if it has arrived.
    pub fn layer(&self, image: ImageId) -> Option<u16> {
        self.layers.get(image.index()).copied().flatten()
    }

    /// Shows the image on every material that uses it, from the frame on that is recorded next.
    pub fn set_layer(&mut self, image: ImageId, layer: u16) {
        if let Some(place) = self.layers.get_mut(image.index()) {
            *place = Some(layer);
            self.outdate(image);
        }
    }

    /// Shows the materials that use the image without it; returns the layer that it had.
    pub fn take_layer(&mut self, image: ImageId) -> Option<u16> {
        let layer = self.layers.get_mut(image.index())?.take()?;
        self.outdate(image);
        Some(layer)
    }

    /// What shows the image is to be written again.
    fn outdate(&mut self, image: ImageId) {
        self.stale.extend(self.users.get(image.index()).into_iter().flatten());
        // While no frame is drawn, the same may come and go often.
        if self.stale.len() > 2 * self.materials.len() {
            self.rewrite_all();
        }
    }

    /// Brings the buffer up to date, and shows materials as they are in the frame that is being recorded.
    pub fn write(
        &mut self,
        writes: &mut wgpu::util::StagingBelt,
        encoder: &mut wgpu::CommandEncoder,
        changed: &[(MaterialId, Material)],
    ) {
        let mut write = |first: usize, entries: &[MaterialUniform]| {
            let bytes: &[u8] = bytemuck::cast_slice(entries);
            let offset = (first * size_of::<MaterialUniform>()) as u64;
            if let Some(size) = NonZeroU64::new(bytes.len() as u64) {
                writes.write_buffer(encoder, &self.buffer, offset, size).slice(..).copy_from_slice(bytes);
            }
        };
        let layer_of = |image: ImageId| self.layers.get(image.index()).copied().flatten();
        self.stale.sort_unstable();
        self.stale.dedup();
        // Neighbours go together: at first that is all of them.
        for run in self.stale.chunk_by(|a, b| a + 1 == *b) {
            let entries: Vec<MaterialUniform> =
                run.iter().map(|index| MaterialUniform::new(&self.materials[*index], layer_of)).collect();
            write(run[0], &entries);
        }
        self.stale.clear();
        for (id, material) in changed.iter().filter(|(id, _)| id.index() < self.materials.len()) {
            write(id.index(), &[MaterialUniform::new(material, layer_of)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::material::{PackedSurface, TextureSlot};

    #[test]
    fn a_slot_without_its_image_reads_white_and_no_normal() {
        let slot = |image, uv_set| Some(TextureSlot { image: ImageId(image), uv_set });
        let material = Material {
            base_color_texture: slot(3, 0),
            normal_texture: slot(7, 1),
            normal_scale: 0.5,
            unlit: true,
            ..Material::default()
        };
        let entry = MaterialUniform::new(&material, |image| (image == ImageId(7)).then_some(5));
        assert_eq!((entry.surface[0], entry.surface[1]), (half(1.0), WHITE_LAYER));
        assert_eq!(entry.rest[..3], [5, WHITE_LAYER, WHITE_LAYER]);
        assert_eq!((entry.rest[4], entry.rest[6]), (READS_UV1 << 2, half(1.0)));
        let entry = MaterialUniform::new(&material, |_| None);
        assert_eq!((entry.surface[0], entry.rest[0]), (0, WHITE_LAYER));
    }

    #[test]
    fn a_packed_surface_is_read_in_the_place_of_what_it_packs() {
        let slot = |image| Some(TextureSlot { image: ImageId(image), uv_set: 0 });
        let material = Material {
            normal_texture: slot(1),
            occlusion_texture: slot(2),
            occlusion_strength: 0.25,
            packed: Some(PackedSurface { image: ImageId(9), slope_max: 0.75, metallic: 0.0 }),
            ..Material::default()
        };
        let entry = MaterialUniform::new(&material, |image| (image == ImageId(9)).then_some(4));
        assert_eq!((entry.surface[0], entry.surface[2], entry.surface[3]), (half(1.5), 0, 4));
        assert_eq!(
            (entry.surface[7], entry.rest[..2].to_vec(), entry.rest[7]),
            (half(1.0), vec![4, 4], half(1.0))
        );
    }
}
