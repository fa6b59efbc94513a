//! What a visitor who comes back asks for in the very first packets (QUIC's 0-RTT), before the handshake is complete.
//!
//! Whoever sees early data pass may say it to the host once more, and no secret of its own protects what was said from
//! whoever learns the keys later. So there is nothing in it but wants, by which nothing changes for anybody: no hello,
//! no pose. A host that has forgotten us leaves it unread, and all goes on as if it had not been said.

use quinn::{Connecting, Connection, ConnectionError, RecvStream, SendStream};

use crate::protocol::codec;
use crate::protocol::{FromViewer, ProtocolError, ShortWant, Want};

/// The two directions of the control stream.
pub type Control = (SendStream, RecvStream);

/// Wants, as they are said before anything is agreed on.
#[derive(Debug, Default)]
pub struct Early {
    words: Vec<u8>,
    items: usize,
}

impl Early {
    /// Of these lists; nothing is said where nothing is wanted, for what is seen first comes unasked only to who does
    /// not ask.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn of(wants: Vec<Want>) -> Result<Self, ProtocolError> {
        match wants.iter().map(|want| want.items().len()).sum() {
            0 => Ok(Self::default()),
            items => Ok(Self { words: spell(wants, false)?, items }),
        }
    }

    /// How many entries the lists have: as many may the host call absent.
    pub fn items(&self) -> usize {
        self.items
    }
}

/// Lists of wants as they are said, one after the other.
///
/// # Errors
/// When they cannot be written.
pub fn spell(wants: Vec<Want>, is_short: bool) -> Result<Vec<u8>, ProtocolError> {
    let mut words = Vec::new();
    for want in wants {
        let message =
            if is_short { FromViewer::ShortWant(ShortWant::of(&want)) } else { FromViewer::Want(want) };
        words.extend(codec::encode(&message)?);
    }
    Ok(words)
}

/// Waits until the handshake is complete, and meanwhile says what is to be said early, where TLS remembers the host. If
/// the host has taken it, the control stream is there already.
///
/// # Errors
/// When there is no connection.
pub async fn shake_hands(
    connecting: Connecting,
    early: &Early,
) -> Result<(Connection, Option<Control>), ConnectionError> {
    let halfway = if early.items == 0 { Err(connecting) } else { connecting.into_0rtt() };
    let (connection, is_taken) = match halfway {
        Ok(halfway) => halfway,
        Err(connecting) => return Ok((connecting.await?, None)),
    };
    let (mut send, receive) = connection.open_bi().await?;
    // A list that is longer than what the host lets us say early waits for the handshake. Why it could not be said is
    // told by what follows.
    let _ = send.write_all(&early.words).await;
    if is_taken.await {
        return Ok((connection, Some((send, receive))));
    }
    match connection.close_reason() {
        Some(error) => Err(error),
        None => Ok((connection, None)),
    }
}
