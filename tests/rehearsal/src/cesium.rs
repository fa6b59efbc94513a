//! cesium-native's policy, for comparison: which tiles it loads, in which order, and what it shows meanwhile.
//!
//! After its documentation (`doc/topics/selection-algorithm-details.md`) and `TilesetOptions.h` of 2026-07: a tile is
//! refined while its error on the screen exceeds a maximum; what was shown is shown until what replaces it can be
//! (*kicking*); loads are grouped urgent, normal, preload, and within a group the smallest
//! (1 − cos of the angle to the view's axis) · distance comes first; twenty at a time; one that was begun is not cancelled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use pavilion::math::{Aabb, Frustum, Pose};
use pavilion::protocol::ContentHash;
use pavilion::scene::{TileId, Tileset};
use quinn_proto::{Connection, ConnectionHandle};

use crate::arrivals::Arrivals;
use crate::peer::{Moment, Program};
use crate::plain::Requests;
use crate::sight::{self, PIXEL_RADIANS};
use crate::twin::Twin;
use crate::world::Visitor;

/// `maximumSimultaneousTileLoads`.
const LOADS_MAX: usize = 20;

/// `loadingDescendantLimit`.
const DESCENDANTS_MAX: u32 = 20;

/// By what a load is ordered: later groups first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Preload,
    Normal,
    Urgent,
}

/// See the module.
pub struct Cesium {
    tileset: Arc<Tileset>,
    manifest: ContentHash,
    /// `maximumScreenSpaceError`, pixels.
    error_pixels: f32,
    has_manifest: bool,
    here: BTreeSet<TileId>,
    loading: BTreeMap<ContentHash, TileId>,
    queue: Vec<(Group, f32, TileId)>,
    rendered: BTreeSet<TileId>,
    refined: BTreeSet<TileId>,
    requests: Requests,
    /// Everything that came.
    pub arrivals: Arrivals,
}

/// What a traversal has found below a tile.
#[derive(Clone, Copy)]
struct Below {
    all_are_renderable: bool,
    any_was_rendered: bool,
    not_yet_renderable: u32,
}

impl Cesium {
    /// A client that knows nothing yet and lets an error of so many pixels be.
    pub fn new(twin: &Twin, error_pixels: f32) -> Self {
        let mut requests = Requests::default();
        requests.ask(twin.manifest);
        Self {
            tileset: twin.tileset.clone(),
            manifest: twin.manifest,
            error_pixels,
            has_manifest: false,
            here: BTreeSet::new(),
            loading: BTreeMap::new(),
            queue: Vec::new(),
            rendered: BTreeSet::new(),
            refined: BTreeSet::new(),
            requests,
            arrivals: Arrivals::default(),
        }
    }

    /// Whether the tile is here.
    pub fn is_here(&self, tile: TileId) -> bool {
        self.here.contains(&tile)
    }

    fn select(&mut self, head: Pose) {
        self.queue.clear();
        let (rendered_before, refined_before) =
            (std::mem::take(&mut self.rendered), std::mem::take(&mut self.refined));
        let mut frame = Frame {
            tileset: self.tileset.clone(),
            frustum: Frustum::around(&sight::views(head), 0.0),
            head,
            error_pixels: self.error_pixels,
            here: &self.here,
            rendered_before,
            refined_before,
            queue: Vec::new(),
            rendered: BTreeSet::new(),
            refined: BTreeSet::new(),
        };
        frame.visit(TileId(0), false);
        let Frame { queue, rendered, refined, .. } = frame;
        (self.queue, self.rendered, self.refined) = (queue, rendered, refined);
    }

    fn load(&mut self) {
        self.queue.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)));
        for (_, _, tile) in std::mem::take(&mut self.queue) {
            if self.loading.len() >= LOADS_MAX {
                return;
            }
            let Some(content) = self.tileset.tile(tile).content else { continue };
            let hash = self.tileset.blobs()[content.index()].hash;
            if !self.here.contains(&tile) && !self.loading.contains_key(&hash) {
                self.loading.insert(hash, tile);
                self.requests.ask(hash);
            }
        }
    }
}

