//! What occupies the GPU, and what goes to make room: first textures that nobody uses, then the tiles
//! that were not needed for longest, finest first, never one that finer ones fall back to.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

use super::Ready;
use super::venue::{ImageState, REST, TileState, Venue};
use crate::scene::{ImageId, TileId};

/// What eviction leaves free of the budget, so that it does not run for every tile: a sixteenth.
const SLACK: u64 = 16;

/// After so many tiles and images no more of the slack goes: a frame waits for it, and the next time will do.
const SLACK_ITEMS_MAX: usize = 64;

/// Bytes that are here.
#[derive(Debug, Default)]
pub struct Residency {
    bytes: u64,
    tile_count: usize,
}

impl Residency {
    /// What all tiles and textures occupy.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many tiles are here.
    pub fn tile_count(&self) -> usize {
        self.tile_count
    }

    /// A tile is here.
    pub fn add_tile(&mut self, venue: &mut Venue, tile: TileId, size_bytes: u64, now: Duration) {
        let slot = &mut venue.tiles[tile.index()];
        slot.state = TileState::Resident;
        slot.size_bytes = size_bytes;
        slot.kept = now;
        venue.count_below(tile, true);
        self.bytes += size_bytes;
        self.tile_count += 1;
    }

    /// An image is here, or its tail, which takes the same room.
    pub fn add_image(&mut self, venue: &mut Venue, image: ImageId, is_tail: bool) {
        let slot = &mut venue.images[image.index()];
        let was_here = slot.is_shown();
        slot.refused = None;
        if is_tail {
            slot.tail = Some(ImageState::Resident);
        } else {
            slot.state = ImageState::Resident;
        }
        self.bytes += if was_here { 0 } else { venue.image_bytes(image) };
    }

    /// A tile is gone.
    pub fn remove_tile(&mut self, venue: &mut Venue, tile: TileId) {
        let slot = &mut venue.tiles[tile.index()];
        slot.state = TileState::Absent;
        self.bytes -= std::mem::take(&mut slot.size_bytes);
        self.tile_count -= 1;
        venue.count_below(tile, false);
        venue.count_uses(tile, false);
    }

    /// An image is gone, and its tail.
    pub fn remove_image(&mut self, venue: &mut Venue, image: ImageId) {
        venue.images[image.index()].forget();
        self.bytes -= venue.image_bytes(image);
    }

    /// What could go if it had to.
    pub fn evictable_bytes(&self, venue: &Venue, round: u64, now: Duration) -> u64 {
        let tiles = venue.tiles.iter().enumerate().filter(|(index, _)| may_rest(venue, *index, now));
        let images = (0..venue.images.len()).filter(|index| is_unused(venue, *index, round));
        tiles.map(|(_, slot)| slot.size_bytes).sum::<u64>()
            + images.map(|index| venue.image_bytes(ImageId(index as u32))).sum::<u64>()
    }

    /// Once more than `limit_bytes` are here, evicts what is too much and some of the slack, unless nothing more may go.
    /// Returns how many tiles went.
    pub fn make_room(
        &mut self,
        limit_bytes: u64,
        venue: &mut Venue,
        round: u64,
        now: Duration,
        mut evict: impl FnMut(Ready),
    ) -> u64 {
        if self.bytes <= limit_bytes {
            return 0;
        }
        let target_bytes = limit_bytes - limit_bytes / SLACK;
        let images = (0..venue.images.len()).filter(|index| is_unused(venue, *index, round));
        let mut images: BTreeSet<_> = images.map(|index| ImageId(index as u32)).collect();
        let tiles = (0..venue.tiles.len()).filter(|index| may_go(venue, *index, now));
        let mut tiles: BinaryHeap<_> = tiles.map(|index| Reverse(Leaf::new(venue, index))).collect();
        let (mut gone, mut gone_tiles) = (0, 0);
        while self.bytes > limit_bytes || (self.bytes > target_bytes && gone < SLACK_ITEMS_MAX) {
            if let Some(image) = images.pop_first() {
                self.remove_image(venue, image);
                evict(Ready::EvictTexture(image));
            } else if let Some(Reverse(leaf)) = tiles.pop() {
                let tile = leaf.tile;
                // What is above a tile that stands there several times becomes a leaf several times.
                if !may_go(venue, tile.index(), now) {
                    continue;
                }
                self.remove_tile(venue, tile);
                evict(Ready::EvictTile(tile));
                gone_tiles += 1;
                let used = venue.tileset.tile(tile).images.iter();
                images.extend(used.filter(|image| is_unused(venue, image.index(), round)));
                venue.tileset.visit_above(tile, |above| {
                    if may_go(venue, above.index(), now) {
                        tiles.push(Reverse(Leaf::new(venue, above.index())));
                    }
                });
            } else {
                break;
            }
            gone += 1;
        }
        gone_tiles
    }
}

/// A tile that may go. The least is the first: what was not needed for longest, finest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Leaf {
    kept: Duration,
    /// Metres. Without their signs, the bits of numbers are in the order of the numbers.
    error_bits: u32,
    tile: TileId,
}

impl Leaf {
    fn new(venue: &Venue, index: usize) -> Self {
        let tile = TileId(index as u32);
        let error_metres = venue.tileset.tile(tile).geometric_error_metres;
        Self { kept: venue.tiles[index].kept, error_bits: error_metres.abs().to_bits(), tile }
    }
}

/// Whether the tile may rest, and no finer one falls back to it.
fn may_go(venue: &Venue, index: usize, now: Duration) -> bool {
    venue.tiles[index].resident_below == 0 && may_rest(venue, index, now)
}

/// Whether the tile is here and was not needed for a while. The root always is.
fn may_rest(venue: &Venue, index: usize, now: Duration) -> bool {
    let slot = &venue.tiles[index];
    index != 0 && matches!(slot.state, TileState::Resident) && now.saturating_sub(slot.kept) >= REST
}

/// Whether the image is here, no tile that is here uses it, and none is wanted that would.
fn is_unused(venue: &Venue, index: usize, round: u64) -> bool {
    let slot = &venue.images[index];
    let is_used = slot.user_count > 0 || slot.wanted_round == round;
    let is_resting = ![Some(slot.state), slot.tail].contains(&Some(ImageState::Decoding));
    slot.is_shown() && is_resting && !is_used && !slot.is_blank
}

#[cfg(test)]
mod tests;
