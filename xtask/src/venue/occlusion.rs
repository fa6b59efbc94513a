//! Soft shade where things stand: how much of the sky a floor's vertices see, as vertex colours.
//!
//! In: the whole twin and which nodes receive shade. Out: a colour for each of their vertices. The venue's things are
//! marked in a grid of small boxes; from each vertex rays go up and out through it until they meet one or run free.

use std::f32::consts::TAU;

use glam::{IVec3, Mat4, Vec3, vec3};

use super::{
    mesh::Mesh,
    palette::Coverage,
    twin::{NodeId, Twin},
};

/// Side of a grid box in metres.
const BOX: f32 = 0.1;
/// The grid's lowest corner and its boxes per axis: the hall's inside up to five metres.
const LOW: Vec3 = Vec3::new(-30.0, 0.0, -20.0);
const COUNT: IVec3 = IVec3::new(600, 50, 400);
/// How far a ray looks.
const REACH: f32 = 2.4;
/// Rays from a vertex.
const RAYS: u32 = 40;
/// The share of light that remains where nothing of the sky is seen.
const DARKEST: f32 = 0.3;

/// Which boxes hold something.
struct Grid(Vec<bool>);

impl Grid {
    fn index(point: Vec3) -> Option<usize> {
        let cell = ((point - LOW) / BOX).floor().as_ivec3();
        let inside = cell.cmpge(IVec3::ZERO).all() && cell.cmplt(COUNT).all();
        inside.then(|| ((cell.y * COUNT.z + cell.z) * COUNT.x + cell.x) as usize)
    }

    /// Marks the boxes that a triangle passes through.
    fn mark(&mut self, corners: [Vec3; 3]) {
        let [a, b, c] = corners;
        if a.y.min(b.y).min(c.y) > COUNT.y as f32 * BOX {
            return;
        }
        let longest = a.distance(b).max(b.distance(c)).max(c.distance(a));
        let steps = (longest / (BOX * 0.7)).ceil().clamp(1.0, 400.0) as u32;
        for i in 0..=steps {
            for j in 0..=steps - i {
                let (u, v) = (i as f32 / steps as f32, j as f32 / steps as f32);
                if let Some(index) = Self::index(a + (b - a) * u + (c - a) * v) {
                    self.0[index] = true;
                }
            }
        }
    }

    fn of(twin: &Twin, world: &[(NodeId, Mat4)], receivers: &[NodeId]) -> Self {
        let mut grid = Self(vec![false; (COUNT.x * COUNT.y * COUNT.z) as usize]);
        for (id, world_from_node) in world {
            let Some(mesh) = twin.nodes[id.0].mesh.filter(|_| !receivers.contains(id)) else { continue };
            for (material, mesh) in &twin.meshes[mesh.0].1.parts {
                if material.surface().coverage == Coverage::Blend {
                    continue;
                }
                for triangle in &mesh.triangles {
                    grid.mark(
                        triangle
                            .map(|corner| world_from_node.transform_point3(mesh.positions[corner as usize])),
                    );
                }
            }
        }
        grid
    }

    /// The share of the upper half space that `point` sees, weighted as a flat floor takes light.
    fn open_share(&self, point: Vec3) -> f32 {
        let mut open = 0.0;
        for ray in 0..RAYS {
            // Evenly spread over the half space, dense towards the zenith.
            let share = (ray as f32 + 0.5) / RAYS as f32;
            let (sin, cos) = (ray as f32 * 0.618_034 * TAU).sin_cos();
            let direction = vec3(share.sqrt() * cos, (1.0 - share).sqrt(), share.sqrt() * sin);
            let mut travelled = BOX * 0.6;
            let mut seen = 1.0;
            while travelled < REACH {
                let place = point + Vec3::Y * BOX * 0.5 + direction * travelled;
                if Self::index(place).is_some_and(|index| self.0[index]) {
                    // What is far off darkens less.
                    seen = (travelled / REACH).powf(0.7);
                    break;
                }
                travelled += BOX * 0.8;
            }
            open += seen;
        }
        open / RAYS as f32
    }
}

/// Shades the meshes of `receivers`, each of which stands in one place only.
pub fn shade(twin: &mut Twin, receivers: &[NodeId]) {
    let world = twin.world();
    let grid = Grid::of(twin, &world, receivers);
    for (id, world_from_node) in world.iter().filter(|(id, _)| receivers.contains(id)) {
        let Some(mesh_id) = twin.nodes[id.0].mesh else { continue };
        let shades = twin.meshes[mesh_id.0]
            .1
            .parts
            .iter()
            .map(|(material, mesh)| (*material, colors(mesh, *world_from_node, &grid)))
            .collect();
        twin.shades.insert(mesh_id, shades);
    }
}

fn colors(mesh: &Mesh, world_from_node: Mat4, grid: &Grid) -> Vec<[u8; 4]> {
    mesh.positions
        .iter()
        .map(|position| {
            let open = grid.open_share(world_from_node.transform_point3(*position));
            let light = DARKEST + (1.0 - DARKEST) * open.powf(1.7);
            // Shade is a little warmer than light: it is lit by the floor around it.
            let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
            [byte(light), byte(light * light.powf(0.03)), byte(light * light.powf(0.07)), 255]
        })
        .collect()
}
