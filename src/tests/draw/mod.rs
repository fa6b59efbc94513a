//! The renderer on a real driver: what comes out of it is looked at, pixel by pixel.
//!
//! Where no driver draws both eyes at once these tests say so and skip; where one was set up
//! for them (`VK_DRIVER_FILES`, as `cargo xtask test` does) they fail instead.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod adreno;
#[cfg(feature = "host")]
mod content;
mod fading;
mod figures;
mod gallery;
mod hidden;
mod leap;
mod own_hands;
mod panels;
mod part;
mod pipelines;
mod precision;
mod steady;
mod stopwatch;
mod surfaces;
mod uploads;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::props::{Props, draw_all};
use crate::cull::DrawList;
use crate::draw::{
    Arrival, DrawError, EyeTarget, FrameInput, FrameStats, Gpu, GpuOptions, Renderer, RendererOptions,
    Upload, UploadBudget, readback,
};
use crate::math::{Fov, Pose, ViewPair, pose::EYE_DISTANCE_METRES};
use crate::scene::texture::Pixels;
use crate::scene::{ImageId, TileId};

const TILE: TileId = TileId(0);
const BUDGET_BYTES: u64 = 16 << 20;

/// What makes pictures comparable.
const COMPARABLE: RendererOptions = RendererOptions { samples: 4, is_deterministic: true };

/// The driver, shared by all tests of this process.
static GPU: LazyLock<Result<Gpu, DrawError>> = LazyLock::new(|| Gpu::open(GpuOptions::default()));

/// The same as one that knows no multiview.
static IN_TURN: LazyLock<Result<Gpu, DrawError>> =
    LazyLock::new(|| Gpu::open(GpuOptions { lacks_multiview: true, ..GpuOptions::default() }));

pub(crate) fn gpu() -> Option<&'static Gpu> {
    let gpu = usable(GPU.as_ref())?;
    usable(gpu.facts().in_turn.as_ref().map_or(Ok(gpu), Err))
}

/// A device that was opened without multiview, on which the eyes are drawn one after the other.
fn in_turn() -> &'static Gpu {
    IN_TURN.as_ref().expect("the driver that draws both eyes at once opens again")
}

fn usable<T>(opened: Result<T, impl std::fmt::Display>) -> Option<T> {
    match opened {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            assert!(std::env::var_os("VK_DRIVER_FILES").is_none(), "{error}");
            println!("SKIPPED: {error}");
            None
        }
    }
}

/// A renderer, what it draws, and where to.
struct Show {
    renderer: Renderer,
    target: EyeTarget,
    list: DrawList,
    arrivals: Vec<Arrival>,
}

impl Show {
    /// Everything is uploaded and drawn.
    fn new(gpu: &Gpu, props: &Props, size: [u32; 2], options: RendererOptions) -> Self {
        let mut show = Self::empty(gpu, props, size, options);
        show.upload(gpu, props);
        show
    }

    /// The same renderer with another twin.
    fn change(&mut self, gpu: &Gpu, props: &Props) {
        self.renderer.set_tileset(gpu, &props.tileset());
        self.list.clear();
        self.upload(gpu, props);
    }

    fn upload(&mut self, gpu: &Gpu, props: &Props) {
        self.enqueue_textures(props);
        self.renderer.enqueue(Upload::Tile { tile: TILE, mesh: props.mesh() }).unwrap();
        self.finish_uploads(gpu);
    }

    /// Nothing is uploaded.
    fn empty(gpu: &Gpu, props: &Props, size: [u32; 2], options: RendererOptions) -> Self {
        let mut renderer = Renderer::new(gpu, options).completed();
        renderer.set_tileset(gpu, &props.tileset());
        let target = EyeTarget::new(gpu, size, options.samples);
        Self { renderer, target, list: DrawList::default(), arrivals: Vec::new() }
    }

    fn enqueue_textures(&mut self, props: &Props) {
        for (index, texture) in props.textures.iter().enumerate() {
            let image = ImageId(index as u32);
            self.renderer.enqueue(Upload::Texture { image, texture: Arc::new(texture.clone()) }).unwrap();
        }
    }

    /// Draws until nothing waits; the first tile that arrives is drawn from then on.
    fn finish_uploads(&mut self, gpu: &Gpu) {
        while self.frame(gpu, &looking(Pose::IDENTITY), BUDGET_BYTES).uploads_waiting > 0 {}
    }

    fn frame(&mut self, gpu: &Gpu, views: &ViewPair, upload_budget_bytes: u64) -> FrameStats {
        // As where somebody waits for the frame, though for longer.
        let uploads =
            UploadBudget { cpu: Some(Duration::from_secs(10)), ..UploadBudget::bytes(upload_budget_bytes) };
        let input = FrameInput { list: &self.list, uploads };
        let mut stats = self.renderer.draw(gpu, &input, &self.target, |_| Some(*views));
        for arrival in stats.arrivals.drain(..) {
            if let Arrival::Tile { tile, resident } = &arrival
                && self.list.draws.is_empty()
            {
                self.list = draw_all(*tile, resident);
            }
            self.arrivals.push(arrival);
        }
        stats
    }

    fn picture(&mut self, gpu: &Gpu, views: &ViewPair) -> [Pixels; 2] {
        self.frame(gpu, views, 0);
        assert_eq!(gpu.validation_messages(), [""; 0]);
        readback::read(gpu, &self.target.image).unwrap()
    }
}

/// What a person sees whose head is there.
fn looking(head: Pose) -> ViewPair {
    ViewPair::around(head, Fov::symmetric(1.4, 1.0), EYE_DISTANCE_METRES)
}

fn texel(pixels: &Pixels, x: u32, y: u32) -> [u8; 4] {
    let start = (y * pixels.width + x) as usize * 4;
    pixels.rgba[start..start + 4].try_into().unwrap()
}

/// The texel in the middle.
fn middle(pixels: &Pixels) -> [u8; 4] {
    texel(pixels, pixels.width / 2, pixels.height / 2)
}

#[track_caller]
fn assert_near(texel: [u8; 4], expected: [u8; 3], tolerance: u8) {
    let is_near = texel.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= tolerance);
    assert!(is_near, "{texel:?} is not {expected:?}");
}

/// IEC 61966-2-1, linear to byte.
fn srgb_byte(x: f32) -> u8 {
    let encoded = if x <= 0.003_130_8 { x * 12.92 } else { 1.055 * x.powf(1.0 / 2.4) - 0.055 };
    (encoded.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

/// IEC 61966-2-1, byte to linear.
fn linear(byte: u8) -> f32 {
    let x = f32::from(byte) / 255.0;
    if x <= 0.040_45 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
}
