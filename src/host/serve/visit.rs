//! One visitor's connection on real sockets: carries bytes and time to the [`Session`] and does what
//! it asks for.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quinn::{Connection, Incoming, RecvStream, SendStream, VarInt};
use rustls::crypto::ring;
use tokio::sync::{mpsc, watch};

use super::ServeStats;
use super::content::{OPEN_MAX, Pace, StreamKey};
use super::proof::is_proven;
use super::session::{Action, Offer, Session};
use super::visitors::{ConnectionKey, Visitors};
use crate::host::room::Room;
use crate::host::room::occupant::Heard;
use crate::protocol::codec::{self, Frames};
use crate::protocol::{
    BlobHeader, Capabilities, CloseCause, FromViewer, ProtocolError, Token, WantedBlob, transport,
};
use crate::store::{Reader, Shelf};

/// What all visitors of a host share.
pub struct Venue {
    shelf: Shelf,
    offer: Offer,
    visitors_max: usize,
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
    blobs_sent: AtomicU64,
    bytes_sent: AtomicU64,
}

/// Nothing that these locks guard is left half-changed by a panic.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Venue {
    pub fn new(shelf: Shelf, visitors_max: usize) -> Self {
        let catalog = shelf.catalog();
        let hash = shelf.manifest();
        let size_bytes = catalog.get(&hash).copied().unwrap_or_default();
        let offer = Offer { manifest: WantedBlob { hash, size_bytes }, needs: Capabilities::OURS, catalog };
        Self {
            shelf,
            offer,
            visitors_max,
            began: Instant::now(),
            visitors: Mutex::default(),
            connections: Mutex::default(),
            room: Mutex::default(),
            roster: watch::Sender::new(0),
            next_key: AtomicU64::new(0),
            present: AtomicUsize::new(0),
            turned_away: AtomicU64::new(0),
            blobs_sent: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
        }
    }

    pub fn stats(&self) -> ServeStats {
        ServeStats {
            visitors: self.present.load(Ordering::Relaxed),
            turned_away: self.turned_away.load(Ordering::Relaxed),
            blobs_sent: self.blobs_sent.load(Ordering::Relaxed),
            bytes_sent: self.bytes_sent.load(Ordering::Relaxed),
            room: locked(&self.room).stats(),
        }
    }

    pub fn has_room(&self) -> bool {
        self.present.load(Ordering::Relaxed) < self.visitors_max
    }

    pub fn turn_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// Counts a visitor for as long as they are there, however their task ends.
struct Presence {
    venue: Arc<Venue>,
    key: ConnectionKey,
}

