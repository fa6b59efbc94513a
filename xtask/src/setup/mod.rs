//! `cargo xtask setup`: everything that Pavilion's chores need beyond Rust.
//!
//! In: the machine as it is. Out: the cache folder with a software-Vulkan and OpenXR prefix, a headset's GPU that
//! executes nothing, the validators and cargo-deny, shared by every clone; and the system packages that are still missing, by name. Run again, it looks
//! and is done; interrupted, it goes on where it was.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

pub mod adreno;
pub mod android_tools;
mod apt;
pub mod browser;
pub mod cache;
pub mod cargo_deny;
pub mod launchers;
mod mirror;
pub mod npm;
mod packages;
pub mod prefix;
mod progress;
#[cfg(test)]
mod tests;
pub mod toolchain;
pub mod unpacked;

use adreno::Adreno;
use cache::Cache;
use prefix::Prefix;

/// Make software Vulkan, an OpenXR runtime and the checkers ready in the cache folder.
///
/// Takes 240 MB of download and 680 MB of disk the first time, in $XDG_CACHE_HOME/pavilion or ~/.cache/pavilion.
/// Nothing outside is changed, but root gets missing system packages installed.
#[derive(clap::Args)]
pub struct Arguments {
    /// Remove the cache folder instead.
    #[arg(long)]
    remove: bool,
    /// Print what was found and made as one JSON object.
    #[arg(long)]
    json: bool,
    /// Take packages from this Debian archive and not from the one in /etc/apt.
    #[arg(long, value_name = "URI")]
    mirror: Option<String>,
}

/// What the chores can rely on.
#[derive(Serialize)]
pub struct Report {
    schema: u32,
    cache: PathBuf,
    /// The folder of software Vulkan and OpenXR.
    pub prefix: PathBuf,
    run: PathBuf,
    monado: PathBuf,
    validators: Option<PathBuf>,
    cargo_deny: Option<PathBuf>,
    android_tools: Option<PathBuf>,
    adreno: Option<PathBuf>,
    missing_packages: Vec<&'static str>,
}

/// What becomes of package files once the prefix is made.
#[derive(Clone, Copy, PartialEq)]
pub enum Downloads {
    /// They stay until somebody calls [`prefix::forget_downloads`].
    Keep,
    /// They go.
    Forget,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let cache = Cache::of_user()?;
    if arguments.remove {
        let gone = if cache.remove()? { "removed" } else { "nothing to remove at" };
        eprintln!("setup: {gone} {}", cache.root().display());
        return Ok(());
    }
    let report = everything(&cache, arguments.mirror.as_deref(), Downloads::Forget)?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("software Vulkan and OpenXR: {}", report.prefix.display());
    }
    Ok(())
}

/// Provides all that the checks use.
pub fn everything(cache: &Cache, mirror: Option<&str>, downloads: Downloads) -> Result<Report> {
    let missing_packages = packages::provide()?;
    let prefix = provide_prefix(cache, mirror, downloads)?;
    let adreno = match Adreno::provide(cache, mirror) {
        Ok(adreno) => Some(adreno.root().to_owned()),
        Err(error) => {
            eprintln!("setup: SKIPPED the noop Adreno: {error:#}");
            None
        }
    };
    let lock = cache.lock()?;
    let validators = npm::VALIDATORS.provide(cache)?;
    let cargo_deny = cargo_deny::provide(cache)?;
    let android_tools = android_tools::provide(cache, mirror)?;
    drop(lock);
    Ok(Report {
        schema: 1,
        cache: cache.root().to_owned(),
        run: prefix.run(),
        monado: prefix.monado(),
        prefix: prefix.root().to_owned(),
        validators,
        cargo_deny,
        android_tools: android_tools.map(|tools| tools.root().to_owned()),
        adreno,
        missing_packages,
    })
}

/// Provides what building and drawing need: system packages and the prefix.
pub fn for_running(cache: &Cache, downloads: Downloads) -> Result<Prefix> {
    packages::provide()?;
    provide_prefix(cache, None, downloads)
}

/// The prefix, made now if it is not there.
pub fn provide_prefix(cache: &Cache, mirror: Option<&str>, downloads: Downloads) -> Result<Prefix> {
    if let Some(prefix) = Prefix::find(cache) {
        return Ok(prefix);
    }
    let lock = cache.lock()?;
    // Whoever held the lock before us may have made it.
    let prefix = match Prefix::find(cache) {
        Some(prefix) => prefix,
        None => prefix::make(cache, mirror)?,
    };
    if downloads == Downloads::Forget {
        prefix::forget_downloads(cache)?;
    }
    drop(lock);
    Ok(prefix)
}
