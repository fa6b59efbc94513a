//! Each rule refuses what it should, by name, and lets pass what it should.

use super::tree::File;
use super::{Rule, docs, rules, tree};

fn file(path: &str, text: &str) -> File {
    let module =
        path.trim_end_matches(".rs").trim_end_matches("/mod").split('/').map(str::to_owned).collect();
    File { path: path.into(), module, test_only: false, text: text.into() }
}

fn broken(path: &str, text: &str) -> Vec<String> {
    let dependencies = ["wgpu", "gltf", "quinn", "glam", "tracing", "png"].map(str::to_owned);
    rules::check(&file(path, text), &dependencies)
}

#[track_caller]
fn refused(path: &str, text: &str, expected: &str) {
    let broken = broken(path, text);
    assert!(broken.len() == 1 && broken[0].ends_with(expected), "{text}: {broken:?}, expected {expected}");
}

#[track_caller]
fn passes(path: &str, text: &str) {
    assert_eq!(broken(path, text), Vec::<String>::new(), "{text}");
}

#[test]
fn a_forbidden_import_is_refused_in_every_way_to_write_it() {
    let expected = ":1: `cull` may not import `draw`";
    refused("cull/lod.rs", "use crate::draw::Renderer;", expected);
    refused("cull/lod.rs", "use crate::{math::Pose, draw::{self as d, Renderer as R}};", expected);
    refused("cull/lod.rs", "use super::super::draw;", expected);
    refused("cull/mod.rs", "use super::draw::*;", expected);
    refused("cull/mod.rs", "mod inner { use super::super::draw::Renderer; }", expected);
    refused("cull/lod.rs", "fn f(r: &crate::draw::Renderer) {}", expected);
    refused("cull/lod.rs", "fn f() { let x = <crate::draw::R as Default>::default(); }", expected);
    refused("cull/lod.rs", "fn f() { println!(\"{}\", crate::draw::NAME); }", expected);
    refused("cull/lod.rs", "fn f() { tracing::info!(x = %crate::draw::NAME, \"said\"); }", expected);
    refused("cull/lod.rs", "macro_rules! m { () => { $crate::draw::NAME }; }", expected);
    refused("scene/gltf/mesh.rs", "use crate::app::Viewer;", ":1: `scene` may not import `app`");
    refused("draw/mesh.rs", "use crate::host::bake;", ":1: `draw` may not import `host`");
}

#[test]
fn a_forbidden_crate_is_refused() {
    refused("cull/lod.rs", "use wgpu::Device;", ":1: `cull` may not use the crate `wgpu`");
    refused("cull/lod.rs", "use wgpu as w;", ":1: `cull` may not use the crate `wgpu`");
    refused("cull/lod.rs", "\nfn f(d: &wgpu::Device) {}", ":2: `cull` may not use the crate `wgpu`");
    refused("draw/lit.rs", "#[derive(quinn::Odd)] struct S;", ":1: `draw` may not use the crate `quinn`");
    refused("nowhere.rs", "use glam::Vec3;", ": the module `nowhere` is not in the table of layers");
}

#[test]
fn what_is_allowed_passes() {
    passes("cull/lod.rs", "use crate::{math::Pose, scene::{self, Tile}};\nuse super::list;\nuse glam::Vec3;");
    passes(
        "cull/lod.rs",
        "// use crate::draw;\n/// See [`crate::draw`].\nconst S: &str = \"crate::draw::X wgpu::Y unsafe\";",
    );
    passes("draw/lit.rs", "use wgpu::Device;\nuse crate::cull::DrawList;");
    passes("app/viewer.rs", "use crate::{host, draw, net, present};");
    // A module of ours may bear the name of a crate.
    passes("host/bake.rs", "use crate::scene::gltf;\nfn f() { gltf::read(); }");
    passes("host/bake.rs", "mod gltf;\nfn f() { gltf::read(); }");
    passes("cull/lod.rs", "#[cfg(test)] mod tests { use crate::draw::X; fn f() { wgpu::x().unwrap(); } }");
}

#[test]
fn unsafe_is_refused_outside_its_files() {
    let text = "fn f() { unsafe { g() } }";
    refused("cull/lod.rs", text, "src/cull/lod.rs:1: `unsafe` has no place in this file");
    refused(
        "stream/mod.rs",
        "#[cfg(test)] mod tests {\nunsafe fn f() {} }",
        ":2: `unsafe` has no place in this file",
    );
    passes("draw/device.rs", text);
    passes("present/openxr/session.rs", text);
}

