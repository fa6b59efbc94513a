//! Tilesets made in memory: which tiles are taken, where they stand, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use glam::{DAffine3, DMat4, DVec3, Vec3, Vec4};
use serde_json::{Value, json};

use super::{Files, earth, read};
use crate::scene::ContentError;
use crate::scene::gltf::tests::made::{NoFiles, Random, glb, square};
use crate::scene::gltf::{Document, Resolve};

/// Files by their places.
#[derive(Clone, Default)]
struct Shelf {
    files: BTreeMap<String, Vec<u8>>,
    opened: Vec<String>,
}

impl Shelf {
    fn with(mut self, place: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.insert(place.to_owned(), bytes.into());
        self
    }

    fn with_json(self, place: &str, json: &Value) -> Self {
        self.with(place, json.to_string())
    }

    fn read(&mut self, place: &str) -> Result<Document, ContentError> {
        let bytes = self.files[place].clone();
        read(place, &bytes, self)
    }
}

impl Files for Shelf {
    fn open(&mut self, from: &str, uri: &str) -> Result<(String, Vec<u8>), ContentError> {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let place = if folder.is_empty() { uri.to_owned() } else { format!("{folder}/{uri}") };
        let found = self.files.get(&place).cloned();
        self.opened.push(place.clone());
        found.map(|bytes| (place, bytes)).ok_or_else(|| ContentError::malformed(uri, "it is not there"))
    }

    fn beside<'a>(&'a mut self, _place: &str) -> Box<dyn Resolve + 'a> {
        Box::new(NoFiles)
    }
}

/// One triangle at a place, as its glTF has it.
fn model(at: [f64; 3]) -> Vec<u8> {
    let (mut json, bin) = square();
    json["nodes"] = json!([{ "mesh": 0, "translation": at }]);
    glb(&json, &bin)
}

/// Where the first vertices of all that is shown are, in the order of their x.
fn places(document: &Document) -> Vec<Vec3> {
    let first = |node: &crate::scene::gltf::document::Node| {
        let mesh = &document.meshes[node.mesh?];
        let set = mesh.primitives.first().map(|p| p.vertices).or(mesh.marks.first().map(|m| m.vertices))?;
        Some(node.world_from_node.transform_point3(document.vertex_sets[set].positions[0]))
    };
    let mut places: Vec<Vec3> = document.nodes.iter().filter_map(first).collect();
    places.sort_by(|a, b| a.x.total_cmp(&b.x));
    places
}

fn columns(document: &Document) -> Vec<f32> {
    places(document).iter().map(|place| place.x).collect()
}

const BOX: [f64; 12] = [0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 9.0];

fn tile(content: Option<&str>, children: Vec<Value>) -> Value {
    let mut tile = json!({ "boundingVolume": { "box": BOX }, "geometricError": 1, "children": children });
    if children.is_empty() {
        tile.as_object_mut().unwrap().remove("children");
    }
    if let Some(uri) = content {
        tile["content"] = json!({ "uri": uri });
    }
    tile
}

fn tileset(root: Value) -> Value {
    json!({ "asset": { "version": "1.1" }, "geometricError": 10, "root": root })
}

/// Models a, b, c and d, each a metre further along x.
fn models() -> Shelf {
    let names = ["a.glb", "b.glb", "c.glb", "d.glb"];
    (0..4).fold(Shelf::default(), |shelf, i| shelf.with(names[i], model([i as f64, 0.0, 0.0])))
}

