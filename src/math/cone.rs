//! Which way a surface faces, all of it.

use glam::Vec3;

use super::Sphere;

/// Holds every normal of a surface: they are at most an angle away from the axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cone {
    /// A unit vector.
    pub axis: Vec3,
    /// The sine of that angle; above 1 where the cone says nothing.
    pub sine: f32,
}

impl Cone {
    /// For a surface that faces every way, or is seen from both sides.
    pub const ANY: Self = Self { axis: Vec3::Y, sine: 2.0 };

    /// Around these directions, of which those of no length do not count.
    pub fn around(normals: impl Iterator<Item = Vec3> + Clone) -> Self {
        // Wider ones would hardly ever hide anything.
        const COSINE_MIN: f32 = 0.1;
        let units = normals.filter_map(Vec3::try_normalize);
        let Some(axis) = units.clone().sum::<Vec3>().try_normalize() else { return Self::ANY };
        let cosine = units.map(|unit| unit.dot(axis)).fold(1.0, f32::min);
        if cosine < COSINE_MIN {
            return Self::ANY;
        }
        Self { axis, sine: (1.0 - cosine * cosine).max(0.0).sqrt() }
    }

    /// Whether no point within `reach_metres` of `eye` sees the front of a surface in `bounds`.
    ///
    /// A point of the sphere is seen from behind if the way to it is within 90° minus the cone's angle of the axis:
    /// with the centre's way that is `way · axis >= sine · |way| + radius` (as meshoptimizer's
    /// `computeClusterBounds` documents it); another eye moves each side by at most its distance.
    pub fn faces_away(self, bounds: Sphere, eye: Vec3, reach_metres: f32) -> bool {
        let way = bounds.center - eye;
        way.dot(self.axis) >= self.sine * way.length() + bounds.radius + 2.0 * reach_metres
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Triangles of a bent sheet, looked at from many places: where the cone says that it faces away,
    /// no triangle is seen from its front.
    #[test]
    fn what_faces_away_shows_no_front() {
        let point = |x: i32, y: i32| {
            let (x, y) = (x as f32 * 0.1, y as f32 * 0.1);
            Vec3::new(x, y, 0.3 * (x * x - y * y))
        };
        let mut triangles = Vec::new();
        for (x, y) in (-5..5).flat_map(|x| (-5..5).map(move |y| (x, y))) {
            triangles.push([point(x, y), point(x + 1, y), point(x + 1, y + 1)]);
            triangles.push([point(x, y), point(x + 1, y + 1), point(x, y + 1)]);
        }
        let normal = |[a, b, c]: &[Vec3; 3]| (*b - *a).cross(*c - *a);
        let cone = Cone::around(triangles.iter().map(normal));
        assert!(cone.sine < 0.5 && cone.axis.z > 0.9);
        let corners = || triangles.iter().flatten().copied();
        let radius = corners().map(Vec3::length).fold(0.0, f32::max);
        let bounds = Sphere { center: Vec3::ZERO, radius };
        let mut hidden = 0;
        for step in 0..4000 {
            let (turn, height) = (step as f32 * 2.399_963_2, (step as f32 / 2000.0) - 1.0);
            let eye =
                Vec3::new(turn.cos(), turn.sin(), 0.0) * (1.0 - height * height).sqrt() + Vec3::Z * height;
            let eye = eye * (1.0 + (step % 7) as f32);
            if !cone.faces_away(bounds, eye, 0.05) {
                continue;
            }
            hidden += 1;
            for other in [eye, eye + Vec3::X * 0.05, eye - Vec3::Y * 0.05] {
                let is_front = |t: &[Vec3; 3]| normal(t).dot(other - t[0]) > 0.0;
                assert!(!triangles.iter().any(is_front), "seen from {other}");
            }
        }
        assert!((400..2000).contains(&hidden), "{hidden} of 4000 places see nothing");
    }

    #[test]
    fn a_ball_and_nothing_face_every_way() {
        assert_eq!(Cone::around([Vec3::X, Vec3::NEG_X, Vec3::Y].into_iter()), Cone::ANY);
        assert_eq!(Cone::around([Vec3::ZERO].into_iter()), Cone::ANY);
    }
}
