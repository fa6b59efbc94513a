//! The last frames, as the governor remembers them.

/// As many frames as are looked at: a second at 90 Hz.
pub(super) const FRAMES: usize = 90;

/// GPU and CPU time are the upper quartile of so many frames: one odd frame moves nothing, three in a row do.
const TIMED_FRAMES: usize = 8;

/// One frame, times as shares of the display's period.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub is_late: bool,
    pub gpu: Option<f32>,
    pub cpu: Option<f32>,
}

/// The newest frames.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    /// A bit for each frame that was late, the newest lowest.
    late: u128,
    /// The newest few, in a ring.
    seen: [Seen; TIMED_FRAMES],
    next: usize,
    count: usize,
}

impl Window {
    pub fn push(&mut self, seen: Seen) {
        self.late = (self.late << 1) | u128::from(seen.is_late);
        self.seen[self.next] = seen;
        self.next = (self.next + 1) % TIMED_FRAMES;
        self.count = (self.count + 1).min(FRAMES);
    }

    /// How many frames there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many of the last `frames` were late, of [`FRAMES`] at most.
    pub fn late(&self, frames: usize) -> usize {
        let newest = (1_u128 << frames.min(FRAMES)) - 1;
        (self.late & newest).count_ones() as usize
    }

    /// What the GPU needs of a period, where that is known.
    pub fn gpu(&self) -> Option<f32> {
        self.quartile(|seen| seen.gpu)
    }

    /// What the thread that draws needs of a period, where that is known.
    pub fn cpu(&self) -> Option<f32> {
        self.quartile(|seen| seen.cpu)
    }

    fn quartile(&self, of: impl Fn(&Seen) -> Option<f32>) -> Option<f32> {
        let mut shares = [0.0; TIMED_FRAMES];
        let mut count = 0;
        for share in self.seen.iter().take(self.count).filter_map(of) {
            shares[count] = share;
            count += 1;
        }
        // One frame's time may say little, half of them enough.
        if 2 * count < TIMED_FRAMES {
            return None;
        }
        let known = &mut shares[..count];
        known.sort_unstable_by(f32::total_cmp);
        Some(known[3 * (count - 1) / 4])
    }
}
