//! Bevy's own frustum culling on the boxes of `cargo xtask bench cull`: its system over its entities, on one
//! core, in CPU time of the thread. It sorts what is visible by entity; it has no levels of detail, no batches.

#[path = "../../cull/world.rs"]
mod world;

use bevy_camera::primitives::Aabb;
use bevy_camera::visibility::{
    InheritedVisibility, ViewVisibility, VisibilityClass, VisibleEntities, check_visibility_cpu_culling,
};
use bevy_camera::{Camera, CameraProjection, PerspectiveProjection};
use bevy_ecs::prelude::*;
use bevy_math::Vec3;
use bevy_mesh::Mesh3d;
use bevy_transform::components::{GlobalTransform, Transform};

const RUNS: usize = 41;
const CHUNKS_A_RUN: usize = 500_000;

fn cpu_nanos() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

fn main() {
    let is_json = std::env::args().any(|argument| argument == "--json");
    for count in [5_000, 50_000, 500_000] {
        let mut bevy = World::new();
        let eye = Transform::from_translation(Vec3::from(world::eye(count)));
        let projection = PerspectiveProjection {
            fov: 2.0 * world::HALF_FOV_RADIANS,
            aspect_ratio: 1.0,
            near: 0.05,
            far: 100_000.0,
            ..Default::default()
        };
        let eye = GlobalTransform::from(eye);
        let frustum = projection.compute_frustum(&eye);
        let camera = bevy.spawn((Camera::default(), frustum, VisibleEntities::default(), eye)).id();
        bevy.entity_mut(camera).insert(frustum);
        let mut class = VisibilityClass::default();
        class.push(std::any::TypeId::of::<Mesh3d>());
        for chunk in world::chunks(count) {
            let half = Vec3::from(chunk.half);
            let place = Transform::from_translation(Vec3::from(chunk.center));
            bevy.spawn((
                GlobalTransform::from(place),
                InheritedVisibility::VISIBLE,
                ViewVisibility::default(),
                class.clone(),
                Aabb::from_min_max(-half, half),
            ));
        }
        let mut schedule = Schedule::default();
        schedule.add_systems(check_visibility_cpu_culling);
        schedule.run(&mut bevy);
        let repeats = (CHUNKS_A_RUN / count).max(1);
        let mut runs: Vec<f64> = (0..RUNS)
            .map(|_| {
                let began = cpu_nanos();
                (0..repeats).for_each(|_| schedule.run(&mut bevy));
                (cpu_nanos() - began) / (repeats * count) as f64
            })
            .collect();
        runs.sort_by(f64::total_cmp);
        let nanos = runs[RUNS / 2];
        let visible = bevy
            .get::<VisibleEntities>(camera)
            .map_or(0, |visible| visible.len(std::any::TypeId::of::<Mesh3d>()));
        let share = visible as f64 / count as f64;
        if is_json {
            let line = serde_json::json!({
                "bench": "cull", "peer": "Bevy 0.20", "chunks": count,
                "bevy_nanos_per_chunk": nanos, "seen_share": share,
            });
            println!("{line}");
        } else {
            println!(
                "{count:>10}    {nanos:>10.2}   Bevy 0.20's frustum culling, {:.0} % seen",
                share * 100.0
            );
        }
    }
}
