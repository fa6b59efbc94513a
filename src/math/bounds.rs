//! Boxes and spheres around things.

use glam::{Affine3A, Vec3};
use serde::{Deserialize, Serialize};

/// An axis-aligned box, metres. `min <= max` on every axis unless it is [`Aabb::EMPTY`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aabb {
    /// The corner with the smallest coordinates.
    pub min: Vec3,
    /// The corner with the largest coordinates.
    pub max: Vec3,
}

impl Aabb {
    /// Holds nothing; the neutral element of [`Aabb::union`].
    pub const EMPTY: Self = Self { min: Vec3::INFINITY, max: Vec3::NEG_INFINITY };

    /// The smallest box around `points`; [`Aabb::EMPTY`] for none.
    pub fn around(points: impl IntoIterator<Item = Vec3>) -> Self {
        points.into_iter().fold(Self::EMPTY, |bounds, p| bounds.with(p))
    }

    /// This box grown to hold `point`.
    pub fn with(self, point: Vec3) -> Self {
        Self { min: self.min.min(point), max: self.max.max(point) }
    }

    /// The smallest box around both.
    pub fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// Whether the box holds no point at all.
    pub fn is_empty(self) -> bool {
        !(self.min.cmple(self.max).all())
    }

    /// Whether both corners are finite and in order.
    pub fn is_valid(self) -> bool {
        self.min.is_finite() && self.max.is_finite() && !self.is_empty()
    }

    /// The middle.
    pub fn center(self) -> Vec3 {
        (self.min + self.max) * 0.5
    }

    /// Half the size on each axis.
    pub fn half_extent(self) -> Vec3 {
        (self.max - self.min) * 0.5
    }

    /// The sphere through the corners.
    pub fn sphere(self) -> Sphere {
        Sphere { center: self.center(), radius: self.half_extent().length() }
    }

    /// Metres from `point` to the nearest point of the box; 0 inside.
    pub fn distance(self, point: Vec3) -> f32 {
        (point - point.clamp(self.min, self.max)).length()
    }

    /// Whether `other` lies inside, give or take `tolerance` metres.
    pub fn contains(self, other: Self, tolerance: f32) -> bool {
        (self.min - tolerance).cmple(other.min).all() && (self.max + tolerance).cmpge(other.max).all()
    }

    /// The box around this box after `transform`
    /// (Arvo, "Transforming Axis-Aligned Bounding Boxes", Graphics Gems, 1990).
    pub fn transformed(self, transform: &Affine3A) -> Self {
        let center = transform.transform_point3(self.center());
        let half = self.half_extent();
        let m = transform.matrix3;
        let reach = Vec3::from(m.x_axis.abs()) * half.x
            + Vec3::from(m.y_axis.abs()) * half.y
            + Vec3::from(m.z_axis.abs()) * half.z;
        Self { min: center - reach, max: center + reach }
    }
}

/// A ball, metres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sphere {
    /// The middle.
    pub center: Vec3,
    /// From the middle to the surface.
    pub radius: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_swaps_the_axes_of_a_box() {
        let bounds = Aabb { min: Vec3::new(-1.0, -2.0, -3.0), max: Vec3::new(1.0, 2.0, 3.0) };
        let turned = bounds.transformed(&Affine3A::from_rotation_y(std::f32::consts::FRAC_PI_2));
        assert!(turned.half_extent().abs_diff_eq(Vec3::new(3.0, 2.0, 1.0), 1e-5));
    }

    #[test]
    fn distance_is_zero_inside_and_straight_outside() {
        let bounds = Aabb { min: Vec3::ZERO, max: Vec3::ONE };
        assert_eq!(bounds.distance(Vec3::splat(0.5)), 0.0);
        assert_eq!(bounds.distance(Vec3::new(0.5, 0.5, 3.0)), 2.0);
        assert!(Aabb::EMPTY.is_empty() && !Aabb::EMPTY.is_valid());
    }
}
