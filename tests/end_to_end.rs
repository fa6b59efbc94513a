//! The whole way, as a visitor goes it: a glTF file is baked, hosted by one process, streamed over
//! QUIC to another, and drawn for both eyes.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../src/tests/golden.rs"]
#[allow(dead_code)]
mod golden;
mod marks;
mod program;
mod twin;

use std::path::Path;

// The goldens' comparison is shared with the tests inside the crate, which say `crate::scene`.
use pavilion::scene;
use program::{Home, can_draw, test_data};
use serde_json::Value;

/// Bakes `source`, hosts it, visits it, and compares what both eyes saw with the goldens `name`. The visit's
/// report, and what it said beside it.
fn goes_the_whole_way(name: &str, source: &Path, more: &[&str]) -> Option<(Value, String)> {
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
    arguments.extend(more);
    let output = home.run(&arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{}\n{errors}", output.status);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    println!("{name}: {report}");
    assert_eq!(report["frames"].as_u64(), Some(3), "{report}");
    assert_eq!(report["validation_messages"].as_u64(), Some(0), "{report}");
    assert!(report["bytes_received"].as_u64().unwrap() > 0, "nothing was streamed: {report}");
    for eye in ["left", "right"] {
        let pixels = golden::read_png(&shots.join(format!("{eye}.png"))).unwrap();
        golden::assert_golden(&format!("{name}-{eye}"), &pixels);
    }
    Some((report, errors))
}

#[test]
fn the_demo_venue() {
    let Some(venue) = std::env::var_os("PAVILION_DEMO_VENUE") else {
        println!("skipped: PAVILION_DEMO_VENUE names no file; `cargo xtask test` makes it");
        return;
    };
    let Some((report, _)) = goes_the_whole_way("venue", Path::new(&venue), &[]) else { return };
    assert!(report["triangles_drawn"].as_u64().unwrap() > 10_000, "{report}");
}

#[test]
fn a_textured_twin_of_many_tiles() {
    let home = Home::new();
    let source = home.path("twin.gltf");
    twin::write(&source);
    let Some((report, errors)) = goes_the_whole_way("twin", &source, &[]) else { return };
    assert!(report["tiles"]["total"].as_u64().unwrap() > 4, "{report}");
    assert!(report["two_passes"].is_null() && !errors.contains("one after the other"), "{report}\n{errors}");
    assert_eq!([&report["vulkan"]["render_passes"], &report["vulkan"]["eye_passes"]], [1, 1], "{report}");
}

/// The same pictures from a GPU that draws one eye after the other.
#[test]
fn a_twin_in_two_passes() {
    let home = Home::new();
    let source = home.path("twin.gltf");
    twin::write(&source);
    let more = ["--two-passes"];
    let Some((report, errors)) = goes_the_whole_way("twin", &source, &more) else { return };
    let sentence = "the eyes are drawn one after the other, because that was asked for";
    assert_eq!(errors.matches(sentence).count(), 1, "{errors}");
    assert_eq!(report["two_passes"], "that was asked for", "{report}");
    assert_eq!([&report["vulkan"]["render_passes"], &report["vulkan"]["eye_passes"]], [2, 0], "{report}");
}

#[test]
fn points_and_lines() {
    let home = Home::new();
    let source = home.path("marks.gltf");
    marks::write(&source);
    goes_the_whole_way("marks", &source, &[]);
}

#[test]
fn the_garage() {
    if let Some(source) = test_data("twins/garage/garage.gltf") {
        goes_the_whole_way("garage", &source, &[]);
    }
}

#[test]
fn the_home_theater() {
    if let Some(source) = test_data("twins/home-theater/home-theater.gltf") {
        goes_the_whole_way("home-theater", &source, &[]);
    }
}

/// The twin in three places, as one mesh that is shown three times, or as three meshes that are equal.
fn write_three(folder: &Path, is_shared: bool) -> std::path::PathBuf {
    let source = folder.join("twin.gltf");
    twin::write(&source);
    let mut gltf: Value = serde_json::from_slice(&std::fs::read(&source).unwrap()).unwrap();
    let (own_nodes, own_meshes) = (gltf["nodes"].clone(), gltf["meshes"].clone());
    let own_nodes = own_nodes.as_array().unwrap();
    let (mut nodes, mut meshes, mut roots) = (Vec::new(), Vec::new(), Vec::new());
    for (place, yaw) in [(0.0_f32, 0.0_f32), (44.0, 0.7), (-44.0, 2.6)] {
        if !is_shared || meshes.is_empty() {
            meshes.extend(own_meshes.as_array().unwrap().iter().cloned());
        }
        let first_mesh = meshes.len() - own_meshes.as_array().unwrap().len();
        let children: Vec<usize> = (nodes.len()..nodes.len() + own_nodes.len()).collect();
        nodes.extend(own_nodes.iter().map(|node| {
            let mut node = node.clone();
            node["mesh"] = (node["mesh"].as_u64().unwrap() + first_mesh as u64).into();
            node
        }));
        roots.push(nodes.len());
        let turn = [0.0, (yaw / 2.0).sin(), 0.0, (yaw / 2.0).cos()];
        nodes.push(serde_json::json!({
            "name": "field", "children": children, "rotation": turn, "translation": [place, 0.0, 0.0]
        }));
    }
    (gltf["nodes"], gltf["meshes"]) = (nodes.into(), meshes.into());
    gltf["scenes"][0]["nodes"] = roots.into();
    let path = folder.join(if is_shared { "shared.gltf" } else { "apart.gltf" });
    std::fs::write(&path, gltf.to_string()).unwrap();
    path
}

/// What stands there several times is baked and fetched once, and looks as if each were there by itself.
#[test]
fn the_same_three_times_looks_like_three_of_them() {
    let home = Home::new();
    if !can_draw(&home) {
        return;
    }
    let visit = |is_shared: bool| {
        let source = write_three(&home.path(""), is_shared);
        let name = if is_shared { "shared" } else { "apart" };
        let (baked, shots) = (home.path(&format!("baked {name}")), home.path(&format!("shots {name}")));
        let bake = home.json(&["bake", source.to_str().unwrap(), baked.to_str().unwrap(), "--json"]);
        let host = home.host(&baked, &[]);
        let views = ["--headless", "--frames", "3", "--size", "480x480", "--validate", "--json"];
        let place = ["--at", "6,9,42,6,-6", "--shot", shots.to_str().unwrap()];
        let report = home.json(&[&["view", &host.link], &views[..], &place[..]].concat());
        assert_eq!(report["validation_messages"].as_u64(), Some(0), "{report}");
        println!("{name}: {bake} {report}");
        (bake, golden::read_png(&shots.join("left.png")).unwrap())
    };
    let (bake, shared) = visit(true);
    let (bake_apart, apart) = visit(false);
    assert_eq!([&bake["prototypes"], &bake["placements"]], [1, 3], "{bake}");
    assert_eq!(bake["source_triangles"], bake_apart["source_triangles"]);
    let [once, thrice] = [&bake, &bake_apart].map(|bake| bake["bytes"].as_u64().unwrap());
    assert!(once * 2 < thrice, "{once} {thrice}");
    let differences = shared.rgba.iter().zip(&apart.rgba).map(|(a, b)| u64::from(a.abs_diff(*b)));
    let mean = differences.sum::<u64>() as f64 / shared.rgba.len() as f64;
    let folder = golden::output_folder();
    golden::write_png(&folder.join("shared.png"), &shared);
    golden::write_png(&folder.join("apart.png"), &apart);
    assert!(mean < 1.5, "they differ by {mean} of 255");
}
