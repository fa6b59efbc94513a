//! An eye of a Quest 2, and how closely it is drawn for: what is compared.

use pavilion::cull::{Budget, Quality};
use pavilion::math::Fov;
use pavilion::math::fovea::Fovea;

/// A pixel at its middle, and about what it sees of height and width, radians.
pub const PIXEL_RADIANS: f32 = 1.14e-3;
pub const FOV: Fov = Fov { left_radians: -0.85, right_radians: 0.85, up_radians: 0.83, down_radians: -0.83 };

/// Finest everywhere: no error goes unseen.
const EXACT: Fovea = Fovea { acuity_radians: 0.0, slope: 0.0, inner_radians: 0.0 };

/// The qualities that are compared.
pub struct Qualities {
    /// Levels of detail at a pixel of error, everywhere.
    pub plain: Quality,
    /// Levels that follow the eye.
    pub foveated: Quality,
    /// The same, within the budget.
    pub capped: Quality,
}

impl Qualities {
    pub fn new() -> Self {
        let capped = Quality::default();
        let foveated = Quality { budget: Budget::UNLIMITED, ..capped };
        Self { plain: Quality { fovea: EXACT, ..foveated }, foveated, capped }
    }
}
