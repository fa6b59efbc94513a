//! Every cell → what people walk on and bump into there, as a blob of its own.
//!
//! The finest triangles, welded by place alone: materials and seams stop nobody. Loose bits that are
//! too small to matter go, the rest is simplified as long as no vertex that goes is more than a few
//! centimetres away from what stays. What cells share stays, so there is no gap to fall through.

use std::collections::BTreeMap;

use glam::Vec3;
use meshopt::SimplifyOptions;
use serde::{Deserialize, Serialize};

use super::distance::Surface;
use super::flatten::connected_parts;
use super::partition::Partition;
use super::recall::{Key, Recall};
use super::soup::Mesh;
use super::{BakeError, BakedBlob, workers};
use crate::math::Aabb;
use crate::scene::{collider, limits};

/// How far the simplified surface may be from the true one, metres: a foot does not feel it.
const ERROR_METRES: f32 = 0.025;

/// Loose parts smaller than this stop nobody, metres along their longest side.
const BIT_METRES: f32 = 0.05;

/// The lattice that vertices lie on, as a power of two: 2 mm.
const STEP_LOG2_MIN: i32 = -9;

/// Tries at simplifying, each with half the tolerance.
const TRIES: usize = 4;

/// A cell's ground.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Around it.
    pub bounds: Aabb,
    /// What [`collider::decode`] reads.
    pub blob: BakedBlob,
    /// How many.
    pub triangle_count: usize,
}

/// Makes the ground of all cells, on all cores; a cell of nothing but small bits has none.
///
/// # Errors
/// When a blob cannot be compressed or `tick` ends it.
pub fn build_all(
    partition: &Partition,
    recall: &Recall,
    tick: &mut dyn FnMut(usize, usize) -> Result<(), BakeError>,
) -> Result<Vec<Ground>, BakeError> {
    let work = |index: usize, mesh: &Mesh| {
        let cell = index as u32;
        let is_locked = partition.borders.locks(mesh, (cell, cell));
        let positions: Vec<Vec3> = mesh.vertices.iter().map(|vertex| vertex.position).collect();
        let key = || {
            let key = Key::new("ground").with(bytemuck::cast_slice(&is_locked));
            key.with(bytemuck::cast_slice(&positions)).with(bytemuck::cast_slice(&mesh.indices))
        };
        recall.or_make(key, || build(&positions, &mesh.indices, &is_locked))
    };
    let made = workers::map(&partition.cells, work, tick)?;
    Ok(made.into_iter().flatten().map(Ground::from).collect())
}

/// A cell's ground without its name.
#[derive(Serialize, Deserialize)]
struct Encoded {
    bounds: Aabb,
    triangle_count: usize,
    bytes: Vec<u8>,
}

impl From<Encoded> for Ground {
    fn from(Encoded { bounds, triangle_count, bytes }: Encoded) -> Self {
        Self { bounds, blob: BakedBlob::new("collider", bytes), triangle_count }
    }
}

fn build(positions: &[Vec3], indices: &[u32], is_locked: &[bool]) -> Result<Option<Encoded>, BakeError> {
    let welded = Welded::new(positions, indices, is_locked);
    let welded = welded.without_bits().simplified();
    if welded.indices.is_empty() {
        return Ok(None);
    }
    encode(&welded).map(Some)
}

/// Triangles that know nothing but where they are.
#[derive(Clone, Debug, Default)]
struct Welded {
    positions: Vec<Vec3>,
    is_locked: Vec<bool>,
    indices: Vec<u32>,
}

impl Welded {
    /// One vertex a place.
    fn new(positions: &[Vec3], indices: &[u32], is_locked: &[bool]) -> Self {
        let mut welded = Self::default();
        let mut places: BTreeMap<[u32; 3], u32> = BTreeMap::new();
        let mut place_of = Vec::with_capacity(positions.len());
        for (&position, &is_locked) in positions.iter().zip(is_locked) {
            let next = welded.positions.len() as u32;
            let place = *places.entry(position.to_array().map(f32::to_bits)).or_insert(next);
            if place == next {
                welded.positions.push(position);
                welded.is_locked.push(is_locked);
            }
            place_of.push(place);
        }
        let corners = indices.as_chunks::<3>().0.iter();
        let corners = corners.map(|triangle| triangle.map(|index| place_of[index as usize]));
        let kept = corners.filter(|[a, b, c]| a != b && b != c && c != a);
        welded.indices = kept.flatten().collect();
        welded
    }

    fn position(&self, index: u32) -> Vec3 {
        self.positions[index as usize]
    }

    /// Without loose parts that nobody would notice with a foot or a shoulder.
    fn without_bits(mut self) -> Self {
        let parts = connected_parts(self.positions.len(), &self.indices);
        let mut boxes = vec![Aabb::EMPTY; self.positions.len()];
        let mut is_kept = vec![false; self.positions.len()];
        for (&part, (&position, &is_locked)) in parts.iter().zip(self.positions.iter().zip(&self.is_locked)) {
            boxes[part as usize] = boxes[part as usize].with(position);
            is_kept[part as usize] |= is_locked;
        }
        let is_large = |part: u32| (boxes[part as usize].half_extent() * 2.0).max_element() >= BIT_METRES;
        let triangles = self.indices.as_chunks::<3>().0.iter();
        let kept = triangles.filter(|triangle| {
            let part = parts[triangle[0] as usize];
            is_kept[part as usize] || is_large(part)
        });
        self.indices = kept.flatten().copied().collect();
        self
    }

