//! Streams → a GLB in the twin's narrow profile.
//!
//! All primitives share one set of vertex accessors; a primitive is a chunk, a range of the one index
//! view. There is one node for what is no entity and one for each entity, all with the same
//! translation and scale, which take the 16-bit grid to metres. Every buffer view is compressed with
//! EXT_meshopt_compression (vertex codec 0, as that extension wants; index codec 1); the
//! uncompressed bytes are not there, so the extension is required.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::encode::{Context, Streams};
use super::{BakeError, glb, motion_glb};
use crate::scene::material::{AlphaMode, Material, TextureSlot, Wrap};
use crate::scene::motion::{Followers, Motion};

pub(super) const FLOAT: u32 = 5126;
pub(super) const UNSIGNED_SHORT: u32 = 5123;
pub(super) const SHORT: u32 = 5122;
pub(super) const UNSIGNED_BYTE: u32 = 5121;
pub(super) const BYTE: u32 = 5120;
const MESHOPT: &str = "EXT_meshopt_compression";

/// Compresses the streams and describes them.
///
/// # Errors
/// When the compressor fails.
pub fn write(
    streams: &Streams,
    moving: Option<(&Motion, &Followers)>,
    context: &Context<'_>,
) -> Result<Vec<u8>, BakeError> {
    let mut buffer = Buffer::default();
    let mut attributes = attributes(streams, &mut buffer)?;
    let targets = match moving {
        Some((_, followers)) => motion_glb::followers(followers, &mut buffer, &mut attributes)?,
        None => Vec::new(),
    };
    let index_accessors = indices(streams, &mut buffer)?;
    let mut looks = Looks::default();
    let primitives =
        Primitives { attributes: Value::Object(attributes), targets, first_accessor: index_accessors };
    let (mut meshes, mut nodes) = scene(streams, context, &primitives, &mut looks);
    let skeleton = moving
        .map(|(motion, _)| motion_glb::skeleton(motion, &mut buffer, &mut meshes, &mut nodes))
        .transpose()?;
    let fallback = json!({ MESHOPT: { "fallback": true } });
    let mut root = json!({
        "asset": { "version": "2.0", "generator": "pavilion" },
        "scene": 0,
        "scenes": [{ "nodes": skeleton.as_ref().map_or_else(|| (0..nodes.len()).collect(), |s| s.roots.clone()) }],
        "nodes": nodes,
        "meshes": meshes,
        "materials": looks.materials,
        "accessors": buffer.accessors,
        "bufferViews": buffer.views,
        "buffers": [
            { "byteLength": buffer.compressed.len() },
            { "byteLength": buffer.fallback_bytes, "extensions": fallback },
        ],
    });
    if let Some(skeleton) = skeleton {
        root["skins"] = json!([skeleton.skin]);
        if !skeleton.animations.is_empty() {
            root["animations"] = json!(skeleton.animations);
        }
        looks.extensions.extend(skeleton.extensions);
    }
    let mut used: BTreeSet<&str> = BTreeSet::from([MESHOPT, "KHR_mesh_quantization"]);
    let mut required = used.clone();
    used.append(&mut looks.extensions);
    if used.contains("KHR_texture_transform") {
        // Without it the fractions of the box would be taken for texture coordinates.
        required.insert("KHR_texture_transform");
    }
    root["extensionsUsed"] = json!(used);
    root["extensionsRequired"] = json!(required);
    if !looks.textures.is_empty() {
        root["images"] = json!(looks.images);
        root["textures"] = json!(looks.textures);
        root["samplers"] = json!(looks.samplers);
    }
    Ok(glb::join(&root.to_string(), &buffer.compressed))
}

/// What becomes the binary chunk, and what describes it.
#[derive(Default)]
pub(super) struct Buffer {
    compressed: Vec<u8>,
    fallback_bytes: usize,
    views: Vec<Value>,
    pub accessors: Vec<Value>,
}

