//! Pictures of what an eye saw, as PNG files that appear whole or not at all.

use std::io::BufWriter;
use std::path::Path;

use super::PresentError;
use crate::scene::texture::Pixels;

/// Writes `pixels` (sRGB) to `path`.
///
/// # Errors
/// When the file cannot be written; nothing is left behind then.
pub fn write_png(path: &Path, pixels: &Pixels) -> Result<(), PresentError> {
    let partial = path.with_extension("png.partial");
    let result = encode(&partial, pixels).and_then(|()| std::fs::rename(&partial, path));
    result.map_err(|error| {
        // The picture is lost already; a leftover that cannot be removed either changes nothing.
        let _ = std::fs::remove_file(&partial);
        PresentError::Picture { path: path.to_owned(), reason: error.to_string() }
    })
}

fn encode(path: &Path, pixels: &Pixels) -> std::io::Result<()> {
    let mut encoder =
        png::Encoder::new(BufWriter::new(std::fs::File::create(path)?), pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels.rgba)?;
    writer.finish()?;
    Ok(())
}

/// Both eyes side by side, for one picture that is looked at.
pub fn side_by_side([left, right]: &[Pixels; 2]) -> Pixels {
    let row = left.width as usize * 4;
    let rgba = left
        .rgba
        .chunks_exact(row)
        .zip(right.rgba.chunks_exact(row))
        .flat_map(|(left, right)| left.iter().chain(right).copied())
        .collect();
    Pixels { width: left.width * 2, height: left.height, rgba }
}
