//! What stands there several times is seen as if each were there by itself.

use std::collections::BTreeSet;

use super::occluded::is_between;
use super::*;
use crate::scene::{Occluder, Placement, Prototype};

const POSES: usize = 7;

/// Where they stand: a row that turns.
pub(super) fn pose(index: usize) -> Pose {
    Pose::standing(Vec3::new(index as f32 * 9.0 - 20.0, 0.3, -4.0 * index as f32), index as f32 * 0.8, 0.0)
}

/// The tree of `scene()`, in its own space.
fn prototype() -> Vec<Tile> {
    scene().tileset.tiles().to_vec()
}

fn hollow(bounds: Aabb, first_child: u32, child_count: u32) -> Tile {
    Tile {
        bounds,
        content: None,
        first_child,
        child_count,
        geometric_error_metres: 0.5,
        ..prototype()[0].clone()
    }
}

/// A root, a leaf for each place, and the prototype once.
pub(super) fn placed(root_content: Option<BlobId>) -> Scene {
    let own = prototype();
    let leaf = |index: usize| hollow(own[0].bounds.transformed(&pose(index).to_affine()), 0, 0);
    let leaves: Vec<Tile> = (0..POSES).map(leaf).collect();
    let all = leaves.iter().fold(Aabb::EMPTY, |all, leaf| all.union(leaf.bounds));
    let mut tiles = vec![Tile { content: root_content, ..hollow(all, 1, POSES as u32) }];
    tiles.extend(leaves);
    let root = TileId(tiles.len() as u32);
    tiles.extend(own.iter().cloned().map(|tile| Tile { first_child: tile.first_child + root.0, ..tile }));
    let tile_count = own.len() as u32;
    let prototypes = vec![Prototype { root, tile_count, first_collider: 0, collider_count: 0 }];
    let placement =
        |index: usize| Placement { tile: TileId(1 + index as u32), prototype: 0, pose: pose(index) };
    let placements = (0..POSES).map(placement).collect();
    let blobs = vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }];
    let tables = Tables { tiles, blobs, prototypes, placements, ..Tables::default() };
    Scene::new(Tileset::try_from(tables).unwrap())
}

/// Tiles of the prototype and where they are drawn, to the centimetre; and the triangles.
fn seen(list: &DrawList, root: u32) -> (BTreeSet<(u32, [i32; 3])>, u64) {
    let mut seen = BTreeSet::new();
    let mut triangles = 0;
    for draw in &list.draws {
        triangles += u64::from(draw.index_count / 3 * draw.instance_count);
        for instance in &list.instances[draw.instance as usize..][..draw.instance_count as usize] {
            let at = instance.world_from_grid.map(|row| (row.w * 100.0).round() as i32);
            seen.insert((tile_of(draw).unwrap() - root, at));
        }
    }
    assert_eq!(triangles, list.triangle_count);
    (seen, triangles)
}

#[test]
fn all_that_stands_there_is_seen_as_if_each_were_alone() {
    let mut together = placed(None);
    let root = 1 + POSES as u32;
    (root..root + 5).for_each(|tile| arrive(&mut together, tile));
    let mut alone = scene();
    (0..5).for_each(|tile| arrive(&mut alone, tile));
    let (mut culler, mut lone) = (Culler::default(), vec![Culler::default(); POSES]);
    let mut instanced = 0;
    for step in 0..60 {
        let head = Pose::standing(Vec3::new(step as f32 - 30.0, 1.5, 8.0), step as f32 * 0.11, 0.0);
        let views = ViewPair::around(head, Fov::symmetric(1.4, 1.0), 0.063);
        let (list, demand) = run(&mut culler, &together, &views);
        let (found, _) = seen(&list, root);
        let mut expected = BTreeSet::new();
        for (index, lone) in lone.iter_mut().enumerate() {
            let views = ViewPair::around(head.seen_from(pose(index)), Fov::symmetric(1.4, 1.0), 0.063);
            let (list, _) = run(lone, &alone, &views);
            let at = pose(index).position;
            let at = [at.x, at.y, at.z].map(|x| (x * 100.0).round() as i32);
            expected.extend(list.draws.iter().map(|draw| (tile_of(draw).unwrap(), at)));
        }
        assert_eq!(found, expected, "step {step}");
        assert!(demand.wants.is_empty() && demand.keeps.is_sorted_by(|a, b| a < b));
        instanced += list.draws.iter().filter(|draw| draw.instance_count > 1).count();
    }
    assert!(instanced > 30, "what is the same is one draw: {instanced}");
}

/// In the prototype's space, larger than all of it: what is turned against it needs more to be hidden.
const WALL: Occluder = Occluder {
    corners: [
        Vec3::new(-6.0, -2.0, 0.0),
        Vec3::new(6.0, -2.0, 0.0),
        Vec3::new(6.0, 6.0, 0.0),
        Vec3::new(-6.0, 6.0, 0.0),
    ],
    is_double_sided: true,
};

