//! Things keep their names, what is known of them and their places, from the file through bake into every level.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;

use glam::Vec3;
use serde_json::json;

use super::author::{Author, Shape};
use crate::host::bake::{BakeOptions, Baked, Quality, bake_document};
use crate::scene::entity::{PropertyValue, Record, read_records};
use crate::scene::gltf::{self, tests::made::NoFiles};
use crate::scene::pick::Ray;
use crate::scene::{TileId, Tileset, tile};

/// A storey of three walls in one mesh that a table tells apart, four lamps that are instances, and a door that is
/// a node. `more` stands between them, and changes every tile.
fn storey(more: bool) -> Vec<u8> {
    let mut author = Author::default();
    let grey = author.paint([0.6, 0.6, 0.6, 1.0], 0.0, 0.8);
    walls(&mut author, grey);
    lamps(&mut author, grey);
    let door = author.mesh(&Shape::cube(), grey);
    author.node(json!({
        "name": "Main door", "mesh": door, "translation": [0, 0, 9],
        "extras": { "entity": "door-1", "is_open": true, "width": 2.5, "maker": "Hafen", "list": [1] },
    }));
    if more {
        let ball = author.mesh(&Shape::ball(90, 90), grey);
        author.node(json!({ "mesh": ball, "translation": [4, 0, 4], "extras": { "entity": "a-ball" } }));
    }
    author.extensions.extend([
        "EXT_structural_metadata",
        "EXT_mesh_features",
        "EXT_instance_features",
        "EXT_mesh_gpu_instancing",
    ]);
    author.finish()
}

fn walls(author: &mut Author, material: usize) {
    let mut shape = Shape::default();
    let mut ids: Vec<f32> = Vec::new();
    for wall in 0..3_u16 {
        let ball = Shape::ball(40, 60);
        let first = shape.positions.len() as u16;
        let moved = |p: &[f32; 3]| [p[0] + 6.0 * f32::from(wall), p[1], p[2]];
        shape.positions.extend(ball.positions.iter().map(moved));
        shape.normals.extend(&ball.normals);
        shape.uvs.extend(&ball.uvs);
        shape.indices.extend(ball.indices.iter().map(|index| first + index));
        ids.resize(shape.positions.len(), f32::from(2 - wall));
    }
    let mut primitive = author.primitive(&shape, material);
    primitive["attributes"]["_FEATURE_ID_0"] = json!(author.numbers(&ids, "SCALAR", 5126));
    primitive["extensions"]["EXT_mesh_features"] =
        json!({ "featureIds": [{ "featureCount": 3, "attribute": 0, "propertyTable": 0 }] });
    let mesh = author.add_mesh(json!({ "primitives": [primitive] }));
    author.node(json!({ "mesh": mesh }));
    let texts = "2O2RwallB2O2RwallA2O2RwallC";
    let names = author.view(texts.as_bytes());
    let offsets = author.view(bytemuck::cast_slice(&[0_u32, 9, 18, 27]));
    let heights = author.view(bytemuck::cast_slice(&[250_u16, 300, 350]));
    let kinds = author.view(&[1, 0, 1]);
    let fire = author.view(&[0b0000_0101]);
    author.of_file = json!({ "EXT_structural_metadata": {
        "schema": {
            "id": "building",
            "classes": { "wall": { "name": "Wall", "properties": {
                "guid": { "type": "STRING", "semantic": "ID" },
                "height": { "type": "SCALAR", "componentType": "UINT16", "scale": 0.01 },
                "kind": { "type": "ENUM", "enumType": "kinds" },
                "fire": { "name": "Fire wall", "type": "BOOLEAN" },
                "layers": { "type": "SCALAR", "componentType": "UINT16", "array": true },
            } } },
            "enums": { "kinds": { "valueType": "UINT8", "values": [
                { "name": "load-bearing", "value": 0 }, { "name": "light", "value": 1 },
            ] } },
        },
        "propertyTables": [{ "class": "wall", "count": 3, "properties": {
            "guid": { "values": names, "stringOffsets": offsets },
            "height": { "values": heights },
            "kind": { "values": kinds },
            "fire": { "values": fire },
            "layers": { "values": heights },
        } }, { "class": "wall", "count": 4 }],
    } });
}

fn lamps(author: &mut Author, material: usize) {
    let mesh = author.mesh(&Shape::ball(6, 8).scaled([0.2; 3]), material);
    let places: Vec<[f32; 3]> = (0..4).map(|i| [i as f32 * 3.0, 3.0, 0.0]).collect();
    let translations = author.floats(&places);
    author.node(json!({ "name": "Lamps", "mesh": mesh, "extensions": {
        "EXT_mesh_gpu_instancing": { "attributes": { "TRANSLATION": translations } },
        "EXT_instance_features": { "featureIds": [{ "featureCount": 4, "propertyTable": 1, "nullFeatureId": 2 }] },
    } }));
}

