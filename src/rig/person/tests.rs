#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::f32::consts::{FRAC_PI_2, FRAC_PI_4};

use proptest::prelude::*;

use super::*;
use crate::physics::tests::{Site, yard};
use crate::rig::{Button, Hand};

const FRAME: f32 = 1.0 / 90.0;

fn void() -> World {
    World::new([])
}

fn standing() -> Person {
    Person::at(Pose::IDENTITY)
}

fn settings() -> Settings {
    Settings::default()
}

/// A hand at hip height that points ahead and down by so much.
fn pointing(pitch_radians: f32) -> Hand {
    let aim = Pose::standing(Vec3::new(0.2, 1.2, -0.2), 0.0, pitch_radians);
    Hand { kind: HandKind::Controller, aim: Some(aim), ..Hand::default() }
}

fn head_at(x: f32, y: f32, z: f32) -> Option<Pose> {
    Some(Pose { position: Vec3::new(x, y, z), ..Pose::IDENTITY })
}

/// Holds select for half a second and lets go; the arc is the last one that was seen.
fn leap(person: &mut Person, world: &World, pitch_radians: f32, head: Option<Pose>) -> Option<Leap> {
    let mut input = Input { head, ..Input::default() };
    let mut arc = None;
    for frame in 0..=45 {
        let select = Button { is_down: frame < 45, is_pressed: frame == 0, is_released: frame == 45 };
        input.hands[1] = Hand { select, ..pointing(pitch_radians) };
        person.step(&input, &settings(), world, FRAME);
        arc = person.leap_aimed().copied().or(arc);
    }
    arc
}

#[test]
fn walking_ahead_after_a_left_turn_goes_to_minus_x_and_home_goes_back() {
    let mut person = standing();
    let turn = Input { turn_radians: FRAC_PI_2, ..Input::default() };
    person.step(&turn, &settings(), &void(), 0.0);
    for _ in 0..90 {
        person.step(&Input { walk: Vec2::Y, ..Input::default() }, &settings(), &void(), FRAME);
    }
    // A fifth of a second goes by until the walk has its pace.
    assert!(person.feet.x < -1.2 && person.feet.x > -1.4 && person.feet.z.abs() < 1e-4);
    assert!(person.head().position.abs_diff_eq(person.feet + Vec3::Y * EYE_HEIGHT_METRES, 1e-4));
    person.step(&Input { recentre: true, ..Input::default() }, &settings(), &void(), 0.0);
    assert_eq!((person.feet, person.yaw_radians), (Vec3::ZERO, 0.0));
}

#[test]
fn diagonal_steps_are_not_faster_and_the_head_does_not_tip_over() {
    let mut person = Person::at(Pose::standing(Vec3::ONE, 0.7, 0.2));
    assert!((person.yaw_radians - 0.7).abs() < 1e-5 && (person.pitch_radians - 0.2).abs() < 1e-5);
    let input = Input { walk: Vec2::ONE, look_up_radians: 9.0, ..Input::default() };
    for _ in 0..30 {
        person.step(&input, &settings(), &void(), FRAME);
    }
    let before = person.feet;
    person.step(&input, &settings(), &void(), FRAME);
    assert!(((person.feet - before).length() - 1.4 * FRAME).abs() < 1e-4);
    assert_eq!(person.pitch_radians, 1.5);
}