impl Buffer {
    /// Adds a view of `count` elements of `stride` bytes; only vertex views have a stride of their own.
    fn add_view(&mut self, encoded: &[u8], count: usize, stride: usize, kind: ViewKind) -> usize {
        let mode = if kind == ViewKind::Indices { "TRIANGLES" } else { "ATTRIBUTES" };
        let mut view = json!({
            "buffer": 1,
            "byteOffset": self.fallback_bytes,
            "byteLength": count * stride,
            "extensions": { MESHOPT: {
                "buffer": 0,
                "byteOffset": self.compressed.len(),
                "byteLength": encoded.len(),
                "byteStride": stride,
                "count": count,
                "mode": mode,
            } },
        });
        match kind {
            ViewKind::Vertices => {
                view["byteStride"] = json!(stride);
                view["target"] = json!(34_962);
            }
            ViewKind::Indices => view["target"] = json!(34_963),
            ViewKind::Data => {}
        }
        self.compressed.extend(encoded);
        self.compressed.resize(self.compressed.len().next_multiple_of(4), 0);
        self.fallback_bytes = (self.fallback_bytes + count * stride).next_multiple_of(4);
        self.views.push(view);
        self.views.len() - 1
    }

    /// Adds a vertex attribute, normalised; returns its accessor.
    pub fn add_vertices<T>(
        &mut self,
        vertices: &[T],
        kind: &str,
        component: u32,
    ) -> Result<usize, BakeError> {
        let accessor = self.add(vertices, kind, component, ViewKind::Vertices)?;
        self.accessors[accessor]["normalized"] = json!(true);
        Ok(accessor)
    }

    /// Adds a column of anything; returns its accessor.
    pub fn add<T>(
        &mut self,
        elements: &[T],
        kind: &str,
        component: u32,
        view: ViewKind,
    ) -> Result<usize, BakeError> {
        let encoded = meshopt::encode_vertex_buffer_level(elements, 2, Some(0)).map_err(encode_error)?;
        let view = self.add_view(&encoded, elements.len(), size_of::<T>(), view);
        self.accessors.push(json!({
            "bufferView": view,
            "componentType": component,
            "count": elements.len(),
            "type": kind,
        }));
        Ok(self.accessors.len() - 1)
    }
}

/// What a view is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ViewKind {
    Vertices,
    Indices,
    /// Neither: matrices and keys.
    Data,
}

fn encode_error(error: meshopt::Error) -> BakeError {
    BakeError::Encode(error.to_string())
}

/// The vertex attributes with their accessors.
fn attributes(streams: &Streams, buffer: &mut Buffer) -> Result<Map<String, Value>, BakeError> {
    let mut attributes = Map::new();
    let position = buffer.add_vertices(&streams.positions, "VEC3", UNSIGNED_SHORT)?;
    let bound = |pick: fn(u16, u16) -> u16, start: u16| -> [u16; 3] {
        std::array::from_fn(|axis| streams.positions.iter().fold(start, |bound, p| pick(bound, p[axis])))
    };
    buffer.accessors[position]["min"] = json!(bound(u16::min, u16::MAX));
    buffer.accessors[position]["max"] = json!(bound(u16::max, 0));
    attributes.insert("POSITION".to_owned(), json!(position));
    let normal = buffer.add_vertices(&streams.normals, "VEC3", BYTE)?;
    attributes.insert("NORMAL".to_owned(), json!(normal));
    if let Some(tangents) = &streams.tangents {
        attributes.insert("TANGENT".to_owned(), json!(buffer.add_vertices(tangents, "VEC4", BYTE)?));
    }
    for (uvs, name) in streams.uvs.iter().zip(["TEXCOORD_0", "TEXCOORD_1"]) {
        // glTF numbers sets without gaps; the second is there only where the first is.
        if let Some(uvs) = uvs {
            attributes.insert(name.to_owned(), json!(buffer.add_vertices(uvs, "VEC2", UNSIGNED_SHORT)?));
        }
    }
    if let Some(colors) = &streams.colors {
        attributes.insert("COLOR_0".to_owned(), json!(buffer.add_vertices(colors, "VEC4", UNSIGNED_BYTE)?));
    }
    Ok(attributes)
}

