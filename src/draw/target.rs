//! What is drawn into: two layers of colour, and the samples and depth behind them.
//!
//! A runtime may own the colour image; the samples and the depth are ours and can serve several
//! images in turn. Architecture invariant: it knows nothing of what is drawn.

use std::sync::Arc;

use super::Gpu;

/// A picture for each eye: layer 0 left, layer 1 right.
#[derive(Clone, Debug)]
pub struct EyeImage {
    texture: wgpu::Texture,
    layers: Layers,
    part: Part,
}

/// What of an image is drawn to and seen: in its middle, where the density of shading has its middle too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Pixels from the left and from the top.
    pub offset: [u32; 2],
    /// Width and height, pixels.
    pub size: [u32; 2],
}

impl Part {
    /// This share, 0 ..= 1, of the sides of an image of `size` pixels; never nothing.
    pub fn of(size: [u32; 2], scale: f32) -> Self {
        let scale = if scale.is_finite() { scale.clamp(0.0, 1.0) } else { 1.0 };
        let margin = size.map(|side| ((side.saturating_sub(1)) as f32 * 0.5 * (1.0 - scale)) as u32);
        let size = [size[0] - 2 * margin[0], size[1] - 2 * margin[1]];
        Self { offset: margin, size }
    }
}

impl EyeImage {
    /// The only format that is drawn into.
    pub const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8UnormSrgb;

    /// A new picture of `size` pixels for each eye, which can also be copied, read back and sampled.
    pub fn new(gpu: &Gpu, size: [u32; 2]) -> Self {
        let usage = wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::COPY_SRC
            | wgpu::TextureUsages::COPY_DST
            | wgpu::TextureUsages::TEXTURE_BINDING;
        Self::around(gpu.device.create_texture(&layered("eyes", size, 2, Self::FORMAT, 1, usage)))
    }

    /// A picture that somebody else owns: two layers of [`EyeImage::FORMAT`].
    pub fn around(texture: wgpu::Texture) -> Self {
        let layers = Layers::of(&texture);
        let part = Part::of([texture.width(), texture.height()], 1.0);
        Self { texture, layers, part }
    }

    /// The same image, of which this share of the sides is drawn to: fewer pixels, where there is no time for more.
    #[must_use]
    pub fn scaled(self, scale: f32) -> Self {
        let part = Part::of([self.texture.width(), self.texture.height()], scale);
        Self { part, ..self }
    }

    /// What of it is drawn to.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Adds to the commands what copies it to `other`, of the same size, and leaves it ready to be drawn to:
    /// so a runtime wants its images back. The other shows the same part of it from then on.
    pub fn copy_to(&self, other: &mut Self, encoder: &mut wgpu::CommandEncoder) {
        other.part = self.part;
        encoder.copy_texture_to_texture(
            self.texture.as_image_copy(),
            other.texture.as_image_copy(),
            self.texture.size(),
        );
        let texture = wgpu::TextureTransition {
            texture: &self.texture,
            selector: None,
            state: wgpu::TextureUses::COLOR_TARGET,
        };
        encoder.transition_resources(std::iter::empty(), std::iter::once(texture));
    }

    /// Width and height of what each eye sees, pixels.
    pub fn size(&self) -> [u32; 2] {
        self.part.size
    }

    /// The texture with its two layers.
    pub fn texture(&self) -> &wgpu::Texture {
        &self.texture
    }

    /// Both layers as an array.
    pub fn both(&self) -> &wgpu::TextureView {
        &self.layers.both
    }
}

/// What a pass needs beside the picture and throws away at its end.
#[derive(Debug)]
pub struct Attachments {
    /// `None` where there is one sample a pixel.
    color: Option<Layers>,
    depth: Layers,
}

impl Attachments {
    /// Distance is stored reversed: 1 at the near plane, 0 at infinity.
    pub const DEPTH_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