#[test]
fn a_snap_turn_is_around_the_head_and_a_recentred_stage_leaves_it_where_it_is() {
    let (mut person, world) = (standing(), Site::floor().world());
    let mut input = Input { head: head_at(0.8, 1.6, -0.5), ..Input::default() };
    person.step(&input, &settings(), &world, FRAME);
    let before = person.head_in_world();
    input.hands[1].stick = Vec2::X;
    person.step(&input, &settings(), &world, FRAME);
    let after = person.head_in_world();
    assert!(before.position.abs_diff_eq(after.position, 1e-4));
    let turned = before.forward().angle_between(after.forward());
    assert!((turned - FRAC_PI_4).abs() < 1e-3);

    let moved = Pose::standing(Vec3::new(0.3, 0.0, -0.9), 1.1, 0.0);
    person.keep_head(moved);
    let kept = person.head_in_world();
    assert!(kept.position.abs_diff_eq(after.position, 1e-4));
    assert!(kept.forward().abs_diff_eq(after.forward(), 1e-4));
    // And with the pose that the runtime gives next, in the new stage.
    let back = moved.orientation.inverse();
    let head = Pose::IDENTITY;
    let there = Pose { position: back * (Vec3::new(0.8, 1.6, -0.5) - moved.position), orientation: back };
    let before = person.feet;
    person.step(&Input { head: Some(there), ..Input::default() }, &settings(), &world, FRAME);
    assert!(person.head_in_world().position.abs_diff_eq(after.position, 1e-3), "{head:?}");
    assert!(person.feet.abs_diff_eq(before, 0.02));
}

#[test]
fn a_leap_takes_the_head_to_where_the_arc_ends_and_keeps_its_direction() {
    let (mut person, world) = (standing(), Site::floor().world());
    let head = head_at(0.5, 1.7, 0.4);
    person.step(&Input { head, ..Input::default() }, &settings(), &world, FRAME);
    let arc = leap(&mut person, &world, -0.3, head).unwrap();
    let (end, normal) = arc.end().unwrap();
    assert!(normal.abs_diff_eq(Vec3::Y, 1e-3) && end.y.abs() < 1e-3);
    // On paper: 1.2 m high, 7.5 m/s at −0.3 rad: t = (−v sin + √((v sin)² + 2 g h)) / g.
    let (sin, cos) = (7.5 * 0.3_f32.sin(), 7.5 * 0.3_f32.cos());
    let seconds = (-sin + (sin * sin + 2.0 * 9.806_65 * 1.2).sqrt()) / 9.806_65;
    let ahead = -end.z - 0.2;
    assert!((ahead - cos * seconds).abs() < 0.03, "{ahead} m, on paper {}", cos * seconds);
    let there = person.head_in_world();
    assert!((there.position - end).with_y(0.0).length() < 0.02, "{} at {end}", there.position);
    assert!(there.forward().abs_diff_eq(Vec3::NEG_Z, 1e-4));
    assert!(person.feet.y.abs() < 0.01 && person.leap_aimed().is_none());
}

#[test]
fn nobody_leaps_through_walls_onto_walls_or_by_a_twitch() {
    let wall = Site::floor().block(Vec3::new(0.0, 1.0, -1.5), Vec3::new(9.0, 2.0, 0.1), 0.0, 0.0).world();
    let mut person = standing();
    let arc = leap(&mut person, &wall, -0.1, None).unwrap();
    assert_eq!(arc.target(), None, "it ends at the wall");
    assert!(person.feet.length() < 1e-3);

    let world = Site::floor().world();
    let select = Button { is_down: true, is_pressed: true, is_released: false };
    let mut input = Input::default();
    input.hands[1] = Hand { select, ..pointing(-0.3) };
    person.step(&input, &settings(), &world, FRAME);
    input.hands[1].select = Button { is_released: true, ..Button::default() };
    person.step(&input, &settings(), &world, FRAME);
    assert!(person.feet.length() < 1e-3, "a twitch is no wish");

    // The hand goes out of sight while it aims.
    input.hands[1].select = select;
    (0..30).for_each(|_| _ = person.step(&input, &settings(), &world, FRAME));
    input.hands[1] = Hand::default();
    person.step(&input, &settings(), &world, FRAME);
    assert!(person.feet.length() < 1e-3 && person.leap_aimed().is_none());
}

#[test]
fn a_stick_that_is_pushed_and_let_go_leaps() {
    let (mut person, world) = (standing(), Site::floor().world());
    let mut input = Input::default();
    for y in [0.8, 1.0, 0.9].into_iter().cycle().take(30) {
        input.hands[0] = Hand { stick: Vec2::new(0.0, y), ..pointing(-0.4) };
        person.step(&input, &settings(), &world, FRAME);
        assert!(person.leap_aimed().is_some_and(|leap| leap.target().is_some()));
    }
    input.hands[0].stick = Vec2::ZERO;
    person.step(&input, &settings(), &world, FRAME);
    assert!(person.feet.z < -1.0, "{}", person.feet);
}

