//! What the eyes see, on a window: one eye, or both side by side, in their own aspect; or one eye as a calmer
//! head would see it.

use bytemuck::{Pod, Zeroable};
use glam::{Mat3, Vec2, Vec4};

use super::{EyeImage, EyeTarget, Gpu};

/// WGSL of the pass.
pub(crate) const SHADER: &str = include_str!("../../shaders/mirror.wgsl");

/// Which eyes a window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum MirrorMode {
    /// The left one.
    #[default]
    OneEye,
    /// Both, side by side.
    BothEyes,
    /// The left one, over the whole window, looked at through this map: from places of the window to
    /// places of the picture, both 0 ..= 1 to the right and down.
    Steady(Mat3),
}

impl MirrorMode {
    /// The mode that a key press changes to.
    pub fn other(self) -> Self {
        match self {
            Self::OneEye | Self::Steady(_) => Self::BothEyes,
            Self::BothEyes => Self::OneEye,
        }
    }

    /// Which eye is seen at `at` of a surface of this size, pixels right and down, and where in its picture:
    /// −1 ..= 1 to the right and up. `None` on the black beside it.
    pub fn place(self, at: Vec2, surface: Vec2, picture: [u32; 2]) -> Option<(usize, Vec2)> {
        let columns = self.eyes().len();
        (0..columns).find_map(|eye| {
            let [x, y, width, height] = self.rectangle(eye, surface, picture);
            let from = (at - Vec2::new(x, y)) / Vec2::new(width, height);
            let is_inside = from.cmpge(Vec2::ZERO).all() && from.cmple(Vec2::ONE).all();
            is_inside.then_some((eye, Vec2::new(from.x * 2.0 - 1.0, 1.0 - from.y * 2.0)))
        })
    }

    fn eyes(self) -> std::ops::Range<usize> {
        match self {
            Self::OneEye | Self::Steady(_) => 0..1,
            Self::BothEyes => 0..2,
        }
    }

    /// Where on the surface the eye's picture goes: x, y, width, height.
    fn rectangle(self, eye: usize, surface: Vec2, picture: [u32; 2]) -> [f32; 4] {
        if let Self::Steady(_) = self {
            return [0.0, 0.0, surface.x, surface.y];
        }
        let width = surface.x / self.eyes().len() as f32;
        fitted([eye as f32 * width, 0.0, width, surface.y], picture)
    }
}

/// Where in the picture the places of a viewport look; WGSL twin: `Look` in shaders/mirror.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(crate) struct MirrorUniform {
    pub rows: [Vec4; 3],
}

impl MirrorUniform {
    fn of(mode: MirrorMode, image: &EyeImage) -> Self {
        let map = match mode {
            MirrorMode::Steady(map) => map,
            MirrorMode::OneEye | MirrorMode::BothEyes => Mat3::IDENTITY,
        };
        let (part, texture) = (image.part(), image.texture());
        let whole = Vec2::new(texture.width() as f32, texture.height() as f32);
        let pixels = |pair: [u32; 2]| Vec2::from(pair.map(|pixels| pixels as f32));
        let (offset, scale) = (pixels(part.offset) / whole, pixels(part.size) / whole);
        let map = Mat3::from_scale_angle_translation(scale, 0.0, offset) * map;
        Self { rows: [0, 1, 2].map(|row| map.row(row).extend(0.0)) }
    }
}

/// Copies pictures of eyes to surfaces of one format.
#[derive(Debug)]
pub struct Mirror {
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
    sampler: wgpu::Sampler,
    look: wgpu::Buffer,
    written: MirrorUniform,
    /// For the picture that was shown last.
    group: Option<(wgpu::Texture, wgpu::BindGroup)>,
}

