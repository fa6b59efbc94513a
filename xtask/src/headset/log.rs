//! `cargo xtask log`: what Pavilion says on the headset, as it says it.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::Which;
use super::adb::{Adb, Connection, Fault};
use crate::process;

/// The tag under which Pavilion logs.
pub const TAG: &str = "pavilion";
/// Who else tells why Pavilion ended: the crash reporters, the linker, the OpenXR loader.
const WITNESSES: [&str; 6] =
    ["AndroidRuntime:E", "DEBUG:I", "libc:F", "linker:W", "OpenXR:W", "OpenXR-Loader:W"];
/// How often Ctrl-C is looked for.
const POLL: Duration = Duration::from_millis(50);

/// Show what Pavilion says on the headset, until Ctrl-C.
#[derive(clap::Args, Default)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) which: Which,
    /// Print what there is and end.
    #[arg(long)]
    pub(super) once: bool,
    /// Everything on the headset, not only Pavilion and why it crashed.
    #[arg(long)]
    pub(super) all: bool,
}

/// The chore itself.
pub fn run(arguments: &Arguments, adb: &Adb) -> Result<()> {
    // Registered before adb runs: a Ctrl-C in between would leave it behind.
    let is_over = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&is_over)).context("cannot watch for Ctrl-C")?;
    }
    follow(arguments, &adb.choose(arguments.which.device.as_deref())?, &is_over)
}

/// Prints the log until `is_over`, or until it ends by itself.
pub(super) fn follow(arguments: &Arguments, headset: &Connection<'_>, is_over: &AtomicBool) -> Result<()> {
    let mut command = headset.command();
    command.args(["logcat", "-v", "time"]);
    if arguments.once {
        command.arg("-d");
    }
    if !arguments.all {
        command.arg(format!("{TAG}:V")).args(WITNESSES).arg("*:S");
    }
    let mut child = command.spawn().context("cannot start adb")?;
    let status = loop {
        if is_over.load(Ordering::Relaxed) {
            return stop(child);
        }
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(POLL),
        }
    };
    // Ctrl-C reaches adb too, and it may be the first to end.
    if is_over.load(Ordering::Relaxed) || (arguments.once && status.success()) {
        return Ok(());
    }
    if !headset.is_there() || status.success() {
        return Err(Fault::Disconnected(headset.device.serial.clone()).environment());
    }
    bail!("adb logcat ended with {}", process::describe(status))
}

fn stop(mut child: Child) -> Result<()> {
    // It fails when adb has ended already, which is what we want.
    let _ = child.kill();
    child.wait()?;
    Ok(())
}
