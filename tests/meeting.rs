//! Two visitors meet, as two processes on one host: each waves, sees the other wave, and is named.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../src/tests/golden.rs"]
#[allow(dead_code)]
mod golden;
mod program;
mod twin;

use std::path::Path;

// The goldens' comparison is shared with the tests inside the crate, which say `crate::scene`.
use pavilion::scene;
use program::{Home, KEYS, can_draw};
use serde_json::Value;

/// Compares what both eyes saw with the goldens `name`.
fn compare(name: &str, shots: &Path) {
    for eye in ["left", "right"] {
        let pixels = golden::read_png(&shots.join(format!("{eye}.png"))).unwrap();
        golden::assert_golden(&format!("{name}-{eye}"), &pixels);
    }
}

#[test]
fn two_visitors_see_each_other_wave() {
    let venue = Home::new();
    if !can_draw(&venue) {
        return;
    }
    let (source, baked) = (venue.path("twin.gltf"), venue.path("baked"));
    twin::write(&source);
    venue.json(&["bake", source.to_str().unwrap(), baked.to_str().unwrap(), "--json"]);
    let host = venue.host(&baked, &[]);

    // They stand a step apart and face each other.
    let visitors = [("Ada", "-0.1,0,8.0"), ("Bob", "0.1,0,6.6,180")];
    let homes = [Home::new(), Home::new()];
    let mut running = Vec::new();
    for ((home, key), (name, at)) in homes.iter().zip(KEYS).zip(visitors) {
        home.keep_key(key);
        let shots = home.path("shots");
        let mut arguments = vec!["view", &host.link, "--headless", "--validate", "--json", "--wave"];
        arguments.extend(["--name", name, "--at", at, "--size", "480x480"]);
        // Frames count once the other was seen for longer than the wave takes; whoever is done first
        // stays for the other's picture.
        arguments.extend(["--people", "1", "--frames", "3", "--stay-seconds", "15"]);
        arguments.extend(["--shot", shots.to_str().unwrap()]);
        running.push((name, home.command(&arguments).spawn().unwrap()));
    }
    let mut reports: Vec<Value> = Vec::new();
    for (name, child) in running {
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {}\n{errors}", output.status);
        reports.push(serde_json::from_slice(&output.stdout).unwrap());
    }
    let names = [["Bob"], ["Ada"]];
    for (report, others) in reports.iter().zip(names) {
        println!("{report}");
        assert_eq!(report["people"], serde_json::json!(others), "{report}");
        assert_eq!(report["frames"].as_u64(), Some(3), "{report}");
        assert_eq!(report["validation_messages"].as_u64(), Some(0), "{report}");
    }
    for (home, (name, _)) in homes.iter().zip(visitors) {
        compare(&format!("meeting-{}", name.to_lowercase()), &home.path("shots"));
    }
}

#[test]
fn a_key_that_cannot_be_read_is_named_and_kept() {
    const ENVIRONMENT: i32 = 3;
    let home = Home::new();
    if !can_draw(&home) {
        return;
    }
    home.keep_key("not a key");
    let source = home.path("twin.gltf");
    twin::write(&source);
    let arguments = ["view", source.to_str().unwrap(), "--headless", "--size", "64x64"];
    let sentence = home.failure(&arguments, ENVIRONMENT);
    assert!(sentence.contains("visitor-key.pem"), "{sentence}");
    let kept = std::fs::read_to_string(home.path("data").join("visitor-key.pem")).unwrap();
    assert!(kept.contains("not a key"));
}
