#![allow(clippy::unwrap_used, clippy::expect_used)]

use glam::{Quat, Vec3};
use proptest::prelude::*;

use super::{Body, DROP_METRES, Surface, Walked, World};
use crate::math::Aabb;
use crate::scene::{Collider, ColliderId};

/// Boxes and ramps, each a piece of the ground of its own.
#[derive(Clone, Debug, Default)]
pub struct Site {
    pub pieces: Vec<Collider>,
}

impl Site {
    /// A box, turned by `yaw_radians` and tilted by `tilt_radians`.
    pub fn block(mut self, center: Vec3, size: Vec3, yaw_radians: f32, tilt_radians: f32) -> Self {
        let turn = Quat::from_rotation_y(yaw_radians) * Quat::from_rotation_z(tilt_radians);
        let corner = |index: u32| {
            let side = |bit: u32| if index >> bit & 1 == 1 { 0.5 } else { -0.5 };
            center + turn * (size * Vec3::new(side(0), side(1), side(2)))
        };
        let quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3_u32]];
        let triangles = quads.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect();
        self.pieces.push(Collider { vertices: (0..8).map(corner).collect(), triangles });
        self
    }

    /// A floor at height 0, 40 m × 40 m.
    pub fn floor() -> Self {
        Self::default().block(Vec3::new(0.0, -0.5, 0.0), Vec3::new(40.0, 1.0, 40.0), 0.0, 0.0)
    }

    /// All of it.
    pub fn world(&self) -> World {
        let mut world = World::new(self.pieces.iter().map(bounds));
        for (index, piece) in self.pieces.iter().enumerate() {
            world.insert(ColliderId(index as u32), Surface::new(piece.clone()).as_ref());
        }
        world
    }
}

pub fn bounds(piece: &Collider) -> Aabb {
    Aabb::around(piece.vertices.iter().copied())
}

/// Walks from a place, as if just put there.
fn go(world: &World, feet: Vec3, shift: Vec3) -> Walked {
    world.walk(world.standing(feet, adult()), adult(), shift)
}

fn adult() -> Body {
    Body::of_height(1.75)
}

#[test]
fn walking_ahead_goes_as_far_as_asked_and_stays_on_the_floor() {
    let world = Site::floor().world();
    let mut feet = Vec3::ZERO;
    for _ in 0..100 {
        feet = go(&world, feet, Vec3::new(0.02, 0.0, 0.0)).feet;
    }
    assert!((feet.x - 2.0).abs() < 1e-2 && feet.y.abs() < 5e-3, "{feet}");
}

#[test]
fn a_wall_stops_and_lets_slide_along() {
    let world = Site::floor().block(Vec3::new(2.0, 1.0, 0.0), Vec3::new(0.1, 2.0, 10.0), 0.0, 0.0).world();
    let mut feet = Vec3::ZERO;
    for _ in 0..200 {
        feet = go(&world, feet, Vec3::new(0.02, 0.0, 0.01)).feet;
    }
    assert!(feet.x < 1.95 - 0.19 && feet.x > 1.6, "{feet}");
    assert!(feet.z > 1.5, "it slides along: {feet}");
    let leap = go(&world, Vec3::ZERO, Vec3::new(30.0, 0.0, 0.0)).feet;
    assert!(leap.x < 1.95, "no stride is long enough to get through: {leap}");
}

#[test]
fn steps_are_climbed_up_and_down_and_a_table_is_not() {
    let site = (0..6).fold(Site::floor(), |site, step| {
        let height = 0.17 * (step + 1) as f32;
        let x = 1.0 + 0.28 * step as f32 + 2.0;
        site.block(Vec3::new(x, height * 0.5, 0.0), Vec3::new(4.0, height, 2.0), 0.0, 0.0)
    });
    let world = site.block(Vec3::new(-2.0, 0.35, 0.0), Vec3::new(1.0, 0.7, 1.0), 0.0, 0.0).world();
    let mut feet = Vec3::ZERO;
    for _ in 0..220 {
        feet = go(&world, feet, Vec3::new(0.015, 0.0, 0.0)).feet;
    }
    assert!((feet.y - 1.02).abs() < 0.02, "on top of the stair: {feet}");
    for _ in 0..440 {
        feet = go(&world, feet, Vec3::new(-0.015, 0.0, 0.0)).feet;
    }
    assert!(feet.y.abs() < 0.01 && feet.x > -1.5, "down again and before the table: {feet}");
}

#[test]
fn a_ramp_is_climbed_and_a_steep_one_is_a_wall() {
    for (degrees, climbs) in [(20.0_f32, true), (60.0, false)] {
        let tilt = degrees.to_radians();
        let world =
            Site::floor().block(Vec3::new(4.0, 0.0, 0.0), Vec3::new(6.0, 0.2, 4.0), 0.0, tilt).world();
        let mut feet = Vec3::ZERO;
        for _ in 0..500 {
            feet = go(&world, feet, Vec3::new(0.012, 0.0, 0.0)).feet;
        }
        assert_eq!(feet.y > 0.5, climbs, "{degrees}°: {feet}");
    }
}

