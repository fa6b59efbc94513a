//! The venue's side: what a host does.
//!
//! - [`bake`]: a glTF file becomes a twin that can be streamed
//! - [`serve`]: visitors come in over QUIC and are sent what they want to see

pub mod bake;
pub mod serve;
