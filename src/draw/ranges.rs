//! Which parts of a buffer are free: first fit, neighbours merged.
//!
//! Pure bookkeeping in whatever unit the caller counts. Architecture invariant: it knows no GPU.

/// Free ranges of `0..capacity`, sorted, never empty, never touching each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    capacity: u32,
    free: Vec<Free>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Free {
    start: u32,
    end: u32,
}

impl Ranges {
    /// All of `0..capacity` is free.
    pub fn new(capacity: u32) -> Self {
        let free = if capacity > 0 { vec![Free { start: 0, end: capacity }] } else { Vec::new() };
        Self { capacity, free }
    }

    /// Where the ranges end.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How much is free in all.
    pub fn free_count(&self) -> u32 {
        self.free.iter().map(|range| range.end - range.start).sum()
    }

    /// Takes `count`, from the first place where it fits; an empty range is always at 0.
    pub fn take(&mut self, count: u32) -> Option<u32> {
        if count == 0 {
            return Some(0);
        }
        let index = self.free.iter().position(|range| range.end - range.start >= count)?;
        let range = &mut self.free[index];
        let start = range.start;
        range.start += count;
        if range.start == range.end {
            self.free.remove(index);
        }
        Some(start)
    }

    /// Gives back what [`Ranges::take`] gave out.
    pub fn give_back(&mut self, start: u32, count: u32) {
        if count == 0 {
            return;
        }
        let end = start + count;
        let index = self.free.partition_point(|range| range.start < start);
        debug_assert!(end <= self.capacity && self.free.get(index).is_none_or(|next| end <= next.start));
        debug_assert!(index == 0 || self.free[index - 1].end <= start);
        let joins_next = self.free.get(index).is_some_and(|next| next.start == end);
        let joins_previous = index > 0 && self.free[index - 1].end == start;
        match (joins_previous, joins_next) {
            (true, true) => {
                self.free[index - 1].end = self.free[index].end;
                self.free.remove(index);
            }
            (true, false) => self.free[index - 1].end = end,
            (false, true) => self.free[index].start = start,
            (false, false) => self.free.insert(index, Free { start, end }),
        }
    }

    /// Adds `capacity() .. capacity` to the free ranges.
    pub fn grow(&mut self, capacity: u32) {
        let start = self.capacity;
        if capacity > start {
            self.capacity = capacity;
            self.give_back(start, capacity - start);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Take(u32),
        GiveBack(usize),
        Grow(u32),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0..40_u32).prop_map(Step::Take),
            3 => any::<usize>().prop_map(Step::GiveBack),
            1 => (0..30_u32).prop_map(Step::Grow),
        ];
        proptest::collection::vec(step, 0..200)
    }

    proptest! {
        /// Against the simplest truth: one flag for each place.
        #[test]
        fn agrees_with_a_row_of_flags(steps in steps()) {
            let mut ranges = Ranges::new(100);
            let mut taken = vec![false; 100];
            let mut held: Vec<(u32, u32)> = Vec::new();
            for step in steps {
                match step {
                    Step::Take(count) => {
                        let fits = (0..=taken.len().saturating_sub(count as usize))
                            .find(|&at| taken[at..at + count as usize].iter().all(|&flag| !flag));
                        let start = ranges.take(count);
                        prop_assert_eq!(start.is_some(), count == 0 || (fits.is_some() && count as usize <= taken.len()));
                        if let Some(start) = start && count > 0 {
                            prop_assert_eq!(Some(start as usize), fits, "not the first fit");
                            taken[start as usize..(start + count) as usize].fill(true);
                            held.push((start, count));
                        }
                    }
                    Step::GiveBack(which) if !held.is_empty() => {
                        let (start, count) = held.swap_remove(which % held.len());
                        taken[start as usize..(start + count) as usize].fill(false);
                        ranges.give_back(start, count);
                    }
                    Step::GiveBack(_) => {}
                    Step::Grow(by) => {
                        ranges.grow(ranges.capacity() + by);
                        taken.resize(taken.len() + by as usize, false);
                    }
                }
                prop_assert_eq!(ranges.free_count() as usize, taken.iter().filter(|&&flag| !flag).count());
            }
            for (start, count) in held {
                ranges.give_back(start, count);
            }
            let capacity = ranges.capacity();
            prop_assert_eq!(ranges, Ranges::new(capacity), "all given back, and still in pieces");
        }
    }
}
