//! What is not cut when a mesh is cut into cells: small connected parts.
//!
//! A vertex that two cells use can never be simplified away in either, so a chair that is cut costs its whole cut
//! edge at every level of detail. What is large is cut between triangles.

use glam::Vec3;

use super::flatten::connected_parts;
use super::partition::halve_lumps;
use super::soup::Mesh;
use crate::math::Aabb;

/// A connected part with at most this many triangles is a lump: a quarter of a cell, so that cells fill up well.
const TRIANGLES_MAX: usize = 5000;

/// A connected part of at most this extent is a lump, metres.
const METRES_MAX: f32 = 4.0;

/// Steps of the coarsest lattice at whose planes is cut, at least, along what is cut.
const COARSEST_STEPS: f32 = 32.0;

/// Lattices that are tried, each with half the step.
const LATTICES: usize = 3;

/// The lumps of a mesh: small connected parts, and every triangle of the others by itself.
pub struct Lumps {
    /// For every triangle the first triangle of its lump.
    first_of: Vec<u32>,
    /// For every triangle the middle of its lump.
    centers: Vec<Vec3>,
}

/// A connected part.
#[derive(Clone, Copy)]
struct Part {
    first: u32,
    triangle_count: usize,
    bounds: Aabb,
}

/// The connected parts of a mesh: as many as there are, and not as many as it has vertices.
struct Parts {
    /// For every vertex that stands for the part around it: the part's number.
    number_of: Vec<u32>,
    all: Vec<Part>,
    /// For every vertex the one that stands for its part.
    root_of: Vec<u32>,
}

impl Parts {
    fn add(&mut self, triangle: u32, vertex: u32, bounds: Aabb) {
        let number = &mut self.number_of[self.root_of[vertex as usize] as usize];
        if *number == u32::MAX {
            *number = self.all.len() as u32;
            self.all.push(Part { first: triangle, triangle_count: 0, bounds: Aabb::EMPTY });
        }
        let part = &mut self.all[*number as usize];
        part.triangle_count += 1;
        part.bounds = part.bounds.union(bounds);
    }

    fn of(&self, vertex: u32) -> Part {
        self.all[self.number_of[self.root_of[vertex as usize] as usize] as usize]
    }
}

impl Lumps {
    /// Finds them. What touches in space is connected, whatever its normals and materials.
    pub fn of(mesh: &Mesh) -> Self {
        let same_place = meshopt::generate_position_remap(&mesh.adapter());
        let welded: Vec<u32> = mesh.indices.iter().map(|&index| same_place[index as usize]).collect();
        let root_of = connected_parts(mesh.vertices.len(), &welded);
        let triangles = welded.as_chunks::<3>().0;
        let bounds =
            |triangle: &[u32; 3]| Aabb::around(triangle.map(|index| mesh.vertices[index as usize].position));
        let mut parts = Parts { number_of: vec![u32::MAX; mesh.vertices.len()], all: Vec::new(), root_of };
        for (index, triangle) in (0..).zip(triangles) {
            parts.add(index, triangle[0], bounds(triangle));
        }
        let lump = |(index, triangle): (u32, &[u32; 3])| {
            let part = parts.of(triangle[0]);
            let metres = (part.bounds.max - part.bounds.min).max_element();
            if part.triangle_count <= TRIANGLES_MAX && metres <= METRES_MAX {
                return (part.first, part.bounds.center());
            }
            (index, triangle.map(|index| mesh.vertices[index as usize].position).iter().sum::<Vec3>() / 3.0)
        };
        let (first_of, centers) = (0..).zip(triangles).map(lump).unzip();
        Self { first_of, centers }
    }

