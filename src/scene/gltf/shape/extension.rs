//! Extensions: what they look like, and in which objects each has a meaning.
//!
//! Not all of them are read; but a file that says nonsense in one is broken whoever reads it.

use super::core::{NORMAL_TEXTURE, TEXTURE_INFO};
use super::{
    Array, COLOR, FRACTION, Field, Kind, NAME, NUMBER, Range, Shape, VEC2, above, at_least, between, may,
    must, some,
};

type Places = &'static [(&'static str, &'static Shape)];

pub(super) const ROOT: Places = &[("KHR_lights_punctual", &LIGHTS), ("KHR_materials_variants", &VARIANTS)];
pub(super) const CHANNEL_TARGET: Places = &[("KHR_animation_pointer", &POINTER)];
pub(super) const BUFFER: Places =
    &[("EXT_meshopt_compression", &FALLBACK), ("KHR_meshopt_compression", &FALLBACK)];
pub(super) const BUFFER_VIEW: Places =
    &[("EXT_meshopt_compression", &COMPRESSED), ("KHR_meshopt_compression", &COMPRESSED)];
pub(super) const NODE: Places = &[
    ("KHR_lights_punctual", &NODE_LIGHT),
    ("KHR_node_visibility", &VISIBILITY),
    ("EXT_mesh_gpu_instancing", &INSTANCES),
    ("MSFT_lod", &NODE_LEVELS),
];
pub(super) const PRIMITIVE: Places = &[
    ("KHR_gaussian_splatting", &SPLATS),
    ("KHR_materials_variants", &MAPPINGS),
    ("KHR_draco_mesh_compression", &DRACO),
];
pub(super) const TEXTURE: Places =
    &[("EXT_texture_webp", &OTHER_SOURCE), ("KHR_texture_basisu", &OTHER_SOURCE)];
pub(super) const TEXTURE_USE: Places = &[("KHR_texture_transform", &TRANSFORM)];
pub(super) const MATERIAL: Places = &[
    ("KHR_materials_anisotropy", &ANISOTROPY),
    ("KHR_materials_clearcoat", &CLEARCOAT),
    ("KHR_materials_diffuse_transmission", &DIFFUSE_TRANSMISSION),
    ("KHR_materials_dispersion", &DISPERSION),
    ("KHR_materials_emissive_strength", &EMISSIVE_STRENGTH),
    ("KHR_materials_ior", &IOR),
    ("KHR_materials_iridescence", &IRIDESCENCE),
    ("KHR_materials_pbrSpecularGlossiness", &SPECULAR_GLOSSINESS),
    ("KHR_materials_sheen", &SHEEN),
    ("KHR_materials_specular", &SPECULAR),
    ("KHR_materials_transmission", &TRANSMISSION),
    ("KHR_materials_unlit", &NOTHING),
    ("KHR_materials_volume", &VOLUME),
    ("MSFT_lod", &MATERIAL_LEVELS),
];
/// Extensions that only stand in the lists of those that are used.
const NOWHERE: &[&str] = &["KHR_mesh_quantization"];

/// Whether it is known where the extension has a meaning.
pub(super) fn has_places(name: &str) -> bool {
    let all = [ROOT, CHANNEL_TARGET, BUFFER, BUFFER_VIEW, NODE, PRIMITIVE, TEXTURE, TEXTURE_USE, MATERIAL];
    NOWHERE.contains(&name) || all.iter().copied().flatten().any(|(known, _)| *known == name)
}

const INFO: Kind = Kind::Object(&TEXTURE_INFO);
const ANGLE_MAX: f64 = std::f64::consts::FRAC_PI_2;
const NOT_NEGATIVE: Kind = at_least(0.0);

static NOTHING: Shape = plain(&[]);

/// An object without extensions of its own.
const fn plain(fields: &'static [Field]) -> Shape {
    Shape { fields, extensions: &[] }
}

static LIGHTS: Shape =
    plain(&[must("lights", Kind::List(1, usize::MAX, &Kind::Object(&LIGHT), Some(Array::Lights)))]);
static LIGHT: Shape = plain(&[
    may("color", COLOR),
    may("intensity", NOT_NEGATIVE),
    must("type", Kind::Text),
    may("spot", Kind::Object(&SPOT)),
    may("range", above(0.0)),
    NAME,
]);
static SPOT: Shape =
    plain(&[may("innerConeAngle", between(0.0, ANGLE_MAX)), may("outerConeAngle", between(0.0, ANGLE_MAX))]);
static NODE_LIGHT: Shape = plain(&[must("light", Kind::Index(Array::Lights))]);

static VARIANTS: Shape =
    plain(&[must("variants", Kind::List(1, usize::MAX, &Kind::Object(&VARIANT), Some(Array::Variants)))]);
