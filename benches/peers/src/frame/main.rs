//! A whole frame of Bevy on the boxes of `cargo xtask bench frame`: its `App::update`, with its renderer, on one thread,
//! in CPU time of that thread. One eye.
//!
//! A box is an entity with a mesh of its own among 150, so that there are about as many draws as we have; all have
//! one unlit material, there is no light, no prepass and no tone mapping. It is run as it comes, where the GPU gathers
//! what is drawn, and with that left to the CPU; the quicker of the two counts.

#[path = "../../../cull/world.rs"]
mod world;

use std::any::TypeId;
use std::sync::{Arc, Mutex};

use bevy_app::{App, Plugin, PluginsState, TaskPoolPlugin};
use bevy_asset::{AssetPlugin, Assets, Handle, RenderAssetUsages};
use bevy_camera::visibility::VisibleEntities;
use bevy_camera::{Camera3d, CameraPlugin, PerspectiveProjection, Projection, RenderTarget};
use bevy_core_pipeline::CorePipelinePlugin;
use bevy_core_pipeline::tonemapping::Tonemapping;
use bevy_diagnostic::FrameCountPlugin;
use bevy_ecs::prelude::*;
use bevy_image::{Image, ImagePlugin};
use bevy_light::LightPlugin;
use bevy_math::{Quat, Vec3};
use bevy_mesh::{Mesh, Mesh3d, MeshPlugin};
use bevy_pbr::{MeshMaterial3d, PbrPlugin, StandardMaterial};
use bevy_render::batching::gpu_preprocessing::{GpuPreprocessingMode, GpuPreprocessingSupport};
use bevy_render::gpu_readback::{Readback, ReadbackComplete};
use bevy_render::render_resource::{PollType, TextureFormat};
use bevy_render::renderer::{RenderAdapterInfo, RenderDevice};
use bevy_render::view::Msaa;
use bevy_render::{RenderApp, RenderPlugin};
use bevy_shape::Cuboid;
use bevy_time::TimePlugin;
use bevy_transform::TransformPlugin;
use bevy_transform::components::Transform;
use bevy_window::{ExitCondition, WindowPlugin};

const CHUNKS: usize = 5_000;
const MESHES: usize = 150;
const SIDE_PIXELS: u32 = 64;
const WARM_UP: usize = 100;
const FRAMES: usize = 1_000;

/// Bevy's own.
const CLEAR: [u8; 3] = [43, 44, 47];

/// Who gathers what is drawn.
#[derive(Clone, Copy, PartialEq)]
enum Gathers {
    Gpu,
    Cpu,
}

fn cpu_millis() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn main() {
    let is_json = std::env::args().any(|argument| argument == "--json");
    let [gpu, cpu] = [Gathers::Gpu, Gathers::Cpu].map(measure);
    let best = if gpu.p50 < cpu.p50 { &gpu } else { &cpu };
    if is_json {
        let line = serde_json::json!({
            "bench": "frame", "peer": "Bevy 0.20", "device": best.device, "chunks": CHUNKS, "frames": FRAMES,
            "frame_peer_p50_millis": best.p50, "frame_peer_p99_millis": best.p99,
            "frame_peer_gpu_gathers_p50_millis": gpu.p50, "frame_peer_gpu_gathers_p99_millis": gpu.p99,
            "frame_peer_cpu_gathers_p50_millis": cpu.p50, "frame_peer_cpu_gathers_p99_millis": cpu.p99,
            "frame_peer_seen": best.seen, "frame_peer_covered_share": best.covered,
        });
        println!("{line}");
    } else {
        for (name, run) in [("as it comes", &gpu), ("gathered by the CPU", &cpu)] {
            println!(
                "{:.3} ms, 99 of 100 below {:.3} ms: Bevy 0.20 {name}, one eye, {} boxes seen, {:.0} % of the picture covered",
                run.p50,
                run.p99,
                run.seen,
                run.covered * 100.0
            );
        }
    }
}

/// What was measured.
struct Run {
    device: String,
    p50: f64,
    p99: f64,
    /// Boxes in the frustum.
    seen: usize,
    /// Of the picture: that it is drawn at all.
    covered: f64,
}

fn measure(gathers: Gathers) -> Run {
    let mut app = app(gathers);
    let (camera, image) = spawn(&mut app);
    let mut times = Vec::new();
    for frame in 0..WARM_UP + FRAMES {
        let began = cpu_millis();
        let turned = Quat::from_rotation_y(world::yaw(frame));
        app.world_mut().get_mut::<Transform>(camera).expect("a camera").rotation = turned;
        app.update();
        let ended = cpu_millis();
        wait(&app);
        if frame >= WARM_UP {
            times.push(ended - began);
        }
    }
    times.sort_by(f64::total_cmp);
    let seen = app.world().get::<VisibleEntities>(camera).map_or(0, |seen| seen.len(TypeId::of::<Mesh3d>()));
    let device = app.world().resource::<RenderAdapterInfo>().name.clone();
    let covered = covered(&mut app, image);
    Run { device, p50: times[FRAMES / 2], p99: times[FRAMES * 99 / 100], seen, covered }
}

