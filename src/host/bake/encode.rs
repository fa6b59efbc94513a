//! A mesh → the content of a tile: triangles in chunks in drawing order, vertices in the order of
//! their use, everything quantised, then compressed into a GLB.

use std::collections::BTreeSet;

use glam::{Affine3A, Vec3};

use super::grid::Grid;
use super::moving::MovingPart;
use super::partition::halve;
use super::recall::Recall;
use super::soup::{Group, Mesh, Vertex, adapter, order_of_use};
use super::{BakeError, BakedBlob, Quality, tile_glb};
use crate::math::Aabb;
use crate::scene::entity::Entity;
use crate::scene::material::Material;
use crate::scene::motion::{Delta, Followers, Joint, Motion};
use crate::scene::texture::Image;
use crate::scene::{Batch, ImageId};

/// Triangles of a chunk; halves of something larger have at least half as many.
const CHUNK_TRIANGLES_MAX: usize = 4096;

/// How much worse for the vertex cache an order may be that draws near things first.
const OVERDRAW_THRESHOLD: f32 = 1.05;

/// What all tiles share.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The tileset's materials.
    pub materials: &'a [Material],
    /// The tileset's images.
    pub images: &'a [Image],
    /// The images' bytes.
    pub blobs: &'a [BakedBlob],
    /// The tileset's entities.
    pub entities: &'a [Entity],
    /// What vertices belong to.
    pub groups: &'a [Group],
    /// For every group the one that shows it from afar.
    pub far_groups: &'a [u32],
    /// For every material its group without an entity.
    pub plain_groups: &'a [u32],
    /// How much care is taken.
    pub quality: Quality,
    /// What earlier bakes worked out.
    pub recall: &'a Recall,
}

/// What a tile shows.
#[derive(Clone, Debug)]
pub struct Content {
    /// The GLB.
    pub glb: BakedBlob,
    /// Around its vertices.
    pub bounds: Aabb,
    /// How many triangles.
    pub triangle_count: u32,
    /// Its batches: each is drawn by itself.
    pub draw_count: u32,
    /// The images of its materials, sorted.
    pub images: Vec<ImageId>,
}

/// A range of a tile's indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRange {
    /// Whose.
    pub group: Group,
    /// Into the tile's indices.
    pub first_index: usize,
    /// A multiple of 3.
    pub index_count: usize,
}

/// A tile's vertices and indices, ready to be compressed.
#[derive(Clone, Debug)]
pub struct Streams {
    /// Where its positions are.
    pub grid: Grid,
    /// Grid positions; the fourth is padding.
    pub positions: Vec<[u16; 4]>,
    /// Normals as snorm; the fourth is padding.
    pub normals: Vec<[i8; 4]>,
    /// Tangents as snorm, where a material has a normal map.
    pub tangents: Option<Vec<[i8; 4]>>,
    /// Fractions of the materials' boxes, where a material has a texture that reads them.
    pub uvs: [Option<Vec<[u16; 2]>>; 2],
    /// Linear RGBA as unorm, where not all are white.
    pub colors: Option<Vec<[u8; 4]>>,
    /// Three a triangle.
    pub indices: Vec<u32>,
    /// In the order of their indices.
    pub chunks: Vec<ChunkRange>,
}

/// Encodes all of `mesh`, which has at least one triangle and no vertex that none uses.
///
/// # Errors
/// When the compressor fails.
pub fn tile(mesh: &Mesh, context: &Context<'_>) -> Result<Content, BakeError> {
    let (indices, chunks) = ordered(mesh, context);
    // In the order of first use, which is the order that vertices are fetched in.
    let mesh = mesh.compacted(&indices);
    content(&mesh, &streams(&mesh, chunks, context), None, context)
}

/// Encodes a part that moves, of which `mesh` is a level of detail: its vertices, and some of its triangles or
/// fewer of the same corners.
///
/// # Errors
/// When the compressor fails.
pub fn moving_tile(mesh: &Mesh, part: &MovingPart, context: &Context<'_>) -> Result<Content, BakeError> {
    let (indices, chunks) = ordered(mesh, context);
    let (order, _) = order_of_use(mesh.vertices.len(), &indices);
    let mesh = mesh.compacted(&indices);
    let streams = streams(&mesh, chunks, context);
    let (motion, followers) = motion(part, &order, &streams.grid);
    content(&mesh, &streams, Some((&motion, &followers)), context)
}

