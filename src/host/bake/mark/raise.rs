//! Measured marks → their tree of tiles.
//!
//! Cells hold them as they are; a tile above four others holds what is left of theirs when it is thinned to as many as a
//! cell has. A thinned tile's error is the largest of two distances, as it is for meshes: from what a mark stands for to
//! the mark, and from the mark's corners to where a fine one is. Lines stay about a pixel wide where the tile is
//! shown, and single points half of that, so that neither falls apart.

use std::collections::BTreeSet;

use glam::Vec3;

use super::super::encode::{self, Content, Context};
use super::super::grid::Grid;
use super::super::partition::{Split, halve};
use super::super::proxy::PROXY_GROUPS_MAX;
use super::super::pyramid::{self, Below, Merged};
use super::super::soup::Mesh;
use super::super::tree::Branch;
use super::super::{BakeError, BakeReport, OnProgress, Stage, tell, workers};
use super::shape::{self, depth_metres, reach_metres};
use super::{Mark, thin};
use crate::math::Aabb;
use crate::scene::{ContentError, limits};

/// Marks of a tile: as squares 12 000 triangles and 24 000 vertices, as prisms three and 1.5 times that.
const MARKS_PER_TILE: usize = 6000;

/// Marks of the coarsest tile, which stays as it is in all tiles above.
const MARKS_OF_TOP: usize = 500;

/// Groups of a tile, each at least one chunk of it.
const GROUPS_PER_TILE: usize = limits::TILE_CHUNKS_MAX / 4;

const _: () = assert!(MARKS_PER_TILE * shape::TRIANGLES_MAX * 3 <= limits::TILE_INDICES_MAX);
const _: () = assert!(MARKS_PER_TILE * 6 <= limits::TILE_VERTICES_MAX);

/// Builds the tree of the marks, on all cores: the root, and what it shows.
///
/// # Errors
/// When a tile cannot be encoded, there are too many, or `on_progress` ends it.
pub fn raise(
    marks: &[Mark],
    context: &Context<'_>,
    report: &mut BakeReport,
    on_progress: OnProgress<'_>,
) -> Result<(Branch, Mesh), BakeError> {
    tell(on_progress, Stage::Partition, 0, 1)?;
    let mut members: Vec<u32> = (0..marks.len() as u32).collect();
    let mut cells = Vec::new();
    let split = report.timed(Stage::Partition, || cut(&mut members, marks, &mut cells));
    ContentError::check("the file", "cells of points and lines", cells.len(), limits::TILES_MAX / 8)?;
    let mut tick = |done, total| tell(on_progress, Stage::Cells, done, total);
    let work =
        |_: usize, marks: &Vec<Mark>| Ok(Branch::above(Vec::new(), Some(content(marks, context)?), 0.0));
    let leaves = report.timed(Stage::Cells, || workers::map(&cells, work, &mut tick))?;
    let leaves = leaves.into_iter().zip(cells).collect();
    let mut tick = |done, total| tell(on_progress, Stage::Proxies, done, total);
    let thinned = |below: &Below<'_, Vec<Mark>>| merge(below, MARKS_PER_TILE, context);
    let (mut branch, mut shown) =
        report.timed(Stage::Proxies, || pyramid::build(&split, leaves, thinned, &mut tick))?;
    if shown.len() > MARKS_OF_TOP {
        let below = Below { shown: vec![&shown], cells: split.cells(), error_metres: branch.error_metres };
        let top = merge(&below, MARKS_OF_TOP, context)?;
        branch = Branch::above(vec![branch], top.content, top.error_metres);
        shown = top.shown;
    }
    Ok((branch, mesh_of(&shown)))
}

/// Halves until everything fits; the depth is the logarithm of the number of marks.
fn cut(members: &mut [u32], marks: &[Mark], cells: &mut Vec<Vec<Mark>>) -> Split {
    let of = |&member: &u32| marks[member as usize];
    let has_room =
        || members.iter().map(|member| of(member).group).collect::<BTreeSet<_>>().len() <= GROUPS_PER_TILE;
    if members.len() < 2 || members.len() <= MARKS_PER_TILE && has_room() {
        members.sort_unstable();
        cells.push(members.iter().map(of).collect());
        return Split::Cell(cells.len() as u32 - 1);
    }
    let (low, high) = halve(members, |member| marks[member as usize].middle());
    Split::Halves(Box::new([cut(low, marks, cells), cut(high, marks, cells)]))
}

/// Fewer marks for those below, and how far they are from the finest.
fn merge(
    below: &Below<'_, Vec<Mark>>,
    target: usize,
    context: &Context<'_>,
) -> Result<Merged<Vec<Mark>>, BakeError> {
    let mut joined: Vec<Mark> = below.shown.iter().copied().flatten().copied().collect();
    forget_entities(&mut joined, context);
    let mut marks = thin::thin(&joined, target);
    let stray = marks.iter().fold(0.0_f32, |most, mark| most.max(mark.stray_metres));
    let mut error_metres = below.error_metres;
    for mark in &mut marks {
        let least = if mark.is_point() { stray / 4.0 } else { stray / 2.0 };
        let is_as_it_was = mark.stray_metres == 0.0 && mark.half_metres >= least;
        mark.half_metres = mark.half_metres.max(least);
        if !is_as_it_was {
            let from_fine = mark.stray_metres + depth_metres(mark);
            error_metres = error_metres.max(from_fine).max(reach_metres(mark));
        }
    }
    let content = Some(content(&marks, context)?);
    Ok(Merged { content, error_metres, shown: marks })
}

/// Where there are too many groups for one tile, makes what is left of entities part of the rest.
fn forget_entities(marks: &mut [Mark], context: &Context<'_>) {
    let groups: BTreeSet<u32> = marks.iter().map(|mark| mark.group).collect();
    if groups.len() > PROXY_GROUPS_MAX {
        for mark in marks {
            let material = context.groups[mark.group as usize].material;
            mark.group = context.plain_groups[material as usize];
        }
    }
}

fn content(marks: &[Mark], context: &Context<'_>) -> Result<Content, BakeError> {
    encode::tile(&mesh_of(marks), context)
}

/// As triangles, none smaller than what their lattice can tell.
fn mesh_of(marks: &[Mark]) -> Mesh {
    let grown = |mark: &Mark| mark.ends.map(|end| (end - mark.half_metres, end + mark.half_metres));
    let around = |(min, max): (Vec3, Vec3)| [min, max];
    let bounds = Aabb::around(marks.iter().flat_map(grown).flat_map(around));
    shape::mesh(marks, Grid::around(bounds).step() * 2.0).welded()
}
