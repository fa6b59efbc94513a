//! What the venue sounds like, synthesised: in goes a seed, out come loops without a seam, as WAV in data URIs.
//!
//! Loops are periodic by construction: tones make whole turns in them, and noise is filtered twice round, so that the
//! filter's memory at the end is the one at the beginning.

use std::f32::consts::TAU;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::rng::Rng;

/// Enough for what a hall lets through, and a third of the bytes.
const RATE_HZ: u32 = 16_000;

/// Beats of the stage's loop: four bars.
const BEATS: usize = 16;
/// 120 a minute.
const BEAT_SECONDS: f32 = 0.5;

/// What a node sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Music from a loudspeaker of the stage.
    Music,
    /// Drives and fans of machines.
    Hum,
    /// People at tables.
    Murmur,
    /// The air of a large room, all around.
    Room,
}

impl Sound {
    /// What stands in the node's `extras.pavilion.sound`.
    pub fn extras(self, seed: u64) -> Value {
        let (loudest, inner, radius) = match self {
            Self::Music => (-9.0, 4.0, 48.0),
            Self::Hum => (-14.0, 2.0, 14.0),
            Self::Murmur => (-12.0, 2.5, 16.0),
            Self::Room => (-26.0, 24.0, 40.0),
        };
        json!({
            "source": format!("data:audio/wav;base64,{}", STANDARD.encode(self.wav(seed))),
            "gain_decibels": loudest,
            "inner_metres": inner,
            "radius_metres": radius,
            "is_ambient": self == Self::Room,
        })
    }

    fn wav(self, seed: u64) -> Vec<u8> {
        let channels: Vec<Vec<f32>> = match self {
            Self::Music => vec![music()],
            Self::Hum => vec![hum(seed)],
            Self::Murmur => vec![murmur(seed)],
            Self::Room => vec![room(seed, "room left"), room(seed, "room right")],
        };
        wav(&channels)
    }
}

fn frames(seconds: f32) -> usize {
    (seconds * RATE_HZ as f32).round() as usize
}

/// Peaks at −1 dB, so that gains mean the same for all of them.
fn normalized(mut values: Vec<f32>) -> Vec<f32> {
    let peak = values.iter().fold(1e-6_f32, |peak, value| peak.max(value.abs()));
    values.iter_mut().for_each(|value| *value *= 0.89 / peak);
    values
}

/// A pattern of the minor pentatonic scale over a bass and a beat.
fn music() -> Vec<f32> {
    const SCALE: [f32; 5] = [0.0, 3.0, 5.0, 7.0, 10.0];
    const ROOTS: [f32; 4] = [0.0, -4.0, 3.0, -2.0];
    const STEPS: [usize; 8] = [0, 2, 4, 3, 1, 4, 2, 3];
    let mut values = vec![0.0; frames(BEAT_SECONDS * BEATS as f32)];
    let pitch = |halftones: f32| 220.0 * (halftones / 12.0).exp2();
    for beat in 0..BEATS {
        let root = ROOTS[beat / 4];
        let begin = beat as f32 * BEAT_SECONDS;
        pluck(&mut values, begin, pitch(root) / 4.0, 0.42, 0.9, 3.0);
        kick(&mut values, begin);
        for half in 0..2 {
            let step = STEPS[(beat * 2 + half) % STEPS.len()];
            let at = begin + half as f32 * BEAT_SECONDS / 2.0;
            pluck(&mut values, at, pitch(root + SCALE[step] + 12.0), 0.6, 0.34, 6.0);
        }
    }
    normalized(values)
}

/// A string of four partials that fades by `damping`; it rings on over the loop's end into its beginning.
fn pluck(values: &mut [f32], begin: f32, hertz: f32, seconds: f32, level: f32, damping: f32) {
    let (first, length) = (frames(begin), values.len());
    for index in 0..frames(seconds) {
        let time = index as f32 / RATE_HZ as f32;
        let attack = (time / 0.004).min(1.0) * ((seconds - time) / 0.02).clamp(0.0, 1.0);
        let partial =
            |number: f32| (time * hertz * number * TAU).sin() * (-time * damping * number).exp() / number;
        values[(first + index) % length] +=
            (1..=4).map(|number| partial(number as f32)).sum::<f32>() * attack * level;
    }
}

