//! What is still to come, and which part of it the host is asked for now.
//!
//! Pure. The host is told of so much at a time as fills any network, and of more when half has come.

use std::collections::{BTreeSet, VecDeque};

use crate::protocol::content::WANTS_MAX;
use crate::protocol::{BlobFault, ContentHash, WantedBlob};
use crate::stream::StreamFault;

/// Bytes that are asked for at once, if that is more than one blob: their beginnings lie in memory
/// until each is whole.
const WINDOW_BYTES: u64 = 32 << 20;

/// See the module.
#[derive(Debug, Default)]
pub struct Basket {
    waiting: VecDeque<WantedBlob>,
    under_way: Vec<WantedBlob>,
    /// Came damaged once.
    damaged: BTreeSet<ContentHash>,
    /// Entries of the list that the host knows, when it was told.
    told_count: usize,
    is_told: bool,
}

impl Basket {
    /// All of `blobs`, in this order.
    pub fn new(blobs: Vec<WantedBlob>) -> Self {
        Self { waiting: blobs.into(), ..Self::default() }
    }

    /// Whether nothing is missing any more.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.under_way.is_empty()
    }

    /// Bytes of blobs that are not here as a whole.
    pub fn missing_bytes(&self) -> u64 {
        self.waiting.iter().chain(&self.under_way).map(|blob| u64::from(blob.size_bytes)).sum()
    }

    /// The list that the host should know, if it knows an older one that is worn.
    pub fn due(&mut self) -> Option<Vec<WantedBlob>> {
        let is_worn =
            !self.is_told || (self.under_way.len() * 2 <= self.told_count && !self.waiting.is_empty());
        if self.is_empty() || !is_worn {
            return None;
        }
        let mut bytes: u64 = self.under_way.iter().map(|blob| u64::from(blob.size_bytes)).sum();
        while self.under_way.len() < WANTS_MAX
            && let Some(blob) = self.waiting.front()
            && (self.under_way.is_empty() || bytes + u64::from(blob.size_bytes) <= WINDOW_BYTES)
        {
            bytes += u64::from(blob.size_bytes);
            self.under_way.extend(self.waiting.pop_front());
        }
        self.is_told = false;
        Some(self.under_way.clone())
    }

    /// The list of [`Basket::due`] is on its way to the host.
    pub fn told(&mut self) {
        self.told_count = self.under_way.len();
        self.is_told = true;
    }

    /// The host has forgotten what it was told.
    pub fn disconnected(&mut self) {
        self.is_told = false;
    }

    /// This one has come.
    pub fn arrived(&mut self, hash: ContentHash) {
        self.under_way.retain(|blob| blob.hash != hash);
    }

    /// This one has not come. One that came damaged is asked for once more.
    ///
    /// # Errors
    /// When it will not come.
    pub fn failed(&mut self, hash: ContentHash, fault: BlobFault) -> Result<(), StreamFault> {
        match fault {
            BlobFault::Absent => Err(StreamFault::Absent { hash }),
            BlobFault::Corrupt if self.damaged.insert(hash) => {
                self.is_told = false;
                Ok(())
            }
            BlobFault::Corrupt => Err(StreamFault::Corrupt { hash }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn blobs(count: u32, size_bytes: u32) -> Vec<WantedBlob> {
        let hash = |number: u32| ContentHash::of(&number.to_le_bytes());
        (0..count).map(|number| WantedBlob { hash: hash(number), size_bytes }).collect()
    }

    #[test]
    fn the_host_is_told_of_a_windowful_and_of_more_when_half_has_come() {
        let all = blobs(1000, 1000);
        let mut basket = Basket::new(all.clone());
        assert_eq!(basket.due().unwrap(), all[..WANTS_MAX]);
        assert!(basket.due().is_some(), "the network had no room for it");
        basket.told();
        for blob in &all[..WANTS_MAX / 2 - 1] {
            basket.arrived(blob.hash);
            assert_eq!(basket.due(), None);
        }
        basket.arrived(all[WANTS_MAX / 2 - 1].hash);
        assert_eq!(basket.due().unwrap(), all[WANTS_MAX / 2..][..WANTS_MAX]);
        assert_eq!(basket.missing_bytes(), (1000 - WANTS_MAX as u64 / 2) * 1000);
    }

    #[test]
    fn large_blobs_come_one_by_one_and_the_last_one_ends_it() {
        let all = blobs(3, 30 << 20);
        let mut basket = Basket::new(all.clone());
        for blob in all {
            assert_eq!(basket.due().unwrap(), [blob]);
            basket.told();
            assert!(!basket.is_empty());
            basket.arrived(blob.hash);
        }
        assert!(basket.is_empty() && basket.due().is_none());
    }

    #[test]
    fn after_a_lost_connection_the_rest_is_told_again() {
        let all = blobs(3, 10);
        let mut basket = Basket::new(all.clone());
        basket.due();
        basket.told();
        basket.arrived(all[0].hash);
        assert_eq!(basket.due(), None, "the host knows of the rest");
        basket.disconnected();
        assert_eq!(basket.due().unwrap(), all[1..]);
    }

    #[test]
    fn damage_is_forgiven_once_and_absence_never() {
        let all = blobs(2, 10);
        let mut basket = Basket::new(all.clone());
        basket.due();
        basket.told();
        basket.failed(all[0].hash, BlobFault::Corrupt).unwrap();
        assert_eq!(basket.due().unwrap(), all);
        assert!(basket.failed(all[0].hash, BlobFault::Corrupt).is_err());
        assert!(basket.failed(all[1].hash, BlobFault::Absent).is_err());
    }
}
