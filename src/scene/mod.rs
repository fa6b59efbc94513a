//! What exists: a tree of tiles, and which of them are here.
//!
//! The [`Tileset`] says what the twin holds and never changes while it is shown. The [`Scene`] adds
//! what has arrived so far. Architecture invariant: no file, URL, socket or GPU; bytes come in
//! through [`gltf`], [`tiles3d`] and [`tile`], plain data goes out.

pub mod actor;
pub mod chunks;
pub mod collider;
pub mod demand;
pub mod entity;
pub mod error;
pub mod gltf;
pub mod id;
pub mod limits;
pub mod material;
pub mod mesh;
pub mod motion;
pub mod mover;
pub mod occluder;
pub mod pack;
pub mod pick;
pub mod placement;
pub mod prop;
pub mod sound;
pub mod texture;
pub mod tile;
pub mod tiles3d;
pub mod tileset;

pub use actor::Actor;
pub use chunks::Chunks;
pub use collider::{Collider, ColliderCell};
pub use demand::Demand;
pub use error::ContentError;
pub use id::{BlobId, ClipId, ColliderId, ContentHash, EntityIndex, ImageId, MaterialId, PropId, TileId};
pub use material::{AlphaMode, Material};
pub use mesh::{Batch, Chunk, TileMesh};
pub use motion::{Motion, Moving};
pub use mover::Mover;
pub use occluder::Occluder;
pub use placement::{Placement, Prototype};
pub use prop::Prop;
pub use sound::{Clip, Samples, Sound};
pub use tileset::{Tile, Tileset};

use std::sync::Arc;

use glam::Affine3A;

use crate::math::Pose;

/// What culling needs to know of a tile that is on the GPU.
#[derive(Clone, Debug)]
pub struct ResidentTile {
    /// Pieces that are culled one by one.
    pub chunks: Chunks,
    /// What of it hides what is behind it, while it is drawn.
    pub occluders: Vec<Occluder>,
    /// From the vertex grid (0..=65535 on each axis) to the world, metres; of what moves at rest.
    pub world_from_grid: Affine3A,
    /// How it moves by itself.
    pub motion: Option<Arc<Motion>>,
    /// What the tile occupies on the GPU, vertices and indices.
    pub size_bytes: u64,
}

/// The twin as far as it is here.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What the twin holds.
    pub tileset: Arc<Tileset>,
    resident: Vec<Option<ResidentTile>>,
    /// Of each tile, how many below it are here, counted where they stand.
    resident_below: Vec<u32>,
    /// Of each image, how many tiles that are here use it.
    image_users: Vec<u32>,
    /// What the tiles that are here occupy on the GPU, with their images.
    resident_bytes: u64,
    /// World from each prop.
    props: Vec<Pose>,
    /// What time it is for all that moves by itself, seconds.
    seconds: f64,
}

impl Scene {
    /// A twin of which nothing has arrived yet.
    pub fn new(tileset: impl Into<Arc<Tileset>>) -> Self {
        let tileset = tileset.into();
        let resident = tileset.tiles().iter().map(|_| None).collect();
        let props = tileset.props().iter().map(|prop| prop.home).collect();
        Self {
            resident_below: vec![0; tileset.tiles().len()],
            image_users: vec![0; tileset.images().len()],
            resident_bytes: 0,
            tileset,
            resident,
            props,
            seconds: 0.0,
        }
    }

    /// What time it is for all that moves by itself, seconds.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// It is that late now. Who shows the same time sees everything where the others see it.
    pub fn set_seconds(&mut self, seconds: f64) {
        self.seconds = if seconds.is_finite() { seconds } else { 0.0 };
    }

    /// World from each prop, in the order of the tileset's.
    pub fn prop_poses(&self) -> &[Pose] {
        &self.props
    }

    /// The prop is there now.
    pub fn place_prop(&mut self, prop: PropId, pose: Pose) {
        if let Some(place) = self.props.get_mut(prop.index()) {
            *place = pose;
        }
    }

    /// The tile, if it can be drawn.
    pub fn resident(&self, tile: TileId) -> Option<&ResidentTile> {
        self.resident.get(tile.index())?.as_ref()
    }

    /// Whether any tile below this one can be drawn.
    pub fn has_resident_below(&self, tile: TileId) -> bool {
        self.resident_below.get(tile.index()).is_some_and(|&count| count > 0)
    }

