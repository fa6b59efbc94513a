//! Buffers and the views into them, decompressed where they are compressed.
//!
//! The schema and a [`Resolve`] come in, byte ranges go out of which each lies in its buffer.

use std::borrow::Cow;

use super::container::Container;
use super::schema::{BufferView, Compression, Root};
use super::{Resolve, data_uri, meshopt};
use crate::scene::{ContentError, limits};

/// A buffer's bytes; `None` for a placeholder, which only decompressed views may stand on.
pub(in crate::scene) type Bytes<'a> = Option<Cow<'a, [u8]>>;

/// A view into a buffer.
pub(in crate::scene) struct View<'a> {
    /// `None` where its buffer is a placeholder.
    pub bytes: Bytes<'a>,
    /// How many bytes it has, also where they are not there.
    pub length: usize,
    /// Where it begins in its buffer, for the rules on alignment; 0 where it was decompressed.
    pub offset: u64,
    /// From one element to the next; `None` when they lie side by side.
    pub stride: Option<usize>,
}

/// The bytes of every buffer.
///
/// # Errors
/// When one cannot be resolved or has fewer bytes than the file says.
pub(in crate::scene) fn load<'a>(
    root: &Root,
    container: &Container<'a>,
    resolve: &mut dyn Resolve,
) -> Result<Vec<Bytes<'a>>, ContentError> {
    let mut buffers: Vec<Bytes<'a>> = Vec::with_capacity(root.buffers.len());
    let mut total = 0_usize;
    for (i, buffer) in root.buffers.iter().enumerate() {
        let place = format!("/buffers/{i}");
        if buffer.byte_length == 0 {
            return Err(ContentError::malformed(place, "it is empty"));
        }
        let bytes: Bytes<'a> = match &buffer.uri {
            Some(uri) if data_uri::is_data(uri) => Some(Cow::Owned(read_data_uri(uri, &place)?)),
            Some(uri) => Some(Cow::Owned(resolve.buffer(uri)?)),
            None if i == 0 && container.is_binary => match container.bin {
                Some(bin) => Some(Cow::Borrowed(bin)),
                None => return Err(ContentError::malformed(place, "the file has no binary chunk")),
            },
            None => None,
        };
        if let Some(bytes) = &bytes {
            total = total.saturating_add(bytes.len());
            ContentError::check(&place, "bytes of buffers", total, limits::SOURCE_BYTES_MAX)?;
            if (bytes.len() as u64) < buffer.byte_length {
                return Err(ContentError::malformed(place, "it has fewer bytes than the file says"));
            }
        }
        buffers.push(bytes);
    }
    Ok(buffers)
}

fn read_data_uri(uri: &str, place: &str) -> Result<Vec<u8>, ContentError> {
    let (media_type, bytes) = data_uri::decode(uri, place)?;
    if !matches!(media_type, "application/octet-stream" | "application/gltf-buffer") {
        return Err(ContentError::malformed(
            place,
            format!("the media type {media_type:?} is not that of a buffer"),
        ));
    }
    Ok(bytes)
}

/// Every view; compressed ones are decompressed, together to `decoded_bytes_max` at most.
///
/// # Errors
/// When one does not lie in its buffer, has a stride that glTF does not allow, or does not decode.
pub(in crate::scene) fn views<'b>(
    root: &Root,
    buffers: &'b [Bytes<'_>],
    decoded_bytes_max: usize,
) -> Result<Vec<View<'b>>, ContentError> {
    let mut decoded_bytes = 0_usize;
    let mut views = Vec::with_capacity(root.buffer_views.len());
    for (i, view) in root.buffer_views.iter().enumerate() {
        let place = format!("/bufferViews/{i}");
        check_stride(view, &place)?;
        let declared = root.buffers.get(view.buffer).map_or(0, |buffer| buffer.byte_length);
        let end = view.byte_offset.checked_add(view.byte_length);
        if view.byte_length == 0 || end.is_none_or(|end| end > declared) {
            return Err(ContentError::malformed(place, "it does not lie in its buffer"));
        }
        views.push(match view.extensions.compression() {
            Some(compressed) => {
                let size = meshopt::decoded_bytes(compressed, &place)?;
                let is_said_twice =
                    view.extensions.meshopt.is_some() && view.extensions.khr_meshopt.is_some();
                if is_said_twice || view.byte_length != size as u64 {
                    let reason =
                        "it is not as long as what its compression makes, or is compressed in two ways";
                    return Err(ContentError::malformed(place, reason));
                }
                decoded_bytes = decoded_bytes.saturating_add(size);
                ContentError::check(&place, "bytes after decompression", decoded_bytes, decoded_bytes_max)?;
                decompressed(compressed, buffers, &place)?
            }
            None => View {
                bytes: range(buffers, view.buffer, view.byte_offset, view.byte_length, &place)?
                    .map(Cow::Borrowed),
                length: usize::try_from(view.byte_length).unwrap_or(usize::MAX),
                offset: view.byte_offset,
                stride: view.byte_stride.map(|stride| stride as usize),
            },
        });
    }
    Ok(views)
}

fn check_stride(view: &BufferView, place: &str) -> Result<(), ContentError> {
    let Some(stride) = view.byte_stride else { return Ok(()) };
    let is_for_indices = view.target == Some(u64::from(gltf::json::buffer::ELEMENT_ARRAY_BUFFER));
    // Compressed views may have any stride that the codecs take; those are checked where they decode.
    if view.extensions.compression().is_none()
        && (!(4..=252).contains(&stride)
            || !stride.is_multiple_of(4)
            || stride > view.byte_length
            || is_for_indices)
    {
        return Err(ContentError::malformed(
            place,
            format!("glTF does not allow the byte stride {stride} here"),
        ));
    }
    Ok(())
}

fn decompressed<'b>(
    compressed: Compression<'_>,
    buffers: &[Bytes<'_>],
    place: &str,
) -> Result<View<'b>, ContentError> {
    let view = compressed.view;
    let Some(data) = range(buffers, view.buffer, view.byte_offset, view.byte_length, place)? else {
        return Err(ContentError::malformed(place, "its compressed bytes are in a buffer without data"));
    };
    let bytes = meshopt::decode(compressed, data, place)?;
    let length = bytes.len();
    Ok(View { bytes: Some(Cow::Owned(bytes)), length, offset: 0, stride: Some(view.byte_stride as usize) })
}

/// A range of a buffer, or `None` where the buffer is a placeholder.
pub(in crate::scene) fn range<'b>(
    buffers: &'b [Bytes<'_>],
    buffer: usize,
    offset: u64,
    length: u64,
    place: &str,
) -> Result<Option<&'b [u8]>, ContentError> {
    let Some(bytes) = buffers.get(buffer).and_then(Option::as_deref) else { return Ok(None) };
    let end = offset.checked_add(length).and_then(|end| usize::try_from(end).ok());
    match usize::try_from(offset).ok().zip(end).and_then(|(start, end)| bytes.get(start..end)) {
        Some(range) => Ok(Some(range)),
        None => Err(ContentError::malformed(place, "it does not lie in its buffer")),
    }
}
