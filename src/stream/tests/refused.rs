//! What the renderer has no room for: it is not here, comes again when something else has gone, and the next venue knows
//! nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use glam::{Affine3A, Vec3};

use crate::math::Aabb;
use crate::protocol::{Capabilities, Changed, ContentHash, Token, VisitorId, WantedBlob, Welcome, manifest};
use crate::scene::demand::Want;
use crate::scene::mesh::{Attributes, Position};
use crate::scene::texture::{ColorSpace, Image, Tail, Texture};
use crate::scene::tileset::{Blob, Tables, Tile};
use crate::scene::{BlobId, Demand, ImageId, TileId, TileMesh};
use crate::stream::decode::{self, Content, Work};
use crate::stream::{DecodeJob, Decoded, Limits, Ready, Request, Streamer};

/// Tiles below the root. Tile `n` of them is the only one that uses image `n − 1`.
const CHILDREN: u32 = 8;

/// Of 75 vertices and 100 triangles.
const TILE_BYTES: u64 = 2_400;

/// Of 16 × 16 texels, and a third more.
const IMAGE_BYTES: u64 = 1_366;

fn tables(title: &str, has_tails: bool) -> Tables {
    let tile = |number: u32| Tile {
        bounds: Aabb { min: Vec3::ZERO, max: Vec3::ONE },
        geometric_error_metres: if number == 0 { 1.0 } else { 0.0 },
        first_child: u32::from(number == 0),
        child_count: if number == 0 { CHILDREN } else { 0 },
        content: Some(BlobId(number)),
        images: number.checked_sub(1).map(ImageId).into_iter().collect(),
        triangle_count: 100,
        draw_count: 1,
    };
    let image = |n: u32| Image { blob: BlobId(1 + CHILDREN + n), space: ColorSpace::Srgb, side_log2: 4 };
    let tail = |n: u32| Tail { image: ImageId(n), blob: BlobId(1 + 2 * CHILDREN + n) };
    let blob = |bytes: Vec<u8>| Blob { hash: ContentHash::of(&bytes), size_bytes: bytes.len() as u32 };
    Tables {
        title: title.to_owned(),
        tiles: (0..=CHILDREN).map(tile).collect(),
        images: (0..CHILDREN).map(image).collect(),
        tails: (0..CHILDREN).filter(|_| has_tails).map(tail).collect(),
        blobs: files().map(blob).collect(),
        ..Tables::default()
    }
}

/// What the host has of tiles, images and tails.
fn files() -> impl Iterator<Item = Vec<u8>> {
    (0..=3 * CHILDREN).map(|number| number.to_le_bytes().to_vec())
}

/// A visitor whose host and workers answer at once.
struct Visit {
    streamer: Streamer,
    blobs: BTreeMap<ContentHash, Vec<u8>>,
    /// What the renderer has.
    tiles: BTreeSet<TileId>,
    images: BTreeSet<ImageId>,
    now: Duration,
    limit_bytes: u64,
    /// What a tile really has.
    tile_bytes: u64,
}

impl Visit {
    fn new(has_tails: bool) -> Self {
        Self::within(Limits::default().resident_bytes, has_tails)
    }

    fn within(limit_bytes: u64, has_tails: bool) -> Self {
        let limits = Limits { has_cache: false, resident_bytes: limit_bytes, ..Limits::default() };
        let mut visit = Self {
            streamer: Streamer::new(limits),
            blobs: files().map(|bytes| (ContentHash::of(&bytes), bytes)).collect(),
            tiles: BTreeSet::new(),
            images: BTreeSet::new(),
            now: Duration::ZERO,
            limit_bytes,
            tile_bytes: TILE_BYTES,
        };
        let manifest = visit.bake("before", has_tails);
        let welcome = Welcome {
            capabilities: Capabilities::OURS,
            manifest: manifest.hash,
            manifest_bytes: manifest.size_bytes,
            token: Token([0; 16]),
            is_resumed: false,
            visitor: VisitorId(1),
        };
        visit.streamer.connected(&welcome, false);
        visit
    }

