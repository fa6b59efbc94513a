//! Programs of npm, each set at the versions that its `package-lock.json` pins by hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::cache::{Cache, recipe_hash};
use crate::process;

/// A set of packages, installed together in a folder of the cache.
pub struct Packages {
    /// How the folder's name begins.
    name: &'static str,
    /// What they are, for people.
    are: &'static str,
    manifest: &'static str,
    lock: &'static str,
}

/// Khronos' glTF validator.
pub const VALIDATORS: Packages = Packages {
    name: "validators",
    are: "the glTF validators",
    manifest: include_str!("../../validators/package.json"),
    lock: include_str!("../../validators/package-lock.json"),
};

/// CesiumJS, and 3DTilesRendererJS with three.js.
pub const VIEWERS: Packages = Packages {
    name: "viewers",
    are: "the viewers by others",
    manifest: include_str!("../../pages/package.json"),
    lock: include_str!("../../pages/package-lock.json"),
};

impl Packages {
    /// The folder of this lock's packages, if they have been installed.
    pub fn find(&self, cache: &Cache) -> Option<PathBuf> {
        let folder = cache.join(&self.folder());
        folder.join("node_modules").is_dir().then_some(folder)
    }

    /// Installs the packages; the caller holds the cache's lock. `None`, with a reason printed, where they cannot be.
    pub fn provide(&self, cache: &Cache) -> Result<Option<PathBuf>> {
        if let Some(folder) = self.find(cache) {
            return Ok(Some(folder));
        }
        if !process::is_installed("npm") {
            eprintln!("setup: SKIPPED {}: npm is not installed", self.are);
            return Ok(None);
        }
        eprintln!("setup: installing {} with npm", self.are);
        let partial = cache.join(&format!("{}.partial", self.folder()));
        if partial.exists() {
            fs::remove_dir_all(&partial)?;
        }
        fs::create_dir_all(&partial)?;
        if let Err(error) = self.install(&partial) {
            eprintln!("setup: SKIPPED {}: {error:#}", self.are);
            return Ok(None);
        }
        let folder = cache.join(&self.folder());
        fs::rename(&partial, &folder).with_context(|| format!("cannot make {}", folder.display()))?;
        cache.remove_others(&format!("{}-", self.name), Some(&self.folder()))?;
        Ok(Some(folder))
    }

    fn folder(&self) -> String {
        format!("{}-{}", self.name, recipe_hash(&[self.manifest, self.lock]))
    }

    fn install(&self, into: &Path) -> Result<()> {
        fs::write(into.join("package.json"), self.manifest)?;
        fs::write(into.join("package-lock.json"), self.lock)?;
        let mut npm = process::leashed("npm");
        npm.current_dir(into).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
        process::output(npm.stdin(Stdio::null())).map(drop)
    }
}

/// Runs one of our scripts beside the installed packages.
pub fn node(folder: &Path, script: &Path) -> Command {
    let mut command = process::leashed("node");
    command.env("NODE_PATH", folder.join("node_modules")).arg(script);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locks_pin_by_hash_and_name_no_registry() {
        for packages in [VALIDATORS, VIEWERS] {
            let lock: serde_json::Value = serde_json::from_str(packages.lock).expect("the lock is JSON");
            let packages = lock["packages"].as_object().expect("the lock lists packages");
            for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
                assert!(package["integrity"].is_string(), "{name} has no hash");
                assert!(package.get("resolved").is_none(), "{name} says where it was fetched");
            }
        }
    }
}
