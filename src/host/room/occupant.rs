//! One visitor as the room knows them: who they are, where they were last, whom they were told of.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::host::allowance::Allowance;
use crate::host::serve::visitors::ConnectionKey;
use crate::protocol::presence::{Freshness, Packed, Sample};
use crate::protocol::{Arrived, VisitorId};

/// Poses a second that are looked at: three times what a viewer sends, for networks that deliver in
/// bunches. What is beyond is dropped.
const POSES_PER_SECOND: f64 = 60.0;

/// Poses at once after a silence: half a second of a network that held them back.
const POSES_BURST: f64 = 30.0;

/// Datagrams a second, of whatever kind, that no viewer needs: whoever sends more is sent away.
const DATAGRAMS_PER_SECOND: f64 = 1_000.0;

/// A visitor who was not heard for so long is not relayed any more, though they are still here.
const SILENT: Duration = Duration::from_secs(2);

/// A visitor in the room.
#[derive(Debug)]
pub struct Occupant {
    /// By which connection.
    pub connection: ConnectionKey,
    /// Who.
    pub who: Arrived,
    /// Whom this connection was told of.
    pub told: BTreeSet<VisitorId>,
    /// The last one of the others that a full datagram had room for: the next begins after it.
    pub turn: VisitorId,
    newest: Option<Newest>,
    freshness: Freshness,
    poses: Allowance,
    datagrams: Allowance,
}

/// The newest pose of a visitor.
#[derive(Clone, Copy, Debug)]
pub struct Newest {
    /// As it came.
    pub packed: Packed,
    /// What it says.
    pub sample: Sample,
    heard: Duration,
    /// Whether it came since the last tick.
    pub is_news: bool,
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is where the visitor now is.
    Taken,
    /// It was dropped: not fresh, or too many.
    Dropped,
    /// The visitor floods the host.
    Flood,
}

impl Occupant {
    /// Somebody who has just come in.
    pub fn new(connection: ConnectionKey, who: Arrived, now: Duration) -> Self {
        Self {
            connection,
            who,
            told: BTreeSet::new(),
            turn: VisitorId(0),
            newest: None,
            freshness: Freshness::default(),
            poses: Allowance::new(POSES_PER_SECOND, POSES_BURST, now),
            datagrams: Allowance::new(DATAGRAMS_PER_SECOND, DATAGRAMS_PER_SECOND, now),
        }
    }

    /// The same visitor by another connection, which knows nobody yet. Their poses go on: the others
    /// see no break.
    pub fn moved(&mut self, connection: ConnectionKey, who: Arrived) {
        self.connection = connection;
        self.who = who;
        self.told.clear();
    }

    /// One datagram came, read as a pose or not at all.
    pub fn hear(&mut self, pose: Option<(Packed, Sample)>, now: Duration) -> Heard {
        if !self.datagrams.take(now) {
            return Heard::Flood;
        }
        let Some((packed, sample)) = pose.filter(|_| self.poses.take(now)) else {
            return Heard::Dropped;
        };
        if self.freshness.admit(&sample, now).is_err() {
            return Heard::Dropped;
        }
        self.newest = Some(Newest { packed, sample, heard: now, is_news: true });
        Heard::Taken
    }

    /// Where they are, if that is known and not old.
    pub fn newest(&self, now: Duration) -> Option<&Newest> {
        self.newest.as_ref().filter(|newest| now.saturating_sub(newest.heard) < SILENT)
    }

    /// A tick is over: what was news has been told.
    pub fn told_all(&mut self) {
        if let Some(newest) = &mut self.newest {
            newest.is_news = false;
        }
    }
}
