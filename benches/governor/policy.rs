//! Who decides: nobody, the usual resolution scaler, or the governor.

use pavilion::cull::governor::{FrameFacts, Governor, Grade, Knobs};

/// A headset with everything on the ladder.
const KNOBS: Knobs = Knobs {
    foveation_levels: 3,
    has_fewer_samples: true,
    has_resolution: true,
    avatar_tiers: 2,
    slower: Some(90.0 / 72.0),
};

/// By its name in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Full quality, whatever happens.
    Nobody,
    /// Additive increase, multiplicative decrease of the resolution: a late frame takes a tenth of each side,
    /// every frame in time gives back a five-hundredth.
    Scaler,
    /// The governor where the GPU's time is not known.
    Blind,
    /// The governor with the GPU's time.
    Seeing,
}

pub const KINDS: [Kind; 4] = [Kind::Nobody, Kind::Scaler, Kind::Blind, Kind::Seeing];

impl Kind {
    /// In the table and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Scaler => "resolution scaler",
            Self::Blind => "governor",
            Self::Seeing => "governor, GPU timed",
        }
    }
}

/// One of them at work.
pub enum Policy {
    Nobody,
    Scaler(f32),
    Governor(Box<Governor>),
}

impl Policy {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Nobody => Self::Nobody,
            Kind::Scaler => Self::Scaler(1.0),
            Kind::Blind | Kind::Seeing => Self::Governor(Box::new(Governor::new(&KNOBS))),
        }
    }

    /// Takes a frame's facts; whether the next is drawn another way, as a person would see it.
    pub fn observe(&mut self, facts: &FrameFacts) -> bool {
        match self {
            Self::Nobody => false,
            Self::Scaler(scale) => {
                let was = *scale;
                *scale = if facts.is_late { *scale * 0.9 } else { *scale + 0.002 }.clamp(0.5, 1.0);
                // A five-hundredth is not seen; a tenth is.
                (*scale - was).abs() > 0.01
            }
            Self::Governor(governor) => governor.observe(facts).is_some(),
        }
    }

    pub fn grade(&self) -> Grade {
        match self {
            Self::Nobody => Grade::FULL,
            Self::Scaler(scale) => Grade { resolution_scale: *scale, ..Grade::FULL },
            Self::Governor(governor) => governor.grade(),
        }
    }
}

/// What is left of full quality, 0 ..= 1: a convention, so that policies can be compared. Pixels count by
/// their number, surfaces by how exact they are, and each other rung for a little.
pub fn quality(grade: Grade) -> f32 {
    let samples = if grade.has_fewer_samples { 0.93 } else { 1.0 };
    let rate = if grade.is_slower { 0.8 } else { 1.0 };
    let people = 1.0 - 0.03 * f32::from(grade.avatar_tier);
    let shading = 1.0 - 0.06 * f32::from(grade.foveation);
    grade.resolution_scale.powi(2) * (1.0 / grade.error_scale).sqrt() * samples * rate * people * shading
}
