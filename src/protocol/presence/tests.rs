#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::f32::consts::FRAC_1_SQRT_2;

use glam::{Quat, Vec3};
use proptest::prelude::*;

use super::super::Name;
use super::super::name::{NAME_BYTES_MAX, NAME_CHARS_MAX};
use super::super::pose::REACH_METRES;
use super::*;
use crate::scene::limits::WORLD_RADIUS_METRES;

fn orientation() -> impl Strategy<Value = Quat> {
    let component = -1.0_f32..=1.0;
    let any = (component.clone(), component.clone(), component.clone(), component)
        .prop_map(|(x, y, z, w)| Quat::from_xyzw(x, y, z, w))
        .prop_filter("a direction", |q| q.length() > 1e-3)
        .prop_map(Quat::normalize);
    // Where which component is the largest is a matter of rounding.
    let edge = prop_oneof![
        Just(Quat::from_xyzw(0.5, 0.5, -0.5, 0.5)),
        Just(Quat::from_xyzw(0.0, 0.0, 0.0, -1.0)),
        Just(Quat::from_xyzw(0.0, -FRAC_1_SQRT_2, 0.0, FRAC_1_SQRT_2)),
        Just(Quat::from_xyzw(0.577_350_3, 0.577_350_3, 0.0, 0.577_350_3)),
    ];
    prop_oneof![4 => any, 1 => edge]
}

fn place(most: f32) -> impl Strategy<Value = Vec3> {
    let axis = -most..=most;
    (axis.clone(), axis.clone(), axis).prop_map(|(x, y, z)| Vec3::new(x, y, z))
}

fn pose(most: f32) -> impl Strategy<Value = Pose> {
    (place(most), orientation()).prop_map(|(position, orientation)| Pose { position, orientation })
}

fn sample(most: f32) -> impl Strategy<Value = Sample> {
    let hand = || prop::option::of(pose(REACH_METRES * 0.999));
    (any::<u16>(), any::<u32>(), pose(most), [hand(), hand()]).prop_map(
        |(sequence, time_millis, head, offsets)| {
            let hand = |offset: Option<Pose>| {
                offset.map(|offset| Pose { position: head.position + offset.position, ..offset })
            };
            Sample { sequence, time_millis, body: Body { head, hands: offsets.map(hand) } }
        },
    )
}

/// In double precision, because an `f32` dot product near one knows no small angles.
fn angle_degrees(a: Quat, b: Quat) -> f64 {
    let [a, b] = [a, b].map(|q| q.to_array().map(f64::from));
    let length = |q: [f64; 4]| q.iter().map(|x| x * x).sum::<f64>().sqrt();
    let (la, lb) = (length(a), length(b));
    let sign = if a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() < 0.0 { -1.0 } else { 1.0 };
    let chord: f64 = a.iter().zip(b).map(|(a, b)| (a / la - sign * b / lb).powi(2)).sum();
    (chord.sqrt() * 0.5).asin().to_degrees() * 4.0
}

