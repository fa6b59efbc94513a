//! A frame from its draw list to its submit.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use glam::Affine3A;

use super::bindings::{self, Bindings};
use super::eye_pass::{EyePass, Recorded, Views, World};
use super::frame::FrameUniform;
use super::geometry::Geometry;
use super::maker::Maker;
use super::materials::Materials;
use super::panel::{PanelPicture, Panels};
use super::skinning::Skinning;
use super::sky::Sky;
use super::stopwatch::Stopwatch;
use super::textures::{Layer, Textures};
use super::upload::{Arrival, Destination, Submission, Upload, UploadBudget, Uploads};
use super::veil::Veil;
use super::{DrawError, EyeTarget, Gpu, HiddenArea, cpu_time, staging};
use crate::cull::DrawList;
use crate::cull::draw_list::Instance;
use crate::math::ViewPair;
use crate::scene::mesh::TextureSet;
use crate::scene::tileset::Light;
use crate::scene::{ImageId, TileId, Tileset};

/// How many submits may be unfinished: the CPU is at most this far ahead.
const FRAMES_IN_FLIGHT: usize = 2;

/// Instances that the first buffer holds: as many tiles and actors as a frame usually draws.
const INSTANCES_MIN: u64 = 512;

/// What a frame writes fits into one piece of this: its instances and its eyes.
const WRITES_BYTES: NonZeroU64 = NonZeroU64::new(64 << 10).unwrap();

/// What is chosen once.
#[derive(Clone, Copy, Debug)]
pub struct RendererOptions {
    /// Samples a pixel, as many as the target has: 1, 4 or what else [`Gpu::can_sample`].
    pub samples: u32,
    /// Leave out what drivers do differently, so that pictures can be compared.
    pub is_deterministic: bool,
}

impl Default for RendererOptions {
    fn default() -> Self {
        Self { samples: 4, is_deterministic: false }
    }
}

/// What a frame is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct FrameInput<'a> {
    /// What to draw.
    pub list: &'a DrawList,
    /// How much may be copied to the GPU in this frame.
    pub uploads: UploadBudget,
}

/// What a frame did.
#[derive(Clone, Debug, Default)]
pub struct FrameStats {
    /// Draw calls.
    pub draws: u32,
    /// Triangles, for one view.
    pub triangles: u64,
    /// Bytes of tiles and textures copied to the GPU.
    pub uploaded_bytes: u64,
    /// CPU time of this thread for that, as far as the system tells it.
    pub upload_cpu: Option<Duration>,
    /// How often this thread has waited meanwhile, where [`UploadBudget::counts_waits`].
    pub upload_waits: Option<u64>,
    /// Items that still wait for that.
    pub uploads_waiting: usize,
    /// What the buffers and arrays for tiles and images occupy, with what nothing is in yet or any more, bytes.
    pub held_bytes: u64,
    /// What became of uploads, in the order of their completion.
    pub arrivals: Vec<Arrival>,
    /// From the call to the return, without waiting for earlier frames.
    pub cpu_micros: u32,
    /// How long the CPU had to wait for earlier frames.
    pub wait_micros: u32,
}

/// Everything on the GPU, and the way there.
#[derive(Debug)]
pub struct Renderer {
    bindings: Bindings,
    pass: EyePass,
    geometry: Geometry,
    textures: Textures,
    materials: Materials,
    uploads: Uploads,
    maker: Maker,
    panels: Panels,
    skinning: Skinning,
    instances: wgpu::Buffer,
    /// What the frame writes of itself: mapped memory that comes back when the GPU has read it.
    writes: wgpu::util::StagingBelt,
    hidden: Option<wgpu::Buffer>,
    light: Light,
    sky: Sky,
    veil: Veil,
    in_flight: [Option<wgpu::SubmissionIndex>; FRAMES_IN_FLIGHT],
    frame_count: usize,
    /// `None` where nobody asked for the GPU's time.
    stopwatch: Option<Stopwatch>,
}

