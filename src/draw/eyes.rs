//! Both eyes in one pass, or one after the other: what differs between the two.
//!
//! A pass is written once, for a device that draws both. For any other one its shaders lose the index of
//! the view, and the frame's uniform has the eye that is drawn in the first place.

use std::num::NonZeroU32;

use super::Gpu;

/// How every shader here asks which eye it draws.
const VIEW_INDEX: &str = "@builtin(view_index) view: u32";

/// The views of a pass over both eyes; `None` where each eye has a pass of its own.
pub(super) fn view_mask(gpu: &Gpu) -> Option<NonZeroU32> {
    if gpu.has_multiview() { NonZeroU32::new(0b11) } else { None }
}

/// The shaders of a pass over the eyes.
pub(super) fn shader(gpu: &Gpu, label: &str, source: &'static str) -> wgpu::ShaderModule {
    let source = if gpu.has_multiview() { source.into() } else { for_one_eye(source).into() };
    gpu.shader(label, source)
}

/// The same for a device without multiview, which refuses whoever asks for the view: it is always the first.
pub(crate) fn for_one_eye(source: &str) -> String {
    let alone = source.replace(&format!(", {VIEW_INDEX}"), "").replace(VIEW_INDEX, "");
    alone + "\nconst view: u32 = 0u;\n"
}
