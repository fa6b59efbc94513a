//! Parts of the twin that move by themselves.

use serde::{Deserialize, Serialize};

use super::tileset::{Tables, Tile};
use super::{ContentError, TileId, limits};

/// A part that moves by itself, in one or more levels of detail. Each is a tile of its own, in the world, and no
/// part of the tree: those of all movers follow each other in the table, after the trees and before the props.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mover {
    /// The finest level; the others follow it, each coarser than the one before.
    pub first: TileId,
    /// How many levels there are.
    pub level_count: u32,
}

impl Mover {
    /// Its tiles, from the finest to the coarsest.
    pub fn levels(&self) -> impl DoubleEndedIterator<Item = TileId> + use<> {
        let first = self.first.0;
        (first..first.saturating_add(self.level_count)).map(TileId)
    }
}

/// Checks the movers against the tiles that show them, which begin at `first` in the table.
///
/// # Errors
/// When a tile is missing, or levels are not from fine to coarse.
pub(super) fn check(tables: &Tables, first: usize) -> Result<(), ContentError> {
    ContentError::check("tileset", "movers", tables.movers.len(), limits::MOVERS_MAX)?;
    let mut next = first;
    for (index, mover) in tables.movers.iter().enumerate() {
        let follows = mover.first.index() == next && mover.level_count > 0;
        next = next.saturating_add(mover.level_count as usize);
        let levels = tables.tiles.get(mover.first.index()..next).filter(|_| follows);
        let is_shown = |tile: &Tile| {
            let error = tile.geometric_error_metres;
            let reach = tile.bounds.min.abs().max(tile.bounds.max.abs()).max_element();
            tile.content.is_some()
                && tile.child_count == 0
                && tile.bounds.is_valid()
                && reach <= limits::WORLD_RADIUS_METRES
                && (0.0..=limits::WORLD_RADIUS_METRES).contains(&error)
        };
        let is_right = levels.is_some_and(|levels| {
            let coarsens = |pair: &[Tile]| matches!(pair, [a, b] if a.geometric_error_metres <= b.geometric_error_metres);
            levels.iter().all(is_shown) && levels.windows(2).all(coarsens)
        });
        if !is_right {
            return Err(ContentError::malformed(
                format!("mover {index}"),
                "a tile of it is missing, or its levels are not from fine to coarse",
            ));
        }
    }
    Ok(())
}
