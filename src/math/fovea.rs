//! How much detail an eye can tell apart, by the angle from where it looks.
//!
//! One curve drives LOD error, fetch priority and, later, shading density and avatar rate.

use glam::{Quat, Vec3};

use super::{Aabb, Pose, Sphere};

/// The eye's smallest resolvable angle as a line over eccentricity: ω(e) = ω₀ + m·max(0, e − e₀)
/// (Guenter et al., "Foveated 3D Graphics", 2012).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fovea {
    /// ω₀: what the middle of the fovea resolves, radians.
    pub acuity_radians: f32,
    /// m: radians of acuity lost per radian of eccentricity.
    pub slope: f32,
    /// e₀: how far from the axis the eye may be looking, radians.
    pub inner_radians: f32,
}

impl Fovea {
    /// Without eye tracking: full detail within 15° of the head's axis, then 1.32 arcmin per degree.
    pub const HEAD_ONLY: Self = Self {
        acuity_radians: (1.0 / 48.0_f32).to_radians(),
        slope: 0.022,
        inner_radians: 15.0_f32.to_radians(),
    };

    /// Where the headset follows the eyes: full detail within 3° of where they look.
    pub const FOLLOWED: Self = Self { inner_radians: 3.0_f32.to_radians(), ..Self::HEAD_ONLY };

    /// τ(e): the largest geometric error, radians, that goes unseen at `eccentricity_radians` on a
    /// display whose pixels are `pixel_radians` wide: the larger of one pixel and half the acuity.
    pub fn error_radians(&self, eccentricity_radians: f32, pixel_radians: f32) -> f32 {
        let beyond = (eccentricity_radians - self.inner_radians).max(0.0);
        pixel_radians.max(0.5 * (self.acuity_radians + self.slope * beyond))
    }
}

/// What a turning head sees so much later is thought to be looked at next: a turn lasts about half a second.
const AHEAD_SECONDS: f32 = 0.3;

/// A head turns no farther at once, radians.
const AHEAD_MAX_RADIANS: f32 = 1.5;

/// How a head that turns about this axis, as long as radians a second, will have turned in a moment.
pub fn ahead(turn_per_second: Vec3) -> Quat {
    if !turn_per_second.is_finite() {
        return Quat::IDENTITY;
    }
    Quat::from_scaled_axis((turn_per_second * AHEAD_SECONDS).clamp_length_max(AHEAD_MAX_RADIANS))
}

/// No gaze is looked for further ahead of a turning head, radians: faster than that nobody sees detail.
const SWEEP_MAX_RADIANS: f32 = 20.0_f32.to_radians();

/// What a gaze, a unit vector, sweeps over while the head turns about the axis `turn`, as long as it is in radians:
/// the middle of it, and how far both ends are from there, radians. A head that nods sideways sweeps over nothing.
pub fn sweep(gaze: Vec3, turn: Vec3) -> (Vec3, f32) {
    let across = turn - gaze * gaze.dot(turn);
    let radians = across.length();
    let Some(axis) = across.try_normalize() else { return (gaze, 0.0) };
    let reach_radians = 0.5 * radians.min(SWEEP_MAX_RADIANS);
    (Quat::from_axis_angle(axis, reach_radians) * gaze, reach_radians)
}

/// Radians from the axis of `gaze` to the nearest edge of `bounds`; 0 when the axis meets it.
pub fn eccentricity_radians(gaze: Pose, bounds: Sphere) -> f32 {
    let to = bounds.center - gaze.position;
    let distance = to.length();
    if distance <= bounds.radius {
        return 0.0;
    }
    let axis: Vec3 = gaze.forward();
    let angle = angle_of(axis.dot(to) / distance);
    (angle - (bounds.radius / distance).asin()).max(0.0)
}

/// Where in a box an error is seen first: metres from the eye and radians from its axis, of the point that is
/// nearest to the eye and of the one that is nearest to the axis. What lies between is farther than the one
/// and further out than the other.
pub fn exposures(gaze: Pose, bounds: Aabb) -> [(f32, f32); 2] {
    let axis = gaze.forward();
    let at = |point: Vec3| {
        let to = point - gaze.position;
        let distance = to.length();
        let cosine = if distance > 0.0 { axis.dot(to) / distance } else { 1.0 };
        (distance, angle_of(cosine))
    };
    let within = |point: Vec3| point.clamp(bounds.min, bounds.max);
    // The box and the axis, each moved to what is nearest of the other: from the middle a step or two suffice.
    let mut inner = bounds.center();
    for _ in 0..2 {
        inner = within(gaze.position + axis * axis.dot(inner - gaze.position).max(0.0));
    }
    [at(within(gaze.position)), at(inner)]
}

