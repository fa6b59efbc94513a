#![allow(clippy::unwrap_used)]

use super::*;
use crate::rig::Cursor;

const HEAD: Pose = Pose { position: Vec3::new(0.0, 1.6, 0.0), orientation: Quat::IDENTITY };

fn pressed() -> Button {
    Button { is_down: true, is_pressed: true, is_released: false }
}

fn released() -> Button {
    Button { is_down: false, is_pressed: false, is_released: true }
}

/// Somebody in a headset, or at a window, and their menu.
struct Visitor {
    menu: WristMenu,
    settings: Settings,
    person: Person,
    now_seconds: f64,
}

impl Visitor {
    fn new() -> Self {
        let (file, settings) = SettingsFile::open(None);
        let person = Person::at(Pose::standing(Vec3::new(5.0, 0.0, -3.0), 2.0, 0.0));
        let mut visitor = Self { menu: WristMenu::new(file), settings, person, now_seconds: 1.0 };
        visitor.frame(Input { head: Some(HEAD), ..Input::default() });
        visitor
    }

    fn frame(&mut self, mut input: Input) -> (Input, Felt) {
        self.now_seconds += 1.0 / 90.0;
        let clock = Clock { now_seconds: self.now_seconds, delta_seconds: 1.0 / 90.0 };
        let Self { menu, settings, person, .. } = self;
        let felt = menu.step(&mut input, settings, person, clock, |_, _| f32::INFINITY);
        (input, felt)
    }

    /// The point of the menu so many degrees from its top left corner, on the stage.
    fn point(&self, x_degrees: f32, y_degrees: f32) -> Vec3 {
        let stage_from_points = self.menu.menu.stage_from_points().unwrap();
        stage_from_points.transform_point3(Vec3::new(x_degrees * 20.0, y_degrees * 20.0, 0.0))
    }
}

fn towards(from: Vec3, to: Vec3) -> Pose {
    Pose {
        position: from,
        orientation: Quat::from_rotation_arc(Vec3::NEG_Z, (to - from).normalize_or_zero()),
    }
}

fn with_right(hand: Hand) -> Input {
    Input { head: Some(HEAD), hands: [Hand::default(), hand], ..Input::default() }
}

fn controller() -> Hand {
    let palm = Some(Pose { position: Vec3::new(0.2, 1.2, -0.3), ..HEAD });
    Hand { kind: HandKind::Controller, palm, aim: palm, ..Hand::default() }
}

/// Select and menu alone: open, turn left, leave.
#[test]
fn select_and_menu_reach_leave() {
    let mut visitor = Visitor::new();
    visitor.frame(with_right(Hand { menu: pressed(), ..controller() }));
    assert!(visitor.menu.is_open());
    let mut click = |x: f32, y: f32| {
        let aim = Some(towards(Vec3::new(0.2, 1.2, -0.3), visitor.point(x, y)));
        let hand = |select| with_right(Hand { aim, select, ..controller() });
        let (_, hover) = visitor.frame(hand(Button::default()));
        let (input, press) = visitor.frame(hand(pressed()));
        assert_eq!(press.presses, [false, true]);
        assert_eq!(input.hands[1].select, Button::default(), "the press is the menu's");
        let (mut input, _) = visitor.frame(hand(released()));
        for _ in 0..3 {
            let (later, _) = visitor.frame(hand(Button::default()));
            input.leave |= later.leave;
            input.turn_radians += later.turn_radians;
        }
        (input, hover)
    };
    let (input, hover) = click(6.0, 5.8);
    assert_eq!(hover.ticks, [false, true]);
    assert!((input.turn_radians - 45.0_f32.to_radians()).abs() < 1e-6 && !input.leave);
    assert!(!click(12.0, 21.6).0.leave, "asked once more");
    assert!(click(12.0, 17.0).0.leave);
}

#[test]
fn a_setting_is_chosen_by_touch() {
    let mut visitor = Visitor::new();
    visitor.frame(with_right(Hand { menu: pressed(), ..controller() }));
    let (at, front) = (visitor.point(15.0, 18.5), visitor.point(15.0, 18.5) - HEAD.position);
    let before = |metres: f32| {
        let tip = Some(at - front.normalize_or_zero() * metres);
        with_right(Hand { kind: HandKind::Bare, tip, ..Hand::default() })
    };
    let touch = [0.05, 0.02, -0.01, 0.02, 0.05].map(|metres| visitor.frame(before(metres)).1);
    assert_eq!(touch.iter().filter(|felt| felt.presses[1]).count(), 1);
    visitor.frame(Input { head: Some(HEAD), ..Input::default() });
    assert!(!visitor.settings.is_mono, "Stereo is chosen already");
    let at = visitor.point(21.0, 18.5);
    for metres in [0.05, 0.02, -0.01, 0.02, 0.05] {
        let tip = Some(at - front.normalize_or_zero() * metres);
        visitor.frame(with_right(Hand { kind: HandKind::Bare, tip, ..Hand::default() }));
    }
    assert!(visitor.settings.is_mono);
}

