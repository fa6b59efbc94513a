//! What of a twin a viewer asks for, and what of that first. A baked folder holds more: images for other programs,
//! and what is known of entities.

mod first_view;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::protocol::WantedBlob;
use crate::scene::{BlobId, TileId, Tileset};

/// The ground that belongs to the first view, metres from the entrance.
const GROUND_METRES: f32 = 20.0;

/// Some of a twin's tiles and what they consist of.
#[derive(Clone, Debug)]
pub struct Needs {
    /// How many tiles.
    #[cfg_attr(not(feature = "viewer"), allow(dead_code))]
    pub tiles: usize,
    /// Each once, what matters most first.
    pub blobs: Vec<WantedBlob>,
}

impl Needs {
    /// All that a visitor may see, walk on and hear, coarse to fine: parents stand before their children in the table.
    pub fn everything(tileset: &Tileset) -> Self {
        let tiles = (0..tileset.tiles().len() as u32).map(TileId);
        let tiles: Vec<TileId> = tiles.filter(|&tile| tileset.tile(tile).content.is_some()).collect();
        let ground = tileset.grounds().iter().map(|cell| cell.blob);
        let clips = tileset.clips().iter().map(|clip| clip.blob);
        Self::of(tileset, &tiles, ground.chain(clips))
    }

    /// What is seen from the entrance at a headset's detail, and the ground there.
    pub fn first_view(tileset: &Arc<Tileset>) -> Self {
        let entrance = tileset.spawn().position;
        let ground = tileset.grounds().iter();
        // What the viewer itself asks for first, and some steps more.
        let ground = ground.filter(|cell| cell.bounds.distance(entrance) <= GROUND_METRES);
        Self::of(tileset, &first_view::tiles(tileset), ground.map(|cell| cell.blob))
    }

    fn of(tileset: &Tileset, tiles: &[TileId], more: impl Iterator<Item = BlobId>) -> Self {
        let seen = tiles.iter().flat_map(|&tile| {
            let tile = tileset.tile(tile);
            let images = tile.images.iter().filter_map(|image| tileset.images().get(image.index()));
            images.map(|image| image.blob).chain(tile.content)
        });
        let mut known = BTreeSet::new();
        let blobs = seen.chain(more).filter_map(|blob| tileset.blobs().get(blob.index()));
        let blobs = blobs.filter(|blob| known.insert(blob.hash));
        let blobs = blobs.map(|blob| WantedBlob { hash: blob.hash, size_bytes: blob.size_bytes });
        Self { tiles: tiles.len(), blobs: blobs.collect() }
    }

    /// Bytes of all blobs.
    pub fn size_bytes(&self) -> u64 {
        self.blobs.iter().map(|blob| u64::from(blob.size_bytes)).sum()
    }
}
