//! Panels that hang in the world: the triangles of a laid-out picture, drawn in the eyes' own pass.
//!
//! A picture goes to the GPU when it changes; from then on a frame only says where it hangs. In: what
//! `egui` tessellated. Architecture invariant: it knows no widgets, and not what a panel is for.

mod pipeline;
mod textures;

use epaint::textures::TexturesDelta;
use epaint::{ClippedPrimitive, Primitive, TextureId};
use glam::{Affine3A, Vec4};

use super::Gpu;
use super::bindings::Bindings;
use super::eye_pass::Recorded;
pub(crate) use pipeline::PanelInstance;
use pipeline::Pipeline;
#[cfg(test)]
pub(crate) use pipeline::SHADER;
use textures::Textures;

/// How many panels can hang at once.
pub const PANELS_MAX: usize = 4;

/// Pieces of a picture with a clip rectangle or a texture of their own; further ones are left out.
const PIECES_MAX: usize = 64;

/// Corners of a picture's triangles, and the triangles' indices; a picture with more is left out.
const VERTICES_MAX: usize = 1 << 17;
const INDICES_MAX: usize = 3 * VERTICES_MAX;

/// What the first buffers hold.
const VERTICES_MIN: usize = 1 << 12;
const INDICES_MIN: usize = 1 << 13;

/// What is on a panel.
#[derive(Clone, Copy)]
pub struct PanelPicture<'a> {
    /// Triangles in points from the top left corner, back to front.
    pub primitives: &'a [ClippedPrimitive],
    /// Images that changed since the panel was painted last.
    pub textures: &'a TexturesDelta,
}

/// All panels on the GPU.
#[derive(Debug)]
pub(super) struct Panels {
    pipeline: Pipeline,
    slots: [Slot; PANELS_MAX],
    instances: wgpu::Buffer,
    /// What is to be in `instances`, and what is.
    wanted: Vec<PanelInstance>,
    written: Vec<PanelInstance>,
}

#[derive(Debug)]
struct Slot {
    vertices: wgpu::Buffer,
    indices: wgpu::Buffer,
    pieces: Vec<Piece>,
    textures: Textures,
    world_from_points: Option<Affine3A>,
}

/// One draw.
#[derive(Clone, Copy, Debug)]
struct Piece {
    texture: TextureId,
    first_index: u32,
    index_count: u32,
    first_vertex: i32,
    clip_rectangle: Vec4,
}

impl Panels {
    pub fn new(gpu: &Gpu, bindings: Bindings, samples: u32) -> Self {
        let slot = || Slot {
            vertices: vertex_buffer(gpu, VERTICES_MIN),
            indices: index_buffer(gpu, INDICES_MIN),
            pieces: Vec::with_capacity(PIECES_MAX),
            textures: Textures::default(),
            world_from_points: None,
        };
        let most = PANELS_MAX * PIECES_MAX;
        Self {
            pipeline: Pipeline::new(gpu, bindings, samples),
            slots: [(); PANELS_MAX].map(|()| slot()),
            instances: gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("panels"),
                size: (most * size_of::<PanelInstance>()) as u64,
                usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            wanted: Vec::with_capacity(most),
            written: Vec::with_capacity(most),
        }
    }

    /// Puts another picture on the panel. What of it does not fit is left out with a word in the log.
    pub fn paint(&mut self, gpu: &Gpu, panel: usize, picture: &PanelPicture<'_>) {
        let Some(slot) = self.slots.get_mut(panel) else { return };
        slot.textures.set(gpu, &self.pipeline, picture.textures);
        slot.take(gpu, picture.primitives);
        slot.textures.free(picture.textures);
    }

    /// Hangs the panel there, or takes it down.
    pub fn place(&mut self, panel: usize, world_from_points: Option<Affine3A>) {
        if let Some(slot) = self.slots.get_mut(panel) {
            slot.world_from_points = world_from_points;
        }
    }

    /// Writes where the panels hang, where that changed.
    pub fn prepare(&mut self, gpu: &Gpu) {
        self.wanted.clear();
        for slot in &self.slots {
            if let Some(place) = slot.world_from_points {
                self.wanted.extend(slot.pieces.iter().map(|piece| PanelInstance::new(place, piece)));
            }
        }
        if self.wanted != self.written {
            gpu.queue.write_buffer(&self.instances, 0, bytemuck::cast_slice(&self.wanted));
            self.written.clone_from(&self.wanted);
        }
    }

