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
        if want.items.len() <= WANTS_MAX {
            return Ok(want);
        }
        let (size, limit) = (want.items.len() as u64, WANTS_MAX as u64);
        Err(ProtocolError::TooLarge { what: "a list of wants", size, limit })
    }
}

/// The host does not have this blob and will not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// Which.
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
