//! How fast a display goes, and what it says of the machine that draws for it.

/// How bad it is, in the display's eyes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strain {
    /// All is well.
    #[default]
    Normal,
    /// It will get bad.
    Warning,
    /// It is bad.
    Impaired,
}

/// What the display knows of the last frame's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// From one of its frames to the next, seconds.
    pub period_seconds: f32,
    /// So many of them from the last frame of ours to this one; more than one is late.
    pub periods: f32,
    /// What the GPU took for a frame of late, milliseconds, where the display meters it.
    pub gpu_millis: Option<f32>,
    /// By how much a frame may take longer at its slower rate, if it has one.
    pub slower: Option<f32>,
    /// What it says of frames in time.
    pub rendering: Strain,
    /// What it says of heat.
    pub heat: Strain,
}

impl Tempo {
    /// A frame after more than this many periods has missed one.
    const LATE_PERIODS: f32 = 1.5;

    /// A display about which no more is known than its period, and when its frames began.
    pub fn of(period_seconds: f32, delta_seconds: f32) -> Self {
        let periods = delta_seconds / period_seconds;
        let calm = Strain::Normal;
        Self { period_seconds, periods, gpu_millis: None, slower: None, rendering: calm, heat: calm }
    }

    /// Whether the last frame came after its time.
    pub fn is_late(&self) -> bool {
        self.periods > Self::LATE_PERIODS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_has_missed_a_period_is_late() {
        let tempo = |millis: f32| Tempo::of(1.0 / 90.0, millis * 1e-3);
        assert!(!tempo(11.1).is_late() && !tempo(14.0).is_late() && tempo(22.2).is_late());
        assert!(!tempo(f32::NAN).is_late() && !Tempo::of(0.0, 0.0).is_late());
    }
}
