//! Where this checkout and its build outputs lie.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::fault::ChildExit;

/// The root of the checkout that `cargo xtask` was called in.
///
/// Cargo says at run time where the package is; what was compiled in may be another clone's folder
/// when clones share a target directory.
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    package.parent().map(Path::to_path_buf).unwrap_or(package)
}

/// `cargo` of the running toolchain, in the checkout's root and without what `cargo run` has told this process.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        // ring's build script watches these: it would be built again at every turn between us and a plain cargo.
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Cargo's target directory for this checkout.
pub fn target() -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["metadata", "--format-version=1", "--no-deps", "--offline"]).stderr(Stdio::inherit());
    let text = crate::process::output(&mut command)?;
    let metadata: serde_json::Value =
        serde_json::from_str(&text).context("cargo metadata printed no JSON")?;
    let folder = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(PathBuf::from(folder))
}

/// Builds the `pavilion` command with its default features and returns the executable.
pub fn build_pavilion(release: bool) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--package", "pavilion", "--bin", "pavilion"]);
    command.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    if release {
        command.arg("--release");
    }
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        return Err(ChildExit(1).into());
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        if message["target"]["name"] == "pavilion"
            && let Some(path) = message["executable"].as_str()
        {
            return Ok(PathBuf::from(path));
        }
    }
    bail!("cargo build named no `pavilion` executable")
}
