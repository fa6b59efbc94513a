//! `cargo xtask fuzz`: libFuzzer on every reader of what comes from outside, on stable Rust.
//!
//! In: the targets of `src/tests/fuzz`, their seeds, and what was found before. Out: what a reader fails at, as a file in
//! `tests/crashes`, where a test replays it from then on. LLVM's pass that counts what runs is part of every rustc;
//! libFuzzer itself comes with the crate `libfuzzer-sys`, as C++.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::fault::{ChildExit, Environment};
use crate::{process, workspace};

/// The counters and comparisons that libFuzzer follows.
const COUNTING: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// Named, so that build scripts and macros are built as ever.
const SYSTEM: &str = "x86_64-unknown-linux-gnu";

/// Larger inputs are slow to try and say nothing that these do not. The bounds of the targets hold up to here.
const INPUT_BYTES_MAX: usize = 64 << 10;

/// How often it is said how far a search is.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// Search for inputs at which a reader of what comes from outside fails.
///
/// An input must neither panic nor cost more memory or time than its target allows. One that does becomes a file in
/// tests/crashes, which `cargo test` replays: mend the reader and commit both. Ctrl-C ends a search; what it has learnt
/// stays in cargo's target directory.
#[derive(clap::Args)]
pub struct Arguments {
    /// What to search [default: everything]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Of each target.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let search = Search::prepare()?;
    let known = search.targets()?;
    if let Some(strange) = arguments.targets.iter().find(|target| !known.contains(target)) {
        eprintln!("xtask: {strange} is no target: choose of {}", known.join(", "));
        return Err(ChildExit(2).into());
    }
    let wanted = if arguments.targets.is_empty() { &known } else { &arguments.targets };
    search.all(wanted, Duration::from_secs(arguments.seconds))
}

/// All targets, in so much time together.
pub fn check(together: Duration) -> Result<()> {
    let search = Search::prepare()?;
    let targets = search.targets()?;
    search.all(&targets, together / u32::try_from(targets.len())?.max(1))
}

/// The program and the folder of what it begins with and learns.
struct Search {
    program: PathBuf,
    folder: PathBuf,
}

