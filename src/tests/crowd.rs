//! Many visitors in one room on a virtual clock: the host's room and the viewers' people, with the
//! real bytes between them over links that lose, delay and reorder.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use glam::Vec3;

use super::allocator;
use super::twin::Random;
use crate::host::room::Room;
use crate::host::serve::visitors::ConnectionKey;
use crate::math::Pose;
use crate::people::People;
use crate::protocol::presence::{Body, INTERVAL_MILLIS, Sample, decode_others, encode_here};
use crate::protocol::{Arrived, FromHost, Name, VisitorId, VisitorKey};

const PATH_BYTES: usize = 1162;

/// How a link behaves, as a function of the time and the receiver, so that what one sends does not
/// change the luck of another.
#[derive(Clone, Copy)]
struct Link {
    latency_millis: u64,
    jitter_millis: u64,
    lost_percent: u64,
    seed: u64,
}

impl Link {
    /// When a datagram arrives that is sent at `now`, if it does.
    fn arrival(&self, now: u64, lane: u64) -> Option<u64> {
        let mut random = Random(self.seed ^ now.wrapping_mul(0x1_0001) ^ (lane << 40));
        let is_lost = random.below(100) < self.lost_percent;
        (!is_lost).then(|| now + self.latency_millis + random.below(self.jitter_millis + 1))
    }
}

/// Everybody walks a circle of their own, and waves.
fn truth(visitor: u32, millis: u64) -> Body {
    let angle = millis as f32 * 1e-3 * 0.7 + visitor as f32;
    let center = Vec3::new((visitor % 8) as f32 * 3.0, 1.6, (visitor / 8) as f32 * 3.0);
    let head = Pose::standing(center + Vec3::new(angle.cos(), 0.0, angle.sin()) * 2.0, angle, 0.0);
    let hand = Pose { position: Vec3::new(0.3, (angle * 8.0).sin() * 0.1, -0.3), ..Pose::IDENTITY };
    Body { head, hands: [None, Some(hand.in_parent(head))] }
}

struct Viewer {
    people: People,
    /// Off the host's clock by this.
    clock_millis: u32,
}

struct World {
    link: Link,
    room: Room,
    viewers: BTreeMap<u32, Viewer>,
    to_host: BTreeMap<(u64, u64), (u32, Vec<u8>)>,
    to_viewer: BTreeMap<(u64, u64), (u32, Vec<u8>)>,
    sent: u64,
    relayed_bytes: u64,
}

impl World {
    fn new(link: Link, visitors: impl Iterator<Item = u32>) -> Self {
        let mut room = Room::default();
        let mut viewers = BTreeMap::new();
        for n in visitors {
            let who = Arrived {
                visitor: VisitorId(n),
                name: Name::new(&format!("Visitor {n}")),
                key: VisitorKey([n as u8; 32]),
            };
            room.enter(ConnectionKey(n.into()), who, Duration::ZERO);
            viewers
                .insert(n, Viewer { people: People::default(), clock_millis: n.wrapping_mul(0x3333_3333) });
        }
        let (to_host, to_viewer) = (BTreeMap::new(), BTreeMap::new());
        Self { link, room, viewers, to_host, to_viewer, sent: 0, relayed_bytes: 0 }
    }

    fn send_to_host(&mut self, now: u64, visitor: u32, bytes: Vec<u8>) {
        self.sent += 1;
        if let Some(at) = self.link.arrival(now, u64::from(visitor)) {
            self.to_host.insert((at, self.sent), (visitor, bytes));
        }
    }

    /// One millisecond.
    fn tick(&mut self, now: u64) {
        let time = Duration::from_millis(now);
        let ids: Vec<u32> = self.viewers.keys().copied().collect();
        for &n in &ids {
            if (now + u64::from(n) * 7).is_multiple_of(INTERVAL_MILLIS) {
                let time_millis = self.viewers[&n].clock_millis.wrapping_add(now as u32);
                let sequence = 65_000_u16.wrapping_add((now / INTERVAL_MILLIS) as u16);
                let sample = Sample { sequence, time_millis, body: truth(n, now) };
                self.send_to_host(now, n, encode_here(&sample).unwrap());
            }
        }
        while let Some(entry) = self.to_host.first_entry().filter(|entry| entry.key().0 <= now) {
            let (visitor, bytes) = entry.remove();
            self.room.hear(VisitorId(visitor), &bytes, time);
        }
        for &n in &ids {
            let (visitor, connection) = (VisitorId(n), ConnectionKey(n.into()));
            for message in self.room.announcements(visitor, connection) {
                let people = &mut self.viewers.get_mut(&n).unwrap().people;
                match message {
                    FromHost::Arrived(who) => people.arrived(who),
                    FromHost::Departed(departed) => people.departed(departed.visitor),
                    other => panic!("{other:?}"),
                }
            }
        }
        if now.is_multiple_of(INTERVAL_MILLIS) {
            self.relay(now, &ids);
        }
        while let Some(entry) = self.to_viewer.first_entry().filter(|entry| entry.key().0 <= now) {
            let (n, bytes) = entry.remove();
            let people = &mut self.viewers.get_mut(&n).unwrap().people;
            for (visitor, sample) in decode_others(&bytes).unwrap().unwrap() {
                people.heard(visitor, &sample, time);
            }
        }
    }

