//! The header `Range` (RFC 9110, 14): which part of a file is asked for.

use hyper::header::HeaderValue;

/// What a request asks for of `size` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it. So are several ranges, and what is no range: whoever asks for them must take that.
    Whole,
    /// These bytes.
    Part {
        /// The first.
        start: u64,
        /// How many; at least one.
        length: u64,
    },
    /// Bytes that there are not.
    Nothing,
}

/// Reads the header of a request for something of `size` bytes.
pub fn wanted(header: Option<&HeaderValue>, size: u64) -> Wanted {
    let text = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::Whole;
    };
    match (number(first), number(last)) {
        (Some(start), Some(last)) if start <= last => part(start, last, size),
        (Some(start), None) if last.is_empty() => part(start, u64::MAX, size),
        (None, Some(0)) if first.is_empty() => Wanted::Nothing,
        (None, Some(count)) if first.is_empty() => part(size.saturating_sub(count), u64::MAX, size),
        _ => Wanted::Whole,
    }
}

/// Digits only; of more than fit, as many as there can be.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

fn part(start: u64, last: u64, size: u64) -> Wanted {
    if start >= size {
        return Wanted::Nothing;
    }
    Wanted::Part { start, length: last.min(size - 1) - start + 1 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_has_them() {
        let part = |start, length| Wanted::Part { start, length };
        for (text, expected) in [
            // RFC 9110, 14.1.2, of 10 000 bytes.
            ("bytes=0-499", part(0, 500)),
            ("bytes=500-999", part(500, 500)),
            ("bytes=-500", part(9500, 500)),
            ("bytes=9500-", part(9500, 500)),
            ("bytes=9500-99999999999999999999999", part(9500, 500)),
            ("bytes=-20000", part(0, 10_000)),
            ("bytes=10000-", Wanted::Nothing),
            ("bytes=10000-10001", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=0-0,-1", Wanted::Whole),
            ("bytes=9-4", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("lines=0-4", Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(&HeaderValue::from_str(text).unwrap()), 10_000), expected, "{text}");
        }
        assert_eq!(wanted(None, 5), Wanted::Whole);
        assert_eq!(wanted(Some(&HeaderValue::from_static("bytes=-1")), 0), Wanted::Nothing);
    }
}
