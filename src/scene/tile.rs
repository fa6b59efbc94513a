//! A tile's GLB → [`TileMesh`]: the narrow profile of glTF that crosses the wire.
//!
//! One GLB, all its data in the binary chunk, every buffer view compressed with
//! EXT_meshopt_compression; no URI but those of images, which are hashes and are never opened. All
//! primitives share one set of vertices in the layouts listed at [`Columns`], every mesh node has the
//! same transform, which takes the grid to the world, and each primitive is a chunk. What moves by itself has one
//! skin in that transform's place, and its bones and their animations beside ([`motion`]). Everything else
//! is refused, although it may be good glTF: the less a headset can read, the less can be done to it.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use glam::{Affine3A, Vec3};
use gltf::json::accessor;

use super::gltf::Resolve;
use super::gltf::buffer::{self, View};
use super::gltf::graph::{self, Placement};
use super::gltf::schema::{self, Root};
use super::gltf::{container, material, node, prescan};
use super::mesh::{Attributes, Batch, Chunk, Position, TileMesh, octahedral_from_unit};
use super::pack::{chunk_bounds, in_batch_order};
use super::{ContentError, ContentHash, EntityIndex, MaterialId, TileId, Tileset, limits, occluder};

mod motion;
#[cfg(test)]
pub(crate) mod tests;

/// Bit 0 of [`Position::material_and_sign`].
const RIGHT_HANDED: u16 = 1;
/// A vertex that no triangle has used yet.
const NO_MATERIAL: u16 = u16::MAX;

/// Decodes the tile `tile` of `tileset`.
///
/// # Errors
/// When it is not of the profile, refers to what the tileset does not have, or is larger than
/// [`limits`] allow.
pub fn decode(glb: &[u8], tileset: &Tileset, tile: TileId) -> Result<TileMesh, ContentError> {
    ContentError::check("tile", "bytes", glb.len(), limits::BLOB_BYTES_MAX)?;
    let container = container::split(glb)?;
    if !container.is_binary
        || container.bin.is_none()
        || container.unknown_chunks > 0
        || container.trailing_bytes > 0
    {
        return Err(ContentError::malformed("tile", "it is not a GLB of one JSON and one binary chunk"));
    }
    let ceilings =
        prescan::Ceilings { bytes: limits::TILE_JSON_BYTES_MAX, entries: limits::TILE_ARRAY_LEN_MAX };
    let text = prescan::normalized(container.json, &ceilings)?;
    let root = schema::parse(&text)?;
    let moves = tileset.moves(tile);
    check_profile(&root, moves)?;
    let placements = graph::scene_nodes(&root)?;
    let buffers = buffer::load(&root, &container, &mut Nothing)?;
    let views = buffer::views(&root, &buffers, limits::BLOB_BYTES_MAX)?;
    let reader = Reader { root: &root, views: &views, tileset };

    let (parts, skeleton) = match moves {
        true => reader.moving_parts(&placements).map(|(parts, skeleton)| (parts, Some(skeleton)))?,
        false => (reader.parts(&placements)?, None),
    };
    let columns = reader.columns(&parts)?;
    let (mut positions, mut attributes) = columns.vertices();
    let (indices, chunks) = reader.chunks(&parts, &mut positions)?;
    reader.idle(&positions, &mut attributes);
    let (indices, chunks) = in_batch_order(&indices, chunks);
    let vertices = (positions.as_slice(), attributes.as_slice());
    let moving = skeleton.map(|skeleton| reader.moving(skeleton, &parts, vertices)).transpose()?;
    let moving = moving.map(Box::new);
    let (world_from_grid, occluders) = match &moving {
        Some(moving) => (moving.motion.world_from_grid_at_rest(), Vec::new()),
        None => {
            let occluders = occluder::of(&positions, &indices, &chunks, &parts.world_from_grid);
            (parts.world_from_grid, occluders)
        }
    };
    Ok(TileMesh { world_from_grid, positions, attributes, indices, chunks, occluders, moving })
}

