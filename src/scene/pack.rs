//! Triangles → [`TileMesh`]: the layout that the GPU reads.
//!
//! Vertex sets of floats come in piece by piece; one tile's streams go out. Used for scenes that are
//! made in code; the tiles of a twin arrive packed, and share the chunk's bounds and the order with
//! these through [`chunk_bounds`] and [`in_batch_order`].

use glam::{Affine3A, Mat3A, Vec2, Vec3, Vec4};

use super::gltf::document::VertexSet;
use super::mesh::{Attributes, Batch, Chunk, Position, TileMesh, octahedral_from_unit};
use super::{ContentError, EntityIndex, Material, MaterialId, limits};
use crate::math::{Aabb, Cone, Sphere};

#[cfg(test)]
mod tests;

/// Steps of the grid on each axis.
const GRID_STEPS: f32 = 65_535.0;
/// The least side of a grid, metres: flat things have no thickness, and the scale stays positive.
const SIDE_MIN_METRES: f32 = 1e-3;

/// Triangles of one material that become one chunk.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// Their vertices. Without normals the triangles are flat; without tangents these follow the
    /// texture coordinates of the normal texture, averaged over the triangles at each vertex
    /// (not MikkTSpace: it splits no vertex).
    pub vertices: &'a VertexSet,
    /// Three a triangle.
    pub indices: &'a [u32],
    /// From the vertices to the world. A mirroring one turns the triangles round.
    pub world_from_vertices: Affine3A,
    /// The material's number in the tileset.
    pub material_id: MaterialId,
    /// The material itself.
    pub material: &'a Material,
    /// What the chunk is drawn with: [`Batch::of`] the material.
    pub batch: Batch,
    /// What the chunk is part of.
    pub entity: Option<EntityIndex>,
}

/// A tile in the making.
#[derive(Clone, Debug)]
pub struct Builder {
    origin: Vec3,
    /// Metres a step of the grid.
    step: Vec3,
    mesh: TileMesh,
}

/// A vertex in the world, before it is quantised.
#[derive(Clone, Copy, Debug, Default)]
struct Vertex {
    position: Vec3,
    normal: Vec3,
    tangent: Vec4,
    uvs: [Vec2; 2],
    color: Vec4,
}

impl Builder {
    /// An empty tile. Every vertex must lie in `bounds`.
    pub fn new(bounds: Aabb) -> Self {
        let step = (bounds.max - bounds.min).max(Vec3::splat(SIDE_MIN_METRES)) / GRID_STEPS;
        let mesh = TileMesh {
            moving: None,
            world_from_grid: Affine3A::from_scale_rotation_translation(
                step,
                glam::Quat::IDENTITY,
                bounds.min,
            ),
            positions: Vec::new(),
            attributes: Vec::new(),
            indices: Vec::new(),
            chunks: Vec::new(),
            occluders: Vec::new(),
        };
        Self { origin: bounds.min, step, mesh }
    }

    /// Adds a chunk.
    ///
    /// # Errors
    /// When an index has no vertex, a vertex lies outside of the bounds, or the tile is full. The
    /// tile is then as it was.
    pub fn add(&mut self, piece: &Piece<'_>) -> Result<(), ContentError> {
        let (vertices, mut indices) = in_world(piece)?;
        let first_vertex = self.mesh.positions.len();
        let place = "tile";
        ContentError::check(place, "vertices", first_vertex + vertices.len(), limits::TILE_VERTICES_MAX)?;
        ContentError::check(
            place,
            "indices",
            self.mesh.indices.len() + indices.len(),
            limits::TILE_INDICES_MAX,
        )?;
        ContentError::check(place, "chunks", self.mesh.chunks.len() + 1, limits::TILE_CHUNKS_MAX)?;
        for vertex in &vertices {
            let grid = (vertex.position - self.origin) / self.step;
            if !grid.cmpge(Vec3::splat(-1.0)).all() || !grid.cmple(Vec3::splat(GRID_STEPS + 1.0)).all() {
                self.mesh.positions.truncate(first_vertex);
                self.mesh.attributes.truncate(first_vertex);
                return Err(ContentError::malformed(place, "a vertex lies outside of the bounds"));
            }
            let grid = grid.round().clamp(Vec3::ZERO, Vec3::splat(GRID_STEPS));
            let is_right_handed = vertex.tangent.w >= 0.0;
            let grid = grid.to_array().map(|x| x as u16);
            self.mesh.positions.push(Position::pack(grid, piece.material_id, is_right_handed));
            self.mesh.attributes.push(attributes(vertex, grid, piece.material));
        }
        indices.iter_mut().for_each(|index| *index += first_vertex as u32);
        let first_index = self.mesh.indices.len();
        // Below the ceiling on vertices every index fits 16 bits.
        self.mesh.indices.extend(indices.iter().map(|&index| index as u16));
        let own = &self.mesh.indices[first_index..];
        let (bounds, cone) =
            chunk_bounds(&self.mesh.positions, own, self.mesh.world_from_grid, piece.batch.double_sided);
        self.mesh.chunks.push(Chunk {
            first_index: first_index as u32,
            index_count: indices.len() as u32,
            bounds,
            cone,
            batch: piece.batch,
            entity: piece.entity,
        });
        Ok(())
    }

