//! The glTF validator, from npm, at the version that `xtask/validators/package-lock.json` pins by hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::cache::{Cache, recipe_hash};
use crate::process;

const MANIFEST: &str = include_str!("../../validators/package.json");
const LOCK: &str = include_str!("../../validators/package-lock.json");

/// The folder of this lock's packages, if they have been installed.
pub fn find(cache: &Cache) -> Option<PathBuf> {
    let folder = cache.join(&name());
    folder.join("node_modules").is_dir().then_some(folder)
}

/// Installs the packages; the caller holds the cache's lock. `None`, with a reason printed, where they cannot be.
pub fn provide(cache: &Cache) -> Result<Option<PathBuf>> {
    if let Some(folder) = find(cache) {
        return Ok(Some(folder));
    }
    if !process::is_installed("npm") {
        eprintln!("setup: SKIPPED the glTF validators: npm is not installed");
        return Ok(None);
    }
    eprintln!("setup: installing the glTF validators with npm");
    let partial = cache.join(&format!("{}.partial", name()));
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir_all(&partial)?;
    if let Err(error) = install(&partial) {
        eprintln!("setup: SKIPPED the glTF validators: {error:#}");
        return Ok(None);
    }
    let folder = cache.join(&name());
    fs::rename(&partial, &folder).with_context(|| format!("cannot make {}", folder.display()))?;
    cache.remove_others("validators-", Some(&name()))?;
    Ok(Some(folder))
}

fn name() -> String {
    format!("validators-{}", recipe_hash(&[MANIFEST, LOCK]))
}

fn install(into: &Path) -> Result<()> {
    fs::write(into.join("package.json"), MANIFEST)?;
    fs::write(into.join("package-lock.json"), LOCK)?;
    let mut npm = process::leashed("npm");
    npm.current_dir(into).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    process::output(npm.stdin(Stdio::null())).map(drop)
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
    fn the_lock_pins_by_hash_and_names_no_registry() {
        let lock: serde_json::Value = serde_json::from_str(LOCK).expect("the lock is JSON");
        let packages = lock["packages"].as_object().expect("the lock lists packages");
        for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
            assert!(package["integrity"].is_string(), "{name} has no hash");
            assert!(package.get("resolved").is_none(), "{name} says where it was fetched");
        }
    }
}
