//! Whole bakes, judged by what comes out: tiles are decoded here with the `meshopt` crate and
//! `serde_json` alone, not with our own reader.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod again;
mod decoded;
mod errors;
mod files;
mod folders;
mod looks;
mod marks;
#[cfg(feature = "viewer")]
mod memory;
mod repeats;
mod scenes;
mod sounds;
mod tiles;
mod viewer;
