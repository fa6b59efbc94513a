#![allow(clippy::unwrap_used)]

use glam::Quat;
use proptest::prelude::*;

use super::*;
use crate::rig::Button;
use crate::rig::joints::tests::{FIST, FLAT, PINCH, POINTING, hand};

const FRAME: f32 = 1.0 / 72.0;
const HEAD: Pose = Pose { position: Vec3::new(0.0, 1.6, 0.0), orientation: Quat::IDENTITY };

fn controller(select: f32) -> RawHand {
    let palm = Pose { position: Vec3::new(0.2, 1.2, -0.4), ..Pose::IDENTITY };
    RawHand {
        kind: HandKind::Controller,
        palm: Some(palm),
        aim: Some(palm),
        select: Some(select),
        ..RawHand::default()
    }
}

/// A bare right hand before the chest, palm down.
fn bare(bend: crate::rig::joints::tests::Bend) -> RawHand {
    let palm = Pose { position: Vec3::new(0.2, 1.2, -0.4), ..Pose::IDENTITY };
    RawHand { kind: HandKind::Bare, joints: Some(hand(palm, 1, bend)), ..RawHand::default() }
}

/// The right hand after each of these frames.
fn run(hands: &mut Hands, frames: &[RawHand]) -> Vec<Hand> {
    let step = |&raw: &RawHand| hands.step(&[RawHand::default(), raw], Some(HEAD), true, FRAME)[1];
    frames.iter().map(step).collect()
}

fn is_quiet(hand: &Hand) -> bool {
    [hand.select, hand.grab, hand.menu] == [Button::default(); 3]
}

#[test]
fn a_controller_presses_and_points_and_touches_with_its_front() {
    let mut hands = Hands::default();
    let seen = run(&mut hands, &[controller(0.0), controller(1.0), controller(0.0)]);
    assert!(is_quiet(&seen[0]) && seen[1].select.is_pressed && seen[2].select.is_released);
    assert_eq!(seen[1].tip, Some(Vec3::new(0.2, 1.2, -0.4)));
    assert_eq!((seen[1].kind, seen[1].joints), (HandKind::Controller, None));
}

#[test]
fn a_bare_hand_pinches_grabs_and_touches() {
    let mut hands = Hands::default();
    let frames = [FLAT, PINCH, PINCH, FLAT, FIST, FLAT, POINTING].map(bare);
    let seen = run(&mut hands, &frames);
    assert!(seen[1].select.is_pressed && !seen[1].grab.is_down, "a pinch is no fist");
    assert!(seen[2].select.is_down && seen[3].select.is_released);
    assert!(seen[4].grab.is_pressed && !seen[4].select.is_down, "a fist is no pinch");
    assert!(seen[5].grab.is_released && is_quiet(&seen[6]), "pointing presses nothing");
    let joints = frames[6].joints.unwrap();
    assert_eq!((seen[6].tip, seen[6].aim), (Some(joints.tip()), joints.aim()));
    assert_eq!(seen[6].palm, Some(joints.palm(1)));
}

#[test]
fn what_the_runtime_says_of_a_bare_hand_counts_more_than_its_joints() {
    let mut hands = Hands::default();
    let aim = Pose { position: Vec3::new(0.1, 1.3, -0.2), ..Pose::IDENTITY };
    let said = |level: f32| RawHand { select: Some(level), aim: Some(aim), ..bare(PINCH) };
    let seen = run(&mut hands, &[said(0.0), said(0.2), said(0.9)]);
    assert!(is_quiet(&seen[1]) && seen[2].select.is_pressed && seen[2].aim == Some(aim));
}

/// The system's gesture, palm to the face and a pinch, triggers nothing (VRC.Quest.Input.8).
#[test]
fn the_systems_gesture_triggers_nothing() {
    // Fingers down: the palm looks back at the face.
    let turn = Quat::from_rotation_x(-std::f32::consts::FRAC_PI_2);
    let palm = Pose { position: Vec3::new(0.0, 1.5, -0.4), orientation: turn };
    let facing =
        |bend| RawHand { kind: HandKind::Bare, joints: Some(hand(palm, 1, bend)), ..RawHand::default() };
    assert!(faces(facing(FLAT).joints.as_ref(), Some(HEAD)));
    let mut hands = Hands::default();
    let seen = run(&mut hands, &[facing(FLAT), facing(PINCH), facing(PINCH), bare(PINCH), bare(FLAT)]);
    assert!(seen.iter().all(is_quiet), "nor does it when the hand turns away while it pinches");
    // What was pinched before stays pinched when the palm turns to the face.
    let seen = run(&mut hands, &[bare(PINCH), facing(PINCH), facing(FLAT)]);
    assert!(seen[0].select.is_pressed && seen[1].select.is_down && seen[2].select.is_released);
    // Where the runtime says it, at once.
    let said = RawHand { is_systems: true, ..bare(PINCH) };
    let seen = run(&mut hands, &[bare(PINCH), said, bare(PINCH), bare(FLAT), bare(PINCH)]);
    assert!(seen[0].select.is_pressed && is_quiet(&seen[1]) && is_quiet(&seen[2]) && is_quiet(&seen[3]));
    assert!(seen[4].select.is_pressed);
}

