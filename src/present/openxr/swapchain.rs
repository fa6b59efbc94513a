//! The runtime's images as what eyes are drawn to: two layers each, one for an eye.

use std::sync::Arc;

use ash::vk::{self, Handle};
use openxr as xr;
use wgpu::hal::vulkan::Api;

use super::foveation::{Foveated, Foveation, LEVELS_MAX};
use crate::draw::target::Part;
use crate::draw::{Attachments, EyeImage, EyeTarget, Gpu, Hooks};
use crate::present::{PresentError, SAMPLES};

/// [`EyeImage::FORMAT`] in Vulkan's words.
pub(super) const FORMAT: vk::Format = vk::Format::R8G8B8A8_SRGB;

/// A swapchain whose images are wrapped for wgpu.
pub(super) struct EyeSwapchain {
    pub size: [u32; 2],
    /// What share of its sides is drawn to, from the next image on.
    pub scale: f32,
    targets: Vec<EyeTarget>,
    raw_images: Vec<vk::Image>,
    hooks: Hooks,
    device: wgpu::Device,
    /// `None` where pictures are shaded in full.
    foveation: Option<Foveation>,
    swapchain: xr::Swapchain<xr::Vulkan>,
}

impl EyeSwapchain {
    /// Images of `size` pixels an eye.
    pub fn new(gpu: &Gpu, session: &xr::Session<xr::Vulkan>, size: [u32; 2]) -> Result<Self, PresentError> {
        let lost = PresentError::headset_lost;
        let format = FORMAT.as_raw().unsigned_abs();
        if !session.enumerate_swapchain_formats().map_err(lost)?.contains(&format) {
            return Err(PresentError::NoHeadset {
                reason: "its runtime takes no pictures of 8 bits in sRGB".to_owned(),
            });
        }
        let [width, height] = size;
        let info = xr::SwapchainCreateInfo {
            create_flags: xr::SwapchainCreateFlags::EMPTY,
            usage_flags: xr::SwapchainUsageFlags::COLOR_ATTACHMENT
                | xr::SwapchainUsageFlags::SAMPLED
                | xr::SwapchainUsageFlags::TRANSFER_SRC,
            format,
            sample_count: 1,
            width,
            height,
            face_count: 1,
            array_size: 2,
            mip_count: 1,
        };
        let (swapchain, raw_images, foveation) = match Foveated::new(gpu, session, &info) {
            Some(Foveated { swapchain, images, foveation }) => (swapchain, images, Some(foveation)),
            None => {
                let swapchain = session.create_swapchain(&info).map_err(lost)?;
                let images = swapchain.enumerate_images().map_err(lost)?;
                (swapchain, images.into_iter().map(vk::Image::from_raw).collect(), None)
            }
        };
        let attachments = Arc::new(Attachments::new(gpu, size, SAMPLES));
        let mut targets = Vec::with_capacity(raw_images.len());
        for &image in &raw_images {
            gpu.hooks().watch(image);
            let usage = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC;
            let image = EyeImage::around(wrap(gpu, image, size, 2, usage)?);
            targets.push(EyeTarget { image, attachments: Arc::clone(&attachments) });
        }
        if let Some(foveation) = &foveation {
            foveation.attach(gpu, &targets);
        }
        let (hooks, device) = (gpu.hooks().clone(), gpu.device.clone());
        Ok(Self { size, scale: 1.0, targets, raw_images, hooks, device, foveation, swapchain })
    }

    /// How many levels of coarser edges there are beyond none.
    pub fn foveation_levels(&self) -> u8 {
        if self.foveation.is_some() { LEVELS_MAX } else { 0 }
    }

    /// Has edges be as coarse as this level at most, in frames that are recorded from now on.
    pub fn foveate(&mut self, session: &xr::Session<xr::Vulkan>, level: u8) {
        if let Some(foveation) = &mut self.foveation {
            foveation.set(session, &self.swapchain, level);
        }
    }

