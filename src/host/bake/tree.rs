//! Tiles while they hang together by ownership, and their way into the tileset's tables.

use std::collections::VecDeque;

use super::collider::Ground;
use super::encode::Content;
use super::light::Staging;
use super::material::Shelf;
use super::raise::Raised;
use super::sound::Heard;
use super::{BakedBlob, chain, mover};
use crate::math::{Aabb, Pose};
use crate::scene::entity::{Entity, Record, write_records};
use crate::scene::material::MaterialTrack;
use crate::scene::tileset::{Blob, Tables, Tile};
use crate::scene::{BlobId, ColliderCell, Mover, Placement, Prop, Prototype, TileId};

/// A tile with all that is below it.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Around it and all that is below it.
    pub bounds: Aabb,
    /// How far it is from the finest tiles below it, metres.
    pub error_metres: f32,
    /// `None` for a tile that only groups others.
    pub content: Option<Content>,
    /// What replaces it.
    pub children: Vec<Branch>,
    /// What stands here and elsewhere, by its number, and the world from its space: then it has neither content nor
    /// children of its own.
    pub standing: Option<(usize, Pose)>,
}

impl Branch {
    /// Stacks a chain's levels: the coarsest is the root, each has the next finer one as its child.
    pub fn from_levels(levels: Vec<chain::Level>) -> Option<Self> {
        levels.into_iter().fold(None, |finer: Option<Self>, level| {
            let children: Vec<Self> = finer.into_iter().collect();
            Some(Self::above(children, Some(level.content), level.error_metres))
        })
    }

    /// A tile above `children`, at least as coarse as each of them.
    pub fn above(children: Vec<Self>, content: Option<Content>, error_metres: f32) -> Self {
        let own = content.as_ref().map_or(Aabb::EMPTY, |content| content.bounds);
        let bounds = children.iter().fold(own, |bounds, child| bounds.union(child.bounds));
        let error_metres = children.iter().fold(error_metres, |error, child| error.max(child.error_metres));
        Self { bounds, error_metres, content, children, standing: None }
    }

    /// A place for what moves, where there is nothing else.
    pub fn around(movers: &[Vec<mover::Level>]) -> Self {
        let bounds = movers.iter().flatten().fold(Aabb::EMPTY, |all, level| all.union(level.bounds));
        Self { bounds, error_metres: 0.0, content: None, children: Vec::new(), standing: None }
    }

    /// A place of a prototype, by its number and its root.
    pub fn standing(root: &Self, prototype: usize, pose: Pose) -> Self {
        Self {
            bounds: root.bounds.transformed(&pose.to_affine()),
            error_metres: root.error_metres,
            content: None,
            children: Vec::new(),
            standing: Some((prototype, pose)),
        }
    }
}

/// What is in the tables beside the tree.
#[derive(Clone, Debug, Default)]
pub struct Loose {
    /// What stops and carries people.
    pub ground: Vec<Ground>,
    /// What stands in the tree several times.
    pub prototypes: Vec<Raised>,
    /// What moves by itself, each from the finest level to the coarsest.
    pub movers: Vec<Vec<mover::Level>>,
    /// What of materials changes over time.
    pub material_tracks: Vec<MaterialTrack>,
    /// What they can take, and how it looks.
    pub props: Vec<(Prop, Content)>,
}

/// What has a name of its own.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Sorted by id.
    pub entities: Vec<Entity>,
    /// What is known of them, in that order.
    pub records: Vec<Record>,
}

/// Tiles as they are listed.
#[derive(Default)]
struct List {
    tiles: Vec<Tile>,
    blobs: Vec<BakedBlob>,
    placements: Vec<Placement>,
}

