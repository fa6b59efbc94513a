//! What of a tile hides what is behind it: large flat rectangles within its opaque surfaces.
//!
//! They are found in the very triangles that are drawn, so whoever draws the tile may leave out what they hide.
//! A rectangle never reaches over a hole: it is made of squares that the surface's outline does not cross.

use glam::{Affine3A, Vec2, Vec3};

use super::AlphaMode;
use super::mesh::{Chunk, Position};

/// Of a tile, the largest.
pub const OCCLUDERS_MAX: usize = 8;

/// A smaller rectangle hides too little, square metres.
const AREA_MIN: f32 = 1.5;

/// A narrower one too, metres.
const SIDE_MIN_METRES: f32 = 0.5;

/// Planes of a tile that are looked at.
const PLANES_MAX: usize = 8;

/// Rectangles of a plane.
const OF_A_PLANE_MAX: usize = 3;

/// Squares across a plane: the finer, the more of it is hidden behind.
const SQUARES: usize = 64;

/// No square is smaller, metres.
const SQUARE_MIN_METRES: f32 = 0.05;

/// So many times a square of a plane is looked at, at most; a plane that takes more hides nothing. Whoever sends
/// thousands of triangles that lie over each other keeps nobody busy for longer than some milliseconds a tile.
const LOOKS_MAX: usize = 1 << 19;

/// What is farther from a plane than this is not of it, metres.
const FLATNESS_METRES: f32 = 0.002;

/// A flat rectangle through which nothing is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Occluder {
    /// Counterclockwise as seen from its front.
    pub corners: [Vec3; 4],
    /// Whether it hides what is before it from behind.
    pub is_double_sided: bool,
}

impl Occluder {
    /// A unit vector out of its front.
    pub fn normal(&self) -> Vec3 {
        let [a, b, _, d] = self.corners;
        (b - a).cross(d - a).normalize_or_zero()
    }

    /// Square metres.
    pub fn area(&self) -> f32 {
        let [a, b, _, d] = self.corners;
        (b - a).cross(d - a).length()
    }

    /// The same after a rotation and a shift.
    pub fn transformed(&self, transform: &Affine3A) -> Self {
        Self { corners: self.corners.map(|corner| transform.transform_point3(corner)), ..*self }
    }
}

/// A triangle's corners, and whether both of its sides are drawn.
#[derive(Clone, Copy)]
struct Face {
    vertices: [[u16; 3]; 3],
    corners: [Vec3; 3],
    normal: Vec3,
    area: f32,
    is_double_sided: bool,
}

/// The largest occluders of a tile, the largest first.
pub fn of(
    positions: &[Position],
    indices: &[u16],
    chunks: &[Chunk],
    world_from_grid: &Affine3A,
) -> Vec<Occluder> {
    let faces = faces(positions, indices, chunks, world_from_grid);
    let mut found: Vec<Occluder> =
        planes(&faces).into_iter().flat_map(|plane| rectangles(&faces, plane)).collect();
    found.sort_by(|a, b| b.area().total_cmp(&a.area()));
    found.truncate(OCCLUDERS_MAX);
    found
}

fn faces(positions: &[Position], indices: &[u16], chunks: &[Chunk], world_from_grid: &Affine3A) -> Vec<Face> {
    let opaque = chunks.iter().filter(|chunk| chunk.batch.alpha == AlphaMode::Opaque);
    let triangles = opaque.flat_map(|chunk| {
        let first = chunk.first_index as usize;
        let run = indices.get(first..first.saturating_add(chunk.index_count as usize)).unwrap_or_default();
        run.as_chunks::<3>().0.iter().map(|triangle| (triangle, chunk.batch.double_sided))
    });
    let face = |(triangle, is_double_sided): (&[u16; 3], bool)| {
        let [a, b, c] = triangle.map(|index| positions.get(usize::from(index)).map(|position| position.grid));
        let vertices = [a?, b?, c?];
        let corners = vertices.map(|grid| world_from_grid.transform_point3(Vec3::from(grid.map(f32::from))));
        let cross = (corners[1] - corners[0]).cross(corners[2] - corners[0]);
        let normal = cross.try_normalize()?;
        Some(Face { vertices, corners, normal, area: 0.5 * cross.length(), is_double_sided })
    };
    triangles.filter_map(face).collect()
}

