//! Passes that draw both eyes: what they need not do, and where they may shade less.
//!
//! In: the render passes and framebuffers that wgpu makes. Out: the same for any other pass. An eye pass does not
//! clear what it resolves into, because every pixel of it is written. On a device with density maps it has a twin with
//! such a map as its last attachment, and once there is a map to attach, the twin takes its place: in pipelines, in
//! framebuffers, and where a pass begins. So what was made before the first map stays as it was.

use std::collections::{HashMap, HashSet};
use std::ffi::c_void;

use ash::vk;

use super::functions::{Allocator, slice};
use super::slots::state;
use super::{Next, lock};

/// The layout in which the driver reads a density map.
const MAP_LAYOUT: vk::ImageLayout = vk::ImageLayout::FRAGMENT_DENSITY_MAP_OPTIMAL_EXT;

/// What wgpu attaches at most, eight colours with what they resolve into and a depth, and a map. wgpu makes
/// framebuffers in every frame, and a frame asks for no memory of ours.
const ATTACHMENTS_MAX: usize = 8 * 2 + 1 + 1;

/// The eye passes of one device.
#[derive(Default)]
pub(super) struct EyePasses {
    /// Each with its twin, if the device has density maps.
    twins: HashMap<vk::RenderPass, Option<vk::RenderPass>>,
    /// Framebuffers of twins.
    dense: HashSet<vk::Framebuffer>,
    /// By the view of the picture, the null handle standing for all others.
    maps: HashMap<vk::ImageView, vk::ImageView>,
}

impl EyePasses {
    pub(super) fn set_map(&mut self, view: Option<vk::ImageView>, map: vk::ImageView) {
        self.maps.insert(view.unwrap_or_default(), map);
    }

    /// The pass that pipelines are made for: the twin, once there are maps.
    pub(super) fn for_pipelines(&self, pass: vk::RenderPass) -> vk::RenderPass {
        let twin = self.twins.get(&pass).copied().flatten();
        twin.filter(|_| !self.maps.is_empty()).unwrap_or(pass)
    }

    /// The twin that draws into these views, and their map.
    fn dense(
        &self,
        pass: vk::RenderPass,
        views: &[vk::ImageView],
    ) -> Option<(vk::RenderPass, vk::ImageView)> {
        let twin = self.twins.get(&pass).copied().flatten()?;
        let own = views.iter().find_map(|view| self.maps.get(view));
        Some((twin, *own.or_else(|| self.maps.get(&vk::ImageView::null()))?))
    }
}

pub(super) unsafe extern "system" fn create_render_pass<const SLOT: usize>(
    device: vk::Device,
    info: *const vk::RenderPassCreateInfo<'_>,
    allocator: Allocator<'_>,
    out: *mut vk::RenderPass,
) -> vk::Result {
    // SAFETY: a hook of this slot; the caller keeps Vulkan's rules, so all that it points to is valid, and what is
    // changed keeps to them.
    unsafe {
        let state = state::<SLOT>();
        let mut changed = *info;
        if view_mask(changed.p_next).count_ones() < 2 {
            return (state.next.create_render_pass)(device, info, allocator, out);
        }
        let mut attachments = slice(changed.p_attachments, changed.attachment_count).to_vec();
        let subpasses = slice(changed.p_subpasses, changed.subpass_count);
        subpasses.iter().for_each(|subpass| keep_from_clearing(&mut attachments, subpass));
        changed.p_attachments = attachments.as_ptr();
        let result = (state.next.create_render_pass)(device, &changed, allocator, out);
        if result != vk::Result::SUCCESS {
            return result;
        }
        let twin = match state.options.density_map {
            Some(format) => match create_twin(&state.next, device, changed, format, allocator) {
                Ok(twin) => Some(twin),
                Err(result) => {
                    (state.next.destroy_render_pass)(device, *out, allocator);
                    return result;
                }
            },
            None => None,
        };
        lock(&state.eye_passes).twins.insert(*out, twin);
        vk::Result::SUCCESS
    }
}

/// wgpu clears what it resolves into, in vain.
///
/// # Safety
/// The subpass is a valid one.
unsafe fn keep_from_clearing(
    attachments: &mut [vk::AttachmentDescription],
    subpass: &vk::SubpassDescription<'_>,
) {
    // SAFETY: there are as many resolved attachments as colours, or none at all.
    let resolved = unsafe { slice(subpass.p_resolve_attachments, subpass.color_attachment_count) };
    for target in resolved {
        // The number of an attachment that is not there is beyond all others.
        if let Some(attachment) = attachments.get_mut(target.attachment as usize) {
            attachment.load_op = vk::AttachmentLoadOp::DONT_CARE;
        }
    }
}

