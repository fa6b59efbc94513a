//! What single surfaces look like, against numbers that can be worked out by hand.

use glam::{Quat, Vec2, Vec3};

use super::{COMPARABLE, Show, assert_near, gpu, linear, looking, middle, srgb_byte, texel};
use crate::draw::{Gpu, NEAR_METRES, RendererOptions};
use crate::math::{Fov, Pose, ViewPair, pose::EYE_DISTANCE_METRES};
use crate::scene::Material;
use crate::scene::material::{AlphaMode, PackedSurface, TextureSlot};
use crate::scene::texture::{ColorSpace, Pixels};
use crate::tests::props::{Props, Shape, at, painted};

const SIZE: [u32; 2] = [96, 96];

/// What is seen is exactly the colour.
fn flat(base_color: [f32; 4]) -> Material {
    Material { base_color, unlit: true, metallic: 0.0, ..Material::default() }
}

/// A square 2 m wide, so many metres ahead.
fn square_at(distance: f32) -> Shape {
    Shape::square().moved(at([0.0, 0.0, -distance], Quat::IDENTITY, [2.0, 2.0, 1.0]))
}

/// Darkness but for what a test lights.
fn dark() -> Props {
    let mut props = Props::new();
    props.tables.light.sky = [Vec3::ZERO; 9];
    props.tables.light.sun = Vec3::ZERO;
    props
}

fn seen(gpu: &Gpu, props: &Props) -> Pixels {
    let [left, _] = Show::new(gpu, props, SIZE, COMPARABLE).picture(gpu, &looking(Pose::IDENTITY));
    left
}

/// One renderer for many small twins.
struct Stage {
    gpu: &'static Gpu,
    show: Show,
}

impl Stage {
    fn new(gpu: &'static Gpu) -> Self {
        let mut props = dark();
        props.add(flat([1.0; 4]), square_at(1.0));
        Self { gpu, show: Show::empty(gpu, &props, SIZE, COMPARABLE) }
    }

    /// The colour in the middle of what the left eye sees.
    fn middle(&mut self, props: &Props) -> [u8; 4] {
        self.show.change(self.gpu, props);
        let [left, _] = self.show.picture(self.gpu, &looking(Pose::IDENTITY));
        middle(&left)
    }
}

/// The light behind a grey byte: the tone curve below its shoulder, backwards.
fn light(byte: u8) -> f32 {
    let shown = linear(byte);
    if shown < 0.04 { (shown / 6.25).sqrt() } else { shown + 0.04 }
}

/// The middle of a bright spot, weighted by light, pixels.
fn spot(pixels: &Pixels) -> Vec2 {
    let (mut sum, mut weight) = (Vec2::ZERO, 0.0);
    for y in 0..pixels.height {
        for x in 0..pixels.width {
            let light = linear(texel(pixels, x, y)[1]);
            sum += Vec2::new(x as f32 + 0.5, y as f32 + 0.5) * light;
            weight += light;
        }
    }
    assert!(weight > 1.0, "there is no spot");
    sum / weight
}

