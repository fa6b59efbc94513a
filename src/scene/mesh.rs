//! A tile's geometry in exactly the layout that the GPU reads.
//!
//! Positions are a stream of their own, so that a binning pass reads 8 bytes a vertex; the rest is
//! 16 bytes. All draws of a tile share one vertex and one index range: neighbouring chunks of the
//! same batch that are both visible become one draw.

use bytemuck::{Pod, Zeroable};
use glam::{Affine3A, Vec2, Vec3};

use super::material::Wrap;
use super::occluder::Occluder;
use super::texture::Image;
use super::{AlphaMode, EntityIndex, Material, MaterialId, Moving, limits};
use crate::math::{Cone, Sphere};

/// The first vertex stream: 8 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Position {
    /// In the tile's grid; [`TileMesh::world_from_grid`] takes it to the world.
    pub grid: [u16; 3],
    /// Bits 1..: the material; bit 0: whether the bitangent is cross(normal, tangent) (1) or its
    /// opposite (0).
    pub material_and_sign: u16,
}

impl Position {
    /// Packs the material and glTF's `TANGENT.w`.
    pub fn pack(grid: [u16; 3], material: MaterialId, is_right_handed: bool) -> Self {
        Self { grid, material_and_sign: ((material.0 as u16) << 1) | u16::from(is_right_handed) }
    }
}

/// The second vertex stream: 16 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Attributes {
    /// Unit normal, octahedral, as snorm.
    pub normal: [i8; 2],
    /// Unit tangent, octahedral, as snorm.
    pub tangent: [i8; 2],
    /// First texture coordinates as unorm; the material's uv offset and scale apply.
    pub uv0: [u16; 2],
    /// Second texture coordinates, likewise.
    pub uv1: [u16; 2],
    /// Linear RGBA as unorm; multiplies the base colour.
    pub color: [u8; 4],
}

impl Attributes {
    /// Texture coordinates for a vertex whose material has no texture, which is drawn beside others that have: they
    /// change over the surface, because an anisotropic read where they do not may be no number at all.
    pub fn idle_uv([x, y, z]: [u16; 3]) -> [u16; 2] {
        [x.wrapping_add(z), y.wrapping_add(z)]
    }
}

/// A unit vector as two snorm bytes
/// (Cigolla et al., "A Survey of Efficient Representations for Independent Unit Vectors", 2014).
pub fn octahedral_from_unit(v: Vec3) -> [i8; 2] {
    let sum = v.x.abs() + v.y.abs() + v.z.abs();
    if sum <= f32::MIN_POSITIVE || !sum.is_finite() {
        return [0, 0];
    }
    let p = Vec2::new(v.x, v.y) / sum;
    let folded = if v.z >= 0.0 { p } else { (Vec2::ONE - Vec2::new(p.y, p.x).abs()) * sign_of(p) };
    let snorm = |x: f32| (x.clamp(-1.0, 1.0) * 127.0).round() as i8;
    [snorm(folded.x), snorm(folded.y)]
}

/// The unit vector that [`octahedral_from_unit`] packed, to within a degree.
pub fn unit_from_octahedral([x, y]: [i8; 2]) -> Vec3 {
    let p = Vec2::new(f32::from(x), f32::from(y)).max(Vec2::splat(-127.0)) / 127.0;
    let z = 1.0 - p.x.abs() - p.y.abs();
    let fold = (-z).max(0.0);
    (p - sign_of(p) * fold).extend(z).normalize_or(Vec3::Z)
}

fn sign_of(p: Vec2) -> Vec2 {
    Vec2::new(if p.x >= 0.0 { 1.0 } else { -1.0 }, if p.y >= 0.0 { 1.0 } else { -1.0 })
}

/// Everything that must be equal for two chunks to be drawn by one draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Batch {
    /// Chooses the pipeline and the order: opaque, mask, blend.
    pub alpha: AlphaMode,
    /// Chooses the pipeline.
    pub double_sided: bool,
    /// Chooses the bind group.
    pub textures: TextureSet,
    /// Chooses the pipeline.
    pub reads: Reads,
}

/// What kinds of images a surface reads: each has its pipeline, because what is not read need not be worked out
/// either. Each shows what those before it show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reads {
    /// None.
    #[default]
    Nothing,
    /// A base colour and a packed surface, or one of the two, at the first texture coordinates.
    Packed,
    /// Whatever glTF allows, light of its own and surfaces without light too.
    All,
}

impl Reads {
    fn of(material: &Material) -> Self {
        let slots = material.drawn_textures();
        let [base_color, data @ .., _] = slots.map(|slot| slot.is_some());
        let is_plain = !material.unlit
            && material.emissive == [0.0; 3]
            && slots.iter().flatten().all(|slot| slot.uv_set == 0);
        let is_packed = material.packed.is_some() || data == [false; 3];
        match (is_plain && is_packed, base_color || material.packed.is_some()) {
            (true, true) => Self::Packed,
            (true, false) => Self::Nothing,
            (false, _) => Self::All,
        }
    }
}

