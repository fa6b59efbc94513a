//! A made-up twin for tests of the wire: a tree of tiles whose blobs are noise, so that only their
//! names and sizes matter.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::Path;

use glam::Vec3;

use crate::math::Aabb;
use crate::protocol::{ContentHash, manifest};
use crate::scene::texture::{ColorSpace, Image};
use crate::scene::tileset::{Blob, Tables, Tile};
use crate::scene::{BlobId, ImageId, Tileset};

/// SplitMix64, as in every seeded test here.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let words = count.div_ceil(8);
        let mut bytes: Vec<u8> = (0..words).flat_map(|_| self.next().to_le_bytes()).collect();
        bytes.truncate(count);
        bytes
    }
}

pub struct Twin {
    pub tileset: Tileset,
    pub manifest: Vec<u8>,
    pub blobs: BTreeMap<ContentHash, Vec<u8>>,
}

impl Twin {
    /// A root with `children` leaves; leaf n uses image n / 4. Blobs are around `blob_bytes` long.
    pub fn new(seed: u64, children: u32, blob_bytes: u64) -> Self {
        Self::with_sizes(seed, children, |random| blob_bytes / 2 + random.below(blob_bytes.max(1)))
    }

    /// The same, with blobs that are all `blob_bytes` long.
    pub fn of_equal_blobs(seed: u64, children: u32, blob_bytes: u64) -> Self {
        Self::with_sizes(seed, children, |_| blob_bytes)
    }

    fn with_sizes(seed: u64, children: u32, size: impl Fn(&mut Random) -> u64) -> Self {
        let mut random = Random(seed);
        let mut blobs = BTreeMap::new();
        let mut tables = Tables { title: format!("twin {seed}"), ..Tables::default() };
        let mut add_blob = |tables: &mut Tables| {
            let size = size(&mut random).max(1);
            let bytes = random.bytes(size as usize);
            let hash = ContentHash::of(&bytes);
            tables.blobs.push(Blob { hash, size_bytes: bytes.len() as u32 });
            blobs.insert(hash, bytes);
            BlobId(tables.blobs.len() as u32 - 1)
        };
        for _ in 0..children.div_ceil(4) {
            let blob = add_blob(&mut tables);
            tables.images.push(Image { blob, space: ColorSpace::Srgb, side_log2: 2 });
        }
        for index in 0..=children {
            let is_root = index == 0;
            let content = Some(add_blob(&mut tables));
            tables.tiles.push(Tile {
                bounds: Aabb { min: Vec3::ZERO, max: Vec3::ONE },
                geometric_error_metres: if is_root { 1.0 } else { 0.0 },
                first_child: if is_root { 1 } else { 0 },
                child_count: if is_root { children } else { 0 },
                content,
                images: if is_root { Vec::new() } else { vec![ImageId((index - 1) / 4)] },
                triangle_count: 42,
                draw_count: 1,
            });
        }
        let manifest = manifest::encode(&tables).unwrap();
        let tileset = Tileset::try_from(tables).unwrap();
        Self { tileset, manifest, blobs }
    }

    /// Writes it as bake would.
    pub fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(manifest::FILE_NAME), &self.manifest).unwrap();
        for (hash, bytes) in &self.blobs {
            std::fs::write(folder.join(format!("{hash}.glb")), bytes).unwrap();
        }
    }
}
