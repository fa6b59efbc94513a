//! The life of a connection: dial, carry wants out and blobs in, and, when it is lost, again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quinn::{Connection, Endpoint, RecvStream, VarInt};
use tokio::sync::{Notify, mpsc, watch};

use super::backoff::Backoff;
use super::cause::Cause;
use super::dial::{Greeting, Line, Way};
use super::early::Early;
use super::identity::Me;
use super::inbox::{Inbox, Rejected};
use super::silence::Silence;
use super::socket::rebind_towards;
use super::words::Words;
use super::{Command, Event, Opening};
use crate::protocol::codec::{self, Frames};
use crate::protocol::presence::{self, Sample};
use crate::protocol::{
    BlobFault, BlobHeader, Capabilities, CloseCause, ContentHash, FromHost, JoinLink, ProtocolError,
    WantedBlob, transport,
};
use crate::udp;

/// A connection that has held so long is as good as any.
const STEADY: Duration = Duration::from_secs(3);

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// How often it is looked whether anything is heard.
const LOOK: Duration = Duration::from_millis(500);

/// How long the host may leave a list of wants unread before it counts as gone.
const UNREAD: Duration = Duration::from_millis(transport::IDLE_MILLIS);

/// What the frame thread and the network say to each other.
pub struct Queues {
    pub commands: mpsc::Receiver<Command>,
    /// Where the person is: not a queue, for only the newest counts.
    pub place: watch::Receiver<Option<Sample>>,
    /// What the host is to send before it is asked.
    pub opening: watch::Receiver<Opening>,
    pub events: mpsc::Sender<Event>,
}

/// What the tasks of one connection share; all of them run on one thread.
struct Shared {
    inbox: Mutex<Inbox>,
    /// The inbox does not want something any more that the host believes it does.
    wants_changed: Notify,
    events: mpsc::Sender<Event>,
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the frame thread, waiting until it has room; that nobody listens any more is noticed by
    /// the queue of commands.
    async fn tell(&self, event: Event) {
        let _ = self.events.send(event).await;
    }
}

/// Runs until the viewer leaves or trying again makes no sense.
pub async fn run(link: JoinLink, me: Me, sockets: udp::Choice, seed: u64, queues: Queues) {
    let Queues { mut commands, mut place, opening, events } = queues;
    let shared = Arc::new(Shared { inbox: Mutex::default(), wants_changed: Notify::new(), events });
    let way = match Way::new(link, sockets) {
        Ok(way) => way,
        Err(cause) => return shared.tell(Event::Refused(cause)).await,
    };
    let mut backoff = Backoff::new(seed);
    let mut token = None;
    loop {
        // What cannot be written is told of when it is to be said again.
        let early = Early::of(shared.inbox().wants()).unwrap_or_default();
        let greeting = Greeting { me: me.clone(), resume: token, opening: opening.borrow().clone(), early };
        let dialled = tokio::select! {
            dialled = way.dial(&greeting) => dialled,
            () = left(&mut commands, &shared) => return,
        };
        let cause = match dialled {
            Ok(line) => {
                token = Some(line.welcome.token);
                let began = Instant::now();
                let ended = talk(line, sockets, &mut commands, &mut place, &shared).await;
                // Whoever is let in and thrown out again and again comes less and less often.
                if began.elapsed() >= STEADY {
                    backoff.reset();
                }
                match ended {
                    Some(cause) => cause,
                    None => return,
                }
            }
            Err(cause) => cause,
        };
        tracing::info!(%cause, "no connection");
        if cause.is_final() {
            return shared.tell(Event::Refused(cause)).await;
        }
        let retry_in = backoff.next_wait();
        shared.tell(Event::Lost { cause, retry_in }).await;
        tokio::select! {
            () = tokio::time::sleep(retry_in) => {}
            () = left(&mut commands, &shared) => return,
        }
    }
}

/// Resolves when the viewer leaves; until then it keeps the newest list of wants.
async fn left(commands: &mut mpsc::Receiver<Command>, shared: &Shared) {
    while let Some(Command::Want(wanted)) = commands.recv().await {
        shared.inbox().replace(&wanted);
    }
}

