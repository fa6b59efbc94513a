//! A whole visit by script: look, go to the stage, turn, take a thing and throw it, go back to the start, and
//! leave by the menu; with one controller, with nothing but select and menu, and with one bare hand.
//!
//! The script sees what a visitor sees: where things are. It finds out by itself how a hand must be held to point at
//! them, so it does not know how any profile's aim lies in the hand.

use std::path::Path;
use std::time::Duration;

use glam::{Mat3, Quat, Vec3};
use serde_json::Value;

use crate::faults::Faults;
use crate::monado::{Monado, Remote};
use crate::program::Home;
use crate::visit::{Visit, demo_twin, feet, has, is_in_the_twin, place};

const LEFT: usize = 0;
const RIGHT: usize = 1;

/// In the stage's space: the head, and a hand that points.
const HEAD: Vec3 = Vec3::new(0.0, 1.6, 0.0);
const POINTING: Vec3 = Vec3::new(0.25, 1.2, -0.35);

/// What the demo venue holds: where it begins, its stage's boards, and the cube that is thrown to whoever has
/// a question (`xtask/src/venue/stage.rs`).
const START: Vec3 = Vec3::new(0.0, 0.0, 18.2);
const BOARDS_METRES: f32 = 0.8;
const CUBE: Vec3 = Vec3::new(1.9, 1.221, -14.65);

/// Down the middle aisle, up to the boards, and to the cube.
const WAY: [Vec3; 8] = [
    Vec3::new(0.0, 0.0, 13.0),
    Vec3::new(0.0, 0.0, 8.0),
    Vec3::new(0.0, 0.0, 3.0),
    Vec3::new(0.0, 0.0, -2.0),
    Vec3::new(0.0, 0.0, -7.0),
    Vec3::new(0.0, 0.0, -11.3),
    Vec3::new(0.4, BOARDS_METRES, -13.7),
    Vec3::new(1.7, BOARDS_METRES, -13.9),
];

/// As `src/rig/leap.rs` has them.
const LAUNCH_METRES_PER_SECOND: f32 = 7.5;
const GRAVITY: f32 = 9.806_65;

/// With what the visitor says their will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    /// Trigger, squeeze, stick and menu button of one controller.
    Controller,
    /// Its trigger and its menu button alone.
    SelectAndMenu,
    /// Pinch, fist, and the inside of the wrist.
    Bare,
}

const OPEN: [f32; 5] = [0.0; 5];
const FIST: [f32; 5] = [1.0; 5];
const PINCH: [f32; 5] = [0.0, 0.0, 0.0, 1.0, 1.0];

/// Of a bare hand, by its joints: fingers up and the palm towards +z, where the head is.
fn palm_to_face() -> Quat {
    Quat::from_mat3(&Mat3::from_cols(Vec3::NEG_X, Vec3::NEG_Z, Vec3::NEG_Y))
}

/// Somebody with one hand.
struct Visitor {
    means: Means,
    remote: Remote,
    visit: Visit,
    /// In the stage's space, as the driver was told.
    hand: (Vec3, Quat),
}

impl Visitor {
    fn enter(means: Means, monado: &Monado, home: &Home, venue: &Path, faults: &Faults) -> Self {
        let mut remote = monado.remote();
        remote.set_head(HEAD.to_array(), 0.0, 1.0);
        for side in [LEFT, RIGHT] {
            let is_there = side == RIGHT;
            remote.switch(side, is_there && means != Means::Bare);
            remote.show_bare(side, (is_there && means == Means::Bare).then_some(OPEN));
        }
        // Fingers ahead; a controller's thumb is up, a bare hand's palm down.
        let held = match means {
            Means::Bare => Quat::IDENTITY,
            _ => Quat::from_mat3(&Mat3::from_cols(Vec3::X, Vec3::Z, Vec3::NEG_Y)),
        };
        remote.place_hand(RIGHT, POINTING.to_array(), held);
        // Nothing is spoilt: the layer tells what the hand is to feel.
        let mut visit = Visit::enter_faulty(monado, home, venue, faults);
        visit.wait_for(0, "the twin", is_in_the_twin);
        Self { means, remote, visit, hand: (POINTING, held) }
    }

    /// The newest frame of a visit that has seen all that the driver was told.
    fn now(&mut self) -> Value {
        self.visit.pass(3);
        self.visit.wait("a hand that points", |frame| {
            is_in_the_twin(frame) && frame["hands"][RIGHT]["aim"].is_object()
        })
    }

    fn hold(&mut self, position: Vec3, grip: Quat) {
        self.hand = (position, grip);
        self.remote.place_hand(RIGHT, position.to_array(), grip);
    }

    /// World from stage: the driver was told where the head is in the one, the frame says where in the other.
    fn stage(frame: &Value) -> (Vec3, Quat) {
        let turn = Quat::from_rotation_y((frame["yaw_degrees"].as_f64().unwrap() as f32).to_radians());
        (place(frame, "head/position") - turn * HEAD, turn)
    }

