//! The one pass that draws the world, for both eyes at once, or for one of them.
//!
//! In: a draw list and what it refers to. Out: commands. What the lens hides, then opaque, then masked, then the sky behind
//! them, then blended, then the veil over all of it, then panels; no frame waits for a pipeline. Where those of what
//! fades are not there yet, detail changes at once.

use std::num::NonZeroU32;

use super::bindings::{self, Bindings};
use super::device::Compiler;
use super::geometry::Geometry;
use super::hidden::HiddenVertex;
use super::panel::Panels;
use super::surfaces::{Kind, Make, Surfaces};
use super::target::{Attachments, EyeImage, PassViews};
use super::textures::Textures;
use super::{Gpu, eyes};
use crate::cull::draw_list::Instance;
use crate::cull::{DrawList, Fade};
use crate::scene::AlphaMode;
use crate::scene::mesh::{Attributes, Position, Reads, TextureSet};

/// WGSL of the pass.
pub(crate) const SHADER: &str = concat!(
    include_str!("../../shaders/lib/frame.wgsl"),
    include_str!("../../shaders/lib/material.wgsl"),
    include_str!("../../shaders/lib/octahedral.wgsl"),
    include_str!("../../shaders/lib/sky.wgsl"),
    include_str!("../../shaders/lib/brdf.wgsl"),
    include_str!("../../shaders/lib/tone.wgsl"),
    include_str!("../../shaders/lib/surface.wgsl"),
    include_str!("../../shaders/eye_pass.wgsl"),
);

/// How a pass sees the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Views {
    /// Both eyes in one pass.
    Both,
    /// One eye, 0 or 1.
    One(usize),
}

#[derive(Debug)]
pub(super) struct EyePass {
    pub surfaces: Surfaces<wgpu::RenderPipeline>,
    sky: wgpu::RenderPipeline,
    veil: wgpu::RenderPipeline,
    hidden: wgpu::RenderPipeline,
    mask: Option<NonZeroU32>,
}

/// What the draw list refers to.
pub(super) struct World<'a> {
    pub geometry: &'a Geometry,
    pub textures: &'a Textures,
    pub instances: &'a wgpu::Buffer,
    /// See [`HiddenArea`](super::HiddenArea).
    pub hidden: Option<&'a wgpu::Buffer>,
    /// Whether anything lies between the eyes and the world.
    pub is_veiled: bool,
    pub panels: &'a Panels,
}

/// What a pass has set.
struct Bound<'a> {
    set: TextureSet,
    pipeline: Option<&'a wgpu::RenderPipeline>,
}

/// What was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    pub draws: u32,
    pub triangles: u64,
}

impl EyePass {
    pub fn new(gpu: &Gpu, bindings: &Bindings, samples: u32) -> Self {
        let mask = eyes::view_mask(gpu);
        let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("world"),
            bind_group_layouts: &[Some(&bindings.layout)],
            immediate_size: 0,
        });
        let module = eyes::shader(gpu, "eye pass", SHADER);
        let compiler = gpu.compiler();
        let maker = PipelineMaker { compiler, module, layout, samples, mask };
        let (sky, veil, hidden) = (maker.sky(), maker.veil(), maker.hidden());
        let surfaces = Surfaces::new(maker);
        Self { surfaces, sky, veil, hidden, mask }
    }

    /// Whether one pass draws both eyes.
    pub fn has_both(&self) -> bool {
        self.mask.is_some()
    }

    pub fn record(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        target: PassViews<'_>,
        views: Views,
        list: &DrawList,
        world: &World<'_>,
    ) -> Recorded {
        let mut pass = begin(encoder, target, self.mask);
        let [[x, y], [width, height]] = [target.part.offset, target.part.size];
        pass.set_viewport(x as f32, y as f32, width as f32, height as f32, 0.0, 1.0);
        pass.set_scissor_rect(x, y, width, height);
        let offset = bindings::frame_offset(matches!(views, Views::One(1..)));
        let mut bound = Bound { set: TextureSet::default(), pipeline: None };
        pass.set_bind_group(0, world.textures.group(bound.set), &[offset]);
        if let Some(corners) = world.hidden {
            pass.set_pipeline(&self.hidden);
            pass.set_vertex_buffer(0, corners.slice(..));
            pass.draw(0..(corners.size() / size_of::<HiddenVertex>() as u64) as u32, 0..1);
        }
        pass.set_vertex_buffer(0, world.geometry.positions().slice(..));
        pass.set_vertex_buffer(1, world.geometry.attributes().slice(..));
        pass.set_vertex_buffer(2, world.instances.slice(..));
        pass.set_index_buffer(world.geometry.indices().slice(..), wgpu::IndexFormat::Uint16);

        let mut recorded = Recorded::default();
        let mut has_sky = false;
        let can_fade = self.surfaces.can_fade();
        for draw in &list.draws {
            if draw.batch.alpha == AlphaMode::Blend && !has_sky {
                self.draw_sky(&mut pass);
                (has_sky, bound.pipeline) = (true, None);
            }
            let fade = match draw.fade {
                Fade::Nothing => continue,
                Fade::Going(_) if !can_fade => continue,
                Fade::Coming(_) if !can_fade => Fade::Settled,
                fade => fade,
            };
            let Some(slot) = world.geometry.slot(draw.source) else { continue };
            let is_inside =
                draw.first_index.checked_add(draw.index_count).is_some_and(|end| end <= slot.index_count);
            let end = draw.instance.saturating_add(draw.instance_count);
            if !is_inside || end as usize > list.instances.len() {
                continue;
            }
            let Some(pipeline) = self.surfaces.of(draw.batch, fade) else { continue };
            let set = draw.batch.textures;
            if bound.set != set {
                let Some(group) = world.textures.group(set) else { continue };
                pass.set_bind_group(0, group, &[offset]);
            }
            if bound.pipeline.is_none_or(|bound| !std::ptr::eq(bound, pipeline)) {
                pass.set_pipeline(pipeline);
            }
            bound = Bound { set, pipeline: Some(pipeline) };
            let first = slot.first_index() + draw.first_index;
            pass.draw_indexed(first..first + draw.index_count, slot.first_vertex as i32, draw.instance..end);
            recorded.draws += 1;
            recorded.triangles += u64::from(draw.index_count / 3) * u64::from(draw.instance_count);
        }
        if !has_sky {
            self.draw_sky(&mut pass);
        }
        if world.is_veiled {
            pass.set_pipeline(&self.veil);
            pass.draw(0..3, 0..1);
        }
        let panels = world.panels.record(&mut pass, offset);
        Recorded { draws: recorded.draws + panels.draws, triangles: recorded.triangles + panels.triangles }
    }

    fn draw_sky(&self, pass: &mut wgpu::RenderPass<'_>) {
        pass.set_pipeline(&self.sky);
        pass.draw(0..3, 0..1);
    }
}

