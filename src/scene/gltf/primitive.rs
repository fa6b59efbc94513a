//! Meshes: every primitive as a list of triangles, lines or points over checked vertices.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Arguments;

use glam::{Vec2, Vec3, Vec4};
use gltf::json::mesh;

use super::accessor::{Component, Reader};
use super::buffer::View;
use super::document::{Marks, Mesh, MorphTarget, Primitive, SourceMaterial, VertexSet};
use super::schema::{self, Root};
use super::skipped::Skipped;
use super::{metadata, morph, skin, splat};
use crate::scene::{ContentError, limits};

/// No coordinate is larger, so that a transform of it stays finite.
const COORDINATE_MAX: f32 = 1e12;

/// How far from 1 the length of a normal may be that is given in floats.
const UNIT_TOLERANCE: f32 = 0.02;

/// The accessors of a vertex set: position, normal, tangent, two texture coordinates, colour; and what joints do
/// with it.
type Key = ([Option<usize>; 6], skin::Key);
const NAMES: [&str; 6] = ["POSITION", "NORMAL", "TANGENT", "TEXCOORD_0", "TEXCOORD_1", "COLOR_0"];

/// All meshes, and what their primitives share.
pub(super) struct Read {
    pub meshes: Vec<Mesh>,
    pub vertex_sets: Vec<VertexSet>,
    pub morphs: Vec<Vec<MorphTarget>>,
}

/// All meshes, and the vertices that their primitives share.
///
/// # Errors
/// When vertices cannot be read or are not finite, or when they are more than the limits allow.
pub(super) fn read(
    root: &Root,
    views: &[View<'_>],
    materials: &[SourceMaterial],
    skipped: &mut Skipped,
) -> Result<Read, ContentError> {
    check_budget(root, views)?;
    let mut sets = Sets::of(root, views);
    let mut meshes = Vec::with_capacity(root.meshes.len());
    for (i, mesh) in root.meshes.iter().enumerate() {
        let mut read = Mesh { name: mesh.name.clone(), primitives: Vec::new(), marks: Vec::new() };
        for (j, primitive) in mesh.primitives.iter().enumerate() {
            skipped.add("textures without their coordinates", without_coordinates(primitive, materials));
            match sets.primitive(primitive, skipped, format_args!("/meshes/{i}/primitives/{j}"))? {
                Some(Shown::Triangles(primitive)) => read.primitives.push(primitive),
                Some(Shown::Marks(marks)) => read.marks.push(marks),
                None => {}
            }
        }
        meshes.push(read);
    }
    sets.repair_normals(&meshes);
    Ok(Read { meshes, vertex_sets: sets.sets, morphs: sets.morphs })
}

/// Errs before anything is read when all of it would be more than is allowed: primitives may read the
/// same bytes again and again.
fn check_budget(root: &Root, views: &[View<'_>]) -> Result<(), ContentError> {
    let mut bytes = 0_usize;
    let (mut keys, mut morphs) = (BTreeSet::new(), BTreeSet::new());
    for primitive in root.meshes.iter().flat_map(|mesh| &mesh.primitives) {
        let key = key(primitive);
        let is_new = keys.insert(key);
        let (vertices, influences) = key;
        let vertices = vertices.into_iter().chain(influences).flatten().filter(|_| is_new);
        let is_new_morph = morphs.insert(morph_key(primitive));
        let targets = primitive.targets.iter().filter(|_| is_new_morph).flat_map(morph::key).flatten();
        let others = targets.chain(splat::accessors(primitive)).chain(primitive.indices);
        for accessor in vertices.chain(others) {
            bytes = bytes.saturating_add(Reader::of(root, views, accessor)?.decoded_bytes());
            ContentError::check("/accessors", "bytes of geometry", bytes, limits::SOURCE_BYTES_MAX)?;
        }
        // What numbers its vertices is made for each primitive, also where they share them.
        let lists =
            usize::from(primitive.indices.is_none()) + usize::from(primitive.extensions.features.is_some());
        if let Some(&any) = primitive.attributes.values().next().filter(|_| lists > 0) {
            let count = Reader::of(root, views, any)?.count;
            bytes = bytes.saturating_add(count.saturating_mul(4 * lists));
            ContentError::check("/meshes", "bytes of geometry", bytes, limits::SOURCE_BYTES_MAX)?;
        }
    }
    Ok(())
}

fn key(primitive: &schema::Primitive) -> Key {
    let of = |name: &str| primitive.attributes.get(name).copied();
    (NAMES.map(of), skin::NAMES.map(of))
}

fn morph_key(primitive: &schema::Primitive) -> Vec<morph::Key> {
    primitive.targets.iter().map(morph::key).collect()
}

/// What is made of a primitive.
enum Shown {
    Triangles(Primitive),
    Marks(Marks),
}

struct Sets<'a> {
    root: &'a Root,
    views: &'a [View<'a>],
    sets: Vec<VertexSet>,
    by_key: BTreeMap<Key, usize>,
    morphs: Vec<Vec<MorphTarget>>,
    by_targets: BTreeMap<Vec<morph::Key>, usize>,
    /// Sets with normals of no length, and which those are.
    zero_normals: Vec<(usize, Vec<usize>)>,
}

