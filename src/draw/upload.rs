//! Tiles, textures and names on their way to the GPU: first in, first out, so many bytes a frame. What waits for larger
//! buffers is overtaken, but no image by a tile, which may need it.
//!
//! Bytes go through a ring of mapped staging buffers and are copied by the frame's own encoder; big
//! items are split over frames. Architecture invariant: it submits nothing and waits for nothing.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use super::geometry::{ATTRIBUTE_BYTES, Geometry, INDEX_PAIR_BYTES, POSITION_BYTES, Place, Slot};
use super::maker::{Allowance, Maker};
use super::materials::Materials;
use super::names::{self, NamePlate};
use super::pool::Room;
use super::skinning::{Rest, Skinning};
use super::staging::{self, ALIGNMENT};
use super::textures::{Layer, Reserved, Textures};
use super::{Gpu, cpu_time};
use crate::scene::actor::NameLayer;
use crate::scene::texture::Texture;
use crate::scene::{Chunks, ImageId, ResidentTile, TileId, TileMesh};

/// Items that wait: decoding is stopped by [`Upload`]s that come back, long before memory is.
const QUEUE_MAX: usize = 64;

/// The largest single copy; a frame's budget is used up in steps of at most this.
const PIECE_BYTES_MAX: u64 = 256 << 10;

/// One staging buffer holds four pieces.
const STAGING_BYTES: NonZeroU64 = NonZeroU64::new(4 * PIECE_BYTES_MAX).unwrap();

/// What a frame may spend on copying to the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadBudget {
    /// Bytes; a first piece always goes.
    pub bytes: u64,
    /// CPU time of this thread, as far as the system tells it; `None` where nobody waits for the frame.
    pub cpu: Option<Duration>,
    /// Count how often this thread waits meanwhile: which itself takes a while.
    pub counts_waits: bool,
}

impl UploadBudget {
    /// So many bytes, however long they take.
    pub const fn bytes(bytes: u64) -> Self {
        Self { bytes, cpu: None, counts_waits: false }
    }
}

/// What the GPU moves into larger buffers and arrays in a frame: a millisecond or two of its time, on a headset.
const MOVED_BYTES_MAX: u64 = 8 << 20;

/// Staging buffers that are there from the start: what frames in flight copy from, and one more.
const STAGING_COUNT: usize = 6;

/// Something to be brought to the GPU.
#[derive(Clone, Debug)]
pub enum Upload {
    /// An image of the tileset, in the place of what is shown of it, if anything is. The size must be the one that
    /// the tileset gives it.
    Texture {
        /// Which image.
        image: ImageId,
        /// Its pixels.
        texture: Arc<Texture>,
    },
    /// A tile of the tileset.
    Tile {
        /// Which tile.
        tile: TileId,
        /// Its geometry.
        mesh: TileMesh,
    },
    /// The name of somebody, whatever tileset is shown.
    Name {
        /// Where it goes; nothing is to show the name that was there before.
        layer: NameLayer,
        /// Its pixels.
        plate: Arc<NamePlate>,
    },
}

/// What became of an [`Upload`].
#[derive(Clone, Debug)]
pub enum Arrival {
    /// The tile can be drawn from now on.
    Tile {
        /// Which tile.
        tile: TileId,
        /// What culling needs to know.
        resident: Box<ResidentTile>,
    },
    /// The image is seen from now on.
    Texture {
        /// Which image.
        image: ImageId,
    },
    /// The name is seen from now on.
    Name {
        /// Where it is.
        layer: NameLayer,
    },
    /// There is no room for the tile until others are retired.
    TileRefused {
        /// Which tile.
        tile: TileId,
    },
    /// There is no room for the image, or it is not the one that the tileset promised. Surfaces show
    /// without it.
    TextureRefused {
        /// Which image.
        image: ImageId,
    },
}

/// Where uploads go.
pub(super) struct Destination<'a> {
    pub gpu: &'a Gpu,
    pub maker: &'a Maker,
    pub encoder: &'a mut wgpu::CommandEncoder,
    pub geometry: &'a mut Geometry,
    pub textures: &'a mut Textures,
    pub materials: &'a mut Materials,
    pub skinning: &'a mut Skinning,
}

