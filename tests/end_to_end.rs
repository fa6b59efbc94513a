//! The whole way, as a visitor goes it: a glTF file is baked, hosted by one process, streamed over
//! QUIC to another, and drawn for both eyes.

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
use program::{Home, can_draw, test_data};
use serde_json::Value;

/// Bakes `source`, hosts it, visits it, and compares what both eyes saw with the goldens `name`.
fn goes_the_whole_way(name: &str, source: &Path, at: Option<&str>) -> Option<Value> {
    let home = Home::new();
    if !can_draw(&home) {
        return None;
    }
    let (baked, shots) = (home.path("baked"), home.path("shots"));
    let bake = home.json(&["bake", source.to_str().unwrap(), baked.to_str().unwrap(), "--json"]);
    assert!(bake["tiles"].as_u64().unwrap() >= 1, "{bake}");
    let host = home.host(&baked, &[]);
    let mut arguments = vec![
        "view",
        &host.link,
        "--headless",
        "--frames",
        "3",
        "--size",
        "640x640",
        "--validate",
        "--json",
        "--shot",
    ];
    arguments.push(shots.to_str().unwrap());
    if let Some(at) = at {
        arguments.extend(["--at", at]);
    }
    let report = home.json(&arguments);
    println!("{name}: {report}");
    assert_eq!(report["frames"].as_u64(), Some(3), "{report}");
    assert_eq!(report["validation_messages"].as_u64(), Some(0), "{report}");
    assert!(report["bytes_received"].as_u64().unwrap() > 0, "nothing was streamed: {report}");
    for eye in ["left", "right"] {
        let pixels = golden::read_png(&shots.join(format!("{eye}.png"))).unwrap();
        golden::assert_golden(&format!("{name}-{eye}"), &pixels);
    }
    Some(report)
}

#[test]
fn the_demo_venue() {
    let Some(venue) = std::env::var_os("PAVILION_DEMO_VENUE") else {
        println!("skipped: PAVILION_DEMO_VENUE names no file; `cargo xtask test` makes it");
        return;
    };
    let Some(report) = goes_the_whole_way("venue", Path::new(&venue), None) else { return };
    assert!(report["triangles_drawn"].as_u64().unwrap() > 10_000, "{report}");
}

#[test]
fn a_textured_twin_of_many_tiles() {
    let home = Home::new();
    let source = home.path("twin.gltf");
    twin::write(&source);
    let Some(report) = goes_the_whole_way("twin", &source, None) else { return };
    assert!(report["tiles"]["total"].as_u64().unwrap() > 4, "{report}");
}

#[test]
fn the_garage() {
    if let Some(source) = test_data("twins/garage/garage.gltf") {
        goes_the_whole_way("garage", &source, None);
    }
}

#[test]
fn the_home_theater() {
    if let Some(source) = test_data("twins/home-theater/home-theater.gltf") {
        goes_the_whole_way("home-theater", &source, None);
    }
}
