//! One of everything, as somebody who looked at it found it right.

use glam::{Quat, Vec3};

use super::{COMPARABLE, Show, gpu, in_turn, looking};
use crate::draw::text;
use crate::math::{Pose, ViewPair};
use crate::scene::Material;
use crate::scene::material::{AlphaMode, Wrap};
use crate::scene::texture::ColorSpace;
use crate::tests::golden::{assert_golden, largest_difference};
use crate::tests::props::{Props, Shape, at, painted};

/// Paving stones: grey with joints.
fn paving(x: u32, y: u32) -> [u8; 4] {
    let joint = x % 64 < 3 || y % 64 < 3;
    let stone = ((x / 64 * 7 + y / 64 * 13) % 5) as u8 * 6;
    let grain = ((x * 31 + y * 17) % 7) as u8 * 2;
    let grey = if joint { 70 } else { 150 + stone + grain };
    [grey, grey, grey.saturating_sub(8), 255]
}

/// Round studs as a normal map: x to the right, y up, as glTF has it.
fn studs(x: u32, y: u32) -> [u8; 4] {
    let (dx, dy) = ((x % 32) as f32 - 15.5, 15.5 - (y % 32) as f32);
    let r = dx.hypot(dy) / 13.0;
    let slope = if r < 1.0 { 0.8 * r } else { 0.0 };
    let (nx, ny) = if r > 0.0 { (dx / 13.0 / r * slope, dy / 13.0 / r * slope) } else { (0.0, 0.0) };
    let nz = (1.0 - nx * nx - ny * ny).max(0.0).sqrt();
    let byte = |n: f32| (n * 127.5 + 127.5).round() as u8;
    [byte(nx), byte(ny), byte(nz), 255]
}

/// A leaf: green inside a round outline, nothing outside.
fn leaf(x: u32, y: u32) -> [u8; 4] {
    let (dx, dy) = (x as f32 - 63.5, y as f32 - 63.5);
    let angle = dy.atan2(dx);
    let edge = 44.0 + 14.0 * (angle * 5.0).cos();
    let alpha = ((edge - dx.hypot(dy)) * 32.0 + 128.0).clamp(0.0, 255.0) as u8;
    [60, 130 + ((angle * 5.0).cos() * 25.0) as u8, 50, alpha]
}

/// Nothing of metal, and rather rough.
fn matte(base_color: [f32; 4]) -> Material {
    Material { base_color, metallic: 0.0, roughness: 0.8, ..Material::default() }
}

/// A corner of a hall with one of everything.
pub fn gallery() -> Props {
    let mut props = Props::new();
    add_room(&mut props);
    add_balls(&mut props);
    add_cutouts(&mut props);
    add_glass(&mut props);
    let lamp = Material { emissive: [3.0, 2.4, 1.2], ..matte([0.1, 0.1, 0.1, 1.0]) };
    props.add(lamp, Shape::cube().moved(at([2.3, 3.0, -5.4], Quat::from_rotation_y(0.6), [0.7, 0.2, 0.2])));
    let painted_cube = Shape::cube().painted([255, 150, 0, 255]);
    props
        .add(matte([1.0; 4]), painted_cube.moved(at([1.3, 0.3, -2.9], Quat::from_rotation_y(0.7), [0.6; 3])));
    props
}

/// A paved floor, and a wall that only its normal map gives shape.
fn add_room(props: &mut Props) {
    let turn_up = Quat::from_rotation_x(-std::f32::consts::FRAC_PI_2);
    let paving = props.image(&painted(256, paving), ColorSpace::Srgb);
    let floor = Material { base_color_texture: paving, uv_scale: [4.0, 4.0], ..matte([1.0; 4]) };
    props.add(floor, Shape::square().moved(at([0.0, 0.0, -4.0], turn_up, [8.0, 8.0, 1.0])));

    let studs = props.image(&painted(256, studs), ColorSpace::Linear);
    let wall = Material {
        normal_texture: studs,
        roughness: 0.45,
        uv_scale: [3.0, 1.5],
        ..matte([0.75, 0.2, 0.14, 1.0])
    };
    props.add(wall, Shape::square().moved(at([0.0, 2.0, -7.0], Quat::IDENTITY, [8.0, 4.0, 1.0])));
}

