//! The program: puts the parts together, and is the only module that knows them all.

#[cfg(feature = "host")]
mod bake;
pub mod cli;
#[cfg(feature = "viewer")]
mod curtain;
mod doctor;
#[cfg(feature = "host")]
mod entity;
#[cfg(feature = "viewer")]
mod feel;
#[cfg(feature = "viewer")]
mod fetch;
#[cfg(feature = "viewer")]
pub(crate) mod figures;
mod folders;
#[cfg(feature = "viewer")]
pub(crate) mod ground;
#[cfg(all(target_os = "android", feature = "xr"))]
pub mod headset;
#[cfg(feature = "host")]
mod host;
#[cfg(feature = "viewer")]
mod identity;
#[cfg(feature = "host")]
mod inspect;
#[cfg(all(feature = "viewer", any(test, all(target_os = "android", feature = "xr"))))]
mod intake;
mod interrupt;
#[cfg(feature = "viewer")]
mod lobby;
#[cfg(feature = "host")]
mod local;
mod log;
#[cfg(feature = "viewer")]
mod looking;
#[cfg(feature = "viewer")]
mod menu;
#[cfg(any(feature = "host", feature = "viewer"))]
mod needs;
#[cfg(feature = "viewer")]
pub(crate) mod own_hands;
#[cfg(feature = "host")]
mod pack;
#[cfg(feature = "viewer")]
mod path;
#[cfg(feature = "viewer")]
mod pipelines;
#[cfg(any(feature = "host", feature = "viewer"))]
mod progress;
#[cfg(feature = "viewer")]
mod report;
#[cfg(feature = "viewer")]
mod screen;
#[cfg(feature = "viewer")]
mod settings;
#[cfg(feature = "viewer")]
mod sounds;
#[cfg(feature = "viewer")]
mod toll;
#[cfg(feature = "viewer")]
mod trace;
#[cfg(feature = "viewer")]
mod unpack;
#[cfg(feature = "viewer")]
mod venue;
#[cfg(feature = "viewer")]
mod viewer;
#[cfg(feature = "viewer")]
mod visit;
#[cfg(feature = "viewer")]
mod wave;
#[cfg(feature = "viewer")]
mod workers;

use std::process::ExitCode;

use cli::{Cli, Command};

/// Does what the command line says.
pub fn run(cli: Cli) -> ExitCode {
    log::start(cli.verbose);
    match command(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("pavilion: {}", failure.sentence);
            ExitCode::from(failure.kind as u8)
        }
    }
}

/// Does one command.
fn command(command: Command) -> Result<(), Failure> {
    match command {
        #[cfg(feature = "viewer")]
        Command::View(arguments) => visit::run(arguments),
        #[cfg(feature = "viewer")]
        Command::Fetch(arguments) => fetch::run(&arguments),
        #[cfg(feature = "host")]
        Command::Bake(arguments) => bake::run(&arguments),
        #[cfg(feature = "host")]
        Command::Host(arguments) => host::run(arguments),
        #[cfg(feature = "host")]
        Command::Inspect(arguments) => inspect::run(&arguments),
        #[cfg(feature = "host")]
        Command::Pack(arguments) => pack::run(&arguments),
        #[cfg(feature = "viewer")]
        Command::Unpack(arguments) => unpack::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
    }
}

/// Why a command ended, with the exit code that says of which kind the reason is.
#[derive(Debug)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// One sentence: what, why, what to do.
    pub sentence: String,
}

/// Kinds of failure, by exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// It was tried and did not work.
    Failed = 1,
    /// It was asked for in a way that makes no sense.
    Usage = 2,
    /// This machine lacks something.
    Environment = 3,
    /// The content is broken, or not what it claims to be.
    Content = 4,
}

impl Failure {
    /// It was tried and did not work.
    pub fn failed(sentence: impl ToString) -> Self {
        Self { kind: FailureKind::Failed, sentence: sentence.to_string() }
    }

    /// It was asked for in a way that makes no sense.
    pub fn usage(sentence: impl ToString) -> Self {
        Self { kind: FailureKind::Usage, sentence: sentence.to_string() }
    }

    /// This machine lacks something.
    pub fn environment(sentence: impl ToString) -> Self {
        Self { kind: FailureKind::Environment, sentence: sentence.to_string() }
    }

    /// The content is broken.
    pub fn content(sentence: impl ToString) -> Self {
        Self { kind: FailureKind::Content, sentence: sentence.to_string() }
    }
}
