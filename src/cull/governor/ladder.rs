//! The ladder: from full quality down, each rung gives up one thing more, in one order.

/// Levels of foveated shading beyond none; every runtime that has any has these.
pub const FOVEATION_LEVELS_MAX: u8 = 3;

/// How much coarser detail may get, step by step: at 2 a surface is off by two pixels where one would do.
const ERROR_SCALES: [f32; 4] = [1.2, 1.4, 1.7, 2.0];

/// How much smaller the picture may get on each side.
const RESOLUTION_SCALES: [f32; 3] = [0.9, 0.8, 0.7];

/// What of a display's picture this machine can give up. Detail is always among it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Knobs {
    /// Levels of foveated shading beyond none; 0 where the device has no density map.
    pub foveation_levels: u8,
    /// Whether four samples a pixel can become two.
    pub has_fewer_samples: bool,
    /// Whether a part of the picture's images can be drawn to instead of all.
    pub has_resolution: bool,
    /// How many simpler ways there are to draw people.
    pub avatar_tiers: u8,
    /// By how much a frame may take longer at the display's slower rate, 90/72 = 1.25; `None` where it has one
    /// rate only.
    pub slower: Option<f32>,
}

/// What is drawn how well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grade {
    /// How soon shading gets coarser towards the edges: 0 not at all.
    pub foveation: u8,
    /// How many times the unseen error is accepted: [`super::super::Quality::error_scale`].
    pub error_scale: f32,
    /// Whether a pixel has two samples instead of four.
    pub has_fewer_samples: bool,
    /// The sides of the picture against full size.
    pub resolution_scale: f32,
    /// How many ways simpler people are drawn than usual.
    pub avatar_tier: u8,
    /// Whether the display is to go at its slower rate.
    pub is_slower: bool,
}

impl Grade {
    /// Nothing is given up.
    pub const FULL: Self = Self {
        foveation: 0,
        error_scale: 1.0,
        has_fewer_samples: false,
        resolution_scale: 1.0,
        avatar_tier: 0,
        is_slower: false,
    };
}

/// One thing that is given up.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rung {
    Foveation(u8),
    Error(f32),
    FewerSamples,
    Resolution(f32),
    AvatarTier(u8),
    Slower(f32),
}

impl Rung {
    /// What remains of a frame's load on the GPU, about: enough to step far enough at once, and never trusted
    /// further than to the next look. Foveation: a third less at its strongest (measured by others at 26–36 %
    /// on this class of GPU); the rest by the frame model's parts.
    fn load(self) -> f32 {
        match self {
            Self::Foveation(_) => 0.88,
            Self::Error(_) => 0.95,
            Self::FewerSamples => 0.9,
            Self::Resolution(_) => 0.87,
            Self::AvatarTier(_) => 0.97,
            Self::Slower(longer) => 1.0 / longer,
        }
    }

    /// Whether the thread that draws has less to do, too.
    fn relieves_cpu(self) -> bool {
        matches!(self, Self::Error(_) | Self::AvatarTier(_) | Self::Slower(_))
    }

    fn apply(self, grade: Grade) -> Grade {
        match self {
            Self::Foveation(foveation) => Grade { foveation, ..grade },
            Self::Error(error_scale) => Grade { error_scale, ..grade },
            Self::FewerSamples => Grade { has_fewer_samples: true, ..grade },
            Self::Resolution(resolution_scale) => Grade { resolution_scale, ..grade },
            Self::AvatarTier(avatar_tier) => Grade { avatar_tier, ..grade },
            Self::Slower(_) => Grade { is_slower: true, ..grade },
        }
    }
}

/// The rungs that a device has. Step 0 is full quality; step `n` has given up the first `n` rungs.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    rungs: Vec<Rung>,
}

impl Ladder {
    /// Foveation → detail → samples → resolution → people → frame rate, leaving out what there is not.
    pub fn new(knobs: &Knobs) -> Self {
        let foveation = 1..=knobs.foveation_levels.min(FOVEATION_LEVELS_MAX);
        let resolutions = if knobs.has_resolution { &RESOLUTION_SCALES[..] } else { &[] };
        let mut rungs: Vec<Rung> = foveation.map(Rung::Foveation).collect();
        rungs.extend(ERROR_SCALES.map(Rung::Error));
        rungs.extend(knobs.has_fewer_samples.then_some(Rung::FewerSamples));
        rungs.extend(resolutions.iter().copied().map(Rung::Resolution));
        rungs.extend((1..=knobs.avatar_tiers.min(2)).map(Rung::AvatarTier));
        rungs.extend(knobs.slower.filter(|&longer| longer > 1.0 && longer.is_finite()).map(Rung::Slower));
        Self { rungs }
    }

    /// The last step.
    pub fn last(&self) -> usize {
        self.rungs.len()
    }

    /// What is drawn how well at a step.
    pub fn grade(&self, step: usize) -> Grade {
        self.rungs.iter().take(step).fold(Grade::FULL, |grade, rung| rung.apply(grade))
    }

    /// What of the GPU's load remains, about, from one step down to another.
    pub(super) fn load(&self, from: usize, to: usize) -> f32 {
        let between = self.rungs.iter().take(to).skip(from);
        between.map(|rung| rung.load()).product()
    }

    /// The steps below `from` with which the CPU has less to do: the first, and the last that still helps it.
    pub(super) fn relieve_cpu(&self, from: usize) -> Option<(usize, usize)> {
        let mut steps =
            (from..self.last()).filter(|&step| self.rungs[step].relieves_cpu()).map(|step| step + 1);
        let first = steps.next()?;
        Some((first, steps.next_back().unwrap_or(first)))
    }
}
