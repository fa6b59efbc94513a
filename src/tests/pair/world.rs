//! The virtual world of the pair tests: one host, one viewer, one link, one clock that ticks in
//! milliseconds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use glam::Affine3A;

use crate::host::serve::content::{OPEN_MAX, Pace, StreamKey};
use crate::host::serve::session::{Action, Offer, Session};
use crate::host::serve::visitors::{ConnectionKey, Visitors};
use crate::net::inbox::{Inbox, Inlet, Rejected};
use crate::protocol::codec::{self, Frames};
use crate::protocol::{
    BlobFault, BlobHeader, Capabilities, ContentHash, FromHost, FromViewer, Hello, Name, Proof, Token,
    VisitorKey, WantedBlob, transport,
};
use crate::scene::demand::Want;
use crate::scene::mesh::{Attributes, Position};
use crate::scene::{Demand, ImageId, TileId, TileMesh, Tileset};
use crate::stream::decode::{self, Content, DecodeJob, Decoded, Work};
use crate::stream::{Limits, Ready, Request, Streamer};

use super::super::twin::{Random, Twin};

/// How a link behaves.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub latency_millis: u64,
    /// Each delivery is late by up to this much; deliveries of one stream keep their order.
    pub jitter_millis: u64,
    /// From host to viewer.
    pub bytes_a_milli: u64,
}

impl Link {
    /// 100 Mbit/s, 10 ms each way.
    pub fn calm() -> Self {
        Self { latency_millis: 10, jitter_millis: 0, bytes_a_milli: 12_500 }
    }

    pub fn wild(random: &mut Random) -> Self {
        Self {
            latency_millis: random.below(150),
            jitter_millis: random.below(100),
            bytes_a_milli: 100 + random.below(40_000),
        }
    }
}

enum Delivery {
    ToHost(Vec<u8>),
    ToViewer(Vec<u8>),
    Stream(StreamKey, Vec<u8>),
    End(StreamKey),
    Reset(StreamKey),
}

struct HostStream {
    header: BlobHeader,
    pace: Pace,
    queue: VecDeque<u8>,
}

enum ViewerStream {
    Head(Frames),
    Body(ContentHash, Inlet),
    Stopped,
}

struct Line {
    session: Session,
    host_frames: Frames,
    host_streams: BTreeMap<StreamKey, HostStream>,
    viewer_frames: Frames,
    viewer_streams: BTreeMap<StreamKey, ViewerStream>,
    /// By time, then by order of sending.
    deliveries: BTreeMap<(u64, u64), Delivery>,
    /// What must not be overtaken: control each way, each stream.
    not_before: BTreeMap<u64, u64>,
}

pub struct World {
    now_millis: u64,
    link: Link,
    random: Random,
    limits: Limits,

    offer: Offer,
    blobs: BTreeMap<ContentHash, Vec<u8>>,
    rotten: BTreeMap<ContentHash, u32>,
    visitors: Visitors,
    connections: u64,
    line: Option<Line>,
    reconnect_at: u64,
    token: Option<Token>,
    deliveries_sent: u64,

    pub streamer: Streamer,
    inbox: Inbox,
    pub cache: BTreeMap<ContentHash, Vec<u8>>,
    cache_answers: VecDeque<(u64, ContentHash)>,
    decoding: VecDeque<(u64, DecodeJob)>,
    tileset: Option<Arc<Tileset>>,
    pub title: String,
    pub venues_begun: u32,
    view: Vec<TileId>,
    demand: Demand,
    pub resident_tiles: BTreeSet<TileId>,
    resident_images: BTreeSet<ImageId>,
    pub arrived_tiles: Vec<TileId>,
    pub sent_bytes: u64,
    pub most_resident_bytes: u64,
}

const TO_HOST: u64 = u64::MAX;
const TO_VIEWER: u64 = u64::MAX - 1;

