//! One visitor alone on one link, with one policy: what they miss, and what comes of what was sent.

use std::time::Duration;

use pavilion::math::Frustum;
use pavilion::protocol::ContentHash;
use pavilion::scene::TileId;
use pavilion::stream::Limits;

use crate::arrivals::Arrivals;
use crate::cesium::Cesium;
use crate::download::Download;
use crate::gaze::Wants;
use crate::head::Path;
use crate::host::Host;
use crate::link::Behaviour;
use crate::peer::Program;
use crate::plain::PlainHost;
use crate::sight::{self, Eyes};
use crate::twin::Twin;
use crate::viewer::Viewer;
use crate::world::{Setup, Visitor, World};

/// Who decides what is sent when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// Pavilion, as it is.
    Ours,
    /// cesium-native's, which lets an error of so many pixels be.
    Cesium(f32),
    /// Everything in one file.
    Download,
}

/// A link to the venue.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Towards the visitor.
    pub megabits_per_second: f64,
    /// There and back, without queues.
    pub round_trip: Duration,
    /// Packets lost by chance in each direction, 0 ..= 1.
    pub loss: f64,
}

impl Way {
    fn behaviour(self, megabits_per_second: f64) -> Behaviour {
        Behaviour { loss: self.loss, ..Behaviour::calm(megabits_per_second, self.round_trip / 2) }
    }
}

/// Visitors send little; the air gives them a part of what it carries.
const UP_SHARE: f64 = 0.2;

/// How often the eyes are asked what they miss.
const LOOK: Duration = Duration::from_millis(50);

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Until nothing was a hole any more; `None`: never.
    pub first_view: Option<Duration>,
    /// Mean pixels of error × seconds.
    pub pixel_seconds: f64,
    /// The same, by what the eye could tell apart there.
    pub seen_seconds: f64,
    /// Bytes of blobs that came.
    pub received_bytes: u64,
    /// Bytes that came for what nobody wanted any more.
    pub stale_bytes: u64,
    /// The longest queue that a packet met, of those looked at.
    pub queue: Duration,
    /// Bytes that the visitor sent.
    pub up_bytes: u64,
    /// What came when.
    pub arrivals: Arrivals,
}

/// A visitor whose diary and eyes can be looked at.
trait Judged: Visitor {
    fn arrivals(&self) -> &Arrivals;
    fn shows(&self, tile: TileId) -> bool;
}

impl Judged for Viewer {
    fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }
    fn shows(&self, tile: TileId) -> bool {
        self.is_here(tile)
    }
}

impl Judged for Cesium {
    fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }
    fn shows(&self, tile: TileId) -> bool {
        self.is_here(tile)
    }
}

impl Judged for Download {
    fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }
    fn shows(&self, _: TileId) -> bool {
        self.is_whole()
    }
}

/// Lets a head follow a path for a while.
pub fn run(policy: Policy, twin: &Twin, way: Way, path: &Path, lasts: Duration, seed: u64) -> Outcome {
    match policy {
        Policy::Ours => {
            let limits = Limits { has_cache: false, resident_bytes: u64::MAX / 2, ..Limits::default() };
            let visitor = Viewer::new(limits, Wants::Seen);
            follow(World::new(Host::new(twin), Setup::ours(), seed), visitor, twin, way, path, lasts)
        }
        Policy::Cesium(pixels) => {
            let visitor = Cesium::new(twin, pixels);
            let world = World::new(PlainHost::new(twin, false), Setup::usual(), seed);
            follow(world, visitor, twin, way, path, lasts)
        }
        Policy::Download => {
            let world = World::new(PlainHost::new(twin, true), Setup::usual(), seed);
            follow(world, Download::default(), twin, way, path, lasts)
        }
    }
}

fn follow<H: Program, V: Judged>(
    mut world: World<H, V>,
    visitor: V,
    twin: &Twin,
    way: Way,
    path: &Path,
    lasts: Duration,
) -> Outcome {
    let rate = way.megabits_per_second;
    world.enter(visitor, path.clone(), way.behaviour(rate), way.behaviour(rate * UP_SHARE));
    let mut outcome = Outcome::default();
    let mut next_look = Duration::ZERO;
    world.run_until(lasts, |world| {
        let now = world.now();
        let place = &world.places[0];
        outcome.queue = outcome.queue.max(place.down.waiting(now));
        if now >= next_look {
            next_look = now + LOOK;
            let eyes = Eyes::new(&twin.tileset, path.at(now), |tile| place.peer.program.shows(tile));
            let missed = eyes.missed();
            outcome.pixel_seconds += missed.pixels * LOOK.as_secs_f64();
            outcome.seen_seconds += missed.times_seen * LOOK.as_secs_f64();
            if missed.holes == 0 && outcome.first_view.is_none() {
                outcome.first_view = Some(now);
            }
        }
        false
    });
    let place = &world.places[0];
    let arrivals = place.peer.program.arrivals();
    outcome.up_bytes = place.up.sent_bytes();
    outcome.received_bytes = arrivals.received_bytes();
    outcome.stale_bytes = arrivals.stale_bytes;
    outcome.arrivals = arrivals.clone();
    outcome
}

/// Of the bytes that came `from` .. `to`, the part that belongs to tiles which were in sight within two seconds after.
pub fn useful(twin: &Twin, path: &Path, arrivals: &Arrivals, from: Duration, to: Duration) -> f64 {
    let tileset = &twin.tileset;
    let tile_of = |hash: ContentHash| {
        let blob = tileset.blobs().iter().position(|blob| blob.hash == hash)?;
        tileset.tiles().iter().find(|tile| tile.content.is_some_and(|content| content.index() == blob))
    };
    let whole: std::collections::BTreeSet<_> = arrivals.blobs.iter().map(|(_, hash, _)| *hash).collect();
    let (mut all, mut used) = (0, 0);
    for (at, hash, count) in &arrivals.pieces {
        if (from..to).contains(at) {
            all += count;
            let is_seen = tile_of(*hash).is_some_and(|tile| {
                (0..=20).any(|step| {
                    let head = path.at(*at + Duration::from_millis(100) * step);
                    Frustum::around(&sight::views(head), 0.0).touches_box(tile.bounds)
                })
            });
            used += if is_seen && whole.contains(hash) { *count } else { 0 };
        }
    }
    used as f64 / all.max(1) as f64
}