static VARIANT: Shape = plain(&[must("name", Kind::Text)]);
static MAPPINGS: Shape = plain(&[must("mappings", some(&Kind::Object(&MAPPING)))]);
static MAPPING: Shape = plain(&[
    must("variants", some(&Kind::Index(Array::Variants))),
    must("material", Kind::Index(Array::Materials)),
    NAME,
]);

static POINTER: Shape = plain(&[must("pointer", Kind::Text)]);
static VISIBILITY: Shape = plain(&[may("visible", Kind::Flag)]);
static INSTANCES: Shape = plain(&[must("attributes", Kind::Map(&Kind::Index(Array::Accessors)))]);
static SPLATS: Shape = plain(&[
    must("kernel", Kind::Text),
    must("colorSpace", Kind::Text),
    may("projection", Kind::Text),
    may("sortingMethod", Kind::Text),
]);
static DRACO: Shape = plain(&[
    must("bufferView", Kind::Index(Array::BufferViews)),
    must("attributes", Kind::Map(&Kind::Whole(0))),
]);
static NODE_LEVELS: Shape = plain(&[must("ids", some(&Kind::Index(Array::Nodes)))]);
static MATERIAL_LEVELS: Shape = plain(&[must("ids", some(&Kind::Index(Array::Materials)))]);
static OTHER_SOURCE: Shape = plain(&[may("source", Kind::Index(Array::Images))]);
static TRANSFORM: Shape = plain(&[
    may("offset", VEC2),
    may("rotation", NUMBER),
    may("scale", VEC2),
    may("texCoord", Kind::Whole(0)),
]);

static FALLBACK: Shape = plain(&[may("fallback", Kind::Flag)]);
static COMPRESSED: Shape = plain(&[
    must("buffer", Kind::Index(Array::Buffers)),
    may("byteOffset", Kind::Whole(0)),
    must("byteLength", Kind::Whole(1)),
    must("byteStride", Kind::Whole(1)),
    must("count", Kind::Whole(1)),
    must("mode", Kind::Text),
    may("filter", Kind::Text),
]);

static ANISOTROPY: Shape = plain(&[
    may("anisotropyStrength", FRACTION),
    may("anisotropyRotation", NUMBER),
    may("anisotropyTexture", INFO),
]);
static CLEARCOAT: Shape = plain(&[
    may("clearcoatFactor", FRACTION),
    may("clearcoatTexture", INFO),
    may("clearcoatRoughnessFactor", FRACTION),
    may("clearcoatRoughnessTexture", INFO),
    may("clearcoatNormalTexture", Kind::Object(&NORMAL_TEXTURE)),
]);
static DIFFUSE_TRANSMISSION: Shape = plain(&[
    may("diffuseTransmissionFactor", FRACTION),
    may("diffuseTransmissionTexture", INFO),
    may("diffuseTransmissionColorFactor", POSITIVE_COLOR),
    may("diffuseTransmissionColorTexture", INFO),
]);
static DISPERSION: Shape = plain(&[may("dispersion", NOT_NEGATIVE)]);
static EMISSIVE_STRENGTH: Shape = plain(&[may("emissiveStrength", NOT_NEGATIVE)]);
/// Zero stands for a surface that reflects everything.
static IOR: Shape =
    plain(&[may("ior", Kind::Number(Range { least: 1.0, most: f64::MAX, above: false, or_zero: true }))]);
static IRIDESCENCE: Shape = plain(&[
    may("iridescenceFactor", FRACTION),
    may("iridescenceTexture", INFO),
    may("iridescenceIor", at_least(1.0)),
    may("iridescenceThicknessMinimum", NOT_NEGATIVE),
    may("iridescenceThicknessMaximum", NOT_NEGATIVE),
    may("iridescenceThicknessTexture", INFO),
]);
static SHEEN: Shape = plain(&[
    may("sheenColorFactor", COLOR),
    may("sheenColorTexture", INFO),
    may("sheenRoughnessFactor", FRACTION),
    may("sheenRoughnessTexture", INFO),
]);
const POSITIVE_COLOR: Kind = Kind::List(3, 3, &NOT_NEGATIVE, None);
static SPECULAR: Shape = plain(&[
    may("specularFactor", FRACTION),
    may("specularTexture", INFO),
    may("specularColorFactor", POSITIVE_COLOR),
    may("specularColorTexture", INFO),
]);
static SPECULAR_GLOSSINESS: Shape = plain(&[
    may("diffuseFactor", Kind::List(4, 4, &FRACTION, None)),
    may("diffuseTexture", INFO),
    may("specularFactor", COLOR),
    may("glossinessFactor", FRACTION),
    may("specularGlossinessTexture", INFO),
]);
static TRANSMISSION: Shape = plain(&[may("transmissionFactor", FRACTION), may("transmissionTexture", INFO)]);
static VOLUME: Shape = plain(&[
    may("thicknessFactor", NOT_NEGATIVE),
    may("thicknessTexture", INFO),
    may("attenuationDistance", above(0.0)),
    may("attenuationColor", COLOR),
]);
