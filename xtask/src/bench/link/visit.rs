//! A visit at the other end of the wire, and what was drawn in it when.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Arguments;
use super::route::{self, Point};
use super::wire::{End, HOST, Wire};
use crate::process::{self, Leash};
use crate::setup::browser::Browser;
use crate::setup::cache::Cache;
use crate::setup::npm::{self, VIEWERS};
use crate::setup::prefix::Prefix;
use crate::setup::{self, Downloads};
use crate::{demo, run, workspace};

/// How often the wire's bytes are read.
const TICK: Duration = Duration::from_millis(20);

/// Pixels of a side.
const SIDE: u32 = 640;

/// The vertical field of view of `pavilion view --headless`.
const FOV_RADIANS: f64 = 1.396;

/// What was drawn at a time, and what had come over the wire by then.
pub struct Sample {
    /// Since the visit began.
    pub seconds: f64,
    /// Numbers or names of tiles.
    pub tiles: Value,
    /// With all headers.
    pub bytes: u64,
}

/// Who visits.
#[derive(Clone, Copy)]
pub enum Viewer {
    /// `pavilion view --headless` by QUIC.
    Ours,
    /// 3DTilesRendererJS by HTTP, at its usual error of 16 pixels.
    Theirs,
}

impl Viewer {
    /// In rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Theirs => "3d-tiles-renderer",
        }
    }
}

/// Everything that visits need.
pub struct Visits<'a> {
    /// The baked folder that the host serves.
    pub twin: PathBuf,
    wire: &'a Wire,
    folder: &'a Path,
    way: PathBuf,
    prefix: Prefix,
    program: PathBuf,
    browser: Browser,
    viewers: Option<PathBuf>,
    link: String,
    http: String,
    _host: Leash,
}

impl<'a> Visits<'a> {
    /// Builds, bakes, and starts the host at its end.
    pub fn prepare(arguments: &Arguments, wire: &'a Wire, folder: &'a Path, way: &[Point]) -> Result<Self> {
        let cache = Cache::of_user()?;
        let prefix = setup::for_running(&cache, Downloads::Forget)?;
        let browser = Browser::provide(&cache)?;
        let lock = cache.lock()?;
        let viewers = VIEWERS.provide(&cache)?;
        drop(lock);
        if viewers.is_none() {
            eprintln!("SKIPPED 3DTilesRendererJS: it takes npm, and a network once");
        }
        let program = workspace::build_pavilion(arguments.release)?;
        let twin = demo::provide_twin(&program)?;
        let way_file = folder.join("way.jsonl");
        fs::write(&way_file, route::lines(way))?;
        let (host, link, http) = start_host(wire, &program, &twin, folder)?;
        Ok(Self {
            twin,
            wire,
            folder,
            way: way_file,
            prefix,
            program,
            browser,
            viewers,
            link,
            http,
            _host: host,
        })
    }

    /// Who can visit here.
    pub fn viewers(&self) -> Vec<Viewer> {
        let theirs = self.viewers.is_some().then_some(Viewer::Theirs);
        [Viewer::Ours].into_iter().chain(theirs).collect()
    }

    /// One visit, with nothing of the twin at hand.
    pub fn make(&self, viewer: Viewer, way: &[Point]) -> Result<Vec<Sample>> {
        match viewer {
            Viewer::Ours => self.visit_as_ours(),
            Viewer::Theirs => self.visit_as_theirs(way),
        }
    }

    fn visit_as_ours(&self) -> Result<Vec<Sample>> {
        let (trace, cache) = (self.folder.join("trace.jsonl"), self.folder.join("cache"));
        if cache.exists() {
            fs::remove_dir_all(&cache)?;
        }
        let mut view = run::on_prefix(&self.prefix, &self.program);
        view.env("PAVILION_CACHE", &cache).args(["view", &self.link, "--headless", "--size"]);
        view.arg(format!("{SIDE}x{SIDE}")).arg("--follow").arg(&self.way).arg("--trace").arg(&trace);
        let began = unix_seconds();
        let bytes = self.counting(self.wire.inside(End::Viewer, &view).stdout(Stdio::null()))?;
        let text = fs::read_to_string(&trace).with_context(|| format!("cannot read {}", trace.display()))?;
        let lines = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
        let in_twin = lines.into_iter().filter(|line| line["place"] == "twin");
        Ok(samples(in_twin, began, &bytes))
    }

