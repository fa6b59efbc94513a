//! Whether the driver really draws both eyes: some say so and leave the second one empty.
//!
//! Mesa 22.3's software driver, which Debian 12 ships, loses a full-screen triangle in the second
//! layer of a multiview pass, and everything else works.

use std::num::NonZeroU32;

use super::readback;
use super::target::EyeImage;
use super::{DrawError, Gpu};

/// WGSL of the test.
pub(crate) const SHADER: &str = include_str!("../../shaders/self_test.wgsl");

/// Any size will do; the fault shows at every one.
const SIDE: u32 = 8;

/// Draws a triangle over both layers and looks at what came out.
///
/// # Errors
/// When either layer is not in its colour everywhere.
pub fn run(gpu: &Gpu) -> Result<(), DrawError> {
    let image = EyeImage::new(gpu, [SIDE, SIDE]);
    let pipeline = pipeline(gpu);
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("self test"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: image.both(),
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                    store: wgpu::StoreOp::Store,
                },
            })],
            multiview_mask: NonZeroU32::new(0b11),
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_pipeline(&pipeline);
        pass.draw(0..3, 0..1);
    }
    gpu.queue.submit([encoder.finish()]);
    let eyes = readback::read(gpu, &image)?;
    let expected = [("left", [255, 0, 0, 255]), ("right", [0, 255, 0, 255])];
    for (pixels, (eye, color)) in eyes.iter().zip(expected) {
        let (texels, _) = pixels.rgba.as_chunks::<4>();
        if texels.iter().any(|texel| *texel != color) {
            let facts = gpu.facts();
            return Err(DrawError::BrokenMultiview {
                name: facts.name.clone(),
                driver: facts.driver.clone(),
                eye,
            });
        }
    }
    Ok(())
}

fn pipeline(gpu: &Gpu) -> wgpu::RenderPipeline {
    let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("self test"),
        source: wgpu::ShaderSource::Wgsl(SHADER.into()),
    });
    gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("self test"),
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("cover_vertex"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("cover_fragment"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(EyeImage::FORMAT.into())],
        }),
        multiview_mask: NonZeroU32::new(0b11),
        cache: None,
    })
}
