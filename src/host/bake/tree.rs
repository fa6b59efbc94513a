//! Tiles while they hang together by ownership, and their way into the tileset's tables.

use std::collections::VecDeque;

use super::collider::Ground;
use super::encode::Content;
use super::light::Staging;
use super::material::Shelf;
use super::sound::Heard;
use super::{BakedBlob, chain};
use crate::math::Aabb;
use crate::scene::entity::Entity;
use crate::scene::tileset::{Blob, Tables, Tile};
use crate::scene::{BlobId, ColliderCell, Prop};

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
        Self { bounds, error_metres, content, children }
    }
}

/// What is in the tables beside the tree.
#[derive(Clone, Debug, Default)]
pub struct Loose {
    /// What stops and carries people.
    pub ground: Vec<Ground>,
    /// What they can take, and how it looks.
    pub props: Vec<(Prop, Content)>,
}

/// Lists the tree breadth first, which puts each tile's children side by side.
pub fn tables(
    root: Branch,
    loose: Loose,
    shelf: Shelf,
    entities: Vec<Entity>,
    mut heard: Heard,
    staging: Staging,
) -> (Tables, Vec<BakedBlob>) {
    let mut blobs = shelf.blobs;
    let mut tiles = Vec::new();
    let mut queue = VecDeque::from([root]);
    let mut listed = 1;
    while let Some(branch) = queue.pop_front() {
        let mut tile = Tile {
            bounds: branch.bounds,
            geometric_error_metres: branch.error_metres,
            first_child: if branch.children.is_empty() { 0 } else { listed },
            child_count: branch.children.len() as u32,
            content: None,
            images: Vec::new(),
            triangle_count: 0,
            draw_count: 0,
        };
        if let Some(content) = branch.content {
            show(&mut tile, content, &mut blobs);
        }
        listed += tile.child_count;
        tiles.push(tile);
        queue.extend(branch.children);
    }
    let mut props = Vec::with_capacity(loose.props.len());
    for (prop, content) in loose.props {
        let mut tile = Tile {
            bounds: content.bounds,
            geometric_error_metres: 0.0,
            first_child: 0,
            child_count: 0,
            content: None,
            images: Vec::new(),
            triangle_count: 0,
            draw_count: 0,
        };
        show(&mut tile, content, &mut blobs);
        tiles.push(tile);
        props.push(prop);
    }
    let mut colliders = Vec::with_capacity(loose.ground.len());
    for Ground { bounds, blob, .. } in loose.ground {
        colliders.push(ColliderCell { bounds, blob: BlobId(blobs.len() as u32) });
        blobs.push(blob);
    }
    heard.append_blobs(&mut blobs);
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
        entities,
        colliders,
        props,
        clips: heard.clips,
        sounds: heard.sounds,
    };
    (tables, blobs)
}

/// Gives the tile its content, whose bytes join the others.
fn show(tile: &mut Tile, content: Content, blobs: &mut Vec<BakedBlob>) {
    tile.content = Some(BlobId(blobs.len() as u32));
    tile.images = content.images;
    tile.triangle_count = content.triangle_count;
    tile.draw_count = content.draw_count;
    blobs.push(content.glb);
}
