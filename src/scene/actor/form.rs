//! Rounded bodies and what lies on them: the vocabulary that the built-in shapes are made of.

use std::f32::consts::{FRAC_PI_4, TAU};

use glam::{Affine3A, Mat3, Quat, Vec2, Vec3, Vec4};

use crate::scene::gltf::document::VertexSet;

/// Vertices and their triangles, counter-clockwise from the front.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub set: VertexSet,
    pub indices: Vec<u32>,
}

/// A box without corners: |x/a|ⁿ + |y/b|ⁿ + |z/c|ⁿ = 1 (Barr, "Superquadrics and Angle-Preserving
/// Transformations", 1981). n = 2 is an ellipsoid; the larger, the more it is a box.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    /// a, b, c, metres.
    pub radii: Vec3,
    /// n.
    pub power: f32,
    /// Where its middle is, metres.
    pub center: Vec3,
}

impl Body {
    /// Where the ray from the middle in `direction` comes out, and the normal there.
    fn surface(&self, direction: Vec3) -> (Vec3, Vec3) {
        let parts = (direction / self.radii).abs().powf(self.power);
        let point = direction * parts.element_sum().powf(-1.0 / self.power);
        let q = point / self.radii;
        let normal = q.signum() * q.abs().powf(self.power - 1.0) / self.radii;
        (self.center + point, normal.normalize_or(direction))
    }

    /// All of it, as a cube of `steps` × `steps` squares a side that was blown up.
    pub fn skin(&self, steps: u32) -> Form {
        let mut form = Form::new();
        let sides = [
            Quat::IDENTITY,
            Quat::from_rotation_y(FRAC_PI_4 * 2.0),
            Quat::from_rotation_y(FRAC_PI_4 * 4.0),
            Quat::from_rotation_y(FRAC_PI_4 * 6.0),
            Quat::from_rotation_x(FRAC_PI_4 * 2.0),
            Quat::from_rotation_x(FRAC_PI_4 * 6.0),
        ];
        for side in sides {
            let first = form.set.positions.len() as u32;
            for row in 0..=steps {
                for column in 0..=steps {
                    // Equal angles, so that squares near the cube's corners are not larger.
                    let at = |step: u32| ((step as f32 / steps as f32 * 2.0 - 1.0) * FRAC_PI_4).tan();
                    let direction = side * Vec3::new(at(column), at(row), 1.0);
                    let (point, normal) = self.surface(direction.normalize_or(Vec3::Z));
                    form.vertex(point, normal, Vec2::ZERO);
                }
            }
            for row in 0..steps {
                for column in 0..steps {
                    let a = first + row * (steps + 1) + column;
                    let (b, c, d) = (a + 1, a + steps + 1, a + steps + 2);
                    form.indices.extend([a, b, d, a, d, c]);
                }
            }
        }
        form
    }

    /// A pad on the side that faces −Z, whose rim sinks into the body.
    pub fn pad(&self, pad: &Pad) -> Form {
        let mut form = Form::new();
        let surface = |x: f32, y: f32| {
            let across = pad.middle + pad.half * Vec2::new(x, y) - self.center.truncate();
            self.surface(across.extend(-self.radii.z).normalize_or(Vec3::NEG_Z))
        };
        let (middle, up) = surface(0.0, 0.0);
        form.vertex(middle + up * pad.lift_metres, up, Vec2::ZERO);
        for ring in 1..=pad.rings {
            let is_rim = ring == pad.rings;
            // The last ring but one is close to the rim: an edge that catches the light.
            let is_edge = ring + 1 == pad.rings;
            let reach = if is_edge { 0.95 } else { ring as f32 / pad.rings as f32 };
            let lift = if is_rim { -0.5 * pad.lift_metres } else { pad.lift_metres };
            let roundness = if is_rim { 1.5 } else { 0.35 * f32::from(is_edge) };
            for segment in 0..pad.segments {
                let (sin, cos) = (segment as f32 / pad.segments as f32 * TAU).sin_cos();
                let power = pad.power;
                let squareness = (cos.abs().powf(power) + sin.abs().powf(power)).powf(-1.0 / power);
                let (point, normal) = surface(cos * squareness * reach, sin * squareness * reach);
                let outward = (point - middle).reject_from(normal).normalize_or_zero();
                let bent = (normal + outward * roundness).normalize_or(normal);
                form.vertex(point + normal * lift, bent, Vec2::ZERO);
            }
        }
        let vertex = |ring: u32, segment: u32| match ring {
            0 => 0,
            _ => 1 + (ring - 1) * pad.segments + segment % pad.segments,
        };
        for ring in 0..pad.rings {
            for segment in 0..pad.segments {
                let [a, b] = [vertex(ring, segment), vertex(ring, segment + 1)];
                let [c, d] = [vertex(ring + 1, segment), vertex(ring + 1, segment + 1)];
                // Seen from −Z, +X is on the left: the ring runs clockwise.
                form.indices.extend([a, d, c]);
                if ring > 0 {
                    form.indices.extend([a, b, d]);
                }
            }
        }
        form
    }
}

