//! What every draw of the world binds: one group that holds the frame, the materials, the sky and the images.
//!
//! Groups differ in their images only, so that a draw changes one binding at most. A pass over the right eye alone
//! reads the other half of the frame's buffer, by an offset.

use std::num::NonZeroU64;

use super::frame::FrameUniform;
use super::materials::{ENTRY_COUNT, MaterialUniform, Materials};
use super::sky::Sky;
use super::{Gpu, tone};

/// Uniform bindings start at multiples of this on every device.
const FRAME_STRIDE: u32 = (size_of::<FrameUniform>() as u32).next_multiple_of(256);

/// One for a pass over both eyes or the left one, and one for a pass over the right one.
const FRAME_BYTES: NonZeroU64 = match NonZeroU64::new(FRAME_STRIDE as u64 * 2) {
    Some(bytes) => bytes,
    None => unreachable!(),
};

/// The images of a group.
pub(super) struct Images<'a> {
    /// Colours, in layers.
    pub colors: &'a wgpu::TextureView,
    /// All else, in layers.
    pub data: &'a wgpu::TextureView,
    /// How both are read.
    pub sampler: &'a wgpu::Sampler,
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Bindings {
    pub layout: wgpu::BindGroupLayout,
    frame: wgpu::Buffer,
    materials: wgpu::Buffer,
    sky: wgpu::TextureView,
    sky_sampler: wgpu::Sampler,
    tone: wgpu::TextureView,
}

impl Bindings {
    pub fn new(gpu: &Gpu, materials: &Materials, sky: &Sky) -> Self {
        Self {
            layout: layout(gpu),
            frame: gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("frame"),
                size: FRAME_BYTES.get(),
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            materials: materials.buffer.clone(),
            sky: sky.view.clone(),
            sky_sampler: sky.sampler.clone(),
            tone: tone::view(gpu),
        }
    }

    /// A group of these images.
    pub fn group(&self, gpu: &Gpu, images: &Images<'_>) -> wgpu::BindGroup {
        use wgpu::BindingResource::{Sampler, TextureView};
        let resources = [
            self.frame(),
            self.materials.as_entire_binding(),
            TextureView(&self.sky),
            Sampler(&self.sky_sampler),
            TextureView(&self.tone),
            TextureView(images.colors),
            TextureView(images.data),
            Sampler(images.sampler),
        ];
        let mut binding = 0;
        let entries = resources.map(|resource| {
            binding += 1;
            wgpu::BindGroupEntry { binding: binding - 1, resource }
        });
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("world"),
            layout: &self.layout,
            entries: &entries,
        })
    }

    /// Where the eyes are, of one pass.
    pub fn frame(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.frame,
            offset: 0,
            size: wgpu::BufferSize::new(size_of::<FrameUniform>() as u64),
        })
    }

    /// Where the eyes and the light of the frame go, which passes that are recorded from here on read.
    pub fn latch(
        &self,
        writes: &mut wgpu::util::StagingBelt,
        encoder: &mut wgpu::CommandEncoder,
    ) -> wgpu::BufferViewMut {
        writes.write_buffer(encoder, &self.frame, 0, FRAME_BYTES)
    }
}

/// What a pass over both eyes, or one, adds to the place of the frame.
pub(super) fn frame_offset(is_right_alone: bool) -> u32 {
    if is_right_alone { FRAME_STRIDE } else { 0 }
}

/// Sets the eyes. Comes last before the submit, so that they are as fresh as they can be.
pub(super) fn write_frame(latch: &mut wgpu::BufferViewMut, frame: &FrameUniform) {
    let bytes = size_of::<FrameUniform>();
    latch.slice(..bytes).copy_from_slice(bytemuck::bytes_of(frame));
    let right = FRAME_STRIDE as usize;
    latch.slice(right..right + bytes).copy_from_slice(bytemuck::bytes_of(&frame.right_first()));
}

/// The frame's place in a layout.
pub(super) fn frame_entry() -> wgpu::BindGroupLayoutEntry {
    uniform(0, size_of::<FrameUniform>() as u64, true)
}

/// A texture's or a sampler's place in a layout: only fragments read it.
pub(super) fn fragment_entry(binding: u32, ty: wgpu::BindingType) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::FRAGMENT, ty, count: None }
}

/// A texture whose texels are blended.
pub(super) fn texture(view_dimension: wgpu::TextureViewDimension) -> wgpu::BindingType {
    wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Float { filterable: true },
        view_dimension,
        multisampled: false,
    }
}

/// How they are.
pub(super) const FILTERING: wgpu::BindingType =
    wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering);

fn uniform(binding: u32, bytes: u64, has_dynamic_offset: bool) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset,
            min_binding_size: wgpu::BufferSize::new(bytes),
        },
        count: None,
    }
}

fn layout(gpu: &Gpu) -> wgpu::BindGroupLayout {
    use wgpu::TextureViewDimension::{Cube, D2, D2Array};
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("world"),
        entries: &[
            frame_entry(),
            uniform(1, (ENTRY_COUNT * size_of::<MaterialUniform>()) as u64, false),
            fragment_entry(2, texture(Cube)),
            fragment_entry(3, FILTERING),
            fragment_entry(4, texture(D2)),
            fragment_entry(5, texture(D2Array)),
            fragment_entry(6, texture(D2Array)),
            fragment_entry(7, FILTERING),
        ],
    })
}