    /// Turns the hand, wherever it is, until what it aims with looks along what `wanted` says for a place in the
    /// world.
    fn aim(&mut self, wanted: impl Fn(Vec3) -> Vec3) {
        for _ in 0..12 {
            let frame = self.now();
            let (from, ahead) = (place(&frame, "hands/1/aim/position"), place(&frame, "hands/1/aim/forward"));
            let wanted = wanted(from).normalize_or_zero();
            if ahead.angle_between(wanted) < 0.004 {
                return;
            }
            let (_, turn) = Self::stage(&frame);
            let more = turn.inverse() * Quat::from_rotation_arc(ahead.normalize_or_zero(), wanted) * turn;
            let (position, grip) = self.hand;
            self.hold(position, (more * grip).normalize());
        }
        panic!("the hand finds no way to point there: {:?}", self.visit.frames().last());
    }

    /// Moves the palm to a place in the world.
    fn reach(&mut self, there: Vec3) {
        for _ in 0..6 {
            let frame = self.now();
            let more = there - place(&frame, "hands/1/palm/position");
            if more.length() < 0.005 {
                return;
            }
            let (_, turn) = Self::stage(&frame);
            let (position, grip) = self.hand;
            self.hold(position + turn.inverse() * more, grip);
        }
        panic!("the palm does not come to {there}: {:?}", self.visit.frames().last());
    }

    fn select(&mut self, is_down: bool) {
        match self.means {
            Means::Bare => self.remote.show_bare(RIGHT, Some(if is_down { PINCH } else { OPEN })),
            _ => self.remote.trigger(RIGHT, if is_down { 1.0 } else { 0.0 }),
        }
    }

    fn grab(&mut self, is_down: bool) {
        match self.means {
            Means::Bare => self.remote.show_bare(RIGHT, Some(if is_down { FIST } else { OPEN })),
            Means::Controller => self.remote.squeeze(RIGHT, if is_down { 1.0 } else { 0.0 }),
            Means::SelectAndMenu => self.select(is_down),
        }
    }

    /// Turns the head and back again.
    fn look(&mut self) {
        self.remote.set_head(HEAD.to_array(), 0.7, 1.0);
        self.visit.wait("a look to the left", |frame| {
            let ahead = Vec3::new(-0.7_f32.sin(), 0.0, -0.7_f32.cos());
            is_in_the_twin(frame) && place(frame, "head/forward").abs_diff_eq(ahead, 1e-3)
        });
        self.remote.set_head(HEAD.to_array(), 0.0, 1.0);
        self.visit.wait("a look ahead", |frame| {
            is_in_the_twin(frame) && place(frame, "head/forward").abs_diff_eq(Vec3::NEG_Z, 1e-3)
        });
    }

    /// Leaps to a place in the world, with the flatter of the two throws that reach it.
    fn leap(&mut self, there: Vec3) {
        let throw = |from: Vec3| {
            let way = (there - from).with_y(0.0);
            let (d, h) = (way.length(), there.y - from.y);
            let v2 = LAUNCH_METRES_PER_SECOND * LAUNCH_METRES_PER_SECOND;
            let root = (v2 * v2 - GRAVITY * (GRAVITY * d * d + 2.0 * h * v2)).max(0.0).sqrt();
            way.normalize_or_zero() + Vec3::Y * ((v2 - root) / (GRAVITY * d))
        };
        self.aim(throw);
        self.select(true);
        self.visit.wait("a hand that selects", |frame| has(frame, RIGHT, "down", "select"));
        // Bent fingers may point elsewhere.
        self.aim(throw);
        self.visit.pass(4);
        self.select(false);
        self.visit.wait("a leap", |frame| {
            let feet = Vec3::from(feet(frame).map(|metres| metres as f32));
            is_in_the_twin(frame) && feet.distance(there) < 0.45
        });
    }

    /// By the stick where there is one, else by the menu.
    fn turn_left(&mut self) {
        let yaw = |frame: &Value| frame["yaw_degrees"].as_f64().unwrap();
        let before = yaw(&self.now());
        if self.means == Means::Controller {
            self.remote.stick(RIGHT, [-1.0, 0.0]);
        } else {
            self.toggle_menu(true);
            self.press("Turn left");
        }
        self.visit.wait("a turn", |frame| ((yaw(frame) - before).rem_euclid(360.0) - 45.0).abs() < 0.01);
        if self.means == Means::Controller {
            self.remote.stick(RIGHT, [0.0, 0.0]);
        } else {
            self.toggle_menu(false);
        }
    }

    /// By the button, or by a long look at the inside of the wrist.
    fn toggle_menu(&mut self, is_open: bool) {
        let (position, grip) = self.hand;
        if self.means == Means::Bare {
            self.hold(HEAD + Vec3::new(0.05, 0.0, -0.4), palm_to_face());
        } else {
            self.remote.upper_button(RIGHT, true);
        }
        self.visit.wait("the menu", |frame| frame["menu_open"] == is_open);
        self.remote.upper_button(RIGHT, false);
        self.hold(position, grip);
        self.visit.wait("the menu let go", |frame| !has(frame, RIGHT, "down", "menu"));
    }

