//! Foveated shading by maps of the runtime's own (`XR_FB_foveation` and what belongs to it): the GPU shades fewer
//! points of a picture where the lens blurs it.
//!
//! In: a session, and how much coarser the edges may get. Out: a swapchain each of whose images has a density map,
//! which the [hooks](crate::draw::hooks) attach to the eye pass into that image. It is all or nothing: where the
//! runtime or the GPU lacks a part, or says of a map what cannot be, the swapchain is an ordinary one. A map of our
//! own is no way out: drivers of the first XR2 crash on those.
//!
//! Read from the standard; so far only a mock of a runtime has answered (`mock`, for tests).

use std::ptr;

use ash::vk::{self, Handle as _};
use openxr as xr;
use wgpu::hal::vulkan::Api;
use xr::sys::{self, Handle as _};

use crate::draw::{EyeTarget, Gpu};

/// The format of such maps. The standard does not say it; this is what headsets have.
pub(super) const MAP_FORMAT: vk::Format = vk::Format::R8G8_UNORM;

/// From none to the strongest.
const LEVELS: [xr::FoveationLevelFB; 4] = [
    xr::FoveationLevelFB::NONE,
    xr::FoveationLevelFB::LOW,
    xr::FoveationLevelFB::MEDIUM,
    xr::FoveationLevelFB::HIGH,
];

/// Levels beyond none.
pub(super) const LEVELS_MAX: u8 = LEVELS.len() as u8 - 1;

/// No runtime has more images; they have three or four.
const IMAGES_MAX: u32 = 16;

/// The layers of a map and of its picture: one for each eye.
const EYES: u32 = 2;

/// Of what the runtime offers, what maps need: all of it or nothing.
pub(super) fn wish(wished: &mut xr::ExtensionSet, offered: &xr::ExtensionSet) {
    let has_all = offered.fb_foveation
        && offered.fb_foveation_configuration
        && offered.fb_foveation_vulkan
        && offered.fb_swapchain_update_state;
    wished.fb_foveation = has_all;
    wished.fb_foveation_configuration = has_all;
    wished.fb_foveation_vulkan = has_all;
    wished.fb_swapchain_update_state = has_all;
}

/// Whether the runtime has such maps.
pub(super) fn is_offered(instance: &xr::Instance) -> bool {
    let extensions = instance.exts();
    extensions.fb_foveation.is_some()
        && extensions.fb_foveation_configuration.is_some()
        && extensions.fb_foveation_vulkan.is_some()
        && extensions.fb_swapchain_update_state.is_some()
}

/// A runtime's image, and the map that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mapped {
    image: vk::Image,
    map: vk::Image,
    map_size: [u32; 2],
}

/// A foveated swapchain before it is drawn to.
pub(super) struct Foveated {
    pub swapchain: xr::Swapchain<xr::Vulkan>,
    pub images: Vec<vk::Image>,
    pub foveation: Foveation,
}

impl Foveated {
    /// Images as `info` says, with maps, shaded in full until somebody wants less. `None` where an ordinary
    /// swapchain is to be made instead.
    pub fn new(
        gpu: &Gpu,
        session: &xr::Session<xr::Vulkan>,
        info: &xr::SwapchainCreateInfo<xr::Vulkan>,
    ) -> Option<Self> {
        // Maps are attached to passes that draw both eyes, and the runtime's format is the one of the device's.
        let is_served = gpu.has_multiview() && gpu.hooks().density_format() == Some(MAP_FORMAT);
        if !is_served || !is_offered(session.instance()) {
            return None;
        }
        let made = Self::try_new(gpu, session, info);
        made.inspect_err(|reason| tracing::warn!("pictures are not shaded by what eyes see: {reason}")).ok()
    }

    fn try_new(
        gpu: &Gpu,
        session: &xr::Session<xr::Vulkan>,
        info: &xr::SwapchainCreateInfo<xr::Vulkan>,
    ) -> Result<Self, String> {
        let said = |error: xr::sys::Result| format!("the runtime fails: {error}");
        let swapchain = create_swapchain(session, info).map_err(said)?;
        let images = images(&swapchain)?;
        let texel_max = texel_max(gpu).ok_or("the GPU does not say how large texels are")?;
        if !images.iter().all(|image| image.fits([info.width, info.height], texel_max)) {
            return Err(format!("a map does not fit its picture: {images:?}"));
        }
        let mut foveation = Foveation { maps: Vec::new(), device: gpu.device.clone(), level: 0 };
        set_level(session, &swapchain, 0).map_err(said)?;
        for mapped in &images {
            foveation.add_view(mapped.map)?;
        }
        Ok(Self { swapchain, images: images.iter().map(|mapped| mapped.image).collect(), foveation })
    }
}

