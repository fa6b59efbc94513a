//! A material's normal map, metallic-roughness and occlusion textures → one image, which a headset reads once.
//!
//! The normal becomes a slope: it needs no square root to be used, is filtered as it should be, and uses the whole
//! range of a byte however flat the surface is. Architecture invariant: only what can be shown as it was is packed;
//! a surface whose metallic texture says more than one thing is not.

use crate::scene::material::SLOPE_MAX;
use crate::scene::texture::{ColorSpace, Pixels, Texture};
use crate::scene::{ContentError, Material};

/// How far the blue of a metallic texture may stray from one value.
const METALLIC_STRAY_MAX: u8 = 2;

/// A normal is never taken to lie flatter than this on its surface.
const NORMAL_Z_MIN: f32 = 0.1;

/// The least roughness that is drawn; draw::materials knows why.
const ROUGHNESS_MIN: f32 = 0.09;

/// The textures of one material, decoded; those that it has not are white.
#[derive(Debug, Default)]
pub struct Sources {
    /// Green: roughness, blue: metallic.
    pub metallic_roughness: Option<Pixels>,
    /// Tangent-space normal.
    pub normal: Option<Pixels>,
    /// Red: occlusion.
    pub occlusion: Option<Pixels>,
}

/// What was made of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    /// A PNG as [`PackedSurface`](crate::scene::material::PackedSurface) has it.
    pub png: Vec<u8>,
    /// See there.
    pub slope_max: f32,
    /// See there.
    pub metallic: f32,
}

/// Packs them, `side_log2` large; `None` where that would change what is seen.
///
/// # Errors
/// When the pixels are not as many as they claim.
pub fn pack(sources: &Sources, material: &Material, side_log2: u8) -> Result<Option<Packed>, ContentError> {
    let texels = |pixels: &Option<Pixels>| -> Result<Option<Vec<u8>>, ContentError> {
        let Some(pixels) = pixels else { return Ok(None) };
        let texture = Texture::from_pixels(pixels, ColorSpace::Linear, side_log2)?;
        Ok(texture.levels.into_iter().next())
    };
    let metallic_roughness = texels(&sources.metallic_roughness)?;
    let Some(metallic) = even_metallic(metallic_roughness.as_deref(), material.metallic) else {
        return Ok(None);
    };
    let slopes = slopes(texels(&sources.normal)?.as_deref(), material.normal_scale);
    let slope_max = slopes.iter().flatten().fold(0.0_f32, |max, x| max.max(x.abs())).min(SLOPE_MAX);
    let occlusion = texels(&sources.occlusion)?;
    let least = ROUGHNESS_MIN / material.roughness.max(ROUGHNESS_MIN);
    let count = 1_usize << (2 * side_log2);
    let mut rgba = Vec::with_capacity(count * 4);
    for texel in 0..count {
        let channel = |bytes: &Option<Vec<u8>>, channel: usize| {
            let byte = bytes.as_ref().and_then(|bytes| bytes.get(texel * 4 + channel));
            byte.map_or(1.0, |&byte| f32::from(byte) / 255.0)
        };
        let [x, y] = slopes.get(texel).copied().unwrap_or_default();
        let roughness = channel(&metallic_roughness, 1).max(least);
        let open = 1.0 + material.occlusion_strength * (channel(&occlusion, 0) - 1.0);
        rgba.extend([fraction(x, slope_max), fraction(y, slope_max), roughness, open].map(unorm));
    }
    Ok(Some(Packed { png: encoded(&rgba, 1 << side_log2)?, slope_max, metallic }))
}

/// What a metallic texture says everywhere, times the factor; `None` where it says more than one thing.
fn even_metallic(texels: Option<&[u8]>, factor: f32) -> Option<f32> {
    let blues = texels.unwrap_or_default().iter().skip(2).step_by(4);
    let (Some(least), Some(most)) = (blues.clone().min(), blues.max()) else { return Some(factor) };
    let is_even = factor == 0.0 || most - least <= METALLIC_STRAY_MAX;
    is_even.then(|| factor * (f32::from(*least) + f32::from(*most)) / 510.0)
}

/// How much the surface rises along tangent and bitangent; nothing without a normal map.
fn slopes(texels: Option<&[u8]>, scale: f32) -> Vec<[f32; 2]> {
    let (texels, _) = texels.unwrap_or_default().as_chunks::<4>();
    let slope = |&[r, g, b, _]: &[u8; 4]| {
        let [x, y, z] = [r, g, b].map(|byte| f32::from(byte) / 127.5 - 1.0);
        [x, y].map(|x| scale * x / z.max(NORMAL_Z_MIN))
    };
    texels.iter().map(slope).collect()
}

/// From −`max` .. `max` to 0 .. 1.
fn fraction(slope: f32, max: f32) -> f32 {
    if max > 0.0 { 0.5 + 0.5 * (slope / max).clamp(-1.0, 1.0) } else { 0.5 }
}

fn unorm(x: f32) -> u8 {
    (x.clamp(0.0, 1.0) * 255.0).round() as u8
}

fn encoded(rgba: &[u8], side: u32) -> Result<Vec<u8>, ContentError> {
    let failed = |error: png::EncodingError| ContentError::malformed("packed surface", error.to_string());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(rgba).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::scene::gltf::image::decode;

    fn even(rgb: [u8; 3]) -> Option<Pixels> {
        let [r, g, b] = rgb;
        Some(Pixels { width: 2, height: 2, rgba: [r, g, b, 255].repeat(4) })
    }

    fn packed(sources: &Sources, material: &Material) -> Option<(Packed, Vec<u8>)> {
        let packed = pack(sources, material, 1).unwrap()?;
        let pixels = decode(&packed.png).unwrap();
        assert_eq!((pixels.width, pixels.height), (2, 2));
        Some((packed, pixels.rgba[..4].to_vec()))
    }

    #[test]
    fn each_channel_says_what_its_texture_said() {
        let sources = Sources {
            metallic_roughness: even([0, 128, 255]),
            // A slope of 45° along the tangent.
            normal: even([128 + 90, 128, 128 + 90]),
            occlusion: even([51, 0, 0]),
        };
        let material = Material { normal_scale: 0.5, occlusion_strength: 0.5, ..Material::default() };
        let (packed, texel) = packed(&sources, &material).unwrap();
        assert_eq!((packed.slope_max, packed.metallic), (0.5, 1.0));
        assert_eq!(texel, [255, 128, 128, 153]);
    }

    #[test]
    fn what_is_not_there_is_flat_and_white() {
        let sources = Sources { occlusion: even([255, 0, 0]), ..Sources::default() };
        let (flat, texel) = packed(&sources, &Material::default()).unwrap();
        assert_eq!((flat.slope_max, flat.metallic), (0.0, 1.0));
        assert_eq!(texel, [128, 128, 255, 255]);
    }

    #[test]
    fn patches_of_metal_are_not_packed() {
        let mut metallic_roughness = even([0, 128, 255]);
        metallic_roughness.as_mut().unwrap().rgba[2] = 0;
        let sources = Sources { metallic_roughness, ..Sources::default() };
        assert!(packed(&sources, &Material::default()).is_none());
        let plastic = Material { metallic: 0.0, ..Material::default() };
        assert_eq!(packed(&sources, &plastic).unwrap().0.metallic, 0.0);
    }
}
