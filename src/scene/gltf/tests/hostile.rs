//! Files that mean harm: each is refused with a sentence, or what is wrong with it is named.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::made::{NoFiles, Random, data_uri, glb, glb_of_chunks, jpeg, mutated, png, square, square_text};
use super::rules::figure;
use crate::scene::gltf::{Document, image, read};
use crate::scene::{ContentError, limits};

fn refused(bytes: &[u8], what: &str) -> ContentError {
    match read(bytes, &mut NoFiles) {
        Ok(_) => panic!("{what} was taken"),
        Err(error) => error,
    }
}

/// The square with the value at each pointer replaced, or taken away where it is null.
fn changed(changes: &[(&str, Value)]) -> Result<Document, ContentError> {
    let (mut json, bin) = square();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = json.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        match parent {
            Value::Object(object) if value.is_null() => drop(object.remove(key)),
            Value::Object(object) => drop(object.insert(key.to_owned(), value.clone())),
            Value::Array(array) => match key.parse::<usize>() {
                Ok(index) => array[index] = value.clone(),
                Err(_) => array.push(value.clone()),
            },
            _ => panic!("{pointer}"),
        }
    }
    read(&glb(&json, &bin), &mut NoFiles)
}

fn all_refused(faults: &[(&str, Value)]) {
    for (pointer, value) in faults {
        assert!(changed(&[(pointer, value.clone())]).is_err(), "{pointer} = {value} was taken");
    }
}

#[test]
fn broken_containers_are_refused() {
    let (json, bin) = square();
    let whole = glb(&json, &bin);
    let text = serde_json::to_vec(&json!({ "asset": { "version": "2.0" } })).unwrap();
    let padded = [&text[..], b"   "].concat();
    let padded = &padded[..padded.len() / 4 * 4];
    assert!(read(&glb_of_chunks(&[(b"JSON", padded)]), &mut NoFiles).is_ok());
    for end in 0..whole.len() {
        refused(&whole[..end], &format!("a GLB of {end} bytes"));
    }
    let with = |place: usize, bytes: &[u8]| {
        let mut broken = whole.clone();
        broken[place..place + bytes.len()].copy_from_slice(bytes);
        broken
    };
    refused(&with(0, b"glTG"), "a wrong magic");
    refused(&with(4, &[1, 0, 0, 0]), "version 1");
    refused(&with(4, &[3, 0, 0, 0]), "version 3");
    for length in [0_u32, 11, 12, 19, whole.len() as u32 - 4, whole.len() as u32 + 4, u32::MAX] {
        refused(&with(8, &length.to_le_bytes()), &format!("length {length}"));
    }
    for length in [0_u32, 1, 3, u32::MAX, u32::MAX - 3, 0x8000_0000] {
        refused(&with(12, &length.to_le_bytes()), &format!("a chunk of {length} bytes"));
    }
    let chunks: [&[(&[u8; 4], &[u8])]; 6] = [
        &[],
        &[(b"BIN\0", &[0; 4])],
        &[(b"BIN\0", &[0; 4]), (b"JSON", padded)],
        &[(b"JSON", padded), (b"JSON", padded)],
        &[(b"JSON", padded), (b"BIN\0", &[0; 4]), (b"BIN\0", &[0; 4])],
        &[(b"JSON", &[])],
    ];
    for (case, chunks) in chunks.iter().enumerate() {
        refused(&glb_of_chunks(chunks), &format!("chunk order {case}"));
    }
}

