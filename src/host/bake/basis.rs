//! KTX2 with Basis Universal → PNG, because a twin holds PNG and JPEG only.
//!
//! Of the largest level the first image is taken. The decoder is the `basisu` crate: Rust alone, a port of the reference
//! that gives the same bytes, and young; so its size is checked before it is asked, and a panic of its is a refusal. KTX2
//! without Basis Universal (vkFormat), and with a dynamic range that PNG does not hold, is left out by name.

use std::panic::{AssertUnwindSafe, catch_unwind};

use basisu::{DecodeFlags, TargetFormat, Transcoder};

use super::webp::png_of;
use crate::scene::{ContentError, limits};

/// The image as a PNG; `None` where it is of a kind that is not read.
///
/// # Errors
/// When it is damaged or larger than the limit.
pub fn to_png(ktx2: &[u8]) -> Result<Option<Vec<u8>>, ContentError> {
    let damaged = |reason: &str| ContentError::malformed("KTX2", format!("it is damaged: {reason}"));
    // KTX 2.0, 3: vkFormat, typeSize, width and height after an identifier of 12 bytes.
    let word = |at: usize| ktx2.get(at..)?.first_chunk::<4>().map(|word| u32::from_le_bytes(*word));
    let (Some(format), Some(width), Some(height)) = (word(12), word(20), word(24)) else {
        return Err(damaged("it ends within its header"));
    };
    let side = limits::IMAGE_SIDE_MAX as usize;
    ContentError::check("image", "pixels on a side", width.max(height) as usize, side)?;
    if format != 0 {
        return Ok(None);
    }
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let texture = Transcoder::new(ktx2)?;
        if !texture.supports(TargetFormat::Rgba32) {
            return Ok(None);
        }
        let pixels = texture.transcode(0, TargetFormat::Rgba32, DecodeFlags::NONE)?;
        Ok::<_, basisu::Error>(Some((texture.has_alpha(), pixels)))
    }));
    let decoded = decoded.map_err(|_| damaged("its decoder gave up"))?;
    let Some((has_alpha, rgba)) = decoded.map_err(|error| damaged(&format!("{error:?}")))? else {
        return Ok(None);
    };
    if has_alpha {
        return png_of([width, height], png::ColorType::Rgba, &rgba).map(Some);
    }
    let rgb: Vec<u8> = rgba.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
    png_of([width, height], png::ColorType::Rgb, &rgb).map(Some)
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::gltf::image::decode;
    use crate::scene::gltf::tests::made::Random;
    use crate::tests::corpus;

    /// The KTX2 image in a GLB by others, which is the only one.
    fn sample() -> Option<Vec<u8>> {
        let folder = corpus::data("corpus/gltf-positive/CesiumBalloon")?;
        let glb = std::fs::read(folder.join("CesiumBalloonKTX2.glb")).unwrap();
        let start = glb.windows(8).position(|bytes| bytes == b"\xabKTX 20\xbb").unwrap();
        Some(glb[start..].to_vec())
    }

    /// What `tests::fuzz` begins with: a header of a format that is left out, and the beginning of one by others.
    pub(crate) fn seeds() -> Vec<Vec<u8>> {
        let mut plain = b"\xabKTX 20\xbb\r\n\x1a\n".to_vec();
        for word in [37_u32, 1, 4, 4, 0, 0, 1, 1, 0] {
            plain.extend(word.to_le_bytes());
        }
        plain.resize(128, 0);
        let begun = sample().map(|ktx2| ktx2[..8192].to_vec());
        [plain].into_iter().chain(begun).collect()
    }

    #[test]
    fn a_texture_by_others_is_what_it_shows() {
        let Some(ktx2) = sample() else { return };
        let pixels = decode(&to_png(&ktx2).unwrap().unwrap()).unwrap();
        assert_eq!((pixels.width, pixels.height), (1024, 1024));
        // The blue of its first corner.
        assert_eq!(pixels.rgba[..4], [112, 170, 227, 255]);
    }

    #[test]
    fn what_is_broken_is_refused_and_never_ends_the_program() {
        let Some(ktx2) = sample() else { return };
        for end in [0, 11, 40, 100, 1000] {
            assert!(to_png(&ktx2[..end]).is_err(), "a KTX2 of {end} bytes was taken");
        }
        let mut wide = ktx2.clone();
        wide[20..24].copy_from_slice(&4097_u32.to_le_bytes());
        assert!(matches!(to_png(&wide), Err(ContentError::TooLarge { .. })));
        let mut plain = ktx2.clone();
        plain[12] = 37;
        assert_eq!(to_png(&plain), Ok(None), "not Basis Universal");
        let mut random = Random(4);
        for _ in 0..40 {
            let mut broken = ktx2.clone();
            for _ in 0..4 {
                let end = if random.below(2) == 0 { 300 } else { broken.len() };
                let at = 12 + random.below(end - 12);
                broken[at] = random.next() as u8;
            }
            let _ = to_png(&broken);
        }
    }
}
