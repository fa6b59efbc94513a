//! Tiles above the cells: up to four neighbours' coarsest meshes joined, their inner borders freed,
//! and simplified, again and again until one tile shows the whole twin.
//!
//! A proxy's error is the distance to its children, measured, plus the largest of theirs: by the
//! triangle inequality it is no less than the distance to the finest level.

use super::chain::Chain;
use super::encode::{self, Context};
use super::partition::{Partition, Split};
use super::simplify::{Seams, Simplifier};
use super::soup::Mesh;
use super::tree::Branch;
use super::{BakeError, Quality};
use crate::scene::limits;

/// Tiles that one proxy replaces.
const CHILDREN_MAX: usize = 4;

/// Triangles of a proxy.
const PROXY_TRIANGLES_MAX: usize = 12_000;

/// Groups of a proxy beyond which entities are no longer told apart.
const PROXY_GROUPS_MAX: usize = limits::TILE_CHUNKS_MAX / 2;

/// A subtree that is done, with the mesh that its root shows.
struct Built {
    branch: Branch,
    mesh: Mesh,
}

/// Builds everything above the chains.
///
/// # Errors
/// When a tile cannot be encoded or `tick` ends it.
pub fn build(
    partition: &Partition,
    chains: Vec<Chain>,
    context: &Context<'_>,
    tick: &mut dyn FnMut(usize, usize) -> Result<(), BakeError>,
) -> Result<Branch, BakeError> {
    let mut chains: Vec<Option<Chain>> = chains.into_iter().map(Some).collect();
    let total = chains.len();
    let mut builder = Builder { partition, context, chains: &mut chains, done: 0, total, tick };
    Ok(builder.build(&partition.root)?.branch)
}

struct Builder<'a, 'b> {
    partition: &'a Partition,
    context: &'a Context<'b>,
    chains: &'a mut [Option<Chain>],
    done: usize,
    total: usize,
    tick: &'a mut dyn FnMut(usize, usize) -> Result<(), BakeError>,
}

impl Builder<'_, '_> {
    /// Recursion is as deep as the halving: the logarithm of the number of cells.
    fn build(&mut self, split: &Split) -> Result<Built, BakeError> {
        if let Split::Cell(cell) = split {
            self.done += 1;
            (self.tick)(self.done, self.total)?;
            let chain = self.chains.get_mut(*cell as usize).and_then(Option::take);
            let built = chain.and_then(|chain| {
                let branch = Branch::from_levels(chain.levels)?;
                Some(Built { branch, mesh: chain.coarsest })
            });
            return built.ok_or(BakeError::Empty);
        }
        let parts = widened(split);
        let children = parts.into_iter().map(|part| self.build(part)).collect::<Result<Vec<_>, _>>()?;
        self.merge(children, split.cells())
    }

    fn merge(&self, children: Vec<Built>, cells: (u32, u32)) -> Result<Built, BakeError> {
        let mut joined = Mesh::default();
        let mut branches = Vec::with_capacity(children.len());
        for child in children {
            let first = joined.vertices.len() as u32;
            joined.vertices.extend(child.mesh.vertices);
            joined.indices.extend(child.mesh.indices.iter().map(|index| first + index));
            branches.push(child.branch);
        }
        encode::forget_entities_above(&mut joined, PROXY_GROUPS_MAX, self.context);
        let joined = joined.welded();
        let is_locked = self.partition.borders.locks(&joined, cells);
        let simplifier = Simplifier::new(&joined, &is_locked);
        let ratio = if self.context.quality == Quality::Full { 2 } else { 3 };
        let target = (joined.triangle_count() / ratio).min(PROXY_TRIANGLES_MAX);
        let reduced = simplifier.reduce(&simplifier.whole(), target, Seams::Join);
        let measured = simplifier.error_of(&reduced.indices).max(reduced.pruned_metres);
        let below = branches.iter().fold(0.0_f32, |error, branch| error.max(branch.error_metres));
        let mesh = joined.compacted(&reduced.indices);
        let fits = !mesh.indices.is_empty()
            && mesh.vertices.len() < limits::TILE_VERTICES_MAX
            && mesh.indices.len() <= limits::TILE_INDICES_MAX
            && encode::chunk_count(&mesh) <= limits::TILE_CHUNKS_MAX;
        // Borders that nothing can simplify may be too many for one tile: then it only groups.
        let content = if fits { Some(encode::tile(&mesh, self.context)?) } else { None };
        Ok(Built { branch: Branch::above(branches, content, below + measured), mesh })
    }
}

/// The split's parts, the largest halved again until there are [`CHILDREN_MAX`].
fn widened(split: &Split) -> Vec<&Split> {
    let mut parts = vec![split];
    while parts.len() < CHILDREN_MAX {
        let size = |part: &Split| match part {
            Split::Cell(_) => 0,
            Split::Halves(_) => part.cells().1 - part.cells().0,
        };
        let Some(largest) = (0..parts.len()).max_by_key(|&index| (size(parts[index]), usize::MAX - index))
        else {
            break;
        };
        let Split::Halves(halves) = parts[largest] else { break };
        parts.splice(largest..=largest, halves.iter());
    }
    parts
}
