//! The viewer's cache: blobs by their hash, under a ceiling, least recently used first to go.
//!
//! `<folder>/<first two digits>/<hash>` holds a blob. A file that ends in `.partial` is being written, or was when a
//! program ended: once it is old, it is swept when a store is opened.
//!
//! Several stores may have one folder, in one process or in several: each finds what the others put there, does
//! without what they take away, and keeps what it knows of under its ceiling, the rest when it is opened the next time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use super::{Care, write_atomically};
use crate::protocol::ContentHash;
use crate::protocol::content::BLOB_BYTES_MAX;

/// Why the cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be made or read.
    #[error("the cache folder {folder} cannot be used ({source}): check its permissions or choose another")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A blob cannot be written.
    #[error("the cache folder {folder} takes no more ({source}): free some space or choose another")]
    Write {
        /// Which.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The bytes are not those that the name promises.
    #[error("the bytes given for {hash} are not those of that name: they are not kept")]
    Mismatch {
        /// The name.
        hash: ContentHash,
    },
}

/// What a file ends in that is not whole yet.
const PARTIAL: &str = ".partial";

/// Nobody writes a blob for so long: what is older was left by a program that ended.
const PARTIAL_AGE: Duration = Duration::from_secs(3600);

/// Tells stores of this process from each other: each writes under names of its own.
static STORES: AtomicU32 = AtomicU32::new(0);

struct Entry {
    size_bytes: u64,
    used: SystemTime,
}

/// A cache in a folder of its own.
pub struct Store {
    folder: PathBuf,
    number: u32,
    ceiling_bytes: u64,
    entries: BTreeMap<ContentHash, Entry>,
    by_use: BTreeSet<(SystemTime, ContentHash)>,
    total_bytes: u64,
}

