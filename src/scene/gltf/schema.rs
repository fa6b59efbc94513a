//! The JSON of a glTF file: of the right shape, every reference in range, and nothing else known of it.

use std::collections::BTreeMap;

use gltf::json;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{extensions, shape};
use crate::scene::ContentError;

/// Extensions that change what is drawn and that are read. Images of another kind are named where nobody decodes them.
const UNDERSTOOD: [&str; 23] = [
    "EXT_instance_features",
    "EXT_mesh_features",
    "EXT_mesh_gpu_instancing",
    "EXT_meshopt_compression",
    "EXT_structural_metadata",
    "EXT_texture_webp",
    "KHR_animation_pointer",
    "KHR_draco_mesh_compression",
    "KHR_gaussian_splatting",
    "KHR_lights_punctual",
    "KHR_materials_clearcoat",
    "KHR_materials_emissive_strength",
    "KHR_materials_ior",
    "KHR_materials_specular",
    "KHR_materials_transmission",
    "KHR_materials_unlit",
    "KHR_materials_variants",
    "KHR_mesh_quantization",
    "KHR_meshopt_compression",
    "KHR_node_visibility",
    "KHR_texture_basisu",
    "KHR_texture_transform",
    "MSFT_lod",
];

/// Whether the extension is read.
pub(in crate::scene) fn is_understood(extension: &str) -> bool {
    UNDERSTOOD.contains(&extension)
}

/// Extensions of one object that are not read.
pub(in crate::scene) type Others = BTreeMap<String, IgnoredAny>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct Root {
    pub asset: Asset,
    pub scene: Option<usize>,
    #[serde(default)]
    pub scenes: Vec<Scene>,
    #[serde(default)]
    pub nodes: Vec<Node>,
    #[serde(default)]
    pub meshes: Vec<Mesh>,
    #[serde(default)]
    pub materials: Vec<json::Material>,
    #[serde(default)]
    pub textures: Vec<Texture>,
    #[serde(default)]
    pub samplers: Vec<json::texture::Sampler>,
    #[serde(default)]
    pub images: Vec<Image>,
    #[serde(default)]
    pub accessors: Vec<Accessor>,
    #[serde(default)]
    pub buffer_views: Vec<BufferView>,
    #[serde(default)]
    pub buffers: Vec<Buffer>,
    #[serde(default)]
    pub animations: Vec<Animation>,
    #[serde(default)]
    pub skins: Vec<Skin>,
    #[serde(default)]
    pub cameras: Vec<Camera>,
    #[serde(default)]
    pub extensions: RootExtensions,
    #[serde(default)]
    pub extensions_used: Vec<String>,
    #[serde(default)]
    pub extensions_required: Vec<String>,
}

