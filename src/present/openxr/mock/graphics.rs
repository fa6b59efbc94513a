//! The mock's Vulkan, which is the machine's own, and its swapchains: real images that nobody looks at.

use std::collections::HashMap;
use std::ffi::{CStr, c_void};
use std::mem::transmute;

use ash::vk::{self, Handle as _};
use openxr as xr;
use xr::sys::{self, Handle as _, pfn};

use super::foveation::{is_foveated, write_maps};
use super::{Lie, fill, note, with};

/// As many as headsets have.
const IMAGES: usize = 3;

/// What a swapchain without end would have.
const ENDLESS: usize = 1_000_000;

/// The device and what was made on it.
#[derive(Default)]
pub(super) struct Graphics {
    pub instance: Option<ash::Instance>,
    pub gpu: vk::PhysicalDevice,
    pub device: Option<ash::Device>,
    /// The family of the program's queue.
    pub queue_family: u32,
    /// Whether the device knows density maps.
    pub has_maps: bool,
    swapchains: HashMap<u64, Chain>,
}

/// A swapchain: its images, and their maps if it is foveated.
#[derive(Default)]
struct Chain {
    images: Vec<Image>,
    maps: Vec<Image>,
    map_size: [u32; 2],
    next: u32,
}

/// An image with its memory.
#[derive(Clone, Copy)]
struct Image(vk::Image, vk::DeviceMemory);

unsafe extern "system" fn get_requirements(
    _instance: sys::Instance,
    _system: sys::SystemId,
    requirements: *mut sys::GraphicsRequirementsVulkanKHR,
) -> sys::Result {
    // SAFETY: the wrapper's structure has its type.
    unsafe {
        (*requirements).min_api_version_supported = xr::Version::new(1, 0, 0);
        (*requirements).max_api_version_supported = xr::Version::new(1, 4, 0);
    }
    sys::Result::SUCCESS
}

/// The loader that the program uses.
///
/// # Safety
/// `get` is its `vkGetInstanceProcAddr`.
unsafe fn loader(get: Option<sys::platform::VkGetInstanceProcAddr>) -> ash::Entry {
    // SAFETY: the same function with the same ABI: a dispatchable handle is a pointer.
    unsafe {
        let get_instance_proc_addr =
            transmute::<sys::platform::VkGetInstanceProcAddr, vk::PFN_vkGetInstanceProcAddr>(get.unwrap());
        ash::Entry::from_static_fn(ash::StaticFn { get_instance_proc_addr })
    }
}

unsafe extern "system" fn create_vulkan_instance(
    _instance: sys::Instance,
    info: *const sys::VulkanInstanceCreateInfoKHR,
    made: *mut *const c_void,
    result: *mut i32,
) -> sys::Result {
    // SAFETY: the program's structures are whole, and it destroys what is made.
    unsafe {
        let entry = loader((*info).pfn_get_instance_proc_addr);
        match entry.create_instance(&*(*info).vulkan_create_info.cast(), None) {
            Ok(instance) => {
                *made = instance.handle().as_raw() as *const c_void;
                with(|state| state.graphics.instance = Some(instance));
            }
            Err(error) => *result = error.as_raw(),
        }
    }
    sys::Result::SUCCESS
}

unsafe extern "system" fn get_graphics_device(
    _instance: sys::Instance,
    _info: *const sys::VulkanGraphicsDeviceGetInfoKHR,
    gpu: *mut *const c_void,
) -> sys::Result {
    with(|state| {
        let instance = state.graphics.instance.as_ref().unwrap();
        // SAFETY: the instance is alive, and the pointer where the wrapper wants its answer.
        unsafe {
            let gpus = instance.enumerate_physical_devices().unwrap();
            let Some(&first) = gpus.first() else { return sys::Result::ERROR_RUNTIME_FAILURE };
            state.graphics.gpu = first;
            *gpu = first.as_raw() as *const c_void;
        }
        sys::Result::SUCCESS
    })
}

unsafe extern "system" fn create_vulkan_device(
    _instance: sys::Instance,
    info: *const sys::VulkanDeviceCreateInfoKHR,
    made: *mut *const c_void,
    result: *mut i32,
) -> sys::Result {
    with(|state| {
        let graphics = &mut state.graphics;
        let instance = graphics.instance.as_ref().unwrap();
        // SAFETY: the program's structures are whole, and it destroys what is made.
        unsafe {
            let info = &*(*info).vulkan_create_info.cast::<vk::DeviceCreateInfo<'_>>();
            let names = super::slice(info.pp_enabled_extension_names, info.enabled_extension_count);
            let density = ash::ext::fragment_density_map::NAME;
            graphics.has_maps = names.iter().any(|&name| CStr::from_ptr(name) == density);
            match instance.create_device(graphics.gpu, info, None) {
                Ok(device) => {
                    *made = device.handle().as_raw() as *const c_void;
                    graphics.device = Some(device);
                }
                Err(error) => *result = error.as_raw(),
            }
        }
        sys::Result::SUCCESS
    })
}