/// One accessor for each chunk, all into the one index view; returns the first.
fn indices(streams: &Streams, buffer: &mut Buffer) -> Result<usize, BakeError> {
    let encoded =
        meshopt::encode_index_buffer(&streams.indices, streams.positions.len()).map_err(encode_error)?;
    let view = buffer.add_view(&encoded, streams.indices.len(), size_of::<u16>(), ViewKind::Indices);
    let first = buffer.accessors.len();
    buffer.accessors.extend(streams.chunks.iter().map(|chunk| {
        json!({
            "bufferView": view,
            "byteOffset": chunk.first_index * size_of::<u16>(),
            "componentType": UNSIGNED_SHORT,
            "count": chunk.index_count,
            "type": "SCALAR",
        })
    }));
    Ok(first)
}

/// What all primitives share.
struct Primitives {
    attributes: Value,
    targets: Vec<Value>,
    /// Of the first chunk's indices.
    first_accessor: usize,
}

/// Meshes and nodes: first what is no entity, then each entity.
fn scene(
    streams: &Streams,
    context: &Context<'_>,
    Primitives { attributes, targets, first_accessor }: &Primitives,
    looks: &mut Looks,
) -> (Vec<Value>, Vec<Value>) {
    let mut primitives: BTreeMap<Option<u32>, Vec<Value>> = BTreeMap::new();
    for (number, chunk) in streams.chunks.iter().enumerate() {
        let material = looks.material(chunk.group.material, context);
        let mut primitive = json!({
            "attributes": attributes,
            "indices": first_accessor + number,
            "material": material,
        });
        if !targets.is_empty() {
            primitive["targets"] = json!(targets);
        }
        primitives.entry(chunk.group.entity).or_default().push(primitive);
    }
    let translation = streams.grid.origin.to_array();
    let scale = [streams.grid.step() * 65_535.0; 3];
    let (mut meshes, mut nodes) = (Vec::new(), Vec::new());
    for (entity, primitives) in primitives {
        let mut node = json!({ "mesh": meshes.len(), "translation": translation, "scale": scale });
        if let Some(entity) = entity.and_then(|entity| context.entities.get(entity as usize)) {
            node["name"] = json!(entity.id);
            node["extras"] = json!({ "entity": entity.id });
        }
        meshes.push(json!({ "primitives": primitives }));
        nodes.push(node);
    }
    (meshes, nodes)
}

/// The materials of a tile and what they use.
#[derive(Default)]
struct Looks {
    materials: Vec<Value>,
    textures: Vec<Value>,
    images: Vec<Value>,
    samplers: Vec<Value>,
    extensions: BTreeSet<&'static str>,
    /// From the tileset's materials to this tile's.
    material_places: BTreeMap<u32, usize>,
    /// From blob and wrap to the tile's textures.
    texture_places: BTreeMap<(u32, &'static str), usize>,
}

impl Looks {
    /// The tile's own index of a material of the tileset.
    fn material(&mut self, index: u32, context: &Context<'_>) -> usize {
        if let Some(&place) = self.material_places.get(&index) {
            return place;
        }
        let material = &context.materials[index as usize];
        let value = self.described(index, material, context);
        self.materials.push(value);
        self.material_places.insert(index, self.materials.len() - 1);
        self.materials.len() - 1
    }

