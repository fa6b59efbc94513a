//! The measurements that are programs of their own, under `benches/`.

use std::process::Command;

use anyhow::Result;

use super::Arguments;
use crate::setup::cache::Cache;
use crate::setup::{self, Downloads};
use crate::venue::Make;
use crate::{demo, process, workspace};

/// All of culling, and a peer's on the same boxes. It is timed, so all is built as users have it.
pub fn cull(arguments: &Arguments) -> Result<()> {
    eprintln!("bench: cull (the first time builds the core and a peer optimised, ten minutes)");
    let mut peer = workspace::cargo();
    peer.args([
        "build",
        "--quiet",
        "--release",
        "--manifest-path",
        "benches/peers/Cargo.toml",
        "--target-dir",
    ]);
    let built = process::check(peer.arg(workspace::target()?.join("peers")));
    run(program("cull", &["--no-default-features"]), arguments)?;
    match built {
        Ok(()) => run(Command::new(workspace::target()?.join("peers/release/pavilion-peers")), arguments),
        Err(error) => {
            eprintln!("SKIPPED the peer: {error:#}");
            Ok(())
        }
    }
}

/// The governor on a headset that is a model. Nothing is timed, so the development profile does, which is built
/// already.
pub fn governor(arguments: &Arguments) -> Result<()> {
    run(program("governor", &["--no-default-features", "--profile", "dev"]), arguments)
}

/// What streaming does for a visitor, and what others do. The clock is virtual, so the development profile does.
pub fn stream(arguments: &Arguments) -> Result<()> {
    eprintln!("bench: stream (27 links, five minutes)");
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "--package", "pavilion-rehearsal", "--"]);
    run(command, arguments)
}

/// What a host costs beside QUIC alone, and a crowd that comes into the demo venue. It is timed, so all is built as
/// users have it, but without what draws.
pub fn host(arguments: &Arguments) -> Result<()> {
    let twin = demo::provide_twin(&workspace::build_pavilion(false)?)?;
    eprintln!("bench: host (two minutes; the first time builds the host optimised, ten minutes)");
    let mut command = program("host", &["--no-default-features", "--features", "host"]);
    command.arg(twin);
    run(command, arguments)
}

/// What a walk through the demo venue costs a frame, and what it looks like.
pub fn foveation(arguments: &Arguments) -> Result<()> {
    let prefix = setup::for_running(&Cache::of_user()?, Downloads::Forget)?;
    let pavilion = workspace::build_pavilion(false)?;
    let mut twins = vec![demo::provide_twin(&pavilion)?];
    let dense = |halls| Make { is_dense: true, halls, ..Make::DEMO };
    let others: &[Make] = match (arguments.dense, arguments.halls) {
        (false, false) => &[],
        (true, false) => &[dense(1)],
        (false, true) => &[dense(12), dense(40)],
        (true, true) => &[dense(1), dense(12), dense(40)],
    };
    for &make in others {
        twins.push(demo::provide_other_twin(&pavilion, make)?);
    }
    eprintln!("bench: foveation (a walk of a few minutes, and pictures of it)");
    let mut command = program("foveation", &["--profile", "dev"]);
    command.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", prefix.run()).args(twins);
    if let Some(folder) = &arguments.video {
        command.arg("--video").arg(folder);
    }
    run(command, arguments)
}

/// What a frame of the demo venue takes the GPU. It is timed, so all is built as users have it.
pub fn gpu(arguments: &Arguments) -> Result<()> {
    let twin = demo::provide_twin(&workspace::build_pavilion(false)?)?;
    eprintln!("bench: gpu (the first time builds the viewer optimised, ten minutes)");
    let mut command = program("gpu", &["--no-default-features", "--features", "viewer"]);
    if arguments.software {
        let prefix = setup::for_running(&Cache::of_user()?, Downloads::Forget)?;
        command.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", prefix.run());
    }
    command.arg("--frames").arg(arguments.frames.to_string());
    command.arg("--minutes").arg(arguments.minutes.to_string()).arg(twin);
    run(command, arguments)
}

/// `cargo bench` of one program, with everything but its own arguments.
fn program(name: &str, build: &[&str]) -> Command {
    let mut command = workspace::cargo();
    command.args(["bench", "--quiet", "--bench", name]).args(build).arg("--");
    command
}

fn run(mut command: Command, arguments: &Arguments) -> Result<()> {
    if arguments.json {
        command.arg("--json");
    }
    process::check(&mut command)
}
