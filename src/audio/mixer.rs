//! Sources and a head → blocks of two ears. Runs on the audio thread: nothing here allocates, frees, locks
//! or waits.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::{Consumer, Producer};

use super::Frame;
use super::desk::{Command, Key, Shared};
use super::limiter::Limiter;
use super::source::Source;
use super::voice::Voice;
use crate::math::Pose;
use crate::scene::limits::SOUNDS_MAX;
use crate::scene::sound::SAMPLE_RATE_HZ;

/// Sounds that are heard at once: the loudest. The others are masked by them.
pub const VOICES_MAX: usize = 16;

/// Frames that are made at once, whatever a device asks for; everything that moves does so evenly within:
/// 2.7 ms.
pub const BLOCK_FRAMES: usize = 128;

/// Share of a fade that is made in a block: 20 ms for all of it.
pub const FADE_STEP: f32 = BLOCK_FRAMES as f32 / (0.02 * SAMPLE_RATE_HZ as f32);

/// Share of the way to the last known head that is made in a block: 63 % in 12 ms, which is a frame at
/// 90 Hz, so that poses which come once a frame become one movement.
const FOLLOW: f32 = 0.2;

/// What is softer than this is not heard: −80 dB.
const AUDIBLE: f32 = 1e-4;

/// A voice gives way only to one that is 3 dB louder, or two that are alike would take turns.
const LOYALTY: f32 = 1.4;

/// A source with when it began.
#[derive(Debug)]
struct Slot {
    source: Source,
    began: u64,
    is_leaving: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Mixer {
    commands: Consumer<Command>,
    done: Producer<(Key, Source)>,
    shared: Arc<Shared>,
    slots: Box<[Option<Slot>]>,
    voices: [Option<Voice>; VOICES_MAX],
    /// By how loud they are here; keeps its memory.
    ranked: Vec<(f32, usize)>,
    head: Option<Pose>,
    head_goal: Pose,
    /// 1, or 0 while paused, or on the way.
    level: f32,
    limiter: Limiter,
    /// Frames that were made.
    clock: u64,
    block: [Frame; BLOCK_FRAMES],
    /// Frames of the block that were handed out.
    taken: usize,
}

impl Mixer {
    pub(super) fn new(
        commands: Consumer<Command>,
        done: Producer<(Key, Source)>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            commands,
            done,
            shared,
            slots: (0..SOUNDS_MAX).map(|_| None).collect(),
            voices: [None; VOICES_MAX],
            ranked: Vec::with_capacity(SOUNDS_MAX),
            head: None,
            head_goal: Pose::IDENTITY,
            level: 1.0,
            limiter: Limiter::default(),
            clock: 0,
            block: [[0.0; 2]; BLOCK_FRAMES],
            taken: BLOCK_FRAMES,
        }
    }

    /// Writes the next frames.
    pub fn render(&mut self, frames: &mut [Frame]) {
        self.obey();
        let mut rest = frames;
        while !rest.is_empty() {
            if self.taken == BLOCK_FRAMES {
                let mut block = [[0.0; 2]; BLOCK_FRAMES];
                self.render_block(&mut block);
                (self.block, self.taken) = (block, 0);
            }
            let ready = &self.block[self.taken..];
            let (now, later) = rest.split_at_mut(ready.len().min(rest.len()));
            now.copy_from_slice(&ready[..now.len()]);
            self.taken += now.len();
            rest = later;
        }
        let playing = self.voices.iter().flatten().filter(|voice| voice.is_chosen).count();
        self.shared.playing.store(playing as u32, Ordering::Relaxed);
    }

    /// Lets so much time pass without a device to hear it.
    pub fn skip(&mut self, frames: u64) {
        self.obey();
        self.voices = [None; VOICES_MAX];
        if !self.shared.is_paused.load(Ordering::Relaxed) {
            self.clock += frames;
        }
        self.hand_back();
        self.shared.playing.store(0, Ordering::Relaxed);
    }

