//! The tables → `tileset.json` of 3D Tiles 1.1, for programs that are not ours.
//!
//! 3D Tiles has Z up and its glTF contents Y up: a box's (x, y, z) becomes (x, −z, y).

use serde_json::{Value, json};

use super::BakedBlob;
use crate::math::Aabb;
use crate::scene::tileset::Tables;

/// The file's text.
pub fn write(tables: &Tables, blobs: &[BakedBlob]) -> String {
    let mut nodes: Vec<Option<Value>> = tables
        .tiles
        .iter()
        .map(|tile| {
            let mut node = json!({
                "boundingVolume": { "box": box_of(tile.bounds) },
                "geometricError": tile.geometric_error_metres,
                "refine": "REPLACE",
            });
            if let Some(blob) = tile.content.and_then(|blob| blobs.get(blob.index())) {
                node["content"] = json!({ "uri": format!("{}.{}", blob.hash, blob.extension) });
            }
            Some(node)
        })
        .collect();
    // Children follow their parents: from the end, each is whole when its parent takes it.
    for (index, tile) in tables.tiles.iter().enumerate().rev() {
        let children: Vec<Value> =
            tile.children().filter_map(|child| nodes.get_mut(child.index())?.take()).collect();
        if let Some(Some(node)) = nodes.get_mut(index).filter(|_| !children.is_empty()) {
            node["children"] = Value::Array(children);
        }
    }
    let root = nodes.into_iter().next().flatten();
    let coarsest = tables.tiles.first().map_or(0.0, |tile| tile.bounds.half_extent().length() * 2.0);
    let tileset = json!({
        "asset": { "version": "1.1", "generator": "pavilion" },
        "geometricError": coarsest,
        "root": root,
        "extras": { "title": tables.title },
    });
    format!("{tileset}\n")
}

/// The centre and the three half axes.
fn box_of(bounds: Aabb) -> [f32; 12] {
    let (c, h) = (bounds.center(), bounds.half_extent());
    [c.x, -c.z, c.y, h.x, 0.0, 0.0, 0.0, h.z, 0.0, 0.0, 0.0, h.y]
}
