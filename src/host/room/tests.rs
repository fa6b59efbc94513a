#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use super::*;
use crate::math::Pose;
use crate::protocol::presence::{Body, Sample, decode_others, encode_here};
use crate::protocol::{Name, VisitorKey};

const PATH_BYTES: usize = 1162;

fn who(n: u32) -> Arrived {
    Arrived {
        visitor: VisitorId(n),
        name: Name::new(&format!("Visitor {n}")),
        key: VisitorKey([n as u8; 32]),
    }
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn here(sequence: u16, millis: u64, x: f32) -> Vec<u8> {
    let head = Pose::standing(Vec3::new(x, 1.6, 0.0), 0.0, 0.0);
    let body = Body { head, hands: [Some(head), Some(head)] };
    encode_here(&Sample { sequence, time_millis: millis as u32, body }).unwrap()
}

/// A room in which `count` have come and know each other.
fn room_of(count: u32) -> Room {
    let mut room = Room::default();
    (1..=count).for_each(|n| room.enter(ConnectionKey(n.into()), who(n), at(0)));
    (1..=count).for_each(|n| assert_eq!(announced(&mut room, n).len(), count as usize - 1));
    room
}

fn announced(room: &mut Room, n: u32) -> Vec<FromHost> {
    room.announcements(VisitorId(n), ConnectionKey(n.into()))
}

/// Whom `visitor` is told of in a tick, and where they are.
fn told(room: &mut Room, visitor: u32, millis: u64) -> Vec<(u32, f32)> {
    let datagrams = room.relay(VisitorId(visitor), PATH_BYTES, at(millis));
    assert!(datagrams.len() <= DATAGRAMS_A_TICK && datagrams.iter().all(|d| d.len() <= PATH_BYTES));
    let others = datagrams.iter().flat_map(|datagram| decode_others(datagram).unwrap().unwrap());
    others.map(|(other, sample)| (other.0, sample.body.head.position.x)).collect()
}

#[test]
fn each_is_told_the_newest_of_the_others_once_and_never_of_themselves() {
    let mut room = room_of(3);
    assert!(told(&mut room, 1, 10).is_empty(), "nobody has said anything");
    assert_eq!(room.hear(VisitorId(1), &here(1, 0, 1.0), at(10)), Heard::Taken);
    assert_eq!(room.hear(VisitorId(1), &here(2, 50, 2.0), at(60)), Heard::Taken);
    assert_eq!(room.hear(VisitorId(2), &here(9, 50, 5.0), at(60)), Heard::Taken);
    assert_eq!(told(&mut room, 1, 60), [(2, 5.0)]);
    assert_eq!(told(&mut room, 2, 60), [(1, 2.0)]);
    assert_eq!(told(&mut room, 3, 60), [(1, 2.0), (2, 5.0)]);
    room.end_tick();
    assert!(told(&mut room, 3, 110).is_empty(), "nothing is said twice");
    assert_eq!(room.hear(VisitorId(2), &here(10, 100, 6.0), at(110)), Heard::Taken);
    assert_eq!(told(&mut room, 3, 110), [(2, 6.0)]);
    assert!(told(&mut room, 3, 2_200).is_empty(), "what is old is not said any more");
    assert!(told(&mut room, 77, 110).is_empty());
}

#[test]
fn what_is_no_news_or_no_pose_is_dropped() {
    let mut room = room_of(2);
    let good = here(5, 1_000, 1.0);
    assert_eq!(room.hear(VisitorId(1), &good, at(1_000)), Heard::Taken);
    let wrong = [
        good.clone(),
        here(4, 1_050, 9.0),
        here(6, 999, 9.0),
        here(6, 60_000, 9.0),
        good[..20].to_vec(),
        [good.as_slice(), &[0]].concat(),
        Vec::new(),
        vec![0xff; 1_400],
        vec![0x99; 40],
    ];
    for bytes in wrong {
        assert_eq!(room.hear(VisitorId(1), &bytes, at(1_050)), Heard::Dropped, "{bytes:02x?}");
    }
    assert_eq!(room.hear(VisitorId(3), &good, at(1_050)), Heard::Dropped, "a stranger");
    assert_eq!(told(&mut room, 2, 1_060), [(1, 1.0)]);
    assert_eq!((room.stats().poses_taken, room.stats().poses_dropped), (1, 9));
}

#[test]
fn sixty_a_second_are_looked_at_and_a_flood_is_named() {
    let mut room = room_of(2);
    let (mut taken, mut sequence) = (0, 0);
    // Five seconds of 200 a second, then ten thousand at once.
    for millis in (0..5_000).step_by(5) {
        sequence += 1;
        taken += u32::from(room.hear(VisitorId(1), &here(sequence, millis, 0.0), at(millis)) == Heard::Taken);
    }
    assert!((320..=335).contains(&taken), "{taken} were taken");
    let floods = (0..10_000).filter(|_| room.hear(VisitorId(1), b"?", at(5_000)) == Heard::Flood).count();
    assert!(floods >= 9_000, "{floods} of ten thousand");
    assert_eq!(
        room.hear(VisitorId(2), &here(1, 0, 3.0), at(5_000)),
        Heard::Taken,
        "others are not concerned"
    );
}

#[test]
fn comings_and_goings_are_told_once_to_each_connection() {
    let mut room = Room::default();
    room.enter(ConnectionKey(1), who(1), at(0));
    assert!(announced(&mut room, 1).is_empty(), "nobody is told of themselves");
    room.enter(ConnectionKey(2), who(2), at(0));
    room.enter(ConnectionKey(3), who(3), at(0));
    assert_eq!(announced(&mut room, 1), [FromHost::Arrived(who(2)), FromHost::Arrived(who(3))]);
    assert!(announced(&mut room, 1).is_empty());
    room.leave(ConnectionKey(3));
    room.enter(ConnectionKey(4), who(4), at(0));
    let gone = FromHost::Departed(Departed { visitor: VisitorId(3) });
    assert_eq!(announced(&mut room, 1), [gone, FromHost::Arrived(who(4))]);
    // Who came and went in the meantime was never here for the second.
    assert_eq!(announced(&mut room, 2), [FromHost::Arrived(who(1)), FromHost::Arrived(who(4))]);
    // The first is back by another connection, which knows nobody; the others notice nothing.
    room.enter(ConnectionKey(9), who(1), at(0));
    assert!(announced(&mut room, 1).is_empty(), "the old one hears no more");
    let again = room.announcements(VisitorId(1), ConnectionKey(9));
    assert_eq!(again, [FromHost::Arrived(who(2)), FromHost::Arrived(who(4))]);
    assert!(room.announcements(VisitorId(1), ConnectionKey(9)).is_empty());
    assert!(announced(&mut room, 2).is_empty());
    room.leave(ConnectionKey(1));
    assert_eq!(room.len(), 3, "the end of the old connection is not the visitor's");
}

#[test]
fn whoever_has_gone_is_named_wherever_their_number_stands() {
    let mut room = room_of(9);
    [1, 2, 5, 8, 9].into_iter().for_each(|n| room.leave(ConnectionKey(n)));
    [10, 11].into_iter().for_each(|n| room.enter(ConnectionKey(n.into()), who(n), at(0)));
    let gone = [1, 2, 5, 8, 9].map(|n| FromHost::Departed(Departed { visitor: VisitorId(n) }));
    let come = [10, 11].map(|n| FromHost::Arrived(who(n)));
    assert_eq!(announced(&mut room, 4), [gone.as_slice(), come.as_slice()].concat());
    room.leave(ConnectionKey(11));
    let last = FromHost::Departed(Departed { visitor: VisitorId(11) });
    assert_eq!(announced(&mut room, 4), [last], "nobody stands behind them");
    assert!(announced(&mut room, 4).is_empty());
}

#[test]
fn in_a_crowd_the_nearest_are_told_of_each_time_and_everybody_in_turn() {
    let count = 200;
    let mut room = room_of(count);
    let mut told_at: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for tick in 0..40_u64 {
        let millis = tick * 50;
        for n in 1..=count {
            assert_eq!(
                room.hear(VisitorId(n), &here(tick as u16, millis, n as f32), at(millis)),
                Heard::Taken
            );
        }
        let told = told(&mut room, 1, millis);
        let distinct: BTreeSet<_> = told.iter().map(|(other, _)| *other).collect();
        assert_eq!((told.len(), distinct.len()), (48, 48));
        distinct.into_iter().for_each(|other| told_at.entry(other).or_default().push(tick));
        room.end_tick();
    }
    assert_eq!(told_at.len() as u32, count - 1, "everybody was told of");
    assert!((2..=25).all(|near| told_at[&near].len() == 40), "the nearest each time");
    for (other, ticks) in told_at {
        let longest = ticks.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert!(longest <= 8, "{other} was not told of for {longest} ticks");
    }
}

#[test]
fn a_path_that_is_too_narrow_carries_nobody() {
    let mut room = room_of(2);
    room.hear(VisitorId(2), &here(1, 0, 1.0), at(0));
    assert!(room.relay(VisitorId(1), 40, at(0)).is_empty());
    assert!(room.relay(VisitorId(1), 0, at(0)).is_empty());
}
