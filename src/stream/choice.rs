//! Which blobs to fetch next: the tiles that remove most visible error for their bytes, each with the
//! images that it needs and after whatever coarser tile is wanted too.

use super::fetch::Fetch;
use super::ground::Ground;
use super::venue::{ColliderState, ImageState, TileState, Venue};
use crate::protocol::content::WANTS_MAX;
use crate::scene::demand::Want;
use crate::scene::{BlobId, Demand, TileId};

/// What a request costs beside its bytes: the decoding, the upload, the bookkeeping.
const REQUEST_BYTES: f32 = 4096.0;

/// A round of choosing; keeps its lists' memory.
#[derive(Debug, Default)]
pub struct Choice {
    round: u64,
    scored: Vec<(f32, TileId)>,
    /// So many of the scored tiles close a hole.
    hole_count: usize,
    ground: Ground,
    blobs: Vec<BlobId>,
    list: Vec<BlobId>,
}

/// How much may be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Bytes of blobs.
    pub window_bytes: u64,
    /// Bytes on the GPU.
    pub resident_bytes: u64,
    /// If no more than this is missing, steps towards it are not worth their bytes.
    pub direct_bytes: u64,
}

impl Choice {
    /// The round that [`Choice::choose`] was last called in.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// The blobs to fetch, most important first; those that the cache should be asked for come
    /// through `look`.
    pub fn choose(
        &mut self,
        venue: &mut Venue,
        fetch: &mut Fetch,
        demand: &Demand,
        mut room: Room,
        mut look: impl FnMut(BlobId),
    ) -> &mut Vec<BlobId> {
        self.round += 1;
        self.score(venue, demand, room.direct_bytes);
        self.ground.look(venue, demand.feet, self.round);
        self.blobs.clear();
        self.list.clear();
        let mut used_bytes = 0;
        for index in 0..=self.scored.len() {
            if index == self.hole_count.min(self.scored.len()) {
                used_bytes += self.take_ground(venue);
            }
            if index == self.scored.len() || used_bytes >= room.window_bytes || self.blobs.len() >= WANTS_MAX
            {
                break;
            }
            used_bytes += self.take(venue, self.scored[index].1, &mut room.resident_bytes);
        }
        for &blob in &self.blobs {
            if fetch.is_with_host(blob) {
                self.list.push(blob);
            } else if fetch.begin_look(blob) {
                look(blob);
            }
        }
        self.keep_under_way(venue, fetch);
        self.list.truncate(WANTS_MAX);
        &mut self.list
    }

    /// What was looked at of the ground.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Takes the ground around the person, nearest first; returns its bytes.
    fn take_ground(&mut self, venue: &Venue) -> u64 {
        let mut used_bytes = 0;
        for collider in self.ground.missing() {
            let cell = venue.tileset.grounds()[collider.index()];
            let is_absent = venue.colliders[collider.index()].state == ColliderState::Absent;
            if is_absent && self.blobs.len() < WANTS_MAX && !self.blobs.contains(&cell.blob) {
                self.blobs.push(cell.blob);
                used_bytes += u64::from(venue.tileset.blobs()[cell.blob.index()].size_bytes);
            }
        }
        used_bytes
    }

    /// Marks what is wanted and sorts it by importance for its bytes.
    fn score(&mut self, venue: &mut Venue, demand: &Demand, direct_bytes: u64) {
        self.scored.clear();
        self.hole_count = 0;
        let last = demand.wants.iter().filter(|want| !want.is_step);
        let missing = last.flat_map(|want| missing_blobs(venue, want.tile));
        let missing_bytes: u64 =
            missing.map(|blob| u64::from(venue.tileset.blobs()[blob.index()].size_bytes)).sum();
        let is_stepwise = missing_bytes > direct_bytes;
        for want in demand.wants.iter().filter(|want| is_stepwise || !want.is_step) {
            let Some(slot) = venue.tiles.get_mut(want.tile.index()) else { continue };
            if matches!(slot.state, TileState::Resident | TileState::Bad) {
                continue;
            }
            slot.wanted_round = self.round;
            let mut missing_bytes = 0;
            for blob in missing_blobs(venue, want.tile) {
                missing_bytes += venue.tileset.blobs()[blob.index()].size_bytes;
            }
            self.hole_count += usize::from(want.importance >= Want::HOLE);
            let importance = if is_stepwise { want.beyond_steps } else { want.importance };
            self.scored.push((importance / (REQUEST_BYTES + missing_bytes as f32), want.tile));
            for image in &venue.tileset.tile(want.tile).images {
                venue.images[image.index()].wanted_round = self.round;
            }
        }
        self.scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    }

    /// Takes a tile, after the coarser ones that are wanted too; returns the bytes that this adds.
    fn take(&mut self, venue: &Venue, tile: TileId, resident_bytes: &mut u64) -> u64 {
        let parent = venue.tileset.parent(tile);
        let mut used_bytes = 0;
        if let Some(parent) = parent
            && self.is_wanted_above(venue, parent)
        {
            used_bytes += self.take(venue, parent, resident_bytes);
        }
        if venue.tiles[tile.index()].wanted_round != self.round {
            return used_bytes;
        }
        let mut size_bytes = venue.expected_bytes(tile);
        let images = &venue.tileset.tile(tile).images;
        for image in images.iter().filter(|i| venue.images[i.index()].state == ImageState::Absent) {
            size_bytes += venue.image_bytes(*image);
        }
        if size_bytes > *resident_bytes {
            return used_bytes;
        }
        let before = self.blobs.len();
        for blob in missing_blobs(venue, tile) {
            if !self.blobs.contains(&blob) {
                self.blobs.push(blob);
                used_bytes += u64::from(venue.tileset.blobs()[blob.index()].size_bytes);
            }
        }
        if self.blobs.len() > before {
            *resident_bytes -= size_bytes;
        }
        used_bytes
    }

    fn is_wanted_above(&self, venue: &Venue, tile: TileId) -> bool {
        let mut above = Some(tile);
        while let Some(tile) = above {
            let slot = &venue.tiles[tile.index()];
            if slot.wanted_round == self.round {
                return true;
            }
            above = venue.tileset.parent(tile);
        }
        false
    }

    /// What is under way and still wanted stays so, after everything else: what has come of it would
    /// be lost.
    fn keep_under_way(&mut self, venue: &Venue, fetch: &Fetch) {
        for &blob in fetch.sent() {
            if venue.is_wanted(blob, self.round) && !self.list.contains(&blob) {
                self.list.push(blob);
            }
        }
    }
}

/// The blobs that the tile still needs: its images first, because it cannot be shown without them.
fn missing_blobs(venue: &Venue, tile: TileId) -> impl Iterator<Item = BlobId> {
    let node = venue.tileset.tile(tile);
    let images = node
        .images
        .iter()
        .filter(|image| venue.images[image.index()].state == ImageState::Absent)
        .map(|image| venue.image_form(*image).blob);
    let is_absent = matches!(venue.tiles[tile.index()].state, TileState::Absent);
    images.chain(node.content.filter(|_| is_absent))
}
