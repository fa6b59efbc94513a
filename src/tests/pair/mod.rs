//! The viewer's streamer and inbox against the host's session, on a virtual clock over a seeded link:
//! latency, bandwidth, streams that overtake each other, connections that are lost, bytes that rot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use std::collections::BTreeSet;

use super::twin::{Random, Twin};
use crate::scene::TileId;
use crate::stream::{Limits, StreamFault};
use world::{Link, World};

const SEEDS: u64 = 250;

fn tiles(range: std::ops::Range<u32>) -> Vec<TileId> {
    range.map(TileId).collect()
}

fn small_limits() -> Limits {
    Limits { window_bytes: 400_000, ready_bytes: 1 << 20, ..Limits::default() }
}

/// Runs `test` for every seed and names the one that fails.
fn for_every_seed(test: impl Fn(u64) + std::panic::RefUnwindSafe) {
    for seed in 0..SEEDS {
        let outcome = std::panic::catch_unwind(|| test(seed));
        assert!(outcome.is_ok(), "seed {seed} fails");
    }
}

#[test]
fn everything_wanted_arrives_whatever_the_link_does() {
    for_every_seed(|seed| {
        let mut random = Random(seed);
        let twin = Twin::new(seed, 20 + random.below(60) as u32, 1 + random.below(60_000));
        let mut world = World::new(&twin, Link::wild(&mut random), small_limits(), seed);
        let count = twin.tileset.tiles().len() as u32;
        for _ in 0..random.below(4) {
            let first = random.below(u64::from(count)) as u32;
            world.look_at(tiles(first..count.min(first + 15)));
            world.run_millis(random.below(1500));
            if random.below(3) == 0 {
                world.lose_connection(random.below(2000));
            }
        }
        world.look_at(tiles(0..count));
        world.run_until(240_000, |world| world.is_satisfied());
        assert!(world.streamer.next_fault().is_none());
    });
}

#[test]
fn tiles_come_in_the_order_in_which_they_matter() {
    // Blobs of one size and one tile an image, so that importance for bytes is importance.
    let twin = Twin::of_equal_blobs(7, 256, 20_000);
    let mut world = World::new(&twin, Link::calm(), small_limits(), 7);
    let order: Vec<TileId> = (0..64).map(|n| TileId(1 + 4 * ((n * 37) % 64))).collect();
    world.look_at(order.clone());
    world.run_until(60_000, |world| world.is_satisfied());
    // The list is at most one round old: a tile may be overtaken by its neighbours, no more.
    for (place, tile) in world.arrived_tiles.iter().enumerate() {
        let wanted_place = order.iter().position(|other| other == tile).unwrap();
        assert!(
            place.abs_diff(wanted_place) <= 4,
            "tile {} came as {place}, wanted as {wanted_place}",
            tile.0
        );
    }
}

#[test]
fn a_change_of_mind_cancels_what_is_no_longer_wanted() {
    for_every_seed(|seed| {
        let twin = Twin::of_equal_blobs(seed, 120, 50_000);
        // 50 Mbit/s: the first view alone would take half a second.
        let link = Link { latency_millis: 15, bytes_a_milli: 6250, ..Link::calm() };
        let mut world = World::new(&twin, link, Limits { window_bytes: 8 << 20, ..Limits::default() }, seed);
        world.look_at(tiles(1..61));
        world.run_until(10_000, |world| world.arrived_tiles.len() >= 5);
        let (sent_before, arrived_before) = (world.sent_bytes, world.arrived_tiles.len());
        world.look_at(tiles(61..121));
        world.run_until(10_000, |world| world.arrived_tiles.len() > arrived_before + 20);
        let new: BTreeSet<_> = tiles(61..121).into_iter().collect();
        let of_new = world.arrived_tiles[arrived_before..].iter().filter(|tile| new.contains(tile)).count();
        let sent = world.sent_bytes - sent_before;
        // What was under way: a frame, a round of choosing and a round trip at the link's rate.
        let in_flight = (12 + 33 + 30) * 6250 + 2 * 75_000;
        let useful = of_new as u64 * 50_000;
        assert!(sent <= useful + in_flight + 16 * 50_000, "{sent} sent for {useful} useful");
        assert!(world.streamer.stats().cancelled > 0);
    });
}

#[test]
fn a_blob_that_breaks_off_is_resumed_and_not_begun_anew() {
    for_every_seed(|seed| {
        let twin = Twin::of_equal_blobs(seed, 2, 2_000_000);
        let mut world = World::new(&twin, Link::calm(), Limits::default(), seed);
        world.look_at(tiles(0..3));
        let mut random = Random(seed);
        for _ in 0..3 {
            world.run_millis(200 + random.below(200));
            world.lose_connection(random.below(500));
        }
        world.run_until(60_000, |world| world.is_satisfied());
        let total: u64 = twin.blobs.values().map(|bytes| bytes.len() as u64).sum();
        // Lost: what was between the two when the connection broke, three times, and the manifest.
        let lost = 3 * 25 * Link::calm().bytes_a_milli + 10_000;
        assert!(world.sent_bytes <= total + lost, "{} sent of {total}", world.sent_bytes);
    });
}

