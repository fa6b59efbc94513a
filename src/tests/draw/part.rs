//! A picture of fewer pixels in the middle of a larger image.

use super::gallery::{gallery, visitor};
use super::steady::window;
use super::uploads::read_window;
use super::{COMPARABLE, Show, gpu, texel};
use crate::draw::target::Part;
use crate::draw::{EyeTarget, FrameInput, Mirror, MirrorMode, UploadBudget};
use crate::scene::texture::Pixels;
use crate::tests::golden::differing;

const SIZE: [u32; 2] = [128, 112];

/// But for edges, whose places are rounded to a fraction of a pixel that a shift of the picture moves.
#[track_caller]
fn assert_same(a: &Pixels, b: &Pixels) {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let (differing, pixels) = (differing(a, b), (a.width * a.height) as usize);
    assert!(differing * 100 < pixels, "{differing} of {pixels} pixels");
}

#[test]
fn a_part_of_an_image_shows_what_an_image_of_its_size_does() {
    let Some(gpu) = gpu() else { return };
    let part = Part::of(SIZE, 0.7);
    assert_eq!(part, Part { offset: [19, 16], size: [90, 80] });
    let mut show = Show::new(gpu, &gallery(), SIZE, COMPARABLE);
    show.target.image = show.target.image.clone().scaled(0.7);
    let pictures = show.picture(gpu, &visitor());
    let window_of = |show: &mut Show| {
        let format = wgpu::TextureFormat::Bgra8Unorm;
        let (mut mirror, view) = (Mirror::new(gpu, format), window(gpu, format, [320, 192]));
        let input = FrameInput { list: &show.list, uploads: UploadBudget::bytes(0) };
        show.renderer.draw(gpu, &input, &show.target, |encoder| {
            mirror.draw(gpu, encoder, &show.target, &view, MirrorMode::BothEyes);
            Some(visitor())
        });
        read_window(gpu, view.texture())
    };
    let mirrored = window_of(&mut show);
    show.target = EyeTarget::new(gpu, part.size, COMPARABLE.samples);
    let alone = show.picture(gpu, &visitor());
    pictures.iter().zip(&alone).for_each(|(part, alone)| assert_same(part, alone));
    // Its edges meet black instead of being repeated: half a pixel, of which each is blown up.
    let (mirrored, alone) = (middle_of(&mirrored), middle_of(&window_of(&mut show)));
    assert_same(&mirrored, &alone);
}

/// Without four pixels around each eye's picture.
fn middle_of(window: &Pixels) -> Pixels {
    let rgba = (33..159).flat_map(|y| (8..152).flat_map(move |x| [x, x + 160].map(|x| (x, y))));
    let rgba: Vec<u8> = rgba.flat_map(|(x, y)| texel(window, x, y)).collect();
    Pixels { width: 144 * 2, height: 126, rgba }
}

#[test]
fn a_part_is_never_nothing_and_lies_in_the_middle() {
    for scale in [0.0, 0.3, 0.999, 1.0, 2.0, -1.0, f32::NAN] {
        for size in [[1, 1], [2, 3], [1440, 1584], [1832, 1920]] {
            let Part { offset, size: part } = Part::of(size, scale);
            for axis in 0..2 {
                assert!(part[axis] >= 1 && 2 * offset[axis] + part[axis] == size[axis], "{size:?} {scale}");
            }
        }
    }
    assert_eq!(Part::of([1440, 1584], f32::NAN).size, [1440, 1584]);
    assert_eq!(Part::of([1440, 1584], 0.8).size, [1154, 1268]);
}
