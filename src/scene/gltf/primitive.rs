//! Meshes: every primitive as a triangle list over checked vertices.

use std::collections::BTreeMap;
use std::fmt::Arguments;

use glam::{Vec2, Vec3, Vec4};
use gltf::json::mesh;

use super::accessor::{Component, Reader};
use super::buffer::View;
use super::document::{Mesh, Primitive, SourceMaterial, VertexSet};
use super::schema::{self, Root};
use super::skipped::Skipped;
use crate::scene::{ContentError, limits};

/// No coordinate is larger, so that a transform of it stays finite.
const COORDINATE_MAX: f32 = 1e12;

/// The accessors of a vertex set: position, normal, tangent, two texture coordinates, colour.
type Key = [Option<usize>; 6];
const NAMES: [&str; 6] = ["POSITION", "NORMAL", "TANGENT", "TEXCOORD_0", "TEXCOORD_1", "COLOR_0"];

/// All meshes, and the vertices that their primitives share.
///
/// # Errors
/// When vertices cannot be read or are not finite, or when they are more than the limits allow.
pub(super) fn read(
    root: &Root,
    views: &[View<'_>],
    materials: &[SourceMaterial],
    skipped: &mut Skipped,
) -> Result<(Vec<Mesh>, Vec<VertexSet>), ContentError> {
    let mut sets =
        Sets { root, views, sets: Vec::new(), by_key: BTreeMap::new(), zero_normals: Vec::new(), bytes: 0 };
    let mut meshes = Vec::with_capacity(root.meshes.len());
    for (i, mesh) in root.meshes.iter().enumerate() {
        let mut primitives = Vec::with_capacity(mesh.primitives.len());
        for (j, primitive) in mesh.primitives.iter().enumerate() {
            skipped.add("textures without their coordinates", without_coordinates(primitive, materials));
            primitives.extend(sets.primitive(
                primitive,
                skipped,
                format_args!("/meshes/{i}/primitives/{j}"),
            )?);
        }
        meshes.push(Mesh { name: mesh.name.clone(), primitives });
    }
    sets.repair_normals(&meshes);
    Ok((meshes, sets.sets))
}

struct Sets<'a> {
    root: &'a Root,
    views: &'a [View<'a>],
    sets: Vec<VertexSet>,
    by_key: BTreeMap<Key, usize>,
    /// Sets with normals of no length, and which those are.
    zero_normals: Vec<(usize, Vec<usize>)>,
    /// What has been read so far.
    bytes: usize,
}

impl<'a> Sets<'a> {
    /// The primitive, or `None` where it has nothing to draw that is understood.
    fn primitive(
        &mut self,
        primitive: &schema::Primitive,
        skipped: &mut Skipped,
        place: Arguments<'_>,
    ) -> Result<Option<Primitive>, ContentError> {
        name_the_rest(primitive, skipped);
        if let Some(what) = not_a_surface(primitive.mode) {
            skipped.add(what, 1);
            return Ok(None);
        }
        if primitive.mode > mesh::TRIANGLE_FAN {
            return Err(ContentError::malformed(place.to_string(), "glTF knows no such mode"));
        }
        if !primitive.attributes.contains_key("POSITION") {
            skipped.add("primitives without positions", 1);
            return Ok(None);
        }
        let key = NAMES.map(|name| primitive.attributes.get(name).copied());
        let vertices = match self.by_key.get(&key) {
            Some(&known) => known,
            None => self.add(key, skipped, place)?,
        };
        let vertex_count = self.sets.get(vertices).map_or(0, |set| set.positions.len());
        let corners = match primitive.indices {
            Some(accessor) => self.reader(accessor)?.indices()?,
            None => (0..vertex_count as u32).collect(),
        };
        if corners.iter().any(|&corner| corner as usize >= vertex_count) {
            skipped.add("primitives with an index that has no vertex", 1);
            return Ok(None);
        }
        let indices = triangles(corners, primitive.mode, skipped);
        if indices.is_empty() {
            skipped.add("primitives without a triangle", 1);
            return Ok(None);
        }
        Ok(Some(Primitive { material: primitive.material, vertices, indices }))
    }