#[test]
fn a_blob_that_comes_damaged_once_is_asked_for_again() {
    for_every_seed(|seed| {
        let twin = Twin::new(seed, 12, 30_000);
        let mut world = World::new(&twin, Link::calm(), small_limits(), seed);
        let mut random = Random(seed);
        let victim = twin.tileset.blobs()[random.below(twin.blobs.len() as u64) as usize].hash;
        world.rot(victim, 1);
        world.look_at(tiles(0..13));
        world.run_until(30_000, |world| world.is_satisfied());
        assert_eq!(world.streamer.stats().corrupt, 1);
        assert!(world.streamer.next_fault().is_none());
    });
}

#[test]
fn a_blob_that_is_always_damaged_is_given_up_and_the_rest_arrives() {
    for_every_seed(|seed| {
        let twin = Twin::new(seed, 12, 30_000);
        let mut world = World::new(&twin, Link::calm(), small_limits(), seed);
        let victim = twin.tileset.tiles()[5].content.unwrap();
        let victim = twin.tileset.blobs()[victim.index()].hash;
        world.rot(victim, u32::MAX);
        world.look_at(tiles(0..13));
        world.run_until(30_000, |world| world.arrived_tiles.len() == 12);
        assert!(!world.arrived_tiles.contains(&TileId(5)));
        world.run_millis(2000);
        assert_eq!(world.streamer.next_fault(), Some(StreamFault::Corrupt { hash: victim }));
        assert_eq!(world.streamer.next_fault(), None);
        assert_eq!(world.streamer.stats().corrupt, 2, "it is not asked for a third time");
    });
}

#[test]
fn an_image_that_cannot_be_had_is_blank_and_its_tiles_are_shown() {
    let twin = Twin::new(3, 8, 30_000);
    let mut world = World::new(&twin, Link::calm(), small_limits(), 3);
    let image = twin.tileset.images()[1].blob;
    world.rot(twin.tileset.blobs()[image.index()].hash, u32::MAX);
    world.look_at(tiles(0..9));
    world.run_until(30_000, |world| world.is_satisfied());
    assert!(matches!(world.streamer.next_fault(), Some(StreamFault::Corrupt { .. })));
}

#[test]
fn a_budget_too_small_for_the_view_is_kept_without_thrashing() {
    for_every_seed(|seed| {
        let twin = Twin::of_equal_blobs(seed, 100, 4_000);
        // Each tile is a thousand bytes and each image a hundred: a third of the twin.
        let limits = Limits { resident_bytes: 40_000, ..Limits::default() };
        let mut world = World::new(&twin, Link::calm(), limits, seed);
        world.look_at(tiles(0..101));
        world.run_millis(10_000);
        let arrived = world.arrived_tiles.len();
        assert!((20..=45).contains(&arrived), "{arrived} tiles");
        assert_eq!(world.streamer.stats().evicted, 0, "everything here is looked at");
        world.run_millis(5_000);
        assert_eq!(world.arrived_tiles.len(), arrived, "it has come to rest");
        world.look_at(tiles(60..80));
        world.run_until(20_000, |world| world.is_satisfied());
        let evicted = world.streamer.stats().evicted;
        assert!(evicted > 0 && evicted <= arrived as u64, "{evicted} evicted");
        assert!(world.most_resident_bytes <= 40_000 * 11 / 10, "{} bytes", world.most_resident_bytes);
        assert!(world.resident_tiles.contains(&TileId(0)), "the root stays");
    });
}

#[test]
fn a_second_visit_comes_out_of_the_cache() {
    let twin = Twin::new(5, 30, 20_000);
    let mut world = World::new(&twin, Link::calm(), small_limits(), 5);
    world.look_at(tiles(0..31));
    world.run_until(30_000, |world| world.is_satisfied());
    let cache = std::mem::take(&mut world.cache);
    assert_eq!(cache.len(), twin.blobs.len() + 1);
    let mut again = World::new(&twin, Link::calm(), small_limits(), 6);
    again.cache = cache;
    again.look_at(tiles(0..31));
    again.run_until(30_000, |world| world.is_satisfied());
    assert_eq!((again.sent_bytes, again.streamer.stats().fetched), (0, 0));
}

#[test]
fn a_twin_that_was_baked_anew_takes_the_place_of_the_old_one() {
    let (old, new) = (Twin::new(8, 20, 10_000), Twin::new(9, 25, 10_000));
    let mut world = World::new(&old, Link::calm(), small_limits(), 8);
    world.look_at(tiles(0..21));
    world.run_until(30_000, |world| world.is_satisfied());
    world.serve(&new);
    world.lose_connection(100);
    world.run_until(5_000, |world| world.venues_begun == 2);
    world.look_at(tiles(0..26));
    world.run_until(30_000, |world| world.is_satisfied());
    assert_eq!(world.title, new.tileset.title());
}