impl Batch {
    /// How chunks of this material are drawn; `images` are those that its textures name.
    pub fn of(material: &Material, images: &[Image]) -> Self {
        let slots = material.drawn_textures();
        let own = slots.iter().flatten().filter_map(|slot| images.get(slot.image.index()));
        // What has no texture reads none, so it goes with most of the others.
        let (side_log2, wrap) = match own.map(|image| image.side_log2).max() {
            Some(side_log2) => (side_log2, material.wrap),
            None => (commonest_side(images), Wrap::Repeat),
        };
        let reads = Reads::of(material);
        let textures = TextureSet { side_log2, wrap };
        Self { alpha: material.alpha, double_sided: material.double_sided, textures, reads }
    }
}

/// The side that most images have; 0 for none.
fn commonest_side(images: &[Image]) -> u8 {
    let mut counts = [0_u32; limits::TEXTURE_SIDE_LOG2_MAX as usize + 1];
    for image in images {
        if let Some(count) = counts.get_mut(usize::from(image.side_log2)) {
            *count += 1;
        }
    }
    let commonest = (0..).zip(counts).max_by_key(|&(_, count)| count);
    commonest.filter(|&(_, count)| count > 0).map_or(0, |(side, _)| side)
}

/// Which texture arrays a chunk reads: one of colours (sRGB: base colour, emissive) and one of data (linear:
/// metallic-roughness, normal, occlusion), of the same side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextureSet {
    /// The side of their textures, as a power of two.
    pub side_log2: u8,
    /// How they wrap.
    pub wrap: Wrap,
}

impl TextureSet {
    /// The names of people in the place of the colours: no image has this side.
    pub const NAMES: Self = Self { side_log2: limits::TEXTURE_SIDE_LOG2_MAX + 1, wrap: Wrap::Clamp };
}

/// A piece of a tile that is culled as one: a range of its indices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunk {
    /// Into the tile's indices.
    pub first_index: u32,
    /// A multiple of 3.
    pub index_count: u32,
    /// Around its vertices, metres in the world.
    pub bounds: Sphere,
    /// Around its triangles' normals in the world, where only their fronts are drawn.
    pub cone: Cone,
    /// What it is drawn with.
    pub batch: Batch,
    /// The entity that it is part of.
    pub entity: Option<EntityIndex>,
}

/// A tile's geometry, ready to be uploaded.
#[derive(Clone, Debug)]
pub struct TileMesh {
    /// From `Position::grid` to the world, metres: a positive scale and a shift.
    pub world_from_grid: Affine3A,
    /// One a vertex.
    pub positions: Vec<Position>,
    /// One a vertex.
    pub attributes: Vec<Attributes>,
    /// Triangles, counter-clockwise from the front; every value is below the number of vertices.
    pub indices: Vec<u16>,
    /// In the order of their indices, which are sorted by batch.
    pub chunks: Vec<Chunk>,
    /// What of it hides what is behind it.
    pub occluders: Vec<Occluder>,
    /// How it moves by itself: then its vertices are at rest, and where they are is said by that.
    pub moving: Option<Box<Moving>>,
}

impl TileMesh {
    /// What the tile occupies on the GPU.
    pub fn size_bytes(&self) -> u64 {
        let rest = self.moving.as_ref().map_or(0, |moving| size_of_val(&*moving.rest));
        let [positions, attributes] = [size_of_val(&*self.positions), size_of_val(&*self.attributes)];
        (positions + attributes + size_of_val(&*self.indices) + rest) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octahedral_bytes_keep_a_direction_to_a_degree() {
        let mut worst = 1.0_f32;
        for i in 0..2000 {
            // A Fibonacci sphere.
            let z = 1.0 - 2.0 * (i as f32 + 0.5) / 2000.0;
            let angle = i as f32 * 2.399_963_2;
            let v = Vec3::new(angle.cos(), angle.sin(), 0.0) * (1.0 - z * z).sqrt() + Vec3::Z * z;
            worst = worst.min(v.dot(unit_from_octahedral(octahedral_from_unit(v))));
        }
        assert!(worst.acos().to_degrees() < 1.0, "{}°", worst.acos().to_degrees());
    }

    #[test]
    fn the_streams_have_the_promised_sizes() {
        assert_eq!((size_of::<Position>(), size_of::<Attributes>()), (8, 16));
        let p = Position::pack([1, 2, 3], MaterialId(5), true);
        assert_eq!((p.material_and_sign >> 1, p.material_and_sign & 1), (5, 1));
    }
}