    /// Opens an accessor, and counts what reading it takes.
    fn reader(&mut self, accessor: usize) -> Result<Reader<'a>, ContentError> {
        let reader = Reader::of(self.root, self.views, accessor)?;
        self.bytes = self.bytes.saturating_add(reader.decoded_bytes());
        ContentError::check("/accessors", "bytes of geometry", self.bytes, limits::SOURCE_BYTES_MAX)?;
        Ok(reader)
    }

    fn add(&mut self, key: Key, skipped: &mut Skipped, place: Arguments<'_>) -> Result<usize, ContentError> {
        let [position, normal, tangent, uv0, uv1, color] = key;
        let positions = match position {
            Some(position) => self.vectors::<3>(position, Role::Position)?,
            None => Vec::new(),
        };
        let positions: Vec<Vec3> = positions.into_iter().map(Vec3::from).collect();
        if positions.iter().any(|p| p.abs().max_element() > COORDINATE_MAX) {
            return Err(ContentError::malformed(place.to_string(), "a position is out of range"));
        }
        let mut zero_normals = Vec::new();
        let normals = self
            .optional::<3>(normal, Role::Direction)?
            .map(|normals| unit_normals(normals, &mut zero_normals));
        let tangents = self.optional::<4>(tangent, Role::Direction)?.and_then(|tangents| {
            let units = unit_tangents(tangents);
            skipped.add("tangents of no length or without a sign", u32::from(units.is_none()));
            units
        });
        let set = VertexSet {
            normals,
            tangents,
            uvs: [
                self.optional::<2>(uv0, Role::Texture)?.map(|uvs| uvs.into_iter().map(Vec2::from).collect()),
                self.optional::<2>(uv1, Role::Texture)?.map(|uvs| uvs.into_iter().map(Vec2::from).collect()),
            ],
            colors: match color {
                Some(color) => Some(self.colors(color, skipped)?),
                None => None,
            },
            positions,
        };
        let count = set.positions.len();
        let [uvs0, uvs1] = &set.uvs;
        let counts = [
            set.normals.as_ref().map(Vec::len),
            set.tangents.as_ref().map(Vec::len),
            uvs0.as_ref().map(Vec::len),
            uvs1.as_ref().map(Vec::len),
            set.colors.as_ref().map(Vec::len),
        ];
        if counts.into_iter().flatten().any(|other| other != count) {
            return Err(ContentError::malformed(place.to_string(), "its attributes differ in their number"));
        }
        let index = self.sets.len();
        self.sets.push(set);
        self.by_key.insert(key, index);
        if !zero_normals.is_empty() {
            skipped.add("normals of no length", zero_normals.len() as u32);
            self.zero_normals.push((index, zero_normals));
        }
        Ok(index)
    }

    fn optional<const N: usize>(
        &mut self,
        accessor: Option<usize>,
        role: Role,
    ) -> Result<Option<Vec<[f32; N]>>, ContentError> {
        accessor.map(|accessor| self.vectors::<N>(accessor, role)).transpose()
    }

    /// Vectors that are finite, of a component type that KHR_mesh_quantization allows for the role.
    fn vectors<const N: usize>(
        &mut self,
        accessor: usize,
        role: Role,
    ) -> Result<Vec<[f32; N]>, ContentError> {
        let reader = self.reader(accessor)?;
        let place = format!("/accessors/{accessor}");
        let kinds = ["", "SCALAR", "VEC2", "VEC3", "VEC4"];
        let (component, normalized) = (reader.component, reader.is_normalized());
        if kinds.get(N) != Some(&reader.kind()) || !role.takes(component, normalized) {
            return Err(ContentError::malformed(place, "its type is not one that its attribute may have"));
        }
        let vectors = reader.floats::<N>()?;
        if vectors.iter().flatten().any(|x| !x.is_finite()) {
            return Err(ContentError::malformed(place, "a number in it is not finite"));
        }
        Ok(vectors)
    }

    fn colors(&mut self, accessor: usize, skipped: &mut Skipped) -> Result<Vec<Vec4>, ContentError> {
        let is_rgb = self.root.accessors.get(accessor).is_some_and(|accessor| accessor.kind == "VEC3");
        let colors: Vec<Vec4> = if is_rgb {
            self.vectors::<3>(accessor, Role::Color)?
                .into_iter()
                .map(|rgb| Vec3::from(rgb).extend(1.0))
                .collect()
        } else {
            self.vectors::<4>(accessor, Role::Color)?.into_iter().map(Vec4::from).collect()
        };
        let in_range = |color: &Vec4| color.min_element() >= 0.0 && color.max_element() <= 1.0;
        skipped.add("colours out of range", colors.iter().filter(|color| !in_range(color)).count() as u32);
        Ok(colors.into_iter().map(|color| color.clamp(Vec4::ZERO, Vec4::ONE)).collect())
    }

    /// Gives vertices without a normal that of the triangles around them.
    fn repair_normals(&mut self, meshes: &[Mesh]) {
        for (index, zeros) in std::mem::take(&mut self.zero_normals) {
            let Some(set) = self.sets.get_mut(index) else { continue };
            let mut sums = vec![Vec3::ZERO; set.positions.len()];
            for primitive in meshes.iter().flat_map(|mesh| &mesh.primitives).filter(|p| p.vertices == index) {
                for &corners in primitive.indices.as_chunks::<3>().0 {
                    let [a, b, c] =
                        corners.map(|corner| set.positions.get(corner as usize).copied().unwrap_or_default());
                    // Twice the area long, so that large triangles count for more.
                    let normal = (b - a).cross(c - a);
                    for corner in corners {
                        if let Some(sum) = sums.get_mut(corner as usize) {
                            *sum += normal;
                        }
                    }
                }
            }
            let Some(normals) = &mut set.normals else { continue };
            for vertex in zeros {
                if let (Some(normal), Some(sum)) = (normals.get_mut(vertex), sums.get(vertex)) {
                    *normal = sum.normalize_or(Vec3::Y);
                }
            }
        }
    }
}

