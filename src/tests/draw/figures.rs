//! People among the tiles: how they look, where each eye sees them, and what they cost.

use std::f32::consts::{FRAC_PI_2, PI};
use std::time::{Duration, Instant};

use glam::{Quat, Vec3};

use super::gallery::gallery;
use super::{BUDGET_BYTES, COMPARABLE, Show, TILE, gpu, in_turn, linear, looking, texel};
use crate::app::figures::{Figure, Figures};
use crate::cull::{Culler, Quality, Sight, Source};
use crate::draw::{Arrival, FrameInput, FrameStats, Gpu, UploadBudget};
use crate::math::{Fov, Pose, ViewPair, pose::EYE_DISTANCE_METRES};
use crate::scene::actor::NAME_TAG_METRES;
use crate::scene::texture::Pixels;
use crate::scene::{AlphaMode, Demand, Material, Scene};
use crate::tests::allocator;
use crate::tests::golden::{assert_golden, differing, largest_difference};
use crate::tests::props::{Props, Shape, at};

/// A name takes milliseconds; a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A twin with people in it, from people to pixels as the frame loop does it.
struct Party {
    show: Show,
    scene: Scene,
    culler: Culler,
    demand: Demand,
    figures: Figures,
}

impl Party {
    fn new(gpu: &Gpu, props: &Props, size: [u32; 2]) -> Self {
        let mut party = Self {
            show: Show::new(gpu, props, size, COMPARABLE),
            scene: Scene::new(props.tileset()),
            culler: Culler::default(),
            demand: Demand::default(),
            figures: Figures::new().unwrap(),
        };
        party.take_arrivals();
        party
    }

    fn take_arrivals(&mut self) {
        for arrival in self.show.arrivals.drain(..) {
            match arrival {
                Arrival::Tile { tile, resident } => self.scene.set_resident(tile, Some(*resident)),
                Arrival::Name { layer } => self.figures.name_arrived(layer),
                _ => {}
            }
        }
    }

