//! Which blob has which name, and who needs it. It is made where the manifest is decoded: of a large venue it takes longer
//! than a frame has.

use crate::protocol::ContentHash;
use crate::scene::{BlobId, ClipId, ColliderId, ImageId, TileId, Tileset};

/// Who needs a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// A tile.
    Tile(TileId),
    /// An image.
    Image(ImageId),
    /// An image, to show something of it.
    Tail(ImageId),
    /// A piece of the ground.
    Collider(ColliderId),
    /// A sound.
    Clip(ClipId),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Directory {
    /// Of all blobs, one after the other.
    users: Vec<User>,
    /// Where each blob's users begin, and where the last one's end.
    starts: Vec<usize>,
    by_hash: Vec<(ContentHash, BlobId)>,
}

impl Directory {
    /// That of a tileset.
    pub fn new(tileset: &Tileset) -> Self {
        let images = tileset.images().iter().map(|image| image.blob).zip((0..).map(ImageId).map(User::Image));
        let tails = tileset.tables().tails.iter().map(|tail| (tail.blob, User::Tail(tail.image)));
        let grounds = tileset.grounds().iter().map(|cell| cell.blob);
        let colliders = grounds.zip((0..).map(ColliderId).map(User::Collider));
        let clips = tileset.clips().iter().map(|clip| clip.blob).zip((0..).map(ClipId).map(User::Clip));
        let tiles = tileset.tiles().iter().zip((0..).map(TileId));
        let tiles = tiles.filter_map(|(tile, id)| Some((tile.content?, User::Tile(id))));
        let mut needs: Vec<(BlobId, User)> =
            images.chain(tails).chain(colliders).chain(clips).chain(tiles).collect();
        needs.sort_by_key(|(blob, _)| *blob);
        let blob_count = tileset.blobs().len();
        let starts = (0..=blob_count).map(|blob| needs.partition_point(|(other, _)| other.index() < blob));
        let mut by_hash: Vec<_> =
            tileset.blobs().iter().zip(0..).map(|(blob, index)| (blob.hash, BlobId(index))).collect();
        by_hash.sort_unstable();
        Self { starts: starts.collect(), users: needs.into_iter().map(|(_, user)| user).collect(), by_hash }
    }

    /// Who needs the blob.
    pub fn users(&self, blob: BlobId) -> &[User] {
        let at = |index: usize| self.starts.get(index).copied().unwrap_or_default();
        self.users.get(at(blob.index())..at(blob.index() + 1)).unwrap_or_default()
    }

    /// The blob of this name.
    pub fn blob(&self, hash: ContentHash) -> Option<BlobId> {
        let place = self.by_hash.binary_search_by(|(other, _)| other.cmp(&hash)).ok()?;
        self.by_hash.get(place).map(|(_, blob)| *blob)
    }
}
