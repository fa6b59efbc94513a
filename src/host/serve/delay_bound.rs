//! How much of what a visitor wants may be on its way: as much as the path carries, and hardly any more.
//!
//! What QUIC does by itself (CUBIC) fills the longest queue on the path until something is lost, and poses and voices
//! stand in that queue. Here the window is what the path has delivered in its shortest round trip, and a few
//! packets that show whether there is room for more: w ← w + γ (rate · base + α − w). Without loss that is
//! FAST TCP (Jin, Wei and Low, "FAST TCP: Motivation, Architecture, Algorithms, Performance", 2004), in which each
//! sender keeps α in the queue, however many there are. Because the *delivered* rate is what counts, packets that
//! the air loses at random cost their share and no more, and where a short queue loses what is too much, the
//! window ends there as well.
//!
//! What the path takes without a queue is known only to those who have seen it without one. So that whoever comes when
//! it is full learns it too, and takes no more than its part, all visitors of a host hold their breath at the same
//! time, every few seconds, for as long as the queue needs to empty. A quarter goes on meanwhile: poses are among it.
//!
//! It gives way: a neighbour that fills the queue leaves it the few packets. Pure: quinn brings the time.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::breaths::Breaths;
use quinn_proto::RttEstimator;
use quinn_proto::congestion::{Controller, ControllerFactory};

/// Bytes in flight before anything is known of the path: what fills 30 ms at 10 Mbit/s.
const INITIAL_PACKETS: u64 = 32;

/// α: what a visitor may keep in the queue, 11 kB: 5 ms at 20 Mbit/s.
const PROBE_PACKETS: f64 = 8.0;

/// Where a path is slow it is less, so that it lasts no longer than this; but the same for all who have little.
const PROBE_SECONDS: f64 = 0.008;
const PROBE_PACKETS_MIN: f64 = 4.0;

/// Below it the window is of no use: acknowledgements come for every second packet.
const PACKETS_MIN: u64 = 4;

/// γ: how much of the way to the new window one round goes.
const STEP: f64 = 0.5;

/// A queue that is shorter is noise, as far as growing is concerned.
const NO_QUEUE: Duration = Duration::from_millis(1);

/// Rounds without a queue, one after the other, after which the window grows by a part of itself.
const FREE_ROUNDS: u32 = 3;

/// That part.
const FREE_STEP: f64 = 1.0 / 8.0;

/// A round whose shortest trip is longer than the base by this ends the start (HyStart++, RFC 9406: an eighth of
/// the round trip, within 4 and 16 ms).
const START_QUEUE_MILLIS: std::ops::RangeInclusive<u64> = 4..=16;

/// So many packets of a round are needed to tell its shortest trip (RFC 9406).
const SAMPLES_MIN: u32 = 8;

/// A start ends as well when so many rounds, one after the other, have not brought so many times the best before: who
/// comes while others fill the queue does not see it grow (as in BBR's draft, draft-cardwell-iccrg-bbr).
const FLAT_ROUNDS: u32 = 2;
const GROWTH: f64 = 1.25;

/// A start ends when more than this part of a round is lost, and more than so many packets of it.
const LOST_PART: f64 = 0.1;
const LOST_MIN_PACKETS: u64 = 8;

/// For how long the shortest round trip is believed; a path can become longer.
const BASE_LASTS: Duration = Duration::from_secs(10);

/// A round in which there was not always something to send counts if so much of the window came through.
const FILLED: f64 = 0.5;

/// A queue that is longer is too long, whoever has filled it.
const CROWDED: Duration = Duration::from_millis(25);

/// Rounds whose rates are kept; and which of them counts, the least being the first.
const RATES: usize = 4;
const RATE_AS_A_RULE: usize = 1;

/// A round of which more than this part was lost is one with loss.
const LOSSY_PART: f64 = 0.01;

/// For how long at most; as a rule for a third longer than a round trip, in which a queue of three times the base empties.
const BREATH_MAX: Duration = Duration::from_millis(350);

/// What of that which arrives meanwhile is sent again. With none, a pose would wait for a round trip.
const BREATH_PART: f64 = 0.25;

/// Makes a [`DelayBound`] for each connection.
#[derive(Clone, Debug)]
pub struct DelayBoundConfig {
    /// The same for all.
    breaths: Arc<Breaths>,
}

