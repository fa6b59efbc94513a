//! The hooked functions: each does its part and calls the driver's. Those that change what the driver is asked for
//! are in [`passes`](super::passes) and [`pipelines`](super::pipelines); the others are here.

use std::collections::HashSet;
use std::ffi::{CStr, c_void};

use ash::vk;

use super::Recorded;
use super::passes::{
    cmd_begin_render_pass, create_framebuffer, create_render_pass, destroy_framebuffer, destroy_image_view,
    destroy_render_pass,
};
use super::pipelines::{create_graphics_pipelines, create_shader_module};
use super::slots::{release, state};

/// Lists the hooked functions once: [`Next`] holds the driver's, [`hook`] finds ours.
macro_rules! table {
    ($($field:ident: $kind:ident = $name:literal),* $(,)?) => {
        /// The driver's own functions.
        pub(super) struct Next {
            $(pub(super) $field: vk::$kind,)*
        }

        impl Next {
            /// `None` where one of them is missing.
            ///
            /// # Safety
            /// `load` must act as `vkGetDeviceProcAddr` for some device.
            pub(super) unsafe fn load(load: &mut impl FnMut(&CStr) -> *const c_void) -> Option<Self> {
                $(
                    let $field = load($name);
                    if $field.is_null() {
                        return None;
                    }
                )*
                // SAFETY: these are the types that Vulkan gives to functions of these names.
                Some(Self { $($field: unsafe { std::mem::transmute::<*const c_void, vk::$kind>($field) },)* })
            }
        }

        /// The hook in slot `SLOT` for the function of this name, if it is hooked.
        pub(super) fn hook<const SLOT: usize>(name: &CStr) -> Option<*const c_void> {
            $(
                if name == $name {
                    let hook: vk::$kind = $field::<SLOT>;
                    return Some(hook as *const c_void);
                }
            )*
            None
        }
    };
}

table! {
    destroy_device: PFN_vkDestroyDevice = c"vkDestroyDevice",
    create_render_pass: PFN_vkCreateRenderPass = c"vkCreateRenderPass",
    destroy_render_pass: PFN_vkDestroyRenderPass = c"vkDestroyRenderPass",
    create_framebuffer: PFN_vkCreateFramebuffer = c"vkCreateFramebuffer",
    destroy_framebuffer: PFN_vkDestroyFramebuffer = c"vkDestroyFramebuffer",
    destroy_image_view: PFN_vkDestroyImageView = c"vkDestroyImageView",
    create_shader_module: PFN_vkCreateShaderModule = c"vkCreateShaderModule",
    create_graphics_pipelines: PFN_vkCreateGraphicsPipelines = c"vkCreateGraphicsPipelines",
    create_buffer: PFN_vkCreateBuffer = c"vkCreateBuffer",
    allocate_memory: PFN_vkAllocateMemory = c"vkAllocateMemory",
    queue_submit: PFN_vkQueueSubmit = c"vkQueueSubmit",
    queue_wait_idle: PFN_vkQueueWaitIdle = c"vkQueueWaitIdle",
    cmd_begin_render_pass: PFN_vkCmdBeginRenderPass = c"vkCmdBeginRenderPass",
    cmd_draw: PFN_vkCmdDraw = c"vkCmdDraw",
    cmd_draw_indexed: PFN_vkCmdDrawIndexed = c"vkCmdDrawIndexed",
    cmd_pipeline_barrier: PFN_vkCmdPipelineBarrier = c"vkCmdPipelineBarrier",
}

/// What every function takes that makes something.
pub(super) type Allocator<'a> = *const vk::AllocationCallbacks<'a>;

unsafe extern "system" fn destroy_device<const SLOT: usize>(device: vk::Device, allocator: Allocator<'_>) {
    let state = release::<SLOT>();
    // SAFETY: the caller's arguments, unchanged.
    unsafe { (state.next.destroy_device)(device, allocator) }
}

unsafe extern "system" fn create_buffer<const SLOT: usize>(
    device: vk::Device,
    info: *const vk::BufferCreateInfo<'_>,
    allocator: Allocator<'_>,
    out: *mut vk::Buffer,
) -> vk::Result {
    // SAFETY: a hook of this slot; the caller's arguments, unchanged.
    unsafe {
        let state = state::<SLOT>();
        state.record(|recorded| recorded.counts.buffers += 1);
        (state.next.create_buffer)(device, info, allocator, out)
    }
}

unsafe extern "system" fn allocate_memory<const SLOT: usize>(
    device: vk::Device,
    info: *const vk::MemoryAllocateInfo<'_>,
    allocator: Allocator<'_>,
    out: *mut vk::DeviceMemory,
) -> vk::Result {
    // SAFETY: a hook of this slot; the caller keeps Vulkan's rules, so `info` is valid.
    unsafe {
        let state = state::<SLOT>();
        state.record(|recorded| {
            recorded.counts.allocations += 1;
            recorded.counts.allocated_bytes += (*info).allocation_size;
        });
        (state.next.allocate_memory)(device, info, allocator, out)
    }
}

