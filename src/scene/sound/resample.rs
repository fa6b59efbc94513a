//! From one rate to another: a windowed sinc, evaluated at the few positions between two samples that the
//! two rates have in common.
//!
//! The window is Kaiser's with β = 8, which keeps what folds back 80 dB down (Kaiser and Schafer, "On the
//! use of the I0-sinh window for spectrum analysis", 1980).

use std::f64::consts::PI;

use super::wav::Wave;

/// Samples on each side of a position, where nothing is filtered away.
const REACH: usize = 16;

const BETA: f64 = 8.0;

/// Of the lower rate's half, what is kept: the rest is the filter's slope.
const PASS: f64 = 0.92;

/// The wave at `rate_hz`. One that `loops` goes on at its ends, another is silent there.
pub fn to_rate(wave: Wave, rate_hz: u32, loops: bool) -> Wave {
    if wave.rate_hz == rate_hz || wave.values.is_empty() {
        return Wave { rate_hz, ..wave };
    }
    let common = greatest_common_divisor(wave.rate_hz, rate_hz);
    let (phases, step) = ((rate_hz / common) as usize, (wave.rate_hz / common) as usize);
    let (frames, channels, frames_out) =
        (wave.frame_count(), wave.channel_count, wave.frame_count_at(rate_hz));
    // Rates with nothing in common have 48 000 phases, of which a short sound meets few.
    let met = (0..phases.min(frames_out)).map(|frame| frame * step % phases);
    let kernel = Kernel::new(met, phases, f64::from(rate_hz) / f64::from(wave.rate_hz));
    let mut values = Vec::with_capacity(frames_out * channels);
    for frame in 0..frames_out {
        let whole = frame * step / phases;
        for channel in 0..channels {
            let mut sum = 0.0;
            // After as many frames as there are phases, the phases come again.
            for (tap, weight) in kernel.weights(frame % phases).iter().enumerate() {
                // The first tap is `reach` − 1 samples before the position.
                let place = (whole + tap) as i64 + 1 - kernel.reach as i64;
                let place = if loops { place.rem_euclid(frames as i64) } else { place };
                let value = usize::try_from(place).ok().filter(|place| *place < frames);
                sum += value.map_or(0.0, |place| wave.values[place * channels + channel]) * weight;
            }
            values.push(sum);
        }
    }
    Wave { rate_hz, channel_count: channels, values }
}

/// Weights of the samples around positions between two of them.
struct Kernel {
    reach: usize,
    weights: Vec<f32>,
}

impl Kernel {
    /// For those of the `phases` positions between two samples that are `met`, in this order, and an output rate that
    /// is `ratio` times the input's.
    fn new(met: impl ExactSizeIterator<Item = usize>, phases: usize, ratio: f64) -> Self {
        let cut = ratio.min(1.0) * PASS;
        let reach = (REACH as f64 / ratio.min(1.0)).ceil() as usize;
        let middle = bessel_i0(BETA);
        let mut weights = Vec::with_capacity(met.len() * reach * 2);
        for phase in met {
            let begin = weights.len();
            for tap in 0..reach * 2 {
                let distance = (tap as f64 + 1.0 - reach as f64) - phase as f64 / phases as f64;
                let window = window(distance / reach as f64) / middle;
                weights.push((sinc(distance * cut) * cut * window) as f32);
            }
            // What is constant stays as it is, whatever the phase.
            let sum: f32 = weights[begin..].iter().sum();
            weights[begin..].iter_mut().for_each(|weight| *weight /= sum);
        }
        Self { reach, weights }
    }

    /// Of the `place`th of the positions that are met.
    fn weights(&self, place: usize) -> &[f32] {
        let length = self.reach * 2;
        &self.weights[place * length..][..length]
    }
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Kaiser's window over −1 ..= 1, whose middle is I0(β).
fn window(x: f64) -> f64 {
    bessel_i0(BETA * (1.0 - x * x).max(0.0).sqrt())
}

/// The modified Bessel function of order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= quarter / f64::from(k * k);
        if sum + term == sum {
            break;
        }
        sum += term;
    }
    sum
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate_hz: u32, hertz: f64, frames: usize) -> Wave {
        let value = |frame: usize| (frame as f64 * hertz / f64::from(rate_hz) * 2.0 * PI).sin() as f32 * 0.5;
        Wave { rate_hz, channel_count: 1, values: (0..frames).map(value).collect() }
    }

    /// How far `wave` is from `other` at most.
    fn apart(wave: &Wave, other: &Wave) -> f32 {
        assert_eq!(wave.values.len(), other.values.len());
        let pairs = wave.values.iter().zip(&other.values);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_looping_tone_is_the_same_tone_at_the_new_rate_its_seam_included() {
        // Whole periods: 100 ms at every rate.
        for (rate, hertz) in [(8_000, 1_000.0), (22_050, 6_000.0), (44_100, 15_000.0), (96_000, 17_000.0)] {
            let wave = to_rate(tone(rate, hertz, rate as usize / 10), 48_000, true);
            let error = apart(&wave, &tone(48_000, hertz, 4_800));
            assert!(error < 2e-3, "{hertz} Hz from {rate}: off by {error}");
        }
    }

    #[test]
    fn a_short_sound_of_an_odd_rate_is_right_although_few_phases_are_met() {
        let wave = to_rate(tone(44_101, 1_000.0, 1_000), 48_000, false);
        let expected = tone(48_000, 1_000.0, wave.values.len());
        let inner = 2 * REACH..wave.values.len() - 2 * REACH;
        let pairs = wave.values[inner.clone()].iter().zip(&expected.values[inner]);
        let error = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error < 2e-3, "off by {error}");
    }

    #[test]
    fn what_the_new_rate_cannot_hold_is_gone() {
        let wave = to_rate(tone(96_000, 30_000.0, 9_600), 48_000, true);
        let loudest = wave.values.iter().fold(0.0_f32, |loudest, value| loudest.max(value.abs()));
        assert!(loudest < 5e-4, "{loudest} of 0.5 folds back");
    }

    #[test]
    fn channels_stay_apart() {
        let values = [1.0, 0.0].repeat(100);
        let wave = to_rate(Wave { rate_hz: 24_000, channel_count: 2, values }, 48_000, true);
        assert!(
            wave.values
                .as_chunks::<2>()
                .0
                .iter()
                .all(|[left, right]| (left - 1.0).abs() < 1e-4 && *right == 0.0)
        );
    }
}