impl Destination<'_> {
    /// Goes on growing what was too small.
    fn advance(&mut self, mut allowance: Allowance) {
        self.geometry.advance(self.encoder, &mut allowance);
        self.skinning.advance(self.encoder, &mut allowance);
        self.textures.advance(self.encoder, &mut allowance);
    }
}

#[expect(clippy::large_enum_variant, reason = "nearly all of them are tiles")]
#[derive(Debug)]
enum Job {
    Texture { image: ImageId, texture: Arc<Texture>, layer: Option<Layer>, level: usize, row: u32 },
    Tile { tile: TileId, mesh: TileMesh, slot: Option<TileSlot>, part: usize, copied_bytes: u64 },
    Name { layer: NameLayer, plate: Arc<NamePlate>, level: usize, row: u32 },
}

/// Where a tile goes.
#[derive(Clone, Copy, Debug)]
struct TileSlot {
    geometry: Slot,
    /// Of its vertices at rest, where it moves.
    rest: Option<Rest>,
}

/// What becomes of a tile that looks for its place.
enum Found {
    Slot(TileSlot),
    /// It is being made.
    Coming,
    /// There is no room.
    Nothing,
}

/// The queue and its staging buffers.
#[derive(Debug)]
pub(super) struct Uploads {
    jobs: VecDeque<Job>,
    belt: wgpu::util::StagingBelt,
}

/// How far a step came.
enum Step {
    Copied(u64),
    Done(Arrival),
    /// The next piece does not fit the budget.
    OutOfBudget,
    /// The place where it goes is being made.
    Waits,
}

impl Uploads {
    pub fn new(gpu: &Gpu) -> Self {
        let belt = staging::belt(gpu, STAGING_BYTES, STAGING_COUNT);
        Self { jobs: VecDeque::with_capacity(QUEUE_MAX), belt }
    }

