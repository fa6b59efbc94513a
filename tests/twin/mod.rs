//! A twin made for tests: rolling ground with a textured, normal-mapped surface, glass in front of a
//! masked fence, and balls of every roughness; large enough for many tiles.

use std::f32::consts::{PI, TAU};
use std::path::Path;

use serde_json::{Value, json};

/// Collects buffers and accessors of a glTF file.
#[derive(Default)]
struct Gltf {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
    meshes: Vec<Value>,
    nodes: Vec<Value>,
}

impl Gltf {
    fn accessor(
        &mut self,
        bytes: &[u8],
        component: u32,
        kind: &str,
        count: usize,
        range: Option<([f32; 3], [f32; 3])>,
    ) -> usize {
        self.views.push(json!({"buffer": 0, "byteOffset": self.bytes.len(), "byteLength": bytes.len()}));
        self.bytes.extend_from_slice(bytes);
        let mut accessor = json!({
            "bufferView": self.views.len() - 1, "componentType": component, "type": kind, "count": count
        });
        if let Some((min, max)) = range {
            accessor["min"] = json!(min);
            accessor["max"] = json!(max);
        }
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    /// A surface over a grid, its normals by finite differences.
    fn surface(
        &mut self,
        name: &str,
        material: usize,
        steps: [usize; 2],
        at: impl Fn(f32, f32) -> [f32; 3],
        uv_scale: f32,
    ) {
        let [columns, rows] = steps;
        let (mut positions, mut normals, mut uvs) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..=rows {
            for column in 0..=columns {
                let (u, v) = (column as f32 / columns as f32, row as f32 / rows as f32);
                let h = 1e-3;
                let difference = |a: [f32; 3], b: [f32; 3]| [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
                let du = difference(at(u + h, v), at(u - h, v));
                let dv = difference(at(u, v + h), at(u, v - h));
                let cross = [
                    du[1] * dv[2] - du[2] * dv[1],
                    du[2] * dv[0] - du[0] * dv[2],
                    du[0] * dv[1] - du[1] * dv[0],
                ];
                let length = cross.iter().map(|x| x * x).sum::<f32>().sqrt();
                normals.push(if length > 1e-12 { cross.map(|x| x / length) } else { [0.0, 1.0, 0.0] });
                positions.push(at(u, v));
                uvs.push([u * uv_scale, (1.0 - v) * uv_scale]);
            }
        }
        let mut indices: Vec<u32> = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                let a = (row * (columns + 1) + column) as u32;
                let (b, c) = (a + 1, a + columns as u32 + 1);
                indices.extend([a, b, c + 1, a, c + 1, c]);
            }
        }
        let low = |i: usize| positions.iter().map(|p| p[i]).fold(f32::MAX, f32::min);
        let high = |i: usize| positions.iter().map(|p| p[i]).fold(f32::MIN, f32::max);
        let range = Some((std::array::from_fn(low), std::array::from_fn(high)));
        let count = positions.len();
        let position = self.accessor(bytemuck::cast_slice(&positions), 5126, "VEC3", count, range);
        let normal = self.accessor(bytemuck::cast_slice(&normals), 5126, "VEC3", count, None);
        let uv = self.accessor(bytemuck::cast_slice(&uvs), 5126, "VEC2", count, None);
        let index = self.accessor(bytemuck::cast_slice(&indices), 5125, "SCALAR", indices.len(), None);
        self.meshes.push(json!({"primitives": [{
            "attributes": {"POSITION": position, "NORMAL": normal, "TEXCOORD_0": uv},
            "indices": index, "material": material
        }]}));
        self.nodes.push(json!({"name": name, "mesh": self.meshes.len() - 1, "extras": {"entity": name}}));
    }
}

fn png(path: &Path, side: u32, texel: impl Fn(f32, f32) -> [u8; 4]) {
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), side, side);
    encoder.set_color(png::ColorType::Rgba);
    let rgba: Vec<u8> = (0..side * side)
        .flat_map(|i| texel((i % side) as f32 / side as f32, (i / side) as f32 / side as f32))
        .collect();
    encoder.write_header().unwrap().write_image_data(&rgba).unwrap();
}

