//! What bake writes is what viewers read.

use super::decoded::Decoded;
use super::scenes::baked_hills;
use crate::protocol::manifest;
use crate::scene::mesh::{TileMesh, unit_from_octahedral};
use crate::scene::{TileId, Tileset, tile};

fn world_positions(mesh: &TileMesh) -> Vec<glam::Vec3> {
    let place = |grid: [u16; 3]| mesh.world_from_grid.transform_point3(grid.map(f32::from).into());
    mesh.positions.iter().map(|position| place(position.grid)).collect()
}

#[test]
fn every_tile_reads_back_as_it_was_written() {
    let baked = baked_hills();
    let tileset = manifest::decode(&manifest::encode(&baked.tables).unwrap()).unwrap();
    assert_eq!(tileset.tables(), &baked.tables);
    for (number, listed) in baked.tables.tiles.iter().enumerate() {
        let bytes = &baked.blobs[listed.content.unwrap().index()].bytes;
        let mesh = tile::decode(bytes, &tileset, TileId(number as u32))
            .unwrap_or_else(|error| panic!("tile {number}: {error}"));
        let expected = Decoded::of(baked, listed);
        assert_eq!(mesh.indices.len() / 3, listed.triangle_count as usize);
        assert_eq!(mesh.positions.len(), expected.positions.len());
        for (found, expected) in world_positions(&mesh).into_iter().zip(&expected.positions) {
            assert!(found.abs_diff_eq(*expected, 1e-5), "tile {number}: {found} for {expected}");
        }
        for (attributes, expected) in mesh.attributes.iter().zip(&expected.normals) {
            assert!(unit_from_octahedral(attributes.normal).dot(expected.normalize_or_zero()) > 0.999);
        }
        check_order(&mesh, &expected, &tileset);
    }
}

/// Bake orders indices by batch, so reading finds them in order, with their entities.
fn check_order(mesh: &TileMesh, expected: &Decoded, tileset: &Tileset) {
    assert!(mesh.chunks.is_sorted_by_key(|chunk| (chunk.batch, chunk.first_index)));
    let name = |entity: crate::scene::EntityIndex| tileset.entities()[entity.index()].id.clone();
    let mut found: Vec<_> =
        mesh.chunks.iter().map(|chunk| (chunk.entity.map(name), chunk.index_count as usize)).collect();
    let mut written: Vec<_> =
        expected.parts.iter().map(|part| (part.entity.clone(), part.indices.len())).collect();
    found.sort();
    written.sort();
    assert_eq!(found, written);
}

#[test]
fn the_first_view_needs_small_images_only() {
    let baked = baked_hills();
    let tables = &baked.tables;
    let root = &tables.tiles[0];
    // The plate's two images are 128 and 32 texels wide: the normal map goes, the colour stays.
    assert_eq!(root.images.len(), 1);
    assert!(root.images.iter().all(|image| tables.images[image.index()].side_log2 <= 6));
    let finest: usize = tables.tiles.iter().map(|tile| tile.images.len()).max().unwrap();
    assert_eq!(finest, 2);
}
