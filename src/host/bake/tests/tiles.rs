//! The tree of tiles and what is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use glam::{Affine3A, Vec3};

use super::decoded::Decoded;
use super::scenes::{bake, baked_hills, hills, quick};
use crate::host::bake::{BakeError, BakeOptions, Baked, bake_document};
use crate::scene::tileset::Tile;
use crate::scene::{Tileset, limits};

/// The tiles of every cell, finest first: from each leaf up as long as there is no sibling.
fn chains(baked: &Baked) -> Vec<Vec<&Tile>> {
    let tiles = &baked.tables.tiles;
    let mut parent = vec![None; tiles.len()];
    for (index, tile) in tiles.iter().enumerate() {
        tile.children().for_each(|child| parent[child.index()] = Some(index));
    }
    let leaves = (0..tiles.len()).filter(|&index| tiles[index].child_count == 0);
    let chain = |leaf: usize| {
        let up = std::iter::successors(Some(leaf), |&index| {
            parent[index].filter(|&parent: &usize| tiles[parent].child_count == 1)
        });
        up.map(|index| &tiles[index]).collect()
    };
    leaves.map(chain).collect()
}

fn positions(baked: &Baked, tile: &Tile) -> BTreeSet<[u32; 3]> {
    let decoded = Decoded::of(baked, tile);
    decoded.positions.iter().map(|p| p.to_array().map(f32::to_bits)).collect()
}

#[test]
fn the_same_file_gives_the_same_bytes_again() {
    let document = hills();
    let (first, second) = (baked_hills(), bake(&document));
    assert_eq!(first.tables, second.tables);
    assert!(first.blobs == second.blobs);
}

#[test]
fn neighbours_meet_at_every_level() {
    let baked = baked_hills();
    let chains = chains(baked);
    assert!(chains.len() >= 4, "{} cells", chains.len());
    let finest: Vec<_> = chains.iter().map(|chain| positions(baked, chain[0])).collect();
    let mut uses: BTreeMap<[u32; 3], u32> = BTreeMap::new();
    finest.iter().flatten().for_each(|&position| *uses.entry(position).or_default() += 1);
    let mut border_count = 0;
    for (chain, finest) in chains.iter().zip(&finest) {
        let border: BTreeSet<_> = finest.iter().filter(|position| uses[*position] > 1).copied().collect();
        border_count += border.len();
        assert!(chain.len() >= 4, "{} levels", chain.len());
        for (level, tile) in chain.iter().enumerate() {
            let missing = border.difference(&positions(baked, tile)).count();
            assert_eq!(missing, 0, "of {} border vertices, level {level}", border.len());
        }
    }
    assert!(border_count > 500, "the cells share only {border_count} vertices");
}

#[test]
fn levels_halve_and_errors_grow_upwards() {
    let baked = baked_hills();
    Tileset::try_from(baked.tables.clone()).unwrap();
    for chain in chains(baked) {
        assert_eq!(chain[0].geometric_error_metres, 0.0);
        for pair in chain.windows(2) {
            assert!(pair[0].triangle_count * 85 >= pair[1].triangle_count * 100);
            assert!(pair[0].geometric_error_metres <= pair[1].geometric_error_metres);
        }
    }
    let root = &baked.tables.tiles[0];
    assert!(root.triangle_count <= 20_000 && root.geometric_error_metres > 0.0);
    assert!(baked.report.root_bytes <= 300_000, "{} bytes", baked.report.root_bytes);
    let tables: u64 = baked.tables.tiles.iter().map(|tile| u64::from(tile.triangle_count)).sum();
    assert_eq!(baked.report.tile_triangles, tables);
}

