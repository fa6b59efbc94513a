//! A UDP socket for QUIC that asks the system for ECN and segments until it refuses them at a datagram.
//!
//! Some kernels take the options when the socket is opened and refuse what is sent with them: on some phones every
//! `sendmsg` with an ECN mark fails with `EIO`, and quinn's own socket, which notes the error and goes on, never sends
//! anything (quinn issues 2718, 2202 and 2399). Here the refused datagram leaves at once without them, and so does every
//! one after it.

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::io::Interest;

use super::writable::Writable;

/// What the system does with a datagram.
pub type Send = fn(&UdpSocketState, &tokio::net::UdpSocket, &Transmit<'_>) -> io::Result<()>;

/// Sends it.
pub fn send(
    state: &UdpSocketState,
    socket: &tokio::net::UdpSocket,
    transmit: &Transmit<'_>,
) -> io::Result<()> {
    state.try_send(socket.into(), transmit)
}

/// Whether the system refuses what is asked of it with the datagram, and not the datagram for where it goes.
fn is_refusal(error: &io::Error) -> bool {
    const EIO: i32 = 5;
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
        || cfg!(unix) && error.raw_os_error() == Some(EIO)
}

/// See the module.
pub struct WarySocket {
    socket: tokio::net::UdpSocket,
    state: UdpSocketState,
    send: Send,
    is_wary: AtomicBool,
}

impl WarySocket {
    /// Takes over a bound socket, inside a tokio runtime.
    pub fn new(socket: UdpSocket, send: Send) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        socket.set_nonblocking(true)?;
        let socket = tokio::net::UdpSocket::from_std(socket)?;
        Ok(Self { socket, state, send, is_wary: AtomicBool::new(false) })
    }

    fn try_once(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_io(Interest::WRITABLE, || (self.send)(&self.state, &self.socket, transmit))
    }

    /// One datagram after the other, with nothing to them.
    fn send_plainly(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let size = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        for (number, contents) in transmit.contents.chunks(size).enumerate() {
            let plain = Transmit { contents, segment_size: None, ecn: None, ..transmit.clone() };
            match self.try_once(&plain) {
                // Nothing has left: all of it is tried again.
                Err(error) if number == 0 && error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Ok(()) => {}
                // For QUIC it is lost, as on any network.
                Err(error) => {
                    tracing::debug!(destination = %transmit.destination, %error, "a datagram was not sent");
                }
            }
        }
        Ok(())
    }
}

impl AsRef<tokio::net::UdpSocket> for WarySocket {
    fn as_ref(&self) -> &tokio::net::UdpSocket {
        &self.socket
    }
}

impl fmt::Debug for WarySocket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("WarySocket").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl AsyncUdpSocket for WarySocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable::new(self))
    }

    fn try_send(&self, transmit: &Transmit) -> io::Result<()> {
        let asks = transmit.ecn.is_some() || transmit.segment_size.is_some();
        if !asks || self.is_wary.load(Ordering::Relaxed) {
            return self.send_plainly(transmit);
        }
        match self.try_once(transmit) {
            Err(error) if is_refusal(&error) => {
                if !self.is_wary.swap(true, Ordering::Relaxed) {
                    tracing::info!("UDP without ECN and segments from now on: the system refuses ({error})");
                }
                self.send_plainly(transmit)
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                // There is no way just now, or it is too long for it: for QUIC it is lost.
                tracing::debug!(destination = %transmit.destination, %error, "a datagram was not sent");
                Ok(())
            }
            sent => sent,
        }
    }

    fn poll_recv(
        &self,
        context: &mut Context,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.socket.poll_recv_ready(context))?;
            let received = self
                .socket
                .try_io(Interest::READABLE, || self.state.recv((&self.socket).into(), buffers, metas));
            match received {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                received => return Poll::Ready(received),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        if self.is_wary.load(Ordering::Relaxed) { 1 } else { self.state.max_gso_segments() }
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}
