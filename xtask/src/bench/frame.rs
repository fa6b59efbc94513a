//! `cargo xtask bench frame`: a whole frame on its own thread, ours and a peer's, in turn.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::Arguments;
use crate::setup::cache::Cache;
use crate::setup::{self, Downloads};
use crate::{process, workspace};

/// How often each is measured, in turn; the middle one counts.
const ROUNDS: usize = 3;

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
    let mut lines: [Vec<Map<String, Value>>; 2] = Default::default();
    for _ in 0..ROUNDS {
        lines[0].extend(line(&mut ours)?);
        if peer.is_ok() {
            lines[1].extend(line(&mut theirs)?);
        }
    }
    let [ours, theirs] = lines.map(middle);
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

/// What it printed; `None` where it skipped, and has said why.
fn line(command: &mut Command) -> Result<Option<Map<String, Value>>> {
    let output = command.stderr(std::process::Stdio::inherit());
    let text = process::output(output)?;
    let Some(line) = text.lines().last() else { return Ok(None) };
    serde_json::from_str(line).context("it printed no JSON").map(Some)
}

/// Of each number the middle one.
fn middle(lines: Vec<Map<String, Value>>) -> Map<String, Value> {
    let mut middle = lines.first().cloned().unwrap_or_default();
    for (key, value) in &mut middle {
        let mut numbers: Vec<f64> = lines.iter().filter_map(|line| line[key].as_f64()).collect();
        numbers.sort_by(f64::total_cmp);
        if let Some(number) = numbers.get(numbers.len() / 2) {
            *value = (*number).into();
        }
    }
    middle
}

fn print(ours: &Map<String, Value>, theirs: &Map<String, Value>, is_json: bool) {
    let number = |of: &Map<String, Value>, key: &str| of.get(key).and_then(Value::as_f64);
    let times =
        |[ours_key, theirs_key]: [&str; 2]| Some(number(theirs, theirs_key)? / number(ours, ours_key)?);
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
        number(of, key).map_or_else(|| "–".to_owned(), |number| format!("{number:.3}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_number_the_middle_one_counts_whatever_round_it_is_of() {
        let line = |half: f64, most: f64| {
            let line = serde_json::json!({"device": "d", "half": half, "most": most});
            line.as_object().cloned().unwrap_or_default()
        };
        let middle = middle(vec![line(1.0, 9.0), line(3.0, 7.0), line(2.0, 8.0)]);
        assert_eq!((middle["half"].as_f64(), middle["most"].as_f64()), (Some(2.0), Some(8.0)));
        assert_eq!(middle["device"], "d");
        assert!(super::middle(Vec::new()).is_empty());
    }
}