/// For each of the planes in which most of the surface lies, the largest face of it.
fn planes(faces: &[Face]) -> Vec<&Face> {
    /// Nearly equal planes fall together mostly; where they do not, something is hidden less.
    const TURN_STEPS: f32 = 16.0;
    const SHIFT_STEPS_A_METRE: f32 = 8.0;
    /// Planes that share a place here are looked at as one, which then finds the rectangles of the larger only.
    const PLACES: usize = 1 << 12;
    let mut sums: Vec<(f32, Option<&Face>)> = vec![(0.0, None); PLACES];
    for face in faces {
        let [x, y, z] = (face.normal * TURN_STEPS).to_array().map(|x| x.round() as i32 as u32);
        let shift = (face.normal.dot(face.corners[0]) * SHIFT_STEPS_A_METRE).round() as i32 as u32;
        let mixed = [x, y, z, shift].into_iter().fold(u32::from(face.is_double_sided), |mixed, part| {
            (mixed ^ part).wrapping_mul(0x9E37_79B1).rotate_left(13)
        });
        let Some((sum, largest)) = sums.get_mut(mixed as usize % PLACES) else { continue };
        *sum += face.area;
        if largest.is_none_or(|largest| face.area > largest.area) {
            *largest = Some(face);
        }
    }
    let mut planes: Vec<(f32, &Face)> = sums
        .into_iter()
        .filter(|&(sum, _)| sum >= AREA_MIN)
        .filter_map(|(sum, face)| Some((sum, face?)))
        .collect();
    planes.sort_by(|a, b| b.0.total_cmp(&a.0));
    planes.truncate(PLANES_MAX);
    planes.into_iter().map(|(_, face)| face).collect()
}

/// The largest rectangles of the surface that lies in the plane of `of`.
fn rectangles(faces: &[Face], of: &Face) -> Vec<Occluder> {
    let origin = of.corners[0];
    let is_flat = |corner: &Vec3| (*corner - origin).dot(of.normal).abs() <= FLATNESS_METRES;
    let in_plane: Vec<&Face> = faces
        .iter()
        .filter(|face| face.is_double_sided == of.is_double_sided && face.normal.dot(of.normal) > 0.0)
        .filter(|face| face.corners.iter().all(is_flat))
        .collect();
    if in_plane.iter().map(|face| face.area).sum::<f32>() < AREA_MIN {
        return Vec::new();
    }
    // Upright and level where the plane is: so lie the edges of most walls.
    let level = Vec3::Y.cross(of.normal).try_normalize().unwrap_or(Vec3::X);
    let upright = of.normal.cross(level);
    let flat = |corner: Vec3| Vec2::new((corner - origin).dot(level), (corner - origin).dot(upright));
    let mut squares = Squares::around(in_plane.iter().flat_map(|face| face.corners.map(flat)));
    in_plane.iter().for_each(|face| squares.cover(face.corners.map(flat)));
    for [from, to] in outline(&in_plane) {
        squares.uncover(flat(from), flat(to));
    }
    if squares.looks_left == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    while let Some([min, max]) = squares.take_largest().filter(|_| found.len() < OF_A_PLANE_MAX) {
        let corner = |x: f32, y: f32| origin + level * x + upright * y;
        found.push(Occluder {
            corners: [corner(min.x, min.y), corner(max.x, min.y), corner(max.x, max.y), corner(min.x, max.y)],
            is_double_sided: of.is_double_sided,
        });
    }
    found
}

/// The edges that no two of the faces share from both sides.
fn outline(faces: &[&Face]) -> Vec<[Vec3; 2]> {
    let edges = |face: &Face| {
        let ([a, b, c], [p, q, r]) = (face.vertices, face.corners);
        [([a, b], [p, q]), ([b, c], [q, r]), ([c, a], [r, p])]
    };
    let mut all: Vec<[[u16; 3]; 2]> =
        faces.iter().flat_map(|face| edges(face)).map(|(edge, _)| edge).collect();
    all.sort_unstable();
    let own = faces.iter().flat_map(|face| edges(face));
    let is_shared = |&[from, to]: &[[u16; 3]; 2]| all.binary_search(&[to, from]).is_ok();
    own.filter(|(edge, _)| !is_shared(edge)).map(|(_, corners)| corners).collect()
}

/// A plane in squares, each covered as a whole or not.
struct Squares {
    min: Vec2,
    side_metres: f32,
    is_covered: [[bool; SQUARES]; SQUARES],
    /// At 0 some of what was to be covered or uncovered was not.
    looks_left: usize,
}

impl Squares {
    fn around(points: impl Iterator<Item = Vec2>) -> Self {
        let (min, max) =
            points.fold((Vec2::INFINITY, Vec2::NEG_INFINITY), |(min, max), p| (min.min(p), max.max(p)));
        let side_metres = ((max - min).max_element() / SQUARES as f32).max(SQUARE_MIN_METRES);
        Self { min, side_metres, is_covered: [[false; SQUARES]; SQUARES], looks_left: LOOKS_MAX }
    }

