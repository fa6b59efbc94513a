//! Memory that is too small for the view: the streamer and culling together make everything coarser alike, and come to rest.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use glam::{Affine3A, Vec3};

use crate::cull::{Budget, Culler, DrawList, Quality, Sight, Source};
use crate::math::fovea::exposures;
use crate::math::{Aabb, Cone, Fov, Pose, ViewPair};
use crate::protocol::{Capabilities, ContentHash, Token, VisitorId, WantedBlob, Welcome, manifest};
use crate::scene::mesh::{Attributes, Position};
use crate::scene::tileset::{Blob, Tables, Tile};
use crate::scene::{
    Batch, BlobId, Chunk, Chunks, Demand, MaterialId, ResidentTile, Scene, TileId, TileMesh, Tileset,
};
use crate::stream::decode::{self, Content, Work};
use crate::stream::{Decoded, Limits, Ready, Request, Streamer};

const FRAME: Duration = Duration::from_millis(14);
const PIXEL_RADIANS: f32 = 0.001;

/// Of every tile; so much memory does it take.
const TRIANGLES: u32 = 100;
const TILE_BYTES: u64 = 2_400;

/// Levels of the ground, each of four times as many tiles.
const LEVELS: u32 = 6;

/// Blobs that come in a frame.
const BLOBS_A_FRAME: usize = 4;

/// A ground 64 m wide, in quarters of quarters.
fn ground() -> Tables {
    let mut tables = Tables::default();
    let mut next = 1;
    for level in 0..LEVELS {
        let side = 1_u32 << level;
        let width = 64.0 / side as f32;
        for number in 0..side * side {
            // The children of a tile follow each other: its number's digits to the base of four say where it is.
            let digit =
                |axis: u32| (0..level).map(|bit| (number >> (2 * bit + axis) & 1) << bit).sum::<u32>();
            let min = Vec3::new(digit(0) as f32 * width - 32.0, -0.5, digit(1) as f32 * width - 32.0);
            let has_below = level + 1 < LEVELS;
            let bytes = number_bytes(tables.tiles.len());
            tables.blobs.push(Blob { hash: ContentHash::of(&bytes), size_bytes: bytes.len() as u32 });
            tables.tiles.push(Tile {
                bounds: Aabb { min, max: min + Vec3::new(width, 0.5, width) },
                geometric_error_metres: if has_below { 0.6 / side as f32 } else { 0.0 },
                first_child: if has_below { next } else { 0 },
                child_count: if has_below { 4 } else { 0 },
                content: Some(BlobId(tables.tiles.len() as u32)),
                images: Vec::new(),
                triangle_count: TRIANGLES,
                draw_count: 1,
            });
            next += if has_below { 4 } else { 0 };
        }
    }
    tables
}

/// What a tile is on the wire.
fn number_bytes(tile: usize) -> Vec<u8> {
    (tile as u32).to_le_bytes().repeat(200)
}

fn mesh(tileset: &Tileset, tile: TileId) -> TileMesh {
    let attributes =
        Attributes { normal: [0; 2], tangent: [0; 2], uv0: [0; 2], uv1: [0; 2], color: [255; 4] };
    let mesh = TileMesh {
        moving: None,
        world_from_grid: Affine3A::IDENTITY,
        positions: vec![Position::pack([0; 3], MaterialId(0), true); 75],
        attributes: vec![attributes; 75],
        indices: vec![0; 3 * TRIANGLES as usize],
        chunks: vec![Chunk {
            first_index: 0,
            index_count: 3 * TRIANGLES,
            bounds: tileset.tile(tile).bounds.sphere(),
            cone: Cone::ANY,
            batch: Batch::default(),
            entity: None,
        }],
        occluders: Vec::new(),
    };
    assert_eq!(mesh.size_bytes(), TILE_BYTES);
    mesh
}

/// A visitor whose host answers at once.
struct Visit {
    streamer: Streamer,
    blobs: BTreeMap<ContentHash, Vec<u8>>,
    wanted: Vec<WantedBlob>,
    scene: Scene,
    culler: Culler,
    /// What culling is told may be here.
    resident_bytes: u64,
    list: DrawList,
    demand: Demand,
    now: Duration,
    came: BTreeMap<TileId, Duration>,
    /// Tiles that came and went.
    moves: usize,
}

