//! The `pavilion` command: reads the command line, starts the log, and hands over to the program.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use pavilion::app::{self, cli::Cli};

/// Frames give back what other threads have allocated, and must not wait for those to let go of a lock.
#[cfg(all(target_os = "linux", feature = "viewer"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed terminal is the only way in which printing can fail.
            let _ = error.print();
            let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            return ExitCode::from(if is_answer { 0 } else { app::FailureKind::Usage as u8 });
        }
    };
    app::run(cli)
}
