//! Round things: a profile turned about the vertical axis.

use std::f32::consts::TAU;

use glam::{Vec2, vec2, vec3};

use super::mesh::Mesh;

/// Profile corners sharper than this stay hard edges.
const HARD_EDGE_COSINE: f32 = 0.75;

/// A row of a profile: point, outward normal and length so far; `starts` says that a strip begins here.
struct Row {
    point: Vec2,
    normal: Vec2,
    length: f32,
    starts: bool,
}

/// Splits an open profile at its hard edges; the outside is to the right of its direction of travel.
fn rows(profile: &[Vec2]) -> Vec<Row> {
    let segments: Vec<(Vec2, Vec2)> =
        profile.windows(2).map(|pair| (pair[0], pair[1])).filter(|(a, b)| a.distance(*b) > 1e-6).collect();
    let normal_of = |(a, b): (Vec2, Vec2)| {
        let along = (b - a).normalize_or_zero();
        vec2(along.y, -along.x)
    };
    let mut rows = Vec::new();
    let mut length = 0.0;
    for (index, &segment) in segments.iter().enumerate() {
        let own = normal_of(segment);
        let before = index.checked_sub(1).map(|previous| normal_of(segments[previous]));
        let after = segments.get(index + 1).map(|next| normal_of(*next));
        if before.is_none_or(|before| before.dot(own) < HARD_EDGE_COSINE) {
            rows.push(Row { point: segment.0, normal: own, length, starts: true });
        }
        length += segment.0.distance(segment.1);
        let smooth = after.filter(|after| after.dot(own) >= HARD_EDGE_COSINE);
        let normal = smooth.map_or(own, |after| (own + after).normalize_or(own));
        rows.push(Row { point: segment.1, normal, length, starts: false });
    }
    rows
}

/// Turns `profile`, points of (radius, height) that run so that the outside lies to the right (upwards outside,
/// inwards on top), about the Y axis.
pub fn lathe(profile: &[(f32, f32)], sides: u32) -> Mesh {
    lathe_part(profile, sides, 0.0, TAU)
}

/// As [`lathe`], but only from one angle to another.
pub fn lathe_part(profile: &[(f32, f32)], sides: u32, from_radians: f32, to_radians: f32) -> Mesh {
    let profile: Vec<Vec2> = profile.iter().map(|&(radius, height)| vec2(radius, height)).collect();
    let widest = profile.iter().fold(0.0f32, |widest, point| widest.max(point.x));
    let rows = rows(&profile);
    let mut mesh = Mesh::default();
    for row in &rows {
        for side in 0..=sides {
            let angle = from_radians + (to_radians - from_radians) * side as f32 / sides as f32;
            let (sin, cos) = angle.sin_cos();
            mesh.vertex(
                vec3(row.point.x * cos, row.point.y, row.point.x * sin),
                vec3(row.normal.x * cos, row.normal.y, row.normal.x * sin),
                vec2(angle * widest, row.length),
            );
        }
    }
    let stride = sides + 1;
    for (index, row) in rows.iter().enumerate() {
        if row.starts {
            continue;
        }
        let (low, high) = ((index as u32 - 1) * stride, index as u32 * stride);
        for side in 0..sides {
            mesh.quad(low + side, high + side, high + side + 1, low + side + 1);
        }
    }
    mesh
}

/// A ball about the origin.
pub fn ball(radius: f32, sides: u32) -> Mesh {
    let rings = (sides / 2).max(3);
    let profile: Vec<(f32, f32)> = (0..=rings)
        .map(|ring| {
            let angle = std::f32::consts::PI * (ring as f32 / rings as f32 - 0.5);
            (radius * angle.cos().max(0.0), radius * angle.sin())
        })
        .collect();
    lathe(&profile, sides)
}

/// An upright cylinder on y = 0 with rounded rims.
pub fn drum(radius: f32, height: f32, rim: f32, sides: u32) -> Mesh {
    let steps = 3u32;
    let mut profile = vec![(0.0, 0.0)];
    for step in 0..=steps {
        let (sin, cos) = (step as f32 / steps as f32 * TAU / 4.0).sin_cos();
        profile.push((radius - rim + rim * sin, rim - rim * cos));
    }
    for step in 0..=steps {
        let (sin, cos) = (step as f32 / steps as f32 * TAU / 4.0).sin_cos();
        profile.push((radius - rim + rim * cos, height - rim + rim * sin));
    }
    profile.push((0.0, height));
    lathe(&profile, sides)
}

/// A doughnut about the Y axis.
pub fn torus(radius: f32, tube: f32, sides: u32, tube_sides: u32) -> Mesh {
    let profile: Vec<(f32, f32)> = (0..=tube_sides)
        .map(|step| {
            let (sin, cos) = (step as f32 / tube_sides as f32 * TAU).sin_cos();
            (radius + tube * cos, tube * sin)
        })
        .collect();
    lathe(&profile, sides)
}

/// An upright hexagon-headed bolt standing on y = 0, washer included.
pub fn bolt(size: f32) -> Mesh {
    let mut mesh = lathe(
        &[(size * 1.3, 0.0), (size * 1.3, size * 0.2), (size * 1.15, size * 0.3), (0.0, size * 0.3)],
        12,
    );
    let head = lathe(&[(size, size * 0.3), (size, size * 0.85), (size * 0.85, size), (0.0, size)], 6);
    mesh.append(&head);
    mesh
}

/// A closed profile of a thin-walled vessel: out along `outside` upwards, back down inside at `wall` less.
pub fn vessel(outside: &[(f32, f32)], wall: f32, sides: u32) -> Mesh {
    let mut profile = vec![(0.0, outside.first().map_or(0.0, |point| point.1))];
    profile.extend_from_slice(outside);
    if let Some(&(radius, height)) = outside.last() {
        profile.push((radius - wall * 0.5, height + wall * 0.4));
    }
    for &(radius, height) in outside.iter().rev() {
        profile.push(((radius - wall).max(0.0), height.max(outside[0].1 + wall)));
    }
    profile.push((0.0, outside[0].1 + wall));
    lathe(&profile, sides)
}
