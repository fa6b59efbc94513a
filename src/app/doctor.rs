//! `pavilion doctor`: what this machine can do, and what to do about the rest.

use std::path::Path;

use serde_json::{Value, json};

use super::cli::DoctorArgs;
use super::{Failure, folders};

/// One thing that was looked at.
struct Finding {
    subject: &'static str,
    works: bool,
    text: String,
}

/// Looks at everything and prints what it found.
///
/// # Errors
/// When something is missing that showing a twin needs: exit code 3.
pub fn run(arguments: &DoctorArgs) -> Result<(), Failure> {
    let findings = [vulkan(), headset(), folder("cache", folders::cache()), folder("data", folders::data())];
    if arguments.json {
        let facts: serde_json::Map<String, Value> = findings
            .iter()
            .map(|finding| {
                (finding.subject.to_owned(), json!({ "works": finding.works, "text": finding.text }))
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&facts).map_err(Failure::failed)?);
        return Ok(());
    }
    println!("Pavilion {}", env!("CARGO_PKG_VERSION"));
    for finding in &findings {
        println!("  {} {:<8} {}", if finding.works { "✓" } else { "✗" }, finding.subject, finding.text);
    }
    match findings.iter().find(|finding| !finding.works && finding.subject != "headset") {
        Some(finding) => Err(Failure::environment(&finding.text)),
        None => Ok(()),
    }
}

#[cfg(feature = "viewer")]
fn vulkan() -> Finding {
    use crate::draw::{Gpu, GpuOptions};
    let (works, text) = match Gpu::open(GpuOptions::default()) {
        Ok(gpu) => {
            let facts = gpu.facts();
            let kind = if facts.is_software { ", in software" } else { "" };
            (true, format!("{} ({}{kind}) draws both eyes at once", facts.name, facts.driver))
        }
        Err(error) => (false, error.to_string()),
    };
    Finding { subject: "vulkan", works, text }
}

#[cfg(not(feature = "viewer"))]
fn vulkan() -> Finding {
    Finding { subject: "vulkan", works: true, text: "not needed: this build has no viewer".to_owned() }
}

#[cfg(feature = "xr")]
fn headset() -> Finding {
    use crate::present::openxr::Runtime;
    let (works, text) = match Runtime::connect().map(|runtime| runtime.facts().clone()) {
        Ok(runtime) => {
            let headset = runtime.headset.as_deref().unwrap_or("no headset connected");
            (true, format!("{} {}: {headset}", runtime.name, runtime.version))
        }
        Err(error) => (false, error.to_string()),
    };
    Finding { subject: "headset", works, text }
}

#[cfg(not(feature = "xr"))]
fn headset() -> Finding {
    Finding { subject: "headset", works: true, text: "not looked for: this build has no OpenXR".to_owned() }
}

fn folder(subject: &'static str, path: Option<std::path::PathBuf>) -> Finding {
    let Some(path) = path else {
        let text = "there is no home folder: set PAVILION_CACHE and PAVILION_DATA to folders".to_owned();
        return Finding { subject, works: false, text };
    };
    match try_writing(&path) {
        Ok(()) => Finding { subject, works: true, text: path.display().to_string() },
        Err(error) => {
            let text = format!("{} cannot be written ({error}): check its permissions", path.display());
            Finding { subject, works: false, text }
        }
    }
}

fn try_writing(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(".probe");
    std::fs::write(&probe, [])?;
    std::fs::remove_file(probe)
}
