//! How far somebody comes.
//!
//! rapier's character controller slides along walls and up slopes; steps are climbed here. It is asked in
//! strides that are shorter than a body is thick, and what it answers is checked: a stride that would end in something,
//! on unknown ground or at a cliff is not made. So whoever begins in a free place always is in one.

use glam::Vec3;
use rapier3d::control::{CharacterLength, KinematicCharacterController};
use rapier3d::parry::query::ShapeCastOptions;
use rapier3d::prelude::{Ball, Pose};

use super::body::SKIN_METRES;
use super::{Body, World};
use crate::math::Aabb;

/// A step that is climbed without a jump, metres: above any stair, below any seat.
const STEP_METRES: f32 = 0.3;

/// What must be free on top of a step, metres: less than half the tread of a stair.
const TREAD_METRES: f32 = 0.1;

/// Steeper ground than this is a wall.
pub const SLOPE_RADIANS: f32 = 0.25 * std::f32::consts::PI;

/// Nobody walks where the ground is deeper than this, metres: a stage's edge is stepped down, a
/// balcony's is not.
pub const DROP_METRES: f32 = 1.2;

/// What must lie on something, around the point below the body, metres: wide enough not to fall
/// through a gap between boards.
const SOLE_METRES: f32 = 0.05;

/// A stride, in radii of the body.
const STRIDE_RADII: f32 = 0.75;

/// Strides at once; beyond, the rest of the way is not gone.
const STRIDES_MAX: usize = 16;

/// Where somebody came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Walked {
    /// Where they stand, or hang in the air.
    pub feet: Vec3,
    /// How far the ground is below, metres; `None` where there is none within [`DROP_METRES`].
    pub drop_metres: Option<f32>,
}

impl World {
    /// Walks from `feet`, where `body` fits, as far along the level `shift` as there is room.
    pub fn walk(&self, feet: Vec3, body: Body, shift: Vec3) -> Walked {
        if !self.is_known(around(feet, body, 0.0)) {
            return Walked { feet, drop_metres: None };
        }
        let begin = Walked { feet, drop_metres: self.drop_below(feet, body, DROP_METRES) };
        let stride = body.radius_metres() * STRIDE_RADII;
        let length = shift.length();
        if !(length.is_finite() && length > 1e-5) {
            return self.stepped_down(begin, body);
        }
        let count = ((length / stride).ceil() as usize).max(1);
        let part = if count > STRIDES_MAX { shift * (stride / length) } else { shift / count as f32 };
        let mut here = self.stepped_down(begin, body);
        for _ in 0..count.min(STRIDES_MAX) {
            let Some(next) = self.stride(here, body, part) else { break };
            let came = (next.feet - here.feet).with_y(0.0).length();
            here = next;
            // Stopped: more of the same does not help.
            if came < 0.02 * part.length() {
                break;
            }
        }
        here
    }

    /// One stride, or `None` where there is no room for any of it.
    fn stride(&self, here: Walked, body: Body, shift: Vec3) -> Option<Walked> {
        if !self.is_known(around(here.feet, body, shift.length())) {
            return None;
        }
        let slid = self.slid(here.feet, body, shift);
        let came = (slid - here.feet).dot(shift) / shift.length();
        let mut ways = [Some(slid), None];
        if came < 0.9 * shift.length() && here.drop_metres.is_some_and(|drop| drop < STEP_METRES) {
            ways = [self.stepped_up(here.feet, body, shift), Some(slid)];
        }
        ways.into_iter().flatten().find_map(|feet| self.accepted(here, feet, body, shift))
    }

    /// Ahead as far as nothing is in the way, then along what is.
    fn slid(&self, feet: Vec3, body: Body, shift: Vec3) -> Vec3 {
        let controller = KinematicCharacterController {
            offset: CharacterLength::Absolute(SKIN_METRES),
            max_slope_climb_angle: SLOPE_RADIANS,
            min_slope_slide_angle: SLOPE_RADIANS,
            snap_to_ground: None,
            ..KinematicCharacterController::default()
        };
        let (capsule, pose) = (body.capsule(), body.pose(feet));
        feet + controller.move_shape(1.0 / 90.0, &self.queries(), &capsule, &pose, shift, |_| {}).translation
    }

