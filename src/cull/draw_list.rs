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
    /// floats, which every scale fits and which are equal where the scales are. The fourth is the [`Fade`]: the kinds of
    /// pixels, and 128 more for what goes.
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

    /// The same on a part of its pixels.
    #[must_use]
    pub fn faded(self, fade: Fade) -> Self {
        let [x, y, z, _] = self.per_scale;
        Self { per_scale: [x, y, z, fade.code()], ..self }
    }
}

/// As the shader wants it; the fourth is that of what is settled.
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
    /// Whether it is drawn by halves.
    pub fade: Fade,
}

/// What part of its pixels something is drawn on, by a pattern of [`Fade::STEPS`] kinds of pixels: what comes and what goes
/// share them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fade {
    /// All of them.
    #[default]
    Settled,
    /// It comes: on so many kinds, the first.
    Coming(u8),
    /// It goes: on all but so many kinds, the first.
    Going(u8),
    /// None.
    Nothing,
}

impl Fade {
    /// Kinds of pixels: those of a square of eight by eight.
    pub const STEPS: u8 = 64;

    /// In a code, what goes.
    const GOING: u16 = 128;

    /// What comes, from 0 to 1.
    pub fn coming(progress: f32) -> Self {
        match Self::step(progress) {
            0 => Self::Nothing,
            Self::STEPS => Self::Settled,
            step => Self::Coming(step),
        }
    }

    /// What goes, while something else comes so far.
    pub fn going(progress: f32) -> Self {
        match Self::step(progress) {
            0 => Self::Settled,
            Self::STEPS => Self::Nothing,
            step => Self::Going(step),
        }
    }

    fn step(progress: f32) -> u8 {
        (progress.clamp(0.0, 1.0) * f32::from(Self::STEPS)).round() as u8
    }

    /// Whether it takes a pipeline that leaves pixels out.
    pub fn leaves_out(self) -> bool {
        matches!(self, Self::Coming(_) | Self::Going(_))
    }

    /// As the shader reads it.
    fn code(self) -> u16 {
        match self {
            Self::Settled | Self::Nothing => 0,
            Self::Coming(step) => u16::from(step),
            Self::Going(step) => Self::GOING | u16::from(step),
        }
    }
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
    /// How many times the error that goes unseen is accepted because memory is too small for what the eyes want: 1 where
    /// it is not.
    pub memory_scale: f32,
    /// Tiles in view that are hidden by others, each with all that is below it.
    pub hidden_count: u32,
    /// Tiles that are drawn although the cut has others in their place by now: they go within
    /// [`FADE_SECONDS`](super::FADE_SECONDS).
    pub fading_count: u32,
    /// Changes of detail that the budget did not afford to show little by little: they were seen as a jump.
    pub popped_count: u32,
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
