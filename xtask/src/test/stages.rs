//! The stages, in an order that fails early and compiles each thing once per kind of build.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::tally::Tally;
use super::{pages, validate};
use crate::setup::cache::Cache;
use crate::setup::prefix::Prefix;
use crate::setup::{self, cargo_deny, prefix};
use crate::{android, bench, demo, fault, fuzz, process, windows, workspace};

/// What a stage needs and leaves.
pub struct Context {
    /// The user's cache folder.
    pub cache: Cache,
    /// Counts over all test programs.
    pub tally: Tally,
    /// When the first stage began.
    pub start: Instant,
}

/// How a stage ended that did not fail.
pub enum Outcome {
    /// It checked what it is there for.
    Passed,
    /// It could not, and why.
    Skipped(String),
}

/// One named check.
pub struct Stage {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub serves: &'static str,
    /// Runs it.
    pub run: fn(&mut Context) -> Result<Outcome>,
}

/// All of them.
pub const STAGES: [Stage; 14] = [
    Stage { name: "setup", serves: "software Vulkan, OpenXR and the checkers are there", run: set_up },
    Stage { name: "format", serves: "the sources are formatted", run: format },
    Stage { name: "deny", serves: "licences, sources and advisories of the dependencies", run: deny },
    Stage { name: "clippy", serves: "no lint speaks up", run: clippy },
    Stage { name: "core", serves: "the core builds alone and depends on nothing heavy", run: core },
    Stage { name: "fuzz", serves: "no input does harm, as far as a minute of search goes", run: search },
    Stage { name: "tests", serves: "all tests, on software Vulkan", run: tests },
    Stage { name: "openxr", serves: "a headset, by a real OpenXR runtime", run: openxr },
    Stage { name: "shaders", serves: "what shaders cost on a headset's GPU has not grown", run: shaders },
    Stage { name: "validators", serves: "what is baked is valid to others", run: validate::run },
    Stage { name: "pages", serves: "what is baked opens in web pages by others", run: pages::run },
    Stage { name: "android", serves: "the viewer compiles and links for the headset", run: for_android },
    Stage { name: "windows", serves: "the Windows program links and runs under Wine", run: for_windows },
    Stage { name: "docs", serves: "the docs build without a warning", run: docs },
];

/// How long inputs that do harm are searched for, all readers together.
const SEARCH: Duration = Duration::from_secs(60);

/// After that long the headset's library is not built too, which takes half an hour on so slow a machine: everything
/// together is to end within ninety minutes.
const LATE: Duration = Duration::from_secs(55 * 60);

/// What the core's dependency tree may not hold.
const HEAVY: [&str; 6] = ["wgpu", "openxr", "winit", "tokio", "quinn", "egui"];

impl Context {
    /// Nothing done yet.
    pub fn new(cache: Cache) -> Self {
        Self { cache, tally: Tally::default(), start: Instant::now() }
    }
}

/// Whether what takes long from nothing is to be done too.
fn is_full() -> bool {
    std::env::var_os("CI_FULL").is_some_and(|full| full == "1")
}

/// A cargo subcommand that may not change the lock file.
fn cargo(arguments: &str) -> Command {
    let mut words = arguments.split(' ');
    let mut command = workspace::cargo();
    command.args(words.next()).arg("--locked").args(words);
    command
}

fn set_up(context: &mut Context) -> Result<Outcome> {
    // The test that makes a prefix from nothing finds the downloads when they have just been made.
    let report = setup::everything(&context.cache, None, setup::Downloads::Keep)?;
    eprintln!("software Vulkan and OpenXR: {}", report.prefix.display());
    Ok(Outcome::Passed)
}

fn format(_: &mut Context) -> Result<Outcome> {
    process::check(workspace::cargo().args(["fmt", "--all", "--check"]))?;
    Ok(Outcome::Passed)
}

fn deny(context: &mut Context) -> Result<Outcome> {
    let Some(program) = cargo_deny::find(&context.cache) else {
        return Ok(Outcome::Skipped(
            "cargo-deny is not installed: run `cargo xtask setup` with a network".into(),
        ));
    };
    let check = |of: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(workspace::root()).args(["--locked", "check", "--hide-inclusion-graph"]).args(of);
        command
    };
    process::check(&mut check(&["bans", "licenses", "sources"]))?;
    let output = check(&["advisories"]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    eprint!("{said}");
    if output.status.success() {
        return Ok(Outcome::Passed);
    }
    if said.contains("failed to fetch advisory database") {
        return Ok(Outcome::Skipped(
            "advisories only, their database cannot be reached; the rest is ok".into(),
        ));
    }
    bail!("cargo-deny found an advisory")
}

fn clippy(_: &mut Context) -> Result<Outcome> {
    process::check(&mut cargo("clippy --workspace --all-targets -- -D warnings"))?;
    Ok(Outcome::Passed)
}

fn for_android(context: &mut Context) -> Result<Outcome> {
    let minutes = context.start.elapsed().as_secs() / 60;
    if context.start.elapsed() > LATE && !is_full() {
        return Ok(Outcome::Skipped(format!(
            "the stages before took {minutes} minutes, and this would take half an hour: run `cargo xtask test android`"
        )));
    }
    match android::library(&context.cache) {
        Ok(_) => Ok(Outcome::Passed),
        Err(error) if fault::code(&error) == 3 => Ok(Outcome::Skipped(format!("{error:#}"))),
        Err(error) => Err(error),
    }
}

