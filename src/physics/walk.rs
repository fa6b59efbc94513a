//! How far somebody comes.
//!
//! In strides that are shorter than a body is thick: ahead, along what is in the way, up a step, down to
//! the ground. (rapier's own character controller takes ten times as long where there is much to bump into,
//! and climbs steps only in strides as long as a tread.) Where a stride ends is checked: one that would end in
//! something, on unknown ground or at a cliff is not made. So whoever begins in a free place always is in one.

use glam::Vec3;
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

/// Things that one slides along in a stride: a wall, another, and a slope.
const SLIDES_MAX: usize = 4;

/// A stride, in radii of the body.
const STRIDE_RADII: f32 = 0.75;

/// Strides at once; beyond, the rest of the way is not gone.
const STRIDES_MAX: usize = 16;

/// Where somebody stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Walked {
    /// Where the feet are, on the ground or in the air.
    pub feet: Vec3,
    /// How far the ground is below, metres; `None` where there is none within [`DROP_METRES`], or where
    /// nobody knows.
    pub drop_metres: Option<f32>,
    /// There is ground right below the feet, not only below an edge of the body.
    pub is_over_ground: bool,
}

/// The end of a stride before the feet are put down.
#[derive(Clone, Copy, Debug)]
struct Raised {
    feet: Vec3,
    lift: f32,
}

impl World {
    /// How somebody stands at `feet`, where `body` fits; with their feet on the ground if that is no
    /// deeper than a step.
    pub fn standing(&self, feet: Vec3, body: Body) -> Walked {
        let nowhere = Walked { feet, drop_metres: None, is_over_ground: false };
        if !self.is_known(around(feet, body, 0.0)) {
            return nowhere;
        }
        let here = Walked {
            drop_metres: self.drop_below(feet, body, DROP_METRES),
            is_over_ground: self.has_ground(feet),
            ..nowhere
        };
        match here.drop_metres {
            Some(drop) if drop <= STEP_METRES && self.fits(feet - Vec3::Y * drop, body) => {
                Walked { feet: feet - Vec3::Y * drop, drop_metres: Some(0.0), ..here }
            }
            _ => here,
        }
    }

    /// Walks from `here`, where `body` fits, as far along the level `shift` as there is room.
    pub fn walk(&self, here: Walked, body: Body, shift: Vec3) -> Walked {
        let stride = body.radius_metres() * STRIDE_RADII;
        let length = shift.length();
        if !(length.is_finite() && length > 1e-5) {
            return here;
        }
        let count = ((length / stride).ceil() as usize).max(1);
        let part = if count > STRIDES_MAX { shift * (stride / length) } else { shift / count as f32 };
        let mut here = here;
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
        let stands = here.drop_metres.is_some_and(|drop| drop < STEP_METRES);
        let slid = self.slid(here.feet, body, shift, if stands { SKIN_METRES } else { 0.0 });
        let came = (slid.feet - here.feet).dot(shift) / shift.length();
        let mut ways = [Some(slid), None];
        if came < 0.9 * shift.length() && stands {
            ways = [self.stepped_up(here.feet, body, shift), Some(slid)];
        }
        ways.into_iter().flatten().find_map(|raised| self.put_down(here, raised, body, shift))
    }

    /// Ahead as far as nothing is in the way, then along what is: up slopes, but up no wall. It goes
    /// `lift` above the ground, so that this is not in the way.
    fn slid(&self, feet: Vec3, body: Body, shift: Vec3, mut lift: f32) -> Raised {
        let (mut here, mut rest) = (feet + Vec3::Y * lift, shift);
        let mut walls = [None; SLIDES_MAX];
        for index in 0..SLIDES_MAX {
            let length = rest.length();
            if length < 1e-4 {
                break;
            }
            let ahead = rest / length;
            let Some(hit) = self.cast_body(here, body, ahead, length) else {
                here += rest;
                break;
            };
            let free = hit.time_of_impact.clamp(0.0, length);
            here += ahead * free;
            rest -= ahead * free;
            let normal = hit.normal1;
            if normal.y >= SLOPE_RADIANS.cos() {
                rest -= normal * rest.dot(normal).min(0.0);
                // Off the slope, so that it is not met again.
                lift = 0.0;
                here += normal * (0.1 * SKIN_METRES);
                continue;
            }
            let wall = normal.with_y(0.0).normalize_or_zero();
            rest = rest.with_y(0.0);
            rest -= wall * rest.dot(wall).min(0.0);
            walls[index] = Some(wall);
            // In a corner there is no along.
            if walls.iter().flatten().any(|wall| rest.dot(*wall) < -1e-5) {
                break;
            }
            here += wall * (0.1 * SKIN_METRES);
        }
        Raised { feet: here, lift }
    }

    /// Up, ahead and down again: onto a step, or a little further up its edge.
    fn stepped_up(&self, feet: Vec3, body: Body, shift: Vec3) -> Option<Raised> {
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
        Some(Raised { feet: raised + shift, lift: 0.0 })
    }

    /// The end of a stride, if somebody may stand there: down to the ground if that is no deeper than a
    /// step, else as high as before; into the air one falls.
    fn put_down(&self, here: Walked, raised: Raised, body: Body, shift: Vec3) -> Option<Walked> {
        let Raised { feet, lift } = raised;
        let stands = here.drop_metres.is_some_and(|drop| drop < STEP_METRES);
        let drop = self.drop_below(feet, body, DROP_METRES + lift);
        let down = match drop {
            // Measured from above, so that rounding does not add up; but what holds one up there is no
            // ground: it is the wall that one leans against.
            Some(drop) if stands && drop <= STEP_METRES + lift && drop >= 0.5 * lift => drop,
            _ => lift,
        };
        let feet = feet - Vec3::Y * down;
        // It goes no further than was asked, whatever it was pushed by.
        let is_sane = (feet - here.feet).with_y(0.0).length() <= shift.length() + 2.0 * SKIN_METRES
            && (feet.y - here.feet.y).abs() <= STEP_METRES + shift.length() + 2.0 * SKIN_METRES;
        if !is_sane || !self.fits(feet, body) {
            return None;
        }
        let is_over_ground = self.has_ground(feet);
        // Whoever has ground under them keeps it.
        if here.is_over_ground && !is_over_ground {
            return None;
        }
        let drop_metres = drop.map(|drop| (drop - down).max(0.0));
        Some(Walked { feet, drop_metres, is_over_ground })
    }

    /// Whether there is ground right below `feet`, not only below an edge of the body.
    fn has_ground(&self, feet: Vec3) -> bool {
        let sole = Ball::new(SOLE_METRES);
        let options = ShapeCastOptions {
            // The ball's lower side is to come as deep as somebody may fall, and no deeper: over deeper ground
            // they would hang in the air.
            max_time_of_impact: STEP_METRES + DROP_METRES - SOLE_METRES,
            stop_at_penetration: false,
            ..ShapeCastOptions::default()
        };
        let from = Pose::from_translation(feet + Vec3::Y * STEP_METRES);
        self.queries().cast_shape(&from, Vec3::NEG_Y, &sole, options).is_some()
    }
}

/// Everything that a stride of this length can touch, and the ground that it needs below.
fn around(feet: Vec3, body: Body, reach: f32) -> Aabb {
    let side = body.radius_metres() + reach + 2.0 * SKIN_METRES;
    let up = body.height_metres() + STEP_METRES + reach;
    Aabb { min: feet - Vec3::new(side, DROP_METRES + reach, side), max: feet + Vec3::new(side, up, side) }
}
