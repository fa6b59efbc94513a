//! The venue: turns a glTF file into a twin that can be streamed.

pub mod bake;