    /// Makes the tile drawable, or (with `None`) forgets it.
    pub fn set_resident(&mut self, tile: TileId, content: Option<ResidentTile>) {
        let Some(slot) = self.resident.get_mut(tile.index()) else { return };
        let size_bytes = |tile: Option<&ResidentTile>| tile.map_or(0, |tile| tile.size_bytes);
        let (was_here, is_here) = (slot.is_some(), content.is_some());
        self.resident_bytes -= size_bytes(slot.as_ref());
        self.resident_bytes += size_bytes(content.as_ref());
        *slot = content;
        if was_here != is_here {
            let counts = &mut self.resident_below;
            self.tileset.visit_above(tile, |above| {
                let count = &mut counts[above.index()];
                *count = if is_here { *count + 1 } else { *count - 1 };
            });
            self.count_images(tile, is_here);
        }
    }

    /// Counts the tile among the users of its images, or no longer. An image is here while it has one.
    fn count_images(&mut self, tile: TileId, is_here: bool) {
        for image in &self.tileset.tile(tile).images {
            let size_bytes = self.tileset.images()[image.index()].size_bytes();
            let count = &mut self.image_users[image.index()];
            if is_here {
                self.resident_bytes += if *count == 0 { size_bytes } else { 0 };
                *count += 1;
            } else {
                *count -= 1;
                self.resident_bytes -= if *count == 0 { size_bytes } else { 0 };
            }
        }
    }

    /// Forgets all tiles: the GPU that held them is gone.
    pub fn forget_residents(&mut self) {
        self.resident.fill(None);
        self.resident_below.fill(0);
        self.image_users.fill(0);
        self.resident_bytes = 0;
    }

    /// What the tiles that can be drawn occupy on the GPU, with their images.
    pub fn resident_bytes(&self) -> u64 {
        self.resident_bytes
    }

    /// How many tiles can be drawn.
    pub fn resident_count(&self) -> usize {
        self.resident.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use glam::Vec3;

    use super::texture::{ColorSpace, Image};
    use super::tileset::{Blob, Tables};
    use super::*;
    use crate::math::Aabb;

    const CHILDREN: u32 = 12;

    /// A root and its children, which share five images; some use one twice.
    fn scene() -> Scene {
        let tile = |number: u32| Tile {
            bounds: Aabb { min: Vec3::ZERO, max: Vec3::ONE },
            geometric_error_metres: 0.0,
            first_child: u32::from(number == 0),
            child_count: if number == 0 { CHILDREN } else { 0 },
            content: None,
            images: (0..number % 4).map(|n| ImageId(number * n % 5)).collect(),
            triangle_count: 0,
            draw_count: 0,
        };
        let image = |number: u8| Image { blob: BlobId(0), space: ColorSpace::Linear, side_log2: 4 + number };
        let tables = Tables {
            tiles: (0..=CHILDREN).map(tile).collect(),
            blobs: vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }],
            images: (0..5).map(image).collect(),
            ..Tables::default()
        };
        Scene::new(Tileset::try_from(tables).unwrap())
    }

    fn resident(size_bytes: u64) -> ResidentTile {
        ResidentTile {
            chunks: Chunks::default(),
            occluders: Vec::new(),
            world_from_grid: Affine3A::IDENTITY,
            motion: None,
            size_bytes,
        }
    }

    /// Every tile and every image looked at.
    fn counted_bytes(scene: &Scene) -> u64 {
        let tiles: Vec<_> =
            (0..=CHILDREN).map(TileId).filter(|tile| scene.resident(*tile).is_some()).collect();
        let is_used = |image| tiles.iter().any(|tile| scene.tileset.tile(*tile).images.contains(&image));
        let images =
            scene.tileset.images().iter().zip((0..).map(ImageId)).filter(|(_, image)| is_used(*image));
        images.map(|(form, _)| form.size_bytes()).sum::<u64>()
            + tiles.iter().filter_map(|tile| scene.resident(*tile)).map(|tile| tile.size_bytes).sum::<u64>()
    }

    #[test]
    fn what_is_here_is_summed_up_as_it_comes_and_goes() {
        let mut scene = scene();
        for round in 0..3 {
            for step in 0_u64..400 {
                // Tiles come, come anew in another size, and go, some of them twice.
                let tile = TileId((step * step + 7 * step) as u32 % (CHILDREN + 2));
                scene.set_resident(tile, (step % 5 < 3).then(|| resident(100 + step)));
                assert_eq!(scene.resident_bytes(), counted_bytes(&scene), "round {round}, step {step}");
            }
            assert!(scene.resident_bytes() > 0);
            scene.forget_residents();
            assert_eq!(scene.resident_bytes(), 0);
        }
    }
}
