//! One mesh → its tree of tiles, and the ground in it.

use super::collider::{self, Ground};
use super::encode::Context;
use super::soup::Mesh;
use super::tree::Branch;
use super::{BakeError, BakeReport, OnProgress, Stage, chain, partition, proxy, tell};

/// A mesh as tiles.
#[derive(Clone, Debug)]
pub struct Raised {
    /// The coarsest tile with all that is below it.
    pub branch: Branch,
    /// What the coarsest tile shows.
    pub top: Mesh,
    /// What stops and carries people.
    pub ground: Vec<Ground>,
}

/// Cuts the mesh into cells, gives each its levels of detail and its ground, and builds proxies above them.
///
/// # Errors
/// When a tile cannot be encoded, there are too many, or `on_progress` ends it.
pub fn raise(
    mesh: Mesh,
    context: &Context<'_>,
    report: &mut BakeReport,
    on_progress: OnProgress<'_>,
) -> Result<Raised, BakeError> {
    tell(on_progress, Stage::Partition, 0, 1)?;
    let mut partition = report.timed(Stage::Partition, || partition::partition(mesh))?;
    tell(on_progress, Stage::Partition, 1, 1)?;
    let mut tick = |done, total| tell(on_progress, Stage::Cells, done, total);
    let cells = report.timed(Stage::Cells, || chain::build_all(&partition, context, &mut tick))?;
    let mut tick = |done, total| tell(on_progress, Stage::Ground, done, total);
    let ground =
        report.timed(Stage::Ground, || collider::build_all(&partition, context.recall, &mut tick))?;
    // What is above the cells is made of their coarsest levels.
    partition.cells = Vec::new();
    let leaves =
        cells.into_iter().filter_map(|chain| Some((Branch::from_levels(chain.levels)?, chain.coarsest)));
    let mut tick = |done, total| tell(on_progress, Stage::Proxies, done, total);
    let (branch, top) = report.timed(Stage::Proxies, || {
        proxy::build(&partition.root, leaves.collect(), &partition.borders, context, &mut tick)
    })?;
    Ok(Raised { branch, top, ground })
}