/// Nothing on the wire is opened.
struct Nothing;

impl Resolve for Nothing {
    fn buffer(&mut self, _uri: &str) -> Result<Vec<u8>, ContentError> {
        Err(ContentError::malformed("tile", "it refers to bytes outside of itself"))
    }

    fn image(&mut self, _uri: &str) -> Result<Option<Vec<u8>>, ContentError> {
        Err(ContentError::malformed("tile", "it refers to bytes outside of itself"))
    }
}

/// What can be refused before any data is looked at.
fn check_profile(root: &Root, moves: bool) -> Result<(), ContentError> {
    for name in root.extensions_used.iter().chain(&root.extensions_required) {
        if !schema::is_understood(name) && name != "PAVILION_texture_blobs" {
            return Err(ContentError::unsupported("tile", format!("the extension {name}")));
        }
    }
    for (i, buffer) in root.buffers.iter().enumerate() {
        if buffer.uri.is_some() {
            return Err(ContentError::malformed(
                format!("/buffers/{i}/uri"),
                "a tile's data is in its binary chunk",
            ));
        }
    }
    for (i, image) in root.images.iter().enumerate() {
        let stem = image.uri.as_deref().and_then(|uri| uri.strip_suffix(".jpg").or(uri.strip_suffix(".png")));
        let is_hash = stem.is_some_and(|stem| stem.parse::<ContentHash>().is_ok());
        if !is_hash || image.buffer_view.is_some() {
            return Err(ContentError::malformed(
                format!("/images/{i}"),
                "a tile's images are named by their hash",
            ));
        }
    }
    for (i, view) in root.buffer_views.iter().enumerate() {
        if view.extensions.meshopt.is_none() {
            return Err(ContentError::malformed(format!("/bufferViews/{i}"), "a tile's data is compressed"));
        }
    }
    let mut primitives = root.meshes.iter().flat_map(|mesh| &mesh.primitives);
    if primitives.any(|primitive| primitive.extensions.draco.is_some()) {
        return Err(ContentError::malformed("tile", "its meshes are compressed in a way that tiles are not"));
    }
    let is_still = root.animations.is_empty() && root.skins.is_empty();
    if !(moves || is_still) || !root.cameras.is_empty() || root.scenes.len() > 1 {
        return Err(ContentError::malformed("tile", "it has more than meshes and their materials"));
    }
    Ok(())
}

/// The primitives with what their nodes say.
struct Parts<'a> {
    /// Whether a skin says where they are.
    moves: bool,
    world_from_grid: Affine3A,
    primitives: Vec<(&'a schema::Primitive, Option<EntityIndex>)>,
}

struct Reader<'a> {
    root: &'a Root,
    views: &'a [View<'a>],
    tileset: &'a Tileset,
}

