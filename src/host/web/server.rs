//! HTTP over TCP: carries requests to [`Pages`] and their answers back, on a thread of its own.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::body::Stream;
use super::patience::Patient;
use super::{Asked, Content, Pages, says};

/// Connections at once, unless told otherwise: a browser opens six.
pub const CONNECTIONS_MAX: usize = 256;

/// How long a request's head may take, from its first byte or the end of the answer before it, unless told otherwise.
pub const HEAD_SECONDS: u64 = 10;

/// How long nothing may move while an answer is sent, unless told otherwise.
pub const IDLE_SECONDS: u64 = 20;

/// How long one connection may be used: after it, whoever still asks opens another, and whoever takes a byte a second
/// has had enough.
const CONNECTION: Duration = Duration::from_secs(600);

/// How long answers may take that are under way when the host ends.
const STOP: Duration = Duration::from_secs(1);

/// A head is at most so long: browsers stay below 2 kB.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// How many may wait to be let in.
const BACKLOG: i32 = 128;

/// How long to wait where the system has no more files to give.
const SHORTAGE: Duration = Duration::from_millis(100);

/// Where to listen, and how patient to be.
#[derive(Clone, Copy, Debug)]
pub struct WebOptions {
    /// Where to listen. Port 0 lets the system choose.
    pub bind: SocketAddr,
    /// Connections at once; whoever comes later waits.
    pub connections_max: usize,
    /// How long a request's head may take.
    pub head: Duration,
    /// How long nothing may move.
    pub idle: Duration,
}

impl WebOptions {
    /// Listens at `bind`, as patient as browsers need it.
    pub fn new(bind: SocketAddr) -> Self {
        Self {
            bind,
            connections_max: CONNECTIONS_MAX,
            head: Duration::from_secs(HEAD_SECONDS),
            idle: Duration::from_secs(IDLE_SECONDS),
        }
    }
}

/// Why nothing can be offered over HTTP.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address cannot be listened at.
    #[error("HTTP cannot be served at {address} ({source}): choose another address or port")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no thread.
    #[error("the thread for HTTP cannot be started ({0}): the machine is short of memory or threads")]
    Thread(#[from] io::Error),
}

/// Answers until it is stopped or dropped.
pub struct RunningWeb {
    local_addr: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl RunningWeb {
    /// Begins to answer, on a thread called `name`.
    ///
    /// # Errors
    /// When the port or the thread cannot be had.
    pub fn start(name: &str, options: WebOptions, pages: impl Pages) -> Result<Self, WebError> {
        let failed = |source| WebError::Bind { address: options.bind, source };
        let socket = listen(options.bind).map_err(failed)?;
        let local_addr = socket.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let (started, starting) = sync_channel(1);
        let pages: Arc<dyn Pages> = Arc::new(pages);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    // The receiver waits for exactly this one message.
                    let _ = started.send(Err(error));
                    return;
                }
            };
            runtime.block_on(async {
                match TcpListener::from_std(socket) {
                    Ok(listener) => {
                        let _ = started.send(Ok(()));
                        accept(listener, options, pages, stopped).await;
                    }
                    Err(error) => {
                        let _ = started.send(Err(error));
                    }
                }
            });
        })?;
        starting.recv().unwrap_or_else(|_| Err(io::Error::other("it ended at once")))?;
        tracing::info!(%local_addr, "HTTP is served");
        Ok(Self { local_addr, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }
}

impl Drop for RunningWeb {
    /// Lets answers end that are under way; takes at most a second.
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread for HTTP had panicked");
        }
    }
}

/// The unspecified IPv6 address takes IPv4 as well, also on Windows, and is IPv4's on a machine without IPv6.
fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    match open(address) {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && error.kind() != io::ErrorKind::AddrInUse => {
            open((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        opened => opened,
    }
}

fn open(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
    }
    // On Unix a host that was started again need not wait for the old one's connections; on Windows it would mean
    // that two may listen at once.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

async fn accept(
    listener: TcpListener,
    options: WebOptions,
    pages: Arc<dyn Pages>,
    mut stopped: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(options.connections_max.max(1)));
    loop {
        // First the place, then the visitor: whoever finds none waits in the system's queue, which is bounded.
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = stopped.changed() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let (pages, stopped) = (pages.clone(), stopped.clone());
                tokio::spawn(async move {
                    converse(stream, options, pages, stopped).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection was not to be had");
                sleep(SHORTAGE).await;
            }
        }
    }
    let all = u32::try_from(options.connections_max.max(1)).unwrap_or(u32::MAX);
    if timeout(STOP, places.acquire_many(all)).await.is_err() {
        tracing::debug!("not every answer was sent to its end");
    }
}

/// One connection, from its first request to its last.
async fn converse(
    stream: TcpStream,
    options: WebOptions,
    pages: Arc<dyn Pages>,
    mut stopped: watch::Receiver<bool>,
) {
    // Heads are small and wait for nothing.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let response = respond(&*pages, &request);
        async move { Ok::<_, Infallible>(response) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(options.head).max_buf_size(HEAD_BYTES_MAX);
    let io = TokioIo::new(Patient::new(stream, options.idle));
    let mut connection = pin!(builder.serve_connection(io, service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = sleep(CONNECTION) => {
            connection.as_mut().graceful_shutdown();
            timeout(options.idle, connection).await.unwrap_or(Ok(()))
        }
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

fn respond(pages: &dyn Pages, request: &Request<hyper::body::Incoming>) -> Response<Stream> {
    let asked = Asked { method: request.method(), path: request.uri().path(), headers: request.headers() };
    let (head, content) = pages.answer(&asked).into_parts();
    match Stream::open(content) {
        Ok(stream) => Response::from_parts(head, stream),
        Err(error) => {
            tracing::warn!("{} cannot be read ({error}): was the twin baked again?", asked.path);
            says(StatusCode::INTERNAL_SERVER_ERROR, "the host cannot read this file\n").map(|content| {
                match content {
                    Content::Bytes(bytes) => Stream::Memory(Some(bytes)),
                    _ => Stream::Memory(None),
                }
            })
        }
    }
}
