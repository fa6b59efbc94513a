//! Where one person was at the moments that we were told of, and hence where they are seen between.

use std::collections::VecDeque;
use std::time::Duration;

use glam::{Quat, Vec3};

use super::clock::Clock;
use crate::math::Pose;
use crate::protocol::presence::{Body, Freshness, Sample, millis_after};

/// Moments that are kept: a second and a half of twenty a second, twice the longest delay.
const MOMENTS_MAX: usize = 32;

/// After so long without a word somebody is not shown any more.
const SILENT: Duration = Duration::from_secs(2);

/// How long a movement goes on past the last word of it, ever slower, before it stops.
const COAST_MILLIS: f64 = 100.0;

/// Movements between moments that are further apart are not continued.
const COAST_GAP_MILLIS_MAX: f64 = 250.0;

/// A head that moves further between two moments has not walked: it is shown here, then there.
const LEAP_METRES: f32 = 2.0;

/// How fast what was guessed wrongly is made good: to a third in this time.
const AMENDS_MILLIS: f64 = 120.0;

#[derive(Clone, Copy, Debug)]
struct Moment {
    /// By their clock, from their first sample on.
    time: f64,
    body: Body,
}

/// A difference between two poses, which fades.
#[derive(Clone, Copy, Debug)]
struct Amends {
    by: Vec3,
    turn: Quat,
}

impl Amends {
    const NONE: Self = Self { by: Vec3::ZERO, turn: Quat::IDENTITY };
}

/// One person's movements.
#[derive(Debug)]
pub struct Track {
    freshness: Freshness,
    heard: Duration,
    last_wire_time: u32,
    moments: VecDeque<Moment>,
    clock: Clock,
    /// Of head, left and right hand: from what is computed to what was shown.
    amends: [Amends; 3],
}

impl Default for Track {
    fn default() -> Self {
        Self {
            freshness: Freshness::default(),
            heard: Duration::ZERO,
            last_wire_time: 0,
            moments: VecDeque::with_capacity(MOMENTS_MAX),
            clock: Clock::default(),
            amends: [Amends::NONE; 3],
        }
    }
}

impl Track {
    /// Takes a sample that came at `now`, if it is news.
    pub fn hear(&mut self, sample: &Sample, now: Duration) {
        if self.freshness.admit(sample, now).is_err() {
            return;
        }
        if self.is_silent(now) {
            // Whoever was out of sight appears where they are, and does not fly there.
            self.moments.clear();
            self.clock = Clock::default();
            self.amends = [Amends::NONE; 3];
        }
        let passed = f64::from(millis_after(sample.time_millis, self.last_wire_time));
        let time = self.moments.back().map_or(0.0, |last| last.time + passed);
        (self.heard, self.last_wire_time) = (now, sample.time_millis);
        self.clock.heard(time, now);

        let shown = self.clock.last_shown().filter(|shown| self.is_guess(*shown));
        let guess = shown.and_then(|shown| Some((shown, self.amended(self.at(shown)?))));
        if self.moments.len() == MOMENTS_MAX {
            self.moments.pop_front();
        }
        self.moments.push_back(Moment { time, body: sample.body });
        if let Some((shown, guess)) = guess {
            self.make_amends(shown, guess);
        }
    }

    /// The body at our time `now`; `None` when nothing is known, or nothing new.
    pub fn show(&mut self, now: Duration) -> Option<Body> {
        if self.moments.is_empty() || self.is_silent(now) {
            return None;
        }
        let before = self.clock.last_shown();
        let time = self.clock.show(now);
        let passed = before.map_or(0.0, |before| (time - before).max(0.0));
        let kept = (-passed / AMENDS_MILLIS).exp() as f32;
        for amends in &mut self.amends {
            amends.by *= kept;
            amends.turn = Quat::IDENTITY.slerp(amends.turn, kept);
        }
        self.at(time).map(|body| self.amended(body))
    }

    fn is_silent(&self, now: Duration) -> bool {
        now.saturating_sub(self.heard) >= SILENT
    }

    /// Whether nobody has told us yet what was at `time`.
    fn is_guess(&self, time: f64) -> bool {
        self.moments.back().is_some_and(|last| time > last.time)
    }

    /// The body at `time` of theirs: between two moments, or a little past the last.
    fn at(&self, time: f64) -> Option<Body> {
        let after = self.moments.iter().rposition(|moment| moment.time <= time).map_or(0, |index| index + 1);
        let next = self.moments.get(after);
        let Some(last) = after.checked_sub(1).and_then(|index| self.moments.get(index)) else {
            return next.map(|first| first.body);
        };
        if let Some(next) = next {
            let share = (time - last.time) / (next.time - last.time);
            return Some(between(&last.body, &next.body, share as f32));
        }
        let before = after.checked_sub(2).and_then(|index| self.moments.get(index));
        let Some(before) = before.filter(|before| last.time - before.time <= COAST_GAP_MILLIS_MAX) else {
            return Some(last.body);
        };
        // Straight on, with a speed that falls to nothing: its integral is a parabola.
        let coasted = (time - last.time).min(COAST_MILLIS);
        let way = coasted - coasted * coasted / (2.0 * COAST_MILLIS);
        Some(between(&before.body, &last.body, (1.0 + way / (last.time - before.time)) as f32))
    }

    fn amended(&self, body: Body) -> Body {
        let [head, left, right] = &self.amends;
        let amend = |pose: Pose, amends: &Amends| Pose {
            position: pose.position + amends.by,
            orientation: (amends.turn * pose.orientation).normalize(),
        };
        let [left_hand, right_hand] = body.hands;
        Body {
            head: amend(body.head, head),
            hands: [left_hand.map(|hand| amend(hand, left)), right_hand.map(|hand| amend(hand, right))],
        }
    }

    /// We now know better what was at `time`: what was shown turns into it by and by.
    fn make_amends(&mut self, time: f64, shown: Body) {
        self.amends = [Amends::NONE; 3];
        let Some(now_known) = self.at(time) else { return };
        if shown.head.position.distance(now_known.head.position) > LEAP_METRES {
            return;
        }
        let parts = |body: Body| [Some(body.head), body.hands[0], body.hands[1]];
        for ((amends, shown), known) in self.amends.iter_mut().zip(parts(shown)).zip(parts(now_known)) {
            if let (Some(shown), Some(known)) = (shown, known) {
                amends.by = shown.position - known.position;
                let turn = shown.orientation * known.orientation.inverse();
                amends.turn = if turn.w < 0.0 { -turn } else { turn };
            }
        }
    }
}

/// The body `share` of the way from `a` to `b`, or beyond. A hand that is tracked in only one of the
/// two is as it is there, for as long as that one holds.
fn between(a: &Body, b: &Body, share: f32) -> Body {
    if a.head.position.distance(b.head.position) > LEAP_METRES {
        return if share < 1.0 { *a } else { *b };
    }
    let pose = |a: Pose, b: Pose| Pose {
        position: a.position.lerp(b.position, share),
        orientation: a.orientation.slerp(b.orientation, share).normalize(),
    };
    let hand = |a: Option<Pose>, b: Option<Pose>| match (a, b) {
        (Some(a), Some(b)) => Some(pose(a, b)),
        _ if share < 1.0 => a,
        _ => b,
    };
    let ([left_a, right_a], [left_b, right_b]) = (a.hands, b.hands);
    Body { head: pose(a.head, b.head), hands: [hand(left_a, left_b), hand(right_a, right_b)] }
}