    /// For pictures of `size` pixels an eye, with `samples` a pixel (see [`Gpu::can_sample`]). Where the eyes are drawn one
    /// after the other, both use the same layer in turn.
    pub fn new(gpu: &Gpu, size: [u32; 2], samples: u32) -> Self {
        let layers = if gpu.has_multiview() { 2 } else { 1 };
        let make = |label, format| {
            let usage = wgpu::TextureUsages::RENDER_ATTACHMENT;
            let descriptor = layered(label, size, layers, format, samples, usage);
            let texture = gpu.memoryless(&descriptor);
            Layers::of(&texture.unwrap_or_else(|| gpu.device.create_texture(&descriptor)))
        };
        Self {
            color: (samples > 1).then(|| make("samples", EyeImage::FORMAT)),
            depth: make("depth", Self::DEPTH_FORMAT),
        }
    }
}

/// A picture together with what is needed to draw it.
#[derive(Clone, Debug)]
pub struct EyeTarget {
    /// What is seen.
    pub image: EyeImage,
    /// What is thrown away.
    pub attachments: Arc<Attachments>,
}

/// The views that one pass draws into.
#[derive(Clone, Copy, Debug)]
pub(super) struct PassViews<'a> {
    pub color: &'a wgpu::TextureView,
    pub resolve: Option<&'a wgpu::TextureView>,
    pub depth: &'a wgpu::TextureView,
    pub part: Part,
}

impl EyeTarget {
    /// A picture of its own, of `size` pixels an eye, with `samples` a pixel (see [`Gpu::can_sample`]).
    pub fn new(gpu: &Gpu, size: [u32; 2], samples: u32) -> Self {
        Self { image: EyeImage::new(gpu, size), attachments: Arc::new(Attachments::new(gpu, size, samples)) }
    }

    /// For a multiview pass.
    pub(super) fn both(&self) -> PassViews<'_> {
        self.views(|layers| &layers.both)
    }

    /// For a mono pass of one eye.
    pub(super) fn eye(&self, eye: usize) -> PassViews<'_> {
        self.views(|layers| &layers.each[eye])
    }

    fn views<'a>(&'a self, choose: impl Fn(&'a Layers) -> &'a wgpu::TextureView) -> PassViews<'a> {
        let picture = choose(&self.image.layers);
        let samples = self.attachments.color.as_ref().map(&choose);
        PassViews {
            color: samples.unwrap_or(picture),
            resolve: samples.map(|_| picture),
            depth: choose(&self.attachments.depth),
            part: self.image.part,
        }
    }
}

/// A view for a pass over both eyes, and one for each alone. A texture of one layer is the same to all.
#[derive(Clone, Debug)]
struct Layers {
    both: wgpu::TextureView,
    each: [wgpu::TextureView; 2],
}

impl Layers {
    fn of(texture: &wgpu::Texture) -> Self {
        let view = |dimension, first, count| {
            texture.create_view(&wgpu::TextureViewDescriptor {
                dimension: Some(dimension),
                base_array_layer: first,
                array_layer_count: Some(count),
                ..wgpu::TextureViewDescriptor::default()
            })
        };
        let count = texture.depth_or_array_layers();
        if count == 1 {
            let only = view(wgpu::TextureViewDimension::D2, 0, 1);
            return Self { both: only.clone(), each: [only.clone(), only] };
        }
        Self {
            both: view(wgpu::TextureViewDimension::D2Array, 0, count),
            each: [0, 1].map(|layer| view(wgpu::TextureViewDimension::D2, layer, 1)),
        }
    }
}

fn layered(
    label: &str,
    [width, height]: [u32; 2],
    depth_or_array_layers: u32,
    format: wgpu::TextureFormat,
    sample_count: u32,
    usage: wgpu::TextureUsages,
) -> wgpu::TextureDescriptor<'_> {
    wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers },
        mip_level_count: 1,
        sample_count,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage,
        view_formats: &[],
    }
}
