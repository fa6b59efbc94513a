//! Solid things with edges: boxes with rounded edges and plates cut from an outline.

use glam::{Vec2, Vec3, vec2, vec3};

use super::{curve, mesh::Mesh};

/// The six faces of a box: outward, right and up directions.
const FACES: [(Vec3, Vec3, Vec3); 6] = [
    (Vec3::X, Vec3::NEG_Z, Vec3::Y),
    (Vec3::NEG_X, Vec3::Z, Vec3::Y),
    (Vec3::Y, Vec3::X, Vec3::NEG_Z),
    (Vec3::NEG_Y, Vec3::X, Vec3::Z),
    (Vec3::Z, Vec3::X, Vec3::Y),
    (Vec3::NEG_Z, Vec3::NEG_X, Vec3::Y),
];

/// A box about the origin whose edges are rounded at `edge` in `steps` pieces; its corners are ball octants.
pub fn rounded_box(size: Vec3, edge: f32, steps: u32) -> Mesh {
    let half = size * 0.5;
    let edge = edge.min(half.min_element() * 0.999);
    let inner = half - Vec3::splat(edge);
    let mut mesh = Mesh::default();
    for (out, right, up) in FACES {
        let stops = |axis: Vec3| {
            let reach = inner.dot(axis.abs());
            // Tangents spread the points at equal angles over the round part.
            let round: Vec<f32> = (0..=steps)
                .map(|step| (step as f32 / steps as f32 * std::f32::consts::FRAC_PI_4).tan())
                .collect();
            let mut stops: Vec<(f32, f32)> = round.iter().rev().map(|offset| (-reach, -*offset)).collect();
            stops.extend(round.iter().map(|offset| (reach, *offset)));
            stops
        };
        let (columns, rows) = (stops(right), stops(up));
        let depth = inner.dot(out.abs());
        let base = mesh.positions.len() as u32;
        for &(y, lean_up) in &rows {
            for &(x, lean_right) in &columns {
                let normal = (out + right * lean_right + up * lean_up).normalize_or(out);
                let position = out * depth + right * x + up * y + normal * edge;
                mesh.vertex(position, normal, vec2(position.dot(right), position.dot(up)));
            }
        }
        let stride = columns.len() as u32;
        for row in 0..rows.len() as u32 - 1 {
            for column in 0..stride - 1 {
                let low = base + row * stride + column;
                mesh.quad(low, low + 1, low + stride + 1, low + stride);
            }
        }
    }
    mesh
}

/// A box standing on y = 0 with small rounded edges: the everyday piece of furniture.
pub fn block(width: f32, height: f32, depth: f32, edge: f32) -> Mesh {
    let block = rounded_box(vec3(width, height, depth), edge, 1).at(0.0, height * 0.5, 0.0);
    // In upright pieces the grain runs upwards.
    if height > width.max(depth) { block.mapped(|uv| vec2(uv.y, uv.x)) } else { block }
}

/// A level rectangle with rounded corners about the origin, facing up, in cells of about `cell` so that light and
/// shade can be told at their corners.
pub fn deck(width: f32, depth: f32, corner: f32, cell: f32) -> Mesh {
    let (columns, rows) = ((width / cell).round().max(1.0) as u32, (depth / cell).round().max(1.0) as u32);
    let inner = vec2(width, depth) * 0.5 - Vec2::splat(corner);
    let mut mesh = Mesh::default();
    for row in 0..=rows {
        for column in 0..=columns {
            let share = vec2(column as f32 / columns as f32, row as f32 / rows as f32) - 0.5;
            let point = share * vec2(width, depth);
            let centre = point.clamp(-inner, inner);
            let point = centre + (point - centre).clamp_length_max(corner);
            mesh.vertex(vec3(point.x, 0.0, point.y), Vec3::Y, point);
        }
    }
    let stride = columns + 1;
    for row in 0..rows {
        for column in 0..columns {
            let low = row * stride + column;
            mesh.quad(low, low + stride, low + stride + 1, low + 1);
        }
    }
    mesh
}