impl Search {
    /// Builds the program and writes the seeds.
    fn prepare() -> Result<Self> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(Environment("libFuzzer is set up for x86-64 Linux only".into()).into());
        }
        if !process::is_installed("c++") {
            return Err(Environment("libFuzzer is C++: install a C++ compiler (Debian: g++)".into()).into());
        }
        let folder = workspace::target()?.join("fuzz");
        eprintln!("fuzz: building (the first time three minutes)");
        let mut build = workspace::cargo();
        build.args(["build", "--quiet", "--release", "--locked", "--manifest-path", "tests/fuzz/Cargo.toml"]);
        build.args(["--target", SYSTEM, "--target-dir"]).arg(folder.join("build"));
        build.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", COUNTING.join("\u{1f}"));
        process::check(&mut build)?;
        let search =
            Self { program: folder.join("build").join(SYSTEM).join("release/pavilion-fuzz"), folder };
        search.write_seeds()?;
        Ok(search)
    }

    fn seeds(&self) -> PathBuf {
        self.folder.join("seeds")
    }

    /// Has the test that replays the seeds write them.
    fn write_seeds(&self) -> Result<()> {
        let seeds = self.seeds();
        if seeds.exists() {
            fs::remove_dir_all(&seeds).with_context(|| format!("cannot remove {}", seeds.display()))?;
        }
        let mut test = workspace::cargo();
        test.args(["test", "--quiet", "--locked", "--lib", "--"]);
        test.arg("seeds_and_what_once_failed").env("PAVILION_FUZZ_SEEDS", &seeds);
        let twin = workspace::target()?.join("demo/baked");
        if twin.join("tileset.json").exists() {
            test.env("PAVILION_DEMO_TWIN", twin);
        }
        process::output(&mut test).map(drop).context("the seeds, or what once failed, fail again")
    }

    /// The names of the targets: each has seeds.
    fn targets(&self) -> Result<Vec<String>> {
        let seeds = self.seeds();
        let entries =
            fs::read_dir(&seeds).with_context(|| format!("there are no seeds in {}", seeds.display()))?;
        let folders = entries.flatten().filter(|entry| entry.path().is_dir());
        let mut names: Vec<String> =
            folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    /// One after the other; what failed is told at the end.
    fn all(&self, targets: &[String], each: Duration) -> Result<()> {
        let mut failed = Vec::new();
        for target in targets {
            if let Some(found) = self.one(target, each)? {
                failed.push(found.display().to_string());
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        bail!("found {}: `cargo test fuzz` fails until the reader is mended; commit both", failed.join(", "))
    }

    /// Searches one target; the input that it failed at, if it did.
    fn one(&self, target: &str, time: Duration) -> Result<Option<PathBuf>> {
        let (learnt, seeds) = (self.folder.join("learnt").join(target), self.seeds().join(target));
        let crashes = workspace::root().join("tests/crashes").join(target);
        fs::create_dir_all(&learnt)?;
        fs::create_dir_all(&crashes)?;
        let before = names_in(&crashes)?;
        let mut command = process::leashed(&self.program);
        command.env("PAVILION_FUZZ_TARGET", target).current_dir(&self.folder);
        command.arg(format!("-max_total_time={}", time.as_secs().max(1)));
        command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
        command.arg(format!("-artifact_prefix={}/", crashes.display()));
        command.args(["-timeout=60", "-rss_limit_mb=4096", "-report_slow_units=60"]);
        let words = seeds.with_extension("words");
        if fs::metadata(&words).is_ok_and(|file| file.len() > 0) {
            command.arg(format!("-dict={}", words.display()));
        }
        command.arg(&learnt).arg(&seeds).arg(&crashes);
        let log = self.folder.join(format!("{target}.log"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let stderr = child.stderr.take().context("libFuzzer has no stderr")?;
        follow(target, BufReader::new(stderr), File::create(&log)?)?;
        let status = child.wait()?;
        let found = names_in(&crashes)?.into_iter().find(|name| !before.contains(name));
        if before.is_empty() && found.is_none() {
            fs::remove_dir(&crashes)?;
        }
        match found {
            Some(found) => Ok(Some(found)),
            None if status.success() => Ok(None),
            None => {
                bail!("{target}: libFuzzer ended with {}, see {}", process::describe(status), log.display())
            }
        }
    }
}

fn names_in(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect())
}

/// Keeps what libFuzzer says, and says in between and at the end how far it is.
fn follow(target: &str, stderr: impl BufRead, mut log: File) -> Result<()> {
    let mut said = Instant::now();
    let mut last = None;
    let mut is_in_panic = false;
    for line in stderr.split(b'\n').map_while(std::io::Result::ok) {
        log.write_all(&line)?;
        log.write_all(b"\n")?;
        let line = String::from_utf8_lossy(&line);
        if let Some(progress) = progress(&line) {
            if said.elapsed() > SAY_EVERY {
                eprintln!("fuzz: {target}: {progress}");
                said = Instant::now();
            }
            last = Some(progress);
        } else if is_in_panic || line.contains("panicked at") {
            // Where, and in the next line what.
            eprintln!("fuzz: {target}: {line}");
            is_in_panic = !is_in_panic;
        }
    }
    if let Some(progress) = last {
        println!("{target}: {progress}");
    }
    Ok(())
}

/// The numbers of a line such as `#417783 DONE cov: 7138 ft: 17731 corp: 1781/6686Kb lim: 28721 exec/s: 19894`.
fn progress(line: &str) -> Option<String> {
    let inputs = line.strip_prefix('#')?.split_whitespace().next()?;
    let after = |name: &str| line.split_whitespace().skip_while(|word| *word != name).nth(1);
    let (places, kept, rate) = (after("cov:")?, after("corp:")?, after("exec/s:")?);
    let kept = kept.split('/').next()?;
    Some(format!("{inputs} inputs tried, {rate} a second; {places} branches reached by {kept} of them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_from_what_libfuzzer_says() {
        let line = "#417783\tDONE   cov: 7138 ft: 17731 corp: 1781/6686Kb lim: 28721 exec/s: 19894 rss: 45Mb";
        let said = "417783 inputs tried, 19894 a second; 7138 branches reached by 1781 of them";
        assert_eq!(progress(line).as_deref(), Some(said));
        assert_eq!(progress("INFO: Running with entropic power schedule (0xFF, 100)."), None);
        assert_eq!(progress("#2\tINITED exec/s: 0 rss: 31Mb"), None);
    }
}
