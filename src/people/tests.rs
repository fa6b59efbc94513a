#![allow(clippy::unwrap_used, clippy::expect_used)]

use glam::{Quat, Vec3};

use super::*;
use crate::protocol::Name;
use crate::protocol::presence::Body;

const ADA: VisitorId = VisitorId(7);

fn ada() -> Arrived {
    Arrived { visitor: ADA, name: Name::new("Ada"), key: VisitorKey([1; 32]) }
}

/// SplitMix64, as everywhere in the tests.
struct Random(u64);

impl Random {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

/// A head that walks at 1.4 m/s along +X and turns, a right hand that waves at 1 Hz, 25 cm wide.
fn walk_and_wave(millis: f64) -> Body {
    let seconds = (millis * 1e-3) as f32;
    let head = Pose::standing(Vec3::new(1.4 * seconds, 1.6, 0.0), 0.5 * seconds, 0.0);
    let wave = (seconds * std::f32::consts::TAU).sin() * 0.25;
    let hand = Pose { position: head.position + Vec3::new(0.3, 0.2, wave), ..head };
    Body { head, hands: [None, Some(hand)] }
}

struct Link {
    latency_millis: u64,
    jitter_millis: u64,
    lost_percent: u64,
    interval_millis: u64,
}

const CALM: Link = Link { latency_millis: 20, jitter_millis: 0, lost_percent: 0, interval_millis: 50 };

/// Where the sender's clock stands when ours is at zero: about to wrap.
const SENDER_BEGAN: u32 = u32::MAX - 3_000;

/// What is seen at 90 Hz for `seconds` of `truth`, sent over `link`: our time in milliseconds and the body.
fn watch(link: &Link, seconds: u64, seed: u64, truth: impl Fn(f64) -> Body) -> Vec<(f64, Body)> {
    let mut random = Random(seed);
    let mut deliveries: Vec<(u64, Sample)> = Vec::new();
    for sent in (0..seconds * 1000).step_by(link.interval_millis as usize) {
        let sample = Sample {
            sequence: (65_500 + sent / link.interval_millis) as u16,
            time_millis: SENDER_BEGAN.wrapping_add(sent as u32),
            body: truth(sent as f64),
        };
        if random.below(100) >= link.lost_percent {
            deliveries.push((sent + link.latency_millis + random.below(link.jitter_millis + 1), sample));
        }
    }
    deliveries.sort_by_key(|(at, _)| *at);
    let mut deliveries = deliveries.into_iter().peekable();
    let mut people = People::default();
    people.arrived(ada());
    let mut seen = Vec::new();
    for frame in 0..seconds * 90 {
        let now = Duration::from_micros(frame * 11_111);
        while let Some((at, sample)) = deliveries.next_if(|(at, _)| Duration::from_millis(*at) <= now) {
            people.heard(ADA, &sample, Duration::from_millis(at));
        }
        seen.extend(people.see(now).map(|seen| {
            let body = Body { head: seen.head, hands: seen.hands };
            (now.as_secs_f64() * 1e3, body)
        }));
    }
    seen
}

fn hand(body: &Body) -> Vec3 {
    body.hands[1].unwrap().position
}

#[test]
fn on_a_calm_link_what_is_seen_is_the_truth_a_tenth_of_a_second_ago() {
    let seen = watch(&CALM, 10, 1, walk_and_wave);
    assert!(seen.len() > 890, "seen from the first word on: {}", seen.len());
    for (now, body) in seen.iter().filter(|(now, _)| *now > 200.0) {
        let truth = walk_and_wave(now - 20.0 - 100.0);
        let head = body.head.position.distance(truth.head.position);
        assert!(head < 0.001, "the head is {head} m off at {now}");
        let turn = body.head.orientation.angle_between(truth.head.orientation);
        assert!(turn < 0.002, "{turn} rad off at {now}");
        // A chord of a sine: h²/8 of the largest acceleration, 50 ms and 0.25 m × (2π)².
        let hand = hand(body).distance(hand(&truth));
        assert!(hand < 0.0032, "the hand is {hand} m off at {now}");
    }
}

#[test]
fn on_a_bad_link_nobody_jumps_or_walks_back() {
    for seed in 0..100 {
        let link = Link { latency_millis: 30, jitter_millis: 60, lost_percent: 10, ..CALM };
        let seen = watch(&link, 20, seed, walk_and_wave);
        let settled: Vec<_> = seen.iter().filter(|(now, _)| *now > 1500.0).collect();
        for pair in settled.windows(2) {
            let [(_, a), (now, b)] = [pair[0], pair[1]];
            let step = b.head.position - a.head.position;
            // 1.4 m/s are 15.6 mm a frame, a tenth more where time catches up. Who was stopped short by
            // 200 ms of silence makes amends for up to 0.15 m, whose first frame is 14 mm.
            assert!((-0.001..0.032).contains(&step.x), "seed {seed}: {step} in a frame at {now}");
            assert!(step.y.abs() + step.z.abs() < 1e-5);
            let swing = hand(b) - hand(a) - step;
            assert!(swing.length() < 0.035, "seed {seed}: the hand swings {swing} in a frame at {now}");
        }
        let pace = settled.windows(3).map(|triple| {
            let at = |index: usize| triple[index].1.head.position.x;
            (at(2) - 2.0 * at(1) + at(0)).abs()
        });
        let mut pace: Vec<f32> = pace.collect();
        pace.sort_by(f32::total_cmp);
        // Three in a row that are lost or late stop somebody short; it is rare, and bounded.
        let (nearly_all, worst) = (pace[pace.len() * 98 / 100], pace[pace.len() - 1]);
        assert!(nearly_all < 0.005, "seed {seed}: the pace changes by {nearly_all} m in a frame");
        assert!(worst < 0.032, "seed {seed}: the pace changes by {worst} m in a frame");
    }
}

#[test]
fn people_far_off_who_are_told_of_twice_a_second_walk_and_do_not_stutter() {
    let link = Link { interval_millis: 450, jitter_millis: 40, ..CALM };
    let seen = watch(&link, 30, 3, walk_and_wave);
    let settled: Vec<_> = seen.iter().filter(|(now, _)| *now > 12_000.0).collect();
    for pair in settled.windows(2) {
        let step = pair[1].1.head.position.x - pair[0].1.head.position.x;
        assert!((0.013..0.018).contains(&step), "{step} m in a frame");
    }
}

#[test]
fn a_movement_that_is_not_told_of_any_more_coasts_and_holds_and_then_is_hidden() {
    let mut people = People::default();
    people.arrived(ada());
    let say = |people: &mut People, n: u64| {
        let (sequence, time_millis) = (n as u16, (n * 50) as u32);
        let sample = Sample { sequence, time_millis, body: walk_and_wave((n * 50) as f64) };
        people.heard(ADA, &sample, Duration::from_millis(n * 50));
    };
    (0..20).for_each(|n| say(&mut people, n));
    let last_told = walk_and_wave(950.0).head.position.x;
    let mut x = Vec::new();
    for frame in 86..260 {
        let now = Duration::from_micros(frame * 11_111);
        x.extend(people.see(now).map(|seen| seen.head.position.x));
    }
    assert!(x.is_sorted(), "nobody walks back");
    let held = *x.last().unwrap();
    // At 1.4 m/s that falls to nothing in 100 ms.
    assert!((held - last_told - 0.07).abs() < 0.002, "{held} after {last_told}");
    let hidden_at = Duration::from_millis(950) + Duration::from_secs(2);
    assert_eq!(people.see(hidden_at - Duration::from_millis(5)).count(), 1);
    assert_eq!(people.see(hidden_at).count(), 0);
    assert_eq!(people.len(), 1, "they are still here");
    // Back after five seconds: they stand where they are.
    say(&mut people, 120);
    let back = people.see(Duration::from_millis(6_001)).next().unwrap().head.position.x;
    assert!((back - walk_and_wave(6_000.0).head.position.x).abs() < 1e-4);
}

#[test]
fn a_leap_is_a_leap_and_a_hand_may_come_and_go() {
    let body = |millis: f64| {
        let x = if millis < 500.0 { 0.0 } else { 20.0 };
        let head = Pose::standing(Vec3::new(x, 1.6, 0.0), 0.0, 0.0);
        let hand = (300.0..400.0).contains(&millis).then_some(head);
        Body { head, hands: [hand, None] }
    };
    let seen = watch(&CALM, 2, 1, body);
    let is_at = |body: &Body, x: f32| (body.head.position.x - x).abs() < 1e-4;
    assert!(seen.iter().all(|(_, body)| is_at(body, 0.0) || is_at(body, 20.0)));
    let with_hand: Vec<f64> =
        seen.iter().filter(|(_, body)| body.hands[0].is_some()).map(|(now, _)| *now).collect();
    let (first, last) = (with_hand[0], with_hand[with_hand.len() - 1]);
    assert!((415.0..436.0).contains(&first) && (500.0..521.0).contains(&last), "{first} to {last}");
}

#[test]
fn strangers_replays_and_clocks_that_run_away_change_nothing() {
    let mut people = People::default();
    let now = Duration::from_millis;
    let sample = |sequence: u16, time_millis: u32, x: f32| {
        let head = Pose { position: Vec3::new(x, 1.6, 0.0), orientation: Quat::IDENTITY };
        Sample { sequence, time_millis, body: Body { head, hands: [None; 2] } }
    };
    people.heard(ADA, &sample(1, 0, 0.0), now(0));
    assert_eq!(people.see(now(1)).count(), 0, "nobody has said who that is");
    people.arrived(ada());
    people.heard(ADA, &sample(2, 50, 1.0), now(50));
    for wrong in [sample(2, 60, 9.0), sample(1, 60, 9.0), sample(3, 49, 9.0), sample(3, 90_000, 9.0)] {
        people.heard(ADA, &wrong, now(60));
    }
    people.heard(VisitorId(8), &sample(9, 90, 9.0), now(60));
    let seen: Vec<_> = people.see(now(300)).collect();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].name, seen[0].visitor, seen[0].head.position.x), ("Ada", ADA, 1.0));
    people.departed(VisitorId(8));
    people.departed(ADA);
    assert!(people.is_empty() && people.see(now(301)).count() == 0);
    for n in 0..2_000 {
        people.arrived(Arrived { visitor: VisitorId(n), ..ada() });
    }
    assert_eq!(people.len(), PEOPLE_MAX);
    people.clear();
    assert!(people.is_empty());
}
