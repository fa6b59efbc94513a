//! `cargo xtask bench frame`: what a frame of 5 000 chunks takes its thread: cull for both eyes, record and submit.
//!
//! Out: a table, or with `--json` one object. Times are CPU time of the thread; the picture is so small that the GPU is
//! idle before the next frame, and is waited for between frames.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod boxes;

#[path = "../cull/scene.rs"]
mod scene;
#[path = "../cull/world.rs"]
mod world;

use glam::Vec3;
use pavilion::cull::{Culler, DrawList, Quality, Sight};
use pavilion::draw::{
    EyeTarget, FrameInput, Gpu, GpuOptions, Renderer, RendererOptions, Upload, UploadBudget, readback,
};
use pavilion::math::{Fov, Pose, ViewPair, pose::EYE_DISTANCE_METRES};
use pavilion::scene::{Demand, ResidentTile, Scene};
use scene::Above;
use serde_json::json;

const CHUNKS: usize = 5_000;
const SIDE_PIXELS: u32 = 64;
/// Frames until everything has been made that is made once, and frames that count.
const WARM_UP: usize = 100;
const FRAMES: usize = 1_000;

/// CPU time of this thread, milliseconds: what else the machine does is not counted.
fn cpu_millis() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn main() {
    let is_json = std::env::args().any(|argument| argument == "--json");
    let gpu = match Gpu::open(GpuOptions::default()) {
        Ok(gpu) => gpu,
        Err(error) => return eprintln!("SKIPPED frame: {error}"),
    };
    let options = RendererOptions::default();
    let mut renderer = Renderer::new(&gpu, options).completed();
    let target = EyeTarget::new(&gpu, [SIDE_PIXELS; 2], options.samples);
    let scene = on_gpu(&gpu, &mut renderer, &target);

    let quality = Quality::default();
    let (mut culler, mut list, mut demand) = (Culler::default(), DrawList::default(), Demand::default());
    let (mut culls, mut frames) = (Vec::new(), Vec::new());
    let (mut draws, mut triangles) = (0, 0);
    for frame in 0..WARM_UP + FRAMES {
        let began = cpu_millis();
        let views = eyes(world::yaw(frame));
        let sight = Sight { views: &views, pixel_radians: 0.001, quality: &quality };
        culler.cull(&scene, &[], &sight, &mut list, &mut demand);
        let culled = cpu_millis();
        let input = FrameInput { list: &list, uploads: UploadBudget::bytes(0) };
        let stats = renderer.draw(&gpu, &input, &target, |_| Some(views));
        let ended = cpu_millis();
        gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("a device");
        if frame >= WARM_UP {
            culls.push(culled - began);
            frames.push(ended - began);
            draws += stats.draws as usize;
            triangles += stats.triangles as usize;
        }
    }
    let [cull, frame] = [&mut culls, &mut frames].map(|times| {
        times.sort_by(f64::total_cmp);
        [times[FRAMES / 2], times[FRAMES * 99 / 100]]
    });
    let (draws, triangles) = (draws / FRAMES, triangles / FRAMES);
    let [boxes, nothing] = [&list, &DrawList::default()].map(|list| {
        let input = FrameInput { list, uploads: UploadBudget::bytes(0) };
        renderer.draw(&gpu, &input, &target, |_| Some(eyes(0.0)));
        let [left, _] = readback::read(&gpu, &target.image).expect("a picture");
        left.rgba
    });
    let texels = boxes.chunks_exact(4).zip(nothing.chunks_exact(4));
    let covered = texels.filter(|(a, b)| a != b).count() as f64 / f64::from(SIDE_PIXELS * SIDE_PIXELS);
    if is_json {
        let line = json!({
            "bench": "frame", "device": gpu.facts().name, "chunks": CHUNKS, "frames": FRAMES,
            "frame_cpu_p50_millis": frame[0], "frame_cpu_p99_millis": frame[1],
            "frame_cull_p50_millis": cull[0], "frame_cull_p99_millis": cull[1],
            "frame_covered_share": covered, "frame_draws": draws, "frame_triangles": triangles,
        });
        println!("{line}");
    } else {
        println!(
            "{:.3} ms, 99 of 100 below {:.3} ms, of which culling {:.3} ms: both eyes, {draws} draws, {triangles} triangles each, {:.0} % of the picture covered",
            frame[0],
            frame[1],
            cull[0],
            covered * 100.0
        );
    }
}

/// What a turned head sees.
fn eyes(yaw_radians: f32) -> ViewPair {
    let head = Pose::standing(Vec3::from(world::eye(CHUNKS)), yaw_radians, 0.0);
    ViewPair::around(head, Fov::symmetric(2.0 * world::HALF_FOV_RADIANS, 1.0), EYE_DISTANCE_METRES)
}

/// All of the boxes.
fn on_gpu(gpu: &Gpu, renderer: &mut Renderer, target: &EyeTarget) -> Scene {
    let mut meshes = Vec::new();
    let scene = scene::of(&world::chunks(CHUNKS), Above::Nothing, |tile, cell| {
        let mesh = boxes::mesh(cell);
        let resident = ResidentTile {
            chunks: mesh.chunks[..].into(),
            occluders: Vec::new(),
            world_from_grid: mesh.world_from_grid,
            motion: None,
            size_bytes: mesh.size_bytes(),
        };
        meshes.push(Upload::Tile { tile, mesh });
        resident
    });
    renderer.set_tileset(gpu, &scene.tileset);
    let list = DrawList::default();
    let input = FrameInput { list: &list, uploads: UploadBudget::bytes(u64::MAX) };
    for mesh in meshes {
        renderer.enqueue(mesh).expect("room");
        while renderer.draw(gpu, &input, target, |_| Some(eyes(0.0))).uploads_waiting > 0 {}
    }
    scene
}