impl Visit {
    fn new(streamed_bytes: u64, resident_bytes: u64) -> Self {
        let tables = ground();
        let bytes = manifest::encode(&tables).unwrap();
        let welcome = Welcome {
            capabilities: Capabilities::OURS,
            manifest: ContentHash::of(&bytes),
            manifest_bytes: bytes.len() as u32,
            token: Token([0; 16]),
            is_resumed: false,
            visitor: VisitorId(1),
        };
        let blobs = (0..tables.tiles.len()).map(number_bytes).chain([bytes]);
        let limits = Limits { resident_bytes: streamed_bytes, has_cache: false, ..Limits::default() };
        let mut visit = Self {
            streamer: Streamer::new(limits),
            blobs: blobs.map(|bytes| (ContentHash::of(&bytes), bytes)).collect(),
            wanted: Vec::new(),
            scene: Scene::new(Tileset::try_from(tables).unwrap()),
            culler: Culler::default(),
            resident_bytes,
            list: DrawList::default(),
            demand: Demand::default(),
            now: Duration::ZERO,
            came: BTreeMap::new(),
            moves: 0,
        };
        visit.streamer.connected(&welcome, false);
        visit
    }

    fn frame(&mut self, head: Pose) {
        self.now += FRAME;
        self.scene.set_seconds(self.now.as_secs_f64());
        let views = ViewPair::around(head, Fov::symmetric(1.6, 1.0), 0.063);
        let quality =
            Quality { budget: Budget::UNLIMITED, resident_bytes: self.resident_bytes, ..Quality::default() };
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        self.culler.cull(&self.scene, &[], &sight, &mut self.list, &mut self.demand);
        self.streamer.frame(self.now, &self.demand);
        self.answer();
        let drawn = drawn(&self.list);
        while let Some(ready) = self.streamer.next_ready() {
            match ready {
                Ready::Tile { tile, mesh } => {
                    if let Some(before) = self.came.insert(tile, self.now) {
                        assert!(
                            self.now - before >= Duration::from_secs(1),
                            "{tile:?} came twice in a second"
                        );
                    }
                    let resident = ResidentTile {
                        chunks: Chunks::from(&mesh.chunks[..]),
                        occluders: Vec::new(),
                        world_from_grid: mesh.world_from_grid,
                        motion: None,
                        size_bytes: mesh.size_bytes(),
                    };
                    self.scene.set_resident(tile, Some(resident));
                    self.moves += 1;
                }
                Ready::EvictTile(tile) => {
                    assert!(!drawn.contains(&tile), "{tile:?} goes while it is on the screen");
                    self.scene.set_resident(tile, None);
                    self.moves += 1;
                }
                _ => {}
            }
        }
    }

    /// The host's part, and that of the workers.
    fn answer(&mut self) {
        while let Some(request) = self.streamer.next_request() {
            match request {
                Request::Want(list) => self.wanted = list,
                Request::Decode(job) => {
                    let decoded = match job.work {
                        Work::Tile { tile, tileset, .. } => {
                            let content = Content::Tile { tile, mesh: Ok(Box::new(mesh(&tileset, tile))) };
                            Decoded { venue: job.venue, content }
                        }
                        Work::Manifest { .. } => decode::run(job),
                        other => panic!("nobody wanted {other:?}"),
                    };
                    self.streamer.decoded(decoded);
                }
                Request::Look(_) | Request::Save { .. } => panic!("there is no cache"),
            }
        }
        let count = self.wanted.len().min(BLOBS_A_FRAME);
        for blob in self.wanted.drain(..count) {
            self.streamer.blob(blob.hash, self.blobs[&blob.hash].clone());
        }
    }

    fn stay(&mut self, head: Pose, seconds: u32) -> usize {
        let before = self.moves;
        let end = self.now + Duration::from_secs(u64::from(seconds));
        while self.now < end {
            self.frame(head);
        }
        self.moves - before
    }

