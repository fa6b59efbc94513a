//! A small tree, looked at from places where the right answer is known.

#![allow(clippy::unwrap_used)]

mod fading;
mod moving;
mod occluded;
mod placed;

use glam::{Affine3A, Vec3};

use super::*;
use crate::math::{Aabb, Cone, Fov, Sphere};
use crate::scene::actor::{NameLayer, Shape};
use crate::scene::mesh::Reads;
use crate::scene::tileset::{Blob, Tables};
use crate::scene::{AlphaMode, Batch, BlobId, Chunk, Chunks, ContentHash, ResidentTile, Tile, Tileset};

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
        draw_count: 1,
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
    arrive_of(scene, tile, 6);
}

fn arrive_of(scene: &mut Scene, tile: u32, triangle_count: u32) {
    let chunk = |number, alpha| Chunk {
        first_index: number * triangle_count,
        index_count: triangle_count,
        bounds: scene.tileset.tile(TileId(tile)).bounds.sphere(),
        cone: Cone::ANY,
        batch: Batch { alpha, ..Batch::default() },
        entity: None,
    };
    let chunks = [chunk(0, AlphaMode::Opaque), chunk(1, AlphaMode::Opaque), chunk(2, AlphaMode::Blend)];
    let chunks = Chunks::from(&chunks[..]);
    let resident = ResidentTile {
        chunks,
        occluders: Vec::new(),
        world_from_grid: Affine3A::IDENTITY,
        motion: None,
        size_bytes: 100,
    };
    scene.set_resident(TileId(tile), Some(resident));
}

fn eyes(position: Vec3, yaw_radians: f32) -> ViewPair {
    ViewPair::around(Pose::standing(position, yaw_radians, 0.0), Fov::symmetric(1.4, 1.0), 0.063)
}

fn sight(views: &ViewPair) -> Sight<'_> {
    const QUALITY: &Quality = &Quality {
        fovea: Fovea::HEAD_ONLY,
        gaze: None,
        ahead: glam::Quat::IDENTITY,
        error_scale: 1.0,
        guard_radians: 2.0 / 180.0 * std::f32::consts::PI,
        budget: Budget::UNLIMITED,
        resident_bytes: u64::MAX,
    };
    Sight { views, pixel_radians: PIXEL_RADIANS, quality: QUALITY }
}

fn run(culler: &mut Culler, scene: &Scene, views: &ViewPair) -> (DrawList, Demand) {
    let (mut list, mut demand) = (DrawList::default(), Demand::default());
    culler.cull(scene, &[], &sight(views), &mut list, &mut demand);
    (list, demand)
}

fn tile_of(draw: &Draw) -> Option<u32> {
    match draw.source {
        Source::Tile(tile) => Some(tile.0),
        Source::Shapes => None,
    }
}

fn drawn(list: &DrawList) -> Vec<u32> {
    let mut tiles: Vec<u32> = list.draws.iter().filter_map(tile_of).collect();
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
    let crowd: Vec<Actor> = (0..80).map(|index| standing(Shape::Head, [0.0, 1.0, -index as f32])).collect();
    let mut frame = || culler.cull(&scene, &crowd, &sight(&near), &mut list, &mut demand);
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
        list.draws.iter().map(|d| (tile_of(d).unwrap(), d.batch.alpha, d.index_count)).collect();
    assert_eq!(shape.len(), 4);
    assert_eq!((shape[0].0, shape[0].1, shape[0].2), (4, AlphaMode::Opaque, 12), "nearest first, joined");
    assert_eq!((shape[1].0, shape[1].1, shape[1].2), (3, AlphaMode::Opaque, 12));
    assert_eq!((shape[2].0, shape[2].1), (3, AlphaMode::Blend), "farthest first");
    assert_eq!((shape[3].0, shape[3].1), (4, AlphaMode::Blend));
    assert_eq!(list.triangle_count, 12);
    assert!(list.draws.iter().all(|draw| (draw.instance as usize) < list.instances.len()));
}