impl<'a> Reader<'a> {
    fn parts(&self, placements: &[Placement]) -> Result<Parts<'a>, ContentError> {
        let mut worlds: Vec<Affine3A> = Vec::with_capacity(placements.len());
        let mut primitives = Vec::new();
        let mut shared: Option<Affine3A> = None;
        for placement in placements {
            let Some(schema) = self.root.nodes.get(placement.node) else { continue };
            let place = format!("/nodes/{}", placement.node);
            let local = node::local_transform(schema, &place)?.as_affine3a();
            let parent = placement.parent.and_then(|parent| worlds.get(parent)).copied();
            let world = parent.map_or(local, |parent| parent * local);
            worlds.push(world);
            let Some(mesh) = schema.mesh.and_then(|mesh| self.root.meshes.get(mesh)) else { continue };
            if shared.replace(world).is_some_and(|shared| shared != world) {
                return Err(ContentError::malformed(
                    place,
                    "its transform is not that of the tile's other meshes",
                ));
            }
            let entity = self.entity(schema, &place)?;
            primitives.extend(mesh.primitives.iter().map(|primitive| (primitive, entity)));
            ContentError::check("tile", "chunks", primitives.len(), limits::TILE_CHUNKS_MAX)?;
        }
        let Some(world) = shared.filter(|_| !primitives.is_empty()) else {
            return Err(ContentError::malformed("tile", "it has no mesh"));
        };
        Ok(Parts { moves: false, world_from_grid: world_from_grid(world)?, primitives })
    }

    fn entity(&self, node: &schema::Node, place: &str) -> Result<Option<EntityIndex>, ContentError> {
        if node.extras.as_ref().is_none_or(|extras| extras.get("entity").is_none()) {
            return Ok(None);
        }
        let id = node::entity(node);
        let entities = self.tileset.entities();
        let found = id.and_then(|id| entities.binary_search_by(|entity| entity.id.as_str().cmp(&id)).ok());
        match found {
            Some(index) => Ok(Some(EntityIndex(index as u32))),
            None => Err(ContentError::malformed(place, "it names an entity that the tileset does not have")),
        }
    }

    /// The vertices, which all primitives share.
    fn columns(&self, parts: &Parts<'_>) -> Result<Columns<'a>, ContentError> {
        let attributes = parts.primitives.first().map(|(primitive, _)| &primitive.attributes);
        let same = |primitive: &schema::Primitive| Some(&primitive.attributes) == attributes;
        let Some(attributes) = attributes.filter(|_| parts.primitives.iter().all(|(p, _)| same(p))) else {
            return Err(ContentError::malformed("tile", "its primitives do not share their vertices"));
        };
        let (i8s, u8s, u16s) = (accessor::BYTE, accessor::UNSIGNED_BYTE, accessor::UNSIGNED_SHORT);
        let Some(&position) = attributes.get("POSITION") else {
            return Err(ContentError::malformed("tile", "it has no positions"));
        };
        let count = self.root.accessors.get(position).map_or(0, |accessor| accessor.count);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        ContentError::check("tile", "vertices", count, limits::TILE_VERTICES_MAX)?;
        let known = ["POSITION", "NORMAL", "TANGENT", "TEXCOORD_0", "TEXCOORD_1", "COLOR_0"];
        let moving = ["JOINTS_0", "WEIGHTS_0"];
        let is_known = |name: &str| known.contains(&name) || (parts.moves && moving.contains(&name));
        if let Some(unknown) = attributes.keys().find(|name| !is_known(name.as_str())) {
            return Err(ContentError::unsupported("tile", format!("the vertex attribute {unknown:?}")));
        }
        Ok(Columns {
            positions: self.column(attributes, "POSITION", count, u16s, "VEC3")?.unwrap_or_default(),
            normals: self.column(attributes, "NORMAL", count, i8s, "VEC3")?,
            tangents: self.column(attributes, "TANGENT", count, i8s, "VEC4")?,
            uvs: [
                self.column(attributes, "TEXCOORD_0", count, u16s, "VEC2")?,
                self.column(attributes, "TEXCOORD_1", count, u16s, "VEC2")?,
            ],
            colors: self.column(attributes, "COLOR_0", count, u8s, "VEC4")?,
        })
    }

    /// An attribute's bytes, `S` a vertex.
    fn column<const S: usize>(
        &self,
        attributes: &BTreeMap<String, usize>,
        name: &str,
        count: usize,
        component: u32,
        kind: &str,
    ) -> Result<Option<&'a [[u8; S]]>, ContentError> {
        let Some(&index) = attributes.get(name) else { return Ok(None) };
        let elements = self.root.accessors.get(index).and_then(|accessor| {
            let is_right = accessor.component_type == u64::from(component)
                && accessor.kind == kind
                && accessor.normalized != (name == "JOINTS_0")
                && accessor.count == count as u64
                && accessor.byte_offset == 0
                && accessor.sparse.is_none();
            let view = self.views.get(accessor.buffer_view?)?;
            let bytes = view.bytes.as_deref().filter(|_| is_right && view.stride == Some(S))?;
            bytes.as_chunks::<S>().0.get(..count)
        });
        match elements {
            Some(elements) => Ok(Some(elements)),
            None => Err(ContentError::malformed(
                format!("/accessors/{index}"),
                format!("{name} is not laid out as it is in tiles"),
            )),
        }
    }

    /// Every primitive as a chunk, and all their indices; gives each vertex its material.
    fn chunks(
        &self,
        parts: &Parts<'_>,
        positions: &mut [Position],
    ) -> Result<(Vec<u16>, Vec<Chunk>), ContentError> {
        let mut indices = Vec::new();
        let mut chunks = Vec::with_capacity(parts.primitives.len());
        let mut materials = vec![NO_MATERIAL; positions.len()];
        for (number, (primitive, entity)) in parts.primitives.iter().enumerate() {
            let refuse = |reason: &str| ContentError::malformed(format!("chunk {number}"), reason);
            let (material, batch) =
                self.material(primitive).ok_or_else(|| refuse("it has no material of the tileset"))?;
            let bytes = self
                .index_bytes(primitive)
                .ok_or_else(|| refuse("its indices are not laid out as in tiles"))?;
            let first_index = indices.len();
            ContentError::check(
                "tile",
                "indices",
                first_index.saturating_add(bytes.len()),
                limits::TILE_INDICES_MAX,
            )?;
            for &bytes in bytes {
                let index = u16::from_le_bytes(bytes);
                let slot = materials
                    .get_mut(usize::from(index))
                    .ok_or_else(|| refuse("an index of it has no vertex"))?;
                if *slot != material && *slot != NO_MATERIAL {
                    return Err(refuse("a vertex of it belongs to another material"));
                }
                *slot = material;
                indices.push(index);
            }
            let own = indices.get(first_index..).unwrap_or_default();
            let (bounds, cone) = chunk_bounds(positions, own, parts.world_from_grid, batch.double_sided);
            chunks.push(Chunk {
                first_index: first_index as u32,
                index_count: own.len() as u32,
                bounds,
                cone,
                batch,
                entity: *entity,
            });
        }
        for (position, material) in positions.iter_mut().zip(materials) {
            if material != NO_MATERIAL {
                position.material_and_sign |= material << 1;
            }
        }
        Ok((indices, chunks))
    }

    /// Gives texture coordinates to vertices whose material has no texture to read at them.
    fn idle(&self, positions: &[Position], attributes: &mut [Attributes]) {
        let materials = self.tileset.materials().iter();
        let is_idle: Vec<bool> =
            materials.map(|material| material.drawn_textures().iter().all(Option::is_none)).collect();
        for (position, vertex) in positions.iter().zip(attributes) {
            if is_idle.get(usize::from(position.material_and_sign >> 1)) == Some(&true) {
                vertex.uv0 = Attributes::idle_uv(position.grid);
            }
        }
    }

    /// The material's number in the tileset, which fits 15 bits, and how it is drawn.
    fn material(&self, primitive: &schema::Primitive) -> Option<(u16, Batch)> {
        let schema = self.root.materials.get(primitive.material?)?;
        let id = MaterialId(material::bake_index(schema)?);
        let material = self.tileset.materials().get(id.index())?;
        let number = u16::try_from(id.0).ok().filter(|&number| number < NO_MATERIAL >> 1)?;
        Some((number, Batch::of(material, self.tileset.images())))
    }

    fn index_bytes(&self, primitive: &schema::Primitive) -> Option<&'a [[u8; 2]]> {
        let accessor = self.root.accessors.get(primitive.indices?)?;
        let is_right = accessor.component_type == u64::from(accessor::UNSIGNED_SHORT)
            && accessor.kind == "SCALAR"
            && !accessor.normalized
            && accessor.sparse.is_none()
            && primitive.mode == gltf::json::mesh::TRIANGLES
            && accessor.count > 0
            && accessor.count.is_multiple_of(3)
            && accessor.byte_offset.is_multiple_of(2);
        let view = self.views.get(accessor.buffer_view?)?;
        let bytes = view.bytes.as_deref().filter(|_| is_right && view.stride == Some(2))?;
        let start = usize::try_from(accessor.byte_offset / 2).ok()?;
        let end = start.checked_add(usize::try_from(accessor.count).ok()?)?;
        bytes.as_chunks::<2>().0.get(start..end)
    }
}

