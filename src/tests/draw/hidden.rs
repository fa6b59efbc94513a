//! What a lens hides is black, for each eye its own, and nothing else changes.

use glam::{Mat4, Vec2, Vec3};

use super::gallery::{gallery, visitor};
use super::{COMPARABLE, Show, gpu, in_turn, texel};
use crate::draw::{Gpu, HiddenArea};
use crate::math::{Fov, ViewPair};
use crate::scene::texture::Pixels;

const SIZE: u32 = 320;

/// The left eye's upper left corner and something below; the right eye's right edge. Wound either way.
fn area() -> HiddenArea {
    let corner = Vec2::new;
    let left = vec![corner(-2.0, 0.1), corner(-0.1, 2.0), corner(-2.0, 2.0)];
    let below = [corner(-0.3, -0.9), corner(0.3, -0.9), corner(0.05, -0.4)];
    let right = vec![corner(0.6, -2.0), corner(0.7, 2.0), corner(3.0, 0.0)];
    HiddenArea { eyes: [[left, below.to_vec()].concat(), right] }
}

/// What there is of a pixel, 0 … 1 across and down, in the triangles: nothing, something, or all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Share {
    None,
    Some,
    All,
}

/// By the projection that places the world, not by the one that places what is hidden.
fn share(clip_from_eye: Mat4, corners: &[Vec2], [x, y]: [u32; 2]) -> Share {
    let place = |corner: Vec2| {
        let clip = clip_from_eye * corner.extend(-1.0).extend(1.0);
        let ndc = Vec2::new(clip.x, clip.y) / clip.w;
        (ndc * Vec2::new(0.5, -0.5) + 0.5) * SIZE as f32
    };
    let mut found = Share::None;
    for triangle in corners.chunks_exact(3) {
        let [a, b, c] = [0, 1, 2].map(|index| place(triangle[index]));
        let turn = (b - a).perp_dot(c - a).signum();
        // How far inside of the nearest side the middle of the pixel is, pixels.
        let inside = [(a, b), (b, c), (c, a)]
            .map(|(from, to)| {
                (to - from).normalize_or_zero().perp_dot(Vec2::new(x as f32, y as f32) + 0.5 - from) * turn
            })
            .into_iter()
            .fold(f32::INFINITY, f32::min);
        if inside > 0.75 {
            return Share::All;
        }
        if inside > -0.75 {
            found = Share::Some;
        }
    }
    found
}

fn check(gpu: &Gpu, views: &ViewPair, show: &mut Show) {
    show.renderer.set_hidden_area(gpu, &HiddenArea::default());
    let whole = show.picture(gpu, views);
    show.renderer.set_hidden_area(gpu, &area());
    let seen = show.picture(gpu, views);
    for (eye, corners) in area().eyes.iter().enumerate() {
        let view = views.eyes[eye];
        let clip_from_eye = view.clip_from_world(0.05)
            * Mat4::from(glam::Affine3A::from_rotation_translation(
                view.pose.orientation,
                view.pose.position,
            ));
        let at = |pixels: &[Pixels; 2], [x, y]: [u32; 2]| texel(&pixels[eye], x, y);
        let mut hidden = 0;
        for pixel in (0..SIZE * SIZE).map(|index| [index % SIZE, index / SIZE]) {
            match share(clip_from_eye, corners, pixel) {
                Share::All => {
                    assert_eq!(at(&seen, pixel), [0, 0, 0, 255], "eye {eye} {pixel:?}");
                    hidden += usize::from(at(&whole, pixel) != [0, 0, 0, 255]);
                }
                Share::None => assert_eq!(at(&seen, pixel), at(&whole, pixel), "eye {eye} {pixel:?}"),
                Share::Some => {}
            }
        }
        println!("eye {eye}: {hidden} pixels hidden");
        assert!(hidden > 3000, "eye {eye}: only {hidden} pixels are hidden");
    }
}

/// With frusta that change from frame to frame and are not the same to both sides.
#[test]
fn hidden_triangles_are_black_and_the_rest_is_as_it_was() {
    let Some(gpu) = gpu() else { return };
    for gpu in [gpu, in_turn()] {
        let mut show = Show::new(gpu, &gallery(), [SIZE; 2], COMPARABLE);
        check(gpu, &visitor(), &mut show);
        let mut views = visitor();
        let fov = Fov { left_radians: -0.9, right_radians: 0.7, up_radians: 0.65, down_radians: -0.8 };
        views.eyes[0].fov = fov;
        views.eyes[1].fov = Fov { left_radians: -0.7, right_radians: 0.9, ..fov };
        check(gpu, &views, &mut show);
    }
}

/// Nothing is so near that it is seen through what hides it.
#[test]
fn what_is_near_is_hidden_too() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &gallery(), [SIZE; 2], COMPARABLE);
    let everywhere = vec![Vec2::new(-9.0, -9.0), Vec2::new(9.0, -9.0), Vec2::new(0.0, 18.0)];
    show.renderer.set_hidden_area(gpu, &HiddenArea { eyes: [everywhere.clone(), everywhere] });
    // From within the paving stones to the glass, with the eyes in a ball.
    for way in [Vec3::ZERO, Vec3::new(0.0, -0.85, -3.4), Vec3::new(-1.3, -1.0, -2.25)] {
        let mut views = visitor();
        views.eyes.iter_mut().for_each(|eye| eye.pose.position += way);
        for pixels in show.picture(gpu, &views) {
            assert!(pixels.rgba.chunks_exact(4).all(|texel| texel == [0, 0, 0, 255]), "{way}");
        }
    }
}
