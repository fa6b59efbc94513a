//! What stands in the twin several times: baked, fetched and kept once, and placed.
//!
//! A [`Prototype`] is a tree of tiles of its own, in its own space, after the main tree in the table of tiles. A
//! [`Placement`] hangs it below a leaf of the main tree. Both stay what they are; [`Places`] is what follows from
//! them and is asked in every frame.

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::tileset::{Tables, check_tree};
use super::{BlobId, ColliderId, ContentError, TileId, limits};
use crate::math::{Aabb, Pose};

/// How far a placed box may reach out of the leaf that holds it, metres: numbers at the world's rim are 4 mm apart.
const SLACK_METRES: f32 = 0.05;

/// So many pieces of the ground are looked at together.
const BLOCK: usize = 64;

/// A part of the twin that stands in several places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prototype {
    /// The root of its tree. The trees of all prototypes follow the main tree and each other.
    pub root: TileId,
    /// How many tiles it has.
    pub tile_count: u32,
    /// Where its ground begins in the table of colliders, after that of the main tree.
    pub first_collider: u32,
    /// How many pieces that is.
    pub collider_count: u32,
}

impl Prototype {
    /// Its tiles.
    pub fn tiles(&self) -> std::ops::Range<usize> {
        self.root.index()..self.root.index() + self.tile_count as usize
    }
}

/// Where a prototype stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// The leaf of the main tree that it hangs below, which has no content of its own.
    pub tile: TileId,
    /// Into the table of prototypes.
    pub prototype: u32,
    /// The world from the prototype's space.
    pub pose: Pose,
}

/// A piece of the ground where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ground {
    /// Holds all of it, metres in the world.
    pub bounds: Aabb,
    /// What [`super::collider::decode`] reads.
    pub blob: BlobId,
    /// The world from what is decoded.
    pub pose: Pose,
}

/// What follows from the tables: who is above whom, and where everything is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Of every tile within its own tree.
    parents: Vec<Option<TileId>>,
    /// One a placement: where what is remembered of its tiles begins.
    first_nodes: Vec<u32>,
    node_count: usize,
    grounds: Vec<Ground>,
    /// Around each [`BLOCK`] of them.
    blocks: Vec<Aabb>,
}

impl Places {
    /// Of tables that [`check`] has passed.
    pub fn new(tables: &Tables) -> Self {
        let mut parents = vec![None; tables.tiles.len()];
        for (tile, index) in tables.tiles.iter().zip(0..) {
            tile.children().for_each(|child| parents[child.index()] = Some(TileId(index)));
        }
        let mut node_count = tables.tiles.len();
        let mut first_nodes = Vec::with_capacity(tables.placements.len());
        let own = tables.prototypes.first().map_or(tables.colliders.len(), |p| p.first_collider as usize);
        let ground = |cell: &super::ColliderCell, pose: Pose| Ground {
            bounds: if pose == Pose::IDENTITY {
                cell.bounds
            } else {
                cell.bounds.transformed(&pose.to_affine())
            },
            blob: cell.blob,
            pose,
        };
        let mut grounds: Vec<Ground> =
            tables.colliders.iter().take(own).map(|cell| ground(cell, Pose::IDENTITY)).collect();
        for placement in &tables.placements {
            let prototype = tables.prototypes[placement.prototype as usize];
            first_nodes.push(node_count as u32);
            node_count += prototype.tile_count as usize;
            let cells = tables.colliders.iter().skip(prototype.first_collider as usize);
            let cells = cells.take(prototype.collider_count as usize);
            grounds.extend(cells.map(|cell| ground(cell, placement.pose)));
        }
        let around =
            |block: &[Ground]| block.iter().fold(Aabb::EMPTY, |all, ground| all.union(ground.bounds));
        let blocks = grounds.chunks(BLOCK).map(around).collect();
        Self { parents, first_nodes, node_count, grounds, blocks }
    }

    /// The tile above it in the same tree.
    pub fn parent(&self, tile: TileId) -> Option<TileId> {
        self.parents.get(tile.index()).copied().flatten()
    }

    /// Calls `visit` with every tile above this one, up to the roots; with those of the main tree once for each
    /// placement of the prototype that it is of.
    pub fn visit_above(&self, tables: &Tables, tile: TileId, mut visit: impl FnMut(TileId)) {
        let mut root = tile;
        while let Some(parent) = self.parent(root) {
            visit(parent);
            root = parent;
        }
        let Some(prototype) = tables.prototypes.iter().position(|prototype| prototype.root == root) else {
            return;
        };
        for placement in tables.placements.iter().filter(|p| p.prototype as usize == prototype) {
            let mut above = Some(placement.tile);
            while let Some(tile) = above {
                visit(tile);
                above = self.parent(tile);
            }
        }
    }

