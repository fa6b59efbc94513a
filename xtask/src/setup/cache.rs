//! The folder that all clones of Pavilion on this machine share.
//!
//! `$XDG_CACHE_HOME/pavilion`, or `~/.cache/pavilion`. Whoever changes it holds the lock.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::fault::Environment;
use crate::process;

/// The cache folder, opened.
#[derive(Clone)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The user's cache folder.
    pub fn of_user() -> Result<Self> {
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
        let base =
            base.ok_or_else(|| Environment("neither XDG_CACHE_HOME nor HOME is set: set one".into()))?;
        Ok(Self::at(&base.join("pavilion")))
    }

    /// A cache in this folder.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// A place in the cache.
    pub fn join(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Waits until no other setup is running; the lock ends with the returned file, or with the process.
    pub fn lock(&self) -> Result<File> {
        let unwritable =
            || Environment(format!("{} cannot be written: set XDG_CACHE_HOME", self.root.display()));
        fs::create_dir_all(&self.root).with_context(unwritable)?;
        let lock = File::create(self.join("lock")).with_context(unwritable)?;
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => eprintln!("setup: another setup is running; waiting for it"),
            Err(TryLockError::Error(error)) => return Err(error).with_context(unwritable),
        }
        lock.lock().with_context(unwritable)?;
        Ok(lock)
    }

    /// Fails where the disk has less than `bytes` free.
    pub fn need_space(&self, bytes: u64) -> Result<()> {
        let text = process::output(Command::new("df").args(["-Pk"]).arg(&self.root))?;
        let Some(free) = parse_free_bytes(&text) else { return Ok(()) };
        if free < bytes {
            let (free, need, root) = (free / 1_000_000, bytes / 1_000_000, self.root.display());
            return Err(Environment(format!(
                "{root} has {free} MB free and setup needs {need} MB: make room or set XDG_CACHE_HOME"
            ))
            .into());
        }
        Ok(())
    }

    /// Removes everything whose name begins so, but `keep`.
    pub fn remove_others(&self, prefix: &str, keep: Option<&str>) -> Result<()> {
        for entry in fs::read_dir(&self.root)?.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(prefix) && Some(name.as_ref()) != keep {
                fs::remove_dir_all(entry.path())
                    .with_context(|| format!("cannot remove {}", entry.path().display()))?;
            }
        }
        Ok(())
    }

    /// Removes the whole cache. Returns whether there was one.
    pub fn remove(&self) -> Result<bool> {
        if !self.root.exists() {
            return Ok(false);
        }
        let lock = self.lock()?;
        fs::remove_dir_all(&self.root).with_context(|| format!("cannot remove {}", self.root.display()))?;
        drop(lock);
        Ok(true)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// FNV-1a over the parts, a zero byte after each: small, and the same in every version of Rust.
pub fn recipe_hash(parts: &[&str]) -> String {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The fourth column of the second line of `df -Pk`, in bytes.
fn parse_free_bytes(text: &str) -> Option<u64> {
    let kilobytes: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_hash_knows_every_part_and_where_it_ends() {
        assert_eq!(recipe_hash(&[]), "cbf29ce484222325");
        assert_eq!(recipe_hash(&["a", "b"]), recipe_hash(&["a", "b"]));
        assert_ne!(recipe_hash(&["a", "b"]), recipe_hash(&["ab"]));
        assert_ne!(recipe_hash(&["a", "b"]), recipe_hash(&["b", "a"]));
    }

    #[test]
    fn free_space_is_read_and_a_full_disk_is_refused() {
        let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 263 13 79 14% /\n";
        assert_eq!(parse_free_bytes(text), Some(79 * 1024));
        let folder = tempfile::tempdir().expect("a temp folder");
        let cache = Cache::at(folder.path());
        cache.need_space(1).expect("one byte is free");
        let error = cache.need_space(u64::MAX / 2).expect_err("no disk is that large");
        assert!(error.is::<Environment>() && error.to_string().contains("make room"), "{error}");
    }

    #[test]
    fn old_versions_go_and_the_current_one_stays() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let cache = Cache::at(folder.path());
        for name in ["xr-prefix-old/usr", "xr-prefix-new/usr", "validators-1"] {
            fs::create_dir_all(cache.join(name)).expect("a folder");
        }
        cache.remove_others("xr-prefix-", Some("xr-prefix-new")).expect("removed");
        assert!(!cache.join("xr-prefix-old").exists() && cache.join("xr-prefix-new").exists());
        assert!(cache.join("validators-1").exists());
        assert!(cache.remove().expect("removed") && !folder.path().exists());
    }
}
