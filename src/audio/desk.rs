//! The frame thread's end: what there is to hear, and where the head is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rtrb::{Consumer, Producer, RingBuffer};

use super::mixer::Mixer;
use super::source::Source;
use crate::math::Pose;
use crate::scene::limits::SOUNDS_MAX;

/// What waits for the mixer: every source there can be, and a second of poses.
const COMMANDS_MAX: usize = SOUNDS_MAX + 128;

/// What the mixer is told.
#[derive(Debug)]
pub(super) enum Command {
    Add(Key, Source),
    Remove(Key),
    Listen(Pose),
}

/// Numbers that both sides see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub is_mono: AtomicBool,
    pub is_paused: AtomicBool,
    pub playing: AtomicU32,
}

/// A source that the mixer was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub(super) u16);

/// See the module.
#[derive(Debug)]
pub struct Desk {
    commands: Producer<Command>,
    done: Consumer<(Key, Source)>,
    shared: Arc<Shared>,
    free: Vec<Key>,
}

/// A desk and its mixer.
pub fn open() -> (Desk, Mixer) {
    let (commands, orders) = RingBuffer::new(COMMANDS_MAX);
    let (returns, done) = RingBuffer::new(SOUNDS_MAX);
    let shared = Arc::new(Shared::default());
    let mixer = Mixer::new(orders, returns, Arc::clone(&shared));
    let free = (0..SOUNDS_MAX as u16).rev().map(Key).collect();
    (Desk { commands, done, shared, free }, mixer)
}

impl Desk {
    /// Lets the source be heard.
    ///
    /// # Errors
    /// Gives it back where there is no room for it now: as long as one that was removed fades out, it has
    /// its place.
    pub fn add(&mut self, source: Source) -> Result<Key, Source> {
        self.tidy();
        if self.commands.is_full() {
            return Err(source);
        }
        let Some(key) = self.free.pop() else { return Err(source) };
        // Nobody else pushes, so there is still room.
        let _ = self.commands.push(Command::Add(key, source));
        Ok(key)
    }

    /// Lets the source fade out; whether there was room to say so.
    pub fn remove(&mut self, key: Key) -> bool {
        self.commands.push(Command::Remove(key)).is_ok()
    }

    /// The head is here from now on: in the world, looking along −Z. Where the mixer is far behind it is
    /// dropped, because the next one comes with the next frame.
    pub fn listen(&mut self, head: Pose) {
        self.tidy();
        if head.position.is_finite() && head.orientation.is_normalized() {
            let _ = self.commands.push(Command::Listen(head));
        }
    }

    /// Whether both ears are to hear the same.
    pub fn set_mono(&self, is_mono: bool) {
        self.shared.is_mono.store(is_mono, Ordering::Relaxed);
    }

    /// Whether nothing is to be heard, and the sounds to wait.
    pub fn set_paused(&self, is_paused: bool) {
        self.shared.is_paused.store(is_paused, Ordering::Relaxed);
    }

    /// Sounds that are heard now.
    pub fn playing(&self) -> usize {
        self.shared.playing.load(Ordering::Relaxed) as usize
    }

    /// Frees what the mixer is done with, here, because freeing may take long.
    fn tidy(&mut self) {
        while let Ok((key, _)) = self.done.pop() {
            self.free.push(key);
        }
    }
}
