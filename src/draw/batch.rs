//! Copies to the GPU that one frame decides on and another thread records: the frame itself touches none of the bytes,
//! and none of the locks that the recording takes.
//!
//! Architecture invariant: batches are submitted in the order in which they were decided on, so that what one overwrites,
//! moves or makes room for is right whenever it is recorded.

use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::Arc;

use wgpu::util::StagingBelt;

use super::names::NamePlate;
use super::staging::ALIGNMENT;
use crate::scene::TileMesh;
use crate::scene::texture::Texture;

/// Bytes of a texel, of whatever arrives.
pub(super) const TEXEL_BYTES: u32 = 4;

/// Where bytes come from; it lives until they were copied.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A part of a tile: see [`Source::part`].
    Tile(Arc<TileMesh>, usize),
    /// A level of an image.
    Image(Arc<Texture>, usize),
    /// A level of a name.
    Name(Arc<NamePlate>, usize),
}

impl Source {
    /// The parts of a tile: positions, attributes, indices, and the vertices at rest of one that moves.
    pub fn part(mesh: &TileMesh, part: usize) -> Option<&[u8]> {
        match part {
            0 => Some(bytemuck::cast_slice(&mesh.positions)),
            1 => Some(bytemuck::cast_slice(&mesh.attributes)),
            2 => Some(bytemuck::cast_slice(&mesh.indices)),
            3 => mesh.moving.as_ref().map(|moving| bytemuck::cast_slice(&moving.rest)),
            _ => None,
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Tile(mesh, part) => Self::part(mesh, *part),
            Self::Image(texture, level) => texture.levels.get(*level).map(|level| &level[..]),
            Self::Name(plate, level) => plate.levels().get(*level).map(|level| &level[..]),
        }
    }
}

/// Some layers of a level of a texture, from this row on.
#[derive(Clone, Debug)]
pub(super) struct Texels {
    pub texture: wgpu::Texture,
    pub mip_level: u32,
    pub first_row: u32,
    pub first_layer: u32,
    /// Width, rows and layers.
    pub size: [u32; 3],
}

impl Texels {
    fn place<'a>(&self, texture: &'a wgpu::Texture) -> wgpu::TexelCopyTextureInfo<'a> {
        wgpu::TexelCopyTextureInfo {
            mip_level: self.mip_level,
            origin: wgpu::Origin3d { x: 0, y: self.first_row, z: self.first_layer },
            ..texture.as_image_copy()
        }
    }

    fn extent(&self) -> wgpu::Extent3d {
        let [width, height, depth_or_array_layers] = self.size;
        wgpu::Extent3d { width, height, depth_or_array_layers }
    }

    /// What copies from buffers want each row to begin at.
    pub fn pitch_bytes(width: u32) -> u32 {
        (width * TEXEL_BYTES).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
    }
}

#[derive(Debug)]
enum Transfer {
    Bytes { source: Source, range: Range<usize>, to: wgpu::Buffer, first_byte: u64 },
    Rows { source: Source, range: Range<usize>, to: Texels },
    Move { from: wgpu::Buffer, to: wgpu::Buffer, range: Range<u64> },
    Clear { buffer: wgpu::Buffer, range: Range<u64> },
    MoveTexels { from: wgpu::Texture, to: Texels },
    Fill { from: wgpu::Buffer, to: Texels },
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<Transfer>);

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Copies a range of the source's bytes, padded to a multiple of four.
    pub fn bytes(&mut self, source: Source, range: Range<usize>, to: &wgpu::Buffer, first_byte: u64) {
        self.0.push(Transfer::Bytes { source, range, to: to.clone(), first_byte });
    }

    /// Copies a range of the source's bytes, which are whole rows of one layer.
    pub fn rows(&mut self, source: Source, range: Range<usize>, to: Texels) {
        self.0.push(Transfer::Rows { source, range, to });
    }

    /// Copies a range of bytes to where it is in another buffer.
    pub fn move_bytes(&mut self, from: &wgpu::Buffer, to: &wgpu::Buffer, range: Range<u64>) {
        self.0.push(Transfer::Move { from: from.clone(), to: to.clone(), range });
    }

    /// Makes a range of bytes zero.
    pub fn clear(&mut self, buffer: &wgpu::Buffer, range: Range<u64>) {
        self.0.push(Transfer::Clear { buffer: buffer.clone(), range });
    }

    /// Copies texels to where they are in another texture.
    pub fn move_texels(&mut self, from: &wgpu::Texture, to: Texels) {
        self.0.push(Transfer::MoveTexels { from: from.clone(), to });
    }

    /// Fills texels with the beginning of a buffer, as large as they are with their pitch.
    pub fn fill(&mut self, from: &wgpu::Buffer, to: Texels) {
        self.0.push(Transfer::Fill { from: from.clone(), to });
    }

    /// All of it as commands. What is written goes through the belt, which has its memory back when they are done.
    pub fn record(self, device: &wgpu::Device, belt: &mut StagingBelt) -> wgpu::CommandBuffer {
        let descriptor = wgpu::CommandEncoderDescriptor { label: Some("uploads") };
        let mut encoder = device.create_command_encoder(&descriptor);
        self.0.into_iter().for_each(|transfer| transfer.record(&mut encoder, belt));
        belt.finish_and_recall_on_submit(&encoder);
        encoder.finish()
    }
}

