//! The finest tiles of a twin, and what a ray meets of them first.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use glam::Vec3;
use pavilion::math::Pose;
use pavilion::scene::pick::Ray;
use pavilion::scene::{TileId, TileMesh, Tileset, tile};

/// See the module.
pub struct Ground {
    folder: PathBuf,
    leaves: Vec<(TileId, Pose)>,
    meshes: HashMap<TileId, TileMesh>,
}

impl Ground {
    /// Tiles that nothing finer takes the place of, of what neither moves nor can be carried; they are read when they are
    /// first looked at.
    pub fn read(tileset: &Tileset, folder: &Path) -> Self {
        let is_leaf = |&(id, _): &(TileId, Pose)| {
            let tile = tileset.tile(id);
            tile.content.is_some() && tile.child_count == 0 && tile.geometric_error_metres == 0.0
        };
        let leaves = tileset.standing().filter(is_leaf).collect();
        Self { folder: folder.to_owned(), leaves, meshes: HashMap::new() }
    }

    /// How far away the first triangle is in this direction, metres, and of which tile.
    pub fn meets(&mut self, tileset: &Tileset, origin: Vec3, direction: Vec3) -> Option<(f32, TileId)> {
        let ray = Ray { origin, direction };
        let mut ahead: Vec<_> = self
            .leaves
            .iter()
            .filter_map(|&(id, pose)| {
                let bounds = tileset.tile(id).bounds.transformed(&pose.to_affine());
                Some((ray.enters(bounds)?, id, pose))
            })
            .collect();
        ahead.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut nearest: Option<(f32, TileId)> = None;
        for (enters, id, pose) in ahead {
            if nearest.is_some_and(|(metres, _)| metres < enters) {
                break;
            }
            let mesh = self.meshes.entry(id).or_insert_with(|| decoded(tileset, id, &self.folder));
            let hit = ray.pick(mesh, &pose.to_affine()).map(|hit| (hit.distance_metres, id));
            nearest = hit.filter(|hit| nearest.is_none_or(|known| hit.0 < known.0)).or(nearest);
        }
        nearest
    }
}

fn decoded(tileset: &Tileset, id: TileId, folder: &Path) -> TileMesh {
    let blob = tileset.tile(id).content.expect("a leaf has content");
    let bytes = std::fs::read(folder.join(format!("{}.glb", tileset.blobs()[blob.index()].hash)));
    tile::decode(&bytes.expect("a tile"), tileset, id).expect("a tile")
}
