//! A mesh → cells: pieces of space whose triangles fit into one tile.
//!
//! Cells come from halving near the median along the longest axis, between [`Lumps`]. Triangles that are long
//! against a cell are kept in cells of their own: one floor slab would otherwise blow up the bounds and coarsen
//! the lattice of everything that stands on it.

use std::collections::BTreeSet;

use glam::Vec3;

use super::BakeError;
use super::grid;
use super::lump::Lumps;
use super::soup::Mesh;
use crate::math::Aabb;
use crate::scene::{ContentError, limits};

/// Triangles of a cell: with its four to six levels of detail it is fetched in steps of some 100 KB.
const CELL_TRIANGLES_MAX: usize = 20_000;

/// Vertices of a cell, below what 16-bit indices reach.
const CELL_VERTICES_MAX: usize = limits::TILE_VERTICES_MAX - 1000;

/// Groups of a cell: each is at least one chunk of each of its tiles.
const CELL_GROUPS_MAX: usize = limits::TILE_CHUNKS_MAX / 4;

/// A triangle longer than this is not put into cells with the others, metres.
const LONG_TRIANGLE_METRES: f32 = 16.0;

/// Cells, and how they hang together.
#[derive(Clone, Debug)]
pub struct Partition {
    /// In the order of the leaves of [`Partition::root`]; vertices are on their lattices.
    pub cells: Vec<Mesh>,
    /// How space was halved.
    pub root: Split,
    /// The vertices that cells share.
    pub borders: Borders,
}

/// A node of the halving.
#[derive(Clone, Debug)]
pub enum Split {
    /// A cell, by its index.
    Cell(u32),
    /// Two halves.
    Halves(Box<[Split; 2]>),
}

impl Split {
    /// The first and the last of its cells, which are all those between.
    pub fn cells(&self) -> (u32, u32) {
        match self {
            Self::Cell(index) => (*index, *index),
            Self::Halves(halves) => (halves[0].cells().0, halves[1].cells().1),
        }
    }
}

/// Positions that more than one cell uses.
#[derive(Clone, Debug, Default)]
pub struct Borders {
    /// Sorted: the position's bits, the first and the last cell that use it.
    shared: Vec<([u32; 3], u32, u32)>,
}

impl Borders {
    /// For every vertex whether a cell outside of `first ..= last` uses its position too.
    pub fn locks(&self, mesh: &Mesh, (first, last): (u32, u32)) -> Vec<bool> {
        let is_locked = |position: Vec3| {
            let found = self.shared.binary_search_by_key(&key(position), |&(key, ..)| key);
            found.is_ok_and(|at| self.shared[at].1 < first || self.shared[at].2 > last)
        };
        mesh.vertices.iter().map(|vertex| is_locked(vertex.position)).collect()
    }
}

/// Cuts the mesh and moves its vertices onto the cells' lattices.
///
/// # Errors
/// When there are more cells than a tileset may have tiles.
pub fn partition(mesh: Mesh) -> Result<Partition, BakeError> {
    let triangles = mesh.indices.as_chunks::<3>().0;
    let corner = |index: u32| mesh.vertices[index as usize].position;
    let bounds = |triangle: u32| Aabb::around(triangles[triangle as usize].map(corner));
    let all = 0..triangles.len() as u32;
    let is_long = |&t: &u32| (bounds(t).max - bounds(t).min).max_element() > LONG_TRIANGLE_METRES;
    let (mut long, mut short): (Vec<u32>, Vec<u32>) = all.partition(is_long);
    let (lumps, seen) = (Lumps::of(&mesh), vec![0; mesh.vertices.len()]);
    let mut cutter = Cutter { mesh: &mesh, triangles, lumps, seen, pass: 0, cells: vec![] };
    let root = match (long.is_empty(), short.is_empty()) {
        (true, _) => cutter.cut(&mut short),
        (_, true) => cutter.cut(&mut long),
        _ => Split::Halves(Box::new([cutter.cut(&mut short), cutter.cut(&mut long)])),
    };
    let mut cells = cutter.cells;
    drop((mesh, long, short));
    ContentError::check("the file", "cells", cells.len(), limits::TILES_MAX / 8)?;
    let borders = snap(&mut cells);
    Ok(Partition { cells, root, borders })
}

