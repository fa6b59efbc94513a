//! A headset, through OpenXR: the runtime is found ([`runtime`]), makes the Vulkan device
//! ([`graphics`]), and then owns the display ([`headset`]) whose pictures are its own images
//! ([`swapchain`]), shaded less where nobody sees it ([`foveation`]).
//!
//! Every OpenXR call of this program is in here.
#![allow(unsafe_code)]

mod actions;
mod foveation;
pub mod graphics;
pub mod headset;
mod hidden;
mod joints;
mod metrics;
#[cfg(test)]
mod mock;
mod notice;
mod pace;
pub mod runtime;
mod space;
mod swapchain;
mod views;

pub use graphics::Maker;
pub use headset::Headset;
pub use runtime::{Runtime, RuntimeError, RuntimeFacts};