/// A drum whose pitch falls.
fn kick(values: &mut [f32], begin: f32) {
    let (first, length) = (frames(begin), values.len());
    let mut turn = 0.0_f32;
    for index in 0..frames(0.2) {
        let time = index as f32 / RATE_HZ as f32;
        turn += (48.0 + 90.0 * (-time * 30.0).exp()) / RATE_HZ as f32;
        values[(first + index) % length] +=
            (turn * TAU).sin() * (-time * 18.0).exp() * (time / 0.002).min(1.0);
    }
}

/// Mains hum with its harmonics, a drive that works in and out, and a fan.
fn hum(seed: u64) -> Vec<f32> {
    let seconds = 4.0;
    let air = filtered(&noise(seed, "fan", frames(seconds)), &[(700.0, 0.9)]);
    let values = air.iter().enumerate().map(|(index, air)| {
        let time = index as f32 / RATE_HZ as f32;
        let turn = |hertz: f32| (time * hertz * TAU).sin();
        let mains = turn(50.0) + 0.6 * turn(100.0) + 0.25 * turn(150.0) + 0.3 * turn(300.0);
        // Two strokes in the loop; whole turns of both, so that it closes.
        let stroke = (0.5 - 0.5 * (time * TAU / 2.0).cos()).powi(2);
        let drive = (turn(430.0) + 0.5 * turn(860.0) + 0.3 * turn(1_290.0)) * stroke;
        mains * 0.5 + drive * 0.35 + air * 2.0
    });
    normalized(values.collect())
}

/// Seven people who talk at once, none of whom can be understood: noise in the bands of vowels, in syllables.
fn murmur(seed: u64) -> Vec<f32> {
    const VOWELS: [(f32, f32); 5] =
        [(700.0, 1_200.0), (400.0, 2_000.0), (300.0, 2_300.0), (500.0, 900.0), (320.0, 800.0)];
    let length = frames(6.0);
    let mut values = vec![0.0; length];
    for person in 0..7 {
        let mut rng = Rng::new(seed, &format!("guest {person}"));
        let breath = noise(seed, &format!("breath {person}"), length);
        let pitch = rng.range(95.0, 210.0);
        let mut at = rng.below(length);
        let end = at + length;
        while at < end {
            let (first, second) = rng.pick(&VOWELS);
            let syllable = frames(rng.range(0.12, 0.26));
            let level = if rng.unit() < 0.25 { 0.0 } else { rng.range(0.4, 1.0) };
            let mut bands = [Band::new(first, 6.0), Band::new(second, 8.0)];
            for index in 0..syllable.min(end - at) {
                let time = index as f32 / RATE_HZ as f32;
                let place = (at + index) % length;
                let voice = (time * pitch * TAU).sin().max(0.0).powi(6) - 0.2 + breath[place] * 0.25;
                let shape = (index as f32 / syllable as f32 * TAU / 2.0).sin().max(0.0);
                values[place] += bands.iter_mut().map(|band| band.filter(voice)).sum::<f32>() * shape * level;
            }
            at += syllable;
        }
    }
    normalized(values)
}

/// Low noise, as of ventilation and distance.
fn room(seed: u64, label: &str) -> Vec<f32> {
    let low = filtered(&noise(seed, label, frames(4.0)), &[(90.0, 0.7), (240.0, 0.6)]);
    normalized(low)
}

fn noise(seed: u64, label: &str, length: usize) -> Vec<f32> {
    let mut rng = Rng::new(seed, label);
    (0..length).map(|_| rng.range(-1.0, 1.0)).collect()
}