    /// In squares from the corner.
    fn place(&self, point: Vec2) -> Vec2 {
        (point - self.min) / self.side_metres
    }

    /// The squares whose middles lie in the triangle, which is counterclockwise, are covered: as far as its edges go.
    fn cover(&mut self, corners: [Vec2; 3]) {
        let [a, b, c] = corners.map(|corner| self.place(corner));
        let side = |from: Vec2, to: Vec2, at: Vec2| (to - from).perp_dot(at - from);
        self.visit(a.min(b).min(c), a.max(b).max(c), |square, middle| {
            // A shared edge belongs to both, or rounding might leave it to neither.
            *square |= [(a, b), (b, c), (c, a)].iter().all(|&(from, to)| side(from, to, middle) >= -1e-4);
        });
    }

    /// No square that the edge touches is covered.
    fn uncover(&mut self, from: Vec2, to: Vec2) {
        /// For what rounding does.
        const MARGIN: f32 = 1e-2;
        let (from, to) = (self.place(from), self.place(to));
        let across = (to - from).perp();
        // A square reaches this far across the edge.
        let reach = 0.5 * (across.x.abs() + across.y.abs()) + MARGIN * across.length();
        self.visit(from.min(to) - MARGIN, from.max(to) + MARGIN, |square, middle| {
            *square &= across.dot(middle - from).abs() > reach;
        });
    }

    /// Calls `look` with the squares of a box, and their middles, while any looks are left.
    fn visit(&mut self, low: Vec2, high: Vec2, mut look: impl FnMut(&mut bool, Vec2)) {
        let [left, bottom, right, top] = [low.x, low.y, high.x, high.y].map(|at| number(at).min(SQUARES - 1));
        let looks = (right - left + 1) * (top - bottom + 1);
        self.looks_left = self.looks_left.saturating_sub(looks);
        if self.looks_left == 0 {
            return;
        }
        for (y, row) in self.is_covered.iter_mut().enumerate().take(top + 1).skip(bottom) {
            for (x, square) in row.iter_mut().enumerate().take(right + 1).skip(left) {
                look(square, Vec2::new(x as f32 + 0.5, y as f32 + 0.5));
            }
        }
    }

    /// Takes out the largest rectangle of covered squares: its lowest and its highest corner, if it is large enough
    /// (the largest rectangle under a histogram, row by row, with a stack).
    fn take_largest(&mut self) -> Option<[Vec2; 2]> {
        let mut heights = [0_usize; SQUARES];
        let (mut best_area, mut best) = (0, [0; 4]);
        for (y, row) in self.is_covered.iter().enumerate() {
            for (height, &is_covered) in heights.iter_mut().zip(row) {
                *height = if is_covered { *height + 1 } else { 0 };
            }
            let mut open: Vec<(usize, usize)> = Vec::with_capacity(SQUARES);
            for (x, height) in heights.iter().copied().chain([0]).enumerate() {
                let mut start = x;
                while let Some(&(from, tall)) = open.last().filter(|&&(_, tall)| tall > height) {
                    if tall * (x - from) > best_area {
                        (best_area, best) = (tall * (x - from), [from, y + 1 - tall, x, y + 1]);
                    }
                    start = from;
                    open.pop();
                }
                open.push((start, height));
            }
        }
        let [left, bottom, right, top] = best;
        let size = Vec2::new((right - left) as f32, (top - bottom) as f32) * self.side_metres;
        if size.x * size.y < AREA_MIN || size.min_element() < SIDE_MIN_METRES {
            return None;
        }
        for row in self.is_covered.iter_mut().take(top).skip(bottom) {
            row.iter_mut().take(right).skip(left).for_each(|square| *square = false);
        }
        let corner = |x: usize, y: usize| self.min + Vec2::new(x as f32, y as f32) * self.side_metres;
        Some([corner(left, bottom), corner(right, top)])
    }
}

