//! glTF files, made here, on their whole way: read, baked, decoded, culled and drawn.

mod materials;
mod moving;

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{COMPARABLE, gpu};
use crate::cull::{Culler, DrawList, Quality, Sight};
use crate::draw::{Arrival, EyeTarget, FrameInput, Gpu, Renderer, Upload, UploadBudget, readback};
use crate::host::bake::{BakeOptions, Baked, bake_document};
use crate::math::{Fov, Pose, ViewPair, pose::EYE_DISTANCE_METRES};
use crate::scene::gltf::{self, image, tests::made::NoFiles};
use crate::scene::texture::{Pixels, Texture};
use crate::scene::{Demand, Scene, Tileset, tile};

/// The sides of the pictures, pixels.
const SIZE: [u32; 2] = [480, 360];

/// What they show from their lower to their upper edge.
const VERTICAL_RADIANS: f32 = 1.0;

/// A twin that is drawn.
struct Stage {
    baked: Baked,
    scene: Scene,
    renderer: Renderer,
    target: EyeTarget,
    culler: Culler,
    list: DrawList,
    demand: Demand,
}

impl Stage {
    fn new(gpu: &Gpu, glb: &[u8]) -> Self {
        let document = gltf::read(glb, &mut NoFiles).unwrap_or_else(|error| panic!("{error}"));
        let baked = bake_document(&document, &BakeOptions::default(), &mut |_| ControlFlow::Continue(()));
        let baked = baked.unwrap_or_else(|error| panic!("{error}"));
        let tileset = Tileset::try_from(baked.tables.clone()).unwrap();
        let mut renderer = Renderer::new(gpu, COMPARABLE).completed();
        renderer.set_tileset(gpu, &tileset);
        for (index, form) in tileset.images().iter().enumerate() {
            let pixels = image::decode(&baked.blobs[form.blob.index()].bytes).unwrap();
            let texture = Arc::new(Texture::from_pixels(&pixels, form.space, form.side_log2).unwrap());
            renderer
                .enqueue(Upload::Texture { image: crate::scene::ImageId(index as u32), texture })
                .unwrap();
        }
        Self {
            scene: Scene::new(tileset),
            baked,
            renderer,
            target: EyeTarget::new(gpu, SIZE, COMPARABLE.samples),
            culler: Culler::default(),
            list: DrawList::default(),
            demand: Demand::default(),
        }
    }

    fn views(head: Pose) -> ViewPair {
        let fov = Fov::symmetric(VERTICAL_RADIANS, SIZE[0] as f32 / SIZE[1] as f32);
        ViewPair::around(head, fov, EYE_DISTANCE_METRES)
    }

    fn cull(&mut self, views: &ViewPair) {
        let pixel_radians = VERTICAL_RADIANS / SIZE[1] as f32;
        let sight = Sight { views, pixel_radians, quality: &Quality::default() };
        self.culler.cull(&self.scene, &[], &sight, &mut self.list, &mut self.demand);
    }

    /// What the left eye sees at a time, seconds, when everything has arrived.
    fn picture(&mut self, gpu: &Gpu, head: Pose, seconds: f64) -> Pixels {
        let views = Self::views(head);
        self.scene.set_seconds(seconds);
        for _ in 0..64 {
            self.cull(&views);
            for want in &self.demand.wants {
                let blob = self.scene.tileset.tile(want.tile).content.unwrap();
                let glb = &self.baked.blobs[blob.index()].bytes;
                let mesh = tile::decode(glb, &self.scene.tileset, want.tile).unwrap();
                let _ = self.renderer.enqueue(Upload::Tile { tile: want.tile, mesh });
            }
            let input = FrameInput { list: &self.list, uploads: UploadBudget::bytes(64 << 20) };
            let stats = self.renderer.draw(gpu, &input, &self.target, |_| Some(views));
            let waits = stats.uploads_waiting;
            for arrival in stats.arrivals {
                match arrival {
                    Arrival::Tile { tile, resident } => self.scene.set_resident(tile, Some(*resident)),
                    Arrival::TileRefused { tile } => panic!("{tile:?} was refused"),
                    _ => {}
                }
            }
            if self.demand.wants.is_empty() && waits == 0 {
                assert_eq!(gpu.validation_messages(), [""; 0]);
                let [left, _] = readback::read(gpu, &self.target.image).unwrap();
                return left;
            }
        }
        panic!("it never comes to rest: {:?}", self.demand.wants);
    }
}
