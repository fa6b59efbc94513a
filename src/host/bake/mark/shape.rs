//! A point or a line → triangles.

use glam::Vec3;

use super::super::soup::{Mesh, OF_MARK, Vertex};
use super::Mark;

/// Triangles of the largest shape, a prism.
pub const TRIANGLES_MAX: usize = 6;

/// How far from the middle its corners are, in halves of its size.
fn reach_of(mark: &Mark) -> f32 {
    match (mark.is_point(), is_flat(mark)) {
        (true, true) => std::f32::consts::SQRT_2,
        (true, false) => 3.0_f32.sqrt(),
        (false, _) => 1.0,
    }
}

/// How deep below its surface the middle lies, likewise: a third of the way to a tetrahedron's corners, half of that to
/// a prism's.
fn depth_of(mark: &Mark) -> f32 {
    match (mark.is_point(), is_flat(mark)) {
        (_, true) => 0.0,
        (true, false) => 3.0_f32.sqrt() / 3.0,
        (false, false) => 0.5,
    }
}

fn is_flat(mark: &Mark) -> bool {
    mark.normal != Vec3::ZERO
}

/// How far from its middle line the mark reaches, metres.
pub fn reach_metres(mark: &Mark) -> f32 {
    mark.half_metres * reach_of(mark)
}

/// How far its middle line is from its surface, metres.
pub fn depth_metres(mark: &Mark) -> f32 {
    mark.half_metres * depth_of(mark)
}

/// The mesh of all marks, none smaller than `least_metres`.
pub fn mesh(marks: &[Mark], least_metres: f32) -> Mesh {
    let mut mesh = Mesh::default();
    for mark in marks {
        let mark = Mark { half_metres: mark.half_metres.max(least_metres), ..*mark };
        let (corners, triangles) = match (mark.is_point(), is_flat(&mark)) {
            (true, true) => square(&mark),
            (true, false) => tetrahedron(&mark),
            (false, true) => ribbon(&mark),
            (false, false) => prism(&mark),
        };
        let first = mesh.vertices.len() as u32;
        let [x, y, z] = mark.normal.to_array().map(|x| (x * 127.0).round() as i8);
        // No light falls on what has no plane; but a normal has to be one.
        let normal = if is_flat(&mark) { [x, y, z, OF_MARK] } else { [0, 127, 0, OF_MARK] };
        mesh.vertices.extend(corners.into_iter().map(|(position, end)| Vertex {
            position: position + Vec3::ZERO,
            normal,
            color: mark.colors[end],
            group: mark.group,
            ..Vertex::default()
        }));
        mesh.indices.extend(triangles.as_flattened().iter().map(|corner| first + corner));
    }
    mesh
}

/// Corners with the end whose colour they have, and triangles of them.
type Shape = (Vec<(Vec3, usize)>, &'static [[u32; 3]]);

fn square(mark: &Mark) -> Shape {
    let (u, v) = mark.normal.any_orthonormal_pair();
    let corner = |i: f32, j: f32| (mark.ends[0] + (u * i + v * j) * mark.half_metres, 0);
    let corners = vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
    (corners, &[[0, 1, 2], [0, 2, 3]])
}

fn tetrahedron(mark: &Mark) -> Shape {
    let directions =
        [Vec3::ONE, Vec3::new(1.0, -1.0, -1.0), Vec3::new(-1.0, 1.0, -1.0), Vec3::new(-1.0, -1.0, 1.0)];
    let corners = directions.map(|direction| (mark.ends[0] + direction * mark.half_metres, 0)).to_vec();
    (corners, &[[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]])
}

/// As wide as the line is, across its normal.
fn ribbon(mark: &Mark) -> Shape {
    let along = (mark.ends[1] - mark.ends[0]).normalize_or_zero();
    let across = mark.normal.cross(along).normalize_or(along.any_orthonormal_vector()) * mark.half_metres;
    let [a, b] = mark.ends;
    (vec![(a - across, 0), (a + across, 0), (b + across, 1), (b - across, 1)], &[[0, 2, 1], [0, 3, 2]])
}

/// Three sides around the line, open at its ends.
fn prism(mark: &Mark) -> Shape {
    let along = (mark.ends[1] - mark.ends[0]).normalize_or(Vec3::X);
    let (u, v) = along.any_orthonormal_pair();
    let around = [(1.0, 0.0), (-0.5, 0.75_f32.sqrt()), (-0.5, -0.75_f32.sqrt())];
    let at = |end: usize| around.map(|(i, j)| (mark.ends[end] + (u * i + v * j) * mark.half_metres, end));
    let corners = at(0).into_iter().chain(at(1)).collect();
    (corners, &[[0, 1, 4], [0, 4, 3], [1, 2, 5], [1, 5, 4], [2, 0, 3], [2, 3, 5]])
}
