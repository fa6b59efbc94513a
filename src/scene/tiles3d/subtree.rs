//! A subtree of an implicit tiling: which of its tiles are there, which have contents, and where other subtrees begin.

use serde::Deserialize;

use super::feature::Cursor;
use super::{Files, implicit::Shape};
use crate::scene::gltf::prescan;
use crate::scene::{ContentError, limits};

const MAGIC: [u8; 4] = *b"subt";

/// Hears of the bytes of every file that is read, and its place.
pub(super) type Count<'a> = dyn FnMut(&str, &[u8]) -> Result<(), ContentError> + 'a;

/// One bit for each of many.
pub(super) enum Bits {
    All(bool),
    /// Lowest first in each byte.
    Each(Vec<u8>),
}

impl Bits {
    pub(super) fn get(&self, index: u64) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Each(bytes) => {
                let byte = usize::try_from(index / 8).ok().and_then(|at| bytes.get(at));
                byte.is_some_and(|byte| byte >> (index % 8) & 1 == 1)
            }
        }
    }
}

/// What a subtree says.
pub(super) struct Subtree {
    pub tiles: Bits,
    /// One for each content that a tile may have.
    pub contents: Vec<Bits>,
    pub subtrees: Bits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    buffers: Vec<Buffer>,
    #[serde(default)]
    buffer_views: Vec<View>,
    tile_availability: Availability,
    #[serde(default)]
    content_availability: Vec<Availability>,
    child_subtree_availability: Availability,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Buffer {
    uri: Option<String>,
    byte_length: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct View {
    buffer: usize,
    #[serde(default)]
    byte_offset: u64,
    byte_length: u64,
}

#[derive(Deserialize)]
struct Availability {
    bitstream: Option<usize>,
    constant: Option<u8>,
}

/// Reads a subtree, in its binary or its JSON form; `count` hears of the bytes of the buffers beside it.
///
/// # Errors
/// When it is neither, or says less than its shape needs.
pub(super) fn read(
    bytes: &[u8],
    place: &str,
    shape: &Shape,
    files: &mut dyn Files,
    count: &mut Count<'_>,
) -> Result<Subtree, ContentError> {
    let (json, own) = split(bytes)?;
    let ceilings = prescan::Ceilings { bytes: limits::JSON_BYTES_MAX, entries: limits::ARRAY_LEN_MAX };
    let text = prescan::normalized(json, &ceilings)?;
    let file: File = serde_json::from_str(&text)
        .map_err(|error| ContentError::malformed("JSON", format!("it is no subtree: {error}")))?;
    let mut buffers: Vec<Vec<u8>> = Vec::new();
    for buffer in &file.buffers {
        let bytes = match &buffer.uri {
            Some(uri) => {
                let (place, bytes) = files.open(place, uri)?;
                count(&place, &bytes)?;
                bytes
            }
            None => own.to_vec(),
        };
        if (bytes.len() as u64) < buffer.byte_length {
            return Err(ContentError::malformed("/buffers", "one has fewer bytes than it says"));
        }
        buffers.push(bytes);
    }
    let bits = |availability: &Availability, needed: u64, place: &str| {
        let refuse = |reason: &str| Err(ContentError::malformed(place, reason));
        let index = match (availability.constant, availability.bitstream) {
            (Some(constant @ 0..=1), None) => return Ok(Bits::All(constant == 1)),
            (None, Some(index)) => index,
            _ => return refuse("it is neither a bitstream nor a constant of 0 or 1"),
        };
        let Some(view) = file.buffer_views.get(index) else { return refuse("its bitstream is not there") };
        let end = view.byte_offset.checked_add(view.byte_length).and_then(|end| usize::try_from(end).ok());
        let start = usize::try_from(view.byte_offset).ok();
        let range = start.zip(end).and_then(|(start, end)| buffers.get(view.buffer)?.get(start..end));
        match range {
            Some(range) if range.len() as u64 >= needed.div_ceil(8) => Ok(Bits::Each(range.to_vec())),
            Some(_) => refuse("its bitstream has fewer bits than there are tiles"),
            None => refuse("its bitstream does not lie in its buffer"),
        }
    };
    let contents = file.content_availability.iter();
    Ok(Subtree {
        tiles: bits(&file.tile_availability, shape.tiles(), "/tileAvailability")?,
        contents: contents
            .map(|availability| bits(availability, shape.tiles(), "/contentAvailability"))
            .collect::<Result<_, _>>()?,
        subtrees: bits(&file.child_subtree_availability, shape.subtrees(), "/childSubtreeAvailability")?,
    })
}

/// The JSON, and the bytes after it.
fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), ContentError> {
    if !bytes.starts_with(&MAGIC) {
        return Ok((bytes, &[]));
    }
    let refuse = |reason: &str| ContentError::malformed("subtree header", reason);
    let mut cursor = Cursor::new(bytes.get(MAGIC.len()..).unwrap_or_default());
    let version = cursor.u32().ok_or_else(|| refuse("the file ends within it"))?;
    if version != 1 {
        return Err(ContentError::unsupported("subtree header", format!("subtree version {version}")));
    }
    let lengths = cursor.u64().zip(cursor.u64()).ok_or_else(|| refuse("the file ends within it"))?;
    let (json, own) = (cursor.take(lengths.0), cursor.take(lengths.1));
    json.zip(own).ok_or_else(|| refuse("its lengths go on past the end of the file"))
}