/// At a window, a mouse over the menu presses it and leaves the view alone; beside it, the view is dragged.
#[test]
fn a_mouse_works_the_menu() {
    let mut visitor = Visitor::new();
    let input = |cursor| Input { cursor, look_up_radians: 0.1, ..Input::default() };
    let mut key = input(None);
    key.hands[1].menu = pressed();
    visitor.frame(key);
    assert!(visitor.menu.is_open());
    let head = head_on_stage(&visitor.person);
    assert!(
        head.position.abs_diff_eq(HEAD.position, 1e-5)
            && head.orientation.abs_diff_eq(HEAD.orientation, 1e-5)
    );
    let eye = Vec3::new(-0.03, 0.0, 0.0);
    let ray = towards(eye, visitor.point(19.0, 5.8) - HEAD.position);
    let over = |button| input(Some(Cursor { ray, button }));
    visitor.frame(over(Button::default()));
    let (down, _) = visitor.frame(over(pressed()));
    assert_eq!(down.look_up_radians, 0.0);
    assert_eq!(down.cursor.unwrap().button, Button::default());
    let (up, _) = visitor.frame(over(released()));
    let (later, _) = visitor.frame(over(Button::default()));
    assert!((up.turn_radians + later.turn_radians + 45.0_f32.to_radians()).abs() < 1e-6);
    let beside = Cursor { ray: towards(eye, Vec3::new(0.0, 1.0, -1.0)), button: pressed() };
    let (dragged, _) = visitor.frame(input(Some(beside)));
    assert_eq!((dragged.look_up_radians, dragged.cursor), (0.1, Some(beside)));
}

/// A script finds everything by what is written on it.
#[test]
fn buttons_are_where_they_are_said_to_be() {
    let mut visitor = Visitor::new();
    assert_eq!(visitor.menu.buttons(&visitor.person), []);
    visitor.frame(with_right(Hand { menu: pressed(), ..controller() }));
    visitor.frame(with_right(controller()));
    let stage = visitor.person.stage().to_affine();
    let buttons = visitor.menu.buttons(&visitor.person);
    let names: Vec<&str> = buttons.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "Close",
        "Turn left",
        "Turn right",
        "Back to the start",
        "30°",
        "45°",
        "Smooth",
        "Teleport",
        "Slide",
        "Stereo",
        "Mono",
        "Leave",
    ];
    assert_eq!(names, expected);
    let leave = buttons.last().unwrap().1;
    assert!(leave.distance(stage.transform_point3(visitor.point(12.5, 21.6))) < 0.005);
}

/// It hangs on the stage: whoever turns by it still has it before their eyes.
#[test]
fn the_ray_ends_on_the_menu() {
    let mut visitor = Visitor::new();
    visitor.frame(with_right(Hand { menu: pressed(), ..controller() }));
    let at = visitor.point(12.0, 10.0);
    let place = Vec3::new(0.2, 1.2, -0.3);
    let mut seen = |hand: Hand| {
        visitor.frame(with_right(hand));
        let mut actors = Vec::new();
        visitor.menu.add_actors(&visitor.person, &mut actors);
        actors
    };
    let idle = seen(controller());
    assert!(idle.len() > 3 && idle.iter().all(|actor| actor.tint == IDLE));
    let hovering = seen(Hand { aim: Some(towards(place, at)), ..controller() });
    let dot = hovering.last().unwrap();
    let world = Person::at(Pose::standing(Vec3::new(5.0, 0.0, -3.0), 2.0, 0.0)).stage().to_affine();
    assert!(Vec3::from(dot.world_from_shape.translation).abs_diff_eq(world.transform_point3(at), 1e-4));
    assert!(hovering.len() > 5 && hovering.iter().all(|actor| actor.tint == BRIGHT));
    let pressing = seen(Hand { aim: Some(towards(place, at)), select: pressed(), ..controller() });
    assert!(pressing.iter().all(|actor| actor.tint == PRESSING));
    assert!(seen(Hand::default()).is_empty());
}