fn images(folder: &Path) {
    let wave = |x: f32| (x * TAU * 4.0).sin() * 0.5 + 0.5;
    png(&folder.join("ground.png"), 256, |u, v| {
        let tile = ((u * 4.0) as u32 + (v * 4.0) as u32) % 2;
        let grain = (wave(u + v * 0.5) * 24.0) as u8;
        if tile == 0 { [150 + grain, 132, 96, 255] } else { [84, 108 + grain, 92, 255] }
    });
    png(&folder.join("normal.png"), 128, |u, v| {
        let (x, y) = ((u * TAU * 4.0).sin() * 0.35, (v * TAU * 4.0).sin() * 0.35);
        let z = (1.0 - x * x - y * y).sqrt();
        [x, y, z, 1.0].map(|c| ((c * 0.5 + 0.5) * 255.0) as u8)
    });
    png(&folder.join("fence.png"), 128, |u, v| {
        let is_wire = (u * 8.0 + v * 8.0).fract() < 0.25 || (u * 8.0 - v * 8.0 + 8.0).fract() < 0.25;
        [90, 96, 104, if is_wire { 255 } else { 0 }]
    });
}

/// Writes the twin and its files beside `path`.
pub fn write(path: &Path) {
    let folder = path.parent().unwrap();
    images(folder);
    let mut gltf = Gltf::default();
    let ground = |u: f32, v: f32| {
        let (x, z) = ((u - 0.5) * 40.0, (0.5 - v) * 40.0);
        [x, (x * 0.35).sin() * (z * 0.3).cos() * 0.5 - 0.5, z]
    };
    gltf.surface("ground", 0, [320, 320], ground, 12.0);
    for ball in 0..9 {
        let center = [(ball % 3) as f32 * 1.4 - 1.4, 1.0 + (ball / 3) as f32 * 1.3, -1.5];
        let round = move |u: f32, v: f32| {
            let (theta, phi) = (u * TAU, v * PI - PI / 2.0);
            let out = [theta.cos() * phi.cos(), phi.sin(), -theta.sin() * phi.cos()];
            std::array::from_fn(|i| center[i] + out[i] * 0.55)
        };
        gltf.surface(&format!("ball-{ball}"), 1 + ball, [64, 48], round, 1.0);
    }
    let flat = |z: f32, x: f32| move |u: f32, v: f32| [x + (u - 0.5) * 3.0, v * 2.2, z];
    gltf.surface("fence", 10, [1, 1], flat(2.0, -2.6), 2.0);
    gltf.surface("glass", 11, [1, 1], flat(2.4, 2.2), 1.0);
    let mut materials = vec![json!({
        "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 0.9},
        "normalTexture": {"index": 1, "scale": 0.8}
    })];
    for ball in 0..9 {
        let metallic = f32::from(u8::from(ball >= 6));
        let color = if ball >= 6 { [0.95, 0.72, 0.35, 1.0] } else { [0.72, 0.16, 0.12, 1.0] };
        materials.push(json!({"pbrMetallicRoughness": {
            "baseColorFactor": color, "metallicFactor": metallic, "roughnessFactor": 0.1 + 0.4 * (ball % 3) as f32
        }}));
    }
    materials.push(json!({
        "pbrMetallicRoughness": {"baseColorTexture": {"index": 2}, "metallicFactor": 0.2},
        "alphaMode": "MASK", "doubleSided": true
    }));
    materials.push(json!({
        "pbrMetallicRoughness": {"baseColorFactor": [0.55, 0.8, 0.9, 0.35], "metallicFactor": 0.0, "roughnessFactor": 0.05},
        "alphaMode": "BLEND", "doubleSided": true
    }));
    let root = json!({
        "asset": {"version": "2.0"}, "scene": 0,
        "scenes": [{
            "nodes": (0..gltf.nodes.len()).collect::<Vec<_>>(),
            "extras": {"pavilion": {"title": "Test twin", "spawn": {"position": [0.0, 0.0, 5.5], "yaw_radians": 0.0}}}
        }],
        "nodes": gltf.nodes, "meshes": gltf.meshes, "materials": materials,
        "textures": [{"source": 0}, {"source": 1}, {"source": 2}],
        "images": [{"uri": "ground.png"}, {"uri": "normal.png"}, {"uri": "fence.png"}],
        "accessors": gltf.accessors, "bufferViews": gltf.views,
        "buffers": [{"uri": "twin.bin", "byteLength": gltf.bytes.len()}]
    });
    std::fs::write(folder.join("twin.bin"), &gltf.bytes).unwrap();
    std::fs::write(path, root.to_string()).unwrap();
}
