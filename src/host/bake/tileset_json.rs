//! The tables → `tileset.json` of 3D Tiles 1.1, for programs that are not ours, and a file beside it for each part
//! that stands there several times. What moves by itself, and what can be taken, stands beside the tree there.
//!
//! 3D Tiles has Z up and its glTF contents Y up: a box's (x, y, z) becomes (x, −z, y).

use std::ops::Range;

use glam::{Mat4, Vec4};
use serde_json::{Value, json};

use super::BakedBlob;
use crate::math::{Aabb, Pose};
use crate::scene::TileId;
use crate::scene::tileset::{Tables, Tile};

/// What the main file is called.
pub const FILE_NAME: &str = "tileset.json";

/// The files' names and texts, the main one first.
pub fn write(tables: &Tables, blobs: &[BakedBlob]) -> Vec<(String, String)> {
    let own = tables.prototypes.first().map_or(tables.tree_end(), |prototype| prototype.root.index());
    let tree = tree_of(tables, blobs, 0..own);
    let mut files = vec![(FILE_NAME.to_owned(), file(tables, with_loose(tables, blobs, tree)))];
    for (number, prototype) in tables.prototypes.iter().enumerate() {
        files.push((prototype_name(number), file(tables, tree_of(tables, blobs, prototype.tiles()))));
    }
    files
}

/// The names of the files of a twin with so many prototypes, the main one first.
pub fn names(prototypes: usize) -> impl Iterator<Item = String> {
    std::iter::once(FILE_NAME.to_owned()).chain((0..prototypes).map(prototype_name))
}

fn prototype_name(number: usize) -> String {
    format!("prototype-{number}.json")
}

/// A file with a root and what it holds.
struct Root {
    node: Value,
    bounds: Aabb,
}

fn file(tables: &Tables, Root { node, bounds }: Root) -> String {
    let tileset = json!({
        "asset": { "version": "1.1", "generator": "pavilion" },
        "geometricError": bounds.half_extent().length() * 2.0,
        "root": node,
        "extras": { "title": tables.title },
    });
    format!("{tileset}\n")
}

/// A tile without children.
fn node(tile: &Tile, blobs: &[BakedBlob]) -> Value {
    let mut node = json!({
        "boundingVolume": { "box": box_of(tile.bounds) },
        "geometricError": tile.geometric_error_metres,
        "refine": "REPLACE",
    });
    if let Some(blob) = tile.content.and_then(|blob| blobs.get(blob.index())) {
        node["content"] = json!({ "uri": format!("{}.{}", blob.hash, blob.extension) });
    }
    node
}

/// The tree and, where there are any, beside it what is no part of it.
fn with_loose(tables: &Tables, blobs: &[BakedBlob], tree: Root) -> Root {
    let tile = |id: TileId| tables.tiles.get(id.index());
    let (mut children, mut bounds) = (Vec::new(), tree.bounds);
    for mover in &tables.movers {
        // From the finest: each is the child of the next coarser one.
        let levels = mover.levels().filter_map(tile);
        let chain = levels.fold(None, |finer: Option<Value>, level| {
            bounds = bounds.union(level.bounds);
            let mut node = node(level, blobs);
            if let Some(finer) = finer {
                node["children"] = json!([finer]);
            }
            Some(node)
        });
        children.extend(chain);
    }
    let first_prop = tables.tiles.len() - tables.props.len();
    for (prop, tile) in tables.props.iter().zip(tables.tiles.get(first_prop..).unwrap_or_default()) {
        bounds = bounds.union(tile.bounds.transformed(&prop.home.to_affine()));
        let mut node = node(tile, blobs);
        node["transform"] = json!(matrix_of(prop.home));
        children.push(node);
    }
    if children.is_empty() {
        return tree;
    }
    children.insert(0, tree.node);
    let node = json!({
        "boundingVolume": { "box": box_of(bounds) },
        "geometricError": bounds.half_extent().length() * 2.0,
        "refine": "ADD",
        "children": children,
    });
    Root { node, bounds }
}

/// One tree.
fn tree_of(tables: &Tables, blobs: &[BakedBlob], range: Range<usize>) -> Root {
    let tiles = tables.tiles.get(range.clone()).unwrap_or_default();
    let mut nodes: Vec<Option<Value>> = tiles
        .iter()
        .zip(range.start as u32..)
        .map(|(tile, id)| {
            let mut node = node(tile, blobs);
            place(tables, TileId(id), &mut node);
            Some(node)
        })
        .collect();
    // Children follow their parents: from the end, each is whole when its parent takes it.
    for (index, tile) in tiles.iter().enumerate().rev() {
        let children = tile.children().filter_map(|child| {
            let place = child.index().checked_sub(range.start)?;
            nodes.get_mut(place)?.take()
        });
        let children: Vec<Value> = children.collect();
        if let Some(Some(node)) = nodes.get_mut(index).filter(|_| !children.is_empty()) {
            node["children"] = Value::Array(children);
        }
    }
    let node = nodes.into_iter().next().flatten().unwrap_or_default();
    Root { node, bounds: tiles.first().map_or(Aabb::EMPTY, |tile| tile.bounds) }
}

/// Names what stands at the tile, and where: its box is then in the space of that.
fn place(tables: &Tables, tile: TileId, node: &mut Value) {
    let found = tables.placements.binary_search_by_key(&tile, |placement| placement.tile);
    let Some(placement) = found.ok().and_then(|place| tables.placements.get(place)) else { return };
    let number = placement.prototype as usize;
    let Some(root) = tables.prototypes.get(number).and_then(|p| tables.tiles.get(p.root.index())) else {
        return;
    };
    node["boundingVolume"] = json!({ "box": box_of(root.bounds) });
    node["transform"] = json!(matrix_of(placement.pose));
    node["content"] = json!({ "uri": prototype_name(number) });
}

/// The centre and the three half axes.
fn box_of(bounds: Aabb) -> [f32; 12] {
    let (c, h) = (bounds.center(), bounds.half_extent());
    [c.x, -c.z, c.y, h.x, 0.0, 0.0, 0.0, h.z, 0.0, 0.0, 0.0, h.y]
}

/// Column after column, between spaces that have Z up.
fn matrix_of(pose: Pose) -> [f32; 16] {
    let up = Mat4::from_cols(Vec4::X, Vec4::Z, Vec4::NEG_Y, Vec4::W);
    (up * Mat4::from(pose.to_affine()) * up.transpose()).to_cols_array()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::{Quat, Vec3};

    #[test]
    fn a_place_is_the_same_with_another_axis_up() {
        let pose = Pose { position: Vec3::new(3.0, 1.0, -7.0), orientation: Quat::from_rotation_y(0.8) };
        let z_up = |p: Vec3| Vec3::new(p.x, -p.z, p.y);
        let point = Vec3::new(0.3, -2.0, 5.0);
        let moved = Mat4::from_cols_array(&matrix_of(pose)).transform_point3(z_up(point));
        assert!(moved.abs_diff_eq(z_up(pose.to_affine().transform_point3(point)), 1e-5));
    }
}