#[test]
fn the_finest_tiles_hold_every_triangle_the_right_way_round() {
    let document = hills();
    let baked = baked_hills();
    let mut triangle_count = 0;
    for chain in chains(baked) {
        let decoded = Decoded::of(baked, chain[0]);
        assert!(decoded.positions.len() <= limits::TILE_VERTICES_MAX);
        for part in &decoded.parts {
            assert!(part.indices.len() / 3 <= 4096);
            for triangle in part.indices.as_chunks::<3>().0 {
                triangle_count += 1;
                let [a, b, c] = triangle.map(|index| decoded.positions[usize::from(index)]);
                let up: Vec3 = triangle.iter().map(|&index| decoded.normals[usize::from(index)]).sum();
                let normal = (b - a).cross(c - a);
                // At the poles of a ball some are as thin as the grid.
                assert!(normal.dot(up) > 0.0 || normal.length() < 1e-4, "{normal} against {up}");
            }
        }
    }
    // Those at the poles are no triangles: two edges of their quads have no length.
    let flat = 2 * 2 * 40;
    assert_eq!(triangle_count + flat, document_triangles(&document));
    assert_eq!(baked.report.source_triangles as usize, document_triangles(&document));
}

fn document_triangles(document: &crate::scene::gltf::Document) -> usize {
    let meshes = document.nodes.iter().filter_map(|node| node.mesh);
    let primitives = meshes.flat_map(|mesh| &document.meshes[mesh].primitives);
    primitives.map(|primitive| primitive.indices.len() / 3).sum()
}

#[test]
fn entities_keep_their_ids_bounds_and_triangles() {
    let baked = baked_hills();
    let ids: Vec<&str> = baked.tables.entities.iter().map(|entity| entity.id.as_str()).collect();
    assert_eq!(ids, ["ball/left", "ball/right", "sign"]);
    let center = baked.tables.entities[1].bounds.center();
    assert!((center - Vec3::new(8.0, 3.0, 2.0)).length() < 0.05, "{center}");
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for chain in chains(baked) {
        let mut coarsest = BTreeSet::new();
        for (level, tile) in chain.iter().enumerate() {
            let decoded = Decoded::of(baked, tile);
            let entities = decoded.parts.iter().filter_map(|part| Some((part.entity.clone()?, part)));
            for (entity, part) in entities {
                if level == 0 {
                    *found.entry(entity.clone()).or_default() += part.indices.len() / 3;
                }
                if level + 1 == chain.len() {
                    coarsest.insert(entity);
                }
            }
        }
        assert!(chain.len() > 3 && coarsest.iter().all(|entity| found.contains_key(entity)));
    }
    let expected = [("ball/left", 40 * 40 * 2 - 80), ("ball/right", 40 * 40 * 2 - 80), ("sign", 128)];
    let expected = expected.map(|(id, count)| (id.to_owned(), count));
    assert_eq!(found, BTreeMap::from(expected));
}

#[test]
fn unique_names_are_entities_where_the_file_names_none() {
    let mut document = hills();
    document.nodes.iter_mut().for_each(|node| node.entity = None);
    let baked = bake_document(&document, &quick(), &mut |_| ControlFlow::Continue(())).unwrap();
    let ids: Vec<&str> = baked.tables.entities.iter().map(|entity| entity.id.as_str()).collect();
    // There are two nodes called "ball", and "sun" has no mesh.
    assert_eq!(ids, ["ground", "plate"]);
}

