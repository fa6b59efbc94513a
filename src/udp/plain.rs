//! A UDP socket for QUIC that needs no option of the system: one datagram a call, no ECN.
//!
//! Replies leave by the address that the system's routes choose, because nothing tells by which one
//! the question came: a host with several addresses is better bound to one of them.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};

use super::writable::Writable;

/// See the module.
#[derive(Debug)]
pub struct PlainSocket(tokio::net::UdpSocket);

impl PlainSocket {
    /// Takes over a bound socket, inside a tokio runtime.
    pub fn new(socket: UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        tokio::net::UdpSocket::from_std(socket).map(Self)
    }
}

impl AsRef<tokio::net::UdpSocket> for PlainSocket {
    fn as_ref(&self) -> &tokio::net::UdpSocket {
        &self.0
    }
}

impl AsyncUdpSocket for PlainSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable::new(self))
    }

    fn try_send(&self, transmit: &Transmit) -> io::Result<()> {
        match self.0.try_send_to(transmit.contents, transmit.destination) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            // An unreachable host, a datagram too long for the path: for QUIC it is lost, as on any network.
            Err(error) => {
                tracing::debug!(destination = %transmit.destination, %error, "a datagram was not sent");
                Ok(())
            }
        }
    }

    fn poll_recv(
        &self,
        context: &mut Context,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_recv_ready(context))?;
            let mut count = 0;
            for (buffer, meta) in buffers.iter_mut().zip(metas.iter_mut()) {
                match self.0.try_recv_from(buffer) {
                    Ok((len, addr)) => {
                        *meta = RecvMeta { addr, len, stride: len, ..RecvMeta::default() };
                        count += 1;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // What came before it is handed on; if it lasts, the next call meets it first.
                    Err(_) if count > 0 => break,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}
