//! What is seen first: the tiles that culling wants for eyes that stand still, in the order in which it wants them
//! while they come.

use std::sync::Arc;

use glam::Affine3A;

use super::{Culler, DrawList, Quality, Sight};
use crate::math::pose::EYE_DISTANCE_METRES;
use crate::math::{Fov, Pose, ViewPair};
use crate::scene::demand::Want;
use crate::scene::{Chunks, Demand, ResidentTile, Scene, TileId, Tileset};

/// Pixels of an eye of a Quest 2, and about what it sees of the height, radians.
const EYE_PIXELS: [f32; 2] = [1832.0, 1920.0];
const EYE_RADIANS: f32 = 1.66;

/// What a request costs beside its bytes.
const REQUEST_BYTES: f32 = 4096.0;

/// Eyes that stand still while tiles come.
pub struct FirstView {
    scene: Scene,
    views: ViewPair,
    culler: Culler,
    list: DrawList,
    demand: Demand,
}

impl FirstView {
    /// Eyes of a head that is there, to which nothing has come yet.
    pub fn new(tileset: &Arc<Tileset>, head: Pose) -> Self {
        let [width, height] = EYE_PIXELS;
        let fov = Fov::symmetric(EYE_RADIANS, width / height);
        Self {
            scene: Scene::new(tileset.clone()),
            views: ViewPair::around(head, fov, EYE_DISTANCE_METRES),
            culler: Culler::default(),
            list: DrawList::default(),
            demand: Demand::default(),
        }
    }

    fn look(&mut self) {
        let pixel_radians = 2.0 * (EYE_RADIANS * 0.5).tan() / EYE_PIXELS[1];
        let quality = Quality::default();
        let sight = Sight { views: &self.views, pixel_radians, quality: &quality };
        self.culler.cull(&self.scene, &[], &sight, &mut self.list, &mut self.demand);
    }

    fn come(&mut self, tile: TileId) {
        let nothing = ResidentTile {
            chunks: Chunks::default(),
            occluders: Vec::new(),
            world_from_grid: Affine3A::IDENTITY,
            motion: None,
            size_bytes: 0,
        };
        self.scene.set_resident(tile, Some(nothing));
    }

    /// All the rest: without steps that are replaced by what follows.
    pub fn all(mut self) -> Vec<TileId> {
        let mut tiles = Vec::new();
        loop {
            self.look();
            // Whether a tile is here decides what else is wanted, so each is taken as if it had come.
            let before = tiles.len();
            for want in std::mem::take(&mut self.demand.wants).iter().filter(|want| !want.is_step) {
                if self.scene.resident(want.tile).is_none() {
                    self.come(want.tile);
                    tiles.push(want.tile);
                }
            }
            if tiles.len() == before {
                return tiles;
            }
        }
    }
}

impl Iterator for FirstView {
    type Item = TileId;

    /// The tile that removes most error for its bytes; after whatever coarser one is wanted too.
    fn next(&mut self) -> Option<TileId> {
        self.look();
        let tileset = &self.scene.tileset;
        let worth = |want: &Want| {
            let content = tileset.tile(want.tile).content;
            let blob = content.and_then(|blob| tileset.blobs().get(blob.index()));
            want.beyond_steps / (REQUEST_BYTES + blob.map_or(0.0, |blob| blob.size_bytes as f32))
        };
        let best = self.demand.wants.iter().max_by(|a, b| worth(a).total_cmp(&worth(b)))?;
        let (mut coarsest, mut above) = (best.tile, tileset.parent(best.tile));
        while let Some(tile) = above {
            if self.demand.wants.iter().any(|want| want.tile == tile) {
                coarsest = tile;
            }
            above = tileset.parent(tile);
        }
        self.come(coarsest);
        Some(coarsest)
    }
}
