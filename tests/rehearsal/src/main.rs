//! What streaming does for a visitor, beside what others do: `cargo xtask bench stream`.

use std::process::ExitCode;
use std::time::Duration;

use pavilion_rehearsal::head::Path;
use pavilion_rehearsal::trial::{self, Outcome, Policy, Way};
use pavilion_rehearsal::twin::{Plan, Twin};
use serde_json::json;

const RATES: [f64; 3] = [20.0, 50.0, 150.0];
const ROUND_TRIPS_MILLIS: [u64; 3] = [5, 30, 80];
const LOSSES: [f64; 3] = [0.0, 0.01, 0.05];

/// Heads that are followed.
const SEEDS: u64 = 3;

/// How long a head is followed.
const LASTS: Duration = Duration::from_secs(20);

/// When the head turns, and how long what comes is looked at.
const TURN_AT: Duration = Duration::from_secs(3);
const TURN_LASTS: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let is_json = std::env::args().any(|argument| argument == "--json");
    let twin = Twin::new(Plan::LARGE, 1);
    if !is_json {
        println!("{:.0} MB in {} tiles", twin.size_bytes() as f64 / 1e6, twin.tileset.tiles().len());
        println!(
            "Mbit/s  ms  loss  policy        first view ms  px·s  seen·s  useful  stale kB  queue ms  MB"
        );
    }
    let mut headline = None;
    for rate in RATES {
        for millis in ROUND_TRIPS_MILLIS {
            for loss in LOSSES {
                let way = Way { megabits_per_second: rate, round_trip: Duration::from_millis(millis), loss };
                let rows = compare(&twin, way, is_json);
                if rate == 50.0 && millis == 30 && loss == 0.0 {
                    headline = Some(rows);
                }
            }
        }
    }
    let Some([ours, fine, usual, _]) = headline else { return ExitCode::FAILURE };
    // Whichever of its two settings is better for it.
    let cesium = if fine.pixel_seconds < usual.pixel_seconds { fine } else { usual };
    let rtt = 30.0;
    println!(
        "{}",
        json!({
            "area_ratio_to_cesium": ours.pixel_seconds / cesium.pixel_seconds,
            "seen_area_ratio_to_cesium": ours.seen_seconds / cesium.seen_seconds,
            "first_view_millis": ours.first_view_millis,
            "first_view_millis_over_rtts": ours.first_view_millis - 2.0 * rtt,
            "useful_after_turn": ours.useful,
        })
    );
    ExitCode::SUCCESS
}

/// The mean of some seeds.
#[derive(Clone, Copy, Default)]
struct Row {
    first_view_millis: f64,
    pixel_seconds: f64,
    seen_seconds: f64,
    useful: f64,
    stale_bytes: f64,
    queue_millis: f64,
    received_bytes: f64,
    up_bytes: f64,
}

fn compare(twin: &Twin, way: Way, is_json: bool) -> [Row; 4] {
    let policies = [
        ("ours", Policy::Ours),
        ("cesium 1 px", Policy::Cesium(1.0)),
        ("cesium 16 px", Policy::Cesium(16.0)),
        ("download", Policy::Download),
    ];
    policies.map(|(name, policy)| {
        let row = measure(policy, twin, way);
        let Way { megabits_per_second, round_trip, loss } = way;
        if is_json {
            println!(
                "{}",
                json!({ "policy": name, "megabits_per_second": megabits_per_second, "round_trip_millis": round_trip.as_millis() as u64,
                    "loss": loss, "first_view_millis": row.first_view_millis, "pixel_seconds": row.pixel_seconds,
                    "seen_seconds": row.seen_seconds, "useful_after_turn": row.useful, "stale_bytes": row.stale_bytes,
                    "queue_millis": row.queue_millis, "received_bytes": row.received_bytes, "up_bytes": row.up_bytes })
            );
        } else {
            println!(
                "{megabits_per_second:6.0} {:3} {:5.2}  {name:12} {:13.0} {:6.2} {:6.2} {:6.3} {:8.0} {:8.1} {:6.1} {:6.2}",
                round_trip.as_millis(), loss, row.first_view_millis, row.pixel_seconds, row.seen_seconds,
                row.useful, row.stale_bytes / 1e3, row.queue_millis, row.received_bytes / 1e6, row.up_bytes / 1e6
            );
        }
        row
    })
}

fn measure(policy: Policy, twin: &Twin, way: Way) -> Row {
    let mut sum = Row::default();
    for seed in 0..SEEDS {
        let path = Path::visitor(seed);
        let Outcome {
            first_view,
            pixel_seconds,
            seen_seconds,
            stale_bytes,
            queue,
            received_bytes,
            up_bytes,
            ..
        } = trial::run(policy, twin, way, &path, LASTS, seed);
        sum.first_view_millis += first_view.unwrap_or(LASTS).as_secs_f64() * 1e3;
        sum.pixel_seconds += pixel_seconds;
        sum.seen_seconds += seen_seconds;
        sum.stale_bytes += stale_bytes as f64;
        sum.queue_millis += queue.as_secs_f64() * 1e3;
        sum.received_bytes += received_bytes as f64;
        sum.up_bytes += up_bytes as f64;
        let turn = Path::quarter_turn(TURN_AT);
        let turned = trial::run(policy, twin, way, &turn, TURN_AT + TURN_LASTS, seed);
        sum.useful += trial::useful(twin, &turn, &turned.arrivals, TURN_AT, TURN_AT + TURN_LASTS);
    }
    let mean = |value: f64| value / SEEDS as f64;
    Row {
        first_view_millis: mean(sum.first_view_millis),
        pixel_seconds: mean(sum.pixel_seconds),
        seen_seconds: mean(sum.seen_seconds),
        useful: mean(sum.useful),
        stale_bytes: mean(sum.stale_bytes),
        queue_millis: mean(sum.queue_millis),
        received_bytes: mean(sum.received_bytes),
        up_bytes: mean(sum.up_bytes),
    }
}
