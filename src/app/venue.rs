//! A venue as the frame loop sees it: joins connection, cache, decoding threads and streamer.
//!
//! Nothing here waits: what is not ready now is there in a later frame.

mod cache;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use glam::Vec3;

use super::Failure;
use super::toll::{Part, Toll};
use super::workers::Workers;
use crate::draw::Upload;
use crate::net::{self, Connection, Me, Opening};
use crate::people::People;
use crate::physics::Surface;
use crate::protocol::presence::{self, Body, Sample};
use crate::protocol::{ContentHash, Fingerprint, JoinLink};
use crate::scene::demand::Want;
use crate::scene::{ClipId, ColliderId, Demand, ImageId, Samples, TileId, Tileset};
use crate::store::{Known, Store};
use crate::stream::{self, DecodeJob, Decoded, Limits, Ready, Request, StreamFault, Streamer};
use cache::Cache;

/// What the cache on disk may hold: a few venues.
pub const CACHE_BYTES_MAX: u64 = 4 << 30;

/// Decoding takes a fraction of a core: more threads would only take the frame's.
const DECODE_THREADS_MAX: usize = 2;

/// Things from the network that one frame looks at.
const EVENTS_A_FRAME: usize = 64;

/// What happened at the venue.
#[derive(Debug)]
pub enum Event {
    /// The twin that follows.
    Tileset(Arc<Tileset>),
    /// Content for the renderer, textures before the tiles that show them.
    Ready(Upload),
    /// A piece of the ground; `None` if it is not to be had.
    Collider {
        /// Which.
        collider: ColliderId,
        /// What stops people.
        surface: Option<Surface>,
    },
    /// This piece of the ground is far away.
    EvictCollider(ColliderId),
    /// This tile is to be forgotten to make room.
    EvictTile(TileId),
    /// This image is to be forgotten to make room.
    EvictImage(ImageId),
    /// A clip, for the ears.
    Clip {
        /// Which.
        clip: ClipId,
        /// What is heard.
        samples: Samples,
    },
    /// This clip is to be forgotten, because nobody is near it.
    EvictClip(ClipId),
    /// The connection is gone and will be tried again.
    Lost(String),
    /// The connection is back.
    Back,
    /// A part of the twin cannot be had, or is broken.
    Broken(String),
    /// The visit is over, or never began.
    Ended(Failure),
}

/// Bytes that came, by where they came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Over the wire.
    pub received: u64,
    /// Out of the cache.
    pub from_cache: u64,
}

/// A visit to one venue.
pub struct Venue {
    link: JoinLink,
    me: Me,
    connection: Connection,
    people: People,
    sequence: u16,
    next_word: Duration,
    limits: Limits,
    streamer: Streamer,
    decoders: Workers<DecodeJob, Option<Decoded>>,
    cache: Option<Cache>,
    /// What a visitor in the lobby wants: the coarsest tiles, so that there is something to enter.
    first: Demand,
    was_lost: bool,
}

