//! The logical device: made by us or by a headset's runtime, hooked, and handed to wgpu.
#![allow(unsafe_code)]

use std::ffi::CStr;

use ash::vk;
use wgpu::hal::vulkan::{Adapter as HalAdapter, Api};

use super::extras::Extras;
use super::{VulkanHandles, VulkanMaker};
use crate::draw::hooks::{HookOptions, Hooks};

/// A device that wgpu uses.
pub(super) struct Opened {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub handles: VulkanHandles,
    pub hooks: Hooks,
}

/// Opens the device of `adapter` with these features. Fails in the driver's words.
pub(super) fn open(
    adapter: &wgpu::Adapter,
    enabled: wgpu::Features,
    options: HookOptions,
    maker: Option<&mut dyn VulkanMaker>,
) -> Result<Opened, String> {
    // SAFETY: nothing of the adapter is destroyed through this reference.
    let hal = unsafe { adapter.as_hal::<Api>() }.ok_or("it is not a Vulkan device")?;
    let shared = hal.shared_instance();
    let (instance, physical_device) = (shared.raw_instance(), hal.raw_physical_device());
    let queue_family = graphics_family(instance, physical_device).ok_or("it has no queue that draws")?;
    let mut extras = Extras::of(&hal, options);
    let options = extras.options;
    let mut extensions = hal.required_device_extensions(enabled);
    extensions.extend(&extras.extensions);
    let names: Vec<_> = extensions.iter().map(|name| name.as_ptr()).collect();
    let queues =
        [vk::DeviceQueueCreateInfo::default().queue_family_index(queue_family).queue_priorities(&[1.0])];
    let mut features = hal.physical_device_features(&extensions, enabled);
    let info = vk::DeviceCreateInfo::default().queue_create_infos(&queues).enabled_extension_names(&names);
    let info = extras.add_to(features.add_to_device_create(info));
    let handle = match maker {
        Some(maker) => maker.make_device(shared.entry(), physical_device, &info)?,
        // SAFETY: the GPU is one of this instance, and wgpu asks for what the GPU says it has.
        None => unsafe { instance.create_device(physical_device, &info, None) }
            .map_err(|error| error.to_string())?
            .handle(),
    };
    let handles =
        VulkanHandles { instance: instance.handle(), physical_device, device: handle, queue_family };
    let (hooked, hooks) = hook(instance, handle, options)?;
    let (device, queue) = wrap(adapter, &hal, hooked, enabled, &extensions, queue_family)?;
    Ok(Opened { device, queue, handles, hooks })
}

/// The first family that draws, which is also the one that wgpu believes to show pictures.
fn graphics_family(instance: &ash::Instance, gpu: vk::PhysicalDevice) -> Option<u32> {
    // SAFETY: the GPU is one of this instance.
    let families = unsafe { instance.get_physical_device_queue_family_properties(gpu) };
    let draws = |family: &vk::QueueFamilyProperties| {
        family.queue_flags.contains(vk::QueueFlags::GRAPHICS | vk::QueueFlags::COMPUTE)
    };
    families.iter().position(draws).and_then(|index| u32::try_from(index).ok())
}

fn hook(
    instance: &ash::Instance,
    device: vk::Device,
    options: HookOptions,
) -> Result<(ash::Device, Hooks), String> {
    // SAFETY: this is `vkGetDeviceProcAddr` of the instance that the device was made from.
    let load = |name: &CStr| unsafe {
        let function = (instance.fp_v1_0().get_device_proc_addr)(device, name.as_ptr());
        function.map_or(std::ptr::null(), |function| function as *const _)
    };
    // SAFETY: `load` does what it should, and from now on only wgpu destroys the device.
    let hooked = unsafe { Hooks::install(device, options, load) };
    if hooked.is_none() {
        // SAFETY: nobody else knows of the device yet.
        unsafe { ash::Device::load(instance.fp_v1_0(), device).destroy_device(None) };
    }
    hooked.ok_or_else(|| "too many devices are open at once".to_owned())
}

fn wrap(
    adapter: &wgpu::Adapter,
    hal: &HalAdapter,
    device: ash::Device,
    enabled: wgpu::Features,
    extensions: &[&'static CStr],
    queue_family: u32,
) -> Result<(wgpu::Device, wgpu::Queue), String> {
    let limits = wgpu::Limits {
        max_multiview_view_count: if enabled.contains(wgpu::Features::MULTIVIEW) { 2 } else { 0 },
        max_texture_array_layers: 2048,
        ..wgpu::Limits::default()
    };
    let limits = limits.or_worse_values_from(&adapter.limits());
    let memory_hints = wgpu::MemoryHints::Performance;
    // SAFETY: the device was made from this adapter with these extensions, the features that wgpu
    // named for them, and one queue of this family. Without a callback wgpu owns it.
    unsafe {
        let open = hal
            .device_from_raw(device, None, extensions, enabled, &limits, &memory_hints, queue_family, 0)
            .map_err(|error| error.to_string())?;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("pavilion"),
            required_features: enabled,
            required_limits: limits,
            experimental_features: wgpu::ExperimentalFeatures::disabled(),
            memory_hints,
            trace: wgpu::Trace::Off,
        };
        adapter.create_device_from_hal::<Api>(open, &descriptor).map_err(|error| error.to_string())
    }
}