#[test]
fn nobody_walks_over_a_cliff_or_onto_ground_that_has_not_come() {
    let world = Site::floor().world();
    let mut feet = Vec3::ZERO;
    for _ in 0..3000 {
        feet = go(&world, feet, Vec3::new(0.02, 0.0, 0.0)).feet;
    }
    assert!(feet.x > 19.0 && feet.x < 20.3 && feet.y.abs() < 0.01, "it ends at the edge: {feet}");

    let far = Aabb { min: Vec3::new(3.0, -1.0, -20.0), max: Vec3::new(20.0, 2.0, 20.0) };
    let floor = Site::floor().pieces.remove(0);
    let mut world = World::new([bounds(&floor), far]);
    world.insert(ColliderId(0), Surface::new(floor).as_ref());
    let mut feet = Vec3::ZERO;
    for _ in 0..300 {
        feet = go(&world, feet, Vec3::new(0.02, 0.0, 0.0)).feet;
    }
    assert!(feet.x > 2.0 && feet.x < 2.9, "unknown ground is not walked on: {feet}");
    world.insert(ColliderId(1), None);
    let further = go(&world, feet, Vec3::new(0.1, 0.0, 0.0)).feet;
    assert!(further.x > feet.x + 0.05, "what will never come is nothing: {further}");
}

#[test]
fn rays_see_walls_from_both_sides_and_nothing_else() {
    let world = Site::floor().block(Vec3::new(2.0, 1.0, 0.0), Vec3::new(0.2, 2.0, 4.0), 0.0, 0.0).world();
    let hit = world.cast_ray(Vec3::new(0.0, 1.0, 0.0), Vec3::X, 10.0).unwrap();
    assert!((hit.distance - 1.9).abs() < 1e-4 && hit.normal.abs_diff_eq(Vec3::NEG_X, 1e-4));
    let inside = world.cast_ray(Vec3::new(2.0, 1.0, 0.0), Vec3::X, 10.0).unwrap();
    assert!((inside.distance - 0.1).abs() < 1e-4 && inside.normal.abs_diff_eq(Vec3::NEG_X, 1e-4));
    assert_eq!(world.cast_ray(Vec3::new(0.0, 1.0, 0.0), Vec3::X, 1.0), None);
    assert!(!world.fits(Vec3::new(2.0, 0.0, 0.0), adult()) && world.fits(Vec3::ZERO, adult()));
}

#[test]
fn a_world_without_ground_is_walked_through_at_its_height() {
    let world = World::new([]);
    assert!(world.is_void());
    let feet = go(&world, Vec3::Y, Vec3::X).feet;
    assert!(feet.abs_diff_eq(Vec3::new(1.0, 1.0, 0.0), 1e-4), "{feet}");
}

prop_compose! {
    fn block()(
        x in -6.0_f32..6.0, z in -6.0_f32..6.0, y in -0.2_f32..2.5,
        size in (0.05_f32..3.0, 0.02_f32..2.0, 0.05_f32..3.0),
        yaw in 0.0_f32..3.2, tilt in -0.8_f32..0.8,
    ) -> (Vec3, Vec3, f32, f32) {
        (Vec3::new(x, y, z), Vec3::from(size), yaw, tilt)
    }
}

/// Any yard of boxes around a free place.
pub fn yard() -> impl Strategy<Value = Site> {
    proptest::collection::vec(block(), 0..14).prop_map(|blocks| {
        blocks
            .into_iter()
            .filter(|(center, size, ..)| center.with_y(0.0).length() > size.length() * 0.5 + 0.3)
            .fold(Site::floor(), |site, (center, size, yaw, tilt)| site.block(center, size, yaw, tilt))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_begins_free_stays_free_and_on_the_ground(
        site in yard(),
        shifts in proptest::collection::vec((-0.6_f32..0.6, -0.6_f32..0.6), 1..60),
    ) {
        let world = site.world();
        let mut feet = Vec3::ZERO;
        prop_assert!(world.fits(feet, adult()));
        for (x, z) in shifts {
            let shift = Vec3::new(x, 0.0, z);
            let walked = go(&world, feet, shift);
            let level = (walked.feet - feet).with_y(0.0).length();
            prop_assert!(level <= shift.length() * 1.01 + 0.1, "{level} m of {}", shift.length());
            prop_assert!(world.fits(walked.feet, adult()), "in something at {}", walked.feet);
            prop_assert!(walked.feet.y > -0.01, "below the floor at {}", walked.feet);
            prop_assert!(walked.drop_metres.is_some_and(|drop| drop <= DROP_METRES));
            // Who hangs in the air falls; here at once.
            feet = walked.feet - Vec3::Y * walked.drop_metres.unwrap_or(0.0);
            if !world.fits(feet, adult()) {
                feet = walked.feet;
            }
        }
    }
}
