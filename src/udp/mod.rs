//! UDP for QUIC on any system: an address comes in, a QUIC endpoint goes out.
//!
//! Viewer and host get their sockets here. Where the system knows the options that quinn's own socket
//! asks for (ECN, segments, no fragments), [`wary`] uses them, until it refuses a datagram that does (some
//! phones); where it refuses one of them at once (Wine), [`plain`] takes its place. The system's answer decides, and
//! is logged once.
//! Architecture invariant: it knows nothing of links, blobs or messages.

mod plain;
#[cfg(test)]
mod tests;
mod wary;
mod writable;

use std::io;
use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Once};

use quinn::udp::UdpSocketState;
use quinn::{AsyncUdpSocket, Endpoint, EndpointConfig, ServerConfig, TokioRuntime};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use plain::PlainSocket;
use wary::WarySocket;

/// Which kind of socket carries an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The fastest that this system supports.
    #[default]
    Best,
    /// One that asks nothing of the system but to send and to receive.
    Plain,
}

impl Choice {
    /// What an endpoint over `socket` has to work with.
    fn open(self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        match self {
            Self::Best => open_where(socket, |socket| UdpSocketState::new(socket.into()).map(drop)),
            Self::Plain => Ok(Arc::new(PlainSocket::new(socket)?)),
        }
    }
}

/// Opens a socket with all options if `supports` succeeds, else a plain one.
fn open_where(
    socket: UdpSocket,
    supports: impl Fn(&UdpSocket) -> io::Result<()>,
) -> io::Result<Arc<dyn AsyncUdpSocket>> {
    static SAID: Once = Once::new();
    match supports(&socket) {
        Ok(()) => Ok(Arc::new(WarySocket::new(socket, wary::send)?)),
        Err(error) => {
            SAID.call_once(|| tracing::info!("UDP without ECN and segments: the system refuses ({error})"));
            Ok(Arc::new(PlainSocket::new(socket)?))
        }
    }
}

/// What a socket keeps of what has come and was not read yet, as far as the system lets it: a hall full of visitors
/// comes in at the same moment, and whose first packet is lost waits for a sixth of a second. Linux's usual 208 KiB
/// hold ninety first packets.
const RECEIVE_BYTES: usize = 1 << 20;

/// A socket bound to `address`. The unspecified IPv6 address takes IPv4 as well, also on Windows,
/// where that is not the default.
///
/// # Errors
/// What the system says.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bind_as_it_is(address)?;
    let options = SockRef::from(&socket);
    if options.recv_buffer_size().is_ok_and(|bytes| bytes < RECEIVE_BYTES) {
        // A system that refuses it goes on with what it has.
        let _ = options.set_recv_buffer_size(RECEIVE_BYTES);
    }
    Ok(socket)
}

fn bind_as_it_is(address: SocketAddr) -> io::Result<UdpSocket> {
    if address.ip() != Ipv6Addr::UNSPECIFIED {
        return UdpSocket::bind(address);
    }
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_only_v6(false)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Has an endpoint go on over another socket: what it had is of no use any more. Call it inside a tokio runtime.
///
/// # Errors
/// When the system refuses to have the socket waited for.
pub fn rebind(endpoint: &Endpoint, socket: UdpSocket, choice: Choice) -> io::Result<()> {
    endpoint.rebind_abstract(choice.open(socket)?)
}

/// An endpoint over a bound socket: a host with `server`, else a viewer. Call it inside a tokio runtime.
///
/// # Errors
/// When the system refuses to have the socket waited for.
pub fn endpoint(
    config: EndpointConfig,
    server: Option<ServerConfig>,
    socket: UdpSocket,
    choice: Choice,
) -> io::Result<Endpoint> {
    Endpoint::new_with_abstract_socket(config, server, choice.open(socket)?, Arc::new(TokioRuntime))
}