    fn prepare(&mut self, people: &[Figure<'_>], views: &ViewPair) {
        let Self { show, scene, culler, demand, figures } = self;
        figures.show(people.iter().copied(), views.center().position);
        figures.upload(|name| show.renderer.enqueue(name).is_ok());
        let sight = Sight { views, pixel_radians: 0.002, quality: &Quality::default() };
        culler.cull(scene, figures.actors(), &sight, &mut show.list, demand);
    }

    fn frame(&mut self, gpu: &Gpu, people: &[Figure<'_>], views: &ViewPair, budget_bytes: u64) -> FrameStats {
        self.prepare(people, views);
        let stats = self.show.frame(gpu, views, budget_bytes);
        self.take_arrivals();
        stats
    }

    /// Frames until all names are there; then one more.
    fn settle(&mut self, gpu: &Gpu, people: &[Figure<'_>], views: &ViewPair) -> FrameStats {
        let began = Instant::now();
        while self.frame(gpu, people, views, BUDGET_BYTES).uploads_waiting > 0 || !self.figures.is_settled() {
            assert!(began.elapsed() < PATIENCE, "a name got lost");
            std::thread::yield_now();
        }
        self.frame(gpu, people, views, BUDGET_BYTES)
    }

    fn picture(&mut self, gpu: &Gpu, people: &[Figure<'_>], views: &ViewPair) -> [Pixels; 2] {
        self.settle(gpu, people, views);
        self.show.picture(gpu, views)
    }
}

/// Somebody at this place who looks towards +Z, turned left by the yaw.
fn somebody(name: &str, color_key: u64, [x, y, z]: [f32; 3], yaw_radians: f32) -> Figure<'_> {
    let head = Pose::standing(Vec3::new(x, y, z), PI + yaw_radians, 0.0);
    Figure { visitor: color_key as u32, name, color_key, head, hands: [None; 2] }
}

/// A hand of a person: where it is from their feet's vertical, in their own turn.
fn hand(figure: &Figure<'_>, place: [f32; 3], turn: Quat) -> Option<Pose> {
    Some(Pose { position: place.into(), orientation: turn }.in_parent(figure.head))
}

/// Ada waves; Grace, beside and behind her, looks at something else.
fn two() -> [Figure<'static>; 2] {
    let mut ada = somebody("Ada", 4, [-0.27, 1.62, -1.75], 0.15);
    let palm_ahead = Quat::from_rotation_y(-FRAC_PI_2) * Quat::from_rotation_x(FRAC_PI_2);
    let tilt = Quat::from_rotation_z(-0.25);
    ada.hands = [
        hand(&ada, [-0.22, -0.42, -0.18], Quat::from_rotation_x(-0.35)),
        hand(&ada, [0.26, 0.02, -0.12], tilt * palm_ahead),
    ];
    let mut grace = somebody("Grace Hopper", 1, [0.50, 1.68, -2.3], -0.75);
    grace.hands = [
        hand(&grace, [-0.20, -0.45, -0.25], Quat::from_rotation_x(-0.3)),
        hand(&grace, [0.20, -0.30, -0.38], Quat::from_rotation_x(0.3)),
    ];
    [ada, grace]
}

/// A floor and a wall.
pub(super) fn room() -> Props {
    let mut props = Props::new();
    let matt = |base_color| Material { base_color, metallic: 0.0, roughness: 0.9, ..Material::default() };
    let turn_up = Quat::from_rotation_x(-FRAC_PI_2);
    props.add(
        matt([0.30, 0.31, 0.33, 1.0]),
        Shape::square().moved(at([0.0, 0.0, -4.0], turn_up, [10.0, 10.0, 1.0])),
    );
    props.add(
        matt([0.62, 0.58, 0.52, 1.0]),
        Shape::square().moved(at([0.0, 2.0, -6.0], Quat::IDENTITY, [10.0, 4.0, 1.0])),
    );
    props
}

fn across(head: Pose) -> ViewPair {
    ViewPair::around(head, Fov::symmetric(0.78, 1.0), EYE_DISTANCE_METRES)
}

#[test]
fn two_visitors_look_as_they_did() {
    let Some(gpu) = gpu() else { return };
    let views = across(Pose::standing(Vec3::new(0.0, 1.65, 0.0), 0.0, -0.06));
    let [left, right] = Party::new(gpu, &room(), [640, 640]).picture(gpu, &two(), &views);
    assert_golden("figures_left", &left);
    assert_golden("figures_right", &right);
    let each = Party::new(in_turn(), &room(), [640, 640]).picture(in_turn(), &two(), &views);
    assert!(largest_difference(&left, &each[0]) <= 1 && largest_difference(&right, &each[1]) <= 1);
}

/// The middle of what differs between two pictures, pixels from the left.
fn middle_of_difference(a: &Pixels, b: &Pixels) -> f32 {
    let differs =
        |&(x, y): &(u32, u32)| texel(a, x, y).iter().zip(texel(b, x, y)).any(|(p, q)| p.abs_diff(q) > 12);
    let places = (0..a.width * a.height).map(|index| (index % a.width, index / a.width)).filter(differs);
    let (sum, count) = places.fold((0.0, 0), |(sum, count), (x, _)| (sum + f64::from(x) + 0.5, count + 1));
    assert!(count > 100, "only {count} pixels differ");
    (sum / f64::from(count)) as f32
}

/// A point z metres ahead is f·b/z pixels further left in the right eye (f: pixels a unit of slope, b: the
/// eyes' distance). The tag is flat and at a known depth; a head's outline is around its middle.
#[test]
fn each_eye_sees_people_where_they_are() {
    let Some(gpu) = gpu() else { return };
    let views = looking(Pose { position: Vec3::new(0.0, 1.6, 0.0), ..Pose::IDENTITY });
    let focal_px = 320.0 / 0.7_f32.tan();
    let mut party = Party::new(gpu, &room(), [640, 640]);
    for distance in [1.2, 2.5, 5.0] {
        let person = [somebody("Ada", 4, [0.0, 1.6, -distance], 0.0)];
        let with = party.picture(gpu, &person, &views);
        // The same without the tag, and without anybody.
        party
            .show
            .list
            .draws
            .retain(|draw| draw.source != Source::Shapes || draw.batch.alpha == AlphaMode::Opaque);
        let without_tag = party.show.picture(gpu, &views);
        let empty = party.picture(gpu, &[], &views);
        let shift = |a: &[Pixels; 2], b: &[Pixels; 2]| {
            middle_of_difference(&a[0], &b[0]) - middle_of_difference(&a[1], &b[1])
        };
        let expected = |z: f32| focal_px * EYE_DISTANCE_METRES / z;
        let tag = shift(&with, &without_tag);
        assert!((tag - expected(distance)).abs() < 0.3, "the tag at {distance} m: {tag}");
        // The widest part of a head is 0.09 m behind the eyes.
        let head = shift(&without_tag, &empty);
        assert!((head - expected(distance + 0.09)).abs() < 0.5, "the head at {distance} m: {head}");
    }
}

/// Half a metre before the viewer's eyes a head is half there: half its light, and half of what is behind.
#[test]
fn who_comes_too_near_is_seen_through() {
    let Some(gpu) = gpu() else { return };
    let views = looking(Pose { position: Vec3::new(0.0, 1.6, 0.0), ..Pose::IDENTITY });
    let mut party = Party::new(gpu, &room(), [320, 320]);
    let faint = party.picture(gpu, &[somebody("Ada", 4, [0.0, 1.6, -0.5], 0.0)], &views);
    let shapes: Vec<AlphaMode> =
        party.show.list.draws.iter().filter(|d| d.source == Source::Shapes).map(|d| d.batch.alpha).collect();
    assert_eq!(shapes, [AlphaMode::Blend], "a head, and no name before the eyes");
    party.show.list.instances.iter_mut().for_each(|instance| instance.tint[3] = 255);
    let whole = party.show.picture(gpu, &views);
    let empty = party.picture(gpu, &[], &views);
    // The forehead, 8.5 cm above the eyes' height; the left eye is half the eyes' distance beside it.
    let focal_px = 160.0 / 0.7_f32.tan();
    let at = |metres: f32| (metres / 0.5 * focal_px) as u32;
    let (x, y) = (160 + at(EYE_DISTANCE_METRES * 0.5), 160 - at(0.085));
    for channel in 0..3 {
        let light = |pictures: &[Pixels; 2]| linear(texel(&pictures[0], x, y)[channel]);
        let half = (light(&whole) + light(&empty)) * 0.5;
        assert!((light(&whole) - light(&empty)).abs() > 0.1, "the forehead is seen");
        assert!((light(&faint) - half).abs() < 0.02, "channel {channel}: {} is not {half}", light(&faint));
    }
}

/// At 5 m the letters of a name are at least half a degree high and stand out: one is read.
#[test]
fn a_name_is_readable_at_five_metres() {
    let Some(gpu) = gpu() else { return };
    // A pixel of 0.05°: a Quest 2's.
    let fov = Fov::symmetric(20.0_f32.to_radians(), 1.0);
    let head = Pose { position: Vec3::new(0.0, 1.9, 0.0), ..Pose::IDENTITY };
    let views = ViewPair::around(head, fov, EYE_DISTANCE_METRES);
    let mut party = Party::new(gpu, &room(), [400, 400]);
    let [left, _] = party.picture(gpu, &[somebody("Hannah", 4, [0.0, 1.65, -5.0], 0.0)], &views);
    let luminance = |x: u32, y: u32| texel(&left, x, y)[..3].iter().map(|&c| u32::from(c)).sum::<u32>() / 3;
    let middle = (150..250).flat_map(|x| (100..300).map(move |y| (x, y)));
    let white: Vec<(u32, u32)> = middle.filter(|&(x, y)| luminance(x, y) > 235).collect();
    let rows = || white.iter().map(|&(_, y)| y);
    let height = rows().max().unwrap() - rows().min().unwrap() + 1;
    assert!(height >= 10, "capitals are {height} pixels of 0.05° high");
    let [width, _] = NAME_TAG_METRES;
    assert!(width < 1.0, "names of people side by side do not cover each other");
}

/// Twenty people cost four draws, and in a steady frame nothing is allocated from people to submit.
#[test]
fn twenty_people_are_four_draws_and_no_allocation() {
    let Some(gpu) = gpu() else { return };
    let mut party = Party::new(gpu, &gallery(), [64, 64]);
    let views = looking(Pose::standing(Vec3::new(0.0, 1.6, 1.0), 0.0, 0.0));
    let names: Vec<String> = (0..20).map(|index| format!("Visitor {index}")).collect();
    let people: Vec<Figure<'_>> = names
        .iter()
        .zip(0_u16..)
        .map(|(name, index)| {
            let place = [f32::from(index % 5) - 2.0, 1.6, -1.5 - f32::from(index / 5)];
            let mut figure = somebody(name, u64::from(index), place, 0.0);
            figure.hands = [-0.2, 0.2].map(|x| hand(&figure, [x, -0.3, -0.2], Quat::IDENTITY));
            figure
        })
        .collect();
    let empty = party.settle(gpu, &[], &views);
    let full = party.settle(gpu, &people, &views);
    assert_eq!(full.draws, empty.draws + 4);
    println!("twenty people: {} triangles", full.triangles - empty.triangles);
    assert!(full.triangles - empty.triangles <= 20 * 2000);
    for _ in 0..4 {
        let ((), heard) = allocator::during(|| {
            party.prepare(&people, &views);
            let Show { renderer, list, target, .. } = &mut party.show;
            let input = FrameInput { list, uploads: UploadBudget::bytes(BUDGET_BYTES) };
            let stats = renderer.draw(gpu, &input, target, |_| Some(views));
            assert_eq!(stats.draws, full.draws);
        });
        assert_eq!(heard.ours, [""; 0], "a steady frame with people allocates");
    }
    assert_eq!(gpu.validation_messages(), [""; 0]);
}

/// People stay when the twin changes, and their names come within the frame's budget.
#[test]
fn people_outlast_the_twin_and_names_keep_to_the_budget() {
    const SMALL_BYTES: u64 = 30_000;
    let Some(gpu) = gpu() else { return };
    let props = room();
    let mut party = Party::new(gpu, &props, [320, 320]);
    let views = across(Pose::standing(Vec3::new(0.0, 1.65, 0.0), 0.0, -0.05));
    let mut uploaded_bytes = 0;
    loop {
        let stats = party.frame(gpu, &two(), &views, SMALL_BYTES);
        assert!(stats.uploaded_bytes <= SMALL_BYTES);
        uploaded_bytes += stats.uploaded_bytes;
        if stats.uploads_waiting == 0 && party.figures.is_settled() {
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(uploaded_bytes, 2 * (0..8).map(|level| (512 * 128 * 4) >> (2 * level)).sum::<u64>());
    let before = party.picture(gpu, &two(), &views);
    party.show.change(gpu, &gallery());
    party.show.change(gpu, &props);
    party.take_arrivals();
    assert_eq!(party.picture(gpu, &two(), &views), before);

    // A name on its way is not lost with the twin that it came with.
    let third = [somebody("Third", 9, [0.0, 1.6, -2.0], 0.0)];
    while party.frame(gpu, &third, &views, 0).uploads_waiting == 0 {
        std::thread::yield_now();
    }
    party.show.renderer.set_tileset(gpu, &props.tileset());
    party.scene.set_resident(TILE, None);
    party.settle(gpu, &third, &views);
    let shown = party.show.picture(gpu, &views);
    let nobody = party.picture(gpu, &[], &views);
    assert!(differing(&shown[0], &nobody[0]) > 500);
    assert_eq!(gpu.validation_messages(), [""; 0]);
}