/// A flat rectangle in the XY plane about the origin, facing +Z; texture coordinates in metres.
pub fn pane(width: f32, height: f32) -> Mesh {
    let mut mesh = Mesh::default();
    let corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)];
    let [a, b, c, d] = corners.map(|(x, y)| {
        let point = vec2(x * width, y * height);
        mesh.vertex(point.extend(0.0), Vec3::Z, vec2(point.x, -point.y))
    });
    mesh.quad(a, b, c, d);
    mesh
}

/// As [`pane`], showing the part of an atlas from `low` to `high` (top left to bottom right).
pub fn picture(width: f32, height: f32, low: Vec2, high: Vec2) -> Mesh {
    pane(width, height).mapped(|uv| low + (high - low) * vec2(uv.x / width + 0.5, uv.y / height + 0.5))
}

/// Moves a closed outline inwards by `distance`, corner by corner.
fn inset(outline: &[Vec2], distance: f32) -> Vec<Vec2> {
    let count = outline.len();
    (0..count)
        .map(|index| {
            let here = outline[index];
            let inwards = |from: Vec2, to: Vec2| (to - from).perp().normalize_or_zero();
            let first = inwards(outline[(index + count - 1) % count], here);
            let second = inwards(here, outline[(index + 1) % count]);
            let mitre = first + second;
            here + mitre * (distance * 2.0 / mitre.length_squared().max(0.8))
        })
        .collect()
}

/// Adds the wall between two closed outlines of equally many points at two depths, normals found from the faces and
/// smoothed where neighbours nearly agree.
fn wall(mesh: &mut Mesh, low: &[Vec3], high: &[Vec3]) {
    let count = low.len();
    let face = |index: usize| {
        let (a, b) = (index % count, (index + 1) % count);
        let normal = (low[b] - low[a]).cross(high[a] - low[a]);
        normal
            .try_normalize()
            .unwrap_or_else(|| (high[b] - high[a]).cross(high[a] - low[a]).normalize_or(Vec3::Z))
    };
    let mut length = 0.0;
    for index in 0..count {
        let next = (index + 1) % count;
        let own = face(index);
        let soft = |other: Vec3| if other.dot(own) > 0.75 { (own + other).normalize_or(own) } else { own };
        let (start, end) = (soft(face(index + count - 1)), soft(face(index + 1)));
        let width = low[index].distance(low[next]);
        let height = low[index].distance(high[index]);
        let a = mesh.vertex(low[index], start, vec2(length, 0.0));
        let b = mesh.vertex(low[next], end, vec2(length + width, 0.0));
        let c = mesh.vertex(high[next], end, vec2(length + width, height));
        let d = mesh.vertex(high[index], start, vec2(length, height));
        mesh.quad(a, b, c, d);
        length += width;
    }
}

fn lifted(outline: &[Vec2], z: f32) -> Vec<Vec3> {
    outline.iter().map(|point| point.extend(z)).collect()
}

/// A plate cut from a counter-clockwise outline in the XY plane, from z = 0 to `depth`, its rims bevelled.
pub fn plate(outline: &[Vec2], depth: f32, bevel: f32) -> Mesh {
    let small = inset(outline, bevel);
    let mut mesh = Mesh::default();
    wall(&mut mesh, &lifted(&small, 0.0), &lifted(outline, bevel));
    wall(&mut mesh, &lifted(outline, bevel), &lifted(outline, depth - bevel));
    wall(&mut mesh, &lifted(outline, depth - bevel), &lifted(&small, depth));
    let ears = triangulate(&small);
    for (z, normal) in [(0.0, Vec3::NEG_Z), (depth, Vec3::Z)] {
        let base = mesh.positions.len() as u32;
        for point in &small {
            mesh.vertex(point.extend(z), normal, *point);
        }
        for &[a, b, c] in &ears {
            let [b, c] = if z > 0.0 { [b, c] } else { [c, b] };
            mesh.triangle(base + a, base + b, base + c);
        }
    }
    mesh
}

