//! One mesh → the same with fewer triangles, and by how much it is off.
//!
//! Locked vertices stay, so what neighbours share stays shared. Edges collapse onto existing
//! vertices (meshoptimizer's quadrics with normals, texture coordinates and colours); where that
//! gets stuck, whole parts that touch no locked vertex are left out, smallest first. A group's border
//! is only moved along itself, so materials and entities never run into each other.
//!
//! The error is measured, not estimated: see [`Simplifier::error_of`].

use meshopt::{SimplifyOptions, SimplifyVertex};

use glam::Vec3;

use super::distance::Surface;
use super::flatten::connected_parts;
use super::soup::{Mesh, Vertex};
use crate::math::Aabb;

/// Metres of displacement that a normal turned by 60° (a difference of 1) counts as.
const NORMAL_METRES: f32 = 0.05;

/// Metres that a texture shifted by its whole width counts as.
const UV_METRES: f32 = 0.3;

/// Metres that black for white counts as.
const COLOR_METRES: f32 = 0.1;

/// Floats a vertex: normal, two texture coordinates, colour.
const ATTRIBUTES: usize = 11;

/// Parts may be left out where collapsing edges stays above the target by more than this factor.
const PRUNE_ABOVE: f32 = 1.15;

/// How seams in normals and texture coordinates are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seams {
    /// Texture coordinates stay apart; hard edges may become soft.
    KeepUvs,
    /// Only groups stay apart: for what is seen from afar.
    Join,
}

/// Fewer triangles.
#[derive(Clone, Debug)]
pub struct Simplified {
    /// Into the source's vertices.
    pub indices: Vec<u32>,
    /// Half the diagonal of the largest part that was left out, metres.
    pub pruned_metres: f32,
}

