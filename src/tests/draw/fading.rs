//! Halfway between two levels of detail every pixel shows one of them, and at both ends there is nothing of the other.

use std::sync::Arc;

use glam::{Quat, Vec3};

use super::{BUDGET_BYTES, gpu, in_turn, looking, texel};
use crate::cull::{Budget, Culler, DrawList, FADE_SECONDS, Quality, Sight};
use crate::draw::{
    Arrival, EyeTarget, FrameInput, Gpu, Renderer, RendererOptions, Upload, UploadBudget, readback,
};
use crate::math::{Aabb, Pose};
use crate::scene::material::{AlphaMode, TextureSlot};
use crate::scene::texture::{ColorSpace, Pixels};
use crate::scene::tileset::Blob;
use crate::scene::{BlobId, ContentHash, Demand, ImageId, Material, Scene, Tile, TileId, Tileset};
use crate::tests::golden;
use crate::tests::props::{Props, Shape, at, painted};

/// A part of the squares by which pixels are shared is at the edges.
const SIZE: [u32; 2] = [100, 84];

const COARSE: TileId = TileId(0);
const FINE: TileId = TileId(1);

/// A wall that fills the view, in a colour for each level; the finer one is a little farther away.
fn level(texture: bool, material: &Material, colors: [[f32; 4]; 2], shown: usize) -> Props {
    let mut props = Props::new();
    props.tables.light.sky = [Vec3::ZERO; 9];
    props.tables.light.sun = Vec3::ZERO;
    let slot: Option<TextureSlot> =
        texture.then(|| props.image(&painted(8, |_, _| [255; 4]), ColorSpace::Srgb)).flatten();
    for (index, base_color) in colors.into_iter().enumerate() {
        let material = Material { base_color, base_color_texture: slot, ..material.clone() };
        let id = props.material(material);
        if index == shown {
            let place = [0.0, 0.0, -2.0 - 0.02 * index as f32];
            props.shape(id, Shape::square().moved(at(place, Quat::IDENTITY, [9.0, 9.0, 1.0])));
        }
    }
    props
}

struct Watch<'a> {
    gpu: &'a Gpu,
    renderer: Renderer,
    target: EyeTarget,
    scene: Scene,
    culler: Culler,
    list: DrawList,
    demand: Demand,
}

impl<'a> Watch<'a> {
    /// Only the coarse level is here.
    fn new(gpu: &'a Gpu, levels: &[Props; 2], samples: u32) -> Self {
        let mut tables = levels[0].tables.clone();
        tables.blobs = vec![Blob { hash: ContentHash([0; 32]), size_bytes: 1 }];
        let bounds = Aabb { min: Vec3::new(-4.5, -4.5, -2.02), max: Vec3::new(4.5, 4.5, -2.0) };
        let tile = |error, first_child, child_count| Tile {
            bounds,
            geometric_error_metres: error,
            first_child,
            child_count,
            content: Some(BlobId(0)),
            images: Vec::new(),
            triangle_count: 2,
            draw_count: 1,
        };
        tables.tiles = vec![tile(0.5, 1, 1), tile(0.0, 0, 0)];
        let tileset = Tileset::try_from(tables).unwrap();
        let mut renderer =
            Renderer::new(gpu, RendererOptions { samples, is_deterministic: true }).completed();
        renderer.set_tileset(gpu, &tileset);
        for (texture, image) in levels[0].textures.iter().zip(0..) {
            let texture = Arc::new(texture.clone());
            renderer.enqueue(Upload::Texture { image: ImageId(image), texture }).unwrap();
        }
        let mut watch = Self {
            gpu,
            renderer,
            target: EyeTarget::new(gpu, SIZE, samples),
            scene: Scene::new(tileset),
            culler: Culler::default(),
            list: DrawList::default(),
            demand: Demand::default(),
        };
        watch.arrive(COARSE, &levels[0]);
        watch.picture(1e9);
        watch
    }

    fn arrive(&mut self, tile: TileId, level: &Props) {
        self.renderer.enqueue(Upload::Tile { tile, mesh: level.mesh() }).unwrap();
        while self.scene.resident(tile).is_none() {
            self.draw();
        }
    }

