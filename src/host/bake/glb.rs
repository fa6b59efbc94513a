//! The GLB container: a header, a JSON chunk and a binary chunk (glTF 2.0, 4.4).

/// Joins the two chunks. Their lengths are padded to four bytes, as the format wants.
pub fn join(json: &str, binary: &[u8]) -> Vec<u8> {
    let padded = |length: usize| length.next_multiple_of(4);
    let total = 12 + 8 + padded(json.len()) + 8 + padded(binary.len());
    let mut glb = Vec::with_capacity(total);
    glb.extend(b"glTF");
    glb.extend(2_u32.to_le_bytes());
    glb.extend((total as u32).to_le_bytes());
    for (kind, bytes, padding) in [(b"JSON", json.as_bytes(), b' '), (b"BIN\0", binary, 0)] {
        glb.extend((padded(bytes.len()) as u32).to_le_bytes());
        glb.extend(kind);
        glb.extend(bytes);
        glb.resize(glb.len().next_multiple_of(4), padding);
    }
    glb
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_the_padding() {
        let glb = join("{}", &[1, 2, 3, 4, 5]);
        assert_eq!(glb.len(), 12 + 8 + 4 + 8 + 8);
        assert_eq!(glb[8..12], 40_u32.to_le_bytes());
        assert_eq!(&glb[20..24], b"{}  ");
        assert_eq!(glb[32..], [1, 2, 3, 4, 5, 0, 0, 0]);
    }
}
