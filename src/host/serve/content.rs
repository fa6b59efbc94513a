//! In which order a visitor is sent blobs.
//!
//! The most important ones run, one after the other with a little overlap, because a blob that is
//! half there shows nothing. One that becomes more important interrupts those that run: they hold,
//! and go on where they stopped. What is no longer wanted is cancelled.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::session::Action;
use crate::protocol::content::WantItem;
use crate::protocol::{Absent, BlobHeader, CloseCause, ContentHash, FromHost};

/// Blobs that run at once: a second one fills the gap while the first one ends.
pub const RUNNING_MAX: usize = 2;

/// Streams that are open at once, running or holding; beyond, the least important one is cancelled.
pub const OPEN_MAX: usize = 16;

/// One stream among all that a visitor's connection ever had: a blob that is cancelled and wanted
/// again comes on another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamKey(pub u64);

/// Whether a stream is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It is, before those of lower priority.
    Run {
        /// Higher first.
        priority: i32,
    },
    /// It waits.
    Hold,
}

/// What one visitor wants and how far it got.
#[derive(Debug, Default)]
pub struct Order {
    /// What is still to be sent, most important first; each hash once, all of them in the catalog.
    items: Vec<WantItem>,
    open: BTreeMap<ContentHash, (StreamKey, Pace)>,
    streams_opened: u64,
    /// What was sent to its end. The visitor may not have it yet and so still lists it.
    sent: BTreeSet<ContentHash>,
}

impl Order {
    /// Takes a new list in place of the one before; what is not in `catalog` is called absent.
    ///
    /// # Errors
    /// When an offset is beyond the blob's end.
    pub fn replace(
        &mut self,
        wanted: &[WantItem],
        catalog: &BTreeMap<ContentHash, u32>,
        actions: &mut VecDeque<Action>,
    ) -> Result<(), CloseCause> {
        let mut seen = BTreeSet::new();
        self.items.clear();
        for item in wanted {
            if !seen.insert(item.hash) {
                continue;
            }
            match catalog.get(&item.hash) {
                None => actions.push_back(Action::Send(FromHost::Absent(Absent { hash: item.hash }))),
                Some(size_bytes) if item.offset > *size_bytes => return Err(CloseCause::BrokenRules),
                Some(_) => self.items.push(*item),
            }
        }
        self.sent.retain(|hash| seen.contains(hash));
        self.items.retain(|item| !self.sent.contains(&item.hash));
        self.open.retain(|hash, (stream, _)| {
            let is_wanted = seen.contains(hash);
            if !is_wanted {
                actions.push_back(Action::Cancel(*stream));
            }
            is_wanted
        });
        self.schedule(catalog, actions);
        Ok(())
    }

    /// The last byte of this stream was handed to the network.
    pub fn sent(
        &mut self,
        stream: StreamKey,
        catalog: &BTreeMap<ContentHash, u32>,
        actions: &mut VecDeque<Action>,
    ) {
        self.end(stream, catalog, actions);
    }

    /// The blob of this stream cannot be had.
    pub fn absent(
        &mut self,
        stream: StreamKey,
        catalog: &BTreeMap<ContentHash, u32>,
        actions: &mut VecDeque<Action>,
    ) {
        if let Some(hash) = self.end(stream, catalog, actions) {
            actions.push_back(Action::Send(FromHost::Absent(Absent { hash })));
        }
    }

    fn end(
        &mut self,
        stream: StreamKey,
        catalog: &BTreeMap<ContentHash, u32>,
        actions: &mut VecDeque<Action>,
    ) -> Option<ContentHash> {
        // Not there: it was cancelled just before it ended.
        let hash = self.open.iter().find(|(_, (open, _))| *open == stream).map(|(hash, _)| *hash)?;
        self.open.remove(&hash);
        self.items.retain(|item| item.hash != hash);
        self.sent.insert(hash);
        self.schedule(catalog, actions);
        Some(hash)
    }

    fn schedule(&mut self, catalog: &BTreeMap<ContentHash, u32>, actions: &mut VecDeque<Action>) {
        for (rank, item) in self.items.iter().take(RUNNING_MAX).enumerate() {
            let hash = item.hash;
            let pace = Pace::Run { priority: -(rank as i32) };
            match self.open.get_mut(&hash) {
                Some((_, current)) if *current == pace => {}
                Some((stream, current)) => {
                    *current = pace;
                    actions.push_back(Action::Pace { stream: *stream, pace });
                }
                None => {
                    let Some(&size_bytes) = catalog.get(&hash) else { continue };
                    let stream = StreamKey(self.streams_opened);
                    self.streams_opened += 1;
                    self.open.insert(hash, (stream, pace));
                    let header = BlobHeader { hash, size_bytes, offset: item.offset };
                    actions.push_back(Action::Open { stream, header, pace });
                }
            }
        }
        // Few are open, and many may be wanted.
        for (hash, (stream, pace)) in &mut self.open {
            let is_running = self.items.iter().take(RUNNING_MAX).any(|item| item.hash == *hash);
            if !is_running && *pace != Pace::Hold {
                *pace = Pace::Hold;
                actions.push_back(Action::Pace { stream: *stream, pace: Pace::Hold });
            }
        }
        self.cancel_surplus(actions);
    }

    /// Cancels the least important of what holds, down to [`OPEN_MAX`]; its turn will come again.
    fn cancel_surplus(&mut self, actions: &mut VecDeque<Action>) {
        for item in self.items.iter().rev() {
            if self.open.len() <= OPEN_MAX {
                return;
            }
            if let Some(&(stream, Pace::Hold)) = self.open.get(&item.hash) {
                self.open.remove(&item.hash);
                actions.push_back(Action::Cancel(stream));
            }
        }
    }
}
