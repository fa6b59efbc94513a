//! What many ask for at the same time, in memory: pieces of blobs, under a ceiling, least recently used first to go.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use crate::protocol::ContentHash;

/// Which piece of which blob.
pub type Piece = (ContentHash, u32);

/// How long a piece is: most tiles are one.
pub const PIECE_BYTES: usize = 256 << 10;

/// See the module.
#[derive(Debug)]
pub struct Pantry {
    ceiling_bytes: usize,
    bytes: usize,
    pieces: HashMap<Piece, (u64, Bytes)>,
    by_use: BTreeMap<u64, Piece>,
    uses: u64,
}

impl Pantry {
    /// An empty one that never holds more than `ceiling_bytes`.
    pub fn new(ceiling_bytes: usize) -> Self {
        Self { ceiling_bytes, bytes: 0, pieces: HashMap::new(), by_use: BTreeMap::new(), uses: 0 }
    }

    /// The piece, if it is here; not copied.
    pub fn get(&mut self, piece: Piece) -> Option<Bytes> {
        let (used, bytes) = self.pieces.get_mut(&piece)?;
        self.by_use.remove(used);
        self.uses += 1;
        *used = self.uses;
        self.by_use.insert(self.uses, piece);
        Some(bytes.clone())
    }

    /// Keeps a piece, and lets others go to make room.
    pub fn put(&mut self, piece: Piece, bytes: Bytes) {
        if bytes.len() > self.ceiling_bytes || self.pieces.contains_key(&piece) {
            return;
        }
        self.bytes += bytes.len();
        self.uses += 1;
        self.by_use.insert(self.uses, piece);
        self.pieces.insert(piece, (self.uses, bytes));
        while self.bytes > self.ceiling_bytes
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.bytes -= self.pieces.remove(&oldest).map_or(0, |(_, bytes)| bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_ceiling_holds() {
        let mut pantry = Pantry::new(10 * 100);
        let name = |n: u32| (ContentHash([7; 32]), n);
        for n in 0..10 {
            pantry.put(name(n), Bytes::from(vec![n as u8; 100]));
        }
        for n in 10..1000 {
            assert_eq!(pantry.get(name(3)).map(|bytes| bytes[0]), Some(3));
            pantry.put(name(n), Bytes::from(vec![0; 100]));
            assert!(pantry.bytes <= 1000);
            assert_eq!(pantry.pieces.len(), pantry.by_use.len());
        }
        assert!(pantry.get(name(4)).is_none() && pantry.get(name(999)).is_some());
        pantry.put(name(5000), Bytes::from(vec![0; 1001]));
        assert!(pantry.get(name(5000)).is_none() && pantry.bytes == 1000);
    }
}
