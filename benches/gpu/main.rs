//! `cargo xtask bench gpu`: what a frame of a venue takes the GPU that is there, at the sizes of a Quest 2's eyes: both
//! eyes in one pass and one after the other, with 1, 2 and 4 samples, with levels of detail that follow the eye and
//! without; from the entrance and from places of a walk.
//!
//! In: a folder that `pavilion bake` made. Out: a table, or with `--json` one object a variant and the table on the error
//! output. What is compared is measured in turn, again and again, in one run. It is no measurement of a headset.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod lane;
mod place;
mod report;
mod sweep;
mod tally;

#[path = "../foveation/eye.rs"]
mod eye;
#[path = "../foveation/upload.rs"]
mod upload;
#[path = "../foveation/venue.rs"]
mod venue;
#[path = "../foveation/walk.rs"]
mod walk;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use pavilion::draw::{Gpu, GpuOptions, Upload};
use pavilion::present::picture::{side_by_side, write_png};
use pavilion::scene::Scene;

use lane::Lane;
use place::{CULLINGS, Place};
use report::Report;
use sweep::{Pace, sweep};

/// What a Quest 2's runtime recommends for an eye, and what its display has.
const SIZES: [[u32; 2]; 2] = [[1440, 1584], [1832, 1920]];
/// Samples a pixel.
const SAMPLES: [u32; 3] = [1, 2, 4];
/// Places, the entrance first. Where the CPU draws, a frame takes seconds: there it is the only one.
const PLACES: usize = 5;

struct Arguments {
    folder: PathBuf,
    frames: usize,
    limit: Duration,
    picture: Option<PathBuf>,
    is_json: bool,
}

impl Arguments {
    fn read() -> Self {
        let mut folder = None;
        let (mut frames, mut minutes, mut picture, mut is_json) = (200, 5, None, false);
        let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a number");
            match word.as_str() {
                "--json" => is_json = true,
                "--frames" => frames = number(),
                "--minutes" => minutes = number(),
                "--picture" => picture = words.next().map(PathBuf::from),
                _ => folder = Some(PathBuf::from(word)),
            }
        }
        let limit = Duration::from_secs(minutes as u64 * 60);
        Self { folder: folder.expect("a folder that bake made"), frames, limit, picture, is_json }
    }
}

fn main() {
    let arguments = Arguments::read();
    let gpus = match devices() {
        Ok(gpus) => gpus,
        Err(error) => return eprintln!("SKIPPED gpu: {error} (`--software` lets the CPU draw)"),
    };
    let scene = venue::load(&arguments.folder);
    let mut lanes = lanes(&gpus, &scene, &arguments.folder);
    let is_software = gpus[0].facts().is_software;
    let count = if is_software { 1 } else { PLACES };
    let mut report = Report::new(&gpus[0], lanes.iter().all(Lane::has_clock));
    for size in SIZES {
        lanes.iter_mut().for_each(|lane| lane.resize(size));
        let mut places = Place::some(&scene, size, count);
        if size == SIZES[0] {
            compare(&mut lanes, &mut places[0], &scene, arguments.picture.as_deref());
        }
        let pace = Pace { frames: arguments.frames, limit: arguments.limit / SIZES.len() as u32 };
        report.add(size, &sweep(&mut lanes, &mut places, &scene, pace));
    }
    let text = report.to_string();
    if arguments.is_json {
        report.lines().iter().for_each(|line| println!("{line}"));
        eprint!("{text}");
    } else {
        print!("{text}");
    }
}

/// One that draws both eyes at once, if it can, and one that draws them in turn.
fn devices() -> Result<Vec<Rc<Gpu>>, pavilion::draw::DrawError> {
    let at_once = Gpu::open(GpuOptions::default())?;
    if let Some(reason) = &at_once.facts().in_turn {
        eprintln!("SKIPPED both eyes in one pass: {reason}");
        return Ok(vec![Rc::new(at_once)]);
    }
    let in_turn = Gpu::open(GpuOptions { lacks_multiview: true, ..GpuOptions::default() })?;
    Ok(vec![Rc::new(at_once), Rc::new(in_turn)])
}

/// Everything of the venue on each device, for each number of samples that it has.
fn lanes(gpus: &[Rc<Gpu>], scene: &Scene, folder: &Path) -> Vec<Lane> {
    let uploads: Vec<Upload> = upload::of(&scene.tileset, folder).collect();
    let mut lanes = Vec::new();
    for samples in SAMPLES {
        // All are the same GPU.
        if !gpus[0].can_sample(samples) {
            eprintln!("SKIPPED {samples} samples a pixel: the GPU cannot");
            continue;
        }
        lanes.extend(gpus.iter().map(|gpu| Lane::new(gpu, samples, scene, &uploads)));
    }
    if lanes.iter().any(|lane| !lane.has_clock()) {
        eprintln!(
            "SKIPPED the GPU's own clock: it has none; frames are timed from the first submit to the last"
        );
    }
    lanes
}

/// Draws the same in one pass and in two, says by how much the pictures differ, and keeps one.
fn compare(lanes: &mut [Lane], entrance: &mut Place, scene: &Scene, picture: Option<&Path>) {
    let within_budget = CULLINGS.len() - 1;
    let most = lanes.iter().map(|lane| lane.samples).max();
    let lanes = lanes.iter_mut().filter(|lane| Some(lane.samples) == most);
    let drawn: Vec<_> = lanes.map(|lane| lane.picture(scene, &mut entrance.views[within_budget])).collect();
    if let [at_once, in_turn] = &drawn[..] {
        let pairs = at_once.iter().zip(in_turn).flat_map(|(a, b)| a.rgba.iter().zip(&b.rgba));
        let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let count: usize = at_once.iter().map(|eye| eye.rgba.len()).sum();
        eprintln!("bench: one pass and two differ by {:.4} of 255 in the mean", sum as f64 / count as f64);
    }
    if let (Some(path), Some(eyes)) = (picture, drawn.first()) {
        write_png(path, &side_by_side(eyes)).expect("a picture");
    }
}
