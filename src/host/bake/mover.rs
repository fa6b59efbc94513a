//! What moves by itself → tiles of their own, each part with a few levels of detail.

use std::collections::BTreeMap;

use glam::Vec3;

use super::distance::Surface;
use super::encode::{self, Content, Context};
use super::moving::MovingPart;
use super::soup::{Soup, Vertex};
use super::{BakeError, workers};
use crate::math::Aabb;
use crate::scene::motion::{Motion, Posture};
use crate::scene::{ContentError, limits};

/// A part with more triangles gets coarser levels.
const LEVEL_TRIANGLES_MIN: usize = 512;

/// Levels of a part at most.
const LEVELS_MAX: usize = 4;

/// Each level has this part of the triangles of the one before.
const LEVEL_DIVISOR: usize = 4;

/// Moments of a part's motion that its levels are made for and measured at.
const MOMENTS: usize = 4;

/// Looks at a part's motion, evenly over its longest period.
const LOOKS: u32 = 128;

/// What it may reach beyond what was seen of it, as a part of its size: between looks, and where periods differ.
const SLACK: f32 = 0.1;

/// A level of a part.
#[derive(Clone, Debug)]
pub struct Level {
    /// What it shows.
    pub content: Content,
    /// Holds it at all times, metres in the world.
    pub bounds: Aabb,
    /// How far it is from the finest, at rest and at some moments, metres.
    pub error_metres: f32,
}

/// Makes the tiles of all parts, each from the finest to the coarsest.
///
/// # Errors
/// When there are too many, or a tile cannot be encoded.
pub fn build_all(soup: &Soup, context: &Context<'_>) -> Result<Vec<Vec<Level>>, BakeError> {
    ContentError::check("the file", "parts that move", soup.moving.len(), limits::MOVERS_MAX)?;
    workers::map(&soup.moving, |index, part| build(index, part, context), &mut |_, _| Ok(()))
}

fn build(index: usize, part: &MovingPart, context: &Context<'_>) -> Result<Vec<Level>, BakeError> {
    let place = format!("moving part {index}");
    ContentError::check(&place, "morph targets", part.targets.len(), limits::MORPH_TARGETS_MAX)?;
    let bytes = part.targets.iter().map(Vec::len).sum::<usize>() * 12;
    ContentError::check(&place, "bytes of morph targets", bytes, limits::MORPH_BYTES_MAX)?;
    ContentError::check(&place, "chunks", encode::chunk_count(&part.mesh), limits::TILE_CHUNKS_MAX)?;
    let bounds = reach(part);
    let farthest = bounds.min.abs().max(bounds.max.abs()).max_element();
    if farthest.is_nan() || farthest > limits::WORLD_RADIUS_METRES {
        let reason = "it moves out of the world, which is 32 km to each side; move or scale it";
        return Err(ContentError::malformed(place, reason).into());
    }
    let moments = Moments::of(part);
    let mut levels = Vec::new();
    let mut mesh = part.mesh.clone();
    let mut error_metres = 0.0_f32;
    while levels.len() < LEVELS_MAX {
        let content = encode::moving_tile(&mesh, part, context)?;
        levels.push(Level { content, bounds, error_metres });
        let is_large = mesh.triangle_count() > LEVEL_TRIANGLES_MIN;
        let Some(fewer) = moments.coarser(&mesh.indices).filter(|_| is_large) else { break };
        error_metres = error_metres.max(moments.error_of(&fewer));
        mesh.indices = fewer;
    }
    Ok(levels)
}

/// What simplifying keeps beside places: how much of an error in metres a difference of 1 is, of a normal and of
/// texture coordinates.
const NORMAL_METRES: f32 = 0.05;
const UV_METRES: f32 = 0.2;

/// A normal, texture coordinates, and the places of some moments.
const ATTRIBUTES: usize = 5 + 3 * MOMENTS;

/// A part at some moments: what lies straight at rest may bend.
struct Moments<'a> {
    part: &'a MovingPart,
    /// Where every vertex is, at rest and then at each.
    places: Vec<Vec<Vec3>>,
    attributes: Vec<[f32; ATTRIBUTES]>,
}

