//! Bytes → content, as a pure function that any thread may run.

use std::sync::Arc;

use super::directory::Directory;
use crate::math::Pose;
use crate::physics::Surface;
use crate::protocol::{ProtocolError, manifest};
use crate::scene::gltf::image;
use crate::scene::texture::{ColorSpace, Image, Texture};
use crate::scene::{
    Clip, ClipId, ColliderId, ContentError, ImageId, Samples, TileId, TileMesh, Tileset, collider, sound,
    tile,
};

/// Which venue a job belongs to: results of an earlier one are of no use any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VenueNumber(pub u32);

/// Something to decode.
#[derive(Clone, Debug)]
pub struct DecodeJob {
    /// For whom.
    pub venue: VenueNumber,
    /// What.
    pub work: Work,
}

/// What is to be decoded.
#[derive(Clone, Debug)]
pub enum Work {
    /// A manifest.
    Manifest {
        /// All of it.
        bytes: Arc<Vec<u8>>,
    },
    /// A tile.
    Tile {
        /// Which.
        tile: TileId,
        /// Of what.
        tileset: Arc<Tileset>,
        /// Its GLB.
        glb: Arc<Vec<u8>>,
    },
    /// A piece of the ground.
    Collider {
        /// Which.
        collider: ColliderId,
        /// Where it lies.
        pose: Pose,
        /// All of it.
        bytes: Arc<Vec<u8>>,
    },
    /// An image.
    Image {
        /// Which.
        image: ImageId,
        /// What it is to become.
        form: Image,
        /// Its PNG or JPEG; `None` where there is none to be had.
        file: Option<Arc<Vec<u8>>>,
        /// Whether that is its tail.
        is_tail: bool,
    },
    /// A clip.
    Clip {
        /// Which.
        clip: ClipId,
        /// What it is to become.
        form: Clip,
        /// Its WAV.
        file: Arc<Vec<u8>>,
    },
}

/// What came of a job.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// For whom.
    pub venue: VenueNumber,
    /// What.
    pub content: Content,
}

impl Decoded {
    /// Whether a venue begins with it.
    pub fn is_manifest(&self) -> bool {
        matches!(self.content, Content::Manifest(_))
    }
}

/// What was decoded.
#[derive(Clone, Debug)]
pub enum Content {
    /// A manifest.
    Manifest(Result<Box<DecodedTwin>, ProtocolError>),
    /// A tile.
    Tile {
        /// Which.
        tile: TileId,
        /// Its geometry.
        mesh: Result<Box<TileMesh>, ContentError>,
    },
    /// A piece of the ground.
    Collider {
        /// Which.
        collider: ColliderId,
        /// What stops people.
        surface: Result<Surface, ContentError>,
    },
    /// An image.
    Image {
        /// Which.
        image: ImageId,
        /// Its pixels; blank ones if they are refused.
        texture: Texture,
        /// Why they are refused.
        refused: Option<ContentError>,
        /// Whether they are its tail's.
        is_tail: bool,
    },
    /// A clip.
    Clip {
        /// Which.
        clip: ClipId,
        /// What is heard.
        samples: Result<Samples, ContentError>,
    },
}

/// A twin as its manifest tells it.
#[derive(Clone, Debug)]
pub struct DecodedTwin {
    /// All of it.
    pub tileset: Arc<Tileset>,
    /// Who needs which blob of it.
    pub(super) directory: Directory,
}

impl DecodedTwin {
    fn new(tileset: Tileset) -> Self {
        Self { directory: Directory::new(&tileset), tileset: Arc::new(tileset) }
    }
}

/// Does a job.
pub fn run(job: DecodeJob) -> Decoded {
    let content = match job.work {
        Work::Manifest { bytes } => {
            Content::Manifest(manifest::decode(&bytes).map(|tileset| Box::new(DecodedTwin::new(tileset))))
        }
        Work::Tile { tile, tileset, glb } => {
            Content::Tile { tile, mesh: tile::decode(&glb, &tileset, tile).map(Box::new) }
        }
        Work::Collider { collider, pose, bytes } => {
            Content::Collider { collider, surface: decode_collider(&bytes, pose) }
        }
        Work::Image { image, form, file, is_tail } => {
            let decoded = file.map(|file| decode_image(&file, form)).transpose();
            let (texture, refused) = decoded.map_or_else(|reason| (None, Some(reason)), |t| (t, None));
            Content::Image { image, texture: texture.unwrap_or_else(|| blank(form)), refused, is_tail }
        }
        Work::Clip { clip, form, file } => Content::Clip { clip, samples: sound::decode(&file, &form) },
    };
    Decoded { venue: job.venue, content }
}

fn decode_collider(bytes: &[u8], pose: Pose) -> Result<Surface, ContentError> {
    let refuse = || ContentError::malformed("collider", "its triangles make no surface");
    Surface::new(collider::decode(bytes)?.placed(pose)).ok_or_else(refuse)
}

fn decode_image(file: &[u8], form: Image) -> Result<Texture, ContentError> {
    let pixels = image::decode(file)?;
    Texture::from_pixels(&pixels, form.space, form.side_log2)
}

/// What is shown for an image that is not to be had: middle grey, or, for data, a flat normal of a
/// half-rough surface. It has the promised size, because materials rely on it.
fn blank(form: Image) -> Texture {
    let texel = match form.space {
        ColorSpace::Srgb => [188, 188, 188, 255],
        ColorSpace::Linear => [128, 128, 255, 255],
    };
    let level = |log2: u8| texel.repeat(1 << (2 * usize::from(log2)));
    Texture {
        space: form.space,
        side_log2: form.side_log2,
        levels: (0..=form.side_log2).rev().map(level).collect(),
    }
}
