//! What a newcomer is sent before they ask: what eyes at the entrance see first, and the ground to stand on.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cull;
use crate::protocol::ContentHash;
use crate::protocol::content::{OPENING_BYTES_MAX, UNASKED_BYTES_MIN};
use crate::rig::Person;
use crate::scene::{BlobId, TileId, Tileset};

/// How far around the entrance the ground is sent, metres: some steps.
const GROUND_METRES: f32 = 8.0;

/// Tiles that come before the ground: what is coarsest, so that there is something to see.
const COARSE: usize = 4;

/// The blobs, most important first, up to [`OPENING_BYTES_MAX`].
pub fn opening(tileset: &Arc<Tileset>) -> Vec<ContentHash> {
    let tiles = cull::first_view(tileset, Person::at(tileset.spawn()).head());
    let (first, rest) = tiles.split_at(tiles.len().min(COARSE));
    let seen = |tiles: &[TileId]| -> Vec<BlobId> {
        let needs = |tile: &TileId| {
            let tile = tileset.tile(*tile);
            let images = tile.images.iter().filter_map(|image| tileset.images().get(image.index()));
            images.map(|image| image.blob).chain(tile.content).collect::<Vec<_>>()
        };
        tiles.iter().flat_map(needs).collect()
    };
    let ground = tileset.grounds_within(tileset.spawn().position, GROUND_METRES);
    let ground =
        ground.filter_map(|(collider, _)| tileset.grounds().get(collider.index())).map(|cell| cell.blob);
    let all = seen(first).into_iter().chain(ground).chain(seen(rest));

    let (mut left, mut known) = (OPENING_BYTES_MAX, BTreeSet::new());
    let mut chosen = Vec::new();
    for blob in all.filter_map(|blob| tileset.blobs().get(blob.index())) {
        if !known.insert(blob.hash) {
            continue;
        }
        let Some(rest) = left.checked_sub(blob.size_bytes.max(UNASKED_BYTES_MIN)) else { break };
        left = rest;
        chosen.push(blob.hash);
    }
    chosen
}