impl Graphics {
    fn image(
        &self,
        format: vk::Format,
        [width, height]: [u32; 2],
        layers: u32,
        usage: vk::ImageUsageFlags,
    ) -> Image {
        let device = self.device.as_ref().unwrap();
        let info = vk::ImageCreateInfo::default()
            .image_type(vk::ImageType::TYPE_2D)
            .format(format)
            .extent(vk::Extent3D { width, height, depth: 1 })
            .mip_levels(1)
            .array_layers(layers)
            .samples(vk::SampleCountFlags::TYPE_1)
            .usage(usage);
        // SAFETY: the device is alive as long as swapchains are asked for.
        unsafe {
            let image = device.create_image(&info, None).unwrap();
            let needs = device.get_image_memory_requirements(image);
            let memory = vk::MemoryAllocateInfo::default()
                .allocation_size(needs.size)
                .memory_type_index(needs.memory_type_bits.trailing_zeros());
            let memory = device.allocate_memory(&memory, None).unwrap();
            device.bind_image_memory(image, memory, 0).unwrap();
            Image(image, memory)
        }
    }

    /// Maps with texels of 32 pixels where the device knows maps.
    fn chain(&self, info: &sys::SwapchainCreateInfo, is_foveated: bool) -> Chain {
        let size = [info.width, info.height];
        let format = vk::Format::from_raw(i32::try_from(info.format).unwrap());
        let usage = vk::ImageUsageFlags::COLOR_ATTACHMENT
            | vk::ImageUsageFlags::SAMPLED
            | vk::ImageUsageFlags::TRANSFER_SRC
            | vk::ImageUsageFlags::TRANSFER_DST;
        let map_size = size.map(|side| side.div_ceil(32));
        let map = || {
            let usage = vk::ImageUsageFlags::FRAGMENT_DENSITY_MAP_EXT;
            self.image(super::super::foveation::MAP_FORMAT, map_size, info.array_size, usage)
        };
        let images: Vec<_> = (0..IMAGES).map(|_| self.image(format, size, info.array_size, usage)).collect();
        let map_count = if is_foveated && self.has_maps { IMAGES } else { 0 };
        let maps: Vec<_> = (0..map_count).map(|_| map()).collect();
        self.bring(&images, vk::ImageLayout::COLOR_ATTACHMENT_OPTIMAL);
        self.bring(&maps, vk::ImageLayout::FRAGMENT_DENSITY_MAP_OPTIMAL_EXT);
        Chain { images, maps, map_size, next: 0 }
    }

    /// Brings new images into the layout in which a runtime hands them over.
    fn bring(&self, images: &[Image], layout: vk::ImageLayout) {
        let device = self.device.as_ref().unwrap();
        let layers = vk::ImageSubresourceRange::default()
            .aspect_mask(vk::ImageAspectFlags::COLOR)
            .level_count(1)
            .layer_count(vk::REMAINING_ARRAY_LAYERS);
        let barrier = |image: &Image| {
            vk::ImageMemoryBarrier::default()
                .new_layout(layout)
                .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
                .image(image.0)
                .subresource_range(layers)
        };
        let barriers: Vec<_> = images.iter().map(barrier).collect();
        let all = vk::PipelineStageFlags::ALL_COMMANDS;
        // SAFETY: the program submits nothing while it asks for a swapchain, and what is made here is done with at
        // the end.
        unsafe {
            let queue = device.get_device_queue(self.queue_family, 0);
            let info = vk::CommandPoolCreateInfo::default().queue_family_index(self.queue_family);
            let pool = device.create_command_pool(&info, None).unwrap();
            let info = vk::CommandBufferAllocateInfo::default().command_pool(pool).command_buffer_count(1);
            let commands = device.allocate_command_buffers(&info).unwrap();
            device.begin_command_buffer(commands[0], &vk::CommandBufferBeginInfo::default()).unwrap();
            let flags = vk::DependencyFlags::empty();
            device.cmd_pipeline_barrier(commands[0], all, all, flags, &[], &[], &barriers);
            device.end_command_buffer(commands[0]).unwrap();
            let submit = vk::SubmitInfo::default().command_buffers(&commands);
            device.queue_submit(queue, &[submit], vk::Fence::null()).unwrap();
            device.queue_wait_idle(queue).unwrap();
            device.destroy_command_pool(pool, None);
        }
    }
}

unsafe extern "system" fn enumerate_formats(
    _session: sys::Session,
    capacity: u32,
    count: *mut u32,
    formats: *mut i64,
) -> sys::Result {
    let format = i64::from(vk::Format::R8G8B8A8_SRGB.as_raw());
    // SAFETY: the wrapper's array is as long as it says.
    unsafe { fill(1, capacity, count, formats, |_, to| *to = format) }
}