/// A mesh that is about to be simplified, several times.
pub struct Simplifier<'a> {
    mesh: &'a Mesh,
    is_locked: &'a [bool],
    attributes: Vec<[f32; ATTRIBUTES]>,
    weights: [f32; ATTRIBUTES],
    /// For every vertex the first with the same position.
    same_place: Vec<u32>,
    /// For every vertex the connected part that it is of.
    part_of: Vec<u32>,
    /// For every part (by its number) half its diagonal, metres.
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
        let half_diagonal = |b: &Aabb| if b.is_empty() { 0.0 } else { b.half_extent().length() };
        // Attributes are compared with positions that are scaled to an extent of 1.
        let uses_uv = |set: usize| mesh.vertices.iter().any(|v| v.uv[set] != mesh.vertices[0].uv[set]);
        let uses_color = mesh.vertices.iter().any(|v| v.color != mesh.vertices[0].color);
        let weight = |metres: f32, is_used: bool| if is_used { metres / extent } else { 0.0 };
        let mut weights = [weight(NORMAL_METRES, true); ATTRIBUTES];
        weights[3..5].fill(weight(UV_METRES, uses_uv(0)));
        weights[5..7].fill(weight(UV_METRES, uses_uv(1)));
        weights[7..].fill(weight(COLOR_METRES, uses_color));
        Self {
            mesh,
            is_locked,
            attributes: mesh.vertices.iter().map(attributes).collect(),
            weights,
            same_place,
            part_of,
            part_sizes: boxes.iter().map(half_diagonal).collect(),
            diagonal: bounds.half_extent().length() * 2.0,
        }
    }

    /// About `target` triangles, or as few as the locks allow.
    pub fn reduce(&self, target: usize, seams: Seams) -> Simplified {
        let mut error = 0.0;
        let indices = meshopt::simplify_with_attributes_and_locks(
            &self.mesh.indices,
            &self.mesh.adapter(),
            self.attributes.as_flattened(),
            &self.weights,
            size_of::<[f32; ATTRIBUTES]>(),
            &self.locks(seams),
            target * 3,
            self.diagonal,
            SimplifyOptions::ErrorAbsolute | SimplifyOptions::Permissive,
            Some(&mut error),
        );
        if indices.len() as f32 <= (target * 3) as f32 * PRUNE_ABOVE {
            return Simplified { indices, pruned_metres: 0.0 };
        }
        self.prune(&indices, target)
    }

    /// How far the mesh is from what `indices` leave of it, metres: the largest distance of a vertex
    /// that went to what is left of its own group, or half the diagonal of the vertex's connected
    /// part where that is less (then the part vanished as a whole).
    pub fn error_of(&self, indices: &[u32]) -> f32 {
        let vertices = &self.mesh.vertices;
        let mut is_left = vec![false; vertices.len()];
        indices.iter().for_each(|&index| is_left[index as usize] = true);
        let mut left: Vec<(u32, [Vec3; 3])> = indices
            .as_chunks::<3>()
            .0
            .iter()
            .map(|t| (vertices[t[0] as usize].group, t.map(|index| vertices[index as usize].position)))
            .collect();
        left.sort_by_key(|&(group, _)| group);
        let mut gone: Vec<(u32, u32)> = (0..vertices.len() as u32)
            .filter(|&index| !is_left[index as usize])
            .map(|index| (vertices[index as usize].group, index))
            .collect();
        gone.sort_unstable();
        let mut worst = 0.0_f32;
        for run in gone.chunk_by(|a, b| a.0 == b.0) {
            let start = left.partition_point(|&(group, _)| group < run[0].0);
            let end = left.partition_point(|&(group, _)| group <= run[0].0);
            let triangles: Vec<[Vec3; 3]> = left[start..end].iter().map(|&(_, triangle)| triangle).collect();
            let surface = Surface::new(&triangles);
            for &(_, index) in run {
                let size = self.part_sizes[self.part_of[index as usize] as usize];
                if size > worst {
                    let position = vertices[index as usize].position;
                    let distance = surface.distance_squared(position, worst * worst).sqrt();
                    worst = worst.max(distance.min(size));
                }
            }
        }
        worst
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

    /// Leaves out whole parts, smallest first, until at most `target` triangles are left.
    fn prune(&self, indices: &[u32], target: usize) -> Simplified {
        let triangles = indices.as_chunks::<3>().0;
        let part = |triangle: &[u32; 3]| self.part_of[triangle[0] as usize];
        let mut counts = vec![0_usize; self.part_sizes.len()];
        triangles.iter().for_each(|triangle| counts[part(triangle) as usize] += 1);
        for (index, &is_locked) in self.is_locked.iter().enumerate() {
            if is_locked {
                counts[self.part_of[index] as usize] = 0;
            }
        }
        let mut parts: Vec<u32> = (0..counts.len() as u32).filter(|&p| counts[p as usize] > 0).collect();
        let size = |part: u32| self.part_sizes[part as usize];
        parts.sort_by(|&a, &b| size(a).total_cmp(&size(b)).then(a.cmp(&b)));
        let mut is_pruned = vec![false; counts.len()];
        let (mut triangle_count, mut pruned_metres) = (triangles.len(), 0.0_f32);
        for part in parts {
            if triangle_count <= target || triangle_count == counts[part as usize] {
                break;
            }
            triangle_count -= counts[part as usize];
            is_pruned[part as usize] = true;
            pruned_metres = pruned_metres.max(size(part));
        }
        let kept = triangles.iter().filter(|triangle| !is_pruned[part(triangle) as usize]);
        Simplified { indices: kept.flatten().copied().collect(), pruned_metres }
    }
}

fn attributes(vertex: &Vertex) -> [f32; ATTRIBUTES] {
    let [nx, ny, nz, _] = vertex.normal.map(|x| f32::from(x) / 127.0);
    let [r, g, b, a] = vertex.color.map(|x| f32::from(x) / 255.0);
    let [uv0, uv1] = vertex.uv;
    [nx, ny, nz, uv0.x, uv0.y, uv1.x, uv1.y, r, g, b, a]
}
