//! Tiles, textures and names on their way to the GPU: first in, first out, so many bytes a frame. What waits for larger
//! buffers is overtaken, but no image by a tile, which may need it.
//!
//! A frame finds their places and decides what is copied next, big items in pieces; the copies are recorded beside it
//! and submitted with the next frame. Architecture invariant: where somebody waits for the frame, it touches none of
//! their bytes and waits for nothing.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use wgpu::util::StagingBelt;

use super::batch::{Batch, Source, TEXEL_BYTES, Texels};
use super::geometry::{ATTRIBUTE_BYTES, Geometry, INDEX_PAIR_BYTES, POSITION_BYTES, Place, Slot};
use super::maker::{Allowance, Maker, Pending};
use super::materials::Materials;
use super::names::{self, NamePlate};
use super::pool::Room;
use super::skinning::{Rest, Skinning};
use super::staging;
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
    pub geometry: &'a mut Geometry,
    pub textures: &'a mut Textures,
    pub materials: &'a mut Materials,
    pub skinning: &'a mut Skinning,
}

impl Destination<'_> {
    /// Goes on growing what was too small.
    fn advance(&mut self, batch: &mut Batch, mut allowance: Allowance) {
        self.geometry.advance(batch, &mut allowance);
        self.skinning.advance(batch, &mut allowance);
        self.textures.advance(batch, &mut allowance);
    }

    /// What was copied for that is submitted.
    fn settle(&mut self) {
        self.geometry.settle();
        self.skinning.settle();
        self.textures.settle();
    }

    /// What was copied is submitted: it can be drawn.
    fn publish(&mut self, complete: Complete) -> Arrival {
        match complete {
            Complete::Texture { image, layer } => {
                self.materials.set_layer(image, layer.index as u16);
                Arrival::Texture { image }
            }
            Complete::Tile { tile, slot, resident } => {
                self.geometry.publish(tile, slot.geometry);
                self.skinning.publish(tile, slot.rest);
                Arrival::Tile { tile, resident }
            }
            Complete::Name { layer } => Arrival::Name { layer },
        }
    }
}

#[derive(Debug)]
enum Job {
    Texture { image: ImageId, texture: Arc<Texture>, layer: Option<Layer>, level: usize, row: u32 },
    Tile { tile: TileId, work: TileWork },
    Name { layer: NameLayer, plate: Arc<NamePlate>, level: usize, row: u32 },
}

