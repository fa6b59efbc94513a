//! What the person hears: joins the twin's sounds, the clips that have come, the head and an output.

mod recording;

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::Failure;
use crate::audio::device::{Choice, Device};
use crate::audio::{Desk, Frame, Key, Mixer, Source, open};
use crate::math::Pose;
use crate::scene::sound::SAMPLE_RATE_HZ;
use crate::scene::{ClipId, Samples, Tileset};
use recording::Recording;

/// A frame of the viewer that takes longer is heard as one that took so long.
const SECONDS_MAX: f32 = 0.25;

/// Where sound goes.
#[derive(Clone, Copy, Debug)]
pub enum Wish<'a> {
    /// Out of this machine's output.
    Play,
    /// Into a WAV file, in step with the frames, whatever time they take.
    Record(&'a Path),
    /// Nowhere, because nobody listens.
    Silent,
}

/// See the module.
pub struct Sounds {
    desk: Desk,
    output: Output,
    tileset: Option<Arc<Tileset>>,
    /// By clip, what has come.
    clips: Vec<Option<Samples>>,
    /// By sound, what the mixer has.
    playing: Vec<Option<Key>>,
    /// Of an earlier twin, and not told to the mixer yet.
    leaving: Vec<Key>,
    is_settled: bool,
}

/// Where the samples go.
enum Output {
    /// A thread asks for them.
    Device(Device),
    /// Each frame of the viewer makes as many as it is long.
    Frames(Box<Frames>),
}

/// A mixer in step with the viewer's frames.
struct Frames {
    mixer: Mixer,
    recording: Option<Recording>,
    block: Vec<Frame>,
    /// Of a moment of sound, what the frames so far have left over.
    owed: f32,
}

/// What a visit sounded like, in numbers.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct SoundFacts {
    /// Places that sound in the twin.
    pub total: usize,
    /// Those whose clips are here.
    pub known: usize,
    /// Those that the last frame heard.
    pub playing: usize,
    /// Whether an output was open; `false` where sound went into a file or nowhere.
    pub has_output: bool,
}

impl Sounds {
    /// Begins in silence.
    ///
    /// # Errors
    /// When the file cannot be written or the system gives no thread. A machine without sound is none.
    pub fn start(wish: Wish<'_>) -> Result<Self, Failure> {
        let (desk, mixer) = open();
        let block = || Vec::with_capacity((SECONDS_MAX * SAMPLE_RATE_HZ as f32) as usize + 1);
        let frames = |mixer, recording| {
            Output::Frames(Box::new(Frames { mixer, recording, block: block(), owed: 0.0 }))
        };
        let output = match wish {
            Wish::Silent => frames(mixer, None),
            Wish::Record(path) => frames(mixer, Some(Recording::start(path)?)),
            Wish::Play => Output::Device(Device::start(mixer, Choice::default()).map_err(|error| {
                Failure::environment(format!("no thread for sound could be started ({error})"))
            })?),
        };
        Ok(Self {
            desk,
            output,
            tileset: None,
            clips: Vec::new(),
            playing: Vec::new(),
            leaving: Vec::new(),
            is_settled: true,
        })
    }

    /// The twin that follows: what was heard so far fades out.
    pub fn begin(&mut self, tileset: Arc<Tileset>) {
        self.leaving.extend(self.playing.drain(..).flatten());
        self.clips = vec![None; tileset.clips().len()];
        self.playing = vec![None; tileset.sounds().len()];
        self.tileset = Some(tileset);
        self.is_settled = false;
    }

    /// A clip of the twin has come, or (with `None`) is to be forgotten.
    pub fn set_clip(&mut self, clip: ClipId, samples: Option<Samples>) {
        if let Some(slot) = self.clips.get_mut(clip.index()) {
            *slot = samples;
            self.is_settled = false;
        }
    }

    /// Nothing is to be heard, because the headset is off or the person elsewhere; sounds wait.
    pub fn rest(&mut self) {
        self.desk.set_paused(true);
    }

    /// Hears one frame with a head at `head`; it is kept if it is to be recorded and `is_kept`.
    pub fn hear(&mut self, head: Pose, is_mono: bool, is_kept: bool, delta_seconds: f32) {
        self.desk.set_paused(false);
        self.desk.set_mono(is_mono);
        self.desk.listen(head);
        if !self.is_settled {
            self.settle();
        }
        let Output::Frames(frames) = &mut self.output else { return };
        let Frames { mixer, recording, block, owed } = frames.as_mut();
        *owed += delta_seconds.clamp(0.0, SECONDS_MAX) * SAMPLE_RATE_HZ as f32;
        let count = *owed as usize;
        *owed -= count as f32;
        block.resize(count, [0.0; 2]);
        mixer.render(block);
        if let Some(recording) = recording.as_mut().filter(|_| is_kept) {
            recording.write(block);
        }
    }

    /// Tells the mixer what it should have; what it has no room for now is told with a later frame.
    fn settle(&mut self) {
        let Self { desk, tileset, clips, playing, leaving, .. } = self;
        leaving.retain(|key| !desk.remove(*key));
        let mut is_settled = leaving.is_empty();
        let Some(tileset) = tileset else { return };
        for (sound, key) in tileset.sounds().iter().zip(playing) {
            let samples = &clips[sound.clip.index()];
            match (samples, *key) {
                (Some(samples), None) => {
                    let source = Source::new(sound, &tileset.clips()[sound.clip.index()], samples.clone());
                    *key = desk.add(source).ok();
                    is_settled &= key.is_some();
                }
                (None, Some(old)) => {
                    let is_told = desk.remove(old);
                    *key = key.filter(|_| !is_told);
                    is_settled &= is_told;
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        self.is_settled = is_settled;
    }

    /// Whether what has come so far is with the mixer.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Whether sound goes into a file.
    pub fn is_recording(&self) -> bool {
        matches!(&self.output, Output::Frames(frames) if frames.recording.is_some())
    }

    /// What there is to hear now.
    pub fn facts(&self) -> SoundFacts {
        let known = self.playing.iter().flatten().count();
        let has_output = matches!(&self.output, Output::Device(device) if device.opened() > 0);
        SoundFacts { total: self.playing.len(), known, playing: self.desk.playing(), has_output }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> Result<(), Failure> {
        match &mut self.output {
            Output::Frames(frames) => frames.recording.as_mut().map_or(Ok(()), Recording::finish),
            Output::Device(_) => Ok(()),
        }
    }
}