impl World {
    pub fn new(twin: &Twin, link: Link, limits: Limits, seed: u64) -> Self {
        let mut world = Self {
            now_millis: 0,
            link,
            random: Random(seed ^ 0x5eed),
            limits,
            offer: Offer {
                manifest: WantedBlob { hash: ContentHash([0; 32]), size_bytes: 0 },
                needs: Capabilities::NEEDED,
                catalog: BTreeMap::new(),
                opening: Vec::new(),
            },
            blobs: BTreeMap::new(),
            rotten: BTreeMap::new(),
            visitors: Visitors::default(),
            connections: 0,
            line: None,
            reconnect_at: 0,
            token: None,
            deliveries_sent: 0,
            streamer: Streamer::new(limits),
            inbox: Inbox::default(),
            cache: BTreeMap::new(),
            cache_answers: VecDeque::new(),
            decoding: VecDeque::new(),
            tileset: None,
            title: String::new(),
            venues_begun: 0,
            view: Vec::new(),
            demand: Demand::default(),
            resident_tiles: BTreeSet::new(),
            resident_images: BTreeSet::new(),
            arrived_tiles: Vec::new(),
            sent_bytes: 0,
            most_resident_bytes: 0,
        };
        world.serve(twin);
        world
    }

    /// What the host serves to whoever connects from now on.
    pub fn serve(&mut self, twin: &Twin) {
        let manifest = ContentHash::of(&twin.manifest);
        self.blobs = twin.blobs.clone();
        self.blobs.insert(manifest, twin.manifest.clone());
        let size_bytes = twin.manifest.len() as u32;
        let catalog = self.blobs.iter().map(|(hash, bytes)| (*hash, bytes.len() as u32)).collect();
        self.offer = Offer {
            manifest: WantedBlob { hash: manifest, size_bytes },
            needs: Capabilities::NEEDED,
            catalog,
            opening: Vec::new(),
        };
    }

    /// The host will send this blob damaged so many times.
    pub fn rot(&mut self, hash: ContentHash, times: u32) {
        self.rotten.insert(hash, times);
    }

    /// The eyes want these tiles, most important first.
    pub fn look_at(&mut self, tiles: Vec<TileId>) {
        self.view = tiles;
    }

    pub fn lose_connection(&mut self, for_millis: u64) {
        if let Some(mut line) = self.line.take() {
            line.session.on_gone(&mut self.visitors, Duration::from_millis(self.now_millis));
            self.inbox.disconnected();
            self.streamer.disconnected();
        }
        self.reconnect_at = self.now_millis + for_millis;
    }

    pub fn is_satisfied(&self) -> bool {
        self.tileset.is_some() && self.view.iter().all(|tile| self.resident_tiles.contains(tile))
    }

    pub fn run_millis(&mut self, millis: u64) {
        for _ in 0..millis {
            self.tick();
        }
    }

    pub fn run_until(&mut self, limit_millis: u64, done: impl Fn(&Self) -> bool) {
        for _ in 0..limit_millis {
            if done(self) {
                return;
            }
            self.tick();
        }
        let missing: Vec<_> =
            self.view.iter().filter(|tile| !self.resident_tiles.contains(tile)).map(|tile| tile.0).collect();
        panic!(
            "not done after {limit_millis} ms: missing {missing:?}, {:?}, {:?}",
            self.streamer.stats(),
            self.link
        );
    }

    fn tick(&mut self) {
        self.now_millis += 1;
        if self.line.is_none() && self.now_millis >= self.reconnect_at {
            self.connect();
        }
        self.deliver();
        self.transmit();
        self.work();
        if self.now_millis.is_multiple_of(11) {
            self.frame();
        }
    }

    fn connect(&mut self) {
        self.connections += 1;
        let now = Duration::from_millis(self.now_millis);
        let fresh = Token(self.random.bytes(16).try_into().unwrap());
        self.line = Some(Line {
            session: Session::new(ConnectionKey(self.connections), fresh, now),
            host_frames: Frames::default(),
            host_streams: BTreeMap::new(),
            viewer_frames: Frames::default(),
            viewer_streams: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            not_before: BTreeMap::new(),
        });
        self.say(&FromViewer::Hello(Hello {
            capabilities: Capabilities::NEEDED,
            resume: self.token,
            name: Name::default(),
            key: VisitorKey([1; 32]),
            proof: Proof([[0; 32]; 2]),
        }));
    }

