//! What the hooks need of a device beyond what wgpu asks for: extensions, and the features that go with them.
#![allow(unsafe_code)]

use std::ffi::CStr;

use ash::vk;
use wgpu::hal::vulkan::Adapter as HalAdapter;

use crate::draw::hooks::HookOptions;

/// Extensions and features of the wishes that the device grants.
pub(super) struct Extras {
    /// The wishes, without those that it does not.
    pub options: HookOptions,
    pub extensions: Vec<&'static CStr>,
    density: vk::PhysicalDeviceFragmentDensityMapFeaturesEXT<'static>,
    reports: vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR<'static>,
}

impl Extras {
    /// What `adapter` grants of `wished`.
    pub fn of(adapter: &HalAdapter, wished: HookOptions) -> Self {
        let mut density = vk::PhysicalDeviceFragmentDensityMapFeaturesEXT::default();
        let mut reports = vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default();
        let mut features =
            vk::PhysicalDeviceFeatures2::default().push_next(&mut density).push_next(&mut reports);
        let instance = adapter.shared_instance().raw_instance();
        // SAFETY: the GPU is one of this instance; it leaves structures alone that it does not know.
        unsafe {
            instance.get_physical_device_features2(adapter.raw_physical_device(), &mut features);
        }
        let has = |name| adapter.physical_device_capabilities().supports_extension(name);
        let has_density = has(ash::ext::fragment_density_map::NAME)
            && density.fragment_density_map == vk::TRUE
            && density.fragment_density_map_non_subsampled_images == vk::TRUE;
        let has_reports = has(ash::khr::pipeline_executable_properties::NAME)
            && reports.pipeline_executable_info == vk::TRUE;
        let options = HookOptions {
            density_map: wished.density_map.filter(|_| has_density),
            reports_pipelines: wished.reports_pipelines && has_reports,
            ..wished
        };
        let mut extensions = Vec::new();
        extensions.extend(options.density_map.map(|_| ash::ext::fragment_density_map::NAME));
        if options.reports_pipelines {
            extensions.push(ash::khr::pipeline_executable_properties::NAME);
        }
        Self {
            options,
            extensions,
            density: vk::PhysicalDeviceFragmentDensityMapFeaturesEXT::default()
                .fragment_density_map(true)
                .fragment_density_map_non_subsampled_images(true),
            reports: vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default()
                .pipeline_executable_info(true),
        }
    }

    /// Adds the features of what is granted.
    pub fn add_to<'a>(&'a mut self, mut info: vk::DeviceCreateInfo<'a>) -> vk::DeviceCreateInfo<'a> {
        if self.options.density_map.is_some() {
            info = info.push_next(&mut self.density);
        }
        if self.options.reports_pipelines {
            info = info.push_next(&mut self.reports);
        }
        info
    }
}
