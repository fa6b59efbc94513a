//! A hall full of visitors who come in at the same moment: when each sees something, and what they cost the host.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pavilion::cull::FirstView;
use pavilion::host::serve::opening::{self, opening};
use pavilion::protocol::{Capabilities, ContentHash, JoinLink};
use pavilion::rig::Person;
use pavilion::store::Shelf;
use tokio::task::JoinSet;

use crate::child::{Answer, Kind, Server};
use crate::serve::cpu_nanos;
use crate::viewer::{Viewer, read_blob};

/// How long a visitor waits for what it is to see.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long all stand still before memory is looked at.
const CALM: Duration = Duration::from_secs(2);

/// How a crowd came in.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// Who came.
    pub visitors: usize,
    /// Of those who saw it: from when all came to the coarsest tiles with their images; shortest first.
    pub coarse: Vec<Duration>,
    /// To all that a newcomer is sent unasked.
    pub whole: Vec<Duration>,
    /// What that is, for one of them.
    pub opening_bytes: u64,
    /// Until the last one had it.
    pub wall: Duration,
    /// CPU time meanwhile, the host's and the visitors'.
    pub cpu: [Duration; 2],
    /// The host before they came, when all had what they see first, and when all had gone.
    pub answers: [Answer; 3],
}

/// What a visitor waits for.
#[derive(Clone, Debug)]
struct Awaited {
    coarse: BTreeSet<ContentHash>,
    whole: BTreeSet<ContentHash>,
    whole_bytes: u64,
}

impl Awaited {
    fn of(shelf: &Shelf) -> Self {
        let tileset = Arc::new(shelf.tileset().clone());
        let head = Person::at(tileset.spawn()).head();
        let mut coarse = BTreeSet::from([shelf.manifest()]);
        for tile in FirstView::new(&tileset, head).take(opening::COARSE) {
            let tile = tileset.tile(tile);
            let images = tile.images.iter().map(|image| tileset.images()[image.index()].blob);
            coarse.extend(images.chain(tile.content).map(|blob| tileset.blobs()[blob.index()].hash));
        }
        let whole: BTreeSet<_> = [shelf.manifest()].into_iter().chain(opening(&tileset)).collect();
        // Where the first tiles are more than a newcomer is sent unasked, the rest has to be asked for.
        coarse.retain(|hash| whole.contains(hash));
        let sizes = shelf.catalog();
        let whole_bytes = whole.iter().map(|hash| u64::from(sizes[hash])).sum();
        Self { coarse, whole, whole_bytes }
    }
}

/// Lets so many come to a new host of this twin.
pub fn come(twin: &Path, identity: &Path, visitors: usize) -> Arrivals {
    let awaited = Awaited::of(&Shelf::open(twin).expect("a twin"));
    let mut server = Server::start(Kind::Host, twin, identity);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(arrive(&mut server, awaited, visitors))
}

async fn arrive(server: &mut Server, awaited: Awaited, visitors: usize) -> Arrivals {
    let link: JoinLink = server.link.clone();
    let everybody: Vec<_> = (0..visitors).map(|_| Viewer::new(&link)).collect();
    let before = server.ask();
    let (began, viewers_cpu) = (Instant::now(), cpu_nanos());
    let opening_bytes = awaited.whole_bytes;
    let awaited = Arc::new(awaited);
    let mut arriving = JoinSet::new();
    for viewer in everybody {
        let awaited = awaited.clone();
        arriving.spawn(async move {
            let visit = tokio::time::timeout(PATIENCE, visit(&viewer, &awaited, began)).await;
            (viewer, visit.ok().flatten())
        });
    }
    let arrived = arriving.join_all().await;
    let (wall, viewers_cpu) = (began.elapsed(), Duration::from_nanos(cpu_nanos() - viewers_cpu));
    let cpu = Duration::from_nanos(server.ask().cpu_nanos - before.cpu_nanos);
    tokio::time::sleep(CALM).await;
    let there = server.ask();
    let sorted = |which: usize| {
        let mut times: Vec<_> =
            arrived.iter().filter_map(|(_, visit)| Some(visit.as_ref()?.seen[which])).collect();
        times.sort();
        times
    };
    let (coarse, whole) = (sorted(0), sorted(1));
    drop(arrived);
    let left = Instant::now();
    let mut after = server.ask();
    while after.visitors > 0 && left.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(100)).await;
        after = server.ask();
    }
    let (cpu, answers) = ([cpu, viewers_cpu], [before, there, after]);
    Arrivals { visitors, coarse, whole, opening_bytes, wall, cpu, answers }
}

/// Somebody who has seen it and is still there.
struct Visit {
    seen: [Duration; 2],
    _control: crate::viewer::Control,
    _connection: quinn::Connection,
}

/// Comes in and waits; `None` for whom the host did not let in.
async fn visit(viewer: &Viewer, awaited: &Awaited, began: Instant) -> Option<Visit> {
    let connection = viewer.connect().await?;
    let control = viewer.greet(&connection, Capabilities::OURS).await?;
    let (mut coarse, mut whole) = (awaited.coarse.clone(), awaited.whole.clone());
    let (mut reading, mut coarse_at) = (JoinSet::new(), None);
    while !whole.is_empty() {
        tokio::select! {
            stream = connection.accept_uni() => drop(reading.spawn(read_blob(stream.ok()?))),
            Some(read) = reading.join_next() => {
                let (hash, _) = read.ok()??;
                coarse.remove(&hash);
                whole.remove(&hash);
                if coarse.is_empty() {
                    coarse_at.get_or_insert_with(|| began.elapsed());
                }
            }
        }
    }
    Some(Visit { seen: [coarse_at?, began.elapsed()], _control: control, _connection: connection })
}
