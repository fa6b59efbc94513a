//! Something that sounds, as the mixer knows it.

use glam::Vec3;

use super::distance;
use super::head::{self, Ear};
use crate::math::Pose;
use crate::scene::{Clip, Samples, Sound};

/// Something that sounds.
#[derive(Clone, Debug)]
pub struct Source {
    samples: Samples,
    loops: bool,
    position: Vec3,
    gain: f32,
    inner_metres: f32,
    radius_metres: f32,
    is_ambient: bool,
}

/// What the two ears are to hear of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hearing {
    /// How loud.
    pub gain: f32,
    /// Left and right.
    pub ears: [Ear; 2],
    /// How far apart left and right are: 1 as they were recorded, 0 the same in both ears.
    pub width: f32,
}

impl Source {
    /// `sound` with the samples of its `clip`.
    pub fn new(sound: &Sound, clip: &Clip, samples: Samples) -> Self {
        Self {
            samples,
            loops: clip.loops,
            position: sound.position,
            gain: distance::from_decibels(sound.gain_decibels),
            inner_metres: sound.inner_metres,
            radius_metres: sound.radius_metres,
            is_ambient: sound.is_ambient,
        }
    }

    /// Whether it is all around instead of somewhere.
    pub fn is_ambient(&self) -> bool {
        self.is_ambient
    }

    /// How loud it is at `position`.
    pub fn gain_at(&self, position: Vec3) -> f32 {
        let law = if self.is_ambient { distance::ambient } else { distance::point };
        self.gain * law(position.distance(self.position), self.inner_metres, self.radius_metres)
    }

    /// What a head hears of it: both ears the same if `is_mono`.
    pub fn hearing(&self, head: Pose, is_mono: bool) -> Hearing {
        let ears = if is_mono { [Ear::FLAT; 2] } else { head::ears(head, self.position) };
        Hearing { gain: self.gain_at(head.position), ears, width: if is_mono { 0.0 } else { 1.0 } }
    }

    /// Where a source that began `age` frames ago is in its samples; `None` when it has ended.
    pub fn cursor(&self, age: u64) -> Option<usize> {
        let frames = self.samples.frame_count() as u64;
        match self.loops {
            true => age.checked_rem(frames).map(|frame| frame as usize),
            // The ears may lag by less than 64 frames.
            false => (age < frames + 64).then_some(age as usize),
        }
    }

    /// Two neighbours on each side of the middle between frame `at` and the one before, of one channel.
    #[inline]
    pub fn around(&self, at: i64, channel: usize) -> [f32; 4] {
        let values = &self.samples.values;
        let first = at - 2;
        if self.samples.channel_count == 1
            && let Ok(begin) = usize::try_from(first)
            && let Some(&[a, b, c, d]) = values.get(begin..).and_then(|rest| rest.first_chunk::<4>())
        {
            return [a, b, c, d].map(scaled);
        }
        let frames = self.samples.frame_count() as i64;
        std::array::from_fn(|index| {
            let frame = first + index as i64;
            let frame = if self.loops { frame.rem_euclid(frames) } else { frame };
            let channel = channel.min(self.samples.channel_count - 1);
            let place = usize::try_from(frame).ok().filter(|_| frame < frames);
            let value = place.and_then(|frame| values.get(frame * self.samples.channel_count + channel));
            value.map_or(0.0, |value| scaled(*value))
        })
    }
}

fn scaled(value: i16) -> f32 {
    f32::from(value) / 32_768.0
}
