//! A baked folder as the host serves it: the manifest, and blobs as `<hash>.<ext>` beside it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::protocol::manifest::{self, MANIFEST_BYTES_MAX, Tileset};
use crate::protocol::{ContentHash, ProtocolError};

/// Why a folder cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// It cannot be read.
    #[error("{path} cannot be read ({source}): check that it is a folder made by `pavilion bake`")]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Its manifest is refused.
    #[error("{path} is refused: {source}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        source: ProtocolError,
    },
    /// A blob is missing or has another size.
    #[error("{folder} is not complete, {hash} is missing or has another size: bake it again")]
    Incomplete {
        /// The folder.
        folder: PathBuf,
        /// The blob.
        hash: ContentHash,
    },
}

#[derive(Clone)]
struct Item {
    path: PathBuf,
    size_bytes: u32,
}

/// A complete baked folder.
#[derive(Clone)]
pub struct Shelf {
    items: BTreeMap<ContentHash, Item>,
    manifest: ContentHash,
    manifest_bytes: Arc<[u8]>,
    tileset: Tileset,
}

impl Shelf {
    /// Opens a baked folder and checks that all of it is there. The bytes of blobs are not read:
    /// viewers check them against their names.
    ///
    /// # Errors
    /// When it is not a complete baked folder.
    pub fn open(folder: &Path) -> Result<Self, ShelfError> {
        let path = folder.join(manifest::FILE_NAME);
        let unreadable = |path: &Path, source| ShelfError::Unreadable { path: path.to_owned(), source };
        let manifest_bytes = read_manifest(&path).map_err(|source| unreadable(&path, source))?;
        let tileset =
            manifest::decode(&manifest_bytes).map_err(|source| ShelfError::Manifest { path, source })?;

        let mut files = BTreeMap::new();
        for file in fs::read_dir(folder).map_err(|source| unreadable(folder, source))? {
            let file = file.map_err(|source| unreadable(folder, source))?.path();
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            if let Some(hash) = stem.and_then(|stem| stem.parse::<ContentHash>().ok()) {
                files.insert(hash, file);
            }
        }
        let mut items = BTreeMap::new();
        for blob in tileset.blobs() {
            let incomplete = || ShelfError::Incomplete { folder: folder.to_owned(), hash: blob.hash };
            let path = files.get(&blob.hash).ok_or_else(incomplete)?;
            let size = fs::metadata(path).map_err(|source| unreadable(path, source))?.len();
            if size != u64::from(blob.size_bytes) {
                return Err(incomplete());
            }
            items.insert(blob.hash, Item { path: path.clone(), size_bytes: blob.size_bytes });
        }
        let manifest = ContentHash::of(&manifest_bytes);
        Ok(Self { items, manifest, manifest_bytes: manifest_bytes.into(), tileset })
    }

    /// What the folder holds.
    pub fn tileset(&self) -> &Tileset {
        &self.tileset
    }

    /// The manifest's name.
    pub fn manifest(&self) -> ContentHash {
        self.manifest
    }

    /// The size of everything that can be asked for, the manifest among it.
    pub fn catalog(&self) -> BTreeMap<ContentHash, u32> {
        let manifest = (self.manifest, self.manifest_bytes.len() as u32);
        self.items.iter().map(|(hash, item)| (*hash, item.size_bytes)).chain([manifest]).collect()
    }

    /// Whether it can be asked for.
    pub fn has(&self, hash: ContentHash) -> bool {
        hash == self.manifest || self.items.contains_key(&hash)
    }

    /// The blobs' files, the manifest's not among them: name, place, size in bytes.
    pub fn files(&self) -> impl Iterator<Item = (ContentHash, &Path, u32)> {
        self.items.iter().map(|(hash, item)| (*hash, item.path.as_path(), item.size_bytes))
    }

    /// The bytes of a blob from `offset` on, to be read piece by piece; `None` if it is not one of
    /// this folder.
    ///
    /// # Errors
    /// What the file system says.
    pub fn reader(&self, hash: ContentHash, offset: u32) -> io::Result<Option<Reader>> {
        if hash == self.manifest {
            let bytes = self.manifest_bytes.clone();
            return Ok(Some(Reader::Memory { bytes, position: offset as usize }));
        }
        let Some(item) = self.items.get(&hash) else { return Ok(None) };
        let mut file = File::open(&item.path)?;
        file.seek(SeekFrom::Start(u64::from(offset)))?;
        Ok(Some(Reader::File(file)))
    }
}

fn read_manifest(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than allowed, so that decoding sees that it is too large.
    File::open(path)?.take(MANIFEST_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of one blob.
pub enum Reader {
    /// On disk.
    File(File),
    /// The manifest, which everybody asks for.
    Memory {
        /// All of it.
        bytes: Arc<[u8]>,
        /// What was read.
        position: usize,
    },
}

impl io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory { bytes, position } => {
                let mut rest = bytes.get(*position..).unwrap_or_default();
                let count = rest.read(buffer)?;
                *position += count;
                Ok(count)
            }
        }
    }
}
