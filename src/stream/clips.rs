//! Which clips are wanted and which are here: those that can be heard, the nearest first, within a budget.
//!
//! They come after every tile, because what is seen is missed first; but one that was wanted for a while
//! goes before them, or somebody who keeps walking would never hear anything.

use std::time::Duration;

use glam::Vec3;

use super::fetch::Fetch;
use crate::scene::{BlobId, ClipId, Tileset};

/// How far before a sound can be heard its clip is fetched, metres: a runner needs two seconds for it.
const AHEAD_METRES: f32 = 10.0;

/// How far beyond that its clip is kept, so that nothing is fetched twice by somebody who strolls.
const BEHIND_METRES: f32 = 10.0;

/// After waiting so long, one clip goes before the tiles.
const PATIENCE: Duration = Duration::from_secs(3);

/// How far a clip has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Absent,
    Decoding,
    /// Handed out.
    Resident,
    /// Refused for good.
    Bad,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    state: State,
    /// From the listener to where the nearest of its sounds begins to be heard, metres.
    away_metres: f32,
    /// Since when it is wanted and not here.
    wanted_since: Option<Duration>,
}

/// The clips of one tileset.
#[derive(Debug)]
pub struct Clips {
    slots: Vec<Slot>,
    /// Wanted or kept, nearest first.
    order: Vec<ClipId>,
    resident_bytes: u64,
    has_listener: bool,
}

impl Clips {
    /// Nothing is here.
    pub fn new(tileset: &Tileset) -> Self {
        let slot = Slot { state: State::Absent, away_metres: f32::INFINITY, wanted_since: None };
        let count = tileset.clips().len();
        Self {
            slots: vec![slot; count],
            order: Vec::with_capacity(count),
            resident_bytes: 0,
            has_listener: false,
        }
    }

    /// Whoever hears is at `listener` (nowhere yet, if `None`) at `now`. Calls `evict` for what is not
    /// needed there any more; what is here and wanted stays within `limit_bytes` together.
    pub fn listen(
        &mut self,
        listener: Option<Vec3>,
        now: Duration,
        tileset: &Tileset,
        limit_bytes: u64,
        mut evict: impl FnMut(ClipId),
    ) {
        self.has_listener = listener.is_some();
        if self.slots.is_empty() {
            return;
        }
        self.slots.iter_mut().for_each(|slot| slot.away_metres = f32::INFINITY);
        for sound in listener.into_iter().flat_map(|at| tileset.sounds().iter().map(move |sound| (at, sound)))
        {
            let (at, sound) = sound;
            let slot = &mut self.slots[sound.clip.index()];
            slot.away_metres = slot.away_metres.min(sound.position.distance(at) - sound.radius_metres);
        }
        self.order.clear();
        for (slot, clip) in self.slots.iter().zip(0..) {
            let reach = match slot.state {
                State::Bad => continue,
                State::Absent => AHEAD_METRES,
                State::Decoding | State::Resident => AHEAD_METRES + BEHIND_METRES,
            };
            if slot.away_metres <= reach {
                self.order.push(ClipId(clip));
            }
        }
        let slots = &self.slots;
        let away = |clip: &ClipId| slots[clip.index()].away_metres;
        self.order.sort_unstable_by(|a, b| away(a).total_cmp(&away(b)).then(a.cmp(b)));
        let mut bytes = 0;
        self.order.retain(|clip| {
            let size_bytes = tileset.clips()[clip.index()].size_bytes();
            let fits = bytes + size_bytes <= limit_bytes;
            bytes += if fits { size_bytes } else { 0 };
            fits
        });
        for (index, slot) in self.slots.iter_mut().enumerate() {
            let clip = ClipId(index as u32);
            let is_wanted = self.order.contains(&clip);
            match slot.state {
                State::Resident if !is_wanted => {
                    slot.state = State::Absent;
                    self.resident_bytes -= tileset.clips()[index].size_bytes();
                    evict(clip);
                }
                State::Absent if is_wanted => slot.wanted_since = slot.wanted_since.or(Some(now)),
                _ => slot.wanted_since = None,
            }
        }
    }

    /// Whether a clip is wanted that is not on its way to the decoder.
    pub fn is_missing_any(&self) -> bool {
        self.order.iter().any(|clip| self.is_missing(*clip))
    }

    /// Whether somebody listens and all that they can hear, as far as it will ever come, is handed out.
    pub fn are_here(&self) -> bool {
        let heard = self.order.iter().map(|clip| &self.slots[clip.index()]);
        self.has_listener
            && heard.filter(|slot| slot.away_metres <= 0.0).all(|slot| slot.state == State::Resident)
    }

    /// Whether the clip is wanted and not on its way to the decoder.
    pub fn is_missing(&self, clip: ClipId) -> bool {
        let slot = &self.slots[clip.index()];
        slot.state == State::Absent && slot.wanted_since.is_some()
    }

    /// Adds the blobs that are wanted of the host to `list`; those that the cache should be asked for come
    /// through `look`.
    pub fn choose(
        &self,
        tileset: &Tileset,
        now: Duration,
        fetch: &mut Fetch,
        list: &mut Vec<BlobId>,
        mut look: impl FnMut(BlobId),
    ) {
        let mut has_impatient = false;
        for &clip in &self.order {
            if !self.is_missing(clip) {
                continue;
            }
            let blob = tileset.clips()[clip.index()].blob;
            if !fetch.is_with_host(blob) {
                if fetch.begin_look(blob) {
                    look(blob);
                }
                continue;
            }
            let waited = self.slots[clip.index()].wanted_since.map(|since| now.saturating_sub(since));
            let is_impatient = waited >= Some(PATIENCE) && !std::mem::replace(&mut has_impatient, true);
            if list.contains(&blob) {
                continue;
            }
            if is_impatient {
                list.insert(0, blob);
            } else {
                list.push(blob);
            }
        }
    }

    /// The decoder has its bytes.
    pub fn begin_decoding(&mut self, clip: ClipId) {
        self.slots[clip.index()].state = State::Decoding;
    }

    /// The decoder's job for it was dropped.
    pub fn drop_decoding(&mut self, clip: ClipId) {
        self.slots[clip.index()].state = State::Absent;
    }

    /// What was on its way to the decoder will not come.
    pub fn start_over(&mut self) {
        for slot in self.slots.iter_mut().filter(|slot| slot.state == State::Decoding) {
            slot.state = State::Absent;
        }
    }

    /// It is handed out.
    pub fn arrived(&mut self, clip: ClipId, size_bytes: u64) {
        self.slots[clip.index()].state = State::Resident;
        self.resident_bytes += size_bytes;
    }

    /// It will never come.
    pub fn give_up(&mut self, clip: ClipId) {
        self.slots[clip.index()].state = State::Bad;
    }

    /// Whether it is wanted or kept.
    pub fn is_wanted(&self, clip: ClipId) -> bool {
        self.order.contains(&clip)
    }

    /// What the clips that are here occupy.
    pub fn resident_bytes(&self) -> u64 {
        self.resident_bytes
    }
}
