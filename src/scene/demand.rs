//! What the eyes want next: culling writes it, streaming reads it.

use glam::Vec3;

use super::TileId;

/// A tile that is wanted and not here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Want {
    /// Which tile.
    pub tile: TileId,
    /// How much it matters: the error that it would remove, in units of what the eyes can tell apart where it is, times
    /// the part of the view that it fills, times the chance that it is seen at all. Larger first.
    pub importance: f32,
    /// The same, if the steps towards it were here.
    pub beyond_steps: f32,
    /// It would be shown for a while only: coarser than what is wanted, and finer than what is here. It is worth
    /// its bytes if what is wanted takes long.
    pub is_step: bool,
}

impl Want {
    /// So much matters a tile without which there is a hole.
    pub const HOLE: f32 = 1e6;

    /// A tile that is wanted for good.
    pub fn new(tile: TileId, importance: f32) -> Self {
        Self { tile, importance, beyond_steps: importance, is_step: false }
    }
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
