//! What was asked of the driver.

use serde::Serialize;

/// Calls of one device since they were last taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Submits to the queue.
    pub submits: u32,
    /// Render passes begun.
    pub render_passes: u32,
    /// Of them, those that draw both eyes at once.
    pub eye_passes: u32,
    /// Framebuffers made that have a density map.
    pub density_framebuffers: u32,
    /// Results in shaders that may be computed as halves.
    pub relaxed_results: u32,
    /// Draw calls.
    pub draws: u32,
    /// Barriers that change the layout of a watched image.
    pub watched_layout_changes: u32,
    /// Buffers made, as for every write that goes through the queue.
    pub buffers: u32,
    /// Allocations of device memory.
    pub allocations: u32,
    /// Their size.
    pub allocated_bytes: u64,
}