#[test]
fn a_head_in_a_wall_sees_the_dark_and_can_walk_back_or_is_taken_back() {
    let wall = Site::floor().block(Vec3::new(0.0, 1.5, -1.0), Vec3::new(9.0, 3.0, 0.2), 0.0, 0.0).world();
    let mut person = standing();
    let step = |person: &mut Person, z: f32| {
        let input = Input { head: head_at(0.0, 1.6, z), ..Input::default() };
        person.step(&input, &settings(), &wall, FRAME)
    };
    assert_eq!(step(&mut person, 0.0).fade, 0.0);
    let mut last = 0.0;
    for z in 0..=100 {
        last = step(&mut person, -0.01 * z as f32).fade;
    }
    assert_eq!(last, 1.0, "in the middle of the wall");
    assert!(person.feet.z > -0.75, "the body stays before it: {}", person.feet);
    for z in (50..=100).rev() {
        last = step(&mut person, -0.01 * z as f32).fade;
    }
    assert_eq!(last, 0.0, "back again");

    let mut comfort = Comfort::default();
    for _ in 0..500 {
        comfort = step(&mut person, -1.5);
        if comfort.is_returned {
            break;
        }
    }
    assert!(comfort.is_returned);
    let comfort = step(&mut person, -1.5);
    assert!(comfort.fade < 0.1 && (person.head_in_world().position.z + 0.75).abs() < 0.3);
}

#[test]
fn gliding_wants_the_setting_and_narrows_the_view() {
    let (mut person, world) = (standing(), Site::floor().world());
    let mut input = Input { head: head_at(0.0, 1.6, 0.0), ..Input::default() };
    input.hands[0].stick = Vec2::new(0.0, 0.6);
    let glide = Settings { walk: Walk::Slide, ..settings() };
    let mut comfort = Comfort::default();
    for _ in 0..90 {
        comfort = person.step(&input, &glide, &world, FRAME);
    }
    assert!(person.feet.z < -0.6 && comfort.vignette > 0.4, "{} {comfort:?}", person.feet);
    for _ in 0..90 {
        comfort = person.step(&Input { head: input.head, ..Input::default() }, &glide, &world, FRAME);
    }
    assert_eq!(comfort.vignette, 0.0);
    let before = person.feet;
    (0..90).for_each(|_| _ = person.step(&input, &settings(), &world, FRAME));
    assert!(person.feet.abs_diff_eq(before, 1e-3));
}

#[test]
fn what_is_no_number_is_no_wish() {
    let (mut person, world) = (standing(), Site::floor().world());
    let nan = Pose { position: Vec3::splat(f32::NAN), ..Pose::IDENTITY };
    let mut input =
        Input { walk: Vec2::splat(f32::NAN), turn_radians: f32::NAN, head: Some(nan), ..Input::default() };
    input.hands[1] = Hand { aim: Some(nan), stick: Vec2::splat(f32::INFINITY), ..pointing(0.0) };
    input.hands[1].select = Button { is_down: true, is_pressed: true, is_released: false };
    for delta_seconds in [FRAME, 0.0, -1.0, f32::NAN, f32::INFINITY, 1e9] {
        person.step(&input, &settings(), &world, delta_seconds);
        assert!(person.feet.length() < 1e-3 && person.stage().position.is_finite());
    }
    person.keep_head(nan);
    assert!(person.stage().position.is_finite());
}

