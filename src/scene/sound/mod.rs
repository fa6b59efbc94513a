//! What is heard in the twin, and where.
//!
//! A [`Clip`] is something that can be heard: one blob, a PCM WAV of 16 bits, as the source had it or
//! [`SAMPLE_RATE_HZ`] where that is less. A [`Sound`] is a clip at a place. On its way into memory a
//! clip becomes [`Samples`] at one rate. PCM and not Opus: the decoder of a stranger's bytes is then
//! [`wav`], a page of checked code, and any player opens the blob.

pub mod extras;
pub mod resample;
pub mod wav;

use std::sync::Arc;

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::{BlobId, ClipId, ContentError, EntityIndex, limits};

pub use extras::SoundExtras;

/// Frames a second of everything that is in memory and of everything that is played.
pub const SAMPLE_RATE_HZ: u32 = 48_000;

/// Gains that make sense: 60 dB down is inaudible, 12 dB up is four times as strong.
const GAIN_DECIBELS: std::ops::RangeInclusive<f32> = -60.0..=12.0;

/// Something that can be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clip {
    /// The WAV.
    pub blob: BlobId,
    /// Frames at [`SAMPLE_RATE_HZ`].
    pub frame_count: u32,
    /// Two channels, left and right; else one.
    pub is_stereo: bool,
    /// It begins again where it ends.
    pub loops: bool,
}

impl Clip {
    /// Channels of a frame.
    pub fn channel_count(&self) -> usize {
        if self.is_stereo { 2 } else { 1 }
    }

    /// What its samples occupy in memory.
    pub fn size_bytes(&self) -> u64 {
        u64::from(self.frame_count) * self.channel_count() as u64 * 2
    }
}

/// A clip at a place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    /// What is heard.
    pub clip: ClipId,
    /// The thing that makes it, where the source says so.
    pub entity: Option<EntityIndex>,
    /// In the world, metres.
    pub position: Vec3,
    /// On top of the clip's own level.
    pub gain_decibels: f32,
    /// Up to here it is as loud as it gets.
    pub inner_metres: f32,
    /// From here on it is not heard.
    pub radius_metres: f32,
    /// It is all around whoever is inside, instead of coming from its position.
    pub is_ambient: bool,
}

/// A clip in memory, [`SAMPLE_RATE_HZ`] frames a second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    /// 1, or 2 for left and right in turn.
    pub channel_count: usize,
    /// Of all channels, 32 768 is full scale.
    pub values: Arc<[i16]>,
}

impl Samples {
    /// How many frames there are.
    pub fn frame_count(&self) -> usize {
        self.values.len() / self.channel_count.max(1)
    }
}

/// Errs when a number or an index of the clips is out of range.
pub(super) fn check_clips(clips: &[Clip], blob_count: usize) -> Result<(), ContentError> {
    ContentError::check("tileset", "clips", clips.len(), limits::CLIPS_MAX)?;
    let is_valid = |clip: &Clip| {
        clip.blob.index() < blob_count && (1..=limits::CLIP_FRAMES_MAX).contains(&clip.frame_count)
    };
    match clips.iter().position(|clip| !is_valid(clip)) {
        None => Ok(()),
        Some(index) => {
            Err(ContentError::malformed(format!("clip {index}"), "its blob or its length is out of range"))
        }
    }
}

/// Errs when a number or an index of the sounds is out of range.
pub(super) fn check_sounds(
    sounds: &[Sound],
    clips: &[Clip],
    entity_count: usize,
) -> Result<(), ContentError> {
    ContentError::check("tileset", "sounds", sounds.len(), limits::SOUNDS_MAX)?;
    let is_valid = |sound: &Sound| {
        let clip_fits = clips.get(sound.clip.index()).is_some_and(|clip| sound.is_ambient || !clip.is_stereo);
        clip_fits
            && sound.entity.is_none_or(|entity| entity.index() < entity_count)
            && sound.position.is_finite()
            && sound.position.length() <= limits::WORLD_RADIUS_METRES
            && GAIN_DECIBELS.contains(&sound.gain_decibels)
            && has_valid_reach(sound.inner_metres, sound.radius_metres)
    };
    match sounds.iter().position(|sound| !is_valid(sound)) {
        None => Ok(()),
        Some(index) => Err(ContentError::malformed(
            format!("sound {index}"),
            "its clip, its entity or a number of it is out of range",
        )),
    }
}

