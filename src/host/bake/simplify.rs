//! One mesh → the same with fewer triangles, and by how much it is off.
//!
//! Locked vertices stay, so what neighbours share stays shared. Under a tolerance that grows until the
//! target is reached, parts smaller than it that touch no locked vertex are left out and edges are
//! collapsed onto existing vertices (meshoptimizer's quadrics with normals, texture coordinates and
//! colours). A group's border is only moved along itself, so materials and entities never run into
//! each other.
//!
//! Quadrics are averages over areas and underrate thin slabs, whose ends weigh nothing. So every try
//! is measured, see [`Simplifier::error_of`]; vertices that it would move too far are locked for the
//! next try.

use meshopt::{SimplifyOptions, SimplifyVertex};

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::distance::Surface;
use super::flatten::connected_parts;
use super::soup::{Mesh, Vertex};
use crate::math::Aabb;

/// Metres of displacement that a normal turned by 60° (a difference of 1) counts as.
const NORMAL_METRES: f32 = 0.1;

/// Metres that a texture shifted by its whole width counts as.
const UV_METRES: f32 = 0.3;

/// Metres that black for white counts as.
const COLOR_METRES: f32 = 0.1;

/// Floats a vertex: normal, two texture coordinates, colour.
const ATTRIBUTES: usize = 11;

/// The first tolerance, as a fraction of the mesh's diagonal.
const TOLERANCE_START: f32 = 1.0 / 8192.0;

/// By how much the tolerance grows from try to try.
const TOLERANCE_GROWTH: f32 = 2.0;

/// A vertex may be off by this many tolerances.
const STRAY_TOLERANCES: f32 = 3.0;

/// Tries at one tolerance, each with more vertices locked.
const TRIES: usize = 3;

/// How seams in normals and texture coordinates are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seams {
    /// Texture coordinates stay apart; hard edges may become soft.
    KeepUvs,
    /// Only groups stay apart: for what is seen from afar.
    Join,
}

/// What simplifying a mesh came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reduced {
    /// Into the mesh's vertices.
    pub indices: Vec<u32>,
    /// How far it is from the mesh, metres.
    pub error_metres: f32,
}

/// Fewer triangles.
#[derive(Clone, Debug)]
pub struct Simplified {
    /// Into the source's vertices.
    pub indices: Vec<u32>,
    /// The thickness of the thickest part that was left out, metres.
    pub pruned_metres: f32,
    tolerance_metres: f32,
}

/// A mesh that is about to be simplified, several times.
pub struct Simplifier<'a> {
    mesh: &'a Mesh,
    is_locked: &'a [bool],
    /// In the order of their groups.
    triangles: Vec<[u32; 3]>,
    attributes: Vec<[f32; ATTRIBUTES]>,
    weights: [f32; ATTRIBUTES],
    /// For every vertex the first with the same position.
    same_place: Vec<u32>,
    /// For every vertex the connected part that it is of.
    part_of: Vec<u32>,
    /// For every part (by its number) how visible it is, metres.
    part_sizes: Vec<f32>,
    diagonal: f32,
}

impl<'a> Simplifier<'a> {
    /// Prepares `mesh`, of which the locked vertices must stay.
    pub fn new(mesh: &'a Mesh, is_locked: &'a [bool]) -> Self {
        let bounds = mesh.bounds();
        let extent = (bounds.max - bounds.min).max_element().max(f32::MIN_POSITIVE);
        let same_place = meshopt::generate_position_remap(&mesh.adapter());
        let welded: Vec<u32> = mesh.indices.iter().map(|&index| same_place[index as usize]).collect();
        let parts = connected_parts(mesh.vertices.len(), &welded);
        let part_of: Vec<u32> = same_place.iter().map(|&place| parts[place as usize]).collect();
        let mut boxes = vec![Aabb::EMPTY; mesh.vertices.len()];
        for (vertex, &part) in mesh.vertices.iter().zip(&part_of) {
            boxes[part as usize] = boxes[part as usize].with(vertex.position);
        }
        // Attributes are compared with positions that are scaled to an extent of 1.
        let uses_uv = |set: usize| mesh.vertices.iter().any(|v| v.uv[set] != mesh.vertices[0].uv[set]);
        let uses_color = mesh.vertices.iter().any(|v| v.color != mesh.vertices[0].color);
        let weight = |metres: f32, is_used: bool| if is_used { metres / extent } else { 0.0 };
        let mut weights = [weight(NORMAL_METRES, true); ATTRIBUTES];
        weights[3..5].fill(weight(UV_METRES, uses_uv(0)));
        weights[5..7].fill(weight(UV_METRES, uses_uv(1)));
        weights[7..].fill(weight(COLOR_METRES, uses_color));
        let mut triangles = mesh.indices.as_chunks::<3>().0.to_vec();
        triangles.sort_by_key(|triangle| mesh.vertices[triangle[0] as usize].group);
        Self {
            mesh,
            is_locked,
            triangles,
            attributes: mesh.vertices.iter().map(attributes).collect(),
            weights,
            same_place,
            part_of,
            part_sizes: boxes.iter().map(|&bounds| thickness(bounds)).collect(),
            diagonal: bounds.half_extent().length() * 2.0,
        }
    }

