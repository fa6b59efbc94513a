//! Pixels with all their mip levels, as the GPU reads them: RGBA8, square, a power of two wide.

use serde::{Deserialize, Serialize};

use super::limits;
use super::{BlobId, ContentError, ImageId};

/// How the bytes of an image are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ColorSpace {
    /// Colours: sRGB, with linear alpha.
    Srgb,
    /// Data: normals, roughness, occlusion.
    Linear,
}

/// An image of the tileset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The PNG or JPEG.
    pub blob: BlobId,
    /// How its bytes are read; an image used both ways is listed twice.
    pub space: ColorSpace,
    /// The side that it has on the GPU, as a power of two; at most
    /// [`limits::TEXTURE_SIDE_LOG2_MAX`].
    pub side_log2: u8,
}

impl Image {
    /// What it occupies on the GPU: a third more than its largest level.
    pub fn size_bytes(self) -> u64 {
        let side = 1_u64 << self.side_log2;
        (side * side * 4 * 4).div_ceil(3)
    }
}

/// A small picture of an image that is shown until all of it is here: its mip tail, as a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail {
    /// Of which.
    pub image: ImageId,
    /// The PNG or JPEG.
    pub blob: BlobId,
}

/// Pixels as they come out of a PNG or JPEG: RGBA8, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels in a row, 1 ..= [`limits::IMAGE_SIDE_MAX`].
    pub width: u32,
    /// Rows, likewise.
    pub height: u32,
    /// `width × height × 4` bytes.
    pub rgba: Vec<u8>,
}

/// A square texture with every level down to one texel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texture {
    /// How its bytes are read.
    pub space: ColorSpace,
    /// The side of the largest level, as a power of two.
    pub side_log2: u8,
    /// All levels, largest first, RGBA8, rows from the top.
    pub levels: Vec<Vec<u8>>,
}

/// The side that an image of this size gets on the GPU: the power of two that is nearest to its
/// longer side from above, but never above the ceiling.
pub fn side_log2_for(width: u32, height: u32) -> u8 {
    let side = width.max(height).max(1);
    (side.next_power_of_two().ilog2() as u8).min(limits::TEXTURE_SIDE_LOG2_MAX)
}

impl Texture {
    /// Fits `pixels` to the side and makes the mip levels. Filtering happens in linear light.
    ///
    /// # Errors
    /// When the pixels do not have the size that they claim.
    pub fn from_pixels(pixels: &Pixels, space: ColorSpace, side_log2: u8) -> Result<Self, ContentError> {
        let expected = pixels.width as usize * pixels.height as usize * 4;
        if pixels.rgba.len() != expected || expected == 0 || side_log2 > limits::TEXTURE_SIDE_LOG2_MAX {
            return Err(ContentError::malformed("texture", "its size does not fit its pixels"));
        }
        let transfer = Transfer::of(space);
        let side = 1 << side_log2;
        let mut level = transfer.fit(pixels, side);
        // What needs no fitting keeps its bytes, which are most of the work.
        let is_fitting = pixels.width == side && pixels.height == side;
        let mut levels = vec![if is_fitting { pixels.rgba.clone() } else { transfer.encode(&level) }];
        for log2 in (0..side_log2).rev() {
            level = halve(&level, [1 << log2; 2]);
            levels.push(transfer.encode(&level));
        }
        Ok(Self { space, side_log2, levels })
    }

    /// One colour.
    pub fn solid(space: ColorSpace, rgba: [u8; 4]) -> Self {
        Self { space, side_log2: 0, levels: vec![rgba.to_vec()] }
    }

    /// Bytes of all levels.
    pub fn size_bytes(&self) -> u64 {
        self.levels.iter().map(|level| level.len() as u64).sum()
    }
}

