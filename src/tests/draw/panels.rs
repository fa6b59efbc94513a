//! Panels in the world: colours, edges and letters as each eye sees them, and what they cost.

use std::sync::Arc;

use epaint::textures::{TextureOptions, TexturesDelta};
use epaint::{
    ClippedPrimitive, Color32, ColorImage, ImageDelta, Mesh, Pos2, Primitive, Rect, TextureId, Vertex,
};
use glam::{Affine3A, Vec3};

use super::gallery::gallery;
use super::{COMPARABLE, Show, assert_near, gpu, in_turn, linear, looking, middle, srgb_byte, texel};
use crate::draw::{Counts, FrameInput, Gpu, GpuOptions, PanelPicture, UploadBudget};
use crate::math::{Fov, Pose, ViewPair, pose::EYE_DISTANCE_METRES};
use crate::rig::Settings;
use crate::rig::pointer::EventKind;
use crate::scene::Material;
use crate::scene::texture::Pixels;
use crate::tests::allocator;
use crate::tests::golden::{assert_golden, differing, largest_difference};
use crate::tests::props::{Props, Shape, at};
use crate::ui::{Menu, Place};

/// A metre before the eyes of `head()`, a hundred points a metre, the origin of points in the middle.
const MIDDLE: Vec3 = Vec3::new(0.0, 1.6, -1.0);

fn head() -> ViewPair {
    looking(Pose { position: Vec3::new(0.0, 1.6, 0.0), ..Pose::IDENTITY })
}

fn hung(middle: Vec3) -> Affine3A {
    Affine3A::from_translation(middle) * Affine3A::from_scale(Vec3::new(0.01, -0.01, -0.01))
}

/// A wall 3 m ahead that gives no light, and shows `light` of its own.
fn wall(light: f32) -> Props {
    let mut props = Props::new();
    let material = Material { base_color: [light, light, light, 1.0], unlit: true, ..Material::default() };
    props.add(material, Shape::square().moved(at([0.0, 1.6, -3.0], glam::Quat::IDENTITY, [9.0; 3])));
    props
}

/// A rectangle of one colour, of which the clip rectangle is seen.
fn rectangle(rect: Rect, clip_rect: Rect, color: Color32) -> ClippedPrimitive {
    let mut mesh = Mesh::default();
    mesh.add_colored_rect(rect, color);
    ClippedPrimitive { clip_rect, primitive: Primitive::Mesh(mesh) }
}

fn around(half: f32) -> Rect {
    Rect::from_min_max(Pos2::new(-half, -half), Pos2::new(half, half))
}

/// What egui's letters come with: white where solid colours look.
fn white(side: usize) -> TexturesDelta {
    let mut textures = TexturesDelta::default();
    let image = Arc::new(ColorImage::filled([side; 2], Color32::WHITE));
    textures.push(TextureId::default(), ImageDelta::full(image, TextureOptions::LINEAR));
    textures
}

fn paint(gpu: &Gpu, show: &mut Show, primitives: &[ClippedPrimitive]) {
    let mut textures = white(4);
    show.renderer.paint_panel(gpu, 0, &PanelPicture { primitives, textures: &textures });
    textures.clear();
    show.renderer.place_panel(0, Some(hung(MIDDLE)));
}

#[test]
fn colours_are_egui_s_and_half_of_a_colour_is_half_of_its_light() {
    let Some(gpu) = gpu() else { return };
    let background = 0.2;
    let mut show = Show::new(gpu, &wall(background), [64, 64], COMPARABLE);
    let mut shown = |color| {
        paint(gpu, &mut show, &[rectangle(around(50.0), Rect::EVERYTHING, color)]);
        show.picture(gpu, &head()).map(|eye| middle(&eye))
    };
    for eye in shown(Color32::from_rgb(200, 30, 90)) {
        assert_near(eye, [200, 30, 90], 1);
    }
    let half = |byte: u8| srgb_byte(linear(byte) * 128.0 / 255.0 + background * 127.0 / 255.0);
    for eye in shown(Color32::from_rgba_unmultiplied(200, 30, 90, 128)) {
        assert_near(eye, [200, 30, 90].map(half), 2);
    }
    let added = |byte: u8| srgb_byte(linear(byte) + background);
    for eye in shown(Color32::from_rgba_premultiplied(100, 0, 50, 0)) {
        assert_near(eye, [100, 0, 50].map(added), 1);
    }
}