/// A budget is kept whatever the eyes could tell apart, and spent where they look: on what is a little less
/// off, but before them.
#[test]
fn a_budget_is_spent_where_the_eyes_look() {
    let mut tables = scene().tileset.tables().clone();
    tables.tiles[1].geometric_error_metres = 0.06;
    tables.tiles[3].triangle_count = 400;
    tables.tiles[4].triangle_count = 400;
    let mut scene = Scene::new(Tileset::try_from(tables).unwrap());
    (0..5).for_each(|tile| arrive(&mut scene, tile));
    let views = eyes(Vec3::new(1.0, 1.0, 5.0), 0.0);
    let looking = |gaze, triangles| {
        let budget = Budget { triangles, ..Budget::UNLIMITED };
        let quality = Quality { gaze, budget, ..Quality::default() };
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        let (mut culler, mut list, mut demand) = (Culler::default(), DrawList::default(), Demand::default());
        (0..3).for_each(|_| culler.cull(&scene, &[], &sight, &mut list, &mut demand));
        (drawn(&list), list.excess)
    };
    let within = |triangles| looking(None, triangles);
    assert_eq!(within(1000), (vec![3, 4], 1.0));
    let (tiles, excess) = within(600);
    assert_eq!(tiles, [1, 4], "the right cell is before the eyes");
    assert!(excess > 10.0, "6 cm 4 m away are more than 1 mrad: {excess}");
    let aside = Vec3::new(-0.5, 0.0, -1.0).normalize_or_zero();
    assert_eq!(looking(Some(aside), 600).0, [2, 3], "who looks aside sees the left one");
    let (tiles, excess) = within(7);
    assert_eq!(tiles, [0]);
    assert!(excess > 100.0, "and half a metre: {excess}");
}

/// The same budget shows more where it is spent on what fills the view, if only at its edge, than on what is small there and
/// in the middle.
#[test]
fn a_budget_is_spent_on_what_fills_the_view() {
    let mut tables = scene().tileset.tables().clone();
    let cell = |x: f32, z: f32| Aabb { min: Vec3::new(x, 0.0, z), max: Vec3::new(x + 2.0, 2.0, z + 2.0) };
    let (near, far) = (cell(-3.0, 2.0), cell(-1.0, -21.0));
    tables.tiles[0].bounds = Aabb { min: far.min.min(near.min), max: far.max.max(near.max) };
    for (tile, bounds) in tables.tiles[1..].iter_mut().zip([near, far, near, far]) {
        tile.bounds = bounds;
    }
    tables.tiles[2].geometric_error_metres = 0.1;
    tables.tiles[3..].iter_mut().for_each(|tile| tile.triangle_count = 400);
    let mut scene = Scene::new(Tileset::try_from(tables).unwrap());
    (0..5).for_each(|tile| arrive(&mut scene, tile));
    let views = eyes(Vec3::new(0.0, 1.0, 6.0), 0.0);
    let within = |triangles| {
        let quality = Quality { budget: Budget { triangles, ..Budget::UNLIMITED }, ..Quality::default() };
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        let (mut list, mut demand) = (DrawList::default(), Demand::default());
        Culler::default().cull(&scene, &[], &sight, &mut list, &mut demand);
        drawn(&list)
    };
    assert_eq!(within(1000), [3, 4], "both are worth it");
    assert_eq!(within(600), [2, 3]);
}

/// Where finer tiles stand in for a coarser one that is not here, drawing it costs too much until that comes: so it is
/// asked for, although what is drawn till then is coarser still.
#[test]
fn what_would_be_affordable_is_asked_for() {
    let mut tables = scene().tileset.tables().clone();
    (3..5).for_each(|tile| tables.tiles[tile].triangle_count = 300);
    let mut scene = Scene::new(Tileset::try_from(tables).unwrap());
    arrive(&mut scene, 0);
    (3..5).for_each(|tile| arrive_of(&mut scene, tile, 300));
    let views = eyes(Vec3::new(1.0, 1.0, 5.0), 0.0);
    let quality = Quality { budget: Budget { triangles: 500, ..Budget::UNLIMITED }, ..Quality::default() };
    let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
    let mut culler = Culler::default();
    let mut frame = |scene: &Scene| {
        let (mut list, mut demand) = (DrawList::default(), Demand::default());
        culler.cull(scene, &[], &sight, &mut list, &mut demand);
        (drawn(&list), list.triangle_count, wanted(&demand))
    };
    let (tiles, triangle_count, wants) = frame(&scene);
    assert_eq!((tiles, wants), (vec![0], vec![1]), "the right cell is before the eyes");
    assert!(triangle_count <= 500, "{triangle_count} triangles");
    arrive(&mut scene, 1);
    let (tiles, triangle_count, wants) = frame(&scene);
    assert_eq!((tiles, wants), (vec![1, 4], vec![]));
    assert!(triangle_count <= 500, "{triangle_count} triangles");
}

