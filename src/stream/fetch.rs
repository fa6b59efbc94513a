//! Which blobs are on their way, from the cache or from the host.

use crate::protocol::{BlobFault, WantedBlob};
use crate::scene::{BlobId, Tileset};

/// Where a blob may be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Nobody has looked.
    Unknown,
    /// The cache is being asked.
    Looking,
    /// Only the host.
    Host,
    /// Here already, until it is wanted.
    Held,
    /// Nowhere.
    Nowhere,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    source: Source,
    has_failed: bool,
}

/// Cache look-ups at once: a disk answers in a millisecond, so a frame's worth.
const LOOKS_MAX: usize = 64;

/// The blobs of one tileset.
#[derive(Debug)]
pub struct Fetch {
    slots: Vec<Slot>,
    looking_count: usize,
    /// The list that the host has, less what has come since.
    sent: Vec<BlobId>,
    /// Whether the host has the list at all.
    is_told: bool,
}

impl Fetch {
    pub fn new(blob_count: usize, has_cache: bool) -> Self {
        let source = if has_cache { Source::Unknown } else { Source::Host };
        Self {
            slots: vec![Slot { source, has_failed: false }; blob_count],
            looking_count: 0,
            sent: Vec::new(),
            is_told: false,
        }
    }

    /// Blobs that the host was asked for.
    pub fn sent(&self) -> &[BlobId] {
        &self.sent
    }

    /// It is here already: nobody is to be asked.
    pub fn hold(&mut self, blob: BlobId) {
        self.slots[blob.index()].source = Source::Held;
    }

    /// Whether only the host has it.
    pub fn is_with_host(&self, blob: BlobId) -> bool {
        self.slots[blob.index()].source == Source::Host
    }

    /// Whether the cache is to be asked for it now.
    pub fn begin_look(&mut self, blob: BlobId) -> bool {
        let slot = &mut self.slots[blob.index()];
        let begins = slot.source == Source::Unknown && self.looking_count < LOOKS_MAX;
        if begins {
            slot.source = Source::Looking;
            self.looking_count += 1;
        }
        begins
    }

    /// The cache has answered; whether it was asked.
    pub fn end_look(&mut self, blob: BlobId, is_cached: bool) -> bool {
        let slot = &mut self.slots[blob.index()];
        if slot.source != Source::Looking {
            return false;
        }
        slot.source = if is_cached { Source::Unknown } else { Source::Host };
        self.looking_count -= 1;
        true
    }

    /// It has come from the host, and is in the cache from now on.
    pub fn arrived(&mut self, blob: BlobId, has_cache: bool) {
        self.sent.retain(|other| *other != blob);
        self.slots[blob.index()] =
            Slot { source: if has_cache { Source::Unknown } else { Source::Host }, has_failed: false };
    }

    /// It has not come; whether it is given up: at once if the host does not have it, at the second
    /// time if it came damaged.
    pub fn failed(&mut self, blob: BlobId, fault: BlobFault) -> bool {
        self.sent.retain(|other| *other != blob);
        let slot = &mut self.slots[blob.index()];
        let gives_up = slot.has_failed || fault == BlobFault::Absent;
        slot.has_failed = true;
        if gives_up {
            slot.source = Source::Nowhere;
        }
        gives_up
    }

    /// The host knows of no list.
    pub fn forget_sent(&mut self) {
        self.is_told = false;
    }

    /// Takes the list that the host should have; returns it for sending if the host has another one.
    pub fn send(&mut self, list: &[BlobId], tileset: &Tileset) -> Option<Vec<WantedBlob>> {
        if self.is_told && self.sent == list {
            return None;
        }
        let is_new = self.is_told || !list.is_empty();
        self.sent.clear();
        self.sent.extend_from_slice(list);
        self.is_told = true;
        let wanted = |blob: &BlobId| {
            let blob = tileset.blobs()[blob.index()];
            WantedBlob { hash: blob.hash, size_bytes: blob.size_bytes }
        };
        is_new.then(|| list.iter().map(wanted).collect())
    }
}
