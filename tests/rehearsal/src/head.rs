//! Seeded heads: people who stand, look around, turn and walk.

use std::f32::consts::PI;
use std::time::Duration;

use glam::{Quat, Vec3};
use pavilion::math::Pose;

use crate::random::Random;
use crate::twin::ENTRANCE;

/// Eye height, metres.
const EYES_METRES: f32 = 1.65;

/// One thing that a person does.
#[derive(Clone, Copy, Debug)]
struct Act {
    seconds: f32,
    /// By how much the head turns meanwhile, radians.
    turn_radians: f32,
    /// How far they walk straight ahead meanwhile, metres.
    walk_metres: f32,
}

/// Where a head is at any time.
#[derive(Clone, Debug)]
pub struct Path {
    from: Vec3,
    yaw_radians: f32,
    acts: Vec<Act>,
}

impl Path {
    /// A visitor who comes in at the entrance: looks around for two or three seconds, turns by up to half a circle as fast
    /// as heads do, walks some steps at 1.4 m/s, and again.
    pub fn visitor(seed: u64) -> Self {
        let mut random = Random(seed ^ 0x4ead);
        let mut acts = Vec::new();
        for _ in 0..40 {
            let seconds = 1.0 + 2.0 * random.unit() as f32;
            let small = (random.unit() as f32 - 0.5) * 0.6;
            acts.push(Act { seconds, turn_radians: small, walk_metres: 0.0 });
            let turn = (random.unit() as f32 - 0.5) * 2.0 * PI;
            // 90° in 300 ms is a quick turn, half of that a common one.
            let speed = 0.5 + 0.5 * random.unit() as f32;
            acts.push(Act {
                seconds: turn.abs() / (PI / 2.0 / 0.3 * speed),
                turn_radians: turn,
                walk_metres: 0.0,
            });
            let walk = random.unit() as f32 * 6.0;
            let sway = (random.unit() as f32 - 0.5) * 0.3;
            acts.push(Act { seconds: walk / 1.4, turn_radians: sway, walk_metres: walk });
        }
        Self { from: ENTRANCE.position + Vec3::Y * EYES_METRES, yaw_radians: 0.0, acts }
    }

    /// Stands at the entrance, and turns by 90° in 300 ms at `at`.
    pub fn quarter_turn(at: Duration) -> Self {
        let acts = vec![
            Act { seconds: at.as_secs_f32(), turn_radians: 0.0, walk_metres: 0.0 },
            Act { seconds: 0.3, turn_radians: PI / 2.0, walk_metres: 0.0 },
        ];
        Self { from: ENTRANCE.position + Vec3::Y * EYES_METRES, yaw_radians: 0.0, acts }
    }

    /// The head at this time.
    pub fn at(&self, time: Duration) -> Pose {
        let mut left = time.as_secs_f32();
        let (mut position, mut yaw) = (self.from, self.yaw_radians);
        for act in &self.acts {
            let part = if act.seconds > 0.0 { (left / act.seconds).clamp(0.0, 1.0) } else { 1.0 };
            // A movement begins and ends softly.
            let soft = part * part * (3.0 - 2.0 * part);
            yaw += act.turn_radians * soft;
            position += Quat::from_rotation_y(yaw) * Vec3::NEG_Z * (act.walk_metres * part);
            left -= act.seconds;
            if left <= 0.0 {
                break;
            }
        }
        Pose { position, orientation: Quat::from_rotation_y(yaw) }
    }
}
