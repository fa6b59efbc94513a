//! Who may import whom, kept once as data and compared with every file under `src/`.
//!
//! [`RULES`] is the table; [`rules`] reads it, [`tree`] finds the files, [`source`] says what a file uses and
//! `bites` shows that each rule refuses what it should.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bites;
mod docs;
mod rules;
mod source;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};

/// One module directly under `src/`.
pub struct Rule {
    pub module: &'static str,
    pub layer: u8,
    /// Modules that it may import, its own apart.
    pub imports: &'static [&'static str],
    /// Third-party crates that it may use beside [`FREE_CRATES`].
    pub crates: &'static [&'static str],
    /// No clock, file, socket, thread or environment inside: time, bytes and sizes are arguments.
    pub sans_io: bool,
}

const fn pure(
    layer: u8,
    module: &'static str,
    imports: &'static [&'static str],
    crates: &'static [&'static str],
) -> Rule {
    Rule { module, layer, imports, crates, sans_io: true }
}

const fn rim(
    layer: u8,
    module: &'static str,
    imports: &'static [&'static str],
    crates: &'static [&'static str],
) -> Rule {
    Rule { module, layer, imports, crates, sans_io: false }
}

/// Free to all.
pub const FREE_CRATES: &[&str] = &["glam", "bytemuck", "serde", "thiserror", "tracing"];

/// The design's table. Nobody imports `app`; only `app` imports `host`.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    pure(0, "math", &[], &[]),
    pure(1, "scene", &["math"], &["gltf", "serde_json", "png", "zune_jpeg", "zune_core", "blake3", "base64"]),
    pure(2, "protocol", &["math", "scene"], &["postcard", "blake3"]),
    pure(2, "cull", &["math", "scene"], &[]),
    pure(2, "physics", &["math", "scene"], &["rapier3d"]),
    pure(2, "rig", &["math", "scene", "physics"], &[]),
    rim(2, "udp", &[], &["quinn", "socket2", "tokio"]),
    rim(3, "store", &["math", "protocol"], &["blake3"]),
    pure(3, "stream", &["math", "scene", "protocol", "physics"], &[]),
    pure(3, "people", &["math", "scene", "protocol"], &[]),
    pure(3, "twin", &["math", "scene", "protocol"], &[]),
    pure(3, "wallet", &["math", "scene", "protocol"], &[]),
    pure(3, "guide", &["math", "scene", "protocol"], &[]),
    rim(3, "net", &["math", "protocol", "udp"], &["quinn", "quinn_proto", "rustls", "tokio", "base64"]),
    rim(3, "audio", &["math", "scene", "protocol"], &["rtrb", "pulseaudio", "cpal"]),
    rim(3, "draw", &["math", "scene", "cull"], &["wgpu", "ash", "blake3", "png", "ab_glyph", "epaint", "epaint_default_fonts", "pollster", "rustix"]),
    rim(3, "host", &["math", "scene", "protocol", "cull", "physics", "rig", "udp", "store"],
        &["quinn", "quinn_proto", "bytes", "rustls", "rcgen", "tokio", "meshopt", "image_webp", "basisu", "draco_core", "png", "serde_json", "base64",
          "blake3", "postcard", "hyper", "hyper_util", "socket2"]),
    rim(4, "ui", &["math", "scene", "protocol", "cull", "physics", "rig", "stream", "people", "twin", "wallet", "guide"], &["egui"]),
    rim(4, "present", &["math", "scene", "rig", "draw"], &["openxr", "wgpu", "ash", "winit", "png", "android_activity", "jni"]),
    rim(5, "app", &["math", "scene", "protocol", "cull", "physics", "rig", "udp", "store", "stream", "people", "twin", "wallet",
        "guide", "net", "audio", "draw", "host", "ui", "present"], &["clap", "tracing_subscriber", "serde_json", "blake3", "tokio", "fs4", "android_logger", "log", "toml"]),
];

/// What the command's own `main.rs` may use.
pub const MAIN_CRATES: &[&str] = &["pavilion", "clap", "mimalloc"];

/// Files that may say `unsafe`: Vulkan and OpenXR handles, and the allocator that counts in a test.
pub const UNSAFE: &[&str] = &[
    "present/openxr/",
    "present/android.rs",
    // `android_main`, by whose name the system's glue finds us.
    "lib.rs",
    "draw/device.rs",
    "draw/device/",
    "draw/hooks.rs",
    "draw/hooks/",
    "draw/upload.rs",
    "draw/upload/",
    "tests/allocator.rs",
];

/// Modules that read a stranger's bytes: nothing in them may panic on a wrong one.
pub const STRANGERS_BYTES: &[&str] =
    &["scene::gltf", "scene::tile", "scene::tiles3d", "scene::collider", "scene::sound::wav", "protocol"];

/// The sentence of the design: the docs of `lib.rs` keep this order.
pub const SENTENCE: &[&str] = &["stream", "scene", "cull", "draw", "present"];

pub const RUST_LINES: usize = 700;
pub const WGSL_LINES: usize = 250;

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn refuse(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn every_file_keeps_to_its_layer() {
    let files = tree::read(&package().join("src")).unwrap();
    assert!(files.len() > 5, "only {} files were found", files.len());
    let dependencies = tree::dependencies(&fs::read_to_string(package().join("Cargo.toml")).unwrap());
    let violations: Vec<_> = files.iter().flat_map(|file| rules::check(file, &dependencies)).collect();
    refuse(&violations);
}

#[test]
fn every_file_is_a_module_and_none_is_too_long() {
    let source = package().join("src");
    let files = tree::read(&source).unwrap();
    let mut violations: Vec<_> = files.iter().filter_map(rules::check_length).collect();
    let declared: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
    for path in tree::files_under(&source, "rs").unwrap() {
        let name = path.strip_prefix(&source).unwrap().to_string_lossy().replace('\\', "/");
        if !declared.contains(&name) {
            violations.push(format!("src/{name}: no `mod` declares this file"));
        }
    }
    refuse(&violations);
}

#[test]
fn no_shader_is_too_long() {
    let shaders = package().join("shaders");
    let paths = if shaders.exists() { tree::files_under(&shaders, "wgsl").unwrap() } else { Vec::new() };
    let check = |path: &PathBuf| {
        let name = format!("shaders/{}", path.strip_prefix(&shaders).unwrap().display());
        rules::too_long(&name, fs::read_to_string(path).unwrap().lines().count(), WGSL_LINES)
    };
    refuse(&paths.iter().filter_map(check).collect::<Vec<_>>());
}

#[test]
fn the_docs_of_lib_say_the_same_as_the_table() {
    let text = fs::read_to_string(package().join("src/lib.rs")).unwrap();
    refuse(&docs::check(&text));
}

#[test]
fn the_table_has_no_cycle_no_upward_import_and_no_idle_crate() {
    let dependencies =
        tree::dependencies(&fs::read_to_string(Path::new(&package()).join("Cargo.toml")).unwrap());
    refuse(&rules::check_table(RULES, &dependencies));
}
