//! `cargo xtask bench walk`: what streaming takes of a headset's frames on a walk through a venue of 26 million triangles
//! that comes meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::route::{self, Leg, stand, turn, walk};
use super::{Arguments, xr};
use crate::setup::cache::Cache;
use crate::setup::prefix::Prefix;
use crate::setup::{self, Downloads};
use crate::venue::{Make, SPAWN};
use crate::{demo, process, run, workspace};

/// In by the entrance, down the hall and back, looking into the aisles on the way.
const WAY: &[Leg] = &[
    stand(4.0),
    walk(7.0),
    turn(90.0),
    stand(2.0),
    turn(-180.0),
    stand(2.0),
    turn(90.0),
    walk(8.0),
    turn(180.0),
    stand(3.0),
    walk(6.0),
    turn(-90.0),
    walk(8.0),
    stand(3.0),
];

/// More than this of a frame is an excess, milliseconds.
const LIMIT_MILLIS: f64 = 1.5;

/// What the visits differ in: the last one has less memory than what it sees, MiB, so that things go to make room.
const VISITS: [(&str, Option<u32>); 3] = [("cold", None), ("warm", None), ("tight", Some(64))];

/// Measures it: with an empty cache, with all on the disk, and so with little memory.
pub fn run(arguments: &Arguments) -> Result<()> {
    let cache = Cache::of_user()?;
    let prefix = setup::for_running(&cache, Downloads::Forget)?;
    eprintln!("bench: walk (the first time builds the viewer optimised and bakes the venue, twenty minutes)");
    let program = workspace::build_pavilion(true)?;
    let twin = demo::provide_other_twin(&program, Make { is_dense: true, ..Make::DEMO })?;
    // A socket's path ends at 107 bytes, so not under the target folder.
    let home = cache.join(&format!("bench-{}", std::process::id()));
    fs::create_dir_all(&home).with_context(|| format!("cannot write {}", home.display()))?;
    let measured = VISITS.iter().try_for_each(|(visit, memory_mebibytes)| {
        let facts = measure(&prefix, &program, &twin, &home, (visit, *memory_mebibytes))?;
        print(&facts, arguments.json);
        Ok(())
    });
    fs::remove_dir_all(&home)?;
    measured
}

fn measure(
    prefix: &Prefix,
    program: &Path,
    twin: &Path,
    home: &Path,
    (visit, memory_mebibytes): (&str, Option<u32>),
) -> Result<Value> {
    let _runtime = xr::serve(prefix, home)?;
    let (way, trace) = (home.join("way.jsonl"), home.join("trace.jsonl"));
    fs::write(&way, route::lines(&route::points(SPAWN, WAY)))?;
    eprintln!("bench: a {visit} visit in a headset's session");
    let mut view = run::on_prefix(prefix, program);
    view.arg("view").arg(twin).args(["--headset", "--no-mirror", "--size", "256x256", "--follow"]).arg(&way);
    view.arg("--trace").arg(&trace).arg("--json").env("XDG_RUNTIME_DIR", home).stderr(Stdio::null());
    view.args(memory_mebibytes.map(|mebibytes| format!("--memory={mebibytes}")));
    view.env_remove("XR_RUNTIME_JSON").env("PAVILION_CACHE", home.join("cache"));
    let report: Value =
        serde_json::from_str(&process::output(&mut view)?).context("the report is no JSON")?;
    let text = fs::read_to_string(&trace).with_context(|| format!("cannot read {}", trace.display()))?;
    let frames = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    Ok(facts(visit, &report, &frames))
}

