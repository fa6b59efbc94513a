//! The tree of tiles and what is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use glam::Vec3;

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
