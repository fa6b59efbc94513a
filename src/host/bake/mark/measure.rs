//! How large points and lines are, and which way they face, by what is around them.

use std::convert::Infallible;

use glam::{DMat3, DVec3, Vec3};

use super::super::workers;
use super::Mark;
use super::nearest::Nearest;
use crate::math::Aabb;

/// Half the side of a square, of the mean distance to its neighbours. Points that are strewn at random, one a square
/// metre, have those 1.11 m away in the mean: their squares of 2.4 m² cover 91 % of the ground. On a lattice, whose
/// neighbours are 1.21 steps away, they leave no gaps however they are turned.
const HALF_OF_DISTANCE: f32 = 0.7;

/// No point is larger than this many times the middle one: those far off stay points.
const HALVES_MAX: f32 = 3.0;

/// Nor larger than this part of all there is: few points are no surface.
const PART_MAX: f32 = 1.0 / 64.0;

/// Half the width of a line, metres: from two metres away 4 mm are about as wide as a headset's pixel.
const LINE_METRES: f32 = 0.002;

/// Nor is a line wider than this part of all lines: of a small thing they are thinner.
const LINE_PART_MAX: f32 = 1.0 / 1000.0;

/// Nothing is smaller, metres: two steps of the finest lattice.
const METRES_MIN: f32 = 1.0 / 4096.0;

/// Neighbours whose spread across is less than this part of that along (both squared) lie on a line.
const ACROSS_MIN: f64 = 0.02;

/// Neighbours whose spread upwards is more than this part of that across lie in no plane.
const UP_MAX: f64 = 0.4;

/// Gives every mark its size and, where it says nothing itself, points their planes. Points in the same place as
/// others are left out.
pub fn measure(marks: Vec<Mark>) -> Vec<Mark> {
    let mut marks = distinct(marks);
    let lines = Aabb::around(marks.iter().filter(|mark| !mark.is_point()).flat_map(|mark| mark.ends));
    let line_half = (extent(lines) * LINE_PART_MAX * 0.5).clamp(METRES_MIN, LINE_METRES);
    let is_unknown = |mark: &Mark| mark.is_point() && mark.half_metres == 0.0;
    let points: Vec<Vec3> = marks.iter().filter(|mark| is_unknown(mark)).map(|mark| mark.ends[0]).collect();
    let nearest = Nearest::new(&points);
    let work = |_: usize, chunk: &&[Vec3]| {
        Ok::<_, Infallible>(chunk.iter().map(|&point| look_around(point, &nearest)).collect::<Vec<_>>())
    };
    let chunks: Vec<&[Vec3]> = points.chunks(4096).collect();
    let Ok(found) = workers::map(&chunks, work, &mut |_, _| Ok(()));
    let mut found: Vec<(f32, Vec3)> = found.into_iter().flatten().collect();
    let most = (extent(Aabb::around(points)) * PART_MAX).min(middle(&found) * HALVES_MAX);
    found.iter_mut().for_each(|(half, _)| *half = half.min(most));
    let mut found = found.into_iter();
    for mark in &mut marks {
        if !mark.is_point() {
            mark.half_metres = line_half;
        } else if is_unknown(mark) {
            let (half, normal) = found.next().unwrap_or_default();
            mark.half_metres = half;
            mark.normal = if mark.normal == Vec3::ZERO { normal } else { mark.normal };
        }
        mark.half_metres = mark.half_metres.max(METRES_MIN);
    }
    marks
}

/// Without the points that are where another is.
fn distinct(marks: Vec<Mark>) -> Vec<Mark> {
    let key = |mark: &Mark| mark.ends[0].to_array().map(f32::to_bits);
    let mut points: Vec<u32> =
        (0..marks.len() as u32).filter(|&mark| marks[mark as usize].is_point()).collect();
    points.sort_unstable_by_key(|&mark| (key(&marks[mark as usize]), mark));
    let mut is_again = vec![false; marks.len()];
    for run in points.chunk_by(|&a, &b| key(&marks[a as usize]) == key(&marks[b as usize])) {
        run.iter().skip(1).for_each(|&mark| is_again[mark as usize] = true);
    }
    marks.into_iter().zip(is_again).filter(|&(_, is_again)| !is_again).map(|(mark, _)| mark).collect()
}

fn extent(bounds: Aabb) -> f32 {
    if bounds.is_empty() { 0.0 } else { bounds.half_extent().length() * 2.0 }
}

fn middle(found: &[(f32, Vec3)]) -> f32 {
    let mut halves: Vec<f32> = found.iter().map(|&(half, _)| half).collect();
    let middle = halves.len() / 2;
    if halves.is_empty() { 0.0 } else { *halves.select_nth_unstable_by(middle, f32::total_cmp).1 }
}

