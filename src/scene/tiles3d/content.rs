//! What a tile may hold: glTF, the older formats around it (b3dm, i3dm), points (pnts), and several of these (cmpt).

use glam::{DAffine3, DVec3};

use super::feature::{Cursor, Table};
use super::{At, Walk, instances, points};
use crate::scene::gltf;
use crate::scene::{ContentError, limits};

/// Tiles within tiles within tiles: nobody makes more.
const NESTED_MAX: usize = 4;

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Batched,
    Instanced,
    Points,
    Composite,
    Gltf,
}

impl Kind {
    fn of(bytes: &[u8]) -> Self {
        match bytes.first_chunk::<4>() {
            Some(b"b3dm") => Self::Batched,
            Some(b"i3dm") => Self::Instanced,
            Some(b"pnts") => Self::Points,
            Some(b"cmpt") => Self::Composite,
            _ => Self::Gltf,
        }
    }
}

/// Whether it is one of the formats that are not glTF's.
pub(super) fn is_known(bytes: &[u8]) -> bool {
    Kind::of(bytes) != Kind::Gltf
}

/// Adds what the content shows.
///
/// # Errors
/// When it is refused.
pub(super) fn read(walk: &mut Walk<'_>, at: &At<'_>, place: &str, bytes: &[u8]) -> Result<(), ContentError> {
    nested(walk, at, place, bytes, 0)
}

fn nested(
    walk: &mut Walk<'_>,
    at: &At<'_>,
    place: &str,
    bytes: &[u8],
    depth: usize,
) -> Result<(), ContentError> {
    ContentError::check("tile", "tiles within each other", depth, NESTED_MAX)?;
    match Kind::of(bytes) {
        Kind::Gltf => model(walk, at, place, bytes, DVec3::ZERO),
        Kind::Batched => {
            let (table, rest, has_batch) = tables(bytes, 0)?;
            if has_batch {
                walk.skip("batch tables");
            }
            model(walk, at, place, rest, DVec3::from(table.center()?))
        }
        Kind::Instanced => {
            let (table, rest, has_batch) = tables(bytes, 4)?;
            if has_batch {
                walk.skip("batch tables");
            }
            let format =
                bytes.get(28..32).and_then(|word| word.first_chunk()).map(|word| u32::from_le_bytes(*word));
            instances::read(walk, at, place, &table, rest, format.unwrap_or_default())
        }
        Kind::Points => {
            let (table, _, has_batch) = tables(bytes, 0)?;
            if has_batch {
                walk.skip("batch tables");
            }
            points::read(walk, at, place, &table)
        }
        Kind::Composite => {
            for tile in tiles(bytes)? {
                nested(walk, at, place, tile, depth.saturating_add(1))?;
            }
            Ok(())
        }
    }
}

/// The scene of a glTF file, moved by `center` in the tile.
fn model(
    walk: &mut Walk<'_>,
    at: &At<'_>,
    place: &str,
    bytes: &[u8],
    center: DVec3,
) -> Result<(), ContentError> {
    let tile_from_scene = DAffine3::from_translation(center) * at.up.tile_from_gltf();
    let world_from_scene = walk.world_from(at) * tile_from_scene;
    let document = gltf::read_in(bytes, &mut *walk.files.beside(place), &world_from_scene)?;
    walk.add(place, document)
}

/// The feature table behind a header of 28 bytes and `more`, what follows both tables, and whether there is a batch
/// table.
fn tables(bytes: &[u8], more: u64) -> Result<(Table<'_>, &[u8], bool), ContentError> {
    let refuse = |reason: &str| ContentError::malformed("tile header", reason);
    let mut cursor = Cursor::new(within(bytes)?);
    cursor.take(12);
    let mut length = || cursor.u32().ok_or_else(|| refuse("the tile ends within it"));
    let [json, body, batch_json, batch_body] = [length()?, length()?, length()?, length()?];
    cursor.take(more).ok_or_else(|| refuse("the tile ends within it"))?;
    let mut take = |length: u32| {
        cursor.take(length.into()).ok_or_else(|| refuse("a table goes on past the end of the tile"))
    };
    let (json, body) = (take(json)?, take(body)?);
    take(batch_json)?;
    take(batch_body)?;
    Ok((Table::parse(json, body)?, cursor.rest(), batch_json > 0))
}

/// As many of the bytes as the tile says that it has.
fn within(bytes: &[u8]) -> Result<&[u8], ContentError> {
    let refuse = |reason: &str| ContentError::malformed("tile header", reason);
    let mut cursor = Cursor::new(bytes);
    let header = cursor.u32().and(cursor.u32()).zip(cursor.u32());
    let (version, length) = header.ok_or_else(|| refuse("the tile ends within it"))?;
    if version != 1 {
        return Err(ContentError::unsupported("tile header", format!("version {version} of its format")));
    }
    bytes.get(..length as usize).ok_or_else(|| refuse("the tile is shorter than it says"))
}

/// The tiles within one.
fn tiles(bytes: &[u8]) -> Result<Vec<&[u8]>, ContentError> {
    let refuse = |reason: &str| ContentError::malformed("composite tile", reason);
    let mut cursor = Cursor::new(within(bytes)?);
    cursor.take(12);
    let count = cursor.u32().ok_or_else(|| refuse("it ends within its header"))?;
    // A tile has a header of 12 bytes at least.
    let most = limits::SOURCE_TILES_MAX.min(bytes.len() / 12);
    ContentError::check("composite tile", "tiles", count as usize, most)?;
    let mut tiles = Vec::new();
    for _ in 0..count {
        let length = cursor
            .rest()
            .get(8..12)
            .and_then(|word| word.first_chunk())
            .map(|word| u32::from_le_bytes(*word));
        let tile = length.filter(|&length| length >= 12).and_then(|length| cursor.take(length.into()));
        tiles.push(tile.ok_or_else(|| refuse("one of its tiles goes on past its end"))?);
    }
    Ok(tiles)
}
