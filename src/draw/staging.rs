//! Mapped memory that frames write and the GPU copies from.

use std::num::NonZeroU64;

use wgpu::util::StagingBelt;

use super::Gpu;

/// What both texture and buffer copies accept.
pub(super) const ALIGNMENT: NonZeroU64 = NonZeroU64::new(256).unwrap();

/// A belt of `count` buffers: made now, and not in the first frame that is so far ahead of the GPU that it needs one more.
pub(super) fn belt(gpu: &Gpu, buffer_bytes: NonZeroU64, count: usize) -> StagingBelt {
    let mut belt = StagingBelt::new(gpu.device.clone(), buffer_bytes.get());
    (0..count).for_each(|_| _ = belt.allocate(buffer_bytes, ALIGNMENT));
    belt.finish();
    belt.recall();
    belt
}