fn for_windows(context: &mut Context) -> Result<Outcome> {
    if !is_full() {
        return Ok(Outcome::Skipped(
            "it takes ten minutes from nothing: set CI_FULL=1 to have it run".into(),
        ));
    }
    match windows::check(&context.cache) {
        Ok(_) => Ok(Outcome::Passed),
        Err(error) if fault::code(&error) == 3 => Ok(Outcome::Skipped(format!("{error:#}"))),
        Err(error) => Err(error),
    }
}

fn docs(_: &mut Context) -> Result<Outcome> {
    process::check(cargo("doc --no-deps --workspace").env("RUSTDOCFLAGS", "-Dwarnings"))?;
    Ok(Outcome::Passed)
}

fn core(context: &mut Context) -> Result<Outcome> {
    let tree =
        process::output(&mut cargo("tree --package pavilion --no-default-features -e normal --prefix none"))?;
    let heavy = heavy_of(&tree);
    if !heavy.is_empty() {
        bail!("the core depends on {}", heavy.join(", "));
    }
    process::check(&mut cargo("clippy --no-default-features --lib --tests -- -D warnings"))?;
    if is_full() {
        return counted(context, &mut cargo("test --no-default-features --lib -- --show-output"));
    }
    eprintln!("core: its tests are among all of them; that they pass alone too is tried with CI_FULL=1");
    Ok(Outcome::Passed)
}

/// The heavy crates of a tree, one `name version` a line.
fn heavy_of(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let is_heavy = |name: &&str| HEAVY.iter().any(|heavy| name.split(['-', '_']).next() == Some(heavy));
    names.filter(is_heavy).collect()
}

fn search(_: &mut Context) -> Result<Outcome> {
    match fuzz::check(SEARCH) {
        Ok(()) => Ok(Outcome::Passed),
        Err(error) if fault::code(&error) == 3 => Ok(Outcome::Skipped(format!("{error:#}"))),
        Err(error) => Err(error),
    }
}

fn tests(context: &mut Context) -> Result<Outcome> {
    let mut command = on_prefix(
        context,
        "test --workspace --no-fail-fast -- --show-output --skip under_monado --skip noop_adreno",
    )?;
    let downloads = prefix::downloads(&context.cache);
    if downloads.exists() {
        command.env("PAVILION_SETUP_DOWNLOADS", downloads);
    }
    counted(context, &mut command)
}

fn openxr(context: &mut Context) -> Result<Outcome> {
    if Prefix::find(&context.cache).is_none() {
        return Ok(Outcome::Skipped("no OpenXR runtime is set up: run `cargo xtask setup`".into()));
    }
    process::check(&mut cargo("build --package pavilion-faults"))?;
    let mut command = on_prefix(context, "test --test openxr -- --show-output under_monado")?;
    command.env("PAVILION_FAULTS", workspace::target()?.join("debug").join("libpavilion_faults.so"));
    let program = workspace::build_pavilion(false)?;
    command.env("PAVILION_DEMO_TWIN", demo::provide_twin(&program)?);
    counted(context, &mut command)
}

fn shaders(context: &mut Context) -> Result<Outcome> {
    match bench::shaders::check(&context.cache) {
        Ok(None) => Ok(Outcome::Passed),
        Ok(Some(reason)) => Ok(Outcome::Skipped(reason)),
        Err(error) if fault::code(&error) == 3 => Ok(Outcome::Skipped(format!("{error:#}"))),
        Err(error) => Err(error),
    }
}

/// A cargo command whose programs run on the prefix and find the demo venue.
fn on_prefix(context: &Context, arguments: &str) -> Result<Command> {
    let mut command = cargo(arguments);
    command.env("PAVILION_DEMO_VENUE", demo::provide_venue()?);
    match Prefix::find(&context.cache) {
        Some(prefix) => {
            command.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", prefix.run());
        }
        None => eprintln!("there is no prefix: tests that draw use the system's driver or skip"),
    }
    Ok(command)
}

/// Runs test programs, passing on and counting what they print.
fn counted(context: &mut Context, command: &mut Command) -> Result<Outcome> {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("cannot start cargo")?;
    let tally = Mutex::new(std::mem::take(&mut context.tally));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| -> Result<()> {
        let forward = std::thread::Builder::new().name("stderr of the tests".into());
        forward.spawn_scoped(scope, || {
            stderr.map(|stream| pass_on(stream, &tally, |line| eprintln!("{line}")))
        })?;
        if let Some(stream) = stdout {
            pass_on(stream, &tally, |line| println!("{line}"));
        }
        Ok(())
    })?;
    context.tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    let status = child.wait()?;
    if !status.success() {
        bail!("cargo test ended with {}", process::describe(status));
    }
    Ok(Outcome::Passed)
}

fn pass_on(stream: impl Read, tally: &Mutex<Tally>, print: impl Fn(&str)) {
    for line in BufReader::new(stream).split(b'\n').map_while(std::io::Result::ok) {
        let line = String::from_utf8_lossy(&line);
        print(&line);
        tally.lock().unwrap_or_else(PoisonError::into_inner).line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heavy_crate_is_found_under_any_of_its_names() {
        let tree = "pavilion v0.1.0 (/p)\nglam v0.33.0\nwgpu-hal v30.0.0\negui_wgpu v1.0.0\nquinn v0.11.12 (*)\nwinitial v1.0.0";
        assert_eq!(heavy_of(tree), ["wgpu-hal", "egui_wgpu", "quinn"]);
        assert_eq!(heavy_of("pavilion v0.1.0\nblake3 v1.8.0"), Vec::<&str>::new());
    }
}
