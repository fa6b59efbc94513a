//! How long to wait before trying again: about half a second, doubled up to fifteen, and scattered, so that
//! a hall full of viewers does not come back in one instant.

use std::time::Duration;

const FIRST_MILLIS: u64 = 600;
const LONGEST_MILLIS: u64 = 15_000;

/// The waits between tries.
#[derive(Clone, Debug)]
pub struct Backoff {
    tries: u32,
    random: u64,
}

impl Backoff {
    /// Waits that depend on `seed`.
    pub fn new(seed: u64) -> Self {
        Self { tries: 0, random: seed }
    }

    /// How long to wait now: between half of the step and all of it.
    pub fn next_wait(&mut self) -> Duration {
        let step = FIRST_MILLIS.saturating_mul(1 << self.tries.min(10)).min(LONGEST_MILLIS);
        self.tries = self.tries.saturating_add(1);
        let low = step / 2;
        Duration::from_millis(low + self.random() % (step - low + 1))
    }

    /// It has worked: the next wait is short again.
    pub fn reset(&mut self) {
        self.tries = 0;
    }

    /// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_half_a_second_to_fifteen_and_are_scattered() {
        let (mut first, mut first_long) = (Vec::new(), Vec::new());
        for seed in 0..200 {
            let mut backoff = Backoff::new(seed);
            let waits: Vec<u64> = (0..50).map(|_| backoff.next_wait().as_millis() as u64).collect();
            assert!((300..=600).contains(&waits[0]), "seed {seed}: {waits:?}");
            assert!(waits.iter().all(|wait| (300..=15_000).contains(wait)), "seed {seed}: {waits:?}");
            assert!(waits[10..].iter().all(|wait| *wait >= 7_500));
            first.push(waits[0]);
            first_long.push(waits[10]);
            backoff.reset();
            assert!(backoff.next_wait().as_millis() <= 600);
        }
        // Of 301 and of 7 501 possible ones.
        for (waits, least) in [(&mut first, 100), (&mut first_long, 150)] {
            waits.sort_unstable();
            waits.dedup();
            assert!(waits.len() > least, "only {} different waits", waits.len());
        }
    }
}
