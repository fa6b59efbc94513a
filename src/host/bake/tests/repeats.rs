//! What stands in the scene several times is baked once, and looks and feels the same in all its places.

use glam::{Affine3A, Quat, Vec3};
use serde_json::json;

use super::scenes::{bake, hills, node};
use crate::host::bake::tileset_json;
use crate::math::Pose;
use crate::physics::{Surface, World};
use crate::scene::gltf::document::Node;
use crate::scene::gltf::tests::made::{NoFiles, glb};
use crate::scene::gltf::{self, Document};
use crate::scene::{ColliderId, Tileset, collider};

/// Where the fields are: one is turned, and all are of the same size.
pub fn poses() -> [Pose; 3] {
    [
        Pose { position: Vec3::new(0.0, 0.0, 0.0), orientation: Quat::IDENTITY },
        Pose { position: Vec3::new(60.0, 2.0, 10.0), orientation: Quat::from_rotation_y(0.9) },
        Pose { position: Vec3::new(-70.0, -1.0, 5.0), orientation: Quat::from_rotation_y(-2.5) },
    ]
}

/// The height of the hills on paper, see `hills`.
fn height(x: f32, z: f32) -> f32 {
    (x * 0.4).sin() * (z * 0.3).cos() * 1.5 + (x * 1.7).sin() * 0.1
}

/// A field of hills and a sign in each place, and a ball that is there once.
pub fn fields(poses: &[Pose]) -> Document {
    let mut document = hills();
    document.nodes.clear();
    let child = |name: &str, mesh, parent: usize, place: Affine3A, of: Pose| Node {
        parent: Some(parent),
        world_from_node: of.to_affine() * place,
        ..node(name, mesh, place)
    };
    for &pose in poses {
        let parent = document.nodes.len();
        document.nodes.push(Node { mesh: None, ..node("field", 0, pose.to_affine()) });
        document.nodes.push(child("ground", 0, parent, Affine3A::IDENTITY, pose));
        let up = Affine3A::from_translation(Vec3::new(0.0, 2.0, -3.0));
        document.nodes.push(Node { entity: Some("sign".to_owned()), ..child("sign", 2, parent, up, pose) });
    }
    let ball = node("ball", 1, Affine3A::from_translation(Vec3::new(0.0, 30.0, 0.0)));
    document.nodes.push(ball);
    document
}

#[test]
fn a_field_that_is_there_three_times_is_baked_once() {
    let (one, three) = (bake(&fields(&poses()[..1])), bake(&fields(&poses())));
    assert_eq!((one.tables.prototypes.len(), one.tables.placements.len()), (0, 0));
    assert_eq!((three.tables.prototypes.len(), three.tables.placements.len()), (1, 3));
    assert!(three.report.bytes < one.report.bytes * 3 / 2, "{} {}", three.report.bytes, one.report.bytes);
    let tileset = Tileset::try_from(three.tables.clone()).unwrap();
    let ball = 40 * 40 * 2;
    let field = one.report.source_triangles - ball;
    assert_eq!(three.report.source_triangles, 3 * field + ball);
    let finest = tileset.finest_triangle_count();
    assert!(
        finest.abs_diff(three.report.source_triangles) < 300,
        "{finest} {}",
        three.report.source_triangles
    );
    // The root shows all of it: from afar three fields are one tile.
    assert!(three.tables.tiles[0].content.is_some());
    let sign = &tileset.entities()[0];
    assert!(sign.id == "sign" && sign.bounds.max.x > 55.0 && sign.bounds.min.x < -60.0);
    // Nothing is what it seems when something of it may be taken away.
    let mut taken = fields(&poses());
    taken.nodes[1].prop = Some(crate::scene::gltf::document::PropExtras { mass_kilograms: 1.0 });
    taken.nodes[1].world_from_node = Affine3A::from_scale(Vec3::splat(0.01));
    assert_eq!(bake(&taken).tables.placements.len(), 2);
}

