//! Walls and what is behind them.

use super::*;
use crate::scene::Occluder;

/// Metres from the middle of a box to its sides.
const HALF: f32 = 0.5;

/// Boxes below a root that only groups them. The first `walls.len()` are around a rectangle each.
fn venue(walls: &[Occluder], boxes: &[Vec3]) -> Scene {
    let around = |wall: &Occluder| Aabb::around(wall.corners);
    let cubes = boxes.iter().map(|&center| Aabb { min: center - HALF, max: center + HALF });
    let bounds: Vec<Aabb> = walls.iter().map(around).chain(cubes).collect();
    let all = bounds.iter().fold(Aabb::EMPTY, |all, &bounds| all.union(bounds));
    let tile = |bounds, content, child_count| Tile {
        bounds,
        geometric_error_metres: if child_count > 0 { 10.0 } else { 0.0 },
        first_child: u32::from(child_count > 0),
        child_count,
        content,
        images: Vec::new(),
        triangle_count: 4,
        draw_count: 1,
    };
    let mut tiles = vec![tile(all, None, bounds.len() as u32)];
    tiles.extend(bounds.iter().map(|&bounds| tile(bounds, Some(BlobId(0)), 0)));
    let blobs = vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }];
    let mut scene = Scene::new(Tileset::try_from(Tables { tiles, blobs, ..Tables::default() }).unwrap());
    for number in 1..=bounds.len() as u32 {
        arrive(&mut scene, number);
        let mut resident = scene.resident(TileId(number)).unwrap().clone();
        resident.occluders.extend(walls.get(number as usize - 1));
        scene.set_resident(TileId(number), Some(resident));
    }
    scene
}

/// Upright, facing +z before it is turned.
fn wall(middle: Vec3, half: [f32; 2], yaw_radians: f32, is_double_sided: bool) -> Occluder {
    let turn = glam::Quat::from_rotation_y(yaw_radians);
    let corner = |x: f32, y: f32| middle + turn * Vec3::new(x * half[0], y * half[1], 0.0);
    let corners = [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
    Occluder { corners, is_double_sided }
}

/// Whether the rectangle is between the two, met from a side that is drawn.
pub fn is_between(wall: &Occluder, eye: Vec3, point: Vec3) -> bool {
    let [a, b, _, d] = wall.corners;
    let (right, up, way) = (b - a, d - a, point - eye);
    let normal = right.cross(up);
    let slope = normal.dot(way);
    if slope == 0.0 || (slope > 0.0 && !wall.is_double_sided) {
        return false;
    }
    let along = normal.dot(a - eye) / slope;
    let at = eye + way * along - a;
    let (x, y) = (at.dot(right) / right.length_squared(), at.dot(up) / up.length_squared());
    (0.0..1.0).contains(&along) && (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y)
}

#[test]
fn what_is_behind_a_wall_is_not_drawn_while_the_wall_is() {
    let walls = [wall(Vec3::new(0.0, 1.5, -3.0), [1.5, 1.5], 0.0, false)];
    let mut scene = venue(&walls, &[Vec3::new(0.0, 1.0, -8.0), Vec3::new(8.0, 1.0, -12.0)]);
    let views = eyes(Vec3::new(0.0, 1.6, 0.0), 0.0);
    let mut culler = Culler::default();
    assert_eq!(drawn(&run(&mut culler, &scene, &views).0), [1, 2, 3], "at first sight");
    let (list, demand) = run(&mut culler, &scene, &views);
    assert_eq!((drawn(&list), list.hidden_count), (vec![1, 3], 1));
    assert!(demand.is_satisfied() && demand.keeps.contains(&TileId(2)), "it is kept: {demand:?}");
    // A step to the side.
    let beside = eyes(Vec3::new(6.0, 1.6, -2.0), 0.8);
    assert_eq!(drawn(&run(&mut culler, &scene, &beside).0), [1, 2]);
    run(&mut culler, &scene, &views);
    assert_eq!(drawn(&run(&mut culler, &scene, &views).0), [1, 3]);
    // The wall is gone: in that very frame it hides nothing.
    scene.set_resident(TileId(1), None);
    assert_eq!(drawn(&run(&mut culler, &scene, &views).0), [2, 3]);
}

/// Nor does hiding ask for memory, once it has what it needs.
#[cfg(feature = "viewer")]
#[test]
fn steady_hiding_allocates_nothing() {
    let row: Vec<Occluder> =
        (0..40).map(|n| wall(Vec3::new(0.0, 1.5, -3.0 - n as f32), [1.5, 1.5], 0.0, false)).collect();
    let scene = venue(&row, &[Vec3::new(0.0, 1.0, -60.0)]);
    let (mut culler, mut list, mut demand) = (Culler::default(), DrawList::default(), Demand::default());
    let views = eyes(Vec3::new(0.0, 1.6, 0.0), 0.0);
    let mut frame = || culler.cull(&scene, &[], &sight(&views), &mut list, &mut demand);
    (0..3).for_each(|_| frame());
    let ((), heard) = crate::tests::allocator::during(frame);
    assert_eq!(heard.ours, [""; 0]);
    assert!(list.hidden_count > 30, "{}", list.hidden_count);
}

#[test]
fn nothing_is_hidden_that_an_eye_could_see() {
    let mut seed = 7_u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 24) as f32 * 2.0 - 1.0
    };
    let (mut hidden_count, mut turned_out) = (0, 0);
    for _ in 0..60 {
        let mut place = |reach: f32| Vec3::new(random() * reach, 1.0 + random(), random() * reach);
        let spots: Vec<[Vec3; 2]> = (0..6).map(|_| [place(5.0), place(4.0)]).collect();
        let boxes: Vec<Vec3> = (0..40).map(|_| place(14.0)).collect();
        let walls: Vec<Occluder> = spots
            .iter()
            .map(|[middle, shape]| {
                wall(*middle, [shape.x.abs() + 0.5, shape.y + 0.5], shape.z, shape.x > 0.0)
            })
            .collect();
        let scene = venue(&walls, &boxes);
        let mut culler = Culler::default();
        for step in 0..8 {
            let views = eyes(place(6.0), step as f32);
            (0..2).for_each(|_| drop(run(&mut culler, &scene, &views)));
            let list = run(&mut culler, &scene, &views).0;
            let shown = drawn(&list);
            let shown_walls: Vec<&Occluder> = walls
                .iter()
                .zip(1..)
                .filter(|(_, tile)| shown.contains(tile))
                .map(|(wall, _)| wall)
                .collect();
            let frustum = Frustum::around(&views, 2.0_f32.to_radians());
            for (center, tile) in boxes.iter().zip(walls.len() as u32 + 1..) {
                let bounds = scene.tileset.tile(TileId(tile)).bounds;
                if !frustum.touches_box(bounds) || shown.contains(&tile) {
                    turned_out += u32::from(!shown.contains(&tile));
                    continue;
                }
                hidden_count += 1;
                for corner in 0..27 {
                    let of = |n: i32| (n % 3 - 1) as f32 * HALF;
                    let point = *center + Vec3::new(of(corner), of(corner / 3), of(corner / 9));
                    for eye in views.eyes.map(|eye| eye.pose.position) {
                        let is_hidden = shown_walls.iter().any(|wall| is_between(wall, eye, point));
                        assert!(is_hidden, "{point} of tile {tile} is seen from {eye}");
                    }
                }
            }
        }
    }
    assert!(hidden_count > 300 && turned_out > 300, "{hidden_count} were hidden, {turned_out} out of view");
}
