//! `cargo xtask bench governor`: the governor against nobody and a resolution scaler, on a headset that is a model.

use anyhow::Result;

use super::Arguments;
use crate::{process, workspace};

/// Measures it. Nothing is timed, so the development profile does, which is built already.
pub fn run(arguments: &Arguments) -> Result<()> {
    let mut command = workspace::cargo();
    command.args(["bench", "--quiet", "--profile", "dev", "--no-default-features", "--bench", "governor"]);
    if arguments.json {
        command.args(["--", "--json"]);
    }
    process::check(&mut command)
}
