//! One tileset and how far each of its tiles and images has come.

use std::sync::Arc;
use std::time::Duration;

use super::decode::VenueNumber;
use super::directory::{Directory, User};
use crate::protocol::ContentHash;
use crate::scene::texture::Image;
use crate::scene::{BlobId, ImageId, TileId, TileMesh, Tileset};

/// Nothing is fetched twice within this time. A tile must not have been needed for so long before it may go, because
/// the head that turned away often turns back; what the renderer had no room for is not chosen for so long.
pub const REST: Duration = Duration::from_secs(1);

/// How far a tile has come.
#[derive(Debug)]
pub enum TileState {
    Absent,
    Decoding,
    /// Decoded, and waits for its textures.
    Decoded(Box<TileMesh>),
    /// Handed out.
    Resident,
    /// Refused for good.
    Bad,
}

#[derive(Debug)]
pub struct TileSlot {
    pub state: TileState,
    /// Wanted in this round of choosing.
    pub wanted_round: u64,
    /// When it was last kept.
    pub kept: Duration,
    /// Of the mesh, while it is resident.
    pub size_bytes: u64,
    /// Tiles below it that are resident: it is what they fall back to.
    pub resident_below: u32,
    /// When the renderer had no room for it, if ever.
    pub refused: Option<Duration>,
}

impl TileSlot {
    /// The renderer had no room for it within the last [`REST`].
    pub fn was_refused_lately(&self, now: Duration) -> bool {
        is_recent(self.refused, now)
    }
}

/// How far an image has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageState {
    Absent,
    Decoding,
    /// Handed out.
    Resident,
}

#[derive(Debug)]
pub struct ImageSlot {
    pub state: ImageState,
    /// How far that has come which is shown of it meanwhile; `None` if nothing is to be had.
    pub tail: Option<ImageState>,
    /// Needed by a tile that is wanted in this round, or kept.
    pub wanted_round: u64,
    /// Of the tile that needs it most, or needed it when one was wanted last.
    pub importance: f32,
    /// Tiles that are decoded or resident and use it.
    pub user_count: u32,
    /// Its file cannot be had or is refused: the blank one that stands for it is never given up.
    pub is_blank: bool,
    /// When the renderer had no room for it, if nothing of it came since.
    pub refused: Option<Duration>,
}

/// How far a piece of the ground has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColliderState {
    Absent,
    Decoding,
    /// Handed out.
    Resident,
    /// Refused for good.
    Bad,
}

impl ImageSlot {
    /// Something of it was handed out.
    pub fn is_shown(&self) -> bool {
        self.state == ImageState::Resident || self.tail == Some(ImageState::Resident)
    }

    /// Something of it is shown, and not all of it was handed out.
    pub fn is_blurred(&self) -> bool {
        self.state != ImageState::Resident && self.tail == Some(ImageState::Resident)
    }

    /// The renderer had no room for it within the last [`REST`].
    pub fn was_refused_lately(&self, now: Duration) -> bool {
        is_recent(self.refused, now)
    }

    /// Tiles do without it, because the renderer had no room for it.
    pub fn is_missed(&self) -> bool {
        self.user_count > 0 && self.refused.is_some()
    }

    /// Nothing of it is on the GPU any more. What is being decoded comes all the same.
    pub fn forget(&mut self) {
        let gone = |state: ImageState| if state == ImageState::Resident { ImageState::Absent } else { state };
        (self.state, self.tail) = (gone(self.state), self.tail.map(gone));
    }

    /// Nothing of it is here or on its way to the GPU.
    pub fn is_absent(&self) -> bool {
        self.state == ImageState::Absent && self.tail.is_none_or(|tail| tail == ImageState::Absent)
    }

    /// The tail is not to be had, unless it is here: its file may be that of another image too.
    pub fn give_up_tail(&mut self) {
        self.tail = self.tail.filter(|tail| *tail != ImageState::Absent);
    }

    /// A tile is wanted in this round that needs it, and matters so much.
    pub fn want(&mut self, round: u64, importance: f32) {
        let before = if self.wanted_round == round { self.importance } else { 0.0 };
        (self.wanted_round, self.importance) = (round, importance.max(before));
    }
}

/// Whether this was within the last [`REST`].
fn is_recent(then: Option<Duration>, now: Duration) -> bool {
    then.is_some_and(|then| now.saturating_sub(then) < REST)
}

#[derive(Clone, Copy, Debug)]
pub struct ColliderSlot {
    pub state: ColliderState,
    /// Wanted in this round of choosing.
    pub wanted_round: u64,
}

impl ColliderSlot {
    /// What is here stays; what is being decoded answers to nobody and is asked for again.
    pub fn at_start_over(self) -> Self {
        let state = if self.state == ColliderState::Decoding { ColliderState::Absent } else { self.state };
        Self { state, wanted_round: 0 }
    }
}

/// A tileset and the state of everything in it.
pub struct Venue {
    pub number: VenueNumber,
    pub manifest: ContentHash,
    pub tileset: Arc<Tileset>,
    pub tiles: Vec<TileSlot>,
    pub images: Vec<ImageSlot>,
    pub colliders: Vec<ColliderSlot>,
    pub directory: Directory,
}

