//! What follows an answer's head, piece by piece.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::Content;

/// Bytes of a file that are read at once: with a few hundred connections they are some megabytes.
const PIECE_BYTES: u64 = 64 << 10;

/// The bytes of one answer.
pub enum Stream {
    /// What is there already; taken as a whole.
    Memory(Option<Bytes>),
    /// What is still to be read.
    File {
        /// Where the next byte is.
        file: File,
        /// How many are to come.
        left: u64,
    },
}

impl Stream {
    /// Opens what is to be sent.
    ///
    /// # Errors
    /// When a file cannot be opened, or is shorter than what is asked of it.
    pub fn open(content: Content) -> io::Result<Self> {
        Ok(match content {
            Content::Empty => Self::Memory(None),
            Content::Bytes(bytes) => Self::Memory(Some(bytes)),
            Content::File { path, start, length } => {
                let mut file = File::open(path)?;
                if file.metadata()?.len() < start.saturating_add(length) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                file.seek(SeekFrom::Start(start))?;
                Self::File { file, left: length }
            }
        })
    }

    fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Memory(bytes) => Ok(bytes.take()),
            Self::File { left: 0, .. } => Ok(None),
            Self::File { file, left } => {
                // The disk is waited for: whoever visits the venue has another thread.
                let mut piece = Vec::new();
                file.take(PIECE_BYTES.min(*left)).read_to_end(&mut piece)?;
                if piece.is_empty() {
                    // The length was promised: the connection ends, so that nobody takes it for whole.
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= piece.len() as u64;
                Ok(Some(piece.into()))
            }
        }
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.next_piece().transpose().map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Memory(None) | Self::File { left: 0, .. })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Memory(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Self::File { left, .. } => *left,
        })
    }
}
