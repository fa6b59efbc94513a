#![allow(clippy::unwrap_used)]

use std::f32::consts::FRAC_PI_2;

use glam::Quat;
use proptest::prelude::*;

use super::*;
use crate::rig::HandKind;

const MENU: SurfaceId = SurfaceId(7);
const FAR: SurfaceId = SurfaceId(8);

/// 40 × 30 cm at the origin, read from +Z.
fn menu() -> Surface {
    Surface { id: MENU, pose: Pose::IDENTITY, size_metres: Vec2::new(0.4, 0.3) }
}

fn aiming(position: Vec3, yaw_radians: f32, pitch_radians: f32) -> Hand {
    let aim = Some(Pose::standing(position, yaw_radians, pitch_radians));
    Hand { kind: HandKind::Controller, aim, ..Hand::default() }
}

fn touching(x: f32, y: f32, z: f32) -> Hand {
    Hand { kind: HandKind::Bare, tip: Some(Vec3::new(x, y, z)), ..Hand::default() }
}

fn button(text: &str) -> Button {
    Button { is_down: text.contains('d'), is_pressed: text.contains('p'), is_released: text.contains('r') }
}

/// Frames of the right hand; what happens to the menu.
fn play(frames: impl IntoIterator<Item = Hand>) -> Vec<EventKind> {
    let mut pointer = Pointer::default();
    let mut all = Vec::new();
    for right in frames {
        all.extend(pointer.step(&[Hand::default(), right], &[menu()]).events.iter().map(|event| event.kind));
    }
    all
}

fn presses(kinds: &[EventKind]) -> Vec<EventKind> {
    let is_move = |kind: &EventKind| matches!(kind, EventKind::Move(_) | EventKind::Leave);
    kinds.iter().copied().filter(|kind| !is_move(kind)).collect()
}

fn assert_at(kind: EventKind, x: f32, y: f32) {
    let (EventKind::Move(at) | EventKind::Press(at) | EventKind::Release(at)) = kind else {
        panic!("{kind:?} is nowhere")
    };
    assert!(at.abs_diff_eq(Vec2::new(x, y), 1e-5), "{at} is not ({x}, {y})");
}

/// On paper: from 1 m before the middle, an angle a to the left meets the plane tan a metres to the left.
#[test]
fn rays_meet_the_front_where_trigonometry_says() {
    let ahead = Vec3::new(0.0, 0.0, 1.0);
    let table = [
        (ahead, 0.0, 0.0, Some((0.2, 0.15, 1.0))),
        (ahead, 0.15, 0.0, Some((0.2 - 0.15_f32.tan(), 0.15, 1.0 / 0.15_f32.cos()))),
        (ahead, 0.0, 0.1, Some((0.2, 0.15 - 0.1_f32.tan(), 1.0 / 0.1_f32.cos()))),
        (Vec3::new(0.1, -0.05, 2.0), 0.0, 0.0, Some((0.3, 0.2, 2.0))),
        // Beside it, along it, away from it, and from behind.
        (ahead, 0.25, 0.0, None),
        (ahead, FRAC_PI_2, 0.0, None),
        (ahead, 3.0, 0.0, None),
        (Vec3::new(0.0, 0.0, -1.0), std::f32::consts::PI, 0.0, None),
        // Too far.
        (Vec3::new(0.0, 0.0, 6.0), 0.0, 0.0, None),
    ];
    for (position, yaw, pitch, expected) in table {
        let hand = aiming(position, yaw, pitch);
        let met = menu().meet(hand.aim.unwrap()).filter(|hit| hit.distance_metres < 5.0);
        let on_it = met.filter(|hit| menu().contains(hit.at, 0.0));
        assert_eq!(on_it.is_some(), expected.is_some(), "{position} {yaw} {pitch}: {met:?}");
        if let (Some(hit), Some((x, y, distance))) = (on_it, expected) {
            assert!(hit.at.abs_diff_eq(Vec2::new(x, y), 1e-5), "{hit:?}");
            assert!((hit.distance_metres - distance).abs() < 1e-5, "{hit:?}");
            let back = menu().point(hit.at);
            assert!(back.z.abs() < 1e-6 && (back - position).length() - distance < 1e-5);
        }
        assert_eq!(!play([hand]).is_empty(), expected.is_some());
    }
}

