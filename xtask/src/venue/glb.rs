//! Writes a [`Twin`] as one glTF 2.0 binary. In: meshes with coordinates in metres. Out: bytes, the same for the same
//! twin. It knows the format, not what a hall is.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use glam::{Vec2, Vec3, Vec4};
use serde_json::{Value, json};

use super::{
    canvas,
    mesh::Mesh,
    palette::{Coverage, Material, Surface},
    texture::Texture,
    twin::{Twin, View},
};

/// What the scene says about itself.
pub struct Scene<'a> {
    /// The event's name.
    pub title: &'a str,
    /// The first view's feet.
    pub spawn: Vec3,
    /// Turned left from -Z.
    pub spawn_yaw_radians: f32,
    /// Places worth a look.
    pub views: &'a [View],
}

/// One stream of the binary chunk: elements of one layout, back to back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stream {
    Position,
    Normal,
    Tangent,
    TexCoord,
    Color,
    Index32,
    Index16,
    Time,
    Turn,
}

impl Stream {
    const ALL: [Self; 9] = [
        Self::Position,
        Self::Normal,
        Self::Tangent,
        Self::TexCoord,
        Self::Color,
        Self::Index32,
        Self::Index16,
        Self::Time,
        Self::Turn,
    ];

    /// Bytes from one element to the next; `None` for what is no vertex, which has no stride.
    fn stride(self) -> Option<usize> {
        match self {
            Self::Position | Self::Normal => Some(12),
            Self::Tangent => Some(16),
            Self::TexCoord => Some(8),
            Self::Color => Some(4),
            Self::Index32 | Self::Index16 | Self::Time | Self::Turn => None,
        }
    }

    /// What the GPU would take it as.
    fn target(self) -> Option<u32> {
        match self {
            Self::Index32 | Self::Index16 => Some(34963),
            Self::Time | Self::Turn => None,
            _ => Some(34962),
        }
    }
}

#[derive(Default)]
struct Writer {
    streams: BTreeMap<Stream, Vec<u8>>,
    accessors: Vec<Value>,
}

