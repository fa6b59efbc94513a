//! Serves a baked folder over QUIC.
//!
//! A folder and an address come in; a [`RunningServer`] with its [`JoinLink`] comes out, which has a
//! thread of its own. What one visitor may do is decided in [`session`], which is pure; sockets,
//! files and time are in here and in `visit`.

pub mod address;
mod breaths;
pub mod content;
pub mod delay_bound;
pub mod identity;
pub mod opening;
mod pantry;
pub mod session;
pub mod visitors;

mod entrance;
mod proof;
mod relay;
mod restart;
mod shown;
mod visit;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use quinn::{IdleTimeout, ServerConfig, TransportConfig, VarInt};
use tokio::sync::Notify;

use crate::host::allowance::Allowance;
use crate::host::room::RoomStats;
use crate::protocol::link::{DEFAULT_PORT, Place};
use crate::protocol::{ALPN, CloseCause, ContentHash, JoinLink, transport};
use crate::store::{Shelf, ShelfError};
use crate::udp;
use delay_bound::DelayBoundConfig;
use identity::{Identity, IdentityError};
pub use restart::endpoint_config as endpoint_config_of;
use visit::{Presence, Venue, visit};

/// What to serve, where, and to how many.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// A folder made by bake.
    pub folder: PathBuf,
    /// Where to listen. Port 0 lets the system choose.
    pub bind: SocketAddr,
    /// Where the host's key lies; it is made there if there is none.
    pub identity_folder: PathBuf,
    /// How many visitors may be there at once.
    pub visitors_max: usize,
    /// How many of them may come from one address: a household of IPv6, a hall behind one IPv4 address.
    pub address_max: usize,
    /// From so many visitors on, a new one must first show that its address is its own (QUIC Retry).
    pub retry_from: usize,
    /// Newcomers a second, in the long run, and twice as many at once after a silence; beyond, too, a new one must first
    /// show that its address is its own, which costs a flood of made-up addresses nothing but packets.
    pub newcomers_per_second: u32,
    /// What all visitors are sent from, without a copy for each and without the disk, bytes.
    pub memory_bytes: usize,
    /// Which kind of socket to listen with.
    pub sockets: udp::Choice,
}

impl ServerOptions {
    /// Serves `folder` on every address of this machine at the default port.
    pub fn new(folder: impl Into<PathBuf>, identity_folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            bind: SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT)),
            identity_folder: identity_folder.into(),
            visitors_max: VISITORS_MAX,
            address_max: ADDRESS_MAX,
            retry_from: RETRY_FROM,
            newcomers_per_second: NEWCOMERS_PER_SECOND,
            memory_bytes: MEMORY_BYTES,
            sockets: udp::Choice::Best,
        }
    }
}

/// Visitors at once, unless told otherwise: at 1 MiB of buffers each they cost 256 MiB.
pub const VISITORS_MAX: usize = 256;

/// Of them from one address: nobody fills the venue alone.
pub const ADDRESS_MAX: usize = VISITORS_MAX / 2;

/// [`ServerOptions::retry_from`], unless told otherwise.
pub const RETRY_FROM: usize = 32;

/// [`ServerOptions::newcomers_per_second`], unless told otherwise.
pub const NEWCOMERS_PER_SECOND: u32 = 32;

/// [`ServerOptions::memory_bytes`], unless told otherwise: what a whole hall sees first, some times over.
pub const MEMORY_BYTES: usize = 64 << 20;

/// How often it is said that somebody was turned away, times a second.
const WORDS_PER_SECOND: f64 = 0.1;

/// Threads that read blobs from disk.
const READERS_MAX: usize = 8;

/// How long goodbyes may take.
const STOP: Duration = Duration::from_secs(1);

/// Why a host cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The folder cannot be served.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// There is no key to be known by.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Somebody else listens there.
    #[error(
        "port {port} is in use, perhaps by another host on this machine: stop that one, or choose another with --listen"
    )]
    PortInUse {
        /// UDP.
        port: u16,
    },
    /// The address cannot be listened at.
    #[error("this machine cannot listen at {address} ({source}): choose one of its own addresses")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no thread or no timer.
    #[error("the host's thread cannot be started ({0}): the machine is short of memory or threads")]
    Thread(#[from] io::Error),
}

