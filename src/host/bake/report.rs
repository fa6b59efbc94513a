//! What a bake did, in numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{BakedBlob, Stage};
use crate::scene::tileset::Tables;

/// What a bake did; serialises to JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BakeReport {
    /// Nothing of the source had changed since the bake that is in the folder: that was left as it is.
    pub is_unchanged: bool,
    /// Triangles of the source, every instance counted.
    pub source_triangles: u64,
    /// Points and pieces of lines of the source, likewise.
    pub marks: usize,
    /// Triangles of all tiles.
    pub tile_triangles: u64,
    /// Tiles.
    pub tiles: usize,
    /// Blobs, and all their bytes.
    pub blobs: usize,
    /// Bytes of all blobs.
    pub bytes: u64,
    /// Bytes of the tiles alone, and what they are for each of their triangles.
    pub tile_bytes: u64,
    /// [`BakeReport::tile_bytes`] / [`BakeReport::tile_triangles`].
    pub bytes_per_triangle: f64,
    /// What a viewer needs for its first whole view: the root tile and its images.
    pub root_bytes: u64,
    /// Pieces of ground to walk on, and their bytes.
    pub colliders: usize,
    /// Bytes of all pieces of ground.
    pub collider_bytes: u64,
    /// Things to take in the hand.
    pub props: usize,
    /// Parts that stand there several times.
    pub prototypes: usize,
    /// Where they stand.
    pub placements: usize,
    /// Images, counted once for each colour space.
    pub images: usize,
    /// Materials.
    pub materials: usize,
    /// Entities.
    pub entities: usize,
    /// Places that sound.
    pub sounds: usize,
    /// Bytes of what is heard there.
    pub sound_bytes: u64,
    /// By the number of levels below it: 0 is the finest.
    pub levels: Vec<LevelReport>,
    /// What the source has and the bake leaves out, by name, with how often.
    pub skipped: BTreeMap<String, u32>,
    /// Pieces that were simplified: cells, their ground, and what is above them.
    pub pieces_made: usize,
    /// Pieces that an earlier bake had simplified.
    pub pieces_recalled: usize,
    /// What each step took.
    pub seconds: BTreeMap<Stage, f64>,
}

/// All tiles that have the same number of levels below them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelReport {
    /// Tiles.
    pub tiles: usize,
    /// Their triangles.
    pub triangles: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The largest geometric error among them, metres.
    pub geometric_error_metres: f32,
}

impl BakeReport {
    /// What does not depend on how it came about.
    pub fn lasting(&self) -> Self {
        Self { pieces_made: 0, pieces_recalled: 0, seconds: BTreeMap::new(), ..self.clone() }
    }

    /// Adds what one of the steps left out.
    pub fn count_skipped(&mut self, skipped: &BTreeMap<String, u32>) {
        for (name, count) in skipped {
            *self.skipped.entry(name.clone()).or_default() += count;
        }
    }

    /// Notes what a step took.
    pub fn record_seconds(&mut self, stage: Stage, seconds: f64) {
        *self.seconds.entry(stage).or_default() += seconds;
    }