impl Renderer {
    /// Makes what the lobby is drawn with; the other pipelines come in time, and [`Renderer::is_complete`] says
    /// when. Nothing of this is left for the first frame.
    pub fn new(gpu: &Gpu, options: RendererOptions) -> Self {
        let materials = Materials::new(gpu);
        let light = Light::default();
        let sky = Sky::new(gpu, &light);
        let bindings = Bindings::new(gpu, &materials, &sky);
        Self {
            panels: Panels::new(gpu, bindings.clone(), options.samples),
            pass: EyePass::new(gpu, &bindings, options.samples),
            geometry: Geometry::new(gpu),
            textures: Textures::new(gpu, bindings.clone(), options.is_deterministic),
            bindings,
            materials,
            uploads: Uploads::new(gpu),
            maker: Maker::new(&gpu.device),
            skinning: Skinning::new(gpu),
            instances: instance_buffer(gpu, INSTANCES_MIN),
            writes: staging::belt(gpu, WRITES_BYTES, FRAMES_IN_FLIGHT + 1),
            hidden: None,
            light,
            sky,
            veil: Veil::default(),
            in_flight: [const { None }; FRAMES_IN_FLIGHT],
            frame_count: 0,
            stopwatch: None,
        }
    }

    /// Whether there is a pipeline for whatever a twin may hold. Until then some of it would be left out.
    pub fn is_complete(&self) -> bool {
        self.pass.surfaces.is_complete()
    }

    /// Waits until that is so: where no frame is due.
    #[must_use]
    pub fn completed(mut self) -> Self {
        self.pass.surfaces.complete();
        self
    }

    /// What the driver is to remember of the pipelines for [`Gpu::remember`] on another day: once, when all are
    /// there.
    pub fn take_memory(&mut self) -> Option<Vec<u8>> {
        self.pass.surfaces.take_memory()
    }

    /// Forgets everything but names and panels and shows another twin from now on, of which nothing has arrived.
    pub fn set_tileset(&mut self, gpu: &Gpu, tileset: &Tileset) {
        self.uploads.clear();
        self.geometry.reset(tileset.tiles().len());
        self.skinning.reset();
        self.textures.reset(tileset);
        self.materials.reset(tileset);
        self.light = tileset.light().clone();
        self.sky.write(gpu, &self.light);
    }

    /// How the world is dimmed from the next frame on.
    pub fn set_veil(&mut self, veil: Veil) {
        self.veil = veil;
    }

    /// What of the pictures nobody sees from the next frame on: it stays black.
    pub fn set_hidden_area(&mut self, gpu: &Gpu, area: &HiddenArea) {
        self.hidden = area.upload(gpu);
    }

    /// Takes an item for upload.
    ///
    /// # Errors
    /// Gives the item back when too many wait; offer it again after the next frame.
    // The item is handed back whole on purpose, so that nothing is lost.
    #[allow(clippy::result_large_err)]
    pub fn enqueue(&mut self, upload: Upload) -> Result<(), Upload> {
        self.uploads.push(upload)
    }

    /// Forgets the tile, drawn or waiting; draws of it are skipped.
    pub fn retire(&mut self, tile: TileId) {
        self.uploads.cancel(tile, &mut self.geometry, &mut self.skinning);
        self.geometry.retire(tile);
        self.skinning.retire(tile);
    }

    /// Forgets the image, shown or waiting: materials that use it show their factors.
    pub fn retire_image(&mut self, image: ImageId) {
        let begun = self.uploads.cancel_image(image);
        let shown = self.materials.take_layer(image).zip(self.textures.class(image));
        let shown = shown.map(|(layer, class)| Layer { class, index: u32::from(layer) });
        // What takes the place of what is shown is in the same layer.
        if let Some(layer) = shown.or(begun) {
            self.textures.release(layer);
        }
    }

