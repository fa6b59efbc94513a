//! The lobby's shapes: a floor that fades into the horizon, ribs that meet above, a curved panel.

use std::f32::consts::{FRAC_PI_2, TAU};

use glam::{Quat, Vec2, Vec3, Vec4};

use crate::scene::gltf::document::VertexSet;

type Shape = (VertexSet, Vec<u32>);

/// Ribs around the visitor.
const RIBS: u32 = 12;
const RIB_FOOT_RADIUS_METRES: f32 = 4.2;
const RIB_TOP_RADIUS_METRES: f32 = 0.8;
const RIB_TOP_METRES: f32 = 4.6;

/// How far the panel is from the middle, metres: beyond arm's length, near enough to read.
const PANEL_DISTANCE_METRES: f32 = 1.6;
const PANEL_HEIGHT_METRES: f32 = 1.55;

/// A grid of `columns` × `rows` quads whose corners `at(column, row)` are placed by the caller;
/// counter-clockwise when columns go right and rows go up.
fn grid(columns: u32, rows: u32, mut at: impl FnMut(f32, f32) -> (Vec3, Vec3, Vec2, Vec4)) -> Shape {
    let mut set = VertexSet::default();
    let (mut normals, mut uvs, mut colors) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..=rows {
        for column in 0..=columns {
            let (position, normal, uv, color) = at(column as f32 / columns as f32, row as f32 / rows as f32);
            set.positions.push(position);
            normals.push(normal);
            uvs.push(uv);
            colors.push(color);
        }
    }
    (set.normals, set.uvs[0], set.colors) = (Some(normals), Some(uvs), Some(colors));
    let mut indices = Vec::with_capacity((columns * rows * 6) as usize);
    for row in 0..rows {
        for column in 0..columns {
            let a = row * (columns + 1) + column;
            let (b, c, d) = (a + 1, a + columns + 1, a + columns + 2);
            indices.extend([a, b, d, a, d, c]);
        }
    }
    (set, indices)
}

fn append(into: &mut Shape, (set, indices): Shape) {
    let base = into.0.positions.len() as u32;
    into.0.positions.extend(set.positions);
    into.0.normals.get_or_insert_default().extend(set.normals.unwrap_or_default());
    into.0.uvs[0].get_or_insert_default().extend(set.uvs.into_iter().next().flatten().unwrap_or_default());
    into.0.colors.get_or_insert_default().extend(set.colors.unwrap_or_default());
    into.1.extend(indices.into_iter().map(|index| index + base));
}

/// A disc with faint rings a metre apart: something to judge distance by.
pub(super) fn floor() -> Shape {
    let ground = Vec3::new(0.20, 0.22, 0.25);
    let horizon = Vec3::new(0.45, 0.50, 0.56);
    grid(72, 40, |around, out| {
        let radius = 8.8 * (1.0 - out);
        let (sin, cos) = (around * TAU).sin_cos();
        let line = (1.0 - (radius.fract() - 0.5).abs() * 2.0).powi(8) * 0.10;
        let color = ground.lerp(horizon, (radius / 8.8).powi(3)) + Vec3::splat(line);
        let position = Vec3::new(cos * radius, 0.0, -sin * radius);
        (position, Vec3::Y, Vec2::ZERO, color.min(Vec3::ONE).extend(1.0))
    })
}

/// Slender ribs from the ground to a ring of light above, each a swept circle.
pub(super) fn ribs() -> Shape {
    let mut all = Shape::default();
    for rib in 0..RIBS {
        let turn = Quat::from_rotation_y((rib as f32 + 0.5) / RIBS as f32 * TAU);
        let center = |t: f32| {
            let (sin, cos) = (t * FRAC_PI_2).sin_cos();
            let radius = RIB_TOP_RADIUS_METRES + (RIB_FOOT_RADIUS_METRES - RIB_TOP_RADIUS_METRES) * cos;
            turn * Vec3::new(0.0, RIB_TOP_METRES * sin, -radius)
        };
        append(&mut all, tube(center, turn * Vec3::X, 0.05));
    }
    let ring = |t: f32| {
        let (sin, cos) = (t * TAU).sin_cos();
        Vec3::new(cos * RIB_TOP_RADIUS_METRES, RIB_TOP_METRES, sin * RIB_TOP_RADIUS_METRES)
    };
    append(&mut all, tube(ring, Vec3::Y, 0.06));
    all
}

/// A circle of `radius` metres swept along `center`, whose curve lies in the plane with normal `side`.
fn tube(center: impl Fn(f32) -> Vec3, side: Vec3, radius: f32) -> Shape {
    grid(8, 32, |around, along| {
        let step = 1e-3;
        let ahead = (center(along + step) - center(along - step)).normalize_or(Vec3::Y);
        let out = ahead.cross(side);
        let (sin, cos) = (around * TAU).sin_cos();
        let normal = side * cos + out * sin;
        (center(along) + normal * radius, normal, Vec2::ZERO, Vec4::ONE)
    })
}

/// A panel of `width` × `height` metres, bent around the visitor.
pub(super) fn panel(width: f32, height: f32) -> Shape {
    grid(24, 1, |across, up| {
        let angle = (across - 0.5) * width / PANEL_DISTANCE_METRES;
        let (sin, cos) = angle.sin_cos();
        let position = Vec3::new(sin, 0.0, -cos) * PANEL_DISTANCE_METRES
            + Vec3::Y * (PANEL_HEIGHT_METRES + (up - 0.5) * height);
        (position, Vec3::new(-sin, 0.0, cos), Vec2::new(across, 1.0 - up), Vec4::ONE)
    })
}
