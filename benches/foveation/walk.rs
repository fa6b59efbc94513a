//! A seeded walk: from place to place at a person's pace, looking about.

use glam::Vec3;
use pavilion::math::{Aabb, Pose};

/// Places that are walked to.
const PLACES: u32 = 24;
/// Heads a second, and how far a person comes in one.
const HEADS_A_SECOND: f32 = 10.0;
const PACE_METRES: f32 = 1.4 / HEADS_A_SECOND;
/// Above the floor.
const EYE_METRES: f32 = 1.6;
/// How far around the entrance is walked, at most.
const ROOM_METRES: f32 = 18.0;

/// Where the head is, step by step.
pub fn heads(bounds: Aabb, spawn: Pose) -> Vec<Pose> {
    let mut seed = 5_u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 24) as f32 * 2.0 - 1.0
    };
    let start = spawn.position;
    let room = |place: Vec3| place.clamp(bounds.min + 1.0, bounds.max - 1.0).with_y(start.y + EYE_METRES);
    let (mut place, mut yaw) = (room(start), 0.0_f32);
    let mut heads = Vec::new();
    for _ in 0..PLACES {
        let goal = room(start + Vec3::new(random() * ROOM_METRES, 0.0, (random() - 1.0) * ROOM_METRES));
        let way = goal - place;
        let steps = (way.length() / PACE_METRES).ceil().max(1.0);
        let (turn, pitch) = (random() * 2.5, random() * 0.3);
        for step in 0..steps as u32 {
            let done = step as f32 / steps;
            heads.push(Pose::standing(place + way * done, yaw + turn * done, pitch * done));
        }
        (place, yaw) = (goal, yaw + turn);
    }
    heads
}