impl Mirror {
    /// For surfaces of `format`.
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Self {
        let layout = layout(gpu);
        let pipeline = pipeline(gpu, &layout, format);
        let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("mirror"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        let look = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("mirror"),
            size: size_of::<MirrorUniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let written = MirrorUniform { rows: [Vec4::ZERO; 3] };
        Self { layout, pipeline, sampler, look, written, group: None }
    }

    /// Adds to the commands what shows the target on `surface`; the rest of the surface is black. Once a submit.
    pub fn draw(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        target: &EyeTarget,
        surface: &wgpu::TextureView,
        mode: MirrorMode,
    ) {
        let image = &target.image;
        if self.group.as_ref().is_none_or(|(texture, _)| texture != image.texture()) {
            self.group = Some((image.texture().clone(), self.make_group(gpu, image)));
        }
        let wanted = MirrorUniform::of(mode, image);
        if wanted != self.written {
            gpu.queue.write_buffer(&self.look, 0, bytemuck::bytes_of(&wanted));
            self.written = wanted;
        }
        let Some((_, group)) = &self.group else { return };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("mirror"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: surface,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, group, &[]);
        let size = Vec2::new(surface.texture().width() as f32, surface.texture().height() as f32);
        for eye in mode.eyes() {
            let [x, y, w, h] = mode.rectangle(eye, size, image.size());
            let eye = eye as u32;
            if w >= 1.0 && h >= 1.0 {
                pass.set_viewport(x, y, w, h, 0.0, 1.0);
                pass.draw(0..3, eye..eye + 1);
            }
        }
    }

    fn make_group(&self, gpu: &Gpu, image: &EyeImage) -> wgpu::BindGroup {
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("mirror"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: wgpu::BindingResource::TextureView(image.both()),
                },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Sampler(&self.sampler) },
                wgpu::BindGroupEntry { binding: 2, resource: self.look.as_entire_binding() },
            ],
        })
    }
}

/// The largest rectangle of the picture's aspect in the middle of `[x, y, width, height]`.
fn fitted([x, y, width, height]: [f32; 4], picture: [u32; 2]) -> [f32; 4] {
    let [picture_width, picture_height] = picture.map(|pixels| pixels.max(1) as f32);
    let scale = (width / picture_width).min(height / picture_height);
    let (w, h) = (picture_width * scale, picture_height * scale);
    [x + (width - w) * 0.5, y + (height - h) * 0.5, w, h]
}

fn layout(gpu: &Gpu) -> wgpu::BindGroupLayout {
    let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
        ty,
        count: None,
    };
    let look = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: wgpu::BufferSize::new(size_of::<MirrorUniform>() as u64),
    };
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("mirror"),
        entries: &[
            entry(
                0,
                wgpu::BindingType::Texture {
                    sample_type: wgpu::TextureSampleType::Float { filterable: true },
                    view_dimension: wgpu::TextureViewDimension::D2Array,
                    multisampled: false,
                },
            ),
            entry(1, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering)),
            entry(2, look),
        ],
    })
}

fn pipeline(gpu: &Gpu, layout: &wgpu::BindGroupLayout, format: wgpu::TextureFormat) -> wgpu::RenderPipeline {
    let module = gpu.shader("mirror", SHADER.into());
    let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("mirror"),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    gpu.pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("mirror"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("mirror_vertex"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("mirror_fragment"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &[("encodes", if format.is_srgb() { 0.0 } else { 1.0 })],
                ..wgpu::PipelineCompilationOptions::default()
            },
            targets: &[Some(format.into())],
        }),
        multiview_mask: None,
        cache: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_aspect_and_stays_in_the_middle() {
        assert_eq!(fitted([0.0, 0.0, 400.0, 200.0], [100, 100]), [100.0, 0.0, 200.0, 200.0]);
        assert_eq!(fitted([200.0, 0.0, 200.0, 400.0], [200, 100]), [200.0, 150.0, 200.0, 100.0]);
    }

    #[test]
    fn what_is_seen_at_a_place_is_known() {
        let (surface, picture) = (Vec2::new(400.0, 200.0), [400, 200]);
        let one = |x, y| MirrorMode::OneEye.place(Vec2::new(x, y), surface, picture);
        assert_eq!(one(200.0, 100.0), Some((0, Vec2::ZERO)));
        assert_eq!(one(400.0, 0.0), Some((0, Vec2::ONE)));
        assert_eq!(one(401.0, 0.0), None);
        // Side by side each is half as large, with black above and below.
        let both = |x, y| MirrorMode::BothEyes.place(Vec2::new(x, y), surface, picture);
        assert_eq!(both(300.0, 100.0), Some((1, Vec2::ZERO)));
        assert_eq!(both(100.0, 50.0), Some((0, Vec2::Y)));
        assert_eq!(both(100.0, 40.0), None);
    }
}