    /// Up, ahead and down again: onto a step, or a little further up its edge. (The controller's own
    /// climbing wants strides as long as a tread, and falls back from shorter ones.)
    fn stepped_up(&self, feet: Vec3, body: Body, shift: Vec3) -> Option<Vec3> {
        let ahead = shift / shift.length();
        let up =
            self.cast_body(feet, body, Vec3::Y, STEP_METRES).map_or(STEP_METRES, |hit| hit.time_of_impact);
        let raised = feet + Vec3::Y * up.max(0.0);
        let reach = shift.length().max(TREAD_METRES);
        if self.cast_body(raised, body, ahead, reach).is_some() {
            return None;
        }
        // What one would stand on after a whole tread says whether this is a step.
        let tread = self.cast_body(raised + ahead * reach, body, Vec3::NEG_Y, up)?;
        if tread.normal1.y.abs() < SLOPE_RADIANS.cos() {
            return None;
        }
        let over = raised + shift;
        let down = self.cast_body(over, body, Vec3::NEG_Y, up).map_or(up, |hit| hit.time_of_impact);
        Some(over - Vec3::Y * down.max(0.0))
    }

    /// The end of a stride, if somebody may stand there.
    fn accepted(&self, here: Walked, feet: Vec3, body: Body, shift: Vec3) -> Option<Walked> {
        // It goes no further than was asked, whatever it was pushed by.
        let is_sane = (feet - here.feet).with_y(0.0).length() <= shift.length() + 2.0 * SKIN_METRES
            && (feet.y - here.feet.y).abs() <= STEP_METRES + shift.length() + 2.0 * SKIN_METRES;
        if !is_sane || !self.fits(feet, body) {
            return None;
        }
        // Whoever has ground under them keeps it.
        if self.has_ground(here.feet) && !self.has_ground(feet) {
            return None;
        }
        let next = Walked { feet, drop_metres: self.drop_below(feet, body, DROP_METRES) };
        // Down a stair feet follow at once; into the air one falls.
        Some(if here.drop_metres.is_some_and(|drop| drop < STEP_METRES) {
            self.stepped_down(next, body)
        } else {
            next
        })
    }

    /// Whether there is ground right below `feet`, not only below an edge of the body.
    fn has_ground(&self, feet: Vec3) -> bool {
        let sole = Ball::new(SOLE_METRES);
        let options = ShapeCastOptions {
            max_time_of_impact: DROP_METRES + STEP_METRES,
            stop_at_penetration: false,
            ..ShapeCastOptions::default()
        };
        let from = Pose::from_translation(feet + Vec3::Y * STEP_METRES);
        self.queries().cast_shape(&from, Vec3::NEG_Y, &sole, options).is_some()
    }

    /// On the ground, if that is no deeper than a step.
    fn stepped_down(&self, here: Walked, body: Body) -> Walked {
        match here.drop_metres {
            Some(drop) if drop > 0.0 && drop <= STEP_METRES => {
                let feet = here.feet - Vec3::Y * drop;
                if self.fits(feet, body) { Walked { feet, drop_metres: Some(0.0) } } else { here }
            }
            _ => here,
        }
    }
}

/// Everything that a stride of this length can touch, and the ground that it needs below.
fn around(feet: Vec3, body: Body, reach: f32) -> Aabb {
    let side = body.radius_metres() + reach + 2.0 * SKIN_METRES;
    let up = body.height_metres() + STEP_METRES + reach;
    Aabb { min: feet - Vec3::new(side, DROP_METRES + reach, side), max: feet + Vec3::new(side, up, side) }
}
