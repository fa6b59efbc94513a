#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::{Memo, Shelf, ShelfError, Store, StoreError};
use crate::protocol::ContentHash;

fn blob(n: u8, size: usize) -> (ContentHash, Vec<u8>) {
    let bytes = vec![n; size];
    (ContentHash::of(&bytes), bytes)
}

fn file_of(folder: &TempDir, hash: ContentHash) -> PathBuf {
    folder.path().join(&hash.to_string()[..2]).join(hash.to_string())
}

/// Lets the file be of two hours ago.
fn grow_old(path: &Path) {
    let then = SystemTime::now() - Duration::from_secs(2 * 3600);
    fs::File::options().append(true).open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn what_is_put_is_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let (hash, bytes) = blob(1, 1000);
    let mut store = Store::open(folder.path(), 10_000).unwrap();
    assert!(store.get(hash).is_none() && !Store::is_in(folder.path(), hash));
    store.put(hash, &bytes).unwrap();
    assert!(Store::is_in(folder.path(), hash));
    assert!(matches!(store.put(hash, b"else"), Err(StoreError::Mismatch { .. })));
    let mut store = Store::open(folder.path(), 10_000).unwrap();
    assert_eq!(store.get(hash), Some(bytes));
    assert_eq!(store.size_bytes(), 1000);
}

#[test]
fn a_kill_at_any_byte_of_writing_leaves_the_store_whole() {
    let (hash, bytes) = blob(2, 64);
    let (kept, kept_bytes) = blob(3, 64);
    for written in 0..=bytes.len() {
        let folder = TempDir::new().unwrap();
        Store::open(folder.path(), 10_000).unwrap().put(kept, &kept_bytes).unwrap();
        let path = file_of(&folder, hash);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // The program ended before the rename.
        let partial = path.with_file_name(format!("{hash}.123.partial"));
        fs::write(&partial, &bytes[..written]).unwrap();
        grow_old(&partial);
        let mut store = Store::open(folder.path(), 10_000).unwrap();
        assert!(!partial.exists(), "leftovers are swept");
        assert!(store.get(hash).is_none());
        assert_eq!(store.get(kept).as_ref(), Some(&kept_bytes));
    }
}

#[test]
fn a_damaged_file_is_removed_and_counts_as_absent() {
    let folder = TempDir::new().unwrap();
    let (hash, bytes) = blob(4, 500);
    let mut store = Store::open(folder.path(), 10_000).unwrap();
    for damage in [&bytes[..499], b"", &[9; 500][..], &[4; 501][..]] {
        store.put(hash, &bytes).unwrap();
        fs::write(file_of(&folder, hash), damage).unwrap();
        assert!(store.get(hash).is_none());
        assert!(!file_of(&folder, hash).exists() && !store.contains(hash));
    }
    assert_eq!(store.size_bytes(), 0);
}

#[test]
fn the_ceiling_holds_and_the_least_recently_used_goes_first() {
    let folder = TempDir::new().unwrap();
    let blobs: Vec<_> = (0..6).map(|n| blob(n, 1000)).collect();
    let mut store = Store::open(folder.path(), 3000).unwrap();
    for (age, (hash, bytes)) in blobs[..3].iter().enumerate() {
        store.put(*hash, bytes).unwrap();
        let used = SystemTime::now() - Duration::from_secs(100 - age as u64);
        fs::File::options().append(true).open(file_of(&folder, *hash)).unwrap().set_modified(used).unwrap();
    }
    // The order is that of the files' times after a restart.
    let mut store = Store::open(folder.path(), 3000).unwrap();
    assert!(store.get(blobs[0].0).is_some());
    store.put(blobs[3].0, &blobs[3].1).unwrap();
    let here: Vec<_> = blobs.iter().map(|(hash, _)| store.contains(*hash)).collect();
    assert_eq!(here, [true, false, true, true, false, false]);
    assert_eq!(store.size_bytes(), 3000);
    let (huge, huge_bytes) = blob(9, 3001);
    store.put(huge, &huge_bytes).unwrap();
    assert!(!store.contains(huge) && store.contains(blobs[0].0));
    assert!(Store::open(folder.path(), 1500).unwrap().size_bytes() <= 1500);
}