/// What an attribute is for decides which component types it may have.
#[derive(Clone, Copy)]
enum Role {
    Position,
    Direction,
    Texture,
    Color,
}

impl Role {
    fn takes(self, component: Component, normalized: bool) -> bool {
        use Component::{F32, I8, I16, U8, U16, U32};
        match (self, component) {
            (_, U32) => false,
            (_, F32) => !normalized,
            (Self::Position | Self::Texture, _) => true,
            (Self::Direction, I8 | I16) | (Self::Color, U8 | U16) => normalized,
            _ => false,
        }
    }
}

/// Counts what the primitive has beyond what is read.
fn name_the_rest(primitive: &schema::Primitive, skipped: &mut Skipped) {
    skipped.add_extensions(&primitive.extensions);
    skipped.add("morph targets", primitive.targets.len() as u32);
    for name in primitive.attributes.keys().filter(|name| !NAMES.contains(&name.as_str())) {
        skipped.add(name, 1);
    }
}

/// How many textures of the primitive's material are on coordinates that it does not have; one texel
/// of each is seen.
fn without_coordinates(primitive: &schema::Primitive, materials: &[SourceMaterial]) -> u32 {
    let material = primitive.material.and_then(|material| materials.get(material));
    let uses = |uv_set: usize| {
        material
            .iter()
            .flat_map(|material| material.textures.iter().flatten())
            .filter(move |t| t.uv_set == uv_set)
    };
    let count =
        |name: &str, uv_set| if primitive.attributes.contains_key(name) { 0 } else { uses(uv_set).count() };
    (count("TEXCOORD_0", 0) + count("TEXCOORD_1", 1)) as u32
}

fn not_a_surface(mode: u32) -> Option<&'static str> {
    match mode {
        mesh::POINTS => Some("points"),
        mesh::LINES | mesh::LINE_LOOP | mesh::LINE_STRIP => Some("lines"),
        _ => None,
    }
}

/// Strips and fans as lists; corners that make no whole triangle are counted, triangles with two
/// equal corners, which cover nothing, are not.
fn triangles(corners: Vec<u32>, mode: u32, skipped: &mut Skipped) -> Vec<u32> {
    let covers = |&[a, b, c]: &[u32; 3]| a != b && b != c && c != a;
    match mode {
        mesh::TRIANGLE_STRIP => {
            let turn = |(i, window): (usize, &[u32])| match *window {
                [a, b, c] if i % 2 == 0 => Some([a, b, c]),
                [a, b, c] => Some([a, c, b]),
                _ => None,
            };
            corners.windows(3).enumerate().filter_map(turn).filter(covers).flatten().collect()
        }
        mesh::TRIANGLE_FAN => {
            let Some((&hub, rim)) = corners.split_first() else { return Vec::new() };
            let turn = |window: &[u32]| match *window {
                [b, c] => Some([b, c, hub]),
                _ => None,
            };
            rim.windows(2).filter_map(turn).filter(covers).flatten().collect()
        }
        _ => {
            let (list, rest) = corners.as_chunks::<3>();
            skipped.add("corners of incomplete triangles", rest.len() as u32);
            list.iter().copied().filter(covers).flatten().collect()
        }
    }
}

fn unit_normals(normals: Vec<[f32; 3]>, zeros: &mut Vec<usize>) -> Vec<Vec3> {
    let unit = |(vertex, normal): (usize, [f32; 3])| {
        Vec3::from(normal).try_normalize().unwrap_or_else(|| {
            zeros.push(vertex);
            Vec3::Y
        })
    };
    normals.into_iter().enumerate().map(unit).collect()
}

/// `None` when one has no direction or no sign: then all are computed anew where they are needed.
fn unit_tangents(tangents: Vec<[f32; 4]>) -> Option<Vec<Vec4>> {
    let unit = |tangent: [f32; 4]| {
        let tangent = Vec4::from(tangent);
        let sign = if tangent.w.abs() > 0.5 { tangent.w.signum() } else { return None };
        Some(tangent.truncate().try_normalize()?.extend(sign))
    };
    tangents.into_iter().map(unit).collect()
}
