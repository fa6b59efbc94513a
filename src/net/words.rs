//! What a viewer says on the control stream: the newest list of wants, as far as the host lets it be said.
//!
//! While the network is away nothing is read at the other end. Then one list is half said, and of all those after it
//! only the newest is said one day; meanwhile whoever says it does something else. What is received goes by the list that
//! is being said and not by a newer one: else the host would believe that something was taken which was not.

use std::time::{Duration, Instant};

use quinn::{SendStream, WriteError};

use super::cause::Cause;
use super::early::spell;
use super::inbox::Inbox;
use crate::protocol::{ProtocolError, WantedBlob};

/// See the module.
#[derive(Debug)]
pub struct Words {
    bytes: Vec<u8>,
    /// So many of them have been taken by QUIC.
    said: usize,
    /// What is wanted since.
    list: Option<Vec<WantedBlob>>,
    /// The host is to hear of wants again.
    is_due: bool,
    moved: Instant,
}

impl Words {
    /// Nothing is to be said.
    pub fn new(now: Instant) -> Self {
        Self { bytes: Vec::new(), said: 0, list: None, is_due: false, moved: now }
    }

    /// This is wanted from now on.
    pub fn want(&mut self, list: Vec<WantedBlob>) {
        (self.list, self.is_due) = (Some(list), true);
    }

    /// The inbox does not want something any more that the host believes it does.
    pub fn outdate(&mut self) {
        self.is_due = true;
    }

    /// Begins with the newest list, unless an earlier one is being said.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn renew(&mut self, inbox: &mut Inbox, is_short: bool) -> Result<(), ProtocolError> {
        if self.is_due && !self.is_left() {
            self.hand_over(inbox);
            (self.bytes, self.said) = (spell(inbox.wants(), is_short)?, 0);
            (self.is_due, self.moved) = (false, Instant::now());
        }
        Ok(())
    }

    /// The newest list goes into the inbox: because it is about to be said, or never will be.
    pub fn hand_over(&mut self, inbox: &mut Inbox) {
        if let Some(list) = self.list.take() {
            inbox.replace(&list);
        }
    }

    /// Whether something is left to say.
    pub fn is_left(&self) -> bool {
        self.said < self.bytes.len()
    }

    /// For how long what is left could not be said.
    pub fn stuck(&self) -> Duration {
        if self.is_left() { self.moved.elapsed() } else { Duration::ZERO }
    }

    /// Says some of what is left. May be given up at any time: nothing is said twice, and nothing left out.
    ///
    /// # Errors
    /// When the stream or the connection has ended.
    pub async fn say(&mut self, send: &mut SendStream) -> Result<(), Cause> {
        match send.write(self.bytes.get(self.said..).unwrap_or_default()).await {
            Ok(count) => {
                self.said += count;
                self.moved = Instant::now();
                Ok(())
            }
            // The connection's own end is what tells why.
            Err(WriteError::ConnectionLost(error)) => Err(error.into()),
            Err(_) => Err(Cause::Gone),
        }
    }
}
