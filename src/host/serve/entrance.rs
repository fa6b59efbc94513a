//! Where a connection becomes a visit: when its handshake is complete, or before, when a visitor who comes back asks for
//! something in the first packets (QUIC's 0-RTT).
//!
//! Blobs are sent to whoever asks, known or not, so that they may leave before it is clear who asks. Whatever depends on
//! that waits, for a hello proves nothing before the handshake is complete. To an address that has not shown that it is
//! one, QUIC lets out three times what came from there, whatever was asked for.

use quinn::{Connection, ConnectionError, Incoming, RecvStream, SendStream};

/// A connection by which somebody can be heard.
pub struct Arrival {
    pub connection: Connection,
    /// The control stream, where it has begun already.
    pub control: Option<(SendStream, RecvStream)>,
    /// It began before the handshake was complete.
    pub is_early: bool,
}

/// Waits until there is somebody to hear.
///
/// # Errors
/// When the handshake fails.
pub async fn arrive(incoming: Incoming) -> Result<Arrival, ConnectionError> {
    let (connection, complete) = match incoming.accept()?.into_0rtt() {
        Ok(halfway) => halfway,
        Err(connecting) => {
            return Ok(Arrival { connection: connecting.await?, control: None, is_early: false });
        }
    };
    let control = tokio::select! {
        biased;
        control = connection.accept_bi() => Some(control?),
        _ = complete => None,
    };
    match connection.close_reason() {
        Some(error) => Err(error),
        None => {
            let is_early = control.as_ref().is_some_and(|(_, receive)| receive.is_0rtt());
            Ok(Arrival { connection, control, is_early })
        }
    }
}
