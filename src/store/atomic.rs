//! Files that are there as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// How precious a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// It can be had again, and its reader checks it: it survives the program's end at any moment,
    /// but is not flushed, which would cost milliseconds of the disk's time for every blob.
    Cache,
    /// It cannot be had again, and only the user may read it: flushed before it appears, so that it
    /// also survives the power's end.
    Secret,
}

/// Puts `bytes` at `path`: written beside it under `partial_name`, then renamed. Whenever the program
/// ends, `path` holds its former content or all of the new one.
///
/// # Errors
/// What the file system says; nothing half-written is left behind if it can still be removed.
pub fn write_atomically(path: &Path, partial_name: &str, bytes: &[u8], care: Care) -> Result<(), io::Error> {
    let partial: PathBuf = path.with_file_name(partial_name);
    let written = write_through(&partial, bytes, care).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_through(path: &Path, bytes: &[u8], care: Care) -> io::Result<()> {
    let mut file = create(path, care)?;
    file.write_all(bytes)?;
    match care {
        Care::Cache => Ok(()),
        Care::Secret => file.sync_all(),
    }
}

#[cfg(unix)]
fn create(path: &Path, care: Care) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mode = if care == Care::Secret { 0o600 } else { 0o644 };
    // A leftover would keep its own mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _care: Care) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}
