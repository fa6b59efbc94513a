//! A small tree, looked at from places where the right answer is known.

#![allow(clippy::unwrap_used)]

use glam::{Affine3A, Vec3};

use super::*;
use crate::math::{Aabb, Fov, Sphere};
use crate::scene::tileset::{Blob, Tables};
use crate::scene::{AlphaMode, Batch, BlobId, Chunk, ContentHash, ResidentTile, Tile, Tileset};

const PIXEL_RADIANS: f32 = 0.001;

fn bounds(x: f32) -> Aabb {
    Aabb { min: Vec3::new(x, 0.0, -1.0), max: Vec3::new(x + 2.0, 2.0, 1.0) }
}

/// A root of two cells, each a chain of two levels: 0 → {1, 2}, 1 → 3, 2 → 4.
fn scene() -> Scene {
    let tile = |bounds, error, first_child, child_count| Tile {
        bounds,
        geometric_error_metres: error,
        first_child,
        child_count,
        content: Some(BlobId(0)),
        images: Vec::new(),
        triangle_count: 4,
    };
    let tiles = vec![
        tile(Aabb { min: Vec3::new(-2.0, 0.0, -1.0), max: Vec3::new(2.0, 2.0, 1.0) }, 0.5, 1, 2),
        tile(bounds(-2.0), 0.05, 3, 1),
        tile(bounds(0.0), 0.05, 4, 1),
        tile(bounds(-2.0), 0.0, 0, 0),
        tile(bounds(0.0), 0.0, 0, 0),
    ];
    let blobs = vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }];
    Scene::new(Tileset::try_from(Tables { tiles, blobs, ..Tables::default() }).unwrap())
}

fn arrive(scene: &mut Scene, tile: u32) {
    let chunk = |first_index, alpha| Chunk {
        first_index,
        index_count: 6,
        bounds: scene.tileset.tile(TileId(tile)).bounds.sphere(),
        batch: Batch { alpha, ..Batch::default() },
        entity: None,
    };
    let chunks = vec![chunk(0, AlphaMode::Opaque), chunk(6, AlphaMode::Opaque), chunk(12, AlphaMode::Blend)];
    let resident = ResidentTile { chunks, world_from_grid: Affine3A::IDENTITY, size_bytes: 100 };
    scene.set_resident(TileId(tile), Some(resident));
}

fn eyes(position: Vec3, yaw_radians: f32) -> ViewPair {
    ViewPair::around(Pose::standing(position, yaw_radians, 0.0), Fov::symmetric(1.4, 1.0), 0.063)
}

fn run(culler: &mut Culler, scene: &Scene, views: &ViewPair) -> (DrawList, Demand) {
    let (mut list, mut demand) = (DrawList::default(), Demand::default());
    culler.cull(scene, views, PIXEL_RADIANS, &Quality::default(), &mut list, &mut demand);
    (list, demand)
}

fn drawn(list: &DrawList) -> Vec<u32> {
    let mut tiles: Vec<u32> = list.draws.iter().map(|draw| draw.tile.0).collect();
    tiles.sort_unstable();
    tiles.dedup();
    tiles
}

fn wanted(demand: &Demand) -> Vec<u32> {
    demand.wants.iter().map(|want| want.tile.0).collect()
}

/// The lists keep their memory, so that a frame asks for none.
#[cfg(feature = "viewer")]
#[test]
fn steady_culling_allocates_nothing() {
    let mut scene = scene();
    [0, 3].into_iter().for_each(|tile| arrive(&mut scene, tile));
    let (mut culler, mut list, mut demand) = (Culler::default(), DrawList::default(), Demand::default());
    let near = eyes(Vec3::new(0.0, 1.0, 6.0), 0.0);
    let mut frame = || culler.cull(&scene, &near, PIXEL_RADIANS, &Quality::default(), &mut list, &mut demand);
    frame();
    let ((), heard) = crate::tests::allocator::during(frame);
    assert_eq!((heard.ours, heard.theirs), (Vec::new(), 0));
}

#[test]
fn the_coarsest_comes_first_and_then_only_the_cut() {
    let mut scene = scene();
    let mut culler = Culler::default();
    let near = eyes(Vec3::new(0.0, 1.0, 6.0), 0.0);
    let (list, demand) = run(&mut culler, &scene, &near);
    assert!(list.draws.is_empty());
    assert_eq!(wanted(&demand)[0], 0, "nothing is shown yet, so the root matters most");
    arrive(&mut scene, 0);
    let (list, demand) = run(&mut culler, &scene, &near);
    assert_eq!(drawn(&list), [0]);
    // 5 m away, 0.05 m of error is 10 pixels: the finest level is the cut, the middle one is skipped.
    assert_eq!(wanted(&demand), [3, 4]);
}