/// What a part's vertices do in the order of a tile, and its bones from the tile's grid.
fn motion(part: &MovingPart, order: &[u32], grid: &Grid) -> (Motion, Followers) {
    let rest_from_grid =
        Affine3A::from_translation(grid.origin) * Affine3A::from_scale(Vec3::splat(grid.step()));
    let joint = |hold: &super::moving::Hold| Joint {
        bone: hold.bone,
        bone_from_grid: hold.bone_from_rest * rest_from_grid,
        reach: Aabb::EMPTY,
    };
    // A delta is a fraction of the grid's side.
    let per_metre = 1.0 / (grid.step() * 65_535.0);
    let snorm = |x: f32, max: f32| (x.clamp(-1.0, 1.0) * max).round();
    let delta = |[position, normal]: [Vec3; 2]| {
        let [x, y, z] = (position * per_metre).to_array().map(|x| snorm(x, 32_767.0) as i16);
        let [nx, ny, nz] = normal.to_array().map(|x| snorm(x, 127.0) as i8);
        Delta { position: [x, y, z, 0], normal: [nx, ny, nz, 0] }
    };
    let targets = part.targets.iter();
    let followers = Followers {
        influences: order.iter().map(|&vertex| part.influences[vertex as usize]).collect(),
        targets: targets
            .map(|target| order.iter().map(|&vertex| delta(target[vertex as usize])).collect())
            .collect(),
    };
    let motion = Motion {
        bones: part.bones.clone(),
        joints: part.holds.iter().map(joint).collect(),
        tracks: part.tracks.clone(),
        weights: part.weights.clone(),
    };
    (motion, followers)
}

fn content(
    mesh: &Mesh,
    streams: &Streams,
    moving: Option<(&Motion, &Followers)>,
    context: &Context<'_>,
) -> Result<Content, BakeError> {
    let batches: BTreeSet<Batch> =
        streams.chunks.iter().map(|chunk| batch_of(&chunk.group, context)).collect();
    let materials: BTreeSet<u32> = streams.chunks.iter().map(|chunk| chunk.group.material).collect();
    let slots = materials.iter().flat_map(|&material| context.materials[material as usize].drawn_textures());
    let images: BTreeSet<ImageId> = slots.flatten().map(|slot| slot.image).collect();
    let glb = tile_glb::write(streams, moving, context)?;
    Ok(Content {
        glb: BakedBlob::new("glb", glb),
        bounds: mesh.bounds(),
        triangle_count: mesh.triangle_count() as u32,
        draw_count: batches.len() as u32,
        images: images.into_iter().collect(),
    })
}

/// How many chunks the mesh gets.
pub fn chunk_count(mesh: &Mesh) -> usize {
    let mut groups: Vec<u32> = group_of_triangles(mesh).map(|(group, _)| group).collect();
    groups.sort_unstable();
    let runs = groups.chunk_by(|a, b| a == b);
    // Halving leaves at least half of the ceiling in each chunk.
    runs.map(|run| run.len().div_ceil(CHUNK_TRIANGLES_MAX / 2)).sum()
}

/// Gives every vertex the material that shows it from afar.
pub fn see_from_afar(mesh: &mut Mesh, context: &Context<'_>) {
    for vertex in &mut mesh.vertices {
        if let Some(&far) = context.far_groups.get(vertex.group as usize) {
            vertex.group = far;
        }
    }
}

/// Where there are more groups than `limit`, makes what is left of entities part of the rest.
pub fn forget_entities_above(mesh: &mut Mesh, limit: usize, context: &Context<'_>) {
    let groups: BTreeSet<u32> = mesh.vertices.iter().map(|vertex| vertex.group).collect();
    if groups.len() > limit {
        for vertex in &mut mesh.vertices {
            let material = context.groups[vertex.group as usize].material;
            vertex.group = context.plain_groups[material as usize];
        }
    }
}

fn group_of_triangles(mesh: &Mesh) -> impl Iterator<Item = (u32, [u32; 3])> {
    let triangles = mesh.indices.as_chunks::<3>().0.iter();
    triangles.map(|&triangle| (mesh.vertices[triangle[0] as usize].group, triangle))
}

