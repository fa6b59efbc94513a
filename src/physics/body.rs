//! How much room a person takes.

use glam::Vec3;
use rapier3d::prelude::{Capsule, Pose};

/// Half the depth of a standing adult with some room for the arms, metres: between the chest's depth
/// and the shoulders' width of ISO 7250-1, so that doors of 70 cm are passed without aiming.
const RADIUS_METRES: f32 = 0.2;

/// Nobody is lower than this, metres: a crouching child.
const HEIGHT_MIN_METRES: f32 = 0.5;

/// Nobody is taller, metres.
const HEIGHT_MAX_METRES: f32 = 2.2;

/// The gap between a body and what it stands on or leans against, metres.
pub(super) const SKIN_METRES: f32 = 0.01;

/// A capsule that stands upright.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Body {
    height_metres: f32,
}

impl Body {
    /// As tall as that, within what people are.
    pub fn of_height(height_metres: f32) -> Self {
        // A height that is no number is none: clamping would keep it.
        let height = if height_metres.is_nan() { HEIGHT_MAX_METRES } else { height_metres };
        Self { height_metres: height.clamp(HEIGHT_MIN_METRES, HEIGHT_MAX_METRES) }
    }

    /// From the feet to the top, metres.
    pub fn height_metres(self) -> f32 {
        self.height_metres
    }

    /// From the middle to the sides, metres.
    pub fn radius_metres(self) -> f32 {
        RADIUS_METRES
    }

    /// The point of the body's axis, standing at `feet`, that is nearest to a height of `y`.
    pub fn axis_at(self, feet: Vec3, y: f32) -> Vec3 {
        let low = feet.y + SKIN_METRES + RADIUS_METRES;
        let high = feet.y + SKIN_METRES + self.height_metres - RADIUS_METRES;
        Vec3::new(feet.x, y.clamp(low, high.max(low)), feet.z)
    }

    pub(super) fn capsule(self) -> Capsule {
        Capsule::new_y((self.height_metres * 0.5 - RADIUS_METRES).max(0.0), RADIUS_METRES)
    }

    /// Where the capsule's middle is when it stands at `feet`.
    pub(super) fn pose(self, feet: Vec3) -> Pose {
        Pose::from_translation(feet + Vec3::Y * (SKIN_METRES + self.height_metres * 0.5))
    }
}
