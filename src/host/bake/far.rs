//! Materials for tiles that are seen from afar or for a moment: the proxies and the root.
//!
//! The root is a visitor's first view and should arrive in one burst. So its materials keep only base
//! colour and emission, with images of 64 texels, which are made here from the full ones.

use super::material::Shelf;
use super::soup::{Group, Soup};
use super::{BakeError, BakedBlob, workers};
use crate::scene::gltf::image::decode;
use crate::scene::material::{Material, TextureSlot};
use crate::scene::texture::{Image, Texture};
use crate::scene::{BlobId, ContentError, ImageId, limits};

/// The side of far images, as a power of two.
pub(super) const FAR_SIDE_LOG2: u8 = 6;

/// Adds the far materials to the shelf and their groups to the soup, and completes the soup's
/// [`Soup::far_groups`] and [`Soup::plain_groups`]. Where there would be too many materials, far
/// tiles use the near ones.
///
/// # Errors
/// When an image is damaged.
pub fn add(shelf: &mut Shelf, soup: &mut Soup) -> Result<(), BakeError> {
    let small = small_images(shelf)?;
    let mut materials = shelf.materials.clone();
    let far_of: Vec<u32> =
        shelf.materials.iter().map(|material| place(&mut materials, far(material, &small))).collect();
    let has_room = materials.len() <= limits::MATERIALS_MAX;
    if has_room {
        shelf.materials = materials;
    }
    let far_of = |material: u32| match far_of.get(material as usize) {
        Some(&far) if has_room => far,
        _ => material,
    };
    let near_groups = soup.groups.clone();
    soup.far_groups = near_groups
        .iter()
        .map(|group| place(&mut soup.groups, Group { material: far_of(group.material), ..*group }))
        .collect();
    // A far group is its own far group.
    soup.far_groups.extend(near_groups.len() as u32..soup.groups.len() as u32);
    for material in 0..shelf.materials.len() as u32 {
        let plain = place(&mut soup.groups, Group { material, entity: None });
        soup.plain_groups.push(plain);
    }
    Ok(())
}

/// Where `item` is in the list, at its end if it was not there.
pub(super) fn place<T: PartialEq>(list: &mut Vec<T>, item: T) -> u32 {
    let known = list.iter().position(|other| *other == item);
    if known.is_none() {
        list.push(item);
    }
    known.unwrap_or(list.len() - 1) as u32
}

fn far(material: &Material, small: &[ImageId]) -> Material {
    let slot =
        |slot: Option<TextureSlot>| slot.map(|slot| TextureSlot { image: small[slot.image.index()], ..slot });
    Material {
        base_color_texture: slot(material.base_color_texture),
        emissive_texture: slot(material.emissive_texture),
        metallic_roughness_texture: None,
        normal_texture: None,
        occlusion_texture: None,
        packed: None,
        ..material.clone()
    }
}

/// For every image of the shelf the one to use from afar; adds those that are new.
fn small_images(shelf: &mut Shelf) -> Result<Vec<ImageId>, BakeError> {
    let slots = shelf.materials.iter().flat_map(|m| [m.base_color_texture, m.emissive_texture]);
    let mut shown: Vec<ImageId> = slots.flatten().map(|slot| slot.image).collect();
    shown.retain(|image| shelf.images[image.index()].side_log2 > FAR_SIDE_LOG2);
    shown.sort_unstable();
    shown.dedup();
    let shrink = |_: usize, id: &ImageId| {
        let image = shelf.images[id.index()];
        shrunk(&shelf.blobs[image.blob.index()].bytes, image)
    };
    let encoded = workers::map(&shown, shrink, &mut |_, _| Ok(()))?;
    let mut small: Vec<ImageId> = (0..shelf.images.len() as u32).map(ImageId).collect();
    for (id, bytes) in shown.iter().zip(encoded) {
        let blob = BlobId(place(&mut shelf.blobs, BakedBlob::new("png", bytes)));
        let image = Image { blob, side_log2: FAR_SIDE_LOG2, ..shelf.images[id.index()] };
        small[id.index()] = ImageId(place(&mut shelf.images, image));
    }
    Ok(small)
}

/// The image as a PNG of [`FAR_SIDE_LOG2`].
pub(super) fn shrunk(bytes: &[u8], image: Image) -> Result<Vec<u8>, BakeError> {
    let texture = Texture::from_pixels(&decode(bytes)?, image.space, image.side_log2)?;
    let level = usize::from(image.side_log2 - FAR_SIDE_LOG2);
    let rgba = texture.levels.get(level).map(Vec::as_slice).unwrap_or_default();
    let (texels, _) = rgba.as_chunks::<4>();
    let is_opaque = texels.iter().all(|texel| texel[3] == 255);
    let rgb: Vec<u8> = texels.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
    let side = 1 << FAR_SIDE_LOG2;
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, side, side);
    encoder.set_color(if is_opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
    let failed = |error: png::EncodingError| ContentError::malformed("far image", error.to_string());
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(if is_opaque { &rgb } else { rgba }).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(png)
}