    /// The whole mesh, to begin with.
    pub fn whole(&self) -> Simplified {
        let tolerance_metres = self.diagonal * TOLERANCE_START;
        Simplified { indices: self.mesh.indices.clone(), pruned_metres: 0.0, tolerance_metres }
    }

    /// `finer` brought down to about `target` triangles, or to as few as the locks and the tolerance
    /// (at most the diagonal divided by `tolerance_divisor`) allow.
    pub fn reduce(
        &self,
        finer: &Simplified,
        target: usize,
        seams: Seams,
        tolerance_divisor: f32,
    ) -> Simplified {
        let locks = self.locks(seams);
        let mut coarser = finer.clone();
        while coarser.indices.len() > target * 3 {
            if let Some(accepted) = self.within_tolerance(&coarser, target, locks.clone()) {
                coarser = accepted;
            }
            let next = coarser.tolerance_metres * TOLERANCE_GROWTH;
            if next > self.diagonal / tolerance_divisor {
                break;
            }
            coarser.tolerance_metres = next;
        }
        coarser
    }

    /// Fewer triangles with how far they are from the mesh.
    pub fn measured(&self, simplified: &Simplified) -> Reduced {
        let error_metres = self.error_of(&simplified.indices).max(simplified.pruned_metres);
        Reduced { indices: simplified.indices.clone(), error_metres }
    }

    /// How far the mesh and what `indices` leave of it are from each other, metres: the largest distance of a point
    /// of either to the same group of the other, or the thickness of the point's connected part where that is
    /// less (then the part vanished as a whole).
    pub fn error_of(&self, indices: &[u32]) -> f32 {
        let mut worst = 0.0;
        self.visit_errors(indices, 0.0, |_, error| {
            worst = error;
            error
        });
        let left = self.by_group(indices);
        for whole in self.triangles.chunk_by(|a, b| self.group_of(a) == self.group_of(b)) {
            let group = self.group_of(&whole[0]);
            let start = left.partition_point(|triangle| self.group_of(triangle) < group);
            let end = left.partition_point(|triangle| self.group_of(triangle) <= group);
            let corners = |triangles: &[[u32; 3]]| -> Vec<[Vec3; 3]> {
                triangles.iter().map(|t| t.map(|index| self.mesh.vertices[index as usize].position)).collect()
            };
            let (whole_corners, left_corners) = (corners(whole), corners(&left[start..end]));
            let surface = Surface::new(&left_corners);
            for (triangle, corners) in whole.iter().zip(&whole_corners) {
                let size = self.part_sizes[self.part_of[triangle[0] as usize] as usize];
                worst = surface.farthest(*corners, size, worst);
            }
            let surface = Surface::new(&whole_corners);
            let from_left = |worst, corners: &[Vec3; 3]| surface.farthest(*corners, f32::INFINITY, worst);
            worst = left_corners.iter().fold(worst, from_left);
        }
        worst
    }

    fn group_of(&self, triangle: &[u32; 3]) -> u32 {
        self.mesh.vertices[triangle[0] as usize].group
    }

    fn by_group(&self, indices: &[u32]) -> Vec<[u32; 3]> {
        let mut triangles = indices.as_chunks::<3>().0.to_vec();
        triangles.sort_by_key(|triangle| self.group_of(triangle));
        triangles
    }

    /// One step down at the tolerance of `finer`; `None` where vertices keep straying.
    fn within_tolerance(
        &self,
        finer: &Simplified,
        target: usize,
        mut locks: Vec<SimplifyVertex>,
    ) -> Option<Simplified> {
        let mut pruned = finer.clone();
        self.prune(&mut pruned, target);
        for _ in 0..TRIES {
            let indices = meshopt::simplify_with_attributes_and_locks(
                &pruned.indices,
                &self.mesh.adapter(),
                self.attributes.as_flattened(),
                &self.weights,
                size_of::<[f32; ATTRIBUTES]>(),
                &locks,
                (target * 3).min(pruned.indices.len()),
                pruned.tolerance_metres,
                SimplifyOptions::ErrorAbsolute | SimplifyOptions::Permissive,
                None,
            );
            let mut has_strays = false;
            let enough = pruned.tolerance_metres * STRAY_TOLERANCES;
            self.visit_errors(&indices, enough, |vertex, _| {
                locks[vertex as usize] |= SimplifyVertex::Lock;
                has_strays = true;
                enough
            });
            if !has_strays {
                return Some(Simplified { indices, ..pruned });
            }
        }
        None
    }

