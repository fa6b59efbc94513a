//! `cargo xtask test`.

use anyhow::Result;

/// Test.
#[derive(clap::Args)]
pub struct Arguments {}

/// The chore itself.
pub fn run(_: &Arguments) -> Result<()> {
    Ok(())
}
