#![allow(clippy::unwrap_used)]

use super::*;
use crate::physics::tests::Site;

const FRAME: f32 = 1.0 / 90.0;

/// A table with a ball of 5 cm at the height of a hand, on a floor.
fn room() -> World {
    let table = Site::floor().block(Vec3::new(0.0, 0.45, -0.5), Vec3::new(0.6, 0.9, 0.4), 0.0, 0.0);
    let mut world = table.world();
    let ball: Vec<Vec3> = (0..64)
        .map(|index| {
            let z = 1.0 - 2.0 * (index as f32 + 0.5) / 64.0;
            let angle = index as f32 * 2.399_963_2;
            (Vec3::new(angle.cos(), angle.sin(), 0.0) * (1.0 - z * z).sqrt() + Vec3::Z * z) * 0.05
        })
        .collect();
    let home = Pose { position: Vec3::new(0.0, 0.95, -0.5), ..Pose::IDENTITY };
    world.add_prop(home, 0.3, &ball);
    world
}

fn hand(palm: Vec3, before: Button, is_down: bool) -> (Hand, Button) {
    let button =
        Button { is_down, is_pressed: is_down && !before.is_down, is_released: !is_down && before.is_down };
    let palm = Some(Pose { position: palm, ..Pose::IDENTITY });
    (Hand { kind: HandKind::Controller, palm, select: button, ..Hand::default() }, button)
}

struct Scene {
    world: World,
    grasp: Grasp,
    buttons: [Button; 2],
    stage: Pose,
}

impl Scene {
    fn new() -> Self {
        Self {
            world: room(),
            grasp: Grasp::default(),
            buttons: [Button::default(); 2],
            stage: Pose::IDENTITY,
        }
    }

    /// A frame with both palms in the stage, and which hand's button is down.
    fn frame(&mut self, palms: [Vec3; 2], down: [bool; 2]) -> [Hand; 2] {
        let (left, a) = hand(palms[0], self.buttons[0], down[0]);
        let (right, b) = hand(palms[1], self.buttons[1], down[1]);
        self.buttons = [a, b];
        self.act([left, right])
    }

    fn act(&mut self, mut hands: [Hand; 2]) -> [Hand; 2] {
        self.grasp.take(&mut hands, self.stage, &mut self.world, FRAME);
        self.grasp.carry(&hands, self.stage, &mut self.world);
        self.world.step(FRAME);
        hands
    }

    fn ball(&self) -> Vec3 {
        self.world.prop_pose(PropId(0)).unwrap().position
    }
}

const AWAY: Vec3 = Vec3::new(-1.0, 1.0, 0.0);
const AT_BALL: Vec3 = Vec3::new(0.0, 1.02, -0.5);

#[test]
fn what_nobody_touches_rests_and_what_is_out_of_reach_is_not_taken() {
    let mut scene = Scene::new();
    for _ in 0..200 {
        let hands = scene.frame([AWAY, AT_BALL + Vec3::Y * 0.3], [false, true]);
        assert!(hands[1].select.is_down, "the press is for somebody else");
    }
    assert_eq!(scene.grasp.holds(), [None; 2]);
    assert_eq!(scene.ball(), Vec3::new(0.0, 0.95, -0.5));
}