/// Something of which all copies were decided on.
#[derive(Debug)]
enum Complete {
    Texture { image: ImageId, layer: Layer },
    Tile { tile: TileId, slot: TileSlot, resident: Box<ResidentTile> },
    Name { layer: NameLayer },
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

/// The queue, and what is on its way from there.
#[derive(Debug)]
pub(super) struct Uploads {
    jobs: VecDeque<Job>,
    /// `None` while a batch is recorded with it.
    belt: Option<StagingBelt>,
    under_way: Option<UnderWay>,
}

/// A batch that is recorded.
#[derive(Debug)]
struct UnderWay {
    recorded: Pending<(wgpu::CommandBuffer, StagingBelt)>,
    /// What can be drawn as soon as it is submitted.
    complete: Vec<Complete>,
    bytes: u64,
}

/// How far a step came.
enum Step {
    Copied(u64),
    Complete(Complete),
    Refused(Arrival),
    /// The next piece does not fit the budget.
    OutOfBudget,
    /// The place where it goes is being made.
    Waits,
}

/// What a frame submits before its own commands.
#[derive(Debug, Default)]
pub(super) struct Submission {
    /// In their order.
    pub commands: Vec<wgpu::CommandBuffer>,
    /// What they copy.
    pub bytes: u64,
}

impl Uploads {
    pub fn new(gpu: &Gpu) -> Self {
        let belt = staging::belt(gpu, STAGING_BYTES, STAGING_COUNT);
        Self { jobs: VecDeque::with_capacity(QUEUE_MAX), belt: Some(belt), under_way: None }
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
            Upload::Tile { tile, mesh } => Job::Tile { tile, work: TileWork::new(mesh) },
            Upload::Name { layer, plate } => Job::Name { layer, plate, level: 0, row: 0 },
        });
        Ok(())
    }

    /// How many items wait, with those whose copies are not submitted yet.
    pub fn len(&self) -> usize {
        self.jobs.len() + self.under_way.as_ref().map_or(0, |under_way| under_way.complete.len())
    }

    /// Whether there is nothing to be done.
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty() && self.under_way.is_none()
    }

    /// Drops what waits of a tileset, places included; for when it changes.
    pub fn clear(&mut self) {
        self.jobs.retain(|job| matches!(job, Job::Name { .. }));
        self.retain_complete(|complete| matches!(complete, Complete::Name { .. }));
    }

    /// Drops what waits for the tile.
    pub fn cancel(&mut self, tile: TileId, geometry: &mut Geometry, skinning: &mut Skinning) {
        let mut give_back = |slot: TileSlot| {
            geometry.give_back(slot.geometry);
            skinning.give_back(slot.rest);
        };
        self.jobs.retain(|job| match job {
            Job::Tile { tile: waiting, work } if *waiting == tile => {
                work.slot.into_iter().for_each(&mut give_back);
                false
            }
            _ => true,
        });
        self.retain_complete(|complete| match complete {
            Complete::Tile { tile: waiting, slot, .. } if *waiting == tile => {
                give_back(*slot);
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
        self.retain_complete(|complete| match complete {
            Complete::Texture { image: waiting, layer } if *waiting == image => {
                begun = begun.or(Some(*layer));
                false
            }
            _ => true,
        });
        begun
    }

    fn retain_complete(&mut self, keep: impl FnMut(&Complete) -> bool) {
        if let Some(under_way) = &mut self.under_way {
            under_way.complete.retain(keep);
        }
    }

    /// Submits what was recorded since the last frame and decides on the next batch, if none is being recorded: what the
    /// budget affords, or one piece if that is more. Where nobody waits for the frame, that is recorded at once. Says what
    /// can be drawn from this frame on.
    pub fn pump(
        &mut self,
        to: &mut Destination<'_>,
        budget: UploadBudget,
        arrivals: &mut Vec<Arrival>,
    ) -> Submission {
        let allowance = match budget.cpu {
            Some(_) => Allowance { bytes: MOVED_BYTES_MAX, waits: false },
            None => Allowance { bytes: u64::MAX, waits: true },
        };
        let mut submission = Submission::default();
        self.submit(to, &allowance, &mut submission, arrivals);
        if !self.jobs.is_empty()
            && let Some(belt) = self.belt.take()
        {
            self.order(to, belt, budget, allowance, arrivals);
            if allowance.waits {
                self.submit(to, &allowance, &mut submission, arrivals);
            }
        }
        submission
    }

    /// Takes the batch that is recorded, once it is.
    fn submit(
        &mut self,
        to: &mut Destination<'_>,
        allowance: &Allowance,
        submission: &mut Submission,
        arrivals: &mut Vec<Arrival>,
    ) {
        let recorded = self.under_way.as_ref().and_then(|under_way| under_way.recorded.take(allowance));
        let Some((commands, belt)) = recorded else { return };
        let Some(under_way) = self.under_way.take() else { return };
        self.belt = Some(belt);
        submission.commands.push(commands);
        submission.bytes += under_way.bytes;
        to.settle();
        arrivals.extend(under_way.complete.into_iter().map(|complete| to.publish(complete)));
    }

    /// Has the next batch recorded, if there is anything to be.
    fn order(
        &mut self,
        to: &mut Destination<'_>,
        mut belt: StagingBelt,
        budget: UploadBudget,
        allowance: Allowance,
        arrivals: &mut Vec<Arrival>,
    ) {
        let mut plan = Plan::default();
        self.plan(to, budget, allowance, &mut plan, arrivals);
        let Plan { batch, complete, spent, bytes } = plan;
        if batch.is_empty() {
            self.belt = Some(belt);
            to.maker.take_away(spent);
            arrivals.extend(complete.into_iter().map(|complete| to.publish(complete)));
            return;
        }
        let recorded = to.maker.order(move |device| {
            let commands = batch.record(device, &mut belt);
            drop(spent);
            (commands, belt)
        });
        self.under_way = Some(UnderWay { recorded, complete, bytes });
    }

    fn plan(
        &mut self,
        to: &mut Destination<'_>,
        budget: UploadBudget,
        allowance: Allowance,
        plan: &mut Plan,
        arrivals: &mut Vec<Arrival>,
    ) {
        let ends = budget.cpu.zip(cpu_time::of_this_thread()).map(|(cpu, now)| now + cpu);
        to.advance(&mut plan.batch, allowance);
        let (mut index, mut images_wait) = (0, false);
        while plan.bytes < budget.bytes {
            if plan.bytes > 0 && ends.is_some_and(|ends| cpu_time::of_this_thread() >= Some(ends)) {
                break;
            }
            let Some(job) = self.jobs.get_mut(index) else { break };
            // The first piece always goes, or a row wider than the budget would wait for ever.
            let room = if plan.bytes == 0 { u64::MAX } else { budget.bytes - plan.bytes };
            let piece = PIECE_BYTES_MAX.min(budget.bytes - plan.bytes);
            let step = match job {
                Job::Tile { .. } if images_wait => Step::Waits,
                Job::Texture { image, texture, layer, level, row } => {
                    *layer = layer.or(plan.layer_of(*image));
                    let mut work = TextureWork { image: *image, texture, layer, level, row };
                    work.step(&mut plan.batch, to, piece, room)
                }
                Job::Tile { tile, work } => work.step(*tile, &mut plan.batch, to, piece),
                Job::Name { layer, plate, level, row } => {
                    let mut work = NameWork { layer: *layer, plate, level, row };
                    work.step(&mut plan.batch, to, piece, room)
                }
            };
            match step {
                Step::Copied(bytes) => {
                    plan.bytes += bytes;
                    self.bring_to_front(&mut index);
                }
                Step::OutOfBudget => {
                    self.bring_to_front(&mut index);
                    break;
                }
                // It is there at once where it may be waited for.
                Step::Waits if allowance.waits => {
                    to.advance(&mut plan.batch, allowance);
                    to.settle();
                }
                Step::Waits => {
                    images_wait |= matches!(job, Job::Texture { .. });
                    index += 1;
                }
                Step::Complete(complete) => {
                    plan.spent.extend(self.jobs.remove(index));
                    plan.complete.push(complete);
                }
                Step::Refused(arrival) => {
                    plan.spent.extend(self.jobs.remove(index));
                    arrivals.push(arrival);
                }
            }
        }
    }

    /// Who has a place goes first, so that nobody else can have larger buffers made while it is half there.
    fn bring_to_front(&mut self, index: &mut usize) {
        if let Some(job) = (*index > 0).then(|| self.jobs.remove(*index)).flatten() {
            self.jobs.push_front(job);
            *index = 0;
        }
    }
}

/// What a frame decides on.
#[derive(Default)]
struct Plan {
    batch: Batch,
    complete: Vec<Complete>,
    /// Jobs that are done: their memory is given back where the batch is recorded.
    spent: Vec<Job>,
    /// What the batch copies of the jobs.
    bytes: u64,
}

impl Plan {
    /// The layer of an image that is complete but not seen yet: what comes after it for the same image goes there too.
    fn layer_of(&self, image: ImageId) -> Option<Layer> {
        self.complete.iter().find_map(|complete| match complete {
            Complete::Texture { image: other, layer } if *other == image => Some(*layer),
            _ => None,
        })
    }
}

struct TextureWork<'a> {
    image: ImageId,
    texture: &'a Arc<Texture>,
    layer: &'a mut Option<Layer>,
    level: &'a mut usize,
    row: &'a mut u32,
}

impl TextureWork<'_> {
    fn step(&mut self, batch: &mut Batch, to: &mut Destination<'_>, piece: u64, room: u64) -> Step {
        let image = self.image;
        let layer = match self.layer.map_or_else(|| self.find_layer(to), Reserved::Layer) {
            Reserved::Layer(layer) => layer,
            Reserved::Coming => return Step::Waits,
            Reserved::Full => return Step::Refused(Arrival::TextureRefused { image }),
        };
        *self.layer = Some(layer);
        if *self.level == self.texture.levels.len() {
            return Step::Complete(Complete::Texture { image, layer });
        }
        let Some(texture) = to.textures.texture(layer.class) else {
            return Step::Refused(Arrival::TextureRefused { image });
        };
        let side = 1_u32 << (usize::from(self.texture.side_log2) - *self.level);
        let source = Source::Image(Arc::clone(self.texture), *self.level);
        let rows = Rows { size: [side; 2], texture, level: self.level, layer: layer.index, row: self.row };
        rows.step(batch, source, piece, room)
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
    plate: &'a Arc<NamePlate>,
    level: &'a mut usize,
    row: &'a mut u32,
}

impl NameWork<'_> {
    fn step(&mut self, batch: &mut Batch, to: &mut Destination<'_>, piece: u64, room: u64) -> Step {
        if *self.level == self.plate.levels().len() {
            return Step::Complete(Complete::Name { layer: self.layer });
        }
        let size = names::level_size_px(*self.level);
        let source = Source::Name(Arc::clone(self.plate), *self.level);
        let (texture, layer) = (to.textures.names(), u32::from(self.layer.index()));
        let rows = Rows { size, texture, level: self.level, layer, row: self.row };
        rows.step(batch, source, piece, room)
    }
}

