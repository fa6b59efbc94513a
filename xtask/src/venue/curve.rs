//! Lines that surfaces are made from: paths in space and closed outlines in the plane. Pure geometry.

use std::f32::consts::{PI, TAU};

use glam::{Vec2, Vec3, vec2};

/// A smooth path through points (Catmull-Rom), `steps` pieces between each two.
pub fn through(points: &[Vec3], steps: u32) -> Vec<Vec3> {
    let last = points.len() - 1;
    let mut path = vec![points[0]];
    for index in 0..last {
        let [a, b, c, d] = [
            points[index.saturating_sub(1)],
            points[index],
            points[index + 1],
            points[(index + 2).min(last)],
        ];
        for step in 1..=steps {
            let t = step as f32 / steps as f32;
            let (t2, t3) = (t * t, t * t * t);
            path.push(
                0.5 * (2.0 * b
                    + (c - a) * t
                    + (2.0 * a - 5.0 * b + 4.0 * c - d) * t2
                    + (3.0 * b - a - 3.0 * c + d) * t3),
            );
        }
    }
    path
}

/// A path with its corners rounded off at `radius`.
pub fn rounded_path(points: &[Vec3], radius: f32, steps: u32) -> Vec<Vec3> {
    let mut path = vec![points[0]];
    for corner in points.windows(3) {
        let [before, here, after] = [corner[0], corner[1], corner[2]];
        let cut = radius.min(here.distance(before) * 0.5).min(here.distance(after) * 0.5);
        let start = here + (before - here).normalize_or_zero() * cut;
        let end = here + (after - here).normalize_or_zero() * cut;
        for step in 0..=steps {
            let t = step as f32 / steps as f32;
            path.push(start.lerp(here, t).lerp(here.lerp(end, t), t));
        }
    }
    path.push(points[points.len() - 1]);
    path.dedup_by(|a, b| a.distance(*b) < 1e-5);
    path
}

/// A cable that hangs from `a` to `b`, lowest `sag` under the straight line.
pub fn hanging(a: Vec3, b: Vec3, sag: f32, steps: u32) -> Vec<Vec3> {
    (0..=steps)
        .map(|step| {
            let t = step as f32 / steps as f32;
            a.lerp(b, t) - Vec3::Y * sag * 4.0 * t * (1.0 - t)
        })
        .collect()
}

/// Points of `at(t)` for t from 0 to 1.
pub fn sampled(steps: u32, at: impl Fn(f32) -> Vec3) -> Vec<Vec3> {
    (0..=steps).map(|step| at(step as f32 / steps as f32)).collect()
}

/// A circle, counter-clockwise.
pub fn circle(radius: f32, sides: u32) -> Vec<Vec2> {
    (0..sides).map(|side| Vec2::from_angle(side as f32 / sides as f32 * TAU) * radius).collect()
}

/// A rectangle about the origin with rounded corners, counter-clockwise.
pub fn rounded_rectangle(width: f32, height: f32, radius: f32, steps: u32) -> Vec<Vec2> {
    let inner = vec2(width * 0.5 - radius, height * 0.5 - radius);
    let corners = [vec2(1.0, 1.0), vec2(-1.0, 1.0), vec2(-1.0, -1.0), vec2(1.0, -1.0)];
    let mut outline = Vec::new();
    for (quarter, corner) in corners.iter().enumerate() {
        for step in 0..=steps {
            let angle = (quarter as f32 + step as f32 / steps as f32) * PI * 0.5;
            outline.push(inner * *corner + Vec2::from_angle(angle) * radius);
        }
    }
    outline
}

/// The outline of a spur gear with rounded-off trapezoid teeth; eight points a tooth.
pub fn gear(teeth: u32, radius: f32, depth: f32) -> Vec<Vec2> {
    let shape = [
        (0.00, -1.0),
        (0.16, -1.0),
        (0.26, -0.7),
        (0.36, 0.7),
        (0.42, 1.0),
        (0.64, 1.0),
        (0.70, 0.7),
        (0.80, -0.7),
    ];
    (0..teeth)
        .flat_map(|tooth| {
            shape.map(|(along, out)| {
                let angle = (tooth as f32 + along + 0.47) / teeth as f32 * TAU;
                Vec2::from_angle(angle) * (radius + depth * 0.5 * out)
            })
        })
        .collect()
}
