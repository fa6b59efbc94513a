//! `cargo xtask bench load`: a glTF file, read and checked to the last number; and with the pixels of its images.
//!
//! In: a file. Out: a table, or with `--json` one object a line. Times are CPU time of the thread, the median of a few
//! runs; the file is in the system's memory.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::hint::black_box;
use std::path::Path;

use pavilion::scene::ContentError;
use pavilion::scene::gltf::{self, Document, Resolve, image};
use serde_json::json;

const RUNS: usize = 7;

/// The file holds all that it needs.
struct Nothing;

impl Resolve for Nothing {
    fn buffer(&mut self, _: &str) -> Result<Vec<u8>, ContentError> {
        Err(ContentError::malformed("file", "it is not whole"))
    }

    fn image(&mut self, _: &str) -> Result<Option<Vec<u8>>, ContentError> {
        Ok(None)
    }
}

/// CPU time of this thread, milliseconds: what else the machine does is not counted.
fn cpu_millis() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// Milliseconds, the median.
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

/// The file, opened, read and checked: every reference, every element of every accessor, every rule of the format.
fn read(path: &Path) -> Document {
    gltf::read(&std::fs::read(path).unwrap(), &mut Nothing).unwrap()
}

/// The same, and the pixels.
fn read_with_images(path: &Path) {
    for source in &read(path).images {
        black_box(source.bytes.as_deref().map(|bytes| image::decode(bytes).unwrap()));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let is_json = arguments.iter().any(|word| word == "--json");
    let path = arguments.iter().find(|word| !word.starts_with("--")).expect("a glTF file");
    let path = Path::new(path);
    let checked = millis(|| drop(black_box(read(path))));
    let with_images = millis(|| read_with_images(path));
    if is_json {
        let line = json!({
            "bench": "load", "load_bytes": std::fs::metadata(path).unwrap().len(),
            "load_millis": checked, "load_with_images_millis": with_images,
        });
        println!("{line}");
    } else {
        println!("read and checked {checked:.0} ms, with images {with_images:.0} ms");
    }
}
