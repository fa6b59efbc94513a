//! Packages of Debian 12 unpacked in a folder of the cache: programs that run without being installed.
//!
//! In: a [`Recipe`]. Out: a folder that holds its packages and nothing else, made whole or not at all, shared by every
//! clone. An interrupted making leaves what was downloaded, which the next one uses.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::apt::{PrivateApt, Source};
use super::cache::{Cache, recipe_hash};
use super::mirror;
use super::prefix::{archive, check_path, keep, remove_if_there, unpack};
use crate::fault::Environment;

/// Raise when the way a folder is made changes.
const LAYOUT_VERSION: &str = "1";

/// Debian 12 gets Rust and LLVM of this year as security updates, for its browsers; glibc 2.36 runs on all later ones.
const RELEASE: &str = "bookworm";

/// What a folder is made of.
pub struct Recipe {
    /// How the folder's name begins.
    pub name: &'static str,
    /// What it is, for people.
    pub is: &'static str,
    /// Debian packages.
    pub packages: &'static [&'static str],
    /// What becomes of the packages that they depend on.
    pub dependencies: Dependencies,
    /// Files and folders that stay; the rest of the packages is thrown away.
    pub kept: &'static [&'static str],
    /// Files without which the folder is not whole.
    pub must_hold: &'static [&'static str],
    /// Bytes of disk while it is made.
    pub peak_bytes: u64,
}

/// Whether a folder holds more than the packages that its recipe names.
#[derive(Clone, Copy)]
pub enum Dependencies {
    /// It does not.
    Left,
    /// It holds all that they depend on, but these and what only these need: where a release's updates come with new
    /// dependencies.
    AllBut(&'static [&'static str]),
}

impl Recipe {
    /// The folder's name.
    fn folder(&self) -> String {
        let left = match self.dependencies {
            Dependencies::Left => &[][..],
            Dependencies::AllBut(left) => left,
        };
        let recipe = [&[LAYOUT_VERSION, RELEASE], self.packages, left, self.kept].concat();
        format!("{}-{}", self.name, recipe_hash(&recipe))
    }

    /// The folder, if it has been made.
    pub fn find(&self, cache: &Cache) -> Option<PathBuf> {
        let root = cache.join(&self.folder());
        self.missing(&root).is_empty().then_some(root)
    }

    /// The folder, made now if it is not there.
    ///
    /// # Errors
    /// With [`Environment`] where Debian's packages cannot be had or used.
    pub fn provide(&self, cache: &Cache) -> Result<PathBuf> {
        if let Some(root) = self.find(cache) {
            return Ok(root);
        }
        let _lock = cache.lock()?;
        // Whoever held the lock before us may have made it.
        match self.find(cache) {
            Some(root) => Ok(root),
            None => self.make(cache, None),
        }
    }

    fn missing(&self, root: &Path) -> Vec<&'static str> {
        self.must_hold.iter().copied().filter(|file| !root.join(file).exists()).collect()
    }

    /// Makes the folder; the caller holds the cache's lock.
    fn make(&self, cache: &Cache, mirror: Option<&str>) -> Result<PathBuf> {
        let root = cache.join(&self.folder());
        check_path(&root)?;
        let main = archive(mirror, &format!("run it on an x86-64 Debian to get {}", self.is))?;
        cache.need_space(self.peak_bytes)?;
        let (state, downloads) = (cache.join("unpacked-apt"), cache.join("unpacked-downloads"));
        let sources = [
            Source { uri: mirror::security_mirror(&main), suite: format!("{RELEASE}-security") },
            Source { uri: main, suite: RELEASE.into() },
        ];
        let apt = PrivateApt::create(&state, &downloads, &sources)?;
        apt.update()?;
        if let Dependencies::AllBut(left) = self.dependencies {
            apt.assume_installed(left)?;
        }
        let plan = match self.dependencies {
            Dependencies::Left => apt.plan_exactly(self.packages),
            Dependencies::AllBut(_) => apt.plan(self.packages),
        };
        let plan = plan.with_context(|| {
            let file = "xtask/src/setup/toolchain.rs";
            Environment(format!("{RELEASE} no longer has {} as {file} and its users name it", self.is))
        })?;
        let megabytes = plan.iter().map(|deb| deb.bytes).sum::<u64>() / 1_000_000;
        eprintln!("setup: making {} in {} ({megabytes} MB to download)", self.is, root.display());
        match self.dependencies {
            Dependencies::Left => apt.download_exactly(self.packages, &plan)?,
            Dependencies::AllBut(_) => apt.download(self.packages, &plan)?,
        }

        let partial = cache.join(&format!("{}.partial", self.folder()));
        remove_if_there(&partial)?;
        let whole = partial.join("whole");
        fs::create_dir_all(&whole)?;
        unpack(&downloads, &plan, &whole)?;
        for kept in self.kept {
            keep(&whole, &partial, kept)?;
        }
        fs::remove_dir_all(&whole)?;
        let missing = self.missing(&partial);
        if !missing.is_empty() {
            bail!("the packages of {RELEASE} lack what {} needs: {}", self.is, missing.join(", "));
        }
        remove_if_there(&root)?;
        fs::rename(&partial, &root)?;
        cache.remove_others(&format!("{}-", self.name), Some(&self.folder()))?;
        remove_if_there(&downloads)?;
        remove_if_there(&state)?;
        Ok(root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault;

    const RECIPE: Recipe = Recipe {
        name: "thing",
        is: "the thing",
        packages: &["hostname"],
        dependencies: Dependencies::Left,
        kept: &["bin/hostname", "usr/bin/hostname"],
        must_hold: &["bin/hostname"],
        peak_bytes: 1_000_000,
    };

    #[test]
    fn a_folder_is_there_when_it_is_whole_and_another_recipe_is_another_folder() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let cache = Cache::at(folder.path());
        let root = cache.join(&RECIPE.folder());
        fs::create_dir_all(root.join("bin")).expect("a folder");
        assert_eq!(RECIPE.find(&cache), None);
        fs::write(root.join("bin/hostname"), "").expect("written");
        assert_eq!(RECIPE.find(&cache), Some(root));
        let more = Recipe { packages: &["hostname", "gzip"], ..RECIPE };
        assert_ne!(more.folder(), RECIPE.folder());
        let less = Recipe { dependencies: Dependencies::AllBut(&["libc6"]), ..RECIPE };
        assert_ne!(less.folder(), RECIPE.folder());
    }

    #[test]
    fn an_archive_that_is_none_is_one_sentence_of_exit_code_3() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let error = RECIPE
            .make(&Cache::at(folder.path()), Some("file:/nowhere/debian"))
            .expect_err("there is nothing");
        assert_eq!(fault::code(&error), 3, "{error:#}");
        assert!(!error.to_string().contains('\n'));
    }
}
