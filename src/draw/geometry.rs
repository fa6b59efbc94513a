//! The vertices and indices of everything that can be drawn, in three big buffers.
//!
//! One position buffer, one attribute buffer and one index buffer serve all draws, so that nothing
//! but offsets changes between them. They grow as a [`Pool`] does; at its ceiling tiles are
//! refused until others are retired. The built-in shapes of actors lie before all tiles and stay.

use super::Gpu;
use super::batch::Batch;
use super::maker::{Allowance, Maker};
use super::pool::{Pool, Room, Stream};
use crate::cull::Source;
use crate::scene::actor;
use crate::scene::mesh::{Attributes, Position};
use crate::scene::{TileId, limits};

/// 2^18 vertices are 6 MiB: the tiles around a visitor in a small venue.
const VERTICES_MIN: u32 = 1 << 18;
/// 2^23 vertices are 192 MiB, and the attributes alone 128 MiB, half of what wgpu allows a buffer.
const VERTICES_MAX: u32 = 1 << 23;
/// Indices are counted in pairs, because copies have a granularity of four bytes. 4 MiB.
const INDEX_PAIRS_MIN: u32 = 1 << 20;
/// 96 MiB: six indices a vertex.
const INDEX_PAIRS_MAX: u32 = 3 << 23;

pub(super) const POSITION_BYTES: u64 = size_of::<Position>() as u64;
pub(super) const ATTRIBUTE_BYTES: u64 = size_of::<Attributes>() as u64;
pub(super) const INDEX_PAIR_BYTES: u64 = 4;

/// They are read as vertices; what moves by itself is written by shaders before.
const VERTICES: wgpu::BufferUsages = wgpu::BufferUsages::VERTEX.union(wgpu::BufferUsages::STORAGE);

const VERTEX_STREAMS: [Stream; 2] = [
    Stream { label: "positions", element_bytes: POSITION_BYTES, usage: VERTICES },
    Stream { label: "attributes", element_bytes: ATTRIBUTE_BYTES, usage: VERTICES },
];

const INDEX_STREAM: Stream =
    Stream { label: "indices", element_bytes: INDEX_PAIR_BYTES, usage: wgpu::BufferUsages::INDEX };

/// Where a tile lies in the buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub first_vertex: u32,
    pub vertex_count: u32,
    pub first_index_pair: u32,
    pub index_count: u32,
}

impl Slot {
    pub fn first_index(self) -> u32 {
        self.first_index_pair * 2
    }

    fn index_pair_count(self) -> u32 {
        self.index_count.div_ceil(2)
    }
}

/// What becomes of a wish for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is there.
    Slot(Slot),
    /// Larger buffers are on their way: ask again in the next frame.
    Coming,
    /// The ceiling is reached.
    Full,
}

/// The three buffers and who lies where.
#[derive(Debug)]
pub(super) struct Geometry {
    vertices: Pool<2>,
    index_pairs: Pool<1>,
    shapes: Option<Slot>,
    /// One a tile of the tileset.
    slots: Vec<Option<Slot>>,
}

impl Geometry {
    pub fn new(gpu: &Gpu) -> Self {
        let mut geometry = Self {
            vertices: Pool::new(gpu, VERTEX_STREAMS, VERTICES_MIN, VERTICES_MAX),
            index_pairs: Pool::new(gpu, [INDEX_STREAM], INDEX_PAIRS_MIN, INDEX_PAIRS_MAX),
            shapes: None,
            slots: Vec::new(),
        };
        geometry.place_shapes();
        geometry.write_shapes(gpu);
        geometry
    }

    /// The vertices' positions.
    pub fn positions(&self) -> &wgpu::Buffer {
        &self.vertices.buffers()[0]
    }

    /// What else there is of vertices.
    pub fn attributes(&self) -> &wgpu::Buffer {
        &self.vertices.buffers()[1]
    }

    /// The indices.
    pub fn indices(&self) -> &wgpu::Buffer {
        &self.index_pairs.buffers()[0]
    }