/// What is left of one level of a texture's layer.
struct Rows<'a> {
    /// Width and height of the level, pixels.
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
    fn step(self, batch: &mut Batch, source: Source, piece: u64, room: u64) -> Step {
        let [width, height] = self.size;
        let row_bytes = u64::from(width * TEXEL_BYTES);
        if row_bytes > room {
            return Step::OutOfBudget;
        }
        let rows = u32::try_from(piece / row_bytes).unwrap_or(u32::MAX).clamp(1, height - *self.row);
        let [start, end] = [*self.row, *self.row + rows].map(|row| row as usize * row_bytes as usize);
        let texels = Texels {
            texture: self.texture.clone(),
            mip_level: *self.level as u32,
            first_row: *self.row,
            first_layer: self.layer,
            size: [width, rows, 1],
        };
        batch.rows(source, start..end, texels);
        *self.row += rows;
        if *self.row == height {
            *self.row = 0;
            *self.level += 1;
        }
        Step::Copied((end - start) as u64)
    }
}

/// A tile, and how much of it was copied.
#[derive(Debug)]
struct TileWork {
    mesh: Arc<TileMesh>,
    /// `None` once it was handed over.
    resident: Option<Box<ResidentTile>>,
    slot: Option<TileSlot>,
    part: usize,
    copied_bytes: usize,
}

