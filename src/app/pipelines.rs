//! What the graphics driver remembers of pipelines, kept from one visit to the next.
//!
//! In: the cache folder. Out: a device that makes the pipelines of the last visit in a fraction of the time. The file
//! can be made again: what cannot be read, is damaged or belongs to another driver is as good as none.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use super::folders;
use crate::draw::Gpu;
use crate::store::{Care, write_atomically};

/// Drivers keep all that they ever made. A memory that outgrows this begins anew.
const BYTES_MAX: u64 = 16 << 20;

/// A driver's memory on disk.
#[derive(Debug)]
pub struct PipelineFile {
    /// `None` where there is nowhere to keep it.
    path: Option<PathBuf>,
    /// As it was read.
    bytes: Vec<u8>,
    writer: Option<JoinHandle<()>>,
}

impl PipelineFile {
    /// What is kept for the driver of `gpu`, which makes pipelines with it from now on.
    pub fn recall(gpu: &mut Gpu) -> Self {
        Self::recall_from(folders::cache().map(|folder| folder.join("pipelines")).as_deref(), gpu)
    }

    fn recall_from(folder: Option<&Path>, gpu: &mut Gpu) -> Self {
        let path = folder.zip(gpu.memory_name()).map(|(folder, name)| folder.join(name));
        let bytes = path.as_deref().map(read).unwrap_or_default();
        gpu.remember(&bytes);
        tracing::debug!("{} bytes are remembered of pipelines", bytes.len());
        Self { path, bytes, writer: None }
    }

    /// Keeps what the driver remembers by now, without holding anybody up.
    pub fn keep(&mut self, bytes: Vec<u8>) {
        let Some(path) = self.path.clone().filter(|_| bytes != self.bytes) else { return };
        let writer = thread::Builder::new().name("pipeline file".to_owned());
        let writer = writer.spawn(move || write(&path, &bytes));
        self.writer =
            writer.inspect_err(|error| tracing::debug!("pipelines are not remembered: {error}")).ok();
    }
}

impl Drop for PipelineFile {
    /// A file that is being written is written to its end.
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::debug!("pipelines are not remembered");
        }
    }
}

/// The file's bytes, none where it is not there or cannot be ours.
fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes));
    match read {
        Ok(count) if count as u64 <= BYTES_MAX => bytes,
        _ => Vec::new(),
    }
}

fn write(path: &Path, bytes: &[u8]) {
    let written = if bytes.len() as u64 > BYTES_MAX {
        fs::remove_file(path)
    } else {
        let name = format!("{}.partial", std::process::id());
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder.and_then(|()| write_atomically(path, &name, bytes, Care::Cache))
    };
    if let Err(error) = written {
        tracing::debug!("pipelines are not remembered: {error}");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_is_read_as_it_was_written_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipelines/a driver");
        assert!(read(&path).is_empty());
        write(&path, b"something");
        assert_eq!(read(&path), b"something");
        write(&path, &vec![0; BYTES_MAX as usize + 1]);
        assert!(!path.exists(), "a memory that outgrows its bound begins anew");
        fs::write(&path, vec![0; BYTES_MAX as usize + 1]).unwrap();
        assert!(read(&path).is_empty());
        assert!(read(folder.path()).is_empty(), "a folder is no file");
    }
}