/// `twin` with its textures painted from `seed`, as a file.
pub fn write(twin: &Twin, scene: &Scene, seed: u64) -> Result<Vec<u8>> {
    let used: BTreeSet<Material> =
        twin.meshes.iter().flat_map(|(_, model)| model.parts.keys().copied()).collect();
    let materials: Vec<Material> =
        Material::ALL.iter().copied().filter(|material| used.contains(material)).collect();
    let textures = textures_of(&materials);
    let images = paint(&textures, seed)?;

    let mut writer = Writer::default();
    let mut meshes = Vec::new();
    for (index, (name, model)) in twin.meshes.iter().enumerate() {
        let shades = twin.shades.get(&super::twin::MeshId(index));
        let mut primitives = Vec::new();
        for (material, mesh) in &model.parts {
            let slot = materials
                .binary_search(material)
                .ok()
                .context("a mesh uses a material that is not listed")?;
            let shade = shades.and_then(|shades| shades.get(material));
            primitives.push(writer.primitive(mesh, &material.surface(), slot, shade)?);
        }
        meshes.push(json!({ "name": name, "primitives": primitives }));
    }

    let mut root = json!({
        "asset": { "version": "2.0", "generator": "cargo xtask venue" },
        "scene": 0,
        "scenes": [scene_json(twin, scene)],
        "nodes": nodes(twin, seed),
        "meshes": meshes,
        "materials": materials.iter().map(|material| material_json(*material, &textures)).collect::<Vec<_>>(),
        "textures": (0..textures.len())
            .map(|source| json!({ "source": source, "sampler": 0 }))
            .collect::<Vec<_>>(),
        "samplers": [{ "magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 10497 }],
        "extensionsUsed": ["KHR_lights_punctual", "KHR_materials_emissive_strength", "KHR_texture_transform"],
        "extensions": { "KHR_lights_punctual": { "lights": lights(twin) } },
    });
    if let Some(animation) = writer.animation(twin) {
        root["animations"] = json!([animation]);
    }
    let binary = writer.finish(&mut root, &textures, &images);
    container(&root, &binary)
}

fn scene_json(twin: &Twin, scene: &Scene) -> Value {
    let views: Vec<Value> = scene
        .views
        .iter()
        .map(|view| {
            let direction = (view.target - view.eye).normalize_or(Vec3::NEG_Z);
            json!({
                "name": view.name,
                "position": view.eye.to_array(),
                "yaw_radians": (-direction.x).atan2(-direction.z),
                "pitch_radians": direction.y.asin(),
            })
        })
        .collect();
    json!({
        "name": scene.title,
        "nodes": twin.roots.iter().map(|root| root.0).collect::<Vec<_>>(),
        "extras": { "pavilion": {
            "title": scene.title,
            "spawn": { "position": scene.spawn.to_array(), "yaw_radians": scene.spawn_yaw_radians },
            "views": views,
        } },
    })
}

fn nodes(twin: &Twin, seed: u64) -> Vec<Value> {
    let mut lights = 0;
    twin.nodes
        .iter()
        .map(|node| {
            let mut value = json!({ "name": node.name });
            let place = &node.placement;
            if place.translation != Vec3::ZERO {
                value["translation"] = json!(place.translation.to_array());
            }
            if place.rotation != glam::Quat::IDENTITY {
                value["rotation"] = json!(place.rotation.to_array());
            }
            if place.scale != Vec3::ONE {
                value["scale"] = json!(place.scale.to_array());
            }
            if let Some(mesh) = node.mesh {
                value["mesh"] = json!(mesh.0);
            }
            if !node.children.is_empty() {
                value["children"] = json!(node.children.iter().map(|child| child.0).collect::<Vec<_>>());
            }
            if let Some(entity) = &node.entity {
                value["extras"] = json!({ "entity": entity });
            }
            if let Some(mass) = node.prop {
                value["extras"]["pavilion"] = json!({ "prop": true, "mass_kilograms": mass });
            }
            if let Some(sound) = node.sound {
                value["extras"]["pavilion"]["sound"] = sound.extras(seed);
            }
            if node.sun.is_some() {
                value["extensions"] = json!({ "KHR_lights_punctual": { "light": lights } });
                lights += 1;
            }
            value
        })
        .collect()
}

fn lights(twin: &Twin) -> Vec<Value> {
    twin.nodes
        .iter()
        .filter_map(|node| Some((node, node.sun?)))
        .map(|(node, lux)| {
            json!({ "type": "directional", "name": node.name, "intensity": lux, "color": [1.0, 0.95, 0.86] })
        })
        .collect()
}

fn textures_of(materials: &[Material]) -> Vec<Texture> {
    let mut used = BTreeSet::new();
    for material in materials {
        let surface = material.surface();
        used.extend(surface.base);
        used.extend(surface.normal.map(|(texture, _)| texture));
        used.extend(surface.orm);
        used.extend(surface.emissive_map);
    }
    used.into_iter().collect()
}

/// Paints the textures, half of them on a second thread: they are the longest part of the whole.
fn paint(textures: &[Texture], seed: u64) -> Result<Vec<Vec<u8>>> {
    let one = |texture: &Texture| texture.paint(seed).png();
    let (even, odd) = std::thread::scope(|scope| {
        let odd = scope.spawn(|| textures.iter().skip(1).step_by(2).map(one).collect::<Result<Vec<_>>>());
        (textures.iter().step_by(2).map(one).collect::<Result<Vec<_>>>(), odd.join())
    });
    let mut odd = odd.map_err(|_| anyhow::anyhow!("painting a texture panicked"))??.into_iter();
    let mut images = Vec::new();
    for image in even? {
        images.push(image);
        images.extend(odd.next());
    }
    Ok(images)
}

/// A colour as glTF wants factors: linear.
fn linear(color: u32) -> [f32; 3] {
    canvas::rgb(color)
        .map(|value| if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) })
}

/// Four digits are more than a byte of colour holds.
fn short(value: f32) -> f64 {
    (f64::from(value) * 1e4).round() / 1e4
}

fn material_json(material: Material, textures: &[Texture]) -> Value {
    let surface = material.surface();
    let reference = |texture: Texture| {
        let mut value = json!({ "index": textures.binary_search(&texture).unwrap_or(0) });
        if let (true, Some(metres)) = (surface.transformed, surface.metres_per_repeat) {
            let scale = short(1.0 / metres);
            value["extensions"] = json!({ "KHR_texture_transform": { "scale": [scale, scale] } });
        }
        value
    };
    let [red, green, blue] = linear(surface.color).map(short);
    let mut rough = json!({
        "baseColorFactor": [red, green, blue, short(surface.alpha)],
        "metallicFactor": short(surface.metallic),
        "roughnessFactor": short(surface.roughness),
    });
    if let Some(base) = surface.base {
        rough["baseColorTexture"] = reference(base);
    }
    let mut value = json!({ "name": material.name() });
    if let Some(orm) = surface.orm {
        rough["metallicRoughnessTexture"] = reference(orm);
        value["occlusionTexture"] = reference(orm);
    }
    value["pbrMetallicRoughness"] = rough;
    if let Some((normal, strength)) = surface.normal {
        value["normalTexture"] = reference(normal);
        value["normalTexture"]["scale"] = json!(short(strength));
    }
    if let Some((color, strength)) = surface.emissive {
        value["emissiveFactor"] = json!(linear(color).map(short));
        if strength != 1.0 {
            value["extensions"] =
                json!({ "KHR_materials_emissive_strength": { "emissiveStrength": short(strength) } });
        }
    }
    if let Some(map) = surface.emissive_map {
        value["emissiveTexture"] = reference(map);
    }
    match surface.coverage {
        Coverage::Opaque => {}
        Coverage::Mask => value["alphaMode"] = json!("MASK"),
        Coverage::Blend => value["alphaMode"] = json!("BLEND"),
    }
    if surface.double_sided {
        value["doubleSided"] = json!(true);
    }
    value
}

