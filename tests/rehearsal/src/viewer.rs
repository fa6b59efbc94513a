//! The viewer on virtual sockets: its streamer, its inbox and its culling are the viewer's own; decoding takes a
//! while and makes up what it should have found.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use glam::Affine3A;
use pavilion::math::Pose;
use pavilion::net::inbox::{Inbox, Inlet, Rejected};
use pavilion::protocol::codec::{self, Frames};
use pavilion::protocol::content::OPENING_BYTES_MAX;
use pavilion::protocol::{
    BlobFault, BlobHeader, Capabilities, ContentHash, FromHost, FromViewer, Hello, Holding, Name, Proof,
    ShortWant, Token, VisitorKey,
};
use pavilion::scene::mesh::{Attributes, Position};
use pavilion::scene::{TileId, TileMesh, Tileset};
use pavilion::stream::decode::{self, Content, Decoded, Work};
use pavilion::stream::{DecodeJob, Limits, Ready, Request, StreamFault, Streamer};
use quinn_proto::{Connection, ConnectionHandle, Dir, Event, StreamId};

use crate::arrivals::Arrivals;
use crate::gaze::{Gaze, Wants};
use crate::host::read;
use crate::peer::{Moment, Program};
use crate::renderer::Renderer;
use crate::world::Visitor;

/// A disk's answer.
const LOOK: Duration = Duration::from_millis(2);

/// A tile's decoding, and its way to the GPU.
const DECODE: Duration = Duration::from_millis(4);

const VERTEX_BYTES: usize = size_of::<Position>() + size_of::<Attributes>();

/// What is held of blobs beside what the window lets be asked for: what comes unasked, and the blob that goes over it.
const HELD_BEYOND_BYTES: u64 = OPENING_BYTES_MAX as u64 + (2 << 20);

/// What a viewer has: a link's ends are elsewhere.
pub struct Viewer {
    /// What it wants and has.
    pub streamer: Streamer,
    /// Its cache on disk.
    pub cache: BTreeMap<ContentHash, Bytes>,
    limits: Limits,
    /// What every blob is, where it is known beforehand.
    truth: Option<Arc<BTreeMap<ContentHash, Bytes>>>,
    inbox: Inbox,
    line: Option<Line>,
    token: Option<Token>,
    /// The manifest that is here, from this visit or an earlier one.
    pub holding: Option<ContentHash>,
    looks: VecDeque<(Duration, ContentHash)>,
    jobs: VecDeque<(Duration, DecodeJob)>,
    renderer: Option<Renderer>,
    gaze: Gaze,
    /// Everything that came.
    pub arrivals: Arrivals,
    /// What cannot be had.
    pub faults: Vec<StreamFault>,
    /// Lists of wants that were said, and their bytes.
    pub said_lists: u64,
    /// Their bytes.
    pub said_bytes: u64,
    /// Connections that were made.
    pub greeted: u32,
}

struct Line {
    handle: ConnectionHandle,
    control: Option<StreamId>,
    said: VecDeque<u8>,
    heard: Frames,
    streams: BTreeMap<StreamId, Inflow>,
    is_welcome: bool,
    is_lost: bool,
}

enum Inflow {
    Head(Frames),
    Body(ContentHash, Inlet),
}

impl Viewer {
    /// A viewer without a connection.
    pub fn new(limits: Limits, wants: Wants) -> Self {
        Self {
            streamer: Streamer::new(limits),
            cache: BTreeMap::new(),
            limits,
            truth: None,
            inbox: Inbox::default(),
            line: None,
            token: None,
            holding: None,
            looks: VecDeque::new(),
            jobs: VecDeque::new(),
            renderer: None,
            gaze: Gaze::new(wants),
            arrivals: Arrivals::default(),
            faults: Vec::new(),
            said_lists: 0,
            said_bytes: 0,
            greeted: 0,
        }
    }

    /// The same, and it panics when it takes a blob for whole that is not one of these, byte for byte.
    #[must_use]
    pub fn knowing(self, blobs: Arc<BTreeMap<ContentHash, Bytes>>) -> Self {
        Self { truth: Some(blobs), ..self }
    }

    /// The venue, once it is known.
    pub fn tileset(&self) -> Option<&Arc<Tileset>> {
        self.renderer.as_ref().map(|renderer| &renderer.scene().tileset)
    }

    /// Whether the tile is here.
    pub fn is_here(&self, tile: TileId) -> bool {
        self.renderer.as_ref().is_some_and(|renderer| renderer.is_here(tile))
    }

    /// Whether nothing is wanted that is not here.
    pub fn is_satisfied(&self) -> bool {
        self.gaze.is_satisfied() && self.streamer.is_sharp()
    }

    /// It wants these from the next frame on, most important first, and not what it sees.
    pub fn look_at(&mut self, tiles: Vec<TileId>) {
        self.gaze.want(Wants::Listed(tiles));
    }

    /// Its connection, for as long as it lasts.
    pub fn handle(&self) -> Option<ConnectionHandle> {
        self.line.as_ref().filter(|line| !line.is_lost).map(|line| line.handle)
    }

