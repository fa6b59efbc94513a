//! 3D Tiles 1.0 and 1.1 → plain data. A tileset's JSON comes in, one [`Document`] of its finest tiles goes out.
//!
//! `tileset` is the JSON, `implicit` with `subtree` the tilings that are said in bits, `content` what a tile may hold:
//! glTF, and the older formats around it, whose `feature` tables say where `instances` and `points` are. `earth` is where
//! all of it stands: a tileset that is placed on the globe is turned to stand upright around its own middle.
//!
//! Of tiles that others replace the finest are taken, of those that others add to all. Batch tables and metadata are left
//! out.
//!
//! Architecture invariant: no file, no URL; what a URI means is asked of [`Files`]. Nothing is read twice in a chain of
//! tilesets, and all that is read is counted together.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod content;
mod earth;
mod feature;
mod implicit;
mod instances;
mod points;
mod subtree;
mod tileset;

#[cfg(test)]
pub(crate) mod tests;

use glam::{DAffine3, DMat3, DMat4, DVec3};

use super::gltf::{Document, Resolve};
use super::{ContentError, limits};
use tileset::{Content, Tile};

/// The files around a tileset, each named by its place: its path below one folder.
pub trait Files {
    /// The bytes of what the URI names, as the file at `from` says it, and its place.
    ///
    /// # Errors
    /// When the URI is not one that may be opened, or what it names is not there.
    fn open(&mut self, from: &str, uri: &str) -> Result<(String, Vec<u8>), ContentError>;

    /// Answers for the URIs of a glTF file at the place.
    fn beside<'a>(&'a mut self, place: &str) -> Box<dyn Resolve + 'a>;
}

/// Whether the file at the place is a tileset, or one of the formats of its contents that are not glTF's.
pub fn is_known(place: &str, bytes: &[u8]) -> bool {
    is_json(place) || content::is_known(bytes)
}

fn is_json(place: &str) -> bool {
    place.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("json"))
}

/// Reads the tileset (or the single content) at `place`, and all that it refers to.
///
/// # Errors
/// When something is malformed, larger than [`limits`] allow, or needs what this version does not know.
pub fn read(place: &str, bytes: &[u8], files: &mut dyn Files) -> Result<Document, ContentError> {
    let mut walk = Walk {
        files,
        document: Document::default(),
        world_from_root: None,
        tiles: 0,
        bytes: 0,
        vertices: 0,
        chain: Vec::new(),
    };
    let at = At { from: place, tiles_from_here: DAffine3::IDENTITY, is_add: false, up: Up::Y, depth: 0 };
    walk.count_bytes(place, bytes)?;
    walk.content(&at, place, bytes)?;
    Ok(walk.document)
}

/// Which axis of a glTF file points upwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Up {
    X,
    Y,
    Z,
}

impl Up {
    /// From glTF to the tile, where Z is up.
    fn tile_from_gltf(self) -> DAffine3 {
        let [x, y, z] = DVec3::AXES;
        DAffine3::from_mat3(match self {
            Self::X => DMat3::from_cols(z, y, -x),
            Self::Y => DMat3::from_cols(x, z, -y),
            Self::Z => DMat3::IDENTITY,
        })
    }
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct At<'a> {
    /// The place of the tileset.
    from: &'a str,
    /// From the tile to the root of all tilesets.
    tiles_from_here: DAffine3,
    /// Whether children add to their tile.
    is_add: bool,
    up: Up,
    /// Tiles above this one.
    depth: usize,
}

/// A walk through all tiles, and what it has found.
struct Walk<'f> {
    files: &'f mut dyn Files,
    document: Document,
    /// Known once the first tile is.
    world_from_root: Option<DAffine3>,
    tiles: usize,
    bytes: usize,
    vertices: usize,
    /// The tilesets that the walk is in.
    chain: Vec<String>,
}

