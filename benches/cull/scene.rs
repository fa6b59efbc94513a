//! The boxes as a twin of which everything is here: a tile a cell, and four tiles below each of those above.

use glam::Vec3;
use pavilion::math::{Aabb, Sphere};
use pavilion::scene::tileset::{Blob, Tables};
use pavilion::scene::{BlobId, ContentHash, ResidentTile, Scene, Tile, TileId, Tileset};

use super::world::{self, CELL_CHUNKS};

pub const CHUNK_TRIANGLES: u32 = 1000;

/// A node: the cells from the first to before the second, on each axis.
type Span = [(usize, usize); 2];

/// What the tiles above the cells are.
#[derive(Clone, Copy, PartialEq)]
pub enum Above {
    /// Nothing: every cell is drawn as it is, however far away.
    Nothing,
    /// Coarser tiles: a cell is drawn where it is near enough to be told from them.
    Levels,
}

/// The boxes as tiles that `make` makes of a cell's, or of as many coarser ones.
pub fn of(
    boxes: &[world::Chunk],
    above: Above,
    mut make: impl FnMut(TileId, &[world::Chunk]) -> ResidentTile,
) -> Scene {
    let cells: Vec<&[world::Chunk]> = boxes.chunks(CELL_CHUNKS).collect();
    let side = world::side(boxes.len());
    let mut spans: Vec<Span> = vec![[(0, side); 2]];
    let mut tiles: Vec<Tile> = Vec::new();
    let mut leaves = Vec::new();
    while let Some(&span) = spans.get(tiles.len()) {
        let bounds = bounds(span, &cells, side);
        let halves = split(span, &cells, side);
        let is_leaf = halves.is_empty();
        if is_leaf {
            leaves.push((tiles.len() as u32, span[1].0 * side + span[0].0));
        }
        let width = (span[0].1 - span[0].0) as f32;
        tiles.push(Tile {
            bounds,
            geometric_error_metres: if is_leaf { 0.0 } else { width * 0.1 },
            first_child: if is_leaf { 0 } else { spans.len() as u32 },
            child_count: halves.len() as u32,
            content: (is_leaf || above == Above::Levels).then_some(BlobId(0)),
            images: Vec::new(),
            triangle_count: CHUNK_TRIANGLES * CELL_CHUNKS as u32,
            draw_count: 3,
        });
        spans.extend(halves);
    }
    let blobs = vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }];
    let tables = Tables { tiles, blobs, ..Tables::default() };
    let mut scene = Scene::new(Tileset::try_from(tables).expect("a tileset"));
    let tileset = scene.tileset.clone();
    for (node, tile) in tileset.tiles().iter().zip(0..).filter(|(node, _)| node.content.is_some()) {
        let cell = leaves.binary_search_by_key(&tile, |&(tile, _)| tile).map(|found| leaves[found].1);
        let content = match cell {
            Ok(cell) => make(TileId(tile), cells[cell]),
            Err(_) => make(TileId(tile), &quarters(node.bounds)),
        };
        scene.set_resident(TileId(tile), Some(content));
    }
    scene
}

/// Up to four parts that hold a cell; none for a single cell.
fn split([x, z]: Span, cells: &[&[world::Chunk]], side: usize) -> Vec<Span> {
    let halves = |(from, to): (usize, usize)| {
        let middle = (from + to).div_ceil(2);
        [(from, middle), (middle, to)].into_iter().filter(|(from, to)| from < to)
    };
    if x.1 - x.0 <= 1 && z.1 - z.0 <= 1 {
        return Vec::new();
    }
    let parts = halves(z).flat_map(|z| halves(x).map(move |x| [x, z]));
    parts.filter(|part| part[1].0 * side + part[0].0 < cells.len()).collect()
}

fn bounds([x, z]: Span, cells: &[&[world::Chunk]], side: usize) -> Aabb {
    let numbers = (z.0..z.1).flat_map(|z| (x.0..x.1).map(move |x| z * side + x));
    let inside = numbers.filter_map(|number| cells.get(number)).flat_map(|cell| cell.iter());
    inside.fold(Aabb::EMPTY, |bounds, chunk| {
        let (center, half) = (Vec3::from(chunk.center), Vec3::from(chunk.half));
        bounds.union(Aabb { min: center - half, max: center + half })
    })
}

/// A coarser tile's chunks: as many as a cell's, side by side.
fn quarters(bounds: Aabb) -> Vec<world::Chunk> {
    let half = bounds.half_extent() / Vec3::new(8.0, 1.0, 8.0);
    let at = |x: usize, z: usize| {
        let step = Vec3::new((2 * x + 1) as f32, 1.0, (2 * z + 1) as f32);
        world::Chunk { center: (bounds.min + half * step).to_array(), half: half.to_array() }
    };
    (0..8).flat_map(|z| (0..8).map(move |x| at(x, z))).collect()
}

/// Around the box.
pub fn sphere(chunk: &world::Chunk) -> Sphere {
    Sphere { center: Vec3::from(chunk.center), radius: Vec3::from(chunk.half).length() }
}
