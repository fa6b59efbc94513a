//! The twin that is shown, and the change to another one while visitors are there.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::watch;

use super::opening::opening;
use super::pantry::{PIECE_BYTES, Pantry};
use super::session::Offer;
use super::visit::locked;
use crate::protocol::{Capabilities, ContentHash, WantedBlob, manifest};
use crate::store::{Shelf, ShelfError};

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A baked folder, and what of it is offered.
pub struct Shown {
    /// What visitors are offered.
    pub offer: Offer,
    shelf: Shelf,
    /// What was shown before: who is still there may be in the middle of it.
    before: Option<Arc<Shelf>>,
    pantry: Arc<Mutex<Pantry>>,
}

impl Shown {
    /// Shows this shelf, and keeps so much of it in memory.
    pub fn new(shelf: Shelf, memory_bytes: usize) -> Self {
        Self::after(shelf, None, Arc::new(Mutex::new(Pantry::new(memory_bytes))))
    }

    fn after(shelf: Shelf, before: Option<Arc<Shelf>>, pantry: Arc<Mutex<Pantry>>) -> Self {
        let mut catalog = before.as_ref().map(|before| before.catalog()).unwrap_or_default();
        catalog.extend(shelf.catalog());
        let hash = shelf.manifest();
        let size_bytes = catalog.get(&hash).copied().unwrap_or_default();
        let opening = opening(&Arc::new(shelf.tileset().clone()));
        let manifest = WantedBlob { hash, size_bytes };
        let offer = Offer { manifest, needs: Capabilities::NEEDED, catalog, opening };
        Self { offer, shelf, before, pantry }
    }

    /// The piece of a blob; from memory where somebody else was sent it lately.
    ///
    /// # Errors
    /// What the file system says.
    pub async fn piece(self: &Arc<Self>, hash: ContentHash, piece: u32) -> io::Result<Bytes> {
        if let Some(bytes) = locked(&self.pantry).get((hash, piece)) {
            return Ok(bytes);
        }
        let shown = self.clone();
        // A disk may take its time, and other visitors do not wait for it.
        tokio::task::spawn_blocking(move || shown.fetch(hash, piece)).await.map_err(io::Error::other)?
    }

    /// Reads it, unless somebody has done so meanwhile: a crowd asks for the same.
    fn fetch(&self, hash: ContentHash, piece: u32) -> io::Result<Bytes> {
        if let Some(bytes) = locked(&self.pantry).get((hash, piece)) {
            return Ok(bytes);
        }
        let bytes = self.read(hash, piece)?;
        locked(&self.pantry).put((hash, piece), bytes.clone());
        Ok(bytes)
    }

    fn read(&self, hash: ContentHash, piece: u32) -> io::Result<Bytes> {
        let offset = piece.saturating_mul(PIECE_BYTES as u32);
        let reader = match self.shelf.reader(hash, offset)? {
            Some(reader) => reader,
            None => {
                match self.before.as_ref().map(|before| before.reader(hash, offset)).transpose()?.flatten() {
                    Some(reader) => reader,
                    None => return Err(io::ErrorKind::NotFound.into()),
                }
            }
        };
        // As long as it will be: a buffer that grows as it is read is copied each time.
        let size_bytes = self.offer.catalog.get(&hash).copied().unwrap_or_default();
        let piece_bytes = (size_bytes.saturating_sub(offset) as usize).min(PIECE_BYTES);
        let mut bytes = Vec::with_capacity(piece_bytes);
        reader.take(piece_bytes as u64).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }
}

/// When and how large the manifest is: what changes with another twin.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark(Option<SystemTime>, u64);

fn mark(folder: &Path) -> Option<Mark> {
    let metadata = std::fs::metadata(folder.join(manifest::FILE_NAME)).ok()?;
    Some(Mark(metadata.modified().ok(), metadata.len()))
}

/// Looks whether the folder was baked anew, and shows what is in it then. Runs as long as the host does.
pub async fn watch(folder: PathBuf, shown: watch::Sender<Arc<Shown>>) {
    let mut ticks = tokio::time::interval(LOOK);
    let mut known = mark(&folder);
    loop {
        ticks.tick().await;
        let found = mark(&folder);
        if found == known || found.is_none() {
            continue;
        }
        let opened = {
            let (folder, before) = (folder.clone(), shown.borrow().clone());
            tokio::task::spawn_blocking(move || next(&folder, &before)).await
        };
        match opened {
            Ok(Ok(next)) => {
                known = found;
                if let Some(next) = next {
                    tracing::info!(manifest = %next.shelf.manifest(), "another twin is shown from now on");
                    shown.send_replace(Arc::new(next));
                }
            }
            // Bake is not done yet, perhaps: it is looked at again.
            Ok(Err(ShelfError::Incomplete { .. })) => {}
            Ok(Err(error)) => {
                known = found;
                tracing::warn!("the twin that was shown is still shown: {error}");
            }
            Err(error) => tracing::error!(%error, "reading the twin has panicked"),
        }
    }
}

/// What is in the folder now, if it is another twin than the one before.
fn next(folder: &Path, before: &Shown) -> Result<Option<Shown>, ShelfError> {
    let shelf = Shelf::open(folder)?;
    if shelf.manifest() == before.shelf.manifest() {
        return Ok(None);
    }
    Ok(Some(Shown::after(shelf, Some(Arc::new(before.shelf.clone())), before.pantry.clone())))
}