/// The same pass with a density map.
///
/// # Safety
/// `info` is valid, and the device's features allow such maps.
unsafe fn create_twin(
    next: &Next,
    device: vk::Device,
    mut info: vk::RenderPassCreateInfo<'_>,
    format: vk::Format,
    allocator: Allocator<'_>,
) -> Result<vk::RenderPass, vk::Result> {
    // SAFETY: promised by the caller.
    let mut attachments = unsafe { slice(info.p_attachments, info.attachment_count) }.to_vec();
    // Last, so that the numbers of wgpu's own and of their clear values stay right.
    let attachment = attachments.len() as u32;
    attachments.push(
        vk::AttachmentDescription::default()
            .format(format)
            .samples(vk::SampleCountFlags::TYPE_1)
            .load_op(vk::AttachmentLoadOp::LOAD)
            .store_op(vk::AttachmentStoreOp::DONT_CARE)
            .stencil_load_op(vk::AttachmentLoadOp::DONT_CARE)
            .stencil_store_op(vk::AttachmentStoreOp::DONT_CARE)
            .initial_layout(MAP_LAYOUT)
            .final_layout(MAP_LAYOUT),
    );
    let reference = vk::AttachmentReference { attachment, layout: MAP_LAYOUT };
    let mut map =
        vk::RenderPassFragmentDensityMapCreateInfoEXT::default().fragment_density_map_attachment(reference);
    map.p_next = info.p_next;
    info.p_next = (&raw const map).cast();
    info.attachment_count = attachments.len() as u32;
    info.p_attachments = attachments.as_ptr();
    let mut twin = vk::RenderPass::null();
    // SAFETY: the info is valid, and so is what was put in front of its chain; both outlive the call.
    let result = unsafe { (next.create_render_pass)(device, &info, allocator, &mut twin) };
    if result == vk::Result::SUCCESS { Ok(twin) } else { Err(result) }
}

pub(super) unsafe extern "system" fn destroy_render_pass<const SLOT: usize>(
    device: vk::Device,
    pass: vk::RenderPass,
    allocator: Allocator<'_>,
) {
    // SAFETY: a hook of this slot; the caller's arguments, and a twin that nobody else knows.
    unsafe {
        let state = state::<SLOT>();
        let twin = lock(&state.eye_passes).twins.remove(&pass).flatten();
        if let Some(twin) = twin {
            (state.next.destroy_render_pass)(device, twin, allocator);
        }
        (state.next.destroy_render_pass)(device, pass, allocator);
    }
}

pub(super) unsafe extern "system" fn create_framebuffer<const SLOT: usize>(
    device: vk::Device,
    info: *const vk::FramebufferCreateInfo<'_>,
    allocator: Allocator<'_>,
    out: *mut vk::Framebuffer,
) -> vk::Result {
    // SAFETY: a hook of this slot; the caller keeps Vulkan's rules, so all that it points to is valid. Whoever set
    // the map promised that it fits.
    unsafe {
        let state = state::<SLOT>();
        let mut changed = *info;
        let views = slice(changed.p_attachments, changed.attachment_count);
        let found = lock(&state.eye_passes).dense(changed.render_pass, views);
        let Some((twin, map)) = found.filter(|_| views.len() < ATTACHMENTS_MAX) else {
            return (state.next.create_framebuffer)(device, info, allocator, out);
        };
        let mut all = [map; ATTACHMENTS_MAX];
        all[..views.len()].copy_from_slice(views);
        changed.render_pass = twin;
        changed.attachment_count += 1;
        changed.p_attachments = all.as_ptr();
        let result = (state.next.create_framebuffer)(device, &changed, allocator, out);
        if result == vk::Result::SUCCESS {
            lock(&state.eye_passes).dense.insert(*out);
            state.record(|recorded| recorded.counts.density_framebuffers += 1);
        }
        result
    }
}

pub(super) unsafe extern "system" fn destroy_framebuffer<const SLOT: usize>(
    device: vk::Device,
    framebuffer: vk::Framebuffer,
    allocator: Allocator<'_>,
) {
    // SAFETY: a hook of this slot; the caller's arguments, unchanged.
    unsafe {
        let state = state::<SLOT>();
        lock(&state.eye_passes).dense.remove(&framebuffer);
        (state.next.destroy_framebuffer)(device, framebuffer, allocator);
    }
}

pub(super) unsafe extern "system" fn destroy_image_view<const SLOT: usize>(
    device: vk::Device,
    view: vk::ImageView,
    allocator: Allocator<'_>,
) {
    // SAFETY: a hook of this slot; the caller's arguments, unchanged.
    unsafe {
        let state = state::<SLOT>();
        // The handle may soon be another's.
        if view != vk::ImageView::null() {
            lock(&state.eye_passes).maps.remove(&view);
        }
        (state.next.destroy_image_view)(device, view, allocator);
    }
}