    /// The error of a tile, in units of what goes unseen there.
    fn excess(&self, head: Pose, tile: TileId) -> f32 {
        let form = self.scene.tileset.tile(tile);
        let unseen = |eccentricity| Quality::default().fovea.error_radians(eccentricity, PIXEL_RADIANS);
        let excesses = exposures(head, form.bounds).map(|(metres, eccentricity)| {
            form.geometric_error_metres / metres.max(0.5) / unseen(eccentricity)
        });
        excesses[0].max(excesses[1])
    }

    /// The largest error that is shown, and the largest that had to be refined for the finest detail that is shown.
    fn extremes(&self, head: Pose) -> (f32, f32) {
        let drawn = drawn(&self.list);
        let shown = drawn.iter().map(|&tile| self.excess(head, tile)).fold(0.0, f32::max);
        let above = drawn.iter().filter_map(|&tile| self.scene.tileset.parent(tile));
        (shown, above.map(|tile| self.excess(head, tile)).fold(f32::INFINITY, f32::min))
    }
}

fn drawn(list: &DrawList) -> BTreeSet<TileId> {
    let tiles = list.draws.iter().filter_map(|draw| match draw.source {
        Source::Tile(tile) => Some(tile),
        Source::Shapes => None,
    });
    tiles.collect()
}

fn head(yaw_radians: f32) -> Pose {
    Pose::standing(Vec3::new(-3.0, 1.7, 24.0), yaw_radians, -0.2)
}

/// What the view wants where there is room for everything, bytes.
fn all() -> (Visit, u64) {
    let mut visit = Visit::new(u64::MAX / 2, u64::MAX);
    visit.stay(head(0.0), 10);
    assert!(visit.demand.is_satisfied());
    let bytes = visit.streamer.stats().resident_bytes;
    (visit, bytes)
}

#[test]
fn a_third_of_the_memory_makes_everything_coarser_alike_and_comes_to_rest() {
    let (rich, bytes) = all();
    let third = bytes / 3;
    let mut visit = Visit::new(third, third);
    visit.stay(head(0.0), 20);
    assert_eq!(visit.stay(head(0.0), 20), 0, "nothing comes and goes");
    assert!(visit.demand.is_satisfied(), "nothing starves");
    assert!(visit.streamer.stats().resident_bytes <= third);
    let scale = visit.list.memory_scale;
    let (shown, refined) = visit.extremes(head(0.0));
    println!("{bytes} bytes wanted, scale {scale}, {shown} shown, {refined} refined");
    assert!(scale > 1.3 && shown <= 1.3 * scale && refined >= 0.75 * scale, "{shown}, {refined} at {scale}");
    // Without a target that floats the worst would be much worse, beside parts as fine as ever.
    let mut starving = Visit::new(third, u64::MAX);
    starving.stay(head(0.0), 40);
    let (worst, finest) = starving.extremes(head(0.0));
    println!("starving: {worst} shown, {finest} refined");
    assert!(worst / finest > 2.0 * shown / refined, "{worst} beside {finest}");
    assert!(drawn(&rich.list).len() > drawn(&visit.list).len());
}

#[test]
fn eyes_that_turn_find_everything_at_rest_again() {
    let (_, bytes) = all();
    let mut visit = Visit::new(bytes / 3, bytes / 3);
    for turn in 0..6 {
        visit.stay(head(1.3 * turn as f32), 12);
        assert_eq!(visit.stay(head(1.3 * turn as f32), 6), 0, "after turn {turn}");
        assert!(visit.demand.is_satisfied(), "turn {turn}");
        let (shown, _) = visit.extremes(head(1.3 * turn as f32));
        assert!(shown <= 1.3 * visit.list.memory_scale, "{shown}");
    }
}

#[test]
fn detail_comes_back_when_there_is_room() {
    let (rich, bytes) = all();
    let mut visit = Visit::new(u64::MAX / 2, bytes / 3);
    visit.stay(head(0.0), 20);
    assert!(visit.list.memory_scale > 1.3 && drawn(&visit.list) != drawn(&rich.list));
    visit.resident_bytes = u64::MAX;
    visit.stay(head(0.0), 20);
    assert_eq!(visit.list.memory_scale, 1.0);
    assert_eq!(drawn(&visit.list), drawn(&rich.list));
}