/// However little a frame may cost: something of the place, and somebody of those who are there.
#[test]
fn what_cannot_be_afforded_is_shown_as_coarse_as_can_be() {
    let mut scene = scene();
    (0..5).for_each(|tile| arrive(&mut scene, tile));
    let views = eyes(Vec3::new(0.0, 1.0, 6.0), 0.0);
    let crowd: Vec<Actor> =
        (0..200).map(|index| standing(Shape::Head, [0.0, 1.0, -(index as f32)])).collect();
    let head = u64::from(crate::scene::actor::built_in().chunk(Shape::Head).index_count / 3);
    let within = |triangles| {
        let quality = Quality { budget: Budget { triangles, draws: 3 }, ..Quality::default() };
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        let (mut list, mut demand) = (DrawList::default(), Demand::default());
        Culler::default().cull(&scene, &crowd, &sight, &mut list, &mut demand);
        (drawn(&list), of_shapes(&list)[0].instance_count)
    };
    assert_eq!(within(1), (vec![0], 1));
    assert_eq!(within(20 * head), (vec![0], 10), "half of the triangles are the crowd's");
}

/// A manifest that calls its tiles empty is not believed once they are here, and nobody looks in the direction of
/// what is no direction.
#[test]
fn what_a_host_or_a_runtime_says_is_held_against_what_is_there() {
    let mut tables = scene().tileset.tables().clone();
    tables.tiles.iter_mut().for_each(|tile| (tile.triangle_count, tile.draw_count) = (0, 0));
    let mut scene = Scene::new(Tileset::try_from(tables).unwrap());
    (0..5).for_each(|tile| arrive(&mut scene, tile));
    let views = eyes(Vec3::new(0.0, 1.0, 6.0), 0.0);
    let within = |gaze, triangles| {
        let budget = Budget { triangles, ..Budget::UNLIMITED };
        let quality = Quality { gaze, budget, ..Quality::default() };
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        let (mut list, mut demand) = (DrawList::default(), Demand::default());
        Culler::default().cull(&scene, &[], &sight, &mut list, &mut demand);
        (drawn(&list), list.triangle_count, list.excess)
    };
    assert_eq!(within(None, 11).1, 6, "both cells would be 12");
    assert_eq!(within(None, 12).0, [3, 4]);
    // Far beside the gaze a centimetre goes unseen, unless nobody knows where that is.
    let mut tables = scene.tileset.tables().clone();
    (1..3).for_each(|tile| tables.tiles[tile].geometric_error_metres = 0.01);
    let mut scene = Scene::new(Tileset::try_from(tables).unwrap());
    (0..5).for_each(|tile| arrive(&mut scene, tile));
    let views = eyes(Vec3::new(4.0, 1.0, 6.0), 0.0);
    for gaze in [None, Some(Vec3::NAN), Some(Vec3::ZERO), Some(Vec3::splat(f32::INFINITY))] {
        let quality = Quality { gaze, budget: Budget::UNLIMITED, ..Quality::default() };
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        let (mut list, mut demand) = (DrawList::default(), Demand::default());
        Culler::default().cull(&scene, &[], &sight, &mut list, &mut demand);
        assert_eq!(drawn(&list), [1, 4], "{gaze:?}");
    }
}

/// A root of two chunks, glass, seen from so far: which indices each draw begins with, in order.
fn panes(radius: f32, distance: f32) -> Vec<u32> {
    let mut scene = scene();
    arrive(&mut scene, 0);
    let pane = |first_index, z| Chunk {
        first_index,
        index_count: 6,
        bounds: Sphere { center: Vec3::new(0.0, 1.0, z), radius },
        cone: Cone::ANY,
        batch: Batch { alpha: AlphaMode::Blend, ..Batch::default() },
        entity: None,
    };
    let mut resident = scene.resident(TileId(0)).unwrap().clone();
    resident.chunks = Chunks::from(&[pane(0, 0.9), pane(6, -0.9)][..]);
    scene.set_resident(TileId(0), Some(resident));
    let (list, _) = run(&mut Culler::default(), &scene, &eyes(Vec3::new(0.0, 1.0, distance), 0.0));
    list.draws.iter().map(|draw| draw.first_index).collect()
}