#[test]
fn changing_between_hands_and_controllers_cancels_and_asks_for_a_new_press() {
    let mut hands = Hands::default();
    let frames =
        [controller(0.0), controller(1.0), bare(PINCH), bare(PINCH), controller(1.0), controller(0.0)];
    let seen = run(&mut hands, &frames);
    assert!(seen[1].select.is_pressed);
    assert!(seen[2..].iter().all(is_quiet), "{seen:#?}");
    let kinds: Vec<_> = seen.iter().map(|hand| hand.kind).collect();
    assert_eq!(kinds[1..4], [HandKind::Controller, HandKind::Bare, HandKind::Bare]);
    assert!(run(&mut hands, &[controller(1.0)])[0].select.is_pressed);
}

#[test]
fn a_moment_without_tracking_drops_nothing_and_a_longer_one_lets_go_of_all() {
    let mut hands = Hands::default();
    let gone = RawHand::default();
    let moment = [controller(0.0), controller(1.0), gone, gone, controller(1.0), controller(0.0)];
    let seen = run(&mut hands, &moment);
    assert!(seen[2].select.is_down && seen[3].select.is_down && seen[4].select.is_down);
    assert!(seen[5].select.is_released);
    run(&mut hands, &[controller(1.0)]);
    let long: Vec<RawHand> = (0..20).map(|_| gone).chain([controller(1.0), controller(0.0)]).collect();
    let seen = run(&mut hands, &long);
    assert!(seen[15..].iter().all(is_quiet) && seen.iter().all(|hand| !hand.select.is_released));
    assert_eq!((seen[15].kind, seen[15].palm), (HandKind::Absent, None));
    let held = (GRACE_SECONDS / FRAME) as usize;
    assert!(seen[held - 1].select.is_down && !seen[held].select.is_down);
}

#[test]
fn without_focus_there_are_no_hands() {
    let mut hands = Hands::default();
    run(&mut hands, &[controller(0.0), controller(1.0)]);
    let unfocused = hands.step(&[controller(1.0); 2], Some(HEAD), false, FRAME);
    assert_eq!(unfocused, [Hand::default(); 2]);
    let seen = run(&mut hands, &[controller(1.0), controller(0.0), controller(1.0)]);
    assert!(is_quiet(&seen[0]) && is_quiet(&seen[1]) && seen[2].select.is_pressed);
}

#[test]
fn garbage_is_nowhere() {
    let nowhere = Pose { position: Vec3::NAN, ..Pose::IDENTITY };
    let far = Pose { position: Vec3::splat(1e9), ..Pose::IDENTITY };
    let no_turn = Pose { orientation: Quat::from_xyzw(0.0, 0.0, 0.0, 0.0), ..Pose::IDENTITY };
    for broken in [nowhere, far, no_turn] {
        let raw = RawHand { palm: Some(broken), ..controller(1.0) };
        assert_eq!(run(&mut Hands::default(), &[raw])[0], Hand::default());
        let raw = RawHand { aim: Some(broken), poke: Some(broken.position), ..controller(1.0) };
        let seen = run(&mut Hands::default(), &[raw])[0];
        assert!(seen.palm.is_some() && seen.aim.is_none());
        assert!(seen.tip.is_none_or(|tip| tip == Vec3::ZERO));
    }
    let raw = RawHand { stick: Vec2::new(f32::NAN, 1.0), select: Some(f32::NAN), ..controller(0.0) };
    let seen = run(&mut Hands::default(), &[controller(0.0), raw])[1];
    assert!(is_quiet(&seen) && seen.stick == Vec2::ZERO);
}

