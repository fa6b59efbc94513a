//! A picture for those who watch somebody in a headset: the same view, held steadier than a head is.
//!
//! The head's turn is followed slowly, but never so far behind that the eye's picture ends. In: how the
//! eye is turned, and time. Out: how the calm view is turned, and where in the eye's picture it looks.

use glam::{Mat3, Quat, Vec3};

use crate::math::Fov;

/// The calm view has come two thirds of the way after this time, seconds: trembling is gone, a look around
/// is not late.
const FOLLOW_SECONDS: f32 = 0.15;

/// It is never further behind than this, and the eye's picture is cut by as much on every side.
const LAG_RADIANS: f32 = 0.14;

/// A turn of more than this in one frame is a leap and is followed at once.
const LEAP_RADIANS: f32 = 0.7;

/// Further to a side nothing is drawn.
const FAR_RADIANS: f32 = 1.5;

/// A calm view is at least this wide to each side, whatever the eye sees.
const HALF_RADIANS_MIN: f32 = 0.1;

/// The calm view.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steady {
    turn: Option<Quat>,
}

impl Steady {
    /// Follows the eye. What is no number is not followed.
    pub fn follow(&mut self, eye: Quat, delta_seconds: f32) -> Quat {
        let Some(last) = self.turn.filter(|last| last.angle_between(eye) < LEAP_RADIANS) else {
            let turn = if eye.is_finite() { eye } else { self.turn.unwrap_or_default() };
            self.turn = Some(turn);
            return turn;
        };
        let share = 1.0 - (-delta_seconds.max(0.0) / FOLLOW_SECONDS).exp();
        let followed = last.slerp(eye, share);
        let lag = followed.angle_between(eye);
        let turn = if lag > LAG_RADIANS { eye.slerp(followed, LAG_RADIANS / lag) } else { followed };
        let turn = turn.normalize();
        self.turn = Some(turn);
        turn
    }
}

/// What the calm view sees of an eye that sees `eye`, `aspect` times as wide as high: as much as is there
/// however far it is behind, and nothing that is further than `clear_radians` from straight ahead of the eye,
/// where its lens may hide what was to be drawn.
pub fn cropped(eye: Fov, aspect: f32, clear_radians: f32) -> Fov {
    let half = |a: f32, b: f32| (a.abs().min(b.abs()) - LAG_RADIANS).max(HALF_RADIANS_MIN).tan();
    let (wide, high) = (half(eye.left_radians, eye.right_radians), half(eye.down_radians, eye.up_radians));
    let aspect = aspect.max(1e-3);
    let corner = (clear_radians - LAG_RADIANS).clamp(HALF_RADIANS_MIN, FAR_RADIANS).tan();
    let high = high.min(wide / aspect).min(corner / aspect.hypot(1.0));
    Fov::symmetric(2.0 * high.atan(), aspect)
}

/// From places of the calm view to places of the eye's picture, both 0 ..= 1 to the right and down: the turn
/// between them alone, as if everything were far away.
pub fn map(eye: (Quat, Fov), calm: (Quat, Fov)) -> Mat3 {
    let tangents = |fov: Fov| {
        let (left, right) = (fov.left_radians.tan(), fov.right_radians.tan());
        (left, right - left, fov.up_radians.tan(), fov.up_radians.tan() - fov.down_radians.tan())
    };
    let (left, width, up, height) = tangents(calm.1);
    // A place → the way from the calm eye: x = left + width·u, y = up − height·v, z = −1.
    let way = Mat3::from_cols(Vec3::X * width, Vec3::NEG_Y * height, Vec3::new(left, up, -1.0));
    let (left, width, up, height) = tangents(eye.1);
    // A way from the eye → its place times the depth −z.
    let place = Mat3::from_cols(
        Vec3::new(1.0 / width, 0.0, 0.0),
        Vec3::new(0.0, -1.0 / height, 0.0),
        Vec3::new(left / width, -up / height, -1.0),
    );
    place * Mat3::from_quat(eye.0.inverse() * calm.0) * way
}

#[cfg(test)]
mod tests {
    use std::f32::consts::FRAC_PI_2;

    use super::*;
    use crate::math::{Pose, View};

    const EYE: Fov = Fov { left_radians: -0.94, right_radians: 0.70, up_radians: 0.75, down_radians: -0.94 };

