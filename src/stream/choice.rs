//! Which blobs to fetch next: the tiles that remove most visible error for their bytes, each with the
//! images that it needs and after whatever coarser tile is wanted too. Of an image that only the host has, the tail
//! comes with the tile, and all of it when it is worth its bytes as much as the next tile. What the renderer had no room
//! for is left out for a while.

use std::time::Duration;

use super::fetch::Fetch;
use super::ground::Ground;
use super::venue::{ColliderState, ImageSlot, ImageState, TileState, Venue};
use crate::protocol::content::WANTS_MAX;
use crate::scene::demand::Want;
use crate::scene::{BlobId, Demand, ImageId, TileId};

/// What a request costs beside its bytes: the decoding, the upload, the bookkeeping.
const REQUEST_BYTES: f32 = 4096.0;

/// The most that an image matters of which the tail is shown, or nothing: as much as ten errors that could just be told
/// apart, all over the view. It closes no hole.
const BLURRED: f32 = 10.0;

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    /// A tile, with what it cannot be shown without.
    Tile(TileId),
    /// All of an image of which the tail is shown, or which tiles do without.
    Image(ImageId),
}

/// A round of choosing; keeps its lists' memory.
#[derive(Debug, Default)]
pub struct Choice {
    round: u64,
    now: Duration,
    scored: Vec<(f32, Item)>,
    /// So many of the first close a hole.
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

    /// The blobs to fetch `now`, most important first; those that the cache should be asked for come
    /// through `look`.
    pub fn choose(
        &mut self,
        venue: &mut Venue,
        fetch: &mut Fetch,
        demand: &Demand,
        mut room: Room,
        now: Duration,
        mut look: impl FnMut(BlobId),
    ) -> &mut Vec<BlobId> {
        self.round += 1;
        self.now = now;
        self.score(venue, fetch, demand, room.direct_bytes);
        self.score_images(venue, fetch);
        self.scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
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
            used_bytes += match self.scored[index].1 {
                Item::Tile(tile) => self.take(venue, fetch, tile, &mut room.resident_bytes),
                Item::Image(image) => self.take_image(venue, image, &mut room.resident_bytes),
            };
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
        let Self { ground, blobs, .. } = self;
        let mut used_bytes = 0;
        for collider in ground.missing() {
            let cell = venue.tileset.grounds()[collider.index()];
            let is_absent = venue.colliders[collider.index()].state == ColliderState::Absent;
            if is_absent && blobs.len() < WANTS_MAX {
                used_bytes += add(blobs, venue, cell.blob);
            }
        }
        used_bytes
    }

    /// Marks what is wanted and scores it by importance for its bytes.
    fn score(&mut self, venue: &mut Venue, fetch: &Fetch, demand: &Demand, direct_bytes: u64) {
        self.scored.clear();
        self.hole_count = 0;
        let last = demand.wants.iter().filter(|want| !want.is_step);
        let missing = last.flat_map(|want| absent_blobs(venue, want.tile));
        let missing_bytes: u64 =
            missing.map(|blob| u64::from(venue.tileset.blobs()[blob.index()].size_bytes)).sum();
        let is_stepwise = missing_bytes > direct_bytes;
        for want in demand.wants.iter().filter(|want| is_stepwise || !want.is_step) {
            let Some(slot) = venue.tiles.get_mut(want.tile.index()) else { continue };
            if matches!(slot.state, TileState::Resident | TileState::Bad) || slot.was_refused_lately(self.now)
            {
                continue;
            }
            slot.wanted_round = self.round;
            let mut missing_bytes = 0;
            for blob in missing_blobs(venue, fetch, want.tile, self.now) {
                missing_bytes += venue.tileset.blobs()[blob.index()].size_bytes;
            }
            self.hole_count += usize::from(want.importance >= Want::HOLE);
            let importance = if is_stepwise { want.beyond_steps } else { want.importance };
            let score = importance / (REQUEST_BYTES + missing_bytes as f32);
            self.scored.push((score, Item::Tile(want.tile)));
            for image in &venue.tileset.tile(want.tile).images {
                let slot = &mut venue.images[image.index()];
                if !slot.was_refused_lately(self.now) {
                    slot.want(self.round, importance);
                }
            }
        }
    }

