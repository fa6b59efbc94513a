//! What is on its way: wants, headers and bytes come in; whole blobs go out, checked against their
//! names.
//!
//! Pure, so that it is tested together with the host's session on a virtual clock. Memory is bounded
//! by what is wanted: a blob may be exactly as long as its want says. The beginning of a blob is kept
//! when the connection is lost, and only the rest is asked for afterwards.

use std::collections::BTreeMap;

use crate::protocol::content::WantItem;
use crate::protocol::{BlobFault, BlobHeader, ContentHash, Want, WantedBlob};

/// A stream whose bytes go into one blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inlet {
    hash: ContentHash,
    number: u64,
}

/// Why a stream is not read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// Its blob is not wanted, or comes by another stream.
    Unwanted,
    /// Its bytes cannot be those of the blob, which is therefore not wanted any more: the host is to
    /// be told, and the blob may be asked for again.
    Corrupt(ContentHash),
}

#[derive(Debug)]
struct Entry {
    size_bytes: u32,
    partial: Vec<u8>,
    inlet: Option<u64>,
}

/// All that is wanted, and how much of it is here.
#[derive(Debug, Default)]
pub struct Inbox {
    order: Vec<ContentHash>,
    entries: BTreeMap<ContentHash, Entry>,
    inlets_opened: u64,
    /// Came damaged. The host believes to have sent them, and sends them again only after it has seen
    /// a list without them.
    disowned: Vec<ContentHash>,
}

impl Inbox {
    /// Takes a new list, most important first. What is not in it any more is forgotten.
    pub fn replace(&mut self, wanted: &[WantedBlob]) {
        let mut before = std::mem::take(&mut self.entries);
        self.order.clear();
        for blob in wanted {
            let entry = before.remove(&blob.hash).filter(|entry| entry.size_bytes == blob.size_bytes);
            let fresh = || Entry { size_bytes: blob.size_bytes, partial: Vec::new(), inlet: None };
            if self.entries.insert(blob.hash, entry.unwrap_or_else(fresh)).is_none() {
                self.order.push(blob.hash);
            }
        }
    }

    /// What to tell the host: one list, or, when what came damaged is wanted again, two.
    pub fn wants(&mut self) -> Vec<Want> {
        let disowned = std::mem::take(&mut self.disowned);
        let all = self.items();
        let others: Vec<_> = all.iter().filter(|item| !disowned.contains(&item.hash)).copied().collect();
        if others.len() == all.len() { vec![Want::new(all)] } else { vec![Want::new(others), Want::new(all)] }
    }

    fn items(&self) -> Vec<WantItem> {
        let item = |hash: &ContentHash| {
            let entry = self.entries.get(hash)?;
            Some(WantItem { hash: *hash, offset: entry.partial.len() as u32 })
        };
        self.order.iter().filter_map(item).collect()
    }

    /// A stream has begun with this header. A newer stream takes the place of an older one.
    ///
    /// # Errors
    /// When the stream is not to be read.
    pub fn begin(&mut self, header: &BlobHeader) -> Result<Inlet, Rejected> {
        let entry = self.entries.get_mut(&header.hash).ok_or(Rejected::Unwanted)?;
        if header.size_bytes != entry.size_bytes {
            return Err(self.corrupt(header.hash));
        }
        if header.offset as usize > entry.partial.len() {
            return Err(Rejected::Unwanted);
        }
        entry.partial.truncate(header.offset as usize);
        let size = entry.size_bytes as usize;
        entry.partial.reserve_exact(size.saturating_sub(entry.partial.len()));
        self.inlets_opened += 1;
        entry.inlet = Some(self.inlets_opened);
        Ok(Inlet { hash: header.hash, number: self.inlets_opened })
    }

    /// More bytes have come.
    ///
    /// # Errors
    /// When no more are to be read.
    pub fn push(&mut self, inlet: Inlet, bytes: &[u8]) -> Result<(), Rejected> {
        let entry = self.receiving(inlet)?;
        if bytes.len() > (entry.size_bytes as usize).saturating_sub(entry.partial.len()) {
            return Err(self.corrupt(inlet.hash));
        }
        entry.partial.extend_from_slice(bytes);
        Ok(())
    }

    /// The stream has ended: the whole blob, if it is one.
    ///
    /// # Errors
    /// When it is not.
    pub fn finish(&mut self, inlet: Inlet) -> Result<Vec<u8>, Rejected> {
        let entry = self.receiving(inlet)?;
        let is_whole =
            entry.partial.len() == entry.size_bytes as usize && ContentHash::of(&entry.partial) == inlet.hash;
        if !is_whole {
            return Err(self.corrupt(inlet.hash));
        }
        let bytes = std::mem::take(&mut entry.partial);
        self.forget(inlet.hash);
        Ok(bytes)
    }

    /// The host does not have this blob. Whether it was wanted.
    pub fn absent(&mut self, hash: ContentHash) -> bool {
        let was_wanted = self.entries.contains_key(&hash);
        self.forget(hash);
        was_wanted
    }

    /// The connection is gone, and all streams with it.
    pub fn disconnected(&mut self) {
        self.disowned.clear();
        for entry in self.entries.values_mut() {
            entry.inlet = None;
        }
    }

    /// Bytes that are held for blobs that are not whole yet.
    pub fn held_bytes(&self) -> usize {
        self.entries.values().map(|entry| entry.partial.len()).sum()
    }

    fn receiving(&mut self, inlet: Inlet) -> Result<&mut Entry, Rejected> {
        let entry = self.entries.get_mut(&inlet.hash);
        entry.filter(|entry| entry.inlet == Some(inlet.number)).ok_or(Rejected::Unwanted)
    }

    fn corrupt(&mut self, hash: ContentHash) -> Rejected {
        self.forget(hash);
        self.disowned.push(hash);
        Rejected::Corrupt(hash)
    }

    fn forget(&mut self, hash: ContentHash) {
        self.entries.remove(&hash);
        self.order.retain(|other| *other != hash);
    }
}

impl Rejected {
    /// What to report of it.
    pub fn fault(self) -> Option<(ContentHash, BlobFault)> {
        match self {
            Self::Unwanted => None,
            Self::Corrupt(hash) => Some((hash, BlobFault::Corrupt)),
        }
    }
}