/// The first `count` mip levels of sRGB pixels whose width and height are divisible by 2^(count − 1),
/// largest first.
///
/// # Errors
/// When they are not, or the pixels do not have the size that they claim.
pub fn levels_of(pixels: &Pixels, count: u32) -> Result<Vec<Vec<u8>>, ContentError> {
    let bytes = u64::from(pixels.width) * u64::from(pixels.height) * 4;
    let divides = |side: u32| side > 0 && count > 0 && side.trailing_zeros() + 1 >= count;
    if pixels.rgba.len() as u64 != bytes || !divides(pixels.width) || !divides(pixels.height) {
        return Err(ContentError::malformed("texture", "its size does not fit its pixels"));
    }
    let transfer = Transfer::of(ColorSpace::Srgb);
    let mut level: Vec<[f32; 4]> =
        pixels.rgba.as_chunks::<4>().0.iter().map(|&texel| transfer.decode(texel)).collect();
    let mut levels = vec![pixels.rgba.clone()];
    for log2 in 1..count {
        level = halve(&level, [pixels.width, pixels.height].map(|side| (side >> log2) as usize));
        levels.push(transfer.encode(&level));
    }
    Ok(levels)
}

/// Steps of the table that guesses a byte.
const GUESSES: usize = 4096;

/// Bytes to linear floats and back.
struct Transfer {
    linear_from_byte: [f32; 256],
    /// The least linear value that rounds to the byte; the last one is never reached.
    least: [f32; 257],
    /// A byte that is right or too small, by linear value in [`GUESSES`] steps.
    guesses: Vec<u8>,
}

impl Transfer {
    fn of(space: ColorSpace) -> Self {
        let linear = |x: f32| if space == ColorSpace::Srgb { linear_from_srgb(x) } else { x };
        let linear_from_byte = std::array::from_fn(|byte| linear(byte as f32 / 255.0));
        let mut least = std::array::from_fn(|byte| linear((byte as f32 - 0.5).max(0.0) / 255.0));
        least[256] = f32::INFINITY;
        let mut byte = 0_u8;
        let guesses = (0..=GUESSES).map(|step| {
            while least[usize::from(byte) + 1] <= step as f32 / GUESSES as f32 {
                byte += 1;
            }
            byte
        });
        Self { linear_from_byte, guesses: guesses.collect(), least }
    }

    /// The byte whose value is nearest.
    fn byte(&self, x: f32) -> u8 {
        let x = x.clamp(0.0, 1.0);
        let mut byte = self.guesses[(x * GUESSES as f32) as usize];
        while self.least[usize::from(byte) + 1] <= x {
            byte += 1;
        }
        byte
    }

    fn decode(&self, [r, g, b, a]: [u8; 4]) -> [f32; 4] {
        let channel = |byte: u8| self.linear_from_byte[usize::from(byte)];
        [channel(r), channel(g), channel(b), f32::from(a) / 255.0]
    }

    fn encode(&self, texels: &[[f32; 4]]) -> Vec<u8> {
        let alpha = |x: f32| (x.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        let mut bytes = Vec::with_capacity(texels.len() * 4);
        for &[r, g, b, a] in texels {
            bytes.extend_from_slice(&[self.byte(r), self.byte(g), self.byte(b), alpha(a)]);
        }
        bytes
    }

    /// Resamples to `side` × `side`, bilinear; exact where nothing changes.
    fn fit(&self, pixels: &Pixels, side: u32) -> Vec<[f32; 4]> {
        let (texels, _) = pixels.rgba.as_chunks::<4>();
        if pixels.width == side && pixels.height == side {
            return texels.iter().map(|&texel| self.decode(texel)).collect();
        }
        let at = |x: u32, y: u32| {
            let index = y as usize * pixels.width as usize + x as usize;
            self.decode(texels.get(index).copied().unwrap_or_default())
        };
        let source = |target: u32, length: u32| {
            let center = (target as f32 + 0.5) * length as f32 / side as f32 - 0.5;
            let low = center.max(0.0) as u32;
            (low.min(length - 1), (low + 1).min(length - 1), (center - low as f32).clamp(0.0, 1.0))
        };
        let mut fitted = Vec::with_capacity(side as usize * side as usize);
        for y in 0..side {
            let (top, bottom, down) = source(y, pixels.height);
            for x in 0..side {
                let (left, right, across) = source(x, pixels.width);
                let upper = mix(at(left, top), at(right, top), across);
                let lower = mix(at(left, bottom), at(right, bottom), across);
                fitted.push(mix(upper, lower, down));
            }
        }
        fitted
    }
}

fn mix(a: [f32; 4], b: [f32; 4], t: f32) -> [f32; 4] {
    std::array::from_fn(|i| a[i] + (b[i] - a[i]) * t)
}

/// The next mip level, of this width and height, from one twice as wide and high.
fn halve(level: &[[f32; 4]], [width, height]: [usize; 2]) -> Vec<[f32; 4]> {
    let wide = width * 2;
    let mut half = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let corner = y * 2 * wide + x * 2;
            let quad = [corner, corner + 1, corner + wide, corner + wide + 1];
            half.push(std::array::from_fn(|c| quad.iter().map(|&i| level[i][c]).sum::<f32>() * 0.25));
        }
    }
    half
}