/// Gold below, blue enamel above, from smooth to rough.
fn add_balls(props: &mut Props) {
    for (column, roughness) in [0.1, 0.3, 0.5, 0.7, 0.9].into_iter().enumerate() {
        for (row, (metallic, base_color)) in
            [(1.0, [0.95, 0.72, 0.32, 1.0]), (0.0, [0.08, 0.22, 0.6, 1.0])].into_iter().enumerate()
        {
            let ball = Material { base_color, metallic, roughness, ..Material::default() };
            let place = [column as f32 * 0.9 - 1.8, 0.75 + row as f32 * 0.95, -4.2];
            props.add(ball, Shape::ball().moved(at(place, Quat::IDENTITY, [0.38; 3])));
        }
    }
}

/// A panel with round corners that says something, and leaves.
fn add_cutouts(props: &mut Props) {
    let words = text::rasterise(&["Pavilion", "Halls, people, machines: come in."]);
    let aspect = words.height as f32 / words.width as f32;
    let words = props.image(&words, ColorSpace::Srgb);
    let leaf = props.image(&painted(128, leaf), ColorSpace::Srgb);
    let cutout = |base_color_texture| Material {
        base_color_texture,
        alpha: AlphaMode::Mask,
        wrap: Wrap::Clamp,
        ..matte([1.0; 4])
    };
    let panel = Material { unlit: true, ..cutout(words) };
    let place = at([-2.3, 3.05, -5.5], Quat::from_rotation_y(0.25), [2.0, 2.0 * aspect, 1.0]);
    props.add(panel, Shape::square().moved(place));
    for (index, angle) in [0.3, 1.2, 2.3].into_iter().enumerate() {
        let place = [2.5 + index as f32 * 0.2, 0.6 + index as f32 * 0.25, -4.6];
        let foliage = Material { double_sided: true, ..cutout(leaf) };
        props.add(foliage, Shape::square().moved(at(place, Quat::from_rotation_y(angle), [0.9, 0.9, 1.0])));
    }
}

/// Two panes, one behind the other.
fn add_glass(props: &mut Props) {
    for (index, base_color) in [[0.9, 0.15, 0.15, 0.4], [0.15, 0.8, 0.3, 0.4]].into_iter().enumerate() {
        let glass =
            Material { alpha: AlphaMode::Blend, double_sided: true, roughness: 0.1, ..matte(base_color) };
        let place = [-1.3 + index as f32 * 0.45, 0.6 + index as f32 * 0.15, -2.9 + index as f32 * 0.3];
        props.add(glass, Shape::square().moved(at(place, Quat::from_rotation_y(0.2), [0.9, 0.9, 1.0])));
    }
}

/// Where somebody would stand.
pub fn visitor() -> ViewPair {
    looking(Pose::standing(Vec3::new(0.0, 1.6, -0.6), 0.0, -0.05))
}

/// Everything at once, from where a visitor would stand.
#[test]
fn the_gallery_looks_as_it_did() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &gallery(), [640, 640], COMPARABLE);
    let [left, right] = show.picture(gpu, &visitor());
    assert_golden("gallery_left", &left);
    assert_golden("gallery_right", &right);
}

#[test]
fn two_passes_equal_multiview() {
    let Some(gpu) = gpu() else { return };
    let props = gallery();
    let both = Show::new(gpu, &props, [320, 320], COMPARABLE).picture(gpu, &visitor());
    let each = Show::new(in_turn(), &props, [320, 320], COMPARABLE).picture(in_turn(), &visitor());
    for (both, each) in both.iter().zip(&each) {
        assert!(largest_difference(both, each) <= 1, "{}", largest_difference(both, each));
    }
    assert!(largest_difference(&both[0], &both[1]) > 50, "the eyes see different pictures");
}
