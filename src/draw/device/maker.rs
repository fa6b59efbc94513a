//! Who makes the Vulkan instance and device: this program, or a headset's runtime, which adds what it
//! needs to both.

use std::any::Any;
use std::ffi::CStr;

use ash::vk;
use wgpu::hal::vulkan::Api;

use super::{GpuOptions, instance_flags};
use crate::draw::DrawError;

/// The version that wgpu itself asks for; with an older one its shaders are too new for the device.
const API_VERSION: u32 = vk::API_VERSION_1_3;

/// Android's API level, below which wgpu works around drivers: the oldest that Pavilion runs on.
const ANDROID_API_LEVEL: u32 = 29;

const VALIDATION_LAYER: &CStr = c"VK_LAYER_KHRONOS_validation";

/// A headset's runtime that insists on making instance and device itself. What it says when it cannot
/// becomes part of an error's sentence.
pub trait VulkanMaker {
    /// Makes what `vkCreateInstance` would.
    ///
    /// # Errors
    /// In the runtime's words.
    fn make_instance(
        &mut self,
        entry: &ash::Entry,
        info: &vk::InstanceCreateInfo<'_>,
    ) -> Result<vk::Instance, String>;

    /// The GPU that the headset hangs on.
    ///
    /// # Errors
    /// In the runtime's words.
    fn physical_device(&mut self, instance: vk::Instance) -> Result<vk::PhysicalDevice, String>;

    /// Makes what `vkCreateDevice` would.
    ///
    /// # Errors
    /// In the runtime's words.
    fn make_device(
        &mut self,
        entry: &ash::Entry,
        gpu: vk::PhysicalDevice,
        info: &vk::DeviceCreateInfo<'_>,
    ) -> Result<vk::Device, String>;

    /// What must outlive the instance and the device.
    fn keep_alive(&self) -> Box<dyn Any + Send + Sync>;
}

/// wgpu's instance and adapter around those that `maker` makes.
#[allow(unsafe_code)]
pub(super) fn open_instance(
    maker: &mut dyn VulkanMaker,
    options: GpuOptions,
) -> Result<(wgpu::Instance, wgpu::Adapter), DrawError> {
    let refused = |reason: String| DrawError::DeviceRefused { name: "the headset's GPU".to_owned(), reason };
    // SAFETY: the library that the system finds under this name is the Vulkan loader.
    let entry = unsafe { ash::Entry::load() }.map_err(|_| DrawError::NoAdapter)?;
    let flags = instance_flags(options);
    let extensions = wgpu::hal::vulkan::Instance::desired_extensions(&entry, API_VERSION, flags)
        .map_err(|error| refused(error.to_string()))?;
    let extension_names: Vec<_> = extensions.iter().map(|name| name.as_ptr()).collect();
    let layer_names = layers(&entry, options).map(CStr::as_ptr);
    let layer_names: Vec<_> = layer_names.into_iter().collect();
    let application = vk::ApplicationInfo::default()
        .application_name(c"Pavilion")
        .engine_name(c"Pavilion")
        .api_version(API_VERSION);
    let info = vk::InstanceCreateInfo::default()
        .application_info(&application)
        .enabled_extension_names(&extension_names)
        .enabled_layer_names(&layer_names);
    let handle = maker.make_instance(&entry, &info).map_err(refused)?;
    let gpu = maker.physical_device(handle).map_err(refused)?;
    // SAFETY: the instance was just made through this entry, with these extensions and this version.
    // Without a callback wgpu owns it and destroys it after everything that it makes from it.
    let instance = unsafe {
        let raw = ash::Instance::load(entry.static_fn(), handle);
        wgpu::hal::vulkan::Instance::from_raw(
            entry,
            raw,
            API_VERSION,
            ANDROID_API_LEVEL,
            None,
            extensions,
            flags,
            wgpu::MemoryBudgetThresholds::default(),
            false,
            None,
        )
    }
    .map_err(|error| refused(error.to_string()))?;
    let exposed = instance.expose_adapter(gpu).ok_or(DrawError::NoAdapter)?;
    // SAFETY: the adapter is one of this very instance.
    unsafe {
        let instance = wgpu::Instance::from_hal::<Api>(instance);
        let adapter = instance.create_adapter_from_hal::<Api>(exposed);
        Ok((instance, adapter))
    }
}

/// The validation layer, where it is asked for and installed.
#[allow(unsafe_code)]
fn layers(entry: &ash::Entry, options: GpuOptions) -> Option<&'static CStr> {
    // SAFETY: the entry is that of a loaded library.
    let known = unsafe { entry.enumerate_instance_layer_properties() }.unwrap_or_default();
    let is_known = known.iter().any(|layer| layer.layer_name_as_c_str() == Ok(VALIDATION_LAYER));
    (options.validates && is_known).then_some(VALIDATION_LAYER)
}
