//! Which sizes the twin's textures come in: as few as memory affords, because what has the same size can be
//! drawn at once.

use std::collections::BTreeSet;

use crate::scene::limits::TEXTURE_SIDE_LOG2_MAX;
use crate::scene::material::TextureSlot;
use crate::scene::texture::Image;
use crate::scene::{ImageId, Material};

/// What all textures may occupy on the GPU for the sake of fewer sizes: a headset has some GB for
/// everything, and what is streamed shares them.
const BYTES_MAX: u64 = 96 << 20;

const SIDES: usize = TEXTURE_SIDE_LOG2_MAX as usize + 1;

/// Gives the images one of a few sizes and lists each form of an image once; materials follow. What is packed into
/// another image is there for browsers and needs no room.
pub fn merge(images: &mut Vec<Image>, materials: &mut [Material]) {
    let drawn: BTreeSet<ImageId> =
        materials.iter().flat_map(Material::drawn_textures).flatten().map(|slot| slot.image).collect();
    let sides = merged(&drawn.iter().map(|image| images[image.index()]).collect::<Vec<_>>());
    let mut kept: Vec<Image> = Vec::with_capacity(images.len());
    let new_of: Vec<ImageId> = images
        .iter()
        .map(|image| {
            let image = Image { side_log2: sides[usize::from(image.side_log2)], ..*image };
            let known = kept.iter().position(|other| *other == image);
            if known.is_none() {
                kept.push(image);
            }
            ImageId(known.unwrap_or(kept.len() - 1) as u32)
        })
        .collect();
    *images = kept;
    let renumber = |slot: &mut Option<TextureSlot>| {
        if let Some(slot) = slot {
            slot.image = new_of[slot.image.index()];
        }
    };
    for material in materials {
        renumber(&mut material.base_color_texture);
        renumber(&mut material.metallic_roughness_texture);
        renumber(&mut material.normal_texture);
        renumber(&mut material.occlusion_texture);
        renumber(&mut material.emissive_texture);
        if let Some(packed) = &mut material.packed {
            packed.image = new_of[packed.image.index()];
        }
    }
}

/// For each side the one that takes its place: the next larger ones, cheapest first, while memory lasts.
fn merged(images: &[Image]) -> [u8; SIDES] {
    let mut sides: [u8; SIDES] = std::array::from_fn(|side| side as u8);
    let mut counts = [0_u64; SIDES];
    images.iter().for_each(|image| counts[usize::from(image.side_log2)] += 1);
    // A third more for the smaller levels.
    let bytes = |side: usize| (4_u64 << (2 * side)) * 4 / 3;
    let mut total: u64 = (0..SIDES).map(|side| counts[side] * bytes(side)).sum();
    loop {
        let used: Vec<usize> = (0..SIDES).filter(|&side| counts[side] > 0).collect();
        let steps = used.windows(2).map(|pair| {
            let added = counts[pair[0]] * (bytes(pair[1]) - bytes(pair[0]));
            (added, pair[0], pair[1])
        });
        let Some((added, small, large)) = steps.min().filter(|step| total + step.0 <= BYTES_MAX) else {
            return sides;
        };
        total += added;
        counts[large] += std::mem::take(&mut counts[small]);
        sides.iter_mut().filter(|side| usize::from(**side) == small).for_each(|side| *side = large as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::BlobId;
    use crate::scene::texture::ColorSpace;

    fn images(counts: &[(u8, u32)]) -> Vec<Image> {
        let of = |&(side_log2, count): &(u8, u32)| {
            (0..count).map(move |_| Image { blob: BlobId(0), space: ColorSpace::Srgb, side_log2 })
        };
        let mut images: Vec<Image> = counts.iter().flat_map(of).collect();
        (0..).zip(&mut images).for_each(|(number, image)| image.blob = BlobId(number));
        images
    }

    #[test]
    fn few_small_images_grow_and_many_large_ones_do_not() {
        let sides = merged(&images(&[(6, 15), (8, 9), (9, 10), (10, 6)]));
        assert_eq!((sides[6], sides[8], sides[9], sides[10]), (9, 9, 9, 10));
        let sides = merged(&images(&[(9, 400)]));
        assert_eq!(sides[9], 9, "what is alone stays, however much it is");
        let sides = merged(&images(&[(4, 3000), (10, 16)]));
        assert_eq!(sides[4], 4, "3000 images of 16 texels do not become 3000 of 1024");
    }

    #[test]
    fn forms_that_become_equal_are_listed_once() {
        let mut images = images(&[(6, 1), (9, 1)]);
        images[1].blob = images[0].blob;
        let slot = |image| Some(TextureSlot { image: ImageId(image), uv_set: 0 });
        let mut materials =
            [Material { base_color_texture: slot(0), emissive_texture: slot(1), ..Material::default() }];
        merge(&mut images, &mut materials);
        assert_eq!((images.len(), images[0].side_log2), (1, 9));
        assert_eq!((materials[0].base_color_texture, materials[0].emissive_texture), (slot(0), slot(0)));
    }
}