    /// Two parts of these triangles along the longest axis, neither of which is less than three fifths of the other: at a
    /// plane of a lattice where one does, else as nearly equal as whole lumps let them be; one lump alone is halved
    /// itself.
    pub fn halve<'a>(&self, members: &'a mut [u32]) -> (&'a mut [u32], &'a mut [u32]) {
        if let Some(cut) = self.cut_at_lattice(members) {
            return members.split_at_mut(cut);
        }
        let lump = |triangle: u32| self.first_of[triangle as usize];
        let (low, high) = halve_lumps(members, |triangle| (self.centers[triangle as usize], lump(triangle)));
        let middle = low.len();
        // The first of the upper half is the least of it: only its lump can be in both.
        let Some(cut) = high.first().map(|&triangle| lump(triangle)) else {
            return members.split_at_mut(middle);
        };
        let below = gathered(low, |triangle| lump(triangle) != cut);
        let above = middle + gathered(high, |triangle| lump(triangle) == cut);
        let is_below_nearer = middle - below <= above - middle;
        let cut = match (below, above) {
            (0, above) if above == members.len() => middle,
            (0, above) => above,
            (below, above) if above == members.len() || is_below_nearer => below,
            (_, above) => above,
        };
        members.split_at_mut(cut)
    }

    /// Puts those below the plane that is nearest to the median first; returns how many they are. The median itself
    /// moves with whatever is added anywhere, and each cell of the venue would change with it: planes stay.
    fn cut_at_lattice(&self, members: &mut [u32]) -> Option<usize> {
        let center = |triangle: &u32| self.centers[*triangle as usize];
        let bounds = Aabb::around(members.iter().map(center));
        let size = bounds.max - bounds.min;
        let axis = size.max_position();
        let order = |a: &u32, b: &u32| center(a)[axis].total_cmp(&center(b)[axis]).then(a.cmp(b));
        let (_, median, _) = members.select_nth_unstable_by(members.len() / 2, order);
        let median = center(median)[axis];
        let mut step = power_of_two_below(size[axis]) / COARSEST_STEPS;
        for _ in 0..LATTICES {
            let plane = (median / step).round() * step;
            let below = gathered(members, |triangle| self.centers[triangle as usize][axis] < plane);
            if below.min(members.len() - below) >= (members.len() * 3 / 8).max(1) {
                return Some(below);
            }
            step *= 0.5;
        }
        None
    }
}

/// The largest power of two that is not above `size`.
fn power_of_two_below(size: f32) -> f32 {
    f32::from_bits(size.to_bits() & f32::INFINITY.to_bits())
}

/// Brings those that `is_first` to the front; returns how many they are.
fn gathered(members: &mut [u32], is_first: impl Fn(u32) -> bool) -> usize {
    let mut count = 0;
    for index in 0..members.len() {
        if is_first(members[index]) {
            members.swap(index, count);
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::bake::soup::Vertex;

    /// A strip of `count` triangles from `x` on, a tenth of a metre each.
    fn strip(mesh: &mut Mesh, x: f32, count: u32) {
        let first = mesh.vertices.len() as u32;
        let at = |n: u32| Vec3::new(x + n as f32 * 0.1, (n % 2) as f32 * 0.1, 0.0);
        mesh.vertices.extend((0..count + 2).map(|n| Vertex { position: at(n), ..Vertex::default() }));
        mesh.indices.extend((0..count).flat_map(|n| [first + n, first + n + 1, first + n + 2]));
    }

    #[test]
    fn a_small_part_is_in_one_half_as_a_whole_and_a_large_one_in_both() {
        let mut mesh = Mesh::default();
        [(0.0, 30), (5.0, 20), (10.0, 10)].into_iter().for_each(|(x, count)| strip(&mut mesh, x, count));
        let lumps = Lumps::of(&mesh);
        let mut members: Vec<u32> = (0..60).rev().collect();
        let (low, high) = lumps.halve(&mut members);
        assert!(low.iter().all(|&t| t < 30) && high.iter().all(|&t| t >= 30), "{low:?} {high:?}");
        let (low, high) = lumps.halve(high);
        assert_eq!((low.len(), high.len()), (20, 10));
        let (low, high) = lumps.halve(high);
        assert_eq!((low.len(), high.len()), (5, 5), "a lump alone");
        let mut mesh = Mesh::default();
        [(0.0, 100), (20.0, 2)].into_iter().for_each(|(x, count)| strip(&mut mesh, x, count));
        let lumps = Lumps::of(&mesh);
        let mut members: Vec<u32> = (0..102).collect();
        let (low, high) = lumps.halve(&mut members);
        assert!(low.len() > 40 && high.len() > 40, "ten metres are cut: {low:?}");
    }

    #[test]
    fn a_cut_stays_where_it_is_when_something_is_added() {
        let cut = |added: u32| {
            let mut mesh = Mesh::default();
            (0..400).for_each(|n| strip(&mut mesh, n as f32 * 2.5, 4));
            (0..added).for_each(|n| strip(&mut mesh, 601.0 + n as f32 * 3.0, 4));
            let mut members: Vec<u32> = (0..(400 + added) * 4).collect();
            let (low, high) = Lumps::of(&mesh).halve(&mut members);
            low.sort_unstable();
            (low.to_vec(), high.len())
        };
        let (low, high) = cut(0);
        assert!(low.len() >= 400 && high >= 400);
        for added in 1..4 {
            assert_eq!(cut(added), (low.clone(), high + added as usize * 4));
        }
    }
}
