//! Tools for putting Pavilion on a standalone headset; only developers need them.

use super::{Finding, State};

const SUBJECT: &str = "android";

#[cfg(not(target_os = "android"))]
pub(super) fn look() -> Finding {
    use std::env;
    use std::path::{Path, PathBuf};

    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_dir());
    let sdk = folder("ANDROID_HOME").or_else(|| folder("ANDROID_SDK_ROOT"));
    let ndk = folder("ANDROID_NDK_HOME")
        .or_else(|| folder("ANDROID_NDK_ROOT"))
        .or_else(|| newest_of(&sdk.as_ref()?.join("ndk")));
    let adb_name = format!("adb{}", env::consts::EXE_SUFFIX);
    let on_path = env::var_os("PATH").and_then(|paths| {
        env::split_paths(&paths).map(|folder| folder.join(&adb_name)).find(|program| program.is_file())
    });
    let in_sdk = || sdk.as_ref().map(|sdk| sdk.join("platform-tools").join(&adb_name));
    let adb = on_path.or_else(|| in_sdk().filter(|program| program.is_file()));
    let text = |path: &Option<PathBuf>| path.as_deref().map(Path::display).map(|path| path.to_string());
    let finding = match &adb {
        Some(adb) => Finding::works(SUBJECT, format!("adb is {}", adb.display())),
        None => Finding::new(SUBJECT, State::Absent, "adb, which puts Pavilion on a headset, is not here")
            .fix("only for developers: `cargo xtask doctor` tells what is needed"),
    };
    finding.fact("adb", text(&adb)).fact("sdk", text(&sdk)).fact("ndk", text(&ndk))
}

/// The folder in `parent` whose name sorts last.
#[cfg(not(target_os = "android"))]
fn newest_of(parent: &std::path::Path) -> Option<std::path::PathBuf> {
    let entries = std::fs::read_dir(parent).ok()?.flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).max()
}

#[cfg(target_os = "android")]
pub(super) fn look() -> Finding {
    Finding::new(SUBJECT, State::NotNeeded, "this is the headset")
}