#[test]
fn breaking_off_and_emptiness_are_told_apart() {
    let mut calls = 0;
    let result = bake_document(&hills(), &BakeOptions::default(), &mut |_| {
        calls += 1;
        if calls == 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(result, Err(BakeError::Interrupted)));
    let empty = crate::scene::gltf::Document::default();
    let result = bake_document(&empty, &quick(), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(result, Err(BakeError::Empty)));
}

#[test]
fn what_can_be_taken_is_a_tile_of_its_own_beside_the_tree() {
    use crate::scene::PropId;
    use crate::scene::gltf::document::PropExtras;
    let mut document = hills();
    let plain = baked_hills();
    // A copy of the whole scene, small enough for a hand, turned and somewhere else.
    let place = glam::Vec3::new(3.0, 1.5, -2.0);
    let shrink = Affine3A::from_scale_rotation_translation(
        Vec3::splat(0.004),
        glam::Quat::from_rotation_y(0.7),
        place,
    );
    let mut thing = document.nodes.iter().find(|node| node.mesh.is_some()).unwrap().clone();
    thing.name = Some("thing".to_owned());
    thing.entity = Some("thing".to_owned());
    thing.parent = None;
    thing.world_from_node = shrink;
    thing.prop = Some(PropExtras { mass_kilograms: 0.5 });
    document.nodes.push(thing);
    let baked = bake(&document);
    let tileset = Tileset::try_from(baked.tables.clone()).unwrap();
    assert_eq!(tileset.props().len(), 1);
    let prop = &tileset.props()[0];
    assert!(prop.home.position.abs_diff_eq(place, 1e-5) && prop.mass_kilograms == 0.5);
    assert!(prop.home.forward().abs_diff_eq(glam::Quat::from_rotation_y(0.7) * Vec3::NEG_Z, 1e-5));
    let entity = &tileset.entities()[prop.entity.unwrap().index()];
    assert!(entity.id == "thing" && entity.bounds.distance(place) < 1.0);
    let tile = tileset.tile(tileset.prop_tile(PropId(0)));
    assert!(tile.bounds.half_extent().max_element() < 1.0 && tile.content.is_some());
    let inside = |point: &Vec3| tile.bounds.distance(*point) < 1e-3;
    assert!(prop.hull.len() >= 4 && prop.hull.iter().all(inside));
    // The tree and the ground are as if it were not there.
    assert_eq!(tileset.bounds(), Tileset::try_from(plain.tables.clone()).unwrap().bounds());
    assert_eq!(tileset.grounds().len(), plain.tables.colliders.len());
    assert_eq!(tileset.tiles().len(), plain.tables.tiles.len() + 1);
}

#[test]
fn the_ground_is_near_the_surface_and_what_cells_share_meets() {
    let baked = baked_hills();
    assert!(baked.tables.colliders.len() >= 4);
    let mut triangles = 0;
    for cell in &baked.tables.colliders {
        let blob = &baked.blobs[cell.blob.index()];
        let ground = crate::scene::collider::decode(&blob.bytes).unwrap();
        triangles += ground.triangles.len();
        assert!(ground.vertices.iter().all(|vertex| cell.bounds.distance(*vertex) < 1e-3));
    }
    let finest: u32 =
        baked.tables.tiles.iter().filter(|tile| tile.child_count == 0).map(|tile| tile.triangle_count).sum();
    assert!(triangles > 100 && triangles < finest as usize / 2, "{triangles} of {finest}");
    // From above, wherever there was ground there still is, at its height: no gap between cells.
    let mut world = crate::physics::World::new(baked.tables.colliders.iter().map(|cell| cell.bounds));
    for (cell, index) in baked.tables.colliders.iter().zip(0..) {
        let ground = crate::scene::collider::decode(&baked.blobs[cell.blob.index()].bytes).unwrap();
        world.insert(crate::scene::ColliderId(index), crate::physics::Surface::new(ground).as_ref());
    }
    let (mut tested, mut worst) = (0, 0.0_f32);
    for index in 0..10_000 {
        let (x, z) = ((index % 100) as f32 * 0.39 - 19.4, (index / 100) as f32 * 0.39 - 19.4);
        let is_below_a_ball = [(-8.0, 0.0), (8.0, 2.0)].iter().any(|(a, b)| (x - a).hypot(z - b) < 2.5);
        if is_below_a_ball {
            continue;
        }
        // The hills on paper, see `hills`.
        let height = (x * 0.4).sin() * (z * 0.3).cos() * 1.5 + (x * 1.7).sin() * 0.1;
        let hit = world.cast_ray(Vec3::new(x, height + 0.5, z), Vec3::NEG_Y, 1.0);
        let hit = hit.unwrap_or_else(|| panic!("a gap at {x} {z}"));
        worst = worst.max((hit.point.y - height).abs());
        tested += 1;
    }
    println!("{triangles} triangles of {finest}, off by {worst} m");
    assert!(tested > 9000 && worst < 0.06, "off by {worst} m");
}
