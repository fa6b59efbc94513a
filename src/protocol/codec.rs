//! Frames: a stream of bytes comes in, whole messages go out.
//!
//! Architecture invariant: a frame's length is compared with [`FRAME_BYTES_MAX`] before anything is
//! kept of it, so that a visitor costs at most [`BUFFER_BYTES_MAX`] here.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ProtocolError;

/// The largest body. A full [`Want`](super::Want) of 256 entries of at most 37 bytes is 9.5 kB.
pub const FRAME_BYTES_MAX: usize = 16 << 10;

/// What precedes a body: kind and length.
pub const HEADER_BYTES: usize = 6;

/// The most that may be pushed before frames are taken out: one whole frame and one read of 64 KiB.
pub const BUFFER_BYTES_MAX: usize = HEADER_BYTES + FRAME_BYTES_MAX + (64 << 10);

/// A message that can be put into a frame: usually an enum of all that one side may say.
pub trait Message: Sized {
    /// The number that tells it from others.
    fn kind(&self) -> u16;

    /// Its body.
    ///
    /// # Errors
    /// When it cannot be written.
    fn body(&self) -> Result<Vec<u8>, ProtocolError>;

    /// Reads a body; `None` when this version does not know the kind.
    ///
    /// # Errors
    /// When the kind is known and the body is not one.
    fn read(kind: u16, body: &[u8]) -> Result<Option<Self>, ProtocolError>;
}

/// The frame that holds `message`.
///
/// # Errors
/// When it is larger than a frame may be.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, ProtocolError> {
    let body = message.body()?;
    if body.len() > FRAME_BYTES_MAX {
        return Err(too_large(body.len()));
    }
    let mut frame = Vec::with_capacity(HEADER_BYTES + body.len());
    frame.extend_from_slice(&message.kind().to_le_bytes());
    frame.extend_from_slice(&(body.len() as u32).to_le_bytes());
    frame.extend_from_slice(&body);
    Ok(frame)
}

/// Writes a body.
pub(super) fn write<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, ProtocolError> {
    postcard::to_stdvec(value).map_err(|_| ProtocolError::Malformed { what })
}

/// Reads a body, which must end where the value ends.
pub(super) fn read<T: DeserializeOwned>(what: &'static str, body: &[u8]) -> Result<T, ProtocolError> {
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        _ => Err(ProtocolError::Malformed { what }),
    }
}

fn too_large(size: usize) -> ProtocolError {
    ProtocolError::TooLarge { what: "a message", size: size as u64, limit: FRAME_BYTES_MAX as u64 }
}

/// Puts frames together from the pieces in which they arrive.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
}

impl Frames {
    /// Takes what has arrived. All frames are to be taken out before more is pushed.
    ///
    /// # Errors
    /// When more piles up than [`BUFFER_BYTES_MAX`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ProtocolError> {
        let size = self.buffer.len().saturating_add(bytes.len());
        if size > BUFFER_BYTES_MAX {
            return Err(too_large(size));
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next message that this version knows, if it is here as a whole.
    ///
    /// # Errors
    /// When the bytes are not frames; the connection is then of no use any more.
    pub fn next_message<M: Message>(&mut self) -> Result<Option<M>, ProtocolError> {
        while let Some((header, rest)) = self.buffer.split_first_chunk::<HEADER_BYTES>() {
            let [k0, k1, l0, l1, l2, l3] = *header;
            let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
            if length > FRAME_BYTES_MAX {
                return Err(too_large(length));
            }
            let Some(body) = rest.get(..length) else {
                return Ok(None);
            };
            let message = M::read(u16::from_le_bytes([k0, k1]), body)?;
            self.buffer.drain(..HEADER_BYTES + length);
            if message.is_some() {
                return Ok(message);
            }
        }
        Ok(None)
    }

    /// What came after the frames that were taken out.
    pub fn into_rest(self) -> Vec<u8> {
        self.buffer
    }
}
