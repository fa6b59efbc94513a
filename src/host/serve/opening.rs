//! What a newcomer is sent before they ask: what eyes at the entrance see first, and the ground to stand on.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cull::FirstView;
use crate::protocol::ContentHash;
use crate::protocol::content::{OPENING_BYTES_MAX, UNASKED_BYTES_MIN};
use crate::rig::Person;
use crate::scene::Tileset;

/// How far around the entrance the ground is sent, metres: some steps.
const GROUND_METRES: f32 = 8.0;

/// Tiles that come before the ground: what is coarsest, so that there is something to see.
pub const COARSE: usize = 4;

/// The blobs, most important first, up to [`OPENING_BYTES_MAX`].
pub fn opening(tileset: &Arc<Tileset>) -> Vec<ContentHash> {
    let mut seen = FirstView::new(tileset, Person::at(tileset.spawn()).head());
    let ground = tileset.grounds_within(tileset.spawn().position, GROUND_METRES);
    let ground =
        ground.filter_map(|(collider, _)| tileset.grounds().get(collider.index())).map(|cell| cell.blob);

    let first: Vec<_> =
        seen.by_ref().take(COARSE).flat_map(|tile| tileset.first_blobs(tileset.tile(tile))).collect();
    let rest = seen.flat_map(|tile| tileset.first_blobs(tileset.tile(tile)));
    let (mut left, mut known, mut chosen) = (OPENING_BYTES_MAX, BTreeSet::new(), Vec::new());
    for blob in first.into_iter().chain(ground).chain(rest) {
        let Some(blob) = tileset.blobs().get(blob.index()) else { continue };
        if !known.insert(blob.hash) {
            continue;
        }
        let Some(rest) = left.checked_sub(blob.size_bytes.max(UNASKED_BYTES_MIN)) else { break };
        left = rest;
        chosen.push(blob.hash);
    }
    chosen
}
