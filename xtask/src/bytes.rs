//! Little-endian reading of bytes that others wrote: whatever they say, nothing is read past their end.

use anyhow::{Context, Result};

/// A place in some bytes, moving forward.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// At the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// At `offset`, which may be the very end.
    pub fn at(bytes: &'a [u8], offset: u64) -> Result<Self> {
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
        Ok(Self { rest: rest.with_context(|| format!("byte {offset} lies past the end"))? })
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: u64) -> Result<&'a [u8]> {
        let split = usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count));
        let (taken, rest) =
            split.with_context(|| format!("{count} bytes are announced, {} are left", self.rest.len()))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().context("it ends in the middle of a number")?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The next two bytes.
    pub fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next four bytes.
    pub fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next eight bytes.
    pub fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Bytes after their own length in four bytes.
    pub fn prefixed(&mut self) -> Result<&'a [u8]> {
        let count = self.u32()?;
        self.take(count.into())
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_past_the_end() {
        let mut reader = Reader::new(&[2, 0, 0, 0, 7, 8, 9]);
        assert_eq!(reader.prefixed().expect("two bytes"), [7, 8]);
        assert!(reader.u16().is_err() && reader.take(2).is_err() && reader.take(u64::MAX).is_err());
        assert_eq!((reader.rest(), reader.is_empty()), (&[9][..], false));
        assert!(Reader::at(&[1, 2], 2).expect("the end").is_empty());
        assert!(Reader::at(&[1, 2], 3).is_err() && Reader::at(&[1, 2], u64::MAX).is_err());
    }
}
