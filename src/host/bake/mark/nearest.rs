//! Which points are nearest to one: a tree of halves (Bentley, "Multidimensional binary search trees", 1975).

use glam::Vec3;

use super::super::partition::halve;
use crate::math::Aabb;

/// How many neighbours tell of the surface around a point: those around it on a square lattice.
pub const NEIGHBOURS: usize = 8;

/// Points of a leaf.
const LEAF_POINTS_MAX: usize = 8;

/// Distinct points, sorted into halves.
pub struct Nearest {
    points: Vec<Vec3>,
    /// The first is the root; children come in pairs.
    nodes: Vec<Node>,
}

struct Node {
    bounds: Aabb,
    /// Of the first child, or of the first point.
    first: u32,
    /// Points of a leaf; 0 for a node with two children.
    count: u32,
}

impl Nearest {
    /// Sorts the points, of which no two are in the same place.
    pub fn new(points: &[Vec3]) -> Self {
        let mut order: Vec<u32> = (0..points.len() as u32).collect();
        let empty = || Node { bounds: Aabb::EMPTY, first: 0, count: 0 };
        let (mut sorted, mut nodes) = (Vec::with_capacity(points.len()), vec![empty()]);
        let mut open: Vec<(usize, &mut [u32])> = vec![(0, &mut order)];
        while let Some((index, members)) = open.pop() {
            let bounds = Aabb::around(members.iter().map(|&point| points[point as usize]));
            if members.len() <= LEAF_POINTS_MAX {
                nodes[index] = Node { bounds, first: sorted.len() as u32, count: members.len() as u32 };
                sorted.extend(members.iter().map(|&point| points[point as usize]));
                continue;
            }
            let (low, high) = halve(members, |point| points[point as usize]);
            let first = nodes.len();
            nodes[index] = Node { bounds, first: first as u32, count: 0 };
            nodes.extend([empty(), empty()]);
            open.extend([(first, low), (first + 1, high)]);
        }
        Self { points: sorted, nodes }
    }

    /// The others nearest to a point, nearest first, by their distance squared; fewer where there are fewer.
    pub fn around(&self, point: Vec3) -> Vec<(f32, Vec3)> {
        let mut found: Vec<(f32, Vec3)> = Vec::with_capacity(NEIGHBOURS + 1);
        let squared = |bounds: Aabb| (point - point.clamp(bounds.min, bounds.max)).length_squared();
        let is_near = |distance: f32, found: &[(f32, Vec3)]| {
            found.len() < NEIGHBOURS || found.last().is_some_and(|&(most, _)| distance < most)
        };
        let mut open = vec![(0_usize, 0.0_f32)];
        while let Some((index, bound)) = open.pop() {
            let node = &self.nodes[index];
            if !is_near(bound, &found) {
                continue;
            }
            if node.count == 0 && node.first > 0 {
                let first = node.first as usize;
                let mut pair = [first, first + 1].map(|child| (child, squared(self.nodes[child].bounds)));
                // The nearer one is looked at first.
                pair.sort_by(|a, b| b.1.total_cmp(&a.1));
                open.extend(pair);
                continue;
            }
            let first = node.first as usize;
            for &other in &self.points[first..first + node.count as usize] {
                let distance = (other - point).length_squared();
                if other != point && is_near(distance, &found) {
                    let slot = found.partition_point(|&(known, _)| known <= distance);
                    found.insert(slot, (distance, other));
                    found.truncate(NEIGHBOURS);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::gltf::tests::made::Random;

    #[test]
    fn the_tree_finds_what_looking_at_all_points_finds() {
        let mut random = Random(5);
        let points: Vec<Vec3> =
            (0..700).map(|_| Vec3::new(random.unit() * 9.0, random.unit(), random.unit() * 0.1)).collect();
        let tree = Nearest::new(&points);
        for &point in &points {
            let mut all: Vec<f32> =
                points.iter().filter(|&&p| p != point).map(|p| (*p - point).length_squared()).collect();
            all.sort_by(f32::total_cmp);
            let found: Vec<f32> = tree.around(point).iter().map(|&(distance, _)| distance).collect();
            assert_eq!(found, all[..NEIGHBOURS]);
        }
        assert!(Nearest::new(&[]).around(Vec3::ZERO).is_empty());
        assert_eq!(Nearest::new(&points[..3]).around(points[0]).len(), 2);
    }
}