#[test]
fn a_stick_at_rest_is_at_rest_and_at_its_rim_it_is_one() {
    assert_eq!(beyond_rest(Vec2::new(0.1, 0.1)), Vec2::ZERO);
    assert!((beyond_rest(Vec2::new(-1.0, 0.0)) - Vec2::NEG_X).length() < 1e-6);
    assert!((beyond_rest(Vec2::ONE).length() - 1.0).abs() < 1e-6, "a square gate's corner");
    assert!(beyond_rest(Vec2::X * 0.2).x < 0.1);
}

fn any_level() -> impl Strategy<Value = Option<f32>> {
    prop_oneof![
        6 => (0.0_f32..1.0).prop_map(Some),
        4 => prop_oneof![Just(0.0_f32), Just(1.0)].prop_map(Some),
        1 => Just(Some(f32::NAN)),
        1 => Just(None),
    ]
}

fn any_raw() -> impl Strategy<Value = (RawHand, bool, f32)> {
    let kind = prop_oneof![
        1 => Just(HandKind::Absent),
        4 => Just(HandKind::Controller),
        4 => Just(HandKind::Bare),
    ];
    let place = prop_oneof![8 => Just(0.2_f32), 1 => Just(f32::NAN), 1 => Just(f32::INFINITY)];
    let bend = prop_oneof![Just(FLAT), Just(PINCH), Just(FIST), Just(POINTING)];
    let levels = (any_level(), any_level(), proptest::bool::ANY, proptest::bool::weighted(0.1));
    let rest = (bend, proptest::bool::ANY, proptest::bool::weighted(0.95), 0.0_f32..0.1);
    (kind, place, levels, rest).prop_map(|(kind, x, (select, grab, menu, is_systems), rest)| {
        let (bend, has_joints, is_focused, delta_seconds) = rest;
        let palm = Pose { position: Vec3::new(x, 1.2, -0.4), ..Pose::IDENTITY };
        let joints = has_joints.then(|| bare(bend).joints).flatten();
        let raw =
            RawHand { kind, palm: Some(palm), select, grab, menu, joints, is_systems, ..RawHand::default() };
        (raw, is_focused, delta_seconds)
    })
}

/// What presses and releases of one button may follow each other.
#[derive(Default)]
struct Judge {
    is_down: bool,
}

impl Judge {
    fn see(&mut self, button: Button) -> Result<(), TestCaseError> {
        let Button { is_down, is_pressed, is_released } = button;
        prop_assert!(!(is_pressed && is_released));
        prop_assert!(!is_pressed || (is_down && !self.is_down), "a press follows being up");
        prop_assert!(!is_released || (!is_down && self.is_down), "a release follows being down");
        // Down without a press goes on being down; up without a release is a cancelled press.
        prop_assert!(!is_down || is_pressed || self.is_down, "nothing is down that was not pressed");
        self.is_down = is_down;
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the devices say: presses and releases alternate, each press was up before under the same
    /// kind of hand, and nobody is anywhere that is nowhere.
    #[test]
    fn presses_and_releases_alternate(frames in proptest::collection::vec((any_raw(), any_raw()), 1..60)) {
        let mut hands = Hands::default();
        let mut judges: [[Judge; 3]; 2] = Default::default();
        let mut was_up = [[false; 3]; 2];
        let mut kinds = [HandKind::Absent; 2];
        for ((left, is_focused, delta_seconds), (right, ..)) in frames {
            let raw = [left, right];
            let seen = hands.step(&raw, Some(HEAD), is_focused, delta_seconds);
            for side in 0..2 {
                let hand = seen[side];
                let buttons = [hand.select, hand.grab, hand.menu];
                if hand.kind != kinds[side] {
                    prop_assert!(is_quiet(&hand), "a change of kind is no press and no release");
                    was_up[side] = [false; 3];
                }
                kinds[side] = hand.kind;
                for (slot, button) in buttons.into_iter().enumerate() {
                    prop_assert!(!button.is_pressed || was_up[side][slot], "up first");
                    judges[side][slot].see(button)?;
                    was_up[side][slot] |= hand.kind != HandKind::Absent && !button.is_down;
                }
                prop_assert_eq!(hand.kind == HandKind::Absent, hand.palm.is_none());
                prop_assert!(hand.palm.is_none_or(|palm| palm.checked().is_some()));
                prop_assert!(hand.tip.is_none_or(Vec3::is_finite));
                prop_assert!(hand.stick.length() <= 1.0 + 1e-6);
                prop_assert!(is_focused || hand == Hand::default());
            }
        }
    }
}
