//! Bake: one glTF 2.0 file, or a 3D Tiles tileset → a folder that is a 3D Tiles 1.1 tileset of compressed tiles.
//!
//! In comes a [`Document`] (or the path of a file); out go the twin's [`Tables`], its blobs and a
//! [`BakeReport`]. The steps, one file each, in the order in which data flows:
//! [`resolve`] the file's URIs → [`material`] and [`sound`] → [`flatten`] to one world-space triangle
//! soup, one for each part that [`repeat`]s, and what is [`moving`] by what is [`playing`] → [`raise`] each:
//! [`partition`] into cells → [`chain`] of levels of
//! detail a cell, and its [`collider`] → [`proxy`] tiles above them, in a [`pyramid`]; points and lines as [`mark`]s in
//! another; every [`prop`] and [`mover`] → [`gather`] under one root →
//! [`encode`] and [`tile_glb`] → [`folder`]. Proxies and the root use the materials of [`far`]; large images have a [`tail`].
//!
//! **Again.** Where nothing that was read has changed, the folder is left as it is ([`record`]). Where something has,
//! the pieces that are as they were are not simplified again ([`recall`]): cells are cut at planes that stay where they
//! are ([`partition`]), and a piece is known by its shape alone. The bytes are those of a bake from nothing.
//!
//! **Memory.** Call 44 B a vertex and 12 B a triangle of all that stands in the venue, each instance counted, the soup;
//! what repeats counts once. Flattening holds it before and after welding, cutting as a whole and in cells, and
//! simplifying the cells, what above them is made of, and the tiles, of which all levels together are less than the
//! cells. So a bake holds the document, until that is flattened, and at most [`SOUP_COPIES_MAX`] soups; meshopt's hash
//! tables are 16 B a vertex more. Each worker takes what one piece takes, at most [`WORKER_BYTES_MAX`], or, while images
//! are looked at, the pixels of one material's: 64 MiB for each that has 4096².
//!
//! Architecture invariant: the same document and options give the same bytes, on any number of
//! cores. Nothing here knows of sockets, viewers or GPUs.

pub mod basis;
pub mod chain;
pub mod collider;
pub mod deform;
pub mod distance;
pub mod draco;
pub mod encode;
pub mod far;
pub mod flatten;
pub mod folder;
pub mod gather;
pub mod glb;
pub mod grid;
pub mod light;
mod lump;
pub mod mark;
pub mod material;
mod material_track;
mod motion_glb;
pub mod mover;
pub mod moving;
pub mod naming;
pub mod partition;
pub mod playing;
pub mod prop;
pub mod proxy;
pub mod pyramid;
pub mod raise;
pub mod recall;
pub mod record;
pub mod repeat;
pub mod report;
pub mod resolve;
mod sides;
pub mod simplify;
pub mod sound;
pub mod soup;
pub mod surface;
mod tail;
pub mod tile_glb;
pub mod tileset_json;
pub mod tree;
pub mod webp;
pub mod workers;

#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::scene::gltf::{self, Document};
use crate::scene::material::MaterialTrack;
use crate::scene::tileset::Tables;
use crate::scene::{ContentError, ContentHash, Tileset, limits, tiles3d};
use crate::store::Memo;

use light::Staging;
use material::Shelf;
use recall::Recall;
use record::{Inputs, Record};
pub use report::BakeReport;
use sound::Heard;
use soup::{Mesh, Soup};
use tree::{Branch, Loose};

/// How much care is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// For a venue that many people visit: up to six levels of detail a cell.
    #[default]
    Full,
    /// For looking at a file at once: half as many levels, no ordering against overdraw.
    Quick,
}

/// What bake is told.
#[derive(Clone, Debug, Default)]
pub struct BakeOptions {
    /// How much care is taken.
    pub quality: Quality,
    /// The title where the file gives none; [`bake`] takes the file's stem where this is empty.
    pub default_title: String,
    /// Which of the file's variants (KHR_materials_variants) is baked, by its name; the default where there is none.
    pub variant: Option<String>,
    /// Where pieces of earlier bakes are kept; without one every piece is made.
    pub memo: Option<Memo>,
}