impl<'a> Sets<'a> {
    fn of(root: &'a Root, views: &'a [View<'a>]) -> Self {
        let (by_key, by_targets) = (BTreeMap::new(), BTreeMap::new());
        Self {
            root,
            views,
            sets: Vec::new(),
            by_key,
            morphs: Vec::new(),
            by_targets,
            zero_normals: Vec::new(),
        }
    }

    /// The primitive, or `None` where it has nothing to draw that is understood.
    fn primitive(
        &mut self,
        primitive: &schema::Primitive,
        skipped: &mut Skipped,
        place: Arguments<'_>,
    ) -> Result<Option<Shown>, ContentError> {
        name_the_rest(primitive, skipped);
        // Attributes have the same number of elements, and there is at least one.
        let any = primitive.attributes.values().next();
        let vertex_count = any.map_or(Ok(0), |&any| self.reader(any).map(|reader| reader.count))?;
        let corners = match primitive.indices {
            Some(accessor) => self.corners(accessor, vertex_count)?,
            None => (0..vertex_count as u32).collect(),
        };
        if !primitive.attributes.contains_key("POSITION") {
            skipped.add("primitives without positions", 1);
            return Ok(None);
        }
        let key = key(primitive);
        let vertices = match self.by_key.get(&key) {
            Some(&known) => known,
            None => self.add(key, skipped, place)?,
        };
        let material = primitive.material;
        match primitive.mode {
            mesh::TRIANGLES | mesh::TRIANGLE_STRIP | mesh::TRIANGLE_FAN => {
                let indices = triangles(corners, primitive.mode, skipped);
                if indices.is_empty() {
                    skipped.add("primitives without a triangle", 1);
                    return Ok(None);
                }
                let morph = self.morph(primitive)?;
                let features =
                    metadata::features_of(self.root, self.views, primitive, vertex_count, skipped)?;
                Ok(Some(Shown::Triangles(Primitive { material, vertices, indices, morph, features })))
            }
            mesh::POINTS if primitive.extensions.splats.is_some() => {
                Ok(self.splats(primitive, vertices, corners, skipped, place)?.map(Shown::Marks))
            }
            mesh::POINTS | mesh::LINES | mesh::LINE_LOOP | mesh::LINE_STRIP => {
                let ends = ends(corners, primitive.mode, skipped);
                let marks = Marks { material, vertices, ends, disks: None };
                Ok((!marks.ends.is_empty()).then_some(Shown::Marks(marks)))
            }
            _ => {
                skipped.add("primitives of a mode that glTF does not know", 1);
                Ok(None)
            }
        }
    }

    /// Splats that are seen, in vertices of their own: their colours are not those of the others.
    fn splats(
        &mut self,
        primitive: &schema::Primitive,
        vertices: usize,
        corners: Vec<u32>,
        skipped: &mut Skipped,
        place: Arguments<'_>,
    ) -> Result<Option<Marks>, ContentError> {
        let Some(plain) = self.sets.get(vertices) else { return Ok(None) };
        let Some(read) = splat::read(self.root, self.views, primitive, plain, skipped, place)? else {
            return Ok(None);
        };
        let is_seen = |&corner: &u32| read.is_seen.get(corner as usize).copied().unwrap_or_default();
        let ends: Vec<[u32; 2]> = corners.into_iter().filter(is_seen).map(|corner| [corner; 2]).collect();
        if ends.is_empty() {
            return Ok(None);
        }
        let positions = plain.positions.clone();
        self.sets.push(VertexSet { positions, colors: Some(read.colors), ..VertexSet::default() });
        let vertices = self.sets.len().saturating_sub(1);
        Ok(Some(Marks { material: primitive.material, vertices, ends, disks: Some(read.disks) }))
    }

    /// Indices, each below the number of vertices. The largest number of their type, with which other
    /// interfaces begin a strip anew, is one like any other where there is a vertex of that number.
    fn corners(&mut self, accessor: usize, vertex_count: usize) -> Result<Vec<u32>, ContentError> {
        let reader = self.reader(accessor)?;
        let corners = reader.indices()?;
        match corners.iter().find(|&&corner| corner as usize >= vertex_count) {
            Some(corner) => Err(reader.refuse(&format!("index {corner} has no vertex"))),
            None => Ok(corners),
        }
    }

    /// Where the primitive's morph targets are, if it has any.
    fn morph(&mut self, primitive: &schema::Primitive) -> Result<Option<usize>, ContentError> {
        let key = morph_key(primitive);
        if key.iter().flatten().all(Option::is_none) {
            return Ok(None);
        }
        if let Some(&known) = self.by_targets.get(&key) {
            return Ok(Some(known));
        }
        let targets = key.iter().map(|&target| morph::read(self.root, self.views, target));
        self.morphs.push(targets.collect::<Result<_, _>>()?);
        self.by_targets.insert(key, self.morphs.len().saturating_sub(1));
        Ok(self.morphs.len().checked_sub(1))
    }

    /// Whether an accessor is of floats.
    fn is_exact(&self, accessor: Option<usize>) -> Result<bool, ContentError> {
        let Some(accessor) = accessor else { return Ok(false) };
        Ok(self.reader(accessor)?.component == Component::F32)
    }

    fn reader(&self, accessor: usize) -> Result<Reader<'a>, ContentError> {
        Reader::of(self.root, self.views, accessor)
    }

