//! The streamer itself: joins choosing, fetching, decoding and residency.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use glam::Vec3;

use super::active::{Active, size_bytes};
use super::choice::Room;
use super::clips::Clips;
use super::decode::{Content, DecodeJob, Decoded, DecodedTwin, VenueNumber, Work};
use super::directory::{Directory, User};
use super::early::Early;
use super::venue::{ColliderState, TileState, Venue};
use super::{Limits, Ready, Request, Stats, StreamFault};
use crate::protocol::content::WANTS_MAX;
use crate::protocol::{BlobFault, Changed, ContentHash, WantedBlob, Welcome};
use crate::scene::{BlobId, Demand, ImageId, TileId, Tileset};

/// How often blobs are chosen anew, unless none is under way: three frames.
const ROUND: Duration = Duration::from_millis(33);

/// What comes within this time is fetched as it is wanted, without steps on the way: nobody sees those.
const DIRECT: Duration = Duration::from_millis(150);

/// Faults that wait to be told; beyond, they are only counted.
const FAULTS_MAX: usize = 32;

/// How far the manifest has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manifest {
    /// It is not being fetched.
    Settled,
    Looking(WantedBlob),
    Wanted {
        blob: WantedBlob,
        is_told: bool,
        has_failed: bool,
    },
    Decoding(ContentHash),
}

/// See [`crate::stream`].
pub struct Streamer {
    limits: Limits,
    is_connected: bool,
    manifest: Manifest,
    venue_count: u32,
    venue: Option<Active>,
    requests: VecDeque<Request>,
    faults: VecDeque<StreamFault>,
    stats: Stats,
    listener: Option<Vec3>,
    /// Came with the manifest, without having been asked for.
    early: Early,
}

