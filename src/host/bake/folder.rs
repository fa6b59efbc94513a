//! A baked twin → a folder, all of it or nothing.
//!
//! Everything is written to `<folder>.partial` and flushed (blobs that are in the old folder too are linked from
//! there), then the folder is exchanged by renaming: the old one steps aside, the new one takes its name, the old one is
//! removed. Whenever that is cut short, the next bake or [`recover`] finds a whole folder. Only what bake made is ever
//! replaced.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::record::{self, Record};
use super::{BakeError, Baked, BakedBlob, OnProgress, Stage, tell, tileset_json, workers};
use crate::protocol::manifest;

/// The tables for other programs.
pub const TILESET: &str = tileset_json::FILE_NAME;

/// Refuses a target that exists and is neither empty nor a bake. What a bake that was ended has left beside it goes.
///
/// # Errors
/// When the target must be left alone or cannot be looked at.
pub fn check_target(out: &Path) -> Result<(), BakeError> {
    recover(out)?;
    let leftovers = is_bake(out).then(|| beside(out, "replaced")).into_iter().chain([beside(out, "partial")]);
    for leftover in leftovers.filter(|leftover| leftover.is_dir()) {
        fs::remove_dir_all(&leftover).map_err(|cause| BakeError::Folder { path: leftover, cause })?;
    }
    match fs::read_dir(out) {
        Ok(mut entries) => {
            let is_free = entries.next().is_none() || is_bake(out);
            if is_free { Ok(()) } else { Err(BakeError::NotABake { path: out.to_owned() }) }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory && out.exists() => {
            Err(BakeError::NotABake { path: out.to_owned() })
        }
        Err(cause) => Err(BakeError::Folder { path: out.to_owned(), cause }),
    }
}

/// Puts back the folder that an exchange, cut short between its two renames, has set aside.
///
/// # Errors
/// When it cannot be renamed.
pub fn recover(out: &Path) -> Result<(), BakeError> {
    let aside = beside(out, "replaced");
    if is_bake(&aside) && !out.exists() {
        return fs::rename(&aside, out).map_err(|cause| BakeError::Folder { path: out.to_owned(), cause });
    }
    Ok(())
}

/// Writes the twin, and the record beside it, and puts them in the place of `out`.
///
/// # Errors
/// When the folder cannot be written or `on_progress` broke off; `out` is then as it was.
pub fn write(
    out: &Path,
    baked: &Baked,
    record: Option<&Record>,
    on_progress: OnProgress<'_>,
) -> Result<(), BakeError> {
    check_target(out)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| BakeError::Folder { path, cause }
    };
    let partial = Partial { path: beside(out, "partial") };
    fs::create_dir_all(&partial.path).map_err(failed(out))?;
    let mut files = tileset_json::write(&baked.tables, &baked.blobs);
    if let Some(record) = record {
        let text = record.text().map_err(|error| BakeError::Encode(error.to_string()))?;
        files.push((record::FILE_NAME.to_owned(), text));
    }
    let total = baked.blobs.len() + files.len() + 1;
    let provide = |_: usize, blob: &BakedBlob| {
        let name = format!("{}.{}", blob.hash, blob.extension);
        let path = partial.path.join(&name);
        provide(&path, &out.join(name), &blob.bytes).map_err(failed(&path))
    };
    // Mostly this waits for the disk, which flushes several files at once sooner than one after the other.
    workers::map(&baked.blobs, provide, &mut |done, _| tell(on_progress, Stage::Write, done, total))?;
    let manifest = manifest::encode(&baked.tables).map_err(|error| BakeError::Encode(error.to_string()))?;
    for (name, text) in files {
        let path = partial.path.join(name);
        write_file(&path, text.as_bytes()).map_err(failed(&path))?;
    }
    let path = partial.path.join(manifest::FILE_NAME);
    write_file(&path, &manifest).map_err(failed(&path))?;
    tell(on_progress, Stage::Write, total, total)?;
    exchange(&partial.path, out).map_err(failed(out))
}

/// `out` steps aside where it exists, and comes back where the new one cannot take its place.
fn exchange(partial: &Path, out: &Path) -> io::Result<()> {
    let aside = beside(out, "replaced");
    if aside.exists() {
        fs::remove_dir_all(&aside)?;
    }
    let had_one = out.exists();
    if had_one {
        fs::rename(out, &aside)?;
    }
    if let Err(error) = fs::rename(partial, out) {
        if had_one {
            fs::rename(&aside, out)?;
        }
        return Err(error);
    }
    if had_one { fs::remove_dir_all(&aside) } else { Ok(()) }
}

/// A file that is flushed: the earlier bake's where that holds the same, else a new one.
fn provide(path: &Path, earlier: &Path, bytes: &[u8]) -> io::Result<()> {
    let may_be_same = fs::metadata(earlier).is_ok_and(|metadata| metadata.len() == bytes.len() as u64);
    let is_same = may_be_same && fs::read(earlier).is_ok_and(|earlier| earlier == bytes);
    if is_same && fs::hard_link(earlier, path).is_ok() {
        return Ok(());
    }
    write_file(path, bytes)
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// Whether bake made the folder.
pub fn is_bake(folder: &Path) -> bool {
    folder.join(manifest::FILE_NAME).is_file() && folder.join(TILESET).is_file()
}

/// `<out>.<suffix>`, in the same folder and so on the same disk.
fn beside(out: &Path, suffix: &str) -> PathBuf {
    let mut name = out.file_name().unwrap_or(out.as_os_str()).to_owned();
    name.push(".");
    name.push(suffix);
    out.with_file_name(name)
}

/// A folder that is removed again unless it was renamed.
struct Partial {
    path: PathBuf,
}

impl Drop for Partial {
    fn drop(&mut self) {
        // What cannot be removed is removed by the next bake.
        let _ = fs::remove_dir_all(&self.path);
    }
}