impl Root {
    /// Whether the file says that it uses the extension.
    pub(in crate::scene) fn uses(&self, extension: &str) -> bool {
        self.extensions_used.iter().any(|used| used == extension)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct Asset {
    pub version: String,
    pub min_version: Option<String>,
}

#[derive(Default, Deserialize)]
pub(in crate::scene) struct RootExtensions {
    #[serde(rename = "KHR_lights_punctual")]
    pub lights: Option<json::extensions::root::KhrLightsPunctual>,
    /// As it is: what is broken in it is no reason to refuse the file.
    #[serde(rename = "EXT_structural_metadata")]
    pub metadata: Option<Value>,
    #[serde(rename = "KHR_materials_variants")]
    pub variants: Option<Variants>,
    #[serde(flatten)]
    pub others: Others,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Scene {
    #[serde(default)]
    pub nodes: Vec<usize>,
    pub extras: Option<Value>,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Node {
    pub name: Option<String>,
    #[serde(default)]
    pub children: Vec<usize>,
    pub mesh: Option<usize>,
    pub skin: Option<usize>,
    /// In doubles, like the translation: on the Earth a float tells half a metre apart.
    pub matrix: Option<[f64; 16]>,
    pub translation: Option<[f64; 3]>,
    pub rotation: Option<[f32; 4]>,
    pub scale: Option<[f32; 3]>,
    pub weights: Option<Vec<f32>>,
    #[serde(default)]
    pub extensions: NodeExtensions,
    pub extras: Option<Value>,
}

#[derive(Default, Deserialize)]
pub(in crate::scene) struct NodeExtensions {
    #[serde(rename = "KHR_lights_punctual")]
    pub light: Option<NodeLight>,
    #[serde(rename = "EXT_mesh_gpu_instancing")]
    pub instances: Option<Instances>,
    #[serde(rename = "KHR_node_visibility")]
    pub visibility: Option<Visibility>,
    /// As it is.
    #[serde(rename = "EXT_instance_features")]
    pub instance_features: Option<Value>,
    #[serde(rename = "MSFT_lod")]
    pub levels: Option<Levels>,
    #[serde(flatten)]
    pub others: Others,
}

/// EXT_mesh_gpu_instancing of a node.
#[derive(Deserialize)]
pub(in crate::scene) struct Instances {
    pub attributes: BTreeMap<String, usize>,
}

/// MSFT_lod of a node, which is the finest itself: the coarser ones.
#[derive(Deserialize)]
pub(in crate::scene) struct Levels {
    pub ids: Vec<usize>,
}

/// KHR_node_visibility of a node: whether it, and what is below it, is seen.
#[derive(Deserialize)]
pub(in crate::scene) struct Visibility {
    #[serde(default = "visible")]
    pub visible: bool,
}

fn visible() -> bool {
    true
}

#[derive(Deserialize)]
pub(in crate::scene) struct NodeLight {
    pub light: usize,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Mesh {
    pub name: Option<String>,
    pub primitives: Vec<Primitive>,
    pub weights: Option<Vec<f32>>,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Primitive {
    pub attributes: BTreeMap<String, usize>,
    pub indices: Option<usize>,
    pub material: Option<usize>,
    #[serde(default = "triangles")]
    pub mode: u32,
    #[serde(default)]
    pub targets: Vec<BTreeMap<String, usize>>,
    #[serde(default)]
    pub extensions: PrimitiveExtensions,
}

#[derive(Default, Deserialize)]
pub(in crate::scene) struct PrimitiveExtensions {
    #[serde(rename = "KHR_materials_variants")]
    pub variants: Option<VariantMappings>,
    /// As it is.
    #[serde(rename = "EXT_mesh_features")]
    pub features: Option<Value>,
    #[serde(rename = "KHR_gaussian_splatting")]
    pub splats: Option<Splats>,
    #[serde(rename = "KHR_draco_mesh_compression")]
    pub draco: Option<Draco>,
    #[serde(flatten)]
    pub others: Others,
}

/// KHR_draco_mesh_compression of a primitive.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct Draco {
    pub buffer_view: usize,
    /// Attributes by their numbers in the compressed mesh.
    pub attributes: BTreeMap<String, u32>,
}

/// KHR_gaussian_splatting of a primitive.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct Splats {
    pub color_space: String,
    /// Among them those that compress the attributes.
    #[serde(default)]
    pub extensions: Others,
}

/// KHR_materials_variants of the file.
#[derive(Deserialize)]
pub(in crate::scene) struct Variants {
    pub variants: Vec<Variant>,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Variant {
    pub name: String,
}

/// KHR_materials_variants of a primitive.
#[derive(Deserialize)]
pub(in crate::scene) struct VariantMappings {
    pub mappings: Vec<VariantMapping>,
}

#[derive(Deserialize)]
pub(in crate::scene) struct VariantMapping {
    pub variants: Vec<usize>,
    pub material: usize,
}

fn triangles() -> u32 {
    json::mesh::TRIANGLES
}

#[derive(Deserialize)]
pub(in crate::scene) struct Texture {
    pub source: Option<usize>,
    pub sampler: Option<usize>,
    #[serde(default)]
    pub extensions: TextureExtensions,
}

#[derive(Default, Deserialize)]
pub(in crate::scene) struct TextureExtensions {
    #[serde(rename = "EXT_texture_webp")]
    pub webp: Option<OtherSource>,
    #[serde(rename = "KHR_texture_basisu")]
    pub basis: Option<OtherSource>,
    #[serde(flatten)]
    pub others: Others,
}

/// The image that an extension puts in the place of a texture's own.
#[derive(Deserialize)]
pub(in crate::scene) struct OtherSource {
    pub source: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct Image {
    pub name: Option<String>,
    pub uri: Option<String>,
    pub buffer_view: Option<usize>,
    pub mime_type: Option<String>,
    #[serde(default)]
    pub extensions: Others,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct Accessor {
    pub buffer_view: Option<usize>,
    #[serde(default)]
    pub byte_offset: u64,
    pub component_type: u64,
    #[serde(default)]
    pub normalized: bool,
    pub count: u64,
    #[serde(rename = "type")]
    pub kind: String,
    pub min: Option<Vec<f64>>,
    pub max: Option<Vec<f64>>,
    pub sparse: Option<Sparse>,
    /// Whether its bytes were compressed with loss, so that its bounds are those of others.
    #[serde(skip)]
    pub is_lossy: bool,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Sparse {
    pub count: u64,
    pub indices: SparseIndices,
    pub values: SparseValues,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct SparseIndices {
    pub buffer_view: usize,
    #[serde(default)]
    pub byte_offset: u64,
    pub component_type: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct SparseValues {
    pub buffer_view: usize,
    #[serde(default)]
    pub byte_offset: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct BufferView {
    pub buffer: usize,
    #[serde(default)]
    pub byte_offset: u64,
    pub byte_length: u64,
    pub byte_stride: Option<u64>,
    pub target: Option<u64>,
    #[serde(default)]
    pub extensions: BufferViewExtensions,
}

#[derive(Default, Deserialize)]
pub(in crate::scene) struct BufferViewExtensions {
    #[serde(rename = "EXT_meshopt_compression")]
    pub meshopt: Option<Meshopt>,
    #[serde(rename = "KHR_meshopt_compression")]
    pub khr_meshopt: Option<Meshopt>,
}

impl BufferViewExtensions {
    /// How the view is compressed, if it is. A file may not say it in both ways.
    pub(in crate::scene) fn compression(&self) -> Option<Compression<'_>> {
        let of = |view, dialect| Compression { view, dialect };
        let ext = self.meshopt.as_ref().map(|view| of(view, Dialect::Ext));
        ext.or(self.khr_meshopt.as_ref().map(|view| of(view, Dialect::Khr)))
    }
}

/// How a view is compressed.
#[derive(Clone, Copy)]
pub(in crate::scene) struct Compression<'a> {
    pub view: &'a Meshopt,
    pub dialect: Dialect,
}

/// Which of two extensions says so: the second knows more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scene) enum Dialect {
    Ext,
    Khr,
}

/// EXT_meshopt_compression or KHR_meshopt_compression of a buffer view.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct Meshopt {
    pub buffer: usize,
    #[serde(default)]
    pub byte_offset: u64,
    pub byte_length: u64,
    pub byte_stride: u64,
    pub count: u64,
    pub mode: String,
    pub filter: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct Buffer {
    pub uri: Option<String>,
    pub byte_length: u64,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Animation {
    pub channels: Vec<Channel>,
    pub samplers: Vec<AnimationSampler>,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Channel {
    pub sampler: usize,
    pub target: ChannelTarget,
}

#[derive(Deserialize)]
pub(in crate::scene) struct ChannelTarget {
    pub node: Option<usize>,
    pub path: String,
    #[serde(default)]
    pub extensions: ChannelTargetExtensions,
}

#[derive(Default, Deserialize)]
pub(in crate::scene) struct ChannelTargetExtensions {
    #[serde(rename = "KHR_animation_pointer")]
    pub pointer: Option<AnimationPointer>,
}

/// KHR_animation_pointer of a channel's target.
#[derive(Deserialize)]
pub(in crate::scene) struct AnimationPointer {
    pub pointer: String,
}

#[derive(Deserialize)]
pub(in crate::scene) struct AnimationSampler {
    pub input: usize,
    pub interpolation: Option<String>,
    pub output: usize,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Camera {
    #[serde(rename = "type")]
    pub kind: String,
    pub orthographic: Option<Orthographic>,
    pub perspective: Option<Perspective>,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Orthographic {
    pub xmag: f32,
    pub ymag: f32,
    pub zfar: f32,
    pub znear: f32,
}

#[derive(Deserialize)]
pub(in crate::scene) struct Perspective {
    pub zfar: Option<f32>,
    pub znear: f32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::scene) struct Skin {
    pub inverse_bind_matrices: Option<usize>,
    pub skeleton: Option<usize>,
    pub joints: Vec<usize>,
}

/// Parses what `prescan` has bounded, and refuses what is no glTF 2.0 or needs more than is known.
pub(in crate::scene) fn parse(text: &str) -> Result<Root, ContentError> {
    let found = shape::check(text)?;
    let root: Root = serde_json::from_str(text)
        .map_err(|e| ContentError::malformed("JSON", format!("it is not a glTF 2.0 file: {e}")))?;
    check_version(&root.asset)?;
    extensions::check(&root, &found)?;
    for name in &root.extensions_required {
        if !is_understood(name) {
            return Err(ContentError::unsupported("/extensionsRequired", format!("the extension {name}")));
        }
    }
    Ok(root)
}

/// Minor versions add nothing that a reader of 2.0 must know, unless the file says that they do.
fn check_version(asset: &Asset) -> Result<(), ContentError> {
    let numbers = |text: &str| -> Option<(u32, u32)> {
        let (major, minor) = text.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let Some(version) = numbers(&asset.version) else {
        return Err(ContentError::malformed("/asset/version", "it is no version, such as 2.0"));
    };
    let least = match &asset.min_version {
        Some(text) => numbers(text)
            .ok_or_else(|| ContentError::malformed("/asset/minVersion", "it is no version, such as 2.0"))?,
        None => (version.0, 0),
    };
    if least > version {
        return Err(ContentError::malformed("/asset/minVersion", "it is later than the version"));
    }
    if version.0 != 2 || least != (2, 0) {
        let (major, minor) = if version.0 == 2 { least } else { version };
        return Err(ContentError::unsupported("/asset", format!("glTF {major}.{minor}")));
    }
    Ok(())
}
