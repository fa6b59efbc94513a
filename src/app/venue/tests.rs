//! How a visit begins, and what it hands on while the disk is slow.
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use super::cache::tests::held;
use super::*;
use crate::net::Identity;
use crate::protocol::Name;
use crate::stream::decode::{VenueNumber, Work};

/// A visit to where nobody answers.
fn venue(cache: Option<&Path>) -> Venue {
    let link = format!("pavilion://127.0.0.1:9#sha256={}", "0".repeat(64));
    let me = Me { name: Name::new("Ada"), identity: Identity::generate().unwrap() };
    Venue::join(link.parse().unwrap(), me, cache, Limits::default()).unwrap()
}

#[test]
fn what_needs_no_disk_does_not_wait_for_it() {
    let disk = Arc::new(Mutex::new(()));
    let lock = disk.lock().unwrap();
    let cache = held(&disk);
    let hash = |n: u8| ContentHash([n; 32]);
    while cache.look(hash(0)) {}
    let mut venue = Venue { cache: Some(cache), ..venue(None) };
    let work = Work::Manifest { bytes: Arc::default() };
    // What is given back last comes first.
    for request in [
        Request::Decode(DecodeJob { venue: VenueNumber(1), work }),
        Request::Want(Vec::new()),
        Request::Look(hash(2)),
        Request::Look(hash(1)),
    ] {
        venue.streamer.give_back(request);
    }
    venue.give_requests();
    let left: Vec<_> = std::iter::from_fn(|| venue.streamer.next_request()).collect();
    let is_in_order =
        matches!(left[..], [Request::Look(a), Request::Look(b)] if (a, b) == (hash(1), hash(2)));
    assert!(is_in_order, "{left:?}");
    drop(lock);
}

#[test]
fn a_visit_begins_also_where_the_cache_cannot_be_used() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, b"in the way").unwrap();
    assert!(venue(Some(&file.join("blobs"))).cache.is_some());
}

#[test]
fn a_host_is_told_what_it_showed_and_what_was_carried_as_far_as_it_is_still_here() {
    let home = tempfile::tempdir().unwrap();
    let (folder, host) = (home.path(), Fingerprint([1; 32]));
    let (mut store, mut known) = (Store::open(folder, 1 << 20).unwrap(), Known::open(folder));
    let [shown, carried] = [b"shown", b"taken"].map(|bytes| {
        let hash = ContentHash::of(bytes);
        store.put(hash, bytes).unwrap();
        hash
    });
    assert!(manifests_in(folder, host).is_empty());
    for manifest in [carried, ContentHash::of(b"gone"), shown] {
        known.carry(manifest).unwrap();
    }
    known.remember(host, shown).unwrap();
    assert_eq!(manifests_in(folder, host), [shown, carried]);
}