/// A small square in known places, through eyes like a headset's: it is where the projection, worked
/// out by hand, puts it, in each eye.
#[test]
fn parallax_is_that_of_two_eyes() {
    let Some(gpu) = gpu() else { return };
    let fov = Fov { left_radians: -0.90, right_radians: 0.72, up_radians: 0.75, down_radians: -0.85 };
    let mut views =
        ViewPair::around(Pose::standing(Vec3::new(0.3, 1.6, 0.2), 0.3, -0.1), fov, EYE_DISTANCE_METRES);
    views.eyes[1].fov = Fov { left_radians: -0.72, right_radians: 0.90, ..fov };
    for place in [Vec3::new(0.0, 1.5, -1.0), Vec3::new(-1.4, 1.9, -2.5), Vec3::new(-3.0, 1.0, -8.0)] {
        let mut props = dark();
        let turn = views.eyes[0].pose.orientation;
        let size = 0.02 * (place - views.eyes[0].pose.position).length();
        props.add(flat([1.0; 4]), Shape::square().moved(at(place.to_array(), turn, [size, size, 1.0])));
        let mut show = Show::new(gpu, &props, [400, 440], COMPARABLE);
        let pictures = show.picture(gpu, &views);
        let spots = [spot(&pictures[0]), spot(&pictures[1])];
        for (eye, found) in views.eyes.iter().zip(spots) {
            let seen = eye.pose.orientation.inverse() * (place - eye.pose.position);
            let (x, y) = (seen.x / -seen.z, seen.y / -seen.z);
            let (left, right) = (eye.fov.left_radians.tan(), eye.fov.right_radians.tan());
            let (down, up) = (eye.fov.down_radians.tan(), eye.fov.up_radians.tan());
            let expected = Vec2::new((x - left) / (right - left) * 400.0, (up - y) / (up - down) * 440.0);
            assert!(
                (found - expected).abs().max_element() < 0.5,
                "{found} instead of {expected} for {place}"
            );
        }
        assert!((spots[0].x - spots[1].x).abs() > 3.0, "the eyes are apart");
    }
}

#[test]
fn what_is_nearer_hides_what_is_farther_up_to_the_near_plane() {
    let Some(gpu) = gpu() else { return };
    let mut props = dark();
    // The far one comes last in the list, so only depth can hide it.
    props.add(flat([0.0, 0.0, 1.0, 1.0]), square_at(5.0));
    props.add(flat([0.0, 1.0, 0.0, 1.0]), square_at(NEAR_METRES * 1.2));
    props.add(flat([1.0, 0.0, 0.0, 1.0]), square_at(NEAR_METRES * 0.8));
    let mut show = Show::new(gpu, &props, SIZE, COMPARABLE);
    show.list.draws.reverse();
    let [left, _] = show.picture(gpu, &looking(Pose::IDENTITY));
    assert_near(middle(&left), [0, 255, 0], 0);
}

/// Blended surfaces mix in linear light, one over the other, and hide nothing.
#[test]
fn blended_surfaces_mix_in_order() {
    let Some(gpu) = gpu() else { return };
    let glass = |base_color| Material { alpha: AlphaMode::Blend, ..flat(base_color) };
    let mut props = dark();
    props.add(glass([0.0, 0.0, 1.0, 0.25]), square_at(1.0));
    props.add(glass([1.0, 0.0, 0.0, 0.5]), square_at(2.0));
    props.add(flat([0.0, 1.0, 0.0, 1.0]), square_at(3.0));
    let over =
        |new: [f32; 3], alpha: f32, old: [f32; 3]| [0, 1, 2].map(|i| new[i] * alpha + old[i] * (1.0 - alpha));
    let mixed = over([0.0, 0.0, 1.0], 0.25, over([1.0, 0.0, 0.0], 0.5, [0.0, 1.0, 0.0]));
    let pixels = seen(gpu, &props);
    assert_near(middle(&pixels), mixed.map(srgb_byte), 1);
    assert!(pixels.rgba.chunks_exact(4).all(|texel| texel[3] == 255), "the picture itself is opaque");
}

/// Half of the texture lies below the cutoff: what is behind shows there and only there, with samples
/// and without, and a masked surface hides what comes after it.
#[test]
fn masks_cut_at_the_cutoff() {
    let Some(gpu) = gpu() else { return };
    let mut props = dark();
    let ramp = painted(64, |x, _| [255, 255, 255, (x * 4) as u8]);
    let texture = props.image(&ramp, ColorSpace::Srgb);
    let cut = Material {
        alpha: AlphaMode::Mask,
        alpha_cutoff: 0.75,
        base_color_texture: texture,
        ..flat([1.0, 0.0, 0.0, 1.0])
    };
    props.add(
        flat([0.0, 1.0, 0.0, 1.0]),
        Shape::square().moved(at([0.0, 0.0, -2.0], Quat::IDENTITY, [4.0, 4.0, 1.0])),
    );
    props.add(cut, square_at(1.0));
    let mut eye = looking(Pose::IDENTITY);
    eye.eyes[0].pose.position = Vec3::ZERO;
    for samples in [4, 1] {
        let options = RendererOptions { samples, ..COMPARABLE };
        let [left, _] = Show::new(gpu, &props, SIZE, options).picture(gpu, &eye);
        // The square, 2 m wide at 1 m, fills 2 / (2 tan 0.7) of the picture.
        let column = |u: f32| (48.0 + (u - 0.5) * 96.0 / 0.7_f32.tan()) as u32;
        assert_near(texel(&left, column(0.65), 48), [0, 255, 0], 0);
        assert_near(texel(&left, column(0.85), 48), [255, 0, 0], 0);
        assert!(left.rgba.chunks_exact(4).all(|texel| texel[3] == 255), "coverage is not opacity");
        let first_red = (0..96).find(|&x| texel(&left, x, 48)[0] > 200).unwrap();
        assert!(first_red.abs_diff(column(0.75)) <= 2, "{first_red} is not {}", column(0.75));
    }
}

