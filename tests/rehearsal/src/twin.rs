//! A made-up venue: a square of halls, as a tree of tiles each of which four finer ones replace. Its blobs are noise,
//! because only their sizes and names matter to whoever sends them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use glam::{Quat, Vec3, vec3};
use pavilion::math::{Aabb, Pose};
use pavilion::protocol::{ContentHash, manifest};
use pavilion::scene::texture::{ColorSpace, Image, Tail};
use pavilion::scene::tileset::{Blob, Tables, Tile};
use pavilion::scene::{BlobId, ImageId, Tileset};

use crate::random::Random;

/// A twin in memory.
#[derive(Clone)]
pub struct Twin {
    /// What is where.
    pub tileset: Arc<Tileset>,
    /// The name of its manifest.
    pub manifest: ContentHash,
    /// The manifest.
    pub manifest_bytes: Bytes,
    /// Everything that can be asked for, the manifest among it.
    pub blobs: Arc<BTreeMap<ContentHash, Bytes>>,
}

/// What a venue is made of.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Tiles replaced by finer ones, from the root down: 4 to the power of this are the finest.
    pub levels: u32,
    /// A side of the whole, metres.
    pub side_metres: f32,
    /// The error of the root; [`ERROR_RATIO`] of it one level down, and so on.
    pub error_metres: f32,
    /// Bytes of a tile, about.
    pub tile_bytes: u32,
    /// Bytes of an image, about: the four tiles that replace one share it. 0: there are none.
    pub image_bytes: u32,
    /// Bytes of an image's tail, about, and 0 if they have none.
    pub tail_bytes: u32,
    /// Every blob is exactly as large, and not half as large to half as large again.
    pub is_even: bool,
}

impl Plan {
    /// 200 MB: a square of 160 m in 5461 tiles whose finest are 2.5 m wide.
    pub const LARGE: Self = Self {
        levels: 6,
        side_metres: 160.0,
        error_metres: 8.0,
        tile_bytes: 36_600,
        image_bytes: 0,
        tail_bytes: 0,
        is_even: false,
    };
    /// 3 MB, for many runs.
    pub const SMALL: Self = Self { levels: 3, side_metres: 40.0, error_metres: 2.0, ..Self::LARGE };
}

/// As a baked venue has it: from 2.2 m to 2 mm in five levels.
const ERROR_RATIO: f32 = 0.35;

const HEIGHT_METRES: f32 = 6.0;

/// Images are 32 texels wide: on the GPU a tenth of a tile.
const IMAGE_SIDE_LOG2: u8 = 5;

/// Where visitors come in, on the floor.
pub const ENTRANCE: Pose = Pose { position: vec3(3.0, 0.0, 5.0), orientation: Quat::IDENTITY };

impl Twin {
    /// Builds a venue from a plan; the same seed, the same venue.
    ///
    /// # Panics
    /// When the plan gives no venue.
    #[allow(clippy::expect_used)]
    pub fn new(plan: Plan, seed: u64) -> Self {
        let mut random = Random(seed);
        let mut blobs = BTreeMap::new();
        let mut tables =
            Tables { title: format!("made up from {seed}"), spawn: Some(ENTRANCE), ..Tables::default() };
        let half = 0.5 * plan.side_metres;
        let whole = Aabb { min: vec3(-half, 0.0, -half), max: vec3(half, HEIGHT_METRES, half) };
        let mut level_tiles = vec![whole];
        for level in 0..=plan.levels {
            let first_of_next = tables.tiles.len() + level_tiles.len();
            let is_finest = level == plan.levels;
            let mut next = Vec::new();
            for (index, bounds) in level_tiles.iter().enumerate() {
                if plan.image_bytes > 0 && level > 0 && index % 4 == 0 {
                    let blob = plan.add_blob(plan.image_bytes, &mut tables, &mut blobs, &mut random);
                    let (space, side_log2) = (ColorSpace::Srgb, IMAGE_SIDE_LOG2);
                    tables.images.push(Image { blob, space, side_log2 });
                    let image = ImageId(tables.images.len() as u32 - 1);
                    if plan.tail_bytes > 0 {
                        let blob = plan.add_blob(plan.tail_bytes, &mut tables, &mut blobs, &mut random);
                        tables.tails.push(Tail { image, blob });
                    }
                }
                let image = tables.images.len().checked_sub(1).map(|newest| ImageId(newest as u32));
                let content = Some(plan.add_blob(plan.tile_bytes, &mut tables, &mut blobs, &mut random));
                let error = plan.error_metres * ERROR_RATIO.powi(level as i32);
                tables.tiles.push(Tile {
                    bounds: *bounds,
                    geometric_error_metres: if is_finest { 0.0 } else { error },
                    first_child: if is_finest { 0 } else { (first_of_next + 4 * index) as u32 },
                    child_count: if is_finest { 0 } else { 4 },
                    content,
                    images: image.into_iter().collect(),
                    triangle_count: 3000,
                    draw_count: 1,
                });
                next.extend(quarters(*bounds));
            }
            level_tiles = next;
        }
        let manifest_bytes = Bytes::from(manifest::encode(&tables).expect("a manifest"));
        let manifest = ContentHash::of(&manifest_bytes);
        blobs.insert(manifest, manifest_bytes.clone());
        let tileset = Arc::new(Tileset::try_from(tables).expect("a tileset"));
        Self { tileset, manifest, manifest_bytes, blobs: Arc::new(blobs) }
    }

    /// Bytes of everything.
    pub fn size_bytes(&self) -> u64 {
        self.blobs.values().map(|bytes| bytes.len() as u64).sum()
    }
}

impl Plan {
    fn add_blob(
        &self,
        about: u32,
        tables: &mut Tables,
        blobs: &mut BTreeMap<ContentHash, Bytes>,
        random: &mut Random,
    ) -> BlobId {
        // Half as large to half as large again, as the tiles of a baked venue are.
        let mut spread = || u64::from(about / 2) + random.below(u64::from(about));
        let size = if self.is_even { u64::from(about) } else { spread() };
        let bytes = Bytes::from(random.bytes(size as usize));
        let hash = ContentHash::of(&bytes);
        tables.blobs.push(Blob { hash, size_bytes: bytes.len() as u32 });
        blobs.insert(hash, bytes);
        BlobId(tables.blobs.len() as u32 - 1)
    }
}

fn quarters(of: Aabb) -> [Aabb; 4] {
    let middle = of.center();
    [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(x, z)| {
        let side =
            |n: i32, low: f32, middle: f32, high: f32| if n == 0 { (low, middle) } else { (middle, high) };
        let (x0, x1) = side(x, of.min.x, middle.x, of.max.x);
        let (z0, z1) = side(z, of.min.z, middle.z, of.max.z);
        Aabb { min: Vec3::new(x0, of.min.y, z0), max: Vec3::new(x1, of.max.y, z1) }
    })
}