    /// Takes the item, or gives it back when the queue is full.
    // The item is handed back whole on purpose, so that nothing is lost.
    #[allow(clippy::result_large_err)]
    pub fn push(&mut self, upload: Upload) -> Result<(), Upload> {
        if self.jobs.len() >= QUEUE_MAX {
            return Err(upload);
        }
        self.jobs.push_back(match upload {
            Upload::Texture { image, texture } => {
                Job::Texture { image, texture, layer: None, level: 0, row: 0 }
            }
            Upload::Tile { tile, mesh } => Job::Tile { tile, mesh, slot: None, part: 0, copied_bytes: 0 },
            Upload::Name { layer, plate } => Job::Name { layer, plate, level: 0, row: 0 },
        });
        Ok(())
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Drops what waits of a tileset, places included; for when it changes.
    pub fn clear(&mut self) {
        self.jobs.retain(|job| matches!(job, Job::Name { .. }));
    }

    /// Drops what waits for the tile.
    pub fn cancel(&mut self, tile: TileId, geometry: &mut Geometry, skinning: &mut Skinning) {
        self.jobs.retain(|job| match job {
            Job::Tile { tile: waiting, slot, .. } if *waiting == tile => {
                if let Some(slot) = slot {
                    geometry.give_back(slot.geometry);
                    skinning.give_back(slot.rest);
                }
                false
            }
            _ => true,
        });
    }

    /// Drops what waits for the image; returns the layer that part of it is in, if any.
    pub fn cancel_image(&mut self, image: ImageId) -> Option<Layer> {
        let mut begun = None;
        self.jobs.retain(|job| match job {
            Job::Texture { image: waiting, layer, .. } if *waiting == image => {
                begun = begun.or(*layer);
                false
            }
            _ => true,
        });
        begun
    }

    /// Copies what the budget affords, or one piece if that is more; says what is complete. Returns the
    /// bytes copied.
    pub fn pump(
        &mut self,
        to: &mut Destination<'_>,
        budget: UploadBudget,
        arrivals: &mut Vec<Arrival>,
    ) -> u64 {
        let budget_bytes = budget.bytes;
        let ends = budget.cpu.zip(cpu_time::of_this_thread()).map(|(cpu, now)| now + cpu);
        let allowance = match budget.cpu {
            Some(_) => Allowance { bytes: MOVED_BYTES_MAX, waits: false },
            None => Allowance { bytes: u64::MAX, waits: true },
        };
        to.advance(allowance);
        let (mut copied, mut index, mut images_wait) = (0, 0, false);
        while copied < budget_bytes {
            if copied > 0 && ends.is_some_and(|ends| cpu_time::of_this_thread() >= Some(ends)) {
                break;
            }
            let Some(job) = self.jobs.get_mut(index) else { break };
            // The first piece always goes, or a row wider than the budget would wait for ever.
            let room = if copied == 0 { u64::MAX } else { budget_bytes - copied };
            let piece = PIECE_BYTES_MAX.min(budget_bytes - copied);
            let step = match job {
                Job::Tile { .. } if images_wait => Step::Waits,
                Job::Texture { image, texture, layer, level, row } => {
                    let mut work = TextureWork { image: *image, texture, layer, level, row };
                    work.step(&mut self.belt, to, piece, room)
                }
                Job::Tile { tile, mesh, slot, part, copied_bytes } => {
                    let mut work = TileWork { tile: *tile, mesh, slot, part, copied_bytes };
                    work.step(&mut self.belt, to, piece)
                }
                Job::Name { layer, plate, level, row } => {
                    let mut work = NameWork { layer: *layer, plate, level, row };
                    work.step(&mut self.belt, to, piece, room)
                }
            };
            match step {
                Step::Copied(bytes) => {
                    copied += bytes;
                    self.bring_to_front(&mut index);
                }
                Step::OutOfBudget => {
                    self.bring_to_front(&mut index);
                    break;
                }
                // It is there at once where it may be waited for.
                Step::Waits if allowance.waits => to.advance(allowance),
                Step::Waits => {
                    images_wait |= matches!(job, Job::Texture { .. });
                    index += 1;
                }
                Step::Done(arrival) => {
                    to.maker.take_away(self.jobs.remove(index));
                    arrivals.push(arrival);
                }
            }
        }
        self.belt.finish_and_recall_on_submit(to.encoder);
        copied
    }

    /// Who has a place goes first, so that nobody else can have larger buffers made while it is half there.
    fn bring_to_front(&mut self, index: &mut usize) {
        if let Some(job) = (*index > 0).then(|| self.jobs.remove(*index)).flatten() {
            self.jobs.push_front(job);
            *index = 0;
        }
    }
}

struct TextureWork<'a> {
    image: ImageId,
    texture: &'a Texture,
    layer: &'a mut Option<Layer>,
    level: &'a mut usize,
    row: &'a mut u32,
}

impl TextureWork<'_> {
    fn step(
        &mut self,
        belt: &mut wgpu::util::StagingBelt,
        to: &mut Destination<'_>,
        piece: u64,
        room: u64,
    ) -> Step {
        let image = self.image;
        let layer = match self.layer.map_or_else(|| self.find_layer(to), Reserved::Layer) {
            Reserved::Layer(layer) => layer,
            Reserved::Coming => return Step::Waits,
            Reserved::Full => return Step::Done(Arrival::TextureRefused { image }),
        };
        *self.layer = Some(layer);
        let Some(bytes) = self.texture.levels.get(*self.level) else {
            to.materials.set_layer(image, layer.index as u16);
            return Step::Done(Arrival::Texture { image });
        };
        let side = 1_u32 << (usize::from(self.texture.side_log2) - *self.level);
        let Some(texture) = to.textures.texture(layer.class) else {
            return Step::Done(Arrival::TextureRefused { image });
        };
        let rows =
            Rows { bytes, size: [side; 2], texture, level: self.level, layer: layer.index, row: self.row };
        rows.step(belt, to.encoder, piece, room)
    }

    /// The layer that the image is in, or a free one, if the texture is what the tileset promised and there is room.
    fn find_layer(&self, to: &mut Destination<'_>) -> Reserved {
        let Some(class) = to.textures.class(self.image) else { return Reserved::Full };
        let is_as_promised = class.space == self.texture.space && class.side_log2 == self.texture.side_log2;
        let levels_fit = self.texture.levels.len() == usize::from(class.side_log2) + 1
            && self
                .texture
                .levels
                .iter()
                .enumerate()
                .all(|(level, bytes)| bytes.len() == 4 << (2 * (usize::from(class.side_log2) - level)));
        if !is_as_promised || !levels_fit {
            return Reserved::Full;
        }
        match to.materials.layer(self.image) {
            Some(_) if to.textures.is_growing(class) => Reserved::Coming,
            Some(layer) => Reserved::Layer(Layer { class, index: u32::from(layer) }),
            None => to.textures.reserve(to.gpu, to.maker, class),
        }
    }
}

