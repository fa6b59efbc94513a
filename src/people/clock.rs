//! Another's clock as we see it through the network, and the moment of it that is shown now.
//!
//! The two clocks and the network's delay cannot be told apart, and need not be: of the last seconds'
//! samples the one that came soonest says how far the clocks are apart, because a network delays and
//! never hastens. Shown is what was a tenth of a second before that: two samples' time, so that one
//! may be lost or late without a halt; more where samples are seldom or the network is uneven. When the estimate changes, time runs a little faster or slower
//! until it is made good; it never jumps, except over breaks.

use std::time::Duration;

/// How far behind the newest sample we show, at least: two intervals of samples.
const DELAY_MILLIS_MIN: f64 = 100.0;

/// The same at the most, for people far off of whom a crowded host tells us seldom.
const DELAY_MILLIS_MAX: f64 = 750.0;

/// The delay in intervals between samples, where they come more seldom than they should, and in what
/// they are late by in the middle.
const DELAY_INTERVALS: f64 = 1.5;
const DELAY_LATENESSES: f64 = 1.5;

/// How much of a new interval and lateness the estimates take on.
const SHARE: f64 = 0.1;

/// The soonest sample is looked for in this window and the one before.
const WINDOW_MILLIS: f64 = 2_000.0;

/// How much faster or slower than ours their time may be shown.
const CATCH_UP: f64 = 0.1;

/// A gap that is not made good by and by.
const JUMP_MILLIS: f64 = 500.0;

/// What is known of somebody's clock. All times are milliseconds: theirs from their first sample on,
/// ours from the start of the program.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Ours less theirs, of the soonest sample of this window and of the last.
    soonest: [f64; 2],
    window_began: f64,
    interval_millis: f64,
    lateness_millis: f64,
    last_time: Option<f64>,
    /// What is shown, and when we looked.
    shown: Option<(f64, f64)>,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            soonest: [f64::INFINITY; 2],
            window_began: 0.0,
            interval_millis: DELAY_MILLIS_MIN / 2.0,
            lateness_millis: 0.0,
            last_time: None,
            shown: None,
        }
    }
}

impl Clock {
    /// A sample of their time `time` came at our time `now`.
    pub fn heard(&mut self, time: f64, now: Duration) {
        let now = millis(now);
        if now - self.window_began > WINDOW_MILLIS {
            let [current, _] = self.soonest;
            self.soonest = [f64::INFINITY, current];
            self.window_began = now;
        }
        let [current, _] = &mut self.soonest;
        *current = current.min(now - time);
        let lateness = (now - time - self.soonest()).min(DELAY_MILLIS_MAX);
        self.lateness_millis += (lateness - self.lateness_millis) * SHARE;
        if let Some(last) = self.last_time.replace(time) {
            let interval = (time - last).min(DELAY_MILLIS_MAX);
            self.interval_millis += (interval - self.interval_millis) * SHARE;
        }
    }

    /// The moment of theirs that is shown at our time `now`.
    pub fn show(&mut self, now: Duration) -> f64 {
        let now = millis(now);
        let delay = self.interval_millis * DELAY_INTERVALS + self.lateness_millis * DELAY_LATENESSES;
        let aim = now - self.soonest() - delay.clamp(DELAY_MILLIS_MIN, DELAY_MILLIS_MAX);
        let shown = match self.shown {
            Some((shown, looked)) if (aim - shown - (now - looked)).abs() < JUMP_MILLIS => {
                let passed = now - looked;
                let most = passed * CATCH_UP;
                shown + passed + (aim - shown - passed).clamp(-most, most)
            }
            _ => aim,
        };
        self.shown = Some((shown, now));
        shown
    }

    fn soonest(&self) -> f64 {
        let [current, before] = self.soonest;
        current.min(before)
    }

    /// The moment that was shown last.
    pub fn last_shown(&self) -> Option<f64> {
        self.shown.map(|(shown, _)| shown)
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
