//! A scripted greeting, for visits that nobody steers: the right hand rises, waves, and stays up.

use std::f32::consts::{FRAC_PI_2, PI, TAU};
use std::time::Duration;

use glam::{Mat3, Quat, Vec3};

use crate::math::Pose;

/// After so long the hand is held still, so that pictures can be compared.
pub const WAVE: Duration = Duration::from_secs(2);

/// The hand hangs, then is up after this time.
const RISE_SECONDS: f32 = 0.5;

/// To and fro in the rest of the time, and back in the middle at its end.
const SWINGS: f32 = 3.0;

/// How far the hand leans to each side.
const LEAN_RADIANS: f32 = 0.5;

/// From the head, metres: hanging beside the hip, and up beside the head.
const HANGING: Vec3 = Vec3::new(0.22, -0.75, -0.05);
const UP: Vec3 = Vec3::new(0.34, -0.08, -0.28);

/// Both hands of somebody with this `head`, so long after they began: the left one hangs.
pub fn hands(head: Pose, since: Duration) -> [Option<Pose>; 2] {
    let seconds = since.min(WAVE).as_secs_f32();
    let risen = (seconds / RISE_SECONDS).min(1.0);
    // Begins and ends at rest.
    let risen = risen * risen * (3.0 - 2.0 * risen);
    let waved = (seconds - RISE_SECONDS).max(0.0) / (WAVE.as_secs_f32() - RISE_SECONDS);
    let lean = LEAN_RADIANS * (waved * SWINGS * TAU).sin() * (waved * PI).sin();
    // Fingers down and thumb ahead; then fingers up, palm ahead, thumb to the left.
    let hanging = Quat::from_rotation_x(-FRAC_PI_2);
    let up = Quat::from_mat3(&Mat3::from_cols(Vec3::Z, Vec3::NEG_X, Vec3::NEG_Y));
    let right = Pose {
        position: HANGING.lerp(UP, risen) - Vec3::X * lean * 0.15,
        orientation: Quat::from_rotation_z(lean) * hanging.slerp(up, risen),
    };
    let left = Pose { position: HANGING * Vec3::new(-1.0, 1.0, 1.0), orientation: hanging };
    // Arms hang from shoulders, which do not nod: only the head's turn counts.
    let forward = head.forward();
    let yaw_radians = (-forward.x).atan2(-forward.z);
    let shoulders = Pose::standing(head.position, yaw_radians, 0.0);
    [left, right].map(|hand| Some(hand.in_parent(shoulders)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_hand_rises_waves_smoothly_and_is_held_up_on_the_right() {
        let head = Pose::standing(Vec3::new(1.0, 1.6, 2.0), 0.7, -0.3);
        let right = |millis: u64| hands(head, Duration::from_millis(millis))[1].unwrap();
        let held = right(2_000);
        assert_eq!(right(60_000), held);
        let side = Quat::from_rotation_y(0.7) * Vec3::X;
        assert!((held.position - head.position).dot(side) > 0.3, "it is on the right");
        assert!(held.position.y > 1.5 && right(0).position.y < 0.9);
        assert!(held.forward().y > 0.99 && right(0).forward().y < -0.99, "up when held, down when hanging");
        let palm = held.orientation * Vec3::NEG_X;
        assert!(palm.abs_diff_eq(Quat::from_rotation_y(0.7) * Vec3::NEG_Z, 1e-3), "it greets who is ahead");
        let mut leans = Vec::new();
        for millis in (0..2_500).step_by(10) {
            let (a, b) = (right(millis), right(millis + 10));
            // The fastest is the rise: a metre in half a second, half as fast again in its middle.
            assert!(a.position.distance(b.position) < 0.03, "at {millis}");
            assert!(a.orientation.angle_between(b.orientation) < 0.1, "at {millis}");
            leans.push(b.forward().dot(side));
        }
        let turns = leans.windows(3).filter(|w| (w[1] - w[0]) * (w[2] - w[1]) < 0.0).count();
        assert!(turns >= 5, "{turns} turns are no wave");
    }
}
