//! The manifest: a tileset's tables as one blob. `magic, version: u16, postcard`.

use super::ProtocolError;
use super::codec::{read, write};
pub use crate::scene::limits::MANIFEST_BYTES_MAX;
pub use crate::scene::tileset::{Tables, Tileset};

/// What a baked folder's manifest is called.
pub const FILE_NAME: &str = "manifest.pavilion";

const MAGIC: [u8; 4] = *b"PVLN";
const VERSION: u16 = 6;

/// Without tails, the last table.
const VERSION_BEFORE: u16 = 5;

const HEADER_BYTES: usize = 6;

/// The manifest of `tables`.
///
/// # Errors
/// When it is larger than any viewer takes.
pub fn encode(tables: &Tables) -> Result<Vec<u8>, ProtocolError> {
    let body = write("a manifest", tables)?;
    check_size(HEADER_BYTES + body.len())?;
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// The tileset that a manifest describes.
///
/// # Errors
/// When it is not a manifest, or one of another version, or contradicts itself.
pub fn decode(bytes: &[u8]) -> Result<Tileset, ProtocolError> {
    check_size(bytes.len())?;
    let malformed = ProtocolError::Malformed { what: "a manifest" };
    let Some(([m0, m1, m2, m3, v0, v1], body)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Err(malformed);
    };
    if [*m0, *m1, *m2, *m3] != MAGIC {
        return Err(malformed);
    }
    let tables: Tables = match u16::from_le_bytes([*v0, *v1]) {
        VERSION => read("a manifest", body)?,
        // A table that is not there reads like one of no rows, whose count is a zero byte.
        VERSION_BEFORE => read("a manifest", &[body, &[0]].concat())?,
        found => return Err(ProtocolError::ManifestVersion { found, expected: VERSION }),
    };
    Ok(Tileset::try_from(tables)?)
}

fn check_size(size: usize) -> Result<(), ProtocolError> {
    if size <= MANIFEST_BYTES_MAX {
        return Ok(());
    }
    Err(ProtocolError::TooLarge { what: "a manifest", size: size as u64, limit: MANIFEST_BYTES_MAX as u64 })
}
