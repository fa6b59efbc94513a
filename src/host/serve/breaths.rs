//! When all visitors of a host hold their breath, so that each learns what its path takes without a queue.
//!
//! Every few seconds; and sooner where somebody has just come, who may have seen the path with a queue only. Pure: whoever
//! asks brings the time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// From one to the next.
const EVERY: Duration = Duration::from_secs(3);

/// Newcomers do not call for another one sooner.
const EVERY_AT_LEAST: Duration = Duration::from_millis(400);

/// See the module.
#[derive(Debug)]
pub struct Breaths {
    epoch: Instant,
    /// When the last one began, nanoseconds since the epoch.
    last_nanos: AtomicU64,
}

impl Breaths {
    /// From now on.
    pub fn new(epoch: Instant) -> Self {
        Self { epoch, last_nanos: AtomicU64::new(0) }
    }

    /// How long ago the last one began, which may be now.
    pub fn since_last(&self, now: Instant) -> Duration {
        self.call(now, EVERY)
    }

    /// Somebody has come.
    pub fn came(&self, now: Instant) {
        self.call(now, EVERY_AT_LEAST);
    }

    /// Begins one if the last is so long ago; how long ago it was then.
    fn call(&self, now: Instant, least: Duration) -> Duration {
        let now_nanos = now.saturating_duration_since(self.epoch).as_nanos() as u64;
        let last_nanos = self.last_nanos.load(Ordering::Relaxed);
        let since = Duration::from_nanos(now_nanos.saturating_sub(last_nanos));
        if since < least {
            return since;
        }
        // Whoever else calls at the same time means the same breath.
        self.last_nanos.store(now_nanos, Ordering::Relaxed);
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breath_is_held_every_few_seconds_and_when_somebody_has_come() {
        let epoch = Instant::now();
        let breaths = Breaths::new(epoch);
        let at = |millis: u64| epoch + Duration::from_millis(millis);
        let since = |millis: u64| breaths.since_last(at(millis)).as_millis();
        assert_eq!((since(2_999), since(3_000), since(3_100)), (2_999, 0, 100));
        breaths.came(at(3_399));
        assert_eq!(since(3_399), 399);
        breaths.came(at(3_400));
        assert_eq!((since(3_450), since(6_399), since(6_400)), (50, 2_999, 0));
    }
}
