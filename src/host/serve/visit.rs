//! One visitor's connection on real sockets: carries bytes and time to the [`Session`] and does what
//! it asks for.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use quinn::{Connection, Incoming, RecvStream, SendStream, VarInt};
use rustls::crypto::ring;
use tokio::sync::{mpsc, watch};

use super::content::{OPEN_MAX, Pace, StreamKey};
use super::entrance::{Arrival, arrive};
use super::pantry::PIECE_BYTES;
use super::proof::is_proven;
use super::session::{Action, Session};
use super::shown::Shown;
use super::visitors::{ConnectionKey, Visitors};
use super::{ServeStats, ServerOptions};
use crate::host::room::Room;
use crate::host::room::occupant::Heard;
use crate::protocol::codec::{self, Frames};
use crate::protocol::{BlobHeader, CloseCause, ContentHash, FromViewer, ProtocolError, Token, transport};
use crate::store::Shelf;

/// What all visitors of a host share.
pub struct Venue {
    /// What is shown now.
    pub(super) shown: watch::Sender<Arc<Shown>>,
    visitors_max: usize,
    address_max: usize,
    /// Visitors of each address.
    addresses: Mutex<BTreeMap<IpAddr, usize>>,
    began: Instant,
    visitors: Mutex<Visitors>,
    pub(super) connections: Mutex<BTreeMap<ConnectionKey, Connection>>,
    /// Locked before `connections` where both are.
    pub(super) room: Mutex<Room>,
    /// Counts comings and goings.
    roster: watch::Sender<u64>,
    next_key: AtomicU64,
    present: AtomicUsize,
    turned_away: AtomicU64,
    retries: AtomicU64,
    early: AtomicU64,
    blobs_sent: AtomicU64,
    bytes_sent: AtomicU64,
}

/// Nothing that these locks guard is left half-changed by a panic.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Venue {
    pub fn new(shelf: Shelf, options: &ServerOptions) -> Self {
        Self {
            shown: watch::Sender::new(Arc::new(Shown::new(shelf, options.memory_bytes))),
            visitors_max: options.visitors_max,
            address_max: options.address_max,
            addresses: Mutex::default(),
            began: Instant::now(),
            visitors: Mutex::default(),
            connections: Mutex::default(),
            room: Mutex::default(),
            roster: watch::Sender::new(0),
            next_key: AtomicU64::new(0),
            present: AtomicUsize::new(0),
            turned_away: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            early: AtomicU64::new(0),
            blobs_sent: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
        }
    }

    pub fn stats(&self) -> ServeStats {
        ServeStats {
            visitors: self.present.load(Ordering::Relaxed),
            turned_away: self.turned_away.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            early: self.early.load(Ordering::Relaxed),
            blobs_sent: self.blobs_sent.load(Ordering::Relaxed),
            bytes_sent: self.bytes_sent.load(Ordering::Relaxed),
            room: locked(&self.room).stats(),
        }
    }

    /// The setting that keeps somebody from this address out now, if one does.
    pub fn limit_for(&self, address: IpAddr) -> Option<&'static str> {
        let there = locked(&self.addresses).get(&household(address)).copied().unwrap_or_default();
        if self.present.load(Ordering::Relaxed) >= self.visitors_max {
            Some("visitors_max")
        } else if there >= self.address_max {
            Some("address_max")
        } else {
            None
        }
    }

    pub fn turn_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    pub fn ask_again(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// What counts as one address: of IPv6, what a network gives to one household, 64 bits; within a place, each is itself.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_unicast_link_local() && !address.is_unique_local() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        whole => whole,
    }
}

/// Counts a visitor for as long as they are there, however their task ends.
pub struct Presence {
    venue: Arc<Venue>,
    key: ConnectionKey,
    household: IpAddr,
}

