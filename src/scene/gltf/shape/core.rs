//! The objects of glTF 2.0 itself.

use super::{
    Array, COLOR, FRACTION, Field, Kind, NAME, NUMBER, Shape, VEC3, above, at_least, between, extension, may,
    must, some,
};

const ACCESSOR: Kind = Kind::Index(Array::Accessors);
const NODE_INDEX: Kind = Kind::Index(Array::Nodes);
const TEXT: Kind = Kind::Text;
const OFFSET: Field = may("byteOffset", Kind::Whole(0));
const NUMBERS: Kind = some(&NUMBER);
const TARGET: Kind = Kind::Map(&ACCESSOR);

/// Objects that others refer to by their number.
const fn all(of: &'static Kind, array: Array) -> Kind {
    Kind::List(1, usize::MAX, of, Some(array))
}

/// The same, where there may be none: tools that pack or drop images leave their arrays empty.
const fn any(of: &'static Kind, array: Array) -> Kind {
    Kind::List(0, usize::MAX, of, Some(array))
}

pub(super) static ROOT: Shape = Shape {
    fields: &[
        must("asset", Kind::Object(&ASSET)),
        may("extensionsUsed", some(&TEXT)),
        may("extensionsRequired", some(&TEXT)),
        may("accessors", all(&Kind::Object(&ACCESSOR_OBJECT), Array::Accessors)),
        may("animations", some(&Kind::Object(&ANIMATION))),
        may("buffers", all(&Kind::Object(&BUFFER), Array::Buffers)),
        may("bufferViews", all(&Kind::Object(&BUFFER_VIEW), Array::BufferViews)),
        may("cameras", all(&Kind::Object(&CAMERA), Array::Cameras)),
        may("images", any(&Kind::Object(&IMAGE), Array::Images)),
        may("materials", all(&Kind::Object(&MATERIAL), Array::Materials)),
        may("meshes", all(&Kind::Object(&MESH), Array::Meshes)),
        may("nodes", all(&Kind::Object(&NODE), Array::Nodes)),
        may("samplers", any(&Kind::Object(&SAMPLER), Array::Samplers)),
        may("scene", Kind::Index(Array::Scenes)),
        may("scenes", all(&Kind::Object(&SCENE), Array::Scenes)),
        may("skins", all(&Kind::Object(&SKIN), Array::Skins)),
        may("textures", any(&Kind::Object(&TEXTURE), Array::Textures)),
    ],
    extensions: extension::ROOT,
};

static ASSET: Shape = Shape {
    fields: &[must("version", TEXT), may("minVersion", TEXT), may("copyright", TEXT), may("generator", TEXT)],
    extensions: &[],
};

static ACCESSOR_OBJECT: Shape = Shape {
    fields: &[
        may("bufferView", Kind::Index(Array::BufferViews)),
        OFFSET,
        must("componentType", Kind::Whole(0)),
        may("normalized", Kind::Flag),
        must("count", Kind::Whole(1)),
        must("type", TEXT),
        may("min", Kind::List(1, 16, &NUMBER, None)),
        may("max", Kind::List(1, 16, &NUMBER, None)),
        may("sparse", Kind::Object(&SPARSE)),
        NAME,
    ],
    extensions: &[],
};

static SPARSE: Shape = Shape {
    fields: &[
        must("count", Kind::Whole(1)),
        must("indices", Kind::Object(&SPARSE_INDICES)),
        must("values", Kind::Object(&SPARSE_VALUES)),
    ],
    extensions: &[],
};

static SPARSE_INDICES: Shape = Shape {
    fields: &[
        must("bufferView", Kind::Index(Array::BufferViews)),
        OFFSET,
        must("componentType", Kind::Whole(0)),
    ],
    extensions: &[],
};

static SPARSE_VALUES: Shape =
    Shape { fields: &[must("bufferView", Kind::Index(Array::BufferViews)), OFFSET], extensions: &[] };

static ANIMATION: Shape = Shape {
    fields: &[
        must("channels", some(&Kind::Object(&CHANNEL))),
        must("samplers", some(&Kind::Object(&ANIMATION_SAMPLER))),
        NAME,
    ],
    extensions: &[],
};

static CHANNEL: Shape = Shape {
    fields: &[must("sampler", Kind::Whole(0)), must("target", Kind::Object(&CHANNEL_TARGET))],
    extensions: &[],
};

static CHANNEL_TARGET: Shape =
    Shape { fields: &[may("node", NODE_INDEX), must("path", TEXT)], extensions: extension::CHANNEL_TARGET };

static ANIMATION_SAMPLER: Shape = Shape {
    fields: &[must("input", ACCESSOR), may("interpolation", TEXT), must("output", ACCESSOR)],
    extensions: &[],
};

static BUFFER: Shape = Shape {
    fields: &[may("uri", TEXT), must("byteLength", Kind::Whole(1)), NAME],
    extensions: extension::BUFFER,
};

static BUFFER_VIEW: Shape = Shape {
    fields: &[
        must("buffer", Kind::Index(Array::Buffers)),
        OFFSET,
        must("byteLength", Kind::Whole(1)),
        may("byteStride", Kind::Whole(0)),
        may("target", Kind::Whole(0)),
        NAME,
    ],
    extensions: extension::BUFFER_VIEW,
};

