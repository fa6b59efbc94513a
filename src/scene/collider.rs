//! A cell's walls, floors and steps as a triangle mesh to walk on and to be stopped by: bytes →
//! [`Collider`].
//!
//! It is not what is seen: bake makes it from the finest tiles, leaves out what nobody bumps into, and
//! keeps it a few centimetres near the truth. Little-endian:
//!
//! ```text
//! magic "PVCO", version u16, vertices u16, triangles u32, origin 3 × f32, step f32, bytes of vertices u32,
//! vertices: EXT_meshopt_compression, 8 bytes each (three u16 in steps from the origin, two of padding),
//! triangles: EXT_meshopt_compression, three vertices each
//! ```
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use glam::{UVec3, Vec3};
use serde::{Deserialize, Serialize};

use super::gltf::meshopt;
use super::{BlobId, ContentError, limits};
use crate::math::{Aabb, Pose};

const MAGIC: [u8; 4] = *b"PVCO";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 32;
const VERTEX_BYTES: usize = 8;

/// A step of the lattice is one of these, metres: finer is wasted on what is only bumped into, and
/// coarser is no ground.
const STEP_METRES: std::ops::RangeInclusive<f32> = 1e-4..=1.0;

/// A piece of the ground, as the tileset lists it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColliderCell {
    /// Holds all of it, metres.
    pub bounds: Aabb,
    /// What [`decode`] reads.
    pub blob: BlobId,
}

/// Triangles that stop whoever walks into them, from either side.
#[derive(Clone, Debug, PartialEq)]
pub struct Collider {
    /// Metres in the world, or in the space of what stands there several times.
    pub vertices: Vec<Vec3>,
    /// Three different vertices each, which do not lie on one line; never empty.
    pub triangles: Vec<[u32; 3]>,
}

impl Collider {
    /// From the space of what stands there several times to where it stands.
    pub fn placed(mut self, pose: Pose) -> Self {
        if pose != Pose::IDENTITY {
            let placed = pose.to_affine();
            self.vertices.iter_mut().for_each(|vertex| *vertex = placed.transform_point3(*vertex));
        }
        self
    }
}

/// The blob's beginning.
struct Header {
    vertices: usize,
    triangles: usize,
    origin: Vec3,
    step: f32,
    vertex_bytes: usize,
}

/// The beginning of a blob whose compressed vertices take `vertex_bytes`.
pub fn header(vertices: u16, triangles: u32, origin: Vec3, step: f32, vertex_bytes: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&vertices.to_le_bytes());
    bytes.extend_from_slice(&triangles.to_le_bytes());
    origin.to_array().iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
    bytes.extend_from_slice(&step.to_le_bytes());
    bytes.extend_from_slice(&vertex_bytes.to_le_bytes());
    bytes
}

/// Decodes a cell. Triangles that are none are left out.
///
/// # Errors
/// When the bytes are not a collider, are more than [`limits`] allow, or hold no triangle.
pub fn decode(bytes: &[u8]) -> Result<Collider, ContentError> {
    ContentError::check("collider", "bytes", bytes.len(), limits::BLOB_BYTES_MAX)?;
    let refuse = |reason: &'static str| ContentError::malformed("collider", reason);
    let (header, body) = parse(bytes).ok_or_else(|| refuse("it does not begin as one"))?;
    ContentError::check("collider", "triangles", header.triangles, limits::COLLIDER_TRIANGLES_MAX)?;
    let is_in_world = header.origin.abs().cmple(Vec3::splat(limits::WORLD_RADIUS_METRES)).all();
    if header.vertices == 0 || header.triangles == 0 || !is_in_world || !STEP_METRES.contains(&header.step) {
        return Err(refuse("its numbers are out of range"));
    }
    let (vertices, triangles) =
        body.split_at_checked(header.vertex_bytes).ok_or_else(|| refuse("it ends early"))?;
    let grid =
        meshopt::vertices(vertices, header.vertices, VERTEX_BYTES, meshopt::Version::V0).map_err(refuse)?;
    let grid: Vec<UVec3> = grid.as_chunks::<VERTEX_BYTES>().0.iter().map(grid_point).collect();
    let mut kept = Vec::with_capacity(header.triangles);
    let mut is_in_range = true;
    let keep = |triangle: [u32; 3]| match triangle.map(|index| grid.get(index as usize)) {
        [Some(a), Some(b), Some(c)] if is_flat(*a, *b, *c) => {}
        [Some(_), Some(_), Some(_)] => kept.push(triangle),
        _ => is_in_range = false,
    };
    meshopt::triangles(triangles, header.triangles * 3, keep).map_err(refuse)?;
    if !is_in_range || kept.is_empty() {
        return Err(refuse("its triangles have no vertices, or no area"));
    }
    let vertices = grid.iter().map(|point| header.origin + point.as_vec3() * header.step).collect();
    Ok(Collider { vertices, triangles: kept })
}