impl Walk<'_> {
    /// What a file holds; whether there is anything.
    fn content(&mut self, at: &At<'_>, place: &str, bytes: &[u8]) -> Result<bool, ContentError> {
        if is_json(place) {
            return self.tileset(at, place, bytes);
        }
        if self.world_from_root.is_none() {
            self.world_from_root = Some(earth::upright());
        }
        content::read(self, at, place, bytes).map_err(|error| error.within(place))?;
        Ok(true)
    }

    fn tileset(&mut self, at: &At<'_>, place: &str, bytes: &[u8]) -> Result<bool, ContentError> {
        if self.chain.iter().any(|above| above == place) {
            return Err(ContentError::malformed(place, "it is a tileset within itself"));
        }
        let file = tileset::parse(bytes).map_err(|error| error.within(place))?;
        if self.world_from_root.is_none() {
            let middle = file.root.middle();
            self.world_from_root = Some(middle.map_or_else(earth::upright, earth::world_around));
        }
        self.chain.push(place.to_owned());
        let shown = self.tile(&file.root, &At { from: place, up: file.up, ..*at });
        self.chain.pop();
        shown
    }

    /// Whether anything is in the tile or below it.
    fn tile(&mut self, tile: &Tile, at: &At<'_>) -> Result<bool, ContentError> {
        self.count_tile(at)?;
        let own = tile
            .transform
            .map_or(DAffine3::IDENTITY, |entries| DAffine3::from_mat4(DMat4::from_cols_array(&entries)));
        let at = At {
            tiles_from_here: at.tiles_from_here * own,
            is_add: tile.is_add.unwrap_or(at.is_add),
            depth: at.depth.saturating_add(1),
            ..*at
        };
        if let Some(tiling) = &tile.implicit {
            return implicit::walk(self, tiling, &tile.contents, &at);
        }
        let mut below = false;
        for child in &tile.children {
            below |= self.tile(child, &at)?;
        }
        self.own_contents(&tile.contents, below, &at)
    }

    /// Reads a tile's own contents, unless something below it replaces them; whether anything is there then.
    fn own_contents(&mut self, contents: &[Content], below: bool, at: &At<'_>) -> Result<bool, ContentError> {
        let mut shown = below;
        for content in contents.iter().filter(|_| at.is_add || !below) {
            shown |= self.open(&content.uri, at)?;
        }
        Ok(shown)
    }

    fn open(&mut self, uri: &str, at: &At<'_>) -> Result<bool, ContentError> {
        let (place, bytes) = self.files.open(at.from, uri)?;
        self.count_bytes(&place, &bytes)?;
        self.content(at, &place, &bytes)
    }

    fn count_tile(&mut self, at: &At<'_>) -> Result<(), ContentError> {
        self.tiles = self.tiles.saturating_add(1);
        ContentError::check(at.from, "tiles", self.tiles, limits::SOURCE_TILES_MAX)?;
        ContentError::check(at.from, "levels of tiles", at.depth, limits::NODE_DEPTH_MAX)
    }

    fn count_bytes(&mut self, place: &str, bytes: &[u8]) -> Result<(), ContentError> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        ContentError::check(place, "bytes of tiles", self.bytes, limits::SOURCE_BYTES_MAX)
    }

    /// From a tile to the world.
    fn world_from(&self, at: &At<'_>) -> DAffine3 {
        self.world_from_root.unwrap_or_else(earth::upright) * at.tiles_from_here
    }

    /// Adds what was read of a content.
    fn add(&mut self, place: &str, document: Document) -> Result<(), ContentError> {
        let vertices = document.vertex_sets.iter().map(|set| set.positions.len()).sum::<usize>();
        self.vertices = self.vertices.saturating_add(vertices);
        ContentError::check(place, "vertices of tiles", self.vertices, limits::ACCESSOR_LEN_MAX)?;
        let nodes = self.document.nodes.len().saturating_add(document.nodes.len());
        ContentError::check(place, "nodes of tiles", nodes, limits::ARRAY_LEN_MAX)?;
        self.document.append(document);
        Ok(())
    }

    fn skip(&mut self, name: &str) {
        let count = self.document.skipped.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
    }
}