/// From the grid to the world: positions are fractions of 65 535 in the GLB, and the node's transform
/// takes those to the world.
fn world_from_grid(world: Affine3A) -> Result<Affine3A, ContentError> {
    let scale = Vec3::from(world.matrix3.diagonal());
    let side_max = 2.0 * limits::WORLD_RADIUS_METRES;
    let is_straight = world.matrix3 == glam::Mat3A::from_diagonal(scale);
    let is_in_range = scale.min_element() > 0.0
        && scale.max_element() <= side_max
        && Vec3::from(world.translation).abs().max_element() <= side_max;
    if !is_straight || !is_in_range {
        return Err(ContentError::malformed(
            "tile",
            "its transform is not a positive scale and a shift in the world",
        ));
    }
    Ok(world * Affine3A::from_scale(Vec3::splat(1.0 / 65_535.0)))
}

/// The vertex attributes as they lie in memory, little-endian.
struct Columns<'a> {
    /// Three u16 and two bytes of padding.
    positions: &'a [[u8; 8]],
    /// Three i8 and a byte of padding.
    normals: Option<&'a [[u8; 4]]>,
    /// Four i8.
    tangents: Option<&'a [[u8; 4]]>,
    /// Two u16.
    uvs: [Option<&'a [[u8; 4]]>; 2],
    /// Four u8.
    colors: Option<&'a [[u8; 4]]>,
}

