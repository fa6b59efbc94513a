//! The same venue as a laser scanner might give it: nine triangles for each, and a grain on every surface, so that
//! none of them is superfluous.

use std::collections::HashMap;

use glam::Vec3;

use super::mesh::Mesh;
use super::twin::Twin;

/// Parts of an edge.
const PARTS: u32 = 3;
/// How far the grain reaches, metres.
const GRAIN_METRES: f32 = 0.0015;

/// Makes the venue dense.
pub fn refine(twin: &mut Twin) {
    for (index, (_, model)) in twin.meshes.iter_mut().enumerate() {
        for (material, mesh) in &mut model.parts {
            let shades = twin.shades.get_mut(&super::twin::MeshId(index)).and_then(|of| of.get_mut(material));
            let (finer, corners) = divided(mesh);
            if let Some(shades) = shades {
                *shades = corners.iter().map(|corners| mixed(corners, shades)).collect();
            }
            *mesh = finer;
        }
    }
}

/// Of which vertices a new one is made, in thirds.
type Corners = [(u32, u32); 3];

/// Nine triangles for each, and what each vertex is made of.
fn divided(mesh: &Mesh) -> (Mesh, Vec<Corners>) {
    let mut finer = Mesh::default();
    let mut triangles = Vec::with_capacity(mesh.triangles.len() * (PARTS * PARTS) as usize);
    let mut made: Vec<Corners> = Vec::new();
    let mut known: HashMap<Corners, u32> = HashMap::new();
    for &[a, b, c] in &mesh.triangles {
        let mut at = |u: u32, v: u32| {
            let mut corners = [(a, PARTS - u - v), (b, u), (c, v)];
            corners.sort_unstable_by_key(|&(corner, parts)| (parts == 0, corner));
            corners.iter_mut().filter(|corner| corner.1 == 0).for_each(|corner| corner.0 = 0);
            *known.entry(corners).or_insert_with(|| {
                made.push(corners);
                let mix = |of: &dyn Fn(usize) -> Vec3| -> Vec3 {
                    corners.iter().map(|&(corner, parts)| of(corner as usize) * parts as f32).sum::<Vec3>()
                        / PARTS as f32
                };
                let normal = mix(&|corner| mesh.normals[corner]).normalize_or(Vec3::Y);
                let uv = mix(&|corner| mesh.uvs[corner].extend(0.0)).truncate();
                let position = mix(&|corner| mesh.positions[corner]);
                finer.vertex(position + normal * grain(position), normal, uv)
            })
        };
        for v in 0..PARTS {
            for u in 0..PARTS - v {
                let (p, q, r) = (at(u, v), at(u + 1, v), at(u, v + 1));
                triangles.push([p, q, r]);
                if u + v + 1 < PARTS {
                    let s = at(u + 1, v + 1);
                    triangles.push([q, s, r]);
                }
            }
        }
    }
    finer.triangles = triangles;
    (finer, made)
}

/// The same for the same place, metres.
fn grain(position: Vec3) -> f32 {
    let [x, y, z] = (position * 4096.0).round().to_array().map(|x| x as i32 as u32);
    let mut hash = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ z.wrapping_mul(0xc2b2_ae3d);
    hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
    ((hash >> 8) as f32 / (1 << 23) as f32 - 1.0) * GRAIN_METRES
}

fn mixed(corners: &Corners, shades: &[[u8; 4]]) -> [u8; 4] {
    std::array::from_fn(|channel| {
        let sum: u32 =
            corners.iter().map(|&(corner, parts)| u32::from(shades[corner as usize][channel]) * parts).sum();
        (sum / PARTS) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec2;

    #[test]
    fn two_triangles_become_eighteen_that_hang_together() {
        let mut mesh = Mesh::default();
        let corners = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let [a, b, c, d] = corners.map(|[x, y]| mesh.vertex(Vec3::new(x, y, 0.0), Vec3::Z, Vec2::new(x, y)));
        mesh.quad(a, b, c, d);
        let (finer, made) = divided(&mesh);
        // The nine of each share the four vertices of the edge between them.
        assert_eq!((finer.triangles.len(), finer.positions.len(), made.len()), (18, 16, 16));
        let corner = |index: u32| finer.positions[index as usize].truncate();
        let area: f32 = finer
            .triangles
            .iter()
            .map(|t| {
                let [p, q, r] = t.map(corner);
                (q - p).perp_dot(r - p) * 0.5
            })
            .sum();
        assert!((area - 1.0).abs() < 1e-5, "the same surface, all of it the same way round: {area}");
        assert!(finer.positions.iter().all(|position| position.z.abs() <= GRAIN_METRES));
    }
}