/// Something flat and rounded that lies on a [`Body`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Pad {
    /// Its middle, metres, seen along +Z.
    pub middle: Vec2,
    /// Half its width and height, metres.
    pub half: Vec2,
    /// 2 is an ellipse, more is squarer.
    pub power: f32,
    /// How far it stands out of the body.
    pub lift_metres: f32,
    /// From the middle to the rim.
    pub rings: u32,
    /// Around.
    pub segments: u32,
}

impl Form {
    fn new() -> Self {
        let set = VertexSet {
            normals: Some(Vec::new()),
            uvs: [Some(Vec::new()), None],
            colors: Some(Vec::new()),
            ..VertexSet::default()
        };
        Self { set, indices: Vec::new() }
    }

    fn vertex(&mut self, position: Vec3, normal: Vec3, uv: Vec2) {
        self.set.positions.push(position);
        self.set.normals.get_or_insert_default().push(normal);
        self.set.uvs[0].get_or_insert_default().push(uv);
        self.set.colors.get_or_insert_default().push(Vec4::ONE);
    }

    /// A rectangle around the origin that faces +Z, its picture upright.
    pub fn plate([width, height]: [f32; 2]) -> Self {
        let mut form = Self::new();
        for (x, y) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)] {
            let position = Vec3::new((x - 0.5) * width, (y - 0.5) * height, 0.0);
            form.vertex(position, Vec3::Z, Vec2::new(x, 1.0 - y));
        }
        form.indices.extend([0, 1, 2, 0, 2, 3]);
        form
    }

    /// A ring around the origin that lies in the plane of X and Z and faces +Y.
    pub fn ring([inner, outer]: [f32; 2], segments: u32) -> Self {
        let mut form = Self::new();
        for segment in 0..segments {
            let (sin, cos) = (segment as f32 / segments as f32 * TAU).sin_cos();
            for radius in [inner, outer] {
                form.vertex(Vec3::new(sin * radius, 0.0, cos * radius), Vec3::Y, Vec2::ZERO);
            }
            let (a, next) = (2 * segment, 2 * ((segment + 1) % segments));
            form.indices.extend([a, a + 1, next + 1]);
            if inner > 0.0 {
                form.indices.extend([a, next + 1, next]);
            }
        }
        form
    }

    /// The same in another shade of its material, 0 black .. 1.
    pub fn shaded(mut self, shade: f32) -> Self {
        let colors = self.set.colors.get_or_insert_default();
        colors.iter_mut().for_each(|color| *color = Vec3::splat(shade).extend(color.w));
        self
    }

    /// The same elsewhere: a turn and a shift.
    pub fn moved(mut self, transform: Affine3A) -> Self {
        let turn = Mat3::from(transform.matrix3);
        self.set.positions.iter_mut().for_each(|point| *point = transform.transform_point3(*point));
        self.set.normals.iter_mut().flatten().for_each(|normal| *normal = turn * *normal);
        self
    }

    /// The same with every point moved a little; the normals stay.
    pub fn bent(mut self, bend: impl Fn(Vec3) -> Vec3) -> Self {
        self.set.positions.iter_mut().for_each(|point| *point = bend(*point));
        self
    }

    /// Both.
    pub fn with(mut self, other: Self) -> Self {
        let base = self.set.positions.len() as u32;
        self.set.positions.extend(other.set.positions);
        self.set.normals.get_or_insert_default().extend(other.set.normals.unwrap_or_default());
        let [uvs, _] = other.set.uvs;
        self.set.uvs[0].get_or_insert_default().extend(uvs.unwrap_or_default());
        self.set.colors.get_or_insert_default().extend(other.set.colors.unwrap_or_default());
        self.indices.extend(other.indices.into_iter().map(|index| index + base));
        self
    }
}
