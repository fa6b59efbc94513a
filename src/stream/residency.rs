//! What occupies the GPU, and what goes to make room: first textures that nobody uses, then the tiles
//! that were not needed for longest, finest first, never one that finer ones fall back to.

use std::time::Duration;

use super::Ready;
use super::venue::{ImageState, TileState, Venue};
use crate::scene::{ImageId, TileId};

/// How long a tile must not have been needed before it may go: the head that turned away often turns
/// back, and nothing is fetched twice within this time.
const REST: Duration = Duration::from_secs(1);

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

    /// What could go if it had to.
    pub fn evictable_bytes(&self, venue: &Venue, round: u64, now: Duration) -> u64 {
        let tiles = venue.tiles.iter().enumerate().filter(|(index, _)| may_rest(venue, *index, now));
        let images = (0..venue.images.len()).filter(|index| is_unused(venue, *index, round));
        tiles.map(|(_, slot)| slot.size_bytes).sum::<u64>()
            + images.map(|index| venue.image_bytes(ImageId(index as u32))).sum::<u64>()
    }

    /// Evicts until no more than `limit_bytes` are here, or nothing more may go. Returns how many
    /// tiles went.
    pub fn evict_to(
        &mut self,
        limit_bytes: u64,
        venue: &mut Venue,
        round: u64,
        now: Duration,
        mut evict: impl FnMut(Ready),
    ) -> u64 {
        let mut evicted = 0;
        while self.bytes > limit_bytes {
            if let Some(index) = (0..venue.images.len()).find(|index| is_unused(venue, *index, round)) {
                let image = ImageId(index as u32);
                let slot = &mut venue.images[index];
                slot.state = ImageState::Absent;
                slot.tail = slot.tail.map(|_| ImageState::Absent);
                self.bytes -= venue.image_bytes(image);
                evict(Ready::EvictTexture(image));
                continue;
            }
            let candidates = (0..venue.tiles.len())
                .filter(|index| venue.tiles[*index].resident_below == 0 && may_rest(venue, *index, now));
            let oldest = candidates.min_by(|a, b| {
                let error = |index: usize| venue.tileset.tiles()[index].geometric_error_metres;
                let kept = |index: usize| venue.tiles[index].kept;
                kept(*a).cmp(&kept(*b)).then(error(*a).total_cmp(&error(*b)))
            });
            let Some(index) = oldest else { return evicted };
            let tile = TileId(index as u32);
            self.remove_tile(venue, tile);
            evict(Ready::EvictTile(tile));
            evicted += 1;
        }
        evicted
    }
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