#[test]
fn a_thing_follows_the_hand_goes_to_the_other_and_flies_as_it_was_thrown() {
    let mut scene = Scene::new();
    scene.frame([AWAY, AT_BALL], [false, false]);
    let hands = scene.frame([AWAY, AT_BALL], [false, true]);
    assert_eq!(scene.grasp.holds(), [None, Some(PropId(0))]);
    assert!(!hands[1].select.is_down && !hands[1].select.is_pressed, "no leap is aimed with a ball");
    let up = AT_BALL + Vec3::new(0.0, 0.4, 0.3);
    scene.frame([AWAY, up], [false, true]);
    assert!(scene.ball().abs_diff_eq(Vec3::new(0.0, 1.35, -0.2), 1e-4), "{}", scene.ball());
    // The left hand takes it; the right one lets go later, and nothing happens.
    scene.frame([up, up], [true, true]);
    assert_eq!(scene.grasp.holds(), [Some(PropId(0)), None]);
    scene.frame([up, up], [true, false]);
    assert_eq!(scene.grasp.holds(), [Some(PropId(0)), None]);
    // A swing ahead at 3 m/s and up at 1 m/s, the person turned to the left meanwhile.
    scene.stage = Pose::standing(Vec3::ZERO, std::f32::consts::FRAC_PI_2, 0.0);
    let mut palm = up;
    for _ in 0..12 {
        palm += Vec3::new(0.0, 1.0, -3.0) * FRAME;
        scene.frame([palm, AWAY], [true, false]);
    }
    let before = scene.ball();
    palm += Vec3::new(0.0, 1.0, -3.0) * FRAME;
    scene.frame([palm, AWAY], [false, false]);
    assert_eq!(scene.grasp.holds(), [None; 2]);
    for _ in 0..9 {
        scene.frame([palm, AWAY], [false, false]);
    }
    let flown = (scene.ball() - before) / (10.0 * FRAME);
    assert!((flown.x + 3.0).abs() < 0.3 && flown.z.abs() < 0.1, "it flies to the left: {flown}");
    // It falls, bounces, and comes to rest on the floor.
    for _ in 0..1200 {
        scene.frame([AWAY, AWAY], [false, false]);
    }
    let rest = scene.ball();
    assert!((rest.y - 0.05).abs() < 0.01 && rest.x < -1.0, "{rest}");
    scene.frame([AWAY, AWAY], [false, false]);
    assert!(scene.ball().abs_diff_eq(rest, 1e-4), "it rests");
}

#[test]
fn a_hand_out_of_sight_or_a_cancelled_press_drops_without_a_throw() {
    for is_lost in [true, false] {
        let mut scene = Scene::new();
        scene.frame([AWAY, AT_BALL], [false, true]);
        let mut palm = AT_BALL;
        for _ in 0..20 {
            palm += Vec3::new(0.05, 0.01, 0.0);
            scene.frame([AWAY, palm], [false, true]);
        }
        let before = scene.ball();
        let gone = match is_lost {
            true => Hand::default(),
            false => Hand { select: Button::default(), ..hand(palm, Button::default(), false).0 },
        };
        scene.act([Hand::default(), gone]);
        for _ in 0..20 {
            scene.act([Hand::default(); 2]);
        }
        let fallen = scene.ball() - before;
        assert!(fallen.with_y(0.0).length() < 0.02 && fallen.y < -0.1, "{fallen}");
    }
}

#[test]
fn what_falls_out_of_the_world_or_is_left_for_long_is_back_at_its_place() {
    let mut scene = Scene::new();
    let home = scene.ball();
    let palm = AT_BALL;
    scene.frame([AWAY, palm], [false, true]);
    // Beyond the floor, which ends 20 m away, there is nothing.
    scene.stage.position = Vec3::new(60.0, 0.0, 0.0);
    scene.frame([AWAY, palm], [false, true]);
    scene.frame([AWAY, palm], [false, false]);
    for _ in 0..600 {
        scene.frame([AWAY, AWAY], [false, false]);
    }
    assert!(scene.ball().abs_diff_eq(home, 1e-4), "{}", scene.ball());

    scene.stage = Pose::IDENTITY;
    scene.frame([AWAY, palm], [false, true]);
    scene.stage.position = Vec3::new(4.0, 0.0, 4.0);
    scene.frame([AWAY, palm], [false, true]);
    scene.frame([AWAY, palm], [false, false]);
    (0..200).for_each(|_| _ = scene.frame([AWAY, AWAY], [false, false]));
    assert!(scene.ball().distance(home) > 3.0);
    (0..200).for_each(|_| scene.world.step(1.0));
    assert!(scene.ball().abs_diff_eq(home, 1e-4), "{}", scene.ball());
}