/// The same in a surface that stands somewhere and is turned.
#[test]
fn a_turned_surface_is_met_alike() {
    let pose = Pose::standing(Vec3::new(3.0, 1.2, -4.0), 0.8, -0.4);
    let surface = Surface { pose, ..menu() };
    let from = pose.position + pose.orientation * Vec3::new(0.05, 0.02, 0.7);
    let aim = Pose { position: from, orientation: pose.orientation };
    let hit = surface.meet(aim).unwrap();
    assert!(hit.at.abs_diff_eq(Vec2::new(0.25, 0.13), 1e-5) && (hit.distance_metres - 0.7).abs() < 1e-5);
}

#[test]
fn the_nearest_surface_wins() {
    let behind = Surface { id: FAR, pose: Pose { position: Vec3::Z * -0.5, ..Pose::IDENTITY }, ..menu() };
    let hands = [Hand::default(), aiming(Vec3::Z, 0.0, 0.0)];
    for surfaces in [[menu(), behind], [behind, menu()]] {
        let mut pointer = Pointer::default();
        assert_eq!(pointer.step(&hands, &surfaces).events[0].surface, MENU);
    }
    // A tip before the far one beats the ray at the near one.
    let mut both = aiming(Vec3::Z, 0.0, 0.0);
    both.tip = Some(Vec3::new(0.0, 0.0, -0.46));
    let mut pointer = Pointer::default();
    assert_eq!(pointer.step(&[Hand::default(), both], &[menu(), behind]).events[0].surface, FAR);
}

#[test]
fn a_select_presses_stays_put_under_a_twitch_and_lets_go() {
    let hand = |yaw: f32, select: &str| Hand {
        select: button(select),
        ..aiming(Vec3::new(0.0, 0.0, 0.6), yaw, 0.0)
    };
    // 0.015 rad is a twitch; at the moment of a press it must not move the press.
    let kinds = play([hand(0.0, ""), hand(0.0, "dp"), hand(0.015, "d"), hand(0.015, "r"), hand(0.0, "")]);
    let [EventKind::Move(_), EventKind::Move(_), press, release, EventKind::Move(_)] = kinds[..] else {
        panic!("{kinds:?}")
    };
    assert!(matches!(press, EventKind::Press(_)) && matches!(release, EventKind::Release(_)));
    assert_at(press, 0.2, 0.15);
    assert_at(release, 0.2, 0.15);
    // More is a drag, which goes where the hand goes.
    let drag = play([hand(0.0, "dp"), hand(0.1, "d"), hand(0.1, "r")]);
    assert_at(*drag.last().unwrap(), 0.2 - 0.6 * 0.1_f32.tan(), 0.15);
    assert!(matches!(drag[..], [_, EventKind::Press(_), EventKind::Move(_), EventKind::Release(_)]));
    // Beside the surface nothing is let go.
    assert_eq!(presses(&play([hand(0.0, "dp"), hand(0.5, "d"), hand(0.5, "r")]))[1..], [EventKind::Cancel]);
    // Both within a frame, as a mouse can.
    assert!(matches!(
        presses(&play([hand(0.0, "pr"), hand(0.0, "")]))[..],
        [EventKind::Press(_), EventKind::Release(_)]
    ));
}

#[test]
fn a_press_that_is_taken_away_is_none() {
    let aim = |select: &str| Hand { select: button(select), ..aiming(Vec3::Z, 0.0, 0.0) };
    for end in [aim(""), Hand::default(), Hand { aim: None, ..aim("d") }] {
        let kinds = presses(&play([aim("dp"), aim("d"), end, aim("")]));
        assert!(matches!(kinds[..], [EventKind::Press(_), EventKind::Cancel]), "{kinds:?}");
    }
    let mut pointer = Pointer::default();
    let mut step =
        |hand, surfaces: &[Surface]| pointer.step(&[Hand::default(), hand], surfaces).events.to_vec();
    step(aim("dp"), &[menu()]);
    assert_eq!(step(aim("d"), &[])[0].kind, EventKind::Cancel, "the surface is gone");
    assert!(presses(&step(aim("r"), &[menu()]).iter().map(|e| e.kind).collect::<Vec<_>>()).is_empty());
}