/// The angle of this cosine to within 0.0001 radians, many times faster than to the last bit
/// (Abramowitz and Stegun, "Handbook of Mathematical Functions", 4.4.45).
fn angle_of(cosine: f32) -> f32 {
    let x = cosine.abs().min(1.0);
    let series = 1.570_728_8 + x * (-0.212_114_4 + x * (0.074_261_0 - x * 0.018_729_3));
    let angle = (1.0 - x).sqrt() * series;
    if cosine < 0.0 { std::f32::consts::PI - angle } else { angle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_flat_inside_and_rises_outside() {
        let (fovea, pixel) = (Fovea::HEAD_ONLY, 0.05_f32.to_radians());
        assert_eq!(fovea.error_radians(0.1, pixel), pixel);
        let (near, far) = (fovea.error_radians(0.6, pixel), fovea.error_radians(0.9, pixel));
        assert!(pixel < near && near < far);
        // 30° out, 15° beyond the inner cone: half of 1/48° + 0.022·15°.
        let expected = 0.5 * ((1.0_f32 / 48.0) + 0.022 * 15.0).to_radians();
        assert!((fovea.error_radians(30.0_f32.to_radians(), 0.0) - expected).abs() < 1e-6);
    }

    #[test]
    fn a_turning_gaze_sweeps_over_where_it_is_and_where_it_will_be() {
        let (middle, reach_radians) = sweep(Vec3::NEG_Z, Vec3::Y * 0.2);
        assert!((reach_radians - 0.1).abs() < 1e-6);
        // To the left.
        assert!(middle.abs_diff_eq(Vec3::new(-0.1_f32.sin(), 0.0, -0.1_f32.cos()), 1e-6), "{middle}");
        assert!((middle.angle_between(Vec3::NEG_Z) - reach_radians).abs() < 1e-3);
        // Nodding sideways is no turn of the gaze, and beside a turn it adds nothing to it.
        assert_eq!(sweep(Vec3::NEG_Z, Vec3::Z * 0.2), (Vec3::NEG_Z, 0.0));
        assert!((sweep(Vec3::NEG_Z, Vec3::new(0.0, 0.2, 5.0)).1 - 0.1).abs() < 1e-6);
        assert_eq!(sweep(Vec3::NEG_Z, Vec3::ZERO), (Vec3::NEG_Z, 0.0));
        assert_eq!(sweep(Vec3::NEG_Z, Vec3::NAN), (Vec3::NEG_Z, 0.0));
        assert_eq!(sweep(Vec3::NEG_Z, Vec3::X * 100.0).1, 0.5 * SWEEP_MAX_RADIANS);
    }

    #[test]
    fn a_box_beside_the_axis_is_exposed_where_it_is_near_and_where_it_is_seen_best() {
        let gaze = Pose::IDENTITY;
        let beside = Aabb { min: Vec3::new(2.0, -1.0, -20.0), max: Vec3::new(4.0, 1.0, 5.0) };
        let [(near, wide), (far, narrow)] = exposures(gaze, beside);
        assert!((near - 2.0).abs() < 1e-6 && (wide - std::f32::consts::FRAC_PI_2).abs() < 1e-4);
        assert!(far > 7.0 && narrow < 0.3, "{far} m, {narrow}");
        let around = Aabb { min: Vec3::splat(-1.0), max: Vec3::ONE };
        assert_eq!(exposures(gaze, around)[0], (0.0, 0.0));
        let ahead = Aabb { min: Vec3::new(-1.0, -1.0, -9.0), max: Vec3::new(1.0, 1.0, -7.0) };
        assert_eq!(exposures(gaze, ahead)[0], (7.0, 0.0));
    }

    #[test]
    fn an_angle_is_that_of_its_cosine() {
        for step in -1000..=1000 {
            let cosine = step as f32 / 1000.0;
            assert!((angle_of(cosine) - cosine.acos()).abs() < 1e-4, "{cosine}");
        }
        assert_eq!(angle_of(1.000_001), 0.0);
    }

    #[test]
    fn eccentricity_counts_from_the_edge() {
        let ball = Sphere { center: Vec3::new(2.0, 0.0, -2.0), radius: 0.0 };
        let quarter = eccentricity_radians(Pose::IDENTITY, ball);
        assert!((quarter - std::f32::consts::FRAC_PI_4).abs() < 1e-4);
        let inside = Sphere { center: Vec3::ZERO, radius: 1.0 };
        assert_eq!(eccentricity_radians(Pose::IDENTITY, inside), 0.0);
    }
}