struct NameWork<'a> {
    layer: NameLayer,
    plate: &'a NamePlate,
    level: &'a mut usize,
    row: &'a mut u32,
}

impl NameWork<'_> {
    fn step(
        &mut self,
        belt: &mut wgpu::util::StagingBelt,
        to: &mut Destination<'_>,
        piece: u64,
        room: u64,
    ) -> Step {
        let Some(bytes) = self.plate.levels().get(*self.level) else {
            return Step::Done(Arrival::Name { layer: self.layer });
        };
        let size = names::level_size_px(*self.level);
        let (texture, layer) = (to.textures.names(), u32::from(self.layer.index()));
        let rows = Rows { bytes, size, texture, level: self.level, layer, row: self.row };
        rows.step(belt, to.encoder, piece, room)
    }
}

/// What is left of one level of a texture's layer.
struct Rows<'a> {
    /// The whole level, RGBA8.
    bytes: &'a [u8],
    /// Its width and height, pixels.
    size: [u32; 2],
    texture: &'a wgpu::Texture,
    level: &'a mut usize,
    layer: u32,
    /// The first that was not copied yet.
    row: &'a mut u32,
}

impl Rows<'_> {
    /// Copies as many rows as are a piece, at least one if there is room for it; after the last one the
    /// next level is due.
    fn step(
        self,
        belt: &mut wgpu::util::StagingBelt,
        encoder: &mut wgpu::CommandEncoder,
        piece: u64,
        room: u64,
    ) -> Step {
        let [width, height] = self.size;
        let row_bytes = u64::from(width) * 4;
        if row_bytes > room {
            return Step::OutOfBudget;
        }
        let rows = u32::try_from(piece / row_bytes).unwrap_or(u32::MAX).clamp(1, height - *self.row);
        let pitch = row_bytes.next_multiple_of(u64::from(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT));
        let start = *self.row as usize * row_bytes as usize;
        let source = &self.bytes[start..][..rows as usize * row_bytes as usize];
        let Some(size) = NonZeroU64::new(pitch * u64::from(rows)) else { return Step::OutOfBudget };
        let staging = belt.allocate(size, ALIGNMENT);
        if let Ok(mut view) = staging.get_mapped_range_mut() {
            for (index, row) in source.chunks_exact(row_bytes as usize).enumerate() {
                let start = index * pitch as usize;
                view.slice(start..start + row.len()).copy_from_slice(row);
            }
        }
        encoder.copy_buffer_to_texture(
            wgpu::TexelCopyBufferInfo {
                buffer: staging.buffer(),
                layout: wgpu::TexelCopyBufferLayout {
                    offset: staging.offset(),
                    bytes_per_row: Some(pitch as u32),
                    rows_per_image: None,
                },
            },
            wgpu::TexelCopyTextureInfo {
                texture: self.texture,
                mip_level: *self.level as u32,
                origin: wgpu::Origin3d { x: 0, y: *self.row, z: self.layer },
                aspect: wgpu::TextureAspect::All,
            },
            wgpu::Extent3d { width, height: rows, depth_or_array_layers: 1 },
        );
        *self.row += rows;
        if *self.row == height {
            *self.row = 0;
            *self.level += 1;
        }
        Step::Copied(source.len() as u64)
    }
}

struct TileWork<'a> {
    tile: TileId,
    mesh: &'a mut TileMesh,
    slot: &'a mut Option<TileSlot>,
    part: &'a mut usize,
    copied_bytes: &'a mut u64,
}