/// A letter's edge that covers half of a pixel gives half of the letter's light.
#[test]
fn coverage_in_a_texture_is_light_too() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &wall(0.0), [64, 64], COMPARABLE);
    let mut textures = TexturesDelta::default();
    let image = Arc::new(ColorImage::filled([4; 2], Color32::from_white_alpha(128)));
    textures.push(TextureId::default(), ImageDelta::full(image, TextureOptions::LINEAR));
    let primitives = [rectangle(around(50.0), Rect::EVERYTHING, Color32::WHITE)];
    show.renderer.paint_panel(gpu, 0, &PanelPicture { primitives: &primitives, textures: &textures });
    textures.clear();
    show.renderer.place_panel(0, Some(hung(MIDDLE)));
    for eye in show.picture(gpu, &head()) {
        assert_near(middle(&eye), [srgb_byte(128.0 / 255.0); 3], 2);
    }
}

/// The share of the picture's rows and columns that are red, as an eye sees it.
fn extent(pixels: &Pixels) -> [u32; 4] {
    let is_red = |&(x, y): &(u32, u32)| {
        let [r, g, ..] = texel(pixels, x, y);
        r > 128 && g < 100
    };
    let found =
        (0..pixels.width * pixels.height).map(|i| (i % pixels.width, i / pixels.width)).filter(is_red);
    found.fold([u32::MAX, u32::MAX, 0, 0], |[l, t, r, b], (x, y)| [l.min(x), t.min(y), r.max(x), b.max(y)])
}

/// On paper: at a metre, a point of a centimetre is 0.01 · f pixels; the left eye is half of the eyes'
/// distance beside the middle, and so sees it that much to the right.
#[test]
fn clip_rectangles_cut_in_each_eye_where_they_are() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &wall(0.2), [400, 400], COMPARABLE);
    let red = Color32::from_rgb(255, 0, 0);
    let clip = Rect::from_min_max(Pos2::new(-10.0, -20.0), Pos2::new(5.0, 15.0));
    paint(gpu, &mut show, &[rectangle(around(30.0), clip, red)]);
    let focal_px = 200.0 / 0.7_f32.tan();
    for (eye, shift) in show.picture(gpu, &head()).iter().zip([0.5, -0.5]) {
        let x = |points: f32| 200.0 + (points * 0.01 + shift * EYE_DISTANCE_METRES) * focal_px;
        let y = |points: f32| 200.0 + points * 0.01 * focal_px;
        let [left, top, right, bottom] = extent(eye).map(|pixel| pixel as f32);
        let expected = [x(-10.0), y(-20.0), x(5.0), y(15.0)];
        for (found, expected) in [left, top, right + 1.0, bottom + 1.0].into_iter().zip(expected) {
            assert!((found - expected).abs() < 1.0, "{found} is not {expected}");
        }
    }
}

/// Later pieces lie over earlier ones; what is nearer in the world covers a panel, what is further does not.
#[test]
fn panels_are_in_the_world_and_in_order() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &wall(0.2), [64, 64], COMPARABLE);
    let colors = [Color32::from_rgb(0, 0, 255), Color32::from_rgb(255, 0, 0)];
    let pieces = colors.map(|color| rectangle(around(50.0), Rect::EVERYTHING, color));
    paint(gpu, &mut show, &pieces);
    let mut shown = |middle_metres: Option<f32>| {
        show.renderer.place_panel(0, middle_metres.map(|z| hung(MIDDLE.with_z(z))));
        middle(&show.picture(gpu, &head())[0])
    };
    assert_near(shown(Some(-1.0)), [255, 0, 0], 0);
    assert_near(shown(Some(-2.99)), [255, 0, 0], 0);
    let wall = [srgb_byte(0.2); 3];
    assert_near(shown(Some(-3.01)), wall, 1);
    assert_near(shown(None), wall, 1);
    // From behind it is seen as well.
    show.renderer.place_panel(0, Some(hung(MIDDLE) * Affine3A::from_rotation_y(3.0)));
    assert_near(middle(&show.picture(gpu, &head())[0]), [255, 0, 0], 0);
}

/// A change of a part of an image changes that part.
#[test]
fn images_change_in_parts() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &wall(0.2), [64, 64], COMPARABLE);
    let quad = |left: f32, uv: f32| {
        let corner = |x: f32, y: f32| Vertex {
            pos: Pos2::new(left + x * 40.0, y * 40.0 - 20.0),
            uv: Pos2::new(uv, uv),
            color: Color32::WHITE,
        };
        let vertices = vec![corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)];
        let mesh = Mesh { vertices, indices: vec![0, 1, 2, 0, 2, 3], texture_id: TextureId::default() };
        ClippedPrimitive { clip_rect: Rect::EVERYTHING, primitive: Primitive::Mesh(mesh) }
    };
    let primitives = [quad(-40.0, 0.25), quad(0.0, 0.75)];
    paint(gpu, &mut show, &primitives);
    let mut change = |pos: [usize; 2], color| {
        let mut textures = TexturesDelta::default();
        let image = Arc::new(ColorImage::filled([2, 2], color));
        textures.push(TextureId::default(), ImageDelta::partial(pos, image, TextureOptions::LINEAR));
        show.renderer.paint_panel(gpu, 0, &PanelPicture { primitives: &primitives, textures: &textures });
        textures.clear();
        let [left, _] = show.picture(gpu, &head());
        [texel(&left, 28, 32), texel(&left, 40, 32)]
    };
    let red = Color32::from_rgb(255, 0, 0);
    let [first, second] = change([2, 2], red);
    assert_near(first, [255; 3], 0);
    assert_near(second, [255, 0, 0], 0);
    // Outside of the image: left out, and nothing breaks.
    let [first, second] = change([3, 3], Color32::BLACK);
    assert_near(first, [255; 3], 0);
    assert_near(second, [255, 0, 0], 0);
}

