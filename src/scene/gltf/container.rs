//! The GLB container: a header, one JSON chunk and perhaps one binary chunk.
//!
//! A file's bytes come in, the two chunks go out; a file that is not a GLB is taken as JSON.

use crate::scene::ContentError;

const HEADER_BYTES: usize = 12;
const CHUNK_JSON: [u8; 4] = *b"JSON";
const CHUNK_BIN: [u8; 4] = *b"BIN\0";

/// The parts of a file, not looked into yet.
#[derive(Clone, Copy, Debug)]
pub(in crate::scene) struct Container<'a> {
    pub json: &'a [u8],
    pub bin: Option<&'a [u8]>,
    /// Whether it is a GLB.
    pub is_binary: bool,
    /// Chunks of kinds that glTF 2.0 does not define; readers have to ignore them.
    pub unknown_chunks: u32,
    /// Bytes after the end that the header gives.
    pub trailing_bytes: usize,
}

pub(in crate::scene) fn split(bytes: &[u8]) -> Result<Container<'_>, ContentError> {
    if bytes.starts_with(b"glTF") {
        return split_glb(bytes);
    }
    if bytes.is_empty() {
        return Err(ContentError::malformed("file", "it is empty"));
    }
    Ok(Container { json: bytes, bin: None, is_binary: false, unknown_chunks: 0, trailing_bytes: 0 })
}

fn split_glb(bytes: &[u8]) -> Result<Container<'_>, ContentError> {
    let bad = |reason: &str| Err(ContentError::malformed("GLB header", reason));
    let (Some(version), Some(length)) = (u32_at(bytes, 4), u32_at(bytes, 8)) else {
        return bad("the file ends within it");
    };
    if version != 2 {
        return Err(ContentError::unsupported("GLB header", format!("GLB version {version}")));
    }
    let Some(mut rest) = bytes.get(HEADER_BYTES..length as usize) else {
        return bad("the length in it is not that of the file");
    };
    let trailing_bytes = bytes.len().saturating_sub(length as usize);
    let (mut json, mut bin, mut unknown_chunks) = (None, None, 0_u32);
    let mut position = 0_usize;
    while !rest.is_empty() {
        let Chunk { kind, data, rest: after } = chunk(rest, position)?;
        match kind {
            CHUNK_JSON if position == 0 => json = Some(data),
            CHUNK_BIN if position == 1 => bin = Some(data),
            CHUNK_JSON | CHUNK_BIN => {
                return Err(ContentError::malformed(
                    format!("GLB chunk {position}"),
                    "a second one of its kind, or out of order",
                ));
            }
            _ => unknown_chunks = unknown_chunks.saturating_add(1),
        }
        rest = after;
        position = position.saturating_add(1);
    }
    let Some(json) = json else { return bad("its first chunk is not JSON") };
    Ok(Container { json, bin, is_binary: true, unknown_chunks, trailing_bytes })
}

/// A chunk and what follows it.
struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    rest: &'a [u8],
}

/// The first chunk of `rest`.
fn chunk(rest: &[u8], position: usize) -> Result<Chunk<'_>, ContentError> {
    let bad = |reason: &str| Err(ContentError::malformed(format!("GLB chunk {position}"), reason));
    let Some((&kind, length)) = rest.get(4..8).and_then(|kind| kind.first_chunk()).zip(u32_at(rest, 0))
    else {
        return bad("the file ends within its header");
    };
    if !length.is_multiple_of(4) {
        return bad("its length is not a multiple of 4");
    }
    let body = rest.get(8..).unwrap_or_default();
    match body.split_at_checked(length as usize) {
        Some((data, rest)) => Ok(Chunk { kind, data, rest }),
        None => bad("it goes on past the end of the file"),
    }
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let four = bytes.get(offset..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four))
}