/// What a host has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServeStats {
    /// Visitors that are there.
    pub visitors: usize,
    /// Visitors that were turned away because the venue was full.
    pub turned_away: u64,
    /// Newcomers that had to show first that their address is their own (QUIC Retry).
    pub retries: u64,
    /// Visitors who came back and asked before the handshake was complete (QUIC's 0-RTT).
    pub early: u64,
    /// Blobs that were sent to their end.
    pub blobs_sent: u64,
    /// Bytes of blobs that were handed to the network.
    pub bytes_sent: u64,
    /// What visitors were told of each other.
    pub room: RoomStats,
}

/// How a host is at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    /// What it has done so far.
    pub stats: ServeStats,
    /// Whether it still serves.
    pub is_serving: bool,
}

/// A host that can be started.
pub struct Server;

impl Server {
    /// Starts to serve, on a thread of its own.
    ///
    /// # Errors
    /// When the folder, the key or the port cannot be had.
    pub fn start(options: ServerOptions) -> Result<RunningServer, ServeError> {
        let shelf = Shelf::open(&options.folder)?;
        let identity = Identity::open(&options.identity_folder)?;
        let config = server_config(&identity, Instant::now())?;
        let endpoint_config = identity.endpoint_config();
        let socket = bind(options.bind)?;
        let local_addr = socket.local_addr()?;
        let link = JoinLink {
            place: Place::Address(address::reachable(local_addr.ip())),
            port: local_addr.port(),
            fingerprint: identity.fingerprint(),
        };
        let venue = Arc::new(Venue::new(shelf, &options));
        let stop = Arc::new(Notify::new());
        let (started, starting) = sync_channel(1);
        let served = Arc::new(());
        let serving = Arc::downgrade(&served);
        let thread = {
            let (venue, stop) = (venue.clone(), stop.clone());
            std::thread::Builder::new().name("pavilion-host".to_owned()).spawn(move || {
                let _served = served;
                let runtime = match tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .max_blocking_threads(READERS_MAX)
                    .build()
                {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        // The receiver waits for exactly this one message.
                        let _ = started.send(Err(error));
                        return;
                    }
                };
                runtime.block_on(async {
                    match udp::endpoint(endpoint_config, Some(config), socket, options.sockets) {
                        Ok(endpoint) => {
                            let _ = started.send(Ok(()));
                            let (folder, shown) = (options.folder.clone(), venue.shown.clone());
                            tokio::spawn(shown::watch(folder, shown));
                            accept(endpoint, venue, &options, stop).await;
                        }
                        Err(error) => {
                            let _ = started.send(Err(error));
                        }
                    }
                });
            })?
        };
        starting.recv().unwrap_or_else(|_| Err(io::Error::other("it ended at once")))?;
        tracing::info!(%local_addr, "serving");
        Ok(RunningServer { link, local_addr, venue, serving, stop, thread: Some(thread) })
    }
}

/// A host that serves until it is stopped or dropped.
pub struct RunningServer {
    link: JoinLink,
    local_addr: SocketAddr,
    venue: Arc<Venue>,
    /// The thread holds what this points to, however it ends.
    serving: Weak<()>,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl RunningServer {
    /// By what visitors come here: this machine's address in the local network, if it has one.
    pub fn link(&self) -> &JoinLink {
        &self.link
    }

    /// By what a viewer on this very machine comes here.
    pub fn loopback_link(&self) -> JoinLink {
        let is_any_or_v4 = self.local_addr.is_ipv4() || self.local_addr.ip().is_unspecified();
        let address = match self.local_addr.ip() {
            ip if !ip.is_unspecified() => ip,
            _ if is_any_or_v4 => Ipv4Addr::LOCALHOST.into(),
            _ => Ipv6Addr::LOCALHOST.into(),
        };
        JoinLink { place: Place::Address(address), ..self.link.clone() }
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The manifest of the twin that is shown now: another one after the folder was baked again.
    pub fn manifest(&self) -> ContentHash {
        self.venue.shown.borrow().offer.manifest.hash
    }

    /// What it has done so far.
    pub fn stats(&self) -> ServeStats {
        self.venue.stats()
    }

    /// Whether its thread still serves: it ends only by a fault.
    pub fn is_serving(&self) -> bool {
        self.serving.strong_count() > 0
    }

    /// What [`RunningServer::stats`] and [`RunningServer::is_serving`] say, for whoever asks later, from any thread.
    pub fn pulse(&self) -> impl Fn() -> Pulse + Send + Sync + 'static {
        let (venue, serving) = (self.venue.clone(), self.serving.clone());
        move || Pulse { stats: venue.stats(), is_serving: serving.strong_count() > 0 }
    }

    /// Cuts all visitors off, as if it had stopped.
    #[cfg(test)]
    pub fn cut_off(&self) {
        let code = VarInt::from_u32(CloseCause::HostStopping.code());
        visit::locked(&self.venue.connections).values().for_each(|connection| connection.close(code, b""));
    }

    /// Says goodbye to all visitors and ends; takes at most a second.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the host's thread had panicked");
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.end();
    }
}

