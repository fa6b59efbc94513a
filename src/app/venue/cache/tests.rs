//! The cache while its disk has no time, and with one.
#![allow(clippy::unwrap_used)]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::*;

/// A cache without a disk, which is not opened as long as `lock` is locked.
pub fn held(lock: &Arc<Mutex<()>>) -> Cache {
    let lock = Arc::clone(lock);
    Cache::over(move || {
        drop(lock.lock().unwrap_or_else(PoisonError::into_inner));
        None
    })
    .unwrap()
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "it does not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Until all is written.
fn settle(cache: &Cache) {
    wait_for(|| (cache.waiting_bytes.load(Ordering::Relaxed) == 0).then_some(()));
}

#[test]
fn what_the_disk_has_no_time_for_waits_and_beyond_a_bound_is_dropped() {
    let lock = Arc::new(Mutex::new(()));
    let locked = lock.lock().unwrap();
    let mut cache = held(&lock);
    let (blob, room) = (Arc::new(vec![7; 1 << 20]), WAITING_BYTES_MAX >> 20);
    let hash = |n: usize| ContentHash([n as u8; 32]);
    (0..room).for_each(|n| cache.save(hash(n), Arc::clone(&blob)));
    assert_eq!(cache.dropped, 0);
    (0..3).for_each(|n| cache.save(hash(n), Arc::clone(&blob)));
    assert_eq!(cache.dropped, 3);
    // Writes take no room from what somebody waits for.
    assert!(cache.look(hash(1)));
    drop(locked);
    assert_eq!(wait_for(|| cache.next_looked()), (hash(1), None));
    settle(&cache);
    cache.save(hash(4), blob);
    settle(&cache);
    assert_eq!(cache.dropped, 3);
}

#[test]
fn looks_and_writes_take_no_room_from_each_other() {
    let lock = Arc::new(Mutex::new(()));
    let locked = lock.lock().unwrap();
    let mut cache = held(&lock);
    let hash = |n: usize| ContentHash([n as u8; 32]);
    (0..=WRITES_MAX).for_each(|n| cache.save(hash(n), Arc::default()));
    assert_eq!(cache.dropped, 1);
    assert_eq!((0..100).filter(|&n| cache.look(hash(n))).count(), LOOKS_MAX);
    drop(locked);
    let looked: Vec<_> = (0..LOOKS_MAX).map(|_| wait_for(|| cache.next_looked()).0).collect();
    assert_eq!(looked, (0..LOOKS_MAX).map(hash).collect::<Vec<_>>());
}

#[test]
fn what_is_kept_is_found_and_a_folder_that_cannot_be_used_keeps_nothing() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    std::fs::write(&file, b"in the way").unwrap();
    let bytes = b"content".to_vec();
    let (hash, host) = (ContentHash::of(&bytes), Fingerprint([3; 32]));
    for (folder, is_usable) in [(home.path().join("blobs"), true), (file.join("blobs"), false)] {
        let mut cache = Cache::start(&folder).unwrap();
        cache.remember(host, hash);
        cache.save(hash, Arc::new(bytes.clone()));
        settle(&cache);
        assert!(cache.look(hash));
        assert_eq!(wait_for(|| cache.next_looked()), (hash, is_usable.then(|| bytes.clone())));
        assert_eq!(Known::open(&folder).shown_by(host), is_usable.then_some(hash));
    }
}
