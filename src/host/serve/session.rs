//! One visitor, as far as it can be decided without a socket: messages and time come in, [`Action`]s
//! go out.
//!
//! What a visitor can make the host hold is bounded: one list of wants, [`OPEN_MAX`](super::content::OPEN_MAX)
//! streams, and answers to the message at hand.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::content::{Order, Pace, StreamKey};
use super::visitors::{ConnectionKey, Visitors};
use crate::host::allowance::Allowance;
use crate::protocol::content::WantItem;
use crate::protocol::{
    Arrived, BlobHeader, Capabilities, Changed, CloseCause, ContentHash, FromHost, FromViewer, Hello, Prefix,
    ShortWant, Token, VisitorId, WantedBlob, Welcome, transport,
};

/// What the session wants done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Say this on the control stream.
    Send(FromHost),
    /// Open a stream for a blob.
    Open {
        /// By what it is called from now on.
        stream: StreamKey,
        /// What stands at its head: which blob, and from where on.
        header: BlobHeader,
        /// How to write it.
        pace: Pace,
    },
    /// Write an open stream in another way.
    Pace {
        /// Which.
        stream: StreamKey,
        /// How.
        pace: Pace,
    },
    /// Reset an open stream.
    Cancel(StreamKey),
    /// Close another connection: this visitor has left it behind.
    Displace(ConnectionKey),
    /// Let the visitor into the room.
    Enter(Arrived),
    /// Close this connection. Nothing comes after.
    Close(CloseCause),
}

/// What a host offers to every visitor.
#[derive(Debug)]
pub struct Offer {
    /// The manifest.
    pub manifest: WantedBlob,
    /// What a viewer must understand to show the twin.
    pub needs: Capabilities,
    /// The size of everything that can be asked for.
    pub catalog: BTreeMap<ContentHash, u32>,
    /// What a newcomer is sent without asking, after the manifest: at most
    /// [`OPENING_BYTES_MAX`](crate::protocol::content::OPENING_BYTES_MAX).
    pub opening: Vec<ContentHash>,
}

impl Offer {
    /// The names that begin so: as good as always one.
    fn named(&self, prefix: Prefix) -> impl Iterator<Item = ContentHash> {
        let names = self.catalog.range(prefix.first()..).map(|(hash, _)| *hash);
        names.take_while(move |hash| Prefix::of(*hash) == prefix).take(SAME_PREFIX_MAX)
    }
}

/// Names of one beginning that are looked at.
const SAME_PREFIX_MAX: usize = 4;

/// Lists of wants a second, in the long run: viewers send at most thirty.
const MESSAGES_PER_SECOND: f64 = 60.0;

/// Lists at once: as many as a viewer says while the network is away, before it counts as gone, and a third more.
const MESSAGES_BURST: f64 = 0.04 * transport::IDLE_MILLIS as f64;

/// Twins that somebody may say to have from before; more are not looked at.
const HOLDINGS_MAX: usize = 8;

/// One visitor's connection.
#[derive(Debug)]
pub struct Session {
    connection: ConnectionKey,
    fresh: Token,
    started: Duration,
    /// Of a visitor who was welcomed.
    welcomed: Option<(Token, VisitorId)>,
    understood: Capabilities,
    holding: Vec<ContentHash>,
    has_wanted: bool,
    is_closed: bool,
    order: Order,
    messages: Allowance,
    actions: VecDeque<Action>,
}

impl Session {
    /// A connection that was just made; `fresh` is the visitor's token unless they bring one.
    pub fn new(connection: ConnectionKey, fresh: Token, now: Duration) -> Self {
        Self {
            connection,
            fresh,
            started: now,
            welcomed: None,
            understood: Capabilities::default(),
            holding: Vec::new(),
            has_wanted: false,
            is_closed: false,
            order: Order::default(),
            messages: Allowance::new(MESSAGES_PER_SECOND, MESSAGES_BURST, now),
            actions: VecDeque::new(),
        }
    }

    /// The visitor has said something.
    pub fn on_message(
        &mut self,
        message: &FromViewer,
        offer: &Offer,
        visitors: &mut Visitors,
        now: Duration,
    ) {
        if self.is_closed {
            return;
        }
        if !self.messages.take(now) {
            return self.close(CloseCause::TooMuch);
        }
        match (self.welcomed, message) {
            (None, FromViewer::Hello(hello)) => self.welcome(hello, offer, visitors, now),
            (None, FromViewer::Holding(holding)) => {
                if self.holding.len() < HOLDINGS_MAX {
                    self.holding.push(holding.manifest);
                }
            }
            // Blobs are sent to whoever asks, known or not: nothing changes by it, so that it may be the first that
            // is said, and said twice.
            (_, FromViewer::Want(want)) => self.want(want.items(), offer),
            (_, FromViewer::ShortWant(want)) => self.want(&self.resolve(want, offer), offer),
            _ => self.close(CloseCause::BrokenRules),
        }
    }

