//! Triangles in the world, before and while they are cut into tiles.

use std::collections::BTreeMap;

use bytemuck::{Pod, Zeroable};
use glam::{Vec2, Vec3};

use super::mark::Mark;
use super::moving::MovingPart;
use crate::math::{Aabb, Pose};
use crate::scene::entity::{Entity, Record};

/// A vertex with everything that a tile keeps of it. Vertices are equal when their bytes are.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Vertex {
    /// Metres in the world; never −0.
    pub position: Vec3,
    /// Unit normal as snorm; the fourth is [`OF_MARK`] where the vertex is part of a point or a line, else 0.
    pub normal: [i8; 4],
    /// Unit tangent as snorm and its sign as ±127; zeros where the material has no normal map.
    pub tangent: [i8; 4],
    /// Texture coordinates after the material's own transforms; never −0.
    pub uv: [Vec2; 2],
    /// Linear RGBA as unorm.
    pub color: [u8; 4],
    /// Into [`Soup::groups`].
    pub group: u32,
}

/// See [`Vertex::normal`].
pub const OF_MARK: i8 = 1;

impl Vertex {
    /// Whether it is part of a point or a line, of which nothing can be simplified away.
    pub fn is_of_mark(&self) -> bool {
        self.normal[3] == OF_MARK
    }
}

/// What keeps triangles apart: they are drawn, picked and simplified as one only within a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Into the shelf's materials.
    pub material: u32,
    /// Into [`Soup::entities`].
    pub entity: Option<u32>,
}

/// The smallest and largest texture coordinate of a material.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UvBox {
    /// The smallest.
    pub min: Vec2,
    /// The largest.
    pub max: Vec2,
}

impl UvBox {
    /// Holds nothing.
    pub const EMPTY: Self = Self { min: Vec2::INFINITY, max: Vec2::NEG_INFINITY };

    /// Grown to hold `uv`.
    pub fn with(self, uv: Vec2) -> Self {
        Self { min: self.min.min(uv), max: self.max.max(uv) }
    }

    /// Around both.
    pub fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }

    /// Width and height; 0 for an empty box.
    pub fn size(self) -> Vec2 {
        (self.max - self.min).max(Vec2::ZERO)
    }
}

/// Vertices and triangles.
#[derive(Clone, Debug, Default)]
pub struct Mesh {
    /// Distinct.
    pub vertices: Vec<Vertex>,
    /// Three a triangle; the three vertices of one are of the same group.
    pub indices: Vec<u32>,
}

impl Mesh {
    /// How many triangles.
    pub fn triangle_count(&self) -> usize {
        self.indices.len() / 3
    }

    /// Adds the vertices and triangles of another.
    pub fn append(&mut self, other: &Self) {
        let first = self.vertices.len() as u32;
        self.vertices.extend(&other.vertices);
        self.indices.extend(other.indices.iter().map(|index| first + index));
    }

    /// Only the vertices that `indices` (into this mesh) use, in the order of their first use.
    pub fn compacted(&self, indices: &[u32]) -> Self {
        let (order, indices) = order_of_use(self.vertices.len(), indices);
        let vertices = order.iter().map(|&vertex| self.vertices[vertex as usize]).collect();
        Self { vertices, indices }
    }

    /// The same where it stands.
    pub fn placed(&self, pose: Pose) -> Self {
        let turn = |[x, y, z, w]: [i8; 4]| {
            let turned = pose.orientation * Vec3::new(x.into(), y.into(), z.into());
            let [x, y, z] = turned.to_array().map(|x| x.round() as i8);
            [x, y, z, w]
        };
        let place = |vertex: &Vertex| Vertex {
            position: pose.position + pose.orientation * vertex.position + Vec3::ZERO,
            normal: turn(vertex.normal),
            tangent: turn(vertex.tangent),
            ..*vertex
        };
        Self { vertices: self.vertices.iter().map(place).collect(), indices: self.indices.clone() }
    }