fn assert_near(a: Pose, b: Pose, metres: f32) {
    let off = (a.position.as_dvec3() - b.position.as_dvec3()).length();
    assert!(off <= f64::from(metres), "{off} m between {a:?} and {b:?}");
    let off = angle_degrees(a.orientation, b.orientation);
    assert!(off <= 0.05, "{off}° between {a:?} and {b:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_body_arrives_within_a_millimetre_and_a_twentieth_of_a_degree(sample in sample(4096.0)) {
        let bytes = encode_here(&sample).unwrap();
        prop_assert!(bytes.len() <= KIND_BYTES + SAMPLE_BYTES_MAX);
        let (packed, read) = decode_here(&bytes).unwrap().unwrap();
        prop_assert_eq!((read.sequence, read.time_millis), (sample.sequence, sample.time_millis));
        assert_near(read.body.head, sample.body.head, 0.001);
        for (read, sent) in read.body.hands.iter().zip(sample.body.hands) {
            prop_assert_eq!(read.is_some(), sent.is_some());
            if let (Some(read), Some(sent)) = (read, sent) {
                assert_near(*read, sent, 0.001);
            }
        }
        // What the host passes on is what came, to the bit.
        let mut others = Others::new(1200);
        prop_assert!(others.push(VisitorId(5), &packed));
        let others = decode_others(&others.finish().unwrap()).unwrap().unwrap();
        prop_assert_eq!(others, vec![(VisitorId(5), read)]);
    }

    #[test]
    fn the_whole_world_can_be_said(sample in sample(WORLD_RADIUS_METRES)) {
        let (_, read) = decode_here(&encode_here(&sample).unwrap()).unwrap().unwrap();
        // Half a step of the wire and half of an `f32` at 32 km, on each axis.
        assert_near(read.body.head, sample.body.head, 0.0045);
    }

    #[test]
    fn any_bytes_are_a_sound_body_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        for kind in [HERE, OTHERS] {
            let datagram = [&kind.to_le_bytes(), bytes.as_slice()].concat();
            let here = decode_here(&datagram).ok().flatten().map(|(_, sample)| sample);
            let others = decode_others(&datagram).ok().flatten().unwrap_or_default();
            here.into_iter().chain(others.into_iter().map(|(_, sample)| sample)).for_each(assert_sound);
        }
    }

    #[test]
    fn names_are_clean_whatever_comes_in(text in any::<String>(), more in "[a\u{300}-\u{36f}\u{200b}-\u{202e} ]{0,80}") {
        for text in [text, more] {
            let name = Name::new(&text);
            let name = name.as_str();
            prop_assert!((1..=NAME_CHARS_MAX).contains(&name.chars().count()));
            prop_assert!(name.len() <= NAME_BYTES_MAX);
            prop_assert_eq!(name.trim(), name);
            let is_bad = |c: char| c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c)
                || ('\u{2028}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
            prop_assert!(!name.contains(is_bad));
            let again = Name::new(name);
            prop_assert_eq!(again.as_str(), name);
        }
    }
}

fn assert_sound(sample: Sample) {
    let Body { head, hands } = sample.body;
    for pose in [Some(head), hands[0], hands[1]].into_iter().flatten() {
        assert!(pose.position.is_finite() && pose.orientation.is_normalized(), "{sample:?}");
        assert!((pose.position - head.position).abs().max_element() <= REACH_METRES + 0.01, "{sample:?}");
        assert!(pose.position.abs().max_element() <= WORLD_RADIUS_METRES + REACH_METRES, "{sample:?}");
    }
}

pub(crate) fn waving() -> Sample {
    let head = Pose::standing(Vec3::new(1.0, 1.6, -3.0), 0.4, 0.1);
    let hand = |x: f32| Some(Pose { position: Vec3::new(x, -0.4, -0.3), ..Pose::IDENTITY }.in_parent(head));
    Sample { sequence: 7, time_millis: 1234, body: Body { head, hands: [hand(-0.3), hand(0.3)] } }
}

#[test]
fn what_is_no_pose_is_not_sent() {
    let with_head = |head: Pose| Sample { body: Body { head, ..waving().body }, ..waving() };
    let at = |position: Vec3| Pose { position, ..Pose::IDENTITY };
    let turned = |orientation: Quat| Pose { orientation, ..Pose::IDENTITY };
    let none = [
        at(Vec3::new(f32::NAN, 0.0, 0.0)),
        at(Vec3::new(0.0, f32::INFINITY, 0.0)),
        at(Vec3::new(0.0, 0.0, 1e30)),
        at(Vec3::new(WORLD_RADIUS_METRES * 1.01, 0.0, 0.0)),
        turned(Quat::from_xyzw(0.0, f32::NAN, 0.0, 1.0)),
        turned(Quat::from_xyzw(0.0, 0.0, 0.0, 0.0)),
        turned(Quat::from_xyzw(1e-40, 0.0, 0.0, 1e-40)),
        turned(Quat::from_xyzw(1e30, 1e30, 0.0, 1e30)),
    ];
    for head in none {
        assert_eq!(encode_here(&with_head(head)), None, "{head:?}");
    }
    let mut far = waving();
    far.body.hands[1] = Some(at(far.body.head.position + Vec3::X * 9.0));
    let (_, read) = decode_here(&encode_here(&far).unwrap()).unwrap().unwrap();
    assert!(read.body.hands[0].is_some() && read.body.hands[1].is_none(), "only the far hand is left out");
}