    fn obey(&mut self) {
        while let Ok(command) = self.commands.pop() {
            match command {
                Command::Add(key, source) => {
                    let slot = Slot { source, began: self.clock, is_leaving: false };
                    // The desk gives a key again only when it has the source that was there back.
                    self.slots[usize::from(key.0)] = Some(slot);
                }
                Command::Remove(key) => {
                    if let Some(slot) = &mut self.slots[usize::from(key.0)] {
                        slot.is_leaving = true;
                    }
                }
                Command::Listen(head) => {
                    self.head_goal = head;
                    self.head.get_or_insert(head);
                }
            }
        }
    }

    fn render_block(&mut self, block: &mut [Frame; BLOCK_FRAMES]) {
        let goal = if self.shared.is_paused.load(Ordering::Relaxed) { 0.0 } else { 1.0 };
        if self.level == 0.0 && goal == 0.0 {
            return self.hand_back();
        }
        let Some(head) = self.follow() else { return self.hand_back() };
        self.choose(head);
        let is_mono = self.shared.is_mono.load(Ordering::Relaxed);
        for place in &mut self.voices {
            let Some(voice) = place else { continue };
            let slot = self.slots[voice.source].as_ref();
            let Some((slot, cursor)) =
                slot.and_then(|slot| Some((slot, slot.source.cursor(self.clock - slot.began)?)))
            else {
                *place = None;
                continue;
            };
            voice.add(&slot.source, cursor, slot.source.hearing(head, is_mono), block);
            if voice.is_over() {
                *place = None;
            }
        }
        self.hand_back();
        self.limiter.limit(block);
        self.fade(goal, block);
        self.clock += block.len() as u64;
    }

    /// Moves the head on towards where it was last said to be.
    fn follow(&mut self) -> Option<Pose> {
        let (head, goal) = (self.head.as_mut()?, self.head_goal);
        head.position = head.position.lerp(goal.position, FOLLOW);
        head.orientation = head.orientation.slerp(goal.orientation, FOLLOW).normalize();
        Some(*head)
    }

    /// Gives the voices to the loudest sources.
    fn choose(&mut self, head: Pose) {
        self.ranked.clear();
        for (index, slot) in self.slots.iter().enumerate() {
            let Some(slot) = slot.as_ref().filter(|slot| !slot.is_leaving) else { continue };
            let loudness = slot.source.gain_at(head.position);
            let has_ended = slot.source.cursor(self.clock - slot.began).is_none();
            if loudness < AUDIBLE || has_ended {
                continue;
            }
            let has_voice = self.voices.iter().flatten().any(|voice| voice.source == index);
            self.ranked.push((if has_voice { loudness * LOYALTY } else { loudness }, index));
        }
        self.ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        self.ranked.truncate(VOICES_MAX);
        for voice in self.voices.iter_mut().flatten() {
            voice.is_chosen = self.ranked.iter().any(|(_, index)| *index == voice.source);
        }
        let is_mono = self.shared.is_mono.load(Ordering::Relaxed);
        for (_, index) in &self.ranked {
            if self.voices.iter().flatten().any(|voice| voice.source == *index) {
                continue;
            }
            // Where all places are taken, those that lost theirs are still fading out.
            let Some(place) = self.voices.iter_mut().find(|place| place.is_none()) else { return };
            let slot = self.slots[*index].as_ref();
            *place = slot.map(|slot| Voice::new(*index, slot.source.hearing(head, is_mono)));
        }
    }

    /// Gives back the sources that are to go and are not heard any more.
    fn hand_back(&mut self) {
        for (index, place) in self.slots.iter_mut().enumerate() {
            let is_heard = self.voices.iter().flatten().any(|voice| voice.source == index);
            let Some(slot) = place.take_if(|slot| slot.is_leaving && !is_heard) else { continue };
            let key = Key(index as u16);
            // There is room for every source there can be.
            if let Err(rtrb::PushError::Full((_, source))) = self.done.push((key, slot.source)) {
                *place = Some(Slot { source, ..slot });
            }
        }
    }

    /// Fades to silence where the sound is paused, and back.
    fn fade(&mut self, goal: f32, block: &mut [Frame; BLOCK_FRAMES]) {
        if self.level == goal {
            return;
        }
        let next = self.level + (goal - self.level).clamp(-FADE_STEP, FADE_STEP);
        let step = (next - self.level) / block.len() as f32;
        for frame in block {
            self.level += step;
            *frame = frame.map(|value| value * self.level);
        }
        self.level = next;
    }
}
