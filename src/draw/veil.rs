//! How a frame is dimmed for comfort: all of it, or all but the middle.

use glam::{Vec3, Vec4};

/// Nothing is dimmed this far from the middle of the view and all is dark that far from it, radians:
/// with the weakest vignette, then with the strongest. The weakest begins outside of any headset's view.
const CLEAR_RADIANS: [f32; 2] = [1.15, 0.40];
const DARK_RADIANS: [f32; 2] = [1.35, 0.65];

/// What lies between the eyes and the world. Panels lie before it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Veil {
    /// 0: nothing; 1: all is black.
    pub fade: f32,
    /// 0: nothing; 1: only the middle of the view is left.
    pub vignette: f32,
}

impl Veil {
    /// Whether it takes nothing away.
    pub(super) fn is_lifted(self) -> bool {
        !(self.fade > 0.0 || self.vignette > 0.0)
    }

    /// What is left of the light, as the shader wants it: for a unit vector `v` from what is seen to the
    /// eye, saturate(v · xyz + w) times the second.
    pub(super) fn uniform(self, gaze: Vec3) -> (Vec4, f32) {
        let unit = |x: f32| if x.is_finite() { x.clamp(0.0, 1.0) } else { 0.0 };
        let (left, vignette) = (1.0 - unit(self.fade), unit(self.vignette));
        if vignette <= 0.0 {
            return (Vec4::W, left);
        }
        let at = |[weak, strong]: [f32; 2]| (weak + (strong - weak) * vignette).cos();
        let (clear, dark) = (at(CLEAR_RADIANS), at(DARK_RADIANS));
        let slope = 1.0 / (clear - dark);
        ((gaze * -slope).extend(-dark * slope), left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_stays_clear_and_the_edge_goes_dark() {
        let gaze = Vec3::NEG_Z;
        let left = |veil: Veil, radians: f32| {
            let (uniform, light) = veil.uniform(gaze);
            let to_eye = -Vec3::new(radians.sin(), 0.0, -radians.cos());
            (uniform.truncate().dot(to_eye) + uniform.w).clamp(0.0, 1.0) * light
        };
        assert_eq!(left(Veil::default(), 1.2), 1.0);
        assert_eq!(left(Veil { fade: 1.0, vignette: 0.4 }, 0.0), 0.0);
        assert_eq!(left(Veil { fade: 0.25, vignette: f32::NAN }, 0.0), 0.75);
        let strong = Veil { fade: 0.0, vignette: 1.0 };
        assert_eq!((left(strong, 0.39), left(strong, 0.66)), (1.0, 0.0));
        assert!((0.1..0.9).contains(&left(strong, 0.53)));
        assert!(left(Veil { fade: 0.0, vignette: 0.01 }, 1.0) > 0.99, "it comes in from outside");
    }
}
