//! What a frame draws: the only thing that `draw` is given.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};
use glam::{Affine3A, Vec3A, Vec4};

use crate::scene::actor::NameLayer;
use crate::scene::{Batch, Material, MaterialId, TileId};

/// What every vertex of an instance shares: read as per-instance vertex attributes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct Instance {
    /// The three rows of world-from-grid.
    pub world_from_grid: [Vec4; 3],
    /// Linear RGBA as unorm; multiplies the vertices' colour.
    pub tint: [u8; 4],
    /// Added to the layer of the base-colour texture: which name a tag shows.
    pub layer: u32,
    /// One over the scale of each axis of the grid, so that directions are turned and not scaled: the upper halves of
    /// floats, which every scale fits and which are equal where the scales are.
    pub per_scale: [u16; 4],
}

impl Instance {
    /// As it is: rows from the affine, no tint.
    pub fn new(world_from_grid: &Affine3A) -> Self {
        Self::tinted(world_from_grid, [255; 4], NameLayer::default())
    }

    /// Rows from the affine, in another colour, with a name.
    pub fn tinted(world_from_grid: &Affine3A, tint: [u8; 4], name: NameLayer) -> Self {
        let rows = glam::Mat4::from(*world_from_grid).transpose();
        Self {
            world_from_grid: [rows.x_axis, rows.y_axis, rows.z_axis],
            tint,
            layer: u32::from(name.index()),
            per_scale: per_scale(world_from_grid),
        }
    }
}

/// As the shader wants it; the fourth is 0.
fn per_scale(world_from_grid: &Affine3A) -> [u16; 4] {
    let axes = world_from_grid.matrix3;
    let squares = [axes.x_axis, axes.y_axis, axes.z_axis].map(Vec3A::length_squared);
    let [x, y, z] = squares.map(|square| {
        let bits = (1.0 / square.max(1e-20).sqrt()).to_bits();
        ((bits + 0x8000) >> 16) as u16
    });
    [x, y, z, 0]
}

/// Whose vertices and indices a draw reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A tile of the twin.
    Tile(TileId),
    /// The built-in shapes of actors.
    Shapes,
}

/// One indexed draw of one or more instances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    /// Whose vertices and indices.
    pub source: Source,
    /// Into the source's indices.
    pub first_index: u32,
    /// How many.
    pub index_count: u32,
    /// The first, into [`DrawList::instances`].
    pub instance: u32,
    /// How many follow each other there.
    pub instance_count: u32,
    /// What it is drawn with.
    pub batch: Batch,
}

/// A tile that moves by itself, as it is in the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posed {
    /// Which.
    pub tile: TileId,
    /// Its joints, into [`DrawList::palettes`].
    pub joints: Range<u32>,
    /// Its morph targets, into [`DrawList::weights`].
    pub targets: Range<u32>,
}

/// Everything that one frame draws, in the order to draw it: opaque near to far, masked near to far,
/// blended far to near.
#[derive(Clone, Debug, Default)]
pub struct DrawList {
    /// One for each tile and each actor that is drawn.
    pub instances: Vec<Instance>,
    /// In drawing order.
    pub draws: Vec<Draw>,
    /// What has moved by itself, before it is drawn.
    pub posed: Vec<Posed>,
    /// For each joint the three rows of the frame's grid from the grid at rest.
    pub palettes: Vec<[Vec4; 3]>,
    /// How much there is of each morph target.
    pub weights: Vec<f32>,
    /// Materials that change over time, as they are now.
    pub materials: Vec<(MaterialId, Material)>,
    /// Triangles in all draws, for one view.
    pub triangle_count: u64,
    /// The largest error in view, in units of what the eyes do not tell apart where it is: 1 unless a
    /// budget was too small for all that they do.
    pub excess: f32,
    /// Tiles in view that are hidden by others, each with all that is below it.
    pub hidden_count: u32,
}

impl DrawList {
    /// Empties the list and keeps its memory.
    pub fn clear(&mut self) {
        self.instances.clear();
        self.draws.clear();
        self.posed.clear();
        self.palettes.clear();
        self.weights.clear();
        self.materials.clear();
        self.triangle_count = 0;
    }
}
