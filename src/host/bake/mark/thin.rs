//! Many marks → fewer, larger ones that stand for them.
//!
//! Space is cut into cubes, as large as needed; all ends in one cube become one of them, the one nearest to their mean
//! (Rossignac and Borrel, "Multi-resolution 3D approximations for rendering complex scenes", 1993). So every coarse mark
//! ends where fine ones did. Points in one cube become one; lines whose ends are in the same two cubes become one, and
//! those within one cube a point, unless another line leads there.

use std::collections::BTreeMap;

use glam::{IVec3, Vec3, Vec4};

use super::Mark;
use super::shape::reach_metres;
use crate::math::Aabb;

/// Half the side of a square that stands for others, in sides of the cube that they were in.
const HALF_OF_CUBE: f32 = 0.7;

/// The smallest cubes are this part of all there is, as a power of two; the largest hold all of it.
const PART_LOG2: i32 = -13;

/// At most `target` marks that stand for all, or one for each group where there are more groups.
pub fn thin(marks: &[Mark], target: usize) -> Vec<Mark> {
    let bounds = Aabb::around(marks.iter().flat_map(|mark| mark.ends));
    let extent = (bounds.max - bounds.min).max_element().max(f32::MIN_POSITIVE);
    // In steps of √2: the larger the cubes, the fewer marks.
    let side = |step: i32| extent * 2.0_f32.powf((PART_LOG2 as f32) + 0.5 * step as f32);
    let (mut low, mut high) = (0, 2 - 2 * PART_LOG2);
    while low < high {
        let middle = (low + high) / 2;
        if within(marks, bounds.min, side(middle)).len() <= target {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    within(marks, bounds.min, side(low))
}

/// Ends that become one.
struct Cluster {
    /// The one that stays.
    place: Vec3,
    /// How far what it stands for reaches from it, metres; 0 where nothing has moved.
    stray_metres: f32,
}

/// What becomes one mark.
#[derive(Default)]
struct Pile {
    color_sums: [Vec4; 2],
    normal_sum: Vec3,
    half_metres: f32,
    group: u32,
    count: u32,
    has_lines: bool,
}

fn within(marks: &[Mark], origin: Vec3, side: f32) -> Vec<Mark> {
    let (cluster_of, clusters) = clusters(marks, origin, side);
    let mut piles: BTreeMap<[u32; 2], Pile> = BTreeMap::new();
    for (mark, &[a, b]) in marks.iter().zip(&cluster_of) {
        let is_turned = b < a;
        let pile = piles.entry(if is_turned { [b, a] } else { [a, b] }).or_default();
        let colors = if is_turned { [1, 0] } else { [0, 1] }.map(|end| mark.colors[end]);
        for (sum, color) in pile.color_sums.iter_mut().zip(colors) {
            *sum += Vec4::from(color.map(f32::from));
        }
        // Which side of a plane is up has no meaning here.
        pile.normal_sum += mark.normal * if pile.normal_sum.dot(mark.normal) < 0.0 { -1.0 } else { 1.0 };
        pile.half_metres = pile.half_metres.max(mark.half_metres);
        pile.group = mark.group;
        pile.count += 1;
        pile.has_lines |= !mark.is_point();
    }
    let mut is_led_to = vec![false; clusters.len()];
    for &[a, b] in piles.keys().filter(|[a, b]| a != b) {
        (is_led_to[a as usize], is_led_to[b as usize]) = (true, true);
    }
    let is_needed =
        |&(&[a, b], pile): &(&[u32; 2], &Pile)| a != b || !pile.has_lines || !is_led_to[a as usize];
    let merged = |([a, b], pile): (&[u32; 2], &Pile)| {
        let [from, to] = [&clusters[*a as usize], &clusters[*b as usize]];
        let count = pile.count as f32;
        let is_flat = pile.normal_sum.length() > 0.5 * count;
        let grown = if a == b && pile.count > 1 { HALF_OF_CUBE * side } else { 0.0 };
        Mark {
            ends: [from.place, to.place],
            colors: pile.color_sums.map(|sum| (sum / count).to_array().map(|x| x.round() as u8)),
            normal: if is_flat { pile.normal_sum.normalize_or_zero() } else { Vec3::ZERO },
            half_metres: pile.half_metres.max(grown),
            stray_metres: from.stray_metres.max(to.stray_metres),
            group: pile.group,
        }
    };
    piles.iter().filter(is_needed).map(merged).collect()
}

/// For each mark the clusters of its ends, and the clusters.
fn clusters(marks: &[Mark], origin: Vec3, side: f32) -> (Vec<[u32; 2]>, Vec<Cluster>) {
    let cube = |end: Vec3| ((end - origin) / side).floor().as_ivec3();
    let mut ends: Vec<(u32, [i32; 3], u32)> = Vec::with_capacity(marks.len() * 2);
    for (number, mark) in (0..).zip(marks) {
        let key = |end: usize| {
            let IVec3 { x, y, z } = cube(mark.ends[end]);
            (mark.group, [x, y, z], number * 2 + end as u32)
        };
        ends.extend([key(0), key(1)]);
    }
    ends.sort_unstable();
    let place = |end: u32| marks[end as usize / 2].ends[end as usize % 2];
    let (mut cluster_of, mut clusters) = (vec![[0_u32; 2]; marks.len()], Vec::new());
    for run in ends.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let mean = run.iter().map(|&(.., end)| place(end)).sum::<Vec3>() / run.len() as f32;
        let distance = |end: u32| place(end).distance_squared(mean);
        let nearest = run.iter().map(|&(.., end)| end).min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        let kept = nearest.map_or(mean, place);
        let mark = |end: u32| &marks[end as usize / 2];
        let is_still = run.iter().all(|&(.., end)| place(end) == kept && mark(end).stray_metres == 0.0);
        let reach = |end: u32| {
            let mark = mark(end);
            let own = if mark.stray_metres > 0.0 { mark.stray_metres } else { reach_metres(mark) };
            place(end).distance(kept) + own
        };
        let farthest = run.iter().map(|&(.., end)| reach(end)).fold(0.0, f32::max);
        for &(.., end) in run {
            cluster_of[end as usize / 2][end as usize % 2] = clusters.len() as u32;
        }
        clusters.push(Cluster { place: kept, stray_metres: if is_still { 0.0 } else { farthest } });
    }
    (cluster_of, clusters)
}