impl Columns<'_> {
    fn vertices(&self) -> (Vec<Position>, Vec<Attributes>) {
        let mut positions: Vec<Position> = self
            .positions
            .iter()
            .map(|&[x0, x1, y0, y1, z0, z1, _, _]| Position {
                grid: [[x0, x1], [y0, y1], [z0, z1]].map(u16::from_le_bytes),
                material_and_sign: RIGHT_HANDED,
            })
            .collect();
        let plain = Attributes { color: [255; 4], ..Attributes::default() };
        let mut attributes = vec![plain; positions.len()];
        for (vertex, &[x, y, z, _]) in attributes.iter_mut().zip(self.normals.unwrap_or_default()) {
            vertex.normal = octahedral([x, y, z]);
        }
        let tangents = self.tangents.unwrap_or_default();
        for ((vertex, position), &[x, y, z, w]) in attributes.iter_mut().zip(&mut positions).zip(tangents) {
            vertex.tangent = octahedral([x, y, z]);
            position.material_and_sign = if (w as i8) < 0 { 0 } else { RIGHT_HANDED };
        }
        let uv = |&[u0, u1, v0, v1]: &[u8; 4]| [[u0, u1], [v0, v1]].map(u16::from_le_bytes);
        let [uvs0, uvs1] = self.uvs.map(Option::unwrap_or_default);
        attributes.iter_mut().zip(uvs0).for_each(|(vertex, bytes)| vertex.uv0 = uv(bytes));
        attributes.iter_mut().zip(uvs1).for_each(|(vertex, bytes)| vertex.uv1 = uv(bytes));
        let colors = self.colors.unwrap_or_default();
        attributes.iter_mut().zip(colors).for_each(|(vertex, &color)| vertex.color = color);
        (positions, attributes)
    }
}

fn octahedral(bytes: [u8; 3]) -> [i8; 2] {
    octahedral_from_unit(Vec3::from(bytes.map(|byte| f32::from(byte as i8))))
}
