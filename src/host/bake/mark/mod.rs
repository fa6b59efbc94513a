//! Points and lines → triangles, because those are what is culled, quantised and drawn, here and in every other viewer.
//!
//! In come the document's [`Marks`]; out goes a tree of tiles beside that of the meshes. A point becomes a square in the
//! plane of its neighbours (or in the one that its normal says) that reaches about half-way to them, or a tetrahedron
//! where it is in no plane; a line becomes a ribbon across its normal, or a prism where it has none: [`measure`] says
//! how large, [`shape`] makes them. Coarser tiles have fewer and larger ones: [`thin`], [`raise`].
//!
//! glTF says nothing of their size, and that without a normal no light falls on them. Nobody walks on them.

mod measure;
mod nearest;
mod raise;
mod shape;
mod thin;

pub use measure::measure;
pub use raise::raise;

use glam::{Mat3, Vec3, Vec4};

use crate::scene::gltf::document::{Marks, Node, VertexSet};
use crate::scene::{ContentError, limits};

/// A line is cut into pieces of this length at most, metres: a tile's lattice is the coarser the larger the tile is.
const PIECE_METRES_MAX: f32 = 32.0;

/// A point or a piece of a line, in the world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Metres; both the same for a point.
    pub ends: [Vec3; 2],
    /// Linear RGBA at each end.
    pub colors: [[u8; 4]; 2],
    /// Straight up from the plane that it lies in; zero where it looks the same from all sides.
    pub normal: Vec3,
    /// From its middle to its sides, metres; 0 until it is [`measure`]d.
    pub half_metres: f32,
    /// How far what it stands for reaches from it at most, metres; 0 where it stands for itself alone.
    pub stray_metres: f32,
    /// Into [`Soup::groups`](super::soup::Soup::groups).
    pub group: u32,
}

impl Mark {
    /// Whether it has no length.
    pub fn is_point(&self) -> bool {
        self.ends[0] == self.ends[1]
    }

    /// Half-way between its ends.
    pub fn middle(&self) -> Vec3 {
        (self.ends[0] + self.ends[1]) * 0.5
    }
}

/// Adds what the node shows of `source`, as parts of `group`.
///
/// # Errors
/// When it reaches out of the world, or there are too many.
pub fn append(
    marks: &mut Vec<Mark>,
    node: &Node,
    source: &Marks,
    set: &VertexSet,
    group: u32,
) -> Result<(), ContentError> {
    let place = || node.name.clone().unwrap_or_else(|| "a node with points or lines".to_owned());
    let check =
        |count: usize| ContentError::check(&place(), "points and pieces of lines", count, limits::MARKS_MAX);
    check(marks.len().saturating_add(source.ends.len()))?;
    let matrix = Mat3::from(node.world_from_node.matrix3);
    // The cofactors turn normals rightly for every matrix.
    let cofactors = Mat3::from_cols(
        matrix.y_axis.cross(matrix.z_axis),
        matrix.z_axis.cross(matrix.x_axis),
        matrix.x_axis.cross(matrix.y_axis),
    );
    // A disk that is pulled long keeps its area.
    let scale = matrix.determinant().abs().cbrt();
    for ends in &source.ends {
        let vertices = ends.map(|vertex| vertex as usize);
        let [a, b] = vertices.map(|vertex| node.world_from_node.transform_point3(set.positions[vertex]));
        if ![a, b].iter().all(|end| end.abs().cmple(Vec3::splat(limits::WORLD_RADIUS_METRES)).all()) {
            let reason = "it reaches out of the world, which is 32 km to each side; move or scale it";
            return Err(ContentError::malformed(place(), reason));
        }
        let color = |vertex: usize| set.colors.as_ref().map_or(Vec4::ONE, |colors| colors[vertex]);
        let [from, to] = vertices.map(color);
        let normals = vertices.map(|vertex| match (&source.disks, &set.normals) {
            (Some(disks), _) => disks[vertex].normal,
            (None, Some(normals)) => normals[vertex],
            (None, None) => Vec3::ZERO,
        });
        let radius = source.disks.as_ref().map_or(0.0, |disks| disks[vertices[0]].radius);
        let normal = (cofactors * (normals[0] + normals[1])).normalize_or_zero();
        let pieces = ((b - a).length() / PIECE_METRES_MAX).ceil().max(1.0) as usize;
        check(marks.len().saturating_add(pieces))?;
        let at = |piece: usize| piece as f32 / pieces as f32;
        marks.extend((0..pieces).map(|piece| Mark {
            ends: [a.lerp(b, at(piece)) + Vec3::ZERO, a.lerp(b, at(piece + 1)) + Vec3::ZERO],
            colors: [unorm(from.lerp(to, at(piece))), unorm(from.lerp(to, at(piece + 1)))],
            normal,
            // The square of the disk's area.
            half_metres: radius * scale * 0.5 * std::f32::consts::PI.sqrt(),
            stray_metres: 0.0,
            group,
        }));
    }
    Ok(())
}

fn unorm(color: Vec4) -> [u8; 4] {
    color.to_array().map(|x| (x.clamp(0.0, 1.0) * 255.0).round() as u8)
}
