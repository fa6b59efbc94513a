//! `cargo xtask push`: a packed twin onto the headset, where Pavilion unpacks it by itself when it starts.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::adb::{Adb, Connection};
use super::{App, Which, name, quoted};
use crate::fault::Environment;
use crate::process;

/// How the app knows that a file is one, and that it is whole: until then there is more behind it.
const ENDING: &str = ".pavilion";
/// With what every packed twin begins.
const BEGINNING: &[u8] = b"manifest.pavilion\0";

/// Put a twin that `pavilion pack` wrote on the connected headset.
///
/// Pavilion there unpacks it into its cache at the next start and deletes the file.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    which: Which,
    /// The packed twin.
    file: PathBuf,
}

/// The chore itself.
pub fn run(arguments: &Arguments, adb: &Adb) -> Result<()> {
    check(&arguments.file)?;
    put(&adb.choose(arguments.which.device.as_deref())?, &App::ours()?, &arguments.file)
}

/// Refuses what the headset would refuse when nobody looks any more.
pub(super) fn check(file: &Path) -> Result<()> {
    let mut beginning = Vec::new();
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    opened.take(BEGINNING.len() as u64).read_to_end(&mut beginning)?;
    ensure!(
        beginning == BEGINNING,
        "{} is no packed twin: make one with `pavilion pack TWIN venue.pavilion`",
        file.display()
    );
    Ok(())
}

/// Sends the file under another name, and gives it its own when all of it is there.
pub(super) fn put(headset: &Connection<'_>, app: &App, file: &Path) -> Result<()> {
    let package = &app.package;
    let installed = headset.shell(&format!("pm path {}", quoted(package)))?;
    if !installed.text.contains("package:") {
        let serial = &headset.device.serial;
        let fault = format!("{package} is not installed on {serial}: run `cargo xtask install`");
        return Err(Environment(fault).into());
    }
    let source = file.to_str().with_context(|| format!("{} is no text that adb takes", file.display()))?;
    let stem = file.file_name().and_then(|name| name.to_str()).context("the file has no name")?;
    let stem = stem.strip_suffix(ENDING).unwrap_or(stem);
    let folder = format!("/sdcard/Android/data/{package}/files");
    let (whole, partial) = (format!("{folder}/{stem}{ENDING}"), format!("{folder}/{stem}{ENDING}.partial"));
    let bytes = std::fs::metadata(file)?.len();
    eprintln!("push: sending {:.1} MB to {}", bytes as f64 / 1e6, name(&headset.device));
    // It is not there before the app was started for the first time.
    shell(headset, &format!("mkdir -p {}", quoted(&folder)))?;
    let said = headset.output(&["push", source, &partial])?;
    if !said.is_success {
        let rest = headset.shell(&format!("rm -f {}", quoted(&partial)));
        tell_leftover(rest.is_ok_and(|said| said.is_success), &partial);
        return Err(refusal(&said.text));
    }
    shell(headset, &format!("mv -f {} {}", quoted(&partial), quoted(&whole)))?;
    eprintln!(
        "push: it is unpacked when Pavilion starts there next; `cargo xtask log` shows when that is done"
    );
    Ok(())
}

fn tell_leftover(is_removed: bool, partial: &str) {
    if !is_removed {
        eprintln!("push: {partial} is left on the headset, and the next push replaces it");
    }
}

/// Runs a line that must end well.
fn shell(headset: &Connection<'_>, line: &str) -> Result<()> {
    let said = headset.shell(line)?;
    if said.is_success { Ok(()) } else { Err(refusal(&said.text)) }
}

/// The headset's words as a sentence that leads on.
fn refusal(said: &str) -> anyhow::Error {
    let last = process::last_lines(said, 1);
    let way_on = if said.contains("No space left") {
        "remove apps or recordings there and push again"
    } else if said.contains("denied") || said.contains("not permitted") {
        "start Pavilion there once with `cargo xtask run`, and push again"
    } else {
        return anyhow::anyhow!("the headset did not take the file: {last}");
    };
    Environment(format!("the headset did not take the file ({last}): {way_on}")).into()
}
