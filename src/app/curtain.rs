//! Between one place and the next it is dark, so that nobody sees the next one come together.

use std::time::Duration;

/// How long it takes to become light.
const OPENING: Duration = Duration::from_millis(300);

/// However little is there by then, it is shown.
const PATIENCE: Duration = Duration::from_millis(1500);

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub enum Curtain {
    /// Nothing is hidden.
    #[default]
    Open,
    /// It is dark.
    Closed {
        /// Since when.
        since: Duration,
    },
    /// It becomes light.
    Opening {
        /// Since when.
        since: Duration,
    },
}

impl Curtain {
    /// From `now` on it is dark.
    pub fn closed(now: Duration) -> Self {
        Self::Closed { since: now }
    }

    /// A frame is made at `now`; `is_whole`: wherever one looks there is something. Returns how dark it is, from 0 to 1.
    pub fn step(&mut self, now: Duration, is_whole: bool) -> f32 {
        if let Self::Closed { since } = *self
            && (is_whole || now.saturating_sub(since) >= PATIENCE)
        {
            *self = Self::Opening { since: now };
        }
        match *self {
            Self::Open => 0.0,
            Self::Closed { .. } => 1.0,
            Self::Opening { since } => {
                let share = now.saturating_sub(since).as_secs_f32() / OPENING.as_secs_f32();
                if share >= 1.0 {
                    *self = Self::Open;
                }
                (1.0 - share).max(0.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn it_is_dark_until_the_view_is_whole_and_then_becomes_light() {
        let mut curtain = Curtain::default();
        assert_eq!(curtain.step(at(0), false), 0.0, "what is there is not hidden");
        curtain = Curtain::closed(at(100));
        assert_eq!((curtain.step(at(110), false), curtain.step(at(400), false)), (1.0, 1.0));
        assert_eq!(curtain.step(at(500), true), 1.0);
        // A hole that comes later hides nothing.
        let half = curtain.step(at(650), false);
        assert!((half - 0.5).abs() < 1e-6, "{half}");
        assert_eq!((curtain.step(at(800), true), curtain.step(at(900), false)), (0.0, 0.0));
    }

    #[test]
    fn what_never_becomes_whole_is_shown_all_the_same() {
        let mut curtain = Curtain::closed(at(0));
        assert_eq!(curtain.step(at(1499), false), 1.0);
        assert_eq!((curtain.step(at(1500), false), curtain.step(at(1800), false)), (1.0, 0.0));
    }
}
