//! One source while it is heard: its samples through the head's delays and shadows, block by block.

use super::Frame;
use super::head::Shadow;
use super::mixer::FADE_STEP;
use super::source::{Hearing, Source};

#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// Into the mixer's sources.
    pub source: usize,
    /// It is to be heard on; else it fades out and ends.
    pub is_chosen: bool,
    fade: f32,
    /// What was heard at the end of the last block.
    heard: Hearing,
    shadows: [Shadow; 2],
}

impl Voice {
    /// Begins silent, with the ears where they are.
    pub fn new(source: usize, hearing: Hearing) -> Self {
        Self {
            source,
            is_chosen: true,
            fade: 0.0,
            heard: Hearing { gain: 0.0, ..hearing },
            shadows: [Shadow::default(); 2],
        }
    }

    /// Whether it has faded out.
    pub fn is_over(&self) -> bool {
        !self.is_chosen && self.heard.gain == 0.0
    }

    /// Adds a block of the source from frame `cursor` on, moving from what was heard to `hearing` on the
    /// way.
    pub fn add(&mut self, source: &Source, cursor: usize, hearing: Hearing, block: &mut [Frame]) {
        let goal = if self.is_chosen { 1.0 } else { 0.0 };
        self.fade += (goal - self.fade).clamp(-FADE_STEP, FADE_STEP);
        let next = Hearing { gain: hearing.gain * self.fade, ..hearing };
        if source.is_ambient() {
            self.add_bed(source, cursor, next, block);
        } else {
            self.add_point(source, cursor, next, block);
        }
        self.heard = next;
    }

    fn add_point(&mut self, source: &Source, cursor: usize, next: Hearing, block: &mut [Frame]) {
        let share = 1.0 / block.len().max(1) as f32;
        let mut gain = Ramp::new(self.heard.gain, next.gain, share);
        let mut lines = [0, 1].map(|ear| {
            let (from, to) = (self.heard.ears[ear], next.ears[ear]);
            (
                Ramp::new(from.delay_frames, to.delay_frames, share),
                Ramp::new(from.brightness, to.brightness, share),
            )
        });
        for (at, frame) in (cursor as i64..).zip(block) {
            let gain = gain.next();
            for (ear, (delay, brightness)) in lines.iter_mut().enumerate() {
                let delay = delay.next();
                let whole = delay as i64;
                let value = between(source.around(at - whole, 0), 1.0 - (delay - whole as f32));
                frame[ear] += gain * self.shadows[ear].filter(value, brightness.next());
            }
        }
    }

    fn add_bed(&self, source: &Source, cursor: usize, next: Hearing, block: &mut [Frame]) {
        let share = 1.0 / block.len().max(1) as f32;
        let mut gain = Ramp::new(self.heard.gain, next.gain, share);
        let mut width = Ramp::new(self.heard.width, next.width, share);
        for (at, frame) in (cursor as i64..).zip(block) {
            let [left, right] = [0, 1].map(|channel| source.around(at, channel)[2]);
            let (middle, side) = ((left + right) / 2.0, (left - right) / 2.0 * width.next());
            let gain = gain.next();
            frame[0] += gain * (middle + side);
            frame[1] += gain * (middle - side);
        }
    }
}

/// A number on its way from one value to another.
struct Ramp {
    value: f32,
    step: f32,
}

impl Ramp {
    fn new(from: f32, to: f32, share: f32) -> Self {
        Self { value: from, step: (to - from) * share }
    }

    fn next(&mut self) -> f32 {
        self.value += self.step;
        self.value
    }
}

/// The cubic through four samples (Catmull and Rom, 1974), `t` of the way from the second to the third.
fn between([a, b, c, d]: [f32; 4], t: f32) -> f32 {
    let slope_b = (c - a) / 2.0;
    let slope_c = (d - b) / 2.0;
    let cubic = 2.0 * (b - c) + slope_b + slope_c;
    let square = c - b - slope_b - cubic;
    ((cubic * t + square) * t + slope_b) * t + b
}
