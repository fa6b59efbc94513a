//! The vertices and indices of everything that can be drawn, in three big buffers.
//!
//! One position buffer, one attribute buffer and one index buffer serve all draws, so that nothing
//! but offsets changes between them. They double when they are full, up to a ceiling; then tiles are
//! refused until others are retired. The built-in shapes of actors lie before all tiles and stay.

use super::Gpu;
use super::ranges::Ranges;
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

/// The ceiling is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The three buffers and who lies where.
#[derive(Debug)]
pub(super) struct Geometry {
    pub positions: wgpu::Buffer,
    pub attributes: wgpu::Buffer,
    pub indices: wgpu::Buffer,
    vertices: Ranges,
    index_pairs: Ranges,
    shapes: Option<Slot>,
    /// One a tile of the tileset.
    slots: Vec<Option<Slot>>,
}

impl Geometry {
    pub fn new(gpu: &Gpu) -> Self {
        let mut geometry = Self {
            positions: buffer(gpu, "positions", POSITION_BYTES, VERTICES_MIN, VERTICES),
            attributes: buffer(gpu, "attributes", ATTRIBUTE_BYTES, VERTICES_MIN, VERTICES),
            indices: buffer(gpu, "indices", INDEX_PAIR_BYTES, INDEX_PAIRS_MIN, wgpu::BufferUsages::INDEX),
            vertices: Ranges::new(VERTICES_MIN),
            index_pairs: Ranges::new(INDEX_PAIRS_MIN),
            shapes: None,
            slots: Vec::new(),
        };
        geometry.place_shapes();
        geometry.write_shapes(gpu);
        geometry
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
        gpu.queue.write_buffer(&self.positions, 0, bytemuck::cast_slice(&mesh.positions));
        gpu.queue.write_buffer(&self.attributes, 0, bytemuck::cast_slice(&mesh.attributes));
        gpu.queue.write_buffer(&self.indices, 0, bytemuck::cast_slice(&indices));
    }

    /// Forgets every tile and makes room for the names of `tile_count` others.
    pub fn reset(&mut self, tile_count: usize) {
        self.vertices = Ranges::new(self.vertices.capacity());
        self.index_pairs = Ranges::new(self.index_pairs.capacity());
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

    /// Finds room, growing the buffers where there is none.
    pub fn reserve(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        vertex_count: u32,
        index_count: u32,
    ) -> Result<Slot, Full> {
        let pairs = index_count.div_ceil(2);
        let first_vertex = loop {
            if let Some(start) = self.vertices.take(vertex_count) {
                break start;
            }
            self.grow_vertices(gpu, encoder)?;
        };
        let first_index_pair = loop {
            if let Some(start) = self.index_pairs.take(pairs) {
                break start;
            }
            if let Err(full) = self.grow_indices(gpu, encoder) {
                self.vertices.give_back(first_vertex, vertex_count);
                return Err(full);
            }
        };
        Ok(Slot { first_vertex, vertex_count, first_index_pair, index_count })
    }

    fn grow_vertices(&mut self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder) -> Result<(), Full> {
        let capacity = doubled(&self.vertices, VERTICES_MAX)?;
        for (label, unit, old) in [
            ("positions", POSITION_BYTES, &mut self.positions),
            ("attributes", ATTRIBUTE_BYTES, &mut self.attributes),
        ] {
            let new = buffer(gpu, label, unit, capacity, VERTICES);
            encoder.copy_buffer_to_buffer(old, 0, &new, 0, old.size());
            *old = new;
        }
        self.vertices.grow(capacity);
        Ok(())
    }

    fn grow_indices(&mut self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder) -> Result<(), Full> {
        let capacity = doubled(&self.index_pairs, INDEX_PAIRS_MAX)?;
        let new = buffer(gpu, "indices", INDEX_PAIR_BYTES, capacity, wgpu::BufferUsages::INDEX);
        encoder.copy_buffer_to_buffer(&self.indices, 0, &new, 0, self.indices.size());
        self.indices = new;
        self.index_pairs.grow(capacity);
        Ok(())
    }
}

fn doubled(ranges: &Ranges, max: u32) -> Result<u32, Full> {
    let capacity = ranges.capacity();
    if capacity >= max { Err(Full) } else { Ok((capacity * 2).min(max)) }
}

fn buffer(gpu: &Gpu, label: &str, unit: u64, count: u32, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: unit * u64::from(count),
        usage: usage | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    })
}