    /// Calls `visit` with every vertex that `indices` have lost and that is off by more than `enough`
    /// metres, and by how much; `visit` says what is enough from then on.
    fn visit_errors(&self, indices: &[u32], mut enough: f32, mut visit: impl FnMut(u32, f32) -> f32) {
        let vertices = &self.mesh.vertices;
        let group = |index: u32| vertices[index as usize].group;
        let position = |index: u32| vertices[index as usize].position;
        let mut is_left = vec![false; vertices.len()];
        indices.iter().for_each(|&index| is_left[index as usize] = true);
        let left = self.by_group(indices);
        let lost = (0..vertices.len() as u32).filter(|&index| !is_left[index as usize]);
        let mut lost: Vec<u32> = lost.collect();
        lost.sort_by_key(|&index| group(index));
        for run in lost.chunk_by(|&a, &b| group(a) == group(b)) {
            let start = left.partition_point(|triangle| group(triangle[0]) < group(run[0]));
            let end = left.partition_point(|triangle| group(triangle[0]) <= group(run[0]));
            let triangles: Vec<[Vec3; 3]> = left[start..end].iter().map(|t| t.map(position)).collect();
            let surface = Surface::new(&triangles);
            for &index in run {
                let size = self.part_sizes[self.part_of[index as usize] as usize];
                if size > enough {
                    let squared = surface.distance_squared(position(index), enough * enough);
                    let error = squared.sqrt().min(size);
                    if error > enough {
                        enough = visit(index, error);
                    }
                }
            }
        }
    }

    fn locks(&self, seams: Seams) -> Vec<SimplifyVertex> {
        let vertices = &self.mesh.vertices;
        let mut locks: Vec<SimplifyVertex> = self
            .is_locked
            .iter()
            .map(|&is_locked| if is_locked { SimplifyVertex::Lock } else { SimplifyVertex::None })
            .collect();
        for (index, &place) in self.same_place.iter().enumerate() {
            let (here, there) = (&vertices[index], &vertices[place as usize]);
            let uvs_differ = seams == Seams::KeepUvs && here.uv != there.uv;
            if here.group != there.group || uvs_differ {
                locks[index] |= SimplifyVertex::Protect;
            }
        }
        locks
    }

    /// Leaves out whole parts, smallest first, while they are below the tolerance and more than
    /// `target` triangles are left.
    fn prune(&self, mesh: &mut Simplified, target: usize) {
        let triangles = mesh.indices.as_chunks::<3>().0;
        let part = |triangle: &[u32; 3]| self.part_of[triangle[0] as usize];
        let size = |part: u32| self.part_sizes[part as usize];
        let mut counts = vec![0_usize; self.part_sizes.len()];
        triangles.iter().for_each(|triangle| counts[part(triangle) as usize] += 1);
        for (index, &is_locked) in self.is_locked.iter().enumerate() {
            if is_locked {
                counts[self.part_of[index] as usize] = 0;
            }
        }
        let is_small = |&p: &u32| counts[p as usize] > 0 && size(p) <= mesh.tolerance_metres;
        let mut parts: Vec<u32> = (0..counts.len() as u32).filter(is_small).collect();
        parts.sort_by(|&a, &b| size(a).total_cmp(&size(b)).then(a.cmp(&b)));
        let mut is_pruned = vec![false; counts.len()];
        let mut triangle_count = triangles.len();
        for part in parts {
            if triangle_count <= target {
                break;
            }
            triangle_count -= counts[part as usize];
            is_pruned[part as usize] = true;
            mesh.pruned_metres = mesh.pruned_metres.max(size(part));
        }
        let kept = triangles.iter().filter(|triangle| !is_pruned[part(triangle) as usize]);
        mesh.indices = kept.flatten().copied().collect();
    }
}

/// Half the diagonal of the second-longest and the shortest side: a rod that vanishes is missed as
/// soon as its thickness is seen, however long it is.
fn thickness(bounds: Aabb) -> f32 {
    if bounds.is_empty() {
        return 0.0;
    }
    let half = bounds.half_extent();
    (half.length_squared() - half.max_element().powi(2)).max(0.0).sqrt()
}

fn attributes(vertex: &Vertex) -> [f32; ATTRIBUTES] {
    let [nx, ny, nz, _] = vertex.normal.map(|x| f32::from(x) / 127.0);
    let [r, g, b, a] = vertex.color.map(|x| f32::from(x) / 255.0);
    let [uv0, uv1] = vertex.uv;
    [nx, ny, nz, uv0.x, uv0.y, uv1.x, uv1.y, r, g, b, a]
}
