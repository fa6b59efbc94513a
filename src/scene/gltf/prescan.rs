//! One pass over the JSON before anything is allocated for it.
//!
//! Bytes come in; text goes out that is UTF-8, not nested deeper than
//! [`limits::JSON_DEPTH_MAX`], without a container of more entries than the ceiling and without a
//! number that is not finite. Whole numbers written as floats (`24.0`, `1e3`), which glTF allows,
//! are rewritten as integers. Whether it is JSON at all is left to the parser.

use std::borrow::Cow;
use std::fmt::Write;

use crate::scene::{ContentError, limits};

/// What the JSON may have.
pub(in crate::scene) struct Ceilings {
    /// Bytes of all of it.
    pub bytes: usize,
    /// Entries of any one array or object.
    pub entries: usize,
}

pub(in crate::scene) fn normalized<'a>(
    json: &'a [u8],
    ceilings: &Ceilings,
) -> Result<Cow<'a, str>, ContentError> {
    ContentError::check("JSON", "bytes", json.len(), ceilings.bytes)?;
    let text = str::from_utf8(json).map_err(|e| {
        ContentError::malformed(format!("byte {} of the JSON", e.valid_up_to()), "it is not UTF-8")
    })?;
    scan(text, ceilings)
}

/// The text with the numbers rewritten that are to be; the same where there are none.
fn scan<'a>(text: &'a str, ceilings: &Ceilings) -> Result<Cow<'a, str>, ContentError> {
    let json = text.as_bytes();
    let mut rewritten = String::new();
    let mut kept_to = 0;
    let mut commas: Vec<usize> = Vec::with_capacity(limits::JSON_DEPTH_MAX);
    let mut position = 0_usize;
    while let Some(&byte) = json.get(position) {
        let mut next = position.saturating_add(1);
        match byte {
            b'"' => next = string_end(json, next),
            b'{' | b'[' => {
                commas.push(0);
                ContentError::check("JSON", "levels of nesting", commas.len(), limits::JSON_DEPTH_MAX)?;
            }
            b'}' | b']' => {
                commas.pop();
            }
            b',' => {
                if let Some(count) = commas.last_mut() {
                    *count = count.saturating_add(1);
                    let place = || format!("byte {position} of the JSON");
                    if *count >= ceilings.entries {
                        ContentError::check(&place(), "entries", count.saturating_add(1), ceilings.entries)?;
                    }
                }
            }
            b'-' | b'0'..=b'9' => {
                next = number_end(json, next);
                if let Some(whole) = check_number(json.get(position..next).unwrap_or_default(), position)? {
                    if kept_to == 0 {
                        // An integer may be longer than what stood for it: 1e9.
                        rewritten.reserve(text.len());
                    }
                    rewritten.push_str(text.get(kept_to..position).unwrap_or_default());
                    // Writing to a String cannot fail.
                    let _ = write!(rewritten, "{whole}");
                    kept_to = next;
                }
            }
            _ => {}
        }
        position = next;
    }
    if kept_to == 0 {
        return Ok(Cow::Borrowed(text));
    }
    rewritten.push_str(text.get(kept_to..).unwrap_or_default());
    Ok(Cow::Owned(rewritten))
}

fn string_end(json: &[u8], mut position: usize) -> usize {
    while let Some(&byte) = json.get(position) {
        position = position.saturating_add(match byte {
            b'"' => return position.saturating_add(1),
            b'\\' => 2,
            _ => 1,
        });
    }
    position
}

fn number_end(json: &[u8], start: usize) -> usize {
    let is_part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    let length = json.get(start..).unwrap_or_default().iter().take_while(is_part).count();
    start.saturating_add(length)
}

/// Refuses what is not finite; gives the value of a whole number that is written as a float.
fn check_number(digits: &[u8], position: usize) -> Result<Option<i64>, ContentError> {
    if !digits.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return Ok(None);
    }
    if let Some(whole) = before_zeros(digits) {
        return Ok(Some(whole));
    }
    // What is not a number here is not one to the parser either, which says so with its place.
    let Some(value) = str::from_utf8(digits).ok().and_then(|text| text.parse::<f64>().ok()) else {
        return Ok(None);
    };
    if !value.is_finite() {
        return Err(ContentError::malformed(
            format!("byte {position} of the JSON"),
            "the number is not finite",
        ));
    }
    // Up to 2^53 every whole number is exact. Minus zero stays a float.
    let is_whole = value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0;
    let is_negative_zero = value == 0.0 && value.is_sign_negative();
    Ok((is_whole && !is_negative_zero && is_json_number(digits)).then_some(value as i64))
}

/// The number in the commonest of those: 24.0.
fn before_zeros(digits: &[u8]) -> Option<i64> {
    let (whole, zero) = digits.split_last_chunk::<2>()?;
    let is_plain = (1..=15).contains(&whole.len()) && whole.first() != Some(&b'0');
    if *zero != *b".0" || !is_plain || !whole.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(whole).ok()?.parse().ok()
}

/// The grammar of RFC 8259 for what Rust, being laxer, has already parsed: no leading zero, digits
/// on both sides of the point.
fn is_json_number(digits: &[u8]) -> bool {
    let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let whole = unsigned.iter().take_while(|byte| is_digit(byte)).count();
    let leading_zero = whole > 1 && unsigned.first() == Some(&b'0');
    let fraction_ok = match unsigned.get(whole..) {
        Some([b'.', after, ..]) => is_digit(after),
        Some([b'.']) => false,
        _ => true,
    };
    whole > 0 && !leading_zero && fraction_ok
}