    /// The image to draw to next. Commands may be recorded at once, and submitted after [`Self::wait`].
    pub fn acquire(&mut self) -> xr::Result<EyeTarget> {
        let index = {
            let _held = self.hooks.lock_queue();
            self.swapchain.acquire_image()?
        };
        let target = self.targets.get(index as usize).cloned();
        let EyeTarget { image, attachments } = target.ok_or(xr::sys::Result::ERROR_RUNTIME_FAILURE)?;
        Ok(EyeTarget { image: image.scaled(self.scale), attachments })
    }

    /// Waits until the compositor has let go of the image.
    pub fn wait(&mut self) -> xr::Result<()> {
        self.swapchain.wait_image(xr::Duration::INFINITE)
    }

    /// What was drawn is complete.
    pub fn release(&mut self) -> xr::Result<()> {
        let _held = self.hooks.lock_queue();
        self.swapchain.release_image()
    }

    /// One of the images, for its size and the like.
    pub fn any(&self) -> Option<&EyeTarget> {
        self.targets.first()
    }

    /// One eye's layer of the image that was released last, of which this part was drawn to.
    pub fn layer(&self, eye: u32, part: Part) -> xr::SwapchainSubImage<'_, xr::Vulkan> {
        let signed = |pixels: [u32; 2]| pixels.map(|pixels| i32::try_from(pixels).unwrap_or(i32::MAX));
        let ([x, y], [width, height]) = (signed(part.offset), signed(part.size));
        let extent = xr::Extent2Di { width, height };
        let image_rect = xr::Rect2Di { offset: xr::Offset2Di { x, y }, extent };
        xr::SwapchainSubImage::new().swapchain(&self.swapchain).image_array_index(eye).image_rect(image_rect)
    }
}

impl Drop for EyeSwapchain {
    /// The runtime takes its images back only when the GPU and wgpu have let go of them.
    fn drop(&mut self) {
        self.targets.clear();
        for &image in &self.raw_images {
            self.hooks.unwatch(image);
        }
        if let Err(error) = self.device.poll(wgpu::PollType::wait_indefinitely()) {
            tracing::debug!("the last frames were not waited for: {error}");
        }
    }
}

/// A runtime's image as a texture of ours; it may be a copy's source or target beside a pass's target.
pub(super) fn wrap(
    gpu: &Gpu,
    image: vk::Image,
    [width, height]: [u32; 2],
    depth_or_array_layers: u32,
    usage: wgpu::TextureUsages,
) -> Result<wgpu::Texture, PresentError> {
    let size = wgpu::Extent3d { width, height, depth_or_array_layers };
    let mut inner_usage = wgpu::TextureUses::COLOR_TARGET;
    inner_usage.set(wgpu::TextureUses::COPY_SRC, usage.contains(wgpu::TextureUsages::COPY_SRC));
    inner_usage.set(wgpu::TextureUses::COPY_DST, usage.contains(wgpu::TextureUsages::COPY_DST));
    let inner = wgpu::hal::TextureDescriptor {
        label: Some("headset"),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: EyeImage::FORMAT,
        usage: inner_usage,
        memory_flags: wgpu::hal::MemoryFlags::empty(),
        view_formats: Vec::new(),
    };
    let outer = wgpu::TextureDescriptor {
        label: Some("headset"),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: EyeImage::FORMAT,
        usage,
        view_formats: &[],
    };
    // SAFETY: nothing of the device is destroyed through this reference.
    let device = unsafe { gpu.device.as_hal::<Api>() };
    let device = device.ok_or_else(|| PresentError::NoHeadset { reason: "it needs Vulkan".to_owned() })?;
    // The image stays the runtime's: the callback does nothing, and so wgpu destroys nothing.
    let keep: wgpu::hal::DropCallback = Box::new(|| ());
    // SAFETY: the image is one of the runtime's for this very device, with this size, format and usage,
    // and it lives until its swapchain is dropped, before which its last use is waited for. A runtime hands
    // its images over as colour attachments and wants them back as such.
    unsafe {
        let texture =
            device.texture_from_raw(image, &inner, Some(keep), wgpu::hal::vulkan::TextureMemory::External);
        Ok(gpu.device.create_texture_from_hal::<Api>(texture, &outer, wgpu::TextureUses::COLOR_TARGET))
    }
}
