//! What lives on the tile only: samples and depth, which no pass loads or stores.
//!
//! A GPU that draws tile by tile has a kind of memory for them that takes none until it must. wgpu gives it to
//! textures of one layer only, and in blocks of hundreds of megabytes; here each image of two layers has its own,
//! exactly as large as it needs. At a Quest 2's size these two would be 215 MB, written and thrown away.
#![allow(unsafe_code)]

use ash::vk;
use wgpu::hal::vulkan::{Api, TextureMemory};

use super::Gpu;

/// An image with its memory.
struct Backed {
    image: vk::Image,
    memory: vk::DeviceMemory,
}

impl Gpu {
    /// A texture for passes that neither load nor store it; `None` where this GPU has no memory of that kind, and
    /// an ordinary one does as well.
    pub(in crate::draw) fn memoryless(
        &self,
        descriptor: &wgpu::TextureDescriptor<'_>,
    ) -> Option<wgpu::Texture> {
        let Backed { image, memory } = self.backed(descriptor)?;
        let inner = wgpu::hal::TextureDescriptor {
            label: None,
            size: descriptor.size,
            mip_level_count: descriptor.mip_level_count,
            sample_count: descriptor.sample_count,
            dimension: descriptor.dimension,
            format: descriptor.format,
            usage: wgpu::TextureUses::TRANSIENT,
            memory_flags: wgpu::hal::MemoryFlags::empty(),
            view_formats: Vec::new(),
        };
        // SAFETY: the image was made for this descriptor and is bound to this memory. Without a callback wgpu owns
        // the image, and the memory of its own in any case: it frees both when nobody uses the texture any more.
        // Nobody has brought it into a state.
        unsafe {
            let device = self.device.as_hal::<Api>()?;
            let texture = device.texture_from_raw(image, &inner, None, TextureMemory::Dedicated(memory));
            let state = wgpu::TextureUses::UNINITIALIZED;
            Some(self.device.create_texture_from_hal::<Api>(texture, descriptor, state))
        }
    }

    fn backed(&self, descriptor: &wgpu::TextureDescriptor<'_>) -> Option<Backed> {
        let attachment = match descriptor.format.has_depth_aspect() {
            true => vk::ImageUsageFlags::DEPTH_STENCIL_ATTACHMENT,
            false => vk::ImageUsageFlags::COLOR_ATTACHMENT,
        };
        let wgpu::Extent3d { width, height, depth_or_array_layers } = descriptor.size;
        // SAFETY: nothing of adapter and device is destroyed through these references but what is made here; the
        // image is as the descriptor says, and what the driver refuses is let go of.
        unsafe {
            let adapter = self.adapter.as_hal::<Api>()?;
            let info = vk::ImageCreateInfo::default()
                .image_type(vk::ImageType::TYPE_2D)
                .format(adapter.texture_format_as_raw(descriptor.format))
                .extent(vk::Extent3D { width, height, depth: 1 })
                .mip_levels(1)
                .array_layers(depth_or_array_layers)
                .samples(vk::SampleCountFlags::from_raw(descriptor.sample_count))
                .usage(attachment | vk::ImageUsageFlags::TRANSIENT_ATTACHMENT);
            let kinds = adapter
                .shared_instance()
                .raw_instance()
                .get_physical_device_memory_properties(adapter.raw_physical_device());
            let device = self.device.as_hal::<Api>()?;
            let device = device.raw_device();
            let image = device.create_image(&info, None).ok()?;
            let memory = lazy_memory(device, image, &kinds);
            if memory.is_none() {
                device.destroy_image(image, None);
            }
            Some(Backed { image, memory: memory? })
        }
    }
}

