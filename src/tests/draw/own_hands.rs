//! The own hands as the person sees them: looked at, and what they cost.

use std::f32::consts::FRAC_PI_2;

use glam::{Mat3, Quat, Vec2, Vec3};

use super::figures::room;
use super::{BUDGET_BYTES, COMPARABLE, Show, gpu, looking};
use crate::app::own_hands::OwnHands;
use crate::cull::{Culler, Quality, Sight};
use crate::draw::{Arrival, FrameInput, Gpu, UploadBudget};
use crate::math::{Pose, ViewPair};
use crate::rig::joints::tests::{Bend, FLAT, PINCH, hand as joints};
use crate::rig::{Button, Hand, HandKind, WristButton};
use crate::scene::texture::Pixels;
use crate::scene::{Demand, Scene};
use crate::tests::allocator;
use crate::tests::golden::assert_golden;

const DOWN: Button = Button { is_down: true, is_pressed: false, is_released: false };

/// Looking a little down, as at what one holds.
fn views() -> ViewPair {
    looking(Pose::standing(Vec3::new(0.0, 1.6, 0.0), 0.0, -0.45))
}

struct Desk {
    show: Show,
    scene: Scene,
    culler: Culler,
    demand: Demand,
    own: OwnHands,
}

impl Desk {
    fn new(gpu: &Gpu, size: [u32; 2]) -> Self {
        let props = room();
        let mut show = Show::new(gpu, &props, size, COMPARABLE);
        let mut scene = Scene::new(props.tileset());
        for arrival in show.arrivals.drain(..) {
            if let Arrival::Tile { tile, resident } = arrival {
                scene.set_resident(tile, Some(*resident));
            }
        }
        Self { show, scene, culler: Culler::default(), demand: Demand::default(), own: OwnHands::new() }
    }

    fn prepare(&mut self, hands: &[Hand; 2], views: &ViewPair) {
        let Self { show, scene, culler, demand, own } = self;
        own.show(hands, Pose::IDENTITY);
        let sight = Sight { views, pixel_radians: 0.002, quality: &Quality::default() };
        culler.cull(scene, own.actors(), &sight, &mut show.list, demand);
    }

    fn picture(&mut self, gpu: &Gpu, hands: &[Hand; 2]) -> Pixels {
        self.prepare(hands, &views());
        let [left, _] = self.show.picture(gpu, &views());
        left
    }
}

/// Two controllers: the left one's stick is pushed ahead, the right one's trigger and grip are pressed.
fn controllers() -> [Hand; 2] {
    let hold = |side: f32| {
        let turn = Quat::from_rotation_y(side * 0.35) * Quat::from_rotation_x(0.25);
        let palm = Pose { position: Vec3::new(side * 0.11, 1.42, -0.34), orientation: turn };
        Hand { kind: HandKind::Controller, palm: Some(palm), ..Hand::default() }
    };
    [Hand { stick: Vec2::Y, ..hold(-1.0) }, Hand { select: DOWN, grab: DOWN, ..hold(1.0) }]
}

fn bare(side: usize, palm: Pose, bend: Bend) -> Hand {
    let joints = joints(palm, side, bend);
    Hand { kind: HandKind::Bare, palm: Some(joints.palm(side)), joints: Some(joints), ..Hand::default() }
}

/// Two bare hands: the inside of the left wrist is looked at, the right hand pinches.
fn bare_hands() -> [Hand; 2] {
    let to_face = Quat::from_mat3(&Mat3::from_cols(Vec3::NEG_X, Vec3::NEG_Z, Vec3::NEG_Y));
    let left =
        Pose { position: Vec3::new(-0.10, 1.46, -0.36), orientation: Quat::from_rotation_x(-0.45) * to_face };
    let wrist = WristButton {
        center: left.position + left.orientation * Vec3::new(0.0, -0.021, 0.105),
        facing: left.orientation * Vec3::NEG_Y,
        fullness: 0.6,
    };
    let right = Pose {
        position: Vec3::new(0.12, 1.42, -0.34),
        orientation: Quat::from_rotation_y(0.6) * Quat::from_rotation_z(-FRAC_PI_2 * 0.7),
    };
    [Hand { wrist: Some(wrist), ..bare(0, left, FLAT) }, Hand { select: DOWN, ..bare(1, right, PINCH) }]
}

#[test]
fn own_hands_look_as_they_did() {
    let Some(gpu) = gpu() else { return };
    let mut desk = Desk::new(gpu, [640, 640]);
    assert_golden("own_controllers", &desk.picture(gpu, &controllers()));
    assert_golden("own_bare_hands", &desk.picture(gpu, &bare_hands()));
}

/// Own hands are a few draws and no allocation.
#[test]
fn own_hands_cost_little() {
    let Some(gpu) = gpu() else { return };
    let mut desk = Desk::new(gpu, [64, 64]);
    let views = views();
    let count = |desk: &mut Desk, hands: &[Hand; 2]| {
        desk.prepare(hands, &views);
        let stats = desk.show.frame(gpu, &views, BUDGET_BYTES);
        (stats.draws, stats.triangles)
    };
    let none = count(&mut desk, &[Hand::default(); 2]);
    for (name, hands, draws) in [("controllers", controllers(), 4), ("bare hands", bare_hands(), 4)] {
        let some = count(&mut desk, &hands);
        println!("{name}: {} draws, {} triangles", some.0 - none.0, some.1 - none.1);
        assert_eq!(some.0 - none.0, draws, "{name}");
        assert!(some.1 - none.1 <= 6000, "{name}");
        let ((), heard) = allocator::during(|| {
            desk.prepare(&hands, &views);
            let Show { renderer, list, target, .. } = &mut desk.show;
            let input = FrameInput { list, uploads: UploadBudget::bytes(BUDGET_BYTES) };
            renderer.draw(gpu, &input, target, |_| Some(views));
        });
        assert_eq!(heard.ours, [""; 0], "a steady frame with {name} allocates");
    }
}