    /// Puts another picture on the panel of this number, below
    /// [`PANELS_MAX`](super::PANELS_MAX): as soon as it changed, before the frame is drawn.
    pub fn paint_panel(&mut self, gpu: &Gpu, panel: usize, picture: &PanelPicture<'_>) {
        self.panels.paint(gpu, panel, picture);
    }

    /// Hangs the panel of this number up or takes it down. Its space is points of its picture: from the
    /// top left corner to the right and down, and towards the reader along −Z.
    pub fn place_panel(&mut self, panel: usize, world_from_points: Option<Affine3A>) {
        self.panels.place(panel, world_from_points);
    }

    /// Measures what the GPU takes for the frames from the next one on. Whether it has a clock for that.
    pub fn start_stopwatch(&mut self, gpu: &Gpu) -> bool {
        self.stopwatch = Stopwatch::new(gpu);
        self.stopwatch.is_some()
    }

    /// The GPU's nanoseconds for each frame since the last time, of
    /// [`FRAMES_MAX`](super::stopwatch::FRAMES_MAX) at most. Waits for them: never part of a frame.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn take_gpu_nanos(&mut self, gpu: &Gpu) -> Result<Vec<u64>, DrawError> {
        self.stopwatch.as_mut().map_or_else(|| Ok(Vec::new()), |stopwatch| stopwatch.take(gpu))
    }

    /// Draws a frame with one submit. `finish` may add to its commands after the picture is complete,
    /// such as a copy of it to a window, and says last of all where the eyes are now; `None`: nothing but uploads is
    /// submitted.
    pub fn draw(
        &mut self,
        gpu: &Gpu,
        input: &FrameInput<'_>,
        target: &EyeTarget,
        finish: impl FnOnce(&mut wgpu::CommandEncoder) -> Option<ViewPair>,
    ) -> FrameStats {
        let began = Instant::now();
        self.wait_for_room(gpu);
        let waited = began.elapsed();

        let mut arrivals = Vec::new();
        let waits = || input.uploads.counts_waits.then(cpu_time::waits_of_this_thread).flatten();
        let waits_before = waits();
        let before = cpu_time::of_this_thread();
        let Submission { commands: mut uploads, bytes: uploaded_bytes } =
            self.upload(gpu, input.uploads, &mut arrivals);
        let upload_cpu = cpu_time::of_this_thread().zip(before).map(|(now, then)| now.saturating_sub(then));
        let upload_waits = waits().zip(waits_before).map(|(now, then)| now.saturating_sub(then));
        let descriptor = wgpu::CommandEncoderDescriptor { label: Some("frame") };
        let mut encoder = gpu.device.create_command_encoder(&descriptor);
        self.start_clock(gpu, &mut uploads, &mut encoder);
        self.prepare(gpu, &mut encoder, input.list);
        let mut latch = self.bindings.latch(&mut self.writes, &mut encoder);
        let recorded = self.record(&mut encoder, input.list, target);
        if let Some(stopwatch) = &self.stopwatch {
            stopwatch.stop(&mut encoder);
        }
        if let Some(views) = finish(&mut encoder) {
            bindings::write_frame(&mut latch, &FrameUniform::new(&views, &self.light, self.veil));
            drop(latch);
            self.writes.finish_and_recall_on_submit(&encoder);
            let submission = gpu.queue.submit(uploads.into_iter().chain([encoder.finish()]));
            self.in_flight[self.frame_count % FRAMES_IN_FLIGHT] = Some(submission);
            if let Some(stopwatch) = &mut self.stopwatch {
                stopwatch.count();
            }
        } else {
            gpu.queue.submit(uploads);
            drop(latch);
            self.writes.finish();
            self.writes.recall();
            self.materials.rewrite_all();
        }
        self.frame_count = self.frame_count.wrapping_add(1);

        let micros = |duration: Duration| u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
        FrameStats {
            draws: recorded.draws,
            triangles: recorded.triangles,
            uploaded_bytes,
            upload_cpu,
            upload_waits,
            uploads_waiting: self.uploads.len(),
            held_bytes: self.geometry.held_bytes() + self.textures.held_bytes() + self.skinning.held_bytes(),
            arrivals,
            cpu_micros: micros(began.elapsed().saturating_sub(waited)),
            wait_micros: micros(waited),
        }
    }

    /// Waits for the oldest submit in flight; without this a fast CPU would pile up frames.
    fn wait_for_room(&mut self, gpu: &Gpu) {
        let oldest = self.in_flight[self.frame_count % FRAMES_IN_FLIGHT].take();
        let poll = match oldest {
            Some(index) => wgpu::PollType::Wait { submission_index: Some(index), timeout: None },
            None => wgpu::PollType::Poll,
        };
        if let Err(error) = gpu.device.poll(poll) {
            tracing::error!("waiting for the graphics device failed: {error}");
        }
    }

    /// Brings what has arrived a step further: what was recorded for that is submitted with this frame.
    fn upload(&mut self, gpu: &Gpu, budget: UploadBudget, arrivals: &mut Vec<Arrival>) -> Submission {
        if self.uploads.is_idle() {
            return Submission::default();
        }
        let mut to = Destination {
            gpu,
            maker: &self.maker,
            geometry: &mut self.geometry,
            textures: &mut self.textures,
            materials: &mut self.materials,
            skinning: &mut self.skinning,
        };
        self.uploads.pump(&mut to, budget, arrivals)
    }

    /// The frame's first command stops its time from here: before uploads, where there are any.
    fn start_clock(
        &self,
        gpu: &Gpu,
        uploads: &mut Vec<wgpu::CommandBuffer>,
        encoder: &mut wgpu::CommandEncoder,
    ) {
        let Some(stopwatch) = &self.stopwatch else { return };
        if uploads.is_empty() {
            return stopwatch.start(encoder);
        }
        let descriptor = wgpu::CommandEncoderDescriptor { label: Some("clock") };
        let mut before = gpu.device.create_command_encoder(&descriptor);
        stopwatch.start(&mut before);
        uploads.insert(0, before.finish());
    }

    /// Instances and bind groups; makes something only when the list needs more than any before.
    fn prepare(&mut self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, list: &DrawList) {
        let count = list.instances.len() as u64;
        let capacity = self.instances.size() / size_of::<Instance>() as u64;
        if count > capacity {
            self.instances = instance_buffer(gpu, count.next_power_of_two());
        }
        let bytes: &[u8] = bytemuck::cast_slice(&list.instances);
        if let Some(size) = NonZeroU64::new(bytes.len() as u64) {
            let mut view = self.writes.write_buffer(encoder, &self.instances, 0, size);
            view.slice(..).copy_from_slice(bytes);
        }
        self.materials.write(&mut self.writes, encoder, &list.materials);
        self.skinning.run(gpu, &mut self.writes, encoder, &self.geometry, list);
        self.textures.prepare(gpu, TextureSet::default());
        for draw in &list.draws {
            self.textures.prepare(gpu, draw.batch.textures);
        }
        self.panels.prepare(gpu);
    }

    fn record(&self, encoder: &mut wgpu::CommandEncoder, list: &DrawList, target: &EyeTarget) -> Recorded {
        let world = World {
            geometry: &self.geometry,
            textures: &self.textures,
            instances: &self.instances,
            hidden: self.hidden.as_ref(),
            is_veiled: !self.veil.is_lifted(),
            panels: &self.panels,
        };
        if self.pass.has_both() {
            return self.pass.record(encoder, target.both(), Views::Both, list, &world);
        }
        self.pass.record(encoder, target.eye(0), Views::One(0), list, &world);
        self.pass.record(encoder, target.eye(1), Views::One(1), list, &world)
    }
}

fn instance_buffer(gpu: &Gpu, count: u64) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("instances"),
        size: count * size_of::<Instance>() as u64,
        usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}