#[test]
fn whoever_begins_in_something_finds_room_ahead_or_beside_it_or_walks_out() {
    let block = |size: f32| {
        Site::floor().block(Vec3::new(0.0, 1.0, 0.0), Vec3::new(size, 2.5, size), 0.0, 0.0).world()
    };
    let mut person = standing();
    person.step(&Input::default(), &settings(), &block(0.3), FRAME);
    assert!(person.feet.with_y(0.0).length() > 0.25 && person.feet.y.abs() < 0.01, "{}", person.feet);

    // In a door, which leads to either side, it is the one that they look at.
    for yaw_radians in [0.0, std::f32::consts::PI] {
        let mut person = Person::at(Pose::standing(Vec3::ZERO, yaw_radians, 0.0));
        let door =
            Site::floor().block(Vec3::new(0.0, 1.25, 0.0), Vec3::new(4.0, 2.5, 0.06), 0.0, 0.0).world();
        let ahead = person.stage().forward();
        person.step(&Input::default(), &settings(), &door, FRAME);
        assert!(person.feet.dot(ahead) > 0.25, "{}", person.feet);
    }

    // A solid building has no room inside; a mesh's inside is free, though, and counts as a room.
    let walls = (0..40).fold(Site::floor(), |site, index| {
        let x = -2.0 + 0.1 * index as f32;
        site.block(Vec3::new(x, 1.5, 0.0), Vec3::new(0.05, 3.0, 4.0), 0.0, 0.0)
    });
    let (mut person, world) = (standing(), walls.world());
    for _ in 0..270 {
        person.step(&Input { walk: Vec2::Y, ..Input::default() }, &settings(), &world, FRAME);
    }
    assert!(person.feet.z < -2.2, "{}", person.feet);
}

/// An edge is walked over if it is no higher than somebody may fall, and there is ground below all the way.
#[test]
fn nobody_walks_over_a_deeper_edge() {
    for (height, is_walked) in [(1.15, true), (1.19, true), (1.21, false), (1.23, false), (1.26, false)] {
        let world =
            Site::floor().block(Vec3::Y * height * 0.5, Vec3::new(2.0, height, 2.0), 0.0, 0.0).world();
        let mut person = Person::at(Pose::standing(Vec3::Y * height, 0.0, 0.0));
        for _ in 0..180 {
            person.step(&Input { walk: Vec2::Y, ..Input::default() }, &settings(), &world, FRAME);
            let drop = world.drop_below(person.feet, person.body(), DROP_METRES + 0.01);
            assert!(drop.is_some(), "nothing below {} off {height} m", person.feet);
        }
        let stands_at = if is_walked { 0.0 } else { height };
        assert!((person.feet.y - stands_at).abs() < 0.02, "{} off {height} m", person.feet);
    }
}

/// What somebody does for some frames.
#[derive(Clone, Debug)]
pub enum Act {
    Walk(f32, f32, bool),
    Sticks(f32, f32, f32, f32),
    Turn(f32),
    Lean(f32, f32, f32),
    Leap(usize, f32, f32),
    Recentre,
}

prop_compose! {
    fn point()(x in -1.0_f32..1.0, y in -1.0_f32..1.0) -> (f32, f32) { (x, y) }
}

fn act() -> impl Strategy<Value = (Act, u32, f32)> {
    let act = prop_oneof![
        3 => (point(), any::<bool>()).prop_map(|((x, y), fast)| Act::Walk(x, y, fast)),
        3 => (point(), point()).prop_map(|((a, b), (c, d))| Act::Sticks(a, b, c, d)),
        1 => (-2.0_f32..2.0).prop_map(Act::Turn),
        3 => (-2.0_f32..2.0, 0.4_f32..2.0, -2.0_f32..2.0).prop_map(|(x, y, z)| Act::Lean(x, y, z)),
        3 => (0_usize..2, -1.4_f32..1.4, -3.0_f32..3.0).prop_map(|(hand, p, y)| Act::Leap(hand, p, y)),
        1 => Just(Act::Recentre),
    ];
    let delta = prop_oneof![4 => Just(FRAME), 1 => 0.0_f32..0.2, 1 => Just(0.0)];
    (act, 1_u32..25, delta)
}

/// What must hold whatever somebody does.
pub fn holds(person: &Person, world: &World, floor: f32) -> Result<(), TestCaseError> {
    prop_assert!(world.fits(person.feet, person.body()), "in something at {}", person.feet);
    prop_assert!(person.feet.y > floor - 0.02, "below the ground at {}", person.feet);
    Ok(())
}

