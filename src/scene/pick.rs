//! A ray → what it meets: the nearest triangle, and the entity that it is part of.

use glam::{Affine3A, Vec3};

use super::{EntityIndex, TileMesh};
use crate::math::Aabb;

/// From a point on, in a direction of unit length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray {
    /// Metres.
    pub origin: Vec3,
    /// Of unit length.
    pub direction: Vec3,
}

/// What a ray met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// How far away, metres.
    pub distance_metres: f32,
    /// What it is part of.
    pub entity: Option<EntityIndex>,
}

impl Ray {
    /// Where it comes into the box, metres; 0 inside. `None` where it passes by
    /// (Kay and Kajiya, "Ray Tracing Complex Scenes", 1986).
    pub fn enters(&self, bounds: Aabb) -> Option<f32> {
        let per = self.direction.recip();
        let (a, b) = ((bounds.min - self.origin) * per, (bounds.max - self.origin) * per);
        // A side that it runs along within gives no bound: the NaN is lost by `min` and `max`.
        let near = a.min(b).max_element().max(0.0);
        let far = a.max(b).min_element();
        (near <= far).then_some(near)
    }

    /// The nearest triangle of a tile that stands at `world_from_tile`, seen from either side.
    pub fn pick(&self, mesh: &TileMesh, world_from_tile: &Affine3A) -> Option<Hit> {
        let world_from_grid = *world_from_tile * mesh.world_from_grid;
        let place = |&index: &u16| {
            let position = mesh.positions.get(usize::from(index)).copied().unwrap_or_default();
            world_from_grid.transform_point3(Vec3::from(position.grid.map(f32::from)))
        };
        let mut nearest: Option<Hit> = None;
        for chunk in &mesh.chunks {
            let (start, count) = (chunk.first_index as usize, chunk.index_count as usize);
            let indices = mesh.indices.get(start..start.saturating_add(count)).unwrap_or_default();
            for [a, b, c] in indices.as_chunks::<3>().0 {
                let Some(distance_metres) = self.meets([place(a), place(b), place(c)]) else { continue };
                if nearest.is_none_or(|hit| distance_metres < hit.distance_metres) {
                    nearest = Some(Hit { distance_metres, entity: chunk.entity });
                }
            }
        }
        nearest
    }

    /// Where it meets the triangle (Möller and Trumbore, "Fast, Minimum Storage Ray/Triangle Intersection", 1997).
    fn meets(&self, [a, b, c]: [Vec3; 3]) -> Option<f32> {
        let (ab, ac) = (b - a, c - a);
        let across = self.direction.cross(ac);
        let determinant = ab.dot(across);
        if determinant == 0.0 {
            return None;
        }
        let from_a = self.origin - a;
        let u = from_a.dot(across) / determinant;
        let other = from_a.cross(ab);
        let v = self.direction.dot(other) / determinant;
        let distance = ac.dot(other) / determinant;
        (u >= 0.0 && v >= 0.0 && u + v <= 1.0 && distance >= 0.0).then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ray_meets_what_is_ahead_and_enters_boxes() {
        let ray = Ray { origin: Vec3::new(0.2, 0.3, 5.0), direction: Vec3::NEG_Z };
        let at = |z: f32| [Vec3::new(0.0, 0.0, z), Vec3::new(1.0, 0.0, z), Vec3::new(0.0, 1.0, z)];
        assert_eq!(ray.meets(at(1.0)), Some(4.0));
        assert_eq!(ray.meets(at(6.0)), None);
        let [a, b, c] = at(1.0);
        assert_eq!(ray.meets([a, c, b]), Some(4.0), "from behind");
        assert_eq!(ray.meets([a + Vec3::X, b + Vec3::X, c + Vec3::X]), None);
        let bounds = Aabb { min: Vec3::ZERO, max: Vec3::ONE };
        assert_eq!(ray.enters(bounds), Some(4.0));
        assert_eq!(Ray { origin: Vec3::splat(0.5), ..ray }.enters(bounds), Some(0.0));
        assert_eq!(Ray { origin: Vec3::new(2.0, 0.0, 5.0), ..ray }.enters(bounds), None);
        assert_eq!(Ray { direction: Vec3::Z, ..ray }.enters(bounds), None);
    }
}