/// The sum of the noise's bands, each (hertz, quality), without a seam.
fn filtered(noise: &[f32], bands: &[(f32, f32)]) -> Vec<f32> {
    let mut bands: Vec<Band> = bands.iter().map(|(hertz, quality)| Band::new(*hertz, *quality)).collect();
    let mut pass = || -> Vec<f32> {
        noise.iter().map(|value| bands.iter_mut().map(|band| band.filter(*value)).sum()).collect()
    };
    pass();
    pass()
}

/// A band-pass of two poles (Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients").
struct Band {
    gain: f32,
    feedback: [f32; 2],
    inputs: [f32; 2],
    outputs: [f32; 2],
}

impl Band {
    fn new(hertz: f32, quality: f32) -> Self {
        let (sin, cos) = (hertz / RATE_HZ as f32 * TAU).sin_cos();
        let alpha = sin / (2.0 * quality);
        let scale = 1.0 / (1.0 + alpha);
        Self {
            gain: alpha * scale,
            feedback: [-2.0 * cos * scale, (1.0 - alpha) * scale],
            inputs: [0.0; 2],
            outputs: [0.0; 2],
        }
    }

    fn filter(&mut self, input: f32) -> f32 {
        let output = self.gain * (input - self.inputs[1])
            - self.feedback[0] * self.outputs[0]
            - self.feedback[1] * self.outputs[1];
        self.inputs = [input, self.inputs[0]];
        self.outputs = [output, self.outputs[0]];
        output
    }
}

/// PCM of 16 bits.
fn wav(channels: &[Vec<f32>]) -> Vec<u8> {
    let length = channels.first().map_or(0, Vec::len);
    let data_bytes = (length * channels.len() * 2) as u32;
    let mut file = Vec::with_capacity(44 + data_bytes as usize);
    let word = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
    let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
    file.extend(b"RIFF");
    word(&mut file, 36 + data_bytes);
    file.extend(b"WAVEfmt ");
    word(&mut file, 16);
    half(&mut file, 1);
    half(&mut file, channels.len() as u16);
    word(&mut file, RATE_HZ);
    word(&mut file, RATE_HZ * channels.len() as u32 * 2);
    half(&mut file, channels.len() as u16 * 2);
    half(&mut file, 16);
    file.extend(b"data");
    word(&mut file, data_bytes);
    for index in 0..length {
        for channel in channels {
            file.extend(((channel[index] * 32_767.0).round() as i16).to_le_bytes());
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loops() -> [(&'static str, Vec<f32>); 5] {
        [
            ("music", music()),
            ("hum", hum(7)),
            ("murmur", murmur(7)),
            ("room left", room(7, "room left")),
            ("room right", room(7, "room right")),
        ]
    }

    #[test]
    fn loops_have_no_seam_and_are_neither_silent_nor_too_loud() {
        for (name, values) in loops() {
            let peak = values.iter().fold(0.0_f32, |peak, value| peak.max(value.abs()));
            assert!((peak - 0.89).abs() < 1e-3, "{name} peaks at {peak}");
            let step = |pair: [f32; 2]| (pair[1] - pair[0]).abs();
            let largest = values.windows(2).map(|pair| step([pair[0], pair[1]])).fold(0.0, f32::max);
            let seam = step([values[values.len() - 1], values[0]]);
            assert!(seam <= largest, "{name}: the seam steps by {seam}, its inside by {largest} at most");
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            assert!(mean.abs() < 0.01, "{name} is off by {mean}");
        }
    }

    #[test]
    fn they_stay_small_and_the_same() {
        let all: Vec<Vec<u8>> =
            [Sound::Music, Sound::Hum, Sound::Murmur, Sound::Room].iter().map(|sound| sound.wav(7)).collect();
        let bytes: usize = all.iter().map(Vec::len).sum();
        assert!(bytes < 900_000, "{bytes} bytes");
        assert_eq!(Sound::Murmur.wav(7), all[2]);
        assert_ne!(Sound::Murmur.wav(8), all[2]);
    }
}