/// Tangents along U, with the bitangent's sign in `w`.
fn tangents(mesh: &Mesh) -> Vec<Vec4> {
    let mut along = vec![Vec3::ZERO; mesh.positions.len()];
    let mut across = vec![Vec3::ZERO; mesh.positions.len()];
    for corners in &mesh.triangles {
        let [a, b, c] = corners.map(|corner| corner as usize);
        let (e1, e2) = (mesh.positions[b] - mesh.positions[a], mesh.positions[c] - mesh.positions[a]);
        let (d1, d2) = (mesh.uvs[b] - mesh.uvs[a], mesh.uvs[c] - mesh.uvs[a]);
        let area = d1.perp_dot(d2);
        if area.abs() < 1e-12 {
            continue;
        }
        let (tangent, bitangent) = ((e1 * d2.y - e2 * d1.y) / area, (e2 * d1.x - e1 * d2.x) / area);
        for corner in [a, b, c] {
            along[corner] += tangent;
            across[corner] += bitangent;
        }
    }
    (0..mesh.positions.len())
        .map(|index| {
            let normal = mesh.normals[index];
            let flat = along[index] - normal * normal.dot(along[index]);
            let tangent = flat.try_normalize().unwrap_or_else(|| normal.any_orthonormal_vector());
            // Texture V runs down, while a normal map's green points up: the bitangent is against V.
            let sign = if normal.cross(tangent).dot(across[index]) > 0.0 { -1.0 } else { 1.0 };
            tangent.extend(sign)
        })
        .collect()
}

impl Writer {
    fn stream(&mut self, stream: Stream) -> &mut Vec<u8> {
        self.streams.entry(stream).or_default()
    }

    fn accessor(&mut self, stream: Stream, offset: usize, value: Value) -> usize {
        let mut value = value;
        value["bufferView"] = json!(stream as usize);
        value["byteOffset"] = json!(offset);
        self.accessors.push(value);
        self.accessors.len() - 1
    }

    fn floats<const N: usize>(
        &mut self,
        stream: Stream,
        kind: &str,
        values: impl ExactSizeIterator<Item = [f32; N]>,
    ) -> usize {
        let count = values.len();
        let bytes = self.stream(stream);
        let offset = bytes.len();
        for value in values {
            bytes.extend(value.iter().flat_map(|number| number.to_le_bytes()));
        }
        self.accessor(stream, offset, json!({ "componentType": 5126, "count": count, "type": kind }))
    }

    fn primitive(
        &mut self,
        mesh: &Mesh,
        surface: &Surface,
        material: usize,
        shade: Option<&Vec<[u8; 4]>>,
    ) -> Result<Value> {
        let position = self.floats(Stream::Position, "VEC3", mesh.positions.iter().map(|p| p.to_array()));
        let low = mesh.positions.iter().copied().reduce(Vec3::min).context("a mesh has no vertices")?;
        let high = mesh.positions.iter().copied().fold(low, Vec3::max);
        self.accessors[position]["min"] = json!(low.to_array());
        self.accessors[position]["max"] = json!(high.to_array());
        let normal = self.floats(Stream::Normal, "VEC3", mesh.normals.iter().map(|n| n.to_array()));
        let mut attributes = json!({ "POSITION": position, "NORMAL": normal });
        if surface.base.is_some()
            || surface.normal.is_some()
            || surface.orm.is_some()
            || surface.emissive_map.is_some()
        {
            let repeat = match surface.metres_per_repeat {
                Some(metres) if !surface.transformed => Vec2::splat(1.0 / metres),
                _ => Vec2::ONE,
            };
            let uvs = mesh.uvs.iter().map(|uv| (*uv * repeat).to_array());
            attributes["TEXCOORD_0"] = json!(self.floats(Stream::TexCoord, "VEC2", uvs));
        }
        if surface.normal.is_some() {
            let tangents = tangents(mesh);
            attributes["TANGENT"] =
                json!(self.floats(Stream::Tangent, "VEC4", tangents.iter().map(|t| t.to_array())));
        }
        if let Some(shade) = shade {
            let bytes = self.stream(Stream::Color);
            let offset = bytes.len();
            bytes.extend(shade.iter().flatten());
            let value =
                json!({ "componentType": 5121, "normalized": true, "count": shade.len(), "type": "VEC4" });
            attributes["COLOR_0"] = json!(self.accessor(Stream::Color, offset, value));
        }
        let indices = self.indices(mesh);
        Ok(json!({ "attributes": attributes, "indices": indices, "material": material }))
    }

