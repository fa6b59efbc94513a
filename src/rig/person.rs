//! A person who walks on the ground.

use glam::{Quat, Vec3};

use super::Input;
use crate::math::Pose;

/// Eye height of a standing adult, metres: near the middle of the published percentiles
/// (ISO 7250-1: 1.50 m women, 1.62 m men).
pub const EYE_HEIGHT_METRES: f32 = 1.6;

/// A comfortable walk, metres a second (Bohannon, "Comfortable and maximum walking speed of adults", 1997).
const WALK_METRES_PER_SECOND: f32 = 1.4;

/// A run.
const RUN_METRES_PER_SECOND: f32 = 4.5;

/// Straight up and straight down stay out of reach, so that left stays left.
const LOOK_UP_LIMIT_RADIANS: f32 = 1.5;

/// Where the feet are and where the head looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Person {
    /// On the ground, metres.
    pub feet: Vec3,
    /// Turned to the left from −Z.
    pub yaw_radians: f32,
    /// Looking up from the horizon. In a headset the head does this by itself and it stays 0.
    pub pitch_radians: f32,
    start: (Vec3, f32),
}

impl Person {
    /// Standing at `spawn`, looking along it.
    pub fn at(spawn: Pose) -> Self {
        let forward = spawn.forward();
        let yaw_radians = (-forward.x).atan2(-forward.z);
        let pitch_radians = forward.y.clamp(-1.0, 1.0).asin();
        Self { feet: spawn.position, yaw_radians, pitch_radians, start: (spawn.position, yaw_radians) }
    }

    /// Moves as asked for `delta_seconds`.
    pub fn step(&mut self, input: &Input, delta_seconds: f32) {
        if input.recentre {
            (self.feet, self.yaw_radians) = self.start;
            self.pitch_radians = 0.0;
        }
        self.yaw_radians = (self.yaw_radians + input.turn_radians).rem_euclid(std::f32::consts::TAU);
        self.pitch_radians =
            (self.pitch_radians + input.look_up_radians).clamp(-LOOK_UP_LIMIT_RADIANS, LOOK_UP_LIMIT_RADIANS);
        let speed = if input.is_fast { RUN_METRES_PER_SECOND } else { WALK_METRES_PER_SECOND };
        let walk = input.walk.clamp_length_max(1.0);
        let ahead = Quat::from_rotation_y(self.yaw_radians) * Vec3::new(walk.x, 0.0, -walk.y);
        self.feet += ahead * (speed * delta_seconds);
    }

    /// World from the ground under the person, turned as they are: what a headset's stage hangs on.
    pub fn stage(&self) -> Pose {
        Pose::standing(self.feet, self.yaw_radians, 0.0)
    }

    /// World from the head of somebody without a headset: eye height above the feet.
    pub fn head(&self) -> Pose {
        Pose::standing(self.feet + Vec3::Y * EYE_HEIGHT_METRES, self.yaw_radians, self.pitch_radians)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec2;

    #[test]
    fn walking_ahead_after_a_left_turn_goes_to_minus_x() {
        let mut person = Person::at(Pose::IDENTITY);
        person.step(&Input { turn_radians: std::f32::consts::FRAC_PI_2, ..Input::default() }, 0.0);
        for _ in 0..90 {
            person.step(&Input { walk: Vec2::Y, ..Input::default() }, 1.0 / 90.0);
        }
        assert!(person.feet.abs_diff_eq(Vec3::new(-1.4, 0.0, 0.0), 1e-4));
        person.step(&Input { recentre: true, ..Input::default() }, 0.0);
        assert_eq!((person.feet, person.yaw_radians), (Vec3::ZERO, 0.0));
    }

    #[test]
    fn diagonal_steps_are_not_faster_and_the_head_does_not_tip_over() {
        let mut person = Person::at(Pose::standing(Vec3::ONE, 0.7, 0.2));
        assert!((person.yaw_radians - 0.7).abs() < 1e-5 && (person.pitch_radians - 0.2).abs() < 1e-5);
        person.step(&Input { walk: Vec2::ONE, look_up_radians: 9.0, ..Input::default() }, 1.0);
        assert!(((person.feet - Vec3::ONE).length() - 1.4).abs() < 1e-4);
        assert_eq!(person.pitch_radians, 1.5);
    }
}
