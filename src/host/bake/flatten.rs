//! Nodes, instances and accessors → one mesh in the world, in which every vertex knows its group.
//!
//! Mirrored nodes get their winding turned round, missing normals are made flat (as glTF wants), and
//! missing tangents are made where a normal map needs them. Points and lines become [`mark`]s.

use std::borrow::Cow;
use std::collections::BTreeMap;

use glam::{Affine3A, Mat3, Vec2, Vec3, Vec4};

use super::BakeError;
use super::deform;
use super::mark;
use super::material::{Catalog, Plan};
use super::moving::{MovedBy, Movers};
use super::naming::Naming;
use super::playing::Playing;
use super::repeat::{Repeats, Standing};
use super::soup::{Group, LooseThing, Mesh, Repeated, Soup, UvBox, Vertex, order_of_use};
use crate::math::{Aabb, Pose};
use crate::scene::entity::Entity;
use crate::scene::gltf::Document;
use crate::scene::gltf::document::{Mesh as SourceMesh, Node, Primitive, VertexSet};
use crate::scene::material::Wrap;
use crate::scene::{ContentError, limits};

/// A primitive whose texture coordinates span more repetitions than this gets its connected parts
/// shifted one by one; below, shifting it as a whole keeps its parts joined.
const WHOLE_SHIFT_REPEATS_MAX: f32 = 16.0;

/// Makes the soup, and the catalog's drafts on the way.
///
/// # Errors
/// When the scene has nothing to show, or a limit is exceeded.
pub fn flatten(document: &Document, playing: &Playing<'_>, catalog: &mut Catalog) -> Result<Soup, BakeError> {
    let mut soup = Soup::default();
    let naming = Naming::of(document, &mut soup.skipped);
    ContentError::check("the file", "entities", naming.ids().len(), limits::ENTITIES_MAX)?;
    let things = things(document, &naming, &mut soup);
    let repeats = Repeats::find(document, |node| playing.moves(document, node));
    let stand = |poses: &Vec<Pose>| Repeated { mesh: Mesh::default(), poses: poses.clone() };
    soup.repeated = repeats.poses.iter().map(stand).collect();
    let (movers, groups) = (Movers::new(document, playing), BTreeMap::new());
    let mut pass = Pass { document, playing, catalog, naming, things, repeats, movers, groups, soup };
    for index in 0..document.nodes.len() {
        pass.node(index)?;
    }
    pass.finish()
}

/// On the way through all nodes.
struct Pass<'a, 'c> {
    document: &'a Document,
    playing: &'a Playing<'a>,
    catalog: &'c mut Catalog,
    naming: Naming,
    /// For every node the thing to take that it is part of.
    things: Vec<Option<usize>>,
    repeats: Repeats,
    movers: Movers<'a>,
    groups: BTreeMap<Group, u32>,
    soup: Soup,
}