impl Streamer {
    /// A streamer without a venue.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            is_connected: false,
            manifest: Manifest::Settled,
            venue_count: 0,
            venue: None,
            requests: VecDeque::new(),
            faults: VecDeque::new(),
            stats: Stats::default(),
            listener: None,
            early: Early::default(),
        }
    }

    /// The host has let us in. It is the same venue if its manifest is the same. Where the manifest `is_coming`, with
    /// what is seen first, the host is not asked for it: that would be in place of the rest.
    pub fn connected(&mut self, welcome: &Welcome, is_coming: bool) {
        self.is_connected = true;
        self.show(welcome.manifest_blob(), is_coming);
    }

    /// The host shows another twin from now on.
    pub fn changed(&mut self, changed: &Changed) {
        self.show(changed.manifest_blob(), false);
    }

    /// The manifest of the venue that is shown.
    pub fn manifest(&self) -> Option<ContentHash> {
        self.venue.as_ref().map(|active| active.venue.manifest)
    }

    fn show(&mut self, blob: WantedBlob, is_coming: bool) {
        if let Some(active) = &mut self.venue
            && active.venue.manifest == blob.hash
        {
            active.fetch.forget_sent();
            active.chosen_at = None;
            self.manifest = Manifest::Settled;
            return;
        }
        match &mut self.manifest {
            Manifest::Decoding(hash) if *hash == blob.hash => {}
            Manifest::Wanted { blob: wanted, is_told, .. } if *wanted == blob => *is_told = is_coming,
            // It may be in the cache all the same; but it is on its way already.
            _ if is_coming => self.manifest = Manifest::Wanted { blob, is_told: true, has_failed: false },
            _ if self.limits.has_cache => {
                self.manifest = Manifest::Looking(blob);
                self.requests.push_back(Request::Look(blob.hash));
            }
            _ => self.manifest = Manifest::Wanted { blob, is_told: false, has_failed: false },
        }
        self.ask_for_manifest();
    }

    /// The connection is gone. Decoding goes on, and what is here stays.
    pub fn disconnected(&mut self) {
        self.is_connected = false;
        if let Some(active) = &mut self.venue {
            active.fetch.forget_sent();
        }
        if let Manifest::Wanted { is_told, .. } = &mut self.manifest {
            *is_told = false;
        }
    }

    fn ask_for_manifest(&mut self) {
        if let Manifest::Wanted { blob, is_told, .. } = &mut self.manifest
            && self.is_connected
            && !*is_told
        {
            *is_told = true;
            self.requests.push_back(Request::Want(vec![*blob]));
        }
    }

    /// Where whoever hears is from now on, metres; `None`: nowhere, and no clip is wanted.
    pub fn listen_at(&mut self, listener: Option<Vec3>) {
        self.listener = listener;
    }

    /// Whether every clip that can be heard where the listener is was handed out.
    pub fn has_clips(&self) -> bool {
        self.venue.as_ref().is_some_and(|active| active.clips.are_here())
    }

    /// A frame is being made at `now`, and this is what its eyes want. Call it once a frame, before
    /// requests are taken.
    pub fn frame(&mut self, now: Duration, demand: &Demand) {
        self.ask_for_manifest();
        let Some(active) = &mut self.venue else { return };
        active.now = now;
        for tile in &demand.keeps {
            if let Some(slot) = active.venue.tiles.get_mut(tile.index()) {
                slot.kept = now;
            }
        }
        active.pace.step(now, !active.fetch.sent().is_empty());
        active.listen(self.listener, self.limits.clip_bytes);
        let is_due = active
            .chosen_at
            .is_none_or(|then| active.fetch.sent().is_empty() || now.saturating_sub(then) >= ROUND);
        let is_idle = active.choice.ground().is_settled(&active.venue, demand.feet)
            && demand.wants.is_empty()
            && active.fetch.sent().is_empty()
            && active.waiting.is_empty()
            && active.venue.is_sharp()
            && !active.venue.is_missing_images()
            && !active.clips.is_missing_any();
        // While another venue's manifest is wanted, its list must not be replaced by ours.
        if is_due && !(is_idle && active.chosen_at.is_some()) && self.manifest == Manifest::Settled {
            active.chosen_at = Some(now);
            self.choose(demand);
            self.use_early();
        }
        self.hand_out_jobs();
    }

    fn choose(&mut self, demand: &Demand) {
        let Some(active) = &mut self.venue else { return };
        let (limits, now) = (self.limits, active.now);
        let round = active.choice.round();
        let taken_bytes = active.residency.bytes() + active.venue.coming_bytes();
        let evictable_bytes = active.residency.evictable_bytes(&active.venue, round, now);
        let free_bytes = (active.limit_bytes + evictable_bytes).saturating_sub(taken_bytes);
        let room = Room {
            window_bytes: limits.window_bytes.saturating_sub(active.decode_queue_bytes),
            resident_bytes: free_bytes,
            direct_bytes: active.pace.bytes_within(DIRECT),
        };
        let (requests, tileset) = (&mut self.requests, active.venue.tileset.clone());
        let sent_before = active.fetch.sent().len();
        let list = active.choice.choose(&mut active.venue, &mut active.fetch, demand, room, now, |blob| {
            requests.push_back(Request::Look(tileset.blobs()[blob.index()].hash));
        });
        active.clips.choose(&active.venue.tileset, now, &mut active.fetch, list, |blob| {
            requests.push_back(Request::Look(active.venue.tileset.blobs()[blob.index()].hash));
        });
        list.truncate(WANTS_MAX);
        let kept = list.iter().filter(|blob| active.fetch.sent().contains(blob)).count();
        self.stats.cancelled += (sent_before - kept) as u64;
        if self.is_connected
            && let Some(list) = active.fetch.send(list, &active.venue.tileset)
        {
            self.requests.retain(|request| !matches!(request, Request::Want(_)));
            self.requests.push_back(Request::Want(list));
        }
        for collider in active.choice.ground().far() {
            active.venue.colliders[collider.index()].state = ColliderState::Absent;
            active.ready.push_back(Ready::EvictCollider(collider));
        }
        active.drop_unwanted();
        // What has waited for room may have some now.
        self.stats.evicted += active.release_waiting();
    }

    /// Whether all of every image that the tiles show was taken, as far as it can be had.
    pub fn is_sharp(&self) -> bool {
        self.venue.as_ref().is_none_or(|active| active.venue.is_sharp() && active.ready.is_empty())
    }

    /// Whether the ground around `feet` is here, as far as it can be had.
    pub fn has_ground(&self, feet: Vec3) -> bool {
        let active = self.venue.as_ref();
        active.is_none_or(|active| active.choice.ground().is_settled(&active.venue, Some(feet)))
    }

    /// The cache has answered a [`Request::Look`].
    pub fn looked(&mut self, hash: ContentHash, bytes: Option<Vec<u8>>) {
        if let Manifest::Looking(blob) = self.manifest
            && blob.hash == hash
        {
            match bytes {
                Some(bytes) => {
                    self.stats.cached += 1;
                    self.stats.cached_bytes += bytes.len() as u64;
                    self.decode_manifest(hash, Arc::new(bytes));
                }
                None => {
                    self.manifest = Manifest::Wanted { blob, is_told: false, has_failed: false };
                    self.ask_for_manifest();
                }
            }
            return;
        }
        let Some(active) = &mut self.venue else { return };
        let Some(blob) = active.venue.blob(hash) else { return };
        if active.fetch.end_look(blob, bytes.is_some())
            && let Some(bytes) = bytes
        {
            self.stats.cached += 1;
            self.stats.cached_bytes += bytes.len() as u64;
            self.use_blob(blob, Arc::new(bytes));
        }
    }

    /// A blob has come from the host; its bytes are those that its name promises.
    pub fn blob(&mut self, hash: ContentHash, bytes: Vec<u8>) {
        self.stats.fetched += 1;
        self.stats.fetched_bytes += bytes.len() as u64;
        let bytes = Arc::new(bytes);
        if self.limits.has_cache {
            self.requests.push_back(Request::Save { hash, bytes: bytes.clone() });
        }
        if matches!(self.manifest, Manifest::Wanted { blob, .. } if blob.hash == hash) {
            return self.decode_manifest(hash, bytes);
        }
        // While the manifest is read, nobody knows yet what this is.
        let is_early = matches!(self.manifest, Manifest::Wanted { .. } | Manifest::Decoding(_));
        let known = self.venue.as_ref().and_then(|active| active.venue.blob(hash));
        match (known, &mut self.venue) {
            (Some(blob), Some(active)) => {
                active.fetch.arrived(blob, self.limits.has_cache);
                active.pace.arrived(bytes.len());
                if active.venue.is_clip(blob) || active.venue.is_wanted(blob, active.choice.round()) {
                    self.use_blob(blob, bytes);
                } else if active.venue.is_of_use(blob) {
                    active.fetch.hold(blob);
                    self.keep(hash, bytes);
                } else {
                    self.stats.stale += 1;
                }
            }
            _ if is_early => self.keep(hash, bytes),
            _ => self.stats.stale += 1,
        }
    }

    fn keep(&mut self, hash: ContentHash, bytes: Arc<Vec<u8>>) {
        let Self { early, venue, stats, limits, .. } = self;
        early.keep(hash, bytes, |forgotten| {
            stats.stale += 1;
            if let Some(active) = venue
                && let Some(blob) = active.venue.blob(forgotten)
            {
                active.fetch.arrived(blob, limits.has_cache);
            }
        });
    }

    /// What has come before it was wanted need not be fetched. What nobody can want any more makes room.
    fn use_early(&mut self) {
        let Some(active) = &self.venue else { return };
        for (blob, bytes) in self.early.take_due(&active.venue, active.choice.round()) {
            if let Some(active) = &mut self.venue {
                active.fetch.arrived(blob, self.limits.has_cache);
            }
            self.use_blob(blob, bytes);
        }
    }

    /// A blob has not come from the host.
    pub fn blob_failed(&mut self, hash: ContentHash, fault: BlobFault) {
        self.stats.corrupt += u64::from(fault == BlobFault::Corrupt);
        if let Manifest::Wanted { blob, is_told, has_failed } = &mut self.manifest
            && blob.hash == hash
        {
            if *has_failed || fault == BlobFault::Absent {
                self.manifest = Manifest::Settled;
                self.report(StreamFault::NoManifest);
            } else {
                (*is_told, *has_failed) = (false, true);
            }
            return;
        }
        if self.manifest != Manifest::Settled {
            // Another venue is coming: what this one lacks is of no interest any more.
            return;
        }
        let Some(active) = &mut self.venue else { return };
        let Some(blob) = active.venue.blob(hash) else { return };
        if !active.fetch.failed(blob, fault) {
            return;
        }
        for user in active.venue.directory.users(blob).to_vec() {
            match user {
                User::Tile(tile) => active.venue.tiles[tile.index()].state = TileState::Bad,
                User::Image(image) => {
                    active.venue.images[image.index()].is_blank = true;
                    active.queue_image(image, None);
                }
                User::Tail(image) => active.venue.images[image.index()].give_up_tail(),
                User::Collider(collider) => {
                    active.venue.colliders[collider.index()].state = ColliderState::Bad;
                    active.ready.push_back(Ready::Collider { collider, surface: None });
                }
                User::Clip(clip) => active.clips.give_up(clip),
            }
        }
        self.report(match fault {
            BlobFault::Corrupt => StreamFault::Corrupt { hash },
            BlobFault::Absent => StreamFault::Absent { hash },
        });
        self.hand_out_jobs();
    }

    fn decode_manifest(&mut self, hash: ContentHash, bytes: Arc<Vec<u8>>) {
        self.manifest = Manifest::Decoding(hash);
        self.venue_count += 1;
        let venue = VenueNumber(self.venue_count);
        self.requests.push_back(Request::Decode(DecodeJob { venue, work: Work::Manifest { bytes } }));
    }

    fn use_blob(&mut self, blob: BlobId, bytes: Arc<Vec<u8>>) {
        let Some(active) = &mut self.venue else { return };
        let round = active.choice.round();
        let mut is_used = false;
        for user in active.venue.directory.users(blob).to_vec() {
            let is_wanted = match user {
                User::Clip(clip) => active.clips.is_missing(clip),
                _ => active.venue.wants(user, round),
            };
            if is_wanted {
                active.queue_for(user, bytes.clone());
                is_used = true;
            }
        }
        self.stats.stale += u64::from(!is_used);
        self.hand_out_jobs();
    }

    fn hand_out_jobs(&mut self) {
        let Some(active) = &mut self.venue else { return };
        while active.decoding_count < self.limits.decodes && active.ready_bytes < self.limits.ready_bytes {
            let Some((work, size_bytes)) = active.decode_queue.pop_front() else { return };
            active.decode_queue_bytes -= size_bytes;
            active.decoding_count += 1;
            self.requests.push_back(Request::Decode(DecodeJob { venue: active.venue.number, work }));
        }
    }

    /// A [`Request::Decode`] is done.
    pub fn decoded(&mut self, decoded: Decoded) {
        match decoded.content {
            Content::Manifest(result) => {
                if decoded.venue == VenueNumber(self.venue_count)
                    && let Manifest::Decoding(hash) = self.manifest
                {
                    self.manifest = Manifest::Settled;
                    match result {
                        Ok(twin) => self.begin(hash, *twin),
                        Err(reason) => self.report(StreamFault::Manifest(reason)),
                    }
                }
            }
            Content::Tile { tile, mesh } => {
                let Some(active) = self.active(decoded.venue) else { return };
                active.decoding_count -= 1;
                match mesh {
                    Ok(mesh) => {
                        active.venue.tiles[tile.index()].state = TileState::Decoded(mesh);
                        active.venue.count_uses(tile, true);
                        active.waiting.push(tile);
                    }
                    Err(reason) => {
                        active.venue.tiles[tile.index()].state = TileState::Bad;
                        self.report(StreamFault::Tile { tile, reason });
                    }
                }
            }
            Content::Collider { collider, surface } => {
                let Some(active) = self.active(decoded.venue) else { return };
                active.decoding_count -= 1;
                let is_good = surface.is_ok();
                active.venue.colliders[collider.index()].state =
                    if is_good { ColliderState::Resident } else { ColliderState::Bad };
                let (surface, refused) = surface.map_or_else(|e| (None, Some(e)), |s| (Some(s), None));
                active.ready.push_back(Ready::Collider { collider, surface });
                if let Some(reason) = refused {
                    self.report(StreamFault::Collider { collider, reason });
                }
            }
            Content::Image { image, texture, refused, is_tail } => {
                let Some(active) = self.active(decoded.venue) else { return };
                active.decoding_count -= 1;
                active.take_image(image, texture, refused.is_some(), is_tail);
                if let Some(reason) = refused {
                    self.report(StreamFault::Image { image, reason });
                }
            }
            Content::Clip { clip, samples } => {
                let Some(active) = self.active(decoded.venue) else { return };
                active.decoding_count -= 1;
                if let Err(reason) = active.take_clip(clip, samples) {
                    self.report(StreamFault::Clip { clip, reason });
                }
            }
        }
        if let Some(active) = &mut self.venue {
            self.stats.evicted += active.release_waiting() + active.make_room(0);
        }
        self.hand_out_jobs();
    }

    fn active(&mut self, number: VenueNumber) -> Option<&mut Active> {
        self.venue.as_mut().filter(|active| active.venue.number == number)
    }

    /// The renderer has lost all that it was given: everything comes again, from the cache where there is
    /// one. The tileset stays and is not told again, and nor are clips and the ground, which the renderer never
    /// had.
    pub fn start_over(&mut self) {
        let Some(active) = self.venue.take() else { return };
        // A newer manifest that is being decoded is the newest number, and brings a venue of its own.
        if !matches!(self.manifest, Manifest::Decoding(_)) {
            // What is being decoded answers to the old number, and so to nobody.
            self.venue_count += 1;
            let mut clips = active.clips;
            clips.start_over();
            let mut ready = active.ready;
            ready.retain(|ready| {
                matches!(
                    ready,
                    Ready::Clip { .. }
                        | Ready::EvictClip(_)
                        | Ready::Collider { .. }
                        | Ready::EvictCollider(_)
                )
            });
            let ground = active.venue.colliders.iter().map(|slot| slot.at_start_over()).collect();
            let Venue { manifest, tileset, directory, .. } = active.venue;
            self.open(manifest, tileset, directory, clips, ready);
            if let Some(active) = &mut self.venue {
                active.venue.colliders = ground;
            }
        }
    }

    fn begin(&mut self, manifest: ContentHash, twin: DecodedTwin) {
        let DecodedTwin { tileset, directory } = twin;
        let (clips, ready) = (Clips::new(&tileset), VecDeque::from([Ready::Tileset(tileset.clone())]));
        self.open(manifest, tileset, directory, clips, ready);
    }

    fn open(
        &mut self,
        manifest: ContentHash,
        tileset: Arc<Tileset>,
        directory: Directory,
        clips: Clips,
        ready: VecDeque<Ready>,
    ) {
        let venue = Venue::new(VenueNumber(self.venue_count), manifest, tileset, directory);
        let mut active = Active::new(venue, clips, ready, &self.limits);
        for hash in self.early.names() {
            if let Some(blob) = active.venue.blob(hash) {
                active.fetch.hold(blob);
            }
        }
        self.venue = Some(active);
    }

    /// The renderer had no room for this tile: it is as if evicted, and not fetched again within a second. The budget
    /// shrinks to what is here, so that something else goes before, until the renderer or the venue is another one.
    pub fn upload_failed(&mut self, tile: TileId) {
        if let Some(active) = &mut self.venue {
            active.refuse_tile(tile);
        }
    }

    /// The renderer had no room for this image: the same, but that the tiles which use it stay and do without it
    /// meanwhile.
    pub fn image_failed(&mut self, image: ImageId) {
        if let Some(active) = &mut self.venue {
            active.refuse_image(image);
        }
    }

    /// What is to be done next.
    pub fn next_request(&mut self) -> Option<Request> {
        self.requests.pop_front()
    }

    /// Takes back a request that could not be done now; it comes first next time. Saving is not
    /// tried again.
    pub fn give_back(&mut self, request: Request) {
        match request {
            Request::Save { .. } => {}
            // A newer list may stand in the queue already.
            Request::Want(_) if self.requests.iter().any(|other| matches!(other, Request::Want(_))) => {}
            Request::Want(_) | Request::Look(_) | Request::Decode(_) => self.requests.push_front(request),
        }
    }

    /// The next thing for the renderer. What is not taken yet holds up decoding, not the network.
    pub fn next_ready(&mut self) -> Option<Ready> {
        let active = self.venue.as_mut()?;
        let ready = active.ready.pop_front()?;
        active.ready_bytes -= size_bytes(&ready);
        Some(ready)
    }

    /// What is missing for good, once for each.
    pub fn next_fault(&mut self) -> Option<StreamFault> {
        self.faults.pop_front()
    }

    /// What has been done so far.
    pub fn stats(&self) -> Stats {
        let Some(active) = &self.venue else { return self.stats };
        Stats {
            under_way: active.fetch.sent().len(),
            resident_tiles: active.residency.tile_count(),
            resident_bytes: active.residency.bytes(),
            clip_bytes: active.clips.resident_bytes(),
            ..self.stats
        }
    }

    fn report(&mut self, fault: StreamFault) {
        self.stats.faults += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push_back(fault);
        }
    }
}
