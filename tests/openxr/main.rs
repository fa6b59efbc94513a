//! A headset by a real OpenXR runtime: the whole way from a baked twin to the runtime's own images.
//!
//! Names begin with `under_monado`: `cargo xtask test` runs them as a stage of their own.

#![cfg(all(feature = "xr", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../src/tests/golden.rs"]
#[allow(dead_code)]
mod golden;
#[path = "../monado/mod.rs"]
mod monado;
#[path = "../program/mod.rs"]
mod program;
#[path = "../twin/mod.rs"]
mod twin;

mod compositor;
mod dead_host;
mod faults;
mod input;
mod pictures;
mod recovery;
mod visit;
mod walk;

// The goldens' comparison is shared with the tests inside the crate, which say `crate::scene`.
use pavilion::scene;