/// Uses a connection until it ends; `None` when the viewer has left.
async fn talk(
    line: Line,
    sockets: udp::Choice,
    commands: &mut mpsc::Receiver<Command>,
    place: &mut watch::Receiver<Option<Sample>>,
    shared: &Arc<Shared>,
) -> Option<Cause> {
    let Line { endpoint, connection, mut send, mut receive, mut frames, welcome, is_opening, absent } = line;
    let is_short = welcome.capabilities.contains(Capabilities::SHORT_WANTS);
    shared.inbox().disconnected();
    if is_opening {
        shared.inbox().open(welcome.manifest_blob());
    }
    shared.tell(Event::Connected { welcome, is_opening }).await;
    for absent in absent {
        miss(absent.hash, shared).await;
    }
    // Where the person was before is of no interest.
    place.mark_unchanged();
    // What came in one piece with the welcome is waiting already.
    let mut turn = hear(&mut frames, &[], shared).await;
    let began = Instant::now();
    let mut silence = Silence::new(Duration::ZERO);
    let mut words = Words::new(began);
    let mut looks = tokio::time::interval(LOOK);
    let cause = loop {
        let renewed = words.renew(&mut shared.inbox(), is_short);
        if let Err(cause) = turn.and(renewed.map_err(Cause::from)) {
            break cause;
        }
        turn = tokio::select! {
            _ = looks.tick() => {
                if silence.step(began.elapsed(), connection.stats().udp_rx.datagrams) {
                    go_another_way(&endpoint, &connection, sockets);
                }
                if words.stuck() < UNREAD { Ok(()) } else { Err(Cause::Gone) }
            }
            said = words.say(&mut send), if words.is_left() => said,
            command = commands.recv() => match newest(command, commands) {
                Some(wanted) => {
                    words.want(wanted);
                    Ok(())
                }
                None => {
                    goodbye(&endpoint, &connection, CloseCause::Left).await;
                    return None;
                }
            },
            () = shared.wants_changed.notified() => {
                words.outdate();
                Ok(())
            }
            stream = connection.accept_uni() => stream.map_err(Cause::from).map(|stream| {
                tokio::spawn(receive_blob(stream, shared.clone()));
            }),
            // That the sender is gone is noticed by the queue of commands.
            Ok(()) = place.changed() => {
                send_place(&connection, *place.borrow_and_update());
                Ok(())
            }
            datagram = connection.read_datagram() => datagram.map_err(Cause::from).map(|datagram| {
                hear_datagram(&datagram, shared);
            }),
            chunk = receive.read_chunk(codec::FRAME_BYTES_MAX, true) => match chunk {
                Ok(Some(chunk)) => hear(&mut frames, &chunk.bytes, shared).await,
                Ok(None) => Err(Cause::Closed(CloseCause::HostStopping)),
                Err(_) => Err(connection.closed().await.into()),
            },
        };
    };
    words.hand_over(&mut shared.inbox());
    let close =
        if matches!(cause, Cause::HostBrokeRules(_)) { CloseCause::BrokenRules } else { CloseCause::Left };
    goodbye(&endpoint, &connection, close).await;
    shared.inbox().disconnected();
    Some(cause)
}

/// Nothing comes any more: the network may be another one.
fn go_another_way(endpoint: &Endpoint, connection: &Connection, sockets: udp::Choice) {
    match rebind_towards(endpoint, connection.remote_address(), sockets) {
        Ok(()) => tracing::info!("the host is silent: another socket is tried"),
        Err(error) => tracing::info!(%error, "the host is silent, and there is no other socket"),
    }
}

/// The newest list of wants in the queue; `None` when the viewer leaves.
fn newest(first: Option<Command>, commands: &mut mpsc::Receiver<Command>) -> Option<Vec<WantedBlob>> {
    let Some(Command::Want(mut wanted)) = first else { return None };
    while let Ok(command) = commands.try_recv() {
        match command {
            Command::Want(newer) => wanted = newer,
            Command::Close => return None,
        }
    }
    Some(wanted)
}

