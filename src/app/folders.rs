//! Where the program keeps things between runs: the XDG base directories, on Windows the user's
//! local application data, on a headset the app's own folder.

use std::env;
use std::path::PathBuf;

/// What can be made again: fetched blobs, quick bakes. `PAVILION_CACHE`, else the user's cache folder.
pub fn cache() -> Option<PathBuf> {
    chosen("PAVILION_CACHE", "XDG_CACHE_HOME", ".cache", "cache")
}

/// What cannot: the host's key and the visitor's. `PAVILION_DATA`, else the user's data folder.
pub fn data() -> Option<PathBuf> {
    chosen("PAVILION_DATA", "XDG_DATA_HOME", ".local/share", "data")
}

fn chosen(own: &str, shared: &str, under_home: &str, elsewhere: &str) -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    #[cfg(all(target_os = "android", feature = "xr"))]
    if let Some(folder) = crate::present::android::folder() {
        // The system gives an app one folder of its own, and no home.
        return Some(folder.join(elsewhere));
    }
    if cfg!(windows) {
        let local = || absolute("LOCALAPPDATA").map(|folder| folder.join("pavilion").join(elsewhere));
        return absolute(own).or_else(local);
    }
    absolute(own).or_else(|| {
        absolute(shared)
            .or_else(|| Some(absolute("HOME")?.join(under_home)))
            .map(|folder| folder.join("pavilion"))
    })
}