    /// Draws them, a later one over an earlier one, with the frame at this offset.
    pub fn record(&self, pass: &mut wgpu::RenderPass<'_>, frame_offset: u32) -> Recorded {
        let mut recorded = Recorded::default();
        if self.written.is_empty() {
            return recorded;
        }
        pass.set_pipeline(&self.pipeline.pipeline);
        pass.set_vertex_buffer(1, self.instances.slice(..));
        let mut instance = 0;
        for slot in self.slots.iter().filter(|slot| slot.world_from_points.is_some()) {
            pass.set_vertex_buffer(0, slot.vertices.slice(..));
            pass.set_index_buffer(slot.indices.slice(..), wgpu::IndexFormat::Uint32);
            for piece in &slot.pieces {
                let this = instance;
                instance += 1;
                let Some(group) = slot.textures.group(piece.texture) else { continue };
                pass.set_bind_group(0, group, &[frame_offset]);
                let end = piece.first_index + piece.index_count;
                pass.draw_indexed(piece.first_index..end, piece.first_vertex, this..this + 1);
                recorded.draws += 1;
                recorded.triangles += u64::from(piece.index_count / 3);
            }
        }
        recorded
    }
}

impl Slot {
    fn take(&mut self, gpu: &Gpu, primitives: &[ClippedPrimitive]) {
        self.pieces.clear();
        let meshes = || {
            primitives.iter().take(PIECES_MAX).filter_map(|part| match &part.primitive {
                Primitive::Mesh(mesh) if !mesh.indices.is_empty() => Some((part.clip_rect, mesh)),
                // Only the widgets of others paint by themselves.
                Primitive::Mesh(_) | Primitive::Callback(_) => None,
            })
        };
        let vertex_count: usize = meshes().map(|(_, mesh)| mesh.vertices.len()).sum();
        let index_count: usize = meshes().map(|(_, mesh)| mesh.indices.len()).sum();
        if primitives.len() > PIECES_MAX {
            tracing::warn!("a panel of {} pieces is drawn with {PIECES_MAX}", primitives.len());
        }
        if vertex_count > VERTICES_MAX || index_count > INDICES_MAX {
            tracing::warn!("a panel of {vertex_count} vertices is not drawn: {VERTICES_MAX} is the most");
            return;
        }
        if bytes_of::<epaint::Vertex>(vertex_count) > self.vertices.size() {
            self.vertices = vertex_buffer(gpu, vertex_count.next_power_of_two());
        }
        if bytes_of::<u32>(index_count) > self.indices.size() {
            self.indices = index_buffer(gpu, index_count.next_power_of_two());
        }
        let (mut first_vertex, mut first_index) = (0, 0);
        for (clip, mesh) in meshes() {
            let write = |buffer, offset, bytes: &[u8]| gpu.queue.write_buffer(buffer, offset, bytes);
            let vertices_at = bytes_of::<epaint::Vertex>(first_vertex);
            write(&self.vertices, vertices_at, bytemuck::cast_slice(&mesh.vertices));
            write(&self.indices, bytes_of::<u32>(first_index), bytemuck::cast_slice(&mesh.indices));
            self.pieces.push(Piece {
                texture: mesh.texture_id,
                first_index: first_index as u32,
                index_count: mesh.indices.len() as u32,
                first_vertex: first_vertex as i32,
                clip_rectangle: Vec4::new(clip.min.x, clip.min.y, clip.max.x, clip.max.y),
            });
            first_vertex += mesh.vertices.len();
            first_index += mesh.indices.len();
        }
    }
}

const fn bytes_of<T>(count: usize) -> u64 {
    (count * size_of::<T>()) as u64
}

fn vertex_buffer(gpu: &Gpu, count: usize) -> wgpu::Buffer {
    buffer(gpu, bytes_of::<epaint::Vertex>(count), wgpu::BufferUsages::VERTEX)
}

fn index_buffer(gpu: &Gpu, count: usize) -> wgpu::Buffer {
    buffer(gpu, bytes_of::<u32>(count), wgpu::BufferUsages::INDEX)
}

fn buffer(gpu: &Gpu, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("panel"),
        size,
        usage: usage | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}