    fn bake(&mut self, title: &str, has_tails: bool) -> WantedBlob {
        let bytes = manifest::encode(&tables(title, has_tails)).unwrap();
        let blob = WantedBlob { hash: ContentHash::of(&bytes), size_bytes: bytes.len() as u32 };
        self.blobs.insert(blob.hash, bytes);
        blob
    }

    /// Looks at these tiles for so long, fifty times a second.
    fn look(&mut self, tiles: &[u32], millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while self.now < end {
            self.now += Duration::from_millis(20);
            let mut demand = Demand::default();
            for tile in tiles.iter().copied().map(TileId) {
                if self.tiles.contains(&tile) {
                    demand.keeps.push(tile);
                } else {
                    demand.wants.push(Want::new(tile, 1.0));
                }
            }
            self.streamer.frame(self.now, &demand);
            self.answer();
            self.take();
            assert!(demand.keeps.iter().all(|tile| self.tiles.contains(tile)), "what is looked at goes");
        }
    }

    fn answer(&mut self) {
        while let Some(request) = self.streamer.next_request() {
            match request {
                Request::Want(list) => {
                    for blob in list {
                        self.streamer.blob(blob.hash, self.blobs[&blob.hash].clone());
                    }
                }
                Request::Decode(job) => self.streamer.decoded(make_up(job, self.tile_bytes)),
                Request::Look(_) | Request::Save { .. } => panic!("there is no cache"),
            }
        }
    }

    fn take(&mut self) {
        while let Some(ready) = self.streamer.next_ready() {
            match ready {
                Ready::Tile { tile, .. } => assert!(self.tiles.insert(tile), "{tile:?} comes twice"),
                Ready::Texture { image, .. } => {
                    self.images.insert(image);
                }
                Ready::EvictTile(tile) => assert!(self.tiles.remove(&tile), "{tile:?} goes twice"),
                Ready::EvictTexture(image) => {
                    self.images.remove(&image);
                }
                _ => {}
            }
        }
        self.check_bytes();
    }

    /// The streamer knows what is here.
    fn check_bytes(&self) {
        let bytes = self.tile_bytes * self.tiles.len() as u64 + IMAGE_BYTES * self.images.len() as u64;
        assert_eq!(self.bytes(), bytes);
        assert!(bytes <= self.limit_bytes, "{bytes} bytes are here");
    }

    fn bytes(&self) -> u64 {
        self.streamer.stats().resident_bytes
    }

    fn has(&self, tile: u32) -> bool {
        self.tiles.contains(&TileId(tile))
    }

    fn refuse_tile(&mut self, tile: u32) {
        assert!(self.tiles.remove(&TileId(tile)));
        self.streamer.upload_failed(TileId(tile));
        self.check_bytes();
    }

    fn refuse_image(&mut self, image: u32) {
        assert!(self.images.remove(&ImageId(image)));
        self.streamer.image_failed(ImageId(image));
        self.check_bytes();
    }

    fn lose_renderer(&mut self) {
        self.streamer.start_over();
        self.tiles.clear();
        self.images.clear();
    }

    fn change(&mut self) {
        let WantedBlob { hash, size_bytes } = self.bake("after", false);
        self.streamer.changed(&Changed { manifest: hash, manifest_bytes: size_bytes });
        self.answer();
        self.tiles.clear();
        self.images.clear();
    }
}

fn make_up(job: DecodeJob, tile_bytes: u64) -> Decoded {
    let vertices = (tile_bytes as usize - 600) / 24;
    let DecodeJob { venue, work } = job;
    let content = match work {
        Work::Tile { tile, .. } => {
            let mesh = TileMesh {
                moving: None,
                world_from_grid: Affine3A::IDENTITY,
                positions: vec![Position::default(); vertices],
                attributes: vec![Attributes::default(); vertices],
                indices: vec![0; 300],
                chunks: Vec::new(),
                occluders: Vec::new(),
            };
            Content::Tile { tile, mesh: Ok(Box::new(mesh)) }
        }
        Work::Image { image, form, is_tail, .. } => {
            let texture = Texture::solid(form.space, [0; 4]);
            Content::Image { image, texture, refused: None, is_tail }
        }
        work => return decode::run(DecodeJob { venue, work }),
    };
    Decoded { venue, content }
}