impl TileWork {
    fn new(mut mesh: TileMesh) -> Self {
        let resident = ResidentTile {
            chunks: Chunks::from(&mesh.chunks[..]),
            occluders: std::mem::take(&mut mesh.occluders),
            world_from_grid: mesh.world_from_grid,
            motion: mesh.moving.as_ref().map(|moving| Arc::clone(&moving.motion)),
            size_bytes: mesh.size_bytes(),
        };
        let resident = Some(Box::new(resident));
        Self { mesh: Arc::new(mesh), resident, slot: None, part: 0, copied_bytes: 0 }
    }

    fn step(&mut self, tile: TileId, batch: &mut Batch, to: &mut Destination<'_>, piece: u64) -> Step {
        let slot = match self.slot.map_or_else(|| self.find_slot(tile, to), Found::Slot) {
            Found::Slot(slot) => slot,
            Found::Coming => return Step::Waits,
            Found::Nothing => return Step::Refused(Arrival::TileRefused { tile }),
        };
        self.slot = Some(slot);
        let TileSlot { geometry: place, rest } = slot;
        let target = match (self.part, rest) {
            (0, _) => Some((to.geometry.positions(), u64::from(place.first_vertex) * POSITION_BYTES)),
            (1, _) => Some((to.geometry.attributes(), u64::from(place.first_vertex) * ATTRIBUTE_BYTES)),
            (2, _) => Some((to.geometry.indices(), u64::from(place.first_index_pair) * INDEX_PAIR_BYTES)),
            (3, Some(rest)) => Some((to.skinning.rest(), rest.first_byte())),
            _ => None,
        };
        let Some(((buffer, start), part)) = target.zip(Source::part(&self.mesh, self.part)) else {
            return match self.resident.take() {
                Some(resident) => Step::Complete(Complete::Tile { tile, slot, resident }),
                None => Step::Refused(Arrival::TileRefused { tile }),
            };
        };
        let left = part.len().saturating_sub(self.copied_bytes);
        // Steps of four bytes, the granularity of copies; only the last of an odd index count is padded.
        let length = left.min((piece as usize & !3).max(4));
        if length > 0 {
            let range = self.copied_bytes..self.copied_bytes + length;
            let source = Source::Tile(Arc::clone(&self.mesh), self.part);
            batch.bytes(source, range, buffer, start + self.copied_bytes as u64);
        }
        self.copied_bytes += length;
        if length == left {
            self.part += 1;
            self.copied_bytes = 0;
        }
        Step::Copied(length as u64)
    }

    /// A place, if the streams belong together and there is room.
    fn find_slot(&self, tile: TileId, to: &mut Destination<'_>) -> Found {
        let mesh = &self.mesh;
        let rest_words = mesh.moving.as_ref().map_or(0, |moving| moving.rest.len());
        let counts = [mesh.positions.len(), mesh.indices.len(), rest_words].map(u32::try_from);
        let [Ok(vertex_count), Ok(index_count), Ok(word_count)] = counts else { return Found::Nothing };
        if !to.geometry.knows(tile) || mesh.positions.len() != mesh.attributes.len() {
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
