//! How coarse is what was shown: for heads at times and the tiles that a viewer drew then, the error on the screen.
//!
//! In: a baked folder, and a file of JSON lines with `feet` (metres), `yaw_degrees` (to the left of −Z) and `tiles`, each
//! the number of a tile or the name of its file. Out: for each line the same line with `pixels` (the mean error on the
//! screen), `told_apart` (how many times more than the eye could tell apart there, the mean) and `holes` (the share of
//! directions in which nothing is shown). Whoever chose the tiles, it is measured alike: along a grid of directions the
//! first triangle of the finest tiles is looked for, and the error of the finest tile above it that is shown counts.

#![allow(clippy::expect_used)]

mod ground;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use glam::{Quat, Vec3};
use ground::Ground;
use pavilion::math::Pose;
use pavilion::math::fovea::Fovea;
use pavilion::protocol::manifest;
use pavilion::scene::{TileId, Tileset};
use serde_json::Value;

/// Directions across, and down.
const GRID: u32 = 16;

/// The vertical field of view of `pavilion view --headless`, which is square here; and its pixels.
const FOV_RADIANS: f32 = 1.396;
const SIDE: f32 = 640.0;

/// Eye height, metres, as the viewer has it.
const EYES_METRES: f32 = 1.6;

/// Nothing is as wrong as this, radians: nothing at all is shown.
const NOTHING_RADIANS: f32 = 1.0;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [folder, samples] = arguments.as_slice() else {
        eprintln!("give a baked folder and a file of samples");
        std::process::exit(2);
    };
    let folder = Path::new(folder);
    let bytes = std::fs::read(folder.join(manifest::FILE_NAME)).expect("a folder that bake made");
    let tileset = manifest::decode(&bytes).expect("a manifest");
    let names = names(&tileset);
    let mut ground = Ground::read(&tileset, folder);
    // Two viewers look from the same places.
    let mut known: HashMap<[u32; 4], Vec<Option<Seen>>> = HashMap::new();
    let mut out = std::io::stdout().lock();
    for line in BufReader::new(std::fs::File::open(samples).expect("samples")).lines() {
        let mut sample: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let head = head(&sample);
        let key = [head.0.x, head.0.y, head.0.z, head.1].map(f32::to_bits);
        let seen = known.entry(key).or_insert_with(|| look(&mut ground, &tileset, head));
        let mut shown = vec![false; tileset.tiles().len()];
        for tile in sample["tiles"].as_array().into_iter().flatten() {
            let numbers = match tile {
                Value::String(name) => names.get(name.as_str()).cloned().unwrap_or_default(),
                number => number.as_u64().map(|number| number as usize).into_iter().collect(),
            };
            numbers.into_iter().for_each(|number| shown[number] = true);
        }
        judge(&mut sample, seen, &shown, &tileset);
        sample["tiles"] = sample["tiles"].as_array().map_or(0, Vec::len).into();
        writeln!(out, "{sample}").expect("stdout");
    }
}

/// Feet and degrees of the sample.
fn head(sample: &Value) -> (Vec3, f32) {
    let number = |value: &Value| value.as_f64().expect("a number") as f32;
    let feet = &sample["feet"];
    (Vec3::new(number(&feet[0]), number(&feet[1]), number(&feet[2])), number(&sample["yaw_degrees"]))
}

/// The tiles that a file is the content of: several where they look alike.
fn names(tileset: &Tileset) -> HashMap<String, Vec<usize>> {
    let mut names: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, tile) in tileset.tiles().iter().enumerate() {
        if let Some(blob) = tile.content {
            names.entry(format!("{}.glb", tileset.blobs()[blob.index()].hash)).or_default().push(index);
        }
    }
    names
}

/// What is in a direction.
struct Seen {
    metres: f32,
    /// How far from the middle of the view, radians.
    eccentricity: f32,
    /// The finest tile, and those above it.
    tiles: Vec<TileId>,
}

fn look(ground: &mut Ground, tileset: &Tileset, (feet, yaw_degrees): (Vec3, f32)) -> Vec<Option<Seen>> {
    let turn = Quat::from_rotation_y(yaw_degrees.to_radians());
    let origin = feet + Vec3::Y * EYES_METRES;
    let edge = (FOV_RADIANS / 2.0).tan();
    let head = Pose { position: origin, orientation: turn };
    (0..GRID * GRID)
        .map(|step| {
            let [x, y] =
                [step % GRID, step / GRID].map(|n| ((n as f32 + 0.5) / GRID as f32 * 2.0 - 1.0) * edge);
            let direction = (turn * Vec3::new(x, y, -1.0)).normalize_or(Vec3::NEG_Z);
            let (metres, tile) = ground.meets(tileset, origin, direction)?;
            let mut tiles = vec![tile];
            tileset.visit_above(tile, |above| tiles.push(above));
            Some(Seen { metres, eccentricity: direction.angle_between(head.forward()), tiles })
        })
        .collect()
}

fn judge(sample: &mut Value, seen: &[Option<Seen>], shown: &[bool], tileset: &Tileset) {
    let pixel_radians = 2.0 * (FOV_RADIANS / 2.0).tan() / SIDE;
    let (mut pixels, mut told_apart, mut holes, mut count) = (0.0, 0.0, 0, 0);
    for Seen { metres, eccentricity, tiles } in seen.iter().flatten() {
        count += 1;
        let errors = tiles.iter().filter(|tile| shown[tile.index()]);
        let error = errors.map(|tile| tileset.tile(*tile).geometric_error_metres).min_by(f32::total_cmp);
        let radians = error.map_or(NOTHING_RADIANS, |error| (error / metres.max(0.5)).min(NOTHING_RADIANS));
        holes += u32::from(error.is_none());
        pixels += f64::from(radians / pixel_radians);
        told_apart += f64::from(radians / Fovea::HEAD_ONLY.error_radians(*eccentricity, pixel_radians));
    }
    let mean = |sum: f64| sum / f64::from(count.max(1));
    sample["pixels"] = mean(pixels).into();
    sample["told_apart"] = mean(told_apart).into();
    sample["holes"] = mean(f64::from(holes)).into();
}
