//! `pavilion.exe` under Wine: what a person would do with it that needs no GPU.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::limited::{Group, Said, limited};
use super::tools::Tools;
use super::twin::TRIANGLES;
use crate::process;
use crate::setup::cache::Cache;

/// One start of a program: Wine alone takes 1.5 s of it on an idle machine.
const START: Duration = Duration::from_secs(120);
/// Baking the small twin.
const BAKE: Duration = Duration::from_secs(600);

/// Wine with a folder for one check; both are cleared when it goes.
pub struct Wine<'a> {
    tools: &'a Tools,
    folder: PathBuf,
    /// One check at a time: ending ends all that runs in this Wine.
    _lock: File,
}

impl<'a> Wine<'a> {
    /// Waits until no other check uses it. Files of this check go into a folder in `target`.
    pub fn start(tools: &'a Tools, cache: &Cache, target: &Path) -> Result<Self> {
        let lock = File::create(cache.join("wine.lock"))?;
        lock.lock()?;
        let folder = target.join("wine-check");
        // What a killed check has left.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { tools, folder, _lock: lock })
    }

    /// Where files of this check may lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// It starts and knows its version.
    pub fn version(&self, program: &Path) -> Result<String> {
        let said = self.run(program, &["--version".into()], START)?;
        let version = said.stdout.trim().to_owned();
        ensure!(version == format!("pavilion {}", env!("CARGO_PKG_VERSION")), "it calls itself “{version}”");
        Ok(version)
    }

    /// It reads a glTF file with a buffer beside it.
    pub fn inspect(&self, program: &Path, twin: &Path) -> Result<String> {
        let facts = self.json(program, &["inspect".into(), of_windows(twin), "--json".into()], START)?;
        let triangles = number(&facts, "triangles")?;
        ensure!(triangles == TRIANGLES, "it counts {triangles} triangles, not {TRIANGLES}");
        Ok(format!("{triangles} triangles in a glTF file, as many as were written"))
    }

    /// It bakes the file, and finds in the folder what it has baked.
    pub fn bake(&self, program: &Path, twin: &Path) -> Result<(PathBuf, String)> {
        let baked = self.folder.join("baked");
        self.json(program, &["bake".into(), of_windows(twin), of_windows(&baked), "--json".into()], BAKE)?;
        let facts = self.json(program, &["inspect".into(), of_windows(&baked), "--json".into()], START)?;
        let (tiles, triangles) = (number(&facts, "tiles")?, number(&facts, "triangles_finest")?);
        ensure!(tiles > 1, "it has baked {tiles} tiles");
        ensure!(triangles == TRIANGLES, "its finest tiles have {triangles} triangles, not {TRIANGLES}");
        let listed = number(&facts, "bytes")?;
        let manifest =
            fs::metadata(baked.join("manifest.pavilion")).context("it has baked no manifest")?.len();
        Ok((baked, format!("{tiles} tiles, {listed} bytes and a manifest of {manifest}")))
    }

    /// A host lets a visitor in, who fetches the first view, then everything, then nothing twice.
    pub fn visit(&self, program: &Path, baked: &Path) -> Result<String> {
        let facts = self.json(program, &["inspect".into(), of_windows(baked), "--json".into()], START)?;
        let manifest = fs::metadata(baked.join("manifest.pavilion"))?.len();
        let all = number(&facts, "bytes")? + manifest;
        let host = self.host(program, baked)?;
        let link = host.link.as_str();
        let fetch = |more: &[&str]| -> Result<Value> {
            let words: Vec<_> =
                [&["fetch", link, "--json"], more].concat().iter().map(OsString::from).collect();
            self.json(program, &words, START)
        };
        let view = fetch(&["--first-view"])?;
        let view_bytes = number(&view, "bytes_received")?;
        ensure!(number(&view, "tiles")? > 0 && view_bytes > manifest, "the first view is empty: {view}");
        let rest = fetch(&[])?;
        let (came, was_here) = (number(&rest, "bytes_received")?, number(&rest, "bytes_from_cache")?);
        ensure!(
            came + was_here == all && was_here == view_bytes,
            "{all} bytes are hosted: {view}, then {rest}"
        );
        let again = fetch(&[])?;
        ensure!(number(&again, "bytes_received")? == 0, "what is here came again: {again}");
        let sockets = if host.has_plain_socket()? { "plain sockets" } else { "quinn's sockets" };
        Ok(format!("{view_bytes} bytes of the first view, then all {all}, over {sockets}"))
    }

    fn host(&self, program: &Path, baked: &Path) -> Result<Host> {
        let words =
            ["host".into(), of_windows(baked), "--listen".into(), "127.0.0.1:0".into(), "--json".into()];
        let mut command = self.command(program, &words);
        let mut group = Group::start(command.env("PAVILION_LOG", "pavilion=info"), &self.folder)?;
        let start = Instant::now();
        loop {
            let [stdout, stderr] = group.said()?;
            // Its one line is whole once it ends.
            if let Some((line, _)) = stdout.split_once('\n') {
                let facts: Value = serde_json::from_str(line).context("the host prints no JSON")?;
                let link = facts["link"].as_str().context("the host prints no link")?.to_owned();
                return Ok(Host { group, link });
            }
            if group.ended()?.is_some() || start.elapsed() > START {
                bail!("the host prints no join link: {}", process::last_lines(&stderr, 3));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn json(&self, program: &Path, words: &[OsString], limit: Duration) -> Result<Value> {
        let said = self.run(program, words, limit)?;
        serde_json::from_str(&said.stdout).with_context(|| format!("it prints no JSON: {}", said.stdout))
    }

    /// Runs it and expects success.
    fn run(&self, program: &Path, words: &[OsString], limit: Duration) -> Result<Said> {
        let name = words.first().cloned().unwrap_or_default();
        let name = name.to_string_lossy();
        let said = limited(&mut self.command(program, words), &self.folder, limit)
            .with_context(|| format!("pavilion.exe {name}"))?;
        ensure!(said.code == Some(0), "pavilion.exe {name} failed, {}", said.last_words());
        Ok(said)
    }

    fn command(&self, program: &Path, words: &[OsString]) -> Command {
        let mut command = process::leashed(self.tools.run_script());
        command.arg(program).args(words).current_dir(&self.folder);
        for (name, folder) in [("PAVILION_CACHE", "cache"), ("PAVILION_DATA", "data")] {
            command.env(name, of_windows(&self.folder.join(folder)));
        }
        command
    }
}

impl Drop for Wine<'_> {
    fn drop(&mut self) {
        // It fails when nothing runs any more.
        let _ = self.tools.stop_everything().output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A host under Wine; it ends with its owner.
struct Host {
    group: Group,
    link: String,
}

impl Host {
    fn has_plain_socket(&self) -> Result<bool> {
        let [_, stderr] = self.group.said()?;
        Ok(stderr.contains("UDP without ECN"))
    }
}

/// A path as Windows programs see it: Wine shows the whole system as drive Z.
fn of_windows(path: &Path) -> OsString {
    format!("Z:{}", path.display().to_string().replace('/', "\\")).into()
}

fn number(facts: &Value, name: &str) -> Result<u64> {
    facts[name].as_u64().with_context(|| format!("there is no {name} in {facts}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_said_in_windows_words() {
        assert_eq!(of_windows(Path::new("/a/b c/d.gltf")), OsString::from(r"Z:\a\b c\d.gltf"));
    }
}
