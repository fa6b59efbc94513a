//! DrawList → pixels: a forward renderer on wgpu and Vulkan, for both eyes in one multiview pass, or for one
//! after the other where the GPU has no multiview.
//!
//! Tiles and textures come in through [`Renderer::enqueue`], a frame's draw list and both eyes'
//! views through [`Renderer::draw`]; a two-layer picture and [`FrameStats`] go out. One frame is one
//! command encoder and one submit, with the copies of tiles and textures that were recorded beside the frames before it.
//! Architecture invariant: it knows no OpenXR, no window and no network, and does not decide what is visible.

mod batch;
mod bindings;
pub mod cpu_time;
pub mod device;
pub mod error;
mod eye_pass;
mod eyes;
mod frame;
mod geometry;
mod half;
mod hidden;
pub mod hooks;
mod maker;
mod materials;
pub mod mirror;
mod names;
pub mod panel;
mod pool;
pub mod ranges;
pub mod readback;
mod renderer;
mod self_test;
mod skinning;
mod sky;
mod staging;
pub mod stopwatch;
mod surfaces;
pub mod target;
pub mod text;
mod textures;
mod tone;
mod upload;
mod veil;

pub use device::{Gpu, GpuFacts, GpuOptions, VulkanHandles, VulkanMaker};
pub use error::DrawError;
pub use frame::NEAR_METRES;
pub use hidden::HiddenArea;
pub use hooks::{Counts, Hooks};
pub use mirror::{Mirror, MirrorMode};
pub use names::NamePlate;
pub use panel::{PANELS_MAX, PanelPicture};
pub use renderer::{FrameInput, FrameStats, Renderer, RendererOptions};
pub use surfaces::is_early;
pub use target::{Attachments, EyeImage, EyeTarget};
pub use upload::{Arrival, Upload, UploadBudget};
pub use veil::Veil;

#[cfg(test)]
pub(crate) use {
    eye_pass::SHADER as EYE_PASS_SHADER, eyes::for_one_eye, frame::FrameUniform, frame::ViewUniform,
    hidden::HiddenVertex, materials::MaterialUniform, mirror::MirrorUniform, mirror::SHADER as MIRROR_SHADER,
    panel::PanelInstance, panel::SHADER as PANEL_SHADER, self_test::SHADER as SELF_TEST_SHADER,
    skinning::SHADER as SKINNING_SHADER,
};