impl Venue {
    pub fn new(
        number: VenueNumber,
        manifest: ContentHash,
        tileset: Arc<Tileset>,
        directory: Directory,
    ) -> Self {
        let images = (0..tileset.images().len() as u32)
            .map(|image| ImageSlot {
                state: ImageState::Absent,
                tail: tileset.tail(ImageId(image)).map(|_| ImageState::Absent),
                wanted_round: 0,
                importance: 0.0,
                user_count: 0,
                is_blank: false,
                refused: None,
            })
            .collect();
        let tiles = tileset
            .tiles()
            .iter()
            .map(|_| TileSlot {
                state: TileState::Absent,
                wanted_round: 0,
                kept: Duration::ZERO,
                size_bytes: 0,
                resident_below: 0,
                refused: None,
            })
            .collect();
        let unseen = ColliderSlot { state: ColliderState::Absent, wanted_round: 0 };
        let colliders = vec![unseen; tileset.grounds().len()];
        Self { number, manifest, tileset, tiles, images, colliders, directory }
    }

    /// The blob of this name.
    pub fn blob(&self, hash: ContentHash) -> Option<BlobId> {
        self.directory.blob(hash)
    }

    /// Whether it is a clip's.
    pub fn is_clip(&self, blob: BlobId) -> bool {
        self.directory.users(blob).iter().any(|user| matches!(user, User::Clip(_)))
    }

    /// Whether somebody wants the blob in this round who does not have it. Clips have a list of their own.
    pub fn is_wanted(&self, blob: BlobId, round: u64) -> bool {
        self.directory.users(blob).iter().any(|user| self.wants(*user, round))
    }

    /// Whether this one is wanted in this round and does not have it.
    pub fn wants(&self, user: User, round: u64) -> bool {
        let wanted_round = match user {
            User::Tile(tile) => self.tiles[tile.index()].wanted_round,
            User::Image(image) | User::Tail(image) => self.images[image.index()].wanted_round,
            User::Collider(collider) => self.colliders[collider.index()].wanted_round,
            User::Clip(_) => return false,
        };
        wanted_round == round && self.lacks(user)
    }

    /// Whether somebody may want the blob still, now or later.
    pub fn is_of_use(&self, blob: BlobId) -> bool {
        self.directory.users(blob).iter().any(|user| self.lacks(*user))
    }

    /// Whether what it needs is neither here nor coming.
    fn lacks(&self, user: User) -> bool {
        match user {
            User::Tile(tile) => matches!(self.tiles[tile.index()].state, TileState::Absent),
            User::Image(image) => self.images[image.index()].state == ImageState::Absent,
            User::Tail(image) => {
                let slot = &self.images[image.index()];
                (slot.state, slot.tail) == (ImageState::Absent, Some(ImageState::Absent))
            }
            User::Collider(collider) => self.colliders[collider.index()].state == ColliderState::Absent,
            User::Clip(_) => true,
        }
    }

    /// Whether no tile that is here shows a tail.
    pub fn is_sharp(&self) -> bool {
        !self.images.iter().any(|slot| slot.user_count > 0 && slot.is_blurred())
    }

    /// Whether a tile does without an image that the renderer had no room for.
    pub fn is_missing_images(&self) -> bool {
        self.images.iter().any(ImageSlot::is_missed)
    }

    /// What the image is.
    pub fn image_form(&self, image: ImageId) -> Image {
        self.tileset.images()[image.index()]
    }

    /// What the image occupies on the GPU: a third more than its largest level.
    pub fn image_bytes(&self, image: ImageId) -> u64 {
        self.image_form(image).size_bytes()
    }

    /// What the tile will occupy on the GPU, roughly.
    pub fn expected_bytes(&self, tile: TileId) -> u64 {
        self.tileset.tile(tile).expected_bytes()
    }

    /// What the tiles and images that are being decoded will occupy.
    pub fn coming_bytes(&self) -> u64 {
        let is_coming = |slot: &TileSlot| matches!(slot.state, TileState::Decoding | TileState::Decoded(_));
        let tiles = (0..).map(TileId).zip(&self.tiles).filter(|(_, slot)| is_coming(slot));
        let images = (0..).map(ImageId).zip(&self.images);
        let is_coming = |slot: &ImageSlot| {
            !slot.is_shown() && [Some(slot.state), slot.tail].contains(&Some(ImageState::Decoding))
        };
        let images = images.filter(|(_, slot)| is_coming(slot));
        tiles.map(|(tile, _)| self.expected_bytes(tile)).sum::<u64>()
            + images.map(|(image, _)| self.image_bytes(image)).sum::<u64>()
    }

    /// Whether of all textures of the tile something was handed out.
    pub fn has_textures(&self, tile: TileId) -> bool {
        self.tileset.tile(tile).images.iter().all(|image| self.images[image.index()].is_shown())
    }

    /// Counts the tile among the users of its images, or no longer.
    pub fn count_uses(&mut self, tile: TileId, is_user: bool) {
        for image in &self.tileset.tile(tile).images {
            let count = &mut self.images[image.index()].user_count;
            *count = if is_user { *count + 1 } else { *count - 1 };
        }
    }

    /// The tile has become resident, or no longer is.
    pub fn count_below(&mut self, tile: TileId, is_resident: bool) {
        let Self { tileset, tiles, .. } = self;
        tileset.visit_above(tile, |above| {
            let count = &mut tiles[above.index()].resident_below;
            *count = if is_resident { *count + 1 } else { *count - 1 };
        });
    }
}
