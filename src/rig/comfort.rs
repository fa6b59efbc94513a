//! What spares a person's stomach, and walls their secrets.

use glam::Vec3;

use crate::physics::{Body, World};

/// It is dark before the eyes are this near to what they should not see through, metres: more than
/// the near plane and half the distance between the eyes.
const HEAD_METRES: f32 = 0.12;

/// How quickly the vignette comes and goes, a second.
const VIGNETTE_PER_SECOND: f32 = 6.0;

/// How the view is to be dimmed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Comfort {
    /// 0: all is seen; 1: all is dark, because the head is in a wall.
    pub fade: f32,
    /// 0: as far as the eyes see; 1: only the middle, because the person is moved and does not move.
    pub vignette: f32,
    /// The person was taken back to the last good place in this frame.
    pub is_returned: bool,
}

impl Comfort {
    /// The vignette of the next frame, for somebody who is moved by `strength` (0 ..= 1).
    pub(super) fn next_vignette(self, strength: f32, delta_seconds: f32) -> f32 {
        let step = VIGNETTE_PER_SECOND * delta_seconds;
        self.vignette + (strength.clamp(0.0, 1.0) - self.vignette).clamp(-step, step)
    }
}

/// How dark it is for a head (in the world) that belongs to a body at `feet`.
pub(super) fn fade(world: &World, feet: Vec3, body: Body, head: Vec3) -> f32 {
    let neck = body.axis_at(feet, head.y);
    let lean = head - neck;
    let length = lean.length();
    let Some(direction) = lean.try_normalize() else { return 0.0 };
    let Some(hit) = world.cast_ray(neck, direction, length + HEAD_METRES) else { return 0.0 };
    ((length + HEAD_METRES - hit.distance) / HEAD_METRES).clamp(0.0, 1.0)
}
