//! One way to draw: a device that draws both eyes at once or in turn, with so many samples.

use std::rc::Rc;
use std::time::{Duration, Instant};

use pavilion::draw::{
    EyeTarget, FrameInput, FrameStats, Gpu, Renderer, RendererOptions, Upload, UploadBudget, readback,
    stopwatch,
};
use pavilion::scene::Scene;
use pavilion::scene::texture::Pixels;

use super::place::View;
use super::{SIZES, upload};

/// Everything of the venue on the device, and somewhere to draw it.
pub struct Lane {
    pub samples: u32,
    gpu: Rc<Gpu>,
    renderer: Renderer,
    target: EyeTarget,
    has_clock: bool,
}

/// Frames that were submitted one after the other.
pub struct Block {
    /// The GPU's milliseconds for each; empty where it has no clock.
    pub gpu_millis: Vec<f64>,
    /// Milliseconds on the CPU of each: cull, record and submit, without waiting for earlier frames.
    pub cpu_millis: Vec<f64>,
    /// From the first submit until the GPU was idle again, for one frame.
    pub wall_millis: f64,
    pub draws: u32,
    pub triangles: u64,
}

impl Lane {
    pub fn new(gpu: &Rc<Gpu>, samples: u32, scene: &Scene, uploads: &[Upload]) -> Self {
        let mut renderer =
            Renderer::new(gpu, RendererOptions { samples, ..RendererOptions::default() }).completed();
        renderer.set_tileset(gpu, &scene.tileset);
        let target = EyeTarget::new(gpu, SIZES[0], samples);
        upload::bring(uploads.iter().cloned(), gpu, &mut renderer, &target);
        let has_clock = renderer.start_stopwatch(gpu);
        Self { samples, gpu: Rc::clone(gpu), renderer, target, has_clock }
    }

    pub fn has_clock(&self) -> bool {
        self.has_clock
    }

    /// Whether both eyes are drawn in one pass.
    pub fn is_at_once(&self) -> bool {
        self.gpu.has_multiview()
    }

    /// Makes its pictures as large.
    pub fn resize(&mut self, size: [u32; 2]) {
        self.target = EyeTarget::new(&self.gpu, size, self.samples);
    }

    fn frame(&mut self, scene: &Scene, view: &mut View) -> (FrameStats, Duration) {
        let began = Instant::now();
        view.cull(scene);
        let culled = began.elapsed();
        let input = FrameInput { list: &view.list, uploads: UploadBudget::bytes(0) };
        let stats = self.renderer.draw(&self.gpu, &input, &self.target, |_| Some(view.eyes));
        let cpu = culled + Duration::from_micros(u64::from(stats.cpu_micros));
        (stats, cpu)
    }

    fn wait(&mut self) -> Vec<u64> {
        self.gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("a device");
        self.renderer.take_gpu_nanos(&self.gpu).expect("a device")
    }

    /// One frame and how long it took, to see what can be afforded.
    pub fn try_one(&mut self, scene: &Scene, view: &mut View) -> Duration {
        let began = Instant::now();
        self.frame(scene, view);
        self.wait();
        began.elapsed()
    }

    /// As many frames in a row. One more comes before them, which finds the GPU idle and its clocks low.
    pub fn block(&mut self, scene: &Scene, view: &mut View, frames: u32) -> Block {
        assert!(frames <= stopwatch::FRAMES_MAX);
        self.frame(scene, view);
        self.wait();
        let began = Instant::now();
        let drawn: Vec<(FrameStats, Duration)> = (0..frames).map(|_| self.frame(scene, view)).collect();
        let nanos = self.wait();
        let wall_millis = began.elapsed().as_secs_f64() * 1e3 / f64::from(frames);
        let (last, _) = drawn.last().expect("a frame");
        Block {
            gpu_millis: nanos.iter().map(|nanos| *nanos as f64 / 1e6).collect(),
            cpu_millis: drawn.iter().map(|(_, cpu)| cpu.as_secs_f64() * 1e3).collect(),
            wall_millis,
            draws: last.draws,
            triangles: last.triangles,
        }
    }

    /// What both eyes see.
    pub fn picture(&mut self, scene: &Scene, view: &mut View) -> [Pixels; 2] {
        self.frame(scene, view);
        readback::read(&self.gpu, &self.target.image).expect("a picture")
    }
}