async fn goodbye(endpoint: &Endpoint, connection: &Connection, cause: CloseCause) {
    connection.close(VarInt::from_u32(cause.code()), cause.to_string().as_bytes());
    if tokio::time::timeout(GOODBYE, endpoint.wait_idle()).await.is_err() {
        tracing::debug!("the host has not acknowledged the goodbye");
    }
}

async fn hear(frames: &mut Frames, bytes: &[u8], shared: &Shared) -> Result<(), Cause> {
    frames.push(bytes)?;
    while let Some(message) = frames.next_message()? {
        match message {
            FromHost::Absent(absent) => miss(absent.hash, shared).await,
            FromHost::Arrived(arrived) => shared.tell(Event::Arrived(arrived)).await,
            FromHost::Departed(departed) => shared.tell(Event::Departed(departed.visitor)).await,
            FromHost::Changed(changed) => shared.tell(Event::Changed(changed)).await,
            FromHost::Welcome(_) => return Err(ProtocolError::Malformed { what: "a second welcome" }.into()),
        }
    }
    Ok(())
}

/// The host does not have what it calls so.
async fn miss(named: ContentHash, shared: &Shared) {
    let missing = shared.inbox().absent(named);
    if let Some(hash) = missing {
        shared.tell(Event::BlobFailed { hash, fault: BlobFault::Absent }).await;
    }
}

/// A pose that cannot be sent now is followed by a newer one.
fn send_place(connection: &Connection, place: Option<Sample>) {
    if let Some(datagram) = place.as_ref().and_then(presence::encode_here) {
        let _ = connection.send_datagram(datagram.into());
    }
}

/// Does not wait for the frame thread: poses that it has no room for are dropped.
fn hear_datagram(datagram: &[u8], shared: &Shared) {
    match presence::decode_others(datagram) {
        Ok(Some(samples)) => {
            let _ = shared.events.try_send(Event::Others { at: Instant::now(), samples });
        }
        Ok(None) => {}
        Err(error) => tracing::debug!(%error, "a datagram is dropped"),
    }
}

/// Reads one stream to its end and tells what became of it.
async fn receive_blob(mut stream: RecvStream, shared: Arc<Shared>) {
    let received = read_blob(&mut stream, &shared).await;
    let rejected = match received {
        Ok(Some(event)) => return shared.tell(event).await,
        // The stream was reset or the connection lost: what has come is kept.
        Ok(None) => return,
        Err(rejected) => rejected,
    };
    // It may have ended already.
    let _ = stream.stop(VarInt::from_u32(CloseCause::Left.code()));
    if let Some((hash, fault)) = rejected.fault() {
        tracing::warn!(%hash, "the host has sent bytes that are not those of this name");
        shared.wants_changed.notify_one();
        shared.tell(Event::BlobFailed { hash, fault }).await;
    }
}

async fn read_blob(stream: &mut RecvStream, shared: &Shared) -> Result<Option<Event>, Rejected> {
    let mut head = Frames::default();
    let header: BlobHeader = loop {
        match head.next_message() {
            Ok(Some(header)) => break header,
            Ok(None) => {}
            Err(_) => return Err(Rejected::Unwanted),
        }
        match stream.read_chunk(BlobHeader::FRAME_BYTES_MAX, true).await {
            Ok(Some(chunk)) => head.push(&chunk.bytes).map_err(|_| Rejected::Unwanted)?,
            Ok(None) | Err(_) => return Ok(None),
        }
    };
    let inlet = shared.inbox().begin(stream.id().index(), &header)?;
    shared.inbox().push(inlet, &head.into_rest())?;
    loop {
        match stream.read_chunk(transport::WRITE_BYTES, true).await {
            Ok(Some(chunk)) => shared.inbox().push(inlet, &chunk.bytes)?,
            Ok(None) => break,
            Err(_) => return Ok(None),
        }
    }
    let bytes = shared.inbox().finish(inlet)?;
    Ok(Some(Event::Blob { hash: header.hash, bytes }))
}
