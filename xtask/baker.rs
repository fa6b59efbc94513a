//! The build script of `pavilion`: names the baker by what it is made of, so that a twin, or a piece of one, that
//! another baker made is never taken for what this one would make.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::Path;

/// What the bytes of a bake depend on; of `Cargo.lock` the encoders and decoders in it.
const SOURCES: [&str; 5] = ["Cargo.lock", "src/host/bake", "src/math", "src/protocol", "src/scene"];

fn main() {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        add(Path::new(source), &mut hasher);
    }
    println!("cargo::rustc-env=PAVILION_BAKER={:016x}", hasher.finish());
}

/// Adds a file, or all in a folder in the order of their names. What is not there adds nothing.
fn add(path: &Path, hasher: &mut DefaultHasher) {
    if let Ok(entries) = fs::read_dir(path) {
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths.iter().for_each(|path| add(path, hasher));
    } else if let Ok(bytes) = fs::read(path) {
        hasher.write(path.to_string_lossy().as_bytes());
        hasher.write_usize(bytes.len());
        hasher.write(&bytes);
    }
}