struct Cutter<'a> {
    mesh: &'a Mesh,
    triangles: &'a [[u32; 3]],
    lumps: Lumps,
    /// For every vertex the last pass that counted it.
    seen: Vec<u32>,
    pass: u32,
    cells: Vec<Mesh>,
}

impl Cutter<'_> {
    /// Halves until everything fits; the depth is the logarithm of the number of triangles.
    fn cut(&mut self, members: &mut [u32]) -> Split {
        if self.fits(members) || members.len() < 2 {
            // The source's order keeps neighbours together and the result reproducible.
            members.sort_unstable();
            let indices: Vec<u32> = members.iter().flat_map(|&t| self.triangles[t as usize]).collect();
            self.cells.push(self.mesh.compacted(&indices));
            return Split::Cell(self.cells.len() as u32 - 1);
        }
        let (low, high) = self.lumps.halve(members);
        Split::Halves(Box::new([self.cut(low), self.cut(high)]))
    }

    fn fits(&mut self, members: &[u32]) -> bool {
        if members.len() > CELL_TRIANGLES_MAX {
            return false;
        }
        self.pass += 1;
        let mut vertex_count = 0;
        let mut groups = BTreeSet::new();
        for &triangle in members {
            let corners = self.triangles[triangle as usize];
            groups.insert(self.mesh.vertices[corners[0] as usize].group);
            for vertex in corners {
                let seen = &mut self.seen[vertex as usize];
                vertex_count += usize::from(*seen != self.pass);
                *seen = self.pass;
            }
        }
        vertex_count <= CELL_VERTICES_MAX && groups.len() <= CELL_GROUPS_MAX
    }
}

/// Two halves along the longest axis of the members' centres; equal centres go by their number.
pub(super) fn halve(members: &mut [u32], center: impl Fn(u32) -> Vec3) -> (&mut [u32], &mut [u32]) {
    halve_lumps(members, |member| (center(member), member))
}

/// The same, of members that hang together where the number beside their centre is one: equal centres go by that.
pub(super) fn halve_lumps(
    members: &mut [u32],
    center: impl Fn(u32) -> (Vec3, u32),
) -> (&mut [u32], &mut [u32]) {
    let size = Aabb::around(members.iter().map(|&member| center(member).0));
    let axis = (size.max - size.min).max_position();
    let middle = members.len() / 2;
    let order = |a: &u32, b: &u32| {
        let ((at, lump), (other_at, other_lump)) = (center(*a), center(*b));
        at[axis].total_cmp(&other_at[axis]).then(lump.cmp(&other_lump)).then(a.cmp(b))
    };
    members.select_nth_unstable_by(middle, order);
    members.split_at_mut(middle)
}

/// Moves every vertex to the coarsest lattice of the cells that use its position.
fn snap(cells: &mut [Mesh]) -> Borders {
    let mut uses: Vec<([u32; 3], u32, i32)> = Vec::new();
    for (cell, mesh) in cells.iter().enumerate() {
        let step_log2 = grid::step_log2(mesh.bounds());
        uses.extend(mesh.vertices.iter().map(|vertex| (key(vertex.position), cell as u32, step_log2)));
    }
    uses.sort_unstable();
    let (mut steps, mut shared) = (Vec::new(), Vec::new());
    for run in uses.chunk_by(|a, b| a.0 == b.0) {
        let step_log2 = run.iter().map(|&(.., step)| step).max().unwrap_or_default();
        let (first, last) = (run[0].1, run[run.len() - 1].1);
        steps.push((run[0].0, step_log2));
        if first != last {
            let position = Vec3::from(run[0].0.map(f32::from_bits));
            shared.push((key(grid::snap(position, step_log2)), first, last));
        }
    }
    drop(uses);
    shared.sort_unstable();
    // Different vertices may have met on the lattice.
    shared.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        if is_same {
            *kept = (kept.0, kept.1.min(later.1), kept.2.max(later.2));
        }
        is_same
    });
    for mesh in cells {
        for vertex in &mut mesh.vertices {
            if let Ok(at) = steps.binary_search_by_key(&key(vertex.position), |&(key, _)| key) {
                vertex.position = grid::snap(vertex.position, steps[at].1);
            }
        }
        *mesh = std::mem::take(mesh).welded();
    }
    Borders { shared }
}

fn key(position: Vec3) -> [u32; 3] {
    position.to_array().map(f32::to_bits)
}
