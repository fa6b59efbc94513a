//! The cache as the frame loop sees it: one thread owns it, so that the disk never holds up a frame.
//!
//! What is looked for and what is to be kept come in, what was found goes out. The thread begins by opening the cache,
//! which takes seconds on a cold disk; until then all waits. Then it looks before it writes, because somebody waits for
//! what is looked for. Where the folder cannot be used, nothing is found and nothing kept.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use super::CACHE_BYTES_MAX;
use crate::app::Failure;
use crate::protocol::{ContentHash, Fingerprint};
use crate::store::{Known, Store};

/// Things to look for that wait for the disk; whoever asks keeps the rest.
const LOOKS_MAX: usize = 64;

/// What was found and waits for the frame thread; beyond, the disk waits.
const LOOKED_MAX: usize = 64;

/// Bytes that wait to be written: what 100 Mbit/s bring in the five seconds that a cold disk may take to be opened.
/// What comes beyond is not kept.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// Writes that wait; with 32 kB each, which is the size of a tile, they have as many bytes as may wait.
const WRITES_MAX: usize = 2048;

/// How long what waits to be written may take when the visit is over.
const GOODBYE: Duration = Duration::from_secs(1);

/// What was looked for, and its bytes if they are there.
pub type Looked = (ContentHash, Option<Vec<u8>>);

/// Something to be kept.
enum Write {
    Blob(ContentHash, Arc<Vec<u8>>),
    /// The host shows this twin.
    Shown(Fingerprint, ContentHash),
}

impl Write {
    fn size_bytes(&self) -> usize {
        match self {
            Self::Blob(_, bytes) => bytes.len(),
            Self::Shown(..) => 0,
        }
    }
}

/// See the module.
pub struct Cache {
    looks: SyncSender<ContentHash>,
    writes: SyncSender<Write>,
    bell: SyncSender<()>,
    looked: Receiver<Looked>,
    waiting_bytes: Arc<AtomicUsize>,
    dropped: u64,
}

impl Cache {
    /// Begins to open the cache in `folder`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(folder: &Path) -> Result<Self, Failure> {
        let folder = folder.to_owned();
        Self::over(move || Disk::open(&folder))
    }

    fn over(open: impl FnOnce() -> Option<Disk> + Send + 'static) -> Result<Self, Failure> {
        let (looks, looks_queue) = sync_channel(LOOKS_MAX);
        let (writes, writes_queue) = sync_channel(WRITES_MAX);
        let (bell, rings) = sync_channel(1);
        let (looked_queue, looked) = sync_channel(LOOKED_MAX);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let keeper = Keeper {
            looks: looks_queue,
            writes: writes_queue,
            rings,
            looked: looked_queue,
            waiting_bytes: Arc::clone(&waiting_bytes),
        };
        Builder::new()
            .name("cache".to_owned())
            .spawn(move || keeper.serve(open()))
            .map_err(|error| Failure::environment(format!("no thread could be started ({error})")))?;
        Ok(Self { looks, writes, bell, looked, waiting_bytes, dropped: 0 })
    }

    /// Looks for it, and says by [`Cache::next_looked`] what is there. `false` where there is no room for that now.
    pub fn look(&self, hash: ContentHash) -> bool {
        let is_given = self.looks.try_send(hash).is_ok();
        self.ring();
        is_given
    }

    /// What was looked for.
    pub fn next_looked(&self) -> Option<Looked> {
        self.looked.try_recv().ok()
    }

    /// Keeps a blob once the disk has time. One that is looked for before that is not there yet.
    pub fn save(&mut self, hash: ContentHash, bytes: Arc<Vec<u8>>) {
        self.write(Write::Blob(hash, bytes));
    }

    /// Notes down that the host shows this twin, once the disk has time.
    pub fn remember(&mut self, host: Fingerprint, manifest: ContentHash) {
        self.write(Write::Shown(host, manifest));
    }

    fn write(&mut self, write: Write) {
        let size_bytes = write.size_bytes();
        let waiting_bytes = self.waiting_bytes.fetch_add(size_bytes, Ordering::Relaxed) + size_bytes;
        if waiting_bytes <= WAITING_BYTES_MAX && self.writes.try_send(write).is_ok() {
            return self.ring();
        }
        self.waiting_bytes.fetch_sub(size_bytes, Ordering::Relaxed);
        self.dropped += 1;
    }

    fn ring(&self) {
        // It need not ring twice.
        let _ = self.bell.try_send(());
    }
}

impl Drop for Cache {
    /// What has come is written, so that it need not come again: the disk is given a moment for that.
    fn drop(&mut self) {
        // The thread ends when it hears no bell any more and has nothing left to do.
        (self.bell, _) = sync_channel(1);
        let until = Instant::now() + GOODBYE;
        while self.looked.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
        if self.dropped > 0 {
            let count = self.dropped;
            tracing::warn!("{count} files came faster than the disk takes them: they will be fetched again");
        }
    }
}

/// The thread's side.
struct Keeper {
    looks: Receiver<ContentHash>,
    writes: Receiver<Write>,
    /// Something has come, or the visit is over.
    rings: Receiver<()>,
    looked: SyncSender<Looked>,
    waiting_bytes: Arc<AtomicUsize>,
}

impl Keeper {
    /// Does what comes until the visit is over, where there is a disk to do it on.
    fn serve(&self, mut disk: Option<Disk>) {
        loop {
            if let Ok(hash) = self.looks.try_recv() {
                let bytes = disk.as_mut().and_then(|disk| disk.store.get(hash));
                // Whoever has left needs no answer.
                let _ = self.looked.send((hash, bytes));
            } else if let Ok(write) = self.writes.try_recv() {
                let size_bytes = write.size_bytes();
                if let Some(disk) = &mut disk {
                    disk.write(write);
                }
                self.waiting_bytes.fetch_sub(size_bytes, Ordering::Relaxed);
            } else if self.rings.recv().is_err() {
                return;
            }
        }
    }
}

/// What the thread owns.
struct Disk {
    store: Store,
    known: Known,
}

impl Disk {
    fn open(folder: &Path) -> Option<Self> {
        match Store::open(folder, CACHE_BYTES_MAX) {
            Ok(store) => Some(Self { store, known: Known::open(folder) }),
            Err(error) => {
                tracing::warn!("{error}");
                None
            }
        }
    }

    fn write(&mut self, write: Write) {
        let error = match write {
            Write::Blob(hash, bytes) => self.store.put(hash, &bytes).err().map(|error| error.to_string()),
            Write::Shown(host, manifest) => {
                self.known.remember(host, manifest).err().map(|error| error.to_string())
            }
        };
        if let Some(error) = error {
            tracing::debug!("{error}");
        }
    }
}

#[cfg(test)]
pub mod tests;
