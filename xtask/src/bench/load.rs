//! `cargo xtask bench load`: reading and checking a glTF file of 50 MB, ours and the `gltf` crate's importer, in turn.

use std::process::Command;

use anyhow::Result;
use serde_json::{Map, Value};

use super::{Arguments, turns};
use crate::{demo, process, workspace};

/// Measures both on the demo venue, a GLB of 56 MB. It is timed, so all is built as users have it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let venue = demo::provide_venue()?;
    eprintln!("bench: load (the first time builds the core and a peer optimised, five minutes)");
    let peer = build_peer();
    if let Err(error) = &peer {
        eprintln!("SKIPPED the peer: {error:#}");
    }
    let mut ours = workspace::cargo();
    ours.args(["bench", "--quiet", "--bench", "load", "--no-default-features", "--", "--json"]).arg(&venue);
    let mut theirs = Command::new(workspace::target()?.join("peers/release/pavilion-peers-load"));
    theirs.arg("--json").arg(&venue);
    let [ours, theirs] = turns::middle_of_each(&mut ours, peer.is_ok().then_some(&mut theirs))?;
    print(&ours, &theirs, arguments.json);
    Ok(())
}

/// A peer that must not be had is no failure.
fn build_peer() -> Result<()> {
    let mut build = workspace::cargo();
    build.args(["build", "--quiet", "--release", "--no-default-features", "--features", "load"]);
    build.args(["--bin", "pavilion-peers-load", "--manifest-path", "benches/peers/Cargo.toml"]);
    process::check(build.arg("--target-dir").arg(workspace::target()?.join("peers")))
}

fn print(ours: &Map<String, Value>, theirs: &Map<String, Value>, is_json: bool) {
    let times = |key: &str| Some(turns::number(theirs, "load_peer_millis")? / turns::number(ours, key)?);
    if is_json {
        let mut line = theirs.clone();
        line.extend(ours.clone());
        line.insert("load_times".into(), times("load_millis").into());
        line.insert("load_with_images_times".into(), times("load_with_images_millis").into());
        println!("{}", Value::Object(line));
        return;
    }
    let told = |of: &Map<String, Value>, key: &str| {
        turns::number(of, key).map_or_else(|| "–".to_owned(), |number| format!("{number:.0}"))
    };
    let megabytes = turns::number(ours, "load_bytes").unwrap_or_default() / 1e6;
    println!("a GLB of {megabytes:.1} MB, CPU time of one thread, ms");
    for (name, of, key) in [
        ("ours: read, every rule and every element of every accessor checked", ours, "load_millis"),
        ("  and the pixels of its images", ours, "load_with_images_millis"),
        ("gltf 1.4: parsed, validated, buffers loaded", theirs, "load_peer_without_images_millis"),
        ("  and the pixels of its images, which is gltf::import", theirs, "load_peer_millis"),
    ] {
        println!("{name:<70}{:>6}", told(of, key));
    }
    if let (Some(times), Some(with_images)) = (times("load_millis"), times("load_with_images_millis")) {
        println!(
            "gltf::import takes {times:.1}× as long as ours without images, {with_images:.1}× as with them"
        );
    }
}