/// Through the front from before it, out again by more than a tremble.
#[test]
fn a_tip_presses_by_going_through_the_front() {
    let depth = |z: &[f32]| presses(&play(z.iter().map(|&z| touching(0.1, 0.05, z))));
    let whole = depth(&[0.09, 0.02, -0.01, -0.02, 0.005, 0.009, 0.05]);
    let [EventKind::Press(at), EventKind::Release(out)] = whole[..] else { panic!("{whole:?}") };
    assert!(at.abs_diff_eq(Vec2::new(0.3, 0.1), 1e-5) && out == at);
    // Trembling at the front is one press.
    assert_eq!(depth(&[0.01, -0.001, 0.001, -0.001, 0.007, -0.001]).len(), 1);
    // From behind, and through to the other side.
    assert_eq!(depth(&[-0.05, -0.01, 0.02]), []);
    assert_eq!(depth(&[0.05, -0.05, -0.15, -0.02, 0.05])[1..], [EventKind::Cancel]);
    // Fast: from outside of where it is said to be near, through the front, in one frame.
    assert_eq!(depth(&[0.25, -0.03, 0.02]).len(), 2);
    // A finger that appears behind the front, or whose hand was lost meanwhile.
    let lost = [touching(0.0, 0.0, 0.03), Hand::default(), touching(0.0, 0.0, -0.03)];
    assert_eq!(presses(&play(lost)), []);
    // Beside it.
    assert_eq!(presses(&play([touching(0.21, 0.0, 0.03), touching(0.21, 0.0, -0.03)])), []);
    // Where it goes through counts, not where it is then: 6 cm sideways in the same frame.
    let slanted = play([touching(0.10, 0.0, 0.03), touching(0.16, 0.0, -0.03)]);
    assert_at(presses(&slanted)[0], 0.33, 0.15);
}

#[test]
fn one_hand_drives_and_the_one_that_presses_takes_over() {
    let aim =
        |x: f32, select: &str| Hand { select: button(select), ..aiming(Vec3::new(x, 0.0, 1.0), 0.0, 0.0) };
    let mut pointer = Pointer::default();
    let mut step = |left, right| {
        let pointed = pointer.step(&[left, right], &[menu()]);
        (pointed.beam.unwrap().hand, pointed.events.to_vec(), pointed.takes_select)
    };
    assert_eq!(step(aim(-0.1, ""), aim(0.1, "")).0, 1, "the right one, while nobody has pressed");
    let (hand, events, takes) = step(aim(-0.1, "dp"), aim(0.1, ""));
    assert_eq!((hand, takes), (0, [true; 2]));
    assert_at(events.last().unwrap().kind, 0.1, 0.15);
    // The other's press meanwhile is nobody's.
    let (hand, events, takes) = step(aim(-0.1, "d"), aim(0.1, "dp"));
    assert_eq!((hand, events, takes), (0, vec![], [true; 2]));
    let (_, events, _) = step(aim(-0.1, "r"), aim(0.1, "r"));
    assert_eq!(events.len(), 1);
    assert_eq!(step(aim(-0.1, ""), aim(0.1, "")).0, 0, "the left one stays");
    assert_eq!(step(aim(-0.9, ""), aim(0.1, "")).0, 1, "until it points elsewhere");
}

/// Who aims a jump and sweeps over a panel goes on aiming, and who pressed a panel does not begin to.
#[test]
fn a_held_select_belongs_to_where_it_began() {
    let aim = |yaw: f32, select: &str| Hand { select: button(select), ..aiming(Vec3::Z, yaw, 0.0) };
    let mut pointer = Pointer::default();
    let mut step = |hand| {
        let pointed = pointer.step(&[Hand::default(), hand], &[menu()]);
        (pointed.takes_select[1], pointed.events.len())
    };
    assert_eq!(step(aim(1.0, "dp")), (false, 0));
    assert_eq!(step(aim(0.0, "d")), (false, 0));
    assert_eq!(step(aim(0.0, "r")), (false, 0));
    assert_eq!(step(aim(0.0, "")), (true, 1));
    assert_eq!(step(aim(0.0, "dp")), (true, 2));
    assert_eq!(step(aim(1.0, "d")), (true, 1));
    assert_eq!(step(aim(1.0, "r")), (true, 1));
    assert_eq!(step(aim(1.0, "")), (false, 1));
    let mut hands = [aim(0.0, "dp"), aim(0.0, "dp")];
    keep_selects(&mut hands, [false, true]);
    assert_eq!(hands.map(|hand| hand.select.is_down), [true, false]);
}

