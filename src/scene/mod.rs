//! What exists: a tree of tiles, and which of them are here.
//!
//! The [`Tileset`] says what the twin holds and never changes while it is shown. The [`Scene`] adds
//! what has arrived so far. Architecture invariant: no file, URL, socket or GPU; bytes come in
//! through [`gltf`], [`tiles3d`] and [`tile`], plain data goes out.

pub mod actor;
pub mod chunks;
pub mod collider;
pub mod demand;
pub mod entity;
pub mod error;
pub mod gltf;
pub mod id;
pub mod limits;
pub mod material;
pub mod mesh;
pub mod motion;
pub mod mover;
pub mod occluder;
pub mod pack;
pub mod pick;
pub mod placement;
pub mod prop;
pub mod sound;
pub mod texture;
pub mod tile;
pub mod tiles3d;
pub mod tileset;

pub use actor::Actor;
pub use chunks::Chunks;
pub use collider::{Collider, ColliderCell};
pub use demand::Demand;
pub use error::ContentError;
pub use id::{BlobId, ClipId, ColliderId, ContentHash, EntityIndex, ImageId, MaterialId, PropId, TileId};
pub use material::{AlphaMode, Material};
pub use mesh::{Batch, Chunk, TileMesh};
pub use motion::{Motion, Moving};
pub use mover::Mover;
pub use occluder::Occluder;
pub use placement::{Placement, Prototype};
pub use prop::Prop;
pub use sound::{Clip, Samples, Sound};
pub use tileset::{Tile, Tileset};

use std::sync::Arc;

use glam::Affine3A;

use crate::math::Pose;

/// What culling needs to know of a tile that is on the GPU.
#[derive(Clone, Debug)]
pub struct ResidentTile {
    /// Pieces that are culled one by one.
    pub chunks: Chunks,
    /// What of it hides what is behind it, while it is drawn.
    pub occluders: Vec<Occluder>,
    /// From the vertex grid (0..=65535 on each axis) to the world, metres; of what moves at rest.
    pub world_from_grid: Affine3A,
    /// How it moves by itself.
    pub motion: Option<Arc<Motion>>,
    /// What the tile occupies on the GPU, vertices and indices.
    pub size_bytes: u64,
}

/// The twin as far as it is here.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What the twin holds.
    pub tileset: Arc<Tileset>,
    resident: Vec<Option<ResidentTile>>,
    /// Of each tile, how many below it are here, counted where they stand.
    resident_below: Vec<u32>,
    /// World from each prop.
    props: Vec<Pose>,
    /// What time it is for all that moves by itself, seconds.
    seconds: f64,
}

impl Scene {
    /// A twin of which nothing has arrived yet.
    pub fn new(tileset: impl Into<Arc<Tileset>>) -> Self {
        let tileset = tileset.into();
        let resident = tileset.tiles().iter().map(|_| None).collect();
        let props = tileset.props().iter().map(|prop| prop.home).collect();
        Self { resident_below: vec![0; tileset.tiles().len()], tileset, resident, props, seconds: 0.0 }
    }

    /// What time it is for all that moves by itself, seconds.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// It is that late now. Who shows the same time sees everything where the others see it.
    pub fn set_seconds(&mut self, seconds: f64) {
        self.seconds = if seconds.is_finite() { seconds } else { 0.0 };
    }

    /// World from each prop, in the order of the tileset's.
    pub fn prop_poses(&self) -> &[Pose] {
        &self.props
    }

    /// The prop is there now.
    pub fn place_prop(&mut self, prop: PropId, pose: Pose) {
        if let Some(place) = self.props.get_mut(prop.index()) {
            *place = pose;
        }
    }

    /// The tile, if it can be drawn.
    pub fn resident(&self, tile: TileId) -> Option<&ResidentTile> {
        self.resident.get(tile.index())?.as_ref()
    }

    /// Whether any tile below this one can be drawn.
    pub fn has_resident_below(&self, tile: TileId) -> bool {
        self.resident_below.get(tile.index()).is_some_and(|&count| count > 0)
    }

    /// Makes the tile drawable, or (with `None`) forgets it.
    pub fn set_resident(&mut self, tile: TileId, content: Option<ResidentTile>) {
        let Some(slot) = self.resident.get_mut(tile.index()) else { return };
        let (was_here, is_here) = (slot.is_some(), content.is_some());
        *slot = content;
        if was_here != is_here {
            let counts = &mut self.resident_below;
            self.tileset.visit_above(tile, |above| {
                let count = &mut counts[above.index()];
                *count = if is_here { *count + 1 } else { *count - 1 };
            });
        }
    }

    /// Forgets all tiles: the GPU that held them is gone.
    pub fn forget_residents(&mut self) {
        self.resident.fill(None);
        self.resident_below.fill(0);
    }

    /// What the tiles that can be drawn occupy on the GPU, with their images.
    pub fn resident_bytes(&self) -> u64 {
        let here =
            || self.resident.iter().zip(self.tileset.tiles()).filter(|(resident, _)| resident.is_some());
        let tiles: u64 = self.resident.iter().flatten().map(|resident| resident.size_bytes).sum();
        let is_used = |image: ImageId| here().any(|(_, tile)| tile.images.contains(&image));
        let images = self.tileset.images().iter().zip(0..);
        tiles
            + images
                .filter(|&(_, index)| is_used(ImageId(index)))
                .map(|(form, _)| form.size_bytes())
                .sum::<u64>()
    }

    /// How many tiles can be drawn.
    pub fn resident_count(&self) -> usize {
        self.resident.iter().flatten().count()
    }
}
