//! libFuzzer's program: the target that `PAVILION_FUZZ_TARGET` names, held to its bounds.
//!
//! The targets are files of the crate's own tests, compiled here with counters of what runs.
#![no_main]

use std::sync::LazyLock;

// The targets' paths begin at the crate that they are part of.
use pavilion::{math, protocol, scene};

#[allow(dead_code)]
#[path = "../../../src/tests/allocator.rs"]
mod allocator;
#[path = "../../../src/tests/effort.rs"]
mod effort;
#[path = "../../../src/tests/fuzz/mod.rs"]
mod fuzz;

// What bake alone reads.
#[path = "../../../src/host/bake/basis.rs"]
mod basis;
#[path = "../../../src/host/bake/draco.rs"]
mod draco;
#[allow(dead_code)]
#[path = "../../../src/host/bake/webp.rs"]
mod webp;

mod host {
    pub mod bake {
        pub(crate) use crate::{basis, draco};
    }
}

static TARGET: LazyLock<&fuzz::Target> = LazyLock::new(|| {
    let name = std::env::var("PAVILION_FUZZ_TARGET").unwrap_or_default();
    let found = fuzz::TARGETS.iter().find(|target| target.name == name);
    let target = found.unwrap_or_else(|| panic!("{name:?} is no target: set PAVILION_FUZZ_TARGET"));
    if ["ktx2", "draco"].contains(&target.name) {
        // Panics of their decoders are caught; any other still ends the program, when it comes out of the target.
        std::panic::set_hook(Box::new(|_| ()));
    }
    target
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(sentence) = TARGET.check(bytes) {
        panic!("{}: {sentence}", TARGET.name);
    }
});
