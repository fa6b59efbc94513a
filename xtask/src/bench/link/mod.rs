//! `cargo xtask bench link`: the demo venue over one shaped wire, to our viewer by QUIC and to 3DTilesRendererJS in a
//! Chromium by HTTP; the same tiles, the same host, the same way through the hall.
//!
//! What each draws at a time is written down; how coarse that is on the screen is worked out afterwards, for both by the
//! same program (`benches/sight`), which knows every triangle.

mod visit;
mod wire;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Arguments;
use super::route::{self, Leg, Point, stand, turn, walk};
use crate::fault;
use crate::process::{self};
use crate::venue::SPAWN;
use crate::workspace;
use visit::{Sample, Visits};
use wire::Wire;

/// Of the wire.
const MEGABITS_PER_SECOND: u32 = 20;

/// In by the entrance, some steps, a look to each side, and on.
const WAY: &[Leg] = &[
    stand(6.0),
    walk(5.6),
    stand(2.0),
    turn(90.0),
    stand(4.0),
    turn(-180.0),
    stand(4.0),
    turn(90.0),
    walk(5.6),
    stand(3.0),
];

/// How often it is asked what is shown.
const SAMPLES_A_SECOND: f32 = 4.0;

/// How often each visits, in turn.
const ROUNDS: usize = 2;

/// Errors on the screen of which it is told when they are reached for good, pixels.
const ERRORS_PIXELS: [f64; 4] = [400.0, 300.0, 250.0, 125.0];

/// Measures it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let wire = match Wire::lay(MEGABITS_PER_SECOND) {
        Ok(wire) => wire,
        Err(error) if fault::code(&error) == 3 => {
            eprintln!("SKIPPED link: {error:#}");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let folder = workspace::target()?.join("link");
    fs::create_dir_all(&folder).with_context(|| format!("cannot write {}", folder.display()))?;
    let way = route::points(SPAWN, WAY);
    let visits = Visits::prepare(arguments, &wire, &folder, &way)?;
    let mut rows = Vec::new();
    for round in 1..=ROUNDS {
        for viewer in visits.viewers() {
            eprintln!("bench: {} over {MEGABITS_PER_SECOND} Mbit/s, {round} of {ROUNDS}", viewer.name());
            let samples = visits.make(viewer, &way)?;
            let judged = judge(&samples, &visits.twin, &way, &folder)?;
            let row = summary(viewer.name(), samples.len(), &judged);
            print(&row, arguments.json);
            rows.push(row);
        }
    }
    compare(&rows, arguments.json);
    Ok(())
}

/// What was shown at even times, with how coarse that was.
fn judge(samples: &[Sample], twin: &Path, way: &[Point], folder: &Path) -> Result<Vec<Value>> {
    let file: PathBuf = folder.join("samples.jsonl");
    let mut out = fs::File::create(&file).with_context(|| format!("cannot write {}", file.display()))?;
    let last = way.last().map_or(0.0, |point| point.seconds);
    for tick in 1..=(last * SAMPLES_A_SECOND) as u32 {
        let seconds = tick as f32 / SAMPLES_A_SECOND;
        // What was drawn last before then is what is seen.
        let shown = samples.iter().rev().find(|sample| sample.seconds <= f64::from(seconds));
        let Some(here) = way.iter().rev().find(|point| point.seconds <= seconds) else { continue };
        let (tiles, bytes) = shown.map_or((json!([]), 0), |sample| (sample.tiles.clone(), sample.bytes));
        let line = json!({ "seconds": seconds, "feet": here.feet.to_array(), "yaw_degrees": here.yaw_degrees,
            "tiles": tiles, "bytes": bytes });
        writeln!(out, "{line}")?;
    }
    drop(out);
    let mut program = workspace::cargo();
    program.args(["bench", "--quiet", "--bench", "sight", "--profile", "dev", "--"]);
    let text = process::output(program.arg(twin).arg(&file))?;
    text.lines().map(|line| serde_json::from_str(line).context("no JSON of what was seen")).collect()
}