#[test]
fn the_ground_is_where_each_of_them_stands() {
    let baked = bake(&fields(&poses()));
    let tileset = Tileset::try_from(baked.tables.clone()).unwrap();
    let mut world = World::new(tileset.grounds().iter().map(|ground| ground.bounds));
    for (ground, index) in tileset.grounds().iter().zip(0..) {
        let mesh = collider::decode(&baked.blobs[ground.blob.index()].bytes).unwrap().placed(ground.pose);
        assert!(mesh.vertices.iter().all(|vertex| ground.bounds.distance(*vertex) < 2e-3));
        world.insert(ColliderId(index), Surface::new(mesh).as_ref());
    }
    for pose in poses() {
        for index in 0..400 {
            let (x, z) = ((index % 20) as f32 * 1.9 - 18.0, (index / 20) as f32 * 1.9 - 18.0);
            let above = Vec3::new(x, height(x, z) + 0.5, z);
            let hit = world.cast_ray(pose.to_affine().transform_point3(above), Vec3::NEG_Y, 1.0);
            let hit = hit.unwrap_or_else(|| panic!("a gap at {x} {z} of {pose:?}"));
            assert!((hit.distance - 0.5).abs() < 0.06, "{} at {x} {z}", hit.distance);
        }
    }
}

#[test]
fn other_programs_find_each_of_them() {
    let baked = bake(&fields(&poses()));
    let files = tileset_json::write(&baked.tables, &baked.blobs);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["tileset.json", "prototype-0.json"]);
    let main: serde_json::Value = serde_json::from_str(&files[0].1).unwrap();
    let mut open = vec![&main["root"]];
    let mut places = Vec::new();
    while let Some(tile) = open.pop() {
        if tile["content"]["uri"] == "prototype-0.json" {
            places.push([12, 13, 14].map(|entry| tile["transform"][entry].as_f64().unwrap() as f32));
        }
        open.extend(tile["children"].as_array().into_iter().flatten());
    }
    places.sort_by(|a, b| a[0].total_cmp(&b[0]));
    assert_eq!(places, [[-70.0, -5.0, -1.0], [0.0, 0.0, 0.0], [60.0, -10.0, 2.0]]);
}

#[test]
fn what_a_file_places_by_instancing_is_baked_once() {
    const ACROSS: u32 = 160;
    let row = ACROSS + 1;
    let corner = |i: u32| Vec3::new((i % row) as f32 * 0.25, height(i as f32, 0.5), (i / row) as f32 * 0.25);
    let positions: Vec<f32> = (0..row * row).flat_map(|i| corner(i).to_array()).collect();
    let cell = |i: u32| (i / ACROSS) * row + i % ACROSS;
    let triangles = |a: u32| [a, a + row, a + 1, a + 1, a + row, a + row + 1];
    let indices: Vec<u32> = (0..ACROSS * ACROSS).map(cell).flat_map(triangles).collect();
    let places = [0.0_f32, 0.0, 0.0, 60.0, 0.0, 0.0, 0.0, 1.0, 70.0];
    let parts: [&[u8]; 3] =
        [bytemuck::cast_slice(&positions), bytemuck::cast_slice(&indices), bytemuck::cast_slice(&places)];
    let low = positions.iter().skip(1).step_by(3).copied().fold(f32::MAX, f32::min);
    let high = positions.iter().skip(1).step_by(3).copied().fold(f32::MIN, f32::max);
    let side = ACROSS as f32 * 0.25;
    let starts = [0, parts[0].len(), parts[0].len() + parts[1].len()];
    let view = |i: usize| json!({ "buffer": 0, "byteOffset": starts[i], "byteLength": parts[i].len() });
    let file = json!({
        "asset": { "version": "2.0" },
        "extensionsUsed": ["EXT_mesh_gpu_instancing"],
        "nodes": [{
            "mesh": 0,
            "extensions": { "EXT_mesh_gpu_instancing": { "attributes": { "TRANSLATION": 2 } } },
        }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "type": "VEC3", "count": row * row,
              "min": [0, low, 0], "max": [side, high, side] },
            { "bufferView": 1, "componentType": 5125, "type": "SCALAR", "count": indices.len() },
            { "bufferView": 2, "componentType": 5126, "type": "VEC3", "count": 3 },
        ],
        "bufferViews": [view(0), view(1), view(2)],
        "buffers": [{ "byteLength": parts.concat().len() }],
    });
    let document = gltf::read(&glb(&file, &parts.concat()), &mut NoFiles).unwrap();
    let tileset = Tileset::try_from(bake(&document).tables).unwrap();
    assert_eq!((tileset.prototypes().len(), tileset.placements().len()), (1, 3));
    assert_eq!(tileset.finest_triangle_count(), 3 * u64::from(2 * ACROSS * ACROSS));
    let bounds = tileset.bounds();
    assert!(
        (bounds.max - Vec3::new(60.0 + side, high + 1.0, 70.0 + side)).abs().max_element() < 0.01,
        "{bounds:?}"
    );
}
