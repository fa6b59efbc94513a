//! What many visits came to.

use serde_json::{Value, json};

use crate::device::{Device, RAMP_SECONDS, SECONDS, Visit};
use crate::policy::{Kind, Policy, quality};

/// After the load has changed, a policy has so long before its steps count as unrest.
const UNSETTLED_SECONDS: f32 = 10.0;

/// Settled is when a second passes with no more late frames than this.
const SETTLED_LATE: usize = 2;

/// Sums over visits of one policy.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    late: u64,
    held_up: u64,
    frames: u64,
    seconds: f64,
    quality: f64,
    settle_seconds: Vec<f32>,
    never_settled: u64,
    steps: u64,
    steady_seconds: f64,
    /// Of each visit, as many as the worst minute of steady load has.
    worst_minute: Vec<f32>,
}

impl Tally {
    /// One visit more.
    pub fn add(&mut self, kind: Kind, seed: u64) {
        let visit = Visit::new(seed);
        let mut device = Device::new(&visit, seed, kind == Kind::Seeing);
        let mut policy = Policy::new(kind);
        let (mut lates, mut steps) = (Vec::new(), Vec::new());
        while device.seconds < SECONDS {
            let (facts, drawn) = device.frame(policy.grade());
            self.frames += 1;
            self.quality += f64::from(quality(drawn)) * f64::from(facts.frame_millis);
            if facts.is_late {
                lates.push(device.seconds);
            }
            if policy.observe(&facts) {
                steps.push(device.seconds);
            }
        }
        self.late += lates.len() as u64;
        self.held_up += device.held_up;
        self.seconds += f64::from(device.seconds);
        self.settle(&visit, &lates);
        self.unrest(&visit, &steps);
    }

    /// How long after the load's jump frames came in time.
    fn settle(&mut self, visit: &Visit, lates: &[f32]) {
        let jump = visit.heavy_seconds;
        let end = visit.hot_seconds.unwrap_or(visit.light_seconds);
        let lates: Vec<f32> = lates.iter().copied().filter(|time| (jump..end).contains(time)).collect();
        let late_after = |from: f32| lates.iter().filter(|time| (from..from + 1.0).contains(*time)).count();
        if late_after(jump) <= SETTLED_LATE {
            return; // This load was none too heavy.
        }
        let is_settled = |time: f32| time + 1.0 < end && late_after(time + 1e-4) <= SETTLED_LATE;
        match lates.iter().find(|&&time| is_settled(time)) {
            Some(time) => self.settle_seconds.push(time - jump),
            None => self.never_settled += 1,
        }
    }

    /// Steps while the load was steady.
    fn unrest(&mut self, visit: &Visit, steps: &[f32]) {
        let hot = visit.hot_seconds.unwrap_or(visit.light_seconds);
        let from_heavy = visit.heavy_seconds + UNSETTLED_SECONDS..hot;
        let from_hot = hot + RAMP_SECONDS + UNSETTLED_SECONDS..visit.light_seconds;
        let mut worst = 0;
        for stretch in [from_heavy, from_hot].iter().filter(|stretch| !stretch.is_empty()) {
            let steady: Vec<f32> = steps.iter().copied().filter(|time| stretch.contains(time)).collect();
            self.steps += steady.len() as u64;
            self.steady_seconds += f64::from(stretch.end - stretch.start);
            let minute =
                |from: &f32| steady.iter().filter(|time| (0.0..60.0).contains(&(*time - from))).count();
            worst = worst.max(steady.iter().map(minute).max().unwrap_or(0));
        }
        self.worst_minute.push(worst as f32);
    }

    /// Another's visits, too.
    pub fn join(&mut self, other: Self) {
        self.late += other.late;
        self.held_up += other.held_up;
        self.frames += other.frames;
        self.seconds += other.seconds;
        self.quality += other.quality;
        self.settle_seconds.extend(other.settle_seconds);
        self.never_settled += other.never_settled;
        self.steps += other.steps;
        self.steady_seconds += other.steady_seconds;
        self.worst_minute.extend(other.worst_minute);
    }

    /// The numbers.
    pub fn sum(mut self) -> Sum {
        let never = self.never_settled as f32;
        Sum {
            late_per_hour: self.late as f64 / self.seconds * 3600.0,
            held_up_per_hour: self.held_up as f64 / self.seconds * 3600.0,
            late_percent: 100.0 * self.late as f64 / self.frames as f64,
            settle_p50_seconds: rank(&mut self.settle_seconds, 0.5),
            settle_p99_seconds: rank(&mut self.settle_seconds, 0.99),
            never_settled_percent: 100.0 * never / (never + self.settle_seconds.len() as f32).max(1.0),
            steps_per_minute: self.steps as f64 / self.steady_seconds * 60.0,
            worst_minute_p99: rank(&mut self.worst_minute, 0.99),
            worst_minute_max: rank(&mut self.worst_minute, 1.0),
            quality: self.quality / (self.seconds * 1e3),
        }
    }
}

/// The number below which a share of them lies; NaN for none.
fn rank(numbers: &mut [f32], share: f32) -> f32 {
    numbers.sort_unstable_by(f32::total_cmp);
    let place = (share * numbers.len().saturating_sub(1) as f32).round() as usize;
    numbers.get(place).copied().unwrap_or(f32::NAN)
}

/// What is printed of a policy.
pub struct Sum {
    late_per_hour: f64,
    held_up_per_hour: f64,
    late_percent: f64,
    settle_p50_seconds: f32,
    settle_p99_seconds: f32,
    never_settled_percent: f32,
    steps_per_minute: f64,
    worst_minute_p99: f32,
    worst_minute_max: f32,
    quality: f64,
}

impl Sum {
    /// Above the lines of [`Sum::to_line`].
    pub const HEADING: &str = "policy               late/h (held up)    late %  settle p50  settle p99  never %  steps/min  worst min p99/max  quality";

    /// One row.
    pub fn to_line(&self, kind: Kind) -> String {
        format!(
            "{:<20} {:>6.0} {:>10} {:>7.2} % {:>8.2} s {:>9.2} s {:>6.1} % {:>9.2} {:>9.0} / {:<6.0} {:>9.3}",
            kind.name(),
            self.late_per_hour,
            format!("({:.0})", self.held_up_per_hour),
            self.late_percent,
            self.settle_p50_seconds,
            self.settle_p99_seconds,
            self.never_settled_percent,
            self.steps_per_minute,
            self.worst_minute_p99,
            self.worst_minute_max,
            self.quality
        )
    }

    /// For programs.
    pub fn to_json(&self, kind: Kind) -> Value {
        json!({
            "policy": kind.name(),
            "late_per_hour": self.late_per_hour,
            "held_up_per_hour": self.held_up_per_hour,
            "late_percent": self.late_percent,
            "settle_p50_seconds": self.settle_p50_seconds,
            "settle_p99_seconds": self.settle_p99_seconds,
            "never_settled_percent": self.never_settled_percent,
            "steps_per_minute": self.steps_per_minute,
            "worst_minute_p99": self.worst_minute_p99,
            "worst_minute_max": self.worst_minute_max,
            "quality": self.quality,
        })
    }
}