/// When each error was reached for good, with how many bytes, and what was missed in all.
fn summary(viewer: &str, frames: usize, judged: &[Value]) -> Value {
    let number = |line: &Value, key: &str| line[key].as_f64().unwrap_or(f64::NAN);
    // While somebody stands at the entrance, before the way begins.
    let standing = WAY.first().map_or(0.0, |leg| f64::from(leg.seconds));
    let entrance: Vec<&Value> = judged.iter().filter(|line| number(line, "seconds") <= standing).collect();
    let reached = |error: f64| {
        let above =
            entrance.iter().rposition(|line| number(line, "pixels") > error || number(line, "holes") > 0.02);
        let first = above.map_or(0, |index| index + 1);
        entrance.get(first).map(|line| json!({ "seconds": line["seconds"], "bytes": line["bytes"] }))
    };
    let sum =
        |key: &str| judged.iter().map(|line| number(line, key)).sum::<f64>() / f64::from(SAMPLES_A_SECOND);
    let whole = judged.iter().find(|line| number(line, "holes") < 0.02);
    json!({
        "viewer": viewer,
        "frames": frames,
        "whole_view_seconds": whole.map(|line| &line["seconds"]),
        "whole_view_bytes": whole.map(|line| &line["bytes"]),
        "reached": ERRORS_PIXELS.map(|error| json!({ "pixels": error, "at": reached(error) })),
        "entrance_pixels": entrance.last().map(|line| &line["pixels"]),
        "end_pixels": judged.last().map(|line| &line["pixels"]),
        "pixel_seconds": sum("pixels"),
        "told_apart_seconds": sum("told_apart"),
        "bytes": judged.last().map(|line| &line["bytes"]),
    })
}

fn print(row: &Value, is_json: bool) {
    if is_json {
        return println!("{row}");
    }
    let number = |value: &Value| value.as_f64().map_or("–".to_owned(), |number| format!("{number:.2}"));
    let megabytes =
        |value: &Value| value.as_f64().map_or("–".to_owned(), |bytes| format!("{:.2} MB", bytes / 1e6));
    println!("{}, {} frames", row["viewer"].as_str().unwrap_or_default(), row["frames"]);
    println!(
        "  whole view   {} s, {}",
        number(&row["whole_view_seconds"]),
        megabytes(&row["whole_view_bytes"])
    );
    for reached in row["reached"].as_array().into_iter().flatten() {
        let (error, at) = (&reached["pixels"], &reached["at"]);
        println!("  {:>4} pixels  {} s, {}", error, number(&at["seconds"]), megabytes(&at["bytes"]));
    }
    println!(
        "  missed       {} px·s on the way ({} times what eyes tell apart, ·s); {} px at the entrance, {} at the end; {} in all",
        number(&row["pixel_seconds"]),
        number(&row["told_apart_seconds"]),
        number(&row["entrance_pixels"]),
        number(&row["end_pixels"]),
        megabytes(&row["bytes"])
    );
}

/// Both by the mean of their rounds.
fn compare(rows: &[Value], is_json: bool) {
    let mean = |viewer: &str, key: &str| {
        let of: Vec<f64> =
            rows.iter().filter(|row| row["viewer"] == viewer).filter_map(|row| row[key].as_f64()).collect();
        (!of.is_empty()).then(|| of.iter().sum::<f64>() / of.len() as f64)
    };
    let keys = ["whole_view_seconds", "pixel_seconds", "told_apart_seconds", "bytes"];
    let ratio = |key: &str| Some(mean("ours", key)? / mean("3d-tiles-renderer", key)?);
    let line: serde_json::Map<String, Value> =
        keys.iter().map(|key| (format!("{key}_ratio_to_3d_tiles_renderer"), json!(ratio(key)))).collect();
    if is_json {
        return println!("{}", Value::Object(line));
    }
    for (key, value) in &line {
        println!("{key} {}", value.as_f64().map_or("–".to_owned(), |ratio| format!("{ratio:.2}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_counts_as_reached_once_it_stays_below() {
        let line = |seconds: f64, pixels: f64, holes: f64| json!({ "seconds": seconds, "pixels": pixels, "told_apart": 1.0, "holes": holes, "bytes": seconds * 10.0 });
        let judged =
            [line(0.25, 900.0, 1.0), line(0.5, 280.0, 0.0), line(0.75, 310.0, 0.0), line(1.0, 200.0, 0.0)];
        let row = summary("ours", 9, &judged);
        assert_eq!((&row["whole_view_seconds"], &row["whole_view_bytes"]), (&json!(0.5), &json!(5.0)));
        let at = |index: usize| row["reached"][index]["at"]["seconds"].clone();
        assert_eq!([at(0), at(1), at(2), at(3)], [json!(0.5), json!(1.0), json!(1.0), Value::Null]);
        assert_eq!(row["pixel_seconds"], json!((900.0 + 280.0 + 310.0 + 200.0) / 4.0));
    }
}
