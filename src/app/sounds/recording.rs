//! What is heard, as a WAV file of 16 bits in stereo.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::app::Failure;
use crate::audio::Frame;
use crate::scene::sound::{SAMPLE_RATE_HZ, wav};

/// Three hours; what comes after is not kept, because a WAV file says its length in 32 bits.
const BYTES_MAX: u32 = 2 << 30;

/// A file that is being written.
pub struct Recording {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u32,
    failure: Option<io::Error>,
}

impl Recording {
    /// Begins the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn start(path: &Path) -> Result<Self, Failure> {
        let begin = || -> io::Result<BufWriter<File>> {
            let mut file = BufWriter::new(File::create(path)?);
            file.write_all(&wav::header(SAMPLE_RATE_HZ, 2, 0))?;
            Ok(file)
        };
        let file = begin().map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.to_owned(), file, bytes: 0, failure: None })
    }

    /// Adds frames. After a failure nothing more is added; it is told at the end.
    pub fn write(&mut self, frames: &[Frame]) {
        if self.failure.is_some() || self.bytes > BYTES_MAX {
            return;
        }
        for value in frames.iter().flatten() {
            if let Err(error) = self.file.write_all(&wav::quantized(*value).to_le_bytes()) {
                self.failure = Some(error);
                return;
            }
        }
        self.bytes += frames.len() as u32 * 4;
    }

    /// Says in the file how long it is.
    ///
    /// # Errors
    /// When it cannot be written, or could not before.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let mut end = || -> io::Result<()> {
            if let Some(error) = self.failure.take() {
                return Err(error);
            }
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(&wav::header(SAMPLE_RATE_HZ, 2, self.bytes))?;
            self.file.flush()
        };
        end().map_err(|error| unwritable(&self.path, &error))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // Where the visit ended with another failure; that one is told.
        let _ = self.finish();
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::environment(format!("{path} cannot be written ({error}): choose another place, or free space"))
}