    /// The same triangles with equal vertices joined and collapsed triangles left out.
    pub fn welded(self) -> Self {
        let (count, remap) = meshopt::generate_vertex_remap(&self.vertices, Some(&self.indices));
        let vertices = meshopt::remap_vertex_buffer(&self.vertices, count, &remap);
        let mut indices = self.indices;
        drop(self.vertices);
        indices.iter_mut().for_each(|index| *index = remap[*index as usize]);
        let position = |index: u32| vertices[index as usize].position;
        let (triangles, _) = indices.as_chunks::<3>();
        let kept = triangles.iter().filter(|&&[a, b, c]| {
            let (a, b, c) = (position(a), position(b), position(c));
            a != b && b != c && c != a
        });
        let indices = kept.flatten().copied().collect::<Vec<_>>();
        Self { vertices, indices }
    }

    /// Around the vertices that triangles use.
    pub fn bounds(&self) -> Aabb {
        Aabb::around(self.indices.iter().map(|&index| self.vertices[index as usize].position))
    }

    /// The bytes as meshopt reads them: positions at the start of each vertex.
    pub fn adapter(&self) -> meshopt::VertexDataAdapter<'_> {
        adapter(&self.vertices)
    }
}

/// The vertices that `indices` use, in the order of their first use, and the indices into those.
pub fn order_of_use(vertex_count: usize, indices: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut place = vec![u32::MAX; vertex_count];
    let mut order = Vec::new();
    let indices = indices.iter().map(|&index| {
        let slot = &mut place[index as usize];
        if *slot == u32::MAX {
            *slot = order.len() as u32;
            order.push(index);
        }
        *slot
    });
    let indices = indices.collect();
    (order, indices)
}

/// The bytes as meshopt reads them: positions at the start of each vertex.
pub fn adapter(vertices: &[Vertex]) -> meshopt::VertexDataAdapter<'_> {
    let bytes = bytemuck::cast_slice(vertices);
    #[expect(clippy::expect_used, reason = "the bytes are a whole number of vertices by construction")]
    meshopt::VertexDataAdapter::new(bytes, size_of::<Vertex>(), 0).expect("a slice of vertices")
}

/// Something to take in the hand.
#[derive(Clone, Debug)]
pub struct LooseThing {
    /// World from thing.
    pub home: Pose,
    /// How heavy it is.
    pub mass_kilograms: f32,
    /// Welded; in its own space.
    pub mesh: Mesh,
    /// Into [`Soup::entities`].
    pub entity: Option<u32>,
}

/// A part of the scene that stands there several times.
#[derive(Clone, Debug)]
pub struct Repeated {
    /// Welded; in its own space.
    pub mesh: Mesh,
    /// The world from its space, for each place where it stands.
    pub poses: Vec<Pose>,
}

/// The whole twin as one mesh, and what is not part of that.
#[derive(Clone, Debug, Default)]
pub struct Soup {
    /// Welded.
    pub mesh: Mesh,
    /// Points and lines.
    pub marks: Vec<Mark>,
    /// What is not part of it, because it can be taken away.
    pub things: Vec<LooseThing>,
    /// What is not part of it, because it moves by itself.
    pub moving: Vec<MovingPart>,
    /// What is not part of it, because it stands there several times.
    pub repeated: Vec<Repeated>,
    /// What the vertices belong to.
    pub groups: Vec<Group>,
    /// For every group the one that shows it from afar.
    pub far_groups: Vec<u32>,
    /// For every material its group without an entity.
    pub plain_groups: Vec<u32>,
    /// Sorted by id.
    pub entities: Vec<Entity>,
    /// What is known of them, in that order.
    pub records: Vec<Record>,
    /// One for each of the catalog's drafts.
    pub uv_boxes: Vec<UvBox>,
    /// Triangles in the source, each instance counted.
    pub source_triangle_count: u64,
    /// What was left out, by name.
    pub skipped: BTreeMap<String, u32>,
}

impl Soup {
    /// Counts what is left out.
    pub fn skip(&mut self, what: &str, count: usize) {
        if count > 0 {
            *self.skipped.entry(what.to_owned()).or_default() += count as u32;
        }
    }
}
