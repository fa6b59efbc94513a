//! Makes a glTF file, piece by piece.
#![allow(clippy::unwrap_used)]

use glam::{Mat4, Quat, Vec3};
use serde_json::{Value, json};

use crate::scene::gltf::tests::made::glb;

/// A file while it is made.
#[derive(Default)]
pub(crate) struct Author {
    bin: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
    pub(crate) nodes: Vec<Value>,
    pub(crate) meshes: Vec<Value>,
    pub(crate) materials: Vec<Value>,
    images: Vec<Value>,
    pub(crate) skins: Vec<Value>,
    channels: Vec<Value>,
    samplers: Vec<Value>,
    pub(crate) extensions: Vec<&'static str>,
    /// What the extensions say of the whole file.
    pub(crate) of_file: Value,
}

/// Positions, normals and triangles.
#[derive(Clone, Default)]
pub(crate) struct Shape {
    pub(crate) positions: Vec<[f32; 3]>,
    pub(crate) normals: Vec<[f32; 3]>,
    pub(crate) uvs: Vec<[f32; 2]>,
    pub(crate) indices: Vec<u16>,
}

impl Shape {
    /// A ball of radius 1.
    pub(crate) fn ball(rings: u16, sectors: u16) -> Self {
        let mut shape = Self::default();
        for ring in 0..=rings {
            for sector in 0..=sectors {
                let (v, u) = (f32::from(ring) / f32::from(rings), f32::from(sector) / f32::from(sectors));
                let (polar, around) = (v * std::f32::consts::PI, u * std::f32::consts::TAU);
                let place = Vec3::new(polar.sin() * around.cos(), polar.cos(), -polar.sin() * around.sin())
                    .to_array();
                shape.positions.push(place);
                shape.normals.push(place);
                shape.uvs.push([u, v]);
            }
        }
        shape.stitch(rings, sectors);
        shape
    }

    /// A tube of radius 1 from y = 0 to y = 1, open at both ends.
    pub(crate) fn tube(rings: u16, sectors: u16) -> Self {
        let mut shape = Self::default();
        for ring in 0..=rings {
            for sector in 0..=sectors {
                let (v, u) = (f32::from(ring) / f32::from(rings), f32::from(sector) / f32::from(sectors));
                let around = u * std::f32::consts::TAU;
                shape.positions.push([around.cos(), 1.0 - v, -around.sin()]);
                shape.normals.push([around.cos(), 0.0, -around.sin()]);
                shape.uvs.push([u, v]);
            }
        }
        shape.stitch(rings, sectors);
        shape
    }

    /// A box from −1 to 1 on each axis.
    pub(crate) fn cube() -> Self {
        let mut shape = Self::default();
        for axis in 0..3 {
            for sign in [-1.0_f32, 1.0] {
                let first = shape.positions.len() as u16;
                let mut normal = [0.0; 3];
                normal[axis] = sign;
                for (u, v) in [(-1.0_f32, -1.0_f32), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
                    let mut place = [0.0; 3];
                    place[axis] = sign;
                    place[(axis + 1) % 3] = u * sign;
                    place[(axis + 2) % 3] = v;
                    shape.positions.push(place);
                    shape.normals.push(normal);
                    shape.uvs.push([u * 0.5 + 0.5, 0.5 - v * 0.5]);
                }
                shape.indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
            }
        }
        shape
    }

    /// A square from −1 to 1 that is seen from +Z.
    pub(crate) fn square() -> Self {
        Self {
            positions: vec![[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]],
            normals: vec![[0.0, 0.0, 1.0]; 4],
            uvs: vec![[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]],
            indices: vec![0, 1, 2, 0, 2, 3],
        }
    }

    pub(crate) fn scaled(mut self, scale: [f32; 3]) -> Self {
        self.positions.iter_mut().for_each(|p| *p = std::array::from_fn(|axis| p[axis] * scale[axis]));
        self
    }

    fn stitch(&mut self, rings: u16, sectors: u16) {
        for ring in 0..rings {
            for sector in 0..sectors {
                let a = ring * (sectors + 1) + sector;
                let b = a + sectors + 1;
                self.indices.extend([a, b, a + 1, a + 1, b, b + 1]);
            }
        }
    }
}

impl Author {
    /// Adds bytes; returns their view.
    pub(crate) fn view(&mut self, bytes: &[u8]) -> usize {
        self.bin.resize(self.bin.len().next_multiple_of(8), 0);
        self.views.push(json!({ "buffer": 0, "byteOffset": self.bin.len(), "byteLength": bytes.len() }));
        self.bin.extend(bytes);
        self.views.len() - 1
    }

