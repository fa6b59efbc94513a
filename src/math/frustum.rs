//! One frustum that holds both eyes.

use glam::{Vec3, Vec4};

use super::lanes::{LANES, Spheres};
use super::{Aabb, Pose, Sphere, ViewPair};

/// Planes whose inside is `plane · (point, 1) >= 0`, unit normals: left, right, bottom, top, near.
/// There is no far plane: the projection reaches to infinity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frustum {
    planes: [Vec4; 5],
}

impl Frustum {
    /// The smallest frustum of this form that holds both eyes' frusta, widened by `guard_radians` on
    /// every side so that a head turning during the frame does not look at a hole.
    ///
    /// Built in the space of the eyes' mean orientation: each side plane takes the widest direction
    /// of any eye and is pushed out until every eye lies inside.
    pub fn around(views: &ViewPair, guard_radians: f32) -> Self {
        const WIDEST_RADIANS: f32 = 1.55;
        let center = views.center();
        let back = center.orientation.inverse();
        let mut slopes = [f32::MIN; 4];
        for eye in &views.eyes {
            let turn = back * eye.pose.orientation;
            let fov = eye.fov;
            for (x, y) in [
                (fov.left_radians, fov.down_radians),
                (fov.left_radians, fov.up_radians),
                (fov.right_radians, fov.down_radians),
                (fov.right_radians, fov.up_radians),
            ] {
                let corner = turn * Vec3::new(x.tan(), y.tan(), -1.0);
                let depth = (-corner.z).max(1e-3);
                let sides = [-corner.x, corner.x, -corner.y, corner.y];
                for (slope, side) in slopes.iter_mut().zip(sides) {
                    *slope = slope.max(side / depth);
                }
            }
        }
        let [left, right, down, up] = slopes.map(|s| (s.atan() + guard_radians).min(WIDEST_RADIANS));
        let normals = [
            Vec3::new(left.cos(), 0.0, -left.sin()),
            Vec3::new(-right.cos(), 0.0, -right.sin()),
            Vec3::new(0.0, down.cos(), -down.sin()),
            Vec3::new(0.0, -up.cos(), -up.sin()),
            Vec3::NEG_Z,
        ];
        let planes = normals.map(|normal| {
            let normal = center.orientation * normal;
            let offset = views.eyes.iter().map(|eye| -normal.dot(eye.pose.position)).fold(f32::MIN, f32::max);
            normal.extend(offset)
        });
        Self { planes }
    }

    /// The same in the space of `pose`.
    pub fn seen_from(&self, pose: Pose) -> Self {
        let back = pose.orientation.inverse();
        let planes = self.planes.map(|plane| {
            let normal = plane.truncate();
            (back * normal).extend(plane.w + normal.dot(pose.position))
        });
        Self { planes }
    }

    /// Its planes: left, right, bottom, top, near.
    pub fn planes(&self) -> &[Vec4; 5] {
        &self.planes
    }

    /// Whether all of `bounds` is inside.
    pub fn holds_box(&self, bounds: Aabb) -> bool {
        let (center, half) = (bounds.center(), bounds.half_extent());
        self.planes.iter().all(|p| {
            let normal = p.truncate();
            normal.dot(center) + p.w >= normal.abs().dot(half)
        })
    }

    /// About what part of `bounds` is inside: of the middles of its octants, at least half a one.
    pub fn share_of_box(&self, bounds: Aabb) -> f32 {
        let (center, half) = (bounds.center(), bounds.half_extent() * 0.5);
        let mut middles = Spheres::default();
        for lane in 0..LANES {
            let side = |axis: usize| if lane >> axis & 1 == 0 { -1.0 } else { 1.0 };
            let middle = center + half * Vec3::new(side(0), side(1), side(2));
            middles.set(lane, Sphere { center: middle, radius: 0.0 });
        }
        (middles.inside(&self.planes).count_ones() as f32).max(0.5) / LANES as f32
    }

    /// Whether any part of `sphere` may be inside (it may say yes for one just outside a corner).
    pub fn touches_sphere(&self, sphere: Sphere) -> bool {
        self.planes.iter().all(|p| p.truncate().dot(sphere.center) + p.w >= -sphere.radius)
    }

    /// Whether any part of `bounds` may be inside.
    pub fn touches_box(&self, bounds: Aabb) -> bool {
        let (center, half) = (bounds.center(), bounds.half_extent());
        self.planes.iter().all(|p| {
            let normal = p.truncate();
            normal.dot(center) + p.w >= -normal.abs().dot(half)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{Fov, Pose, pose::EYE_DISTANCE_METRES};

    /// A point that either eye sees is never culled: 20 000 random points against the projections.
    #[test]
    fn what_an_eye_sees_is_inside() {
        let mut seed = 7_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 * 2.0 - 1.0
        };
        let fov = Fov { left_radians: -0.95, right_radians: 0.7, up_radians: 0.75, down_radians: -0.9 };
        let mut pair =
            ViewPair::around(Pose::standing(Vec3::new(1.0, 1.6, 2.0), 0.8, -0.3), fov, EYE_DISTANCE_METRES);
        pair.eyes[1].fov = Fov { left_radians: -0.7, right_radians: 0.95, ..fov };
        let frustum = Frustum::around(&pair, 0.0);
        let mut culled = 0;
        for _ in 0..20_000 {
            let point = Vec3::new(random(), random(), random()) * 20.0;
            let seen = pair.eyes.iter().any(|eye| {
                let clip = eye.clip_from_world(0.05) * point.extend(1.0);
                clip.w > 0.05 && clip.x.abs() <= clip.w && clip.y.abs() <= clip.w
            });
            let inside = frustum.touches_sphere(Sphere { center: point, radius: 0.0 });
            assert!(inside || !seen, "{point} is seen but culled");
            culled += usize::from(!inside);
        }
        assert!(
            culled > 14_000,
            "a frustum of about 95° must cull most of the surroundings, culled {culled}"
        );
    }
}
