//! `cargo xtask doctor`: what this machine has of what a headset build needs, and what to type for the rest.
//!
//! In: the machine. Out: findings, each with its state and its fix. Building wants either an NDK with Rust's std for
//! the headset or, for an unproven library, nothing; running wants adb and a headset that has accepted this computer.

use anyhow::Result;
use serde::Serialize;

use crate::apk;
use crate::fault::Environment;
use crate::headset::{Adb, Device};
use crate::sdk::{Machine, TARGET};

/// Look at everything that building for a headset and running there needs.
#[derive(clap::Args)]
pub struct Arguments {
    /// Print the findings as one JSON object, and end well whatever they are.
    #[arg(long)]
    json: bool,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It is there and will do.
    Ok,
    /// It is not, and something will not work without it.
    Missing,
    /// It is not, and there is another way.
    Optional,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    name: &'static str,
    state: State,
    /// What was found, or what is not possible without it.
    text: String,
    /// What to do, where it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    fn ok(name: &'static str, text: impl ToString) -> Self {
        Self { name, state: State::Ok, text: text.to_string(), fix: None }
    }

    fn lacking(name: &'static str, state: State, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, state, text: text.into(), fix: Some(fix.into()) }
    }
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let machine = Machine::here();
    let mut findings = building(&machine, apk::has_target());
    findings.push(key());
    findings.extend(running(&machine));
    findings.push(java(&machine));
    if arguments.json {
        println!("{}", serde_json::json!({ "schema": 1, "findings": findings }));
        return Ok(());
    }
    for finding in &findings {
        let mark = match finding.state {
            State::Ok => "✓",
            State::Missing => "✗",
            State::Optional => "-",
        };
        println!("  {mark} {:<11} {}", finding.name, finding.text);
        if let Some(fix) = &finding.fix {
            println!("    {:<11} {fix}", "");
        }
    }
    match findings.into_iter().find(|finding| finding.state == State::Missing) {
        Some(finding) => {
            let fix = finding.fix.unwrap_or_default();
            Err(Environment(format!("{} is missing: {fix}", finding.name)).into())
        }
        None => Ok(()),
    }
}

/// The SDK, the NDK and what goes with them.
fn building(machine: &Machine, has_target: bool) -> Vec<Finding> {
    let sdk = match machine.sdk() {
        Some(sdk) => Finding::ok("sdk", sdk.display()),
        None => Finding::lacking(
            "sdk",
            State::Optional,
            "none; Pavilion takes only the NDK and adb of it",
            "set ANDROID_HOME if there is one",
        ),
    };
    let ndk = machine.ndk();
    // Without an NDK the checked library is packed, and nothing of the NDK's company is missed.
    let beside = if ndk.is_ok() { State::Missing } else { State::Optional };
    let ndk = match ndk {
        Ok(ndk) => Finding::ok("ndk", format!("{} in {}", ndk.version, ndk.root.display())),
        Err(missing) => Finding::lacking("ndk", State::Missing, missing.what, missing.fix),
    };
    let target = match has_target {
        true => Finding::ok("rust-target", TARGET),
        false => Finding::lacking(
            "rust-target",
            beside,
            format!("Rust's std for {TARGET} is not installed"),
            format!("run `rustup target add {TARGET}`"),
        ),
    };
    let cmake = match machine.cmake() {
        Ok(cmake) => Finding::ok("cmake", cmake.display()),
        Err(missing) => Finding::lacking("cmake", beside, missing.what, missing.fix),
    };
    vec![sdk, ndk, target, cmake]
}

/// The key that signs what is not released.
fn key() -> Finding {
    match apk::key::debug_path() {
        Ok(path) if path.exists() => match apk::key::Key::read(&path, None) {
            Ok(_) => Finding::ok("key", path.display()),
            Err(error) => Finding::lacking(
                "key",
                State::Missing,
                format!("{error:#}"),
                format!("remove {} (installed apps must then be uninstalled once)", path.display()),
            ),
        },
        Ok(path) => {
            Finding::ok("key", format!("{} will be made by the first `cargo xtask apk`", path.display()))
        }
        Err(error) => {
            Finding::lacking("key", State::Missing, "no place for the debug key", error.to_string())
        }
    }
}

/// adb and the headset behind it.
fn running(machine: &Machine) -> [Finding; 2] {
    let adb = match machine.adb() {
        Ok(path) => Finding::ok("adb", path.display()),
        Err(missing) => {
            let headset = Finding::lacking(
                "headset",
                State::Missing,
                "not looked for: there is no adb",
                missing.fix.clone(),
            );
            return [Finding::lacking("adb", State::Missing, missing.what, missing.fix), headset];
        }
    };
    let found = Adb::here().and_then(|adb| Ok(adb.choose(None)?.device));
    [adb, headset(found)]
}

fn headset(found: Result<Device>) -> Finding {
    match found {
        Ok(device) => Finding::ok(
            "headset",
            format!("{} ({})", device.model.as_deref().unwrap_or("ready"), device.serial),
        ),
        Err(error) => {
            // The sentence is what is so, a colon, and what to do.
            let text = format!("{error:#}");
            let (what, fix) = text.split_once(": ").unwrap_or((&text, "see `cargo xtask devices`"));
            Finding::lacking("headset", State::Missing, what, fix)
        }
    }
}

fn java(machine: &Machine) -> Finding {
    match machine.program("java") {
        Some(java) => Finding::ok("java", java.display()),
        None => Finding::lacking(
            "java",
            State::Optional,
            "none; only the test that asks apksigner wants one",
            "run `sudo apt-get install default-jre-headless`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_machine_is_told_what_to_type_and_misses_no_company_of_the_ndk() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let machine = Machine::with(&[("PATH", folder.path())]);
        let findings = building(&machine, false);
        let states: Vec<_> = findings.iter().map(|finding| (finding.name, finding.state)).collect();
        assert_eq!(
            states,
            [
                ("sdk", State::Optional),
                ("ndk", State::Missing),
                ("rust-target", State::Optional),
                ("cmake", State::Optional)
            ]
        );
        assert!(findings.iter().all(|finding| finding.fix.is_some()), "{findings:?}");
        let [adb, headset] = running(&machine);
        assert_eq!((adb.state, headset.state), (State::Missing, State::Missing));
        assert_eq!(java(&machine).state, State::Optional);
        let json = serde_json::to_value(&findings[1]).expect("JSON");
        assert_eq!((json["name"].as_str(), json["state"].as_str()), (Some("ndk"), Some("missing")));
        assert!(json["fix"].as_str().is_some_and(|fix| fix.contains("sdkmanager")));
    }

    #[test]
    fn a_fault_of_the_headset_is_parted_into_what_and_fix() {
        let fault = Environment("A has not accepted this computer: put the headset on: now".into());
        let finding = headset(Err(fault.into()));
        assert_eq!(finding.text, "A has not accepted this computer");
        assert_eq!(finding.fix.as_deref(), Some("put the headset on: now"));
    }
}