impl Venue {
    /// Begins to join as `me`. Without a `cache` folder, or with one that cannot be used, everything is
    /// fetched anew.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn join(link: JoinLink, me: Me, cache: Option<&Path>, limits: Limits) -> Result<Self, Failure> {
        let held = cache.map_or_else(Vec::new, |folder| manifests_in(folder, link.fingerprint));
        let connection = connect(&link, &me, opening_unless(held))?;
        let cache = cache.map(Cache::start).transpose()?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.saturating_sub(1).clamp(1, DECODE_THREADS_MAX);
        let limits = Limits { has_cache: cache.is_some(), ..limits };
        Ok(Self {
            link,
            me,
            connection,
            limits,
            people: People::default(),
            sequence: 0,
            next_word: Duration::ZERO,
            streamer: Streamer::new(limits),
            decoders: Workers::start("decode", threads, |job| Some(stream::decode::run(job)))?,
            cache,
            first: Demand::default(),
            was_lost: false,
        })
    }

    /// Where the venue is, for people.
    pub fn name(&self) -> String {
        let text = self.link.to_string();
        let place = text.split('#').next().unwrap_or_default();
        place.trim_start_matches("pavilion://").to_owned()
    }

    /// Tries again, now.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn retry(&mut self) -> Result<(), Failure> {
        self.streamer.disconnected();
        self.people.clear();
        let held = self.streamer.manifest().into_iter().collect();
        self.connection = connect(&self.link, &self.me, opening_unless(held))?;
        Ok(())
    }

    /// Says where the person is at `now`, twenty times a second however often it is called.
    pub fn be_at(&mut self, body: Body, now: Duration) {
        let interval = Duration::from_millis(presence::INTERVAL_MILLIS);
        if now < self.next_word {
            return;
        }
        // Keeps the pace where frames do not divide it, and does not make up for a pause.
        self.next_word = (self.next_word + interval).max(now);
        self.sequence = self.sequence.wrapping_add(1);
        let time_millis = now.as_millis() as u32;
        self.connection.be_at(Sample { sequence: self.sequence, time_millis, body });
    }

    /// The others who are here.
    pub fn people(&mut self) -> &mut People {
        &mut self.people
    }

    /// Where the person hears from now on, metres; `None` in the lobby.
    pub fn listen_at(&mut self, head: Option<Vec3>) {
        self.streamer.listen_at(head);
    }

    /// Whether every clip that can be heard there is here.
    pub fn has_clips(&self) -> bool {
        self.streamer.has_clips()
    }

    /// What tiles and images may occupy on the GPU, bytes.
    pub fn memory_bytes(&self) -> u64 {
        self.limits.resident_bytes
    }

    /// The renderer had no room for the tile.
    pub fn put_back(&mut self, tile: TileId) {
        self.streamer.upload_failed(tile);
    }

    /// The renderer had no room for the image.
    pub fn put_image_back(&mut self, image: ImageId) {
        self.streamer.image_failed(image);
    }

    /// The renderer is gone with all that it was given: everything comes again.
    pub fn start_over(&mut self) {
        self.streamer.start_over();
    }

    /// Whether all of every image that the tiles show is here, as far as it can be had.
    pub fn is_sharp(&self) -> bool {
        self.streamer.is_sharp()
    }

    /// Whether the ground around `feet` is here, as far as it can be had.
    pub fn has_ground(&self, feet: glam::Vec3) -> bool {
        self.streamer.has_ground(feet)
    }

    /// What came so far.
    pub fn counts(&self) -> Counts {
        let stats = self.streamer.stats();
        Counts { received: stats.fetched_bytes, from_cache: stats.cached_bytes }
    }

    /// Moves everything on at `now`, given what the eyes want (`None` in the lobby), and adds what
    /// happened to `events`; content only while there are fewer than `events_max`. What `toll` does not admit
    /// waits for the next frame.
    pub fn pump(
        &mut self,
        now: Duration,
        demand: Option<&Demand>,
        events: &mut VecDeque<Event>,
        events_max: usize,
        toll: &mut Toll,
    ) {
        self.take_results(toll);
        self.take_network(now, events, toll);
        self.streamer.frame(now, demand.unwrap_or(&self.first));
        toll.lap(Part::Choice);
        self.give_requests();
        toll.lap(Part::Requests);
        tracing::trace!(?now, stats = ?self.streamer.stats(), "streaming");
        while events.len() < events_max
            && let Some(ready) = self.streamer.next_ready()
        {
            events.push_back(match ready {
                Ready::Tileset(tileset) => {
                    self.first = coarsest(&tileset);
                    if let Some(manifest) = self.streamer.manifest() {
                        self.connection.hold(manifest);
                        if let Some(cache) = &mut self.cache {
                            cache.remember(self.link.fingerprint, manifest);
                        }
                    }
                    Event::Tileset(tileset)
                }
                Ready::Texture { image, texture, .. } => {
                    Event::Ready(Upload::Texture { image, texture: Arc::new(texture) })
                }
                Ready::Tile { tile, mesh } => Event::Ready(Upload::Tile { tile, mesh }),
                Ready::Collider { collider, surface } => Event::Collider { collider, surface },
                Ready::EvictCollider(collider) => Event::EvictCollider(collider),
                Ready::EvictTile(tile) => Event::EvictTile(tile),
                Ready::EvictTexture(image) => Event::EvictImage(image),
                Ready::Clip { clip, samples } => Event::Clip { clip, samples },
                Ready::EvictClip(clip) => Event::EvictClip(clip),
            });
        }
        while let Some(fault) = self.streamer.next_fault() {
            events.push_back(match fault {
                StreamFault::Manifest(_) | StreamFault::NoManifest => Event::Ended(Failure::content(fault)),
                _ => Event::Broken(fault.to_string()),
            });
        }
        toll.lap(Part::Content);
    }

    /// Takes what other threads have done: one of each at least, or a thread without end could hold up all.
    fn take_results(&mut self, toll: &mut Toll) {
        while let Some(decoded) = self.decoders.try_take() {
            let is_twin = decoded.as_ref().is_some_and(Decoded::is_manifest);
            if let Some(decoded) = decoded {
                self.streamer.decoded(decoded);
            }
            toll.lap(if is_twin { Part::Twin } else { Part::Results });
            if toll.is_spent() {
                break;
            }
        }
        while let Some((hash, bytes)) = self.cache.as_ref().and_then(Cache::next_looked) {
            self.streamer.looked(hash, bytes);
            toll.lap(Part::Results);
            if toll.is_spent() {
                break;
            }
        }
    }

    fn take_network(&mut self, now: Duration, events: &mut VecDeque<Event>, toll: &mut Toll) {
        for _ in 0..EVENTS_A_FRAME {
            let Some(event) = self.connection.poll() else { break };
            self.on_network(event, now, events);
            toll.lap(Part::Network);
            if toll.is_spent() {
                break;
            }
        }
    }

    fn on_network(&mut self, event: net::Event, now: Duration, events: &mut VecDeque<Event>) {
        match event {
            net::Event::Connected { welcome, is_opening } => {
                self.streamer.connected(&welcome, is_opening);
                self.people.clear();
                if std::mem::take(&mut self.was_lost) {
                    events.push_back(Event::Back);
                }
            }
            net::Event::Changed(changed) => self.streamer.changed(&changed),
            net::Event::Blob { hash, bytes } => self.streamer.blob(hash, bytes),
            net::Event::BlobFailed { hash, fault } => self.streamer.blob_failed(hash, fault),
            net::Event::Arrived(who) => self.people.arrived(who),
            net::Event::Departed(visitor) => self.people.departed(visitor),
            net::Event::Others { at, samples } => {
                // It came before this frame began.
                let heard = now.saturating_sub(Instant::now().saturating_duration_since(at));
                for (visitor, sample) in &samples {
                    self.people.heard(*visitor, sample, heard);
                }
            }
            net::Event::Lost { cause, retry_in } => {
                self.streamer.disconnected();
                self.was_lost = true;
                let seconds = retry_in.as_secs_f32().ceil();
                events.push_back(Event::Lost(format!("{cause}; trying again in {seconds:.0} s")));
            }
            net::Event::Refused(cause) => {
                self.streamer.disconnected();
                events.push_back(Event::Ended(Failure::failed(cause)));
            }
        }
    }

    /// Hands on what the streamer wants done, as far as there is room for it now. A slow disk holds up only what is
    /// asked of it.
    fn give_requests(&mut self) {
        let mut refused_looks = Vec::new();
        while let Some(request) = self.streamer.next_request() {
            let refused = match request {
                Request::Want(blobs) => {
                    if self.connection.want(blobs.clone()) {
                        None
                    } else {
                        Some(Request::Want(blobs))
                    }
                }
                Request::Decode(job) => self.decoders.try_give(job).map(Request::Decode),
                Request::Look(hash) => {
                    // What is wanted more is looked for first, also when room comes meanwhile.
                    let is_given =
                        refused_looks.is_empty() && self.cache.as_ref().is_some_and(|cache| cache.look(hash));
                    if !is_given {
                        refused_looks.push(hash);
                    }
                    None
                }
                Request::Save { hash, bytes } => {
                    if let Some(cache) = &mut self.cache {
                        cache.save(hash, bytes);
                    }
                    None
                }
            };
            if let Some(request) = refused {
                self.streamer.give_back(request);
                break;
            }
        }
        for hash in refused_looks.into_iter().rev() {
            self.streamer.give_back(Request::Look(hash));
        }
    }
}

