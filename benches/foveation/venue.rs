//! A venue of which everything is here, as far as culling looks at it.

use std::path::Path;

use pavilion::protocol::manifest;
use pavilion::scene::chunks::Chunks;
use pavilion::scene::{ResidentTile, Scene, TileId, tile};

/// Reads a folder that bake made.
pub fn load(folder: &Path) -> Scene {
    let bytes = std::fs::read(folder.join(manifest::FILE_NAME)).expect("a folder that bake made");
    let tileset = manifest::decode(&bytes).expect("a manifest");
    let mut scene = Scene::new(tileset);
    let tileset = scene.tileset.clone();
    for (node, index) in tileset.tiles().iter().zip(0..) {
        let Some(blob) = node.content else { continue };
        let hash = tileset.blobs()[blob.index()].hash;
        let glb = std::fs::read(folder.join(format!("{hash}.glb"))).expect("a tile");
        let mesh = tile::decode(&glb, &tileset, TileId(index)).expect("a tile");
        let chunks = Chunks::from(&mesh.chunks[..]);
        let resident = ResidentTile {
            chunks,
            world_from_grid: mesh.world_from_grid,
            size_bytes: mesh.size_bytes(),
            motion: mesh.moving.map(|moving| std::sync::Arc::clone(&moving.motion)),
            occluders: mesh.occluders,
        };
        scene.set_resident(TileId(index), Some(resident));
    }
    scene
}