fn parse(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let (head, body) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    let (magic, rest) = head.split_first_chunk::<4>()?;
    let (version, rest) = rest.split_first_chunk::<2>()?;
    let (vertices, rest) = rest.split_first_chunk::<2>()?;
    let (words, _) = rest.as_chunks::<4>();
    let &[triangles, x, y, z, step, vertex_bytes] = words else { return None };
    if *magic != MAGIC || u16::from_le_bytes(*version) != VERSION {
        return None;
    }
    let header = Header {
        vertices: usize::from(u16::from_le_bytes(*vertices)),
        triangles: usize::try_from(u32::from_le_bytes(triangles)).ok()?,
        origin: Vec3::from([x, y, z].map(f32::from_le_bytes)),
        step: f32::from_le_bytes(step),
        vertex_bytes: usize::try_from(u32::from_le_bytes(vertex_bytes)).ok()?,
    };
    Some((header, body))
}

fn grid_point(&[x0, x1, y0, y1, z0, z1, _, _]: &[u8; VERTEX_BYTES]) -> UVec3 {
    UVec3::from([[x0, x1], [y0, y1], [z0, z1]].map(|bytes| u32::from(u16::from_le_bytes(bytes))))
}

/// Whether the corners lie on one line: such a triangle has no side to stand on.
fn is_flat(a: UVec3, b: UVec3, c: UVec3) -> bool {
    let (u, v) = (b.as_i64vec3() - a.as_i64vec3(), c.as_i64vec3() - a.as_i64vec3());
    u.cross(v) == glam::I64Vec3::ZERO
}

/// Checks the tileset's list of cells.
///
/// # Errors
/// When a cell's bounds or blob are out of range.
pub(super) fn check_cells(cells: &[ColliderCell], blob_count: usize) -> Result<(), ContentError> {
    ContentError::check("tileset", "colliders", cells.len(), limits::COLLIDERS_MAX)?;
    for (index, cell) in cells.iter().enumerate() {
        let reach = cell.bounds.min.abs().max(cell.bounds.max.abs()).max_element();
        let is_right = cell.bounds.is_valid() && reach <= limits::WORLD_RADIUS_METRES;
        if !is_right || cell.blob.index() >= blob_count {
            return Err(ContentError::malformed(
                format!("collider {index}"),
                "its bounds or its blob are out of range",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    /// A floor of two triangles, 4 m × 4 m in steps of 2 mm.
    pub(crate) fn floor() -> Vec<u8> {
        let corners: [[u16; 4]; 4] = [[0, 0, 0, 0], [2000, 0, 0, 0], [2000, 0, 2000, 0], [0, 0, 2000, 0]];
        blob(&corners, &[0, 2, 1, 0, 3, 2])
    }

    fn blob(corners: &[[u16; 4]], indices: &[u32]) -> Vec<u8> {
        let vertices = ::meshopt::encode_vertex_buffer_level(corners, 2, Some(0)).unwrap();
        let triangles = ::meshopt::encode_index_buffer(indices, corners.len()).unwrap();
        let counts = (corners.len() as u16, indices.len() as u32 / 3);
        let origin = Vec3::new(-2.0, 0.5, -2.0);
        let mut bytes = header(counts.0, counts.1, origin, 0.002, vertices.len() as u32);
        bytes.extend_from_slice(&vertices);
        bytes.extend_from_slice(&triangles);
        bytes
    }

    #[test]
    fn a_floor_comes_out_where_it_was_put() {
        let collider = decode(&floor()).unwrap();
        assert_eq!(collider.triangles.len(), 2);
        let bounds = Aabb::around(collider.vertices.iter().copied());
        assert!(bounds.min.abs_diff_eq(Vec3::new(-2.0, 0.5, -2.0), 1e-5));
        assert!(bounds.max.abs_diff_eq(Vec3::new(2.0, 0.5, 2.0), 1e-5));
    }

    #[test]
    fn triangles_without_area_are_left_out_and_a_mesh_of_them_is_refused() {
        let corners: [[u16; 4]; 4] = [[0, 0, 0, 0], [10, 0, 0, 0], [20, 0, 0, 0], [0, 0, 9, 0]];
        let collider = decode(&blob(&corners, &[0, 1, 2, 0, 1, 3])).unwrap();
        assert_eq!(collider.triangles.len(), 1);
        assert!(decode(&blob(&corners, &[0, 1, 2])).is_err());
    }

    #[test]
    fn wrong_numbers_are_refused_before_anything_is_allocated() {
        let faults: [(usize, &[u8]); 6] = [
            (0, b"PVCX"),
            (4, &[9, 0]),
            (6, &[0, 0]),
            (8, &u32::MAX.to_le_bytes()),
            (12, &f32::NAN.to_le_bytes()),
            (28, &u32::MAX.to_le_bytes()),
        ];
        for (at, fault) in faults {
            let mut bytes = floor();
            bytes[at..at + fault.len()].copy_from_slice(fault);
            assert!(decode(&bytes).is_err(), "the fault at byte {at} was taken");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(at in 0_usize..200, value: u8, cut in 0_usize..200, noise: Vec<u8>) {
            let mut bytes = floor();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
            bytes.truncate(bytes.len().max(cut + 1) - cut);
            let _ = decode(&bytes);
            let _ = decode(&noise);
        }
    }
}