const STRAIGHT: [u8; 4] = [128, 128, 255, 255];

/// What a rough white square of no metal, facing the eye, sends back of light that falls straight on
/// it: the diffuse share that is not mirrored, and the lobe (1/π · 1/4) of the four percent that are.
const HEAD_ON: f32 = std::f32::consts::FRAC_1_PI * (0.96 + 0.04 * 0.25);

impl Stage {
    /// Light on a white surface of roughness 1 in the middle, per unit of irradiance.
    fn lit(&mut self, to_sun: Vec3, normal_map: [u8; 4], shape: &Shape, double_sided: bool) -> f32 {
        let mut props = dark();
        props.tables.light.sun = Vec3::ONE;
        props.tables.light.to_sun = to_sun.normalize_or(Vec3::Z);
        let normal_texture = props.image(&painted(4, |_, _| normal_map), ColorSpace::Linear);
        let material = Material { metallic: 0.0, normal_texture, double_sided, ..Material::default() };
        props.add(material, shape.clone());
        light(self.middle(&props)[1])
    }
}

#[test]
fn normal_maps_turn_towards_the_light() {
    let Some(gpu) = gpu() else { return };
    let mut stage = Stage::new(gpu);
    // 45° to the right, and 45° upwards, as glTF has it: x along the tangent, y up the picture.
    let right = [218, 128, 218, 255];
    let up = [128, 218, 218, 255];
    let square = square_at(1.5);
    let mut from = |to_sun, map| stage.lit(to_sun, map, &square, false) / HEAD_ON;

    let head_on = from(Vec3::Z, STRAIGHT);
    assert!((head_on - 1.0).abs() < 0.02, "{head_on}");
    let slanted = from(Vec3::new(1.0, 0.0, 1.0), STRAIGHT);
    assert!((slanted - 0.5_f32.sqrt()).abs() < 0.03, "{slanted}");

    assert!(from(Vec3::new(1.0, 0.0, 1.0), right) > 0.95);
    assert!(from(Vec3::new(-1.0, 0.0, 1.0), right) < 0.05);
    assert!(from(Vec3::new(0.0, 1.0, 1.0), up) > 0.95);
    assert!(from(Vec3::new(0.0, -1.0, 1.0), up) < 0.05);

    // A mirrored picture: the tangent points left, the bitangent still up.
    let mut mirrored = square.clone();
    for corner in &mut mirrored.corners {
        corner.tangent = Vec3::NEG_X;
        corner.is_right_handed = false;
    }
    let mut from = |to_sun, map| stage.lit(to_sun, map, &mirrored, false) / HEAD_ON;
    assert!(from(Vec3::new(-1.0, 0.0, 1.0), right) > 0.95);
    assert!(from(Vec3::new(0.0, 1.0, 1.0), up) > 0.95);
}