impl<'a> Pass<'a, '_> {
    fn node(&mut self, index: usize) -> Result<(), BakeError> {
        let document = self.document;
        let Some(mesh) = document.nodes[index].mesh.and_then(|mesh| document.meshes.get(mesh)) else {
            return Ok(());
        };
        if self.is_hidden(index) {
            *self.soup.skipped.entry("nodes that are not visible".to_owned()).or_default() += 1;
            return Ok(());
        }
        self.marks(index, mesh)?;
        self.soup.source_triangle_count += triangle_count(mesh);
        if self.repeats.standing(index) == Standing::Again {
            return Ok(());
        }
        mesh.primitives.iter().try_for_each(|primitive| self.primitive(index, primitive))
    }

    /// Whether nobody ever sees it: what is not visible, and no animation that is played changes that.
    fn is_hidden(&self, index: usize) -> bool {
        let nodes = &self.document.nodes;
        let mut ancestry = std::iter::successors(Some(index), |&node| nodes[node].parent);
        !self.playing.moves(self.document, index) && ancestry.any(|node| !nodes[node].is_visible)
    }

    /// Points and lines.
    fn marks(&mut self, index: usize, mesh: &SourceMesh) -> Result<(), BakeError> {
        if self.things[index].is_some() {
            self.soup.skip("points and lines of things to take", mesh.marks.len());
            return Ok(());
        }
        for marks in &mesh.marks {
            let Some(set) = self.document.vertex_sets.get(marks.vertices) else { continue };
            let material = self.catalog.draft_of_marks(marks.material, set.normals.is_some())?;
            let entity = self.naming.of_node(self.document, index);
            let group = self.group(Group { material, entity });
            mark::append(&mut self.soup.marks, &self.document.nodes[index], marks, set, group)?;
        }
        Ok(())
    }

    fn primitive(&mut self, index: usize, primitive: &Primitive) -> Result<(), BakeError> {
        let document = self.document;
        let Some(set) = document.vertex_sets.get(primitive.vertices) else { return Ok(()) };
        let plan = self.catalog.plan_of(primitive.material);
        let moves = self.things[index].is_none() && self.playing.moves(document, index);
        let (shape, node) = self.at_rest(index, primitive, set, moves);
        let part = Part::new(&node, primitive, &shape, plan, index)?;
        let repeats = part.uv_box.size().max_element();
        let material = self.catalog.draft(primitive.material, repeats)?;
        let boxes = &mut self.soup.uv_boxes;
        boxes.resize(boxes.len().max(material as usize + 1), UvBox::EMPTY);
        boxes[material as usize] = boxes[material as usize].union(part.uv_box);
        let named = |corner: u32| self.naming.of_feature(primitive.features.as_ref()?.of(corner as usize)?);
        for (named, part) in part.by_entity(named) {
            let entity = named.or_else(|| self.naming.of_node(document, index));
            let group = self.group(Group { material, entity });
            if moves {
                let morph = primitive.morph.and_then(|morph| document.morphs.get(morph));
                let targets = morph.map(Vec::as_slice).unwrap_or_default();
                let moved_by = MovedBy { influences: set.influences.as_deref(), targets };
                self.movers.add(index, &part, group, moved_by);
            } else {
                append(self.home_of(index), &part, group);
            }
        }
        Ok(())
    }

    /// The vertices as skins and morph targets have them that do not move, and the node that they are given in: at
    /// home of what can be carried or stands there several times.
    fn at_rest(
        &self,
        index: usize,
        primitive: &Primitive,
        set: &'a VertexSet,
        moves: bool,
    ) -> (Cow<'a, VertexSet>, Cow<'a, Node>) {
        let node = &self.document.nodes[index];
        let shape = match moves && self.playing.is_morphing(index) {
            true => Cow::Borrowed(set),
            false => deform::morphed(self.document, node, primitive.morph, set),
        };
        if moves {
            return (shape, Cow::Owned(self.movers.at_rest(index)));
        }
        let (shape, node) = match node.skin.and_then(|skin| self.document.skins.get(skin)) {
            // What a skin holds is in the world, wherever its node is.
            Some(skin) => (
                Cow::Owned(deform::skinned(self.document, skin, &shape)),
                Cow::Owned(Node { world_from_node: Affine3A::IDENTITY, ..node.clone() }),
            ),
            None => (shape, Cow::Borrowed(node)),
        };
        let home = match (self.repeats.standing(index), self.things[index]) {
            (Standing::First(part), _) => self.repeats.poses[part].first().copied(),
            (_, thing) => thing.map(|thing| self.soup.things[thing].home),
        };
        match home {
            Some(home) => (shape, Cow::Owned(within(&node, home))),
            None => (shape, node),
        }
    }

    /// Where the triangles of a node go that does not move.
    fn home_of(&mut self, index: usize) -> &mut Mesh {
        match (self.repeats.standing(index), self.things[index]) {
            (Standing::First(part), _) => &mut self.soup.repeated[part].mesh,
            (_, Some(thing)) => &mut self.soup.things[thing].mesh,
            (_, None) => &mut self.soup.mesh,
        }
    }

    fn group(&mut self, group: Group) -> u32 {
        let next = self.groups.len() as u32;
        *self.groups.entry(group).or_insert(next)
    }

    fn finish(self) -> Result<Soup, BakeError> {
        let Self { mut soup, groups, naming, movers, .. } = self;
        soup.groups = vec![Group { material: 0, entity: None }; groups.len()];
        for (group, index) in groups {
            soup.groups[index as usize] = group;
        }
        let own = std::iter::once(&mut soup.mesh).chain(soup.things.iter_mut().map(|thing| &mut thing.mesh));
        let meshes = own.chain(soup.repeated.iter_mut().map(|part| &mut part.mesh));
        meshes.for_each(|mesh| *mesh = std::mem::take(mesh).welded());
        soup.marks = mark::measure(std::mem::take(&mut soup.marks));
        soup.things.retain(|thing| !thing.mesh.indices.is_empty());
        soup.repeated.retain(|part| !part.mesh.indices.is_empty());
        soup.moving = movers.finish();
        let is_empty = soup.mesh.indices.is_empty() && soup.repeated.is_empty();
        if is_empty && soup.moving.is_empty() && soup.marks.is_empty() {
            return Err(BakeError::Empty);
        }
        keep_visible_entities(&mut soup, &naming);
        Ok(soup)
    }
}

