//! `cargo xtask android-check`: the whole viewer compiled and linked for the headset, on a machine without an NDK.
//!
//! In: this checkout and `symbols.txt`, the list of what Android 10 has. Out: `libpavilion.so`, linked against exactly
//! that list, and what was checked, step by step. It is a check, not a proof: nothing of it runs here.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

mod platform;
mod symbols;
mod verify;

use crate::fault::ChildExit;
use crate::sdk::TARGET;
use crate::setup::cache::Cache;
use crate::workspace;
use platform::Platform;
use symbols::Symbols;

/// How far the check goes, for people and programs alike.
pub const LABEL: &str = "checked, not run on a device";

/// The headset's std and dependencies go into a library that ends where it panics. It is made to be checked, and not
/// to be debugged.
const PROFILE: [&str; 2] = [r#"profile.dev.panic="abort""#, "profile.dev.debug=0"];

/// Compile and link the viewer for Quest-class headsets without an NDK, and check the library.
///
/// Takes 200 MB of download and 750 MB of disk the first time, in $XDG_CACHE_HOME/pavilion or ~/.cache/pavilion, and
/// 1 GB in target/android. What comes out is checked, not run on a device.
#[derive(clap::Args)]
pub struct Arguments {
    /// Print what was checked as one JSON object.
    #[arg(long)]
    json: bool,
}

/// One thing that was checked.
#[derive(Serialize)]
struct Step {
    name: &'static str,
    seconds: f64,
    /// What came out.
    said: String,
}

/// A library that passed.
#[derive(Serialize)]
pub struct Library {
    schema: u32,
    label: &'static str,
    /// As it was linked, with its symbols.
    pub library: PathBuf,
    library_bytes: u64,
    /// The same without symbols, for the APK.
    pub stripped: PathBuf,
    stripped_bytes: u64,
    needed: Vec<String>,
    /// How many symbols of the system it uses.
    system_symbols: usize,
    steps: Vec<Step>,
    seconds: f64,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let library = library(&Cache::of_user()?)?;
    if arguments.json {
        println!("{}", serde_json::to_string(&library)?);
    } else {
        println!("{LABEL}: {}", library.stripped.display());
    }
    Ok(())
}

/// Builds and checks the library.
///
/// # Errors
/// With [`crate::fault::Environment`] where the tools cannot be had.
pub fn library(cache: &Cache) -> Result<Library> {
    let start = Instant::now();
    let mut steps = Steps(Vec::new());
    let symbols = Symbols::committed()?;
    let target = workspace::target()?.join("android");
    let platform = steps.step("tools", || {
        let platform = Platform::provide(cache, &symbols, &target.join("platform"))?;
        let count: usize = symbols.libraries.values().map(|symbols| symbols.len()).sum();
        Ok((platform, format!("Rust, clang and stand-ins for {count} symbols of the system are there")))
    })?;
    steps.step("refusal", || {
        platform.refuses_what_is_not_listed()?;
        Ok(((), "the linker refuses what is not listed".into()))
    })?;
    let library = steps.step("build", || build(&platform, &target))?;
    let stripped = library.with_file_name("libpavilion.stripped.so");
    steps.step("strip", || {
        platform.run_llvm("llvm-strip", &["--strip-all".as_ref(), "-o".as_ref(), &stripped, &library])?;
        Ok(((), format!("{} remain", megabytes(length(&stripped)?))))
    })?;
    let facts = steps.step("verify", || {
        let bytes = fs::read(&stripped).with_context(|| format!("cannot read {}", stripped.display()))?;
        let facts = verify::verify(&bytes, &symbols)?;
        let (count, needed) = (facts.undefined.len(), facts.needed.join(" "));
        Ok((facts, format!("it needs {count} symbols of {needed}, all of them listed")))
    })?;
    Ok(Library {
        schema: 1,
        label: LABEL,
        library_bytes: length(&library)?,
        library,
        stripped_bytes: length(&stripped)?,
        stripped,
        needed: facts.needed,
        system_symbols: facts.undefined.len(),
        steps: steps.0,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// What was done so far.
struct Steps(Vec<Step>);

impl Steps {
    fn step<T>(&mut self, name: &'static str, run: impl FnOnce() -> Result<(T, String)>) -> Result<T> {
        let start = Instant::now();
        let (value, said) = run().with_context(|| format!("android {name}"))?;
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("android: {name:<8} {seconds:7.1} s  {said}");
        self.0.push(Step { name, seconds, said });
        Ok(value)
    }
}

/// Compiles and links std, the dependencies and the viewer.
fn build(platform: &Platform, target: &Path) -> Result<(PathBuf, String)> {
    let mut cargo = platform.cargo(target);
    cargo.args(["rustc", "--locked", "--package", "pavilion", "--lib", "--crate-type", "cdylib"]);
    cargo.args(["--no-default-features", "--features", "viewer,xr", "--target", TARGET]);
    cargo.arg("-Zbuild-std=std,panic_abort");
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    let status = cargo.status().context("cannot start cargo")?;
    if !status.success() {
        // Cargo has said why.
        return Err(ChildExit(1).into());
    }
    let library = target.join(TARGET).join("debug/libpavilion.so");
    let said = format!("libpavilion.so is linked, {}", megabytes(length(&library)?));
    Ok((library, said))
}

fn length(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file).with_context(|| format!("there is no {}", file.display()))?.len())
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
