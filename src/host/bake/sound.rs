//! The file's sounds → clips and where they are heard.
//!
//! A clip becomes PCM of 16 bits at its own rate, 48 kHz at most; what comes from a point is mixed to one
//! channel. The same source used twice is one blob.

use std::collections::BTreeMap;

use super::BakedBlob;
use super::naming::Naming;
use crate::scene::entity::Entity;
use crate::scene::gltf::Document;
use crate::scene::sound::wav::{self, Wave};
use crate::scene::sound::{SAMPLE_RATE_HZ, SoundExtras, resample};
use crate::scene::{BlobId, Clip, ClipId, ContentError, EntityIndex, Sound};

/// What is heard. The clips' blobs are numbered from 0: what they are appended to shifts them.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// As the tileset lists them.
    pub clips: Vec<Clip>,
    /// As the tileset lists them.
    pub sounds: Vec<Sound>,
    /// WAV files.
    pub blobs: Vec<BakedBlob>,
}

/// Reads the sounds of the document, whose entities these are.
///
/// # Errors
/// When a source is not a WAV that can be read.
pub fn collect(document: &Document, entities: &[Entity]) -> Result<Heard, ContentError> {
    let mut heard = Heard::default();
    if document.nodes.iter().all(|node| node.sound.is_none()) {
        return Ok(heard);
    }
    let naming = Naming::of(document, &mut BTreeMap::new());
    let mut clips: BTreeMap<(&str, bool, bool), ClipId> = BTreeMap::new();
    for (number, node) in document.nodes.iter().enumerate() {
        let Some(extras) = &node.sound else { continue };
        let key = (extras.source.as_str(), extras.is_ambient, extras.loops);
        let clip = match clips.get(&key) {
            Some(clip) => *clip,
            None => {
                let clip = heard.add_clip(document, extras)?;
                clips.insert(key, clip);
                clip
            }
        };
        let id = naming.of_node(document, number).and_then(|entity| naming.ids().get(entity as usize));
        let entity = id.and_then(|id| entities.binary_search_by(|entity| entity.id.cmp(id)).ok());
        heard.sounds.push(Sound {
            clip,
            entity: entity.map(|index| EntityIndex(index as u32)),
            position: node.world_from_node.translation.into(),
            gain_decibels: extras.gain_decibels,
            inner_metres: extras.inner_metres,
            radius_metres: extras.radius_metres,
            is_ambient: extras.is_ambient,
        });
    }
    Ok(heard)
}

impl Heard {
    fn add_clip(&mut self, document: &Document, extras: &SoundExtras) -> Result<ClipId, ContentError> {
        let name: String = extras.source.chars().take(40).flat_map(char::escape_debug).collect();
        let bytes = document.sound_files.get(&extras.source).map(Vec::as_slice).unwrap_or_default();
        let wave = wav::read(bytes)
            .map_err(|error| ContentError::malformed(format!("the sound “{name}”"), error.to_string()))?;
        let mut wave = if extras.is_ambient { wave } else { mixed(wave) };
        if wave.rate_hz > SAMPLE_RATE_HZ {
            wave = resample::to_rate(wave, SAMPLE_RATE_HZ, extras.loops);
        }
        let blob = BakedBlob::new("wav", wav::write(&wave));
        let known = self.blobs.iter().position(|other| other.hash == blob.hash);
        let index = known.unwrap_or_else(|| {
            self.blobs.push(blob);
            self.blobs.len() - 1
        });
        self.clips.push(Clip {
            blob: BlobId(index as u32),
            frame_count: wave.frame_count_at(SAMPLE_RATE_HZ) as u32,
            is_stereo: wave.channel_count == 2,
            loops: extras.loops,
        });
        Ok(ClipId(self.clips.len() as u32 - 1))
    }

    /// Appends the blobs to `blobs`, where the clips find them from now on.
    pub fn append_blobs(&mut self, blobs: &mut Vec<BakedBlob>) {
        let first = blobs.len() as u32;
        self.clips.iter_mut().for_each(|clip| clip.blob.0 += first);
        blobs.append(&mut self.blobs);
    }
}

/// All channels in one, as loud as each.
fn mixed(wave: Wave) -> Wave {
    let channels = wave.channel_count;
    if channels == 1 {
        return wave;
    }
    let frames = wave.values.chunks_exact(channels);
    let values = frames.map(|frame| frame.iter().sum::<f32>() / channels as f32).collect();
    Wave { channel_count: 1, values, ..wave }
}
