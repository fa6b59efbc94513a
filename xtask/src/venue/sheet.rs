//! Curved skins: fabric, glass shells, car bodies, leaves; anything that is a function of two parameters.

use glam::{Vec2, Vec3, vec2, vec3};

use super::mesh::Mesh;

/// The skin of `at(u, v)` for u and v from 0 to 1. It faces ∂u × ∂v; texture coordinates are metres measured along
/// its middle lines.
pub fn sheet(columns: u32, rows: u32, at: impl Fn(f32, f32) -> Vec3) -> Mesh {
    let lengths = |count: u32, along: &dyn Fn(f32) -> Vec3| -> Vec<f32> {
        let mut total = 0.0;
        let mut lengths = vec![0.0];
        for step in 0..count {
            total += along(step as f32 / count as f32).distance(along((step + 1) as f32 / count as f32));
            lengths.push(total);
        }
        lengths
    };
    let across = lengths(columns, &|u| at(u, 0.5));
    let down = lengths(rows, &|v| at(0.5, v));
    let mut mesh = Mesh::default();
    let step = 1e-3;
    for row in 0..=rows {
        for column in 0..=columns {
            let (u, v) = (column as f32 / columns as f32, row as f32 / rows as f32);
            let du = at((u + step).min(1.0), v) - at((u - step).max(0.0), v);
            let dv = at(u, (v + step).min(1.0)) - at(u, (v - step).max(0.0));
            let normal = du.cross(dv).try_normalize().unwrap_or_else(|| {
                // At a pole one direction vanishes: look from a little way inside.
                let (u, v) = (u.clamp(0.02, 0.98), v.clamp(0.02, 0.98));
                (at(u + step, v) - at(u - step, v))
                    .cross(at(u, v + step) - at(u, v - step))
                    .normalize_or(Vec3::Y)
            });
            mesh.vertex(at(u, v), normal, vec2(across[column as usize], down[row as usize]));
        }
    }
    let stride = columns + 1;
    for row in 0..rows {
        for column in 0..columns {
            let low = row * stride + column;
            mesh.quad(low, low + 1, low + stride + 1, low + stride);
        }
    }
    mesh
}

/// As [`sheet`], but a shell of some thickness with a closed rim; the skin is its outer side.
pub fn shell(columns: u32, rows: u32, thickness: f32, at: impl Fn(f32, f32) -> Vec3) -> Mesh {
    let outside = sheet(columns, rows, at);
    let mut inside = outside.clone().inside_out();
    for (position, normal) in inside.positions.iter_mut().zip(&inside.normals) {
        *position += *normal * thickness;
    }
    let stride = columns + 1;
    let last = rows * stride;
    let mut edge: Vec<u32> = (0..=columns).collect();
    edge.extend((1..=rows).map(|row| row * stride + columns));
    edge.extend((0..columns).rev().map(|column| last + column));
    edge.extend((1..rows).rev().map(|row| row * stride));
    let mut rim = Mesh::default();
    for (index, &from) in edge.iter().enumerate() {
        let to = edge[(index + 1) % edge.len()];
        let corner = |mesh: &Mesh, index: u32| mesh.positions[index as usize];
        let [a, b] = [from, to].map(|index| corner(&outside, index));
        let [c, d] = [to, from].map(|index| corner(&inside, index));
        let normal = (b - a).cross(outside.normals[from as usize]).normalize_or(Vec3::Y);
        let length = a.distance(b);
        let low = rim.vertex(d, normal, vec2(0.0, 0.0));
        let right = rim.vertex(c, normal, vec2(length, 0.0));
        let top = rim.vertex(b, normal, vec2(length, thickness));
        let left = rim.vertex(a, normal, vec2(0.0, thickness));
        rim.quad(low, right, top, left);
    }
    let mut whole = outside;
    whole.append(&inside);
    whole.append(&rim);
    whole
}

/// A leaf that grows from the origin along +Z and faces up: folded along its rib, drooping towards its tip.
/// `shape(t)` is the half width from 0 to 1 at t along it.
pub fn leaf(
    length: f32,
    width: f32,
    droop: f32,
    fold: f32,
    cells: (u32, u32),
    shape: impl Fn(f32) -> f32,
) -> Mesh {
    sheet(cells.0, cells.1, |u, v| {
        let side = 1.0 - u * 2.0;
        let half = width * 0.5 * shape(v);
        let angle = droop * v;
        let (along, down) =
            if droop.abs() < 1e-3 { (v, 0.0) } else { (angle.sin() / droop, (1.0 - angle.cos()) / droop) };
        vec3(-side * half, side.abs() * half * fold - down * length, along * length)
    })
    .mapped(|uv| uv * Vec2::splat(1.0 / length))
    .faced_up()
}

impl Mesh {
    /// Turned inside out if it looks down on the whole.
    fn faced_up(mut self) -> Self {
        let sum: Vec3 = self.normals.iter().sum();
        if sum.y < 0.0 {
            for normal in &mut self.normals {
                *normal = -*normal;
            }
            for corners in &mut self.triangles {
                corners.swap(1, 2);
            }
        }
        self
    }

    /// The same skin seen from its other side, for hollow things.
    pub fn inside_out(mut self) -> Self {
        for normal in &mut self.normals {
            *normal = -*normal;
        }
        for corners in &mut self.triangles {
            corners.swap(1, 2);
        }
        self
    }
}