    /// Bytes that are held for blobs that are not whole yet.
    pub fn held_bytes(&self) -> usize {
        self.inbox.held_bytes()
    }

    /// A frame at `now`, with the head there.
    pub fn frame(&mut self, now: Duration, head: Pose) {
        self.work(now);
        self.gaze.look(self.renderer.as_ref().map(Renderer::scene), now, head);
        self.streamer.frame(now, self.gaze.demand());
        self.take_requests(now);
        self.take_ready(now);
        self.faults.extend(std::iter::from_fn(|| self.streamer.next_fault()));
        let held = self.held_bytes() as u64;
        assert!(held <= self.limits.window_bytes + HELD_BEYOND_BYTES, "{held} bytes are held");
    }

    /// Disk and decoding threads.
    fn work(&mut self, now: Duration) {
        while let Some((_, hash)) = self.looks.pop_front_if(|(at, _)| *at <= now) {
            self.streamer.looked(hash, self.cache.get(&hash).map(|bytes| bytes.to_vec()));
        }
        while let Some((_, job)) = self.jobs.pop_front_if(|(at, _)| *at <= now) {
            self.streamer.decoded(decode_instead(job));
        }
    }

    fn take_requests(&mut self, now: Duration) {
        while let Some(request) = self.streamer.next_request() {
            match request {
                Request::Look(hash) => self.looks.push_back((now + LOOK, hash)),
                Request::Save { hash, bytes } => {
                    if self.limits.has_cache {
                        self.cache.insert(hash, Bytes::from(bytes.to_vec()));
                    }
                }
                Request::Want(wanted) => {
                    self.inbox.replace(&wanted);
                    self.say_wants();
                }
                Request::Decode(job) => {
                    let of_venue = self.jobs.iter().filter(|(_, other)| other.venue == job.venue).count();
                    assert!(of_venue < self.limits.decodes, "{of_venue} jobs wait already");
                    self.jobs.push_back((now + DECODE, job));
                }
            }
        }
    }

    fn say_wants(&mut self) {
        let Some(line) = self.line.as_mut().filter(|line| line.control.is_some()) else { return };
        for want in self.inbox.wants() {
            let message = FromViewer::ShortWant(ShortWant::of(&want));
            let bytes = codec::encode(&message).unwrap_or_default();
            self.said_lists += 1;
            self.said_bytes += bytes.len() as u64;
            line.said.extend(bytes);
        }
    }

    fn take_ready(&mut self, now: Duration) {
        while let Some(ready) = self.streamer.next_ready() {
            if let Ready::Tileset(tileset) = ready {
                self.holding = self.streamer.manifest();
                self.renderer = Some(Renderer::new(tileset));
                self.gaze.forget();
            } else if let Some(renderer) = &mut self.renderer
                && let Some(tile) = renderer.take(ready, self.gaze.demand())
            {
                self.arrivals.shown(now, tile);
            }
        }
    }

    fn greet(&mut self, connection: &mut Connection) {
        let Some(line) = &mut self.line else { return };
        self.greeted += 1;
        line.control = connection.streams().open(Dir::Bi);
        if let Some(manifest) = self.holding {
            line.said.extend(codec::encode(&FromViewer::Holding(Holding { manifest })).unwrap_or_default());
        }
        let hello = FromViewer::Hello(Hello {
            capabilities: Capabilities::OURS,
            resume: self.token,
            name: Name::new("rehearsal"),
            key: VisitorKey([7; 32]),
            proof: Proof([[0; 32]; 2]),
        });
        line.said.extend(codec::encode(&hello).unwrap_or_default());
    }