    /// Trembling by 0.5° at 8 Hz is less than a quarter of that; a turn of 90° a second is followed.
    #[test]
    fn a_tremble_is_calmed_and_a_turn_is_followed() {
        let mut steady = Steady::default();
        let mut worst = 0.0_f32;
        for frame in 0..900_u16 {
            let seconds = f32::from(frame) / 90.0;
            let tremble = 0.5_f32.to_radians() * (seconds * 8.0 * std::f32::consts::TAU).sin();
            let turn = steady.follow(Quat::from_rotation_y(tremble), 1.0 / 90.0);
            worst = if frame > 90 { worst.max(turn.angle_between(Quat::IDENTITY)) } else { 0.0 };
        }
        assert!(worst < 0.125_f32.to_radians(), "{}", worst.to_degrees());
        for frame in 1..=90_u16 {
            let eye = Quat::from_rotation_y(f32::from(frame).to_radians());
            let lag = steady.follow(eye, 1.0 / 90.0).angle_between(eye);
            assert!(lag <= LAG_RADIANS + 1e-4, "{lag}");
        }
        let leap = Quat::from_rotation_y(-2.0);
        assert!(steady.follow(leap, 1.0 / 90.0).angle_between(leap) < 1e-3);
        let before = steady;
        assert!(steady.follow(Quat::from_xyzw(f32::NAN, 0.0, 0.0, 1.0), 0.01).is_finite());
        assert!(steady.follow(leap, f32::NAN).is_finite() && before.turn.is_some());
    }

    /// Against the projections: what the calm view sees at a place is what the eye sees at the mapped one.
    #[test]
    fn places_are_mapped_as_the_projections_say() {
        let calm_fov = cropped(EYE, 1.6, FRAC_PI_2);
        let calm = Quat::from_euler(glam::EulerRot::YXZ, 0.40, -0.20, 0.05);
        let eye = Quat::from_euler(glam::EulerRot::YXZ, 0.33, -0.25, 0.02);
        let place = |turn: Quat, fov: Fov, way: Vec3| {
            let view = View { pose: Pose { position: Vec3::ZERO, orientation: turn }, fov };
            let clip = view.clip_from_world(0.1) * way.extend(1.0);
            glam::Vec2::new(clip.x / clip.w * 0.5 + 0.5, 0.5 - clip.y / clip.w * 0.5)
        };
        for way in [Vec3::new(-0.3, -0.2, -1.0), Vec3::new(-0.9, -0.1, -1.0), Vec3::new(-0.4, 0.2, -1.1)] {
            let from = place(calm, calm_fov, way);
            let mapped = map((eye, EYE), (calm, calm_fov)) * from.extend(1.0);
            assert!(mapped.z > 0.0);
            let to = mapped.truncate() / mapped.z;
            assert!(to.abs_diff_eq(place(eye, EYE, way), 1e-4), "{to} {}", place(eye, EYE, way));
        }
    }

    /// However the calm view is behind, its corners stay within what the lens lets through.
    #[test]
    fn the_crop_leaves_out_what_the_lens_hides() {
        let ray =
            |fov: Fov, x: f32, y: f32| Vec3::new(fov.right_radians.tan() * x, fov.up_radians.tan() * y, -1.0);
        for (aspect, clear) in [(0.5, 0.7), (16.0 / 9.0, 0.5), (16.0 / 9.0, 0.8), (3.0, 0.6)] {
            let fov = cropped(EYE, aspect, clear);
            let lags = (0..16_u8)
                .map(|step| f32::from(step) * std::f32::consts::TAU / 16.0)
                .map(|angle| Quat::from_axis_angle(Vec3::new(angle.cos(), angle.sin(), 0.0), LAG_RADIANS));
            let corners = [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)];
            let furthest = lags
                .flat_map(|lag| corners.map(|(x, y)| (lag * ray(fov, x, y)).angle_between(Vec3::NEG_Z)))
                .fold(0.0, f32::max);
            assert!(furthest < clear + 1e-3, "{aspect} {clear}: {furthest}");
        }
        assert_eq!(cropped(EYE, 1.6, 1.2), cropped(EYE, 1.6, FRAC_PI_2), "corners far outside cut nothing");
    }

    /// However the calm view is behind to the sides or up and down, its picture has no black edge.
    #[test]
    fn the_crop_stays_inside_of_the_picture() {
        for aspect in [0.5, 1.0, 16.0 / 9.0, 3.0] {
            let fov = cropped(EYE, aspect, FRAC_PI_2);
            for (yaw, pitch) in [(0.0, 0.0), (LAG_RADIANS, 0.0), (-LAG_RADIANS, 0.0), (0.0, LAG_RADIANS)] {
                let calm = Quat::from_rotation_y(yaw) * Quat::from_rotation_x(pitch);
                let map = map((Quat::IDENTITY, EYE), (calm, fov));
                for (u, v) in [(0.5, 0.0), (0.5, 1.0), (0.0, 0.5), (1.0, 0.5)] {
                    let to = map * Vec3::new(u, v, 1.0);
                    let (x, y) = (to.x / to.z, to.y / to.z);
                    assert!((-0.01..=1.01).contains(&x) && (-0.01..=1.01).contains(&y), "{aspect} {x} {y}");
                }
            }
        }
        let narrow = Fov::symmetric(0.1, 1.0);
        assert!(
            cropped(narrow, 1.0, 0.0).up_radians > 0.05
                && cropped(narrow, 0.0, FRAC_PI_2).up_radians.is_finite()
        );
    }
}