/// Indices in drawing order, and the chunks that they fall into.
fn ordered(mesh: &Mesh, context: &Context<'_>) -> (Vec<u32>, Vec<ChunkRange>) {
    let mut triangles: Vec<(u32, [u32; 3])> = group_of_triangles(mesh).collect();
    let order: Vec<_> = context.groups.iter().map(|group| (batch_of(group, context), *group)).collect();
    triangles.sort_by_key(|&(group, _)| order[group as usize]);
    let (mut indices, mut chunks) = (Vec::with_capacity(mesh.indices.len()), Vec::new());
    let adapter = adapter(&mesh.vertices);
    for run in triangles.chunk_by(|a, b| a.0 == b.0) {
        let center = |t: u32| {
            let corners = run[t as usize].1.map(|index| mesh.vertices[index as usize].position);
            corners.iter().sum::<glam::Vec3>() / 3.0
        };
        let mut members: Vec<u32> = (0..run.len() as u32).collect();
        let mut open: Vec<&mut [u32]> = vec![&mut members];
        while let Some(piece) = open.pop() {
            if piece.len() > CHUNK_TRIANGLES_MAX {
                let (low, high) = halve(piece, center);
                open.extend([high, low]);
                continue;
            }
            piece.sort_unstable();
            let mut chunk: Vec<u32> = piece.iter().flat_map(|&t| run[t as usize].1).collect();
            meshopt::optimize_vertex_cache_in_place(&mut chunk, mesh.vertices.len());
            if context.quality == Quality::Full {
                meshopt::optimize_overdraw_in_place(&mut chunk, &adapter, OVERDRAW_THRESHOLD);
            }
            let group = context.groups[run[0].0 as usize];
            chunks.push(ChunkRange { group, first_index: indices.len(), index_count: chunk.len() });
            indices.extend(chunk);
        }
    }
    (indices, chunks)
}

/// What the renderer batches by: tiles keep their triangles in this order.
fn batch_of(group: &Group, context: &Context<'_>) -> Batch {
    Batch::of(&context.materials[group.material as usize], context.images)
}

fn streams(mesh: &Mesh, chunks: Vec<ChunkRange>, context: &Context<'_>) -> Streams {
    let grid = Grid::around(mesh.bounds());
    let material_of = |vertex: &Vertex| {
        let group = context.groups[vertex.group as usize];
        &context.materials[group.material as usize]
    };
    let reads = |set: u8| {
        let materials = chunks.iter().map(|chunk| &context.materials[chunk.group.material as usize]);
        let mut slots = materials.flat_map(Material::textures).flatten();
        slots.any(|slot| slot.uv_set == set)
    };
    let uvs = |set: u8| {
        let fraction = |vertex: &Vertex| {
            let material = material_of(vertex);
            std::array::from_fn(|axis| {
                let uv = vertex.uv[usize::from(set)][axis];
                let fraction = (uv - material.uv_offset[axis]) / material.uv_scale[axis];
                (fraction.clamp(0.0, 1.0) * 65_535.0).round() as u16
            })
        };
        reads(set).then(|| mesh.vertices.iter().map(fraction).collect())
    };
    let has_tangents = mesh.vertices.iter().any(|vertex| vertex.tangent != [0; 4]);
    let tangent = |vertex: &Vertex| if vertex.tangent == [0; 4] { [127, 0, 0, 127] } else { vertex.tangent };
    let has_colors = mesh.vertices.iter().any(|vertex| vertex.color != [255; 4]);
    Streams {
        grid,
        positions: mesh
            .vertices
            .iter()
            .map(|v| grid.quantize(v.position))
            .map(|[x, y, z]| [x, y, z, 0])
            .collect(),
        normals: mesh.vertices.iter().map(|vertex| vertex.normal).collect(),
        tangents: has_tangents.then(|| mesh.vertices.iter().map(tangent).collect()),
        uvs: [uvs(0), uvs(1)],
        colors: has_colors.then(|| mesh.vertices.iter().map(|vertex| vertex.color).collect()),
        indices: mesh.indices.clone(),
        chunks,
    }
}