impl Presence {
    /// Somebody has come from this address.
    pub fn new(venue: Arc<Venue>, address: IpAddr) -> Self {
        venue.present.fetch_add(1, Ordering::Relaxed);
        let key = ConnectionKey(venue.next_key.fetch_add(1, Ordering::Relaxed));
        let household = household(address);
        *locked(&venue.addresses).entry(household).or_default() += 1;
        Self { venue, key, household }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        locked(&self.venue.connections).remove(&self.key);
        {
            let mut addresses = locked(&self.venue.addresses);
            match addresses.get_mut(&self.household) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(addresses.remove(&self.household)),
            }
        }
        locked(&self.venue.room).leave(self.key);
        self.venue.roster.send_modify(|changes| *changes += 1);
        self.venue.present.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Receives one visitor, from the first packet to the last.
pub async fn visit(incoming: Incoming, presence: Presence) {
    let (address, venue) = (incoming.remote_address(), presence.venue.clone());
    let hello = Duration::from_millis(transport::HELLO_MILLIS);
    let Arrival { connection, control, is_early } = match tokio::time::timeout(hello, arrive(incoming)).await
    {
        Ok(Ok(arrival)) => arrival,
        Ok(Err(error)) => return tracing::debug!(%address, %error, "a handshake failed"),
        Err(_) => return tracing::debug!(%address, "a handshake took too long"),
    };
    let key = presence.key;
    locked(&venue.connections).insert(key, connection.clone());
    let mut token = [0; 16];
    if ring::default_provider().secure_random.fill(&mut token).is_err() {
        tracing::error!("the system gives no random bytes: restart it");
        return close(&connection, CloseCause::HostFault);
    }
    if is_early {
        venue.early.fetch_add(1, Ordering::Relaxed);
    }
    tracing::info!(%address, visit = key.0, is_early, "a visitor came in");
    let session = Session::new(key, Token(token), venue.now());
    let (roster, shown) = (venue.roster.subscribe(), venue.shown.subscribe());
    let streams = BTreeMap::new();
    let mut visit = Visit { connection, venue: venue.clone(), key, session, streams, roster, shown };
    visit.run(control).await;
    visit.session.on_gone(&mut locked(&venue.visitors), venue.now());
    tracing::info!(%address, visit = key.0, "a visitor left");
}

fn close(connection: &Connection, cause: CloseCause) {
    connection.close(VarInt::from_u32(cause.code()), cause.to_string().as_bytes());
}

/// How a blob's stream is to be written from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Pace(Pace),
    Cancel,
}

/// How a blob's stream ended.
enum Ended {
    Sent,
    Cancelled,
    /// The other side does not want it.
    Stopped,
    /// It cannot be read, whatever of it has left.
    Unreadable,
}

struct Visit {
    connection: Connection,
    venue: Arc<Venue>,
    key: ConnectionKey,
    session: Session,
    streams: BTreeMap<StreamKey, watch::Sender<Command>>,
    roster: watch::Receiver<u64>,
    shown: watch::Receiver<Arc<Shown>>,
}

impl Visit {
    async fn run(&mut self, control: Option<(SendStream, RecvStream)>) {
        let hello = Duration::from_millis(transport::HELLO_MILLIS);
        let control = match control {
            Some(control) => Ok(Ok(control)),
            None => tokio::time::timeout(hello, self.connection.accept_bi()).await,
        };
        let (mut send, mut receive) = match control {
            Ok(Ok(streams)) => streams,
            Ok(Err(_)) => return,
            Err(_) => return close(&self.connection, CloseCause::TooSlow),
        };
        // What is said comes before what is shown.
        let _ = send.set_priority(1);
        let mut frames = Frames::default();
        let (ended, mut endings) = mpsc::channel(OPEN_MAX);
        loop {
            let Some(is_open) = self.act(&mut send, &ended).await else { return };
            if !is_open || self.announce(&mut send).await.is_none() {
                return;
            }
            let deadline = self.session.deadline().map(|deadline| self.venue.began + deadline);
            tokio::select! {
                chunk = receive_some(&mut receive) => match chunk {
                    Some(chunk) => self.hear(&mut frames, &chunk.bytes),
                    None => return close(&self.connection, CloseCause::Left),
                },
                // There is one, and a viewer that opens another one speaks of what was never agreed on.
                Ok(_) = self.connection.accept_bi() => self.session.on_garbage(),
                Some((stream, how)) = endings.recv() => self.on_ended(stream, how),
                datagram = self.connection.read_datagram() => match datagram {
                    Ok(datagram) => self.hear_datagram(&datagram),
                    Err(_) => return,
                },
                // The sender lives as long as the venue; the others are looked for before waiting.
                _ = self.roster.changed() => {}
                _ = self.shown.changed() => {
                    let shown = self.shown.borrow_and_update().clone();
                    self.session.on_change(&shown.offer);
                }
                () = sleep_until(deadline) => self.session.on_time(self.venue.now()),
            }
        }
    }

