//! `pavilion fetch`: a twin comes into the cache without anything that draws.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod program;
mod twin;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pavilion::protocol::manifest;
use program::Home;
use serde_json::Value;

fn bake(home: &Home) -> PathBuf {
    let (source, baked) = (home.path("twin.gltf"), home.path("baked"));
    twin::write(&source);
    home.json(&["bake", source.to_str().unwrap(), baked.to_str().unwrap(), "--quick", "--json"]);
    baked
}

fn number(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap_or_else(|| panic!("no {name}: {report}"))
}

/// Every file under `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    // Beside them it is noted down whose they are.
    files.filter(|path| !path.ends_with("known")).collect()
}

/// How many blobs a viewer needs, and their bytes: some images are there for viewers of 3D Tiles only.
fn needed(baked: &Path) -> (u64, u64) {
    let tileset = manifest::decode(&fs::read(baked.join(manifest::FILE_NAME)).unwrap()).unwrap();
    let images = tileset.tiles().iter().flat_map(|tile| &tile.images);
    let images = images.map(|image| tileset.images()[image.index()].blob);
    let tiles = tileset.tiles().iter().filter_map(|tile| tile.content);
    let grounds = tileset.grounds().iter().map(|ground| ground.blob);
    let clips = tileset.clips().iter().map(|clip| clip.blob);
    let blobs: BTreeSet<_> = images.chain(tiles).chain(grounds).chain(clips).collect();
    let bytes = blobs.iter().map(|blob| u64::from(tileset.blobs()[blob.index()].size_bytes));
    (blobs.len() as u64, bytes.sum())
}

#[test]
fn everything_is_fetched_once_and_nothing_twice() {
    let (home, away) = (Home::new(), Home::new());
    let baked = bake(&home);
    let facts = home.json(&["inspect", baked.to_str().unwrap(), "--json"]);
    let manifest_bytes = fs::metadata(baked.join("manifest.pavilion")).unwrap().len();
    let (needed_blobs, needed_bytes) = needed(&baked);
    assert!(needed_blobs <= number(&facts, "blobs") && needed_bytes <= number(&facts, "bytes"));
    let all_bytes = needed_bytes + manifest_bytes;
    let host = home.host(&baked, &[]);

    let view = away.json(&["fetch", &host.link, "--first-view", "--json"]);
    println!("first view: {view}");
    let view_bytes = number(&view, "bytes_received");
    assert!(number(&view, "tiles") > 0 && view_bytes > manifest_bytes, "{view}");
    assert!(view_bytes < all_bytes, "the first view is not all of it: {view}");

    // What rots on disk is noticed and comes anew.
    let rotten = files(&away.path("cache")).into_iter().next().unwrap();
    fs::write(&rotten, b"rotten").unwrap();

    let all = away.json(&["fetch", &host.link, "--json"]);
    println!("the rest: {all}");
    assert_eq!(number(&all, "bytes_received") + number(&all, "bytes_from_cache"), all_bytes, "{all}");
    assert!(number(&all, "bytes_from_cache") < view_bytes, "the rotten file does not count: {all}");
    assert_eq!(number(&all, "blobs"), needed_blobs + 1);

    let again = away.json(&["fetch", &host.link, "--json"]);
    assert_eq!((number(&again, "bytes_received"), number(&again, "bytes_from_cache")), (0, all_bytes));
    let kept: u64 = files(&away.path("cache")).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert_eq!(kept, all_bytes);
}

#[test]
fn what_cannot_be_fetched_is_one_sentence() {
    let home = Home::new();
    let sentence = home.failure(&["fetch", "garage.glb"], 2);
    assert!(sentence.contains("link"), "{sentence}");
    let silent = std::net::UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let link = format!("pavilion://{}#sha256={}", silent.local_addr().unwrap(), "a".repeat(64));
    let sentence = home.failure(&["fetch", &link, "--timeout-seconds", "1"], 1);
    assert!(sentence.contains("gave up after 1 s") || sentence.contains("nobody answers"), "{sentence}");
}