/// One traversal.
struct Frame<'a> {
    tileset: Arc<Tileset>,
    frustum: Frustum,
    head: Pose,
    error_pixels: f32,
    here: &'a BTreeSet<TileId>,
    rendered_before: BTreeSet<TileId>,
    refined_before: BTreeSet<TileId>,
    queue: Vec<(Group, f32, TileId)>,
    rendered: BTreeSet<TileId>,
    refined: BTreeSet<TileId>,
}

impl Frame<'_> {
    fn add(&mut self, tile: TileId, group: Group) {
        let bounds = self.tileset.tile(tile).bounds;
        let to = bounds.center() - self.head.position;
        let cosine = self.head.forward().dot(to.normalize_or_zero());
        self.queue.push((group, (1.0 - cosine) * self.distance(bounds), tile));
    }

    fn distance(&self, bounds: Aabb) -> f32 {
        self.head.position.distance(self.head.position.clamp(bounds.min, bounds.max))
    }

    fn visit(&mut self, id: TileId, ancestor_meets: bool) -> Below {
        let tile = self.tileset.tile(id).clone();
        if !self.frustum.touches_box(tile.bounds) {
            // Siblings of what is seen are loaded ahead.
            self.add(id, Group::Preload);
            return Below { all_are_renderable: true, any_was_rendered: false, not_yet_renderable: 0 };
        }
        let is_here = self.here.contains(&id);
        let pixels = tile.geometric_error_metres / self.distance(tile.bounds).max(0.05) / PIXEL_RADIANS;
        let meets = pixels < self.error_pixels;
        let mut ancestor_meets = ancestor_meets;
        if tile.child_count == 0 {
            self.add(id, Group::Normal);
            return self.render(id);
        }
        if meets || ancestor_meets {
            if is_here || !self.refined_before.contains(&id) {
                if !ancestor_meets {
                    self.add(id, Group::Normal);
                }
                return self.render(id);
            }
            // What replaces it stays until it has come.
            if !ancestor_meets {
                self.add(id, Group::Urgent);
            }
            ancestor_meets = true;
        }
        let (first_load, first_rendered) = (self.queue.len(), self.rendered.clone());
        let mut below = Below { all_are_renderable: true, any_was_rendered: false, not_yet_renderable: 0 };
        for child in tile.children() {
            let found = self.visit(child, ancestor_meets);
            below.all_are_renderable &= found.all_are_renderable;
            below.any_was_rendered |= found.any_was_rendered;
            below.not_yet_renderable += found.not_yet_renderable;
        }
        if !below.all_are_renderable && !below.any_was_rendered {
            self.rendered = first_rendered;
            if below.not_yet_renderable > DESCENDANTS_MAX
                && !self.rendered_before.contains(&id)
                && !ancestor_meets
            {
                self.queue.truncate(first_load);
            }
            self.add(id, Group::Normal);
            let own = self.render(id);
            let not_yet_renderable = if is_here { below.not_yet_renderable } else { own.not_yet_renderable };
            return Below { not_yet_renderable, ..own };
        }
        self.refined.insert(id);
        self.add(id, Group::Preload);
        below
    }

    fn render(&mut self, id: TileId) -> Below {
        self.rendered.insert(id);
        let is_here = self.here.contains(&id);
        Below {
            all_are_renderable: is_here,
            any_was_rendered: is_here && self.rendered_before.contains(&id),
            not_yet_renderable: u32::from(!is_here),
        }
    }
}

impl Visitor for Cesium {
    fn frame(&mut self, _: Duration, head: Pose) {
        if self.has_manifest {
            self.select(head);
            self.load();
        }
    }

    fn handle(&self) -> Option<ConnectionHandle> {
        self.requests.handle()
    }
}

impl Program for Cesium {
    fn began(&mut self, _: Moment, handle: ConnectionHandle, _: &mut Connection) {
        self.requests.began(handle);
    }

    fn act(&mut self, now: Moment, _: ConnectionHandle, connection: &mut Connection) {
        let Self { requests, arrivals, loading, here, has_manifest, manifest, .. } = self;
        requests.act(now.since, connection, |at, hash, count, end| {
            arrivals.bytes(at, hash, count, true);
            let Some(size) = end else { return };
            if hash == *manifest {
                *has_manifest = true;
            }
            if let Some(tile) = loading.remove(&hash) {
                arrivals.whole(at, hash, size);
                arrivals.shown(at, tile);
                here.insert(tile);
            }
        });
    }

    fn ended(&mut self, _: Moment, _: ConnectionHandle) {}
}
