//! Speaking with a headset through `adb`, and its failures as sentences that say what to do.
//!
//! In: words for `adb`. Out: what it printed, or a [`Fault`]. adb tells what went wrong in English prose on either
//! stream and with exit codes that differ between versions, so the prose is what is read.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result};

use super::device::{self, Device, State};
use crate::fault::Environment;
use crate::process;
use crate::sdk::Machine;

/// The program, and how it is told about its server in tests.
pub struct Adb {
    program: PathBuf,
    variables: Vec<(&'static str, String)>,
}

/// Why a headset cannot be used. Each is one sentence: what is so, and what to do.
#[derive(Debug, PartialEq)]
pub enum Fault {
    /// None is connected.
    NoDevice,
    /// The one that was asked for is not among these.
    NotThere(String, Vec<Device>),
    /// Which of these is meant?
    Several(Vec<Device>),
    /// It has not accepted this computer.
    Unauthorized(String),
    /// It does not answer.
    Offline(String),
    /// The system does not let this user speak with it.
    NoPermissions(String),
    /// It is in recovery, sideload or the like.
    WrongMode(String, String),
    /// It went away in the middle.
    Disconnected(String),
    /// adb's own server does not run.
    NoServer(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDevice => out.write_str(
                "no headset is connected: plug one in by USB and switch on its developer mode in the Meta app of the phone",
            ),
            Self::NotThere(serial, devices) => {
                write!(out, "{serial} is not connected: {}, so name one with --device", device::list(devices))
            }
            Self::Several(devices) => {
                write!(out, "{}: name one with --device SERIAL", device::list(devices))
            }
            Self::Unauthorized(serial) => write!(
                out,
                "{serial} has not accepted this computer: put the headset on and allow USB debugging in the dialog there"
            ),
            Self::Offline(serial) => write!(
                out,
                "{serial} does not answer: wake the headset, plug the cable in again, and if that does not help run `adb kill-server`"
            ),
            Self::NoPermissions(serial) => write!(
                out,
                "this user may not speak with {serial}: install the udev rules (Debian: `sudo apt-get install android-sdk-platform-tools-common`) and plug the cable in again"
            ),
            Self::WrongMode(serial, mode) => {
                write!(out, "{serial} is in the mode {mode:?}: restart the headset")
            }
            Self::Disconnected(serial) => write!(
                out,
                "{serial} went away in the middle: check the cable, wake the headset and do it again; what was there before is still there"
            ),
            Self::NoServer(said) => {
                write!(out, "adb's server does not run ({said}): run `adb kill-server` and try again")
            }
        }
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// The fault as one of the machine: exit code 3.
    pub fn environment(&self) -> anyhow::Error {
        Environment(self.to_string()).into()
    }
}

impl Adb {
    /// adb of this machine.
    pub fn here() -> Result<Self> {
        let program = Machine::here().adb().map_err(|missing| Environment(missing.to_string()))?;
        Ok(Self { program, variables: Vec::new() })
    }

    /// An adb that speaks with another server than the user's.
    #[cfg(test)]
    pub fn with_server(program: PathBuf, address: &str) -> Self {
        Self { program, variables: vec![("ADB_SERVER_SOCKET", format!("tcp:{address}"))] }
    }

    /// The program.
    #[cfg(test)]
    pub fn program(&self) -> &std::path::Path {
        &self.program
    }

    /// A command for adb itself.
    pub fn command(&self) -> Command {
        let mut command = process::leashed(&self.program);
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command
    }

    /// All devices that the server knows.
    pub fn devices(&self) -> Result<Vec<Device>> {
        let output = self.command().args(["devices", "-l"]).output();
        let output = output.with_context(|| format!("cannot start {}", self.program.display()))?;
        if !output.status.success() {
            let said = process::last_lines(&String::from_utf8_lossy(&output.stderr), 1);
            return Err(Fault::NoServer(said).environment());
        }
        Ok(device::parse(&String::from_utf8_lossy(&output.stdout)))
    }

    /// The one device that is meant, ready to use.
    pub fn choose(&self, serial: Option<&str>) -> Result<Connection<'_>> {
        let device = device::choose(self.devices()?, serial).map_err(|fault| fault.environment())?;
        Ok(Connection { adb: self, device })
    }
}

/// A device that was ready when it was chosen.
pub struct Connection<'a> {
    adb: &'a Adb,
    /// Which one.
    pub device: Device,
}

impl Connection<'_> {
    /// A command for this device.
    pub fn command(&self) -> Command {
        let mut command = self.adb.command();
        command.args(["-s", &self.device.serial]);
        command
    }

    /// Runs adb to its end. A device that went away is a fault; any other failure is for the caller to read.
    pub fn output(&self, words: &[&str]) -> Result<Said> {
        let output = self.command().args(words).output().context("cannot start adb")?;
        let said = Said::from(&output);
        if !said.is_success && !self.is_there() {
            return Err(Fault::Disconnected(self.device.serial.clone()).environment());
        }
        Ok(said)
    }

    /// Runs one command line of the device's shell.
    pub fn shell(&self, line: &str) -> Result<Said> {
        self.output(&["shell", line])
    }

    /// Whether the server still lists the device as ready.
    pub fn is_there(&self) -> bool {
        let is_ready = |device: &Device| device.serial == self.device.serial && device.state == State::Ready;
        self.adb.devices().is_ok_and(|devices| devices.iter().any(is_ready))
    }
}

/// What adb printed, on both streams.
#[derive(Debug)]
pub struct Said {
    /// Whether it ended well.
    pub is_success: bool,
    /// The text.
    pub text: String,
}

impl From<&Output> for Said {
    fn from(output: &Output) -> Self {
        let [stdout, stderr] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        Self { is_success: output.status.success(), text: format!("{stdout}{stderr}") }
    }
}
