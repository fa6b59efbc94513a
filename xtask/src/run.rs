//! `cargo xtask run -- …`: `pavilion` with these arguments, on software Vulkan.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};

use crate::fault::ChildExit;
use crate::setup::cache::Cache;
use crate::setup::prefix::Prefix;
use crate::setup::{self, Downloads};
use crate::{process, workspace};

/// Build `pavilion` and start it on software Vulkan, for machines whose own driver will not do.
///
///   cargo xtask run -- view garage.glb
///   cargo xtask run -- view 'pavilion://…' --headless --frames 60 --shot out/
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Build optimised.
    #[arg(long)]
    release: bool,
    /// The arguments of `pavilion`.
    #[arg(last = true, value_name = "PAVILION ARGUMENTS")]
    pavilion: Vec<OsString>,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let prefix = setup::for_running(&Cache::of_user()?, Downloads::Forget)?;
    let program = workspace::build_pavilion(arguments.release)?;
    let status = on_prefix(&prefix, &program).args(&arguments.pavilion).status();
    pass_on(status.with_context(|| format!("cannot start {}", program.display()))?)
}

/// A command that starts `program` on the prefix and ends with this process.
pub fn on_prefix(prefix: &Prefix, program: &Path) -> Command {
    let mut command = process::leashed(prefix.run());
    command.arg(program);
    command
}

/// Makes a child's exit ours; one that a signal ended counts as 128 and the signal, as in a shell.
pub fn pass_on(status: ExitStatus) -> Result<()> {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    if code == 0 { Ok(()) } else { Err(ChildExit(u8::try_from(code).unwrap_or(1)).into()) }
}