/// What a picture takes, on this thread alone.
fn app(gathers: Gathers) -> App {
    let mut app = App::new();
    app.add_plugins((
        TaskPoolPlugin::default(),
        FrameCountPlugin,
        TimePlugin,
        TransformPlugin,
        WindowPlugin {
            primary_window: None,
            exit_condition: ExitCondition::DontExit,
            ..WindowPlugin::default()
        },
        AssetPlugin::default(),
        ImagePlugin::default(),
        MeshPlugin,
        CameraPlugin,
        LightPlugin,
        RenderPlugin { synchronous_pipeline_compilation: true, ..RenderPlugin::default() },
        CorePipelinePlugin,
    ));
    if gathers == Gathers::Cpu {
        app.add_plugins(OnCpu);
    }
    app.add_plugins(PbrPlugin {
        prepass_enabled: false,
        add_default_deferred_lighting_plugin: false,
        ..PbrPlugin::default()
    });
    while app.plugins_state() == PluginsState::Adding {
        std::thread::yield_now();
    }
    app.finish();
    app.cleanup();
    // What the device offers is asked in the first frame once more.
    app.update();
    if gathers == Gathers::Cpu {
        OnCpu.finish(&mut app);
    }
    app
}

/// As on a device whose instances Bevy gathers on the CPU: every Adreno up to the 730, a Quest 2's and 3's among them.
struct OnCpu;

impl Plugin for OnCpu {
    fn build(&self, _: &mut App) {}

    fn finish(&self, app: &mut App) {
        let none = GpuPreprocessingSupport { max_supported_mode: GpuPreprocessingMode::None };
        app.sub_app_mut(RenderApp).insert_resource(none);
    }
}

fn spawn(app: &mut App) -> (Entity, Handle<Image>) {
    let world = app.world_mut();
    let mut image = Image::new_target_texture(SIDE_PIXELS, SIDE_PIXELS, TextureFormat::Rgba8UnormSrgb, None);
    image.texture_descriptor.usage |= bevy_render::render_resource::TextureUsages::COPY_SRC;
    image.asset_usage = RenderAssetUsages::RENDER_WORLD;
    let image = world.resource_mut::<Assets<Image>>().add(image);
    let material = StandardMaterial { unlit: true, ..StandardMaterial::default() };
    let material = world.resource_mut::<Assets<StandardMaterial>>().add(material);
    let mut meshes = world.resource_mut::<Assets<Mesh>>();
    let meshes: Vec<Handle<Mesh>> =
        (0..MESHES).map(|_| meshes.add(Mesh::from(Cuboid::new(2.0, 2.0, 2.0)))).collect();
    for (number, chunk) in world::chunks(CHUNKS).into_iter().enumerate() {
        let place = Transform {
            translation: Vec3::from(chunk.center),
            scale: Vec3::from(chunk.half),
            ..Transform::default()
        };
        world.spawn((Mesh3d(meshes[number % MESHES].clone()), MeshMaterial3d(material.clone()), place));
    }
    let eye = world.spawn((
        Camera3d::default(),
        Projection::Perspective(PerspectiveProjection {
            fov: 2.0 * world::HALF_FOV_RADIANS,
            aspect_ratio: 1.0,
            near: 0.05,
            far: 100_000.0,
            ..PerspectiveProjection::default()
        }),
        RenderTarget::from(image.clone()),
        Tonemapping::None,
        Msaa::Sample4,
        Transform::from_translation(Vec3::from(world::eye(CHUNKS))),
    ));
    (eye.id(), image)
}

/// Until the GPU has nothing to do.
fn wait(app: &App) {
    let device = app.world().resource::<RenderDevice>();
    device.poll(PollType::wait_indefinitely()).expect("a device");
}

/// How much of the picture is not the colour that Bevy clears it to.
fn covered(app: &mut App, image: Handle<Image>) -> f64 {
    let share = Arc::new(Mutex::new(0.0));
    let out = Arc::clone(&share);
    app.world_mut().spawn(Readback::texture(image)).observe(move |read: On<ReadbackComplete>| {
        let others = read.data.chunks_exact(4).filter(|texel| texel[..3] != CLEAR).count();
        *out.lock().expect("a number") = others as f64 / f64::from(SIDE_PIXELS * SIDE_PIXELS);
    });
    for _ in 0..10 {
        app.update();
        wait(app);
    }
    *share.lock().expect("a number")
}
