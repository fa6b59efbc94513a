//! When a connection that hears nothing tries another way: a headset changes its network, and nobody says so.
//!
//! Time and counts come in as arguments.

use std::time::Duration;

use crate::protocol::transport::KEEP_ALIVE_MILLIS;

/// Longer than any silence of a connection that works: what is said to keep it alive is answered at once.
const SILENT: Duration = Duration::from_millis(KEEP_ALIVE_MILLIS + 1_000);

/// Between one try and the next.
const AGAIN: Duration = Duration::from_millis(3_000);

/// How long a connection has heard nothing.
#[derive(Debug)]
pub struct Silence {
    heard: u64,
    since: Duration,
    tried: Option<Duration>,
}

impl Silence {
    /// Something was heard just now.
    pub fn new(now: Duration) -> Self {
        Self { heard: 0, since: now, tried: None }
    }

    /// It is `now`, and so many packets were heard in all; whether another way is to be tried.
    pub fn step(&mut self, now: Duration, heard: u64) -> bool {
        if heard != self.heard {
            *self = Self { heard, since: now, tried: None };
            return false;
        }
        let waits_for = match self.tried {
            None => self.since + SILENT,
            Some(tried) => tried + AGAIN,
        };
        let is_due = now >= waits_for;
        if is_due {
            self.tried = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::transport::IDLE_MILLIS;

    #[test]
    fn another_way_is_tried_some_times_before_the_connection_is_given_up() {
        let second = Duration::from_secs(1);
        let mut silence = Silence::new(Duration::ZERO);
        let mut tries = |from: u64, until: u64, heard: &dyn Fn(u64) -> u64| -> Vec<u64> {
            (from..until).filter(|n| silence.step(second * *n as u32, heard(*n))).collect()
        };
        assert!(tries(0, 60, &|n| n / 4).is_empty(), "it is heard every four seconds");
        let silent = tries(60, 60 + IDLE_MILLIS / 1000, &|_| 15);
        assert_eq!(silent, [65, 68, 71, 74]);
        assert!(tries(75, 80, &|_| 16).is_empty());
    }
}
