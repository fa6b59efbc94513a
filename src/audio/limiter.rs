//! Keeps the sum of everything below full scale: a gain that gives way to a loud block and recovers
//! slowly, and behind it a soft ceiling for what comes faster.

use super::Frame;

/// The gain holds a block's peak here.
const CEILING: f32 = 0.9;

/// Share of the missing gain that a block of 128 frames recovers: 63 % in 0.2 s.
const RECOVERY: f32 = 0.013;

#[derive(Debug)]
pub struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    /// Limits a block in place.
    pub fn limit(&mut self, block: &mut [Frame]) {
        let peak = block.iter().flatten().fold(0.0_f32, |peak, value| peak.max(value.abs()));
        if self.gain == 1.0 && peak <= CEILING {
            return;
        }
        let recovered = self.gain + (1.0 - self.gain) * RECOVERY;
        let mut target = recovered.min(CEILING / peak.max(CEILING));
        if target > 0.999 {
            target = 1.0;
        }
        let step = (target - self.gain) / block.len().max(1) as f32;
        for frame in block {
            self.gain += step;
            *frame = frame.map(|value| soft(value * self.gain));
        }
        self.gain = target;
    }
}

/// Itself up to the ceiling, then ever less of what is beyond, never more than 1.
fn soft(value: f32) -> f32 {
    let beyond = value.abs() - CEILING;
    if beyond <= 0.0 {
        return value;
    }
    (CEILING + (1.0 - CEILING) * (beyond / (1.0 - CEILING)).tanh()).copysign(value)
}
