//! Feature tables: named numbers of a tile, in a JSON header or in the bytes after it.

use std::borrow::Cow;

use serde_json::Value;

use crate::scene::gltf::prescan;
use crate::scene::{ContentError, limits};

/// Reads numbers from the start of some bytes.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.rest.split_first_chunk::<8>()?;
        self.rest = rest;
        Some(u64::from_le_bytes(*number))
    }

    pub(super) fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// A feature table.
pub(super) struct Table<'a> {
    json: Value,
    body: &'a [u8],
}

impl<'a> Table<'a> {
    /// # Errors
    /// When the header is not a JSON object.
    pub(super) fn parse(json: &'a [u8], body: &'a [u8]) -> Result<Self, ContentError> {
        let ceilings = prescan::Ceilings { bytes: limits::JSON_BYTES_MAX, entries: limits::ARRAY_LEN_MAX };
        let text = if json.is_empty() { Cow::Borrowed("{}") } else { prescan::normalized(json, &ceilings)? };
        let json: Value = serde_json::from_str(text.trim_end_matches('\0'))
            .map_err(|error| ContentError::malformed("feature table", format!("it is no JSON: {error}")))?;
        if !json.is_object() {
            return Err(ContentError::malformed("feature table", "it is no JSON object"));
        }
        Ok(Self { json, body })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.json.get(name).is_some()
    }

    /// Whether it has the extension.
    pub(super) fn has_extension(&self, name: &str) -> bool {
        self.json.get("extensions").is_some_and(|extensions| extensions.get(name).is_some())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.json.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// How many there are of something.
    pub(super) fn count(&self, name: &str) -> Result<usize, ContentError> {
        let inline = self.json.get(name).and_then(Value::as_u64);
        let number = match inline {
            Some(number) => Some(number),
            None => self
                .rows(name, 1, 4)?
                .and_then(|bytes| Some(u32::from_le_bytes(*bytes.first_chunk()?).into())),
        };
        let count = number.and_then(|number| usize::try_from(number).ok());
        count.ok_or_else(|| refuse(name, "it is missing, or no whole number"))
    }

    /// One vector, in the header or as floats after it.
    pub(super) fn vector<const N: usize>(&self, name: &str) -> Result<Option<[f64; N]>, ContentError> {
        let inline = self.json.get(name).and_then(Value::as_array);
        let Some(numbers) = inline else {
            let Some(bytes) = self.rows(name, 1, N * 4)? else { return Ok(None) };
            return Ok(floats::<N>(bytes).next().map(|vector| vector.map(f64::from)));
        };
        let mut vector = [0.0; N];
        if numbers.len() != N {
            return Err(refuse(name, "it has not as many numbers as it should"));
        }
        for (slot, number) in vector.iter_mut().zip(numbers) {
            *slot = number.as_f64().ok_or_else(|| refuse(name, "one of its numbers is none"))?;
        }
        Ok(Some(vector))
    }

    /// The bytes of `count` rows, if they are there.
    pub(super) fn rows(
        &self,
        name: &str,
        count: usize,
        row_bytes: usize,
    ) -> Result<Option<&'a [u8]>, ContentError> {
        let Some(value) = self.json.get(name) else { return Ok(None) };
        let offset = value.get("byteOffset").and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
        let start = offset.ok_or_else(|| refuse(name, "it has no byteOffset"))?;
        let end = count.checked_mul(row_bytes).and_then(|length| start.checked_add(length));
        let rows = end.and_then(|end| self.body.get(start..end));
        rows.map(Some).ok_or_else(|| refuse(name, "it goes on past the end of its table"))
    }

    /// `RTC_CENTER`: what positions are relative to.
    pub(super) fn center(&self) -> Result<[f64; 3], ContentError> {
        Ok(self.vector("RTC_CENTER")?.unwrap_or_default())
    }

    /// Positions in floats or in parts of a box; `None` where there are neither.
    ///
    /// # Errors
    /// When they are not as many, or not finite.
    pub(super) fn positions(&self, count: usize) -> Result<Option<Vec<[f64; 3]>>, ContentError> {
        if let Some(bytes) = self.rows("POSITION", count, 12)? {
            let positions: Vec<[f64; 3]> =
                floats::<3>(bytes).map(|position| position.map(f64::from)).collect();
            if positions.iter().flatten().any(|x| !x.is_finite()) {
                return Err(refuse("POSITION", "a number of it is not finite"));
            }
            return Ok(Some(positions));
        }
        let Some(bytes) = self.rows("POSITION_QUANTIZED", count, 6)? else { return Ok(None) };
        let volume = |name: &str| self.vector::<3>(name)?.ok_or_else(|| refuse(name, "it is missing"));
        let [offset, scale] = [volume("QUANTIZED_VOLUME_OFFSET")?, volume("QUANTIZED_VOLUME_SCALE")?];
        let place = |[x, y, z]: [u16; 3]| {
            let [[ox, oy, oz], [sx, sy, sz]] = [offset, scale];
            [(x, ox, sx), (y, oy, sy), (z, oz, sz)].map(|(x, o, s)| o + f64::from(x) / 65_535.0 * s)
        };
        Ok(Some(words::<3>(bytes).map(place).collect()))
    }
}

pub(super) fn refuse(name: &str, reason: &str) -> ContentError {
    ContentError::malformed(format!("feature table/{name}"), reason)
}

/// Rows of `N` floats.
pub(super) fn floats<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [f32; N]> {
    numbers::<N, 4, f32>(bytes, f32::from_le_bytes)
}

/// Rows of `N` unsigned 16-bit integers.
pub(super) fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u16; N]> {
    numbers::<N, 2, u16>(bytes, u16::from_le_bytes)
}

fn numbers<const N: usize, const S: usize, T: Copy + Default>(
    bytes: &[u8],
    read: fn([u8; S]) -> T,
) -> impl Iterator<Item = [T; N]> {
    let (numbers, _) = bytes.as_chunks::<S>();
    let (rows, _) = numbers.as_chunks::<N>();
    rows.iter().map(move |row| row.map(read))
}

/// A unit vector from two fractions of its octahedral form, −1 to 1 each.
pub(super) fn octahedral([x, y]: [f64; 2]) -> [f64; 3] {
    let z = 1.0 - x.abs() - y.abs();
    // Below the equator the corners are folded over the edges.
    let fold = z.min(0.0);
    let folded = |v: f64| if v >= 0.0 { v + fold } else { v - fold };
    glam::DVec3::new(folded(x), folded(y), z).normalize_or(glam::DVec3::Z).to_array()
}