/// The maps of a swapchain's images, and how much coarser its pictures may get.
pub(super) struct Foveation {
    maps: Vec<vk::ImageView>,
    device: wgpu::Device,
    level: u8,
}

impl Foveation {
    fn add_view(&mut self, map: vk::Image) -> Result<(), String> {
        let layers = vk::ImageSubresourceRange::default()
            .aspect_mask(vk::ImageAspectFlags::COLOR)
            .level_count(1)
            .layer_count(EYES);
        let view = vk::ImageViewCreateInfo::default()
            .image(map)
            .view_type(vk::ImageViewType::TYPE_2D_ARRAY)
            .format(MAP_FORMAT)
            .subresource_range(layers);
        // SAFETY: nothing of the device is destroyed through this reference, and the image is one of the runtime's
        // for this very device.
        let made = unsafe {
            let device = self.device.as_hal::<Api>().ok_or("the device is not Vulkan's")?;
            device.raw_device().create_image_view(&view, None)
        };
        self.maps.push(made.map_err(|error| format!("the GPU takes no map: {error}"))?);
        Ok(())
    }

    /// Has every pass into one of the pictures shade by the picture's own map: before pipelines are made.
    pub fn attach(&self, gpu: &Gpu, targets: &[EyeTarget]) {
        for (target, &map) in targets.iter().zip(&self.maps) {
            // SAFETY: the view is only looked at. The map is the runtime's, which keeps it in its layout, fits the
            // picture, and lives for as long as the swapchain; its view does until all frames are done.
            unsafe {
                if let Some(view) = target.image.both().as_hal::<Api>() {
                    gpu.hooks().set_density_map(Some(view.raw_handle()), map);
                }
            }
        }
    }

    /// How much coarser the edges may get in frames that are recorded from now on. What the runtime refuses stays
    /// as it was.
    pub fn set(
        &mut self,
        session: &xr::Session<xr::Vulkan>,
        swapchain: &xr::Swapchain<xr::Vulkan>,
        level: u8,
    ) {
        let level = level.min(LEVELS_MAX);
        if level == self.level {
            return;
        }
        match set_level(session, swapchain, level) {
            Ok(()) => self.level = level,
            Err(error) => tracing::warn!("the headset refuses foveation {level}: {error}"),
        }
    }
}

impl Drop for Foveation {
    /// All frames that use the maps are done.
    fn drop(&mut self) {
        // SAFETY: nothing else of the device is destroyed, and nobody else knows these views any more.
        unsafe {
            let Some(device) = self.device.as_hal::<Api>() else { return };
            for &map in &self.maps {
                device.raw_device().destroy_image_view(map, None);
            }
        }
    }
}

impl Mapped {
    /// Whether the map is one, and covers a picture of this size with texels of at most that.
    fn fits(&self, picture: [u32; 2], texel_max: [u32; 2]) -> bool {
        let covers = |side: usize| {
            let map = self.map_size[side];
            map <= picture[side] && map.saturating_mul(texel_max[side]) >= picture[side]
        };
        self.map != vk::Image::null() && covers(0) && covers(1)
    }
}

/// The largest texels that the GPU reads densities for, pixels.
fn texel_max(gpu: &Gpu) -> Option<[u32; 2]> {
    let mut density = vk::PhysicalDeviceFragmentDensityMapPropertiesEXT::default();
    let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut density);
    // SAFETY: the GPU is one of this instance, and nothing is destroyed through this reference.
    unsafe {
        let adapter = gpu.adapter().as_hal::<Api>()?;
        let instance = adapter.shared_instance().raw_instance();
        instance.get_physical_device_properties2(adapter.raw_physical_device(), &mut properties);
    }
    let vk::Extent2D { width, height } = density.max_fragment_density_texel_size;
    Some([width, height])
}