impl<'a> Moments<'a> {
    fn of(part: &'a MovingPart) -> Self {
        let motion = part.motion();
        let period = longest_period(&motion);
        let mut posture = Posture::default();
        let rest: Vec<Vec3> = part.mesh.vertices.iter().map(|vertex| vertex.position).collect();
        let mut places = vec![rest];
        for moment in 0..MOMENTS {
            // Not evenly: a motion may be back at rest at the half of its period.
            let seconds = f64::from(period) * (moment as f64 + 0.37) / MOMENTS as f64;
            posture.set(&motion, seconds);
            places.push(part.placed(&posture));
        }
        let attributes = |(index, vertex): (usize, &Vertex)| {
            let mut numbers = [0.0; ATTRIBUTES];
            let [nx, ny, nz, _] = vertex.normal.map(|byte| f32::from(byte) / 127.0);
            numbers[..5].copy_from_slice(&[nx, ny, nz, vertex.uv[0].x, vertex.uv[0].y]);
            for (slot, moment) in numbers[5..].as_chunks_mut::<3>().0.iter_mut().zip(&places[1..]) {
                *slot = moment[index].to_array();
            }
            numbers
        };
        let attributes = part.mesh.vertices.iter().enumerate().map(attributes).collect();
        Self { part, places, attributes }
    }

    /// A quarter of the triangles, of the same vertices; `None` where that is not to be had.
    fn coarser(&self, indices: &[u32]) -> Option<Vec<u32>> {
        let mesh = &self.part.mesh;
        let mut by_group: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for triangle in indices.as_chunks::<3>().0 {
            let group = mesh.vertices[triangle[0] as usize].group;
            by_group.entry(group).or_default().extend(triangle);
        }
        let mut weights = [1.0; ATTRIBUTES];
        weights[..3].fill(NORMAL_METRES);
        weights[3..5].fill(UV_METRES);
        let locks: &[meshopt::SimplifyVertex] = &vec![meshopt::SimplifyVertex::empty(); mesh.vertices.len()];
        let reduce = |own: &Vec<u32>| {
            meshopt::simplify_with_attributes_and_locks(
                own,
                &mesh.adapter(),
                self.attributes.as_flattened(),
                &weights,
                size_of::<[f32; ATTRIBUTES]>(),
                locks,
                own.len() / 3 / LEVEL_DIVISOR * 3,
                f32::MAX,
                // Machines are many small parts, with seams everywhere: what that costs is measured.
                meshopt::SimplifyOptions::Permissive | meshopt::SimplifyOptions::Prune,
                None,
            )
        };
        let fewer: Vec<u32> = by_group.values().flat_map(reduce).collect();
        let is_worth_it = !fewer.is_empty() && fewer.len() * 4 <= indices.len() * 3;
        is_worth_it.then_some(fewer)
    }

    /// How far the triangles are from all of the part's at rest and at the moments, and those from them, metres.
    fn error_of(&self, indices: &[u32]) -> f32 {
        let corners = |indices: &[u32], places: &[Vec3]| -> Vec<[Vec3; 3]> {
            indices.as_chunks::<3>().0.iter().map(|t| t.map(|index| places[index as usize])).collect()
        };
        let mut worst = 0.0;
        for places in &self.places {
            let (whole, left) = (corners(&self.part.mesh.indices, places), corners(indices, places));
            for (surface, others) in [(Surface::new(&left), &whole), (Surface::new(&whole), &left)] {
                for triangle in others {
                    let far = triangle.map(|corner| surface.distance_squared(corner, worst * worst).sqrt());
                    worst = far.into_iter().fold(worst, f32::max);
                    worst = surface.farthest(*triangle, f32::INFINITY, worst);
                }
            }
        }
        worst
    }
}

/// Holds the part at all times.
fn reach(part: &MovingPart) -> Aabb {
    let motion = part.motion();
    let period = longest_period(&motion);
    let mut posture = Posture::default();
    let looks = (0..LOOKS).map(|look| f64::from(period) * f64::from(look) / f64::from(LOOKS));
    let seen = looks.map(|seconds| posture.set(&motion, seconds)).fold(Aabb::EMPTY, Aabb::union);
    let slack = seen.half_extent() * SLACK;
    Aabb { min: seen.min - slack, max: seen.max + slack }
}

fn longest_period(motion: &Motion) -> f32 {
    motion.tracks.iter().map(|track| track.period_seconds).fold(0.0, f32::max)
}
