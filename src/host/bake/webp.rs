//! WebP → PNG, because a twin holds PNG and JPEG only: what browsers and headsets read.

use std::io::Cursor;

use image_webp::WebPDecoder;

use crate::scene::{ContentError, limits};

/// The image as a PNG.
///
/// # Errors
/// When it is damaged, animated or larger than the limit.
pub fn to_png(webp: &[u8]) -> Result<Vec<u8>, ContentError> {
    let damaged =
        |error: image_webp::DecodingError| ContentError::malformed("WebP", format!("it is damaged: {error}"));
    let mut decoder = WebPDecoder::new(Cursor::new(webp)).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let side = limits::IMAGE_SIDE_MAX as usize;
    ContentError::check("image", "pixels on a side", width.max(height) as usize, side)?;
    if decoder.is_animated() {
        return Err(ContentError::unsupported("WebP", "animation"));
    }
    decoder.set_memory_limit(side * side * 4);
    let size = decoder.output_buffer_size().filter(|&size| size <= side * side * 4);
    let mut pixels = vec![0; size.ok_or_else(|| ContentError::malformed("WebP", "its pixels do not fit"))?];
    decoder.read_image(&mut pixels).map_err(damaged)?;

    png_of(
        [width, height],
        if decoder.has_alpha() { png::ColorType::Rgba } else { png::ColorType::Rgb },
        &pixels,
    )
}

/// A PNG of the pixels.
///
/// # Errors
/// When they are not as many as they should be.
pub fn png_of(
    [width, height]: [u32; 2],
    color: png::ColorType,
    pixels: &[u8],
) -> Result<Vec<u8>, ContentError> {
    let failed = |error: png::EncodingError| ContentError::malformed("image", error.to_string());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::gltf::image::decode;

    fn encoded(width: u32, height: u32, pixels: &[u8], color: image_webp::ColorType) -> Vec<u8> {
        let mut bytes = Vec::new();
        image_webp::WebPEncoder::new(&mut bytes).encode(pixels, width, height, color).unwrap();
        bytes
    }

    #[test]
    fn every_pixel_is_kept() {
        let rgb = encoded(2, 1, &[255, 0, 0, 1, 2, 3], image_webp::ColorType::Rgb8);
        assert_eq!(decode(&to_png(&rgb).unwrap()).unwrap().rgba, [255, 0, 0, 255, 1, 2, 3, 255]);
        let rgba = encoded(1, 2, &[9, 8, 7, 6, 5, 4, 3, 2], image_webp::ColorType::Rgba8);
        let pixels = decode(&to_png(&rgba).unwrap()).unwrap();
        assert_eq!((pixels.width, pixels.height), (1, 2));
        assert_eq!(pixels.rgba, [9, 8, 7, 6, 5, 4, 3, 2]);
    }

    #[test]
    fn what_is_broken_or_too_large_is_refused() {
        let pixels: Vec<u8> = (0..64 * 64 * 3).map(|i| (i * 7 % 251) as u8).collect();
        let whole = encoded(64, 64, &pixels, image_webp::ColorType::Rgb8);
        to_png(&whole).unwrap();
        for end in (0..whole.len() - 16).step_by(7) {
            assert!(to_png(&whole[..end]).is_err(), "a WebP of {end} bytes was taken");
        }
        let wide = encoded(4097, 1, &vec![0; 4097 * 3], image_webp::ColorType::Rgb8);
        assert!(matches!(to_png(&wide), Err(ContentError::TooLarge { .. })));
    }
}
