//! The venue's side: what a host does.
//!
//! - [`serve`]: visitors come in over QUIC and are sent what they want to see

pub mod serve;
