//! `cargo xtask bench frame`: a whole frame on its own thread, ours and a peer's, in turn.

use std::process::Command;

use anyhow::Result;
use serde_json::{Map, Value};

use super::{Arguments, turns};
use crate::setup::cache::Cache;
use crate::setup::{self, Downloads};
use crate::{process, workspace};

/// Measures both on software Vulkan, whose pictures are drawn by threads of its own.
pub fn run(arguments: &Arguments) -> Result<()> {
    eprintln!("bench: frame (the first time builds the viewer and Bevy's renderer optimised, half an hour)");
    let prefix = setup::for_running(&Cache::of_user()?, Downloads::Forget)?;
    let peer = build_peer();
    if let Err(error) = &peer {
        eprintln!("SKIPPED the peer: {error:#}");
    }
    let mut ours = workspace::cargo();
    ours.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", prefix.run());
    ours.args(["bench", "--quiet", "--bench", "frame", "--no-default-features", "--features", "viewer"]);
    ours.args(["--", "--json"]);
    let mut theirs = Command::new(prefix.run());
    theirs.arg(workspace::target()?.join("peers/release/pavilion-peers-frame")).arg("--json");
    let [ours, theirs] = turns::middle_of_each(&mut ours, peer.is_ok().then_some(&mut theirs))?;
    print(&ours, &theirs, arguments.json);
    Ok(())
}

/// A peer that must not be had is no failure.
fn build_peer() -> Result<()> {
    let mut build = workspace::cargo();
    // A crate of it asks for a newer compiler than it needs.
    build.args(["build", "--quiet", "--release", "--ignore-rust-version", "--features", "frame"]);
    build.args([
        "--bin",
        "pavilion-peers-frame",
        "--manifest-path",
        "benches/peers/Cargo.toml",
        "--target-dir",
    ]);
    process::check(build.arg(workspace::target()?.join("peers")))
}

fn print(ours: &Map<String, Value>, theirs: &Map<String, Value>, is_json: bool) {
    let times = |[ours_key, theirs_key]: [&str; 2]| {
        Some(turns::number(theirs, theirs_key)? / turns::number(ours, ours_key)?)
    };
    let [half, most] = [
        times(["frame_cpu_p50_millis", "frame_peer_p50_millis"]),
        times(["frame_cpu_p99_millis", "frame_peer_p99_millis"]),
    ];
    if is_json {
        let mut line = theirs.clone();
        line.extend(ours.clone());
        line.insert("frame_peer_p50_times".into(), half.into());
        line.insert("frame_peer_p99_times".into(), most.into());
        println!("{}", Value::Object(line));
        return;
    }
    let told = |of: &Map<String, Value>, key: &str| {
        turns::number(of, key).map_or_else(|| "–".to_owned(), |number| format!("{number:.3}"))
    };
    println!("5 000 chunks, CPU time of the frame's thread, ms      half     99 of 100");
    let rows = [
        ("both eyes: cull, record, submit", ours, "frame_cpu"),
        ("  of which culling", ours, "frame_cull"),
        ("Bevy 0.20, one eye, the quicker of", theirs, "frame_peer"),
        ("  as it comes: the GPU gathers", theirs, "frame_peer_gpu_gathers"),
        ("  the CPU gathers", theirs, "frame_peer_cpu_gathers"),
    ];
    for (name, of, key) in rows {
        let [p50, p99] = ["p50", "p99"].map(|part| told(of, &format!("{key}_{part}_millis")));
        println!("{name:<50}{p50:>8}{p99:>14}");
    }
    let told = |times: Option<f64>| times.map_or_else(|| "–".to_owned(), |times| format!("{times:.1}×"));
    println!("times as long as ours{:>37}{:>14}", told(half), told(most));
    println!(
        "draws {}, triangles an eye {}",
        told_count(ours, "frame_draws"),
        told_count(ours, "frame_triangles")
    );
}

fn told_count(of: &Map<String, Value>, key: &str) -> String {
    of.get(key).and_then(Value::as_f64).map_or_else(|| "–".to_owned(), |count| format!("{count:.0}"))
}