#[test]
fn what_replaces_is_taken_for_what_it_replaces_and_what_adds_beside_it() {
    let tree = |refine: &str| {
        let mut root = tile(
            Some("a.glb"),
            vec![
                tile(Some("b.glb"), vec![tile(None, vec![])]),
                tile(None, vec![tile(Some("c.glb"), vec![])]),
            ],
        );
        root["refine"] = refine.into();
        tileset(root)
    };
    // A tile with nothing below it that could stand for it is taken itself.
    let mut shelf = models().with_json("tileset.json", &tree("REPLACE"));
    assert_eq!(columns(&shelf.read("tileset.json").unwrap()), [1.0, 2.0]);
    let mut shelf = models().with_json("tileset.json", &tree("ADD"));
    assert_eq!(columns(&shelf.read("tileset.json").unwrap()), [0.0, 1.0, 2.0]);
    // Several contents, and a refinement that differs from the parent's.
    let mut inner = tile(Some("b.glb"), vec![tile(Some("c.glb"), vec![])]);
    inner["refine"] = "REPLACE".into();
    let mut root = tile(None, vec![inner]);
    root["refine"] = "ADD".into();
    root["contents"] = json!([{ "uri": "a.glb" }, { "uri": "d.glb" }]);
    let mut shelf = models().with_json("tileset.json", &tileset(root));
    assert_eq!(columns(&shelf.read("tileset.json").unwrap()), [0.0, 2.0, 3.0]);
}

#[test]
fn transforms_and_tilesets_within_tilesets_multiply() {
    let mut inner = tile(Some("../b.glb"), vec![]);
    inner["transform"] = json!(DMat4::from_translation(DVec3::new(0.0, 0.0, 5.0)).to_cols_array());
    let mut outer = tile(Some("inner/tiles.json"), vec![]);
    outer["transform"] = json!(DMat4::from_rotation_z(std::f64::consts::FRAC_PI_2).to_cols_array());
    let mut shelf = models()
        .with("inner/../b.glb", model([1.0, 2.0, 3.0]))
        .with_json("inner/tiles.json", &tileset(inner))
        .with_json("tileset.json", &tileset(tile(None, vec![outer])));
    let document = shelf.read("tileset.json").unwrap();
    // (1, 2, 3) with y up is (1, −3, 2) with z up; five higher, and turned by a quarter: (3, 1, 7).
    assert!(places(&document)[0].abs_diff_eq(Vec3::new(3.0, 7.0, -1.0), 1e-5), "{:?}", places(&document));
    // Where z is already up nothing is turned but the world.
    let mut up = tileset(tile(Some("b.glb"), vec![]));
    up["asset"]["gltfUpAxis"] = "Z".into();
    up["asset"]["version"] = "1.0".into();
    let mut shelf = Shelf::default().with("b.glb", model([1.0, 2.0, 3.0])).with_json("tileset.json", &up);
    assert!(places(&shelf.read("tileset.json").unwrap())[0].abs_diff_eq(Vec3::new(1.0, 3.0, -2.0), 1e-5));
}

#[test]
fn cycles_lies_and_what_is_not_known_are_refused() {
    let refused = |shelf: &mut Shelf| shelf.read("tileset.json").unwrap_err().to_string();
    let itself = tileset(tile(Some("tileset.json"), vec![]));
    assert!(refused(&mut Shelf::default().with_json("tileset.json", &itself)).contains("within itself"));
    let mut shelf = Shelf::default()
        .with_json("tileset.json", &tileset(tile(Some("other.json"), vec![])))
        .with_json("other.json", &tileset(tile(Some("tileset.json"), vec![])));
    assert!(refused(&mut shelf).contains("within itself"));
    // Two of each level in the next is no cycle, and still has an end.
    let mut shelf = Shelf::default();
    for level in 0..40 {
        let next = format!("{}.json", level + 1);
        let twice = tileset(tile(None, vec![tile(Some(&next), vec![]), tile(Some(&next), vec![])]));
        shelf = shelf.with_json(&format!("{level}.json"), &twice);
    }
    let mut shelf = shelf.with_json("tileset.json", &tileset(tile(Some("0.json"), vec![])));
    let sentence = refused(&mut shelf);
    assert!(sentence.contains("tiles") || sentence.contains("not there"), "{sentence}");
    let changed = |pointer: &str, value: Value| {
        let mut json = tileset(tile(Some("a.glb"), vec![]));
        json["extensionsRequired"] = json!([]);
        json["root"]["refine"] = "ADD".into();
        json["root"]["transform"] = json!(DMat4::IDENTITY.to_cols_array());
        *json.pointer_mut(pointer).unwrap() = value;
        models().with_json("tileset.json", &json).read("tileset.json")
    };
    assert!(changed("/root/refine", "REPLACE".into()).is_ok());
    for (pointer, value) in [
        ("/asset/version", json!("2.0")),
        ("/extensionsRequired", json!(["EXT_magic"])),
        ("/root/refine", json!("MAGIC")),
        ("/root/transform/15", json!(2)),
        ("/root/transform/3", json!(1)),
        ("/root/transform", json!([1, 2])),
        ("/root/content/uri", json!("missing.glb")),
        ("/root/boundingVolume/box", json!([1])),
        ("/root", json!({})),
    ] {
        let taken = changed(pointer, value.clone()).is_ok();
        assert_eq!(taken, pointer == "/root", "{pointer} = {value}");
    }
}

