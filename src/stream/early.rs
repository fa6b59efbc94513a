//! What has come and is not wanted yet: what the host has sent with the manifest, before it was asked, and what
//! nobody looked at any more when it came. It waits here for its turn, so that it need not come twice.

use std::collections::VecDeque;
use std::sync::Arc;

use super::venue::Venue;
use crate::protocol::ContentHash;
use crate::protocol::content::OPENING_BYTES_MAX;
use crate::scene::BlobId;

/// At most [`OPENING_BYTES_MAX`] of them, the newest.
#[derive(Debug, Default)]
pub struct Early {
    blobs: VecDeque<(ContentHash, Arc<Vec<u8>>)>,
    bytes: usize,
}

impl Early {
    /// Keeps a blob; what goes to make room for it comes through `forget`.
    pub fn keep(&mut self, hash: ContentHash, bytes: Arc<Vec<u8>>, mut forget: impl FnMut(ContentHash)) {
        if self.blobs.iter().any(|(other, _)| *other == hash) {
            return;
        }
        self.bytes += bytes.len();
        self.blobs.push_back((hash, bytes));
        while self.bytes > OPENING_BYTES_MAX as usize
            && let Some((oldest, bytes)) = self.blobs.pop_front()
        {
            self.bytes -= bytes.len();
            forget(oldest);
        }
    }

    /// What is here.
    pub fn names(&self) -> impl Iterator<Item = ContentHash> {
        self.blobs.iter().map(|(hash, _)| *hash)
    }

    /// Gives away what the venue wants in this round, and what it has no use for any more.
    pub fn take_due(&mut self, venue: &Venue, round: u64) -> Vec<(BlobId, Arc<Vec<u8>>)> {
        let mut due = Vec::new();
        self.blobs.retain(|(hash, bytes)| {
            let is_due = |blob: &BlobId| venue.is_wanted(*blob, round) || !venue.is_of_use(*blob);
            let blob = venue.blob(*hash).filter(is_due);
            due.extend(blob.map(|blob| (blob, bytes.clone())));
            blob.is_none()
        });
        self.bytes -= due.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        due
    }
}
