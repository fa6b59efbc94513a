//! The measurements that need nothing but the pure core: programs under `benches/`, built optimised.

use std::path::PathBuf;

use anyhow::Result;

use super::Arguments;
use crate::{demo, process, workspace};

/// Runs `benches/NAME`, which is given `paths`.
pub fn run(name: &str, paths: &[PathBuf], arguments: &Arguments) -> Result<()> {
    eprintln!("bench: {name} (the first time builds the core optimised, some minutes)");
    let mut command = workspace::cargo();
    command.args(["bench", "--quiet", "--no-default-features", "--bench", name, "--"]).args(paths);
    if arguments.json {
        command.arg("--json");
    }
    process::check(&mut command)
}

/// What a walk through venues costs a frame.
pub fn foveation(arguments: &Arguments) -> Result<()> {
    let program = workspace::build_pavilion(arguments.release)?;
    run("foveation", &[demo::provide_twin(&program)?], arguments)
}