/// Lists the things to take in the hand; for every node the one that it is part of.
fn things(document: &Document, naming: &Naming, soup: &mut Soup) -> Vec<Option<usize>> {
    let mut thing_of: Vec<Option<usize>> = Vec::with_capacity(document.nodes.len());
    for (index, node) in document.nodes.iter().enumerate() {
        let inherited = node.parent.and_then(|parent| thing_of.get(parent).copied().flatten());
        let own = node.prop.filter(|_| inherited.is_none()).map(|extras| {
            let (_, orientation, position) = node.world_from_node.to_scale_rotation_translation();
            let entity = naming.of_node(document, index);
            soup.things.push(LooseThing {
                home: Pose { position, orientation: orientation.normalize() },
                mass_kilograms: extras.mass_kilograms,
                mesh: Mesh::default(),
                entity,
            });
            soup.things.len() - 1
        });
        thing_of.push(inherited.or(own));
    }
    thing_of
}

fn triangle_count(mesh: &SourceMesh) -> u64 {
    mesh.primitives.iter().map(|primitive| primitive.indices.len() as u64 / 3).sum()
}

/// The node as seen from a thing that is at `home`.
fn within(node: &Node, home: Pose) -> Node {
    Node { world_from_node: home.to_affine().inverse() * node.world_from_node, ..node.clone() }
}

/// A primitive in the world.
pub(super) struct Part {
    pub vertices: Vec<Vertex>,
    /// For each the one of the source that it is of.
    pub corners: Vec<u32>,
    pub indices: Vec<u32>,
    uv_box: UvBox,
}

impl Part {
    fn new(
        node: &Node,
        primitive: &Primitive,
        set: &VertexSet,
        plan: &Plan,
        node_index: usize,
    ) -> Result<Self, ContentError> {
        let matrix = Mat3::from(node.world_from_node.matrix3);
        let is_mirrored = matrix.determinant() < 0.0;
        let makes_tangents = plan.normal_stream.is_some() && set.tangents.is_none();
        // Corners that share a vertex may need different normals or tangents.
        let is_split = set.normals.is_none() || makes_tangents;
        let (corners, mut indices): (Vec<u32>, Vec<u32>) = if is_split {
            (primitive.indices.clone(), (0..primitive.indices.len() as u32).collect())
        } else {
            ((0..set.positions.len() as u32).collect(), primitive.indices.clone())
        };
        let streams = shifted_uvs(primitive, set, plan);
        let positions: Vec<Vec3> = corners.iter().map(|&c| set.positions[c as usize]).collect();
        let normals = match &set.normals {
            Some(normals) => corners.iter().map(|&c| normals[c as usize]).collect(),
            None => flat_normals(&positions),
        };
        let tangents: Option<Vec<Vec4>> = match (&set.tangents, plan.normal_stream) {
            (Some(tangents), Some(_)) => Some(corners.iter().map(|&c| tangents[c as usize]).collect()),
            (None, Some(stream)) => {
                let uvs: Vec<Vec2> = corners.iter().map(|&c| streams[stream][c as usize]).collect();
                Some(tangents_for(&positions, &normals, &uvs))
            }
            (_, None) => None,
        };
        let sign = if is_mirrored { -1.0 } else { 1.0 };
        let normal_matrix = deform::cofactors(matrix) * sign;
        let mut vertices = Vec::with_capacity(corners.len());
        for (local, &corner) in corners.iter().enumerate() {
            let position = node.world_from_node.transform_point3(positions[local]);
            // A NaN is out of the world too: `max_element` may lose it.
            if !position.abs().cmple(Vec3::splat(limits::WORLD_RADIUS_METRES)).all() {
                let place = node.name.clone().unwrap_or_else(|| format!("/nodes/{node_index}"));
                let reason = "it reaches out of the world, which is 32 km to each side; move or scale it";
                return Err(ContentError::malformed(place, reason));
            }
            let normal = (normal_matrix * normals[local]).normalize_or(Vec3::Y);
            let tangent = tangents.as_ref().map_or([0; 4], |tangents| {
                let direction =
                    (matrix * tangents[local].truncate()).normalize_or(normal.any_orthonormal_vector());
                snorm(direction, tangents[local].w * sign)
            });
            let color = set.colors.as_ref().map_or(Vec4::ONE, |colors| colors[corner as usize]);
            let uv = std::array::from_fn(|s| streams.get(s).map_or(Vec2::ZERO, |uvs| uvs[corner as usize]));
            vertices.push(Vertex {
                position: position + Vec3::ZERO,
                normal: snorm(normal, 0.0),
                tangent,
                uv,
                color: color.to_array().map(|x| (x.clamp(0.0, 1.0) * 255.0).round() as u8),
                group: 0,
            });
        }
        if is_mirrored {
            indices.as_chunks_mut::<3>().0.iter_mut().for_each(|[_, b, c]| std::mem::swap(b, c));
        }
        let used = indices.iter().map(|&index| &vertices[index as usize]);
        let uv_box = used.fold(UvBox::EMPTY, |uv_box, vertex| {
            vertex.uv.iter().take(streams.len()).fold(uv_box, |uv_box, &uv| uv_box.with(uv))
        });
        Ok(Self { vertices, corners, indices, uv_box })
    }
}

