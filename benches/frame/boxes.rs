//! A cell's boxes as a tile's mesh.

use glam::{Affine3A, Mat3, Vec3};
use pavilion::math::{Aabb, Cone};
use pavilion::scene::MaterialId;
use pavilion::scene::mesh::{Attributes, Batch, Chunk, Position, TextureSet, TileMesh, octahedral_from_unit};

use super::{scene, world};

/// Batches of a cell, of which each is a draw at least.
const BATCHES: usize = 2;

/// Triangles of a box.
const TRIANGLES: u32 = 12;

/// All boxes of a cell, each a chunk.
pub fn mesh(cell: &[world::Chunk]) -> TileMesh {
    let bounds = cell.iter().fold(Aabb::EMPTY, |bounds, chunk| {
        let (center, half) = (Vec3::from(chunk.center), Vec3::from(chunk.half));
        bounds.union(Aabb { min: center - half, max: center + half })
    });
    let step = (bounds.max - bounds.min).max_element() / f32::from(u16::MAX);
    let mut mesh = TileMesh {
        world_from_grid: Affine3A::from_mat3_translation(Mat3::from_diagonal(Vec3::splat(step)), bounds.min),
        positions: Vec::new(),
        attributes: Vec::new(),
        indices: Vec::new(),
        chunks: Vec::new(),
        occluders: Vec::new(),
        moving: None,
    };
    for (number, chunk) in cell.iter().enumerate() {
        let first_index = mesh.indices.len() as u32;
        add_box(&mut mesh, chunk, bounds.min, step);
        let side_log2 = (number * BATCHES / cell.len()) as u8;
        let textures = TextureSet { side_log2, ..TextureSet::default() };
        mesh.chunks.push(Chunk {
            first_index,
            index_count: TRIANGLES * 3,
            bounds: scene::sphere(chunk),
            cone: Cone::ANY,
            batch: Batch { textures, ..Batch::default() },
            entity: None,
        });
    }
    mesh
}

fn add_box(mesh: &mut TileMesh, chunk: &world::Chunk, min: Vec3, step: f32) {
    let (center, half) = (Vec3::from(chunk.center), Vec3::from(chunk.half));
    for axis in [Vec3::X, Vec3::Y, Vec3::Z] {
        for normal in [axis, -axis] {
            let first = mesh.positions.len() as u16;
            let right = Vec3::new(normal.y, normal.z, normal.x);
            let up = normal.cross(right);
            for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
                let place = center + half * (normal + right * x + up * y);
                let grid = ((place - min) / step).to_array().map(|at| at.round() as u16);
                mesh.positions.push(Position::pack(grid, MaterialId(0), true));
                mesh.attributes.push(Attributes {
                    normal: octahedral_from_unit(normal),
                    tangent: octahedral_from_unit(right),
                    color: [255; 4],
                    ..Attributes::default()
                });
            }
            mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
        }
    }
}
