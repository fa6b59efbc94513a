//! A baked folder for other viewers of 3D Tiles: `tileset.json`, what it names, and every blob of the manifest.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Response, StatusCode};

use super::range::{self, Wanted};
use super::{Asked, Content, Pages, refuse_method, says};
use crate::host::bake::tileset_json;
use crate::protocol::ContentHash;
use crate::scene::limits::JSON_BYTES_MAX;
use crate::store::{Shelf, ShelfError};

/// Bytes of a name are those of its hash: whoever has them need not ask again, for a year.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The next bake may write others under the same name.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// Where the bytes of a page are.
#[derive(Debug)]
enum Source {
    Memory(Bytes),
    Disk(PathBuf),
}

#[derive(Debug)]
struct Page {
    source: Source,
    size_bytes: u64,
    kind: &'static str,
    tag: HeaderValue,
    keep: HeaderValue,
}

/// Everything of a twin that can be asked for.
#[derive(Debug)]
pub struct Site {
    folder: PathBuf,
    /// By name. Exchanged as a whole: whoever asks has one twin or the other.
    pages: RwLock<BTreeMap<String, Page>>,
}

impl Site {
    /// The twin in `folder`. The tables for other programs are kept in memory, blobs are not.
    ///
    /// # Errors
    /// When it is not a complete baked folder.
    pub fn open(folder: &Path) -> Result<Self, ShelfError> {
        Ok(Self { folder: folder.to_owned(), pages: RwLock::new(read(folder)?) })
    }

    /// Shows what is in the folder now: it was baked again.
    ///
    /// # Errors
    /// When it is not a complete baked folder; what was shown is shown on.
    pub fn reload(&self) -> Result<(), ShelfError> {
        let pages = read(&self.folder)?;
        *self.pages.write().unwrap_or_else(PoisonError::into_inner) = pages;
        Ok(())
    }
}

/// All that is to be shown of a folder.
fn read(folder: &Path) -> Result<BTreeMap<String, Page>, ShelfError> {
    let shelf = Shelf::open(folder)?;
    let mut pages = BTreeMap::new();
    for (hash, path, size_bytes) in shelf.files() {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let page = Page {
            source: Source::Disk(path.to_owned()),
            size_bytes: u64::from(size_bytes),
            kind: kind_of(name),
            tag: tag_of(hash),
            keep: FOREVER,
        };
        pages.insert(name.to_owned(), page);
    }
    for name in tileset_json::names(shelf.tileset().prototypes().len()) {
        let path = folder.join(&name);
        let text = read_table(&path).map_err(|source| ShelfError::Unreadable { path, source })?;
        let page = Page {
            size_bytes: text.len() as u64,
            kind: kind_of(&name),
            tag: tag_of(ContentHash::of(&text)),
            keep: ASK_AGAIN,
            source: Source::Memory(text.into()),
        };
        pages.insert(name, page);
    }
    Ok(pages)
}

impl Pages for Site {
    fn answer(&self, asked: &Asked<'_>) -> Response<Content> {
        let mut response = refuse_method(asked.method).unwrap_or_else(|| {
            // A name is looked up, never a path opened.
            let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
            // Viewers that put a folder and a name together may write two slashes between.
            match pages.get(asked.path.trim_start_matches('/')) {
                Some(page) => page.answer(asked),
                None => {
                    says(StatusCode::NOT_FOUND, "there is no such file in the twin: begin at /tileset.json\n")
                }
            }
        });
        let headers = response.headers_mut();
        // Pages of any origin may show the twin; nothing here depends on who asks.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("accept-ranges, content-length, content-range, etag"),
        );
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

impl Page {
    fn answer(&self, asked: &Asked<'_>) -> Response<Content> {
        let mut response = Response::new(Content::Empty);
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, self.keep.clone());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if self.is_known(asked) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        let (status, start, length) = match self.wanted(asked) {
            Wanted::Whole => (StatusCode::OK, 0, self.size_bytes),
            Wanted::Part { start, length } => (StatusCode::PARTIAL_CONTENT, start, length),
            Wanted::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
        };
        let range = match status {
            StatusCode::PARTIAL_CONTENT => Some(format!("{start}-{}", start + length - 1)),
            StatusCode::RANGE_NOT_SATISFIABLE => Some("*".to_owned()),
            _ => None,
        };
        let range = range.map(|range| HeaderValue::try_from(format!("bytes {range}/{}", self.size_bytes)));
        if let Some(Ok(range)) = range {
            headers.insert(header::CONTENT_RANGE, range);
        }
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        *response.status_mut() = status;
        if *asked.method != Method::HEAD && length > 0 {
            *response.body_mut() = self.content(start, length);
        }
        response
    }

    /// Whether whoever asks has these bytes already.
    fn is_known(&self, asked: &Asked<'_>) -> bool {
        let tags = asked.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
        let mut tags = tags.flat_map(|tags| tags.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.tag.as_bytes())
    }

    /// A part is sent only to whoever has the rest of the same bytes.
    fn wanted(&self, asked: &Asked<'_>) -> Wanted {
        match asked.headers.get(header::IF_RANGE) {
            Some(tag) if *tag != self.tag => Wanted::Whole,
            _ => range::wanted(asked.headers.get(header::RANGE), self.size_bytes),
        }
    }

    fn content(&self, start: u64, length: u64) -> Content {
        match &self.source {
            Source::Memory(bytes) => {
                let end = (start + length).min(bytes.len() as u64);
                Content::Bytes(bytes.slice(start as usize..end as usize))
            }
            Source::Disk(path) => Content::File { path: path.clone(), start, length },
        }
    }
}

/// Quoted, as an entity tag is; no tag where that cannot be, which it can.
fn tag_of(hash: ContentHash) -> HeaderValue {
    HeaderValue::try_from(format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// What the bytes are, by the ending of their name.
fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "glb" => "model/gltf-binary",
        "gltf" => "model/gltf+json",
        "json" => "application/json",
        "ktx2" => "image/ktx2",
        "webp" => "image/webp",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "wav" => "audio/wav",
        "ogg" | "opus" => "audio/ogg",
        _ => "application/octet-stream",
    }
}

fn read_table(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(JSON_BYTES_MAX as u64 + 1).read_to_end(&mut text)?;
    if text.len() <= JSON_BYTES_MAX { Ok(text) } else { Err(io::ErrorKind::FileTooLarge.into()) }
}
