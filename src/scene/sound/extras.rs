//! How a glTF file says that a node sounds: `extras.pavilion.sound`, or the same object in a file beside it.

use serde::Deserialize;
use serde_json::Value;

use super::{GAIN_DECIBELS, has_valid_reach};
use crate::scene::{ContentError, limits};

/// What stands in `extras.pavilion.sound` of a node.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoundExtras {
    /// A WAV beside the glTF file, or a data URI of one.
    pub source: String,
    /// On top of the source's own level.
    #[serde(default)]
    pub gain_decibels: f32,
    /// Up to here it is as loud as it gets.
    #[serde(default = "inner_metres")]
    pub inner_metres: f32,
    /// From here on it is not heard.
    #[serde(default = "radius_metres")]
    pub radius_metres: f32,
    /// It is all around whoever is inside, instead of coming from the node.
    #[serde(default)]
    pub is_ambient: bool,
    /// It begins again where it ends.
    #[serde(default = "loops")]
    pub loops: bool,
}

fn inner_metres() -> f32 {
    1.0
}

fn radius_metres() -> f32 {
    12.0
}

fn loops() -> bool {
    true
}

/// Reads the object; `place` is where it stands.
///
/// # Errors
/// When it is not one of these, or a number of it is out of range.
pub fn read(value: &Value, place: &str) -> Result<SoundExtras, ContentError> {
    let bad = |reason: String| ContentError::malformed(place, reason);
    let sound = SoundExtras::deserialize(value).map_err(|error| bad(format!("it is no sound: {error}")))?;
    if !GAIN_DECIBELS.contains(&sound.gain_decibels) {
        let (low, high) = (GAIN_DECIBELS.start(), GAIN_DECIBELS.end());
        return Err(bad(format!("its gain_decibels is not within {low} and {high}")));
    }
    if !has_valid_reach(sound.inner_metres, sound.radius_metres) {
        let (low, high) = (limits::SOUND_INNER_METRES_MIN, limits::SOUND_RADIUS_METRES_MAX);
        return Err(bad(format!(
            "its inner_metres is not from {low} up, or its radius_metres not above that and up to {high}"
        )));
    }
    Ok(sound)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_source_is_enough_and_nonsense_is_refused() {
        let sound = read(&json!({ "source": "hum.wav" }), "/nodes/3").unwrap();
        assert!(sound.loops && !sound.is_ambient && sound.radius_metres == 12.0);
        let refused = [
            (json!("hum.wav"), "it is no sound"),
            (json!({ "radius_metres": 3 }), "source"),
            (json!({ "source": "a.wav", "gain": 3 }), "gain"),
            (json!({ "source": "a.wav", "gain_decibels": 60 }), "gain_decibels"),
            (json!({ "source": "a.wav", "radius_metres": 0.5 }), "radius_metres"),
            (json!({ "source": "a.wav", "inner_metres": -1 }), "inner_metres"),
        ];
        for (value, reason) in refused {
            let Err(error) = read(&value, "/nodes/3") else { panic!("{value} was taken") };
            let text = error.to_string();
            assert!(text.contains(reason) && text.starts_with("/nodes/3: "), "{text}");
        }
    }
}
