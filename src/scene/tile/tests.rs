//! Tiles made here, whole and broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Instant;

use glam::Vec3;
use serde_json::{Value, json};

use super::decode;
use crate::scene::gltf::tests::made::{Random, glb, mutated};
use crate::scene::mesh::unit_from_octahedral;
use crate::scene::{AlphaMode, ContentError, ContentHash, EntityIndex, TileId, TileMesh};
use crate::tests::fuzz::tileset;

/// Two quads as bake writes them.
pub(crate) fn glb_of_quads() -> Vec<u8> {
    let (json, bin) = Made::quads().parts();
    glb(&json, &bin)
}

/// The same, hanging from a bone that turns.
pub(crate) fn glb_of_moving_quads() -> Vec<u8> {
    let made = Made::quads();
    let (mut json, mut bin) = made.parts();
    let mut fallback = json["buffers"][1]["byteLength"].as_u64().unwrap() as usize;
    let mut add = |encoded: Vec<u8>, count: usize, stride: usize, accessor: Value| {
        let view = json["bufferViews"].as_array().unwrap().len();
        json["bufferViews"].as_array_mut().unwrap().push(json!({
            "buffer": 1, "byteOffset": fallback, "byteLength": count * stride,
            "extensions": { "EXT_meshopt_compression": {
                "buffer": 0, "byteOffset": bin.len(), "byteLength": encoded.len(),
                "byteStride": stride, "count": count, "mode": "ATTRIBUTES",
            } },
        }));
        bin.extend(encoded);
        bin.resize(bin.len().next_multiple_of(4), 0);
        fallback += count * stride;
        let mut accessor = accessor;
        accessor["bufferView"] = view.into();
        accessor["count"] = count.into();
        json["accessors"].as_array_mut().unwrap().push(accessor);
        json["accessors"].as_array().unwrap().len() - 1
    };
    let count = made.positions.len();
    let bytes =
        |value: [u8; 4]| meshopt::encode_vertex_buffer_level(&vec![value; count], 2, Some(0)).unwrap();
    let joints = add(bytes([0; 4]), count, 4, json!({ "componentType": 5121, "type": "VEC4" }));
    let weights = json!({ "componentType": 5121, "type": "VEC4", "normalized": true });
    let weights = add(bytes([255, 0, 0, 0]), count, 4, weights);
    let floats = |rows: &[&[f32]]| {
        let bytes: Vec<u8> = rows.concat().iter().flat_map(|number| number.to_le_bytes()).collect();
        match rows[0].len() {
            1 => meshopt::encode_vertex_buffer_level(bytes.as_chunks::<4>().0, 2, Some(0)),
            4 => meshopt::encode_vertex_buffer_level(bytes.as_chunks::<16>().0, 2, Some(0)),
            _ => meshopt::encode_vertex_buffer_level(bytes.as_chunks::<64>().0, 2, Some(0)),
        }
        .unwrap()
    };
    let matrix = glam::Mat4::from_scale(Vec3::splat(16.0)).to_cols_array();
    let matrices = add(floats(&[&matrix]), 1, 64, json!({ "componentType": 5126, "type": "MAT4" }));
    let times = json!({ "componentType": 5126, "type": "SCALAR", "min": [0.0], "max": [2.0] });
    let times = add(floats(&[&[0.0], &[2.0]]), 2, 4, times);
    let turns = floats(&[&[0.0, 0.0, 0.0, 1.0], &[0.0, 1.0, 0.0, 0.0]]);
    let turns = add(turns, 2, 16, json!({ "componentType": 5126, "type": "VEC4" }));
    json["buffers"] = json!([
        { "byteLength": bin.len() },
        { "byteLength": fallback, "extensions": { "EXT_meshopt_compression": { "fallback": true } } },
    ]);
    for mesh in json["meshes"].as_array_mut().unwrap() {
        mesh["primitives"][0]["attributes"]["JOINTS_0"] = joints.into();
        mesh["primitives"][0]["attributes"]["WEIGHTS_0"] = weights.into();
    }
    let nodes = json["nodes"].as_array_mut().unwrap();
    for node in nodes.iter_mut() {
        node["skin"] = 0.into();
        node.as_object_mut().unwrap().retain(|name, _| !["translation", "scale"].contains(&name.as_str()));
    }
    let bone = nodes.len();
    nodes.push(json!({ "translation": made.translation }));
    json["scenes"][0]["nodes"] = json!((0..=bone).collect::<Vec<_>>());
    json["skins"] = json!([{ "joints": [bone], "inverseBindMatrices": matrices }]);
    json["animations"] = json!([{
        "samplers": [{ "input": times, "output": turns }],
        "channels": [{ "sampler": 0, "target": { "node": bone, "path": "rotation" } }],
    }]);
    glb(&json, &bin)
}