#[test]
fn what_nobody_has_used_goes_before_what_somebody_did() {
    let folder = TempDir::new().unwrap();
    let blobs: Vec<_> = (0..5).map(|n| blob(n, 1000)).collect();
    let mut store = Store::open(folder.path(), 4000).unwrap();
    let (used, used_bytes) = &blobs[0];
    store.put(*used, used_bytes).unwrap();
    let yesterday = SystemTime::now() - Duration::from_secs(100_000);
    let file = fs::File::options().append(true).open(file_of(&folder, *used)).unwrap();
    file.set_modified(yesterday).unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(1_000_000_000);
    for (rank, (hash, bytes)) in blobs[1..4].iter().enumerate() {
        let date = long_ago - Duration::from_millis(rank as u64);
        assert!(store.lay_in(*hash, bytes, date).unwrap());
        assert!(!store.lay_in(*hash, bytes, date).unwrap(), "it is here already");
    }
    assert!(matches!(store.lay_in(*used, b"else", long_ago), Err(StoreError::Mismatch { .. })));
    // Also after a restart; and what was looked at counts as used.
    let mut store = Store::open(folder.path(), 4000).unwrap();
    store.get(blobs[3].0).unwrap();
    store.put(blobs[4].0, &blobs[4].1).unwrap();
    let here: Vec<_> = blobs.iter().map(|(hash, _)| store.contains(*hash)).collect();
    assert_eq!(here, [true, true, false, true, true]);
    // Damage is mended.
    fs::write(file_of(&folder, blobs[1].0), b"rotten").unwrap();
    assert!(store.lay_in(blobs[1].0, &blobs[1].1, long_ago).unwrap());
    assert_eq!(store.get(blobs[1].0).as_ref(), Some(&blobs[1].1));
}

#[test]
fn room_is_made_by_what_was_used_longest_ago_and_is_not_to_be_kept() {
    let folder = TempDir::new().unwrap();
    let blobs: Vec<_> = (0..4).map(|n| blob(n, 1000)).collect();
    let mut store = Store::open(folder.path(), 4000).unwrap();
    for (hash, bytes) in &blobs {
        store.put(*hash, bytes).unwrap();
    }
    let kept = [blobs[0].0, blobs[2].0].into();
    assert!(store.make_room(1500, &kept));
    let here: Vec<_> = blobs.iter().map(|(hash, _)| store.contains(*hash)).collect();
    assert_eq!(here, [true, false, true, false]);
    assert!(!store.make_room(2001, &kept) && store.size_bytes() == 2000);
}

#[test]
fn two_stores_of_one_folder_find_what_the_other_has_put_there() {
    let folder = TempDir::new().unwrap();
    let (hash, bytes) = blob(1, 1000);
    let mut early = Store::open(folder.path(), 10_000).unwrap();
    // Stores of this process and of others are writing while another one is opened.
    let path = file_of(&folder, hash);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let partials = [std::process::id(), 123].map(|id| path.with_file_name(format!("{hash}.{id}-99.partial")));
    partials.iter().for_each(|partial| fs::write(partial, b"half").unwrap());
    let mut late = Store::open(folder.path(), 10_000).unwrap();
    assert!(partials.iter().all(|partial| partial.exists()), "they are still being written");
    // What has lain there for long is swept, whoever has left it.
    partials.iter().for_each(|partial| grow_old(partial));
    Store::open(folder.path(), 10_000).unwrap();
    assert!(!partials.iter().any(|partial| partial.exists()));
    late.put(hash, &bytes).unwrap();
    assert_eq!(early.get(hash).as_ref(), Some(&bytes));
    assert_eq!(early.size_bytes(), 1000);
}

