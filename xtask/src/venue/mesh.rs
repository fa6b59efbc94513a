//! Surfaces under construction: vertices and triangles of one material ([`Mesh`]), several of them that make one
//! thing ([`Model`]), and where a thing stands ([`Placement`]). Texture coordinates are in metres until the file is
//! written, so that every part of the hall has the same grain.

use std::collections::BTreeMap;

use glam::{Mat3, Mat4, Quat, Vec2, Vec3};

use super::palette::Material;

/// Translation, rotation and scale of a thing within its parent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Metres.
    pub translation: Vec3,
    /// Unit quaternion.
    pub rotation: Quat,
    /// Factors per own axis.
    pub scale: Vec3,
}

impl Placement {
    /// Where the parent is.
    pub const HERE: Self = Self { translation: Vec3::ZERO, rotation: Quat::IDENTITY, scale: Vec3::ONE };

    /// Moved by metres.
    pub fn at(x: f32, y: f32, z: f32) -> Self {
        Self { translation: Vec3::new(x, y, z), ..Self::HERE }
    }

    /// Moved to a point.
    pub fn to(point: Vec3) -> Self {
        Self { translation: point, ..Self::HERE }
    }

    /// Turned about the vertical, counter-clockwise seen from above, before anything it has been turned by so far.
    pub fn yaw(self, degrees: f32) -> Self {
        self.turn(Quat::from_rotation_y(degrees.to_radians()))
    }

    /// Turned about the own X axis: positive tips the front (-Z) up.
    pub fn pitch(self, degrees: f32) -> Self {
        self.turn(Quat::from_rotation_x(degrees.to_radians()))
    }

    /// Turned about the own Z axis.
    pub fn roll(self, degrees: f32) -> Self {
        self.turn(Quat::from_rotation_z(degrees.to_radians()))
    }

    /// Turned by a rotation in own axes.
    pub fn turn(self, rotation: Quat) -> Self {
        Self { rotation: (self.rotation * rotation).normalize(), ..self }
    }

    /// Scaled alike along all axes.
    pub fn sized(self, factor: f32) -> Self {
        self.stretched(Vec3::splat(factor))
    }

    /// Scaled per own axis.
    pub fn stretched(self, factors: Vec3) -> Self {
        Self { scale: self.scale * factors, ..self }
    }

    /// As a matrix from own space to the parent's.
    pub fn matrix(&self) -> Mat4 {
        Mat4::from_scale_rotation_translation(self.scale, self.rotation, self.translation)
    }
}

/// Triangles of one material.
#[derive(Clone, Debug, Default)]
pub struct Mesh {
    /// Metres.
    pub positions: Vec<Vec3>,
    /// Unit length.
    pub normals: Vec<Vec3>,
    /// Metres along the surface, or atlas coordinates for materials that say so.
    pub uvs: Vec<Vec2>,
    /// Counter-clockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// Adds a vertex and says its index.
    pub fn vertex(&mut self, position: Vec3, normal: Vec3, uv: Vec2) -> u32 {
        self.positions.push(position);
        self.normals.push(normal);
        self.uvs.push(uv);
        self.positions.len() as u32 - 1
    }

    /// Adds a triangle unless two of its corners coincide.
    pub fn triangle(&mut self, a: u32, b: u32, c: u32) {
        let [pa, pb, pc] = [a, b, c].map(|index| self.positions[index as usize]);
        if (pb - pa).cross(pc - pa).length_squared() > 1e-16 {
            self.triangles.push([a, b, c]);
        }
    }

    /// Adds two triangles for the corners of a quadrilateral, counter-clockwise.
    pub fn quad(&mut self, a: u32, b: u32, c: u32, d: u32) {
        self.triangle(a, b, c);
        self.triangle(a, c, d);
    }

    /// Adds all of another mesh.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        let base = self.positions.len() as u32;
        self.positions.extend_from_slice(&other.positions);
        self.normals.extend_from_slice(&other.normals);
        self.uvs.extend_from_slice(&other.uvs);
        self.triangles.extend(other.triangles.iter().map(|corners| corners.map(|corner| corner + base)));
        self
    }

    /// The same surface somewhere else.
    pub fn placed(mut self, placement: Placement) -> Self {
        let matrix = placement.matrix();
        let normal_matrix = Mat3::from_mat4(matrix).inverse().transpose();
        for position in &mut self.positions {
            *position = matrix.transform_point3(*position);
        }
        for normal in &mut self.normals {
            *normal = (normal_matrix * *normal).normalize_or(Vec3::Y);
        }
        if Mat3::from_mat4(matrix).determinant() < 0.0 {
            for corners in &mut self.triangles {
                corners.swap(1, 2);
            }
        }
        self
    }

    /// The same surface moved by metres.
    pub fn at(self, x: f32, y: f32, z: f32) -> Self {
        self.placed(Placement::at(x, y, z))
    }

    /// The same surface with other texture coordinates.
    pub fn mapped(mut self, map: impl Fn(Vec2) -> Vec2) -> Self {
        for uv in &mut self.uvs {
            *uv = map(*uv);
        }
        self
    }

    /// The same surface with every vertex moved, and normals found anew from the triangles; for gentle bending.
    pub fn bent(mut self, bend: impl Fn(Vec3) -> Vec3) -> Self {
        let step = 1e-3;
        for (position, normal) in self.positions.iter_mut().zip(&mut self.normals) {
            let side = normal.any_orthonormal_vector();
            let other = normal.cross(side);
            let here = bend(*position);
            let along = bend(*position + side * step) - here;
            let across = bend(*position + other * step) - here;
            *normal = along.cross(across).normalize_or(*normal);
            *position = here;
        }
        self
    }
}

/// One thing made of several materials: it becomes one mesh with a primitive per material.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Ordered, so that files are the same on every run.
    pub parts: BTreeMap<Material, Mesh>,
}

impl Model {
    /// A thing of one material.
    pub fn of(material: Material, mesh: Mesh) -> Self {
        let mut model = Self::default();
        model.add(material, mesh);
        model
    }

    /// Adds a surface.
    pub fn add(&mut self, material: Material, mesh: Mesh) -> &mut Self {
        self.parts.entry(material).or_default().append(&mesh);
        self
    }

    /// Adds a copy of another thing.
    pub fn include(&mut self, other: &Self, placement: Placement) -> &mut Self {
        for (material, mesh) in &other.parts {
            self.add(*material, mesh.clone().placed(placement));
        }
        self
    }

    /// Triangles of all materials.
    pub fn triangle_count(&self) -> usize {
        self.parts.values().map(|mesh| mesh.triangles.len()).sum()
    }
}
