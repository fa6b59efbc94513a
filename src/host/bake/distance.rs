//! How far points are from a surface: what geometric errors are measured with.

use glam::{DVec3, Vec3};

use super::partition::halve;
use crate::math::Aabb;

/// Triangles of a leaf.
const LEAF_TRIANGLES_MAX: usize = 8;

/// Triangles in a tree of boxes.
#[derive(Clone, Debug, Default)]
pub struct Surface {
    triangles: Vec<[Vec3; 3]>,
    /// The first is the root; children come in pairs.
    boxes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    bounds: Aabb,
    /// Of the first child, or of the first triangle.
    first: u32,
    /// Triangles of a leaf; 0 for a node with two children.
    triangle_count: u32,
}

impl Surface {
    /// Sorts the triangles into the tree.
    pub fn new(triangles: &[[Vec3; 3]]) -> Self {
        let mut order: Vec<u32> = (0..triangles.len() as u32).collect();
        let centers: Vec<Vec3> = triangles.iter().map(|[a, b, c]| (*a + *b + *c) / 3.0).collect();
        let mut surface = Self::default();
        if triangles.is_empty() {
            return surface;
        }
        let empty = Node { bounds: Aabb::EMPTY, first: 0, triangle_count: 0 };
        surface.boxes.push(empty);
        let mut open: Vec<(usize, &mut [u32])> = vec![(0, &mut order)];
        while let Some((index, members)) = open.pop() {
            let corners = members.iter().flat_map(|&t| triangles[t as usize]);
            let bounds = Aabb::around(corners);
            if members.len() <= LEAF_TRIANGLES_MAX {
                let (first, triangle_count) = (surface.triangles.len() as u32, members.len() as u32);
                surface.triangles.extend(members.iter().map(|&t| triangles[t as usize]));
                surface.boxes[index] = Node { bounds, first, triangle_count };
                continue;
            }
            let (low, high) = halve(members, |t| centers[t as usize]);
            let first = surface.boxes.len();
            surface.boxes[index] = Node { bounds, first: first as u32, triangle_count: 0 };
            surface.boxes.extend([empty, empty]);
            open.extend([(first, low), (first + 1, high)]);
        }
        surface
    }

    /// The squared distance from `point` to the surface where that is above `enough`; where it is
    /// not, anything up to `enough`. Infinite for an empty surface.
    pub fn distance_squared(&self, point: Vec3, enough: f32) -> f32 {
        let mut best = f32::INFINITY;
        let squared = |node: u32| {
            let bounds = self.boxes[node as usize].bounds;
            (point - point.clamp(bounds.min, bounds.max)).length_squared()
        };
        // The tree halves: 64 levels are more than memory holds.
        let mut open = [(0_u32, 0.0_f32); 64];
        let mut depth = usize::from(!self.boxes.is_empty());
        while depth > 0 && best > enough {
            depth -= 1;
            let (index, bound) = open[depth];
            if bound >= best {
                continue;
            }
            let node = self.boxes[index as usize];
            if node.triangle_count > 0 {
                let range = node.first as usize..(node.first + node.triangle_count) as usize;
                for triangle in &self.triangles[range] {
                    best = best.min((point - nearest(point, triangle)).length_squared());
                }
                continue;
            }
            let mut pair = [(node.first, squared(node.first)), (node.first + 1, squared(node.first + 1))];
            if pair[0].1 < pair[1].1 {
                pair.swap(0, 1);
            }
            open[depth..depth + 2].copy_from_slice(&pair);
            depth += 2;
        }
        best
    }
}

/// So often a triangle is quartered in search of the point of it that is farthest from a surface.
const QUARTERINGS_MAX: u32 = 3;

/// A triangle is quartered where what was found on it is at least this much of the farthest so far.
const PROMISING: f32 = 0.7;