#[test]
fn what_is_no_number_points_at_nothing() {
    let broken = Hand {
        aim: Some(Pose { position: Vec3::NAN, orientation: Quat::IDENTITY }),
        tip: Some(Vec3::splat(f32::INFINITY)),
        select: button("dp"),
        ..Hand::default()
    };
    let turned = Hand {
        aim: Some(Pose { position: Vec3::Z, orientation: Quat::from_xyzw(f32::NAN, 0.0, 0.0, 0.0) }),
        ..broken
    };
    assert_eq!(play([broken, turned]), []);
}

/// A hand that does anything, near enough to the menu that something happens.
fn any_hand() -> impl Strategy<Value = (Vec3, f32, f32, Option<f32>, bool, bool)> {
    let place = (-0.3_f32..0.3, -0.25_f32..0.25, 0.05_f32..1.0).prop_map(Vec3::from);
    (
        place,
        -0.3_f32..0.3,
        -0.3_f32..0.3,
        prop::option::of(-0.15_f32..0.12),
        prop::bool::ANY,
        prop::bool::weighted(0.1),
    )
}

/// Where a hand is, how it is turned, how far its tip is from the panel, whether it presses, whether it is lost.
type AnyHand = (Vec3, f32, f32, Option<f32>, bool, bool);

fn any_frame() -> impl Strategy<Value = ([AnyHand; 2], bool)> {
    ([any_hand(), any_hand()], prop::bool::weighted(0.9))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever hands do: presses alternate with their ends, an end is on the surface of its press, and
    /// nothing is let go that nobody let go.
    #[test]
    fn every_press_ends_once_and_where_it_began(frames in prop::collection::vec(any_frame(), 1..80)) {
        let other = Surface {
            id: FAR,
            pose: Pose::standing(Vec3::new(0.3, 0.0, -0.2), -0.3, 0.0),
            ..menu()
        };
        let mut pointer = Pointer::default();
        let mut pressed: Option<SurfaceId> = None;
        let mut was_down = [false; 2];
        for (hands, has_menu) in frames {
            let mut now = [Hand::default(); 2];
            let mut can_release = false;
            for (index, (place, yaw, pitch, tip, is_down, is_lost)) in hands.into_iter().enumerate() {
                let was = std::mem::replace(&mut was_down[index], is_down && !is_lost);
                if is_lost {
                    continue;
                }
                let select = Button { is_down, is_pressed: is_down && !was, is_released: !is_down && was };
                let tip = tip.map(|z| place.with_z(z));
                can_release |= select.is_released || tip.is_some();
                now[index] = Hand { select, tip, ..aiming(place, yaw, pitch) };
            }
            let surfaces = if has_menu { vec![other, menu()] } else { vec![other] };
            let pointed = pointer.step(&now, &surfaces);
            prop_assert!(pointed.events.len() <= EVENTS_MAX);
            for event in pointed.events {
                match event.kind {
                    EventKind::Press(at) => {
                        prop_assert_eq!(pressed.replace(event.surface), None);
                        prop_assert!(surfaces.iter().any(|s| s.id == event.surface && s.contains(at, 1e-4)));
                    }
                    EventKind::Release(at) => {
                        prop_assert_eq!(pressed.take(), Some(event.surface));
                        prop_assert!(can_release, "nobody let go");
                        prop_assert!(surfaces.iter().any(|s| s.id == event.surface && s.contains(at, 1e-4)));
                    }
                    EventKind::Cancel => prop_assert_eq!(pressed.take(), Some(event.surface)),
                    EventKind::Move(at) => prop_assert!(at.is_finite()),
                    EventKind::Leave => {}
                }
            }
            if let Some(beam) = pointed.beam {
                prop_assert!(beam.to.is_finite());
            }
        }
    }
}
