//! `cargo xtask demo`.

use anyhow::Result;

/// Demo.
#[derive(clap::Args)]
pub struct Arguments {}

/// The chore itself.
pub fn run(_: &Arguments) -> Result<()> {
    Ok(())
}
