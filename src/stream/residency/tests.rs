//! One pass evicts what a search for each item would, and no more at once than a frame has time for.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use glam::Vec3;

use super::*;
use crate::math::Aabb;
use crate::protocol::ContentHash;
use crate::scene::texture::{ColorSpace, Image};
use crate::scene::tileset::{Blob, Tables, Tile};
use crate::scene::{BlobId, Tileset};
use crate::stream::decode::VenueNumber;
use crate::stream::directory::Directory;

const ROUND: u64 = 1;
const NOW: Duration = Duration::from_millis(2_500);

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn tile(geometric_error_metres: f32, first_child: u32, child_count: u32, images: Vec<ImageId>) -> Tile {
    Tile {
        bounds: Aabb { min: Vec3::ZERO, max: Vec3::ONE },
        geometric_error_metres,
        first_child,
        child_count,
        content: None,
        images,
        triangle_count: 0,
        draw_count: 0,
    }
}

fn venue(tiles: Vec<Tile>, images: Vec<Image>) -> Venue {
    let blobs = vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }];
    let tileset = Arc::new(Tileset::try_from(Tables { tiles, images, blobs, ..Tables::default() }).unwrap());
    let directory = Directory::new(&tileset);
    Venue::new(VenueNumber(1), ContentHash([1; 32]), tileset, directory)
}

/// Four times four tiles below a root, most of which are here, and eight images, which they use at random.
fn random(seed: u64) -> (Venue, Residency) {
    let mut dice = Dice(seed);
    let images = (0..8)
        .map(|_| Image { blob: BlobId(0), space: ColorSpace::Linear, side_log2: 2 + dice.roll(2) as u8 })
        .collect();
    let mut node = |error_metres: f32, first_child: u32| {
        let used = (0..dice.roll(3)).map(|_| ImageId(dice.roll(8) as u32)).collect();
        let error_metres = error_metres * (1 + dice.roll(2)) as f32;
        tile(error_metres, first_child, if first_child > 0 { 4 } else { 0 }, used)
    };
    let mut tiles = vec![node(4.0, 1)];
    tiles.extend((0..4).map(|number| node(1.0, 5 + 4 * number)));
    tiles.extend((0..16).map(|_| node(0.25, 0)));
    let count = tiles.len() as u32;
    let (mut venue, mut residency) = (venue(tiles, images), Residency::default());
    for tile in (0..count).map(TileId) {
        if dice.roll(4) > 0 {
            venue.count_uses(tile, true);
            let kept = Duration::from_millis(500 * dice.roll(5));
            residency.add_tile(&mut venue, tile, 100 + dice.roll(100), kept);
        }
    }
    for image in (0..8).map(ImageId) {
        if venue.images[image.index()].user_count > 0 || dice.roll(2) > 0 {
            residency.add_image(&mut venue, image, false);
        }
        venue.images[image.index()].wanted_round = u64::from(dice.roll(4) == 0);
    }
    (venue, residency)
}

/// Looks at everything for each item.
fn search(residency: &mut Residency, limit_bytes: u64, venue: &mut Venue) -> Vec<String> {
    let mut gone = Vec::new();
    if residency.bytes <= limit_bytes {
        return gone;
    }
    while residency.bytes > limit_bytes - limit_bytes / SLACK {
        if let Some(index) = (0..venue.images.len()).find(|index| is_unused(venue, *index, ROUND)) {
            let image = ImageId(index as u32);
            residency.remove_image(venue, image);
            gone.push(format!("{:?}", Ready::EvictTexture(image)));
            continue;
        }
        let leaves = (0..venue.tiles.len())
            .filter(|index| venue.tiles[*index].resident_below == 0 && may_rest(venue, *index, NOW));
        let oldest = leaves.min_by(|a, b| {
            let error = |index: usize| venue.tileset.tiles()[index].geometric_error_metres;
            let kept = |index: usize| venue.tiles[index].kept;
            kept(*a).cmp(&kept(*b)).then(error(*a).total_cmp(&error(*b)))
        });
        let Some(index) = oldest else { break };
        let tile = TileId(index as u32);
        residency.remove_tile(venue, tile);
        gone.push(format!("{:?}", Ready::EvictTile(tile)));
    }
    gone
}

#[test]
fn one_pass_evicts_what_a_search_for_each_item_would() {
    let mut most = 0;
    for (seed, eighths) in (0..200).flat_map(|seed| (0..=8).map(move |eighths| (seed, eighths))) {
        let ((mut venue, mut residency), (mut same_venue, mut same)) = (random(seed), random(seed));
        let limit_bytes = residency.bytes() * eighths / 8;
        let mut gone = Vec::new();
        residency.make_room(limit_bytes, &mut venue, ROUND, NOW, |item| gone.push(format!("{item:?}")));
        assert_eq!(gone, search(&mut same, limit_bytes, &mut same_venue), "seed {seed}, {eighths} eighths");
        assert_eq!((residency.bytes(), residency.tile_count()), (same.bytes(), same.tile_count()));
        most = most.max(gone.len());
    }
    assert!(most > 10, "{most} items at most");
}

#[test]
fn what_is_too_much_goes_at_once_and_the_slack_little_by_little() {
    const COUNT: u32 = 2_000;
    let leaves = (0..COUNT).map(|_| tile(0.0, 0, 0, Vec::new()));
    let tiles = [tile(1.0, 1, COUNT, Vec::new())].into_iter().chain(leaves).collect();
    let (mut venue, mut residency) = (venue(tiles, Vec::new()), Residency::default());
    for tile in (0..=COUNT).map(TileId) {
        residency.add_tile(&mut venue, tile, 100, Duration::ZERO);
        venue.count_uses(tile, true);
    }
    let limit_bytes = residency.bytes() - 1;
    let mut evict = |limit_bytes| residency.make_room(limit_bytes, &mut venue, ROUND, NOW, |_| {});
    assert_eq!(evict(limit_bytes), SLACK_ITEMS_MAX as u64);
    assert_eq!(evict(limit_bytes), 0, "there is room");
    assert_eq!(evict(100_000), u64::from(COUNT) + 1 - SLACK_ITEMS_MAX as u64 - 1_000);
    assert_eq!(residency.bytes(), 100_000);
}
