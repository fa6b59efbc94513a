//! The venue's side: what a host does.
//!
//! - [`bake`]: a glTF file becomes a twin that can be streamed
//! - [`serve`]: visitors come in over QUIC and are sent what they want to see
//! - [`room`]: who is here and where; each is told of the others
//! - [`web`]: the same folder for other programs, and the host's numbers, over HTTP

mod allowance;
pub mod bake;
pub mod room;
pub mod serve;
pub mod web;