impl Presence {
    fn new(venue: Arc<Venue>) -> Self {
        venue.present.fetch_add(1, Ordering::Relaxed);
        let key = ConnectionKey(venue.next_key.fetch_add(1, Ordering::Relaxed));
        Self { venue, key }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        locked(&self.venue.connections).remove(&self.key);
        locked(&self.venue.room).leave(self.key);
        self.venue.roster.send_modify(|changes| *changes += 1);
        self.venue.present.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Receives one visitor, from the first packet to the last.
pub async fn visit(incoming: Incoming, venue: Arc<Venue>) {
    let presence = Presence::new(venue.clone());
    let address = incoming.remote_address();
    let hello = Duration::from_millis(transport::HELLO_MILLIS);
    let connection = match incoming.accept() {
        Ok(connecting) => tokio::time::timeout(hello, connecting).await,
        Err(error) => Ok(Err(error)),
    };
    let connection = match connection {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return tracing::debug!(%address, %error, "a handshake failed"),
        Err(_) => return tracing::debug!(%address, "a handshake took too long"),
    };
    let key = presence.key;
    locked(&venue.connections).insert(key, connection.clone());
    let mut token = [0; 16];
    if ring::default_provider().secure_random.fill(&mut token).is_err() {
        return close(&connection, CloseCause::HostFault);
    }
    tracing::info!(%address, visit = key.0, "a visitor came in");
    let session = Session::new(key, Token(token), venue.now());
    let roster = venue.roster.subscribe();
    let streams = BTreeMap::new();
    let mut visit = Visit { connection, venue: venue.clone(), key, session, streams, roster };
    visit.run().await;
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
    Unreadable,
}

struct Visit {
    connection: Connection,
    venue: Arc<Venue>,
    key: ConnectionKey,
    session: Session,
    streams: BTreeMap<StreamKey, watch::Sender<Command>>,
    roster: watch::Receiver<u64>,
}

impl Visit {
    async fn run(&mut self) {
        let hello = Duration::from_millis(transport::HELLO_MILLIS);
        let control = tokio::time::timeout(hello, self.connection.accept_bi()).await;
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
                Some((stream, how)) = endings.recv() => self.on_ended(stream, how),
                datagram = self.connection.read_datagram() => match datagram {
                    Ok(datagram) => self.hear_datagram(&datagram),
                    Err(_) => return,
                },
                // The sender lives as long as the venue; the others are looked for before waiting.
                _ = self.roster.changed() => {}
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
            let mut visitors = locked(&self.venue.visitors);
            self.session.on_message(&message, &self.venue.offer, &mut visitors, now);
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
        loop {
            let message = locked(&self.venue.room).next_announcement(visitor, self.key);
            let Some(message) = message else { return Some(()) };
            match codec::encode(&message) {
                Ok(frame) => send.write_all(&frame).await.ok()?,
                Err(error) => tracing::error!(%error, "a message to a visitor cannot be written"),
            }
        }
    }

    fn on_ended(&mut self, stream: StreamKey, how: Ended) {
        self.streams.remove(&stream);
        match how {
            Ended::Sent => {
                self.venue.blobs_sent.fetch_add(1, Ordering::Relaxed);
                self.session.on_sent(stream, &self.venue.offer);
            }
            Ended::Cancelled => {}
            Ended::Unreadable => self.session.on_unreadable(),
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
                    let ended = ended.clone();
                    tokio::spawn(async move {
                        let how = send_blob(&connection, &venue, header, commands).await;
                        if matches!(how, Ended::Unreadable) {
                            tracing::error!(hash = %header.hash, "a blob of the baked folder cannot be read");
                        }
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

/// Sends one blob on a stream of its own, at the pace that is commanded.
async fn send_blob(
    connection: &Connection,
    venue: &Venue,
    header: BlobHeader,
    mut commands: watch::Receiver<Command>,
) -> Ended {
    let Ok(mut reader) = venue
        .shelf
        .reader(header.hash, header.offset)
        .and_then(|reader| reader.ok_or_else(|| std::io::ErrorKind::NotFound.into()))
    else {
        return Ended::Unreadable;
    };
    let Ok(frame) = codec::encode(&header) else { return Ended::Unreadable };
    let opened = tokio::select! {
        opened = connection.open_uni() => opened,
        () = cancelled(&mut commands) => return Ended::Cancelled,
    };
    let Ok(mut stream) = opened else { return Ended::Cancelled };

    let mut buffer = vec![0; transport::WRITE_BYTES];
    let mut left = (header.size_bytes - header.offset) as usize;
    let mut piece = frame.as_slice();
    loop {
        match write(&mut stream, piece, &mut commands).await {
            Some(written) => {
                venue.bytes_sent.fetch_add(written as u64, Ordering::Relaxed);
            }
            None => return Ended::Cancelled,
        }
        if left == 0 {
            let _ = stream.finish();
            return Ended::Sent;
        }
        let Some(count) = fill(&mut reader, &mut buffer, left) else {
            let _ = stream.reset(VarInt::from_u32(CloseCause::HostFault.code()));
            return Ended::Unreadable;
        };
        piece = buffer.get(..count).unwrap_or_default();
        left -= count;
    }
}

/// Resolves when the stream is to be cancelled.
async fn cancelled(commands: &mut watch::Receiver<Command>) {
    // An error means that the visitor is gone, which cancels as well.
    let _ = commands.wait_for(|command| *command == Command::Cancel).await;
}

/// Writes all of `piece`, at the pace that is commanded; `None` when it was cancelled or the other
/// side does not want it.
async fn write(
    stream: &mut SendStream,
    mut piece: &[u8],
    commands: &mut watch::Receiver<Command>,
) -> Option<usize> {
    let size = piece.len();
    loop {
        let command = *commands.borrow_and_update();
        match command {
            Command::Cancel => {
                let _ = stream.reset(VarInt::from_u32(CloseCause::Left.code()));
                return None;
            }
            Command::Pace(Pace::Hold) => {
                commands.changed().await.ok()?;
                continue;
            }
            Command::Pace(Pace::Run { priority }) => stream.set_priority(priority).ok()?,
        }
        if piece.is_empty() {
            return Some(size);
        }
        tokio::select! {
            biased;
            changed = commands.changed() => changed.ok()?,
            written = stream.write(piece) => piece = piece.get(written.ok()?..)?,
        }
    }
}

/// Reads up to `left` bytes; `None` when the file has fewer. Files come from the page cache in pieces
/// of at most [`transport::WRITE_BYTES`], so the thread waits for microseconds.
fn fill(reader: &mut Reader, buffer: &mut [u8], left: usize) -> Option<usize> {
    let room = buffer.len().min(left);
    let count = reader.read(buffer.get_mut(..room)?).ok()?;
    (count > 0).then_some(count)
}