impl DelayBoundConfig {
    /// For all connections of a host that starts now.
    pub fn new(epoch: Instant) -> Self {
        Self { breaths: Arc::new(Breaths::new(epoch)) }
    }
}

impl ControllerFactory for DelayBoundConfig {
    fn build(self: Arc<Self>, now: Instant, current_mtu: u16) -> Box<dyn Controller> {
        Box::new(DelayBound::new(self.breaths.clone(), now, current_mtu))
    }
}

/// One path's window. See the module.
#[derive(Clone, Debug)]
pub struct DelayBound {
    breaths: Arc<Breaths>,
    holds_breath: bool,
    /// The window while the breath is held.
    shallow: f64,
    mtu: u64,
    window: f64,
    is_starting: bool,
    base: Base,
    round: Round,
    free_rounds: u32,
    flat_rounds: u32,
    /// Bytes a second, of the last rounds.
    rates: [f64; RATES],
    /// Whether the same rounds had loss.
    lossy: [bool; RATES],
    rate_count: usize,
}

/// From when a packet is sent until it, or a later one, is acknowledged.
#[derive(Clone, Copy, Debug)]
struct Round {
    began: Instant,
    delivered: u64,
    lost: u64,
    shortest: Duration,
    samples: u32,
    /// Nothing waited to be sent at some time, so that the rate says nothing about the path.
    is_idle: bool,
}

impl Round {
    fn new(began: Instant) -> Self {
        Self { began, delivered: 0, lost: 0, shortest: Duration::MAX, samples: 0, is_idle: false }
    }
}

/// The shortest round trip, of this while and of the one before.
#[derive(Clone, Copy, Debug)]
struct Base {
    began: Instant,
    current: Duration,
    before: Duration,
}

impl Base {
    fn add(&mut self, now: Instant, trip: Duration) {
        if now.saturating_duration_since(self.began) > BASE_LASTS {
            (self.before, self.current, self.began) = (self.current, Duration::MAX, now);
        }
        self.current = self.current.min(trip);
    }

    fn get(&self) -> Duration {
        self.current.min(self.before)
    }
}

impl DelayBound {
    fn new(breaths: Arc<Breaths>, now: Instant, mtu: u16) -> Self {
        let mtu = u64::from(mtu);
        Self {
            breaths,
            holds_breath: false,
            shallow: 0.0,
            mtu,
            window: (INITIAL_PACKETS * mtu) as f64,
            is_starting: true,
            base: Base { began: now, current: Duration::MAX, before: Duration::MAX },
            round: Round::new(now),
            free_rounds: 0,
            flat_rounds: 0,
            rates: [0.0; RATES],
            lossy: [false; RATES],
            rate_count: 0,
        }
    }

    fn window_min(&self) -> f64 {
        (PACKETS_MIN * self.mtu) as f64
    }

    fn end_round(&mut self, now: Instant) {
        let round = std::mem::replace(&mut self.round, Round::new(now));
        let seconds = now.saturating_duration_since(round.began).as_secs_f64();
        if self.holds_breath {
            return;
        }
        if round.samples == 0 || seconds <= 0.0 {
            return;
        }
        // Too little was sent to learn anything from, unless that the path is full all the same.
        let is_idle = round.is_idle && (round.delivered as f64) < self.window * FILLED;
        if is_idle && round.shortest.saturating_sub(self.base.get()) < CROWDED {
            return;
        }
        let rate = round.delivered as f64 / seconds;
        let best = self.rates.iter().copied().fold(0.0, f64::max);
        self.flat_rounds = if rate > best * GROWTH { 0 } else { self.flat_rounds + 1 };
        self.keep(rate, round.lost as f64 > LOSSY_PART * round.delivered as f64);
        let base = self.base.get();
        if self.is_starting {
            if self.flat_rounds >= FLAT_ROUNDS {
                self.is_starting = false;
                self.breaths.came(now);
                self.step(base, 1.0);
            }
            return;
        }
        let queue = round.shortest.saturating_sub(base);
        self.free_rounds = if queue < NO_QUEUE { self.free_rounds + 1 } else { 0 };
        self.step(base, STEP);
    }

    fn keep(&mut self, rate: f64, is_lossy: bool) {
        let place = self.rate_count % RATES;
        (self.rates[place], self.lossy[place]) = (rate, is_lossy);
        self.rate_count += 1;
    }

