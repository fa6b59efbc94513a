//! Every cell → a chain of tiles: the same piece of space, each with about half the triangles of the
//! next. Vertices that other cells use too are in all of them, so any level of one cell meets any
//! level of its neighbour without a gap.

use super::encode::{self, Content, Context};
use super::partition::Partition;
use super::recall::Key;
use super::simplify::{Reduced, Seams, Simplifier};
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
    let plan = plan(context.quality);
    let key = || {
        let numbers = [plan.0 as u64, plan.1.into(), triangles_min as u64];
        let key = Key::new("levels").with(bytemuck::cast_slice(&numbers));
        key.with(bytemuck::cast_slice(is_locked)).with_mesh(mesh)
    };
    let reduced = context.recall.or_make(key, || Ok(reduced(mesh, is_locked, triangles_min, plan)))?;
    let finest = encode::tile(mesh, context)?;
    let mut levels = vec![Level { content: finest, error_metres: 0.0 }];
    let mut coarsest = None;
    for Reduced { indices, error_metres } in reduced {
        let mesh = mesh.compacted(&indices);
        levels.push(Level { content: encode::tile(&mesh, context)?, error_metres });
        coarsest = Some(mesh);
    }
    Ok(Chain { levels, coarsest: coarsest.unwrap_or_else(|| mesh.clone()) })
}

/// The levels below the finest: each is off by no less than the finer one.
fn reduced(
    mesh: &Mesh,
    is_locked: &[bool],
    triangles_min: usize,
    (level_count, shift): (usize, u32),
) -> Vec<Reduced> {
    let mut levels: Vec<Reduced> = Vec::new();
    let simplifier = Simplifier::new(mesh, is_locked);
    let mut reduced = simplifier.whole();
    for number in 1..level_count {
        let target = mesh.triangle_count() >> (number as u32 * shift);
        if target < triangles_min {
            break;
        }
        let seams = if number as u32 * shift > 2 { Seams::Join } else { Seams::KeepUvs };
        reduced = simplifier.reduce(&reduced, target, seams, TOLERANCE_DIVISOR);
        let (finer, error_metres) = levels
            .last()
            .map_or((mesh.indices.len(), 0.0), |finer| (finer.indices.len(), finer.error_metres));
        let is_useless = reduced.indices.len() * 100 > finer * SHRINK_PERCENT_MAX;
        if is_useless || reduced.indices.is_empty() {
            continue;
        }
        let level = simplifier.measured(&reduced);
        levels.push(Reduced { error_metres: level.error_metres.max(error_metres), ..level });
    }
    levels
}
