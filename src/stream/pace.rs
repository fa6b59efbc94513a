//! How fast blobs come: what is worth waiting for depends on it.

use std::time::Duration;

/// How long arrivals are counted before the rate is told anew.
const COUNT: Duration = Duration::from_millis(100);

/// How much of the rate that was known is kept.
const KEPT: f64 = 0.6;

/// Bytes a second, of the times in which something was waited for.
#[derive(Debug, Default)]
pub struct Pace {
    bytes_per_second: f64,
    counted_bytes: u64,
    since: Option<Duration>,
}

impl Pace {
    /// So many bytes have come.
    pub fn arrived(&mut self, bytes: usize) {
        self.counted_bytes += bytes as u64;
    }

    /// It is `now`, and something is waited for or not.
    pub fn step(&mut self, now: Duration, is_waiting: bool) {
        let Some(since) = self.since.filter(|_| is_waiting) else {
            (self.since, self.counted_bytes) = (is_waiting.then_some(now), 0);
            return;
        };
        let passed = now.saturating_sub(since);
        if passed >= COUNT {
            let rate = std::mem::take(&mut self.counted_bytes) as f64 / passed.as_secs_f64();
            let kept = if self.bytes_per_second > 0.0 { KEPT } else { 0.0 };
            self.bytes_per_second = kept * self.bytes_per_second + (1.0 - kept) * rate;
            self.since = Some(now);
        }
    }

    /// What comes within this time; 0 while nothing is known.
    pub fn bytes_within(&self, time: Duration) -> u64 {
        (self.bytes_per_second * time.as_secs_f64()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_time_in_which_something_was_waited_for_counts() {
        let mut pace = Pace::default();
        let second = Duration::from_secs(1);
        assert_eq!(pace.bytes_within(second), 0);
        for n in 0..2000_u64 {
            // One second in two, a thousand bytes a millisecond.
            let is_waiting = (n / 1000) % 2 == 0;
            pace.step(Duration::from_millis(n), is_waiting);
            if is_waiting {
                pace.arrived(1000);
            }
        }
        let rate = pace.bytes_within(second);
        assert!((950_000..=1_010_000).contains(&rate), "{rate}");
        for n in 2000..4000_u64 {
            pace.step(Duration::from_millis(n), true);
            pace.arrived(250);
        }
        let rate = pace.bytes_within(second);
        assert!((245_000..=260_000).contains(&rate), "{rate}");
    }
}
