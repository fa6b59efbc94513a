//! What a head does to a sound that comes from one side: it reaches the far ear later and duller.
//!
//! The head is a rigid ball, as in Brown and Duda, "A Structural Model for Binaural Sound Synthesis", IEEE
//! Transactions on Speech and Audio Processing 6(5), 1998: Woodworth's delay, and a filter of one pole and
//! one zero for the shadow. Both depend on the angle between the ear's axis and the direction to the sound.

use std::f32::consts::{FRAC_PI_2, PI};

use glam::Vec3;

use crate::math::Pose;
use crate::scene::sound::SAMPLE_RATE_HZ;

/// The mean radius of adult heads, metres, as in the paper.
pub const RADIUS_METRES: f32 = 0.0875;

/// At 20 °C.
pub const SOUND_METRES_PER_SECOND: f32 = 343.0;

/// What sound takes along one radius, in frames.
pub const RADIUS_FRAMES: f32 = RADIUS_METRES / SOUND_METRES_PER_SECOND * SAMPLE_RATE_HZ as f32;

/// The darkest place is not right behind the head but at this angle: 150°.
const DARKEST_RADIANS: f32 = 150.0 / 180.0 * PI;

/// How much of the high frequencies is left there: −20 dB.
const DARKEST: f32 = 0.1;

/// Nearer than this a sound loses its direction, metres: inside the head there is none.
const NEAR_METRES: f32 = 0.3;

/// What one ear hears of a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ear {
    /// Behind the earliest that an ear can be, in frames.
    pub delay_frames: f32,
    /// High frequencies over low ones: 2 where they are doubled, 1 where nothing is changed.
    pub brightness: f32,
}

impl Ear {
    /// Without a head.
    pub const FLAT: Self = Self { delay_frames: RADIUS_FRAMES, brightness: 1.0 };

    /// An ear whose axis is `angle_radians` (0 ..= π) from the sound's direction.
    pub fn at(angle_radians: f32) -> Self {
        let way = if angle_radians < FRAC_PI_2 { -angle_radians.cos() } else { angle_radians - FRAC_PI_2 };
        let half = DARKEST / 2.0;
        let brightness = 1.0 + half + (1.0 - half) * (angle_radians / DARKEST_RADIANS * PI).cos();
        Self { delay_frames: RADIUS_FRAMES * (1.0 + way), brightness }
    }
}

/// Both ears, left and right, for a sound at `position` and a head at `head`, both in the world.
pub fn ears(head: Pose, position: Vec3) -> [Ear; 2] {
    let local = head.orientation.inverse() * (position - head.position);
    let distance = local.length();
    let closeness = (distance / NEAR_METRES).min(1.0);
    let to_right = if distance > 1e-6 { (local.x / distance).clamp(-1.0, 1.0) * closeness } else { 0.0 };
    [Ear::at((-to_right).acos()), Ear::at(to_right.acos())]
}

/// The shadow's filter of one ear. Its pole is the same for all directions, so that only the mix of two
/// outputs changes when the head turns, which cannot click.
///
/// H(s) = (1 + α·s/2ω) / (1 + s/2ω) with ω = speed / radius, by the bilinear transform.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shadow {
    state: f32,
}

const K: f32 = RADIUS_FRAMES;
const POLE: f32 = (K - 1.0) / (K + 1.0);

impl Shadow {
    /// The next sample.
    pub fn filter(&mut self, value: f32, brightness: f32) -> f32 {
        let before = self.state;
        self.state = value + POLE * before;
        let (low, high) = (self.state + before, K * (self.state - before));
        (low + brightness * high) / (K + 1.0)
    }
}
