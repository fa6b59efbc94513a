//! Whether the driver really draws both eyes: some say so and leave the second one empty. Where they are
//! drawn one after the other, each pass is tested.
//!
//! Mesa 22.3's software driver, which Debian 12 ships, loses a full-screen triangle in the second
//! layer of a multiview pass. Drawn one after the other its right eye is lost as well: samples never arrive
//! in a second layer. So a pass is begun here as the renderer begins its own.

use super::target::{Attachments, EyeImage};
use super::{DrawError, EyeTarget, Gpu, eye_pass, eyes, readback};

/// WGSL of the test.
pub(crate) const SHADER: &str = include_str!("../../shaders/self_test.wgsl");

/// Any size will do; the fault shows at every one.
const SIDE: u32 = 8;

/// As many as usual.
const SAMPLES: u32 = 4;

/// Draws a triangle over both layers and looks at what came out.
///
/// # Errors
/// When either layer is not in its colour everywhere.
pub fn run(gpu: &Gpu) -> Result<(), DrawError> {
    let target = EyeTarget::new(gpu, [SIDE, SIDE], SAMPLES);
    let pipeline = pipeline(gpu);
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let mask = eyes::view_mask(gpu);
    let mut cover = |views| {
        let mut pass = eye_pass::begin(&mut encoder, views, mask);
        pass.set_pipeline(&pipeline);
        pass.draw(0..3, 0..1);
    };
    if mask.is_some() {
        cover(target.both());
    } else {
        [target.eye(0), target.eye(1)].into_iter().for_each(cover);
    }
    gpu.queue.submit([encoder.finish()]);
    let pictures = readback::read(gpu, &target.image)?;
    // To a pass of one eye, that eye is the first.
    let right = if mask.is_some() { [0, 255, 0, 255] } else { [255, 0, 0, 255] };
    let expected = [("left", [255, 0, 0, 255]), ("right", right)];
    for (pixels, (eye, color)) in pictures.iter().zip(expected) {
        let (texels, _) = pixels.rgba.as_chunks::<4>();
        if texels.iter().any(|texel| *texel != color) {
            let facts = gpu.facts();
            return Err(DrawError::LosesEye { name: facts.name.clone(), driver: facts.driver.clone(), eye });
        }
    }
    Ok(())
}

fn pipeline(gpu: &Gpu) -> wgpu::RenderPipeline {
    let module = eyes::shader(gpu, "self test", SHADER);
    gpu.pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("self test"),
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("cover_vertex"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: Some(wgpu::DepthStencilState {
            format: Attachments::DEPTH_FORMAT,
            depth_write_enabled: Some(true),
            depth_compare: Some(wgpu::CompareFunction::Greater),
            stencil: wgpu::StencilState::default(),
            bias: wgpu::DepthBiasState::default(),
        }),
        multisample: wgpu::MultisampleState { count: SAMPLES, ..wgpu::MultisampleState::default() },
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("cover_fragment"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(EyeImage::FORMAT.into())],
        }),
        multiview_mask: eyes::view_mask(gpu),
        cache: None,
    })
}
