//! `cargo xtask demo`: the whole program on one machine, from nothing.
//!
//! In: a checkout. Out: a window that walks into the demo venue or, without a display, a picture per eye and a report.
//! The venue is made when missing or older than the code that makes it, and baked as far as it has changed; a host
//! serves it over loopback; a viewer fetches it. The host ends with the chore, whichever way that ends.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};

use crate::process::{self, Leash};
use crate::setup::cache::Cache;
use crate::setup::{self, Downloads};
use crate::venue::Make;
use crate::{run, workspace};

/// How long a host may take to print its link.
const HOST_START: Duration = Duration::from_secs(60);

/// Bake the demo venue, host it and walk in, on software Vulkan.
///
/// Opens a window where there is a display. Without one, or with --headless, it draws 60 frames, writes a picture per
/// eye and prints a report. WASD and the mouse walk.
#[derive(clap::Args)]
pub struct Arguments {
    /// Open no window.
    #[arg(long)]
    headless: bool,
    /// Folder for the pictures [default: demo/pictures in cargo's target directory]
    #[arg(long, value_name = "DIR")]
    shot: Option<PathBuf>,
    /// Print the report as JSON; implies --headless.
    #[arg(long)]
    json: bool,
    /// Build optimised: minutes longer to build, several times faster to bake and draw.
    #[arg(long)]
    release: bool,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let prefix = setup::for_running(&Cache::of_user()?, Downloads::Forget)?;
    let program = workspace::build_pavilion(arguments.release)?;
    let folder = workspace::target()?.join("demo");
    fs::create_dir_all(&folder).with_context(|| format!("cannot write {}", folder.display()))?;
    let baked = provide_twin(&program)?;
    let (_host, link) = start_host(&program, &baked, &folder)?;
    eprintln!("demo: hosting {link}");
    // Emptied, so that the whole venue comes over the wire each time.
    let cache = folder.join("cache");
    remove_if_there(&cache)?;
    let mut view = run::on_prefix(&prefix, &program);
    view.env("PAVILION_CACHE", &cache).args(["view", &link]);
    if arguments.headless || arguments.json || !has_display() {
        view.args(["--headless", "--walk", "--frames", "60", "--size", "640x640", "--shot"]);
        view.arg(arguments.shot.clone().unwrap_or_else(|| folder.join("pictures")));
    } else if let Some(shot) = &arguments.shot {
        view.arg("--shot").arg(shot);
    }
    if arguments.json {
        view.arg("--json");
    }
    run::pass_on(view.status()?)
}

/// The demo venue, made now if it is missing or older than this program.
pub fn provide_venue() -> Result<PathBuf> {
    let venue = workspace::target()?.join("demo/venue.glb");
    #[expect(
        clippy::disallowed_methods,
        reason = "xtask never runs on the prefix, whose loader would be named"
    )]
    let maker = std::env::current_exe()?;
    if is_older(&venue, &[&maker]) {
        eprintln!("demo: making the venue {}", venue.display());
        Make::DEMO.at(&venue)?;
    }
    Ok(venue)
}

/// The tileset of the venue, baked now if it is missing or the venue or the baker is another.
pub fn provide_twin(program: &Path) -> Result<PathBuf> {
    bake(program, &provide_venue()?, workspace::target()?.join("demo/baked"))
}

/// Another venue, made anew only where it is missing.
pub fn provide_other_venue(make: Make) -> Result<PathBuf> {
    let venue = workspace::target()?.join("demo").join(make.file_name());
    if !venue.is_file() {
        make.at(&venue)?;
    }
    Ok(venue)
}

/// Its tileset.
pub fn provide_other_twin(program: &Path, make: Make) -> Result<PathBuf> {
    let venue = provide_other_venue(make)?;
    bake(program, &venue, venue.with_extension(""))
}

fn bake(program: &Path, venue: &Path, baked: PathBuf) -> Result<PathBuf> {
    eprintln!("demo: baking {}", baked.display());
    let mut bake = process::leashed(program);
    run::pass_on(bake.arg("bake").args([venue, &baked]).stdout(std::io::stderr()).status()?)?;
    Ok(baked)
}

fn remove_if_there(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// Whether `product` is missing or was written before one of its sources.
fn is_older(product: &Path, sources: &[&Path]) -> bool {
    let written = |path: &Path| -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let Some(product) = written(product) else { return true };
    sources.iter().any(|source| written(source).is_some_and(|source| source > product))
}

/// Starts the host on a free port and waits for the link that it prints. Its log and its key go into `folder`.
fn start_host(program: &Path, baked: &Path, folder: &Path) -> Result<(Leash, String)> {
    let mut command = process::leashed(program);
    command
        .arg("host")
        .arg(baked)
        .args(["--listen", "127.0.0.1:0", "--identity"])
        .arg(folder.join("identity"));
    let log = &folder.join("host.log");
    let stderr = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut host = Leash(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn()?);
    let stdout = host.0.stdout.take().context("the host has no stdout")?;
    let (sender, link) = sync_channel(1);
    // Reads on after the link, so that the host never waits for a reader.
    std::thread::Builder::new().name("the host's stdout".into()).spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
            if line.starts_with("pavilion://") {
                // One link is enough; a second finds the channel full or closed.
                let _ = sender.try_send(line);
            }
        }
    })?;
    match link.recv_timeout(HOST_START) {
        Ok(link) => Ok((host, link.trim().to_owned())),
        Err(RecvTimeoutError::Timeout) => {
            bail!("the host printed no link in {} s, see {}", HOST_START.as_secs(), log.display())
        }
        Err(RecvTimeoutError::Disconnected) => {
            let said = process::last_lines(&fs::read_to_string(log).unwrap_or_default(), 3);
            bail!("the host ended at its start ({}): {said}", process::describe(host.0.wait()?))
        }
    }
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_product_is_older_when_missing_or_written_before_a_source() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let [source, product] = ["source", "product"].map(|name| folder.path().join(name));
        fs::write(&source, "").expect("written");
        assert!(is_older(&product, &[&source]));
        let file = File::create(&product).expect("written");
        file.set_modified(SystemTime::now() + Duration::from_secs(9)).expect("set");
        assert!(!is_older(&product, &[&source]));
        file.set_modified(SystemTime::UNIX_EPOCH).expect("set");
        assert!(is_older(&product, &[&source]));
    }

    #[test]
    fn a_host_that_ends_at_its_start_is_one_sentence_with_its_last_words() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let script = folder.path().join("host");
        fs::write(&script, "#!/bin/sh\necho 'the port is taken' >&2\nexit 3\n").expect("written");
        process::output(Command::new("chmod").arg("+x").arg(&script)).expect("chmod");
        let error = start_host(&script, folder.path(), folder.path()).err().expect("it ends");
        assert!(error.to_string().contains("exit code 3): the port is taken"), "{error}");
    }

    #[test]
    fn a_host_is_stopped_with_its_leash() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let script = folder.path().join("host");
        fs::write(&script, "#!/bin/sh\necho hello\necho pavilion://there:1#x\nexec sleep 1000\n")
            .expect("written");
        process::output(Command::new("chmod").arg("+x").arg(&script)).expect("chmod");
        let (host, link) = start_host(&script, folder.path(), folder.path()).expect("a host");
        assert_eq!(link, "pavilion://there:1#x");
        let id = host.0.id();
        assert!(Path::new(&format!("/proc/{id}")).exists());
        drop(host);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
}