/// What a tile is made of, before it is compressed.
struct Made {
    positions: Vec<[u16; 4]>,
    /// Indices, material of the GLB, entity.
    chunks: Vec<(Vec<u32>, usize, Option<&'static str>)>,
    translation: [f32; 3],
    scale: f32,
}

impl Made {
    /// Two quads, the first blended and the second opaque, which is drawn first.
    fn quads() -> Self {
        let quad = |z: u16| [[0, 0, z, 0], [65_535, 0, z, 0], [65_535, 65_535, z, 0], [1, 65_534, z, 0]];
        let quad_indices = |first: u32| [0, 1, 2, 0, 2, 3].map(|index| first + index).to_vec();
        Self {
            positions: [quad(7), quad(40_000)].concat(),
            chunks: vec![(quad_indices(0), 0, Some("robot")), (quad_indices(4), 1, None)],
            translation: [-3.0, 0.5, 10.0],
            scale: 16.0,
        }
    }

    /// As many vertices as a tile may have, in chunks of a few thousand triangles.
    fn full() -> Self {
        let mut random = Random(1);
        let side = 255_u32;
        let positions = (0..side * side)
            .map(|i| [(i % side * 257) as u16, random.below(300) as u16, (i / side * 257) as u16, 0])
            .collect();
        let row = |y: u32| {
            (0..side - 1).flat_map(move |x| {
                let corner = y * side + x;
                [corner, corner + side, corner + 1, corner + 1, corner + side, corner + side + 1]
            })
        };
        let rows: Vec<u32> = (0..side - 1).collect();
        let chunks =
            rows.chunks(8).map(|rows| (rows.iter().flat_map(|&y| row(y)).collect(), 1, None)).collect();
        Self { positions, chunks, translation: [0.0; 3], scale: 50.0 }
    }

    /// The JSON and the binary chunk, as bake writes them.
    fn parts(&self) -> (Value, Vec<u8>) {
        let count = self.positions.len();
        let mut bin = Vec::new();
        let mut views = Vec::new();
        let mut fallback = 0;
        let mut view = |encoded: &[u8], count: usize, stride: usize, mode: &str| {
            views.push(json!({
                "buffer": 1, "byteOffset": fallback, "byteLength": count * stride,
                "extensions": { "EXT_meshopt_compression": {
                    "buffer": 0, "byteOffset": bin.len(), "byteLength": encoded.len(),
                    "byteStride": stride, "count": count, "mode": mode,
                } },
            }));
            bin.extend(encoded);
            fallback += count * stride;
        };
        let vertices =
            |vertices: &[[u8; 4]]| meshopt::encode_vertex_buffer_level(vertices, 2, Some(0)).unwrap();
        let positions = meshopt::encode_vertex_buffer_level(&self.positions, 2, Some(0)).unwrap();
        view(&positions, count, 8, "ATTRIBUTES");
        view(&vertices(&vec![[0, 129, 0, 0]; count]), count, 4, "ATTRIBUTES");
        view(&vertices(&vec![[127, 0, 0, 129]; count]), count, 4, "ATTRIBUTES");
        let uvs: Vec<[u8; 4]> = (0..count).map(|i| [i as u8, 1, 2, (i >> 8) as u8]).collect();
        view(&vertices(&uvs), count, 4, "ATTRIBUTES");
        view(&vertices(&vec![[10, 20, 30, 255]; count]), count, 4, "ATTRIBUTES");
        let indices: Vec<u32> = self.chunks.iter().flat_map(|chunk| chunk.0.iter().copied()).collect();
        view(&meshopt::encode_index_buffer(&indices, count).unwrap(), indices.len(), 2, "TRIANGLES");

        let attribute = |view: usize, component: u32, kind: &str| json!({ "bufferView": view, "componentType": component, "type": kind, "normalized": true, "count": count });
        let mut accessors = vec![
            attribute(0, 5123, "VEC3"),
            attribute(1, 5120, "VEC3"),
            attribute(2, 5120, "VEC4"),
            attribute(3, 5123, "VEC2"),
            attribute(4, 5121, "VEC4"),
        ];
        let (mut meshes, mut nodes, mut first) = (Vec::new(), Vec::new(), 0);
        for (indices, material, entity) in &self.chunks {
            meshes.push(json!({ "primitives": [{
                "attributes": { "POSITION": 0, "NORMAL": 1, "TANGENT": 2, "TEXCOORD_0": 3, "COLOR_0": 4 },
                "indices": accessors.len(), "material": material,
            }] }));
            accessors.push(json!({
                "bufferView": 5, "byteOffset": first * 2, "componentType": 5123, "type": "SCALAR", "count": indices.len(),
            }));
            first += indices.len();
            let scale = [self.scale; 3];
            nodes.push(json!({ "mesh": nodes.len(), "translation": self.translation, "scale": scale }));
            if let Some(entity) = entity {
                nodes.last_mut().unwrap()["extras"] = json!({ "entity": entity });
            }
        }
        let json = json!({
            "asset": { "version": "2.0" },
            "scene": 0,
            "scenes": [{ "nodes": (0..nodes.len()).collect::<Vec<_>>() }],
            "nodes": nodes,
            "meshes": meshes,
            "materials": [{ "extras": { "material": 0 } }, { "extras": { "material": 1 } }],
            "images": [{ "uri": format!("{}.jpg", ContentHash::of(b"image")) }],
            "accessors": accessors,
            "bufferViews": views,
            "buffers": [
                { "byteLength": bin.len() },
                { "byteLength": fallback, "extensions": { "EXT_meshopt_compression": { "fallback": true } } },
            ],
            "extensionsUsed": ["EXT_meshopt_compression", "KHR_mesh_quantization"],
            "extensionsRequired": ["EXT_meshopt_compression", "KHR_mesh_quantization"],
        });
        (json, bin)
    }

