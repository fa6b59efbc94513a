//! The viewer on virtual sockets: its streamer, its inbox and its culling are the viewer's own; decoding takes a
//! while and makes nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use glam::{Affine3A, Quat};
use pavilion::cull::{Budget, Culler, DrawList, Quality, Sight};
use pavilion::math::{Pose, fovea};
use pavilion::net::inbox::{Inbox, Inlet, Rejected};
use pavilion::protocol::codec::{self, Frames};
use pavilion::protocol::{
    BlobFault, BlobHeader, Capabilities, ContentHash, FromHost, FromViewer, Hello, Holding, Name, Proof,
    ShortWant, Token, VisitorKey,
};
use pavilion::scene::{Chunks, Demand, ResidentTile, Scene, TileId, TileMesh, Tileset};
use pavilion::stream::decode::{self, Content, Decoded, Work};
use pavilion::stream::{DecodeJob, Limits, Ready, Request, StreamFault, Streamer};
use quinn_proto::{Connection, ConnectionHandle, Dir, Event, StreamId};

use crate::arrivals::Arrivals;
use crate::host::read;
use crate::peer::{Moment, Program};
use crate::sight::{self, PIXEL_RADIANS};
use crate::world::Visitor;

/// A disk's answer.
const LOOK: Duration = Duration::from_millis(2);

/// A tile's decoding, and its way to the GPU.
const DECODE: Duration = Duration::from_millis(4);

/// What a viewer has: a link's ends are elsewhere.
pub struct Viewer {
    /// What it wants and has.
    pub streamer: Streamer,
    /// Its cache on disk.
    pub cache: BTreeMap<ContentHash, Bytes>,
    has_cache: bool,
    inbox: Inbox,
    line: Option<Line>,
    token: Option<Token>,
    /// The manifest that is here, from this visit or an earlier one.
    pub holding: Option<ContentHash>,
    looks: VecDeque<(Duration, ContentHash)>,
    jobs: VecDeque<(Duration, DecodeJob)>,
    scene: Option<Scene>,
    head_before: Option<(Duration, Quat)>,
    culler: Culler,
    list: DrawList,
    demand: Demand,
    /// Wants everything, and not only what it sees.
    wants_all: bool,
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
    pub fn new(limits: Limits, wants_all: bool) -> Self {
        Self {
            streamer: Streamer::new(limits),
            cache: BTreeMap::new(),
            has_cache: limits.has_cache,
            inbox: Inbox::default(),
            line: None,
            token: None,
            holding: None,
            looks: VecDeque::new(),
            jobs: VecDeque::new(),
            scene: None,
            head_before: None,
            culler: Culler::default(),
            list: DrawList::default(),
            demand: Demand::default(),
            wants_all,
            arrivals: Arrivals::default(),
            faults: Vec::new(),
            said_lists: 0,
            said_bytes: 0,
            greeted: 0,
        }
    }

    /// The venue, once it is known.
    pub fn tileset(&self) -> Option<&Arc<Tileset>> {
        self.scene.as_ref().map(|scene| &scene.tileset)
    }

    /// Whether the tile is here.
    pub fn is_here(&self, tile: TileId) -> bool {
        self.scene.as_ref().is_some_and(|scene| scene.resident(tile).is_some())
    }

    /// Whether nothing is wanted that is not here.
    pub fn is_satisfied(&self) -> bool {
        self.scene.is_some() && self.demand.wants.is_empty()
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
        let ahead = self.turning(now, head);
        if let Some(scene) = &self.scene {
            let views = sight::views(head);
            let quality = Quality { budget: Budget::UNLIMITED, ahead, ..Quality::default() };
            let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
            self.culler.cull(scene, &[], &sight, &mut self.list, &mut self.demand);
            if self.wants_all {
                self.want_all();
            }
        }
        self.streamer.frame(now, &self.demand);
        self.take_requests(now);
        self.take_ready(now);
        self.faults.extend(std::iter::from_fn(|| self.streamer.next_fault()));
    }

    /// How the head will have turned, by how it has turned since the last frame.
    fn turning(&mut self, now: Duration, head: Pose) -> Quat {
        let before = self.head_before.replace((now, head.orientation));
        let Some((then, before)) = before.filter(|(then, _)| *then < now) else { return Quat::IDENTITY };
        let turn = (head.orientation * before.inverse()).to_scaled_axis();
        fovea::ahead(turn / (now - then).as_secs_f32())
    }

    fn want_all(&mut self) {
        let Some(scene) = &self.scene else { return };
        let named: BTreeSet<_> = self.demand.wants.iter().map(|want| want.tile).collect();
        for tile in (0..scene.tileset.tiles().len() as u32).map(TileId) {
            if scene.resident(tile).is_some() {
                self.demand.keeps.push(tile);
            } else if !named.contains(&tile) {
                self.demand.wants.push(pavilion::scene::demand::Want::new(tile, 1e-3));
            }
        }
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
                    if self.has_cache {
                        self.cache.insert(hash, Bytes::from(bytes.to_vec()));
                    }
                }
                Request::Want(wanted) => {
                    self.inbox.replace(&wanted);
                    self.say_wants();
                }
                Request::Decode(job) => self.jobs.push_back((now + DECODE, job)),
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
            match ready {
                Ready::Tileset(tileset) => {
                    self.holding = self.streamer.manifest();
                    self.scene = Some(Scene::new(tileset));
                    self.culler = Culler::default();
                }
                Ready::Tile { tile, .. } => {
                    let Some(scene) = &mut self.scene else { continue };
                    assert!(scene.resident(tile).is_none(), "tile {} comes twice", tile.0);
                    scene.set_resident(tile, Some(nothing()));
                    self.arrivals.shown(now, tile);
                }
                Ready::EvictTile(tile) => {
                    if let Some(scene) = &mut self.scene {
                        scene.set_resident(tile, None);
                    }
                }
                _ => {}
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

fn nothing() -> ResidentTile {
    ResidentTile {
        chunks: Chunks::default(),
        occluders: Vec::new(),
        world_from_grid: Affine3A::IDENTITY,
        motion: None,
        size_bytes: 0,
    }
}

/// Blobs are noise here: a tile becomes a mesh of nothing, the manifest is read.
fn decode_instead(job: DecodeJob) -> Decoded {
    let Work::Tile { tile, .. } = job.work else { return decode::run(job) };
    let mesh = TileMesh {
        moving: None,
        world_from_grid: Affine3A::IDENTITY,
        positions: Vec::new(),
        attributes: Vec::new(),
        indices: Vec::new(),
        chunks: Vec::new(),
        occluders: Vec::new(),
    };
    Decoded { venue: job.venue, content: Content::Tile { tile, mesh: Ok(Box::new(mesh)) } }
}