unsafe extern "system" fn create_swapchain(
    _session: sys::Session,
    info: *const sys::SwapchainCreateInfo,
    made: *mut sys::Swapchain,
) -> sys::Result {
    // SAFETY: the program's structures are whole.
    let (info, is_foveated) = unsafe { (&*info, is_foveated((*info).next)) };
    // The notice for a lost head has one layer, and is no picture of the world.
    if info.array_size == 2 {
        note(if is_foveated { "create foveated" } else { "create plain" });
    }
    with(|state| {
        if is_foveated && state.lie == Lie::NoSwapchain {
            return sys::Result::ERROR_RUNTIME_FAILURE;
        }
        let chain = state.graphics.chain(info, is_foveated);
        state.handle_count += 1;
        state.graphics.swapchains.insert(state.handle_count, chain);
        // SAFETY: where the wrapper wants it.
        unsafe { *made = sys::Swapchain::from_raw(state.handle_count) };
        sys::Result::SUCCESS
    })
}

unsafe extern "system" fn destroy_swapchain(swapchain: sys::Swapchain) -> sys::Result {
    with(|state| {
        let chain = state.graphics.swapchains.remove(&swapchain.into_raw()).unwrap();
        let device = state.graphics.device.as_ref().unwrap();
        for Image(image, memory) in chain.images.into_iter().chain(chain.maps) {
            // SAFETY: the program has let go of the images, and the device outlives its swapchains.
            unsafe {
                device.destroy_image(image, None);
                device.free_memory(memory, None);
            }
        }
    });
    sys::Result::SUCCESS
}

unsafe extern "system" fn enumerate_images(
    swapchain: sys::Swapchain,
    capacity: u32,
    count: *mut u32,
    images: *mut sys::SwapchainImageBaseHeader,
) -> sys::Result {
    with(|state| {
        let chain = &state.graphics.swapchains[&swapchain.into_raw()];
        let is_foveated = !chain.maps.is_empty();
        let length = match state.lie {
            Lie::NoImages if is_foveated => 0,
            Lie::EndlessImages if is_foveated => ENDLESS,
            _ => IMAGES,
        };
        let lacks_maps = state.lie == Lie::NoMaps;
        let map_size = if state.lie == Lie::EmptyMaps { [0, 0] } else { chain.map_size };
        // SAFETY: the program's array is as long as it says, and of the type for Vulkan.
        let result = unsafe {
            fill(length, capacity, count, images.cast(), |index, to: &mut sys::SwapchainImageVulkanKHR| {
                to.image = chain.images[index].0.as_raw();
                let map = chain.maps.get(index).filter(|_| !lacks_maps).map_or(0, |map| map.0.as_raw());
                write_maps(to.next, map, map_size);
            })
        };
        if is_foveated && capacity > 0 {
            state.calls.push(format!("enumerate {capacity} with maps"));
        }
        result
    })
}

unsafe extern "system" fn acquire_image(
    swapchain: sys::Swapchain,
    _info: *const sys::SwapchainImageAcquireInfo,
    index: *mut u32,
) -> sys::Result {
    with(|state| {
        let chain = state.graphics.swapchains.get_mut(&swapchain.into_raw()).unwrap();
        // SAFETY: where the wrapper wants it.
        unsafe { *index = chain.next };
        chain.next = (chain.next + 1) % IMAGES as u32;
    });
    sys::Result::SUCCESS
}

/// The function of this name, if it is about pictures.
pub(super) fn function(name: &[u8]) -> Option<pfn::VoidFunction> {
    // SAFETY: a function of any type may be kept as one of none until it is called, and each is called with the
    // arguments of its name; those that only succeed look at none.
    Some(unsafe {
        match name {
            b"xrGetVulkanGraphicsRequirements2KHR" => {
                transmute::<pfn::GetVulkanGraphicsRequirements2KHR, pfn::VoidFunction>(get_requirements)
            }
            b"xrCreateVulkanInstanceKHR" => {
                transmute::<pfn::CreateVulkanInstanceKHR, pfn::VoidFunction>(create_vulkan_instance)
            }
            b"xrGetVulkanGraphicsDevice2KHR" => {
                transmute::<pfn::GetVulkanGraphicsDevice2KHR, pfn::VoidFunction>(get_graphics_device)
            }
            b"xrCreateVulkanDeviceKHR" => {
                transmute::<pfn::CreateVulkanDeviceKHR, pfn::VoidFunction>(create_vulkan_device)
            }
            b"xrEnumerateSwapchainFormats" => {
                transmute::<pfn::EnumerateSwapchainFormats, pfn::VoidFunction>(enumerate_formats)
            }
            b"xrCreateSwapchain" => transmute::<pfn::CreateSwapchain, pfn::VoidFunction>(create_swapchain),
            b"xrDestroySwapchain" => transmute::<pfn::DestroySwapchain, pfn::VoidFunction>(destroy_swapchain),
            b"xrEnumerateSwapchainImages" => {
                transmute::<pfn::EnumerateSwapchainImages, pfn::VoidFunction>(enumerate_images)
            }
            b"xrAcquireSwapchainImage" => {
                transmute::<pfn::AcquireSwapchainImage, pfn::VoidFunction>(acquire_image)
            }
            b"xrWaitSwapchainImage" | b"xrReleaseSwapchainImage" => {
                transmute::<super::Any, pfn::VoidFunction>(super::succeed)
            }
            _ => return None,
        }
    })
}
