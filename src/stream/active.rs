//! Everything that belongs to the venue that is shown: what is on its way, what waits for a worker, what waits for
//! the renderer, what is here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use glam::Vec3;

use super::choice::Choice;
use super::clips::Clips;
use super::decode::Work;
use super::directory::User;
use super::fetch::Fetch;
use super::pace::Pace;
use super::residency::Residency;
use super::venue::{ColliderState, ImageState, TileState, Venue};
use super::{Limits, Ready};
use crate::scene::texture::Texture;
use crate::scene::{ClipId, ColliderId, ContentError, ImageId, Samples, TileId};

/// The tile that everything else is in the place of.
const ROOT: TileId = TileId(0);

/// Everything that belongs to one venue.
pub struct Active {
    pub venue: Venue,
    pub fetch: Fetch,
    pub choice: Choice,
    pub residency: Residency,
    /// What may be on the GPU: less than the limits say once the renderer had no room.
    pub limit_bytes: u64,
    pub clips: Clips,
    pub chosen_at: Option<Duration>,
    /// Most important first, as far as is known.
    pub decode_queue: VecDeque<(Work, u64)>,
    pub decode_queue_bytes: u64,
    pub decoding_count: usize,
    pub ready: VecDeque<Ready>,
    pub ready_bytes: u64,
    pub waiting: Vec<TileId>,
    pub pace: Pace,
    pub now: Duration,
}

impl Active {
    /// A venue of which nothing is here but what is `ready`.
    pub fn new(venue: Venue, clips: Clips, ready: VecDeque<Ready>, limits: &Limits) -> Self {
        let ready_bytes = ready.iter().map(size_bytes).sum();
        Self {
            fetch: Fetch::new(venue.tileset.blobs().len(), limits.has_cache),
            venue,
            choice: Choice::default(),
            residency: Residency::default(),
            limit_bytes: limits.resident_bytes,
            clips,
            chosen_at: None,
            decode_queue: VecDeque::new(),
            decode_queue_bytes: 0,
            decoding_count: 0,
            ready,
            ready_bytes,
            waiting: Vec::new(),
            pace: Pace::default(),
            now: Duration::ZERO,
        }
    }

    /// Has the blob decoded for whoever needs it.
    pub fn queue_for(&mut self, user: User, bytes: Arc<Vec<u8>>) {
        match user {
            User::Tile(tile) => self.queue_tile(tile, bytes),
            User::Image(image) => self.queue_image(image, Some(bytes)),
            User::Tail(image) => self.queue_tail(image, bytes),
            User::Collider(collider) => self.queue_collider(collider, bytes),
            User::Clip(clip) => self.queue_clip(clip, bytes),
        }
    }

    fn queue_tile(&mut self, tile: TileId, glb: Arc<Vec<u8>>) {
        self.venue.tiles[tile.index()].state = TileState::Decoding;
        let size_bytes = glb.len() as u64;
        let tileset = self.venue.tileset.clone();
        self.queue(Work::Tile { tile, tileset, glb }, size_bytes);
    }

    pub fn queue_image(&mut self, image: ImageId, file: Option<Arc<Vec<u8>>>) {
        let slot = &mut self.venue.images[image.index()];
        if slot.state != ImageState::Absent {
            return;
        }
        slot.state = ImageState::Decoding;
        let size_bytes = file.as_ref().map_or(0, |file| file.len() as u64);
        let form = self.venue.image_form(image);
        self.queue(Work::Image { image, form, file, is_tail: false }, size_bytes);
    }

    fn queue_tail(&mut self, image: ImageId, file: Arc<Vec<u8>>) {
        self.venue.images[image.index()].tail = Some(ImageState::Decoding);
        let (size_bytes, form) = (file.len() as u64, self.venue.image_form(image));
        self.queue(Work::Image { image, form, file: Some(file), is_tail: true }, size_bytes);
    }

