//! EXT_meshopt_compression and KHR_meshopt_compression: compressed bytes and what the file says of them come in, the
//! bytes of the buffer view go out.
//!
//! Written from the extensions' specifications; checked code without `unsafe`, so that what the
//! network brings cannot reach memory. The second extension adds a version of the vertex codec and a filter for
//! colours; each is taken only where it is defined.

mod filter;
mod index;
mod vertex;

#[cfg(test)]
mod tests;

pub(in crate::scene) use index::{sequence, triangles};
pub(in crate::scene) use vertex::{Version, vertices};

use super::schema::{Compression, Dialect};
use crate::scene::{ContentError, limits};

/// How many bytes the view has once decompressed, checked against the limits.
pub(in crate::scene) fn decoded_bytes(
    Compression { view, .. }: Compression<'_>,
    place: &str,
) -> Result<usize, ContentError> {
    let count = usize::try_from(view.count).unwrap_or(usize::MAX);
    ContentError::check(place, "elements", count, limits::ACCESSOR_LEN_MAX)?;
    let stride_ok = match view.mode.as_str() {
        "ATTRIBUTES" => view.byte_stride.is_multiple_of(4) && (4..=256).contains(&view.byte_stride),
        "TRIANGLES" => matches!(view.byte_stride, 2 | 4) && view.count.is_multiple_of(3),
        "INDICES" => matches!(view.byte_stride, 2 | 4),
        mode => {
            return Err(ContentError::unsupported(
                place,
                format!("the compression mode {:?}", mode.chars().take(80).collect::<String>()),
            ));
        }
    };
    if !stride_ok || count == 0 {
        return Err(ContentError::malformed(
            place,
            "its stride or count is not one that its compression mode takes",
        ));
    }
    Ok(count.saturating_mul(view.byte_stride as usize))
}

/// Decompresses a view.
pub(in crate::scene) fn decode(
    compression: Compression<'_>,
    data: &[u8],
    place: &str,
) -> Result<Vec<u8>, ContentError> {
    let size = decoded_bytes(compression, place)?;
    let Compression { view, dialect } = compression;
    let (count, stride) = (view.count as usize, view.byte_stride as usize);
    let filter = view.filter.as_deref().unwrap_or("NONE");
    let refuse = |reason: &'static str| ContentError::malformed(place, reason);
    if view.mode == "ATTRIBUTES" {
        let newest = if dialect == Dialect::Khr { Version::V1 } else { Version::V0 };
        let mut bytes = vertices(data, count, stride, newest).map_err(refuse)?;
        match (filter, stride) {
            ("NONE", _) => {}
            ("OCTAHEDRAL", 4) => filter::octahedral_bytes(&mut bytes),
            ("OCTAHEDRAL", 8) => filter::octahedral_words(&mut bytes),
            ("QUATERNION", 8) => filter::quaternion(&mut bytes),
            ("EXPONENTIAL", _) => filter::exponential(&mut bytes),
            ("COLOR", 4) if dialect == Dialect::Khr => filter::color_bytes(&mut bytes),
            ("COLOR", 8) if dialect == Dialect::Khr => filter::color_words(&mut bytes),
            _ => return Err(refuse("its filter does not fit its stride, or is unknown")),
        }
        return Ok(bytes);
    }
    if filter != "NONE" {
        return Err(refuse("indices have no filter"));
    }
    let mut bytes = Vec::new();
    let wide = stride == 4;
    let mut is_too_wide = false;
    let mut push = |index: u32| match u16::try_from(index) {
        _ if wide => bytes.extend_from_slice(&index.to_le_bytes()),
        Ok(index) => bytes.extend_from_slice(&index.to_le_bytes()),
        Err(_) => is_too_wide = true,
    };
    match view.mode.as_str() {
        "TRIANGLES" => {
            triangles(data, count, |triangle| triangle.into_iter().for_each(&mut push)).map_err(refuse)?
        }
        _ => sequence(data, count, push).map_err(refuse)?,
    }
    if is_too_wide || bytes.len() != size {
        return Err(refuse("an index does not fit 16 bits"));
    }
    Ok(bytes)
}
