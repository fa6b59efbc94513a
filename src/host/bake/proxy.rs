//! Tiles above the cells: up to four neighbours' coarsest meshes joined, their inner borders freed,
//! and simplified, again and again until one tile shows the whole twin.
//!
//! A proxy's error is the distance to its children, measured, plus the largest of theirs: by the
//! triangle inequality it is no less than the distance to the finest level.

use super::encode::{self, Content, Context};
use super::partition::{Borders, Split};
use super::recall::Key;
use super::simplify::{Seams, Simplifier};
use super::soup::Mesh;
use super::tree::Branch;
use super::{BakeError, workers};
use crate::scene::limits;

/// Tiles that one proxy replaces.
const CHILDREN_MAX: usize = 4;

/// Triangles of a proxy.
const PROXY_TRIANGLES_MAX: usize = 16_000;

/// Vertices of a proxy move by at most a few times its diagonal over this.
const TOLERANCE_DIVISOR: f32 = 32.0;

/// Groups of a proxy beyond which entities are no longer told apart.
const PROXY_GROUPS_MAX: usize = limits::TILE_CHUNKS_MAX / 2;

/// A proxy that is to be made.
struct Joint {
    /// Into the list of nodes: cells first, then joints, children before parents.
    children: Vec<usize>,
    cells: (u32, u32),
    /// Above all of its children's; cells have 0.
    height: u32,
}

/// A proxy's own part.
struct Merged {
    content: Option<Content>,
    /// Against its children, metres.
    error_metres: f32,
    mesh: Mesh,
}

/// Builds everything above the leaves of `split`, on all cores: the root, and what it shows. `leaves` are tiles and
/// what the coarsest of each shows, in the order of the split's cells.
///
/// # Errors
/// When a tile cannot be encoded or `tick` ends it.
pub fn build(
    split: &Split,
    leaves: Vec<(Branch, Mesh)>,
    borders: &Borders,
    context: &Context<'_>,
    tick: &mut dyn FnMut(usize, usize) -> Result<(), BakeError>,
) -> Result<(Branch, Mesh), BakeError> {
    let cell_count = leaves.len();
    let mut joints = Vec::new();
    let (root, top) = plan(split, cell_count, &mut joints);
    let (mut branches, mut meshes) = (Vec::new(), Vec::new());
    for (branch, mesh) in leaves {
        branches.push(Some(branch));
        meshes.push(mesh);
    }
    branches.resize_with(cell_count + joints.len(), || None);
    meshes.resize_with(cell_count + joints.len(), Mesh::default);
    let mut done = 0;
    for height in 1..=top {
        let level: Vec<usize> = (0..joints.len()).filter(|&joint| joints[joint].height == height).collect();
        let work = |_: usize, &joint: &usize| merge(&joints[joint], &meshes, borders, context);
        let merged = workers::map(&level, work, &mut |step, _| tick(done + step, joints.len()))?;
        done += level.len();
        for (joint, merged) in level.into_iter().zip(merged) {
            let children = joints[joint].children.iter();
            let below: Vec<Branch> = children.filter_map(|&child| branches[child].take()).collect();
            let error = below.iter().fold(0.0_f32, |error, branch| error.max(branch.error_metres));
            let branch = Branch::above(below, merged.content, error + merged.error_metres);
            branches[cell_count + joint] = Some(branch);
            for &child in &joints[joint].children {
                meshes[child] = Mesh::default();
            }
            meshes[cell_count + joint] = merged.mesh;
        }
    }
    let branch = branches[root].take().ok_or(BakeError::Empty)?;
    Ok((branch, std::mem::take(&mut meshes[root])))
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

fn merge(
    joint: &Joint,
    meshes: &[Mesh],
    borders: &Borders,
    context: &Context<'_>,
) -> Result<Merged, BakeError> {
    let mut joined = Mesh::default();
    for &child in &joint.children {
        let first = joined.vertices.len() as u32;
        joined.vertices.extend(&meshes[child].vertices);
        joined.indices.extend(meshes[child].indices.iter().map(|index| first + index));
    }
    encode::see_from_afar(&mut joined, context);
    encode::forget_entities_above(&mut joined, PROXY_GROUPS_MAX, context);
    let joined = joined.welded();
    let is_locked = borders.locks(&joined, joint.cells);
    let key = || Key::new("proxy").with(bytemuck::cast_slice(&is_locked)).with_mesh(&joined);
    let reduced = context.recall.or_make(key, || {
        let simplifier = Simplifier::new(&joined, &is_locked);
        let target = (joined.triangle_count() / 2).min(PROXY_TRIANGLES_MAX);
        let reduced = simplifier.reduce(&simplifier.whole(), target, Seams::Join, TOLERANCE_DIVISOR);
        Ok(simplifier.measured(&reduced))
    })?;
    let error_metres = reduced.error_metres;
    let mesh = joined.compacted(&reduced.indices);
    let fits = !mesh.indices.is_empty()
        && mesh.vertices.len() < limits::TILE_VERTICES_MAX
        && mesh.indices.len() <= limits::TILE_INDICES_MAX
        && encode::chunk_count(&mesh) <= limits::TILE_CHUNKS_MAX;
    // Borders that nothing can simplify may be too many for one tile: then it only groups.
    let content = if fits { Some(encode::tile(&mesh, context)?) } else { None };
    Ok(Merged { content, error_metres, mesh })
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