/// The topmost tiles that have content.
fn coarsest(tileset: &Tileset) -> Demand {
    let mut demand = Demand::default();
    let mut open = vec![TileId(0)];
    while let Some(tile) = open.pop() {
        match tileset.tile(tile).content {
            Some(_) => demand.wants.push(Want::new(tile, 1.0)),
            None => open.extend(tileset.below(tile)),
        }
    }
    demand
}

/// What may be shown at this host and is in the cache from before. Of a twin whose manifest is gone nobody knows how
/// much is left.
fn manifests_in(folder: &Path, host: Fingerprint) -> Vec<ContentHash> {
    let known = Known::open(folder);
    let shown = known.shown_by(host);
    let carried = known.carried().filter(|manifest| Some(*manifest) != shown);
    shown.into_iter().chain(carried).filter(|manifest| Store::is_in(folder, *manifest)).collect()
}

fn opening_unless(held: Vec<ContentHash>) -> Opening {
    if held.is_empty() { Opening::All } else { Opening::Unless(held) }
}

fn connect(link: &JoinLink, me: &Me, opening: Opening) -> Result<Connection, Failure> {
    Connection::open(link.clone(), me.clone(), opening).map_err(|error| {
        Failure::environment(format!("no network thread could be started ({error}): close other programs"))
    })
}