/// The number of the square that is so far along; what lies before the first is in it.
fn number(along: f32) -> usize {
    along.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{Cone, Sphere};
    use crate::scene::mesh::Batch;

    /// All triangles of a tile.
    fn opaque(index_count: u32) -> Chunk {
        let bounds = Sphere { center: Vec3::ZERO, radius: 1.0 };
        Chunk { first_index: 0, index_count, bounds, cone: Cone::ANY, batch: Batch::default(), entity: None }
    }

    /// Layers of squares of a tenth of a metre, without those that are left out; grid steps are centimetres.
    fn wall(layers: u16, [across, up]: [u16; 2], is_left_out: impl Fn(u16, u16) -> bool) -> Vec<Occluder> {
        let (mut positions, mut indices) = (Vec::new(), Vec::new());
        let mut add = |corners: [[u16; 3]; 3]| {
            for grid in corners {
                indices.push(positions.len() as u16);
                positions.push(Position { grid, material_and_sign: 0 });
            }
        };
        let all = (0..layers * up).flat_map(|y| (0..across).map(move |x| (x, y % up)));
        for (x, y) in all.filter(|&(x, y)| !is_left_out(x, y)) {
            let at = |x: u16, y: u16| [x * 10, y * 10, 7];
            add([at(x, y), at(x + 1, y), at(x + 1, y + 1)]);
            add([at(x, y), at(x + 1, y + 1), at(x, y + 1)]);
        }
        let chunk = opaque(indices.len() as u32);
        let to_metres = Affine3A::from_scale(Vec3::splat(0.01));
        let mut glass = chunk;
        glass.batch.alpha = AlphaMode::Blend;
        assert_eq!(of(&positions, &indices, &[glass], &to_metres), [], "glass");
        of(&positions, &indices, &[chunk], &to_metres)
    }

    #[test]
    fn a_wall_is_one_rectangle_and_looks_where_its_triangles_do() {
        let found = wall(1, [40, 25], |_, _| false);
        assert_eq!(found.len(), 1);
        assert!(found[0].normal().abs_diff_eq(Vec3::Z, 1e-4), "{}", found[0].normal());
        let area = found[0].area();
        assert!(area > 0.9 * 10.0 && area <= 10.0, "{area} of 10 m²");
    }

    #[test]
    fn no_rectangle_reaches_over_a_door_or_a_slit() {
        let is_door = |x: u16, y: u16| (15..25).contains(&x) && y < 20;
        let is_slit = |x: u16, _: u16| x == 33;
        let found = wall(1, [60, 30], |x, y| is_door(x, y) || is_slit(x, y));
        assert!(found.len() >= 3, "{found:?}");
        let covers = |x: f32, y: f32| {
            let within = |at: f32, of: [f32; 4]| at > of[0].min(of[2]) && at < of[0].max(of[2]);
            let inside =
                |o: &Occluder| within(x, o.corners.map(|c| c.x)) && within(y, o.corners.map(|c| c.y));
            found.iter().any(inside)
        };
        let mut covered = 0;
        for (x, y) in (0..600).flat_map(|x| (0..300).map(move |y| (x, y))) {
            let is_hole = is_door(x / 10, y / 10) || is_slit(x / 10, y / 10);
            let is_covered = covers(f32::from(x) * 0.01 + 0.005, f32::from(y) * 0.01 + 0.005);
            assert!(!(is_hole && is_covered), "{x} {y}");
            covered += u32::from(is_covered);
        }
        assert!(covered > 70_000, "only {covered} cm² of 153 000 hide something");
    }

    /// Whoever sends this wants to keep a worker busy: 12 500 triangles, each as large as the wall.
    #[test]
    fn triangles_that_lie_over_each_other_cost_no_more_than_a_wall() {
        let quad = [[0, 0, 7], [60_000, 0, 7], [60_000, 60_000, 7], [0, 60_000, 7]];
        let positions: Vec<Position> =
            (0..50_000).map(|corner| Position { grid: quad[corner % 4], material_and_sign: 0 }).collect();
        let quads = |count: u16| -> Vec<u16> {
            (0..count).flat_map(|q| [0, 1, 2, 0, 2, 3].map(|corner| 4 * q + corner)).collect()
        };
        let found = |count: u16| {
            let indices = quads(count);
            let chunk = opaque(indices.len() as u32);
            of(&positions, &indices, &[chunk], &Affine3A::from_scale(Vec3::splat(1e-4)))
        };
        assert_eq!(found(1).len(), 1);
        assert_eq!(found(6000), [], "what takes too long hides nothing");
        let mut squares = Squares::around([Vec2::ZERO, Vec2::splat(6.0)].into_iter());
        let mut looks = 0;
        (0..6000).for_each(|_| squares.visit(Vec2::ZERO, Vec2::splat(64.0), |_, _| looks += 1));
        assert!(looks <= LOOKS_MAX, "{looks}");
    }

    #[test]
    fn a_hole_in_what_is_drawn_twice_is_a_hole() {
        let is_hole = |x: u16, y: u16| (10..20).contains(&x) && (10..20).contains(&y);
        let found = wall(2, [30, 30], is_hole);
        assert!(!found.is_empty());
        for occluder in found {
            let meets = |of: [f32; 4]| of[0].min(of[2]) < 1.99 && of[0].max(of[2]) > 1.01;
            assert!(
                !(meets(occluder.corners.map(|c| c.x)) && meets(occluder.corners.map(|c| c.y))),
                "{occluder:?}"
            );
        }
    }
}
