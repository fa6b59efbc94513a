//! `pavilion pack` and `unpack`: a twin goes into one file, and out of it into a cache.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod program;
mod twin;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use program::{Home, can_draw, has_program};

fn baked(home: &Home) -> PathBuf {
    let (source, baked) = (home.path("twin.gltf"), home.path("baked"));
    twin::write(&source);
    home.json(&["bake", source.to_str().unwrap(), baked.to_str().unwrap(), "--quick", "--json"]);
    baked
}

/// Every file under `folder`, and when it was written.
fn files(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![(path.clone(), fs::metadata(&path).unwrap().modified().unwrap())],
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_twin_goes_by_one_file_into_a_cache_and_no_network_is_needed() {
    let (home, away) = (Home::new(), Home::new());
    let baked = baked(&home);
    let [first, second] = ["venue.pavilion", "again.pavilion"].map(|name| home.path(name));
    let packed = home.json(&["pack", baked.to_str().unwrap(), first.to_str().unwrap(), "--json"]);
    home.json(&["pack", baked.to_str().unwrap(), second.to_str().unwrap(), "--json"]);
    home.json(&["pack", baked.to_str().unwrap(), second.to_str().unwrap(), "--json"]);
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap(), "the same twin gives the same bytes");
    assert_eq!(packed["bytes"].as_u64(), Some(fs::metadata(&first).unwrap().len()));
    if has_program("tar") {
        let listed = Command::new("tar").arg("tf").arg(&first).output().unwrap();
        assert!(listed.status.success() && listed.stderr.is_empty(), "{listed:?}");
        let count = String::from_utf8(listed.stdout).unwrap().lines().count();
        assert_eq!(packed["blobs"].as_u64(), Some(count as u64));
    }

    let cache = away.path("cache");
    let unpack = ["unpack", first.to_str().unwrap(), "--to", cache.to_str().unwrap(), "--json"];
    let once = home.json(&unpack);
    assert_eq!((&once["blobs"], &once["blobs_written"]), (&packed["blobs"], &packed["blobs"]), "{once}");
    let written = files(&cache);
    let noted = written.iter().filter(|(path, _)| path.ends_with("known")).count() as u64;
    assert_eq!(noted, 1, "what was carried here is noted down");
    assert_eq!(Some(written.len() as u64 - noted), packed["blobs"].as_u64(), "nothing half-written is left");
    let twice = home.json(&unpack);
    assert_eq!((twice["blobs_written"].as_u64(), twice["bytes_written"].as_u64()), (Some(0), Some(0)));
    assert!(files(&cache) == written, "a second time touches nothing");

    // `away` has its cache where it was unpacked to.
    let host = home.host(&baked, &[]);
    if can_draw(&away) {
        // Who comes for the first time is not sent again what is seen first.
        let view = ["view", &host.link, "--headless", "--frames", "1", "--size", "320x320", "--json"];
        let seen = away.json(&view);
        assert_eq!(seen["bytes_received"].as_u64(), Some(0), "{seen}");
        assert!(seen["bytes_from_cache"].as_u64() > Some(0), "{seen}");
    }
    let fetched = away.json(&["fetch", &host.link, "--json"]);
    assert_eq!(fetched["bytes_received"].as_u64(), Some(0), "{fetched}");
    assert_eq!(fetched["bytes_from_cache"], once["bytes"], "{fetched}");
    assert!(!home.path("cache/blobs").exists(), "the other cache was left alone");
}

#[test]
fn damage_is_one_sentence_and_what_was_whole_is_kept() {
    let home = Home::new();
    let baked = baked(&home);
    let packed = home.path("venue.pavilion");
    let (baked, file) = (baked.to_str().unwrap(), packed.to_str().unwrap());
    home.json(&["pack", baked, file, "--json"]);
    let whole = fs::read(&packed).unwrap();
    let middle = whole.len() * 2 / 3;
    let mut damaged = whole.clone();
    damaged[middle] ^= 1;
    for (bytes, expected) in [
        (damaged.as_slice(), "is damaged"),
        (&whole[..middle], "ends in the middle"),
        (&whole[..0], "ends in the middle"),
        (&[b'x'; 2000], "is no file that `pavilion pack` wrote"),
    ] {
        fs::write(&packed, bytes).unwrap();
        let sentence = home.failure(&["unpack", file], 4);
        assert!(sentence.contains(expected) && sentence.contains(file), "{sentence}");
        let whole = |path: &Path| path.extension().is_none();
        let cache = home.path("cache/blobs");
        assert!(files(&cache).iter().all(|(path, _)| whole(path)), "nothing half-written is left");
    }
    assert!(home.failure(&["unpack", home.path("none").to_str().unwrap()], 1).contains("cannot be read"));
    fs::write(&packed, &whole).unwrap();
    let mended = home.json(&["unpack", file, "--json"]);
    assert!(
        mended["blobs_written"].as_u64() < mended["blobs"].as_u64(),
        "what came whole was kept: {mended}"
    );
}

#[test]
fn a_pack_writes_all_or_nothing_and_only_over_its_own() {
    let home = Home::new();
    let baked = baked(&home);
    let folder = baked.to_str().unwrap();
    let manifest = baked.join("manifest.pavilion");
    let before = fs::read(&manifest).unwrap();
    let sentence = home.failure(&["pack", folder, manifest.to_str().unwrap()], 2);
    assert!(sentence.contains("choose another name"), "{sentence}");
    assert!(fs::read(&manifest).unwrap() == before);
    home.failure(&["pack", folder, home.folder.path().to_str().unwrap()], 2);
    home.failure(&["pack", home.path("none").to_str().unwrap(), "out.pavilion"], 4);
    // A blob has rotted on the host's disk: of the same length, so that only its hash tells.
    let blob = fs::read_dir(&baked).unwrap().map(|entry| entry.unwrap().path());
    let blob = blob.filter(|path| path.extension().is_some_and(|ending| ending == "glb")).min().unwrap();
    let length = fs::metadata(&blob).unwrap().len() as usize;
    fs::write(&blob, vec![0; length]).unwrap();
    let out = home.path("out.pavilion");
    let sentence = home.failure(&["pack", folder, out.to_str().unwrap()], 4);
    assert!(sentence.contains("is damaged"), "{sentence}");
    let left = fs::read_dir(home.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("pavilion")).collect();
    assert!(left.is_empty(), "{left:?}");
}