    /// Hands the image out, unless something better of it was.
    pub fn take_image(&mut self, image: ImageId, texture: Texture, is_refused: bool, is_tail: bool) {
        let slot = &mut self.venue.images[image.index()];
        if is_tail && is_refused {
            slot.tail = None;
            return;
        }
        if is_tail && slot.state == ImageState::Resident {
            slot.tail = Some(ImageState::Absent);
            return;
        }
        slot.is_blank |= is_refused;
        if slot.is_blank && slot.is_shown() {
            slot.state = ImageState::Resident;
            return;
        }
        self.residency.add_image(&mut self.venue, image, is_tail);
        self.ready_bytes += texture.size_bytes();
        self.ready.push_back(Ready::Texture { image, texture, is_tail });
    }

    fn queue_collider(&mut self, collider: ColliderId, bytes: Arc<Vec<u8>>) {
        self.venue.colliders[collider.index()].state = ColliderState::Decoding;
        let size_bytes = bytes.len() as u64;
        let pose = self.venue.tileset.grounds()[collider.index()].pose;
        // What one stands on comes before what one sees.
        self.decode_queue_bytes += size_bytes;
        self.decode_queue.push_front((Work::Collider { collider, pose, bytes }, size_bytes));
    }

    fn queue_clip(&mut self, clip: ClipId, file: Arc<Vec<u8>>) {
        self.clips.begin_decoding(clip);
        let size_bytes = file.len() as u64;
        let form = self.venue.tileset.clips()[clip.index()];
        self.queue(Work::Clip { clip, form, file }, size_bytes);
    }

    /// Hands the clip out, unless it is refused.
    pub fn take_clip(
        &mut self,
        clip: ClipId,
        samples: Result<Samples, ContentError>,
    ) -> Result<(), ContentError> {
        let samples = samples.inspect_err(|_| self.clips.give_up(clip))?;
        let size_bytes = clip_bytes(&samples);
        self.clips.arrived(clip, size_bytes);
        self.ready_bytes += size_bytes;
        self.ready.push_back(Ready::Clip { clip, samples });
        Ok(())
    }

    pub fn listen(&mut self, listener: Option<Vec3>, limit_bytes: u64) {
        let ready = &mut self.ready;
        self.clips.listen(listener, self.now, &self.venue.tileset, limit_bytes, |clip| {
            ready.push_back(Ready::EvictClip(clip));
        });
    }

    fn queue(&mut self, work: Work, size_bytes: u64) {
        self.decode_queue_bytes += size_bytes;
        self.decode_queue.push_back((work, size_bytes));
    }

    /// Forgets what has come and is not wanted any more: jobs that nobody has begun, and tiles that
    /// wait for textures which will not be fetched.
    pub fn drop_unwanted(&mut self) {
        let round = self.choice.round();
        let (venue, queue_bytes) = (&mut self.venue, &mut self.decode_queue_bytes);
        let clips = &mut self.clips;
        self.decode_queue.retain(|(work, size_bytes)| {
            let is_wanted = match work {
                Work::Manifest { .. } => true,
                Work::Tile { tile, .. } => venue.tiles[tile.index()].wanted_round == round,
                Work::Collider { collider, .. } => venue.colliders[collider.index()].wanted_round == round,
                Work::Image { image, file, .. } => {
                    file.is_none() || venue.images[image.index()].wanted_round == round
                }
                Work::Clip { clip, .. } => clips.is_wanted(*clip),
            };
            if !is_wanted {
                *queue_bytes -= size_bytes;
                match work {
                    Work::Manifest { .. } => {}
                    Work::Tile { tile, .. } => venue.tiles[tile.index()].state = TileState::Absent,
                    Work::Collider { collider, .. } => {
                        venue.colliders[collider.index()].state = ColliderState::Absent;
                    }
                    Work::Image { image, is_tail, .. } => {
                        let slot = &mut venue.images[image.index()];
                        let state = if *is_tail { slot.tail.as_mut() } else { Some(&mut slot.state) };
                        state.into_iter().for_each(|state| *state = ImageState::Absent);
                    }
                    Work::Clip { clip, .. } => clips.drop_decoding(*clip),
                }
            }
            is_wanted
        });
        self.waiting.retain(|tile| {
            let is_wanted = venue.tiles[tile.index()].wanted_round == round;
            if !is_wanted {
                venue.tiles[tile.index()].state = TileState::Absent;
                venue.count_uses(*tile, false);
            }
            is_wanted
        });
    }

