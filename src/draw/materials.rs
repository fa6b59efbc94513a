//! The tileset's materials, and after them those of the built-in shapes, as one uniform buffer.
//!
//! A slot whose image has not arrived reads as white, so the factor alone is seen; the entry is
//! written again when the image is there.

use bytemuck::{Pod, Zeroable};

use super::Gpu;
use crate::scene::limits::MATERIALS_MAX;
use crate::scene::{ImageId, Material, Tileset, actor};

/// Entries of the buffer; WGSL twin: the length of `materials` in shaders/lib/material.wgsl.
pub(crate) const ENTRY_COUNT: usize = MATERIALS_MAX + actor::MATERIAL_COUNT;

/// One entry; WGSL twin: `Material` in shaders/lib/material.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub(crate) struct MaterialUniform {
    pub uv_offset: [f32; 2],
    pub uv_scale: [f32; 2],
    pub metallic: f32,
    pub roughness: f32,
    pub occlusion_strength: f32,
    pub normal_scale: f32,
    pub base_color: [u16; 4],
    pub emissive_and_cutoff: [u16; 4],
    /// Base colour, metallic-roughness, normal, occlusion, emissive, none.
    pub layers: [u16; 6],
    pub flags: u32,
}

/// The first of five bits: the slot's image is resident.
const HAS_IMAGE: u32 = 1;
/// The first of five bits: the slot reads the second texture coordinates.
const READS_UV1: u32 = 1 << 8;
const UNLIT: u32 = 1 << 16;

impl MaterialUniform {
    /// `layer_of` says where an image is, if it has arrived.
    pub fn new(material: &Material, layer_of: impl Fn(ImageId) -> Option<u16>) -> Self {
        let mut layers = [0; 6];
        let mut flags = if material.unlit { UNLIT } else { 0 };
        for (index, slot) in material.textures().iter().enumerate() {
            let Some(slot) = slot else { continue };
            flags |= u32::from(slot.uv_set == 1) * (READS_UV1 << index);
            if let Some(layer) = layer_of(slot.image) {
                layers[index] = layer;
                flags |= HAS_IMAGE << index;
            }
        }
        borrow_reads(&mut layers, &mut flags);
        let [r, g, b] = material.emissive;
        Self {
            uv_offset: material.uv_offset,
            uv_scale: material.uv_scale,
            metallic: material.metallic,
            roughness: material.roughness,
            occlusion_strength: material.occlusion_strength,
            normal_scale: material.normal_scale,
            base_color: material.base_color.map(half),
            emissive_and_cutoff: [r, g, b, material.alpha_cutoff].map(half),
            layers,
            flags,
        }
    }
}

/// The shader reads all five slots. One without an image reads what a slot with one in the same array
/// reads, which costs no bandwidth.
fn borrow_reads(layers: &mut [u16; 6], flags: &mut u32) {
    for same_array in [[0, 4].as_slice(), &[1, 2, 3]] {
        let present = *flags;
        let has_image = |slot: usize| present & (HAS_IMAGE << slot) != 0;
        let Some(&lender) = same_array.iter().find(|&&slot| has_image(slot)) else { continue };
        for &slot in same_array.iter().filter(|&&slot| !has_image(slot)) {
            layers[slot] = layers[lender];
            *flags &= !(READS_UV1 << slot);
            *flags |= u32::from(present & (READS_UV1 << lender) != 0) * (READS_UV1 << slot);
        }
    }
}

/// The nearest IEEE 754 half; what is too large becomes the largest finite one, what is too small 0.
pub(super) fn half(x: f32) -> u16 {
    const LARGEST: f32 = 65504.0;
    const SMALLEST_NORMAL: f32 = 6.103_515_6e-5;
    let sign = if x < 0.0 { 0x8000 } else { 0 };
    let size = x.abs().min(LARGEST);
    if size < SMALLEST_NORMAL {
        return sign;
    }
    // Rebias the exponent from 127 to 15 and round the 23 fraction bits to 10, half to even.
    let bits = size.to_bits() - (112 << 23);
    let rounded = (bits + 0xfff + ((bits >> 13) & 1)) >> 13;
    sign | u16::try_from(rounded).unwrap_or(0x7bff)
}