unsafe extern "system" fn queue_submit<const SLOT: usize>(
    queue: vk::Queue,
    count: u32,
    infos: *const vk::SubmitInfo<'_>,
    fence: vk::Fence,
) -> vk::Result {
    // SAFETY: a hook of this slot; the caller's arguments, unchanged.
    unsafe {
        let state = state::<SLOT>();
        state.record(|recorded| recorded.counts.submits += 1);
        let _held = state.queue.lock();
        (state.next.queue_submit)(queue, count, infos, fence)
    }
}

unsafe extern "system" fn queue_wait_idle<const SLOT: usize>(queue: vk::Queue) -> vk::Result {
    // SAFETY: a hook of this slot; the caller's argument, unchanged.
    unsafe {
        let state = state::<SLOT>();
        let _held = state.queue.lock();
        (state.next.queue_wait_idle)(queue)
    }
}

unsafe extern "system" fn cmd_draw<const SLOT: usize>(
    commands: vk::CommandBuffer,
    vertices: u32,
    instances: u32,
    first_vertex: u32,
    first_instance: u32,
) {
    // SAFETY: a hook of this slot; the caller's arguments, unchanged.
    unsafe {
        let state = state::<SLOT>();
        state.record(|recorded| recorded.counts.draws += 1);
        (state.next.cmd_draw)(commands, vertices, instances, first_vertex, first_instance);
    }
}

unsafe extern "system" fn cmd_draw_indexed<const SLOT: usize>(
    commands: vk::CommandBuffer,
    indices: u32,
    instances: u32,
    first_index: u32,
    vertex_offset: i32,
    first_instance: u32,
) {
    // SAFETY: a hook of this slot; the caller's arguments, unchanged.
    unsafe {
        let state = state::<SLOT>();
        state.record(|recorded| recorded.counts.draws += 1);
        let draw = state.next.cmd_draw_indexed;
        draw(commands, indices, instances, first_index, vertex_offset, first_instance);
    }
}

unsafe extern "system" fn cmd_pipeline_barrier<const SLOT: usize>(
    commands: vk::CommandBuffer,
    source: vk::PipelineStageFlags,
    destination: vk::PipelineStageFlags,
    flags: vk::DependencyFlags,
    memory_count: u32,
    memory: *const vk::MemoryBarrier<'_>,
    buffer_count: u32,
    buffers: *const vk::BufferMemoryBarrier<'_>,
    image_count: u32,
    images: *const vk::ImageMemoryBarrier<'_>,
) {
    // SAFETY: a hook of this slot; the caller keeps Vulkan's rules, so the arrays are as long as told.
    unsafe {
        let state = state::<SLOT>();
        state.record(|recorded| {
            let Recorded { counts, watched } = recorded;
            counts.watched_layout_changes += layout_changes(slice(images, image_count), watched);
        });
        let barrier = state.next.cmd_pipeline_barrier;
        barrier(
            commands,
            source,
            destination,
            flags,
            memory_count,
            memory,
            buffer_count,
            buffers,
            image_count,
            images,
        );
    }
}

/// How many of the barriers change the layout of a watched image. A barrier that keeps the layout is
/// what wgpu puts before every pass, and costs a tiler nothing.
fn layout_changes(images: &[vk::ImageMemoryBarrier<'_>], watched: &HashSet<vk::Image>) -> u32 {
    let changes =
        images.iter().filter(|image| image.old_layout != image.new_layout && watched.contains(&image.image));
    changes.count() as u32
}

/// # Safety
/// `data` is null or points to `count` values that live for `'a`.
pub(super) unsafe fn slice<'a, T>(data: *const T, count: u32) -> &'a [T] {
    // An empty array may be anywhere, so it is not looked at.
    if data.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts(data, count as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ash::vk::Handle;

    #[test]
    fn only_changes_of_watched_images_count() {
        let image = vk::Image::from_raw;
        let barrier = |handle, new_layout| {
            vk::ImageMemoryBarrier::default()
                .image(image(handle))
                .old_layout(vk::ImageLayout::COLOR_ATTACHMENT_OPTIMAL)
                .new_layout(new_layout)
        };
        let watched = HashSet::from([image(7)]);
        let barriers = [
            barrier(7, vk::ImageLayout::COLOR_ATTACHMENT_OPTIMAL),
            barrier(7, vk::ImageLayout::TRANSFER_SRC_OPTIMAL),
            barrier(8, vk::ImageLayout::TRANSFER_SRC_OPTIMAL),
        ];
        assert_eq!(layout_changes(&barriers, &watched), 1);
    }
}
