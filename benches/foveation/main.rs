//! `cargo xtask bench foveation`: what a walk through venues of any size costs a frame, with culling by the
//! frustum alone, with levels of detail at a pixel of error, and with levels that follow the eye.
//!
//! In: folders that `pavilion bake` made. Out: a table, or with `--json` one object a venue. Counts, not times:
//! they are the same on every machine.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod eye;
mod pictures;
mod upload;
mod venue;
mod walk;

use std::path::{Path, PathBuf};

use pavilion::cull::{Culler, DrawList, Quality, Sight};
use pavilion::math::{ViewPair, pose::EYE_DISTANCE_METRES};
use pavilion::present::picture::write_png;
use pavilion::scene::{Demand, Scene};

use eye::{FOV, PIXEL_RADIANS, Qualities};
use pictures::{Gallery, Part};

/// A distribution over the walk.
#[derive(Default)]
struct Counts {
    triangles: Vec<u64>,
    draws: Vec<u64>,
    hidden: Vec<u64>,
    excess: Vec<f32>,
}

impl Counts {
    fn of(scene: &Scene, quality: &Quality) -> Self {
        let mut counts = Self::default();
        let (mut culler, mut list, mut demand) = (Culler::default(), DrawList::default(), Demand::default());
        for head in walk::heads(scene.tileset.bounds(), scene.tileset.spawn()) {
            let views = ViewPair::around(head, FOV, EYE_DISTANCE_METRES);
            let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality };
            culler.cull(scene, &[], &sight, &mut list, &mut demand);
            counts.triangles.push(list.triangle_count);
            counts.draws.push(list.draws.len() as u64);
            counts.hidden.push(u64::from(list.hidden_count));
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
            "{:>11.0} {:>11} {:>9.0} {:>9} {:>7.1} {:>8.1}",
            Self::mean(&self.triangles),
            Self::max(&self.triangles),
            Self::mean(&self.draws),
            Self::max(&self.draws),
            Self::mean(&self.hidden),
            excess
        )
    }
}

/// Of all levels of detail together: at some 24 bytes a triangle, 240 MB.
const DRAWN_TRIANGLES_MAX: u64 = 10_000_000;

/// Heads of the walk that are drawn, for the comparison of pictures.
const PICTURES: usize = 6;

/// As fine as there is.
fn exact(qualities: &Qualities) -> Quality {
    Quality { error_scale: 1e-6, ..qualities.plain }
}

/// The largest difference within the inner cone to everything there is: with levels that follow the eye, and
/// with those within the budget. `None` where nothing can draw.
fn differences(scene: &Scene, folder: &Path, qualities: &Qualities) -> Option<[f64; 2]> {
    let triangles: u64 = scene.tileset.tiles().iter().map(|tile| u64::from(tile.triangle_count)).sum();
    if triangles > DRAWN_TRIANGLES_MAX {
        eprintln!(
            "SKIPPED the pictures: all of its {triangles} triangles at once are more than a GPU is given"
        );
        return None;
    }
    let mut gallery = Gallery::of(scene, folder, Part::Inner)?;
    let heads = walk::heads(scene.tileset.bounds(), scene.tileset.spawn());
    let mut worst = [0.0_f64; 2];
    for head in heads.iter().step_by(heads.len() / PICTURES) {
        let full = gallery.picture(scene, *head, &exact(qualities));
        for (worst, quality) in worst.iter_mut().zip([&qualities.foveated, &qualities.capped]) {
            let picture = gallery.picture(scene, *head, quality);
            *worst = worst.max(pictures::inner_difference(&full, &picture));
        }
    }
    Some(worst)
}

/// Writes what the left eye sees on the walk, drawn with everything and with levels that follow the eye
/// within the budget, for a metric that is run elsewhere.
fn write_video(scene: &Scene, folder: &Path, qualities: &Qualities, out: &Path) {
    let Some(mut gallery) = Gallery::of(scene, folder, Part::Whole) else { return };
    for (name, quality) in [("full", exact(qualities)), ("foveated", qualities.capped)] {
        std::fs::create_dir_all(out.join(name)).expect("a folder");
        let heads = walk::heads(scene.tileset.bounds(), scene.tileset.spawn());
        for (number, head) in heads.iter().enumerate() {
            let path = out.join(name).join(format!("{number:05}.png"));
            write_png(&path, &gallery.picture(scene, *head, &quality)).expect("a picture");
            eprint!("\rbench: {name} {} of {}", number + 1, heads.len());
        }
        eprintln!();
    }
}

fn main() {
    let mut is_json = false;
    let mut video = None;
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => is_json = true,
            "--video" => video = arguments.next().map(PathBuf::from),
            folder => folders.push(folder.into()),
        }
    }
    if !is_json {
        println!(
            "triangles and draws a view             mean         max      mean       max  hidden   excess"
        );
    }
    for folder in &folders {
        let (scene, qualities) = (venue::load(folder), Qualities::new());
        measure(&scene, folder, &qualities, is_json);
        if let Some(out) = &video {
            write_video(&scene, folder, &qualities, out);
        }
    }
}

fn measure(scene: &Scene, folder: &Path, qualities: &Qualities, is_json: bool) {
    let [full, plain, foveated, capped] =
        [exact(qualities), qualities.plain, qualities.foveated, qualities.capped]
            .map(|quality| Counts::of(scene, &quality));
    let gain = Counts::mean(&plain.triangles) / Counts::mean(&foveated.triangles);
    let source = scene.tileset.finest_triangle_count();
    let differences = differences(scene, folder, qualities);
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
                "frustum_triangles_mean": Counts::mean(&full.triangles),
                "plain_triangles_mean": Counts::mean(&plain.triangles),
                "uncapped_triangles_mean": Counts::mean(&foveated.triangles),
                "capped_triangles_mean": Counts::mean(&capped.triangles),
                "hidden_tiles_mean": Counts::mean(&capped.hidden),
                "inner_difference_of_255": differences.map(|[foveated, _]| foveated),
                "capped_inner_difference_of_255": differences.map(|[_, capped]| capped),
            })
        );
        return;
    }
    println!("{} ({source} triangles)", scene.tileset.title());
    println!("  frustum alone                {}", full.line());
    println!("  levels at a pixel of error   {}", plain.line());
    println!("  levels that follow the eye   {}", foveated.line());
    println!("  the same within the budget   {}", capped.line());
    println!("  the eye saves {gain:.2}× of the triangles");
    if let Some([foveated, capped]) = differences {
        println!(
            "  within 15° of the lens' middle {PICTURES} pictures differ from all there is by at most {foveated:.2} \
             of 255 in the mean, within the budget {capped:.2}"
        );
    }
}
