//! What the eyes want → requests; bytes → decoded tiles and textures, under a budget.
//!
//! The [`Streamer`] is told what is wanted each frame, what has arrived and what was decoded. It
//! answers with [`Request`]s (ask the cache, ask the host, decode this) and with [`Ready`] content in
//! the order in which it is to be uploaded. Architecture invariant: no clock, socket, file or thread:
//! time and bytes come in as arguments, and whoever owns the sockets does what is requested.
//!
//! ```text
//! Demand ─► choose blobs ─► Look (cache) ─► Want (host) ─► Decode (workers) ─► Ready (renderer)
//! ```
//!
//! Every queue in here is bounded by the [`Limits`]: what is fetched and not decoded by the window,
//! what is decoded and not taken by `ready_bytes`, what is on the GPU by `resident_bytes`.

mod active;
mod choice;
mod clips;
pub mod decode;
mod directory;
mod early;
mod fetch;
mod ground;
mod pace;
mod residency;
mod streamer;
#[cfg(test)]
mod tests;
mod venue;

use std::sync::Arc;

use crate::physics::Surface;
use crate::protocol::{ContentHash, ProtocolError, WantedBlob};
use crate::scene::texture::Texture;
use crate::scene::{ClipId, ColliderId, ContentError, ImageId, Samples, TileId, TileMesh, Tileset};

pub use decode::{DecodeJob, Decoded};
pub use streamer::Streamer;

/// How much may be under way and how much may be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that are asked for and not decoded yet: 8 MiB are what a 400 Mbit/s network brings in
    /// 160 ms, and what a change of mind may waste at most.
    pub window_bytes: u64,
    /// Bytes that are decoded and not taken yet; beyond, nothing more is decoded.
    pub ready_bytes: u64,
    /// Bytes on the GPU.
    pub resident_bytes: u64,
    /// Bytes of clips in memory: six minutes of one channel.
    pub clip_bytes: u64,
    /// Jobs that the workers may have at once; the rest waits here, where it can be reordered.
    pub decodes: usize,
    /// Whether there is a cache to look into.
    pub has_cache: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            window_bytes: 8 << 20,
            ready_bytes: 32 << 20,
            resident_bytes: 512 << 20,
            clip_bytes: 32 << 20,
            decodes: 32,
            has_cache: true,
        }
    }
}

/// What the streamer wants done.
#[derive(Debug)]
pub enum Request {
    /// Look into the cache and say what is there with [`Streamer::looked`].
    Look(ContentHash),
    /// Put this into the cache, if there is time.
    Save {
        /// Its name.
        hash: ContentHash,
        /// All of it.
        bytes: Arc<Vec<u8>>,
    },
    /// Tell the host that this is wanted, most important first, in place of what was wanted before.
    Want(Vec<WantedBlob>),
    /// Run [`decode::run`] somewhere and hand what comes of it to [`Streamer::decoded`].
    Decode(DecodeJob),
}

/// Content for the renderer, in this order: the textures of a tile before the tile.
#[derive(Debug)]
pub enum Ready {
    /// A venue begins. Everything that came before belongs to another one.
    Tileset(Arc<Tileset>),
    /// An image.
    Texture {
        /// Which.
        image: ImageId,
        /// Its pixels.
        texture: Texture,
        /// Whether they are magnified from its tail: all of it comes later, in the place of this.
        is_tail: bool,
    },
    /// A tile, whose textures have all come, be it as tails.
    Tile {
        /// Which.
        tile: TileId,
        /// Its geometry.
        mesh: TileMesh,
    },
    /// A piece of the ground near the person; `None` if it is not to be had.
    Collider {
        /// Which.
        collider: ColliderId,
        /// What stops people.
        surface: Option<Surface>,
    },
    /// The person is far from this piece of the ground.
    EvictCollider(ColliderId),
    /// This tile is to be forgotten to make room.
    EvictTile(TileId),
    /// No tile that is here uses this image any more, or there was no room for it.
    EvictTexture(ImageId),
    /// A clip, for whoever plays it.
    Clip {
        /// Which.
        clip: ClipId,
        /// What is heard.
        samples: Samples,
    },
    /// Nobody is near enough to hear this clip any more.
    EvictClip(ClipId),
}

/// Something is missing and will stay so. What is coarser stays in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamFault {
    /// There will be no venue.
    #[error("the host's twin is refused: {0}")]
    Manifest(ProtocolError),
    /// The host does not send the manifest that it announced.
    #[error("the host does not send the twin that it announced: bake it again on the host")]
    NoManifest,
    /// A tile that is refused.
    #[error("tile {} is refused: {reason}", tile.0)]
    Tile {
        /// Which.
        tile: TileId,
        /// Why.
        reason: ContentError,
    },
    /// A piece of the ground that is refused; people walk through it.
    #[error("collider {} is refused: {reason}", collider.0)]
    Collider {
        /// Which.
        collider: ColliderId,
        /// Why.
        reason: ContentError,
    },
    /// An image that is refused; a blank one is shown.
    #[error("image {} is refused: {reason}", image.0)]
    Image {
        /// Which.
        image: ImageId,
        /// Why.
        reason: ContentError,
    },
    /// A clip that is refused.
    #[error("clip {} is refused: {reason}", clip.0)]
    Clip {
        /// Which.
        clip: ClipId,
        /// Why.
        reason: ContentError,
    },
    /// The host has sent wrong bytes, twice.
    #[error("the host sends damaged bytes for {hash}: bake the twin again on the host")]
    Corrupt {
        /// The blob.
        hash: ContentHash,
    },
    /// The host does not have what its manifest lists.
    #[error("the host does not have {hash}, which its twin needs: bake the twin again on the host")]
    Absent {
        /// The blob.
        hash: ContentHash,
    },
}

/// What has been done so far, and what is here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Blobs that came from the host.
    pub fetched: u64,
    /// Their bytes.
    pub fetched_bytes: u64,
    /// Blobs that came from the cache.
    pub cached: u64,
    /// Their bytes.
    pub cached_bytes: u64,
    /// Blobs that were asked for and are not wanted any more.
    pub cancelled: u64,
    /// Blobs that came when nobody wanted them any more.
    pub stale: u64,
    /// Blobs that came damaged.
    pub corrupt: u64,
    /// Tiles, images and blobs that are given up.
    pub faults: u64,
    /// Tiles that were evicted.
    pub evicted: u64,
    /// Blobs that are asked for now.
    pub under_way: usize,
    /// Tiles that are ready or on the GPU.
    pub resident_tiles: usize,
    /// What they and their textures occupy.
    pub resident_bytes: u64,
    /// What clips occupy.
    pub clip_bytes: u64,
}
