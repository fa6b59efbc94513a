//! What bake needs to know of an encoded image: its kind and its size, from its first bytes.

/// The kind of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// `"png"` or `"jpg"`.
    pub extension: &'static str,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Reads the header of a PNG or JPEG; `None` for anything else.
pub fn header(bytes: &[u8]) -> Option<Header> {
    png(bytes).or_else(|| jpeg(bytes))
}

fn png(bytes: &[u8]) -> Option<Header> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    (rest.get(4..8)? == b"IHDR").then_some(())?;
    let number = |at: usize| Some(u32::from_be_bytes(*rest.get(at..at + 4)?.as_array::<4>()?));
    Some(Header { extension: "png", width: number(8)?, height: number(12)? })
}

/// Walks the segments up to the frame header (ITU-T T.81, B.2.2).
fn jpeg(bytes: &[u8]) -> Option<Header> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let marker = *rest.get(1).filter(|_| rest.first() == Some(&0xff))?;
        let is_fill = marker == 0xff;
        let has_length = !matches!(marker, 0x01 | 0xd0..=0xd9);
        if is_fill || !has_length {
            rest = rest.get(if is_fill { 1 } else { 2 }..)?;
            continue;
        }
        let number = |at: usize| Some(u32::from(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?])));
        // C4, C8 and CC share the range but are no frames.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            return Some(Header { extension: "jpg", height: number(5)?, width: number(7)? });
        }
        rest = rest.get(2 + (number(2)?.max(2)) as usize..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_both_kinds_are_read_and_stumps_are_not() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x02\0\x08\x06";
        assert_eq!(header(png), Some(Header { extension: "png", width: 256, height: 512 }));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x0b\x08\0\x03\0\x05\x01";
        assert_eq!(header(jpeg), Some(Header { extension: "jpg", width: 5, height: 3 }));
        for (bytes, whole) in [(&png[..], 24), (&jpeg[..], 18)] {
            for length in 0..whole {
                assert_eq!(header(&bytes[..length]), None, "{length} bytes");
            }
        }
        assert_eq!(header(b"GIF89a"), None);
    }
}
