//! One direction of a network: a queue before a wire of a certain rate and length, and what goes wrong on it.

use std::time::Duration;

use crate::random::Random;

/// How a link behaves.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    /// What it carries, bits a second; 0: without limit.
    pub bits_per_second: u64,
    /// From one end to the other.
    pub delay: Duration,
    /// Up to so much more, by chance, for each packet: later ones may overtake it.
    pub jitter: Duration,
    /// What waits before it at most, as time on the wire; the rest is dropped.
    pub queue: Duration,
    /// Packets lost by chance, 0 ..= 1.
    pub loss: f64,
    /// Packets that come twice, 0 ..= 1.
    pub duplicates: f64,
}

impl Behaviour {
    /// A wire of this rate and length without faults, and the queue that cheap access points have.
    pub fn calm(megabits_per_second: f64, delay: Duration) -> Self {
        Self {
            bits_per_second: (megabits_per_second * 1e6) as u64,
            delay,
            jitter: Duration::ZERO,
            queue: Duration::from_millis(200),
            loss: 0.0,
            duplicates: 0.0,
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Link {
    behaviour: Behaviour,
    is_down: bool,
    free_at: Duration,
    random: Random,
    sent_bytes: u64,
    dropped: u64,
}

/// What IP and UDP add to each packet, bytes.
const HEADERS_BYTES: u64 = 28;

impl Link {
    /// A link at rest.
    pub fn new(behaviour: Behaviour, seed: u64) -> Self {
        let random = Random(seed);
        Self { behaviour, is_down: false, free_at: Duration::ZERO, random, sent_bytes: 0, dropped: 0 }
    }

    /// It behaves otherwise from now on.
    pub fn change(&mut self, behaviour: Behaviour) {
        self.behaviour = behaviour;
    }

    /// Nothing gets through, or again.
    pub fn cut(&mut self, is_down: bool) {
        self.is_down = is_down;
    }

    /// Bytes that left it, headers among them.
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes
    }

    /// Packets for which its queue had no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How long what is handed over now will wait.
    pub fn waiting(&self, now: Duration) -> Duration {
        self.free_at.saturating_sub(now)
    }

    /// Hands a packet over; when it comes out, if it does, and when it does for the second time.
    pub fn carry(&mut self, now: Duration, size_bytes: usize) -> [Option<Duration>; 2] {
        let Behaviour { bits_per_second, delay, jitter, queue, loss, duplicates } = self.behaviour;
        if self.is_down {
            return [None; 2];
        }
        if self.waiting(now) > queue {
            self.dropped += 1;
            return [None; 2];
        }
        let size_bytes = size_bytes as u64 + HEADERS_BYTES;
        let wire = (size_bytes * 8_000_000_000).checked_div(bits_per_second).unwrap_or(0);
        self.free_at = self.free_at.max(now) + Duration::from_nanos(wire);
        self.sent_bytes += size_bytes;
        // What the air loses has used the air.
        if self.random.happens(loss) {
            return [None; 2];
        }
        let mut arrival = || self.free_at + delay + jitter.mul_f64(self.random.unit());
        let first = arrival();
        let second = arrival();
        [Some(first), self.random.happens(duplicates).then_some(second)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_wait_for_the_wire_and_for_its_length() {
        // 8 Mbit/s are a byte a microsecond.
        let delay = Duration::from_millis(5);
        let mut link = Link::new(Behaviour::calm(8.0, delay), 1);
        let size = 1000 - HEADERS_BYTES as usize;
        for n in 1..=100 {
            assert_eq!(link.carry(Duration::ZERO, size), [Some(delay + Duration::from_millis(n)), None]);
        }
        assert_eq!(link.sent_bytes(), 100_000);
        // 200 ms wait at most.
        let more = (0..200).filter(|_| link.carry(Duration::ZERO, size)[0].is_some()).count();
        assert_eq!((more, link.dropped()), (101, 99));
        assert_eq!(link.carry(Duration::from_secs(1), size)[0], Some(Duration::from_millis(1006)));
    }

    #[test]
    fn what_goes_wrong_is_as_likely_as_it_says() {
        let faults = Behaviour { loss: 0.05, duplicates: 0.02, ..Behaviour::calm(0.0, Duration::ZERO) };
        let mut link = Link::new(faults, 2);
        let all: Vec<_> = (0..100_000).map(|n| link.carry(Duration::from_millis(n), 100)).collect();
        let lost = all.iter().filter(|packet| packet[0].is_none()).count();
        let twice = all.iter().filter(|packet| packet[1].is_some()).count();
        assert!((4_700..5_300).contains(&lost) && (1_750..2_050).contains(&twice), "{lost} {twice}");
        link.cut(true);
        assert_eq!(link.carry(Duration::from_secs(200), 100), [None, None]);
    }
}