#[test]
fn a_parent_stays_until_all_its_children_are_here() {
    let mut scene = scene();
    let mut culler = Culler::default();
    let near = eyes(Vec3::new(0.0, 1.0, 6.0), 0.0);
    arrive(&mut scene, 0);
    arrive(&mut scene, 3);
    let (list, demand) = run(&mut culler, &scene, &near);
    assert_eq!(drawn(&list), [0], "half of the cut would leave a hole");
    assert_eq!(wanted(&demand), [4]);
    arrive(&mut scene, 4);
    let (list, demand) = run(&mut culler, &scene, &near);
    assert_eq!(drawn(&list), [3, 4]);
    assert!(demand.is_satisfied());
    assert!(demand.keeps.contains(&TileId(0)), "what covers the scene when the head turns is kept");
}

#[test]
fn far_away_the_root_is_enough_and_the_choice_has_hysteresis() {
    let mut scene = scene();
    (0..5).for_each(|tile| arrive(&mut scene, tile));
    let mut culler = Culler::default();
    let at = |distance: f32| eyes(Vec3::new(0.0, 1.0, distance), 0.0);
    assert_eq!(drawn(&run(&mut culler, &scene, &at(700.0)).0), [0]);
    // The root's error of 0.5 m is one pixel of 1 mrad at 500 m (from its near face at z = 1).
    assert_eq!(drawn(&run(&mut culler, &scene, &at(490.0)).0), [1, 2]);
    assert_eq!(drawn(&run(&mut culler, &scene, &at(540.0)).0), [1, 2], "still refined just beyond");
    assert_eq!(drawn(&run(&mut culler, &scene, &at(700.0)).0), [0]);
}

#[test]
fn finer_tiles_stand_in_for_a_missing_coarse_one() {
    let mut scene = scene();
    [0, 3, 4].into_iter().for_each(|tile| arrive(&mut scene, tile));
    let (list, demand) = run(&mut Culler::default(), &scene, &eyes(Vec3::new(0.0, 1.0, 200.0), 0.0));
    assert_eq!(drawn(&list), [3, 4], "1 and 2 would do, but what is below them is here");
    assert_eq!(wanted(&demand), [1, 2]);
    assert!([3, 4].into_iter().all(|tile| demand.keeps.contains(&TileId(tile))));
}

#[test]
fn behind_the_head_nothing_is_drawn_but_something_is_wanted() {
    let mut scene = scene();
    arrive(&mut scene, 0);
    let (list, demand) =
        run(&mut Culler::default(), &scene, &eyes(Vec3::new(0.0, 1.0, 3.0), std::f32::consts::PI));
    assert!(list.draws.is_empty());
    assert!(demand.wants.iter().all(|want| want.importance < 1e4));
}

#[test]
fn neighbouring_chunks_become_one_draw_and_blended_ones_come_last() {
    let mut scene = scene();
    (0..5).for_each(|tile| arrive(&mut scene, tile));
    let (list, _) = run(&mut Culler::default(), &scene, &eyes(Vec3::new(1.0, 1.0, 6.0), 0.0));
    let shape: Vec<_> =
        list.draws.iter().map(|d| (d.tile.0, d.batch.alpha, d.index_count, d.instance as usize)).collect();
    assert_eq!(shape.len(), 4);
    assert_eq!((shape[0].0, shape[0].1, shape[0].2), (4, AlphaMode::Opaque, 12), "nearest first, joined");
    assert_eq!((shape[1].0, shape[1].1, shape[1].2), (3, AlphaMode::Opaque, 12));
    assert_eq!((shape[2].0, shape[2].1), (3, AlphaMode::Blend), "farthest first");
    assert_eq!((shape[3].0, shape[3].1), (4, AlphaMode::Blend));
    assert_eq!(list.triangle_count, 12);
    assert!(list.draws.iter().all(|draw| (draw.instance as usize) < list.instances.len()));
}

#[test]
fn a_chunk_out_of_view_is_not_drawn() {
    let mut scene = scene();
    arrive(&mut scene, 0);
    let mut resident = scene.resident(TileId(0)).unwrap().clone();
    resident.chunks[0].bounds = Sphere { center: Vec3::new(0.0, 1.0, 500.0), radius: 1.0 };
    scene.set_resident(TileId(0), Some(resident));
    let (list, _) = run(&mut Culler::default(), &scene, &eyes(Vec3::new(0.0, 1.0, 6.0), 0.0));
    assert_eq!(list.draws[0].first_index, 6);
    assert_eq!(list.triangle_count, 4);
}