/// Begins the pass: black, and infinitely far away.
pub(super) fn begin<'a>(
    encoder: &'a mut wgpu::CommandEncoder,
    target: PassViews<'_>,
    multiview_mask: Option<NonZeroU32>,
) -> wgpu::RenderPass<'a> {
    // Samples and depth stay on the tile: nothing of them is stored.
    let store = if target.resolve.is_some() { wgpu::StoreOp::Discard } else { wgpu::StoreOp::Store };
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("eyes"),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: target.color,
            depth_slice: None,
            resolve_target: target.resolve,
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store },
        })],
        depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
            view: target.depth,
            depth_ops: Some(wgpu::Operations {
                load: wgpu::LoadOp::Clear(0.0),
                store: wgpu::StoreOp::Discard,
            }),
            stencil_ops: None,
        }),
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask,
    })
}

struct PipelineMaker {
    compiler: Compiler,
    module: wgpu::ShaderModule,
    layout: wgpu::PipelineLayout,
    samples: u32,
    mask: Option<NonZeroU32>,
}

impl Make<wgpu::RenderPipeline> for PipelineMaker {
    fn make(&self, Kind { reads, alpha, is_double_sided, fades }: Kind) -> wgpu::RenderPipeline {
        let buffers = [
            Some(wgpu::VertexBufferLayout {
                array_stride: size_of::<Position>() as u64,
                step_mode: wgpu::VertexStepMode::Vertex,
                attributes: &wgpu::vertex_attr_array![0 => Uint16x4],
            }),
            Some(wgpu::VertexBufferLayout {
                array_stride: size_of::<Attributes>() as u64,
                step_mode: wgpu::VertexStepMode::Vertex,
                attributes: &wgpu::vertex_attr_array![1 => Snorm8x4, 2 => Unorm16x4, 3 => Unorm8x4],
            }),
            Some(wgpu::VertexBufferLayout {
                array_stride: size_of::<Instance>() as u64,
                step_mode: wgpu::VertexStepMode::Instance,
                attributes: &wgpu::vertex_attr_array![
                    4 => Float32x4, 5 => Float32x4, 6 => Float32x4, 7 => Unorm8x4, 8 => Uint32, 9 => Uint32x2,
                ],
            }),
        ];
        let (name, mode) = match alpha {
            AlphaMode::Opaque => ("opaque", 0.0),
            AlphaMode::Mask => ("mask", 1.0),
            AlphaMode::Blend => ("blend", 2.0),
        };
        let images = match reads {
            Reads::All => " of all",
            Reads::Packed => "",
            Reads::Nothing => " bare",
        };
        let sides = if is_double_sided { " two-sided" } else { "" };
        let fading = if fades { " fading" } else { "" };
        let flag = |is_set| if is_set { 1.0 } else { 0.0 };
        let constants = [
            ("alpha_mode", mode),
            ("has_samples", flag(self.samples > 1)),
            ("two_sided", flag(is_double_sided)),
            ("reads", f64::from(reads as u8)),
            ("fades", flag(fades)),
        ];
        let blend = (alpha == AlphaMode::Blend).then_some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING);
        self.pipeline(
            &format!("{name}{images}{sides}{fading}"),
            ["surface_vertex", "surface_fragment"],
            &self.layout,
            &buffers,
            &constants,
            &Fixed {
                cull_mode: if is_double_sided { None } else { Some(wgpu::Face::Back) },
                writes_depth: alpha != AlphaMode::Blend,
                compare: wgpu::CompareFunction::Greater,
                blend,
                alpha_to_coverage: alpha == AlphaMode::Mask && self.samples > 1,
            },
        )
    }

    fn memory(&self) -> Option<Vec<u8>> {
        self.compiler.memory()
    }
}

