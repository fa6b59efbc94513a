//! What is heard: sounds of the place and where the head is → two ears.
//!
//! ```text
//! Desk (frame thread) ──commands──► Mixer (audio thread) ─► device
//!          ◄──what is done with──┘
//! ```
//!
//! The [`Desk`] says what there is and where the head is; the [`Mixer`] makes blocks of samples of it.
//! Between them are two bounded queues without locks, and nothing on the mixer's side allocates, frees or
//! waits. Mixer and desk are pure: no clock, thread or device; `device` brings those.

pub mod desk;
#[cfg(feature = "viewer")]
pub mod device;
mod distance;
mod head;
mod limiter;
mod mixer;
mod source;
#[cfg(test)]
mod tests;
mod voice;

pub use desk::{Desk, Key, open};
pub use mixer::Mixer;
pub use source::Source;

/// A moment of sound: left, right.
pub type Frame = [f32; 2];