/// What the trace says of all frames.
fn facts(visit: &str, report: &Value, frames: &[Value]) -> Value {
    let of_frame = |frame: &Value| -> Vec<(String, f64)> {
        let parts = frame["streaming"]["millis"].as_object().into_iter().flatten();
        parts.map(|(part, millis)| (part.clone(), millis.as_f64().unwrap_or_default())).collect()
    };
    let mut sums: Vec<f64> =
        frames.iter().map(|frame| of_frame(frame).iter().map(|(_, m)| m).sum()).collect();
    sums.sort_by(f64::total_cmp);
    let excesses: Vec<Value> = frames
        .iter()
        .filter(|frame| of_frame(frame).iter().map(|(_, millis)| millis).sum::<f64>() > LIMIT_MILLIS)
        .map(|frame| json!({ "frame": frame["frame"], "seconds": frame["seconds"], "millis": frame["streaming"]["millis"] }))
        .collect();
    let mut waits = BTreeMap::<&str, u64>::new();
    for (part, count) in frames.iter().filter_map(|frame| frame["streaming"]["waits"].as_object()).flatten() {
        *waits.entry(part).or_default() += count.as_u64().unwrap_or_default();
    }
    let bytes = |key: &str| frames.iter().filter_map(|frame| frame[key].as_u64()).collect::<Vec<u64>>();
    let (resident, memory) = (bytes("resident_bytes"), report["memory_bytes"].as_u64());
    json!({
        "visit": visit,
        "frames": frames.len(),
        "bytes_received": report["bytes_received"],
        "bytes_from_cache": report["bytes_from_cache"],
        "triangles_drawn": report["triangles_drawn"],
        "streaming_p50_millis": share(&sums, 0.5),
        "streaming_p99_millis": share(&sums, 0.99),
        "streaming_max_millis": share(&sums, 1.0),
        "frames_over_limit": excesses.len(),
        "over_limit": excesses,
        "waits": (!waits.is_empty()).then(|| waits.values().sum::<u64>()),
        "waited_for": waits.into_iter().filter(|(_, count)| *count > 0).collect::<BTreeMap<_, _>>(),
        "resident_max_bytes": resident.iter().max(),
        "frames_over_memory": resident.iter().filter(|bytes| Some(**bytes) > memory).count(),
        "held_max_bytes": bytes("held_bytes").iter().max(),
        "memory_bytes": report["memory_bytes"],
        "parts": report["streaming"]["parts"],
    })
}

fn share(sorted: &[f64], share: f64) -> Option<f64> {
    sorted.get((share * sorted.len().saturating_sub(1) as f64).round() as usize).copied()
}

fn print(facts: &Value, is_json: bool) {
    if is_json {
        return println!("{facts}");
    }
    let number = |key: &str| facts[key].as_f64().unwrap_or(f64::NAN);
    println!(
        "{} visit: {} frames, {:.1} MB received, {:.1} MB from the cache",
        facts["visit"].as_str().unwrap_or_default(),
        facts["frames"],
        number("bytes_received") / 1e6,
        number("bytes_from_cache") / 1e6
    );
    println!(
        "  streaming on the frame's thread, CPU ms: p50 {:.3}, p99 {:.3}, most {:.3}; {} frames above {LIMIT_MILLIS}",
        number("streaming_p50_millis"),
        number("streaming_p99_millis"),
        number("streaming_max_millis"),
        facts["frames_over_limit"]
    );
    for part in facts["parts"].as_array().into_iter().flatten() {
        let millis = part["max_millis"].as_f64().unwrap_or(f64::NAN);
        println!("    {:<10} {millis:.3} at most", part["part"].as_str().unwrap_or_default());
    }
    println!(
        "  waits for a lock, a disk or anything else but a core: {}, by what the thread was at: {}",
        facts["waits"], facts["waited_for"]
    );
    println!(
        "  tiles and images: {:.1} MiB at most, of {:.1} MiB allowed; more in {} frames; in buffers and arrays of {:.1} MiB",
        number("resident_max_bytes") / 1048576.0,
        number("memory_bytes") / 1048576.0,
        facts["frames_over_memory"],
        number("held_max_bytes") / 1048576.0
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_above_the_limit_is_named_and_a_wait_is_counted() {
        let frame = |frame: u32, upload: f64, waits: u64| {
            json!({ "frame": frame, "seconds": 1.0, "resident_bytes": 10 * frame, "held_bytes": 100 - frame,
                "streaming": { "waits": { "network": 0, "upload": waits }, "millis": { "network": 0.5, "upload": upload } } })
        };
        let frames = [frame(1, 0.5, 0), frame(2, 1.25, 1), frame(3, 0.0, 0)];
        let facts = facts("cold", &json!({ "memory_bytes": 20 }), &frames);
        assert_eq!((&facts["frames_over_memory"], &facts["held_max_bytes"]), (&json!(1), &json!(99)));
        assert_eq!((&facts["frames_over_limit"], &facts["waits"]), (&json!(1), &json!(1)));
        assert_eq!(facts["waited_for"], json!({ "upload": 1 }));
        assert_eq!((&facts["over_limit"][0]["frame"], &facts["resident_max_bytes"]), (&json!(2), &json!(30)));
        assert_eq!(
            (&facts["streaming_p50_millis"], &facts["streaming_max_millis"]),
            (&json!(1.0), &json!(1.75))
        );
    }
}
