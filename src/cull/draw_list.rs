//! What a frame draws: the only thing that `draw` is given.

use bytemuck::{Pod, Zeroable};
use glam::{Affine3A, Vec4};

use crate::scene::{Batch, TileId};

/// What every vertex of a draw shares: read as per-instance vertex attributes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Instance {
    /// The three rows of world-from-grid.
    pub world_from_grid: [Vec4; 3],
}

impl Instance {
    /// Rows from the affine.
    pub fn new(world_from_grid: &Affine3A) -> Self {
        let rows = glam::Mat4::from(*world_from_grid).transpose();
        Self { world_from_grid: [rows.x_axis, rows.y_axis, rows.z_axis] }
    }
}

/// One indexed draw of one instance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// Whose vertices and indices.
    pub tile: TileId,
    /// Into the tile's indices.
    pub first_index: u32,
    /// How many.
    pub index_count: u32,
    /// Into [`DrawList::instances`].
    pub instance: u32,
    /// What it is drawn with.
    pub batch: Batch,
}

/// Everything that one frame draws, in the order to draw it: opaque near to far, masked near to far,
/// blended far to near.
#[derive(Clone, Debug, Default)]
pub struct DrawList {
    /// One for each tile that is drawn.
    pub instances: Vec<Instance>,
    /// In drawing order.
    pub draws: Vec<Draw>,
    /// Triangles in all draws, for one view.
    pub triangle_count: u64,
}

impl DrawList {
    /// Empties the list and keeps its memory.
    pub fn clear(&mut self) {
        self.instances.clear();
        self.draws.clear();
        self.triangle_count = 0;
    }
}