    /// Hands out the tiles whose textures have all been handed out, as far as there is room for them; what nobody needs
    /// makes room. Returns how many tiles went. Without the root there is nothing to see: it always has room.
    pub fn release_waiting(&mut self) -> u64 {
        let (mut index, mut gone, mut is_full) = (0, 0, false);
        while let Some(&tile) = self.waiting.get(index) {
            let size_bytes = match &self.venue.tiles[tile.index()].state {
                TileState::Decoded(mesh) if self.venue.has_textures(tile) => mesh.size_bytes(),
                _ => {
                    index += 1;
                    continue;
                }
            };
            if !is_full && tile != ROOT {
                gone += self.make_room(size_bytes);
                is_full = self.residency.bytes() + size_bytes > self.limit_bytes;
            }
            if is_full && tile != ROOT {
                index += 1;
                continue;
            }
            self.waiting.remove(index);
            let slot = &mut self.venue.tiles[tile.index()];
            if let TileState::Decoded(mesh) = std::mem::replace(&mut slot.state, TileState::Resident) {
                self.residency.add_tile(&mut self.venue, tile, size_bytes, self.now);
                self.ready_bytes += size_bytes;
                self.ready.push_back(Ready::Tile { tile, mesh: *mesh });
            }
        }
        gone
    }

    /// Evicts where the budget would be exceeded by so many bytes more; returns how many tiles went.
    pub fn make_room(&mut self, more_bytes: u64) -> u64 {
        let limit_bytes = self.limit_bytes.saturating_sub(more_bytes);
        let (round, ready) = (self.choice.round(), &mut self.ready);
        self.residency.make_room(limit_bytes, &mut self.venue, round, self.now, |eviction| {
            ready.push_back(eviction);
        })
    }

    /// The renderer had no room for the tile.
    pub fn refuse_tile(&mut self, tile: TileId) {
        let slot = self.venue.tiles.get_mut(tile.index());
        let Some(slot) = slot.filter(|slot| matches!(slot.state, TileState::Resident)) else { return };
        slot.refused = Some(self.now);
        self.residency.remove_tile(&mut self.venue, tile);
        self.limit_bytes = self.limit_bytes.min(self.residency.bytes());
    }

    /// The renderer had no room for the image. A blank one shows no more than its tiles do without it, and stays.
    pub fn refuse_image(&mut self, image: ImageId) {
        let slot = self.venue.images.get_mut(image.index());
        let Some(slot) = slot.filter(|slot| slot.is_shown() && !slot.is_blank) else { return };
        slot.refused = Some(self.now);
        // Where this was its tail, all of it may be on its way.
        slot.wanted_round = 0;
        self.residency.remove_image(&mut self.venue, image);
        self.limit_bytes = self.limit_bytes.min(self.residency.bytes());
        // Something better of it may have been handed out since.
        self.ready.push_back(Ready::EvictTexture(image));
    }
}

/// What waits to be taken, in memory.
pub fn size_bytes(ready: &Ready) -> u64 {
    match ready {
        Ready::Texture { texture, .. } => texture.size_bytes(),
        Ready::Tile { mesh, .. } => mesh.size_bytes(),
        Ready::Clip { samples, .. } => clip_bytes(samples),
        Ready::Tileset(_)
        | Ready::Collider { .. }
        | Ready::EvictCollider(_)
        | Ready::EvictTile(_)
        | Ready::EvictTexture(_)
        | Ready::EvictClip(_) => 0,
    }
}

fn clip_bytes(samples: &Samples) -> u64 {
    samples.values.len() as u64 * 2
}