impl Store {
    /// Opens the cache in `folder`, making it if need be, sweeping what programs have left half-written, and evicting
    /// down to `ceiling_bytes`. It looks at every file, which takes seconds on a cold disk.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path, ceiling_bytes: u64) -> Result<Self, StoreError> {
        let mut store = Self {
            folder: folder.to_owned(),
            number: STORES.fetch_add(1, Ordering::Relaxed),
            ceiling_bytes,
            entries: BTreeMap::new(),
            by_use: BTreeSet::new(),
            total_bytes: 0,
        };
        store.scan().map_err(|source| StoreError::Folder { folder: folder.to_owned(), source })?;
        store.evict_for(0);
        Ok(store)
    }

    /// Whether a store in `folder` would find the blob, as far as is known without reading it. It looks at no other.
    pub fn is_in(folder: &Path, hash: ContentHash) -> bool {
        path_in(folder, hash).is_file()
    }

    fn scan(&mut self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let now = SystemTime::now();
        for shard in fs::read_dir(&self.folder)? {
            let shard = shard?.path();
            if !shard.is_dir() {
                continue;
            }
            for file in fs::read_dir(&shard)? {
                self.scan_file(&file?.path(), now)?;
            }
        }
        Ok(())
    }

    /// Notes a blob, and sweeps what is not whole and old. Anything else is not ours, and left alone.
    fn scan_file(&mut self, path: &Path, now: SystemTime) -> io::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hash = name.parse::<ContentHash>().ok();
        if hash.is_none() && !name.ends_with(PARTIAL) {
            return Ok(());
        }
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            // Another store has evicted it, or written it to its end.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let changed = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        match hash {
            Some(hash) => self.note(hash, metadata.len(), changed),
            // What cannot be removed takes some room and does no other harm.
            None if now.duration_since(changed).is_ok_and(|age| age > PARTIAL_AGE) => {
                let _ = fs::remove_file(path);
            }
            // Somebody may be writing it now.
            None => {}
        }
        Ok(())
    }

    /// Bytes of all blobs.
    pub fn size_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Bytes that it may hold.
    pub fn ceiling_bytes(&self) -> u64 {
        self.ceiling_bytes
    }

    /// Whether the blob is here, as far as is known without reading it.
    pub fn contains(&self, hash: ContentHash) -> bool {
        self.entries.contains_key(&hash)
    }

    /// The blob. One whose bytes have changed on disk is removed and counts as absent.
    pub fn get(&mut self, hash: ContentHash) -> Option<Vec<u8>> {
        let path = self.path(hash);
        // Another store may have put it here since this one looked.
        if !self.contains(hash) && !path.exists() {
            return None;
        }
        let bytes = read_bounded(&path).filter(|bytes| ContentHash::of(bytes) == hash);
        let Some(bytes) = bytes else {
            tracing::warn!(%hash, "a cached file was damaged and is removed");
            self.remove(hash);
            return None;
        };
        let now = SystemTime::now();
        date(&path, now);
        self.note(hash, bytes.len() as u64, now);
        Some(bytes)
    }

    /// Keeps a blob, and evicts others to make room. One that is larger than the whole cache is not
    /// kept.
    ///
    /// # Errors
    /// When the bytes are not those of `hash`, or cannot be written.
    pub fn put(&mut self, hash: ContentHash, bytes: &[u8]) -> Result<(), StoreError> {
        if ContentHash::of(bytes) != hash {
            return Err(StoreError::Mismatch { hash });
        }
        let size_bytes = bytes.len() as u64;
        if self.contains(hash) || size_bytes > self.ceiling_bytes {
            return Ok(());
        }
        self.evict_for(size_bytes);
        self.write(hash, bytes)?;
        self.note(hash, size_bytes, SystemTime::now());
        Ok(())
    }

    /// Keeps a blob that nobody has asked for yet, as if it were last used at `used`, and evicts nothing:
    /// [`Store::make_room`] does. Whether it was written; where it is already as a whole, nothing is.
    ///
    /// # Errors
    /// When the bytes are not those of `hash`, or cannot be written.
    pub fn lay_in(&mut self, hash: ContentHash, bytes: &[u8], used: SystemTime) -> Result<bool, StoreError> {
        if ContentHash::of(bytes) != hash {
            return Err(StoreError::Mismatch { hash });
        }
        let path = self.path(hash);
        if read_bounded(&path).is_some_and(|here| here == bytes) {
            return Ok(false);
        }
        self.write(hash, bytes)?;
        date(&path, used);
        self.note(hash, bytes.len() as u64, used);
        Ok(true)
    }

    /// Evicts what was used longest ago, but none of `kept`, until `size_bytes` more fit; whether they do.
    pub fn make_room(&mut self, size_bytes: u64, kept: &BTreeSet<ContentHash>) -> bool {
        let candidates = self.by_use.iter().map(|(_, hash)| *hash).filter(|hash| !kept.contains(hash));
        let mut candidates = candidates.collect::<Vec<_>>().into_iter();
        while self.total_bytes.saturating_add(size_bytes) > self.ceiling_bytes {
            let Some(oldest) = candidates.next() else { return false };
            self.remove(oldest);
        }
        true
    }

    fn write(&self, hash: ContentHash, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.path(hash);
        let partial_name = format!("{hash}.{}-{}{PARTIAL}", std::process::id(), self.number);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| write_atomically(&path, &partial_name, bytes, Care::Cache))
            .map_err(|source| StoreError::Write { folder: self.folder.clone(), source })
    }

    fn path(&self, hash: ContentHash) -> PathBuf {
        path_in(&self.folder, hash)
    }

    fn note(&mut self, hash: ContentHash, size_bytes: u64, used: SystemTime) {
        self.forget(hash);
        self.entries.insert(hash, Entry { size_bytes, used });
        self.by_use.insert((used, hash));
        self.total_bytes += size_bytes;
    }

    fn forget(&mut self, hash: ContentHash) {
        if let Some(entry) = self.entries.remove(&hash) {
            self.by_use.remove(&(entry.used, hash));
            self.total_bytes -= entry.size_bytes;
        }
    }

    fn remove(&mut self, hash: ContentHash) {
        // It may have been removed by somebody else: then it is gone all the same.
        let _ = fs::remove_file(self.path(hash));
        self.forget(hash);
    }

    fn evict_for(&mut self, size_bytes: u64) {
        while self.total_bytes.saturating_add(size_bytes) > self.ceiling_bytes {
            let Some(&(_, oldest)) = self.by_use.first() else { return };
            self.remove(oldest);
        }
    }
}

fn path_in(folder: &Path, hash: ContentHash) -> PathBuf {
    let name = hash.to_string();
    let shard: String = name.chars().take(2).collect();
    folder.join(shard).join(name)
}

/// The order of use survives a restart as the file's time; where it cannot be set, only the choice of what to evict
/// suffers.
fn date(path: &Path, used: SystemTime) {
    let _ = fs::File::options().append(true).open(path).and_then(|file| file.set_modified(used));
}

/// The file's bytes, unless it is larger than any blob.
fn read_bounded(path: &Path) -> Option<Vec<u8>> {
    let size = fs::metadata(path).ok()?.len();
    if size > BLOB_BYTES_MAX as u64 {
        return None;
    }
    fs::read(path).ok()
}
