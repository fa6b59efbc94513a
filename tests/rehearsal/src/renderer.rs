//! A renderer that draws nothing, and holds the streamer to the order in which it promises to hand things out.

use std::collections::BTreeMap;
use std::sync::Arc;

use glam::Affine3A;
use pavilion::scene::{Chunks, Demand, ImageId, ResidentTile, Scene, TileId, Tileset};
use pavilion::stream::Ready;

/// What was handed out of one venue.
pub struct Renderer {
    scene: Scene,
    /// Of which images something was, and whether all of it.
    images: BTreeMap<ImageId, bool>,
}

impl Renderer {
    /// A venue of which nothing is here.
    pub fn new(tileset: Arc<Tileset>) -> Self {
        Self { scene: Scene::new(tileset), images: BTreeMap::new() }
    }

    /// The venue, and which of its tiles are here.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Takes what was handed out while the eyes asked for this; returns the tile that can be shown by it.
    ///
    /// # Panics
    /// When something comes twice, a tile before its images, or when what goes is still in use.
    pub fn take(&mut self, ready: Ready, demand: &Demand) -> Option<TileId> {
        match ready {
            Ready::Texture { image, is_tail, .. } => {
                let before = self.images.insert(image, !is_tail);
                let is_better = before.is_none() || (before == Some(false) && !is_tail);
                assert!(is_better, "image {} comes twice", image.0);
            }
            Ready::Tile { tile, .. } => {
                let mut images = self.scene.tileset.tile(tile).images.iter();
                assert!(
                    images.all(|image| self.images.contains_key(image)),
                    "tile {} without images",
                    tile.0
                );
                assert!(!self.is_here(tile), "tile {} comes twice", tile.0);
                self.scene.set_resident(tile, Some(nothing()));
                return Some(tile);
            }
            Ready::EvictTile(tile) => {
                assert!(self.is_here(tile), "tile {} goes twice", tile.0);
                assert!(!demand.keeps.contains(&tile), "tile {} goes while it is looked at", tile.0);
                self.scene.set_resident(tile, None);
            }
            Ready::EvictTexture(image) => {
                assert!(self.images.remove(&image).is_some(), "image {} goes twice", image.0);
                let mut tiles = (0..self.scene.tileset.tiles().len() as u32).map(TileId);
                let is_used = tiles
                    .any(|tile| self.is_here(tile) && self.scene.tileset.tile(tile).images.contains(&image));
                assert!(!is_used, "image {} goes before its tiles", image.0);
            }
            Ready::Tileset(_)
            | Ready::Collider { .. }
            | Ready::EvictCollider(_)
            | Ready::Clip { .. }
            | Ready::EvictClip(_) => {}
        }
        None
    }

    /// Whether all of the image is here.
    pub fn is_sharp(&self, image: ImageId) -> bool {
        self.images.get(&image) == Some(&true)
    }

    /// Whether the tile is here.
    pub fn is_here(&self, tile: TileId) -> bool {
        self.scene.resident(tile).is_some()
    }
}

fn nothing() -> ResidentTile {
    ResidentTile {
        chunks: Chunks::default(),
        occluders: Vec::new(),
        world_from_grid: Affine3A::IDENTITY,
        motion: None,
        size_bytes: 0,
    }
}