pub(super) unsafe extern "system" fn cmd_begin_render_pass<const SLOT: usize>(
    commands: vk::CommandBuffer,
    info: *const vk::RenderPassBeginInfo<'_>,
    contents: vk::SubpassContents,
) {
    // SAFETY: a hook of this slot; the caller keeps Vulkan's rules, so `info` is valid. A framebuffer of a twin was
    // made for it.
    unsafe {
        let state = state::<SLOT>();
        let mut changed = *info;
        let is_eye_pass = {
            let passes = lock(&state.eye_passes);
            let twin = passes.twins.get(&changed.render_pass).copied();
            if passes.dense.contains(&changed.framebuffer)
                && let Some(Some(twin)) = twin
            {
                changed.render_pass = twin;
            }
            twin.is_some()
        };
        state.record(|recorded| {
            recorded.counts.render_passes += 1;
            recorded.counts.eye_passes += u32::from(is_eye_pass);
        });
        (state.next.cmd_begin_render_pass)(commands, &changed, contents);
    }
}

/// The view mask of a render pass's first subpass, 0 without multiview.
///
/// # Safety
/// `next` is the chain of a valid `VkRenderPassCreateInfo`.
unsafe fn view_mask(next: *const c_void) -> u32 {
    let mut next = next.cast::<vk::BaseInStructure<'_>>();
    // SAFETY: each link begins as `BaseInStructure` does, and its type says what it is.
    unsafe {
        while let Some(link) = next.as_ref() {
            if link.s_type == vk::StructureType::RENDER_PASS_MULTIVIEW_CREATE_INFO {
                let info = &*next.cast::<vk::RenderPassMultiviewCreateInfo<'_>>();
                return slice(info.p_view_masks, info.subpass_count).first().copied().unwrap_or(0);
            }
            next = link.p_next;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ash::vk::Handle;

    #[test]
    fn the_view_mask_is_found_in_a_chain() {
        let masks = [0b11_u32];
        let mut multiview = vk::RenderPassMultiviewCreateInfo::default().view_masks(&masks);
        let mut other = vk::RenderPassInputAttachmentAspectCreateInfo::default();
        let info = vk::RenderPassCreateInfo::default();
        // SAFETY: an empty chain is valid.
        assert_eq!(unsafe { view_mask(info.p_next) }, 0);
        let info = info.push_next(&mut multiview).push_next(&mut other);
        // SAFETY: the chain's links outlive the call.
        assert_eq!(unsafe { view_mask(info.p_next) }, 0b11);
    }

    #[test]
    fn only_what_is_resolved_into_is_not_cleared() {
        let clear = vk::AttachmentDescription::default().load_op(vk::AttachmentLoadOp::CLEAR);
        let mut attachments = [clear; 3];
        let reference = |attachment| vk::AttachmentReference { attachment, ..Default::default() };
        let (colors, resolved) =
            ([reference(0), reference(2)], [reference(1), reference(vk::ATTACHMENT_UNUSED)]);
        let subpass =
            vk::SubpassDescription::default().color_attachments(&colors).resolve_attachments(&resolved);
        // SAFETY: the arrays outlive the call.
        unsafe { keep_from_clearing(&mut attachments, &subpass) };
        let loads = attachments.map(|attachment| attachment.load_op);
        let (clear, any) = (vk::AttachmentLoadOp::CLEAR, vk::AttachmentLoadOp::DONT_CARE);
        assert_eq!(loads, [clear, any, clear]);
    }

    /// Without a map nothing changes; a picture's own map comes before the one of all others.
    #[test]
    fn a_twin_takes_over_once_there_is_a_map() {
        let (pass, twin, plain) =
            (vk::RenderPass::from_raw(1), vk::RenderPass::from_raw(2), vk::RenderPass::from_raw(3));
        let view = vk::ImageView::from_raw;
        let mut passes = EyePasses::default();
        passes.twins.insert(pass, Some(twin));
        passes.twins.insert(plain, None);
        assert_eq!((passes.for_pipelines(pass), passes.dense(pass, &[view(7)])), (pass, None));
        passes.set_map(Some(view(7)), view(70));
        assert_eq!((passes.for_pipelines(pass), passes.for_pipelines(plain)), (twin, plain));
        assert_eq!(passes.dense(pass, &[view(6), view(7)]), Some((twin, view(70))));
        assert_eq!(passes.dense(pass, &[view(8)]), None);
        passes.set_map(None, view(80));
        assert_eq!(passes.dense(pass, &[view(8)]), Some((twin, view(80))));
        assert_eq!(passes.dense(plain, &[view(7)]), None);
    }
}