/// Half the side of the point's square, and its normal.
fn look_around(point: Vec3, nearest: &Nearest) -> (f32, Vec3) {
    let around = nearest.around(point);
    if around.is_empty() {
        return (0.0, Vec3::ZERO);
    }
    let sum: f32 = around.iter().map(|&(squared, _)| squared.sqrt()).sum();
    let places: Vec<DVec3> =
        around.iter().map(|&(_, place)| (place - point).as_dvec3()).chain([DVec3::ZERO]).collect();
    (HALF_OF_DISTANCE * sum / around.len() as f32, plane(&places).unwrap_or(Vec3::ZERO))
}

/// The normal of the plane that the places lie in, if they lie in one: the direction in which they spread least.
fn plane(places: &[DVec3]) -> Option<Vec3> {
    let mean = places.iter().sum::<DVec3>() / places.len() as f64;
    let mut spread = DMat3::ZERO;
    for place in places {
        let off = *place - mean;
        spread += DMat3::from_cols(off * off.x, off * off.y, off * off.z);
    }
    let [along, across, up] = eigenvalues(&spread);
    if !(across > ACROSS_MIN * along && up < UP_MAX * across) {
        return None;
    }
    // Every column of the product is an eigenvector of `up`, by Cayley and Hamilton; the longest is the most exact.
    let product = (spread - DMat3::from_diagonal(DVec3::splat(along)))
        * (spread - DMat3::from_diagonal(DVec3::splat(across)));
    let columns = [product.x_axis, product.y_axis, product.z_axis];
    let longest = columns.into_iter().max_by(|a, b| a.length_squared().total_cmp(&b.length_squared()))?;
    longest.try_normalize().map(|normal| normal.as_vec3())
}

/// Of a symmetric matrix, largest first (Smith, "Eigenvalues of a symmetric 3 × 3 matrix", 1961).
fn eigenvalues(matrix: &DMat3) -> [f64; 3] {
    let third = (matrix.x_axis.x + matrix.y_axis.y + matrix.z_axis.z) / 3.0;
    let rest = *matrix - DMat3::from_diagonal(DVec3::splat(third));
    let size = [rest.x_axis, rest.y_axis, rest.z_axis].iter().map(|c| c.length_squared()).sum::<f64>() / 6.0;
    let scale = size.sqrt();
    if scale <= f64::MIN_POSITIVE {
        return [third; 3];
    }
    let half = (rest.determinant() / (2.0 * scale.powi(3))).clamp(-1.0, 1.0);
    let angle = half.acos() / 3.0;
    let largest = third + 2.0 * scale * angle.cos();
    let least = third + 2.0 * scale * (angle + std::f64::consts::TAU / 3.0).cos();
    [largest, 3.0 * third - largest - least, least]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_found_and_lines_and_clouds_are_none() {
        let lattice = |f: &dyn Fn(f64, f64) -> DVec3| -> Vec<DVec3> {
            (-1..2)
                .flat_map(|i| (-1..2).map(move |j| (f64::from(i), f64::from(j))))
                .map(|(i, j)| f(i, j))
                .collect()
        };
        let (u, v) = (DVec3::new(0.6, 0.0, 0.8), DVec3::new(0.0, 1.0, 0.0));
        let normal = plane(&lattice(&|i, j| u * i + v * j)).unwrap_or_default();
        assert!(normal.dot(u.cross(v).as_vec3()).abs() > 0.999_999, "{normal}");
        assert_eq!(plane(&lattice(&|i, j| u * (i * 3.0 + j))), None, "a line");
        let cloud: Vec<DVec3> =
            (0..8).map(|i| DVec3::new((i & 1).into(), (i >> 1 & 1).into(), (i >> 2).into())).collect();
        assert_eq!(plane(&cloud), None, "a cube");
        assert_eq!(plane(&[DVec3::ZERO; 3]), None);
    }

    #[test]
    fn eigenvalues_are_those_of_a_turned_diagonal() {
        let turn = DMat3::from_quat(glam::DQuat::from_euler(glam::EulerRot::XYZ, 0.3, 1.1, -0.7));
        for diagonal in [DVec3::new(5.0, 2.0, 0.1), DVec3::new(1.0, 1.0, 0.0), DVec3::splat(3.0)] {
            let matrix = turn * DMat3::from_diagonal(diagonal) * turn.transpose();
            let found = DVec3::from(eigenvalues(&matrix));
            assert!(found.abs_diff_eq(diagonal, 1e-7), "{found} for {diagonal}");
        }
    }
}
