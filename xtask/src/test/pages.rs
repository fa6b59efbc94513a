//! The `pages` stage: the baked demo venue in web pages by others, on a browser that draws by the CPU.
//!
//! CesiumJS and 3DTilesRendererJS load every tile from `pavilion host --http`; what they draw lies beside our own picture
//! of the same view.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::stages::{Context, Outcome};
use crate::process::Leash;
use crate::setup::browser::Browser;
use crate::setup::npm::{self, VIEWERS};
use crate::setup::prefix::Prefix;
use crate::{demo, fault, process, run, workspace};

/// Pixels of a side of each picture.
const SIDE: u32 = 640;

/// The vertical field of view of `pavilion view --headless`.
const FOV_RADIANS: f64 = 1.396;

/// Runs the stage.
pub fn run(context: &mut Context) -> Result<Outcome> {
    let skipped = |reason: &str| Ok(Outcome::Skipped(reason.into()));
    let Some(prefix) = Prefix::find(&context.cache) else {
        return skipped("there is no software Vulkan to draw our own picture: run `cargo xtask setup`");
    };
    let browser = match Browser::provide(&context.cache) {
        Ok(browser) => browser,
        Err(error) if fault::code(&error) == 3 => return Ok(Outcome::Skipped(format!("{error:#}"))),
        Err(error) => return Err(error),
    };
    let lock = context.cache.lock()?;
    let viewers = VIEWERS.provide(&context.cache)?;
    drop(lock);
    let Some(viewers) = viewers else {
        return skipped("the viewers by others cannot be installed: it takes npm, and a network once");
    };
    let program = workspace::build_pavilion(false)?;
    let twin = demo::provide_twin(&program)?;
    let folder = workspace::target()?.join("pages");
    fs::create_dir_all(&folder).with_context(|| format!("cannot write {}", folder.display()))?;
    let (ours, head) = draw(&prefix, &program, &twin, &folder)?;
    let (_host, origin) = start_host(&program, &twin, &folder)?;
    let settings = json!({
        "browser": browser.program(),
        "libraries": browser.library_path(),
        "twin": twin,
        "host": origin,
        "viewers": viewers,
        "pictures": folder,
        "ours": ours,
        "view": {
            "position": head["position"],
            "orientation": head["orientation"],
            "fov_radians": FOV_RADIANS,
            "width": SIDE,
            "height": SIDE,
        },
    });
    let file = folder.join("settings.json");
    fs::write(&file, format!("{settings:#}\n"))?;
    process::check(npm::node(&viewers, &workspace::root().join("xtask/pages/open.cjs")).arg(file))?;
    Ok(Outcome::Passed)
}

/// Our own picture of where a visitor first stands, and the head that sees it.
fn draw(prefix: &Prefix, program: &Path, twin: &Path, folder: &Path) -> Result<(PathBuf, Value)> {
    let trace = folder.join("visit.jsonl");
    let size = format!("{SIDE}x{SIDE}");
    let mut view = run::on_prefix(prefix, program);
    view.env("PAVILION_CACHE", folder.join("cache"));
    view.arg("view").arg(twin).args(["--headless", "--frames", "1", "--size", &size]);
    process::check(view.arg("--shot").arg(folder).arg("--trace").arg(&trace).stdout(std::io::stderr()))?;
    let text = fs::read_to_string(&trace).with_context(|| format!("cannot read {}", trace.display()))?;
    let last: Value = serde_json::from_str(text.lines().last().context("the trace is empty")?)?;
    if !last["head"].is_object() {
        bail!("{} does not say where the head was", trace.display());
    }
    Ok((folder.join("left.png"), last["head"].clone()))
}

/// A host that serves the twin over HTTP, and at which origin.
fn start_host(program: &Path, twin: &Path, folder: &Path) -> Result<(Leash, String)> {
    let mut command = process::leashed(program);
    command.arg("host").arg(twin).args(["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--json"]);
    command.arg("--identity").arg(folder.join("identity")).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut host = Leash(command.spawn()?);
    let mut line = String::new();
    // It prints one line, or ends and so closes the pipe.
    BufReader::new(host.0.stdout.take().context("the host has no stdout")?).read_line(&mut line)?;
    let facts: Value = serde_json::from_str(&line).context("the host did not say where it is")?;
    let url = facts["http"].as_str().and_then(|url| url.strip_suffix("/tileset.json"));
    Ok((host, url.context("the host serves no HTTP")?.to_owned()))
}