    /// All that moves, as one animation.
    fn animation(&mut self, twin: &Twin) -> Option<Value> {
        let (mut channels, mut samplers) = (Vec::new(), Vec::new());
        for motion in &twin.motions {
            let times = motion.turns.iter().map(|(seconds, _)| [*seconds]);
            let input = self.floats(Stream::Time, "SCALAR", times);
            let seconds = |turn: Option<&(f32, glam::Quat)>| [turn.map_or(0.0, |turn| turn.0)];
            self.accessors[input]["min"] = json!(seconds(motion.turns.first()));
            self.accessors[input]["max"] = json!(seconds(motion.turns.last()));
            let turns = motion.turns.iter().map(|(_, turn)| turn.to_array());
            let output = self.floats(Stream::Turn, "VEC4", turns);
            let target = json!({ "node": motion.node.0, "path": "rotation" });
            channels.push(json!({ "sampler": samplers.len(), "target": target }));
            samplers.push(json!({ "input": input, "output": output }));
        }
        (!channels.is_empty()).then(|| json!({ "name": "Work", "channels": channels, "samplers": samplers }))
    }

    fn indices(&mut self, mesh: &Mesh) -> usize {
        let small = mesh.positions.len() < usize::from(u16::MAX);
        let (stream, component) = if small { (Stream::Index16, 5123) } else { (Stream::Index32, 5125) };
        let bytes = self.stream(stream);
        let offset = bytes.len();
        for index in mesh.triangles.iter().flatten() {
            if small {
                bytes.extend((*index as u16).to_le_bytes());
            } else {
                bytes.extend(index.to_le_bytes());
            }
        }
        let value =
            json!({ "componentType": component, "count": mesh.triangles.len() * 3, "type": "SCALAR" });
        self.accessor(stream, offset, value)
    }

    /// Lays the streams and images end to end and says in `root` where they are.
    fn finish(mut self, root: &mut Value, textures: &[Texture], images: &[Vec<u8>]) -> Vec<u8> {
        let mut binary = Vec::new();
        let mut views = Vec::new();
        let mut renumbered = BTreeMap::new();
        for stream in Stream::ALL {
            let Some(bytes) = self.streams.remove(&stream) else { continue };
            let mut view = json!({ "buffer": 0, "byteOffset": binary.len(), "byteLength": bytes.len() });
            if let Some(target) = stream.target() {
                view["target"] = json!(target);
            }
            if let Some(stride) = stream.stride() {
                view["byteStride"] = json!(stride);
            }
            renumbered.insert(stream as usize, views.len());
            views.push(view);
            binary.extend(bytes);
            binary.resize(binary.len().next_multiple_of(4), 0);
        }
        for accessor in &mut self.accessors {
            let stream = accessor["bufferView"].as_u64().unwrap_or(0) as usize;
            accessor["bufferView"] = json!(renumbered.get(&stream));
        }
        let mut listed = Vec::new();
        for (texture, image) in textures.iter().zip(images) {
            listed
                .push(json!({ "name": texture.name(), "mimeType": "image/png", "bufferView": views.len() }));
            views.push(json!({ "buffer": 0, "byteOffset": binary.len(), "byteLength": image.len() }));
            binary.extend_from_slice(image);
            binary.resize(binary.len().next_multiple_of(4), 0);
        }
        root["accessors"] = Value::Array(self.accessors);
        root["bufferViews"] = Value::Array(views);
        root["images"] = Value::Array(listed);
        root["buffers"] = json!([{ "byteLength": binary.len() }]);
        binary
    }
}

fn container(root: &Value, binary: &[u8]) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec(root)?;
    text.resize(text.len().next_multiple_of(4), b' ');
    let length = 12 + 8 + text.len() + 8 + binary.len();
    let mut file = Vec::with_capacity(length);
    for word in [0x4654_6c67, 2, u32::try_from(length)?, u32::try_from(text.len())?, 0x4e4f_534a] {
        file.extend(word.to_le_bytes());
    }
    file.extend(text);
    for word in [u32::try_from(binary.len())?, 0x004e_4942] {
        file.extend(word.to_le_bytes());
    }
    file.extend_from_slice(binary);
    Ok(file)
}