impl Surface {
    /// How far the triangle's points are from the surface at most, but no more than `most`, where that is above
    /// `worst`; else `worst`. Corners apart, which belong to other triangles too. Sampled: at the middles of its sides
    /// and its own, and closer where that is far.
    pub fn farthest(&self, triangle: [Vec3; 3], most: f32, worst: f32) -> f32 {
        self.farthest_quarter(triangle, most, worst, QUARTERINGS_MAX)
    }

    fn farthest_quarter(&self, [a, b, c]: [Vec3; 3], most: f32, worst: f32, quarterings: u32) -> f32 {
        if worst >= most {
            return worst;
        }
        let [ab, bc, ca] = [(a + b) * 0.5, (b + c) * 0.5, (c + a) * 0.5];
        let promising = PROMISING * worst;
        let found = [ab, bc, ca, (a + b + c) / 3.0].into_iter().fold(0.0_f32, |found, point| {
            let enough = found.max(promising);
            found.max(self.distance_squared(point, enough * enough).sqrt().min(most))
        });
        let worst = worst.max(found);
        if found <= promising || quarterings == 0 {
            return worst;
        }
        let quarters = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]];
        quarters
            .into_iter()
            .fold(worst, |worst, quarter| self.farthest_quarter(quarter, most, worst, quarterings - 1))
    }
}

/// The point of the triangle that is nearest to `p`: by its Voronoi regions. In doubles, relative to `p`: products of
/// four lengths decide, and in a triangle of ten metres by one centimetre they differ by little.
fn nearest(p: Vec3, triangle: &[Vec3; 3]) -> Vec3 {
    let [a, b, c] = triangle.map(|corner| (corner - p).as_dvec3());
    p + nearest_to_origin([a, b, c]).as_vec3()
}

fn nearest_to_origin([a, b, c]: [DVec3; 3]) -> DVec3 {
    let (ab, ac, ap) = (b - a, c - a, -a);
    let (d1, d2) = (ab.dot(ap), ac.dot(ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return a;
    }
    let bp = -b;
    let (d3, d4) = (ab.dot(bp), ac.dot(bp));
    if d3 >= 0.0 && d4 <= d3 {
        return b;
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return a + ab * (d1 / (d1 - d3));
    }
    let cp = -c;
    let (d5, d6) = (ab.dot(cp), ac.dot(cp));
    if d6 >= 0.0 && d5 <= d6 {
        return c;
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return a + ac * (d2 / (d2 - d6));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        return b + (c - b) * ((d4 - d3) / ((d4 - d3) + (d5 - d6)));
    }
    let sum = va + vb + vc;
    a + ab * (vb / sum) + ac * (vc / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_finds_what_looking_at_all_triangles_finds() {
        // A wavy sheet of 20 × 20 quads.
        let at = |i: usize, j: usize| Vec3::new(i as f32, (i * j) as f32 * 0.01, j as f32);
        let quads = (0..400).map(|q| (q / 20, q % 20));
        let triangles: Vec<[Vec3; 3]> = quads
            .flat_map(|(i, j)| {
                [[at(i, j), at(i + 1, j), at(i, j + 1)], [at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)]]
            })
            .collect();
        let surface = Surface::new(&triangles);
        for k in 0..200 {
            let t = k as f32;
            let p = Vec3::new((t * 0.37).sin() * 15.0 + 8.0, (t * 0.11).cos() * 6.0, t * 0.13 - 3.0);
            let all = triangles.iter().map(|t| (p - nearest(p, t)).length_squared());
            let expected = all.fold(f32::INFINITY, f32::min);
            assert!((surface.distance_squared(p, 0.0) - expected).abs() <= 1e-4 * expected.max(1.0));
        }
        let sliver = [
            Vec3::new(5.27, 7.345, -17.68),
            Vec3::new(-5.27, 7.345, -17.68),
            Vec3::new(-5.27, 7.358, -17.678),
        ];
        let within = sliver[0] * 0.6 + sliver[1] * 0.2 + sliver[2] * 0.2;
        assert!(nearest(within, &sliver).distance(within) < 1e-5, "long and thin");
        assert_eq!(Surface::new(&[]).distance_squared(Vec3::ZERO, 0.0), f32::INFINITY);
    }
}
