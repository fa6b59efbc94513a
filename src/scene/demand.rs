//! What the eyes want next: culling writes it, streaming reads it.

use glam::Vec3;

use super::TileId;

/// A tile that is wanted and not here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Want {
    /// Which tile.
    pub tile: TileId,
    /// How much it matters: radians of visible error that it would remove, weighted by where the
    /// eyes look. Larger first.
    pub importance: f32,
}

impl Want {
    /// So much matters a tile without which there is a hole.
    pub const HOLE: f32 = 1e6;
}

/// Everything wanted in this frame, most important first, and what must be kept.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// Tiles to fetch, most important first.
    pub wants: Vec<Want>,
    /// Tiles that this frame draws or that keep a hole closed: not to be evicted.
    pub keeps: Vec<TileId>,
    /// Where somebody stands: the ground around is wanted before anything but what closes a hole.
    pub feet: Option<Vec3>,
}

impl Demand {
    /// Empties both lists and keeps their memory. Where somebody stands is not for the eyes to say.
    pub fn clear(&mut self) {
        self.wants.clear();
        self.keeps.clear();
    }

    /// Whether every tile that the eyes want is here.
    pub fn is_satisfied(&self) -> bool {
        self.wants.is_empty()
    }
}
