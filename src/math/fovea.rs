//! How much detail an eye can tell apart, by the angle from where it looks.
//!
//! One curve drives LOD error, fetch priority and, later, shading density and avatar rate.

use glam::Vec3;

use super::{Pose, Sphere};

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

    /// τ(e): the largest geometric error, radians, that goes unseen at `eccentricity_radians` on a
    /// display whose pixels are `pixel_radians` wide: the larger of one pixel and half the acuity.
    pub fn error_radians(&self, eccentricity_radians: f32, pixel_radians: f32) -> f32 {
        let beyond = (eccentricity_radians - self.inner_radians).max(0.0);
        pixel_radians.max(0.5 * (self.acuity_radians + self.slope * beyond))
    }
}

/// Radians from the axis of `gaze` to the nearest edge of `bounds`; 0 when the axis meets it.
pub fn eccentricity_radians(gaze: Pose, bounds: Sphere) -> f32 {
    let to = bounds.center - gaze.position;
    let distance = to.length();
    if distance <= bounds.radius {
        return 0.0;
    }
    let axis: Vec3 = gaze.forward();
    let angle = (axis.dot(to) / distance).clamp(-1.0, 1.0).acos();
    (angle - (bounds.radius / distance).asin()).max(0.0)
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
    fn eccentricity_counts_from_the_edge() {
        let ball = Sphere { center: Vec3::new(2.0, 0.0, -2.0), radius: 0.0 };
        let quarter = eccentricity_radians(Pose::IDENTITY, ball);
        assert!((quarter - std::f32::consts::FRAC_PI_4).abs() < 1e-6);
        let inside = Sphere { center: Vec3::ZERO, radius: 1.0 };
        assert_eq!(eccentricity_radians(Pose::IDENTITY, inside), 0.0);
    }
}