    fn hear(&mut self, frames: &mut Frames, bytes: &[u8]) {
        let heard = frames.push(bytes).and_then(|()| self.hear_messages(frames));
        if let Err(error) = heard {
            tracing::warn!(address = %self.connection.remote_address(), %error, "a visitor is sent away");
            self.session.on_garbage();
        }
    }

    fn hear_messages(&mut self, frames: &mut Frames) -> Result<(), ProtocolError> {
        while let Some(message) = frames.next_message::<FromViewer>()? {
            if let FromViewer::Hello(hello) = &message
                && !is_proven(&self.connection, hello)
            {
                self.session.on_unproven();
                return Ok(());
            }
            let now = self.venue.now();
            let shown = self.shown.borrow().clone();
            let mut visitors = locked(&self.venue.visitors);
            self.session.on_message(&message, &shown.offer, &mut visitors, now);
        }
        Ok(())
    }

    fn hear_datagram(&mut self, datagram: &[u8]) {
        // A pose may come before the hello that it was sent after.
        let Some(visitor) = self.session.visitor() else { return };
        let heard = locked(&self.venue.room).hear(visitor, datagram, self.venue.now());
        if heard == Heard::Flood {
            self.session.on_flood();
        }
    }

    /// Tells of everybody who has come or gone; `None` when the connection is gone.
    async fn announce(&mut self, send: &mut SendStream) -> Option<()> {
        self.roster.mark_unchanged();
        let Some(visitor) = self.session.visitor() else { return Some(()) };
        let messages = locked(&self.venue.room).announcements(visitor, self.key);
        let mut frames = Vec::new();
        for message in messages {
            match codec::encode(&message) {
                Ok(frame) => frames.extend(frame),
                Err(error) => tracing::error!(%error, "a message to a visitor cannot be written"),
            }
        }
        send.write_all(&frames).await.ok()
    }

    fn on_ended(&mut self, stream: StreamKey, how: Ended) {
        self.streams.remove(&stream);
        match how {
            Ended::Sent => {
                self.venue.blobs_sent.fetch_add(1, Ordering::Relaxed);
                self.session.on_sent(stream, &self.shown.borrow().offer);
            }
            Ended::Stopped => self.session.on_sent(stream, &self.shown.borrow().offer),
            Ended::Unreadable => self.session.on_unreadable(stream, &self.shown.borrow().offer),
            Ended::Cancelled => {}
        }
    }

    /// Does all that the session asks for; `None` when the connection is gone, `false` when it was
    /// closed.
    async fn act(&mut self, send: &mut SendStream, ended: &mpsc::Sender<(StreamKey, Ended)>) -> Option<bool> {
        while let Some(action) = self.session.next_action() {
            match action {
                Action::Send(message) => match codec::encode(&message) {
                    Ok(frame) => send.write_all(&frame).await.ok()?,
                    Err(error) => tracing::error!(%error, "a message to a visitor cannot be written"),
                },
                Action::Open { stream, header, pace } => {
                    let (command, commands) = watch::channel(Command::Pace(pace));
                    self.streams.insert(stream, command);
                    let (connection, venue) = (self.connection.clone(), self.venue.clone());
                    let (ended, shown) = (ended.clone(), self.shown.borrow().clone());
                    tokio::spawn(async move {
                        let how = send_blob(&connection, &venue, &shown, header, commands).await;
                        // Nobody listens any more once the visitor is gone.
                        let _ = ended.send((stream, how)).await;
                    });
                }
                Action::Pace { stream, pace } => {
                    if let Some(command) = self.streams.get(&stream) {
                        command.send_replace(Command::Pace(pace));
                    }
                }
                Action::Cancel(stream) => {
                    if let Some(command) = self.streams.remove(&stream) {
                        command.send_replace(Command::Cancel);
                    }
                }
                Action::Displace(key) => {
                    let displaced = locked(&self.venue.connections).remove(&key);
                    if let Some(connection) = displaced {
                        close(&connection, CloseCause::Replaced);
                    }
                }
                Action::Enter(who) => {
                    locked(&self.venue.room).enter(self.key, who, self.venue.now());
                    self.venue.roster.send_modify(|changes| *changes += 1);
                }
                Action::Close(cause) => {
                    close(&self.connection, cause);
                    return Some(false);
                }
            }
        }
        Some(true)
    }
}