    /// With as few triangles as the tolerance allows.
    fn simplified(mut self) -> Self {
        let mut tolerance = ERROR_METRES;
        for _ in 0..TRIES {
            let bytes = bytemuck::cast_slice(&self.positions);
            let Ok(adapter) = meshopt::VertexDataAdapter::new(bytes, size_of::<Vec3>(), 0) else { break };
            let options = SimplifyOptions::ErrorAbsolute;
            let indices = meshopt::simplify_with_locks(
                &self.indices,
                &adapter,
                &self.is_locked,
                0,
                tolerance,
                options,
                None,
            );
            if !indices.is_empty() && self.error_of(&indices) <= ERROR_METRES * 1.5 {
                self.indices = indices;
                break;
            }
            tolerance *= 0.5;
        }
        self
    }

    /// How far the vertices that `indices` have lost are from what is left, metres: quadrics are
    /// averages and underrate thin things.
    fn error_of(&self, indices: &[u32]) -> f32 {
        let mut is_left = vec![false; self.positions.len()];
        indices.iter().for_each(|&index| is_left[index as usize] = true);
        let triangles: Vec<[Vec3; 3]> =
            indices.as_chunks::<3>().0.iter().map(|t| t.map(|index| self.position(index))).collect();
        let surface = Surface::new(&triangles);
        let mut worst = 0.0_f32;
        for &index in &self.indices {
            if !std::mem::replace(&mut is_left[index as usize], true) {
                worst = worst.max(surface.distance_squared(self.position(index), worst));
            }
        }
        worst.sqrt()
    }
}

fn encode(welded: &Welded) -> Result<Encoded, BakeError> {
    let bounds = Aabb::around(welded.indices.iter().map(|&index| welded.position(index)));
    let mut step_log2 = STEP_LOG2_MIN;
    while (bounds.max - bounds.min).max_element() > f32::powi(2.0, step_log2) * 65_000.0 {
        step_log2 += 1;
    }
    let step = f32::powi(2.0, step_log2);
    let origin = (bounds.min / step).floor() * step + Vec3::ZERO;
    // Neighbours may meet on the lattice, and what is flat there is no ground.
    let mut places: BTreeMap<[u16; 4], u32> = BTreeMap::new();
    let mut grid: Vec<[u16; 4]> = Vec::new();
    let mut indices: Vec<u32> = Vec::with_capacity(welded.indices.len());
    for &triangle in welded.indices.as_chunks::<3>().0 {
        let corners = triangle.map(|index| {
            let [x, y, z] = ((welded.position(index) - origin) / step).round().to_array().map(|x| x as u16);
            [x, y, z, 0]
        });
        if is_flat(corners) {
            continue;
        }
        indices.extend(corners.map(|corner| {
            let next = grid.len() as u32;
            let place = *places.entry(corner).or_insert(next);
            if place == next {
                grid.push(corner);
            }
            place
        }));
    }
    let indices = meshopt::optimize_vertex_cache(&indices, grid.len());
    let (grid, indices) = in_order_of_use(&grid, &indices);
    let failed = |error: meshopt::Error| BakeError::Encode(error.to_string());
    let vertices = meshopt::encode_vertex_buffer_level(&grid, 2, Some(0)).map_err(failed)?;
    let triangles = meshopt::encode_index_buffer(&indices, grid.len()).map_err(failed)?;
    let triangle_count = indices.len() / 3;
    let counts = u16::try_from(grid.len()).ok().filter(|_| triangle_count <= limits::COLLIDER_TRIANGLES_MAX);
    let Some(vertex_count) = counts else {
        return Err(BakeError::Encode(format!("{triangle_count} triangles of ground in one cell")));
    };
    let mut bytes =
        collider::header(vertex_count, triangle_count as u32, origin, step, vertices.len() as u32);
    bytes.extend_from_slice(&vertices);
    bytes.extend_from_slice(&triangles);
    // Rounding may have moved it by half a step.
    let bounds = Aabb { min: bounds.min - step, max: bounds.max + step };
    Ok(Encoded { bounds, triangle_count, bytes })
}

fn is_flat(corners: [[u16; 4]; 3]) -> bool {
    let [a, b, c] = corners.map(|[x, y, z, _]| glam::I64Vec3::new(x.into(), y.into(), z.into()));
    (b - a).cross(c - a) == glam::I64Vec3::ZERO
}

fn in_order_of_use(grid: &[[u16; 4]], indices: &[u32]) -> (Vec<[u16; 4]>, Vec<u32>) {
    let mut place_of = vec![u32::MAX; grid.len()];
    let mut ordered = Vec::with_capacity(grid.len());
    let indices = indices.iter().map(|&index| {
        let place = &mut place_of[index as usize];
        if *place == u32::MAX {
            *place = ordered.len() as u32;
            ordered.push(grid[index as usize]);
        }
        *place
    });
    let indices = indices.collect();
    (ordered, indices)
}