    fn say(&mut self, message: &FromViewer) {
        let bytes = codec::encode(message).unwrap();
        for piece in bytes.chunks(1 + self.random.below(200) as usize) {
            self.send(TO_HOST, Delivery::ToHost(piece.to_vec()));
        }
    }

    fn send(&mut self, lane: u64, delivery: Delivery) {
        let Some(line) = &mut self.line else { return };
        let late = self.random.below(self.link.jitter_millis + 1);
        let at = self.now_millis + 1 + self.link.latency_millis + late;
        let not_before = line.not_before.entry(lane).or_default();
        *not_before = at.max(*not_before);
        self.deliveries_sent += 1;
        line.deliveries.insert((*not_before, self.deliveries_sent), delivery);
    }

    fn deliver(&mut self) {
        while let Some(line) = &mut self.line
            && let Some((&key, _)) = line.deliveries.first_key_value()
            && key.0 <= self.now_millis
        {
            match line.deliveries.remove(&key).unwrap() {
                Delivery::ToHost(bytes) => {
                    line.host_frames.push(&bytes).unwrap();
                    while let Some(message) = line.host_frames.next_message::<FromViewer>().unwrap() {
                        let now = Duration::from_millis(self.now_millis);
                        line.session.on_message(&message, &self.offer, &mut self.visitors, now);
                    }
                    self.act();
                }
                Delivery::ToViewer(bytes) => {
                    line.viewer_frames.push(&bytes).unwrap();
                    while let Some(message) = line.viewer_frames.next_message::<FromHost>().unwrap() {
                        match message {
                            FromHost::Welcome(welcome) => {
                                assert_eq!(welcome.is_resumed, self.token.is_some());
                                self.token = Some(welcome.token);
                                self.streamer.connected(&welcome, false);
                            }
                            FromHost::Absent(absent) => {
                                if let Some(hash) = self.inbox.absent(absent.hash) {
                                    self.streamer.blob_failed(hash, BlobFault::Absent);
                                }
                            }
                            FromHost::Changed(_) => panic!("the host changes nothing"),
                            FromHost::Arrived(_) | FromHost::Departed(_) => panic!("nobody else is here"),
                        }
                    }
                }
                Delivery::Stream(stream, bytes) => self.receive(stream, &bytes),
                Delivery::End(stream) => self.receive_end(stream),
                Delivery::Reset(stream) => {
                    line.viewer_streams.remove(&stream);
                }
            }
        }
    }

    fn receive(&mut self, key: StreamKey, bytes: &[u8]) {
        let line = self.line.as_mut().unwrap();
        let stream = line.viewer_streams.entry(key).or_insert_with(|| ViewerStream::Head(Frames::default()));
        let rejected = match stream {
            ViewerStream::Stopped => None,
            ViewerStream::Body(_, inlet) => self.inbox.push(*inlet, bytes).err(),
            ViewerStream::Head(frames) => {
                frames.push(bytes).unwrap();
                match frames.next_message::<BlobHeader>().unwrap() {
                    None => None,
                    Some(header) => {
                        let rest = std::mem::take(frames).into_rest();
                        match self.inbox.begin(key.0, &header) {
                            Ok(inlet) => {
                                *stream = ViewerStream::Body(header.hash, inlet);
                                self.inbox.push(inlet, &rest).err()
                            }
                            Err(rejected) => Some(rejected),
                        }
                    }
                }
            }
        };
        if let Some(rejected) = rejected {
            *stream = ViewerStream::Stopped;
            self.reject(rejected);
        }
    }