    fn decode_changed(&self, pointer: &str, value: Value) -> Result<TileMesh, ContentError> {
        let (mut json, bin) = self.parts();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match json.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
            Value::Array(array) => array[key.parse::<usize>().unwrap()] = value,
            object => object[key] = value,
        }
        decode(&glb(&json, &bin), &tileset(), TileId(0))
    }
}

#[test]
fn a_tile_comes_out_as_it_was_put_in() {
    let made = Made::quads();
    let (json, bin) = made.parts();
    let mesh = decode(&glb(&json, &bin), &tileset(), TileId(0)).unwrap();
    for (position, grid) in mesh.positions.iter().zip(&made.positions) {
        assert_eq!(position.grid, grid[..3]);
    }
    // Left-handed tangents; the first quad is material 0, the second 1.
    let packed: Vec<u16> = mesh.positions.iter().map(|position| position.material_and_sign).collect();
    assert_eq!(packed, [0, 0, 0, 0, 2, 2, 2, 2]);
    let vertex = mesh.attributes[3];
    assert_eq!((vertex.uv0, vertex.uv1, vertex.color), ([0x0103, 0x0002], [0, 0], [10, 20, 30, 255]));
    assert!(unit_from_octahedral(vertex.normal).abs_diff_eq(Vec3::NEG_Y, 0.01));
    assert!(unit_from_octahedral(vertex.tangent).abs_diff_eq(Vec3::X, 0.01));
    assert_eq!(mesh.indices, [4, 5, 6, 4, 6, 7, 0, 1, 2, 0, 2, 3]);
    let [opaque, blended] = &mesh.chunks[..] else { panic!() };
    assert_eq!((opaque.first_index, opaque.index_count, opaque.entity), (0, 6, None));
    assert_eq!((blended.first_index, blended.entity), (6, Some(EntityIndex(1))));
    assert_eq!((opaque.batch.alpha, opaque.batch.double_sided), (AlphaMode::Opaque, true));
    assert_eq!((blended.batch.alpha, blended.batch.textures.side_log2), (AlphaMode::Blend, 9));
    for chunk in &mesh.chunks {
        let range = chunk.first_index as usize..(chunk.first_index + chunk.index_count) as usize;
        for &index in &mesh.indices[range] {
            let grid = Vec3::from(mesh.positions[usize::from(index)].grid.map(f32::from));
            let world = mesh.world_from_grid.transform_point3(grid);
            assert!(world.distance(chunk.bounds.center) <= chunk.bounds.radius * 1.0001);
        }
    }
    let far = mesh.world_from_grid.transform_point3(Vec3::splat(65_535.0));
    assert!(far.abs_diff_eq(Vec3::new(13.0, 16.5, 26.0), 1e-4), "{far}");
}