#[test]
fn both_sides_of_a_double_sided_surface_are_lit_by_what_they_face() {
    let Some(gpu) = gpu() else { return };
    let mut stage = Stage::new(gpu);
    let turned = Quat::from_rotation_y(std::f32::consts::PI);
    let away = Shape::square().moved(at([0.0, 0.0, -1.5], turned, [2.0, 2.0, 1.0]));
    assert!(stage.lit(Vec3::Z, STRAIGHT, &away, true) > 0.9 * HEAD_ON);
    assert!(stage.lit(Vec3::NEG_Z, STRAIGHT, &away, true) < 0.02);
    assert!(stage.lit(Vec3::Z, STRAIGHT, &away, false) < 1e-6, "the back of a single-sided one is not there");
}

/// Slope, roughness and occlusion of one image: alike whether it has its own pipeline or, beside light of its own, the
/// general one.
#[test]
fn a_packed_surface_is_sloped_rough_and_occluded() {
    let Some(gpu) = gpu() else { return };
    let mut stage = Stage::new(gpu);
    for emissive in [[0.0; 3], [1e-4; 3]] {
        let mut from = |to_sun: Vec3, sky: f32, roughness: f32, texel: [u8; 4]| {
            let mut props = dark();
            props.tables.light.sun = Vec3::ONE;
            props.tables.light.to_sun = to_sun.normalize_or(Vec3::Z);
            props.tables.light.sky[0] = Vec3::splat(sky);
            let image = props.image(&painted(4, |_, _| texel), ColorSpace::Linear);
            let packed = image.map(|slot| PackedSurface { image: slot.image, slope_max: 2.0, metallic: 0.0 });
            props.add(Material { roughness, packed, emissive, ..Material::default() }, square_at(1.5));
            light(stage.middle(&props)[1])
        };
        // 45°: half of the steepest slope; to the right, and upwards.
        let (flat, right, up) = ([128, 128, 255, 255], [191, 128, 255, 255], [128, 191, 255, 255]);
        let head_on = from(Vec3::Z, 0.0, 1.0, flat);
        assert!((head_on / HEAD_ON - 1.0).abs() < 0.02, "{head_on}");
        for (slope, towards) in [(right, Vec3::X), (up, Vec3::Y)] {
            assert!(from(Vec3::Z + towards, 0.0, 1.0, slope) > 0.95 * HEAD_ON);
            assert!(from(Vec3::Z - towards, 0.0, 1.0, slope) < 0.05 * HEAD_ON);
        }
        let occluded = from(Vec3::NEG_Z, 0.5, 1.0, [128, 128, 255, 64]) / from(Vec3::NEG_Z, 0.5, 1.0, flat);
        assert!((occluded - 64.0 / 255.0).abs() < 0.02, "{occluded}");
        // The brighter the smoother; half of the roughness is half of it whoever says so.
        let [factor, texture] = [(0.4, flat), (0.8, [128, 128, 128, 255])]
            .map(|(roughness, texel)| from(Vec3::new(0.0, 0.1, 1.0), 0.0, roughness, texel));
        assert!((factor - texture).abs() < 0.02 && factor > 1.1 * HEAD_ON, "{factor} {texture}");
    }
}

/// Tight boxes scale the grid differently on each axis; normals must not follow.
#[test]
fn a_flat_tile_is_lit_like_any_other() {
    let Some(gpu) = gpu() else { return };
    let mut stage = Stage::new(gpu);
    let slope = Quat::from_rotation_x(-0.7);
    let mut shape = Shape::square().moved(at([0.0, 0.0, -1.5], slope, [2.0, 2.0, 1.0]));
    let alone = stage.lit(Vec3::Z, STRAIGHT, &shape, false);
    let far = Shape::square().moved(at([40.0, 0.0, -1.5], Quat::IDENTITY, [0.1, 0.1, 1.0]));
    shape.indices.extend(far.indices.iter().map(|index| index + 4));
    shape.corners.extend(far.corners);
    let stretched = stage.lit(Vec3::Z, STRAIGHT, &shape, false);
    assert!((alone - stretched).abs() < 0.004, "{alone} is not {stretched}");
    assert!((alone / HEAD_ON - 0.7_f32.cos()).abs() < 0.03, "{alone}");
}

