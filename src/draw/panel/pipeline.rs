//! How the triangles of a panel are drawn.

use bytemuck::{Pod, Zeroable};
use glam::{Affine3A, Mat4, Vec4};

use super::Piece;
use crate::draw::bindings::{self, Bindings};
use crate::draw::target::{Attachments, EyeImage};
use crate::draw::{Gpu, eyes};

/// WGSL of panels.
pub(crate) const SHADER: &str =
    concat!(include_str!("../../../shaders/lib/frame.wgsl"), include_str!("../../../shaders/panel.wgsl"));

/// One piece of a panel; read by `PanelVertex` in shaders/panel.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(crate) struct PanelInstance {
    /// Rows of world-from-points.
    pub rows: [Vec4; 3],
    /// Left, top, right, bottom, points.
    pub clip_rectangle: Vec4,
}

impl PanelInstance {
    pub(super) fn new(world_from_points: Affine3A, piece: &Piece) -> Self {
        let columns = Mat4::from(world_from_points);
        Self { rows: [0, 1, 2].map(|row| columns.row(row)), clip_rectangle: piece.clip_rectangle }
    }
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub pipeline: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    bindings: Bindings,
}

impl Pipeline {
    pub fn new(gpu: &Gpu, bindings: Bindings, samples: u32) -> Self {
        let layout = layout(gpu);
        let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("panel"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        let pipeline = pipeline(gpu, &layout, samples);
        Self { pipeline, layout, sampler, bindings }
    }

    /// What a piece with this image binds.
    pub fn group(&self, gpu: &Gpu, image: &wgpu::TextureView) -> wgpu::BindGroup {
        let sampler = wgpu::BindingResource::Sampler(&self.sampler);
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("panel"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: self.bindings.frame() },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(image) },
                wgpu::BindGroupEntry { binding: 2, resource: sampler },
            ],
        })
    }
}

fn layout(gpu: &Gpu) -> wgpu::BindGroupLayout {
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("panel"),
        entries: &[
            bindings::frame_entry(),
            bindings::fragment_entry(1, bindings::texture(wgpu::TextureViewDimension::D2)),
            bindings::fragment_entry(2, bindings::FILTERING),
        ],
    })
}

fn pipeline(gpu: &Gpu, group: &wgpu::BindGroupLayout, samples: u32) -> wgpu::RenderPipeline {
    let module = eyes::shader(gpu, "panel", SHADER);
    let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("panel"),
        bind_group_layouts: &[Some(group)],
        immediate_size: 0,
    });
    let buffers = [
        Some(wgpu::VertexBufferLayout {
            array_stride: size_of::<epaint::Vertex>() as u64,
            step_mode: wgpu::VertexStepMode::Vertex,
            attributes: &wgpu::vertex_attr_array![0 => Float32x2, 1 => Float32x2, 2 => Unorm8x4],
        }),
        Some(wgpu::VertexBufferLayout {
            array_stride: size_of::<PanelInstance>() as u64,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &wgpu::vertex_attr_array![
                3 => Float32x4, 4 => Float32x4, 5 => Float32x4, 6 => Float32x4,
            ],
        }),
    ];
    gpu.pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("panel"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("panel_vertex"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &buffers,
        },
        // The picture's triangles face either way.
        primitive: wgpu::PrimitiveState::default(),
        // In the world and not on top of it, or a panel would cover the finger that touches it, and
        // lie before and behind a near wall at once for two eyes. Who hangs it up finds a free place.
        depth_stencil: Some(wgpu::DepthStencilState {
            format: Attachments::DEPTH_FORMAT,
            depth_write_enabled: Some(false),
            depth_compare: Some(wgpu::CompareFunction::Greater),
            stencil: wgpu::StencilState::default(),
            bias: wgpu::DepthBiasState::default(),
        }),
        multisample: wgpu::MultisampleState { count: samples, ..wgpu::MultisampleState::default() },
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("panel_fragment"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState {
                format: EyeImage::FORMAT,
                blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: eyes::view_mask(gpu),
        cache: None,
    })
}