#[test]
fn json_that_is_too_much_is_refused_at_once() {
    let text = |middle: &str| format!(r#"{{"asset":{{"version":"2.0"}},{middle}}}"#).into_bytes();
    let nested = "[".repeat(100_000) + &"]".repeat(100_000);
    let faults = [
        ("nothing", Vec::new()),
        ("one byte", vec![b'{']),
        ("bytes that are no text", [&text("\"x\":\"")[..], &[0xff, 0xfe, b'"', b'}']].concat()),
        ("a byte order mark", [&[0xef, 0xbb, 0xbf][..], &text("\"x\":1")].concat()),
        ("a number without end", text("\"x\":1e999")),
        ("NaN", text("\"x\":NaN")),
        ("100 000 levels", text(&format!("\"extras\":{nested}"))),
        ("a key given twice", text("\"nodes\":[],\"nodes\":[]")),
        ("64 MiB of white space", vec![b' '; limits::JSON_BYTES_MAX + 1]),
        ("a million nodes and one", text(&format!("\"nodes\":[{}{{}}]", "{},".repeat(1_000_000)))),
        ("two values", text("\"x\":1}{\"y\":1")),
        ("glTF 1", br#"{"asset":{"version":"1.0"}}"#.to_vec()),
        ("no asset", b"{}".to_vec()),
    ];
    for (what, bytes) in faults {
        let start = Instant::now();
        let error = refused(&bytes, what);
        let took = start.elapsed();
        println!("{what}: {took:?}: {error}");
        // 50 ms in an optimised build on a quiet machine.
        assert!(took < Duration::from_secs(2), "{what} took {took:?}");
    }
}

#[test]
fn references_that_lead_nowhere_are_refused() {
    all_refused(&[
        ("/scene", json!(1)),
        ("/scene", json!(-1)),
        ("/scene", json!(4_294_967_296_u64)),
        ("/scenes/0/nodes/0", json!(2)),
        ("/nodes/0/children/0", json!(2)),
        ("/nodes/1/mesh", json!(1)),
        ("/nodes/1/skin", json!(0)),
        ("/nodes/1/camera", json!(0)),
        ("/nodes/1/extensions", json!({ "KHR_lights_punctual": { "light": 0 } })),
        ("/meshes/0/primitives/0/material", json!(1)),
        ("/meshes/0/primitives/0/indices", json!(4)),
        ("/meshes/0/primitives/0/indices", json!(0)),
        ("/meshes/0/primitives/0/attributes/POSITION", json!(4)),
        ("/meshes/0/primitives/0/attributes/POSITION", json!(2)),
        ("/meshes/0/primitives/0/attributes/NORMAL", json!(3)),
        ("/meshes/0/primitives/0/targets", json!([{ "POSITION": 99 }])),
        ("/meshes/0/primitives/0/mode", json!(-1)),
        ("/materials/0/normalTexture/index", json!(1)),
        ("/materials/0/pbrMetallicRoughness/baseColorTexture/index", json!(4_000_000_000_u32)),
        ("/textures/0/source", json!(1)),
        ("/textures/0/sampler", json!(1)),
        ("/images/0", json!({})),
        ("/images/0", json!({ "bufferView": 3, "mimeType": "image/png" })),
        ("/images/0", json!({ "uri": "x.png", "bufferView": 0, "mimeType": "image/png" })),
        ("/accessors/0/bufferView", json!(3)),
        ("/bufferViews/0/buffer", json!(1)),
        ("/skins", json!([{ "joints": [9] }])),
        ("/animations", json!([{ "channels": [{ "sampler": 0, "target": {} }], "samplers": [] }])),
    ]);
}

#[test]
fn node_graphs_that_are_no_forest_are_refused() {
    all_refused(&[
        ("/nodes/0/children", json!([0])),
        ("/nodes/0/children", json!([1, 1])),
        ("/nodes/1/children", json!([0])),
        ("/nodes/1/children", json!([1])),
        ("/scenes/0/nodes", json!([0, 1])),
        ("/scenes/0/nodes", json!([0, 0])),
    ]);
    let chain = |length: usize| {
        let node = |i: usize| if i + 1 < length { json!({ "children": [i + 1] }) } else { json!({}) };
        let nodes: Vec<Value> = (0..length).map(node).collect();
        serde_json::to_vec(&json!({ "asset": { "version": "2.0" }, "nodes": nodes })).unwrap()
    };
    assert_eq!(
        read(&chain(limits::NODE_DEPTH_MAX), &mut NoFiles).unwrap().nodes.len(),
        limits::NODE_DEPTH_MAX
    );
    refused(&chain(limits::NODE_DEPTH_MAX + 1), "a chain that is too deep");
    refused(&chain(200_000), "a chain of 200 000 nodes");
    let mut ring: Value = serde_json::from_slice(&chain(100)).unwrap();
    ring["nodes"][99]["children"] = json!([50]);
    refused(&serde_json::to_vec(&ring).unwrap(), "a ring");
    ring["nodes"][99]["children"] = json!([0]);
    refused(&serde_json::to_vec(&ring).unwrap(), "a ring of all");
    let mut wide = vec![json!({ "children": (1..300_000).collect::<Vec<_>>() })];
    wide.resize(300_000, json!({}));
    let wide = serde_json::to_vec(&json!({ "asset": { "version": "2.0" }, "nodes": wide })).unwrap();
    assert_eq!(read(&wide, &mut NoFiles).unwrap().nodes.len(), 300_000);
}

#[test]
fn accessors_that_do_not_fit_are_refused() {
    let near_the_end = json!(u64::MAX - 7);
    all_refused(&[
        ("/accessors/0/byteOffset", near_the_end.clone()),
        ("/accessors/0/byteOffset", json!(96)),
        ("/accessors/0/byteOffset", json!(2)),
        ("/accessors/0/byteOffset", json!(-4)),
        ("/accessors/0/count", json!(0)),
        ("/accessors/0/count", json!(9)),
        ("/accessors/0/count", json!(1_u64 << 62)),
        ("/accessors/0/count", json!(3)),
        ("/accessors/0/componentType", json!(1)),
        ("/accessors/0/componentType", json!(5125)),
        ("/accessors/0/componentType", json!(5126_u64 + (1 << 32))),
        ("/accessors/0/type", json!("VEC4")),
        ("/accessors/1/type", json!("vec3")),
        ("/accessors/3/componentType", json!(5122)),
        ("/accessors/3/normalized", json!(true)),
        ("/bufferViews/0/byteOffset", near_the_end.clone()),
        ("/bufferViews/0/byteLength", near_the_end),
        ("/bufferViews/0/byteLength", json!(0)),
        ("/bufferViews/0/byteLength", json!(95)),
        ("/bufferViews/0/byteStride", json!(4)),
        ("/bufferViews/0/byteStride", json!(14)),
        ("/bufferViews/0/byteStride", json!(0)),
        ("/bufferViews/0/byteStride", json!(256)),
        ("/bufferViews/1/byteOffset", json!(98)),
        ("/buffers/0/byteLength", json!(0)),
        ("/buffers/0/byteLength", json!(1_u64 << 40)),
        ("/buffers/0/uri", json!("../../../../etc/passwd")),
        ("/buffers/0/uri", json!("data:application/octet-stream;base64,AAAA")),
        ("/buffers/0/uri", json!("data:application/octet-stream;base64,?")),
        ("/buffers/0/uri", json!("data:application/octet-stream,%f")),
    ]);
    let sparse = |count: u64, indices: Value, values: u64| {
        let sparse = json!({
            "count": count,
            "indices": { "bufferView": 2, "componentType": indices[0], "byteOffset": indices[1] },
            "values": { "bufferView": 0, "byteOffset": values },
        });
        changed(&[("/accessors/0/sparse", sparse)])
    };
    // The indices are 0, 1, 2, 0, 2, 3.
    assert!(sparse(3, json!([5123, 0]), 0).is_ok());
    for (count, indices, values) in [
        (0, json!([5123, 0]), 0),
        (4, json!([5123, 0]), 0),
        (5, json!([5123, 0]), 0),
        (1 << 31, json!([5123, 0]), 0),
        (3, json!([5123, 1]), 0),
        (3, json!([5122, 0]), 0),
        (3, json!([5123, 8]), 0),
        (3, json!([5123, u64::MAX - 1]), 0),
        (1, json!([5125, 0]), 0),
        (3, json!([5123, 0]), 64),
    ] {
        assert!(
            sparse(count, indices.clone(), values).is_err(),
            "sparse {count} {indices} {values} was taken"
        );
    }
}

#[test]
fn positions_that_are_no_numbers_are_refused() {
    let (json, bin) = square();
    for bad in [f32::NAN, f32::INFINITY, 1e30] {
        for place in [0, 44, 48, 96] {
            let mut broken = bin.clone();
            broken[place..place + 4].copy_from_slice(&bad.to_le_bytes());
            let taken = read(&glb(&json, &broken), &mut NoFiles);
            // A normal or a texture coordinate may be large.
            assert!(taken.is_err() || (bad.is_finite() && place >= 48), "{bad} at {place} was taken");
        }
    }
}

#[test]
fn indices_without_vertices_are_refused() {
    let (json, mut bin) = square();
    for bad in [4_u16, u16::MAX] {
        bin[138..140].copy_from_slice(&bad.to_le_bytes());
        let error = refused(&glb(&json, &bin), "an index without a vertex").to_string();
        assert_eq!(error, format!("/accessors/3: index {bad} has no vertex"));
    }
    bin[128..140].fill(0);
    let document = read(&glb(&json, &bin), &mut NoFiles).unwrap();
    assert!(document.meshes[0].primitives.is_empty());
    assert_eq!(document.skipped["primitives without a triangle"], 1);
}

#[test]
fn compressed_views_that_lie_are_refused() {
    const NAMES: [&str; 2] = ["EXT_meshopt_compression", "KHR_meshopt_compression"];
    let compressed = |name: &str, changes: &[(&str, Value)]| {
        let (mut json, mut bin) = square();
        let indices = meshopt::encode_index_buffer(&[0, 1, 2, 0, 2, 3], 4).unwrap();
        let start = bin.len();
        bin.extend(&indices);
        json["buffers"] = json!([{ "byteLength": bin.len() }, { "byteLength": 12 }]);
        let mut view = json!({
            "buffer": 0, "byteOffset": start, "byteLength": indices.len(), "byteStride": 2, "count": 6, "mode": "TRIANGLES",
        });
        for (key, value) in changes {
            view[*key] = value.clone();
        }
        json["extensionsUsed"].as_array_mut().unwrap().extend(NAMES.map(Value::from));
        json["bufferViews"][2] = json!({ "buffer": 1, "byteLength": 12, "extensions": { name: view } });
        if name.is_empty() {
            json["bufferViews"][2]["extensions"] = json!({ NAMES[0]: view, NAMES[1]: view });
        }
        read(&glb(&json, &bin), &mut NoFiles)
    };
    for name in NAMES {
        assert_eq!(compressed(name, &[]).unwrap().meshes[0].primitives[0].indices, [0, 1, 2, 0, 2, 3]);
    }
    assert!(compressed("", &[]).is_err(), "a view that is compressed in two ways was taken");
    for (key, value) in [
        ("buffer", json!(2)),
        ("buffer", json!(1)),
        ("byteOffset", json!(u64::MAX)),
        ("byteOffset", json!(0)),
        ("byteLength", json!(u64::MAX)),
        ("byteLength", json!(1)),
        ("byteStride", json!(0)),
        ("byteStride", json!(8)),
        ("byteStride", json!(u64::MAX)),
        ("count", json!(0)),
        ("count", json!(3)),
        ("count", json!(9)),
        ("count", json!(u64::MAX / 3 * 3)),
        ("count", json!(limits::ACCESSOR_LEN_MAX / 3 * 3)),
        ("mode", json!("ATTRIBUTES")),
        ("mode", json!("INDICES")),
        ("mode", json!("MAGIC")),
        ("filter", json!("OCTAHEDRAL")),
    ] {
        for name in NAMES {
            assert!(compressed(name, &[(key, value.clone())]).is_err(), "{name}: {key} = {value} was taken");
        }
    }
}

#[test]
fn vertices_of_version_1_are_read_where_they_are_defined() {
    let with = |name: &str, filter: &str| {
        let (mut json, mut bin) = square();
        let corners: Vec<[u32; 3]> = [[0.0_f32, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
            .map(|corner| corner.map(f32::to_bits))
            .into();
        let encoded = meshopt::encode_vertex_buffer_level(&corners, 3, Some(1)).unwrap();
        let start = bin.len();
        bin.extend(&encoded);
        json["buffers"] = json!([{ "byteLength": bin.len() }, { "byteLength": 48 }]);
        let view = json!({
            "buffer": 0, "byteOffset": start, "byteLength": encoded.len(), "byteStride": 12, "count": 4,
            "mode": "ATTRIBUTES", "filter": filter,
        });
        json["extensionsUsed"].as_array_mut().unwrap().push(name.into());
        let views = json["bufferViews"].as_array_mut().unwrap();
        views.push(json!({ "buffer": 1, "byteLength": 48, "extensions": { name: view } }));
        json["accessors"][0]["bufferView"] = 3.into();
        read(&glb(&json, &bin), &mut NoFiles)
    };
    let document = with("KHR_meshopt_compression", "NONE").unwrap();
    assert_eq!(document.vertex_sets[0].positions[2].to_array(), [1.0, 1.0, 0.0]);
    assert!(with("EXT_meshopt_compression", "NONE").is_err());
    assert!(
        with("KHR_meshopt_compression", "COLOR").is_err(),
        "a filter that does not fit the stride was taken"
    );
}

#[test]
fn image_bombs_are_refused_before_their_pixels_are_allocated() {
    let small = png(4, 4, png::ColorType::Rgba, png::BitDepth::Eight, &[7; 64]);
    let header = |width: u32, height: u32| {
        let mut bomb = small.clone();
        bomb[16..20].copy_from_slice(&width.to_be_bytes());
        bomb[20..24].copy_from_slice(&height.to_be_bytes());
        bomb
    };
    for (width, height) in [(32_768, 32_768), (u32::MAX, u32::MAX), (4097, 1), (1, 4097), (0, 4), (4, 0)] {
        assert!(image::size(&header(width, height)).is_err(), "{width} × {height} was taken");
        let uri = data_uri("image/png", &header(width, height));
        assert!(changed(&[("/images/0/uri", uri.into())]).is_err());
    }
    for end in 0..small.len() - 12 {
        assert!(image::decode(&small[..end]).is_err(), "a PNG of {end} bytes was taken");
    }
    let mut broken = small.clone();
    let middle = broken.len() - 24;
    broken[middle] ^= 0x55;
    assert!(image::decode(&broken).is_err());
    assert!(image::decode(b"GIF89a").is_err());
}

#[test]
fn jpegs_are_read_and_those_that_are_not_are_refused() {
    let grey = [128, 128, 128, 255].repeat(64);
    for ids in [&[1_u8][..], &[1, 2, 3], b"RGB"] {
        let pixels = image::decode(&jpeg(ids)).unwrap();
        assert_eq!((pixels.width, pixels.height, &pixels.rgba), (8, 8, &grey), "{ids:?}");
    }
    let error = image::decode(&jpeg(&[1, 2, 3, 4])).unwrap_err().to_string();
    assert!(error.contains("CMYK"), "{error}");
    let whole = jpeg(&[1, 2, 3]);
    for end in 0..whole.len() - 3 {
        assert!(image::decode(&whole[..end]).is_err(), "a JPEG of {end} bytes was taken");
    }
    let mut bomb = whole.clone();
    let size = bomb.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap() + 5;
    bomb[size..size + 4].fill(0xff);
    assert!(matches!(image::decode(&bomb), Err(ContentError::TooLarge { .. })));
}

#[test]
fn materials_that_say_what_is_not_known_are_drawn_without_it_and_named() {
    let document = changed(&[
        ("/materials/0/normalTexture/texCoord", json!(7)),
        ("/materials/0/pbrMetallicRoughness/metallicFactor", json!(1.000_01)),
        ("/materials/0/alphaMode", json!("HIDDEN")),
        ("/samplers/0/wrapS", json!(1)),
        ("/meshes/0/primitives/-", json!({ "attributes": { "POSITION": 0 }, "mode": 7 })),
    ])
    .unwrap();
    let material = &document.materials[0];
    assert!(material.textures[2].is_none() && material.metallic == 1.0);
    assert_eq!(document.skipped["textures on TEXCOORD_2 or higher"], 1);
    assert_eq!(document.skipped["material factors out of range"], 1);
    assert_eq!(document.skipped["alpha modes that glTF does not know"], 1);
    assert!(document.skipped.contains_key("wrapping modes that glTF does not know"));
    assert_eq!(document.skipped["primitives of a mode that glTF does not know"], 1);
}

#[test]
fn transforms_that_are_none_are_refused_or_left_out() {
    all_refused(&[
        ("/nodes/1/scale", json!([1e39, 1, 1])),
        ("/nodes/1/rotation", json!([0, 0, 0, 0])),
        ("/nodes/1/rotation", json!([1, 1, 1, 1])),
        ("/nodes/1/scale", json!([1, 1])),
        ("/nodes/1/matrix", json!([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])),
        ("/nodes/0", json!({ "matrix": [1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] })),
        ("/nodes/0", json!({ "matrix": [1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] })),
    ]);
    for scale in [json!([0, 0, 0]), json!([1, 0, 1]), json!([1e38, 1e38, 1e38]), json!([1e-30, 1, 1])] {
        let document = changed(&[("/nodes/0/scale", scale.clone())]).unwrap();
        assert!(document.nodes.is_empty(), "{scale} was kept");
        assert_eq!(document.skipped["nodes with a transform that flattens or overflows"], 2);
    }
}

#[test]
fn a_file_cannot_fill_memory_with_names_or_copies() {
    let attributes: serde_json::Map<String, Value> = (0..5000).map(|i| (format!("_{i}"), json!(0))).collect();
    let mut attributes = attributes;
    attributes.insert("POSITION".to_owned(), json!(0));
    let document = changed(&[("/meshes/0/primitives/0/attributes", Value::Object(attributes))]).unwrap();
    assert!(document.skipped.len() <= 256);
    // Every primitive reads the same 4 million zeros as if they were its own.
    let accessors: Vec<Value> =
        (0..200).map(|_| json!({ "componentType": 5126, "count": 4_000_000, "type": "VEC3" })).collect();
    let primitives: Vec<Value> = (0..200).map(|i| json!({ "attributes": { "POSITION": i } })).collect();
    let json = json!({
        "asset": { "version": "2.0" },
        "accessors": accessors,
        "meshes": [{ "primitives": primitives }],
    });
    let error = refused(&serde_json::to_vec(&json).unwrap(), "200 × 4 million vertices");
    assert!(matches!(error, ContentError::TooLarge { .. }), "{error}");
}

#[test]
fn damaged_files_never_panic() {
    let mut random = Random(0x5eed);
    let (json, bin) = square();
    let binary = glb(&json, &bin);
    let (mut refused, mut taken) = (0, 0);
    let (json, bin) = figure();
    for original in [binary, square_text(), glb(&json, &bin)] {
        for _ in 0..10_000 {
            match read(&mutated(&original, &mut random), &mut NoFiles) {
                Ok(document) => {
                    taken += 1;
                    for bytes in document.images.iter().filter_map(|image| image.bytes.as_ref()) {
                        let _ = image::decode(bytes);
                    }
                    for primitive in document.meshes.iter().flat_map(|mesh| &mesh.primitives) {
                        let vertices = document.vertex_sets[primitive.vertices].positions.len();
                        assert!(primitive.indices.iter().all(|&index| (index as usize) < vertices));
                    }
                }
                Err(_) => refused += 1,
            }
        }
    }
    println!("{refused} refused, {taken} taken");
    assert!(refused > 5000 && taken > 100);
}