#[derive(Debug)]
pub(super) struct Materials {
    pub buffer: wgpu::Buffer,
    materials: Vec<Material>,
    /// The layer of each image that has arrived.
    layers: Vec<Option<u16>>,
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
        Self { buffer, materials: Vec::new(), layers: Vec::new() }
    }

    /// Takes the table of another tileset, none of whose images has arrived.
    pub fn reset(&mut self, gpu: &Gpu, tileset: &Tileset) {
        self.materials.clear();
        self.materials.extend(tileset.materials().iter().take(MATERIALS_MAX).cloned());
        self.layers.clear();
        self.layers.resize(tileset.images().len(), None);
        let entries: Vec<MaterialUniform> =
            self.materials.iter().map(|material| MaterialUniform::new(material, |_| None)).collect();
        gpu.queue.write_buffer(&self.buffer, 0, bytemuck::cast_slice(&entries));
    }

    /// Whether the image has arrived.
    pub fn has_image(&self, image: ImageId) -> bool {
        self.layers.get(image.index()).is_some_and(Option::is_some)
    }

    /// Shows the image on every material that uses it.
    pub fn set_layer(&mut self, gpu: &Gpu, image: ImageId, layer: u16) {
        if let Some(place) = self.layers.get_mut(image.index()) {
            *place = Some(layer);
            self.rewrite(gpu, image);
        }
    }

    /// Shows the materials that use the image without it; returns the layer that it had.
    pub fn take_layer(&mut self, gpu: &Gpu, image: ImageId) -> Option<u16> {
        let layer = self.layers.get_mut(image.index())?.take()?;
        self.rewrite(gpu, image);
        Some(layer)
    }

    fn rewrite(&self, gpu: &Gpu, image: ImageId) {
        for (index, material) in self.materials.iter().enumerate() {
            if material.textures().iter().flatten().any(|slot| slot.image == image) {
                let entry =
                    MaterialUniform::new(material, |image| self.layers.get(image.index()).copied().flatten());
                let offset = (index * size_of::<MaterialUniform>()) as u64;
                gpu.queue.write_buffer(&self.buffer, offset, bytemuck::bytes_of(&entry));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::material::TextureSlot;

    /// Values from the definition of the format.
    #[test]
    fn halves_are_those_of_ieee_754() {
        for (x, bits) in [
            (0.0, 0),
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65504.0, 0x7bff),
            (1e6, 0x7bff),
            (0.1, 0x2e66),
            (1.0 / 3.0, 0x3555),
            (6.103_515_6e-5, 0x0400),
            // Halfway between 1 and the next half: to the even one.
            (1.0 + 1.0 / 2048.0, 0x3c00),
            (1.0 + 3.0 / 2048.0, 0x3c02),
        ] {
            assert_eq!(half(x), bits, "{x}");
        }
    }

    #[test]
    fn a_slot_without_its_image_keeps_its_flag_clear() {
        let slot = |image, uv_set| Some(TextureSlot { image: ImageId(image), uv_set });
        let material = Material {
            base_color_texture: slot(3, 0),
            normal_texture: slot(7, 1),
            unlit: true,
            ..Material::default()
        };
        let entry = MaterialUniform::new(&material, |image| (image == ImageId(7)).then_some(5));
        assert_eq!(entry.flags & 0x1f, HAS_IMAGE << 2);
        assert_eq!(entry.flags & UNLIT, UNLIT);
        // The other data slots read along; the colour slots have nothing to read.
        assert_eq!(entry.layers, [0, 5, 5, 5, 0, 0]);
        assert_eq!(entry.flags & 0x1f00, READS_UV1 * 0b1110);
    }
}
