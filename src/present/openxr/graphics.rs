//! The Vulkan instance and device, which OpenXR wants to make itself.

use std::any::Any;
use std::ffi::{c_char, c_void};

use ash::vk::{self, Handle};
use openxr as xr;

use super::{Runtime, RuntimeError};
use crate::draw::VulkanMaker;

/// A runtime that makes the Vulkan device for its headset.
pub struct Maker {
    pub(super) runtime: Runtime,
    pub(super) system: xr::SystemId,
}

/// `vkGetInstanceProcAddr`, in OpenXR's types for Vulkan's handles.
type GetInstanceProcAddr =
    unsafe extern "system" fn(*const c_void, *const c_char) -> Option<unsafe extern "system" fn()>;

impl Maker {
    /// For the runtime's headset.
    ///
    /// # Errors
    /// Where it has none.
    pub fn new(runtime: &Runtime) -> Result<Self, RuntimeError> {
        let system = runtime.system()?;
        // The standard makes this call a duty; what Pavilion needs of Vulkan is checked by `draw`.
        let required = runtime.instance.graphics_requirements::<xr::Vulkan>(system);
        required.map_err(RuntimeError::NoRuntime)?;
        Ok(Self { runtime: runtime.clone(), system })
    }
}

impl VulkanMaker for Maker {
    fn make_instance(
        &mut self,
        entry: &ash::Entry,
        info: &vk::InstanceCreateInfo<'_>,
    ) -> Result<vk::Instance, String> {
        let info: *const vk::InstanceCreateInfo<'_> = info;
        // SAFETY: the structure is Vulkan's own, and the function is that of the loader.
        let made = unsafe {
            self.runtime.instance.create_vulkan_instance(self.system, get_proc(entry), info.cast())
        };
        Ok(vk::Instance::from_raw(said("xrCreateVulkanInstanceKHR", made)? as u64))
    }

    fn physical_device(&mut self, instance: vk::Instance) -> Result<vk::PhysicalDevice, String> {
        let instance = instance.as_raw() as *const c_void;
        // SAFETY: the instance is the one that this runtime has made.
        let device = unsafe { self.runtime.instance.vulkan_graphics_device(self.system, instance) };
        let device = device.map_err(|error| format!("xrGetVulkanGraphicsDevice2KHR: {error}"))?;
        Ok(vk::PhysicalDevice::from_raw(device as u64))
    }

    fn make_device(
        &mut self,
        entry: &ash::Entry,
        gpu: vk::PhysicalDevice,
        info: &vk::DeviceCreateInfo<'_>,
    ) -> Result<vk::Device, String> {
        let info: *const vk::DeviceCreateInfo<'_> = info;
        let gpu = gpu.as_raw() as *const c_void;
        // SAFETY: the structure is Vulkan's own, the GPU the one that this runtime has named, and the
        // function that of the loader.
        let made = unsafe {
            self.runtime.instance.create_vulkan_device(self.system, get_proc(entry), gpu, info.cast())
        };
        Ok(vk::Device::from_raw(said("xrCreateVulkanDeviceKHR", made)? as u64))
    }

    fn keep_alive(&self) -> Box<dyn Any + Send + Sync> {
        Box::new(self.runtime.instance.clone())
    }
}

fn get_proc(entry: &ash::Entry) -> GetInstanceProcAddr {
    let function = entry.static_fn().get_instance_proc_addr;
    // SAFETY: the same function with the same ABI: a dispatchable handle is a pointer.
    unsafe { std::mem::transmute::<vk::PFN_vkGetInstanceProcAddr, GetInstanceProcAddr>(function) }
}

/// OpenXR's answer around Vulkan's.
fn said<T>(call: &str, made: xr::Result<Result<T, i32>>) -> Result<T, String> {
    match made {
        Ok(Ok(handle)) => Ok(handle),
        Ok(Err(code)) => Err(format!("{call}: {}", vk::Result::from_raw(code))),
        Err(error) => Err(format!("{call}: {error}")),
    }
}
