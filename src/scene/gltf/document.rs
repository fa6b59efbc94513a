//! A glTF file's default scene, checked and resolved: every index is in range, every number finite.

use std::collections::BTreeMap;

use glam::{Affine3A, Vec2, Vec3, Vec4};
use serde_json::Value;

use crate::scene::AlphaMode;
use crate::scene::material::Wrap;
use crate::scene::sound::SoundExtras;

/// One glTF file's default scene (or the first; or all nodes where there is none).
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Parents before children; only nodes that the scene reaches.
    pub nodes: Vec<Node>,
    /// All meshes.
    pub meshes: Vec<Mesh>,
    /// Vertices, one set for each distinct combination of accessors: primitives may share one.
    pub vertex_sets: Vec<VertexSet>,
    /// All materials.
    pub materials: Vec<SourceMaterial>,
    /// All images.
    pub images: Vec<SourceImage>,
    /// What [`Node::sound`] names, by its `source`.
    pub sound_files: BTreeMap<String, Vec<u8>>,
    /// The names of KHR_materials_variants that the file has.
    pub variants: Vec<String>,
    /// The `extras` of the scene.
    pub extras: Value,
    /// What the file has and this version leaves out, by name, with how often: "animations",
    /// "KHR_materials_clearcoat", "points", ...
    pub skipped: BTreeMap<String, u32>,
}

/// A place in the scene.
#[derive(Clone, Debug)]
pub struct Node {
    /// As the file says.
    pub name: Option<String>,
    /// The string `extras.entity`: a thing with a stable id.
    pub entity: Option<String>,
    /// Into [`Document::nodes`], always an earlier one.
    pub parent: Option<usize>,
    /// From the node to its parent, as the file says.
    pub parent_from_node: Affine3A,
    /// From the node to the world, metres.
    pub world_from_node: Affine3A,
    /// Into [`Document::meshes`].
    pub mesh: Option<usize>,
    /// The light it carries.
    pub light: Option<PunctualLight>,
    /// `extras.pavilion.sound`: what it sounds like.
    pub sound: Option<SoundExtras>,
    /// `extras.pavilion.prop`: it is a thing to take in the hand, with all below it.
    pub prop: Option<PropExtras>,
}

/// What `extras.pavilion` says of a thing to take in the hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PropExtras {
    /// `mass_kilograms`; a third of a kilogram where it says nothing.
    pub mass_kilograms: f32,
}

/// KHR_lights_punctual, shining along the node's −Z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PunctualLight {
    /// Its kind.
    pub kind: LightKind,
    /// Linear RGB times intensity (lux for directional lights, candela for the others).
    pub color: Vec3,
}

/// The kinds of KHR_lights_punctual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LightKind {
    /// From infinitely far away.
    Directional,
    /// From a point, in all directions.
    Point,
    /// From a point, in a cone.
    Spot,
}

/// Primitives that belong together.
#[derive(Clone, Debug, Default)]
pub struct Mesh {
    /// As the file says.
    pub name: Option<String>,
    /// Those of triangles; strips and fans are lists here.
    pub primitives: Vec<Primitive>,
    /// Those of points and lines.
    pub marks: Vec<Marks>,
}

/// Triangles of one material.
#[derive(Clone, Debug)]
pub struct Primitive {
    /// Into [`Document::materials`]; `None` is glTF's default material.
    pub material: Option<usize>,
    /// Into [`Document::vertex_sets`].
    pub vertices: usize,
    /// Three a triangle, each below the number of vertices; never empty.
    pub indices: Vec<u32>,
}

/// Points or lines of one material: what has a place and no surface.
#[derive(Clone, Debug)]
pub struct Marks {
    /// Into [`Document::materials`]; `None` is glTF's default material.
    pub material: Option<usize>,
    /// Into [`Document::vertex_sets`].
    pub vertices: usize,
    /// The vertices at the two ends of each, below the number of vertices; a point ends where it begins. Never empty.
    pub ends: Vec<[u32; 2]>,
    /// KHR_gaussian_splatting: what each vertex covers.
    pub disks: Option<Vec<Disk>>,
}

/// A round flat thing around a vertex, in the node's space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disk {
    /// Unit vector, straight up from it.
    pub normal: Vec3,
    /// Metres.
    pub radius: f32,
}

/// Vertices: every list that is there has one entry a vertex, all finite.
#[derive(Clone, Debug, Default)]
pub struct VertexSet {
    /// Metres in the node's space.
    pub positions: Vec<Vec3>,
    /// Unit vectors.
    pub normals: Option<Vec<Vec3>>,
    /// Unit vectors; w is +1 or −1.
    pub tangents: Option<Vec<Vec4>>,
    /// TEXCOORD_0 and TEXCOORD_1.
    pub uvs: [Option<Vec<Vec2>>; 2],
    /// Linear RGBA.
    pub colors: Option<Vec<Vec4>>,
}

/// A material as glTF gives it: textures may use their own coordinates and transforms.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceMaterial {
    /// As the file says.
    pub name: Option<String>,
    /// `extras.material` where it is a whole number: the index that bake gave the material.
    pub index: Option<u32>,
    /// Linear RGBA.
    pub base_color: [f32; 4],
    /// 0 .. 1.
    pub metallic: f32,
    /// 0 .. 1.
    pub roughness: f32,
    /// Linear RGB with KHR_materials_emissive_strength applied.
    pub emissive: [f32; 3],
    /// `normalTexture.scale`.
    pub normal_scale: f32,
    /// `occlusionTexture.strength`.
    pub occlusion_strength: f32,
    /// What alpha means.
    pub alpha: AlphaMode,
    /// For masks.
    pub alpha_cutoff: f32,
    /// Whether back faces are seen.
    pub double_sided: bool,
    /// KHR_materials_unlit.
    pub unlit: bool,
    /// Base colour, metallic-roughness, normal, occlusion, emissive, as in
    /// [`crate::scene::Material::textures`].
    pub textures: [Option<SourceTexture>; 5],
}

/// A use of an image by a material.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceTexture {
    /// Into [`Document::images`].
    pub image: usize,
    /// 0 or 1: which of [`VertexSet::uvs`].
    pub uv_set: usize,
    /// Wrap of s and of t.
    pub wrap: [Wrap; 2],
    /// KHR_texture_transform: uv' = offset + rotation · (scale ∘ uv), radians counter-clockwise.
    pub offset: Vec2,
    /// See [`SourceTexture::offset`].
    pub scale: Vec2,
    /// See [`SourceTexture::offset`].
    pub rotation_radians: f32,
}

/// An encoded image.
#[derive(Clone, Debug)]
pub struct SourceImage {
    /// As the file says.
    pub name: Option<String>,
    /// The URI, unless it is a data URI or in a buffer.
    pub uri: Option<String>,
    /// PNG or JPEG, recognised by its first bytes; `None` where [`super::Resolve::image`] said so.
    pub bytes: Option<Vec<u8>>,
}