    fn add(&mut self, key: Key, skipped: &mut Skipped, place: Arguments<'_>) -> Result<usize, ContentError> {
        let ([position, normal, tangent, uv0, uv1, color], influences) = key;
        let positions = match position {
            Some(position) => self.vectors::<3>(position)?,
            None => Vec::new(),
        };
        let positions: Vec<Vec3> = positions.into_iter().map(Vec3::from).collect();
        if positions.iter().any(|p| p.abs().max_element() > COORDINATE_MAX) {
            return Err(ContentError::malformed(place.to_string(), "a position is out of range"));
        }
        let mut zero_normals = Vec::new();
        let normals = match self.optional::<3>(normal)? {
            Some(normals) => {
                let is_exact = self.is_exact(normal)?;
                Some(unit_normals(normals, is_exact, &mut zero_normals, place)?)
            }
            None => None,
        };
        let tangents = match self.optional::<4>(tangent)? {
            Some(tangents) => {
                let units = unit_tangents(tangents, self.is_exact(tangent)?, place)?;
                skipped.add("tangents of no length", u32::from(units.is_none()));
                units
            }
            None => None,
        };
        let set = VertexSet {
            normals,
            tangents,
            uvs: [
                self.optional::<2>(uv0)?.map(|uvs| uvs.into_iter().map(Vec2::from).collect()),
                self.optional::<2>(uv1)?.map(|uvs| uvs.into_iter().map(Vec2::from).collect()),
            ],
            colors: match color {
                Some(color) => Some(self.colors(color)?),
                None => None,
            },
            influences: skin::influences_of(self.root, self.views, influences)?,
            positions,
        };
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
    ) -> Result<Option<Vec<[f32; N]>>, ContentError> {
        accessor.map(|accessor| self.vectors::<N>(accessor)).transpose()
    }

    /// Vectors that are finite.
    fn vectors<const N: usize>(&mut self, accessor: usize) -> Result<Vec<[f32; N]>, ContentError> {
        self.reader(accessor)?.floats::<N>()
    }

