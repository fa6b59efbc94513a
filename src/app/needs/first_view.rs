//! Which tiles a visitor sees first: those that culling wants for eyes at the entrance.

use std::sync::Arc;

use glam::Affine3A;

use crate::cull::{Culler, DrawList, Quality, Sight};
use crate::math::{Fov, ViewPair, pose::EYE_DISTANCE_METRES};
use crate::rig::Person;
use crate::scene::{Chunks, Demand, ResidentTile, Scene, TileId, Tileset};

/// Pixels of an eye of a Quest 2, and about what it sees of the height, radians.
const EYE_PIXELS: [f32; 2] = [1832.0, 1920.0];
const EYE_RADIANS: f32 = 1.66;

/// The tiles, those that matter most first.
pub fn tiles(tileset: &Arc<Tileset>) -> Vec<TileId> {
    let [width, height] = EYE_PIXELS;
    let fov = Fov::symmetric(EYE_RADIANS, width / height);
    let views = ViewPair::around(Person::at(tileset.spawn()).head(), fov, EYE_DISTANCE_METRES);
    let pixel_radians = 2.0 * (EYE_RADIANS * 0.5).tan() / height;
    let quality = Quality::default();
    let sight = Sight { views: &views, pixel_radians, quality: &quality };
    let mut scene = Scene::new(tileset.clone());
    let (mut culler, mut list, mut demand) = (Culler::default(), DrawList::default(), Demand::default());
    let mut tiles = Vec::new();
    loop {
        culler.cull(&scene, &[], &sight, &mut list, &mut demand);
        // Whether a tile is here decides what else is wanted, so each is taken as if it had come.
        let before = tiles.len();
        for want in &demand.wants {
            if scene.resident(want.tile).is_none() {
                let nothing = ResidentTile {
                    chunks: Chunks::default(),
                    occluders: Vec::new(),
                    world_from_grid: Affine3A::IDENTITY,
                    motion: None,
                    size_bytes: 0,
                };
                scene.set_resident(want.tile, Some(nothing));
                tiles.push(want.tile);
            }
        }
        if tiles.len() == before {
            return tiles;
        }
    }
}