impl PipelineMaker {
    fn sky(&self) -> wgpu::RenderPipeline {
        self.everywhere("sky", "sky_fragment", wgpu::CompareFunction::GreaterEqual, None)
    }

    /// Multiplies what is there and leaves its alpha.
    fn veil(&self) -> wgpu::RenderPipeline {
        let component = |dst_factor| wgpu::BlendComponent {
            src_factor: wgpu::BlendFactor::Zero,
            dst_factor,
            operation: wgpu::BlendOperation::Add,
        };
        let blend = wgpu::BlendState {
            color: component(wgpu::BlendFactor::SrcAlpha),
            alpha: component(wgpu::BlendFactor::One),
        };
        self.everywhere("veil", "veil_fragment", wgpu::CompareFunction::Always, Some(blend))
    }

    /// Over the whole picture.
    fn everywhere(
        &self,
        label: &str,
        fragment: &str,
        compare: wgpu::CompareFunction,
        blend: Option<wgpu::BlendState>,
    ) -> wgpu::RenderPipeline {
        self.pipeline(
            label,
            ["sky_vertex", fragment],
            &self.layout,
            &[],
            &[],
            &Fixed { cull_mode: None, writes_depth: false, compare, blend, alpha_to_coverage: false },
        )
    }

    fn hidden(&self) -> wgpu::RenderPipeline {
        let buffers = [Some(wgpu::VertexBufferLayout {
            array_stride: size_of::<HiddenVertex>() as u64,
            step_mode: wgpu::VertexStepMode::Vertex,
            attributes: &wgpu::vertex_attr_array![0 => Float32x2, 1 => Uint32],
        })];
        self.pipeline(
            "hidden",
            ["hidden_vertex", "hidden_fragment"],
            &self.layout,
            &buffers,
            &[],
            &Fixed {
                cull_mode: None,
                writes_depth: true,
                compare: wgpu::CompareFunction::Always,
                blend: None,
                alpha_to_coverage: false,
            },
        )
    }

    fn pipeline(
        &self,
        label: &str,
        [vertex, fragment]: [&str; 2],
        layout: &wgpu::PipelineLayout,
        buffers: &[Option<wgpu::VertexBufferLayout<'_>>],
        constants: &[(&str, f64)],
        fixed: &Fixed,
    ) -> wgpu::RenderPipeline {
        let options =
            || wgpu::PipelineCompilationOptions { constants, ..wgpu::PipelineCompilationOptions::default() };
        self.compiler.pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(label),
            layout: Some(layout),
            vertex: wgpu::VertexState {
                module: &self.module,
                entry_point: Some(vertex),
                compilation_options: options(),
                buffers,
            },
            primitive: wgpu::PrimitiveState {
                front_face: wgpu::FrontFace::Ccw,
                cull_mode: fixed.cull_mode,
                ..wgpu::PrimitiveState::default()
            },
            depth_stencil: Some(wgpu::DepthStencilState {
                format: Attachments::DEPTH_FORMAT,
                depth_write_enabled: Some(fixed.writes_depth),
                depth_compare: Some(fixed.compare),
                stencil: wgpu::StencilState::default(),
                bias: wgpu::DepthBiasState::default(),
            }),
            multisample: wgpu::MultisampleState {
                count: self.samples,
                mask: !0,
                alpha_to_coverage_enabled: fixed.alpha_to_coverage,
            },
            fragment: Some(wgpu::FragmentState {
                module: &self.module,
                entry_point: Some(fragment),
                compilation_options: options(),
                targets: &[Some(wgpu::ColorTargetState {
                    format: EyeImage::FORMAT,
                    blend: fixed.blend,
                    // Coverage is not opacity: it must not reach the picture's alpha.
                    write_mask: if fixed.alpha_to_coverage {
                        wgpu::ColorWrites::COLOR
                    } else {
                        wgpu::ColorWrites::ALL
                    },
                })],
            }),
            multiview_mask: self.mask,
            cache: None,
        })
    }
}

/// The fixed-function part of a pipeline.
struct Fixed {
    cull_mode: Option<wgpu::Face>,
    writes_depth: bool,
    compare: wgpu::CompareFunction,
    blend: Option<wgpu::BlendState>,
    alpha_to_coverage: bool,
}