/// A plate with one hole: `outer` and `inner` are counter-clockwise with equally many points that face each other.
pub fn ring_plate(outer: &[Vec2], inner: &[Vec2], depth: f32, bevel: f32) -> Mesh {
    let small = inset(outer, bevel);
    let wide = inset(inner, -bevel);
    let mut mesh = Mesh::default();
    wall(&mut mesh, &lifted(&small, 0.0), &lifted(outer, bevel));
    wall(&mut mesh, &lifted(outer, bevel), &lifted(outer, depth - bevel));
    wall(&mut mesh, &lifted(outer, depth - bevel), &lifted(&small, depth));
    wall(&mut mesh, &lifted(&small, depth), &lifted(&wide, depth));
    wall(&mut mesh, &lifted(&wide, depth), &lifted(inner, depth - bevel));
    wall(&mut mesh, &lifted(inner, depth - bevel), &lifted(inner, bevel));
    wall(&mut mesh, &lifted(inner, bevel), &lifted(&wide, 0.0));
    wall(&mut mesh, &lifted(&wide, 0.0), &lifted(&small, 0.0));
    mesh
}

/// A spoked gear wheel in the XY plane from z = 0 to `depth`.
pub fn gear_wheel(teeth: u32, radius: f32, depth: f32, spokes: u32) -> Mesh {
    let tooth = radius * std::f32::consts::TAU / teeth as f32 * 0.7;
    let outer = curve::gear(teeth, radius, tooth);
    let bevel = (depth * 0.12).min(tooth * 0.1);
    let count = outer.len() as u32;
    let rim_radius = (radius - tooth) * 0.84;
    let turned = |radius: f32, count: u32, phase: f32| -> Vec<Vec2> {
        curve::circle(radius, count).into_iter().map(|point| Vec2::from_angle(phase).rotate(point)).collect()
    };
    let phase = outer[0].to_angle();
    let mut mesh = ring_plate(&outer, &turned(rim_radius, count, phase), depth, bevel);
    let hub = radius * 0.24;
    mesh.append(&ring_plate(&turned(hub, 24, 0.0), &turned(hub * 0.45, 24, 0.0), depth * 1.5, bevel).at(
        0.0,
        0.0,
        -depth * 0.25,
    ));
    for spoke in 0..spokes {
        let direction = Vec2::from_angle(spoke as f32 / spokes as f32 * std::f32::consts::TAU);
        let across = direction.perp() * radius * 0.07;
        let (near, far) = (direction * hub * 0.9, direction * rim_radius * 1.03);
        let outline = [near - across * 1.5, far - across, far + across, near + across * 1.5];
        mesh.append(&plate(&outline, depth * 0.7, bevel).at(0.0, 0.0, depth * 0.15));
    }
    mesh
}

/// Cuts a simple counter-clockwise polygon into triangles by its ears.
fn triangulate(outline: &[Vec2]) -> Vec<[u32; 3]> {
    let mut left: Vec<u32> = (0..outline.len() as u32).collect();
    let mut triangles = Vec::new();
    let point = |index: u32| outline[index as usize];
    while left.len() > 3 {
        let count = left.len();
        let ear = (0..count).find(|&index| {
            let [a, b, c] = [left[(index + count - 1) % count], left[index], left[(index + 1) % count]];
            let (pa, pb, pc) = (point(a), point(b), point(c));
            (pb - pa).perp_dot(pc - pb) > 0.0
                && left.iter().filter(|&&other| other != a && other != b && other != c).all(|&other| {
                    let p = point(other);
                    (pb - pa).perp_dot(p - pa) < 0.0
                        || (pc - pb).perp_dot(p - pb) < 0.0
                        || (pa - pc).perp_dot(p - pc) < 0.0
                })
        });
        // A polygon that touches itself has no strict ear left; any corner then closes it.
        let index = ear.unwrap_or(0);
        triangles.push([left[(index + count - 1) % count], left[index], left[(index + 1) % count]]);
        left.remove(index);
    }
    if let [a, b, c] = left[..] {
        triangles.push([a, b, c]);
    }
    triangles
}
