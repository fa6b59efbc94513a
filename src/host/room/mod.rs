//! The room: who is here and where, and what each is told of the others.
//!
//! Datagrams, comings and goings, and time come in; announcements and datagrams go out. Architecture
//! invariant: no socket, no clock, no thread.
//!
//! What it holds is bounded: as many occupants as the host lets in, each with one pose and the set of
//! those whom it was told of. What a visitor sends changes their own pose and nothing else: what
//! others are sent was packed and checked by [`protocol::presence`](crate::protocol::presence).

pub mod occupant;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use glam::Vec3;

use super::serve::visitors::ConnectionKey;
use crate::protocol::presence::{Others, decode_here};
use crate::protocol::{Arrived, Departed, FromHost, VisitorId};
use occupant::{Heard, Newest, Occupant};

/// Datagrams that one visitor is sent in a tick: two of 1200 bytes, twenty times a second, are
/// 400 kbit/s and hold 48 people. Where more are about, the nearest half is told of each time, and
/// the others take turns.
pub const DATAGRAMS_A_TICK: usize = 2;

/// What the room has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomStats {
    /// Poses that were taken.
    pub poses_taken: u64,
    /// Datagrams that were dropped: no pose, not fresh, or too many.
    pub poses_dropped: u64,
    /// Datagrams that were made for others.
    pub datagrams_sent: u64,
}

/// Who is here.
#[derive(Debug, Default)]
pub struct Room {
    occupants: BTreeMap<VisitorId, Occupant>,
    stats: RoomStats,
}

impl Room {
    /// Somebody comes in by `connection`, or comes back by another.
    pub fn enter(&mut self, connection: ConnectionKey, who: Arrived, now: Duration) {
        match self.occupants.get_mut(&who.visitor) {
            Some(occupant) => occupant.moved(connection, who),
            None => {
                self.occupants.insert(who.visitor, Occupant::new(connection, who, now));
            }
        }
    }

    /// The connection has ended; whoever has come back by another is still here.
    pub fn leave(&mut self, connection: ConnectionKey) {
        self.occupants.retain(|_, occupant| occupant.connection != connection);
    }

    /// A datagram of `visitor`'s.
    pub fn hear(&mut self, visitor: VisitorId, datagram: &[u8], now: Duration) -> Heard {
        let Some(occupant) = self.occupants.get_mut(&visitor) else { return Heard::Dropped };
        let heard = occupant.hear(decode_here(datagram).ok().flatten(), now);
        match heard {
            Heard::Taken => self.stats.poses_taken += 1,
            Heard::Dropped | Heard::Flood => self.stats.poses_dropped += 1,
        }
        heard
    }

    /// The comings and goings that this connection of `visitor`'s was not told of: first those who have
    /// gone. One pass over everybody, because a crowd that comes in is told of each other.
    pub fn announcements(&mut self, visitor: VisitorId, connection: ConnectionKey) -> Vec<FromHost> {
        let Some(occupant) =
            self.occupants.get(&visitor).filter(|occupant| occupant.connection == connection)
        else {
            return Vec::new();
        };
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        let mut told = occupant.told.iter().peekable();
        for &other in self.occupants.keys() {
            gone.extend(std::iter::from_fn(|| told.next_if(|told| **told < other)).copied());
            if told.next_if_eq(&&other).is_none() && other != visitor {
                come.push(other);
            }
        }
        gone.extend(told.copied());
        let arrived = come.iter().filter_map(|other| Some(self.occupants.get(other)?.who.clone()));
        let departed = gone.iter().map(|&visitor| FromHost::Departed(Departed { visitor }));
        let messages = departed.chain(arrived.map(FromHost::Arrived)).collect();
        if let Some(occupant) = self.occupants.get_mut(&visitor) {
            gone.iter().for_each(|other| _ = occupant.told.remove(other));
            occupant.told.extend(come);
        }
        messages
    }

    /// Everybody who is here, and by which connection.
    pub fn connections(&self) -> impl Iterator<Item = (VisitorId, ConnectionKey)> {
        self.occupants.iter().map(|(&visitor, occupant)| (visitor, occupant.connection))
    }

    /// How many are here.
    pub fn len(&self) -> usize {
        self.occupants.len()
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.occupants.is_empty()
    }

    /// What it has done so far.
    pub fn stats(&self) -> RoomStats {
        self.stats
    }

    /// The datagrams by which `visitor` is told where the others are, each at most `bytes_max` long:
    /// those who have moved since the last tick, never the visitor, and only whom they were told of.
    pub fn relay(&mut self, visitor: VisitorId, bytes_max: usize, now: Duration) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        let Some(occupant) = self.occupants.get(&visitor) else { return datagrams };
        let capacity = Others::new(bytes_max).capacity() * DATAGRAMS_A_TICK;
        let mut people = self.news_for(visitor, now);
        let mut turn = occupant.turn;
        if people.len() > capacity {
            let here = occupant.newest(now).map(|newest| newest.sample.body.head.position);
            turn = choose(&mut people, capacity, here.unwrap_or_default(), turn);
        }
        let mut people = people.into_iter().peekable();
        while datagrams.len() < DATAGRAMS_A_TICK && people.peek().is_some() {
            let mut others = Others::new(bytes_max);
            while let Some((other, newest)) = people.peek()
                && others.push(*other, &newest.packed)
            {
                people.next();
            }
            match others.finish() {
                Some(datagram) => datagrams.push(datagram),
                // The path takes no datagram that holds a pose.
                None => break,
            }
        }
        if let Some(occupant) = self.occupants.get_mut(&visitor) {
            occupant.turn = turn;
        }
        self.stats.datagrams_sent += datagrams.len() as u64;
        datagrams
    }

    /// A tick is over: everybody was told.
    pub fn end_tick(&mut self) {
        self.occupants.values_mut().for_each(Occupant::told_all);
    }

    fn news_for(&self, visitor: VisitorId, now: Duration) -> Vec<(VisitorId, &Newest)> {
        let Some(told) = self.occupants.get(&visitor).map(|occupant| &occupant.told) else {
            return Vec::new();
        };
        let others = told.iter().filter_map(|other| Some((*other, self.occupants.get(other)?)));
        others
            .filter_map(|(other, occupant)| Some((other, occupant.newest(now)?)))
            .filter(|(_, newest)| newest.is_news)
            .collect()
    }
}

/// Keeps `count` of `people`: the nearest half, and of the rest those whose turn it is. Returns whose
/// turn was the last.
fn choose(
    people: &mut Vec<(VisitorId, &Newest)>,
    count: usize,
    here: Vec3,
    last_turn: VisitorId,
) -> VisitorId {
    let distance = |newest: &Newest| newest.sample.body.head.position.distance_squared(here);
    let near = count / 2;
    people.sort_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
    let mut far = people.split_off(near.min(people.len()));
    far.sort_by_key(|(visitor, _)| (*visitor <= last_turn, *visitor));
    far.truncate(count - near);
    let turn = far.last().map_or(last_turn, |(visitor, _)| *visitor);
    people.extend(far);
    turn
}
