//! A headset that is not there: what a frame costs under a load, at a grade, as the machine gets hot.
//!
//! It is a model with drawn numbers, none of them measured: it shows how policies differ, not how late a
//! headset's frames are.

use pavilion::cull::governor::{FrameFacts, Grade, Strain};

/// Seconds of a visit: light, then heavy, then light again.
pub const SECONDS: f32 = 60.0;

/// What is decided shows so many frames later.
const DELAY_FRAMES: usize = 2;

/// Small numbers by chance, the same for the same seed.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// Another row of numbers for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// 0 ..= 1.
    pub fn share(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u32 << 24) as f32
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.share()
    }
}

/// What happens in a visit. Loads are shares of a 90 Hz period at full quality.
#[derive(Clone, Debug)]
pub struct Visit {
    light: f32,
    heavy: f32,
    /// When it gets heavy, and light again.
    pub heavy_seconds: f32,
    pub light_seconds: f32,
    /// When clocks begin to fall, and by how much; a third of all visits stay cool.
    pub hot_seconds: Option<f32>,
    throttle: f32,
    /// Hiccups a second, of the system and not of what is drawn.
    hiccups: f32,
    noise: f32,
    /// What of the load goes with pixels, with triangles, and with neither.
    pixels: f32,
    triangles: f32,
    /// What one level of foveation leaves of the pixels' part.
    foveation: f32,
}

/// From full clocks to throttled ones.
pub const RAMP_SECONDS: f32 = 15.0;

impl Visit {
    /// One of many.
    pub fn new(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let pixels = dice.between(0.45, 0.65);
        Self {
            light: dice.between(0.4, 0.8),
            heavy: dice.between(0.9, 1.8),
            heavy_seconds: dice.between(3.0, 6.0),
            light_seconds: dice.between(44.0, 48.0),
            hot_seconds: (dice.share() < 0.67).then(|| dice.between(18.0, 22.0)),
            throttle: dice.between(0.05, 0.25),
            hiccups: dice.between(0.0, 0.4),
            noise: dice.between(0.01, 0.05),
            pixels,
            triangles: dice.between(0.1, 0.25),
            foveation: dice.between(0.82, 0.92),
        }
    }

    fn is_heavy(&self, seconds: f32) -> bool {
        (self.heavy_seconds..self.light_seconds).contains(&seconds)
    }

    /// How far the clocks have fallen, 0 ..= 1; they rise again with the load gone.
    fn heat(&self, seconds: f32) -> f32 {
        let since = self.hot_seconds.map_or(0.0, |begin| (seconds - begin) / RAMP_SECONDS);
        let cooled = ((seconds - self.light_seconds) / RAMP_SECONDS).max(0.0);
        (since.clamp(0.0, 1.0) - cooled).clamp(0.0, 1.0)
    }

    /// What the GPU needs, as a share of a 90 Hz period.
    fn gpu(&self, seconds: f32, grade: Grade) -> f32 {
        let load = if self.is_heavy(seconds) { self.heavy } else { self.light };
        let pixels = self.pixels
            * grade.resolution_scale.powi(2)
            * self.foveation.powi(i32::from(grade.foveation))
            * if grade.has_fewer_samples { 0.93 } else { 1.0 };
        let people = 1.0 - 0.05 * f32::from(grade.avatar_tier);
        let triangles = self.triangles * people / grade.error_scale;
        let rest = 1.0 - self.pixels - self.triangles;
        let bins = if grade.has_fewer_samples { 0.75 } else { 1.0 };
        load * (pixels + triangles + rest * bins) / (1.0 - self.throttle * self.heat(seconds))
    }
}

/// A visit under way.
pub struct Device {
    visit: Visit,
    dice: Dice,
    /// Since the visit began.
    pub seconds: f32,
    /// Frames that the system has held up: they would have been late at any grade.
    pub held_up: u64,
    /// What was decided and does not show yet, newest last.
    coming: [Grade; DELAY_FRAMES],
    knows_gpu: bool,
}

impl Device {
    /// At full quality, in the first second.
    pub fn new(visit: &Visit, seed: u64, knows_gpu: bool) -> Self {
        let coming = [Grade::FULL; DELAY_FRAMES];
        Self { visit: visit.clone(), dice: Dice::new(!seed), seconds: 0.0, held_up: 0, coming, knows_gpu }
    }

    /// One frame: what it was like, and what it was drawn at. `grade` is what was decided last.
    pub fn frame(&mut self, grade: Grade) -> (FrameFacts, Grade) {
        let drawn = self.coming[0];
        self.coming.rotate_left(1);
        self.coming[DELAY_FRAMES - 1] = grade;
        let period_millis = if drawn.is_slower { 1e3 / 72.0 } else { 1e3 / 90.0 };
        let noise =
            1.0 + self.visit.noise * (self.dice.share() + self.dice.share() + self.dice.share() - 1.5);
        let gpu_millis = self.visit.gpu(self.seconds, drawn) * noise * 1e3 / 90.0;
        let is_hiccup = self.dice.share() < self.visit.hiccups / 90.0;
        let hiccup_millis = if is_hiccup { self.dice.between(4.0, 30.0) } else { 0.0 };
        let cpu_millis = 3.0 * noise;
        let in_time = (gpu_millis.max(cpu_millis) / period_millis).ceil() <= 1.0;
        let periods = ((gpu_millis.max(cpu_millis) + hiccup_millis) / period_millis).ceil().max(1.0);
        self.held_up += u64::from(in_time && periods > 1.0);
        self.seconds += periods * period_millis * 1e-3;
        let heat = match self.visit.heat(self.seconds) {
            heat if heat > 0.9 => Strain::Impaired,
            heat if heat > 0.3 => Strain::Warning,
            _ => Strain::Normal,
        };
        let facts = FrameFacts {
            frame_millis: periods * period_millis,
            period_millis,
            is_late: periods > 1.0,
            cpu_millis: Some(cpu_millis),
            gpu_millis: self.knows_gpu.then_some(gpu_millis),
            rendering: Strain::Normal,
            heat,
        };
        (facts, drawn)
    }
}
