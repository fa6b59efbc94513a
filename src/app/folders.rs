//! Where the program keeps things between runs: the XDG base directories.

use std::env;
use std::path::PathBuf;

/// What can be made again: fetched blobs, quick bakes. `PAVILION_CACHE`, else the user's cache folder.
pub fn cache() -> Option<PathBuf> {
    chosen("PAVILION_CACHE", "XDG_CACHE_HOME", ".cache")
}

/// What cannot: the host's key and the visitor's. `PAVILION_DATA`, else the user's data folder.
pub fn data() -> Option<PathBuf> {
    chosen("PAVILION_DATA", "XDG_DATA_HOME", ".local/share")
}

fn chosen(own: &str, shared: &str, under_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(own).or_else(|| {
        absolute(shared)
            .or_else(|| Some(absolute("HOME").or_else(|| absolute("USERPROFILE"))?.join(under_home)))
            .map(|folder| folder.join("pavilion"))
    })
}
