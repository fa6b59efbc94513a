//! Long things: a profile carried along a path (pipes, cables, rails, mouldings) and springs.

use std::f32::consts::TAU;

use glam::{Vec2, Vec3, vec2};

use super::{curve, mesh::Mesh};

/// Profile corners sharper than this stay hard edges.
const HARD_EDGE_COSINE: f32 = 0.75;

/// A direction of travel and two across it, right-handed: `across.cross(over)` is `along`.
#[derive(Clone, Copy)]
struct Frame {
    across: Vec3,
    over: Vec3,
}

/// Frames along a path, carried without twist from one whose `over` is near `up`.
fn frames(path: &[Vec3], up: Vec3) -> Vec<Frame> {
    let count = path.len();
    let direction = |index: usize| {
        let before = path[index.saturating_sub(1)];
        let after = path[(index + 1).min(count - 1)];
        (after - before).normalize_or(Vec3::Y)
    };
    let mut frames: Vec<Frame> = Vec::with_capacity(count);
    for index in 0..count {
        let along = direction(index);
        let hint = frames.last().map_or(up, |frame| frame.over);
        let over = (hint - along * hint.dot(along))
            .try_normalize()
            .unwrap_or_else(|| along.any_orthonormal_vector());
        frames.push(Frame { across: over.cross(along), over });
    }
    frames
}

/// A closed outline prepared for sweeping: points with normals, doubled at hard edges, and the strips between them.
struct Rim {
    points: Vec<(Vec2, Vec2, f32)>,
    strips: Vec<(u32, u32)>,
}

fn rim(outline: &[Vec2]) -> Rim {
    let count = outline.len();
    let normal = |index: usize| {
        let along = outline[(index + 1) % count] - outline[index % count];
        vec2(along.y, -along.x).normalize_or_zero()
    };
    let mut rim = Rim { points: Vec::new(), strips: Vec::new() };
    let mut length = 0.0;
    for index in 0..count {
        let own = normal(index);
        let blend = |other: Vec2| {
            if other.dot(own) >= HARD_EDGE_COSINE { (own + other).normalize_or(own) } else { own }
        };
        let next = outline[(index + 1) % count];
        let start = rim.points.len() as u32;
        let smooth_start = index > 0 && normal(index - 1).dot(own) >= HARD_EDGE_COSINE;
        let from = if smooth_start {
            start - 1
        } else {
            rim.points.push((outline[index], blend(normal(index + count - 1)), length));
            start
        };
        length += outline[index].distance(next);
        rim.points.push((next, blend(normal(index + 1)), length));
        rim.strips.push((from, rim.points.len() as u32 - 1));
    }
    rim
}

/// Carries a closed counter-clockwise `outline` along `path`; the outline's Y points towards `up`. Ends are closed
/// with fans, which suits convex outlines.
pub fn sweep(path: &[Vec3], up: Vec3, outline: &[Vec2]) -> Mesh {
    sweep_scaled(path, up, outline, |_| 1.0)
}

/// As [`sweep`], with the outline scaled by `size(t)`, t from 0 at the start to 1 at the end.
pub fn sweep_scaled(path: &[Vec3], up: Vec3, outline: &[Vec2], size: impl Fn(f32) -> f32) -> Mesh {
    let rim = rim(outline);
    let frames = frames(path, up);
    let last = path.len() - 1;
    let closed = path[0].distance(path[last]) < 1e-4;
    let mut mesh = Mesh::default();
    let mut length = 0.0;
    for (index, (&centre, frame)) in path.iter().zip(&frames).enumerate() {
        let scale = size(index as f32 / last as f32);
        if index > 0 {
            length += centre.distance(path[index - 1]);
        }
        for &(point, normal, around) in &rim.points {
            mesh.vertex(
                centre + (frame.across * point.x + frame.over * point.y) * scale,
                frame.across * normal.x + frame.over * normal.y,
                vec2(length, around),
            );
        }
    }
    let stride = rim.points.len() as u32;
    for ring in 0..last as u32 {
        for &(from, to) in &rim.strips {
            let low = ring * stride;
            mesh.quad(low + from, low + to, low + stride + to, low + stride + from);
        }
    }
    if !closed {
        let start_direction = (path[1] - path[0]).normalize_or(Vec3::Y);
        let end_direction = (path[last] - path[last - 1]).normalize_or(Vec3::Y);
        cap(&mut mesh, outline, path[0], frames[0], size(0.0), -start_direction);
        cap(&mut mesh, outline, path[last], frames[last], size(1.0), end_direction);
    }
    mesh
}

fn cap(mesh: &mut Mesh, outline: &[Vec2], centre: Vec3, frame: Frame, scale: f32, normal: Vec3) {
    let forward = frame.across.cross(frame.over).dot(normal) > 0.0;
    let middle = outline.iter().sum::<Vec2>() / outline.len() as f32;
    let place = |point: Vec2| centre + (frame.across * point.x + frame.over * point.y) * scale;
    let hub = mesh.vertex(place(middle), normal, middle);
    let edge: Vec<u32> = outline.iter().map(|&point| mesh.vertex(place(point), normal, point)).collect();
    for index in 0..edge.len() {
        let (a, b) = (edge[index], edge[(index + 1) % edge.len()]);
        if forward {
            mesh.triangle(hub, a, b);
        } else {
            mesh.triangle(hub, b, a);
        }
    }
}

/// A round pipe along a path.
pub fn pipe(path: &[Vec3], radius: f32, sides: u32) -> Mesh {
    sweep(path, pipe_up(path), &curve::circle(radius, sides))
}

/// A round pipe whose radius goes from one value to another.
pub fn taper(path: &[Vec3], from_radius: f32, to_radius: f32, sides: u32) -> Mesh {
    sweep_scaled(path, pipe_up(path), &curve::circle(1.0, sides), |t| {
        from_radius + (to_radius - from_radius) * t
    })
}

fn pipe_up(path: &[Vec3]) -> Vec3 {
    (path[1] - path[0]).normalize_or(Vec3::Y).any_orthonormal_vector()
}

/// A straight round bar.
pub fn bar(from: Vec3, to: Vec3, radius: f32, sides: u32) -> Mesh {
    pipe(&[from, to], radius, sides)
}

/// A straight rectangular beam with rounded edges, `height` measured towards Y where it can be.
pub fn beam(from: Vec3, to: Vec3, width: f32, height: f32, edge: f32) -> Mesh {
    let along = (to - from).normalize_or(Vec3::X);
    let up = if along.y.abs() > 0.99 { Vec3::Z } else { Vec3::Y };
    sweep(&[from, to], up, &curve::rounded_rectangle(width, height, edge, 2))
}

/// An upright coil spring standing on y = 0.
pub fn spring(radius: f32, height: f32, turns: f32, wire: f32, steps: u32) -> Mesh {
    let path = curve::sampled(steps, |t| {
        let (sin, cos) = (t * turns * TAU).sin_cos();
        Vec3::new(radius * cos, wire + (height - 2.0 * wire) * t, radius * sin)
    });
    pipe(&path, wire, 8)
}