    /// Does a step, and notes what it took.
    pub fn timed<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        self.record_seconds(stage, started.elapsed().as_secs_f64());
        done
    }

    /// Counts what came out.
    pub fn measure(&mut self, tables: &Tables, blobs: &[BakedBlob], source_triangles: u64) {
        let size = |index: usize| blobs.get(index).map_or(0, |blob| blob.bytes.len() as u64);
        self.source_triangles = source_triangles;
        self.tiles = tables.tiles.len();
        self.blobs = blobs.len();
        self.bytes = blobs.iter().map(|blob| blob.bytes.len() as u64).sum();
        self.props = tables.props.len();
        (self.prototypes, self.placements) = (tables.prototypes.len(), tables.placements.len());
        self.colliders = tables.colliders.len();
        self.collider_bytes = tables.colliders.iter().map(|cell| size(cell.blob.index())).sum();
        self.images = tables.images.len();
        self.materials = tables.materials.len();
        self.entities = tables.entities.len();
        self.sounds = tables.sounds.len();
        self.sound_bytes = tables.clips.iter().map(|clip| size(clip.blob.index())).sum();
        let mut heights = vec![0_usize; tables.tiles.len()];
        for (index, tile) in tables.tiles.iter().enumerate().rev() {
            let placed = tables.placements.binary_search_by_key(&index, |placement| placement.tile.index());
            let placed = placed.map(|place| tables.placements[place].prototype as usize);
            let placed = placed.ok().map(|prototype| tables.prototypes[prototype].root);
            let below = tile.children().chain(placed).map(|child| heights[child.index()] + 1);
            heights[index] = below.max().unwrap_or(0);
            let height = heights[index];
            self.levels.resize(self.levels.len().max(height + 1), LevelReport::default());
            let level = &mut self.levels[height];
            level.tiles += 1;
            level.triangles += u64::from(tile.triangle_count);
            level.bytes += tile.content.map_or(0, |blob| size(blob.index()));
            level.geometric_error_metres = level.geometric_error_metres.max(tile.geometric_error_metres);
        }
        self.tile_triangles = self.levels.iter().map(|level| level.triangles).sum();
        self.tile_bytes = self.levels.iter().map(|level| level.bytes).sum();
        self.bytes_per_triangle = self.tile_bytes as f64 / self.tile_triangles.max(1) as f64;
        if let Some(root) = tables.tiles.first() {
            let mut burst: Vec<usize> =
                root.images.iter().map(|image| tables.images[image.index()].blob.index()).collect();
            burst.extend(root.content.map(|blob| blob.index()));
            burst.sort_unstable();
            burst.dedup();
            self.root_bytes = burst.into_iter().map(size).sum();
        }
    }
}

impl fmt::Display for BakeReport {
    /// One fact a line, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds: f64 = self.seconds.values().sum();
        if self.is_unchanged {
            writeln!(f, "nothing has changed since {} triangles were baked", self.source_triangles)?;
        } else {
            writeln!(f, "baked {} triangles in {seconds:.1} s", self.source_triangles)?;
        }
        if self.pieces_recalled > 0 {
            let all = self.pieces_recalled + self.pieces_made;
            writeln!(f, "  as before    {} of {all} pieces", self.pieces_recalled)?;
        }
        if self.marks > 0 {
            writeln!(f, "  points       and pieces of lines: {}", self.marks)?;
        }
        writeln!(f, "  tiles        {} with {} triangles", self.tiles, self.tile_triangles)?;
        let mebibytes = self.bytes as f64 / f64::from(1 << 20);
        writeln!(f, "  blobs        {} of {mebibytes:.1} MiB together", self.blobs)?;
        writeln!(f, "  geometry     {:.1} bytes a triangle", self.bytes_per_triangle)?;
        writeln!(f, "  ground       {} pieces, {} KiB", self.colliders, self.collider_bytes.div_ceil(1024))?;
        if self.props > 0 {
            writeln!(f, "  props        {}", self.props)?;
        }
        if self.prototypes > 0 {
            writeln!(f, "  repeated     {} parts in {} places", self.prototypes, self.placements)?;
        }
        writeln!(f, "  first view   {} KiB", self.root_bytes.div_ceil(1024))?;
        writeln!(f, "  materials    {}, images {}, entities {}", self.materials, self.images, self.entities)?;
        if self.sounds > 0 {
            writeln!(f, "  sounds       {}, {} KiB", self.sounds, self.sound_bytes.div_ceil(1024))?;
        }
        for (height, level) in self.levels.iter().enumerate() {
            let LevelReport { tiles, triangles, geometric_error_metres: error, .. } = level;
            writeln!(f, "  level {height:<6} {tiles} tiles, {triangles} triangles, off by {error:.3} m")?;
        }
        let skipped = self.skipped.iter().map(|(name, count)| format!("{name} ({count})"));
        let skipped = skipped.collect::<Vec<_>>().join(", ");
        write!(f, "  left out     {}", if skipped.is_empty() { "nothing" } else { &skipped })
    }
}