    /// Points at a button of the menu and presses it.
    fn press(&mut self, name: &str) {
        self.hold(POINTING, self.hand.1);
        let frame = self.visit.wait(name, |frame| frame["menu_buttons"][name].is_array());
        let there = place(&frame, &format!("menu_buttons/{name}"));
        self.aim(|from| there - from);
        // The menu takes it: no other line tells of it.
        self.select(true);
        self.visit.pass(4);
        self.select(false);
    }

    /// Takes the cube that lies near, and lifts it.
    fn take_cube(&mut self, number: usize) {
        self.reach(CUBE + Vec3::Y * 0.12);
        self.grab(true);
        self.visit.wait("the cube in the hand", |frame| holds(frame) == Some(number));
        let (_, grip) = self.hand;
        self.hold(Vec3::new(0.2, 1.1, -0.3), grip);
        let frame = self.now();
        assert_eq!(holds(&frame), Some(number));
        let apart =
            place(&frame, &format!("props/{number}")).distance(place(&frame, "hands/1/palm/position"));
        assert!(apart < 0.3, "the cube is {apart} m from the hand that holds it");
    }

    /// Throws what the hand holds ahead, and waits until it lies still: from where it was let go to where it is then.
    fn throw_cube(&mut self, number: usize) -> [Vec3; 2] {
        const STEPS: u16 = 24;
        const LET_GO: u16 = 16;
        let (from, grip) = self.hand;
        for step in 1..=STEPS {
            self.hold(from + Vec3::new(0.0, 0.45, -1.2) * (f32::from(step) / f32::from(STEPS)), grip);
            // The swing goes on: whichever frame sees the hand open sees it moving.
            if step == LET_GO {
                self.grab(false);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let path = format!("props/{number}");
        let flies = self.visit.wait("the cube in the air", |frame| holds(frame).is_none());
        let mut last = place(&flies, &path);
        for _ in 0..40 {
            self.visit.pass(8);
            let now = place(&self.now(), &path);
            if now.distance(last) < 1e-3 {
                return [place(&flies, &path), now];
            }
            last = now;
        }
        panic!("the cube never lies still: {last}");
    }
}

/// What the right hand holds.
fn holds(frame: &Value) -> Option<usize> {
    frame["hands"][RIGHT]["holds"].as_u64().map(|number| number as usize)
}

/// The number of the cube, which nobody has touched yet.
fn cube_number(frame: &Value) -> usize {
    let count = frame["props"].as_array().unwrap().len();
    let is_there = |number: &usize| place(frame, &format!("props/{number}")).distance(CUBE) < 0.1;
    (0..count).find(is_there).expect("the cube lies on the side table")
}

fn visit_the_venue(means: Means) {
    let Some(venue) = demo_twin() else { return };
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(monado) = Monado::start() else { return };
    let mut visitor = Visitor::enter(means, &monado, &home, &venue, &faults);
    let first = visitor.visit.settle();
    assert!(Vec3::from(feet(&first).map(|metres| metres as f32)).abs_diff_eq(START, 0.05), "{first}");
    let number = cube_number(&first);
    visitor.look();
    for there in WAY {
        visitor.leap(there);
    }
    let frame = visitor.visit.settle();
    assert!((feet(&frame)[1] - f64::from(BOARDS_METRES)).abs() < 0.02, "not on the stage: {frame}");
    visitor.turn_left();
    visitor.take_cube(number);
    let [from, to] = visitor.throw_cube(number);
    let way = (to - from).with_y(0.0);
    let ahead = Quat::from_rotation_y(45_f32.to_radians()) * Vec3::NEG_Z;
    assert!(way.dot(ahead) > 0.5, "the cube went from {from} to {to}");

    visitor.toggle_menu(true);
    visitor.press("Back to the start");
    let back = visitor.visit.wait("the start", |frame| {
        is_in_the_twin(frame) && place(frame, "feet").distance(START) < 0.3 && frame["menu_open"] == false
    });
    assert!(place(&back, "head/forward").abs_diff_eq(Vec3::NEG_Z, 1e-3), "{back}");
    assert!(place(&back, &format!("props/{number}")).distance(to) < 0.01, "the cube came along: {back}");
    visitor.toggle_menu(true);
    visitor.press("Leave");
    visitor.visit.wait("the question", |frame| frame["menu_buttons"]["Stay"].is_array());
    visitor.press("Leave");
    let report = visitor.visit.report();
    assert_eq!(report["displays_lost"].as_u64(), Some(0), "{report}");
    if means != Means::Bare {
        // Coming upon a button is a tick, pressing it more.
        let felt = faults.felt();
        for (strength, millis) in [(0.25, 8), (0.7, 16)] {
            assert!(felt.contains(&("/user/hand/right".to_owned(), strength, millis)), "{felt:?}");
        }
    }
}

#[test]
fn under_monado_a_whole_visit_with_one_controller() {
    visit_the_venue(Means::Controller);
}

#[test]
fn under_monado_a_whole_visit_with_select_and_menu_alone() {
    visit_the_venue(Means::SelectAndMenu);
}

#[test]
fn under_monado_a_whole_visit_with_one_bare_hand() {
    visit_the_venue(Means::Bare);
}
