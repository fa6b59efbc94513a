//! The `gltf` crate on the file of `cargo xtask bench load`: parsed, validated and its buffers loaded; and as its importer
//! does it, with the pixels of the images.
//!
//! Neither reads an element of an accessor.

use std::hint::black_box;
use std::path::Path;

const RUNS: usize = 7;

fn cpu_millis() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn millis(mut work: impl FnMut()) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = cpu_millis();
            work();
            cpu_millis() - began
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

/// All that the importer does but decode images.
fn without_images(path: &Path) {
    let gltf = gltf::Gltf::open(path).expect("a glTF file");
    black_box(gltf::import_buffers(&gltf.document, path.parent(), gltf.blob).expect("its buffers"));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_json = arguments.iter().any(|word| word == "--json");
    let path = arguments.iter().find(|word| !word.starts_with("--")).expect("a glTF file");
    let path = Path::new(path);
    let parsed = millis(|| without_images(path));
    let imported = millis(|| drop(black_box(gltf::import(path).expect("a glTF file"))));
    if is_json {
        let line = serde_json::json!({
            "bench": "load", "peer": "gltf 1.4",
            "load_peer_without_images_millis": parsed, "load_peer_millis": imported,
        });
        println!("{line}");
    } else {
        println!("gltf 1.4: parsed and validated {parsed:.0} ms, imported {imported:.0} ms");
    }
}