    /// Ends the start as soon as a queue is seen, with what is known of the rate: what is too much in flight by then
    /// has left after one round trip.
    fn end_start(&mut self, now: Instant) {
        let [least, most] =
            [START_QUEUE_MILLIS.start(), START_QUEUE_MILLIS.end()].map(|n| Duration::from_millis(*n));
        let base = self.base.get();
        let queue = self.round.shortest.saturating_sub(base);
        if self.round.samples < SAMPLES_MIN || queue < (base / 8).clamp(least, most) {
            return;
        }
        self.is_starting = false;
        self.breaths.came(now);
        let seconds = now.saturating_duration_since(self.round.began).as_secs_f64();
        if seconds > 0.0 {
            self.keep(self.round.delivered as f64 / seconds, false);
        }
        self.step(base, 1.0);
    }

    /// Holds the breath when all do, if there may be a queue.
    fn breathe(&mut self, now: Instant, trip: Duration, bytes: u64) {
        let since = self.breaths.since_last(now);
        let holds_breath = !self.is_starting && since < trip.mul_f64(4.0 / 3.0).min(BREATH_MAX);
        if holds_breath {
            let before = if self.holds_breath { self.shallow } else { self.window };
            self.shallow = (before - bytes as f64 * (1.0 - BREATH_PART)).max(self.window_min());
        }
        if self.holds_breath && !holds_breath {
            // What was sent meanwhile says nothing of the path.
            self.round = Round::new(now);
            // It goes on with what the path carries, and not with what stood in the queue.
            self.step(self.base.get(), 1.0);
        }
        self.holds_breath = holds_breath;
    }

    /// What the path delivers, bytes a second. The best of the last rounds would be too much as a rule, and most for
    /// whoever has most; but where packets are lost, each round lacks its share.
    fn rate(&self) -> f64 {
        let mut rates = self.rates;
        rates.sort_unstable_by(f64::total_cmp);
        let loses = self.lossy.contains(&true);
        rates[if loses || self.rate_count < RATES { RATES - 1 } else { RATE_AS_A_RULE }]
    }

    /// w ← w + γ (rate · base + α − w), where γ is `part`.
    fn step(&mut self, base: Duration, part: f64) {
        let rate = self.rate();
        let packet = self.mtu as f64;
        let probe = (rate * PROBE_SECONDS).clamp(PROBE_PACKETS_MIN * packet, PROBE_PACKETS * packet);
        let carried = rate * base.as_secs_f64();
        let free = if self.free_rounds >= FREE_ROUNDS { self.window * FREE_STEP } else { 0.0 };
        let next = self.window + part * (carried + probe + free - self.window);
        self.window = next.max(self.window_min());
    }
}

impl Controller for DelayBound {
    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool, rtt: &RttEstimator) {
        self.breathe(now, rtt.get(), bytes);
        let trip = now.saturating_duration_since(sent);
        self.base.add(now, trip);
        self.round.shortest = self.round.shortest.min(trip);
        self.round.samples += 1;
        self.round.delivered += bytes;
        self.round.is_idle |= app_limited;
        if self.is_starting && !app_limited {
            self.window += bytes as f64;
        }
        if self.is_starting {
            self.end_start(now);
        }
        if sent >= self.round.began {
            self.end_round(now);
        }
    }

    fn on_congestion_event(&mut self, now: Instant, _: Instant, is_persistent: bool, lost_bytes: u64) {
        // What is lost is not delivered, which the rate shows; but a start ends with it, unless it may be the air's.
        self.round.lost += lost_bytes;
        let is_much = self.round.lost > LOST_MIN_PACKETS * self.mtu
            && self.round.lost as f64 > LOST_PART * self.round.delivered as f64;
        if self.is_starting && is_much {
            self.is_starting = false;
            self.step(self.base.get(), 1.0);
        }
        if is_persistent {
            // Nothing has come through for long: all that was known is void.
            *self =
                Self { window: self.window_min(), ..Self::new(self.breaths.clone(), now, self.mtu as u16) };
        }
    }

    fn on_mtu_update(&mut self, new_mtu: u16) {
        self.mtu = u64::from(new_mtu);
        self.window = self.window.max(self.window_min());
    }

    fn window(&self) -> u64 {
        (if self.holds_breath { self.shallow } else { self.window }) as u64
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(self.clone())
    }

    fn initial_window(&self) -> u64 {
        INITIAL_PACKETS * self.mtu
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