    fn receive_end(&mut self, key: StreamKey) {
        let line = self.line.as_mut().unwrap();
        if let Some(ViewerStream::Body(hash, inlet)) = line.viewer_streams.remove(&key) {
            match self.inbox.finish(inlet) {
                Ok(bytes) => self.streamer.blob(hash, bytes),
                Err(rejected) => self.reject(rejected),
            }
        }
    }

    fn reject(&mut self, rejected: Rejected) {
        if let Some((hash, fault)) = rejected.fault() {
            self.say_wants();
            self.streamer.blob_failed(hash, fault);
        }
    }

    fn say_wants(&mut self) {
        for want in self.inbox.wants() {
            self.say(&FromViewer::Want(want));
        }
    }

    /// Does what the host's session asks for.
    fn act(&mut self) {
        while let Some(line) = &mut self.line
            && let Some(action) = line.session.next_action()
        {
            match action {
                Action::Send(message) => {
                    let bytes = codec::encode(&message).unwrap();
                    self.send(TO_VIEWER, Delivery::ToViewer(bytes));
                }
                Action::Open { stream, header, pace } => {
                    let mut bytes = self.blobs[&header.hash].clone();
                    if let Some(times) = self.rotten.get_mut(&header.hash).filter(|times| **times > 0) {
                        *times -= 1;
                        *bytes.last_mut().unwrap() ^= 1;
                    }
                    let mut queue: VecDeque<u8> = codec::encode(&header).unwrap().into();
                    queue.extend(&bytes[header.offset as usize..]);
                    line.host_streams.insert(stream, HostStream { header, pace, queue });
                    assert!(line.host_streams.len() <= OPEN_MAX + 2, "the host's memory is bounded");
                }
                Action::Pace { stream, pace } => line.host_streams.get_mut(&stream).unwrap().pace = pace,
                Action::Cancel(stream) => {
                    line.host_streams.remove(&stream);
                    self.send(stream.0, Delivery::Reset(stream));
                }
                Action::Displace(_) | Action::Enter(_) => {}
                Action::Close(cause) => panic!("the host closes the connection: {cause}"),
            }
        }
    }

    /// One millisecond of the link, to the streams of highest priority.
    fn transmit(&mut self) {
        let mut budget = self.link.bytes_a_milli as usize;
        while budget > 0
            && let Some(line) = &mut self.line
        {
            let running = line.host_streams.iter_mut().filter_map(|(key, stream)| match stream.pace {
                Pace::Run { priority } => Some((priority, std::cmp::Reverse(*key), stream)),
                Pace::Hold => None,
            });
            let Some((_, std::cmp::Reverse(key), stream)) =
                running.max_by_key(|(priority, key, _)| (*priority, *key))
            else {
                return;
            };
            let count = budget.min(stream.queue.len()).min(transport::WRITE_BYTES);
            let bytes: Vec<u8> = stream.queue.drain(..count).collect();
            let (is_done, hash) = (stream.queue.is_empty(), stream.header.hash);
            budget -= count;
            if hash != self.offer.manifest.hash {
                self.sent_bytes += count as u64;
            }
            if is_done {
                line.host_streams.remove(&key);
                line.session.on_sent(key, &self.offer);
            }
            self.send(key.0, Delivery::Stream(key, bytes));
            if is_done {
                self.send(key.0, Delivery::End(key));
                self.act();
            }
        }
    }

    /// Disk and decoding threads.
    fn work(&mut self) {
        while self.cache_answers.front().is_some_and(|(at, _)| *at <= self.now_millis) {
            let (_, hash) = self.cache_answers.pop_front().unwrap();
            self.streamer.looked(hash, self.cache.get(&hash).cloned());
        }
        while self.decoding.front().is_some_and(|(at, _)| *at <= self.now_millis) {
            let (_, job) = self.decoding.pop_front().unwrap();
            self.streamer.decoded(decode_instead(job));
        }
    }