/// Where bake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which step.
    pub stage: Stage,
    /// Parts of it that are done.
    pub done: usize,
    /// Parts that it has.
    pub total: usize,
}

/// The steps that take time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading the file and what it refers to.
    Read,
    /// Materials, images and the triangle soup.
    Flatten,
    /// Cutting it into cells.
    Partition,
    /// Levels of detail of every cell.
    Cells,
    /// What people walk on and bump into.
    Ground,
    /// Merged tiles above the cells.
    Proxies,
    /// Writing the folder.
    Write,
}

/// How often the soup is in memory, see the module's docs.
pub const SOUP_COPIES_MAX: usize = 4;

/// What each worker takes beside it, bytes.
pub const WORKER_BYTES_MAX: usize = 48 << 20;

/// Told about every [`Progress`]; breaking off ends the bake with [`BakeError::Interrupted`].
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Why there is no bake.
#[derive(Debug, thiserror::Error)]
pub enum BakeError {
    /// The file or something in it is refused.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The file has no triangle, line or point.
    #[error("the file's scene shows nothing, so there is nothing to bake; export its meshes with it")]
    Empty,
    /// The source cannot be read.
    #[error("{path} cannot be read ({cause}); check the path and its permissions")]
    Source {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The result cannot be written.
    #[error("{path} cannot be written ({cause}); choose another folder, or free space")]
    Folder {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The target exists and bake did not make it.
    #[error(
        "{path} exists and is not a baked twin, so it was left alone; choose another folder or remove it"
    )]
    NotABake {
        /// The target.
        path: PathBuf,
    },
    /// The encoder gave up.
    #[error("a tile could not be compressed ({0}); this is a fault of bake: please report it with the file")]
    Encode(String),
    /// Someone asked to stop.
    #[error("the bake was interrupted, and nothing was written")]
    Interrupted,
}

/// A blob that the tileset refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BakedBlob {
    /// Its name.
    pub hash: ContentHash,
    /// `"glb"`, `"png"`, `"jpg"`, `"collider"` or `"wav"`.
    pub extension: &'static str,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl BakedBlob {
    /// Names `bytes`.
    pub fn new(extension: &'static str, bytes: Vec<u8>) -> Self {
        Self { hash: ContentHash::of(&bytes), extension, bytes }
    }
}

/// A twin that is ready to be written or served.
#[derive(Clone, Debug)]
pub struct Baked {
    /// Checked by [`Tileset::try_from`].
    pub tables: Tables,
    /// In the order of [`Tables::blobs`].
    pub blobs: Vec<BakedBlob>,
    /// What was done.
    pub report: BakeReport,
}

