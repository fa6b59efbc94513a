//! `cargo xtask bench foveation`: what a walk through venues of any size costs a frame, with culling by the
//! frustum alone, with levels of detail at a pixel of error, and with levels that follow the eye.
//!
//! In: folders that `pavilion bake` made. Out: a table, or with `--json` one object a venue. Counts, not times:
//! they are the same on every machine.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod venue;
mod walk;

use pavilion::cull::{Budget, Culler, DrawList, Quality, Sight};
use pavilion::math::fovea::Fovea;
use pavilion::math::{Fov, ViewPair, pose::EYE_DISTANCE_METRES};
use pavilion::scene::{Demand, Scene};

/// An eye of a Quest 2: pixels of its height, and about what it sees of height and width, radians.
const EYE_PIXELS: f32 = 1920.0;
const FOV: Fov = Fov { left_radians: -0.85, right_radians: 0.85, up_radians: 0.83, down_radians: -0.83 };

/// Finest everywhere: no error goes unseen.
const EXACT: Fovea = Fovea { acuity_radians: 0.0, slope: 0.0, inner_radians: 0.0 };

/// A distribution over the walk.
#[derive(Default)]
struct Counts {
    triangles: Vec<u64>,
    draws: Vec<u64>,
    excess: Vec<f32>,
}

impl Counts {
    fn of(scene: &Scene, quality: &Quality, pixel_radians: f32) -> Self {
        let mut counts = Self::default();
        let (mut culler, mut list, mut demand) = (Culler::default(), DrawList::default(), Demand::default());
        for head in walk::heads(scene.tileset.bounds(), scene.tileset.spawn()) {
            let views = ViewPair::around(head, FOV, EYE_DISTANCE_METRES);
            let sight = Sight { views: &views, pixel_radians, quality };
            culler.cull(scene, &[], &sight, &mut list, &mut demand);
            counts.triangles.push(list.triangle_count);
            counts.draws.push(list.draws.len() as u64);
            counts.excess.push(list.excess);
        }
        counts
    }

    fn mean(values: &[u64]) -> f64 {
        values.iter().sum::<u64>() as f64 / values.len().max(1) as f64
    }

    fn max(values: &[u64]) -> u64 {
        values.iter().copied().max().unwrap_or(0)
    }

    fn line(&self) -> String {
        let excess = self.excess.iter().copied().fold(1.0, f32::max);
        format!(
            "{:>11.0} {:>11} {:>9.0} {:>9} {:>8.1}",
            Self::mean(&self.triangles),
            Self::max(&self.triangles),
            Self::mean(&self.draws),
            Self::max(&self.draws),
            excess
        )
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_json = arguments.iter().any(|argument| argument == "--json");
    let pixel_radians = 2.0 * FOV.up_radians.tan() / EYE_PIXELS;
    if !is_json {
        println!("triangles and draws a view             mean         max      mean       max   excess");
    }
    for folder in arguments.iter().filter(|argument| !argument.starts_with("--")) {
        let scene = venue::load(folder.as_ref());
        let free = Quality { budget: Budget::UNLIMITED, ..Quality::default() };
        let pixel = Quality { fovea: EXACT, ..free };
        let frustum = Counts::of(&scene, &pixel, 0.0);
        let plain = Counts::of(&scene, &pixel, pixel_radians);
        let foveated = Counts::of(&scene, &free, pixel_radians);
        let capped = Counts::of(&scene, &Quality::default(), pixel_radians);
        let gain = Counts::mean(&plain.triangles) / Counts::mean(&foveated.triangles);
        let source: u64 = scene
            .tileset
            .tiles()
            .iter()
            .filter(|tile| tile.child_count == 0)
            .map(|tile| u64::from(tile.triangle_count))
            .sum();
        if is_json {
            println!(
                "{}",
                serde_json::json!({
                    "bench": "foveation",
                    "venue": scene.tileset.title(),
                    "source_triangles": source,
                    "foveated_triangles_max": Counts::max(&capped.triangles),
                    "foveated_draws_max": Counts::max(&capped.draws),
                    "foveated_gain": gain,
                })
            );
            continue;
        }
        println!("{} ({source} triangles)", scene.tileset.title());
        println!("  frustum alone                {}", frustum.line());
        println!("  levels at a pixel of error   {}", plain.line());
        println!("  levels that follow the eye   {}", foveated.line());
        println!("  the same within the budget   {}", capped.line());
        println!("  the eye saves {gain:.2}× of the triangles");
    }
}