#[test]
fn panes_are_drawn_far_to_near_where_that_can_be_told() {
    assert_eq!(panes(0.1, 2.0), [6, 0], "the farther one first");
    assert_eq!(panes(0.1, 20.0), [0], "at once");
}

/// 1 mrad is a pixel: half of it across is left out, a whole one is not.
#[test]
fn what_is_too_small_to_be_seen_is_left_out() {
    assert_eq!(panes(0.011, 20.0), [0]);
    assert_eq!(panes(0.004, 20.0), [0; 0]);
}

/// Pixels that read less are worth a draw where there are many of them.
#[test]
fn what_reads_different_images_is_drawn_at_once_from_afar() {
    let mut scene = scene();
    arrive(&mut scene, 0);
    let chunk = |first_index, reads| Chunk {
        first_index,
        index_count: 6,
        bounds: scene.tileset.tile(TileId(0)).bounds.sphere(),
        cone: Cone::ANY,
        batch: Batch { reads, ..Batch::default() },
        entity: None,
    };
    let chunks = [chunk(0, Reads::Nothing), chunk(6, Reads::All), chunk(12, Reads::All)];
    let mut resident = scene.resident(TileId(0)).unwrap().clone();
    resident.chunks = Chunks::from(&chunks[..]);
    scene.set_resident(TileId(0), Some(resident));
    let draws = |distance| {
        let (list, _) = run(&mut Culler::default(), &scene, &eyes(Vec3::new(0.0, 1.0, distance), 0.0));
        assert_eq!(list.triangle_count, 6);
        list.draws
            .iter()
            .map(|draw| (draw.first_index, draw.index_count, draw.batch.reads))
            .collect::<Vec<_>>()
    };
    assert_eq!(draws(4.0), [(0, 6, Reads::Nothing), (6, 12, Reads::All)]);
    assert_eq!(draws(20.0), [(0, 18, Reads::All)]);
}

#[test]
fn a_chunk_out_of_view_is_not_drawn() {
    let mut scene = scene();
    arrive(&mut scene, 0);
    let mut resident = scene.resident(TileId(0)).unwrap().clone();
    resident.chunks.spheres[0].set(0, Sphere { center: Vec3::new(0.0, 1.0, 500.0), radius: 1.0 });
    scene.set_resident(TileId(0), Some(resident));
    let (list, _) = run(&mut Culler::default(), &scene, &eyes(Vec3::new(0.0, 1.0, 2.0), 0.0));
    assert_eq!(list.draws[0].first_index, 6);
    assert_eq!(list.triangle_count, 4);
}

/// Somebody's part there, unturned.
fn standing(shape: Shape, [x, y, z]: [f32; 3]) -> Actor {
    let world_from_shape = Affine3A::from_translation(Vec3::new(x, y, z));
    Actor { shape, world_from_shape, tint: [255; 4], name: NameLayer::default() }
}

fn run_crowd(actors: &[Actor], views: &ViewPair) -> DrawList {
    let mut scene = scene();
    arrive(&mut scene, 0);
    let (mut list, mut demand) = (DrawList::default(), Demand::default());
    Culler::default().cull(&scene, actors, &sight(views), &mut list, &mut demand);
    list
}

fn of_shapes(list: &DrawList) -> Vec<Draw> {
    list.draws.iter().filter(|draw| draw.source == Source::Shapes).copied().collect()
}

/// Where the instances of a draw stand along Z: their grid begins 0.4 m before them.
fn depths(list: &DrawList, draw: &Draw) -> Vec<f32> {
    let range = draw.instance as usize..(draw.instance + draw.instance_count) as usize;
    list.instances[range].iter().map(|instance| (instance.world_from_grid[2].w + 0.4).round()).collect()
}