    /// The first to take room in empty buffers: always at the beginning.
    fn place_shapes(&mut self) {
        let mesh = &actor::built_in().mesh;
        // A tile's ceilings hold for the shapes too, so that the counts fit.
        let (vertex_count, index_count) = (mesh.positions.len() as u32, mesh.indices.len() as u32);
        self.shapes = self.take(vertex_count, index_count);
    }

    fn write_shapes(&self, gpu: &Gpu) {
        let mesh = &actor::built_in().mesh;
        let mut indices = mesh.indices.clone();
        indices.resize(indices.len().next_multiple_of(2), 0);
        gpu.queue.write_buffer(self.positions(), 0, bytemuck::cast_slice(&mesh.positions));
        gpu.queue.write_buffer(self.attributes(), 0, bytemuck::cast_slice(&mesh.attributes));
        gpu.queue.write_buffer(self.indices(), 0, bytemuck::cast_slice(&indices));
    }

    /// Forgets every tile and makes room for the names of `tile_count` others.
    pub fn reset(&mut self, tile_count: usize) {
        self.vertices.reset();
        self.index_pairs.reset();
        self.place_shapes();
        self.slots.clear();
        self.slots.resize(tile_count.min(limits::TILES_MAX), None);
    }

    /// Where it lies, if it can be drawn.
    pub fn slot(&self, source: Source) -> Option<Slot> {
        match source {
            Source::Tile(tile) => self.slots.get(tile.index()).copied().flatten(),
            Source::Shapes => self.shapes,
        }
    }

    /// Room as the buffers are.
    fn take(&mut self, vertex_count: u32, index_count: u32) -> Option<Slot> {
        let first_vertex = self.vertices.take(vertex_count)?;
        let Some(first_index_pair) = self.index_pairs.take(index_count.div_ceil(2)) else {
            self.vertices.give_back(first_vertex, vertex_count);
            return None;
        };
        Some(Slot { first_vertex, vertex_count, first_index_pair, index_count })
    }

    /// Whether the tileset has this tile.
    pub fn knows(&self, tile: TileId) -> bool {
        tile.index() < self.slots.len()
    }

    /// Makes the tile drawable; its data is where [`Geometry::reserve`] said.
    pub fn publish(&mut self, tile: TileId, slot: Slot) {
        self.retire(tile);
        if let Some(place) = self.slots.get_mut(tile.index()) {
            *place = Some(slot);
        } else {
            self.give_back(slot);
        }
    }

    /// Forgets the tile. Its bytes may be overwritten by the next copy: the queue keeps the order.
    pub fn retire(&mut self, tile: TileId) {
        if let Some(slot) = self.slots.get_mut(tile.index()).and_then(Option::take) {
            self.give_back(slot);
        }
    }

    /// Gives back a place that was not published.
    pub fn give_back(&mut self, slot: Slot) {
        self.vertices.give_back(slot.first_vertex, slot.vertex_count);
        self.index_pairs.give_back(slot.first_index_pair, slot.index_pair_count());
    }

    /// Finds a place. Where there is none, larger buffers are ordered.
    pub fn reserve(&mut self, maker: &Maker, vertex_count: u32, index_count: u32) -> Place {
        let first_vertex = match self.vertices.reserve(maker, vertex_count) {
            Room::At(first) => first,
            Room::Coming => return Place::Coming,
            Room::Full => return Place::Full,
        };
        let without_indices = match self.index_pairs.reserve(maker, index_count.div_ceil(2)) {
            Room::At(first_index_pair) => {
                return Place::Slot(Slot { first_vertex, vertex_count, first_index_pair, index_count });
            }
            Room::Coming => Place::Coming,
            Room::Full => Place::Full,
        };
        self.vertices.give_back(first_vertex, vertex_count);
        without_indices
    }

    /// What its buffers occupy, bytes.
    pub fn held_bytes(&self) -> u64 {
        self.vertices.held_bytes() + self.index_pairs.held_bytes()
    }

    /// Goes on growing: see [`Pool::advance`].
    pub fn advance(&mut self, batch: &mut Batch, allowance: &mut Allowance) {
        self.vertices.advance(batch, allowance);
        self.index_pairs.advance(batch, allowance);
    }

    /// See [`Pool::settle`].
    pub fn settle(&mut self) {
        self.vertices.settle();
        self.index_pairs.settle();
    }
}
