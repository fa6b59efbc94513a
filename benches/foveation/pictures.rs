//! The same walk drawn: with everything there is, and with levels that follow the eye.

use std::path::Path;

use pavilion::cull::{Culler, DrawList, Quality, Sight};
use pavilion::draw::{
    EyeTarget, FrameInput, Gpu, GpuOptions, Renderer, RendererOptions, UploadBudget, readback,
};
use pavilion::math::{Fov, Pose, ViewPair, pose::EYE_DISTANCE_METRES};
use pavilion::scene::texture::Pixels;
use pavilion::scene::{Demand, Scene};

use super::eye::{FOV, PIXEL_RADIANS};
use super::upload;

/// Where a visitor without eye tracking may be looking, from the middle of the lens.
const INNER_RADIANS: f32 = 15.0 / 180.0 * std::f32::consts::PI;
/// As much of what an eye sees, and pixels of its side: as dense there as on a Quest 2.
const INNER_FOV: Fov = Fov {
    left_radians: -INNER_RADIANS,
    right_radians: INNER_RADIANS,
    up_radians: INNER_RADIANS,
    down_radians: -INNER_RADIANS,
};
const INNER_PIXELS: u32 = 470;
/// Pixels of the side of a picture of all that an eye sees: it takes software Vulkan a second or two.
const WHOLE_PIXELS: u32 = 768;

/// What of a view is drawn, whatever it was culled for.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    /// All that an eye sees.
    Whole,
    /// Where it may be looking.
    Inner,
}

impl Part {
    fn side_pixels(self) -> u32 {
        match self {
            Self::Whole => WHOLE_PIXELS,
            Self::Inner => INNER_PIXELS,
        }
    }

    fn fov(self) -> Fov {
        match self {
            Self::Whole => FOV,
            Self::Inner => INNER_FOV,
        }
    }
}

/// Frames after which a cut that was there before is kept.
const SETTLING: u32 = 3;

/// A venue of which everything is on the GPU.
pub struct Gallery {
    gpu: Gpu,
    renderer: Renderer,
    target: EyeTarget,
    part: Part,
}

impl Gallery {
    /// `None`, with a printed reason, where nothing can draw.
    pub fn of(scene: &Scene, folder: &Path, part: Part) -> Option<Self> {
        let gpu = match Gpu::open(GpuOptions::default()) {
            Ok(gpu) => gpu,
            Err(error) => {
                eprintln!("SKIPPED the pictures: {error}");
                return None;
            }
        };
        let options = RendererOptions { samples: 4, is_deterministic: true };
        let mut renderer = Renderer::new(&gpu, options).completed();
        renderer.set_tileset(&gpu, &scene.tileset);
        let target = EyeTarget::new(&gpu, [part.side_pixels(); 2], options.samples);
        upload::bring(upload::of(&scene.tileset, folder), &gpu, &mut renderer, &target);
        Some(Self { gpu, renderer, target, part })
    }

    /// What the left eye sees at this quality.
    pub fn picture(&mut self, scene: &Scene, head: Pose, quality: &Quality) -> Pixels {
        let (mut list, mut demand) = (DrawList::default(), Demand::default());
        let views = ViewPair::around(head, FOV, EYE_DISTANCE_METRES);
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality };
        let mut culler = Culler::default();
        (0..SETTLING).for_each(|_| culler.cull(scene, &[], &sight, &mut list, &mut demand));
        let input = FrameInput { list: &list, uploads: UploadBudget::bytes(0) };
        let part = ViewPair::around(head, self.part.fov(), EYE_DISTANCE_METRES);
        self.renderer.draw(&self.gpu, &input, &self.target, |_| Some(part));
        let [left, _] = readback::read(&self.gpu, &self.target.image).expect("a picture");
        left
    }
}

/// Mean difference of the channels, of 255, within the inner cone.
pub fn inner_difference(a: &Pixels, b: &Pixels) -> f64 {
    let side = INNER_PIXELS as usize;
    let half = side as f32 * 0.5;
    let slope = |at: usize| (at as f32 + 0.5 - half) / half * INNER_RADIANS.tan();
    let (mut sum, mut count) = (0_u64, 0_u64);
    for (index, (a, b)) in a.rgba.chunks_exact(4).zip(b.rgba.chunks_exact(4)).enumerate() {
        let (x, y) = (slope(index % side), slope(index / side));
        if x.hypot(y) <= INNER_RADIANS.tan() {
            sum += a.iter().zip(b).take(3).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
            count += 3;
        }
    }
    sum as f64 / count.max(1) as f64
}