/// Whether a sound can be as loud as it gets up to `inner` and silent from `radius` on, metres.
fn has_valid_reach(inner: f32, radius: f32) -> bool {
    inner >= limits::SOUND_INNER_METRES_MIN && radius > inner && radius <= limits::SOUND_RADIUS_METRES_MAX
}

/// The clip's samples from its blob.
///
/// # Errors
/// When the blob is not the WAV that the clip promises.
pub fn decode(bytes: &[u8], clip: &Clip) -> Result<Samples, ContentError> {
    let wave = wav::read(bytes)?;
    let (channel_count, frame_count) = (wave.channel_count, clip.frame_count as usize);
    if channel_count != clip.channel_count() || wave.frame_count_at(SAMPLE_RATE_HZ) != frame_count {
        return Err(ContentError::malformed("WAV", "it has another length or other channels than was said"));
    }
    let wave = resample::to_rate(wave, SAMPLE_RATE_HZ, clip.loops);
    let values: Arc<[i16]> = wave.values.iter().map(|value| wav::quantized(*value)).collect();
    Ok(Samples { channel_count, values })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sound() -> Sound {
        Sound {
            clip: ClipId(0),
            entity: None,
            position: Vec3::ONE,
            gain_decibels: 0.0,
            inner_metres: 1.0,
            radius_metres: 8.0,
            is_ambient: false,
        }
    }

    #[test]
    fn sounds_are_taken_and_their_faults_are_not() {
        let mono = Clip { blob: BlobId(0), frame_count: 9, is_stereo: false, loops: true };
        let clips = [mono, Clip { is_stereo: true, ..mono }];
        check_clips(&clips, 1).unwrap();
        assert!(check_clips(&clips, 0).is_err());
        assert!(check_clips(&[Clip { frame_count: 0, ..mono }], 1).is_err());
        assert!(check_clips(&[Clip { frame_count: u32::MAX, ..mono }], 1).is_err());
        check_sounds(&[sound(), Sound { clip: ClipId(1), is_ambient: true, ..sound() }], &clips, 0).unwrap();
        let faults: [fn(&mut Sound); 10] = [
            |s| s.clip = ClipId(2),
            |s| s.clip = ClipId(1),
            |s| s.entity = Some(EntityIndex(0)),
            |s| s.position.x = f32::NAN,
            |s| s.position.x = 1e9,
            |s| s.gain_decibels = 13.0,
            |s| s.gain_decibels = f32::NAN,
            |s| s.inner_metres = 0.0,
            |s| s.radius_metres = 0.5,
            |s| s.radius_metres = f32::INFINITY,
        ];
        for (index, fault) in faults.iter().enumerate() {
            let mut sound = sound();
            fault(&mut sound);
            assert!(check_sounds(&[sound], &clips, 0).is_err(), "fault {index} was taken");
        }
    }

    #[test]
    fn a_clip_is_decoded_only_as_it_was_promised() {
        let wave = wav::Wave { rate_hz: 24_000, channel_count: 1, values: vec![0.25; 100] };
        let bytes = wav::write(&wave);
        let clip = Clip { blob: BlobId(0), frame_count: 200, is_stereo: false, loops: true };
        let samples = decode(&bytes, &clip).unwrap();
        assert_eq!(samples.frame_count(), 200);
        assert!(samples.values.iter().all(|value| (value - 8192).abs() <= 2), "{:?}", samples.values);
        for wrong in [
            Clip { frame_count: 199, ..clip },
            Clip { is_stereo: true, ..clip },
            Clip { frame_count: 0, ..clip },
        ] {
            assert!(decode(&bytes, &wrong).is_err(), "{wrong:?}");
        }
    }
}