impl Part {
    /// Its triangles by what their first corners' source vertices are of; all in one where they are of nothing.
    fn by_entity(self, entity: impl Fn(u32) -> Option<u32>) -> Vec<(Option<u32>, Self)> {
        let (triangles, _) = self.indices.as_chunks::<3>();
        let mut by_entity: BTreeMap<Option<u32>, Vec<u32>> = BTreeMap::new();
        for triangle in triangles {
            by_entity.entry(entity(self.corners[triangle[0] as usize])).or_default().extend(triangle);
        }
        if by_entity.len() <= 1 {
            let only = by_entity.into_keys().next().flatten();
            return vec![(only, self)];
        }
        let piece = |(entity, indices): (Option<u32>, Vec<u32>)| {
            let (order, indices) = order_of_use(self.vertices.len(), &indices);
            let vertices = order.iter().map(|&vertex| self.vertices[vertex as usize]).collect();
            let corners = order.iter().map(|&vertex| self.corners[vertex as usize]).collect();
            (entity, Self { vertices, corners, indices, uv_box: self.uv_box })
        };
        by_entity.into_iter().map(piece).collect()
    }
}

/// The texture coordinates of every vertex of `set`, one list a stream, moved by whole repetitions
/// towards the origin where the texture repeats.
fn shifted_uvs(primitive: &Primitive, set: &VertexSet, plan: &Plan) -> Vec<Vec<Vec2>> {
    let period = match plan.wrap() {
        Wrap::Repeat => 1.0,
        Wrap::Mirror => 2.0,
        Wrap::Clamp => 0.0,
    };
    let stream_of = |source: &super::material::UvSource| {
        let Some(uvs) = &set.uvs[source.set] else { return vec![Vec2::ZERO; set.positions.len()] };
        let mut uvs: Vec<Vec2> = uvs.iter().map(|&uv| source.apply(uv) + Vec2::ZERO).collect();
        if period > 0.0 {
            shift(&mut uvs, &primitive.indices, period);
        }
        uvs
    };
    plan.streams.iter().map(stream_of).collect()
}

fn shift(uvs: &mut [Vec2], indices: &[u32], period: f32) {
    let whole = indices.iter().fold(UvBox::EMPTY, |uv_box, &index| uv_box.with(uvs[index as usize]));
    let whole_shift = |min: Vec2| (min / period).floor() * period;
    if whole.size().max_element() <= WHOLE_SHIFT_REPEATS_MAX {
        let shift = whole_shift(whole.min);
        uvs.iter_mut().for_each(|uv| *uv -= shift);
        return;
    }
    let parts = connected_parts(uvs.len(), indices);
    let mut min = vec![Vec2::INFINITY; uvs.len()];
    for &index in indices {
        let part = parts[index as usize] as usize;
        min[part] = min[part].min(uvs[index as usize]);
    }
    for (uv, &part) in uvs.iter_mut().zip(&parts) {
        let min = min[part as usize];
        if min.is_finite() {
            *uv -= whole_shift(min);
        }
    }
}