/// Memory that the image is bound to from now on, if there is such a kind for it.
///
/// # Safety
/// The image is one of the device's, without memory, and the kinds are those of its GPU.
unsafe fn lazy_memory(
    device: &ash::Device,
    image: vk::Image,
    kinds: &vk::PhysicalDeviceMemoryProperties,
) -> Option<vk::DeviceMemory> {
    // SAFETY: promised by the caller; memory that was not taken is freed.
    unsafe {
        let needs = device.get_image_memory_requirements(image);
        let kind = lazy_kind(needs.memory_type_bits, kinds.memory_types_as_slice())?;
        let mut own = vk::MemoryDedicatedAllocateInfo::default().image(image);
        let info = vk::MemoryAllocateInfo::default()
            .allocation_size(needs.size)
            .memory_type_index(kind)
            .push_next(&mut own);
        let memory = device.allocate_memory(&info, None).ok()?;
        let bound = device.bind_image_memory(image, memory, 0);
        if bound.is_err() {
            device.free_memory(memory, None);
        }
        bound.ok().map(|()| memory)
    }
}

/// The first kind of memory, of those that an image may have, that takes none until it must.
fn lazy_kind(allowed_bits: u32, kinds: &[vk::MemoryType]) -> Option<u32> {
    let is_lazy =
        |kind: &vk::MemoryType| kind.property_flags.contains(vk::MemoryPropertyFlags::LAZILY_ALLOCATED);
    (0..)
        .zip(kinds)
        .find(|(index, kind)| allowed_bits & 1 << index != 0 && is_lazy(kind))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    use crate::draw::GpuOptions;

    /// Elsewhere ordinary textures do; on the GPU that `cargo xtask test shaders` brings it is there.
    #[test]
    fn noop_adreno_has_memory_that_takes_none() {
        let is_adreno = std::env::var_os("PAVILION_ADRENO").is_some();
        let options = GpuOptions { records: true, measures_shaders: is_adreno, ..GpuOptions::default() };
        let Ok(gpu) = Gpu::open(options) else { return println!("skipped: no driver") };
        for format in [wgpu::TextureFormat::Rgba8UnormSrgb, wgpu::TextureFormat::Depth32Float] {
            let descriptor = wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d { width: 1832, height: 1920, depth_or_array_layers: 2 },
                mip_level_count: 1,
                sample_count: 4,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
                view_formats: &[],
            };
            gpu.take_counts();
            let texture = gpu.memoryless(&descriptor);
            if !is_adreno {
                return println!("skipped: {} has such memory: {}", gpu.facts().name, texture.is_some());
            }
            let counts = gpu.take_counts();
            println!(
                "{format:?}: {:.1} MiB in an allocation of its own",
                counts.allocated_bytes as f64 / 1048576.0
            );
            assert!(texture.is_some());
            // Rows and tiles are padded, but nothing is put beside it: 4 bytes a sample.
            let least = 4 * 1832 * 1920 * 2 * 4;
            assert_eq!(counts.allocations, 1);
            assert!((least..least * 5 / 4).contains(&counts.allocated_bytes), "{counts:?}");
            // Before anything is drawn nothing is taken.
            let Backed { image, memory } = gpu.backed(&descriptor).unwrap();
            // SAFETY: both are this device's, nobody uses them, and nobody will.
            let committed = unsafe {
                let device = gpu.device.as_hal::<Api>().unwrap();
                let device = device.raw_device();
                let committed = device.get_device_memory_commitment(memory);
                device.destroy_image(image, None);
                device.free_memory(memory, None);
                committed
            };
            assert_eq!(committed, 0);
        }
        assert_eq!(gpu.validation_messages(), [""; 0]);
    }

    #[test]
    fn memory_is_lazy_where_the_image_may_have_it() {
        let kind = |property_flags| vk::MemoryType { property_flags, heap_index: 0 };
        let local = vk::MemoryPropertyFlags::DEVICE_LOCAL;
        let lazy = local | vk::MemoryPropertyFlags::LAZILY_ALLOCATED;
        let kinds = [kind(local), kind(lazy), kind(local), kind(lazy)];
        assert_eq!(lazy_kind(0b1111, &kinds), Some(1));
        assert_eq!(lazy_kind(0b1101, &kinds), Some(3));
        assert_eq!(lazy_kind(0b0101, &kinds), None);
        assert_eq!(lazy_kind(!0, &kinds[..1]), None);
    }
}