    /// The tile.
    pub fn finish(self) -> TileMesh {
        let mut mesh = self.mesh;
        (mesh.indices, mesh.chunks) = in_batch_order(&mesh.indices, mesh.chunks);
        mesh
    }
}

/// The vertices that the piece uses, transformed, and indices into them.
fn in_world(piece: &Piece<'_>) -> Result<(Vec<Vertex>, Vec<u32>), ContentError> {
    let set = piece.vertices;
    let matrix = piece.world_from_vertices.matrix3;
    let is_mirrored = matrix.determinant() < 0.0;
    let normal_matrix = matrix.inverse().transpose();
    let whole = piece.indices.len() / 3 * 3;
    if whole != piece.indices.len() || piece.indices.is_empty() {
        return Err(ContentError::malformed("piece", "its indices make no whole triangles"));
    }
    let mut vertices = Vec::new();
    let mut indices = Vec::with_capacity(whole);
    let mut place_of = vec![u32::MAX; set.positions.len()];
    for &corners in piece.indices.as_chunks::<3>().0 {
        let [a, b, c] = corners;
        for corner in if is_mirrored { [a, c, b] } else { [a, b, c] } {
            let Some(place) = place_of.get_mut(corner as usize) else {
                return Err(ContentError::malformed("piece", "an index of it has no vertex"));
            };
            // Flat triangles share no vertices.
            if *place == u32::MAX || set.normals.is_none() {
                *place = vertices.len() as u32;
                vertices.push(vertex(piece, corner as usize, normal_matrix, is_mirrored));
            }
            indices.push(*place);
        }
    }
    if set.normals.is_none() {
        for [a, b, c] in vertices.as_chunks_mut::<3>().0 {
            let normal = (b.position - a.position).cross(c.position - a.position).normalize_or(Vec3::Y);
            [a, b, c].into_iter().for_each(|corner| corner.normal = normal);
        }
    }
    if let Some(slot) = piece.material.normal_texture
        && set.tangents.is_none()
    {
        add_tangents(&mut vertices, &indices, usize::from(slot.uv_set != 0));
    }
    Ok((vertices, indices))
}

fn vertex(piece: &Piece<'_>, index: usize, normal_matrix: Mat3A, is_mirrored: bool) -> Vertex {
    let set = piece.vertices;
    let transform = &piece.world_from_vertices;
    let at = |list: &Option<Vec<Vec2>>| list.as_ref().map_or(Vec2::ZERO, |list| list[index]);
    let tangent = set.tangents.as_ref().map_or(Vec4::W, |tangents| {
        let tangent = tangents[index];
        let direction = transform.transform_vector3(tangent.truncate()).normalize_or_zero();
        direction.extend(if is_mirrored { -tangent.w } else { tangent.w })
    });
    Vertex {
        position: transform.transform_point3(set.positions[index]),
        normal: set
            .normals
            .as_ref()
            .map_or(Vec3::ZERO, |list| (normal_matrix * list[index]).normalize_or(Vec3::Y)),
        tangent,
        uvs: [at(&set.uvs[0]), at(&set.uvs[1])],
        color: set.colors.as_ref().map_or(Vec4::ONE, |list| list[index]),
    }
}

