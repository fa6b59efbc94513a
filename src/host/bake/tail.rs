//! What is shown of large images until they are there, so that what is near does not wait for megabytes of its surface.

use std::collections::BTreeSet;

use super::far::{FAR_SIDE_LOG2, place, shrunk};
use super::material::Shelf;
use super::{BakeError, BakedBlob, workers};
use crate::scene::texture::Tail;
use crate::scene::{BlobId, ImageId, Material};

/// Smaller files are here as soon as any other: 10 ms at 25 Mbit/s.
const WORTH_BYTES: usize = 32 << 10;

/// Adds the tails of the images that surfaces are drawn with. Those of colours are what is seen from afar too.
///
/// # Errors
/// When an image is damaged.
pub fn add(shelf: &mut Shelf) -> Result<(), BakeError> {
    let bytes = |image: ImageId| &shelf.blobs[shelf.images[image.index()].blob.index()].bytes;
    let slots = shelf.materials.iter().flat_map(Material::drawn_textures).flatten();
    let mut drawn: BTreeSet<ImageId> = slots.map(|slot| slot.image).collect();
    drawn.retain(|&image| {
        shelf.images[image.index()].side_log2 > FAR_SIDE_LOG2 && bytes(image).len() >= WORTH_BYTES
    });
    let drawn: Vec<ImageId> = drawn.into_iter().collect();
    let shrink = |_: usize, &image: &ImageId| shrunk(bytes(image), shelf.images[image.index()]);
    let files = workers::map(&drawn, shrink, &mut |_, _| Ok(()))?;
    for (image, file) in drawn.into_iter().zip(files) {
        let blob = BlobId(place(&mut shelf.blobs, BakedBlob::new("png", file)));
        shelf.tails.push(Tail { image, blob });
    }
    Ok(())
}
