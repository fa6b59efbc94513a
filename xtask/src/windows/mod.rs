//! `cargo xtask windows-check`: Pavilion built for Windows, and what needs no GPU run under Wine.
//!
//! In: this checkout. Out: `pavilion.exe` in a target folder of its own, and what was checked, step by step. It is a
//! check, not a proof: Wine is not Windows, and nothing is drawn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;

mod imports;
mod limited;
mod pe;
mod tools;
mod twin;
mod wine;

use crate::fault::ChildExit;
use crate::setup::cache::Cache;
use crate::{process, workspace};
use tools::{TARGET, Tools};
use wine::Wine;

/// From nothing and with other builds beside it; on an idle machine of two cores it is a quarter of that.
const BUILD: Duration = Duration::from_secs(3600);
/// The core's tests take seconds natively.
const TESTS: Duration = Duration::from_secs(1800);

/// Rust's std from its sources, with what tests need, so that both builds have the same.
const STD: &str = "-Zbuild-std=std,panic_unwind,test";

/// Nobody debugs this build or waits for what it computes: it is to be made fast.
const PROFILE: [&str; 2] = ["profile.dev.debug=0", r#"profile.dev.package."*".opt-level=0"#];

/// Build Pavilion for Windows and run under Wine what needs no GPU.
///
/// Takes 300 MB of download and 3 GB of disk the first time, in $XDG_CACHE_HOME/pavilion or ~/.cache/pavilion, and 2 GB
/// in target/windows. Nothing is installed.
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

/// What was checked.
#[derive(Serialize)]
pub struct Report {
    schema: u32,
    program: PathBuf,
    steps: Vec<Step>,
    seconds: f64,
    /// User and system time of all programs that were started.
    cpu_seconds: Option<f64>,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let report = check(&Cache::of_user()?)?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("built for Windows and run under Wine, not on Windows: {}", report.program.display());
    }
    Ok(())
}

/// Runs all steps; the first that fails ends it.
///
/// # Errors
/// With [`crate::fault::Environment`] where the tools cannot be had.
pub fn check(cache: &Cache) -> Result<Report> {
    let start = Instant::now();
    let mut steps = Steps(Vec::new());
    let tools = steps.step("tools", || {
        let tools = Tools::provide(cache)?;
        Ok((tools, "Rust with its sources, mingw-w64 and Wine are there".into()))
    })?;
    let target = workspace::target()?.join("windows");
    let program = steps.step("build", || build(&tools, &target))?;
    steps.step("imports", || {
        let file = fs::read(&program).with_context(|| format!("cannot read {}", program.display()))?;
        Ok(((), imports::check(&file)?))
    })?;

    let wine = Wine::start(&tools, cache, &target)?;
    let twin = twin::write(wine.folder())?;
    steps.step("version", || Ok(((), wine.version(&program)?)))?;
    steps.step("inspect", || Ok(((), wine.inspect(&program, &twin)?)))?;
    let baked = steps.step("bake", || wine.bake(&program, &twin))?;
    steps.step("visit", || Ok(((), wine.visit(&program, &baked)?)))?;
    steps.step("core", || Ok(((), test_core(&tools, &target)?)))?;
    drop(wine);
    Ok(Report {
        schema: 1,
        program,
        steps: steps.0,
        seconds: start.elapsed().as_secs_f64(),
        cpu_seconds: cpu_seconds(),
    })
}

/// What was done so far.
struct Steps(Vec<Step>);

impl Steps {
    fn step<T>(&mut self, name: &'static str, run: impl FnOnce() -> Result<(T, String)>) -> Result<T> {
        let start = Instant::now();
        let (value, said) = run().with_context(|| format!("windows {name}"))?;
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("windows: {name:<8} {seconds:7.1} s  {said}");
        self.0.push(Step { name, seconds, said });
        Ok(value)
    }
}

/// A cargo command for Windows.
fn cargo(tools: &Tools, target: &Path, words: &[&str]) -> Command {
    let mut command = tools.cargo(target);
    command.args(words).args(["--locked", STD, "--target", TARGET, "--package", "pavilion"]);
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    command
}

/// Links the viewer and the host with all features.
fn build(tools: &Tools, target: &Path) -> Result<(PathBuf, String)> {
    let mut command = cargo(tools, target, &["build", "--bin", "pavilion"]);
    wait_for(&mut command, BUILD)?;
    let program = target.join(TARGET).join("debug/pavilion.exe");
    let megabytes = fs::metadata(&program).context("cargo has built no pavilion.exe")?.len() / 1_000_000;
    Ok((program, format!("pavilion.exe is linked, {megabytes} MB with its symbols")))
}

/// The core's own tests, through Wine.
fn test_core(tools: &Tools, target: &Path) -> Result<String> {
    let mut command = cargo(tools, target, &["test", "--no-default-features", "--lib", "--no-run"]);
    wait_for(&mut command, BUILD)?;
    let mut command = cargo(tools, target, &["test", "--no-default-features", "--lib"]);
    let said = limited::limited(&mut command, target, TESTS)?;
    let result = said.stdout.lines().rfind(|line| line.starts_with("test result: "));
    match result {
        Some(result) if said.code == Some(0) => Ok(result.trim_start_matches("test result: ").to_owned()),
        _ => {
            eprintln!("{}{}", said.stdout, said.stderr);
            bail!("the core's tests failed under Wine: {}", result.unwrap_or("they came to no result"))
        }
    }
}

/// Runs a cargo that speaks for itself, at most `limit`.
fn wait_for(command: &mut Command, limit: Duration) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let mut child = process::Leash(command.process_group(0).stdin(Stdio::null()).spawn()?);
    let start = Instant::now();
    loop {
        match child.0.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(_) => return Err(ChildExit(1).into()),
            None if start.elapsed() > limit => {
                let group = format!("-{}", child.0.id());
                process::check(Command::new("kill").args(["-KILL", "--", &group]))?;
                bail!("cargo had not ended after {} s and was stopped", limit.as_secs());
            }
            None => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// User and system time of the children that have ended, as the kernel counts it.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let ticks_a_second: f64 =
        process::output(Command::new("getconf").arg("CLK_TCK")).ok()?.trim().parse().ok()?;
    children_ticks(&stat).map(|ticks| ticks as f64 / ticks_a_second)
}

/// Fields 16 and 17 of `/proc/self/stat`; the second field, a name in brackets, may hold anything.
fn children_ticks(stat: &str) -> Option<u64> {
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(field(16)? + field(17)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_children_is_read_behind_a_name_with_brackets() {
        let stat = "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 1300 77 20 0";
        assert_eq!(children_ticks(stat), Some(1377));
        assert_eq!(children_ticks("42 (a) S 1"), None);
    }
}
