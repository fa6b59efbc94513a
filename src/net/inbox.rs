//! What is on its way: wants, headers and bytes come in; whole blobs go out, checked against their
//! names.
//!
//! Pure, so that it is tested together with the host's session on a virtual clock. Memory is bounded
//! by what is wanted: a blob may be exactly as long as its want says; and by what a host may send a newcomer before it
//! was asked. The beginning of a blob is kept
//! when the connection is lost, and only the rest is asked for afterwards.

use std::collections::BTreeMap;

use crate::protocol::content::{OPENING_BYTES_MAX, UNASKED_BYTES_MIN, WantItem};
use crate::protocol::{BlobFault, BlobHeader, ContentHash, Prefix, Want, WantedBlob};

/// A stream whose bytes go into one blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inlet {
    hash: ContentHash,
    stream: u64,
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
    /// The stream that is read, and how many of its next bytes are here already.
    inlet: Option<(u64, usize)>,
}

/// All that is wanted, and how much of it is here.
#[derive(Debug, Default)]
pub struct Inbox {
    order: Vec<ContentHash>,
    entries: BTreeMap<ContentHash, Entry>,
    /// Bytes that the host may still send without having been asked; `None` once it was.
    unasked_bytes: Option<u32>,
    /// Came since the host was last told anything, whole or damaged. It believes to have sent them, and sends them
    /// again only after it has seen a list without them.
    ended: Vec<ContentHash>,
}

impl Inbox {
    /// Takes a new list, most important first. What is not in it any more is forgotten.
    pub fn replace(&mut self, wanted: &[WantedBlob]) {
        let mut before = std::mem::take(&mut self.entries);
        self.unasked_bytes = None;
        self.order.clear();
        for blob in wanted {
            let entry = before.remove(&blob.hash).filter(|entry| entry.size_bytes == blob.size_bytes);
            let fresh = || Entry { size_bytes: blob.size_bytes, partial: Vec::new(), inlet: None };
            if self.entries.insert(blob.hash, entry.unwrap_or_else(fresh)).is_none() {
                self.order.push(blob.hash);
            }
        }
    }

    /// The host has let us in and will send the manifest, and what is seen first, without being asked, until it is.
    pub fn open(&mut self, manifest: WantedBlob) {
        self.unasked_bytes = Some(OPENING_BYTES_MAX.saturating_add(manifest.size_bytes));
    }

    /// What to tell the host: one list, or, when what has come is wanted again, two.
    pub fn wants(&mut self) -> Vec<Want> {
        let ended = std::mem::take(&mut self.ended);
        let all = self.items();
        let others: Vec<_> = all.iter().filter(|item| !ended.contains(&item.hash)).copied().collect();
        if others.len() == all.len() { vec![Want::new(all)] } else { vec![Want::new(others), Want::new(all)] }
    }

    fn items(&self) -> Vec<WantItem> {
        let item = |hash: &ContentHash| {
            let entry = self.entries.get(hash)?;
            Some(WantItem { hash: *hash, offset: entry.partial.len() as u32 })
        };
        self.order.iter().filter_map(item).collect()
    }

    /// The stream of this number has begun with this header. A newer stream takes the place of an older one, whichever
    /// comes first.
    ///
    /// # Errors
    /// When the stream is not to be read.
    pub fn begin(&mut self, stream: u64, header: &BlobHeader) -> Result<Inlet, Rejected> {
        if !self.entries.contains_key(&header.hash) {
            let size_bytes = header.size_bytes;
            let left =
                self.unasked_bytes.and_then(|left| left.checked_sub(size_bytes.max(UNASKED_BYTES_MIN)));
            self.unasked_bytes = Some(left.ok_or(Rejected::Unwanted)?);
            self.entries.insert(header.hash, Entry { size_bytes, partial: Vec::new(), inlet: None });
        }
        let entry = self.entries.get_mut(&header.hash).ok_or(Rejected::Unwanted)?;
        if header.size_bytes != entry.size_bytes {
            return Err(self.corrupt(header.hash));
        }
        let is_overtaken = entry.inlet.is_some_and(|(newer, _)| newer > stream);
        // The host may begin earlier than was asked for; what is here stays.
        let known = entry.partial.len().checked_sub(header.offset as usize);
        let Some(known) = known.filter(|_| !is_overtaken) else { return Err(Rejected::Unwanted) };
        let size = entry.size_bytes as usize;
        entry.partial.reserve_exact(size.saturating_sub(entry.partial.len()));
        entry.inlet = Some((stream, known));
        Ok(Inlet { hash: header.hash, stream })
    }

    /// More bytes have come.
    ///
    /// # Errors
    /// When no more are to be read.
    pub fn push(&mut self, inlet: Inlet, bytes: &[u8]) -> Result<(), Rejected> {
        let entry = self.receiving(inlet)?;
        let Some((_, known)) = &mut entry.inlet else { return Err(Rejected::Unwanted) };
        let skipped = bytes.len().min(*known);
        *known -= skipped;
        let new = bytes.get(skipped..).unwrap_or_default();
        if new.len() > (entry.size_bytes as usize).saturating_sub(entry.partial.len()) {
            return Err(self.corrupt(inlet.hash));
        }
        entry.partial.extend_from_slice(new);
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
        self.ended.push(inlet.hash);
        self.forget(inlet.hash);
        Ok(bytes)
    }

    /// The host does not have this blob, which is named as it was asked for: whole, or by its beginning. Which it is,
    /// if it was wanted.
    pub fn absent(&mut self, named: ContentHash) -> Option<ContentHash> {
        let prefix = Prefix::of(named);
        let means =
            |hash: ContentHash| hash == named || (named == prefix.first() && Prefix::of(hash) == prefix);
        let (hash, _) = self
            .entries
            .range(prefix.first()..)
            .find(|(hash, _)| means(**hash) || Prefix::of(**hash) != prefix)?;
        let hash = Some(*hash).filter(|hash| means(*hash))?;
        self.forget(hash);
        Some(hash)
    }

    /// The connection is gone, and all streams with it.
    pub fn disconnected(&mut self) {
        self.ended.clear();
        self.unasked_bytes = None;
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
        entry
            .filter(|entry| entry.inlet.is_some_and(|(stream, _)| stream == inlet.stream))
            .ok_or(Rejected::Unwanted)
    }

    fn corrupt(&mut self, hash: ContentHash) -> Rejected {
        self.forget(hash);
        self.ended.push(hash);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_has_come_and_is_wanted_again_is_left_out_of_a_list_first() {
        let bytes = [7; 100];
        let blob = WantedBlob { hash: ContentHash::of(&bytes), size_bytes: 100 };
        let mut inbox = Inbox::default();
        inbox.replace(&[blob]);
        assert_eq!(inbox.wants().len(), 1);
        let inlet = inbox.begin(0, &BlobHeader { hash: blob.hash, size_bytes: 100, offset: 0 }).unwrap();
        inbox.push(inlet, &bytes).unwrap();
        assert_eq!(inbox.finish(inlet).unwrap(), bytes);
        // The host believes that it is here, and was told nothing since.
        inbox.replace(&[blob]);
        let lists: Vec<_> = inbox.wants().iter().map(|want| want.items().len()).collect();
        assert_eq!(lists, [0, 1]);
    }
}
