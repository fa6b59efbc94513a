//! Waiting until a datagram can be sent.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use quinn::UdpPoller;

type Waiting = Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>;

/// Waits for a socket. Each connection has its own, so that all of them are woken.
pub struct Writable<S> {
    socket: Arc<S>,
    waiting: Option<Waiting>,
}

impl<S> Writable<S> {
    /// For this socket.
    pub fn new(socket: Arc<S>) -> Self {
        Self { socket, waiting: None }
    }
}

impl<S: AsRef<tokio::net::UdpSocket> + Send + Sync + 'static> UdpPoller for Writable<S> {
    fn poll_writable(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        let Self { socket, waiting } = &mut *self;
        let future = waiting.get_or_insert_with(|| {
            let socket = socket.clone();
            Box::pin(async move { (*socket).as_ref().writable().await })
        });
        let result = ready!(future.as_mut().poll(context));
        *waiting = None;
        Poll::Ready(result)
    }
}

impl<S> fmt::Debug for Writable<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Writable").finish_non_exhaustive()
    }
}
