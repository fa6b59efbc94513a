//! A glTF file's default scene, checked and resolved: every index is in range, every number finite.

use std::collections::BTreeMap;

use glam::{Affine3A, Vec2, Vec3, Vec4};
use serde_json::Value;

use crate::scene::AlphaMode;
use crate::scene::entity::{PropertyValue, Record};
use crate::scene::material::Wrap;
use crate::scene::motion::Curve;
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
    /// What moves vertices by weights, one list of targets for each distinct combination of accessors.
    pub morphs: Vec<Vec<MorphTarget>>,
    /// Skins whose joints are all in the scene.
    pub skins: Vec<Skin>,
    /// What changes over time, as far as it is understood; none is empty.
    pub animations: Vec<Animation>,
    /// What is known of things, in tables.
    pub feature_tables: Vec<FeatureTable>,
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
    /// What the file has and this version leaves out, by name, with how often:
    /// "KHR_materials_clearcoat", "cameras", ...
    pub skipped: BTreeMap<String, u32>,
}

/// A place in the scene.
#[derive(Clone, Debug)]
pub struct Node {
    /// As the file says.
    pub name: Option<String>,
    /// The string `extras.entity`: a thing with a stable id.
    pub entity: Option<String>,
    /// The table and the row of a thing that is this instance.
    pub feature: Option<(usize, u32)>,
    /// What else its `extras` say: flags, numbers and texts.
    pub properties: BTreeMap<String, PropertyValue>,
    /// Into [`Document::nodes`], always an earlier one.
    pub parent: Option<usize>,
    /// From the node to its parent, as the file says.
    pub parent_from_node: Affine3A,
    /// From the node to the world, metres.
    pub world_from_node: Affine3A,
    /// Into [`Document::meshes`].
    pub mesh: Option<usize>,
    /// Into [`Document::skins`]: what its mesh follows, wherever the node is.
    pub skin: Option<usize>,
    /// How much of each morph target of its mesh there is; those that are not said are 0.
    pub weights: Vec<f32>,
    /// Whether it and what is below it are seen at first: what nothing makes visible is no node at all.
    pub is_visible: bool,
    /// The light it carries.
    pub light: Option<PunctualLight>,
    /// `extras.pavilion.sound`: what it sounds like.
    pub sound: Option<SoundExtras>,
    /// `extras.pavilion.prop`: it is a thing to take in the hand, with all below it.
    pub prop: Option<PropExtras>,
}

impl Node {
    /// One that is nothing but a place.
    pub fn bare(parent: Option<usize>, parent_from_node: Affine3A, world_from_node: Affine3A) -> Self {
        Self {
            name: None,
            entity: None,
            feature: None,
            properties: BTreeMap::new(),
            parent,
            parent_from_node,
            world_from_node,
            mesh: None,
            skin: None,
            weights: Vec::new(),
            is_visible: true,
            light: None,
            sound: None,
            prop: None,
        }
    }
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
    /// Into [`Document::morphs`].
    pub morph: Option<usize>,
    /// Which things its vertices are of.
    pub features: Option<Features>,
}

/// Which rows of a table things are.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// One a vertex, or an instance.
    pub rows: Vec<u32>,
    /// The row that stands for no thing.
    pub nothing: Option<u32>,
    /// Into [`Document::feature_tables`].
    pub table: Option<usize>,
}

impl Features {
    /// The table and the row of one of them.
    pub fn of(&self, index: usize) -> Option<(usize, u32)> {
        let row = self.rows.get(index).copied().filter(|&row| Some(row) != self.nothing)?;
        Some((self.table?, row))
    }
}

/// What is known of things: a row each.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureTable {
    /// As the file says.
    pub name: Option<String>,
    /// What kind of things they are.
    pub class: String,
    /// How many rows there are.
    pub count: usize,
    /// What is known of all of them.
    pub columns: Vec<Column>,
}

/// A property of all things of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// What it is called.
    pub name: String,
    /// What it means, where the file says so: `ID`, `NAME`, ...
    pub semantic: Option<String>,
    /// One a row.
    pub values: Vec<PropertyValue>,
}

