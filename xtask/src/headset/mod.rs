//! `cargo xtask install`, `push`, `stop`, `log`, `devices` and, in [`start`], `run`: Pavilion on the connected headset.
//!
//! In: an APK, a packed twin, a link, a serial number. Out: what happened on the headset; each failure of cable, trust or system is
//! a sentence that says what to do, and exit code 3.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::fault::Environment;
use crate::{apk, process};

mod adb;
mod device;
mod log;
mod push;
mod refusal;
#[cfg(test)]
mod tests;

pub use adb::{Adb, Connection};
pub use device::Device;
pub use log::Arguments as LogArguments;
pub use push::Arguments as PushArguments;

/// Which headset.
#[derive(clap::Args, Default)]
pub struct Which {
    /// The headset with this serial number (see `cargo xtask devices`), when several are connected.
    #[arg(long, value_name = "SERIAL")]
    pub device: Option<String>,
}

/// Build the APK and install it on the connected headset.
#[derive(clap::Args)]
pub struct InstallArguments {
    #[command(flatten)]
    which: Which,
    /// Install this APK instead of building one.
    #[arg(long, value_name = "FILE")]
    apk: Option<PathBuf>,
}

/// End Pavilion on the connected headset.
#[derive(clap::Args)]
pub struct StopArguments {
    #[command(flatten)]
    which: Which,
}

/// List what is connected and whether it can be used.
#[derive(clap::Args)]
pub struct DevicesArguments {
    /// Print them as one JSON array.
    #[arg(long)]
    json: bool,
}

/// The name of the extra that carries the join link to `android_main`.
pub const LINK_EXTRA: &str = "link";

/// The app as Android knows it.
pub struct App {
    /// Its package.
    pub package: String,
    /// The activity that starts it.
    pub activity: String,
}

impl App {
    /// Pavilion, after its manifest.
    pub fn ours() -> Result<Self> {
        let (package, activity) = apk::component()?;
        Ok(Self { package, activity })
    }
}

/// `cargo xtask install`.
pub fn install(arguments: &InstallArguments) -> Result<()> {
    let adb = Adb::here()?;
    // Before the build: minutes later is too late to hear that nothing is connected.
    let headset = adb.choose(arguments.which.device.as_deref())?;
    put(&headset, &App::ours()?, arguments.apk.as_deref())
}

/// Installs an APK, built now unless one is given.
fn put(headset: &Connection<'_>, app: &App, given: Option<&Path>) -> Result<()> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => apk::make(&apk::Arguments::default())?.path,
    };
    send(headset, app, &path)?;
    eprintln!("install: {} is on {}", app.package, name(&headset.device));
    Ok(())
}

/// Sends an APK and waits until Android has taken it.
fn send(headset: &Connection<'_>, app: &App, path: &Path) -> Result<()> {
    let bytes = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    eprintln!("install: sending {:.1} MB to {}", bytes as f64 / 1e6, name(&headset.device));
    let path = path.to_str().with_context(|| format!("{} is no text that adb takes", path.display()))?;
    let said = headset.output(&["install", "-r", path])?;
    // Old versions of adb end well although Android refused.
    if said.is_success && !said.text.contains("Failure [") {
        return Ok(());
    }
    Err(refusal::sentence(&said.text, &app.package))
}

/// `cargo xtask run [LINK]`: installs unless told not to, and starts with a link.
pub fn start(which: &Which, link: Option<&str>, apk: Option<&Path>, is_installed: bool) -> Result<()> {
    let link = link.map(checked_link).transpose()?;
    let adb = Adb::here()?;
    let headset = adb.choose(which.device.as_deref())?;
    let app = App::ours()?;
    if !is_installed {
        put(&headset, &app, apk)?;
    }
    begin(&headset, &app, link)
}

/// A join link that a shell cannot misread and that is one.
fn checked_link(link: &str) -> Result<&str> {
    ensure!(link.starts_with("pavilion://"), "{link:?} is no join link: it begins with pavilion://");
    let is_odd = |letter: char| letter.is_control() || letter.is_whitespace();
    ensure!(!link.contains(is_odd), "the join link has a blank or a control character in it");
    Ok(link)
}

/// Starts the app anew: what runs is ended first (`-S`), so that it reads the link. It is not waited for (`-W`): a VR
/// app draws no window, and that wait would end by its timeout.
fn begin(headset: &Connection<'_>, app: &App, link: Option<&str>) -> Result<()> {
    let mut line = format!("am start -S -n {}", quoted(&format!("{}/{}", app.package, app.activity)));
    if let Some(link) = link {
        line.push_str(&format!(" --es {LINK_EXTRA} {}", quoted(link)));
    }
    let said = headset.shell(&line)?;
    // `am` ends well whatever happens.
    if said.is_success && !said.text.contains("Error") {
        eprintln!("run: started on {}; `cargo xtask log` shows what it says", name(&headset.device));
        return Ok(());
    }
    if said.text.contains("does not exist") {
        let fault = format!(
            "{} is not installed on {}: run `cargo xtask install`",
            app.package, headset.device.serial
        );
        return Err(Environment(fault).into());
    }
    bail!("the headset did not start {}: {}", app.package, process::last_lines(&said.text, 2))
}

/// `cargo xtask stop`.
pub fn stop(arguments: &StopArguments) -> Result<()> {
    let adb = Adb::here()?;
    end(&adb.choose(arguments.which.device.as_deref())?, &App::ours()?)
}

fn end(headset: &Connection<'_>, app: &App) -> Result<()> {
    let said = headset.shell(&format!("am force-stop {}", quoted(&app.package)))?;
    ensure!(
        said.is_success,
        "the headset did not end {}: {}",
        app.package,
        process::last_lines(&said.text, 2)
    );
    Ok(())
}

/// `cargo xtask push`.
pub fn push(arguments: &PushArguments) -> Result<()> {
    push::run(arguments, &Adb::here()?)
}

/// `cargo xtask log`.
pub fn log(arguments: &LogArguments) -> Result<()> {
    log::run(arguments, &Adb::here()?)
}

/// `cargo xtask devices`.
pub fn devices(arguments: &DevicesArguments) -> Result<()> {
    let devices = Adb::here()?.devices()?;
    if arguments.json {
        println!("{}", serde_json::to_string(&devices)?);
        return Ok(());
    }
    for device in &devices {
        println!("{:<20} {:<14} {}", device.serial, device.state, device.model.as_deref().unwrap_or("-"));
    }
    // What is wrong with each is for the person, not for whoever reads the list.
    let none = devices.is_empty().then_some(adb::Fault::NoDevice);
    for fault in none.into_iter().chain(devices.iter().filter_map(Device::fault)) {
        eprintln!("devices: {fault}");
    }
    Ok(())
}

/// A headset in words.
fn name(device: &Device) -> String {
    match &device.model {
        Some(model) => format!("{model} ({})", device.serial),
        None => device.serial.clone(),
    }
}

/// One word for the device's shell, whatever letters it holds.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
