//! `cargo xtask bench host`: what a host costs beside QUIC alone, and what happens when a hall full of visitors comes
//! in at the same moment.
//!
//! In: a folder that `pavilion bake` made, for the crowd; what is sent for throughput is made up. Out: a table, or with
//! `--json` one object a line. Everything is loopback on this machine: servers are processes of their own, whose CPU time
//! is theirs alone, but the viewers' process shares the cores with them.
//!
//! Run by `cargo test`, without cargo's `--bench`, it does the same with tiny numbers and prints nothing but them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod child;
mod crowd;
mod plain;
mod report;
mod serve;
mod throughput;
mod viewer;

// What visitors know a host by and prove to it is shared with the viewer, which says `crate::protocol` and would bring
// a renderer along.
#[path = "../../src/net/identity.rs"]
#[allow(dead_code, unused_imports)]
mod identity;
#[path = "../../src/net/pin.rs"]
#[allow(dead_code)]
mod pin;

// So is the made-up venue.
#[path = "../../tests/rehearsal/src/random.rs"]
#[allow(dead_code)]
mod random;
#[path = "../../tests/rehearsal/src/twin.rs"]
#[allow(dead_code)]
mod twin;

use std::path::{Path, PathBuf};

use pavilion::protocol;
use pavilion::protocol::manifest;
use tempfile::TempDir;

use twin::{Plan, Twin};

/// 218 MB in 1365 blobs of 80 to 240 kB, three times what the host keeps in memory.
const PLAN: Plan = Plan { levels: 5, tile_bytes: 160_000, ..Plan::LARGE };

/// How much is measured.
struct Scale {
    /// What is sent.
    plan: Plan,
    /// Connections at once, and how often host and QUIC alone take turns then.
    connections: &'static [(usize, usize)],
    /// Visitors who come at the same moment, and how often that is tried.
    visitors: usize,
    crowds: usize,
}

/// What `cargo xtask bench host` measures.
const WHOLE: Scale = Scale { plan: PLAN, connections: &[(1, 15), (8, 5)], visitors: 200, crowds: 5 };

/// Just enough to see that all of it works.
const TINY: Scale = Scale { plan: Plan::SMALL, connections: &[(2, 1)], visitors: 40, crowds: 1 };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, kind, twin, identity] = &arguments[..]
        && word == child::SERVE
    {
        return serve::run(kind, Path::new(twin), Path::new(identity));
    }
    let has = |option: &str| arguments.iter().any(|word| word == option);
    let (is_whole, is_json) = (has("--bench"), has("--json"));
    let scale = if is_whole { WHOLE } else { TINY };
    // What `cargo test` passes on is the name of a test.
    let baked = arguments.iter().find(|word| is_whole && !word.starts_with('-')).map(PathBuf::from);

    let folder = TempDir::new().expect("a folder for what is sent");
    let (made, identity) = (folder.path().join("twin"), folder.path().join("identity"));
    write(&Twin::new(scale.plan, 1), &made);
    let lines =
        scale.connections.iter().map(|&(count, turns)| throughput::compare(&made, &identity, count, turns));
    report::heading(is_json);
    lines.for_each(|line| report::throughput(&line, is_json));
    let baked = baked.unwrap_or(made);
    let crowds = (0..scale.crowds).map(|_| crowd::come(&baked, &identity, scale.visitors)).collect();
    report::crowds(crowds, is_json);
}

/// Writes it as bake would.
fn write(twin: &Twin, folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    for (hash, bytes) in twin.blobs.iter() {
        let name =
            if *hash == twin.manifest { manifest::FILE_NAME.to_owned() } else { format!("{hash}.glb") };
        std::fs::write(folder.join(name), bytes).expect("a blob");
    }
}