/// The wrist menu before somebody in the gallery; the pointer is on "Turn left".
struct Opened {
    show: Show,
    menu: Menu,
    head: Pose,
}

impl Opened {
    fn new(gpu: &Gpu, size: [u32; 2]) -> Self {
        let head = Pose::standing(Vec3::new(0.0, 1.6, 0.0), 0.0, -0.28);
        let mut menu = Menu::default();
        menu.open(Place::before(Pose { position: head.position, ..Pose::IDENTITY }, None, |_, _| 9.0));
        let mut opened = Self { show: Show::new(gpu, &gallery(), size, COMPARABLE), menu, head };
        (1..6).for_each(|frame| opened.step(gpu, frame));
        let surface = opened.menu.surface().unwrap();
        opened.menu.hear(EventKind::Move(surface.size_metres * glam::Vec2::new(0.25, 0.235)));
        (6..9).for_each(|frame| opened.step(gpu, frame));
        opened
    }

    /// As the frame loop does it.
    fn step(&mut self, gpu: &Gpu, frame: u32) {
        let Self { show, menu, head } = self;
        menu.step(*head, &Settings::default(), f64::from(frame) / 90.0, 1.0 / 90.0);
        menu.panel().paint(|primitives, textures| {
            show.renderer.paint_panel(gpu, 0, &PanelPicture { primitives, textures });
        });
        show.renderer.place_panel(0, menu.stage_from_points());
    }

    /// A Quest 2's 20 pixels a degree.
    fn views(&self) -> ViewPair {
        ViewPair::around(self.head, Fov::symmetric(32.0_f32.to_radians(), 1.0), EYE_DISTANCE_METRES)
    }
}

#[test]
fn the_menu_looks_as_it_did() {
    let Some(gpu) = gpu() else { return };
    let mut opened = Opened::new(gpu, [640, 640]);
    let views = opened.views();
    let [left, right] = opened.show.picture(gpu, &views);
    assert_golden("menu_left", &left);
    assert_golden("menu_right", &right);
    let each = Opened::new(in_turn(), [640, 640]).show.picture(in_turn(), &views);
    assert!(largest_difference(&left, &each[0]) <= 1 && largest_difference(&right, &each[1]) <= 1);
    opened.show.renderer.place_panel(0, None);
    let [without, _] = opened.show.picture(gpu, &views);
    assert!(differing(&left, &without) > 100_000, "the menu fills a good part of the view");
}

/// Nobody allocates while a menu hangs still, a frame with a new picture is one submit of one pass, and
/// a menu is a few draws.
#[test]
fn a_menu_costs_little() {
    let Some(_) = gpu() else { return };
    let gpu = Gpu::open(GpuOptions { records: true, ..GpuOptions::default() }).unwrap();
    let mut opened = Opened::new(&gpu, [64, 64]);
    let views = opened.views();
    let with = opened.show.frame(&gpu, &views, 0);
    opened.show.renderer.place_panel(0, None);
    let without = opened.show.frame(&gpu, &views, 0);
    println!(
        "a menu: {} draws, {} triangles",
        with.draws - without.draws,
        with.triangles - without.triangles
    );
    assert!(with.draws - without.draws <= 3 && with.triangles - without.triangles < 8000);

    gpu.take_counts();
    opened.menu.panel().invalidate();
    opened.step(&gpu, 100);
    let stats = opened.show.frame(&gpu, &views, 0);
    let counts = gpu.take_counts();
    // A picture that changed is written through the queue: vertices, indices, and how they lie.
    let expected = Counts {
        submits: 1,
        render_passes: 1,
        eye_passes: 1,
        draws: stats.draws + 1,
        buffers: 3,
        ..Counts::default()
    };
    assert_eq!(counts, expected);

    for frame in 101..105 {
        let ((), heard) = allocator::during(|| {
            opened.step(&gpu, frame);
            let Show { renderer, list, target, .. } = &mut opened.show;
            renderer
                .draw(&gpu, &FrameInput { list, uploads: UploadBudget::bytes(0) }, target, |_| Some(views));
        });
        assert_eq!(heard.ours, [""; 0], "a steady frame with a menu allocates");
    }
    assert_eq!(gpu.validation_messages(), [""; 0]);
}
