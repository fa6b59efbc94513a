//! `data:` URIs, which carry their bytes in base64 or as they are, with escapes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::scene::{ContentError, limits};

/// Whether the URI is one.
pub(super) fn is_data(uri: &str) -> bool {
    uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// The media type, as it is written.
pub(super) fn media_type(uri: &str) -> &str {
    let head = uri.get(5..).and_then(|rest| rest.split_once(',')).map_or("", |(head, _)| head);
    head.strip_suffix(";base64").unwrap_or(head)
}

/// The media type and the bytes.
pub(super) fn decode<'a>(uri: &'a str, place: &str) -> Result<(&'a str, Vec<u8>), ContentError> {
    let after_scheme = uri.get(5..).unwrap_or_default();
    let Some((head, text)) = after_scheme.split_once(',') else {
        return Err(ContentError::malformed(place, "the data URI has no comma"));
    };
    ContentError::check(place, "bytes of data URI", text.len(), limits::SOURCE_BYTES_MAX)?;
    let Some(media_type) = head.strip_suffix(";base64") else {
        return Ok((head, unescaped(text, place)?));
    };
    let bytes = STANDARD
        .decode(text)
        .map_err(|e| ContentError::malformed(place, format!("the data URI is not base64: {e}")))?;
    Ok((media_type, bytes))
}

/// Bytes as they are, or as a per cent sign and two hexadecimal digits.
fn unescaped(text: &str, place: &str) -> Result<Vec<u8>, ContentError> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (value, after) = match (byte, after) {
            (b'%', [high, low, after @ ..]) => {
                (digit(*high).zip(digit(*low)).map(|(h, l)| (h << 4 | l) as u8), after)
            }
            (b'%', _) => (None, after),
            _ => (Some(byte), after),
        };
        bytes.push(value.ok_or_else(|| ContentError::malformed(place, "the data URI has a broken escape"))?);
        rest = after;
    }
    Ok(bytes)
}
