//! The others: who they are and where they are seen to be.
//!
//! Arrivals, departures and samples come in, each with the time at which it came; out goes, for the
//! moment of a frame, where everybody's head and hands are. Architecture invariant: no clock, no
//! socket, nothing of how people look.

mod clock;
#[cfg(test)]
mod tests;
mod track;

use std::time::Duration;

use crate::math::Pose;
use crate::protocol::presence::Sample;
use crate::protocol::{Arrived, VisitorId, VisitorKey};
use track::Track;

/// How many are kept in mind: twice as many as a host lets in. Who comes beyond is not seen.
pub const PEOPLE_MAX: usize = 512;

/// Somebody else, at the moment of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen<'a> {
    /// By what the host knows them.
    pub visitor: VisitorId,
    /// By what people call them.
    pub name: &'a str,
    /// Who they are.
    pub key: VisitorKey,
    /// World from head.
    pub head: Pose,
    /// World from hand, left and right, as far as they are tracked.
    pub hands: [Option<Pose>; 2],
}

#[derive(Debug)]
struct Person {
    who: Arrived,
    track: Track,
}

/// Everybody else who is here.
#[derive(Debug, Default)]
pub struct People {
    /// By visitor.
    persons: Vec<Person>,
}

impl People {
    /// Somebody is here.
    pub fn arrived(&mut self, who: Arrived) {
        match self.place(who.visitor) {
            Ok(index) => {
                if let Some(person) = self.persons.get_mut(index) {
                    person.who = who;
                }
            }
            Err(index) if self.persons.len() < PEOPLE_MAX => {
                self.persons.insert(index, Person { who, track: Track::default() });
            }
            Err(_) => tracing::debug!(visitor = who.visitor.0, "too many are here to see this one"),
        }
    }

    /// Somebody is not here any more.
    pub fn departed(&mut self, visitor: VisitorId) {
        if let Ok(index) = self.place(visitor) {
            self.persons.remove(index);
        }
    }

    /// The connection is another: whoever is here is told of anew.
    pub fn clear(&mut self) {
        self.persons.clear();
    }

    /// A sample of somebody's came at `now`. One that is not news, or of somebody unknown, is dropped.
    pub fn heard(&mut self, visitor: VisitorId, sample: &Sample, now: Duration) {
        let Ok(index) = self.place(visitor) else { return };
        if let Some(person) = self.persons.get_mut(index) {
            person.track.hear(sample, now);
        }
    }

    /// Everybody who is seen at `now`, which never runs back. Allocates nothing.
    pub fn see(&mut self, now: Duration) -> impl Iterator<Item = Seen<'_>> {
        self.persons.iter_mut().filter_map(move |person| {
            let body = person.track.show(now)?;
            Some(Seen {
                visitor: person.who.visitor,
                name: person.who.name.as_str(),
                key: person.who.key,
                head: body.head,
                hands: body.hands,
            })
        })
    }

    /// How many are here, seen or not.
    pub fn len(&self) -> usize {
        self.persons.len()
    }

    /// Whether nobody else is here.
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    fn place(&self, visitor: VisitorId) -> Result<usize, usize> {
        self.persons.binary_search_by_key(&visitor, |person| person.who.visitor)
    }
}
