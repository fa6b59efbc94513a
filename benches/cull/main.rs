//! `cargo xtask bench cull`: what the whole of `cull()` takes on one core for each chunk that exists, with
//! sorting and batching; beside it the frustum test alone, and one chunk after the other without any of it.
//!
//! Out: a table, or with `--json` one object a line. Times are CPU time of the thread, the median of many runs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod resident;
mod scene;
mod world;

use std::hint::black_box;

use glam::Vec3;
use scene::Above;

use pavilion::cull::{Budget, Culler, DrawList, Quality, Sight};
use pavilion::math::{Fov, Frustum, Pose, Sphere, ViewPair, pose::EYE_DISTANCE_METRES};
use pavilion::scene::{Demand, TileId};
use serde_json::json;

/// Chunks of the three floors, and how they are called in the keys.
const SIZES: [(usize, &str); 3] = [(5_000, "5k"), (50_000, "50k"), (500_000, "500k")];

/// The shortest time that is measured as one, in chunks.
const CHUNKS_A_RUN: usize = 500_000;
const RUNS: usize = 41;

/// CPU time of this thread, nanoseconds: what else the machine does is not counted.
fn cpu_nanos() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Nanoseconds a chunk, the median.
fn nanos(count: usize, mut work: impl FnMut()) -> f64 {
    let repeats = (CHUNKS_A_RUN / count).max(1);
    work();
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = cpu_nanos();
            (0..repeats).for_each(|_| work());
            (cpu_nanos() - began) / (repeats * count) as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

fn main() {
    let is_json = std::env::args().any(|argument| argument == "--json");
    let quality = Quality { budget: Budget::UNLIMITED, ..Quality::default() };
    if !is_json {
        println!(
            "ns a chunk    whole cull   frustum alone   one by one   seen   draws   µs with levels   draws"
        );
    }
    for (count, name) in SIZES {
        let boxes = world::chunks(count);
        let scene = scene::of(&boxes, Above::Nothing, |_, cell| resident::tile(cell));
        let head = Pose { position: Vec3::from(world::eye(count)), ..Pose::IDENTITY };
        let half = world::HALF_FOV_RADIANS;
        let views = ViewPair::around(head, Fov::symmetric(2.0 * half, 1.0), EYE_DISTANCE_METRES);
        let sight = Sight { views: &views, pixel_radians: 0.001, quality: &quality };
        let frustum = Frustum::around(&views, quality.guard_radians);

        let (mut culler, mut list, mut demand) = (Culler::default(), DrawList::default(), Demand::default());
        let whole = nanos(count, || culler.cull(&scene, &[], &sight, &mut list, &mut demand));
        let lanes: Vec<_> = (0..scene.tileset.tiles().len() as u32)
            .filter_map(|tile| scene.resident(TileId(tile)))
            .flat_map(|tile| tile.chunks.spheres.iter().copied())
            .collect();
        let alone = nanos(count, || {
            let seen: u32 = lanes.iter().map(|eight| eight.inside(frustum.planes()).count_ones()).sum();
            black_box(seen);
        });
        let spheres: Vec<Sphere> = boxes.iter().map(scene::sphere).collect();
        let mut seen: Vec<(u32, u32)> = Vec::new();
        let brute = nanos(count, || {
            seen.clear();
            let inside = (0..).zip(&spheres).filter(|(_, sphere)| frustum.touches_sphere(**sphere));
            seen.extend(
                inside.map(|(index, sphere)| (sphere.center.distance(head.position).to_bits(), index)),
            );
            seen.sort_unstable();
            black_box(&seen);
        });
        let levels = scene::of(&boxes, Above::Levels, |_, cell| resident::tile(cell));
        let (mut leveled, mut near) = (Culler::default(), DrawList::default());
        let micros =
            nanos(count, || leveled.cull(&levels, &[], &sight, &mut near, &mut demand)) * count as f64 / 1e3;
        let share = list.triangle_count as f64 / (count as f64 * scene::CHUNK_TRIANGLES as f64);
        if is_json {
            println!(
                "{}",
                json!({
                    "bench": "cull",
                    "chunks": count,
                    format!("cull_nanos_per_chunk_{name}"): whole,
                    "frustum_nanos_per_chunk": alone,
                    "brute_force_nanos_per_chunk": brute,
                    "seen_share": share,
                    "draws": list.draws.len(),
                    "cull_micros_with_levels": micros,
                    "draws_with_levels": near.draws.len(),
                })
            );
        } else {
            println!(
                "{count:>10}    {whole:>10.2}   {alone:>13.2}   {brute:>10.2}   {:>3.0} %  {:>6}   {micros:>14.0}  {:>6}",
                share * 100.0,
                list.draws.len(),
                near.draws.len()
            );
        }
    }
}
