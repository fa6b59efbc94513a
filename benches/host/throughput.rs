//! How fast a server sends and what each gigabit costs it: the host and QUIC alone, in turn.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use pavilion::protocol::content::{WANTS_MAX, WantItem};
use pavilion::protocol::{Capabilities, ContentHash, FromViewer, ShortWant, Want};
use pavilion::store::Shelf;
use quinn::Connection;
use tokio::task::JoinSet;

use crate::child::{Kind, Server};
use crate::serve::cpu_nanos;
use crate::viewer::{Control, Viewer, read_blob, skip};

/// Blobs that come before a visitor says anew what it wants.
const BLOBS_A_WANT: usize = WANTS_MAX / 2;

/// What one server did in one turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Blobs' bytes, to all connections together.
    pub bytes: u64,
    /// From the first question to the last byte.
    pub wall: Duration,
    /// CPU time of the server's process.
    pub cpu: Duration,
    /// CPU time of the viewers' process.
    pub viewers_cpu: Duration,
}

impl Turn {
    fn gigabits(&self) -> f64 {
        self.bytes as f64 * 8e-9
    }

    /// Gbit/s.
    pub fn rate(&self) -> f64 {
        self.gigabits() / self.wall.as_secs_f64()
    }

    /// CPU seconds of the server for each gigabit.
    pub fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() / self.gigabits()
    }

    /// The part of a core that the server was busy, and the part that the viewers were.
    pub fn shares(&self) -> [f64; 2] {
        [self.cpu, self.viewers_cpu].map(|cpu| cpu.as_secs_f64() / self.wall.as_secs_f64())
    }
}

/// Both servers, turn by turn.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// At once.
    pub connections: usize,
    /// Of each turn, the host's first.
    pub turns: Vec<[Turn; 2]>,
}

/// Has both send all of this twin to so many connections.
pub fn compare(twin: &Path, identity: &Path, connections: usize, turns: usize) -> Comparison {
    let blobs: Vec<_> =
        Shelf::open(twin).expect("a twin").files().map(|(hash, _, size_bytes)| (hash, size_bytes)).collect();
    let measure = |kind| {
        let mut server = Server::start(kind, twin, identity);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(measure(kind, &mut server, &blobs, connections))
    };
    let turns = (0..turns).map(|_| [Kind::Host, Kind::Plain].map(measure)).collect();
    Comparison { connections, turns }
}

async fn measure(kind: Kind, server: &mut Server, blobs: &[(ContentHash, u32)], connections: usize) -> Turn {
    let mut visits = Vec::new();
    for _ in 0..connections {
        let viewer = Viewer::new(&server.link);
        let connection = viewer.connect().await.expect("a connection");
        visits.push((viewer, connection));
    }
    let cpu = server.ask().cpu_nanos;
    let (began, viewers_cpu) = (Instant::now(), cpu_nanos());
    let mut fetching = JoinSet::new();
    for (viewer, connection) in visits {
        let blobs = blobs.to_vec();
        fetching.spawn(async move {
            match kind {
                Kind::Host => fetch(&viewer, &connection, &blobs).await,
                Kind::Plain => take(&connection, blobs.len()).await,
            }
        });
    }
    let fetched = fetching.join_all().await;
    let wall = began.elapsed();
    let viewers_cpu = Duration::from_nanos(cpu_nanos() - viewers_cpu);
    let cpu = Duration::from_nanos(server.ask().cpu_nanos - cpu);
    let whole: u64 = blobs.iter().map(|(_, size_bytes)| u64::from(*size_bytes)).sum();
    assert!(fetched.iter().all(|bytes| *bytes == whole), "{kind:?} sent {fetched:?} bytes of {whole}");
    Turn { bytes: fetched.iter().sum(), wall, cpu, viewers_cpu }
}

/// Asks the host for blob after blob, and says how many bytes came.
async fn fetch(viewer: &Viewer, connection: &Connection, blobs: &[(ContentHash, u32)]) -> u64 {
    let capabilities = Capabilities::OURS.without(Capabilities::OPENING);
    let mut control = viewer.greet(connection, capabilities).await.expect("a host that listens");
    let places: BTreeMap<_, _> = blobs.iter().zip(0..).map(|((hash, _), place)| (*hash, place)).collect();
    let mut is_missing = vec![true; blobs.len()];
    let (mut missing, mut bytes) = (blobs.len(), 0);
    let mut reading = JoinSet::new();
    want(&mut control, blobs, &is_missing).await;
    while missing > 0 {
        tokio::select! {
            Ok(stream) = connection.accept_uni() => drop(reading.spawn(read_blob(stream))),
            Some(read) = reading.join_next() => {
                let (hash, count) = read.expect("a reader").expect("a whole blob");
                let place: usize = places[&hash];
                assert!(std::mem::take(&mut is_missing[place]), "{hash} came twice");
                (missing, bytes) = (missing - 1, bytes + count);
                if missing > 0 && (blobs.len() - missing).is_multiple_of(BLOBS_A_WANT) {
                    want(&mut control, blobs, &is_missing).await;
                }
            }
            error = connection.closed() => panic!("the host has gone: {error}"),
        }
    }
    bytes
}

async fn want(control: &mut Control, blobs: &[(ContentHash, u32)], is_missing: &[bool]) {
    let missing = blobs.iter().zip(is_missing).filter(|(_, is_missing)| **is_missing);
    let items = missing.map(|((hash, _), _)| WantItem { hash: *hash, offset: 0 });
    let want = ShortWant::of(&Want::new(items.take(WANTS_MAX).collect()));
    control.say(&FromViewer::ShortWant(want)).await.expect("a host that listens");
}

/// Has a server send everything, and says how many bytes came.
async fn take(connection: &Connection, count: usize) -> u64 {
    let (mut send, _receive) = connection.open_bi().await.expect("a stream");
    send.write_all(&[1]).await.expect("a server that listens");
    let (mut reading, mut ended, mut bytes) = (JoinSet::new(), 0, 0);
    while ended < count {
        tokio::select! {
            Ok(stream) = connection.accept_uni() => drop(reading.spawn(skip(stream))),
            Some(read) = reading.join_next() => {
                bytes += read.expect("a reader");
                ended += 1;
            }
            error = connection.closed() => panic!("the server has gone: {error}"),
        }
    }
    bytes
}
