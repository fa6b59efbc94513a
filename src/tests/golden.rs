//! Pictures compared with the ones that somebody has looked at.
//!
//! A golden is a PNG in assets/test/golden. `PAVILION_UPDATE_GOLDENS=1` writes what was drawn instead
//! of comparing; look at it before it is committed. On failure the picture and the difference are
//! left in the build folder.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

use crate::scene::texture::Pixels;

/// How far a channel may be off before the pixel counts.
const CHANNEL_TOLERANCE: u8 = 5;
/// The share of pixels that may be off.
const PIXEL_SHARE_MAX: f64 = 0.001;

/// Where the golden `name` lies.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/test/golden").join(name).with_extension("png")
}

/// Compares `pixels` with the golden `name`.
///
/// # Panics
/// When they differ by more than 5/255 on more than 0.1 % of the pixels, or there is no golden.
#[track_caller]
pub fn assert_golden(name: &str, pixels: &Pixels) {
    let golden_path = path(name);
    if std::env::var_os("PAVILION_UPDATE_GOLDENS").is_some() {
        write_png(&golden_path, pixels);
        println!("wrote {}: look at it", golden_path.display());
        return;
    }
    let drawn_path = output_folder().join(format!("{name}.png"));
    let Ok(golden) = read_png(&golden_path) else {
        write_png(&drawn_path, pixels);
        panic!("there is no {}; what was drawn is {}", golden_path.display(), drawn_path.display());
    };
    let size = |p: &Pixels| (p.width, p.height);
    assert_eq!(size(&golden), size(pixels), "{name} has another size");
    let off = differing(&golden, pixels);
    let share = off as f64 / f64::from(pixels.width * pixels.height);
    if share > PIXEL_SHARE_MAX {
        let difference_path = output_folder().join(format!("{name}.difference.png"));
        write_png(&drawn_path, pixels);
        write_png(&difference_path, &difference(&golden, pixels));
        panic!(
            "{name}: {off} pixels ({:.2} %) differ from the golden; see {} and {}",
            share * 100.0,
            drawn_path.display(),
            difference_path.display()
        );
    }
}

/// Pixels of which a channel differs by more than the tolerance.
pub fn differing(a: &Pixels, b: &Pixels) -> usize {
    let texels = a.rgba.chunks_exact(4).zip(b.rgba.chunks_exact(4));
    texels.filter(|(x, y)| x.iter().zip(*y).any(|(p, q)| p.abs_diff(*q) > CHANNEL_TOLERANCE)).count()
}

/// The largest difference of any channel.
pub fn largest_difference(a: &Pixels, b: &Pixels) -> u8 {
    a.rgba.iter().zip(&b.rgba).map(|(p, q)| p.abs_diff(*q)).max().unwrap_or(0)
}

/// Where tests leave pictures: a folder that `cargo clean` removes.
pub fn output_folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    target.join("golden")
}

/// Writes an RGBA8 PNG, making its folder.
pub fn write_png(path: &Path, pixels: &Pixels) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = std::io::BufWriter::new(fs::File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, pixels.width, pixels.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(&pixels.rgba).unwrap();
}

/// Reads an RGBA8 PNG.
pub fn read_png(path: &Path) -> Result<Pixels, Box<dyn std::error::Error>> {
    let decoder = png::Decoder::new(std::io::BufReader::new(fs::File::open(path)?));
    let mut reader = decoder.read_info()?;
    let mut rgba = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let info = reader.next_frame(&mut rgba)?;
    if info.color_type != png::ColorType::Rgba || info.bit_depth != png::BitDepth::Eight {
        return Err("it is no RGBA8 PNG".into());
    }
    Ok(Pixels { width: info.width, height: info.height, rgba })
}

/// Eight times the difference, on black.
fn difference(a: &Pixels, b: &Pixels) -> Pixels {
    let mut rgba: Vec<u8> =
        a.rgba.iter().zip(&b.rgba).map(|(p, q)| p.abs_diff(*q).saturating_mul(8)).collect();
    rgba.chunks_exact_mut(4).for_each(|texel| texel[3] = 255);
    Pixels { rgba, ..*a }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pixel_in_a_thousand_may_differ_and_two_may_not() {
        let plain = Pixels { width: 100, height: 10, rgba: vec![100; 4000] };
        let mut other = plain.clone();
        other.rgba[0] = 105;
        assert_eq!(differing(&plain, &other), 0);
        other.rgba[0] = 106;
        other.rgba[7] = 90;
        assert_eq!(differing(&plain, &other), 2);
        assert_eq!(largest_difference(&plain, &other), 10);
    }
}