impl List {
    /// Lists a tree breadth first, which puts each tile's children side by side.
    fn add_tree(&mut self, root: Branch) {
        let mut queue = VecDeque::from([root]);
        let mut listed = self.tiles.len() as u32 + 1;
        while let Some(branch) = queue.pop_front() {
            let mut tile = bare(branch.bounds, branch.error_metres);
            if !branch.children.is_empty() {
                (tile.first_child, tile.child_count) = (listed, branch.children.len() as u32);
            }
            if let Some((prototype, pose)) = branch.standing {
                let tile = TileId(self.tiles.len() as u32);
                self.placements.push(Placement { tile, prototype: prototype as u32, pose });
            }
            listed += tile.child_count;
            self.add(tile, branch.content);
            queue.extend(branch.children);
        }
    }

    /// Lists a tile, and its content's bytes with the others.
    fn add(&mut self, mut tile: Tile, content: Option<Content>) {
        if let Some(content) = content {
            tile.content = Some(BlobId(self.blobs.len() as u32));
            tile.images = content.images;
            tile.triangle_count = content.triangle_count;
            tile.draw_count = content.draw_count;
            self.blobs.push(content.glb);
        }
        self.tiles.push(tile);
    }

    /// Lists pieces of ground; returns them.
    fn add_ground(&mut self, ground: Vec<Ground>) -> Vec<ColliderCell> {
        let cells = ground.into_iter().map(|Ground { bounds, blob, .. }| {
            self.blobs.push(blob);
            ColliderCell { bounds, blob: BlobId(self.blobs.len() as u32 - 1) }
        });
        cells.collect()
    }
}

/// A tile without anything.
fn bare(bounds: Aabb, geometric_error_metres: f32) -> Tile {
    Tile {
        bounds,
        geometric_error_metres,
        first_child: 0,
        child_count: 0,
        content: None,
        images: Vec::new(),
        triangle_count: 0,
        draw_count: 0,
    }
}

/// Lists the tree, what stands in it several times, and everything else.
pub fn tables(
    root: Branch,
    loose: Loose,
    shelf: Shelf,
    known: Known,
    mut heard: Heard,
    staging: Staging,
) -> (Tables, Vec<BakedBlob>) {
    let mut list = List { blobs: shelf.blobs, ..List::default() };
    list.add_tree(root);
    let mut prototypes = Vec::with_capacity(loose.prototypes.len());
    let mut grounds = vec![loose.ground];
    let mut collider_count = grounds[0].len() as u32;
    for Raised { branch, ground, .. } in loose.prototypes {
        let root = TileId(list.tiles.len() as u32);
        list.add_tree(branch);
        prototypes.push(Prototype {
            root,
            tile_count: list.tiles.len() as u32 - root.0,
            first_collider: collider_count,
            collider_count: ground.len() as u32,
        });
        collider_count += ground.len() as u32;
        grounds.push(ground);
    }
    let mut movers = Vec::with_capacity(loose.movers.len());
    for levels in loose.movers {
        movers.push(Mover { first: TileId(list.tiles.len() as u32), level_count: levels.len() as u32 });
        for level in levels {
            list.add(bare(level.bounds, level.error_metres), Some(level.content));
        }
    }
    let mut props = Vec::with_capacity(loose.props.len());
    for (prop, content) in loose.props {
        list.add(bare(content.bounds, 0.0), Some(content));
        props.push(prop);
    }
    let colliders = grounds.into_iter().flat_map(|ground| list.add_ground(ground)).collect();
    let List { tiles, mut blobs, placements } = list;
    heard.append_blobs(&mut blobs);
    let records = known.records.iter().any(|record| !record.is_empty()).then(|| {
        blobs.push(BakedBlob::new("json", write_records(&known.records)));
        BlobId(blobs.len() as u32 - 1)
    });
    let listed_blobs =
        blobs.iter().map(|blob| Blob { hash: blob.hash, size_bytes: blob.bytes.len() as u32 }).collect();
    let tables = Tables {
        title: staging.title,
        spawn: staging.spawn,
        light: staging.light,
        tiles,
        blobs: listed_blobs,
        images: shelf.images,
        materials: shelf.materials,
        entities: known.entities,
        records,
        colliders,
        prototypes,
        placements,
        movers,
        material_tracks: loose.material_tracks,
        props,
        clips: heard.clips,
        sounds: heard.sounds,
        tails: shelf.tails,
    };
    (tables, blobs)
}