/// Tilesets with the one file that each refers to, for `tests::fuzz`.
pub(crate) fn pairs() -> Vec<(Value, Vec<u8>)> {
    let body = floats(&[0.0, 0.0, 0.0, 5.0, 6.0, 7.0, 1.0, 2.0]);
    let table =
        json!({ "INSTANCES_LENGTH": 2, "POSITION": { "byteOffset": 0 }, "SCALE": { "byteOffset": 24 } });
    let with = |uri: &str| tileset(tile(Some(uri), vec![]));
    let mut transformed = tileset(tile(None, vec![tile(Some("a.glb"), vec![]), tile(Some("b.glb"), vec![])]));
    transformed["root"]["transform"] = json!(DMat4::from_rotation_z(1.0).to_cols_array());
    transformed["root"]["refine"] = "ADD".into();
    vec![
        (with("a.glb"), model([1.0; 3])),
        (transformed, model([1.0; 3])),
        (with("a.b3dm"), batched()),
        (with("a.i3dm"), instanced(&table, &body)),
        (with("a.pnts"), cloud()),
        (with("a.cmpt"), composite(&[batched(), cloud()])),
        (with("a.json"), with("a.glb").to_string().into_bytes()),
        (implicit("QUADTREE", 2, 3), subtree("11001", "0", &format!("{}1", "0".repeat(15)))),
        (implicit("OCTREE", 2, 2), subtree("101000001", "0", "0")),
    ]
}

/// A header and two tables; what follows them.
fn old(magic: &[u8; 4], table: &Value, body: &[u8], more: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut json = table.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');
    let mut bytes = magic.to_vec();
    let length = 28 + more.len() + json.len() + body.len() + rest.len();
    for number in [1, length as u32, json.len() as u32, body.len() as u32, 0, 0] {
        bytes.extend(number.to_le_bytes());
    }
    [&bytes, more, &json, body, rest].concat()
}

