//! Implicit tilings: a tree of halves in two or three directions, whose tiles are numbered and said in bits.

use super::subtree::{self, Subtree};
use super::tileset::{Content, Scheme, Tiling};
use super::{At, Walk};
use crate::scene::{ContentError, limits};

/// The form of the subtrees.
pub(super) struct Shape {
    /// Children of a tile, as a power of two.
    children_log2: u32,
    levels: u32,
}

impl Shape {
    /// How many tiles a subtree may have.
    pub(super) fn tiles(&self) -> u64 {
        self.first_of(self.levels)
    }

    /// How many subtrees may be below one.
    pub(super) fn subtrees(&self) -> u64 {
        1_u64.checked_shl(self.children_log2.saturating_mul(self.levels)).unwrap_or(u64::MAX)
    }

    /// The number of the first tile on a level: (cⁿ − 1) / (c − 1).
    fn first_of(&self, level: u32) -> u64 {
        let on_level = 1_u64.checked_shl(self.children_log2.saturating_mul(level)).unwrap_or(u64::MAX);
        let others = (1_u64 << self.children_log2).saturating_sub(1).max(1);
        on_level.saturating_sub(1) / others
    }
}

/// A tile: its level and where it is on that.
#[derive(Clone, Copy)]
struct Cell {
    level: u32,
    at: [u64; 3],
}

impl Cell {
    fn child(self, number: u64) -> Self {
        let bit = |axis: u32| number >> axis & 1;
        let [x, y, z] = self.at;
        let at = [x << 1 | bit(0), y << 1 | bit(1), z << 1 | bit(2)];
        Self { level: self.level.saturating_add(1), at }
    }

    fn fill(self, template: &str) -> String {
        let [x, y, z] = self.at;
        [("{level}", u64::from(self.level)), ("{x}", x), ("{y}", y), ("{z}", z)]
            .into_iter()
            .fold(template.to_owned(), |text, (name, value)| text.replace(name, &value.to_string()))
    }
}

/// All that a tile of the walk knows.
struct Tree<'a> {
    tiling: &'a Tiling,
    contents: &'a [Content],
    shape: Shape,
}

/// Walks through the tiling; whether anything is in it.
///
/// # Errors
/// When it is out of range, or one of its subtrees or contents is refused.
pub(super) fn walk(
    walk: &mut Walk<'_>,
    tiling: &Tiling,
    contents: &[Content],
    at: &At<'_>,
) -> Result<bool, ContentError> {
    let (children_log2, most) = match tiling.subdivision_scheme {
        Scheme::Quadtree => (2, limits::SUBTREE_LEVELS_MAX),
        Scheme::Octree => (3, limits::SUBTREE_LEVELS_MAX * 2 / 3),
    };
    let refuse = |reason: &str| Err(ContentError::malformed(format!("{}: implicitTiling", at.from), reason));
    if tiling.subtree_levels == 0 || tiling.available_levels == 0 {
        return refuse("it has no levels");
    }
    let place = format!("{}: implicitTiling", at.from);
    ContentError::check(&place, "levels of a subtree", tiling.subtree_levels as usize, most)?;
    let levels = tiling.available_levels as usize;
    ContentError::check(&place, "levels", levels, limits::IMPLICIT_LEVELS_MAX)?;
    let tree = Tree { tiling, contents, shape: Shape { children_log2, levels: tiling.subtree_levels } };
    subtree_at(walk, &tree, Cell { level: 0, at: [0; 3] }, at)
}

fn subtree_at(walk: &mut Walk<'_>, tree: &Tree<'_>, cell: Cell, at: &At<'_>) -> Result<bool, ContentError> {
    let (place, bytes) = walk.files.open(at.from, &cell.fill(&tree.tiling.subtrees.uri))?;
    walk.count_bytes(&place, &bytes)?;
    let (files, total) = (&mut *walk.files, &mut walk.bytes);
    let mut count = |place: &str, bytes: &[u8]| {
        *total = total.saturating_add(bytes.len());
        ContentError::check(place, "bytes of tiles", *total, limits::SOURCE_BYTES_MAX)
    };
    let subtree = subtree::read(&bytes, &place, &tree.shape, files, &mut count)
        .map_err(|error| error.within(&place))?;
    tile_at(walk, tree, &subtree, (0, 0), cell, at)
}

/// A tile of a subtree, by its level and its number on it. Recursion is as deep as the tiling.
fn tile_at(
    walk: &mut Walk<'_>,
    tree: &Tree<'_>,
    subtree: &Subtree,
    (level, number): (u32, u64),
    cell: Cell,
    at: &At<'_>,
) -> Result<bool, ContentError> {
    let index = tree.shape.first_of(level).saturating_add(number);
    if !subtree.tiles.get(index) {
        return Ok(false);
    }
    walk.count_tile(at)?;
    let mut below = false;
    if cell.level.saturating_add(1) < tree.tiling.available_levels {
        for child in 0..1_u64 << tree.shape.children_log2 {
            let number = number << tree.shape.children_log2 | child;
            let next = level.saturating_add(1);
            if next < tree.shape.levels {
                below |= tile_at(walk, tree, subtree, (next, number), cell.child(child), at)?;
            } else if subtree.subtrees.get(number) {
                below |= subtree_at(walk, tree, cell.child(child), at)?;
            }
        }
    }
    let there = tree.contents.iter().zip(&subtree.contents).filter(|(_, bits)| bits.get(index));
    let contents: Vec<Content> = there.map(|(content, _)| Content { uri: cell.fill(&content.uri) }).collect();
    walk.own_contents(&contents, below, at)
}