/// Does it, frame by frame, and checks every frame.
pub fn live(
    person: &mut Person,
    world: &World,
    acts: &[(Act, u32, f32)],
    settings: &Settings,
    has_headset: bool,
    floor: f32,
) -> Result<(), TestCaseError> {
    let mut head = Vec3::new(0.0, 1.6, 0.0);
    for (act, frames, delta_seconds) in acts {
        for frame in 0..*frames {
            let mut input = Input::default();
            let head_before = head;
            match *act {
                Act::Walk(x, y, is_fast) => (input.walk, input.is_fast) = (Vec2::new(x, y), is_fast),
                Act::Sticks(a, b, c, d) => {
                    input.hands =
                        [Vec2::new(a, b), Vec2::new(c, d)].map(|stick| Hand { stick, ..pointing(-0.5) });
                }
                Act::Turn(radians) => input.turn_radians = radians,
                Act::Lean(x, y, z) => head = head.lerp(Vec3::new(x, y, z), 0.05),
                Act::Leap(hand, pitch, yaw) => {
                    let is_last = frame + 1 == *frames;
                    let aim = Pose::standing(head - Vec3::Y * 0.4, yaw, pitch);
                    input.hands[hand] = Hand { kind: HandKind::Bare, aim: Some(aim), ..Hand::default() };
                    input.hands[hand].select =
                        Button { is_down: !is_last, is_pressed: frame == 0, is_released: is_last };
                }
                Act::Recentre => input.recentre = frame == 0,
            }
            if has_headset {
                input.head = Some(Pose { position: head, ..Pose::IDENTITY });
            }
            let (feet, seen) = (person.feet, person.head_in_world().position);
            let aimed = person.leap_aimed().is_some();
            let stood = world.drop_below(feet, person.body(), DROP_METRES + 0.01).is_some();
            let comfort = person.step(&input, settings, world, *delta_seconds);
            holds(person, world, floor)?;
            let is_leap = aimed && person.leap_aimed().is_none();
            let is_asked = comfort.is_returned || is_leap || input.recentre;
            let stands = world.drop_below(person.feet, person.body(), DROP_METRES + 0.01).is_some();
            prop_assert!(stands || !stood, "no ground below {} any more", person.feet);
            if !is_asked {
                let seconds = delta_seconds.clamp(0.0, DELTA_SECONDS_MAX);
                let own = (head - head_before).length();
                let may = RUN_METRES_PER_SECOND * seconds + own + 0.03;
                let moved = person.head_in_world().position - seen;
                let level = moved.with_y(0.0).length();
                prop_assert!(level <= may, "the view jumped by {level} m of {may} ({act:?})");
                let rises = (RISE_METRES_PER_SECOND + FALL_METRES_PER_SECOND_MAX) * seconds + own + 0.03;
                prop_assert!(moved.y.abs() <= rises, "the view jumped by {} m up ({act:?})", moved.y);
                // The body may catch up with the head, once the way is free.
                let apart = (person.head_in_world().position - feet).with_y(0.0).length();
                let strode = (person.feet - feet).with_y(0.0).length();
                prop_assert!(strode <= may + apart + 0.1, "the body jumped by {strode} m ({act:?})");
            }
        }
    }
    Ok(())
}

pub fn acts() -> impl Strategy<Value = Vec<(Act, u32, f32)>> {
    proptest::collection::vec(act(), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_somebody_does_they_are_in_nothing_on_the_ground_and_never_jump(
        site in yard(), acts in acts(), slides: bool, smooth: bool, has_headset: bool,
    ) {
        let world = site.world();
        let mut person = standing();
        person.step(&Input::default(), &Settings::default(), &world, 0.0);
        let settings = Settings {
            walk: if slides { Walk::Slide } else { Walk::Teleport },
            turn: if smooth { Turn::Smooth } else { Turn::Snap { angle_degrees: 30.0 } },
            ..Settings::default()
        };
        live(&mut person, &world, &acts, &settings, has_headset, 0.0)?;
    }
}