    /// How many tiles there are, counted where they stand.
    pub fn node_count(&self) -> usize {
        self.node_count
    }

    /// Where what is remembered of the placement's tiles begins, among as many as [`Places::node_count`].
    pub fn first_node(&self, placement: usize) -> u32 {
        self.first_nodes.get(placement).copied().unwrap_or_default()
    }

    /// Pieces of the ground that are not further away than this, and how far they are, metres.
    pub fn grounds_within(&self, point: Vec3, metres: f32) -> impl Iterator<Item = (ColliderId, f32)> {
        let blocks = self.blocks.iter().zip(self.grounds.chunks(BLOCK)).zip((0..).step_by(BLOCK));
        let near = blocks.filter(move |((block, _), _)| block.distance(point) <= metres);
        let pieces = near.flat_map(|((_, grounds), first)| grounds.iter().zip(first..));
        let pieces = pieces.map(move |(ground, index)| (ColliderId(index), ground.bounds.distance(point)));
        pieces.filter(move |(_, distance)| *distance <= metres)
    }

    /// All pieces of the ground, where they lie.
    pub fn grounds(&self) -> &[Ground] {
        &self.grounds
    }
}

/// Checks the trees of the prototypes and where they stand; the main tree is checked already.
///
/// # Errors
/// When a tree contradicts itself, a placement is out of range, or there is more of it than is kept track of.
pub(super) fn check(tables: &Tables) -> Result<(), ContentError> {
    let Tables { tiles, prototypes, placements, colliders, .. } = tables;
    ContentError::check("tileset", "prototypes", prototypes.len(), limits::PROTOTYPES_MAX)?;
    ContentError::check("tileset", "placements", placements.len(), limits::PLACEMENTS_MAX)?;
    let bad = |what: &str, index: usize, reason: &str| {
        Err(ContentError::malformed(format!("{what} {index}"), reason))
    };
    let (mut next_tile, mut next_collider) = (main_tile_count(tables), None);
    for (index, prototype) in prototypes.iter().enumerate() {
        let first_collider = next_collider.unwrap_or(prototype.first_collider as usize);
        let follows =
            prototype.root.index() == next_tile && prototype.first_collider as usize == first_collider;
        let tree = tiles.get(next_tile..next_tile.saturating_add(prototype.tile_count as usize));
        let Some(tree) = tree.filter(|tree| follows && !tree.is_empty()) else {
            return bad("prototype", index, "its tiles or its ground do not follow those before it");
        };
        check_tree(tree, next_tile)?;
        next_tile += tree.len();
        next_collider = Some(first_collider.saturating_add(prototype.collider_count as usize));
    }
    let tree_end = tables.tree_end();
    if next_tile != tree_end || next_collider.is_some_and(|end| end != colliders.len()) {
        return bad("tileset", 0, "tiles or ground of it belong to nothing");
    }
    let (mut nodes, mut grounds) = (tiles.len(), colliders.len());
    for (index, placement) in placements.iter().enumerate() {
        let is_after = index == 0 || placements[index - 1].tile < placement.tile;
        let leaf =
            tiles.get(placement.tile.index()).filter(|_| placement.tile.index() < main_tile_count(tables));
        let leaf = leaf.filter(|leaf| leaf.child_count == 0 && leaf.content.is_none());
        let prototype = prototypes.get(placement.prototype as usize);
        let (Some(leaf), Some(prototype), true) = (leaf, prototype, is_after) else {
            return bad("placement", index, "it hangs nowhere, or shows nothing");
        };
        let pose = placement.pose;
        let root = &tiles[prototype.root.index()];
        let is_held = pose.position.is_finite()
            && pose.orientation.is_normalized()
            && leaf.bounds.contains(root.bounds.transformed(&pose.to_affine()), SLACK_METRES)
            && root.geometric_error_metres <= leaf.geometric_error_metres;
        if !is_held {
            return bad("placement", index, "it lies outside of its tile, or is coarser");
        }
        nodes += prototype.tile_count as usize;
        grounds += prototype.collider_count as usize;
    }
    ContentError::check("tileset", "placed tiles", nodes, limits::PLACED_TILES_MAX)?;
    ContentError::check("tileset", "placed pieces of ground", grounds, limits::PLACED_COLLIDERS_MAX)
}

/// How many tiles the main tree has.
pub(super) fn main_tile_count(tables: &Tables) -> usize {
    let end = tables.tree_end();
    tables.prototypes.first().map_or(end, |prototype| prototype.root.index().min(end))
}