/// A swapchain whose images have maps; the wrapper's has none.
fn create_swapchain(
    session: &xr::Session<xr::Vulkan>,
    info: &xr::SwapchainCreateInfo<xr::Vulkan>,
) -> xr::Result<xr::Swapchain<xr::Vulkan>> {
    let mut foveation = sys::SwapchainCreateInfoFoveationFB {
        ty: sys::SwapchainCreateInfoFoveationFB::TYPE,
        next: ptr::null_mut(),
        flags: xr::SwapchainCreateFoveationFlagsFB::FRAGMENT_DENSITY_MAP,
    };
    let info = sys::SwapchainCreateInfo {
        ty: sys::SwapchainCreateInfo::TYPE,
        next: (&raw mut foveation).cast(),
        create_flags: info.create_flags,
        usage_flags: info.usage_flags,
        format: i64::from(info.format),
        sample_count: info.sample_count,
        width: info.width,
        height: info.height,
        face_count: info.face_count,
        array_size: info.array_size,
        mip_count: info.mip_count,
    };
    let mut made = sys::Swapchain::NULL;
    // SAFETY: the session is alive, the chain outlives the call and says what it is, and a handle that was made is
    // nobody else's.
    unsafe {
        succeed((session.instance().fp().create_swapchain)(session.as_raw(), &info, &mut made))?;
        Ok(xr::Swapchain::from_raw(session.clone(), made))
    }
}

/// Its images with their maps, or what is wrong with the runtime.
fn images(swapchain: &xr::Swapchain<xr::Vulkan>) -> Result<Vec<Mapped>, String> {
    let enumerate = swapchain.instance().fp().enumerate_swapchain_images;
    let said = |error: sys::Result| format!("the runtime does not tell its images: {error}");
    let mut count = 0;
    // SAFETY: the swapchain is alive; without room only the count is written.
    let asked = unsafe { enumerate(swapchain.as_raw(), 0, &mut count, ptr::null_mut()) };
    succeed(asked).map_err(said)?;
    if count == 0 || count > IMAGES_MAX {
        return Err(format!("the runtime has {count} images"));
    }
    let no_map = sys::SwapchainImageFoveationVulkanFB {
        ty: sys::SwapchainImageFoveationVulkanFB::TYPE,
        next: ptr::null_mut(),
        image: 0,
        width: 0,
        height: 0,
    };
    let mut maps = vec![no_map; count as usize];
    let chained = |map: &mut sys::SwapchainImageFoveationVulkanFB| sys::SwapchainImageVulkanKHR {
        ty: sys::SwapchainImageVulkanKHR::TYPE,
        next: ptr::from_mut(map).cast(),
        image: 0,
    };
    let mut images: Vec<_> = maps.iter_mut().map(chained).collect();
    // SAFETY: the swapchain is alive, and there is room for as many as told, each of the type that it says; both
    // arrays outlive the call.
    let asked = unsafe { enumerate(swapchain.as_raw(), count, &mut count, images.as_mut_ptr().cast()) };
    succeed(asked).map_err(said)?;
    let pair =
        |(image, map): (&sys::SwapchainImageVulkanKHR, &sys::SwapchainImageFoveationVulkanFB)| Mapped {
            image: vk::Image::from_raw(image.image),
            map: vk::Image::from_raw(map.image),
            map_size: [map.width, map.height],
        };
    Ok(images.iter().zip(&maps).take(count as usize).map(pair).collect())
}

/// Has the swapchain's maps be as coarse as this level at most. The runtime may shade finer where the GPU has time:
/// it sees that frame by frame, and we do not.
fn set_level(
    session: &xr::Session<xr::Vulkan>,
    swapchain: &xr::Swapchain<xr::Vulkan>,
    level: u8,
) -> xr::Result<()> {
    let update = session.instance().exts().fb_swapchain_update_state.as_ref();
    let update = update.ok_or(sys::Result::ERROR_EXTENSION_NOT_PRESENT)?.update_swapchain;
    let dynamic =
        if level == 0 { xr::FoveationDynamicFB::DISABLED } else { xr::FoveationDynamicFB::LEVEL_ENABLED };
    let level = LEVELS[usize::from(level.min(LEVELS_MAX))];
    let profile = session.create_foveation_profile(Some(xr::FoveationLevelProfile {
        level,
        vertical_offset: 0.0,
        dynamic,
    }))?;
    let state = sys::SwapchainStateFoveationFB {
        ty: sys::SwapchainStateFoveationFB::TYPE,
        next: ptr::null_mut(),
        flags: xr::SwapchainStateFoveationFlagsFB::EMPTY,
        profile: profile.as_raw(),
    };
    // SAFETY: the swapchain is alive and foveated, and the state, which says what it is, and its profile outlive
    // the call.
    succeed(unsafe { update(swapchain.as_raw(), (&raw const state).cast()) })
}

fn succeed(result: sys::Result) -> xr::Result<()> {
    if result.into_raw() < 0 { Err(result) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