    fn colors(&mut self, accessor: usize) -> Result<Vec<Vec4>, ContentError> {
        let reader = self.reader(accessor)?;
        let colors: Vec<Vec4> = if reader.kind() == "VEC3" {
            reader.floats::<3>()?.into_iter().map(|rgb| Vec3::from(rgb).extend(1.0)).collect()
        } else {
            reader.floats::<4>()?.into_iter().map(Vec4::from).collect()
        };
        let in_range = |color: &Vec4| color.min_element() >= 0.0 && color.max_element() <= 1.0;
        if colors.iter().all(in_range) {
            return Ok(colors);
        }
        Err(reader.refuse("a colour is out of its range, 0 to 1"))
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

/// Counts what the primitive has beyond what is read.
fn name_the_rest(primitive: &schema::Primitive, skipped: &mut Skipped) {
    skipped.add_extensions(&primitive.extensions.others);
    let is_read = |name: &&String| {
        let is_feature = name.starts_with("_FEATURE_ID_");
        let is_known = NAMES.contains(&name.as_str()) || skin::NAMES.contains(&name.as_str());
        is_known || is_feature || splat::reads(primitive, name)
    };
    for name in primitive.attributes.keys().filter(|name| !is_read(name)) {
        skipped.add(name, 1);
    }
    for name in primitive.targets.iter().flat_map(BTreeMap::keys) {
        if !matches!(name.as_str(), "POSITION" | "NORMAL" | "TANGENT") {
            skipped.add(&format!("morph targets of {name}"), 1);
        }
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

/// Points and lines by their two ends; lines that end where they begin are none.
fn ends(corners: Vec<u32>, mode: u32, skipped: &mut Skipped) -> Vec<[u32; 2]> {
    let is_long = |&[a, b]: &[u32; 2]| a != b;
    let pair = |window: &[u32]| match *window {
        [a, b] => Some([a, b]),
        _ => None,
    };
    match mode {
        mesh::POINTS => corners.into_iter().map(|corner| [corner; 2]).collect(),
        mesh::LINES => {
            let (list, rest) = corners.as_chunks::<2>();
            skipped.add("corners of incomplete lines", rest.len() as u32);
            list.iter().copied().filter(is_long).collect()
        }
        _ => {
            let back =
                (mode == mesh::LINE_LOOP).then(|| corners.last().copied().zip(corners.first().copied()));
            let back = back.flatten().map(|(last, first)| [last, first]);
            corners.windows(2).filter_map(pair).chain(back).filter(is_long).collect()
        }
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

/// Unit vectors. Exporters write zeros for vertices of triangles that have no area: those are noted.
fn unit_normals(
    normals: Vec<[f32; 3]>,
    is_exact: bool,
    zeros: &mut Vec<usize>,
    place: Arguments<'_>,
) -> Result<Vec<Vec3>, ContentError> {
    let unit = |(vertex, normal): (usize, [f32; 3])| {
        let normal = Vec3::from(normal);
        if normal == Vec3::ZERO {
            zeros.push(vertex);
            return Ok(Vec3::Y);
        }
        unit(normal, is_exact).ok_or_else(|| not_unit(vertex, "normal", place))
    };
    normals.into_iter().enumerate().map(unit).collect()
}

/// `None` when one has no direction: then all are computed anew where they are needed.
fn unit_tangents(
    tangents: Vec<[f32; 4]>,
    is_exact: bool,
    place: Arguments<'_>,
) -> Result<Option<Vec<Vec4>>, ContentError> {
    let mut units = Vec::with_capacity(tangents.len());
    let mut is_whole = true;
    for (vertex, tangent) in tangents.into_iter().map(Vec4::from).enumerate() {
        let direction = tangent.truncate();
        if direction == Vec3::ZERO {
            is_whole = false;
            continue;
        }
        let Some(direction) = unit(direction, is_exact) else {
            return Err(not_unit(vertex, "tangent", place));
        };
        if is_exact && tangent.w.abs() != 1.0 || tangent.w == 0.0 {
            let reason = format!("the tangent of vertex {vertex} has the sign {}", tangent.w);
            return Err(ContentError::malformed(place.to_string(), reason));
        }
        units.push(direction.extend(tangent.w.signum()));
    }
    Ok(is_whole.then_some(units))
}

/// The vector with the length that rounding has changed. Quantised vectors are `is_exact` in nothing
/// but their direction: some encoders only use a part of the numbers that there are.
fn unit(vector: Vec3, is_exact: bool) -> Option<Vec3> {
    let is_near = (vector.length() - 1.0).abs() <= UNIT_TOLERANCE;
    vector.try_normalize().filter(|_| is_near || !is_exact)
}

fn not_unit(vertex: usize, what: &str, place: Arguments<'_>) -> ContentError {
    ContentError::malformed(place.to_string(), format!("the {what} of vertex {vertex} is not of unit length"))
}