#[test]
fn a_tile_that_is_refused_comes_again_after_a_second_in_the_place_of_others() {
    let mut visit = Visit::new(false);
    visit.look(&[0, 5, 6, 7, 8], 100);
    // Nobody looks at most of them any more: they may go.
    visit.look(&[0], 1_200);
    visit.look(&[0, 1, 2], 100);
    visit.refuse_tile(2);
    let bytes = visit.bytes();
    visit.look(&[0, 1, 2], 980);
    assert!(!visit.has(2), "it comes twice in a second");
    visit.look(&[0, 1, 2], 100);
    assert!(visit.has(2), "it does not come again");
    assert!(visit.bytes() <= bytes, "nothing went for it");
}

#[test]
fn an_image_that_is_refused_comes_again_after_a_second_in_the_place_of_others() {
    for has_tails in [false, true] {
        let mut visit = Visit::new(has_tails);
        visit.look(&[0, 5, 6], 100);
        visit.look(&[0], 1_200);
        // Where there are tails, one of them is refused.
        visit.look(&[0, 1], 20);
        visit.refuse_image(0);
        let bytes = visit.bytes();
        visit.look(&[0, 1], 980);
        assert!(!visit.images.contains(&ImageId(0)), "it comes twice in a second");
        visit.look(&[0, 1], 100);
        assert!(visit.images.contains(&ImageId(0)), "it does not come again");
        assert!(visit.bytes() <= bytes, "nothing went for it");
    }
}

#[test]
fn an_image_that_is_refused_stays_away_while_all_that_is_here_is_looked_at() {
    let mut visit = Visit::new(false);
    visit.look(&[0, 1, 2, 3], 100);
    visit.refuse_image(0);
    visit.look(&[0, 1, 2, 3, 4], 5_000);
    assert_eq!(visit.tiles, BTreeSet::from([0, 1, 2, 3].map(TileId)));
    assert_eq!(visit.images, BTreeSet::from([1, 2].map(ImageId)));
}

#[test]
fn another_renderer_and_another_venue_have_all_the_room_again() {
    for begin in [Visit::lose_renderer, Visit::change] {
        let mut visit = Visit::new(false);
        visit.look(&[0, 1, 2, 3], 100);
        visit.refuse_tile(3);
        visit.look(&[0, 1, 2, 3, 4], 3_000);
        assert_eq!(visit.tiles, BTreeSet::from([0, 1, 2].map(TileId)), "there is no room");
        begin(&mut visit);
        visit.look(&[0, 1, 2, 3, 4], 100);
        assert_eq!(visit.tiles, BTreeSet::from([0, 1, 2, 3, 4].map(TileId)));
    }
}

/// Of a tile that is fetched only its triangles are known: one with seams has many more vertices.
#[test]
fn what_is_here_stays_below_the_limit_also_where_tiles_are_larger_than_expected() {
    let mut visit = Visit::within(20_000, false);
    visit.tile_bytes = 2 * TILE_BYTES;
    visit.look(&[0, 1, 2, 3, 4], 3_000);
    assert_eq!(visit.tiles.len(), 3, "there is room for the root and two more");
    // Who has waited comes in the place of those that nobody looks at any more.
    let here: Vec<u32> = (1..=4).filter(|tile| visit.has(*tile)).collect();
    let others: Vec<u32> = (1..=4).filter(|tile| !here.contains(tile)).collect();
    visit.look(&[0, others[0], others[1]], 3_000);
    assert!(others.iter().all(|tile| visit.has(*tile)), "{:?}", visit.tiles);
}