/// A link to nowhere stands for what is listed and then not there any more.
#[cfg(unix)]
#[test]
fn what_vanishes_while_a_store_is_opened_counts_as_absent() {
    let folder = TempDir::new().unwrap();
    let (kept, kept_bytes) = blob(1, 1000);
    Store::open(folder.path(), 10_000).unwrap().put(kept, &kept_bytes).unwrap();
    let (gone, gone_bytes) = blob(2, 1000);
    let path = file_of(&folder, gone);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let partial = path.with_file_name(format!("{gone}.123-0.partial"));
    for vanished in [&path, &partial] {
        std::os::unix::fs::symlink("nowhere", vanished).unwrap();
    }
    let mut store = Store::open(folder.path(), 10_000).unwrap();
    assert!(store.contains(kept) && !store.contains(gone) && !Store::is_in(folder.path(), gone));
    assert_eq!((store.size_bytes(), store.get(gone)), (1000, None));
    store.put(gone, &gone_bytes).unwrap();
    assert_eq!(store.get(gone), Some(gone_bytes));
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"in the way").unwrap();
    let error = Store::open(&file.join("cache"), 1).err().unwrap();
    assert!(error.to_string().contains("file/cache"), "{error}");
    assert!(matches!(Shelf::open(folder.path()), Err(ShelfError::Unreadable { .. })));
    fs::write(folder.path().join("manifest.pavilion"), b"PVLN").unwrap();
    assert!(matches!(Shelf::open(folder.path()), Err(ShelfError::Manifest { .. })));
}

#[test]
fn a_result_is_recalled_by_its_key_alone_and_only_whole() {
    let folder = TempDir::new().unwrap();
    let memo = Memo::new(folder.path(), 10_000);
    let (key, result) = blob(1, 500);
    let (other, _) = blob(2, 1);
    assert_eq!(memo.recall(key), None);
    memo.remember(key, &result);
    assert_eq!((memo.recall(key).as_ref(), memo.recall(other)), (Some(&result), None));
    memo.remember(other, b"");
    assert_eq!(memo.recall(other), Some(Vec::new()));
    // One key's result under another's name is none.
    fs::copy(file_of(&folder, key), file_of(&folder, other)).unwrap();
    assert_eq!(memo.recall(other), None);
    let whole = fs::read(file_of(&folder, key)).unwrap();
    for length in 0..whole.len() {
        fs::write(file_of(&folder, key), &whole[..length]).unwrap();
        assert_eq!(memo.recall(key), None, "{length} bytes");
    }
    for byte in [0, 31, 32, 400] {
        let mut damaged = whole.clone();
        damaged[byte] ^= 1;
        fs::write(file_of(&folder, key), damaged).unwrap();
        assert_eq!(memo.recall(key), None, "byte {byte}");
    }
    memo.remember(key, &result);
    assert_eq!(memo.recall(key), Some(result), "it is kept anew");
}

#[test]
fn the_longest_unused_results_go() {
    let folder = TempDir::new().unwrap();
    let memo = Memo::new(folder.path(), 2 * 1032);
    let results: Vec<_> = (0..4).map(|n| blob(n, 1000)).collect();
    for (age, (key, result)) in results.iter().enumerate() {
        memo.remember(*key, result);
        let used = SystemTime::now() - Duration::from_secs(100 - age as u64);
        fs::File::options().append(true).open(file_of(&folder, *key)).unwrap().set_modified(used).unwrap();
    }
    memo.recall(results[0].0).unwrap();
    memo.trim();
    let here: Vec<_> = results.iter().map(|(key, _)| memo.recall(*key).is_some()).collect();
    assert_eq!(here, [true, false, false, true]);
    // A folder that cannot be made keeps nothing and harms nobody.
    fs::write(folder.path().join("file"), b"in the way").unwrap();
    let none = Memo::new(&folder.path().join("file"), 1000);
    none.remember(results[0].0, &results[0].1);
    none.trim();
    assert_eq!(none.recall(results[0].0), None);
}