/// IEC 61966-2-1.
pub(super) fn linear_from_srgb(x: f32) -> f32 {
    if x <= 0.040_45 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// IEC 61966-2-1.
    fn srgb_from_linear(x: f32) -> f32 {
        if x <= 0.003_130_8 { x * 12.92 } else { 1.055 * x.powf(1.0 / 2.4) - 0.055 }
    }

    #[test]
    fn bytes_are_those_of_the_formula() {
        let transfer = Transfer::of(ColorSpace::Srgb);
        for step in 0..=100_000 {
            let x = step as f32 / 100_000.0;
            let exact = srgb_from_linear(x) * 255.0;
            assert!((f32::from(transfer.byte(x)) - exact).abs() <= 0.502, "{x}");
        }
        assert_eq!((transfer.byte(-1.0), transfer.byte(2.0)), (0, 255));
    }

    #[test]
    fn black_and_white_average_to_half_the_light() {
        let pixels = Pixels { width: 2, height: 1, rgba: vec![0, 0, 0, 255, 255, 255, 255, 255] };
        let srgb = Texture::from_pixels(&pixels, ColorSpace::Srgb, 1).unwrap();
        // Half the light of white is 188 in sRGB.
        assert_eq!(srgb.levels.last().unwrap(), &[188, 188, 188, 255]);
        let linear = Texture::from_pixels(&pixels, ColorSpace::Linear, 1).unwrap();
        assert_eq!(linear.levels.last().unwrap(), &[128, 128, 128, 255]);
    }

    #[test]
    fn oblong_levels_halve_on_both_sides() {
        let pixels =
            Pixels { width: 8, height: 4, rgba: [[0, 0, 0, 255], [255; 4]].as_flattened().repeat(16) };
        let levels = levels_of(&pixels, 3).unwrap();
        assert_eq!(levels.iter().map(Vec::len).collect::<Vec<_>>(), [128, 32, 8]);
        assert_eq!(levels[2], [188, 188, 188, 255].repeat(2));
        assert!(levels_of(&pixels, 4).is_err() && levels_of(&pixels, 0).is_err());
    }

    #[test]
    fn a_square_power_of_two_keeps_its_bytes() {
        let rgba: Vec<u8> = (0..64).map(|i| (i * 4) as u8).collect();
        let pixels = Pixels { width: 4, height: 4, rgba: rgba.clone() };
        let texture = Texture::from_pixels(&pixels, ColorSpace::Srgb, 2).unwrap();
        assert_eq!(texture.levels[0], rgba);
        assert_eq!(texture.levels.len(), 3);
        assert_eq!(side_log2_for(5, 3), 3);
        assert_eq!(side_log2_for(9000, 1), limits::TEXTURE_SIDE_LOG2_MAX);
    }
}
