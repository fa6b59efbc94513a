//! Files that are there as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Puts `bytes` at `path`: written beside it under `partial_name`, flushed to the disk, then renamed.
/// Whenever the power goes, `path` holds its former content or all of the new one.
///
/// With `is_secret`, only the user may read it.
///
/// # Errors
/// What the file system says; nothing half-written is left behind if it can still be removed.
pub fn write_atomically(
    path: &Path,
    partial_name: &str,
    bytes: &[u8],
    is_secret: bool,
) -> Result<(), io::Error> {
    let partial: PathBuf = path.with_file_name(partial_name);
    let written = write_through(&partial, bytes, is_secret).and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_through(path: &Path, bytes: &[u8], is_secret: bool) -> io::Result<()> {
    let mut file = create(path, is_secret)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn create(path: &Path, is_secret: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mode = if is_secret { 0o600 } else { 0o644 };
    // A leftover would keep its own mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _is_secret: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}