/// Tangents along growing u, each vertex's the sum of its triangles'.
fn add_tangents(vertices: &mut [Vertex], indices: &[u32], uv_set: usize) {
    let mut sums = vec![(Vec3::ZERO, Vec3::ZERO); vertices.len()];
    for &corners in indices.as_chunks::<3>().0 {
        let [a, b, c] = corners.map(|corner| vertices[corner as usize]);
        let (edge_b, edge_c) = (b.position - a.position, c.position - a.position);
        let (uv_b, uv_c) = (b.uvs[uv_set] - a.uvs[uv_set], c.uvs[uv_set] - a.uvs[uv_set]);
        // Multiplied by the area in texture space, so only its sign matters.
        let sign = uv_b.perp_dot(uv_c).signum();
        let along_u = (edge_b * uv_c.y - edge_c * uv_b.y) * sign;
        let along_v = (edge_c * uv_b.x - edge_b * uv_c.x) * sign;
        for corner in corners {
            sums[corner as usize].0 += along_u;
            sums[corner as usize].1 += along_v;
        }
    }
    for (vertex, (along_u, along_v)) in vertices.iter_mut().zip(sums) {
        let normal = vertex.normal;
        let tangent = (along_u - normal * normal.dot(along_u))
            .try_normalize()
            .unwrap_or_else(|| normal.any_orthonormal_vector());
        // glTF's v grows downwards in the image and its bitangent points up.
        let is_right_handed = normal.cross(tangent).dot(along_v) <= 0.0;
        vertex.tangent = tangent.extend(if is_right_handed { 1.0 } else { -1.0 });
    }
}

fn attributes(vertex: &Vertex, grid: [u16; 3], material: &Material) -> Attributes {
    let unorm = |value: f32, max: f32| (value.clamp(0.0, 1.0) * max).round();
    let uv = |uv: Vec2| {
        let (offset, scale) = (Vec2::from(material.uv_offset), Vec2::from(material.uv_scale));
        ((uv - offset) / scale).to_array().map(|x| if x.is_finite() { unorm(x, 65_535.0) as u16 } else { 0 })
    };
    let reads_images = material.drawn_textures().iter().any(Option::is_some);
    Attributes {
        normal: octahedral_from_unit(vertex.normal),
        tangent: octahedral_from_unit(vertex.tangent.truncate()),
        uv0: if reads_images { uv(vertex.uvs[0]) } else { Attributes::idle_uv(grid) },
        uv1: uv(vertex.uvs[1]),
        color: vertex.color.to_array().map(|x| unorm(x, 255.0) as u8),
    }
}

/// A sphere around the vertices that the indices name, metres in the world, and a cone around the normals
/// of their triangles, unless both sides are drawn.
pub(super) fn chunk_bounds(
    positions: &[Position],
    indices: &[u16],
    world_from_grid: Affine3A,
    double_sided: bool,
) -> (Sphere, Cone) {
    let grid = || indices.iter().filter_map(|&index| positions.get(usize::from(index))).map(|p| p.grid);
    let (mut min, mut max) = ([u16::MAX; 3], [0_u16; 3]);
    for corner in grid() {
        for ((low, high), x) in min.iter_mut().zip(&mut max).zip(corner) {
            *low = x.min(*low);
            *high = x.max(*high);
        }
    }
    let point = |grid: [u16; 3]| Vec3::from(grid.map(f32::from));
    let middle = (point(min) + point(max)) * 0.5;
    let step = Vec3::from(world_from_grid.matrix3.diagonal());
    let reach = |corner: [u16; 3]| ((point(corner) - middle) * step).length_squared();
    let radius = grid().map(reach).fold(0.0_f32, f32::max).sqrt();
    let bounds = Sphere { center: world_from_grid.transform_point3(middle), radius };
    if double_sided {
        return (bounds, Cone::ANY);
    }
    let corner = |index: u16| positions.get(usize::from(index)).map_or(Vec3::ZERO, |p| point(p.grid) * step);
    let triangles = indices.as_chunks::<3>().0.iter();
    let normals = triangles.map(|triangle| {
        let [a, b, c] = triangle.map(corner);
        (b - a).cross(c - a)
    });
    (bounds, Cone::around(normals))
}

/// The chunks sorted by batch, otherwise in the order they came, and their indices likewise.
pub(super) fn in_batch_order(indices: &[u16], mut chunks: Vec<Chunk>) -> (Vec<u16>, Vec<Chunk>) {
    chunks.sort_by_key(|chunk| chunk.batch);
    let mut sorted = Vec::with_capacity(indices.len());
    for chunk in &mut chunks {
        let start = chunk.first_index as usize;
        chunk.first_index = sorted.len() as u32;
        sorted.extend_from_slice(indices.get(start..start + chunk.index_count as usize).unwrap_or_default());
    }
    (sorted, chunks)
}