fn bind(address: SocketAddr) -> Result<UdpSocket, ServeError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortInUse { port: address.port() },
        _ => ServeError::Bind { address, source },
    };
    match udp::bind(address) {
        // A machine without IPv6 still has all of its IPv4 addresses.
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && error.kind() != io::ErrorKind::AddrInUse => {
            udp::bind((Ipv4Addr::UNSPECIFIED, address.port()).into()).map_err(failed)
        }
        bound => bound.map_err(failed),
    }
}

/// How a host with this identity speaks QUIC, that starts at `began`.
///
/// # Errors
/// When its key or certificate cannot be used.
pub fn server_config(identity: &Identity, began: Instant) -> Result<ServerConfig, ServeError> {
    let tls = identity.server_tls(&[ALPN.to_vec()])?;
    let mut config = ServerConfig::with_crypto(Arc::new(tls));
    config.max_incoming(VISITORS_MAX).incoming_buffer_size(64 << 10).incoming_buffer_size_total(8 << 20);
    config.transport_config(Arc::new(transport_config(began)));
    Ok(config)
}

/// How a host uses QUIC that starts at `began`.
pub fn transport_config(began: Instant) -> TransportConfig {
    let mut config = TransportConfig::default();
    let idle = VarInt::from_u32(transport::IDLE_MILLIS as u32);
    config
        .max_idle_timeout(Some(IdleTimeout::from(idle)))
        .keep_alive_interval(Some(Duration::from_millis(transport::KEEP_ALIVE_MILLIS)))
        .initial_rtt(Duration::from_millis(transport::INITIAL_RTT_MILLIS))
        .send_window(transport::SEND_WINDOW_BYTES)
        .congestion_controller_factory(Arc::new(DelayBoundConfig::new(began)))
        .datagram_send_buffer_size(transport::HOST_DATAGRAM_BYTES)
        .datagram_receive_buffer_size(Some(transport::DATAGRAM_RECEIVE_BYTES))
        .stream_receive_window(VarInt::from_u32(transport::HOST_STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(transport::HOST_WINDOW_BYTES))
        .max_concurrent_bidi_streams(VarInt::from_u32(transport::VIEWER_STREAMS_MAX))
        .max_concurrent_uni_streams(VarInt::from_u32(0));
    config
}

async fn accept(endpoint: quinn::Endpoint, venue: Arc<Venue>, options: &ServerOptions, stop: Arc<Notify>) {
    tokio::spawn(relay::relay(venue.clone()));
    let per_second = f64::from(options.newcomers_per_second);
    let mut newcomers = Allowance::new(per_second, 2.0 * per_second, venue.now());
    let mut words = Allowance::new(WORDS_PER_SECOND, 1.0, venue.now());
    loop {
        let incoming = tokio::select! {
            incoming = endpoint.accept() => incoming,
            () = stop.notified() => break,
        };
        let Some(incoming) = incoming else { break };
        let is_busy = endpoint.open_connections() >= options.retry_from || !newcomers.take(venue.now());
        let address = incoming.remote_address();
        if let Some(limit) = venue.limit_for(address.ip()) {
            venue.turn_away();
            if words.take(venue.now()) {
                tracing::warn!(%address, "somebody was turned away: as many are here as {limit} lets in");
            }
            incoming.refuse();
        } else if is_busy && incoming.may_retry() {
            match incoming.retry() {
                Ok(()) => venue.ask_again(),
                Err(_) => tracing::debug!("a visitor that was to show its address could not be asked to"),
            }
        } else {
            // Counted before the next one is looked at: many may come in one breath.
            let presence = Presence::new(venue.clone(), address.ip());
            tokio::spawn(visit(incoming, presence));
        }
    }
    let cause = CloseCause::HostStopping;
    endpoint.close(VarInt::from_u32(cause.code()), cause.to_string().as_bytes());
    if tokio::time::timeout(STOP, endpoint.wait_idle()).await.is_err() {
        tracing::debug!("not every visitor has acknowledged the goodbye");
    }
}
