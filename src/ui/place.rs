//! Where a panel hangs that a person opens: within sight and reach, and in nobody's way.

use glam::{Quat, Vec3};

use crate::math::Pose;

/// As far from the eyes as an arm reaches comfortably, metres.
pub const DISTANCE_METRES: f32 = 0.6;

/// Never nearer than this, metres, whatever is in the way: a body keeps walls as far away.
const DISTANCE_MIN_METRES: f32 = 0.2;

/// From the middle of what is hung up to its sides, as the eyes see it.
const HALF_RADIANS: f32 = 0.21;

/// Kept free between a panel and what is behind it, metres.
const CLEARANCE_METRES: f32 = 0.06;

/// The panel's middle is so far below the eyes' height; heads rest a little bowed.
const BELOW_RADIANS: f32 = 0.28;

/// How far beside the middle of the view a hand may pull it.
const BESIDE_RADIANS: f32 = 0.35;

/// How far up and down a look may take it.
const PITCH_RADIANS: [f32; 2] = [-0.85, 0.1];

/// Where a panel hangs and how far from the eyes that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Its middle, read from +Z, upright.
    pub pose: Pose,
    /// From the eyes when it was hung up, metres: what its size goes by.
    pub distance_metres: f32,
}

impl Place {
    /// In front of `head`, below the eyes, towards the `hand` that asked for it. `free_metres` says how
    /// far one can see from a point in a direction.
    pub fn before(head: Pose, hand: Option<Vec3>, free_metres: impl Fn(Vec3, Vec3) -> f32) -> Self {
        let (yaw, pitch) = angles(head.forward());
        let beside = hand.map_or(0.0, |hand| {
            let (hand_yaw, _) = angles(hand - head.position);
            turned(hand_yaw - yaw).clamp(-BESIDE_RADIANS, BESIDE_RADIANS)
        });
        let [lowest, highest] = PITCH_RADIANS;
        let down = (pitch - BELOW_RADIANS).clamp(lowest, highest);
        let towards = |beside: f32| {
            let way = |yaw_more: f32, up: f32| {
                Pose::standing(Vec3::ZERO, yaw + beside + yaw_more, down + up).forward()
            };
            let direction = way(0.0, 0.0);
            // As far as the plane can be that all of it hangs in: its middle and its corners are free.
            let corners = [(0.0, 0.0), (-HALF_RADIANS, -HALF_RADIANS), (-HALF_RADIANS, HALF_RADIANS)];
            let others = [(HALF_RADIANS, -HALF_RADIANS), (HALF_RADIANS, HALF_RADIANS)];
            let free = corners.into_iter().chain(others).fold(f32::INFINITY, |least, (yaw_more, up)| {
                let corner = way(yaw_more, up);
                least.min(free_metres(head.position, corner) * corner.dot(direction))
            });
            (direction, (free - CLEARANCE_METRES).min(DISTANCE_METRES))
        };
        // Where there is no room towards the hand, there may be straight ahead or on the other side.
        let mut best = towards(beside);
        for other in [0.0, -BESIDE_RADIANS, BESIDE_RADIANS] {
            let found = towards(other);
            if found.1 > best.1 + 0.05 {
                best = found;
            }
        }
        let (direction, free) = best;
        let distance_metres = free.max(DISTANCE_MIN_METRES);
        let position = head.position + direction * distance_metres;
        Self { pose: Pose { position, orientation: facing(-direction) }, distance_metres }
    }
}

/// Yaw to the left from −Z and pitch up of a direction.
fn angles(direction: Vec3) -> (f32, f32) {
    let level = direction.x.hypot(direction.z);
    ((-direction.x).atan2(-direction.z), direction.y.atan2(level))
}

/// The same angle within half a turn.
fn turned(radians: f32) -> f32 {
    use std::f32::consts::{PI, TAU};
    (radians + PI).rem_euclid(TAU) - PI
}

/// Upright, with +Z in this direction.
fn facing(direction: Vec3) -> Quat {
    let (yaw, pitch) = angles(-direction);
    Quat::from_rotation_y(yaw) * Quat::from_rotation_x(pitch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EYES: Vec3 = Vec3::new(0.3, 1.6, -0.2);

    fn open(_: Vec3, _: Vec3) -> f32 {
        f32::INFINITY
    }

    #[test]
    fn it_hangs_in_reach_below_the_eyes_and_faces_them() {
        for (yaw, pitch) in [(0.0, 0.0), (2.5, 0.0), (-1.0, -0.5), (0.5, 1.4), (3.0, -1.4)] {
            let head = Pose::standing(EYES, yaw, pitch);
            for hand in [None, Some(EYES + head.orientation * Vec3::new(0.3, -0.3, -0.3))] {
                let place = Place::before(head, hand, open);
                let to_eyes = EYES - place.pose.position;
                assert!((to_eyes.length() - DISTANCE_METRES).abs() < 1e-5);
                let front = place.pose.orientation * Vec3::Z;
                assert!(front.abs_diff_eq(to_eyes.normalize_or_zero(), 1e-4), "{front} {to_eyes}");
                let right = place.pose.orientation * Vec3::X;
                assert!(right.y.abs() < 1e-5, "upright");
                assert!(place.pose.position.y < EYES.y + 0.1, "below the eyes");
                assert!(place.pose.position.y > EYES.y - 0.5, "not at the feet");
            }
        }
    }

    #[test]
    fn it_comes_towards_the_hand() {
        let head = Pose::standing(EYES, 0.0, 0.0);
        let ahead = Place::before(head, None, open);
        assert!((ahead.pose.position.x - EYES.x).abs() < 1e-5);
        let beside = |x: f32| Place::before(head, Some(EYES + Vec3::new(x, -0.4, -0.4)), open);
        assert!(beside(0.1).pose.position.x > EYES.x + 0.05);
        assert!(beside(-0.1).pose.position.x < EYES.x - 0.05);
        // A hand at the back takes it only so far.
        let far = beside(3.0).pose.position - EYES;
        assert!((far.x.atan2(-far.z) - BESIDE_RADIANS).abs() < 1e-3);
    }

    /// A wall half a metre ahead: nearer, and smaller by its distance; where there is room beside, there.
    #[test]
    fn it_keeps_before_walls_and_finds_room() {
        let head = Pose::standing(EYES, 0.0, 0.0);
        let wall = |_: Vec3, direction: Vec3| 0.5 / -direction.z.min(-1e-3);
        let place = Place::before(head, None, wall);
        assert!(place.pose.position.z - EYES.z > -0.5 && place.distance_metres < DISTANCE_METRES);
        let pillar =
            |from: Vec3, direction: Vec3| if direction.x > -0.1 { wall(from, direction) } else { 9.0 };
        let beside = Place::before(head, None, pillar);
        assert!(beside.distance_metres == DISTANCE_METRES && beside.pose.position.x < EYES.x);
        assert_eq!(Place::before(head, None, |_, _| 0.01).distance_metres, DISTANCE_MIN_METRES);
        assert_eq!(Place::before(head, None, |_, _| f32::NAN).distance_metres, DISTANCE_METRES);
    }
}
