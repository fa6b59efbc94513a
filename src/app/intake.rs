//! Packed twins that `cargo xtask push` has put on a headset: unpacked beside the visit, then deleted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use super::unpack;
use super::venue::CACHE_BYTES_MAX;
use crate::protocol::parcel::EXTENSION;
use crate::store::{Known, Store};

/// A thread that takes in what lies there. When it is dropped it ends, after the blob at hand; what is left is taken in
/// at the next start.
pub struct Intake {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Intake {
    /// Begins with what lies in `folder` now, into the cache's `blobs`. `None` where nothing lies there.
    pub fn start(folder: PathBuf, blobs: PathBuf) -> Option<Self> {
        let files = parcels(&folder);
        if files.is_empty() {
            return None;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let spawned =
            Builder::new().name("intake".to_owned()).spawn(move || take_in(&files, &blobs, &stopped));
        match spawned {
            Ok(thread) => Some(Self { stop, thread: Some(thread) }),
            Err(error) => {
                tracing::warn!("packed twins wait for the next start: no thread was to be had ({error})");
                None
            }
        }
    }

    /// Whether there is still something to take in.
    pub fn is_busy(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in it has been reported by itself.
            let _ = thread.join();
        }
    }
}

/// The files that were put there as a whole, by name.
fn parcels(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == EXTENSION) && path.is_file());
    files.sort();
    files
}

fn take_in(files: &[PathBuf], blobs: &Path, stop: &AtomicBool) {
    let mut store = match Store::open(blobs, CACHE_BYTES_MAX) {
        Ok(store) => store,
        Err(error) => return tracing::warn!("{error}"),
    };
    for file in files {
        let mut known = Known::open(blobs);
        let taken = unpack::unpack(file, &mut store, &mut known, &mut |_, _| !stop.load(Ordering::Relaxed));
        match taken {
            Ok(report) => {
                tracing::info!("{} is in the cache: {report:?}", file.display());
                if let Err(error) = fs::remove_file(file) {
                    tracing::warn!("{} is in the cache and cannot be deleted ({error})", file.display());
                }
            }
            Err(_) if stop.load(Ordering::Relaxed) => return,
            Err(failure) => tracing::warn!("{}", failure.sentence),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::protocol::ContentHash;
    use crate::protocol::parcel::{Parcel, tests::parcel};

    #[test]
    fn what_was_pushed_is_taken_in_and_what_is_broken_stays() {
        let home = tempfile::tempdir().unwrap();
        let (folder, blobs) = (home.path().join("files"), home.path().join("blobs"));
        assert!(Intake::start(folder.clone(), blobs.clone()).is_none());
        fs::create_dir(&folder).unwrap();
        let whole = parcel(&[]);
        fs::write(folder.join("a.pavilion"), &whole[..whole.len() - 1]).unwrap();
        fs::write(folder.join("b.pavilion"), &whole).unwrap();
        fs::write(folder.join("c.pavilion.partial"), &whole).unwrap();
        let intake = Intake::start(folder.clone(), blobs.clone()).unwrap();
        let start = std::time::Instant::now();
        while intake.is_busy() && start.elapsed().as_secs() < 10 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        drop(intake);
        assert!(folder.join("a.pavilion").exists() && folder.join("c.pavilion.partial").exists());
        assert!(!folder.join("b.pavilion").exists());
        let manifest: ContentHash = Parcel::open(&whole[..]).unwrap().manifest().0;
        assert!(Store::open(&blobs, CACHE_BYTES_MAX).unwrap().get(manifest).is_some());
    }
}