    fn hear(&mut self, connection: &mut Connection) {
        let Some(line) = &mut self.line else { return };
        let Some(id) = line.control else { return };
        for bytes in read(connection, id).0 {
            let _ = line.heard.push(&bytes);
            while let Ok(Some(message)) = line.heard.next_message::<FromHost>() {
                match message {
                    FromHost::Welcome(welcome) => {
                        line.is_welcome = true;
                        self.token = Some(welcome.token);
                        let is_opening = self.holding != Some(welcome.manifest);
                        if is_opening {
                            self.inbox.open(welcome.manifest_blob());
                        }
                        self.streamer.connected(&welcome, is_opening);
                    }
                    FromHost::Changed(changed) => self.streamer.changed(&changed),
                    FromHost::Absent(absent) => {
                        if let Some(hash) = self.inbox.absent(absent.hash) {
                            self.streamer.blob_failed(hash, BlobFault::Absent);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn take_streams(&mut self, now: Moment, connection: &mut Connection) {
        // Before its welcome nothing of the host is looked at.
        let Some(mut line) = self.line.take_if(|line| line.is_welcome) else { return };
        while let Some(id) = connection.streams().accept(Dir::Uni) {
            line.streams.insert(id, Inflow::Head(Frames::default()));
        }
        let mut gone = Vec::new();
        for (id, inflow) in &mut line.streams {
            let (chunks, end) = read(connection, *id);
            let mut rejected = None;
            for bytes in chunks {
                rejected = rejected.or(self.take_bytes(now, id.index(), inflow, &bytes).err());
            }
            if let (Inflow::Body(hash, inlet), Some(true), None) = (&*inflow, end, rejected) {
                match self.inbox.finish(*inlet) {
                    Ok(bytes) => {
                        if let Some(blobs) = &self.truth {
                            let is_true = blobs.get(hash).is_some_and(|blob| *blob == bytes);
                            assert!(is_true, "{hash} is spoiled and taken");
                        }
                        self.arrivals.whole(now.since, *hash, bytes.len());
                        self.streamer.blob(*hash, bytes);
                    }
                    Err(why) => rejected = Some(why),
                }
            }
            if let Some(why) = rejected {
                let _ = connection.recv_stream(*id).stop(0_u32.into());
                if let Some((hash, fault)) = why.fault() {
                    self.streamer.blob_failed(hash, fault);
                }
            }
            if rejected.is_some() || end.is_some() {
                gone.push((*id, rejected.and_then(Rejected::fault).is_some()));
            }
        }
        self.line = Some(line);
        for (id, is_disowned) in gone {
            if let Some(line) = &mut self.line {
                line.streams.remove(&id);
            }
            if is_disowned {
                self.say_wants();
            }
        }
    }

    fn take_bytes(
        &mut self,
        now: Moment,
        stream: u64,
        inflow: &mut Inflow,
        bytes: &[u8],
    ) -> Result<(), Rejected> {
        let (hash, taken) = match inflow {
            Inflow::Body(hash, inlet) => (*hash, self.inbox.push(*inlet, bytes)),
            Inflow::Head(frames) => {
                frames.push(bytes).map_err(|_| Rejected::Unwanted)?;
                let Ok(Some(header)) = frames.next_message::<BlobHeader>() else { return Ok(()) };
                let rest = std::mem::take(frames).into_rest();
                let began = self.inbox.begin(stream, &header);
                let taken = began.and_then(|inlet| {
                    *inflow = Inflow::Body(header.hash, inlet);
                    self.inbox.push(inlet, &rest)
                });
                (header.hash, taken)
            }
        };
        self.arrivals.bytes(now.since, hash, bytes.len(), taken.is_ok());
        taken
    }
}

impl Visitor for Viewer {
    fn frame(&mut self, now: Duration, head: Pose) {
        Viewer::frame(self, now, head);
    }

    fn handle(&self) -> Option<ConnectionHandle> {
        Viewer::handle(self)
    }
}

impl Program for Viewer {
    fn began(&mut self, _: Moment, handle: ConnectionHandle, _: &mut Connection) {
        self.inbox.disconnected();
        self.line = Some(Line {
            handle,
            control: None,
            said: VecDeque::new(),
            heard: Frames::default(),
            streams: BTreeMap::new(),
            is_welcome: false,
            is_lost: false,
        });
    }

    fn act(&mut self, now: Moment, handle: ConnectionHandle, connection: &mut Connection) {
        if self.line.as_ref().is_none_or(|line| line.handle != handle) {
            while connection.poll().is_some() {}
            return;
        }
        while let Some(event) = connection.poll() {
            match event {
                Event::Connected => self.greet(connection),
                Event::ConnectionLost { .. } => {
                    self.ended(now, handle);
                    return;
                }
                _ => {}
            }
        }
        while let Some(pose) = connection.datagrams().recv() {
            if let Some(sent) = pose.first_chunk::<8>() {
                self.arrivals.poses.push((now.since, Duration::from_nanos(u64::from_le_bytes(*sent))));
            }
        }
        self.hear(connection);
        self.take_streams(now, connection);
        self.take_requests(now.since);
        if let Some(line) = &mut self.line
            && let Some(id) = line.control
            && !line.said.is_empty()
        {
            let count = connection.send_stream(id).write(line.said.make_contiguous()).unwrap_or(0);
            line.said.drain(..count);
        }
    }

    fn ended(&mut self, _: Moment, handle: ConnectionHandle) {
        if let Some(line) = self.line.as_mut().filter(|line| line.handle == handle && !line.is_lost) {
            line.is_lost = true;
            self.inbox.disconnected();
            self.streamer.disconnected();
        }
    }
}

/// Blobs are noise here: a tile becomes a mesh of the size that its triangles promise, an image a blank one, and the
/// manifest is read.
fn decode_instead(job: DecodeJob) -> Decoded {
    let DecodeJob { venue, work } = job;
    match work {
        Work::Tile { tile, tileset, .. } => {
            let vertex_count = tileset.tile(tile).expected_bytes() as usize / VERTEX_BYTES;
            let mesh = TileMesh {
                moving: None,
                world_from_grid: Affine3A::IDENTITY,
                positions: vec![Position::default(); vertex_count],
                attributes: vec![Attributes::default(); vertex_count],
                indices: Vec::new(),
                chunks: Vec::new(),
                occluders: Vec::new(),
            };
            Decoded { venue, content: Content::Tile { tile, mesh: Ok(Box::new(mesh)) } }
        }
        Work::Image { image, form, is_tail, .. } => {
            decode::run(DecodeJob { venue, work: Work::Image { image, form, file: None, is_tail } })
        }
        work => decode::run(DecodeJob { venue, work }),
    }
}