impl Transfer {
    fn record(self, encoder: &mut wgpu::CommandEncoder, belt: &mut StagingBelt) {
        match self {
            Self::Bytes { source, range, to, first_byte } => {
                let Some(bytes) = source.bytes().and_then(|bytes| bytes.get(range)) else { return };
                let size = (bytes.len() as u64).next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT);
                let Some(staging) = stage(belt, size, bytes, (bytes.len(), bytes.len())) else { return };
                encoder.copy_buffer_to_buffer(staging.buffer(), staging.offset(), &to, first_byte, size);
            }
            Self::Rows { source, range, to } => {
                let Some(bytes) = source.bytes().and_then(|bytes| bytes.get(range)) else { return };
                let [width, rows, _] = to.size;
                let pitch = Texels::pitch_bytes(width);
                let row_bytes = ((width * TEXEL_BYTES) as usize, pitch as usize);
                let size = u64::from(pitch) * u64::from(rows);
                let Some(staging) = stage(belt, size, bytes, row_bytes) else { return };
                let layout = wgpu::TexelCopyBufferLayout {
                    offset: staging.offset(),
                    bytes_per_row: Some(pitch),
                    rows_per_image: None,
                };
                let from = wgpu::TexelCopyBufferInfo { buffer: staging.buffer(), layout };
                encoder.copy_buffer_to_texture(from, to.place(&to.texture), to.extent());
            }
            Self::Move { from, to, range } => {
                let size = range.end - range.start;
                encoder.copy_buffer_to_buffer(&from, range.start, &to, range.start, size);
            }
            Self::Clear { buffer, range } => {
                encoder.clear_buffer(&buffer, range.start, Some(range.end - range.start));
            }
            Self::MoveTexels { from, to } => {
                encoder.copy_texture_to_texture(to.place(&from), to.place(&to.texture), to.extent());
            }
            Self::Fill { from, to } => {
                let [width, rows, _] = to.size;
                let layout = wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(Texels::pitch_bytes(width)),
                    rows_per_image: Some(rows),
                };
                let from = wgpu::TexelCopyBufferInfo { buffer: &from, layout };
                encoder.copy_buffer_to_texture(from, to.place(&to.texture), to.extent());
            }
        }
    }
}

/// Puts rows of so many bytes so many bytes apart, (`row`, `pitch`), into mapped memory; `None` if there is none.
fn stage<'a>(
    belt: &'a mut StagingBelt,
    size: u64,
    bytes: &[u8],
    (row_bytes, pitch_bytes): (usize, usize),
) -> Option<wgpu::BufferSlice<'a>> {
    let staging = belt.allocate(NonZeroU64::new(size)?, ALIGNMENT);
    let mut view = staging.get_mapped_range_mut().ok()?;
    for (index, row) in bytes.chunks_exact(row_bytes).enumerate() {
        let start = index * pitch_bytes;
        view.slice(start..start + row.len()).copy_from_slice(row);
    }
    drop(view);
    Some(staging)
}