#[test]
fn what_may_panic_is_refused_where_strangers_bytes_are_read() {
    let because =
        |word: &str, module: &str| format!(":1: {word} may panic, and `{module}` reads a stranger's bytes");
    refused(
        "scene/gltf/mesh.rs",
        "fn f(x: Option<u8>) -> u8 { x.unwrap() }",
        &because("unwrap", "scene::gltf"),
    );
    refused(
        "protocol/codec.rs",
        "fn f(x: Option<u8>) -> u8 { x.expect(\"one\") }",
        &because("expect", "protocol"),
    );
    refused("protocol/codec.rs", "fn f(x: &[u8], i: usize) -> u8 { x[i] }", &because("indexing", "protocol"));
    refused(
        "protocol/codec.rs",
        "fn f(x: &[u8]) { println!(\"{}\", x[1..]); }",
        &because("indexing", "protocol"),
    );
    passes("protocol/codec.rs", "fn f(x: &[u8]) -> u8 { x.first().copied().unwrap_or(0) }");
    passes("protocol/codec.rs", "fn f(x: [u8; 2]) -> u8 { x[0] }");
    passes("scene/mesh.rs", "fn f(x: &[u8], i: usize) -> u8 { x[i] }");
    let lints = "#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]";
    passes("protocol/mod.rs", lints);
    refused(
        "protocol/mod.rs",
        &lints.replace("deny", "warn"),
        "must deny clippy's unwrap_used, expect_used, indexing_slicing",
    );
    passes("protocol/codec.rs", "#[test] fn f() { g().unwrap(); }");
}

#[test]
fn a_pure_module_may_not_reach_outside() {
    let expected = "may not use `std::fs`";
    refused("stream/mod.rs", "use std::fs;", expected);
    refused(
        "stream/mod.rs",
        "fn f() { let t = std::time::Instant::now(); }",
        "may not use `std::time::Instant::now`",
    );
    passes("stream/mod.rs", "use std::time::{Duration, Instant};\nuse std::net::SocketAddr;");
    passes("store/mod.rs", "use std::fs;");
}

#[test]
fn seven_hundred_and_one_lines_are_refused() {
    let mut long = file("cull/lod.rs", &"\n".repeat(701));
    assert_eq!(
        rules::check_length(&long).as_deref(),
        Some("src/cull/lod.rs: 701 lines, the ceiling is 700: split it by noun")
    );
    long.text = "\n".repeat(700);
    assert_eq!(rules::check_length(&long), None);
    long.text = "\n".repeat(7000);
    long.test_only = true;
    assert_eq!(rules::check_length(&long), None);
}

#[test]
fn docs_that_disagree_with_the_table_are_refused() {
    let good =
        "//! - L1 [`scene`]: what exists\n//! - L2 [`cull`]: what to draw\npub mod scene;\npub mod cull;\n";
    assert_eq!(docs::check(good), Vec::<String>::new());
    let says = |text: &str, expected: &str| {
        let faults = docs::check(text);
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{faults:?}");
    };
    says(&good.replace("L2", "L3"), "`cull` is of layer 2, not 3");
    says(&good.replace("pub mod cull;\n", ""), "list `cull`, which is no module");
    says("pub mod scene;\n", "do not list the module `scene`");
    says("//! - L2 [`cull`]: a\n//! - L1 [`scene`]: b\npub mod scene;\npub mod cull;\n", "leave the order");
}

#[test]
fn a_table_with_an_upward_import_or_an_idle_crate_is_refused() {
    let row = |module, layer, imports| Rule { module, layer, imports, crates: &["png"], sans_io: false };
    let faults = rules::check_table(&[row("a", 1, &["b"]), row("b", 0, &[])], &["png".into(), "idle".into()]);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("`a` import `b`") && faults[1].contains("`idle` belongs to no module"));
    assert_eq!(rules::check_table(&[row("a", 0, &[])], &[]).len(), 1);
}

#[test]
fn dependencies_are_read_from_the_manifest() {
    let manifest = "[package]\nname = \"x\"\n\n[dependencies]\nglam.workspace = true\nzune-jpeg = \"1\"\n\n[target.'cfg(unix)'.dependencies]\njni = \"1\"\n\n[dev-dependencies]\nsyn = \"2\"\n";
    assert_eq!(tree::dependencies(manifest), ["glam", "zune_jpeg", "jni"]);
}
