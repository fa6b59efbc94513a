//! The governor against nobody and against the usual resolution scaler, on a headset that is not there:
//! `cargo bench --bench governor --no-default-features`. Time is virtual and every visit has its seed, so that the
//! numbers are the same on every machine. It is a model: no number here is a headset's.

use std::thread;

use serde_json::json;

use policy::{KINDS, Kind};
use tally::{Sum, Tally};

mod device;
mod policy;
mod tally;

/// Visits of each policy.
const VISITS: u64 = 10_000;

/// As many as most machines have cores for.
const THREADS: u64 = 8;

fn main() {
    // Cargo adds `--bench`.
    let is_json = std::env::args().any(|word| word == "--json");
    let sums: Vec<(Kind, Sum)> = KINDS.iter().map(|&kind| (kind, tally_of(kind).sum())).collect();
    if is_json {
        let policies: Vec<_> = sums.iter().map(|(kind, sum)| sum.to_json(*kind)).collect();
        println!(
            "{}",
            json!({"bench": "governor", "is_model": true, "visits": VISITS, "policies": policies})
        );
        return;
    }
    println!("A model of a headset: {VISITS} visits of {} s for each policy", device::SECONDS);
    println!("{}", Sum::HEADING);
    for (kind, sum) in &sums {
        println!("{}", sum.to_line(*kind));
    }
}

/// All visits of a policy, in so many threads that the sum is the same on every machine.
fn tally_of(kind: Kind) -> Tally {
    thread::scope(|scope| {
        let begin = |first: u64| {
            scope.spawn(move || {
                let mut tally = Tally::default();
                (first..VISITS).step_by(THREADS as usize).for_each(|seed| tally.add(kind, seed));
                tally
            })
        };
        let working: Vec<_> = (0..THREADS).map(begin).collect();
        let mut all = Tally::default();
        for thread in working {
            all.join(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    })
}