#[test]
fn what_stands_there_several_times_is_hidden_only_by_what_is_drawn_there() {
    let mut scene = placed(None);
    let root = 1 + POSES as u32;
    for tile in root..root + 5 {
        arrive(&mut scene, tile);
        let mut resident = scene.resident(TileId(tile)).unwrap().clone();
        resident.occluders.push(WALL);
        scene.set_resident(TileId(tile), Some(resident));
    }
    let mut culler = Culler::default();
    let mut hidden = 0;
    for step in 0..60 {
        // Along the row, from either side of its beginning.
        let head = Vec3::new(-29.0, 1.5, 4.0 + (step % 12) as f32 * 0.4 - 2.4);
        let views = eyes(head, -1.15 + (step / 12) as f32 * 0.1 - 0.2);
        (0..2).for_each(|_| drop(run(&mut culler, &scene, &views)));
        let (found, _) = seen(&run(&mut culler, &scene, &views).0, root);
        let place_of = |at: [i32; 3]| {
            let near = |pose: Pose| (pose.position.to_array()).map(|x| (x * 100.0).round() as i32) == at;
            (0..POSES).find(|&index| near(pose(index))).unwrap()
        };
        let drawn: BTreeSet<usize> = found.into_iter().map(|(_, at)| place_of(at)).collect();
        let walls: Vec<Occluder> =
            drawn.iter().map(|&place| WALL.transformed(&pose(place).to_affine())).collect();
        let frustum = Frustum::around(&views, 2.0_f32.to_radians());
        for place in (0..POSES).filter(|place| !drawn.contains(place)) {
            let leaf = scene.tileset.tile(TileId(1 + place as u32)).bounds;
            if !frustum.touches_box(leaf) {
                continue;
            }
            hidden += 1;
            let own = scene.tileset.tile(TileId(root)).bounds;
            for point in 0..27 {
                let of = |n: i32| (n % 3 - 1) as f32;
                let within = Vec3::new(of(point), of(point / 3), of(point / 9)) * own.half_extent();
                let point = pose(place).to_affine().transform_point3(own.center() + within);
                for eye in views.eyes.map(|eye| eye.pose.position) {
                    assert!(walls.iter().any(|wall| is_between(wall, eye, point)), "{place} from {head}");
                }
            }
        }
    }
    assert!(hidden > 20, "only {hidden} were hidden");
}

#[test]
fn what_is_missing_is_asked_for_once() {
    let mut scene = placed(None);
    let root = 1 + POSES as u32;
    let views = eyes(Vec3::new(0.0, 1.0, 20.0), 0.0);
    let mut culler = Culler::default();
    let (list, demand) = run(&mut culler, &scene, &views);
    assert!(list.draws.is_empty() && !scene.has_resident_below(TileId(0)));
    let tiles: BTreeSet<u32> = wanted(&demand).into_iter().collect();
    assert_eq!(tiles.len(), demand.wants.len());
    assert!(tiles.contains(&root) && demand.wants[0].tile == TileId(root), "{demand:?}");
    // What is finer than what is wanted stands in for it, wherever it stands.
    (root + 1..root + 5).for_each(|tile| arrive(&mut scene, tile));
    assert!(scene.has_resident_below(TileId(0)) && scene.has_resident_below(TileId(POSES as u32)));
    let (list, _) = run(&mut culler, &scene, &views);
    let places: BTreeSet<_> = seen(&list, root).0.into_iter().map(|(_, at)| at).collect();
    assert!(places.len() > 3, "{places:?}");
    (root..root + 5).for_each(|tile| scene.set_resident(TileId(tile), None));
    assert!(!scene.has_resident_below(TileId(0)));
}

#[test]
fn faults_of_placements_are_not_taken() {
    let tables = placed(None).tileset.tables().clone();
    assert!(Tileset::try_from(tables.clone()).is_ok());
    let faults: [fn(&mut Tables); 11] = [
        |t| t.placements[1].prototype = 1,
        |t| t.placements[1].tile = TileId(0),
        |t| t.placements[1].tile = t.placements[0].tile,
        |t| t.placements[1].tile = TileId(u32::MAX),
        |t| t.placements[1].pose.position.x = f32::NAN,
        |t| t.placements[1].pose.position.x += 1.0,
        |t| t.placements[1].pose.orientation.w += 0.5,
        |t| t.prototypes[0].root = TileId(3),
        |t| t.prototypes[0].tile_count = u32::MAX,
        |t| t.prototypes[0].collider_count = 1,
        |t| t.prototypes.clear(),
    ];
    for (index, fault) in faults.iter().enumerate() {
        let mut tables = tables.clone();
        fault(&mut tables);
        assert!(Tileset::try_from(tables).is_err(), "fault {index} was taken");
    }
}

#[test]
fn what_stands_there_several_times_is_paid_for_in_every_place() {
    let mut scene = placed(Some(BlobId(0)));
    (0..POSES as u32 + 6)
        .filter(|&tile| tile == 0 || tile > POSES as u32)
        .for_each(|tile| arrive(&mut scene, tile));
    let views = eyes(Vec3::new(0.0, 1.0, 14.0), 0.0);
    let draw = |triangles: u64| {
        let quality = Quality { budget: Budget { triangles, draws: 1000 }, ..Quality::default() };
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        let (mut list, mut demand) = (DrawList::default(), Demand::default());
        Culler::default().cull(&scene, &[], &sight, &mut list, &mut demand);
        list.triangle_count
    };
    let all = draw(1000);
    assert!(all > 40, "{all}");
    // One less than it takes to refine the root: that is shown by itself.
    for budget in [all - 1, 30, 10] {
        assert!((1..=budget).contains(&draw(budget)), "{budget}: {}", draw(budget));
    }
}