    fn want(&mut self, items: &[WantItem], offer: &Offer) {
        self.has_wanted = true;
        if let Err(cause) = self.order.replace(items, &offer.catalog, &mut self.actions) {
            self.close(cause);
        }
    }

    /// What is wanted, by whole names; what nothing is called goes by its beginning.
    fn resolve(&self, want: &ShortWant, offer: &Offer) -> Vec<WantItem> {
        let mut items = Vec::with_capacity(want.items().len());
        for (prefix, offset) in want.items() {
            let before = items.len();
            items.extend(offer.named(*prefix).map(|hash| WantItem { hash, offset: *offset }));
            match items.len() - before {
                0 => items.push(WantItem { hash: prefix.first(), offset: *offset }),
                1 => {}
                // The other one may be shorter than what is here of the one that is meant.
                _ => items[before..].iter_mut().for_each(|item| item.offset = 0),
            }
        }
        items
    }

    /// What a newcomer sees first is on its way before they ask for it.
    fn open(&mut self, offer: &Offer) {
        let has_manifest = self.holding.contains(&offer.manifest.hash);
        if self.has_wanted || has_manifest || !self.understood.contains(Capabilities::OPENING) {
            return;
        }
        // Who has an earlier twin of this place has most of it.
        let opening = if self.holding.is_empty() { offer.opening.as_slice() } else { &[] };
        let all = [offer.manifest.hash].into_iter().chain(opening.iter().copied());
        let items: Vec<_> = all.map(|hash| WantItem { hash, offset: 0 }).collect();
        self.want(&items, offer);
    }

    /// Another twin is offered from now on.
    pub fn on_change(&mut self, offer: &Offer) {
        if self.welcomed.is_some() && self.understood.contains(Capabilities::CHANGES) && !self.is_closed {
            let WantedBlob { hash, size_bytes } = offer.manifest;
            let changed = Changed { manifest: hash, manifest_bytes: size_bytes };
            self.actions.push_back(Action::Send(FromHost::Changed(changed)));
        }
    }

    fn welcome(&mut self, hello: &Hello, offer: &Offer, visitors: &mut Visitors, now: Duration) {
        if !hello.capabilities.contains(offer.needs) {
            return self.close(CloseCause::Unsupported);
        }
        let admission = visitors.admit(self.connection, hello.resume, self.fresh, hello.key, now);
        let visitor = admission.visitor;
        self.welcomed = Some((admission.token, visitor));
        self.actions.extend(admission.displaced.map(Action::Displace));
        self.understood = hello.capabilities.shared_with(Capabilities::OURS);
        self.actions.push_back(Action::Send(FromHost::Welcome(Welcome {
            capabilities: self.understood,
            manifest: offer.manifest.hash,
            manifest_bytes: offer.manifest.size_bytes,
            token: admission.token,
            is_resumed: admission.is_resumed,
            visitor,
        })));
        let who = Arrived { visitor, name: hello.name.clone(), key: hello.key };
        self.actions.push_back(Action::Enter(who));
        self.open(offer);
    }

    /// By what the visitor is known, once they were welcomed.
    pub fn visitor(&self) -> Option<VisitorId> {
        self.welcomed.map(|(_, visitor)| visitor)
    }

    /// The visitor's proof does not fit their key.
    pub fn on_unproven(&mut self) {
        self.close(CloseCause::Unproven);
    }

    /// The visitor floods the host with datagrams.
    pub fn on_flood(&mut self) {
        self.close(CloseCause::TooMuch);
    }

    /// The visitor has sent what cannot be read.
    pub fn on_garbage(&mut self) {
        self.close(CloseCause::BrokenRules);
    }

    /// The last byte of a blob's stream was handed to the network.
    pub fn on_sent(&mut self, stream: StreamKey, offer: &Offer) {
        if !self.is_closed {
            self.order.sent(stream, &offer.catalog, &mut self.actions);
        }
    }

    /// A blob cannot be read: of an earlier twin it may be gone, and without one of this twin's a visitor sees the rest.
    pub fn on_unreadable(&mut self, stream: StreamKey, offer: &Offer) {
        if !self.is_closed {
            self.order.absent(stream, &offer.catalog, &mut self.actions);
        }
    }

    /// Time has passed.
    pub fn on_time(&mut self, now: Duration) {
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            self.close(CloseCause::TooSlow);
        }
    }

    /// When [`Session::on_time`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        let waits = self.welcomed.is_none() && !self.is_closed;
        waits.then_some(self.started + Duration::from_millis(transport::HELLO_MILLIS))
    }

    /// The connection is gone.
    pub fn on_gone(&mut self, visitors: &mut Visitors, now: Duration) {
        if let Some((token, _)) = self.welcomed.take() {
            visitors.left(token, self.connection, now);
        }
        self.is_closed = true;
    }

    /// What to do next.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    fn close(&mut self, cause: CloseCause) {
        if !self.is_closed {
            self.is_closed = true;
            self.actions.clear();
            self.actions.push_back(Action::Close(cause));
        }
    }
}