#[test]
fn people_are_one_draw_a_shape_near_to_far_among_the_tiles() {
    let people = [-9.0, -3.0, -6.0];
    let person = [Shape::Head, Shape::LeftHand, Shape::RightHand, Shape::NameTag];
    let actors: Vec<Actor> =
        people.iter().flat_map(|&z| person.map(|shape| standing(shape, [0.0, 1.0, z]))).collect();
    let list = run_crowd(&actors, &eyes(Vec3::new(0.0, 1.0, 6.0), 0.0));
    let draws = of_shapes(&list);
    assert_eq!(draws.len(), 4);
    for draw in &draws {
        assert_eq!(depths(&list, draw), [-3.0, -6.0, -9.0]);
    }
    assert_eq!(draws[3].batch.alpha, AlphaMode::Mask, "names come after what is opaque");
    assert_eq!(tile_of(&list.draws[0]), Some(0), "the tile is nearer than all of them");
    let triangles: u32 = draws.iter().map(|draw| draw.index_count / 3 * draw.instance_count).sum();
    assert_eq!(list.triangle_count, u64::from(triangles) + 6);
    assert!(list.draws.iter().all(|d| (d.instance + d.instance_count) as usize <= list.instances.len()));
    // Before the tile, a person is drawn before it.
    let list = run_crowd(&[standing(Shape::Head, [0.0, 1.0, 4.0])], &eyes(Vec3::new(0.0, 1.0, 6.0), 0.0));
    assert_eq!(list.draws[0].source, Source::Shapes);
}

#[test]
fn who_is_out_of_view_too_small_or_nowhere_is_not_drawn() {
    let views = eyes(Vec3::new(0.0, 1.0, 6.0), 0.0);
    // A hand of 0.2 m is a pixel of 1 mrad 200 m away.
    let unseen = [
        standing(Shape::Head, [0.0, 1.0, 8.0]),
        standing(Shape::Head, [-40.0, 1.0, 0.0]),
        standing(Shape::LeftHand, [0.0, 1.0, -500.0]),
        standing(Shape::Head, [0.0, f32::NAN, 0.0]),
        standing(Shape::Head, [0.0, f32::INFINITY, 0.0]),
        Actor { tint: [255, 255, 255, 0], ..standing(Shape::Head, [0.0, 1.0, 0.0]) },
    ];
    for actor in unseen {
        assert!(of_shapes(&run_crowd(&[actor], &views)).is_empty(), "{actor:?}");
    }
    // Half in view counts as in view.
    let edge = 6.0 * 0.7_f32.tan();
    assert_eq!(of_shapes(&run_crowd(&[standing(Shape::Head, [edge + 0.1, 1.0, 0.0])], &views)).len(), 1);
    assert_eq!(of_shapes(&run_crowd(&[standing(Shape::LeftHand, [0.0, 1.0, -50.0])], &views)).len(), 1);
}

#[test]
fn of_a_crowd_the_nearest_are_drawn() {
    let actors: Vec<Actor> =
        (0..200).rev().map(|index| standing(Shape::Head, [0.0, 1.0, -(index as f32)])).collect();
    let list = run_crowd(&actors, &eyes(Vec3::new(0.0, 1.0, 6.0), 0.0));
    let draws = of_shapes(&list);
    assert_eq!((draws.len(), draws[0].instance_count as usize), (1, crowd::ACTORS_PER_SHAPE_MAX));
    assert_eq!(depths(&list, &draws[0]), (0..64).map(|index| -(index as f32)).collect::<Vec<_>>());
}

/// Who fades is blended over all the others, the farthest first.
#[test]
fn the_fading_are_blended_far_to_near() {
    let fading = |z| Actor { tint: [255, 0, 0, 100], ..standing(Shape::Head, [0.0, 1.0, z]) };
    let actors = [fading(4.0), standing(Shape::Head, [0.0, 1.0, 1.0]), fading(2.0)];
    let list = run_crowd(&actors, &eyes(Vec3::new(0.0, 1.0, 6.0), 0.0));
    let draws = of_shapes(&list);
    assert_eq!(
        draws.iter().map(|draw| draw.batch.alpha).collect::<Vec<_>>(),
        [AlphaMode::Opaque, AlphaMode::Blend]
    );
    assert_eq!(depths(&list, &draws[1]), [2.0, 4.0]);
    assert_eq!(list.draws.last(), Some(&draws[1]));
    assert_eq!(list.instances[draws[1].instance as usize].tint, [255, 0, 0, 100]);
}