static CAMERA: Shape = Shape {
    fields: &[
        may("orthographic", Kind::Object(&ORTHOGRAPHIC)),
        may("perspective", Kind::Object(&PERSPECTIVE)),
        must("type", TEXT),
        NAME,
    ],
    extensions: &[],
};

static ORTHOGRAPHIC: Shape = Shape {
    fields: &[
        must("xmag", NUMBER),
        must("ymag", NUMBER),
        must("zfar", above(0.0)),
        must("znear", at_least(0.0)),
    ],
    extensions: &[],
};

static PERSPECTIVE: Shape = Shape {
    fields: &[
        may("aspectRatio", above(0.0)),
        must("yfov", above(0.0)),
        may("zfar", above(0.0)),
        must("znear", above(0.0)),
    ],
    extensions: &[],
};

static IMAGE: Shape = Shape {
    fields: &[
        may("uri", TEXT),
        may("mimeType", TEXT),
        may("bufferView", Kind::Index(Array::BufferViews)),
        NAME,
    ],
    extensions: &[],
};

static MATERIAL: Shape = Shape {
    fields: &[
        may("pbrMetallicRoughness", Kind::Object(&METALLIC_ROUGHNESS)),
        may("normalTexture", Kind::Object(&NORMAL_TEXTURE)),
        may("occlusionTexture", Kind::Object(&OCCLUSION_TEXTURE)),
        may("emissiveTexture", Kind::Object(&TEXTURE_INFO)),
        may("emissiveFactor", COLOR),
        may("alphaMode", TEXT),
        may("alphaCutoff", at_least(0.0)),
        may("doubleSided", Kind::Flag),
        NAME,
    ],
    extensions: extension::MATERIAL,
};

static METALLIC_ROUGHNESS: Shape = Shape {
    fields: &[
        may("baseColorFactor", Kind::List(4, 4, &FRACTION, None)),
        may("baseColorTexture", Kind::Object(&TEXTURE_INFO)),
        may("metallicFactor", FRACTION),
        may("roughnessFactor", FRACTION),
        may("metallicRoughnessTexture", Kind::Object(&TEXTURE_INFO)),
    ],
    extensions: &[],
};

const TEXTURE_INDEX: Field = must("index", Kind::Index(Array::Textures));
const TEXTURE_COORDINATE: Field = may("texCoord", Kind::Whole(0));

pub(super) static TEXTURE_INFO: Shape =
    Shape { fields: &[TEXTURE_INDEX, TEXTURE_COORDINATE], extensions: extension::TEXTURE_USE };

pub(super) static NORMAL_TEXTURE: Shape = Shape {
    fields: &[TEXTURE_INDEX, TEXTURE_COORDINATE, may("scale", NUMBER)],
    extensions: extension::TEXTURE_USE,
};

static OCCLUSION_TEXTURE: Shape = Shape {
    fields: &[TEXTURE_INDEX, TEXTURE_COORDINATE, may("strength", FRACTION)],
    extensions: extension::TEXTURE_USE,
};

static MESH: Shape = Shape {
    fields: &[must("primitives", some(&Kind::Object(&PRIMITIVE))), may("weights", NUMBERS), NAME],
    extensions: &[],
};

static PRIMITIVE: Shape = Shape {
    fields: &[
        must("attributes", Kind::Map(&ACCESSOR)),
        may("indices", ACCESSOR),
        may("material", Kind::Index(Array::Materials)),
        may("mode", Kind::Whole(0)),
        may("targets", some(&TARGET)),
    ],
    extensions: extension::PRIMITIVE,
};

static NODE: Shape = Shape {
    fields: &[
        may("camera", Kind::Index(Array::Cameras)),
        may("children", some(&Kind::Child)),
        may("skin", Kind::Index(Array::Skins)),
        may("matrix", Kind::List(16, 16, &NUMBER, None)),
        may("mesh", Kind::Index(Array::Meshes)),
        may("rotation", Kind::List(4, 4, &between(-1.0, 1.0), None)),
        may("scale", VEC3),
        may("translation", VEC3),
        may("weights", NUMBERS),
        NAME,
    ],
    extensions: extension::NODE,
};

static SAMPLER: Shape = Shape {
    fields: &[
        may("magFilter", Kind::Whole(0)),
        may("minFilter", Kind::Whole(0)),
        may("wrapS", Kind::Whole(0)),
        may("wrapT", Kind::Whole(0)),
        NAME,
    ],
    extensions: &[],
};

static SCENE: Shape = Shape { fields: &[may("nodes", some(&NODE_INDEX)), NAME], extensions: &[] };

static SKIN: Shape = Shape {
    fields: &[
        may("inverseBindMatrices", ACCESSOR),
        may("skeleton", NODE_INDEX),
        must("joints", some(&NODE_INDEX)),
        NAME,
    ],
    extensions: &[],
};

static TEXTURE: Shape = Shape {
    fields: &[may("sampler", Kind::Index(Array::Samplers)), may("source", Kind::Index(Array::Images)), NAME],
    extensions: extension::TEXTURE,
};
