//! The viewer's connection: a [`JoinLink`] and lists of wants come in, [`Event`]s go out.
//!
//! It has a thread of its own and comes back by itself when the network or the host goes away. The
//! frame thread only ever calls [`Connection::want`], [`Connection::be_at`] and [`Connection::poll`],
//! which never wait.
//! Architecture invariant: it knows hashes and sizes, not tiles; whether bytes came from here or from
//! a cache is decided elsewhere.

pub mod backoff;
pub mod cause;
pub mod identity;
pub mod inbox;

mod dial;
mod early;
pub(crate) mod pin;
mod pump;
mod silence;
mod socket;
mod words;

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::protocol::presence::Sample;
use crate::protocol::{Arrived, BlobFault, Changed, ContentHash, JoinLink, VisitorId, WantedBlob, Welcome};
use crate::udp;
pub use cause::Cause;
pub use dial::client_config;
pub use identity::{Identity, Me};

/// What has happened.
#[derive(Debug)]
pub enum Event {
    /// The host has let us in, for the first time or again. What is wanted is to be said (again): the host knows at
    /// most what was wanted when the connection before was lost.
    Connected {
        /// Its words.
        welcome: Welcome,
        /// The manifest is on its way, with what is seen first: to ask for anything would be in place of the rest.
        is_opening: bool,
    },
    /// The host shows another twin from now on.
    Changed(Changed),
    /// A blob has come; its bytes are those that its name promises.
    Blob {
        /// Its name.
        hash: ContentHash,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// A blob has not come, and will not unless it is asked for again.
    BlobFailed {
        /// Its name.
        hash: ContentHash,
        /// Why.
        fault: BlobFault,
    },
    /// Somebody else is here: after [`Event::Connected`], everybody is told of anew.
    Arrived(Arrived),
    /// Somebody else has gone.
    Departed(VisitorId),
    /// Where some of the others are. Dropped when the frame thread is behind.
    Others {
        /// When the datagram came.
        at: Instant,
        /// Who, and what was sent of them.
        samples: Vec<(VisitorId, Sample)>,
    },
    /// There is no connection, and there will be another try.
    Lost {
        /// Why.
        cause: Cause,
        /// Until the next try.
        retry_in: Duration,
    },
    /// There is no connection, and trying again makes no sense. Nothing comes after.
    Refused(Cause),
}

/// Events that may wait for the frame thread; beyond, the network waits. The bytes among them are
/// bounded by what was wanted.
const EVENTS_MAX: usize = 256;

/// Lists of wants that may wait for the network; beyond, [`Connection::want`] refuses.
const COMMANDS_MAX: usize = 4;

enum Command {
    Want(Vec<WantedBlob>),
    Close,
}

/// What the host is to send before it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The manifest, and what is seen first.
    All,
    /// The manifest, if it is none of these: most of the rest is here.
    Unless(Vec<ContentHash>),
    /// Nothing: whoever asks knows what for.
    Nothing,
}

/// A connection to a host, or the wish for one.
pub struct Connection {
    commands: mpsc::Sender<Command>,
    here: watch::Sender<Option<Sample>>,
    opening: watch::Sender<Opening>,
    events: mpsc::Receiver<Event>,
    thread: Option<JoinHandle<()>>,
}

impl Connection {
    /// Begins to connect as `me`, on a thread of its own. What comes of it is told by [`Connection::poll`].
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn open(link: JoinLink, me: Me, opening: Opening) -> io::Result<Self> {
        Self::open_over(link, me, opening, udp::Choice::Best)
    }

    /// As [`Connection::open`], over sockets of a certain kind.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn open_over(link: JoinLink, me: Me, opening: Opening, sockets: udp::Choice) -> io::Result<Self> {
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let (event_queue, events) = mpsc::channel(EVENTS_MAX);
        let (here, place) = watch::channel(None);
        let (opening, opens) = watch::channel(opening);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Viewers that lose the same host must not all come back in the same instant.
        let seed = RandomState::new().build_hasher().finish();
        let thread = std::thread::Builder::new().name("pavilion-net".to_owned()).spawn(move || {
            let queues = pump::Queues { commands: command_queue, place, opening: opens, events: event_queue };
            runtime.block_on(pump::run(link, me, sockets, seed, queues));
            // A name that is still being looked up is not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Self { commands, here, opening, events, thread: Some(thread) })
    }

    /// Says what is wanted now, most important first, in place of what was wanted before. Never
    /// waits; `false` when the network is behind and the list should be given again later.
    #[must_use]
    pub fn want(&self, blobs: Vec<WantedBlob>) -> bool {
        self.commands.try_send(Command::Want(blobs)).is_ok()
    }

    /// Says where the person is now. Never waits: the newest takes the place of one that was not sent
    /// yet, and without a connection none is sent.
    pub fn be_at(&self, sample: Sample) {
        self.here.send_replace(Some(sample));
    }

    /// Says what twin is here from an earlier visit, or from this one: at the next connection the host need not send
    /// what is in it. Never waits.
    pub fn hold(&self, manifest: ContentHash) {
        self.opening.send_replace(Opening::Unless(vec![manifest]));
    }

    /// The next thing that has happened. Never waits.
    pub fn poll(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Waits for the next thing to happen; `None` once nothing more will. For programs without
    /// frames.
    pub fn wait(&mut self) -> Option<Event> {
        self.events.blocking_recv()
    }
}

impl Drop for Connection {
    /// Says goodbye to the host, which takes at most half a second.
    fn drop(&mut self) {
        // When the queue is full, closing it says the same a little later.
        let _ = self.commands.try_send(Command::Close);
        self.events.close();
        let (closed, _) = mpsc::channel(1);
        self.commands = closed;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the network's thread had panicked");
        }
    }
}
