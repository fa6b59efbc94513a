//! Every cell → a chain of tiles: the same piece of space, each with about half the triangles of the
//! next. Vertices that other cells use too are in all of them, so any level of one cell meets any
//! level of its neighbour without a gap.

use super::encode::{self, Content, Context};
use super::partition::Partition;
use super::simplify::{Seams, Simplifier};
use super::soup::Mesh;
use super::{BakeError, Quality, workers};

/// A level with fewer triangles would save nothing that a proxy does not save better.
const LEVEL_TRIANGLES_MIN: usize = 1000;

/// Where there is only one cell, its coarsest level is the first view: that may be smaller.
const ROOT_TRIANGLES_MIN: usize = 256;

/// Vertices of a level move by at most a few times the cell's diagonal over this.
const TOLERANCE_DIVISOR: f32 = 64.0;

/// A level must have at most this much of the triangles of the finer one.
const SHRINK_PERCENT_MAX: usize = 85;

/// One level of a cell.
#[derive(Clone, Debug)]
pub struct Level {
    /// The tile's content.
    pub content: Content,
    /// How far it is from the finest, metres: never less than the finer level's.
    pub error_metres: f32,
}

/// A cell with its levels.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Finest first; never empty.
    pub levels: Vec<Level>,
    /// What the coarsest level shows: proxies are made of it.
    pub coarsest: Mesh,
}

/// How many levels, and how much coarser each is, as a power of two.
fn plan(quality: Quality) -> (usize, u32) {
    match quality {
        Quality::Full => (6, 1),
        Quality::Quick => (3, 2),
    }
}

/// Builds all chains, on all cores.
///
/// # Errors
/// When a tile cannot be encoded or `tick` ends it.
pub fn build_all(
    partition: &Partition,
    context: &Context<'_>,
    tick: &mut dyn FnMut(usize, usize) -> Result<(), BakeError>,
) -> Result<Vec<Chain>, BakeError> {
    let is_root = partition.cells.len() == 1;
    let work = |index: usize, mesh: &Mesh| {
        let cell = index as u32;
        let triangles_min = if is_root { ROOT_TRIANGLES_MIN } else { LEVEL_TRIANGLES_MIN };
        let is_locked = partition.borders.locks(mesh, (cell, cell));
        let mut chain = build(mesh, &is_locked, triangles_min, context)?;
        if is_root && let [_, .., coarsest] = &mut *chain.levels {
            encode::see_from_afar(&mut chain.coarsest, context);
            coarsest.content = encode::tile(&chain.coarsest, context)?;
        }
        Ok(chain)
    };
    workers::map(&partition.cells, work, tick)
}

fn build(
    mesh: &Mesh,
    is_locked: &[bool],
    triangles_min: usize,
    context: &Context<'_>,
) -> Result<Chain, BakeError> {
    let (level_count, shift) = plan(context.quality);
    let finest = encode::tile(mesh, context)?;
    let mut levels = vec![Level { content: finest, error_metres: 0.0 }];
    let mut coarsest = mesh.clone();
    let simplifier = Simplifier::new(mesh, is_locked);
    let mut reduced = simplifier.whole();
    for number in 1..level_count {
        let target = mesh.triangle_count() >> (number as u32 * shift);
        if target < triangles_min {
            break;
        }
        let seams = if number as u32 * shift > 2 { Seams::Join } else { Seams::KeepUvs };
        reduced = simplifier.reduce(&reduced, target, seams, TOLERANCE_DIVISOR);
        let is_useless = reduced.indices.len() / 3 * 100 > coarsest.triangle_count() * SHRINK_PERCENT_MAX;
        if is_useless || reduced.indices.is_empty() {
            continue;
        }
        let measured = simplifier.error_of(&reduced.indices).max(reduced.pruned_metres);
        let finer = levels[levels.len() - 1].error_metres;
        coarsest = mesh.compacted(&reduced.indices);
        let content = encode::tile(&coarsest, context)?;
        levels.push(Level { content, error_metres: measured.max(finer) });
    }
    Ok(Chain { levels, coarsest })
}