    fn draw(&mut self) {
        let views = looking(Pose::IDENTITY);
        let input = FrameInput { list: &self.list, uploads: UploadBudget::bytes(BUDGET_BYTES) };
        let stats = self.renderer.draw(self.gpu, &input, &self.target, |_| Some(views));
        for arrival in stats.arrivals {
            if let Arrival::Tile { tile, resident } = arrival {
                self.scene.set_resident(tile, Some(*resident));
            }
        }
    }

    /// What both eyes see so much later, seconds.
    fn picture(&mut self, seconds: f64) -> [Pixels; 2] {
        self.scene.set_seconds(self.scene.seconds() + seconds);
        let views = looking(Pose::IDENTITY);
        let quality = Quality { budget: Budget::UNLIMITED, ..Quality::default() };
        let sight = Sight { views: &views, pixel_radians: 0.002, quality: &quality };
        self.culler.cull(&self.scene, &[], &sight, &mut self.list, &mut self.demand);
        self.draw();
        assert_eq!(self.gpu.validation_messages(), [""; 0]);
        readback::read(self.gpu, &self.target.image).unwrap()
    }
}

/// How many pixels show the one, the other, and neither, to the last bit but one.
fn shares(picture: &Pixels, old: &Pixels, new: &Pixels) -> [usize; 3] {
    let mut shares = [0; 3];
    for (x, y) in (0..SIZE[1]).flat_map(|y| (0..SIZE[0]).map(move |x| (x, y))) {
        let seen = texel(picture, x, y);
        let is = |other| seen.iter().zip(texel(other, x, y)).all(|(a, b)| a.abs_diff(b) <= 1);
        shares[if is(old) {
            0
        } else if is(new) {
            1
        } else {
            2
        }] += 1;
    }
    shares
}

fn check(gpu: &Gpu, samples: u32, texture: bool, material: &Material) {
    let colors = [[0.8, 0.1, 0.1, 1.0], [0.1, 0.1, 0.8, 1.0]];
    let levels = [0, 1].map(|shown| level(texture, material, colors, shown));
    let mut watch = Watch::new(gpu, &levels, samples);
    let old = watch.picture(0.01);
    watch.arrive(FINE, &levels[1]);
    assert_eq!(watch.picture(0.01), old, "it begins with what was there");
    let all = (SIZE[0] * SIZE[1]) as usize;
    let step = f64::from(FADE_SECONDS) / 4.0;
    let between = [0; 3].map(|_| watch.picture(step));
    let new = watch.picture(step);
    assert_eq!(watch.list.draws.len(), 1);
    for eye in 0..2 {
        assert_eq!(shares(&old[eye], &new[eye], &new[eye])[2], all, "the levels differ everywhere");
        for (quarter, picture) in between.iter().enumerate() {
            let [of_old, of_new, of_neither] = shares(&picture[eye], &old[eye], &new[eye]);
            let expected = all * (quarter + 1) / 4;
            assert_eq!(of_neither, 0, "{of_old} and {of_new}, {samples} samples, {material:?}");
            assert!(
                of_new.abs_diff(expected) <= all / 50,
                "{of_new} of {all} after {} quarters",
                quarter + 1
            );
        }
    }
    if !texture && material.alpha == AlphaMode::Opaque && samples == 1 {
        golden::write_png(&golden::output_folder().join("fading.png"), &between[1][0]);
    }
}

#[test]
fn halfway_every_pixel_shows_one_of_two_levels() {
    let Some(gpu) = gpu() else { return };
    let flat = Material { unlit: true, metallic: 0.0, ..Material::default() };
    for samples in [1, 4] {
        check(gpu, samples, false, &flat);
        check(gpu, samples, false, &Material { double_sided: true, ..flat.clone() });
        check(gpu, samples, true, &flat);
        check(gpu, samples, true, &Material { alpha: AlphaMode::Mask, ..flat.clone() });
        check(gpu, samples, true, &Material { alpha: AlphaMode::Blend, ..flat.clone() });
    }
    check(in_turn(), 4, false, &flat);
}