    /// Adds numbers; returns their accessor.
    pub(crate) fn numbers<T: bytemuck::NoUninit>(
        &mut self,
        numbers: &[T],
        kind: &str,
        component: u32,
    ) -> usize {
        let bytes: &[u8] = bytemuck::cast_slice(numbers);
        let view = self.view(bytes);
        let width = match kind {
            "SCALAR" => 1,
            "VEC2" => 2,
            "VEC3" => 3,
            "VEC4" => 4,
            _ => 16,
        };
        let size = if component == 5126 {
            4
        } else if component == 5123 {
            2
        } else {
            1
        };
        let count = bytes.len() / size / width;
        let mut accessor = json!({
            "bufferView": view, "componentType": component, "count": count, "type": kind,
        });
        if component == 5126 {
            let floats: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
            let bound = |pick: fn(f32, f32) -> f32, start: f32| -> Vec<f32> {
                (0..width).map(|i| floats.iter().skip(i).step_by(width).copied().fold(start, pick)).collect()
            };
            accessor["min"] = json!(bound(f32::min, f32::INFINITY));
            accessor["max"] = json!(bound(f32::max, f32::NEG_INFINITY));
        }
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    pub(crate) fn floats<const N: usize>(&mut self, vectors: &[[f32; N]]) -> usize {
        let kind = ["", "SCALAR", "VEC2", "VEC3", "VEC4"].get(N).copied().unwrap_or("MAT4");
        self.numbers(vectors.as_flattened(), kind, 5126)
    }

    /// A primitive of the shape.
    pub(crate) fn primitive(&mut self, shape: &Shape, material: usize) -> Value {
        let attributes = json!({
            "POSITION": self.floats(&shape.positions),
            "NORMAL": self.floats(&shape.normals),
            "TEXCOORD_0": self.floats(&shape.uvs),
        });
        let indices = self.numbers(&shape.indices, "SCALAR", 5123);
        json!({ "attributes": attributes, "indices": indices, "material": material })
    }

    /// A mesh of one primitive.
    pub(crate) fn mesh(&mut self, shape: &Shape, material: usize) -> usize {
        let primitive = self.primitive(shape, material);
        self.add_mesh(json!({ "primitives": [primitive] }))
    }

    pub(crate) fn add_mesh(&mut self, mesh: Value) -> usize {
        self.meshes.push(mesh);
        self.meshes.len() - 1
    }

    /// A plain, rather rough material.
    pub(crate) fn paint(&mut self, color: [f32; 4], metallic: f32, roughness: f32) -> usize {
        self.material(json!({ "pbrMetallicRoughness": {
            "baseColorFactor": color, "metallicFactor": metallic, "roughnessFactor": roughness,
        } }))
    }

    pub(crate) fn material(&mut self, material: Value) -> usize {
        self.materials.push(material);
        self.materials.len() - 1
    }

    /// A texture of square pixels; returns its index.
    pub(crate) fn texture(&mut self, side: u32, paint: impl Fn(u32, u32) -> [u8; 4]) -> usize {
        let texels: Vec<u8> = (0..side * side).flat_map(|i| paint(i % side, i / side)).collect();
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, side, side);
        encoder.set_color(png::ColorType::Rgba);
        encoder.write_header().unwrap().write_image_data(&texels).unwrap();
        let view = self.view(&png);
        self.images.push(json!({ "bufferView": view, "mimeType": "image/png" }));
        self.images.len() - 1
    }

    pub(crate) fn node(&mut self, node: Value) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Makes the numbers change what the channel's target says.
    pub(crate) fn animate<const N: usize>(
        &mut self,
        target: Value,
        interpolation: &str,
        times: &[f32],
        values: &[[f32; N]],
    ) {
        let input = self.numbers(times, "SCALAR", 5126);
        let output = self.floats(values);
        self.channel(target, input, output, interpolation);
    }

    /// The same, of accessors.
    pub(crate) fn channel(&mut self, target: Value, input: usize, output: usize, interpolation: &str) {
        self.channels.push(json!({ "sampler": self.samplers.len(), "target": target }));
        self.samplers.push(json!({ "input": input, "output": output, "interpolation": interpolation }));
    }

    /// As a GLB: nodes that are no other's child are in the scene.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut bin = self.bin;
        bin.resize(bin.len().next_multiple_of(4), 0);
        let children: Vec<usize> = self
            .nodes
            .iter()
            .filter_map(|node| node["children"].as_array())
            .flatten()
            .filter_map(|child| child.as_u64().map(|child| child as usize))
            .collect();
        let roots: Vec<usize> = (0..self.nodes.len()).filter(|node| !children.contains(node)).collect();
        let mut json = json!({
            "asset": { "version": "2.0" },
            "scene": 0,
            "scenes": [{ "nodes": roots }],
            "nodes": self.nodes,
            "meshes": self.meshes,
            "materials": self.materials,
            "accessors": self.accessors,
            "bufferViews": self.views,
            "buffers": [{ "byteLength": bin.len() }],
        });
        if !self.images.is_empty() {
            json["textures"] = (0..self.images.len()).map(|source| json!({ "source": source })).collect();
            json["images"] = json!(self.images);
        }
        if !self.skins.is_empty() {
            json["skins"] = json!(self.skins);
        }
        if !self.channels.is_empty() {
            json["animations"] = json!([{ "channels": self.channels, "samplers": self.samplers }]);
        }
        if self.of_file.is_object() {
            json["extensions"] = self.of_file;
        }
        if !self.extensions.is_empty() {
            json["extensionsUsed"] = json!(self.extensions);
        }
        glb(&json, &bin)
    }
}

/// The matrix of a joint's space from the mesh, for one that stands at `place`.
pub(crate) fn inverse_bind(place: Vec3) -> [f32; 16] {
    Mat4::from_translation(-place).to_cols_array()
}

/// As glTF writes it.
pub(crate) fn turn(axis: Vec3, angle_radians: f32) -> [f32; 4] {
    Quat::from_axis_angle(axis, angle_radians).to_array()
}
