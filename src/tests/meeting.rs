//! Visitors who meet over real QUIC on loopback, and one who claims to be somebody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use glam::Vec3;

use super::quic::{closed_with, hello, join, me, serve, stranger, welcome};
use super::twin::Twin;
use crate::host::serve::RunningServer;
use crate::math::Pose;
use crate::net::{Connection, Event, Me, Opening};
use crate::protocol::codec::{self, Frames};
use crate::protocol::presence::{Body, Sample, encode_here};
use crate::protocol::{
    Arrived, CloseCause, FromHost, FromViewer, Hello, Name, Proof, Token, VisitorId, VisitorKey, Welcome,
};

const PATIENCE: Duration = Duration::from_secs(5);

fn body(x: f32) -> Body {
    let head = Pose::standing(Vec3::new(x, 1.6, -2.0), 0.7, 0.1);
    Body { head, hands: [None, Some(Pose { position: head.position + Vec3::Y * 0.3, ..head })] }
}

/// The next event of a kind; others are passed over.
fn find<T>(connection: &mut Connection, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match connection.poll() {
            Some(event) => {
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    panic!("it has not happened");
}

fn arrival(connection: &mut Connection) -> Arrived {
    find(connection, |event| match event {
        Event::Arrived(arrived) => Some(arrived),
        _ => None,
    })
}

#[test]
fn two_visitors_learn_of_each_other_see_each_other_and_part() {
    let (_folder, server) = serve(&Twin::new(31, 1, 100));
    let ada = me("\u{202e} Ada\u{0}  Lovelace ");
    let mut first = Connection::open(server.link().clone(), ada.clone(), Opening::Nothing).unwrap();
    let first_id = welcome(&mut first).visitor;
    let bob = me("Bob");
    let mut second = Connection::open(server.link().clone(), bob.clone(), Opening::Nothing).unwrap();
    let second_id = welcome(&mut second).visitor;
    let who = |visitor: VisitorId, name: &str, me: &Me| Arrived {
        visitor,
        name: Name::new(name),
        key: me.identity.key(),
    };
    assert_eq!(arrival(&mut second), who(first_id, "Ada Lovelace", &ada));
    assert_eq!(arrival(&mut first), who(second_id, "Bob", &bob));

    let began = Instant::now();
    let (mut sequence, mut heard) = (0, Vec::new());
    while heard.len() < 20 {
        assert!(began.elapsed() < PATIENCE, "only {} poses came", heard.len());
        sequence += 1;
        let time_millis = began.elapsed().as_millis() as u32;
        first.be_at(Sample { sequence, time_millis, body: body(f32::from(sequence)) });
        std::thread::sleep(Duration::from_millis(50));
        while let Some(event) = second.poll() {
            let Event::Others { at, samples } = event else { panic!("{event:?}") };
            assert!(at >= began);
            heard.extend(samples);
        }
        assert!(!matches!(first.poll(), Some(Event::Others { .. })), "nobody is told of themselves");
    }
    assert!(heard.is_sorted_by_key(|(_, sample)| sample.sequence));
    for (visitor, sample) in &heard {
        assert_eq!(*visitor, first_id);
        let sent = body(f32::from(sample.sequence));
        assert!(sample.body.head.position.distance(sent.head.position) < 1e-3, "{sample:?}");
        let [left, right] = sample.body.hands;
        assert!(left.is_none());
        assert!(right.unwrap().position.distance(sent.hands[1].unwrap().position) < 1e-3, "{sample:?}");
    }
    let stats = server.stats().room;
    assert!(stats.poses_taken >= 20 && stats.datagrams_sent >= 20 && stats.poses_dropped == 0, "{stats:?}");
    drop(first);
    let gone = find(&mut second, |event| match event {
        Event::Departed(visitor) => Some(visitor),
        _ => None,
    });
    assert_eq!(gone, first_id);
}

/// Says hello on a raw connection; the welcome, or why the connection was closed.
fn greet(
    server: &RunningServer,
    say: impl FnOnce(&quinn::Connection) -> Hello,
) -> Result<Welcome, Option<CloseCause>> {
    let (runtime, _endpoint, connection) = stranger(server);
    runtime.block_on(async {
        let (mut send, mut receive) = connection.open_bi().await.unwrap();
        let hello = FromViewer::Hello(say(&connection));
        send.write_all(&codec::encode(&hello).unwrap()).await.unwrap();
        let mut frames = Frames::default();
        loop {
            if let Some(FromHost::Welcome(welcome)) = frames.next_message().unwrap() {
                return Ok(welcome);
            }
            match receive.read_chunk(1000, true).await {
                Ok(Some(chunk)) => frames.push(&chunk.bytes).unwrap(),
                _ => return Err(closed_with(connection.closed().await)),
            }
        }
    })
}

#[test]
fn a_key_cannot_be_claimed_by_who_does_not_hold_it() {
    let (_folder, server) = serve(&Twin::new(32, 1, 100));
    let (ada, eve) = (me("Ada"), me("Eve"));
    let mut overheard = None;
    let welcomed = greet(&server, |connection| {
        let honest = hello(connection, &ada, None);
        overheard = Some(honest.clone());
        honest
    });
    assert!(welcomed.is_ok());
    let overheard = overheard.unwrap();
    let unproven = Err(Some(CloseCause::Unproven));
    assert_eq!(greet(&server, |_| overheard.clone()), unproven, "a proof of another connection");
    let claimed =
        greet(&server, |connection| Hello { key: ada.identity.key(), ..hello(connection, &eve, None) });
    assert_eq!(claimed, unproven, "a proof by another key");
    for proof in [Proof([[0; 32]; 2]), Proof([[0xff; 32]; 2])] {
        let claimed = greet(&server, |connection| Hello { proof, ..hello(connection, &ada, None) });
        assert_eq!(claimed, unproven, "no proof at all");
    }
    let no_point =
        greet(&server, |connection| Hello { key: VisitorKey([2; 32]), ..hello(connection, &eve, None) });
    assert_eq!(no_point, unproven, "a key that is none");
    assert!(greet(&server, |connection| hello(connection, &eve, None)).is_ok());
}

#[test]
fn who_comes_back_keeps_their_number_and_a_stolen_token_does_not_give_it() {
    let (_folder, server) = serve(&Twin::new(33, 1, 100));
    let (ada, eve) = (me("Ada"), me("Eve"));
    let first = greet(&server, |connection| hello(connection, &ada, None)).unwrap();
    let again = greet(&server, |connection| hello(connection, &ada, Some(first.token))).unwrap();
    assert_eq!((again.visitor, again.is_resumed), (first.visitor, true));
    let thief = greet(&server, |connection| hello(connection, &eve, Some(first.token))).unwrap();
    assert!(thief.visitor != first.visitor && !thief.is_resumed && thief.token != first.token);
    let guessed = greet(&server, |connection| hello(connection, &ada, Some(Token([1; 16])))).unwrap();
    assert!(guessed.visitor != first.visitor && !guessed.is_resumed);
}

#[test]
fn a_flood_of_datagrams_ends_the_connection_that_it_came_by_and_no_other() {
    let (_folder, server) = serve(&Twin::new(34, 1, 100));
    let mut honest = join(server.link().clone());
    let honest_id = welcome(&mut honest).visitor;
    let (runtime, _endpoint, connection) = stranger(&server);
    let closed = runtime.block_on(async {
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        let hello = FromViewer::Hello(hello(&connection, &me("Eve"), None));
        send.write_all(&codec::encode(&hello).unwrap()).await.unwrap();
        let sample = Sample { sequence: 1, time_millis: 1, body: body(1.0) };
        let datagram = encode_here(&sample).unwrap();
        let flood = async {
            // As fast as the path takes them, so that none is dropped on this side.
            while connection.send_datagram_wait(datagram.clone().into()).await.is_ok() {}
        };
        let _ = tokio::time::timeout(PATIENCE, flood).await;
        connection.closed().await
    });
    assert_eq!(closed_with(closed), Some(CloseCause::TooMuch));
    assert_ne!(arrival(&mut honest).visitor, honest_id);
    honest.be_at(Sample { sequence: 1, time_millis: 1, body: body(2.0) });
    let deadline = Instant::now() + PATIENCE;
    let before = server.stats().room.poses_taken;
    while server.stats().room.poses_taken == before {
        assert!(Instant::now() < deadline, "the honest one is not heard");
        honest.be_at(Sample { sequence: 2, time_millis: 51, body: body(2.0) });
        std::thread::sleep(Duration::from_millis(20));
    }
}
