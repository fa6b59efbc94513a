//! Eight bounds side by side, so that one instruction tests several of them.

use glam::{Vec3, Vec4};

use super::{Cone, Sphere};

/// How many bounds lie side by side.
pub const LANES: usize = 8;

/// Zeros and ones as the bits of one byte, the first as the lowest: the product has the byte at 8·i also at
/// 8·i + 7·(8 − i), which is bit i of the highest byte, and nothing else there.
fn mask(flags: [u8; LANES]) -> u8 {
    (u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// Eight spheres, each coordinate by itself.
#[repr(C, align(32))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spheres {
    x: [f32; LANES],
    y: [f32; LANES],
    z: [f32; LANES],
    radius: [f32; LANES],
}

/// Eight normal cones, likewise.
#[repr(C, align(32))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cones {
    x: [f32; LANES],
    y: [f32; LANES],
    z: [f32; LANES],
    sine: [f32; LANES],
}

impl Default for Spheres {
    /// Eight that no frustum touches.
    fn default() -> Self {
        Self { x: [0.0; LANES], y: [0.0; LANES], z: [0.0; LANES], radius: [f32::NEG_INFINITY; LANES] }
    }
}

impl Default for Cones {
    /// Eight that never face away.
    fn default() -> Self {
        Self { x: [0.0; LANES], y: [0.0; LANES], z: [0.0; LANES], sine: [Cone::ANY.sine; LANES] }
    }
}

impl Spheres {
    /// Puts `sphere` into a lane, below [`LANES`].
    pub fn set(&mut self, lane: usize, sphere: Sphere) {
        let [x, y, z] = sphere.center.to_array();
        (self.x[lane], self.y[lane], self.z[lane], self.radius[lane]) = (x, y, z, sphere.radius);
    }

    /// The middle of the sphere in that lane.
    pub fn center(&self, lane: usize) -> Vec3 {
        Vec3::new(self.x[lane], self.y[lane], self.z[lane])
    }

    /// A bit for each sphere that is at least partly on the inner side of every plane
    /// (`plane · (point, 1) >= 0`, unit normals).
    pub fn inside(&self, planes: &[Vec4]) -> u8 {
        let mut reach = [f32::INFINITY; LANES];
        for plane in planes {
            for (lane, reach) in reach.iter_mut().enumerate() {
                let distance =
                    plane.x * self.x[lane] + plane.y * self.y[lane] + plane.z * self.z[lane] + plane.w;
                *reach = if distance < *reach { distance } else { *reach };
            }
        }
        let mut flags = [0; LANES];
        for (lane, flag) in flags.iter_mut().enumerate() {
            *flag = u8::from(reach[lane] + self.radius[lane] >= 0.0);
        }
        mask(flags)
    }

    /// A bit for each sphere that seen from `eye` is at least `angle_radians` across (small angles), and
    /// whose cone does not face away from every point within `reach_metres` of `eye`.
    pub fn told_apart(&self, cones: &Cones, eye: Vec3, reach_metres: f32, angle_radians: f32) -> u8 {
        let mut flags = [0; LANES];
        for (lane, flag) in flags.iter_mut().enumerate() {
            let (x, y, z) = (self.x[lane] - eye.x, self.y[lane] - eye.y, self.z[lane] - eye.z);
            let (radius, distance) = (self.radius[lane], (x * x + y * y + z * z).sqrt());
            let along = x * cones.x[lane] + y * cones.y[lane] + z * cones.z[lane];
            let away = cones.sine[lane] * distance + radius + 2.0 * reach_metres;
            *flag = u8::from((2.0 * radius >= angle_radians * distance) & (along < away));
        }
        mask(flags)
    }
}

impl Cones {
    /// Puts `cone` into a lane, below [`LANES`].
    pub fn set(&mut self, lane: usize, cone: Cone) {
        let [x, y, z] = cone.axis.to_array();
        (self.x[lane], self.y[lane], self.z[lane], self.sine[lane]) = (x, y, z, cone.sine);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{Fov, Frustum, Pose, ViewPair, pose::EYE_DISTANCE_METRES};

    /// What eight at once say, one by one.
    #[test]
    fn eight_are_told_what_each_is_told() {
        let mut seed = 11_u32;
        let mut random = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 * 2.0 - 1.0
        };
        let eye = Pose::standing(Vec3::new(1.0, 1.6, 2.0), 0.8, -0.3);
        let frustum =
            Frustum::around(&ViewPair::around(eye, Fov::symmetric(1.5, 1.0), EYE_DISTANCE_METRES), 0.02);
        let mut counts = [0; 3];
        for _ in 0..2000 {
            let each: [(Sphere, Cone); LANES] = std::array::from_fn(|_| {
                let center = Vec3::new(random(), random(), random()) * 20.0;
                let axis = Vec3::new(random(), random(), random()).normalize_or(Vec3::Y);
                (Sphere { center, radius: random().abs() }, Cone { axis, sine: random().abs() })
            });
            let (mut spheres, mut cones) = (Spheres::default(), Cones::default());
            for (lane, (sphere, cone)) in each.into_iter().enumerate() {
                spheres.set(lane, sphere);
                cones.set(lane, cone);
            }
            let inside = spheres.inside(frustum.planes());
            let seen = spheres.told_apart(&cones, eye.position, 0.0, 0.05);
            let flat = spheres.told_apart(&Cones::default(), eye.position, 0.0, 0.05);
            for (lane, (sphere, cone)) in each.into_iter().enumerate() {
                assert_eq!(inside & 1 << lane != 0, frustum.touches_sphere(sphere));
                let distance = sphere.center.distance(eye.position);
                assert_eq!(flat & 1 << lane != 0, 2.0 * sphere.radius >= 0.05 * distance);
                let is_seen = flat & 1 << lane != 0 && !cone.faces_away(sphere, eye.position, 0.0);
                assert_eq!(seen & 1 << lane != 0, is_seen);
                counts[0] += usize::from(inside & 1 << lane != 0);
                counts[1] += usize::from(flat & 1 << lane != 0);
                counts[2] += usize::from(is_seen);
            }
        }
        assert!(counts.iter().all(|&count| (500..15_500).contains(&count)), "{counts:?}");
    }

    #[test]
    fn an_empty_lane_is_never_seen() {
        let frustum = Frustum::around(
            &ViewPair::around(Pose::IDENTITY, Fov::symmetric(1.5, 1.0), EYE_DISTANCE_METRES),
            0.0,
        );
        assert_eq!(Spheres::default().inside(frustum.planes()), 0);
    }
}