/// Bakes what is at `source`, as [`read`] finds it, into the folder `out`.
///
/// Where nothing of what it would read has changed since the bake that is in `out`, that is left as it is. Else
/// everything is written to a sibling folder first, which then takes the place of `out`.
///
/// # Errors
/// When the file is refused or cannot be read, the folder cannot be written or is not a bake, or
/// `on_progress` broke off; the folder is then as it was before.
pub fn bake(
    source: &Path,
    out: &Path,
    options: &BakeOptions,
    on_progress: OnProgress<'_>,
) -> Result<BakeReport, BakeError> {
    folder::check_target(out)?;
    let started = Instant::now();
    tell(on_progress, Stage::Read, 0, 1)?;
    let mut options = options.clone();
    if options.default_title.is_empty() {
        // Every tileset is called so.
        let is_tileset = source.file_name().is_some_and(|name| name == folder::TILESET);
        let named = if is_tileset { source.parent().unwrap_or(source) } else { source };
        options.default_title = named.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
    if let Some(mut report) = record::unchanged(source, out, &options) {
        report.record_seconds(Stage::Read, started.elapsed().as_secs_f64());
        return Ok(report);
    }
    let (document, inputs) = read_as(source, options.variant.as_deref())?;
    tell(on_progress, Stage::Read, 1, 1)?;
    let read_seconds = started.elapsed().as_secs_f64();
    let scene = Scene::of(&document, &options, on_progress)?;
    drop(document);
    let mut baked = scene.raise(&options, on_progress)?;
    baked.report.record_seconds(Stage::Read, read_seconds);
    let writing = Instant::now();
    let record = Record::new(inputs, &options, &baked.report);
    folder::write(out, &baked, Some(&record), on_progress)?;
    baked.report.record_seconds(Stage::Write, writing.elapsed().as_secs_f64());
    Ok(baked.report)
}

/// Reads the glTF or GLB file, the tileset or the tile at `source`, or the tileset in the folder there, and the files
/// beside it that it refers to.
///
/// # Errors
/// When it cannot be read or is refused.
pub fn read(source: &Path) -> Result<Document, BakeError> {
    read_as(source, None).map(|(document, _)| document)
}

/// The file that is read of what is at `source`.
pub fn source_file(source: &Path) -> PathBuf {
    if source.is_dir() { source.join(folder::TILESET) } else { source.to_owned() }
}

/// The same in one of its variants, and what was read for it.
fn read_as(source: &Path, variant: Option<&str>) -> Result<(Document, Inputs), BakeError> {
    let source = &source_file(source);
    let failed = |cause| BakeError::Source { path: source.clone(), cause };
    let size = std::fs::metadata(source).map_err(failed)?.len();
    let place = source.display().to_string();
    ContentError::check(&place, "bytes", size as usize, limits::SOURCE_BYTES_MAX)?;
    let bytes = std::fs::read(source).map_err(failed)?;
    let mut folder = resolve::Folder::around(source).map_err(failed)?.showing(variant);
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    let mut document = if tiles3d::is_known(&name, &bytes) {
        tiles3d::read(&name, &bytes, &mut folder)?
    } else {
        gltf::read(&bytes, &mut folder)?
    };
    if let Some(variant) = variant.filter(|&variant| !document.variants.iter().any(|name| name == variant)) {
        let reason = format!("nothing in it has a variant {variant:?}; leave the variant out");
        return Err(ContentError::malformed(place, reason).into());
    }
    let sidecar = sidecar(source)?;
    if let Some(list) = &sidecar {
        gltf::sound::add_sidecar(&mut document, list, &mut folder)?;
    }
    let inputs = Inputs {
        source: ContentHash::of(&bytes).to_string(),
        sidecar: sidecar.map(|list| ContentHash::of(&list).to_string()),
        files: folder.opened().into_iter().map(|(way, hash)| (way, hash.to_string())).collect(),
    };
    Ok((document, inputs))
}

/// Whether the folder holds a tileset of others, and is no bake.
pub fn is_tileset(folder: &Path) -> bool {
    folder.join(folder::TILESET).is_file() && !folder::is_bake(folder)
}

/// What a list of sounds is called, after the whole name of the file that it is about.
const SIDECAR_SUFFIX: &str = ".sounds.json";

/// Where the list of sounds for the file is looked for.
pub fn sidecar_path(source: &Path) -> PathBuf {
    let mut name = source.file_name().unwrap_or_default().to_owned();
    name.push(SIDECAR_SUFFIX);
    source.with_file_name(name)
}

/// The list of sounds beside the file, if there is one.
fn sidecar(source: &Path) -> Result<Option<Vec<u8>>, BakeError> {
    let path = sidecar_path(source);
    let failed = |cause| BakeError::Source { path: path.clone(), cause };
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the reader sees that it is too large.
    let most = gltf::sound::SIDECAR_BYTES_MAX as u64 + 1;
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// Bakes a document that is already read: no file but those of the memo is touched.
///
/// # Errors
/// As [`bake`], without the folder.
pub fn bake_document(
    document: &Document,
    options: &BakeOptions,
    on_progress: OnProgress<'_>,
) -> Result<Baked, BakeError> {
    Scene::of(document, options, on_progress)?.raise(options, on_progress)
}

/// All of a document that is needed to make tiles of it.
struct Scene {
    soup: Soup,
    shelf: Shelf,
    material_tracks: Vec<MaterialTrack>,
    heard: Heard,
    staging: Staging,
    /// What the document has and this leaves out, and what it took to get here.
    report: BakeReport,
}

impl Scene {
    fn of(
        document: &Document,
        options: &BakeOptions,
        on_progress: OnProgress<'_>,
    ) -> Result<Self, BakeError> {
        let mut report = BakeReport::default();
        report.count_skipped(&document.skipped);
        let started = Instant::now();
        tell(on_progress, Stage::Flatten, 0, 1)?;
        let playing = playing::Playing::of(document);
        report.count_skipped(&playing.skipped());
        let mut materials = material::Catalog::new(document, &playing)?;
        let mut soup = flatten::flatten(document, &playing, &mut materials)?;
        let mut shelf = materials.finish(&soup.uv_boxes);
        let material_tracks = material_track::all(document, &playing, &shelf);
        far::add(&mut shelf, &mut soup)?;
        tail::add(&mut shelf)?;
        let heard = sound::collect(document, &soup.entities)?;
        report.count_skipped(&light::skipped(document));
        let staging = light::staging(document, options);
        tell(on_progress, Stage::Flatten, 1, 1)?;
        report.record_seconds(Stage::Flatten, started.elapsed().as_secs_f64());
        Ok(Self { soup, shelf, material_tracks, heard, staging, report })
    }

    fn raise(self, options: &BakeOptions, on_progress: OnProgress<'_>) -> Result<Baked, BakeError> {
        let Self { mut soup, shelf, material_tracks, heard, staging, mut report } = self;
        let recall = Recall::new(options.memo.clone());
        // Meshes go as soon as they are cut.
        let own = Some(std::mem::take(&mut soup.mesh)).filter(|mesh| !mesh.indices.is_empty());
        let repeated: Vec<Mesh> =
            soup.repeated.iter_mut().map(|part| std::mem::take(&mut part.mesh)).collect();
        let context = encode::Context {
            materials: &shelf.materials,
            images: &shelf.images,
            blobs: &shelf.blobs,
            entities: &soup.entities,
            groups: &soup.groups,
            far_groups: &soup.far_groups,
            plain_groups: &soup.plain_groups,
            quality: options.quality,
            recall: &recall,
        };
        let mut raise = |mesh| raise::raise(mesh, &context, &mut report, on_progress);
        let own = own.map(&mut raise).transpose()?;
        let prototypes = repeated.into_iter().map(raise).collect::<Result<Vec<_>, _>>()?;
        let (ground, own) =
            own.map_or_else(Default::default, |own| (own.ground, Some((own.branch, own.top))));
        let marks =
            (!soup.marks.is_empty()).then(|| mark::raise(&soup.marks, &context, &mut report, on_progress));
        let props = report.timed(Stage::Ground, || prop::build_all(&soup, &context))?;
        let movers = report.timed(Stage::Cells, || mover::build_all(&soup, &context))?;
        let mut once: Vec<(Branch, Mesh)> = own.into_iter().chain(marks.transpose()?).collect();
        let root = match once.pop() {
            Some((root, _)) if once.is_empty() && prototypes.is_empty() => root,
            None if prototypes.is_empty() => Branch::around(&movers),
            last => report.timed(Stage::Proxies, || {
                once.extend(last);
                let mut tick = |done, total| tell(on_progress, Stage::Proxies, done, total);
                gather::gather(once, &prototypes, &soup.repeated, &context, &mut tick)
            })?,
        };

        (report.pieces_made, report.pieces_recalled) = recall.finish();
        report.count_skipped(&shelf.skipped);
        report.count_skipped(&soup.skipped);
        let loose = Loose { ground, prototypes, movers, material_tracks, props };
        let known = tree::Known { entities: soup.entities, records: soup.records };
        let (tables, blobs) = tree::tables(root, loose, shelf, known, heard, staging);
        report.marks = soup.marks.len();
        report.measure(&tables, &blobs, soup.source_triangle_count);
        Tileset::try_from(tables.clone())?;
        Ok(Baked { tables, blobs, report })
    }
}

fn tell(on_progress: OnProgress<'_>, stage: Stage, done: usize, total: usize) -> Result<(), BakeError> {
    match on_progress(Progress { stage, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(BakeError::Interrupted),
    }
}
