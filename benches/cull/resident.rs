//! What culling looks at of a tile: no vertex is there.

use glam::Affine3A;
use pavilion::math::Cone;
use pavilion::scene::mesh::{Batch, Chunk, TextureSet};
use pavilion::scene::{Chunks, ResidentTile};

use super::scene::{CHUNK_TRIANGLES, sphere};
use super::world::{self, CELL_CHUNKS};

/// Chunks of three batches, as a tile of a venue has them.
pub fn tile(cell: &[world::Chunk]) -> ResidentTile {
    let chunk = |(number, chunk): (usize, &world::Chunk)| Chunk {
        first_index: number as u32 * CHUNK_TRIANGLES * 3,
        index_count: CHUNK_TRIANGLES * 3,
        bounds: sphere(chunk),
        cone: Cone::ANY,
        batch: Batch {
            textures: TextureSet { side_log2: (number * 3 / CELL_CHUNKS) as u8, ..TextureSet::default() },
            ..Batch::default()
        },
        entity: None,
    };
    let chunks: Vec<Chunk> = cell.iter().enumerate().map(chunk).collect();
    ResidentTile {
        chunks: Chunks::from(&chunks[..]),
        occluders: Vec::new(),
        world_from_grid: Affine3A::IDENTITY,
        motion: None,
        size_bytes: 0,
    }
}