    fn frame(&mut self) {
        self.demand.clear();
        if let Some(tileset) = &self.tileset {
            let count = tileset.tiles().len();
            for (rank, tile) in self.view.iter().filter(|tile| tile.index() < count).enumerate() {
                if self.resident_tiles.contains(tile) {
                    self.demand.keeps.push(*tile);
                } else {
                    self.demand.wants.push(Want::new(*tile, 1.0 / (1.0 + rank as f32)));
                }
            }
        }
        self.streamer.frame(Duration::from_millis(self.now_millis), &self.demand);
        self.take_requests();
        self.take_ready();
        let held = self.inbox.held_bytes() as u64;
        assert!(held <= self.limits.window_bytes + (4 << 20), "{held} bytes are held");
    }

    fn take_requests(&mut self) {
        while let Some(request) = self.streamer.next_request() {
            match request {
                Request::Look(hash) => self.cache_answers.push_back((self.now_millis + 2, hash)),
                Request::Save { hash, bytes } => {
                    self.cache.insert(hash, bytes.to_vec());
                }
                Request::Want(wanted) => {
                    self.inbox.replace(&wanted);
                    self.say_wants();
                }
                Request::Decode(job) => {
                    let at = self.now_millis + 1 + self.random.below(10);
                    let at = self.decoding.back().map_or(at, |(last, _)| at.max(*last));
                    self.decoding.push_back((at, job));
                    assert!(self.decoding.len() <= self.limits.decodes + 1);
                }
            }
        }
    }

    fn take_ready(&mut self) {
        while let Some(ready) = self.streamer.next_ready() {
            match ready {
                Ready::Tileset(tileset) => {
                    self.title = tileset.title().to_owned();
                    self.tileset = Some(tileset);
                    self.venues_begun += 1;
                    self.resident_tiles.clear();
                    self.resident_images.clear();
                    self.arrived_tiles.clear();
                }
                Ready::Texture { image, .. } => assert!(self.resident_images.insert(image), "twice"),
                Ready::Tile { tile, .. } => {
                    let images = &self.tileset.as_ref().unwrap().tile(tile).images;
                    assert!(images.iter().all(|image| self.resident_images.contains(image)));
                    assert!(self.resident_tiles.insert(tile), "twice");
                    self.arrived_tiles.push(tile);
                }
                Ready::Collider { .. } | Ready::EvictCollider(_) => {}
                Ready::Clip { .. } | Ready::EvictClip(_) => {}
                Ready::EvictTile(tile) => {
                    assert!(self.resident_tiles.remove(&tile));
                    assert!(!self.demand.keeps.contains(&tile), "what is looked at is evicted");
                }
                Ready::EvictTexture(image) => {
                    assert!(self.resident_images.remove(&image));
                    let tileset = self.tileset.as_ref().unwrap();
                    let uses = |tile: &TileId| tileset.tile(*tile).images.contains(&image);
                    assert!(!self.resident_tiles.iter().any(uses), "a texture in use is evicted");
                }
            }
        }
        self.most_resident_bytes = self.most_resident_bytes.max(self.streamer.stats().resident_bytes);
    }
}

/// Blobs are noise here: tiles become meshes of the size that their triangles promise, images blank.
fn decode_instead(job: DecodeJob) -> Decoded {
    let content = match job.work {
        Work::Tile { tile, tileset, .. } => {
            let vertices = tileset.tile(tile).triangle_count as usize;
            let mesh = TileMesh {
                moving: None,
                world_from_grid: Affine3A::IDENTITY,
                positions: vec![Position::default(); vertices],
                attributes: vec![Attributes::default(); vertices],
                indices: Vec::new(),
                chunks: Vec::new(),
                occluders: Vec::new(),
            };
            Content::Tile { tile, mesh: Ok(Box::new(mesh)) }
        }
        Work::Image { image, form, .. } => {
            let work = Work::Image { image, form, file: None };
            return decode::run(DecodeJob { venue: job.venue, work });
        }
        work @ (Work::Manifest { .. } | Work::Collider { .. } | Work::Clip { .. }) => {
            return decode::run(DecodeJob { venue: job.venue, work });
        }
    };
    Decoded { venue: job.venue, content }
}