fn baked(glb: &[u8], quality: Quality) -> (Baked, Tileset) {
    let document = gltf::read(glb, &mut NoFiles).unwrap();
    let options = BakeOptions { quality, ..BakeOptions::default() };
    let baked = bake_document(&document, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let tileset = Tileset::try_from(baked.tables.clone()).unwrap();
    (baked, tileset)
}

fn ids(tileset: &Tileset) -> Vec<&str> {
    tileset.entities().iter().map(|entity| entity.id.as_str()).collect()
}

const WALLS: [&str; 3] = ["2O2RwallA", "2O2RwallB", "2O2RwallC"];

fn record(baked: &Baked, tileset: &Tileset, id: &str) -> Record {
    let blob = &baked.blobs[tileset.records().unwrap().index()];
    let place = ids(tileset).iter().position(|known| *known == id).unwrap();
    read_records(&blob.bytes, tileset.entities().len()).unwrap().swap_remove(place)
}

#[test]
fn what_a_file_knows_of_its_things_is_kept() {
    let (baked, tileset) = baked(&storey(false), Quality::Quick);
    assert_eq!(ids(&tileset), [&WALLS[..], &["Wall/0", "Wall/1", "Wall/3", "door-1"]].concat());
    let wall = record(&baked, &tileset, "2O2RwallA");
    assert_eq!(wall.class.as_deref(), Some("Wall"));
    let said = |name: &str| wall.properties.get(name).cloned();
    assert_eq!(said("kind"), Some(PropertyValue::Text("load-bearing".into())));
    assert_eq!(said("height"), Some(PropertyValue::Number(3.0)));
    assert_eq!(said("Fire wall"), Some(PropertyValue::Flag(false)));
    assert_eq!(said("layers"), None, "lists are left out by name");
    assert_eq!(baked.report.skipped.get("properties of a kind that is not read"), Some(&1));
    let door = record(&baked, &tileset, "door-1");
    assert_eq!(door.name.as_deref(), Some("Main door"));
    assert_eq!(door.properties.len(), 3);
    assert_eq!(door.properties["maker"], PropertyValue::Text("Hafen".into()));
    // The walls stand from left to right as their rows come from the last to the first.
    let middle = |id: &str| tileset.entities().iter().find(|e| e.id == id).unwrap().bounds.center();
    assert!(middle("2O2RwallC").abs_diff_eq(Vec3::ZERO, 0.02));
    assert!(middle("2O2RwallB").abs_diff_eq(Vec3::X * 12.0, 0.02));
    assert!(middle("Wall/3").abs_diff_eq(Vec3::new(9.0, 3.0, 0.0), 0.02));
}

/// In another quality, with something else in the scene, in every level of detail.
#[test]
fn ids_survive_another_bake_and_every_level() {
    let (_, before) = baked(&storey(false), Quality::Quick);
    let (after, tileset) = baked(&storey(true), Quality::Full);
    let mut expected = ids(&before);
    expected.push("a-ball");
    expected.sort_unstable();
    assert_eq!(ids(&tileset), expected);
    let mut levels_of = vec![Vec::new(); tileset.entities().len()];
    for (listed, number) in tileset.tiles().iter().zip(0..) {
        let Some(blob) = listed.content else { continue };
        let mesh = tile::decode(&after.blobs[blob.index()].bytes, &tileset, TileId(number)).unwrap();
        for chunk in &mesh.chunks {
            // One lamp is of the row that stands for nothing.
            let Some(entity) = chunk.entity else { continue };
            levels_of[entity.index()].push(listed.geometric_error_metres);
        }
    }
    for (entity, mut levels) in tileset.entities().iter().zip(levels_of) {
        levels.sort_by(f32::total_cmp);
        levels.dedup();
        assert_eq!(levels.first(), Some(&0.0), "{}", entity.id);
        let is_large = WALLS.contains(&entity.id.as_str()) || entity.id == "a-ball";
        assert!(!is_large || levels.len() >= 3, "{} is in {levels:?}", entity.id);
    }
}

#[test]
fn a_ray_picks_the_thing_that_it_meets() {
    let (baked, tileset) = baked(&storey(true), Quality::Full);
    let pick = |origin: Vec3, towards: Vec3| {
        let ray = Ray { origin, direction: (towards - origin).normalize_or_zero() };
        let mut nearest: Option<crate::scene::pick::Hit> = None;
        for (id, pose) in tileset.standing().filter(|&(id, _)| tileset.tile(id).child_count == 0) {
            let Some(blob) = tileset.tile(id).content else { continue };
            let mesh = tile::decode(&baked.blobs[blob.index()].bytes, &tileset, id).unwrap();
            let hit = ray.pick(&mesh, &pose.to_affine());
            let nearer = |hit: &crate::scene::pick::Hit| {
                nearest.is_none_or(|known| hit.distance_metres < known.distance_metres)
            };
            nearest = hit.filter(nearer).or(nearest);
        }
        nearest.map(|hit| {
            let entity = &tileset.entities()[hit.entity.unwrap().index()];
            (entity.id.clone(), (hit.distance_metres * 100.0).round() / 100.0)
        })
    };
    let eye = Vec3::new(6.0, 0.0, 20.0);
    assert_eq!(pick(eye, Vec3::new(6.0, 0.0, 0.0)), Some(("2O2RwallA".to_owned(), 19.0)));
    assert_eq!(pick(Vec3::new(0.0, 0.0, 30.0), Vec3::ZERO), Some(("door-1".to_owned(), 20.0)));
    assert_eq!(pick(Vec3::new(9.0, 3.0, 5.0), Vec3::new(9.0, 3.0, 0.0)), Some(("Wall/3".to_owned(), 4.8)));
    assert_eq!(pick(eye, Vec3::new(6.0, 40.0, 0.0)), None);
}