#[test]
fn a_prop_is_asked_for_when_near_and_drawn_where_it_is() {
    use crate::scene::{Prop, PropId};
    let plain = scene();
    let mut tables = plain.tileset.tables().clone();
    let home = Pose { position: Vec3::new(0.5, 1.0, 3.0), ..Pose::IDENTITY };
    let corners = [Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::Z].map(|corner| corner * 0.1);
    tables.props.push(Prop { home, mass_kilograms: 0.3, hull: corners.to_vec(), entity: None });
    let template = tables.tiles[0].clone();
    let bounds = Aabb { min: Vec3::splat(-0.05), max: Vec3::splat(0.05) };
    tables.tiles.push(Tile {
        bounds,
        first_child: 0,
        child_count: 0,
        geometric_error_metres: 0.0,
        ..template
    });
    let mut scene = Scene::new(Tileset::try_from(tables).unwrap());
    let id = scene.tileset.prop_tile(PropId(0));
    arrive(&mut scene, 0);
    let (mut list, mut demand) = (DrawList::default(), Demand::default());
    let views = eyes(Vec3::new(0.0, 1.0, 6.0), 0.0);
    let mut culler = Culler::default();
    culler.cull(&scene, &[], &sight(&views), &mut list, &mut demand);
    assert!(demand.wants.iter().any(|want| want.tile == id));
    assert!(list.draws.iter().all(|draw| draw.source != Source::Tile(id)));

    arrive(&mut scene, id.0);
    culler.cull(&scene, &[], &sight(&views), &mut list, &mut demand);
    assert!(demand.keeps.contains(&id) && demand.wants.iter().all(|want| want.tile != id));
    let place = |list: &DrawList| {
        let draw = list.draws.iter().find(|draw| draw.source == Source::Tile(id));
        draw.map(|draw| list.instances[draw.instance as usize].world_from_grid.map(|row| row.w))
    };
    let before = place(&list).expect("it is drawn");
    let moved = Vec3::new(-0.25, 0.5, 1.0);
    scene.place_prop(PropId(0), Pose { position: home.position + moved, ..home });
    culler.cull(&scene, &[], &sight(&views), &mut list, &mut demand);
    let after = place(&list).expect("it is drawn there");
    assert!((Vec3::from(after) - Vec3::from(before)).abs_diff_eq(moved, 1e-4));
    // Behind the person it is kept and not drawn; far away it is neither.
    scene.place_prop(PropId(0), Pose { position: Vec3::new(0.0, 1.0, 9.0), ..home });
    culler.cull(&scene, &[], &sight(&views), &mut list, &mut demand);
    assert!(demand.keeps.contains(&id) && place(&list).is_none());
    scene.place_prop(PropId(0), Pose { position: Vec3::new(0.0, 1.0, -90.0), ..home });
    culler.cull(&scene, &[], &sight(&views), &mut list, &mut demand);
    assert!(!demand.keeps.contains(&id) && place(&list).is_none());
}

/// While a venue comes, what was afforded first does not stay for that; once all was there, a step aside changes
/// nothing.
#[test]
fn what_came_first_decides_nothing_and_then_the_cut_rests() {
    let mut tables = scene().tileset.tables().clone();
    tables.tiles[3..].iter_mut().for_each(|tile| tile.triangle_count = 100);
    let mut scene = Scene::new(Tileset::try_from(tables).unwrap());
    (0..3).for_each(|tile| arrive(&mut scene, tile));
    let quality = Quality { budget: Budget { triangles: 150, draws: 100 }, ..Quality::default() };
    let mut culler = Culler::default();
    let mut wants = |scene: &Scene, x: f32| {
        let views = eyes(Vec3::new(x, 1.0, 6.0), 0.0);
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        let (mut list, mut demand) = (DrawList::default(), Demand::default());
        culler.cull(scene, &[], &sight, &mut list, &mut demand);
        (wanted(&demand), drawn(&list))
    };
    assert_eq!(wants(&scene, -0.05).0, [3]);
    assert_eq!(wants(&scene, 0.05).0, [4]);
    (3..5).for_each(|tile| arrive(&mut scene, tile));
    assert_eq!(wants(&scene, 0.05), (vec![], vec![1, 4]));
    assert_eq!(wants(&scene, -0.05), (vec![], vec![1, 4]));
}
