//! How often somebody may do something: a token bucket.

use std::time::Duration;

/// So many a second in the long run, and so many at once after a silence.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    per_second: f64,
    burst: f64,
    left: f64,
    at: Duration,
}

impl Allowance {
    /// A full one.
    pub fn new(per_second: f64, burst: f64, now: Duration) -> Self {
        Self { per_second, burst, left: burst, at: now }
    }

    /// Takes one; `false` when there is none, and then nothing is taken.
    #[must_use]
    pub fn take(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.left = (self.left + passed * self.per_second).min(self.burst);
        let has_one = self.left >= 1.0;
        if has_one {
            self.left -= 1.0;
        }
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_the_steady_rate() {
        let mut allowance = Allowance::new(60.0, 30.0, Duration::ZERO);
        let taken = |allowance: &mut Allowance, millis: u64| {
            (0..1000).filter(|_| allowance.take(Duration::from_millis(millis))).count()
        };
        assert_eq!(taken(&mut allowance, 0), 30);
        assert_eq!(taken(&mut allowance, 100), 6);
        assert_eq!(taken(&mut allowance, 50), 0, "time that runs back gives nothing");
        assert_eq!(taken(&mut allowance, 60_000), 30);
    }
}
