//! What a person may name as a twin → a join link: files and folders get a host of their own in this
//! process, so that there is one path.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::interrupt::Interrupt;
use super::{Failure, bake, folders, host};
use crate::host::bake::{BakeOptions, Quality, is_tileset, source_file};
use crate::host::serve::{RunningServer, ServerOptions};
use crate::protocol::JoinLink;

/// Quick bakes that are kept; the oldest go first.
const BAKES_KEPT: usize = 16;

/// A twin to visit, and the host in this process that serves it, if it is a local one.
pub struct Place {
    /// Where to go.
    pub link: JoinLink,
    /// Serves for as long as the place is kept.
    _server: Option<RunningServer>,
}

/// How names of files end that can be baked.
const SOURCES: [&str; 7] = ["gltf", "glb", "json", "b3dm", "i3dm", "pnts", "cmpt"];

/// Finds what `target` names: a join link, a baked folder, or a glTF file or a tileset, which is baked first.
///
/// # Errors
/// When it is none of them, or is refused.
pub fn open(target: &str, interrupt: &Interrupt) -> Result<Place, Failure> {
    if target.contains("://") {
        return Ok(Place { link: target.parse().map_err(Failure::usage)?, _server: None });
    }
    let path = Path::new(target);
    if path.is_dir() {
        return if is_tileset(path) { serve(&quick_bake(path, interrupt)?) } else { serve(path) };
    }
    let is_source = SOURCES.iter().any(|source| has_extension(path, source));
    if !path.exists() {
        return Err(Failure::failed(format!(
            "there is no {target}: give a join link, a folder that `pavilion bake` wrote, a .gltf or .glb file, or a tileset"
        )));
    }
    if !is_source {
        return Err(Failure::usage(format!(
            "{target} is not something to visit: give a join link, a folder that `pavilion bake` wrote, a .gltf or .glb file, or a tileset"
        )));
    }
    serve(&quick_bake(path, interrupt)?)
}

fn serve(folder: &Path) -> Result<Place, Failure> {
    let mut options = ServerOptions::new(folder, folder_for("loopback host")?);
    options.bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = host::start(options)?;
    Ok(Place { link: server.loopback_link(), _server: Some(server) })
}

fn folder_for(purpose: &str) -> Result<PathBuf, Failure> {
    let folder = folders::cache().ok_or_else(|| {
        Failure::environment("there is no home folder to keep a cache in: set PAVILION_CACHE to a folder")
    })?;
    Ok(folder.join(purpose.replace(' ', "-")))
}

/// The folder of `source`'s quick bake, made now unless it is there and nothing has changed since.
fn quick_bake(source: &Path, interrupt: &Interrupt) -> Result<PathBuf, Failure> {
    let bakes = folder_for("bakes")?;
    let out = bakes.join(name_of(source)?);
    fs::create_dir_all(&bakes).map_err(|error| {
        Failure::environment(format!(
            "{} cannot be made ({error}): free space or set PAVILION_CACHE",
            bakes.display()
        ))
    })?;
    let options = BakeOptions { quality: Quality::Quick, ..BakeOptions::default() };
    if !bake::bake(source, &out, &options, interrupt)?.is_unchanged {
        forget_old(&bakes);
    }
    Ok(out)
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Names a source by its place and its bytes: whoever still visits what it was before keeps that.
fn name_of(source: &Path) -> Result<String, Failure> {
    let source = &source_file(source);
    let unreadable = |error: std::io::Error| {
        Failure::failed(format!(
            "{} cannot be read ({error}): check the path and its permissions",
            source.display()
        ))
    };
    let place = fs::canonicalize(source).map_err(unreadable)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(place.as_os_str().as_encoded_bytes());
    hasher.update_reader(fs::File::open(source).map_err(unreadable)?).map_err(unreadable)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Keeps the newest bakes. What cannot be removed stays; it is only a cache.
fn forget_old(bakes: &Path) {
    let Ok(entries) = fs::read_dir(bakes) else { return };
    let mut dated: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    dated.sort_by(|a, b| b.cmp(a));
    for (_, path) in dated.into_iter().skip(BAKES_KEPT) {
        let _ = fs::remove_dir_all(path);
    }
}