    fn visit_as_theirs(&self, way: &[Point]) -> Result<Vec<Sample>> {
        let viewers = self.viewers.as_ref().context("it is not installed")?;
        let heads: Vec<Value> = way
            .iter()
            .map(|point| json!({ "seconds": point.seconds, "feet": point.feet.to_array(), "yaw_degrees": point.yaw_degrees }))
            .collect();
        let out = self.folder.join("theirs.jsonl");
        let settings = json!({
            "browser": self.browser.program(),
            "libraries": self.browser.library_path(),
            "host": self.http,
            "viewers": viewers,
            "out": out,
            "way": heads,
            "view": { "fov_radians": FOV_RADIANS, "width": SIDE, "height": SIDE },
        });
        let file = self.folder.join("settings.json");
        fs::write(&file, settings.to_string())?;
        let mut node = npm::node(viewers, &workspace::root().join("xtask/pages/follow.cjs"));
        let bytes = self.counting(&mut self.wire.inside(End::Viewer, node.arg(file)))?;
        let text = fs::read_to_string(&out).with_context(|| format!("cannot read {}", out.display()))?;
        let mut lines = text.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
        let began = lines.first().and_then(|line| line["began_unix_seconds"].as_f64());
        lines.remove(0);
        Ok(samples(lines.into_iter(), began.context("it does not say when it began")?, &bytes))
    }

    /// Runs the command, and says what had come over the wire when.
    fn counting(&self, command: &mut Command) -> Result<Vec<(f64, u64)>> {
        let before = self.wire.received_bytes()?;
        let is_over = AtomicBool::new(false);
        let (ended, counts) = std::thread::scope(|scope| {
            let counter = std::thread::Builder::new().spawn_scoped(scope, || {
                let mut counts = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    if let Ok(bytes) = self.wire.received_bytes() {
                        counts.push((unix_seconds(), bytes - before));
                    }
                    std::thread::sleep(TICK);
                }
                counts
            });
            let ended = process::check(command);
            is_over.store(true, Ordering::Relaxed);
            (ended, counter.map(|counter| counter.join().unwrap_or_default()))
        });
        ended?;
        Ok(counts?)
    }
}

fn samples(lines: impl Iterator<Item = Value>, began: f64, bytes: &[(f64, u64)]) -> Vec<Sample> {
    lines
        .map(|line| {
            let seconds = line["seconds"].as_f64().unwrap_or_default();
            let before = bytes.partition_point(|(at, _)| *at <= began + seconds);
            let bytes = before.checked_sub(1).and_then(|last| bytes.get(last)).map_or(0, |(_, bytes)| *bytes);
            Sample { seconds, tiles: line["tiles"].clone(), bytes }
        })
        .collect()
}

fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The host at its end, its join link, and its origin for HTTP.
fn start_host(wire: &Wire, program: &Path, twin: &Path, folder: &Path) -> Result<(Leash, String, String)> {
    let mut command = Command::new(program);
    command.arg("host").arg(twin).args([
        "--listen",
        &format!("{HOST}:0"),
        "--http",
        &format!("{HOST}:0"),
        "--json",
    ]);
    command.arg("--identity").arg(folder.join("identity"));
    let mut inside = wire.inside(End::Host, &command);
    let mut host = Leash(inside.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let mut line = String::new();
    // It prints one line, or ends and so closes the pipe.
    BufReader::new(host.0.stdout.take().context("the host has no stdout")?).read_line(&mut line)?;
    let facts: Value = serde_json::from_str(&line).context("the host did not say where it is")?;
    let link = facts["link"].as_str().context("the host has no link")?.to_owned();
    let http = facts["http"].as_str().and_then(|url| url.strip_suffix("/tileset.json"));
    Ok((host, link, http.context("the host serves no HTTP")?.to_owned()))
}
