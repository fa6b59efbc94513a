//! What a person may name as a twin → a join link: files and folders get a host of their own in this
//! process, so that there is one path.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::interrupt::Interrupt;
use super::{Failure, bake, folders, host};
use crate::host::bake::{Quality, is_tileset, sidecar_path};
use crate::host::serve::{RunningServer, ServerOptions};
use crate::protocol::{JoinLink, manifest};

/// Changes whenever the same file would be baked differently.
const BAKE_VERSION: u32 = 2;

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

/// Files in the folder of a tileset that are looked at to see whether it has changed.
const TILESET_FILES_MAX: usize = 1 << 18;

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

/// The folder of `source`'s quick bake, made now unless the very same bytes were baked before.
fn quick_bake(source: &Path, interrupt: &Interrupt) -> Result<PathBuf, Failure> {
    let bakes = folder_for("bakes")?;
    let out = bakes.join(fingerprint(source)?);
    if out.join(manifest::FILE_NAME).exists() {
        return Ok(out);
    }
    fs::create_dir_all(&bakes).map_err(|error| {
        Failure::environment(format!(
            "{} cannot be made ({error}): free space or set PAVILION_CACHE",
            bakes.display()
        ))
    })?;
    bake::bake(source, &out, Quality::Quick, interrupt)?;
    forget_old(&bakes);
    Ok(out)
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Names a source by its bytes and those of the files that it mentions; one of tiles, which may be large, by the names,
/// sizes and times of all files around it.
fn fingerprint(source: &Path) -> Result<String, Failure> {
    let is_gltf = ["gltf", "glb"].iter().any(|gltf| has_extension(source, gltf));
    if source.is_dir() || !is_gltf {
        let folder = if source.is_dir() { source } else { source.parent().unwrap_or(Path::new(".")) };
        return Ok(fingerprint_of_all(source, folder));
    }
    let unreadable = |path: &Path, error: std::io::Error| {
        Failure::failed(format!(
            "{} cannot be read ({error}): check the path and its permissions",
            path.display()
        ))
    };
    let bytes = fs::read(source).map_err(|error| unreadable(source, error))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&BAKE_VERSION.to_le_bytes()).update(&bytes);
    for path in mentioned(source, &bytes) {
        // What cannot be read, or leads elsewhere, is for bake to refuse in its own words.
        if let Ok(bytes) = fs::read(&path) {
            hasher.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn fingerprint_of_all(source: &Path, folder: &Path) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&BAKE_VERSION.to_le_bytes()).update(source.to_string_lossy().as_bytes());
    let (mut open, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            // Links are not followed here: what they lead to belongs to others.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                open.push(entry.path());
            } else if files.len() < TILESET_FILES_MAX {
                files.push((entry.path(), metadata.len(), metadata.modified().ok()));
            }
        }
    }
    files.sort();
    hasher.update(format!("{files:?}").as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// Files beside `source` that it names: buffers, images and sounds, and those of its list of sounds.
fn mentioned(source: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let folder = source.parent().unwrap_or(Path::new("."));
    let list = sidecar_path(source);
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let file = read(json_of(bytes));
    let listed = read(&fs::read(&list).unwrap_or_default());
    let uris = ["buffers", "images"].into_iter().filter_map(|kind| file.get(kind)?.as_array()).flatten();
    let uris = uris.filter_map(|item| item.get("uri")?.as_str());
    let nodes = file.get("nodes").and_then(Value::as_array).into_iter().flatten();
    let sounds = nodes.filter_map(|node| node.pointer("/extras/pavilion/sound"));
    let sounds = sounds.chain(listed.as_object().into_iter().flat_map(|entries| entries.values()));
    let uris = uris.chain(sounds.filter_map(|sound| sound.get("source")?.as_str()));
    uris.filter(|uri| !uri.starts_with("data:") && !uri.contains("..") && !uri.starts_with('/'))
        .map(|uri| folder.join(uri.replace("%20", " ")))
        .chain([list.clone()])
        .collect()
}

/// The JSON of a glTF file: all of it, or a GLB's first chunk.
fn json_of(bytes: &[u8]) -> &[u8] {
    let chunk = bytes.strip_prefix(b"glTF").and_then(|rest| rest.get(8..)?.split_first_chunk::<8>());
    let Some(([a, b, c, d, ..], rest)) = chunk else { return bytes };
    rest.get(..u32::from_le_bytes([*a, *b, *c, *d]) as usize).unwrap_or_default()
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
