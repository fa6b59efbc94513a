//! A twin of points and lines, made for tests: a coloured cloud without normals, one with, a frame of lines, a path that
//! changes its colour, some single points, and a floor below them.

use std::path::Path;

use base64::Engine as _;
use serde_json::{Value, json};

/// A primitive's vertices.
#[derive(Default)]
struct Vertices {
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
    colors: Vec<[f32; 3]>,
}

/// Evenly on the unit sphere (a spiral by the golden angle).
fn on_sphere(i: usize, count: usize) -> [f32; 3] {
    let height = 1.0 - 2.0 * (i as f32 + 0.5) / count as f32;
    let (angle, ring) = (i as f32 * 2.399_963_2, (1.0 - height * height).sqrt());
    [angle.cos() * ring, height, angle.sin() * ring]
}

/// A ball of points.
fn ball(center: [f32; 3], count: usize, is_lit: bool) -> Vertices {
    let mut ball = Vertices::default();
    for i in 0..count {
        let normal = on_sphere(i, count);
        // What light falls on is round, so that its normals are those of its surface.
        let bump = if is_lit { 0.8 } else { 0.8 + 0.05 * (normal[1] * 14.0).sin() };
        ball.positions.push(std::array::from_fn(|axis| center[axis] + normal[axis] * bump));
        ball.colors.push(if is_lit { [0.9, 0.35, 0.1] } else { normal.map(|x| 0.5 + 0.45 * x) });
        if is_lit {
            ball.normals.push(normal);
        }
    }
    ball
}

/// A line that winds up, from blue to red.
fn spiral(center: [f32; 3]) -> Vertices {
    let mut path = Vertices::default();
    for i in 0..=400_u16 {
        let t = f32::from(i) / 400.0;
        let (sin, cos) = (t * 40.0).sin_cos();
        let ring = 0.7 * (1.0 - t);
        path.positions.push([center[0] + cos * ring, center[1] + t * 1.8, center[2] + sin * ring]);
        path.colors.push([t, 0.02, 1.0 - t]);
    }
    path
}

/// The corners of a box.
fn corners(low: [f32; 3], high: [f32; 3]) -> Vertices {
    let corner =
        |i: usize| std::array::from_fn(|axis| if i >> axis & 1 == 0 { low[axis] } else { high[axis] });
    Vertices { positions: (0..8).map(corner).collect(), ..Vertices::default() }
}

/// Writes the twin to `path`.
pub fn write(path: &Path) {
    let (mut bytes, mut views, mut accessors, mut meshes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut accessor = |data: &[u8],
                        component: u32,
                        kind: &str,
                        count: usize,
                        range: Option<[[f32; 3]; 2]>| {
        views.push(json!({ "buffer": 0, "byteOffset": bytes.len(), "byteLength": data.len() }));
        bytes.extend_from_slice(data);
        let mut accessor = json!({ "bufferView": views.len() - 1, "componentType": component, "count": count, "type": kind });
        if let Some([min, max]) = range {
            (accessor["min"], accessor["max"]) = (json!(min), json!(max));
        }
        accessors.push(accessor);
        accessors.len() - 1
    };
    let mut add = |vertices: &Vertices, indices: &[u16], mode: u32, material: usize| {
        let list =
            |list: &[[f32; 3]]| list.iter().flatten().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let bound = |pick: fn(f32, f32) -> f32| {
            std::array::from_fn(|axis| vertices.positions.iter().map(|p| p[axis]).reduce(pick).unwrap())
        };
        let range = Some([bound(f32::min), bound(f32::max)]);
        let count = vertices.positions.len();
        let mut attributes =
            json!({ "POSITION": accessor(&list(&vertices.positions), 5126, "VEC3", count, range) });
        for (name, values) in [("NORMAL", &vertices.normals), ("COLOR_0", &vertices.colors)] {
            if !values.is_empty() {
                attributes[name] = accessor(&list(values), 5126, "VEC3", count, None).into();
            }
        }
        let mut primitive = json!({ "attributes": attributes, "mode": mode, "material": material });
        if !indices.is_empty() {
            let data: Vec<u8> = indices.iter().flat_map(|index| index.to_le_bytes()).collect();
            primitive["indices"] = accessor(&data, 5123, "SCALAR", indices.len(), None).into();
        }
        meshes.push(json!({ "primitives": [primitive] }));
    };
    add(&ball([-1.9, 1.0, -4.0], 20_000, false), &[], 0, 0);
    add(&ball([0.0, 1.0, -4.6], 20_000, true), &[], 0, 0);
    add(&spiral([1.9, 0.1, -4.0]), &[], 3, 0);
    let edges = [0, 1, 2, 3, 4, 5, 6, 7, 0, 2, 1, 3, 4, 6, 5, 7, 0, 4, 1, 5, 2, 6, 3, 7];
    add(&corners([-0.5, 0.05, -3.2], [0.5, 0.6, -2.6]), &edges, 1, 1);
    add(&corners([-0.4, 0.1, -3.1], [0.4, 0.5, -2.7]), &[], 0, 0);
    let mut floor = Vertices::default();
    floor.positions.extend([[-4.0, 0.0, 0.0], [4.0, 0.0, 0.0], [4.0, 0.0, -8.0], [-4.0, 0.0, -8.0]]);
    floor.normals.extend([[0.0, 1.0, 0.0]; 4]);
    add(&floor, &[0, 1, 2, 0, 2, 3], 4, 2);
    let nodes: Vec<Value> = (0..meshes.len()).map(|mesh| json!({ "mesh": mesh })).collect();
    let data = base64::engine::general_purpose::STANDARD.encode(&bytes);
    let material = |color: [f32; 4]| json!({ "pbrMetallicRoughness": { "baseColorFactor": color, "metallicFactor": 0, "roughnessFactor": 0.9 } });
    let gltf = json!({
        "asset": { "version": "2.0" },
        "scene": 0,
        "scenes": [{
            "nodes": (0..nodes.len()).collect::<Vec<_>>(),
            "extras": { "pavilion": { "spawn": { "position": [0, 0, 0], "yaw_radians": 0 } } },
        }],
        "nodes": nodes,
        "meshes": meshes,
        "materials": [
            material([1.0; 4]), material([0.0, 0.25, 0.05, 1.0]), material([0.35, 0.35, 0.38, 1.0]),
        ],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{
            "byteLength": bytes.len(), "uri": format!("data:application/octet-stream;base64,{data}"),
        }],
    });
    std::fs::write(path, gltf.to_string()).unwrap();
}
