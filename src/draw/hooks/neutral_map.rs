//! A density map of our own making, for tests: a headset's is made by its runtime.
#![allow(clippy::expect_used)]

use ash::vk;

use crate::draw::Gpu;

/// The smallest texels that the GPU reads densities for are this wide and high, pixels.
const TEXEL: u32 = 32;

/// An image of densities, one layer for each eye. It ends with the process, as the tests' devices do.
pub struct NeutralMap {
    view: vk::ImageView,
}

impl NeutralMap {
    /// For pictures of this size, in the format that the device was opened for.
    pub fn new(gpu: &Gpu, [width, height]: [u32; 2]) -> Self {
        let (handles, format) =
            (gpu.handles(), gpu.hooks().density_format().expect("the device has such maps"));
        // SAFETY: the handles are those of a device that is open, whose functions come from the loader that made it.
        unsafe {
            let entry = ash::Entry::load().expect("a Vulkan loader");
            let instance = ash::Instance::load(entry.static_fn(), handles.instance);
            let device = ash::Device::load(instance.fp_v1_0(), handles.device);
            let info = vk::ImageCreateInfo::default()
                .image_type(vk::ImageType::TYPE_2D)
                .format(format)
                .extent(vk::Extent3D {
                    width: width.div_ceil(TEXEL),
                    height: height.div_ceil(TEXEL),
                    depth: 1,
                })
                .mip_levels(1)
                .array_layers(2)
                .samples(vk::SampleCountFlags::TYPE_1)
                .usage(vk::ImageUsageFlags::FRAGMENT_DENSITY_MAP_EXT);
            let image = device.create_image(&info, None).expect("an image");
            let needs = device.get_image_memory_requirements(image);
            let memory = vk::MemoryAllocateInfo::default()
                .allocation_size(needs.size)
                .memory_type_index(needs.memory_type_bits.trailing_zeros());
            let memory = device.allocate_memory(&memory, None).expect("memory");
            device.bind_image_memory(image, memory, 0).expect("bound");
            let layers = vk::ImageSubresourceRange::default()
                .aspect_mask(vk::ImageAspectFlags::COLOR)
                .level_count(1)
                .layer_count(2);
            let view = vk::ImageViewCreateInfo::default()
                .image(image)
                .view_type(vk::ImageViewType::TYPE_2D_ARRAY)
                .format(format)
                .subresource_range(layers);
            Self { view: device.create_image_view(&view, None).expect("a view") }
        }
    }

    /// Attaches it to every eye pass from now on.
    pub fn set(&self, gpu: &Gpu) {
        // SAFETY: the view is one of such an image of this size and lives on. Nothing reads it on a device that
        // executes nothing, so the layout that nobody brought it into does not matter.
        unsafe { gpu.hooks().set_density_map(None, self.view) };
    }
}
