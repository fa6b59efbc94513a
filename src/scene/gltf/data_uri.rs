//! `data:` URIs, which carry their bytes in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::scene::{ContentError, limits};

/// Whether the URI is one.
pub(super) fn is_data(uri: &str) -> bool {
    uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// The media type and the bytes.
pub(super) fn decode<'a>(uri: &'a str, place: &str) -> Result<(&'a str, Vec<u8>), ContentError> {
    let after_scheme = uri.get(5..).unwrap_or_default();
    let Some((head, text)) = after_scheme.split_once(',') else {
        return Err(ContentError::malformed(place, "the data URI has no comma"));
    };
    let Some(media_type) = head.strip_suffix(";base64") else {
        return Err(ContentError::unsupported(place, "a data URI that is not in base64"));
    };
    ContentError::check(place, "bytes of base64", text.len(), limits::SOURCE_BYTES_MAX)?;
    let bytes = STANDARD
        .decode(text)
        .map_err(|e| ContentError::malformed(place, format!("the data URI is not base64: {e}")))?;
    Ok((media_type, bytes))
}
