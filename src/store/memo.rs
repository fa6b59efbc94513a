//! Results by the hash of all that they were worked out from, under a ceiling, the longest unused first to go.
//!
//! `<folder>/<first two digits>/<key>` holds the hash of the key and the result, then the result. Nothing in it is
//! needed: what cannot be read is worked out again, and what cannot be written is not kept.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::{Care, write_atomically};
use crate::protocol::ContentHash;

/// A result that is larger is not kept.
const RESULT_BYTES_MAX: u64 = 16 << 20;

const HASH_BYTES: usize = size_of::<ContentHash>();

/// Results in a folder of their own; threads and processes may share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memo {
    folder: PathBuf,
    ceiling_bytes: u64,
}

impl Memo {
    /// Of what is in `folder` or will be.
    pub fn new(folder: &Path, ceiling_bytes: u64) -> Self {
        Self { folder: folder.to_owned(), ceiling_bytes }
    }

    /// The result for `key`; `None` where there is none, or one that is damaged.
    pub fn recall(&self, key: ContentHash) -> Option<Vec<u8>> {
        let path = self.path(key);
        let size = fs::metadata(&path).ok()?.len();
        let mut bytes = (size <= RESULT_BYTES_MAX).then(|| fs::read(&path).ok()).flatten()?;
        let result = bytes.split_off(HASH_BYTES.min(bytes.len()));
        if bytes != seal(key, &result).0 {
            tracing::warn!(%key, "something kept from an earlier bake was damaged and is made again");
            return None;
        }
        // When it was used; where that cannot be set, only the choice of what goes suffers.
        let _ =
            File::options().append(true).open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        Some(result)
    }

    /// Keeps the result for `key`, in place of any other.
    pub fn remember(&self, key: ContentHash, result: &[u8]) {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        if (HASH_BYTES + result.len()) as u64 > RESULT_BYTES_MAX {
            return;
        }
        let path = self.path(key);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let partial_name = format!("{key}.{}-{number}.partial", process::id());
        let bytes = [&seal(key, result).0, result].concat();
        let kept = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| write_atomically(&path, &partial_name, &bytes, Care::Cache));
        if let Err(error) = kept {
            tracing::debug!(%error, folder = %self.folder.display(), "a result is not kept");
        }
    }

    /// Brings the folder below its ceiling. What a program that was ended had begun to write goes like the rest.
    pub fn trim(&self) {
        let folders = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
        let dated = |file: fs::DirEntry| {
            let metadata = file.metadata().ok()?;
            Some((metadata.modified().ok()?, file.path(), metadata.len()))
        };
        let mut files: Vec<(SystemTime, PathBuf, u64)> = files.filter_map(dated).collect();
        files.sort_unstable();
        let mut total: u64 = files.iter().map(|(.., size)| size).sum();
        for (_, path, size) in files {
            if total <= self.ceiling_bytes {
                return;
            }
            // Somebody else may have removed it.
            let _ = fs::remove_file(path);
            total -= size;
        }
    }

    fn path(&self, key: ContentHash) -> PathBuf {
        let name = key.to_string();
        let shard: String = name.chars().take(2).collect();
        self.folder.join(shard).join(name)
    }
}

/// What a result is known to be whole by, and to be that of the key.
fn seal(key: ContentHash, result: &[u8]) -> ContentHash {
    ContentHash::of(&[&key.0, result].concat())
}