fn floats(list: &[f32]) -> Vec<u8> {
    list.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn words(list: &[u16]) -> Vec<u8> {
    list.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn single(place: &str, bytes: Vec<u8>) -> Result<Document, ContentError> {
    models().with(place, bytes).read(place)
}

fn batched() -> Vec<u8> {
    let table = json!({ "BATCH_LENGTH": 0, "RTC_CENTER": [10, 20, 30] });
    old(b"b3dm", &table, &[], &[], &model([1.0, 2.0, 3.0]))
}

fn instanced(table: &Value, body: &[u8]) -> Vec<u8> {
    old(b"i3dm", table, body, &1_u32.to_le_bytes(), &model([1.0, 0.0, 0.0]))
}

#[test]
fn a_batched_model_stands_around_its_centre() {
    let document = single("tile.b3dm", batched()).unwrap();
    // (1, −3, 2) with z up, moved by the centre, is (11, 17, 32): with y up (11, 32, −17).
    assert!(places(&document)[0].abs_diff_eq(Vec3::new(11.0, 32.0, -17.0), 1e-5));
}

#[test]
fn instances_stand_turned_and_scaled_where_they_are_said_to() {
    let body = floats(&[0.0, 0.0, 0.0, 5.0, 6.0, 7.0, 1.0, 2.0]);
    let table = json!({
        "INSTANCES_LENGTH": 2, "POSITION": { "byteOffset": 0 }, "SCALE": { "byteOffset": 24 },
        "RTC_CENTER": [100, 0, 0],
    });
    let document = single("tile.i3dm", instanced(&table, &body)).unwrap();
    let expected = [Vec3::new(101.0, 0.0, 0.0), Vec3::new(107.0, 7.0, -6.0)];
    assert!(
        places(&document).iter().zip(expected).all(|(a, b)| a.abs_diff_eq(b, 1e-5)),
        "{:?}",
        places(&document)
    );
    assert_eq!((document.meshes.len(), document.nodes.len()), (1, 2), "one mesh in two places");
    // Up is y and right is x: turned so that x leads up, and once more in sixteen bits.
    let up_right = [0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let body = [floats(&[0.0; 3]), floats(&up_right)].concat();
    let table = json!({
        "INSTANCES_LENGTH": 1, "POSITION": { "byteOffset": 0 },
        "NORMAL_UP": { "byteOffset": 12 }, "NORMAL_RIGHT": { "byteOffset": 24 },
    });
    let document = single("tile.i3dm", instanced(&table, &body)).unwrap();
    assert!(places(&document)[0].abs_diff_eq(Vec3::new(0.0, 1.0, 0.0), 1e-5), "{:?}", places(&document));
    // (0, 1, 0) and (0, 0, 1) in octahedral form, and positions as parts of a box.
    let body = words(&[65535, 0, 32768, 0, 32768, 65535, 32768, 32768]);
    let table = json!({
        "INSTANCES_LENGTH": 1, "POSITION_QUANTIZED": { "byteOffset": 0 },
        "QUANTIZED_VOLUME_OFFSET": [1, 0, 0], "QUANTIZED_VOLUME_SCALE": [2, 2, 4],
        "NORMAL_UP_OCT32P": { "byteOffset": 8 }, "NORMAL_RIGHT_OCT32P": { "byteOffset": 12 },
    });
    let document = single("tile.i3dm", instanced(&table, &body)).unwrap();
    assert!(places(&document)[0].abs_diff_eq(Vec3::new(3.0, 3.0, 0.0), 1e-3), "{:?}", places(&document));
    // The same model by its name.
    let named = old(
        b"i3dm",
        &json!({ "INSTANCES_LENGTH": 1, "POSITION": { "byteOffset": 0 } }),
        &floats(&[0.0; 3]),
        &0_u32.to_le_bytes(),
        b"c.glb\0\0\0",
    );
    assert_eq!(columns(&single("tile.i3dm", named).unwrap()), [2.0]);
    // On the Earth each stands upright in its own place.
    let at = earth::from_geodetic(0.3, 0.8, 0.0);
    let body = floats(&at.to_array().map(|x| x as f32));
    let table = json!({ "INSTANCES_LENGTH": 1, "POSITION": { "byteOffset": 0 }, "EAST_NORTH_UP": true });
    let mut root = tile(Some("tile.i3dm"), vec![]);
    root["boundingVolume"] = json!({ "region": [0.3, 0.8, 0.3, 0.8, 0, 0] });
    let mut shelf = Shelf::default()
        .with("tile.i3dm", instanced(&table, &body))
        .with_json("tileset.json", &tileset(root));
    let place = places(&shelf.read("tileset.json").unwrap())[0];
    assert!(place.abs_diff_eq(Vec3::X, 0.6), "{place} is not a metre east, to a float's half metre");
}

fn cloud() -> Vec<u8> {
    let body =
        [floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), vec![255, 0, 0, 0, 188, 255], vec![255, 128, 128, 128]]
            .concat();
    let table = json!({
        "POINTS_LENGTH": 2, "POSITION": { "byteOffset": 0 }, "RGB": { "byteOffset": 24 },
        "NORMAL_OCT16P": { "byteOffset": 30 },
    });
    old(b"pnts", &table, &body, &[], &[])
}

#[test]
fn points_have_their_places_colours_and_normals() {
    let document = single("tile.pnts", cloud()).unwrap();
    let marks = &document.meshes[0].marks[0];
    let set = &document.vertex_sets[marks.vertices];
    assert_eq!(marks.ends, [[0, 0], [1, 1]]);
    // Z is up in the tile: (1, 2, 3) is (1, 3, −2).
    assert!(places(&document)[0].abs_diff_eq(Vec3::new(1.0, 3.0, -2.0), 1e-5));
    let colors = set.colors.as_ref().unwrap();
    // 188 in sRGB is half of the light.
    assert!(colors[0].abs_diff_eq(Vec4::new(1.0, 0.0, 0.0, 1.0), 1e-6));
    assert!(colors[1].abs_diff_eq(Vec4::new(0.0, 0.5, 1.0, 1.0), 5e-3), "{}", colors[1]);
    let normals = set.normals.as_ref().unwrap();
    assert!(normals[0].abs_diff_eq(Vec3::X, 0.02) && normals[1].abs_diff_eq(Vec3::Z, 0.02), "{normals:?}");
    let with = |more: Value, body: &[u8]| {
        let mut table = json!({ "POINTS_LENGTH": 1, "POSITION": { "byteOffset": 0 } });
        table.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        single("tile.pnts", old(b"pnts", &table, &[&floats(&[0.0; 3]), body].concat(), &[], &[]))
    };
    let color = |document: Document| document.vertex_sets[0].colors.as_ref().unwrap()[0];
    let green = Vec4::new(0.0, 1.0, 0.0, 1.0);
    assert_eq!(color(with(json!({ "RGB565": { "byteOffset": 12 } }), &words(&[63 << 5])).unwrap()), green);
    assert_eq!(color(with(json!({ "CONSTANT_RGBA": [0, 255, 0, 255] }), &[]).unwrap()), green);
    assert_eq!(color(with(json!({ "RGBA": { "byteOffset": 12 } }), &[0, 255, 0, 9]).unwrap()), green);
    assert!(with(json!({ "RGBA": { "byteOffset": 13 } }), &[0, 255, 0, 9]).is_err(), "past its end");
    assert!(with(json!({ "POINTS_LENGTH": 1_u64 << 60 }), &[]).is_err());
    let draco = json!({ "extensions": { "3DTILES_draco_point_compression": {} } });
    assert!(with(draco, &[]).unwrap_err().to_string().contains("draco"));
}

/// Small tiles of every kind, and tilesets with what their files are after a zero.
pub(crate) fn samples() -> Vec<Vec<u8>> {
    let body = floats(&[0.0, 0.0, 0.0, 5.0, 6.0, 7.0, 1.0, 2.0]);
    let table = json!({
        "INSTANCES_LENGTH": 2, "POSITION": { "byteOffset": 0 }, "SCALE": { "byteOffset": 24 }, "EAST_NORTH_UP": true,
    });
    let explicit =
        tileset(tile(None, vec![tile(Some("a.glb"), vec![]), tile(Some("b.glb"), vec![])])).to_string();
    let implicit = implicit("QUADTREE", 2, 3).to_string();
    vec![
        batched(),
        cloud(),
        instanced(&table, &body),
        composite(&[batched(), cloud()]),
        [explicit.as_bytes(), &[0], &model([0.0; 3])].concat(),
        [implicit.as_bytes(), &[0], &subtree("11001", "0", "0")].concat(),
    ]
}

fn composite(tiles: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"cmpt".to_vec();
    let length = 16 + tiles.iter().map(Vec::len).sum::<usize>();
    for number in [1, length as u32, tiles.len() as u32] {
        bytes.extend(number.to_le_bytes());
    }
    [bytes, tiles.concat()].concat()
}

#[test]
fn several_tiles_may_be_in_one() {
    let both = composite(&[batched(), cloud()]);
    let document = single("tile.cmpt", composite(&[both.clone(), batched()])).unwrap();
    assert_eq!(columns(&document), [1.0, 11.0, 11.0]);
    let deep = (0..9).fold(cloud(), |inner, _| composite(&[inner]));
    assert!(single("tile.cmpt", deep).is_err(), "too deep");
    let mut lies = both;
    lies[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(single("tile.cmpt", lies).is_err(), "too many");
}

/// A subtree in its binary form, of bits that are given as text.
fn subtree(tiles: &str, contents: &str, subtrees: &str) -> Vec<u8> {
    let mut body = Vec::new();
    let mut views = Vec::new();
    let mut bits = |text: &str| match text {
        "0" | "1" => json!({ "constant": text.parse::<u8>().unwrap() }),
        _ => {
            let mut bytes = vec![0_u8; text.len().div_ceil(8)];
            for (i, _) in text.chars().enumerate().filter(|&(_, bit)| bit == '1') {
                bytes[i / 8] |= 1 << (i % 8);
            }
            views.push(json!({ "buffer": 0, "byteOffset": body.len(), "byteLength": bytes.len() }));
            body.extend(bytes);
            json!({ "bitstream": views.len() - 1 })
        }
    };
    let (tiles, contents, subtrees) = (bits(tiles), bits(contents), bits(subtrees));
    let json = json!({
        "buffers": [{ "byteLength": body.len() }], "bufferViews": views, "tileAvailability": tiles,
        "contentAvailability": [contents], "childSubtreeAvailability": subtrees,
    });
    let json = json.to_string().into_bytes();
    let mut bytes = b"subt".to_vec();
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend((json.len() as u64).to_le_bytes());
    bytes.extend((body.len() as u64).to_le_bytes());
    [bytes, json, body].concat()
}

fn implicit(scheme: &str, subtree_levels: u32, levels: u32) -> Value {
    let mut root = tile(Some("{level}/{x}/{y}.glb"), vec![]);
    root["refine"] = "REPLACE".into();
    root["implicitTiling"] = json!({
        "subdivisionScheme": scheme, "subtreeLevels": subtree_levels, "availableLevels": levels,
        "subtrees": { "uri": "{level}.{x}.{y}.{z}.subtree" },
    });
    tileset(root)
}

#[test]
fn implicit_tiles_are_found_by_their_bits() {
    // Root and its four children in a subtree of two levels; below the last child (x = 1, y = 1) another.
    let mut shelf = Shelf::default()
        .with_json("tileset.json", &implicit("QUADTREE", 2, 3))
        .with("0.0.0.0.subtree", subtree("11001", "11001", &format!("{}1", "0".repeat(15))))
        // Tile 15 on level 2 is x = 3, y = 3.
        .with("2.3.3.0.subtree", subtree("10000", "10000", "0"))
        .with("0/0/0.glb", model([0.0; 3]))
        .with("1/0/0.glb", model([1.0, 0.0, 0.0]))
        .with("1/1/1.glb", model([2.0, 0.0, 0.0]))
        .with("2/3/3.glb", model([3.0, 0.0, 0.0]));
    assert_eq!(columns(&shelf.read("tileset.json").unwrap()), [1.0, 3.0]);
    assert!(
        !shelf.opened.iter().any(|place| place == "0/0/0.glb" || place == "1/1/1.glb"),
        "{:?}",
        shelf.opened
    );
    let mut add = implicit("QUADTREE", 2, 3);
    add["root"]["refine"] = "ADD".into();
    let mut all = shelf.clone().with_json("tileset.json", &add);
    assert_eq!(columns(&all.read("tileset.json").unwrap()), [0.0, 1.0, 2.0, 3.0]);
    // An octree whose bits are in a file beside their JSON: child 6 is x = 0, y = 1, z = 1.
    let json = json!({
        "buffers": [{ "uri": "bits.bin", "byteLength": 2 }],
        "bufferViews": [{ "buffer": 0, "byteLength": 2 }],
        "tileAvailability": { "bitstream": 0 }, "contentAvailability": [{ "bitstream": 0 }],
        "childSubtreeAvailability": { "constant": 0 },
    });
    let mut octree = implicit("OCTREE", 2, 2);
    octree["root"]["content"]["uri"] = "{level}/{x}{y}{z}.glb".into();
    let mut shelf = Shelf::default()
        .with_json("tileset.json", &octree)
        .with_json("0.0.0.0.subtree", &json)
        .with("bits.bin", [1 | 1 << 7, 0])
        .with("1/011.glb", model([7.0, 0.0, 0.0]));
    assert_eq!(columns(&shelf.read("tileset.json").unwrap()), [7.0]);
}

#[test]
fn implicit_tilings_that_lie_are_refused() {
    let with = |json: &Value, subtree: Vec<u8>| {
        Shelf::default().with_json("tileset.json", json).with("0.0.0.0.subtree", subtree).read("tileset.json")
    };
    let fine = subtree("10000", "0", "0");
    assert!(with(&implicit("QUADTREE", 2, 2), fine.clone()).is_ok());
    assert!(with(&implicit("QUADTREE", 3, 3), fine.clone()).is_err(), "fewer bits than tiles");
    assert!(with(&implicit("QUADTREE", 0, 3), fine.clone()).is_err());
    assert!(with(&implicit("QUADTREE", 40, 40), fine.clone()).is_err());
    assert!(with(&implicit("MAGIC", 2, 2), fine.clone()).is_err());
    // All tiles of all levels, by a constant: more than are walked through.
    let sentence = with(&implicit("QUADTREE", 12, 12), subtree("1", "0", "0")).unwrap_err().to_string();
    assert!(sentence.contains("tiles are more"), "{sentence}");
    for end in 0..fine.len() {
        assert!(with(&implicit("QUADTREE", 2, 2), fine[..end].to_vec()).is_err(), "{end} bytes");
    }
}

#[test]
fn what_stands_on_the_earth_is_brought_here_to_the_millimetre() {
    let at = earth::from_geodetic(0.2, 0.9, 100.0);
    let [east, north, up] = earth::directions(at);
    let place = DAffine3::from_mat3_translation(glam::DMat3::from_cols(east, north, up), at);
    let mut root = tile(Some("b.glb"), vec![]);
    root["transform"] = json!(DMat4::from(place).to_cols_array());
    let mut shelf =
        Shelf::default().with("b.glb", model([1.5, 2.0, 3.0])).with_json("tileset.json", &tileset(root));
    assert!(places(&shelf.read("tileset.json").unwrap())[0].abs_diff_eq(Vec3::new(1.5, 2.0, 3.0), 1e-5));
    // The same with the place in the glTF's own node, whose y is up: as (x, z, −y).
    let corner = at + east * 1.5 + up * 2.0 - north * 3.0;
    let mut root = tile(Some("b.glb"), vec![]);
    root["boundingVolume"] = json!({ "sphere": [at.x, at.y, at.z, 10.0] });
    let mut shelf = Shelf::default()
        .with("b.glb", model([corner.x, corner.z, -corner.y]))
        .with_json("tileset.json", &tileset(root.clone()));
    let found = places(&shelf.read("tileset.json").unwrap())[0];
    assert!(found.abs_diff_eq(Vec3::new(1.5, 2.0, 3.0), 1e-3), "{found}");
    // And with a region for its volume.
    root["boundingVolume"] = json!({ "region": [0.2, 0.9, 0.2, 0.9, 100, 100] });
    let mut shelf = shelf.with_json("tileset.json", &tileset(root));
    assert!(places(&shelf.read("tileset.json").unwrap())[0].abs_diff_eq(Vec3::new(1.5, 2.0, 3.0), 1e-3));
}

#[test]
fn damaged_tiles_never_panic() {
    let table =
        json!({ "INSTANCES_LENGTH": 1, "POSITION": { "byteOffset": 0 }, "SCALE": { "byteOffset": 12 } });
    let tiles = [
        batched(),
        cloud(),
        instanced(&table, &floats(&[0.0, 0.0, 0.0, 1.0])),
        composite(&[batched(), cloud()]),
        tileset(tile(Some("a.glb"), vec![])).to_string().into_bytes(),
    ];
    let mut random = Random(77);
    for (tile, name) in tiles.iter().zip(["x.b3dm", "x.pnts", "x.i3dm", "x.cmpt", "x.json"]) {
        for end in 0..tile.len().min(600) {
            let _ = single(name, tile[..end].to_vec());
        }
        for _ in 0..2000 {
            let mut broken = tile.clone();
            for _ in 0..1 + random.below(3) {
                // Mostly in the headers.
                let end = if random.below(2) == 0 { broken.len().min(200) } else { broken.len() };
                let at = random.below(end);
                broken[at] = random.next() as u8;
            }
            let _ = single(name, broken);
        }
    }
}