/// The next bytes of the control stream; `None` when it or the connection has ended.
async fn receive_some(receive: &mut RecvStream) -> Option<quinn::Chunk> {
    receive.read_chunk(transport::HOST_STREAM_WINDOW_BYTES as usize, true).await.ok().flatten()
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

/// Sends one blob on a stream of its own, at the pace that is commanded. Its bytes are not copied on their way from
/// the pieces that all visitors share.
async fn send_blob(
    connection: &Connection,
    venue: &Venue,
    shown: &Arc<Shown>,
    header: BlobHeader,
    mut commands: watch::Receiver<Command>,
) -> Ended {
    let Ok(frame) = codec::encode(&header) else { return Ended::Unreadable };
    let mut chunk = Bytes::from(frame);
    let mut offset = header.offset;
    let mut stream: Option<SendStream> = None;
    loop {
        let rest = match offset < header.size_bytes {
            true => match piece_from(shown, header.hash, offset).await {
                Ok(rest) if !rest.is_empty() => Some(rest),
                read => {
                    let reason = read.err().map_or("it is too short".to_owned(), |error| error.to_string());
                    tracing::warn!(hash = %header.hash, "a blob of the baked folder cannot be read: {reason}");
                    // What has left already is no blob.
                    let _ =
                        stream.map(|mut stream| stream.reset(VarInt::from_u32(CloseCause::HostFault.code())));
                    return Ended::Unreadable;
                }
            },
            false => None,
        };
        // Opened once there is something to send in it.
        let stream = match &mut stream {
            Some(stream) => stream,
            None => {
                let opened = tokio::select! {
                    opened = connection.open_uni() => opened,
                    () = cancelled(&mut commands) => return Ended::Cancelled,
                };
                let Ok(opened) = opened else { return Ended::Cancelled };
                stream.insert(opened)
            }
        };
        let size = chunk.len();
        connection.set_send_window(transport::send_window_bytes(connection.stats().path.cwnd));
        match write(stream, chunk, &mut commands).await {
            Written::All => {}
            Written::Cancelled => return Ended::Cancelled,
            Written::Stopped => return Ended::Stopped,
        }
        venue.bytes_sent.fetch_add(size as u64, Ordering::Relaxed);
        let Some(rest) = rest else {
            let _ = stream.finish();
            return Ended::Sent;
        };
        let left = (header.size_bytes - offset) as usize;
        chunk = rest.slice(..rest.len().min(left));
        offset += chunk.len() as u32;
    }
}

/// The rest of the piece in which this byte of the blob is.
async fn piece_from(shown: &Arc<Shown>, hash: ContentHash, offset: u32) -> std::io::Result<Bytes> {
    let piece = offset / PIECE_BYTES as u32;
    let bytes = shown.piece(hash, piece).await?;
    let begin = (offset as usize % PIECE_BYTES).min(bytes.len());
    Ok(bytes.slice(begin..))
}

/// Resolves when the stream is to be cancelled.
async fn cancelled(commands: &mut watch::Receiver<Command>) {
    // An error means that the visitor is gone, which cancels as well.
    let _ = commands.wait_for(|command| *command == Command::Cancel).await;
}

/// How far a piece has come.
enum Written {
    All,
    /// By us.
    Cancelled,
    /// By the other side, or the connection is gone.
    Stopped,
}

/// Writes all of `chunk`, at the pace that is commanded.
async fn write(
    stream: &mut SendStream,
    mut chunk: Bytes,
    commands: &mut watch::Receiver<Command>,
) -> Written {
    loop {
        let command = *commands.borrow_and_update();
        match command {
            Command::Cancel => {
                let _ = stream.reset(VarInt::from_u32(CloseCause::Left.code()));
                return Written::Cancelled;
            }
            Command::Pace(Pace::Hold) => {
                if commands.changed().await.is_err() {
                    return Written::Cancelled;
                }
                continue;
            }
            Command::Pace(Pace::Run { priority }) => {
                if stream.set_priority(priority).is_err() {
                    return Written::Stopped;
                }
            }
        }
        if chunk.is_empty() {
            return Written::All;
        }
        let mut next = [chunk.slice(..chunk.len().min(transport::WRITE_BYTES))];
        let size = next[0].len();
        tokio::select! {
            biased;
            changed = commands.changed() => if changed.is_err() {
                return Written::Cancelled;
            },
            written = stream.write_chunks(&mut next) => {
                if written.is_err() {
                    return Written::Stopped;
                }
                let taken = size - next[0].len();
                chunk = chunk.slice(taken..);
            }
        }
    }
}
