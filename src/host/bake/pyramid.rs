//! Tiles above tiles: up to four neighbours' coarsest content becomes one coarser tile, again and again until one tile
//! shows everything. What a coarser content is made of is the caller's.

use super::encode::Content;
use super::partition::Split;
use super::tree::Branch;
use super::{BakeError, workers};

/// Tiles that one tile above them replaces.
const CHILDREN_MAX: usize = 4;

/// What a tile is to be made of.
pub struct Below<'a, T> {
    /// What each of its children shows.
    pub shown: Vec<&'a T>,
    /// The first and the last cell in it.
    pub cells: (u32, u32),
    /// The largest error of its children, metres.
    pub error_metres: f32,
}

/// What was made.
pub struct Merged<T> {
    /// `None` where it does not fit a tile: then that only groups its children.
    pub content: Option<Content>,
    /// How far it is from the finest tiles below it, metres.
    pub error_metres: f32,
    /// What the tile above it is made of.
    pub shown: T,
}

/// A tile that is to be made.
struct Joint {
    /// Into the list of nodes: cells first, then joints, children before parents.
    children: Vec<usize>,
    cells: (u32, u32),
    /// Above all of its children's; cells have 0.
    height: u32,
}

/// Builds everything above the leaves of `split`, on all cores: the root, and what it shows. `leaves` are tiles and
/// what the coarsest of each shows, in the order of the split's cells.
///
/// # Errors
/// The first of `merge`, or when `tick` ends it.
pub fn build<T: Default + Send + Sync>(
    split: &Split,
    leaves: Vec<(Branch, T)>,
    merge: impl Fn(&Below<'_, T>) -> Result<Merged<T>, BakeError> + Sync,
    tick: &mut dyn FnMut(usize, usize) -> Result<(), BakeError>,
) -> Result<(Branch, T), BakeError> {
    let cell_count = leaves.len();
    let mut joints = Vec::new();
    let (root, top) = plan(split, cell_count, &mut joints);
    let (mut branches, mut shown) = (Vec::new(), Vec::new());
    for (branch, mesh) in leaves {
        branches.push(Some(branch));
        shown.push(mesh);
    }
    branches.resize_with(cell_count + joints.len(), || None);
    shown.resize_with(cell_count + joints.len(), T::default);
    let mut done = 0;
    for height in 1..=top {
        let level: Vec<usize> = (0..joints.len()).filter(|&joint| joints[joint].height == height).collect();
        let work = |_: usize, &joint: &usize| {
            let Joint { children, cells, .. } = &joints[joint];
            let errors = children.iter().filter_map(|&child| branches[child].as_ref());
            merge(&Below {
                shown: children.iter().map(|&child| &shown[child]).collect(),
                cells: *cells,
                error_metres: errors.fold(0.0, |error, branch| error.max(branch.error_metres)),
            })
        };
        let merged = workers::map(&level, work, &mut |step, _| tick(done + step, joints.len()))?;
        done += level.len();
        for (joint, merged) in level.into_iter().zip(merged) {
            let children = joints[joint].children.iter();
            let below: Vec<Branch> = children.filter_map(|&child| branches[child].take()).collect();
            branches[cell_count + joint] = Some(Branch::above(below, merged.content, merged.error_metres));
            for &child in &joints[joint].children {
                shown[child] = T::default();
            }
            shown[cell_count + joint] = merged.shown;
        }
    }
    let branch = branches[root].take().ok_or(BakeError::Empty)?;
    Ok((branch, std::mem::take(&mut shown[root])))
}

/// Lists the joints of `split` and returns its node and its height. Recursion is as deep as the
/// halving: the logarithm of the number of cells.
fn plan(split: &Split, cell_count: usize, joints: &mut Vec<Joint>) -> (usize, u32) {
    if let Split::Cell(cell) = split {
        return (*cell as usize, 0);
    }
    let parts: Vec<(usize, u32)> =
        widened(split).into_iter().map(|part| plan(part, cell_count, joints)).collect();
    let height = parts.iter().map(|&(_, height)| height + 1).max().unwrap_or(0);
    let children = parts.into_iter().map(|(node, _)| node).collect();
    joints.push(Joint { children, cells: split.cells(), height });
    (cell_count + joints.len() - 1, height)
}

/// The split's parts, the largest halved again until there are [`CHILDREN_MAX`].
fn widened(split: &Split) -> Vec<&Split> {
    let mut parts = vec![split];
    while parts.len() < CHILDREN_MAX {
        let size = |part: &Split| match part {
            Split::Cell(_) => 0,
            Split::Halves(_) => 1 + part.cells().1 - part.cells().0,
        };
        let largest = (0..parts.len()).max_by_key(|&index| (size(parts[index]), usize::MAX - index));
        let Some(Split::Halves(halves)) = largest.map(|index| parts[index]) else { break };
        let index = largest.unwrap_or_default();
        parts.splice(index..=index, halves.iter());
    }
    parts
}