#[test]
fn what_is_not_of_the_profile_is_refused() {
    let made = Made::quads();
    let faults = [
        ("/nodes/0/translation", json!([0, 0, 0])),
        ("/nodes/0/scale", json!([16, 16, -16])),
        ("/nodes/0/rotation", json!([0, 1, 0, 0])),
        ("/nodes/0/extras", json!({ "entity": "nobody" })),
        ("/nodes/0/extras", json!({ "entity": 3 })),
        ("/materials/0/extras", json!({ "material": 2 })),
        ("/materials/0/extras", json!({})),
        ("/meshes/0/primitives/0/material", Value::Null),
        ("/meshes/0/primitives/0/mode", json!(5)),
        ("/meshes/0/primitives/0/indices", Value::Null),
        ("/meshes/0/primitives/0/indices", json!(0)),
        ("/meshes/0/primitives/0/attributes/COLOR_0", json!(1)),
        ("/meshes/0/primitives/0/attributes/JOINTS_0", json!(4)),
        ("/accessors/0/count", json!(7)),
        ("/accessors/0/count", json!(70_000)),
        ("/accessors/0/componentType", json!(5122)),
        ("/accessors/1/normalized", json!(false)),
        ("/accessors/5/count", json!(5)),
        ("/accessors/5/count", json!(15)),
        ("/accessors/5/byteOffset", json!(1)),
        ("/accessors/5/byteOffset", json!(u64::MAX)),
        ("/accessors/5/byteOffset", json!(12)),
        ("/bufferViews/3/extensions", json!({})),
        ("/bufferViews/0/extensions/EXT_meshopt_compression/byteStride", json!(4)),
        ("/bufferViews/0/extensions/EXT_meshopt_compression/count", json!(7)),
        ("/buffers/0/uri", json!("data:application/octet-stream;base64,AAAA")),
        ("/buffers/1/uri", json!("http://example.com/x.bin")),
        ("/images/0/uri", json!("../../../etc/passwd")),
        ("/images/0/uri", json!("data:image/png;base64,iVBORw0KGgo=")),
        ("/images/0/uri", json!(format!("{}.gif", ContentHash::of(b"image")))),
        ("/images/0/uri", json!(format!("{}.JPG", ContentHash::of(b"image")))),
        ("/images/0", json!({ "bufferView": 0, "mimeType": "image/png" })),
        ("/extensionsUsed", json!(["KHR_materials_sheen"])),
        ("/scenes/0/nodes", json!([])),
        ("/cameras", json!([{}])),
    ];
    assert!(made.decode_changed("/nodes/0/name", json!("hall")).is_ok());
    for (pointer, value) in faults {
        let result = made.decode_changed(pointer, value.clone());
        assert!(result.is_err(), "{pointer} = {value} was taken");
    }
    let (json, bin) = made.parts();
    let whole = glb(&json, &bin);
    for end in 0..whole.len() {
        assert!(decode(&whole[..end], &tileset(), TileId(0)).is_err(), "{end} bytes were taken");
    }
    assert!(decode(&[&whole[..], &[0]].concat(), &tileset(), TileId(0)).is_err());
    assert!(decode(&serde_json::to_vec(&json).unwrap(), &tileset(), TileId(0)).is_err());
}

#[test]
fn damaged_tiles_never_panic_and_never_point_outside() {
    let tileset = tileset();
    let mut random = Random(0x711e);
    let whole = glb_of_quads();
    let (mut refused, mut taken) = (0, 0);
    for _ in 0..20_000 {
        match decode(&mutated(&whole, &mut random), &tileset, TileId(0)) {
            Ok(mesh) => {
                assert!(mesh.indices.iter().all(|&index| usize::from(index) < mesh.positions.len()));
                assert!(
                    mesh.chunks
                        .iter()
                        .all(|chunk| chunk.index_count % 3 == 0 && chunk.bounds.radius.is_finite())
                );
                taken += 1;
            }
            Err(_) => refused += 1,
        }
    }
    println!("{refused} refused, {taken} taken");
    assert!(refused > 5000 && taken > 100);
}

#[test]
fn a_full_tile_decodes_in_time_for_the_next() {
    let made = Made::full();
    let (json, bin) = made.parts();
    let (whole, tileset) = (glb(&json, &bin), tileset());
    let timed = || {
        let start = Instant::now();
        let mesh = decode(&whole, &tileset, TileId(0)).unwrap();
        (start.elapsed(), mesh)
    };
    // The best of ten: the machine has other things to do.
    let (took, mesh) = (0..10).map(|_| timed()).min_by_key(|(took, _)| *took).unwrap();
    let vertices = mesh.positions.len();
    println!(
        "{vertices} vertices, {} triangles, {} bytes: {:.1} ns a vertex",
        mesh.indices.len() / 3,
        whole.len(),
        took.as_nanos() as f64 / vertices as f64
    );
    assert!(took.as_millis() < 2000, "{took:?}");
}