#[test]
fn what_nobody_packed_is_refused() {
    let whole = encode_here(&waving()).unwrap();
    assert_eq!(whole.len(), KIND_BYTES + SAMPLE_BYTES_MAX);
    for length in 0..whole.len() {
        assert!(decode_here(&whole[..length]).is_err(), "cut at {length}");
    }
    assert!(decode_here(&[whole.as_slice(), &[0]].concat()).is_err(), "a byte too many");
    assert!(decode_here(&vec![1; DATAGRAM_BYTES_MAX + 1]).is_err());
    // Bits that are to be zero, at the end of the head and of the hands.
    for (byte, bit) in [(23, 7), (23, 4), (34, 7), (45, 6)] {
        let mut changed = whole.clone();
        changed[byte] |= 1 << bit;
        assert!(decode_here(&changed).is_err(), "bit {bit} of byte {byte}");
    }
    // A quaternion of all ones would be longer than one; a place of all ones is outside the world.
    for range in [18..23, 8..18] {
        let mut changed = whole.clone();
        changed[range].fill(0xff);
        assert!(decode_here(&changed).is_err());
    }
    let (packed, _) = decode_here(&whole).unwrap().unwrap();
    let mut others = Others::new(1162);
    let count = (0..100).take_while(|n| others.push(VisitorId(*n), &packed)).count();
    assert_eq!((count, others.capacity()), (24, 24));
    let others = others.finish().unwrap();
    assert!(others.len() <= 1162);
    assert_eq!(decode_others(&others).unwrap().unwrap().len(), 24);
    assert!(decode_others(&others[..others.len() - 1]).is_err());
    // Each side skips what is the other's.
    assert_eq!(decode_here(&others).unwrap(), None);
    assert_eq!(decode_others(&whole).unwrap(), None);
    assert_eq!(Others::new(1200).finish(), None);
}

#[test]
fn two_hundred_thousand_mutations_are_sound_or_refused() {
    let whole = encode_here(&waving()).unwrap();
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let (mut sound, mut refused) = (0, 0);
    for _ in 0..200_000 {
        let mut bytes = whole.clone();
        for _ in 0..1 + next(3) {
            let index = next(bytes.len());
            match next(8) {
                0 => bytes.truncate(index.max(1)),
                1 => bytes.insert(index, next(256) as u8),
                2 | 3 => bytes[index] = next(256) as u8,
                _ => bytes[index] ^= 1 << next(8),
            }
        }
        match decode_here(&bytes) {
            Ok(Some((packed, sample))) => {
                assert_sound(sample);
                assert_eq!(packed.bytes(), &bytes[KIND_BYTES..]);
                sound += 1;
            }
            Ok(None) | Err(_) => refused += 1,
        }
    }
    assert!(sound > 20_000 && refused > 20_000, "{sound} sound, {refused} refused");
}

#[test]
fn only_news_is_fresh_also_where_the_numbers_wrap() {
    let at = |sequence: u16, time_millis: u32| Sample { sequence, time_millis, ..waving() };
    let now = Duration::from_millis;
    let mut freshness = Freshness::default();
    assert_eq!(freshness.admit(&at(65_534, u32::MAX - 70), now(1000)), Ok(()));
    assert_eq!(freshness.admit(&at(65_534, u32::MAX - 20), now(1050)), Err(Stale::Overtaken), "replayed");
    assert_eq!(freshness.admit(&at(0, 30), now(1100)), Ok(()), "one was lost");
    assert_eq!(freshness.admit(&at(65_535, u32::MAX - 20), now(1101)), Err(Stale::Overtaken));
    assert_eq!(freshness.admit(&at(1, 30), now(1150)), Err(Stale::Backwards));
    assert_eq!(freshness.admit(&at(1, 20), now(1150)), Err(Stale::Backwards));
    assert_eq!(freshness.admit(&at(2, 3_000_000_000), now(1150)), Err(Stale::Backwards));
    assert_eq!(freshness.admit(&at(2, 30 + 2_051), now(1150)), Err(Stale::Future));
    assert_eq!(freshness.admit(&at(2, 30 + 2_050), now(1150)), Ok(()), "held back by the network");
    assert_eq!(freshness.admit(&at(32_769, 5_000), now(9_000)), Ok(()));
    assert_eq!(freshness.admit(&at(2, 5_100), now(9_100)), Err(Stale::Overtaken), "half a round is the past");
}
