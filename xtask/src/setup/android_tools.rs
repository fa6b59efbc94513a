//! Debian's `adb`, `aapt2` and `apksigner`: others' eyes on the APKs that we make, for tests.
//!
//! In: package names. Out: a folder whose `bin/` starts each of them on that folder's own C library, nothing installed.
//! Not for users: this `adb` cannot start a server, because to the system it is the loader that it runs on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::cache::{Cache, recipe_hash};
use super::launchers::quoted;
use super::prefix::{keep, private_apt, remove_if_there, unpack};
use crate::process;

/// Raise when the layout below changes.
const LAYOUT_VERSION: &str = "1";

const PACKAGES: [&str; 4] = ["adb", "aapt", "android-framework-res", "apksigner"];
/// apksigner runs on whatever Java the machine has: without this, apt would bring one and a desktop with it.
const NOT_NEEDED: [&str; 1] = ["default-jre"];
const KEPT: [&str; 6] = [
    "usr/lib/7zip",
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/android-sdk",
    "usr/lib64",
    "usr/share/java",
    "usr/share/android-framework-res",
];
/// Measured: 30 MB of packages, 60 MB of lists, 100 MB unpacked.
const PEAK_BYTES: u64 = 250_000_000;
const BY_HAND: &str = "the tests of the APK will skip what needs them";

const LOADER: &str = "usr/lib64/ld-linux-x86-64.so.2";
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// The tools, ready to start.
#[derive(Clone, Debug)]
pub struct AndroidTools {
    root: PathBuf,
}

impl AndroidTools {
    /// The tools of this recipe, if they have been fetched.
    pub fn find(cache: &Cache) -> Option<Self> {
        let root = cache.join(&name());
        root.join("bin/apksigner").exists().then_some(Self { root })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Speaks with a device, through a server that runs already.
    #[cfg(test)]
    pub fn adb(&self) -> PathBuf {
        self.root.join("bin/adb")
    }

    /// Reads and makes resources.
    #[cfg(test)]
    pub fn aapt2(&self) -> Command {
        Command::new(self.root.join("bin/aapt2"))
    }

    /// The system's resources, which aapt2 wants to know.
    #[cfg(test)]
    pub fn framework(&self) -> PathBuf {
        self.root.join("usr/share/android-framework-res/framework-res.apk")
    }

    /// Verifies signatures. Needs a Java on the search path.
    #[cfg(test)]
    pub fn apksigner(&self) -> Command {
        Command::new(self.root.join("bin/apksigner"))
    }
}

/// Fetches them where absent; the caller holds the cache's lock. `None`, with a reason printed, where it cannot be.
pub fn provide(cache: &Cache, mirror: Option<&str>) -> Result<Option<AndroidTools>> {
    if let Some(tools) = AndroidTools::find(cache) {
        return Ok(Some(tools));
    }
    eprintln!("setup: fetching adb, aapt2 and apksigner for the tests of the APK (30 MB)");
    let made = make(cache, mirror);
    remove_if_there(&downloads(cache))?;
    remove_if_there(&cache.join("apt"))?;
    match made {
        Ok(tools) => Ok(Some(tools)),
        Err(error) => {
            eprintln!("setup: SKIPPED adb, aapt2 and apksigner: {error:#}");
            Ok(None)
        }
    }
}

fn make(cache: &Cache, mirror: Option<&str>) -> Result<AndroidTools> {
    cache.need_space(PEAK_BYTES)?;
    let apt = private_apt(cache, mirror, &downloads(cache), BY_HAND)?;
    apt.assume_installed(&NOT_NEEDED)?;
    apt.update()?;
    let plan = apt.plan(&PACKAGES)?;
    apt.download(&PACKAGES, &plan)?;

    let (root, partial) = (cache.join(&name()), cache.join(&format!("{}.partial", name())));
    remove_if_there(&partial)?;
    let unpacked = partial.join("unpacked");
    fs::create_dir_all(&unpacked)?;
    unpack(&downloads(cache), &plan, &unpacked)?;
    for kept in KEPT {
        keep(&unpacked, &partial, kept)?;
    }
    fs::remove_dir_all(&unpacked)?;
    remove_if_there(&partial.join(LIBRARIES).join("gconv"))?;
    write_launchers(&partial, &root)?;
    remove_if_there(&root)?;
    fs::rename(&partial, &root)?;
    cache.remove_others("android-tools-", Some(&name()))?;
    let tools = AndroidTools { root };
    for program in ["adb", "aapt2"] {
        process::output(Command::new(tools.root.join("bin").join(program)).arg("version"))?;
    }
    Ok(tools)
}

fn name() -> String {
    let recipe = [&[LAYOUT_VERSION], &PACKAGES[..], &NOT_NEEDED, &KEPT].concat();
    format!("android-tools-{}", recipe_hash(&recipe))
}

fn downloads(cache: &Cache) -> PathBuf {
    cache.join("android-downloads")
}

/// Scripts with absolute paths, for a folder that will be at `root`.
fn write_launchers(partial: &Path, root: &Path) -> Result<()> {
    fs::create_dir_all(partial.join("bin"))?;
    let at = |path: &str| quoted(&format!("{}/{path}", root.display()));
    let libraries =
        quoted(&format!("{0}/{LIBRARIES}:{0}/{LIBRARIES}/android:{0}/usr/lib/7zip", root.display()));
    let on_loader =
        |program: &str| format!("{} --inhibit-cache --library-path {libraries} {}", at(LOADER), at(program));
    for (name, command) in [
        ("adb", on_loader("usr/lib/android-sdk/platform-tools/adb")),
        ("aapt2", on_loader("usr/lib/android-sdk/build-tools/debian/aapt2")),
        ("apksigner", format!("java -jar {}", at("usr/share/java/apksigner.jar"))),
    ] {
        let path = partial.join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\nexec {command} \"$@\"\n"))?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    }
    Ok(())
}
