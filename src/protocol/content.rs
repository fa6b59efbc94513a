//! How blobs are asked for and how they come.

use serde::{Deserialize, Serialize};

use super::codec::{Message, read, write};
use super::{ContentHash, ProtocolError};
pub use crate::scene::limits::BLOB_BYTES_MAX;

/// Entries of one [`Want`]: at 30 kB a tile they are 7.7 MB ahead, four times what a 200 Mbit/s link
/// has under way in 80 ms.
pub const WANTS_MAX: usize = 256;

/// A blob that a viewer wants: as it is in the tileset's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedBlob {
    /// Its name.
    pub hash: ContentHash,
    /// How long it is.
    pub size_bytes: u32,
}

/// An entry of a [`Want`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantItem {
    /// Which blob.
    pub hash: ContentHash,
    /// How much of its beginning is here already.
    pub offset: u32,
}

/// Everything that a viewer wants, most important first. It replaces the list before it: what is not
/// in here is cancelled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    items: Vec<WantItem>,
}

impl Want {
    /// The first [`WANTS_MAX`] of `items`.
    pub fn new(mut items: Vec<WantItem>) -> Self {
        items.truncate(WANTS_MAX);
        Self { items }
    }

    /// Its entries, at most [`WANTS_MAX`].
    pub fn items(&self) -> &[WantItem] {
        &self.items
    }

    pub(super) fn body(&self) -> Result<Vec<u8>, ProtocolError> {
        write("a list of wants", self)
    }

    pub(super) fn read(body: &[u8]) -> Result<Self, ProtocolError> {
        let want: Self = read("a list of wants", body)?;
        count_within(want.items.len())?;
        Ok(want)
    }
}

/// The beginning of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Prefix(pub [u8; 6]);

impl Prefix {
    /// Of this name.
    pub fn of(hash: ContentHash) -> Self {
        let [a, b, c, d, e, f, ..] = hash.0;
        Self([a, b, c, d, e, f])
    }

    /// The first name that begins so, and as such its own stand-in.
    pub fn first(self) -> ContentHash {
        let [a, b, c, d, e, f] = self.0;
        let mut bytes = [0; 32];
        for (byte, own) in bytes.iter_mut().zip([a, b, c, d, e, f]) {
            *byte = own;
        }
        ContentHash(bytes)
    }
}

/// A [`Want`] that names blobs by their beginnings: a fifth of its bytes, so that it is one packet, thirty times a
/// second from each headset in a hall. Of ten thousand blobs two begin alike once in five million venues; then both
/// are sent, and the viewer takes the one that it knows of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortWant {
    items: Vec<(Prefix, u32)>,
}

impl ShortWant {
    /// The same list.
    pub fn of(want: &Want) -> Self {
        Self { items: want.items.iter().map(|item| (Prefix::of(item.hash), item.offset)).collect() }
    }

    /// Beginnings, and how much is here already; at most [`WANTS_MAX`].
    pub fn items(&self) -> &[(Prefix, u32)] {
        &self.items
    }

    pub(super) fn body(&self) -> Result<Vec<u8>, ProtocolError> {
        write("a list of wants", self)
    }

    pub(super) fn read(body: &[u8]) -> Result<Self, ProtocolError> {
        let want: Self = read("a list of wants", body)?;
        count_within(want.items.len())?;
        Ok(want)
    }
}

fn count_within(count: usize) -> Result<(), ProtocolError> {
    if count <= WANTS_MAX {
        return Ok(());
    }
    Err(ProtocolError::TooLarge { what: "a list of wants", size: count as u64, limit: WANTS_MAX as u64 })
}

/// Bytes that a host may send without having been asked, after its welcome: what is seen first.
pub const OPENING_BYTES_MAX: u32 = 1 << 20;

/// What each of them counts at least, so that there are at most so many.
pub const UNASKED_BYTES_MIN: u32 = 4096;

/// The host does not have this blob and will not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// Which; where it was asked for by a [`Prefix`], [`Prefix::first`].
    pub hash: ContentHash,
}

/// What stands at the head of a blob's stream; its bytes from `offset` on follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobHeader {
    /// Which blob.
    pub hash: ContentHash,
    /// How long the whole blob is.
    pub size_bytes: u32,
    /// Where the bytes begin that follow.
    pub offset: u32,
}

impl BlobHeader {
    /// The most that a header frame takes.
    pub const FRAME_BYTES_MAX: usize = super::codec::HEADER_BYTES + 32 + 5 + 5;
}

const BLOB_HEADER: u16 = 0x0103;

impl Message for BlobHeader {
    fn kind(&self) -> u16 {
        BLOB_HEADER
    }

    fn body(&self) -> Result<Vec<u8>, ProtocolError> {
        write("a blob's header", self)
    }

    fn read(kind: u16, body: &[u8]) -> Result<Option<Self>, ProtocolError> {
        if kind != BLOB_HEADER {
            return Ok(None);
        }
        let header: Self = read("a blob's header", body)?;
        if header.size_bytes as usize > BLOB_BYTES_MAX {
            let (size, limit) = (u64::from(header.size_bytes), BLOB_BYTES_MAX as u64);
            return Err(ProtocolError::TooLarge { what: "a blob", size, limit });
        }
        if header.offset > header.size_bytes {
            return Err(ProtocolError::Malformed { what: "a blob's header" });
        }
        Ok(Some(header))
    }
}

/// Why a blob did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobFault {
    /// Its bytes are not those that its name promises, or of another number.
    Corrupt,
    /// The host does not have it.
    Absent,
}