impl TileWork<'_> {
    fn step(&mut self, belt: &mut wgpu::util::StagingBelt, to: &mut Destination<'_>, piece: u64) -> Step {
        let tile = self.tile;
        let slot = match self.slot.map_or_else(|| self.find_slot(to), Found::Slot) {
            Found::Slot(slot) => slot,
            Found::Coming => return Step::Waits,
            Found::Nothing => return Step::Done(Arrival::TileRefused { tile }),
        };
        *self.slot = Some(slot);
        let TileSlot { geometry: slot, rest } = slot;
        let moving = self.mesh.moving.as_ref().zip(rest);
        let (source, target, start): (&[u8], _, _) = match (*self.part, moving) {
            (0, _) => (
                bytemuck::cast_slice(&self.mesh.positions),
                to.geometry.positions(),
                u64::from(slot.first_vertex) * POSITION_BYTES,
            ),
            (1, _) => (
                bytemuck::cast_slice(&self.mesh.attributes),
                to.geometry.attributes(),
                u64::from(slot.first_vertex) * ATTRIBUTE_BYTES,
            ),
            (2, _) => (
                bytemuck::cast_slice(&self.mesh.indices),
                to.geometry.indices(),
                u64::from(slot.first_index_pair) * INDEX_PAIR_BYTES,
            ),
            (3, Some((moving, rest))) => {
                (bytemuck::cast_slice(&moving.rest), to.skinning.rest(), rest.first_byte())
            }
            _ => {
                to.geometry.publish(tile, slot);
                to.skinning.publish(tile, rest);
                let resident = ResidentTile {
                    chunks: Chunks::from(&self.mesh.chunks[..]),
                    occluders: std::mem::take(&mut self.mesh.occluders),
                    world_from_grid: self.mesh.world_from_grid,
                    motion: self.mesh.moving.as_ref().map(|moving| Arc::clone(&moving.motion)),
                    size_bytes: self.mesh.size_bytes(),
                };
                return Step::Done(Arrival::Tile { tile, resident: Box::new(resident) });
            }
        };
        let rest = source.get(*self.copied_bytes as usize..).unwrap_or_default();
        // Steps of four bytes, the granularity of copies; only the last of an odd index count is padded.
        let length = rest.len().min((piece as usize & !3).max(4));
        let padded = length.next_multiple_of(4) as u64;
        if let Some(size) = NonZeroU64::new(padded) {
            let staging = belt.allocate(size, ALIGNMENT);
            if let Ok(mut view) = staging.get_mapped_range_mut() {
                view.slice(..length).copy_from_slice(&rest[..length]);
            }
            to.encoder.copy_buffer_to_buffer(
                staging.buffer(),
                staging.offset(),
                target,
                start + *self.copied_bytes,
                padded,
            );
        }
        *self.copied_bytes += length as u64;
        if length == rest.len() {
            *self.part += 1;
            *self.copied_bytes = 0;
        }
        Step::Copied(length as u64)
    }

    /// A place, if the streams belong together and there is room.
    fn find_slot(&self, to: &mut Destination<'_>) -> Found {
        let mesh = &self.mesh;
        let rest_words = mesh.moving.as_ref().map_or(0, |moving| moving.rest.len());
        let counts = [mesh.positions.len(), mesh.indices.len(), rest_words].map(u32::try_from);
        let [Ok(vertex_count), Ok(index_count), Ok(word_count)] = counts else { return Found::Nothing };
        if !to.geometry.knows(self.tile) || mesh.positions.len() != mesh.attributes.len() {
            return Found::Nothing;
        }
        let geometry = match to.geometry.reserve(to.maker, vertex_count, index_count) {
            Place::Slot(slot) => slot,
            Place::Coming => return Found::Coming,
            Place::Full => return Found::Nothing,
        };
        if mesh.moving.is_none() {
            return Found::Slot(TileSlot { geometry, rest: None });
        }
        let without_rest = match to.skinning.reserve(to.maker, word_count) {
            Room::At(first_word) => {
                let rest = Some(Rest { first_word, word_count });
                return Found::Slot(TileSlot { geometry, rest });
            }
            Room::Coming => Found::Coming,
            Room::Full => Found::Nothing,
        };
        to.geometry.give_back(geometry);
        without_rest
    }
}