impl FeatureTable {
    /// The id of a row: that of the column that means an id, or else its number in its class.
    pub fn id(&self, row: u32) -> Option<String> {
        if row as usize >= self.count {
            return None;
        }
        let means_id = |column: &&Column| column.semantic.as_deref() == Some("ID");
        let is_called = |column: &&Column| {
            ["id", "guid", "globalid", "uuid"].contains(&column.name.to_ascii_lowercase().as_str())
        };
        let column = self.columns.iter().find(means_id).or(self.columns.iter().find(is_called));
        let value = column.and_then(|column| column.values.get(row as usize));
        Some(match value {
            Some(PropertyValue::Text(text)) if !text.is_empty() => text.clone(),
            Some(PropertyValue::Number(number)) => format!("{}/{number}", self.class),
            _ => format!("{}/{row}", self.class),
        })
    }

    /// All that is known of a row.
    pub fn record(&self, row: u32) -> Record {
        let named = |column: &&Column| {
            column.semantic.as_deref() == Some("NAME") || column.name.eq_ignore_ascii_case("name")
        };
        let value = |column: &Column| column.values.get(row as usize).cloned();
        let name = self.columns.iter().find(named).and_then(value);
        Record {
            name: name.and_then(|name| if let PropertyValue::Text(name) = name { Some(name) } else { None }),
            class: Some(self.class.clone()).filter(|class| !class.is_empty()),
            properties: self
                .columns
                .iter()
                .filter_map(|column| Some((column.name.clone(), value(column)?)))
                .collect(),
        }
    }
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
    /// What a skin's joints do with each vertex.
    pub influences: Option<Vec<SourceInfluence>>,
}

/// The four joints that a vertex follows most: glTF may name eight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SourceInfluence {
    /// Into [`Skin::joints`].
    pub joints: [u16; 4],
    /// Together 1, or 0 for a vertex that follows none.
    pub weights: [f32; 4],
}

/// What moves vertices by its weight: every list that is there has one entry a vertex.
#[derive(Clone, Debug, Default)]
pub struct MorphTarget {
    /// Metres, added to positions.
    pub positions: Option<Vec<Vec3>>,
    /// Added to normals.
    pub normals: Option<Vec<Vec3>>,
}

/// What vertices follow.
#[derive(Clone, Debug)]
pub struct Skin {
    /// Into [`Document::nodes`].
    pub joints: Vec<usize>,
    /// For each joint its space from that of the mesh.
    pub joint_from_mesh: Vec<Affine3A>,
}

/// What changes over time, from 0 to the last key, and then again.
#[derive(Clone, Debug)]
pub struct Animation {
    /// Each of another target.
    pub channels: Vec<Channel>,
    /// When the last key of all that the file has is, seconds.
    pub period_seconds: f32,
}

/// What one curve changes.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Of what.
    pub target: Target,
    /// How.
    pub curve: Curve,
}

/// What can be changed over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Of a node, into [`Document::nodes`].
    Node(usize, NodeProperty),
    /// Of a material, into [`Document::materials`].
    Material(usize, SourceProperty),
}

/// What can be changed of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeProperty {
    /// Three numbers.
    Translation,
    /// A quaternion.
    Rotation,
    /// Three numbers.
    Scale,
    /// One number for each morph target.
    Weights,
    /// One number: 0 or 1.
    Visibility,
}

/// What can be changed of a material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceProperty {
    /// Four numbers.
    BaseColor,
    /// Three numbers, without the strength.
    EmissiveFactor,
    /// One number.
    EmissiveStrength,
    /// One number.
    Metallic,
    /// One number.
    Roughness,
    /// One number.
    AlphaCutoff,
    /// Two numbers: the offset of the base colour's texture.
    TextureOffset,
}

impl SourceProperty {
    /// How many numbers it has.
    pub fn width(self) -> usize {
        match self {
            Self::BaseColor => 4,
            Self::EmissiveFactor => 3,
            Self::TextureOffset => 2,
            Self::EmissiveStrength | Self::Metallic | Self::Roughness | Self::AlphaCutoff => 1,
        }
    }
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
    /// That strength.
    pub emissive_strength: f32,
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

impl Default for SourceMaterial {
    /// glTF's default material.
    fn default() -> Self {
        Self {
            name: None,
            index: None,
            base_color: [1.0; 4],
            metallic: 1.0,
            roughness: 1.0,
            emissive: [0.0; 3],
            emissive_strength: 1.0,
            normal_scale: 1.0,
            occlusion_strength: 1.0,
            alpha: AlphaMode::Opaque,
            alpha_cutoff: 0.5,
            double_sided: false,
            unlit: false,
            textures: [None; 5],
        }
    }
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
