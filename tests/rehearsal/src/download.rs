//! The simplest way: the whole twin as one file, of which nothing is seen until all of it is here.

use std::time::Duration;

use pavilion::math::Pose;
use quinn_proto::{Connection, ConnectionHandle};

use crate::arrivals::Arrivals;
use crate::peer::{Moment, Program};
use crate::plain::{Requests, WHOLE};
use crate::world::Visitor;

/// See the module.
pub struct Download {
    requests: Requests,
    is_whole: bool,
    /// Everything that came.
    pub arrivals: Arrivals,
}

impl Default for Download {
    fn default() -> Self {
        let mut requests = Requests::default();
        requests.ask(WHOLE);
        Self { requests, is_whole: false, arrivals: Arrivals::default() }
    }
}

impl Download {
    /// Whether all of it is here.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }
}

impl Visitor for Download {
    fn frame(&mut self, _: Duration, _: Pose) {}

    fn handle(&self) -> Option<ConnectionHandle> {
        self.requests.handle()
    }
}

impl Program for Download {
    fn began(&mut self, _: Moment, handle: ConnectionHandle, _: &mut Connection) {
        self.requests.began(handle);
    }

    fn act(&mut self, now: Moment, _: ConnectionHandle, connection: &mut Connection) {
        let Self { requests, is_whole, arrivals } = self;
        requests.act(now.since, connection, |at, hash, count, end| {
            arrivals.bytes(at, hash, count, true);
            *is_whole |= end.is_some();
        });
    }

    fn ended(&mut self, _: Moment, _: ConnectionHandle) {}
}
