//! A leap: from where a hand points to where one lands.

use glam::Vec3;

use crate::math::{Aabb, Pose};
use crate::physics::{Body, Hit, SLOPE_RADIANS, World};

/// How fast the arc leaves the hand, metres a second: held at 45° it reaches 7 m, as far as a
/// landing place of a body's width is still aimed at within a degree or two.
const LAUNCH_METRES_PER_SECOND: f32 = 7.5;

/// Metres a second squared (standard gravity, CGPM 1901).
const GRAVITY: f32 = 9.806_65;

/// Between two points of the arc, seconds: a quarter of a metre.
const STEP_SECONDS: f32 = 1.0 / 30.0;

/// Points of an arc: it ends after 1.6 s, 8 m lower than it began.
const POINTS_MAX: usize = 48;

/// A place next to a wall is found this much nearer to where the arc comes from, metres.
const PULL_BACKS_METRES: [f32; 4] = [0.0, 0.1, 0.2, 0.3];

/// What lies on the ground may be this high where somebody lands, metres.
const LIFT_METRES: f32 = 0.35;

/// An arc that is aimed with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leap {
    points: [Vec3; POINTS_MAX],
    count: usize,
    hit: Option<Hit>,
    target: Option<Vec3>,
}

impl Leap {
    /// The arc from `hand` (world from aim), for somebody with this `head` (in the world) and `body`.
    ///
    /// p(t) = p₀ + v₀·t − ½·g·t² (Galilei, "Discorsi", 1638: what is thrown falls along a parabola).
    pub fn aim(hand: Pose, head: Vec3, body: Body, world: &World) -> Self {
        let velocity = hand.forward() * LAUNCH_METRES_PER_SECOND;
        let at = |index: usize| {
            let t = index as f32 * STEP_SECONDS;
            hand.position + velocity * t - Vec3::Y * (0.5 * GRAVITY * t * t)
        };
        let mut leap = Self { points: [hand.position; POINTS_MAX], count: 1, hit: None, target: None };
        // A hand that is through a wall sees what the person may not.
        if let Some(hit) = between(world, head, hand.position) {
            return Self { hit: Some(hit), ..leap };
        }
        while leap.count < POINTS_MAX {
            let (from, to) = (at(leap.count - 1), at(leap.count));
            if let Some(hit) = between(world, from, to) {
                leap.points[leap.count] = hit.point;
                leap.count += 1;
                leap.hit = Some(hit);
                leap.target = landing(world, hit, velocity, body);
                return leap;
            }
            leap.points[leap.count] = to;
            leap.count += 1;
        }
        leap
    }

    /// From the hand to where the arc ends, a quarter of a metre apart.
    pub fn points(&self) -> &[Vec3] {
        self.points.get(..self.count).unwrap_or_default()
    }

    /// What the arc meets, and the normal there.
    pub fn end(&self) -> Option<(Vec3, Vec3)> {
        self.hit.map(|hit| (hit.point, hit.normal))
    }

    /// Where the feet land; `None` where nobody can stand.
    pub fn target(&self) -> Option<Vec3> {
        self.target
    }
}

fn between(world: &World, from: Vec3, to: Vec3) -> Option<Hit> {
    let way = to - from;
    let length = way.length();
    let direction = way.try_normalize()?;
    world.cast_ray(from, direction, length)
}

fn landing(world: &World, hit: Hit, velocity: Vec3, body: Body) -> Option<Vec3> {
    if hit.normal.y < SLOPE_RADIANS.cos() {
        return None;
    }
    let back = -velocity.with_y(0.0).normalize_or_zero();
    let stand = |pull: &f32| {
        let place = hit.point + back * *pull;
        let side = Vec3::new(body.radius_metres(), 0.0, body.radius_metres());
        let room = Aabb {
            min: place - side - Vec3::Y * LIFT_METRES,
            max: place + side + Vec3::Y * body.height_metres(),
        };
        let stands = world.is_known(room).then(|| world.stand(place, body, LIFT_METRES, LIFT_METRES))??;
        // Pulled back it must still be what was pointed at, not what lies behind it.
        between(world, hit.point + Vec3::Y * LIFT_METRES, stands + Vec3::Y * LIFT_METRES)
            .is_none()
            .then_some(stands)
    };
    PULL_BACKS_METRES.iter().find_map(stand)
}