    fn described(&mut self, index: u32, material: &Material, context: &Context<'_>) -> Value {
        // What is glTF's default is left out: hundreds of tiles repeat it.
        let mut pbr = json!({});
        if material.base_color != [1.0; 4] {
            pbr["baseColorFactor"] = json!(material.base_color);
        }
        for (name, factor) in [("metallicFactor", material.metallic), ("roughnessFactor", material.roughness)]
        {
            if factor != 1.0 {
                pbr[name] = json!(factor);
            }
        }
        let mut value = json!({ "extras": { "material": index } });
        if material.double_sided {
            value["doubleSided"] = json!(true);
        }
        let mut texture = |slot: Option<TextureSlot>| slot.map(|slot| self.texture(slot, material, context));
        if let Some(info) = texture(material.base_color_texture) {
            pbr["baseColorTexture"] = info;
        }
        if let Some(info) = texture(material.metallic_roughness_texture) {
            pbr["metallicRoughnessTexture"] = info;
        }
        if let Some(mut info) = texture(material.normal_texture) {
            if material.normal_scale != 1.0 {
                info["scale"] = json!(material.normal_scale);
            }
            value["normalTexture"] = info;
        }
        if let Some(mut info) = texture(material.occlusion_texture) {
            if material.occlusion_strength != 1.0 {
                info["strength"] = json!(material.occlusion_strength);
            }
            value["occlusionTexture"] = info;
        }
        if let Some(info) = texture(material.emissive_texture) {
            value["emissiveTexture"] = info;
        }
        value["pbrMetallicRoughness"] = pbr;
        match material.alpha {
            AlphaMode::Opaque => {}
            AlphaMode::Mask => {
                value["alphaMode"] = json!("MASK");
                value["alphaCutoff"] = json!(material.alpha_cutoff);
            }
            AlphaMode::Blend => value["alphaMode"] = json!("BLEND"),
        }
        let strength = material.emissive.into_iter().fold(1.0_f32, f32::max);
        if material.emissive != [0.0; 3] {
            value["emissiveFactor"] = json!(material.emissive.map(|x| x / strength));
        }
        if strength > 1.0 {
            self.extensions.insert("KHR_materials_emissive_strength");
            value["extensions"]["KHR_materials_emissive_strength"] = json!({ "emissiveStrength": strength });
        }
        if material.unlit {
            self.extensions.insert("KHR_materials_unlit");
            value["extensions"]["KHR_materials_unlit"] = json!({});
        }
        value
    }

    fn texture(&mut self, slot: TextureSlot, material: &Material, context: &Context<'_>) -> Value {
        let blob = context.images[slot.image.index()].blob;
        let (wrap_name, wrap) = match material.wrap {
            Wrap::Repeat => ("repeat", 10_497),
            Wrap::Mirror => ("mirror", 33_648),
            Wrap::Clamp => ("clamp", 33_071),
        };
        let next = self.textures.len();
        let place = *self.texture_places.entry((blob.0, wrap_name)).or_insert(next);
        if place == next {
            let image = &context.blobs[blob.index()];
            let uri = format!("{}.{}", image.hash, image.extension);
            let known = self.images.iter().position(|other| other["uri"] == uri.as_str());
            let source = known.unwrap_or(self.images.len());
            if known.is_none() {
                self.images.push(json!({ "uri": uri }));
            }
            let sampler = json!({ "magFilter": 9729, "minFilter": 9987, "wrapS": wrap, "wrapT": wrap });
            let known = self.samplers.iter().position(|other| *other == sampler);
            let sampler_place = known.unwrap_or(self.samplers.len());
            if known.is_none() {
                self.samplers.push(sampler);
            }
            self.textures.push(json!({ "source": source, "sampler": sampler_place }));
        }
        let mut info = json!({ "index": place });
        if slot.uv_set != 0 {
            info["texCoord"] = json!(slot.uv_set);
        }
        if material.uv_offset != [0.0; 2] || material.uv_scale != [1.0; 2] {
            self.extensions.insert("KHR_texture_transform");
            let transform = json!({ "offset": material.uv_offset, "scale": material.uv_scale });
            info["extensions"] = json!({ "KHR_texture_transform": transform });
        }
        info
    }
}