/// For every vertex the smallest vertex that triangles connect it with.
pub(super) fn connected_parts(vertex_count: usize, indices: &[u32]) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..vertex_count as u32).collect();
    fn root(parent: &mut [u32], mut vertex: u32) -> u32 {
        while parent[vertex as usize] != vertex {
            parent[vertex as usize] = parent[parent[vertex as usize] as usize];
            vertex = parent[vertex as usize];
        }
        vertex
    }
    for &[a, b, c] in indices.as_chunks::<3>().0 {
        for (from, to) in [(a, b), (b, c)] {
            let (from, to) = (root(&mut parent, from), root(&mut parent, to));
            parent[from.max(to) as usize] = from.min(to);
        }
    }
    (0..vertex_count as u32).map(|vertex| root(&mut parent, vertex)).collect()
}

/// One normal a corner, straight up from its triangle.
fn flat_normals(corners: &[Vec3]) -> Vec<Vec3> {
    let (triangles, _) = corners.as_chunks::<3>();
    triangles.iter().flat_map(|&[a, b, c]| [(b - a).cross(c - a).normalize_or(Vec3::Y); 3]).collect()
}

/// One tangent a corner, as MikkTSpace makes them. A normal map's green points against v.
fn tangents_for(positions: &[Vec3], normals: &[Vec3], uvs: &[Vec2]) -> Vec<Vec4> {
    let positions: Vec<[f32; 3]> = positions.iter().map(Vec3::to_array).collect();
    let normals: Vec<[f32; 3]> = normals.iter().map(Vec3::to_array).collect();
    let uvs: Vec<[f32; 2]> = uvs.iter().map(|uv| [uv.x, -uv.y]).collect();
    let options = meshopt::TangentOptions::Compatible;
    let tangents = meshopt::generate_tangents(None, &positions, &normals, &uvs, options);
    tangents.into_iter().map(Vec4::from).collect()
}

fn snorm(direction: Vec3, sign: f32) -> [i8; 4] {
    let byte = |x: f32| (x.clamp(-1.0, 1.0) * 127.0).round() as i8;
    [byte(direction.x), byte(direction.y), byte(direction.z), byte(sign)]
}

fn append(mesh: &mut Mesh, part: &Part, group: u32) {
    let first = mesh.vertices.len() as u32;
    mesh.vertices.extend(part.vertices.iter().map(|&vertex| Vertex { group, ..vertex }));
    mesh.indices.extend(part.indices.iter().map(|index| first + index));
}

/// Lists the entities that are seen, with their bounds.
fn keep_visible_entities(soup: &mut Soup, naming: &Naming) {
    let mut bounds = vec![Aabb::EMPTY; naming.ids().len()];
    let mut grow = |mesh: &Mesh, pose: Pose| {
        let to_world = pose.to_affine();
        for vertex in mesh.indices.iter().map(|&index| &mesh.vertices[index as usize]) {
            if let Some(entity) = soup.groups[vertex.group as usize].entity {
                let bounds = &mut bounds[entity as usize];
                *bounds = bounds.with(to_world.transform_point3(vertex.position));
            }
        }
    };
    grow(&soup.mesh, Pose::IDENTITY);
    soup.things.iter().for_each(|thing| grow(&thing.mesh, thing.home));
    soup.moving.iter().for_each(|part| grow(&part.mesh, Pose::IDENTITY));
    for part in &soup.repeated {
        part.poses.iter().for_each(|&pose| grow(&part.mesh, pose));
    }
    for mark in &soup.marks {
        if let Some(entity) = soup.groups[mark.group as usize].entity {
            let bounds = &mut bounds[entity as usize];
            *bounds = mark.ends.into_iter().fold(*bounds, Aabb::with);
        }
    }
    let mut place = vec![None; naming.ids().len()];
    for (index, (id, &bounds)) in naming.ids().iter().zip(&bounds).enumerate() {
        if !bounds.is_empty() {
            place[index] = Some(soup.entities.len() as u32);
            soup.entities.push(Entity { id: id.clone(), bounds });
            soup.records.push(naming.records()[index].clone());
        }
    }
    for group in &mut soup.groups {
        group.entity = group.entity.and_then(|entity| place[entity as usize]);
    }
    for thing in &mut soup.things {
        thing.entity = thing.entity.and_then(|entity| place[entity as usize]);
    }
}
