//! cargo-deny, which checks licences, sources and advisories of the dependencies.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::cache::Cache;
use crate::{process, workspace};

/// The version that `deny.toml` is written for.
const VERSION: &str = "0.20.2";

/// The program, if it is on the search path or in the cache.
pub fn find(cache: &Cache) -> Option<PathBuf> {
    if process::is_installed("cargo-deny") {
        return Some(PathBuf::from("cargo-deny"));
    }
    let program = cache.join(&name()).join("bin/cargo-deny");
    program.exists().then_some(program)
}

/// Builds it where absent; the caller holds the cache's lock. `None`, with a reason printed, where it cannot be.
pub fn provide(cache: &Cache) -> Result<Option<PathBuf>> {
    if let Some(program) = find(cache) {
        return Ok(Some(program));
    }
    eprintln!(
        "setup: building cargo-deny, which checks licences and sources of the dependencies (two minutes, once)"
    );
    let build = cache.join("cargo-deny-build");
    let mut cargo = process::leashed(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Unoptimised: built in a third of the time, and a check still takes seconds.
    cargo.args(["install", "--locked", "--debug", "--quiet", "cargo-deny", "--version", VERSION]);
    cargo.arg("--root").arg(cache.join(&name())).arg("--target-dir").arg(&build);
    if let Err(error) = process::output(cargo.current_dir(workspace::root())) {
        eprintln!("setup: SKIPPED cargo-deny: {error:#}");
        return Ok(None);
    }
    fs::remove_dir_all(&build)?;
    cache.remove_others("cargo-deny-", Some(&name()))?;
    Ok(find(cache))
}

fn name() -> String {
    format!("cargo-deny-{VERSION}")
}
