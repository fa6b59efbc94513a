//! The JSON of a tileset, bounded before it is parsed.

use glam::{DAffine3, DMat4, DVec3};
use serde::Deserialize;

use super::{Up, earth};
use crate::scene::gltf::prescan;
use crate::scene::{ContentError, limits};

/// Extensions that a tileset may require: what they add is understood, or left out.
const DISPENSABLE: [&str; 2] = ["3DTILES_content_gltf", "3DTILES_metadata"];

/// A tileset as it is walked through.
pub(super) struct Tileset {
    pub up: Up,
    pub root: Tile,
}

/// A tile with all below it.
pub(super) struct Tile {
    /// From it to its parent, column by column.
    pub transform: Option<[f64; 16]>,
    /// What its children do to it; `None` where they do what those of its parent do.
    pub is_add: Option<bool>,
    pub contents: Vec<Content>,
    pub children: Vec<Tile>,
    pub implicit: Option<Tiling>,
    volume: Volume,
}

impl Tile {
    /// The middle of its volume, in its parent.
    pub(super) fn middle(&self) -> Option<DVec3> {
        // Regions are on the Earth, whatever the transform.
        if let Some([west, south, east, north, low, high]) = self.volume.region {
            // One that crosses the date line ends west of where it begins.
            let east = if east < west { east + std::f64::consts::TAU } else { east };
            return Some(earth::from_geodetic(
                (west + east) / 2.0,
                (south + north) / 2.0,
                (low + high) / 2.0,
            ));
        }
        let center = match (&self.volume.r#box, &self.volume.sphere) {
            (Some([x, y, z, ..]), _) | (_, Some([x, y, z, _])) => DVec3::new(*x, *y, *z),
            (None, None) => return None,
        };
        let own =
            self.transform.map_or(DAffine3::IDENTITY, |m| DAffine3::from_mat4(DMat4::from_cols_array(&m)));
        Some(own.transform_point3(center))
    }
}

/// A file that a tile shows.
#[derive(Clone)]
pub(super) struct Content {
    /// Where it is; of an implicit tiling a template.
    pub uri: String,
}

/// A tiling whose tiles are said in bits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tiling {
    pub subdivision_scheme: Scheme,
    /// Levels of tiles that one subtree says.
    pub subtree_levels: u32,
    /// Levels of all.
    pub available_levels: u32,
    pub subtrees: Subtrees,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Scheme {
    Quadtree,
    Octree,
}

#[derive(Deserialize)]
pub(super) struct Subtrees {
    /// A template.
    pub uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    asset: Asset,
    root: FileTile,
    #[serde(default)]
    extensions_required: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asset {
    version: String,
    /// Of tilesets from before 1.0.
    gltf_up_axis: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileTile {
    #[serde(default)]
    bounding_volume: Volume,
    transform: Option<[f64; 16]>,
    refine: Option<String>,
    content: Option<FileContent>,
    #[serde(default)]
    contents: Vec<FileContent>,
    #[serde(default)]
    children: Vec<FileTile>,
    implicit_tiling: Option<Tiling>,
}

#[derive(Default, Deserialize)]
struct Volume {
    r#box: Option<[f64; 12]>,
    sphere: Option<[f64; 4]>,
    region: Option<[f64; 6]>,
}

#[derive(Deserialize)]
struct FileContent {
    /// `url` before 1.0.
    #[serde(alias = "url")]
    uri: String,
}

/// # Errors
/// When it is no tileset of a version that is known, or requires an extension that is not.
pub(super) fn parse(bytes: &[u8]) -> Result<Tileset, ContentError> {
    let ceilings = prescan::Ceilings { bytes: limits::JSON_BYTES_MAX, entries: limits::ARRAY_LEN_MAX };
    let text = prescan::normalized(bytes, &ceilings)?;
    let file: File = serde_json::from_str(&text)
        .map_err(|error| ContentError::malformed("JSON", format!("it is not a tileset: {error}")))?;
    if !matches!(file.asset.version.as_str(), "0.0" | "1.0" | "1.1") {
        let version: String = file.asset.version.chars().take(20).collect();
        return Err(ContentError::unsupported("/asset/version", format!("3D Tiles {version}")));
    }
    let unknown = file.extensions_required.iter().find(|name| !DISPENSABLE.contains(&name.as_str()));
    if let Some(name) = unknown {
        let name: String = name.chars().take(80).collect();
        return Err(ContentError::unsupported("/extensionsRequired", format!("the extension {name}")));
    }
    let up = match file.asset.gltf_up_axis.as_deref() {
        Some("X" | "x") => Up::X,
        Some("Z" | "z") => Up::Z,
        _ => Up::Y,
    };
    Ok(Tileset { up, root: tile(file.root)? })
}

/// Recursion is as deep as the JSON is nested.
fn tile(tile: FileTile) -> Result<Tile, ContentError> {
    let is_add = match tile.refine.as_deref() {
        None => None,
        Some("REPLACE" | "replace") => Some(false),
        Some("ADD" | "add") => Some(true),
        Some(_) => return Err(ContentError::malformed("a tile's refine", "it is neither ADD nor REPLACE")),
    };
    let is_affine = |m: &[f64; 16]| {
        let [.., a, _, _, _, b, _, _, _, c, _, _, _, d] = m;
        [*a, *b, *c, *d] == [0.0, 0.0, 0.0, 1.0]
    };
    if tile.transform.as_ref().is_some_and(|transform| !is_affine(transform)) {
        return Err(ContentError::malformed("a tile's transform", "its last row is not 0, 0, 0, 1"));
    }
    let contents = tile.content.into_iter().chain(tile.contents);
    let children = tile.children.into_iter().map(self::tile).collect::<Result<_, _>>()?;
    Ok(Tile {
        transform: tile.transform,
        is_add,
        contents: contents.map(|content| Content { uri: content.uri }).collect(),
        children,
        implicit: tile.implicit_tiling,
        volume: tile.bounding_volume,
    })
}