    fn relay(&mut self, now: u64, ids: &[u32]) {
        for &n in ids {
            for (part, datagram) in
                self.room.relay(VisitorId(n), PATH_BYTES, Duration::from_millis(now)).into_iter().enumerate()
            {
                self.sent += 1;
                self.relayed_bytes += datagram.len() as u64;
                let lane = 0x8000 + u64::from(n) + ((part as u64) << 20);
                if let Some(at) = self.link.arrival(now, lane) {
                    self.to_viewer.insert((at, self.sent), (n, datagram));
                }
            }
        }
        self.room.end_tick();
    }

    /// What `viewer` sees: visitor, name, head.
    fn seen(&mut self, viewer: u32, now: u64) -> Vec<(u32, String, Body)> {
        let people = &mut self.viewers.get_mut(&viewer).unwrap().people;
        let seen = people.see(Duration::from_millis(now));
        seen.map(|seen| (seen.visitor.0, seen.name.to_owned(), Body { head: seen.head, hands: seen.hands }))
            .collect()
    }
}

#[test]
fn forty_visitors_on_bad_links_see_each_other_where_they_are() {
    for seed in 0..5 {
        let link = Link { latency_millis: 15, jitter_millis: 30, lost_percent: 5, seed };
        let mut world = World::new(link, 1..=40);
        let mut worst = 0.0_f32;
        for now in 0..6_000 {
            world.tick(now);
            if now % 11 != 0 || now < 1_500 {
                continue;
            }
            for n in [1, 17, 40] {
                let seen = world.seen(n, now);
                assert_eq!(seen.len(), 39, "seed {seed}: {n} does not see all at {now}");
                for (other, name, body) in seen {
                    assert!(other != n && name == format!("Visitor {other}"));
                    // Two links, a tick of the host, and the tenth of a second of the viewer.
                    let truth = truth(other, now - 190);
                    worst = worst.max(body.head.position.distance(truth.head.position));
                    assert!(body.hands[0].is_none() && body.hands[1].is_some());
                }
            }
        }
        // They walk at 1.4 m/s: a tenth of a second to either side, and now and then a loss more.
        assert!(worst < 0.4, "seed {seed}: somebody is seen {worst} m off");
        let kilobits = world.relayed_bytes as f64 * 8e-3 / 6.0 / 40.0;
        assert!(kilobits < 400.0, "{kilobits} kbit/s a visitor");
    }
}

/// Everything that somebody hostile may think of, at every millisecond.
fn harass(world: &mut World, now: u64, hostile: u32, random: &mut Random, overheard: &[Vec<u8>]) {
    for _ in 0..3 {
        let mut bytes = match random.below(4) {
            0 => random.bytes(random_length(now)),
            1 => overheard[random.below(overheard.len() as u64) as usize].clone(),
            2 => {
                let sequence = random.below(65_536) as u16;
                let sample =
                    Sample { sequence, time_millis: random.below(1 << 32) as u32, body: truth(1, now) };
                encode_here(&sample).unwrap()
            }
            _ => [&[2, 2][..], &1_u32.to_le_bytes(), &overheard[0][2..]].concat(),
        };
        for _ in 0..random.below(4) {
            let index = random.below(bytes.len().max(1) as u64) as usize;
            if let Some(byte) = bytes.get_mut(index) {
                *byte ^= 1 << random.below(8);
            }
        }
        world.send_to_host(now, hostile, bytes);
    }
}

fn random_length(now: u64) -> usize {
    (now * 31 % 90) as usize
}

#[test]
fn a_hostile_visitor_changes_nothing_for_two_honest_ones() {
    for seed in 0..20 {
        let link = Link { latency_millis: 10, jitter_millis: 25, lost_percent: 5, seed };
        let watch = |is_harassed: bool| {
            let mut world = World::new(link, 1..=3);
            let mut random = Random(seed ^ 0xbad);
            let overheard: Vec<_> = (0..50)
                .map(|n| {
                    let body = truth(1, n * 50);
                    encode_here(&Sample { sequence: n as u16, time_millis: n as u32 * 50, body }).unwrap()
                })
                .collect();
            let mut record = Vec::new();
            for now in 0..4_000 {
                if is_harassed && now > 500 {
                    harass(&mut world, now, 3, &mut random, &overheard);
                }
                world.tick(now);
                if now % 11 == 0 {
                    let honest = |seen: Vec<(u32, String, Body)>| {
                        seen.into_iter().filter(|(other, ..)| *other != 3).collect::<Vec<_>>()
                    };
                    let [first, second] = [1, 2].map(|n| honest(world.seen(n, now)));
                    record.push((first, second));
                    for (_, _, body) in world.seen(1, now) {
                        assert!(body.head.position.is_finite() && body.head.orientation.is_normalized());
                    }
                }
            }
            (record, world.room.stats())
        };
        let (calm, harassed) = (watch(false), watch(true));
        assert!(harassed.1.poses_dropped > calm.1.poses_dropped + 9_000, "{:?}", harassed.1);
        assert!(calm.0.iter().filter(|(a, b)| a.len() == 1 && b.len() == 1).count() > 300);
        assert!(calm.0 == harassed.0, "seed {seed}: the honest ones see something else");
    }
}

#[test]
fn seeing_a_crowd_allocates_nothing() {
    let link = Link { latency_millis: 10, jitter_millis: 20, lost_percent: 5, seed: 1 };
    let mut world = World::new(link, 1..=40);
    (0..2_000).for_each(|now| world.tick(now));
    let people = &mut world.viewers.get_mut(&1).unwrap().people;
    let (count, allocations) = allocator::during(|| {
        (0..90).map(|frame| people.see(Duration::from_millis(2_000 + frame * 11)).count()).sum::<usize>()
    });
    assert_eq!(count, 39 * 90);
    assert!(allocations.ours.is_empty() && allocations.theirs == 0, "{allocations:?}");
}