/// Emissive, occlusion and vertex colours: factor times texture, each from its own channel.
#[test]
fn textures_multiply_factors() {
    let Some(gpu) = gpu() else { return };
    let mut props = dark();
    let color = props.image(&painted(4, |_, _| [188, 188, 188, 255]), ColorSpace::Srgb);
    let shape = square_at(1.5).painted([255, 128, 0, 255]);
    props.add(Material { base_color_texture: color, ..flat([0.5, 1.0, 1.0, 1.0]) }, shape);
    let half = linear(188);
    let expected = [half * 0.5, half * 128.0 / 255.0, 0.0].map(srgb_byte);
    assert_near(middle(&seen(gpu, &props)), expected, 1);

    let mut props = dark();
    let emissive_texture = props.image(&painted(4, |_, _| [255, 188, 0, 255]), ColorSpace::Srgb);
    let glowing = Material {
        emissive: [0.2, 0.5, 0.9],
        emissive_texture,
        base_color: [0.0, 0.0, 0.0, 1.0],
        ..flat([0.0; 4])
    };
    props.add(glowing, square_at(1.5));
    assert_near(middle(&seen(gpu, &props)), [0.2, half * 0.5, 0.0].map(srgb_byte), 1);

    let sky_lit = |occlusion: u8, strength: f32| {
        let mut props = dark();
        props.tables.light.sky[0] = Vec3::splat(0.5);
        // Occlusion is red; the other channels are somebody else's.
        let occlusion_texture = props.image(&painted(4, |_, _| [occlusion, 255, 0, 255]), ColorSpace::Linear);
        let surface = Material {
            metallic: 0.0,
            occlusion_texture,
            occlusion_strength: strength,
            ..Material::default()
        };
        props.add(surface, square_at(1.5));
        light(middle(&seen(gpu, &props))[1])
    };
    let open = sky_lit(255, 1.0);
    assert!((open - 0.5).abs() < 0.02, "a white surface under a sky of one half: {open}");
    assert!((sky_lit(128, 0.5) / open - 0.75).abs() < 0.02);
}

/// The second texture coordinates, the material's offset and scale, and repeating.
#[test]
fn texture_coordinates_are_offset_scaled_and_chosen() {
    let Some(gpu) = gpu() else { return };
    // Four columns: red, green, blue, white.
    let columns =
        painted(64, |x, _| [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [255; 4]][x as usize / 16]);
    let mut stage = Stage::new(gpu);
    let mut color_in_the_middle = |uv_set: u8, uv_offset: [f32; 2], uv_scale: [f32; 2]| {
        let mut props = dark();
        let slot = props.image(&columns, ColorSpace::Srgb).map(|slot| TextureSlot { uv_set, ..slot });
        let mut shape = square_at(1.5);
        shape.corners.iter_mut().for_each(|corner| corner.uv1 = Vec2::ZERO);
        props.add(Material { base_color_texture: slot, uv_offset, uv_scale, ..flat([1.0; 4]) }, shape);
        let [r, g, b, _] = stage.middle(&props);
        [r > 128, g > 128, b > 128]
    };
    assert_eq!(color_in_the_middle(0, [0.05, 0.0], [1.0, 1.0]), [false, false, true], "0.55 is blue");
    assert_eq!(color_in_the_middle(0, [0.12, 0.0], [0.01, 1.0]), [true, false, false], "0.125 is red");
    assert_eq!(color_in_the_middle(0, [1.3, 0.0], [0.1, 1.0]), [false, true, false], "1.35 repeats to green");
    assert_eq!(color_in_the_middle(1, [0.9, 0.0], [1.0, 1.0]), [true, true, true], "0.9 is white");
}

/// A side of one texel is no image to a draw, unless the twin has such images.
#[test]
fn an_image_of_one_texel_is_seen() {
    let Some(gpu) = gpu() else { return };
    let mut stage = Stage::new(gpu);
    let mut props = dark();
    let texture = props.image(&painted(1, |_, _| [255, 0, 0, 255]), ColorSpace::Srgb);
    props.add(Material { base_color_texture: texture, ..flat([1.0; 4]) }, square_at(1.0));
    assert_near(stage.middle(&props), [255, 0, 0], 1);
}