    /// Marks the images whose tails are shown and those that tiles do without, and scores them and those whose tails
    /// are on their way.
    fn score_images(&mut self, venue: &mut Venue, fetch: &Fetch) {
        let Venue { tileset, images, .. } = venue;
        for (slot, image) in images.iter_mut().zip((0..).map(ImageId)) {
            let is_missed = slot.is_missed() && !slot.was_refused_lately(self.now);
            if is_missed || (slot.is_blurred() && slot.user_count > 0) {
                slot.wanted_round = self.round;
            }
            let blob = tileset.images()[image.index()].blob;
            let tail = tileset.tail(image).filter(|_| has_tail_first(slot, fetch, blob));
            // Not before it is known where the tail comes from, or it would come first.
            let follows =
                tail.is_some_and(|tail| slot.tail != Some(ImageState::Absent) || fetch.is_with_host(tail));
            if (is_missed || follows) && slot.state == ImageState::Absent && slot.wanted_round == self.round {
                let importance = slot.importance.min(BLURRED);
                let size_bytes = tileset.blobs()[blob.index()].size_bytes;
                self.scored.push((importance / (REQUEST_BYTES + size_bytes as f32), Item::Image(image)));
            }
        }
    }

    /// Takes a tile, after the coarser ones that are wanted too; returns the bytes that this adds.
    fn take(&mut self, venue: &Venue, fetch: &Fetch, tile: TileId, resident_bytes: &mut u64) -> u64 {
        let parent = venue.tileset.parent(tile);
        let mut used_bytes = 0;
        if let Some(parent) = parent
            && self.is_wanted_above(venue, parent)
        {
            used_bytes += self.take(venue, fetch, parent, resident_bytes);
        }
        if venue.tiles[tile.index()].wanted_round != self.round {
            return used_bytes;
        }
        let mut size_bytes = venue.expected_bytes(tile);
        let images = &venue.tileset.tile(tile).images;
        for image in images.iter().filter(|image| venue.images[image.index()].is_absent()) {
            size_bytes += venue.image_bytes(*image);
        }
        if size_bytes > *resident_bytes {
            return used_bytes;
        }
        let before = self.blobs.len();
        for blob in missing_blobs(venue, fetch, tile, self.now) {
            used_bytes += add(&mut self.blobs, venue, blob);
        }
        if self.blobs.len() > before {
            *resident_bytes -= size_bytes;
        }
        used_bytes
    }

    /// Takes all of an image, if there is room for it on the GPU; returns the bytes that this adds.
    fn take_image(&mut self, venue: &Venue, image: ImageId, resident_bytes: &mut u64) -> u64 {
        let slot = &venue.images[image.index()];
        let is_chosen = || venue.tileset.tail(image).is_some_and(|tail| self.blobs.contains(&tail));
        // Its tail takes as much room, and comes with its tile.
        if slot.is_absent() && !is_chosen() {
            let size_bytes = venue.image_bytes(image);
            if !slot.is_missed() || size_bytes > *resident_bytes {
                return 0;
            }
            *resident_bytes -= size_bytes;
        }
        add(&mut self.blobs, venue, venue.image_form(image).blob)
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

/// All that is still to come of the tile and its images.
fn absent_blobs(venue: &Venue, tile: TileId) -> impl Iterator<Item = BlobId> {
    let node = venue.tileset.tile(tile);
    let images = node.images.iter().filter(|image| venue.images[image.index()].state == ImageState::Absent);
    let is_absent = matches!(venue.tiles[tile.index()].state, TileState::Absent);
    images.map(|image| venue.image_form(*image).blob).chain(node.content.filter(|_| is_absent))
}

/// Adds the blob, unless it was added already; returns its bytes.
fn add(blobs: &mut Vec<BlobId>, venue: &Venue, blob: BlobId) -> u64 {
    if blobs.contains(&blob) {
        return 0;
    }
    blobs.push(blob);
    u64::from(venue.tileset.blobs()[blob.index()].size_bytes)
}

/// The blobs that the tile still needs: its images first, because it cannot be shown without something of them. An image
/// that the renderer had no room for is waited for.
fn missing_blobs(venue: &Venue, fetch: &Fetch, tile: TileId, now: Duration) -> impl Iterator<Item = BlobId> {
    let node = venue.tileset.tile(tile);
    let images = node.images.iter().filter_map(move |&image| {
        let slot = &venue.images[image.index()];
        let blob = venue.image_form(image).blob;
        match slot.tail.filter(|_| has_tail_first(slot, fetch, blob)) {
            _ if slot.state != ImageState::Absent || slot.was_refused_lately(now) => None,
            Some(ImageState::Absent) => venue.tileset.tail(image),
            Some(ImageState::Decoding | ImageState::Resident) => None,
            None => Some(blob),
        }
    });
    let is_absent = matches!(venue.tiles[tile.index()].state, TileState::Absent);
    images.chain(node.content.filter(|_| is_absent))
}

/// Whether the tail of the image is to be shown before all of it: if it is here already, or if all of it, `blob`, has to
/// come from the host.
fn has_tail_first(slot: &ImageSlot, fetch: &Fetch, blob: BlobId) -> bool {
    slot.tail.is_some_and(|tail| tail != ImageState::Absent || fetch.is_with_host(blob))
}
