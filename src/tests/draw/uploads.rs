//! Tiles and textures on their way to the GPU: bounded, in order, and never wrong.

use std::sync::Arc;

use glam::Quat;

use super::gallery::{gallery, visitor};
use super::steady::window;
use super::{BUDGET_BYTES, COMPARABLE, Show, TILE, assert_near, gpu, looking, middle, srgb_byte, texel};
use crate::cull::Source;
use crate::draw::{Arrival, FrameInput, Gpu, Mirror, MirrorMode, Upload, UploadBudget};
use crate::math::{Aabb, Pose};
use crate::scene::texture::{ColorSpace, Pixels, Texture};
use crate::scene::{ImageId, Material, Tile, TileId};
use crate::tests::golden::largest_difference;
use crate::tests::props::{Props, Shape, at, painted};

/// However small the budget, the same picture comes out, and no frame copies more.
#[test]
fn the_budget_holds_and_the_picture_is_the_same() {
    const SMALL_BYTES: u64 = 40_000;
    let Some(gpu) = gpu() else { return };
    let props = gallery();
    let at_once = Show::new(gpu, &props, [160, 160], COMPARABLE).picture(gpu, &visitor());

    let mut show = Show::empty(gpu, &props, [160, 160], COMPARABLE);
    show.enqueue_textures(&props);
    let mesh = props.mesh();
    let total: u64 = mesh.size_bytes() + props.textures.iter().map(Texture::size_bytes).sum::<u64>();
    show.renderer.enqueue(Upload::Tile { tile: TILE, mesh }).unwrap();
    assert_eq!(show.frame(gpu, &visitor(), 0).uploaded_bytes, 0, "no budget, no copy");
    let (mut copied, mut frames) = (0, 0);
    loop {
        let stats = show.frame(gpu, &visitor(), SMALL_BYTES);
        assert!(stats.uploaded_bytes <= SMALL_BYTES, "{} bytes in a frame", stats.uploaded_bytes);
        copied += stats.uploaded_bytes;
        frames += 1;
        if stats.uploads_waiting == 0 {
            break;
        }
    }
    assert_eq!(copied, total);
    assert!(
        frames >= total / SMALL_BYTES && frames < 2 * total / SMALL_BYTES,
        "{frames} frames for {total} bytes"
    );
    assert!(matches!(show.arrivals.last(), Some(Arrival::Tile { .. })), "first in, first out");
    let in_steps = show.picture(gpu, &visitor());
    assert_eq!(at_once, in_steps);
}

#[test]
fn the_queue_is_bounded_and_hands_back_what_it_does_not_take() {
    let Some(gpu) = gpu() else { return };
    let props = gallery();
    let mut show = Show::empty(gpu, &props, [32, 32], COMPARABLE);
    let texture = Arc::new(props.textures[0].clone());
    let upload = || Upload::Texture { image: ImageId(0), texture: Arc::clone(&texture) };
    let taken = (0..1000).take_while(|_| show.renderer.enqueue(upload()).is_ok()).count();
    assert_eq!(taken, 64);
    show.finish_uploads(gpu);
    // The same image again takes no second layer.
    assert_eq!(show.arrivals.len(), 64);
    assert!(show.arrivals.iter().all(|arrival| matches!(arrival, Arrival::Texture { image: ImageId(0) })));
    assert!(show.renderer.enqueue(upload()).is_ok());
}

/// A surface shows its factor until its image is there, and stays so when the image is not what the
/// tileset promised.
#[test]
fn a_surface_falls_back_to_its_factor() {
    let Some(gpu) = gpu() else { return };
    let mut props = Props::new();
    let slot = props.image(&painted(16, |_, _| [255, 0, 255, 255]), ColorSpace::Srgb);
    let material = Material {
        base_color: [0.5, 0.5, 0.0, 1.0],
        unlit: true,
        base_color_texture: slot,
        ..Material::default()
    };
    props.add(material, Shape::square().moved(at([0.0, 0.0, -1.0], Quat::IDENTITY, [2.0, 2.0, 1.0])));
    let mut show = Show::empty(gpu, &props, [32, 32], COMPARABLE);
    show.renderer.enqueue(Upload::Tile { tile: TILE, mesh: props.mesh() }).unwrap();
    show.finish_uploads(gpu);
    let views = looking(Pose::IDENTITY);
    let half = srgb_byte(0.5);
    assert_near(middle(&show.picture(gpu, &views)[0]), [half, half, 0], 1);

    let wrong = [
        Texture::solid(ColorSpace::Srgb, [9; 4]),
        Texture { space: ColorSpace::Linear, ..props.textures[0].clone() },
        Texture { levels: props.textures[0].levels[1..].to_vec(), ..props.textures[0].clone() },
    ];
    for texture in wrong {
        show.renderer.enqueue(Upload::Texture { image: ImageId(0), texture: Arc::new(texture) }).unwrap();
        show.finish_uploads(gpu);
        assert!(matches!(show.arrivals.last(), Some(Arrival::TextureRefused { image: ImageId(0) })));
    }
    let texture = Arc::new(props.textures[0].clone());
    show.renderer.enqueue(Upload::Texture { image: ImageId(7), texture }).unwrap();
    show.finish_uploads(gpu);
    assert!(matches!(show.arrivals.last(), Some(Arrival::TextureRefused { image: ImageId(7) })));
    assert_near(middle(&show.picture(gpu, &views)[0]), [half, half, 0], 1);

    show.enqueue_textures(&props);
    show.finish_uploads(gpu);
    assert_near(middle(&show.picture(gpu, &views)[0]), [half, 0, 0], 1);
}

/// More large images than the first array holds: each surface still shows its own.
#[test]
fn arrays_grow_and_keep_their_layers() {
    let Some(gpu) = gpu() else { return };
    let mut props = Props::new();
    let color = |index: u32| [(index * 25) as u8, 255 - (index * 20) as u8, (index % 3 * 100) as u8, 255];
    for index in 0..8 {
        // 1024² with its smaller levels is 5.6 MB: three are in the first array.
        let slot = props.image(&painted(1024, |_, _| color(index)), ColorSpace::Srgb);
        let material = Material { unlit: true, base_color_texture: slot, ..Material::default() };
        let place = [index as f32 * 0.2 - 0.7, 0.0, -1.0];
        props.add(material, Shape::square().moved(at(place, Quat::IDENTITY, [0.2, 0.2, 1.0])));
    }
    let mut show = Show::new(gpu, &props, [256, 256], COMPARABLE);
    let mut views = looking(Pose::IDENTITY);
    views.eyes[0].pose.position.x = 0.0;
    let [left, _] = show.picture(gpu, &views);
    for index in 0..8_u32 {
        let x = (128.0 + (index as f32 * 0.2 - 0.7) * 128.0 / 0.7_f32.tan()) as u32;
        let [r, g, b, _] = color(index);
        assert_near(texel(&left, x, 128), [r, g, b], 1);
    }

    // When the last of them is gone, so is the memory; and they come back as they were.
    let full = show.frame(gpu, &views, 0).held_bytes;
    (0..8).for_each(|image| show.renderer.retire_image(ImageId(image)));
    let empty = show.frame(gpu, &views, 0).held_bytes;
    assert!(full - empty >= 8 * 5_592_000, "{full} bytes, then {empty}");
    show.enqueue_textures(&props);
    show.finish_uploads(gpu);
    assert_eq!(show.picture(gpu, &views)[0], left);
}

/// A retired image gives its layer to the next one of its class.
#[test]
fn layers_are_used_again() {
    let Some(gpu) = gpu() else { return };
    let mut props = Props::new();
    for (index, color) in [[255, 0, 0, 255], [0, 255, 0, 255]].into_iter().enumerate() {
        let slot = props.image(&painted(16, |_, _| color), ColorSpace::Srgb);
        let material = Material { unlit: true, base_color_texture: slot, ..Material::default() };
        let place = [index as f32 - 0.5, 0.0, -1.0];
        props.add(material, Shape::square().moved(at(place, Quat::IDENTITY, [1.0, 1.0, 1.0])));
    }
    let mut show = Show::new(gpu, &props, [64, 64], COMPARABLE);
    let views = looking(Pose::IDENTITY);
    let sides = |pictures: [Pixels; 2]| [texel(&pictures[0], 16, 32), texel(&pictures[0], 48, 32)];
    assert_eq!(sides(show.picture(gpu, &views)), [[255, 0, 0, 255], [0, 255, 0, 255]]);
    show.renderer.retire_image(ImageId(0));
    assert_eq!(sides(show.picture(gpu, &views)), [[255; 4], [0, 255, 0, 255]]);
    show.renderer.retire_image(ImageId(1));
    // The other way round: each finds a layer, and shows its own colour.
    for image in [1, 0] {
        let texture = Arc::new(props.textures[image].clone());
        show.renderer.enqueue(Upload::Texture { image: ImageId(image as u32), texture }).unwrap();
    }
    show.finish_uploads(gpu);
    assert_eq!(sides(show.picture(gpu, &views)), [[255, 0, 0, 255], [0, 255, 0, 255]]);
}

/// What is shown at first is replaced, and its layer is given back once, whenever the image goes: two images that come
/// afterwards each have a layer of their own.
#[test]
fn an_image_takes_the_place_of_its_tail() {
    let Some(gpu) = gpu() else { return };
    let mut props = Props::new();
    let red = painted(16, |_, _| [255, 0, 0, 255]);
    for side in [-0.5, 0.5] {
        let slot = props.image(&red, ColorSpace::Srgb);
        let material = Material { unlit: true, base_color_texture: slot, ..Material::default() };
        props.add(material, Shape::square().moved(at([side, 0.0, -1.0], Quat::IDENTITY, [1.0; 3])));
    }
    let mut show = Show::empty(gpu, &props, [64, 64], COMPARABLE);
    show.renderer.enqueue(Upload::Tile { tile: TILE, mesh: props.mesh() }).unwrap();
    show.finish_uploads(gpu);
    let views = looking(Pose::IDENTITY);
    let seen = |show: &mut Show| {
        let pictures = show.picture(gpu, &views);
        [16, 48].map(|x| texel(&pictures[0], x, 32)[..3].to_vec())
    };
    let texture =
        |color: [u8; 4]| Texture::from_pixels(&painted(16, |_, _| color), ColorSpace::Srgb, 4).unwrap();
    let [red, green, blue] =
        [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]].map(|color| Arc::new(texture(color)));
    let give = |show: &mut Show, image: u32, texture: &Arc<Texture>| {
        show.renderer.enqueue(Upload::Texture { image: ImageId(image), texture: texture.clone() }).unwrap();
    };
    let both = |show: &mut Show| {
        give(show, 1, &green);
        give(show, 0, &red);
        show.finish_uploads(gpu);
        assert_eq!(seen(show), [[255, 0, 0], [0, 255, 0]]);
        give(show, 0, &blue);
        show.finish_uploads(gpu);
        assert_eq!(seen(show), [[0, 0, 255], [0, 255, 0]]);
    };
    let none = |show: &mut Show| {
        // The first one last, so that its layer is the next to be used.
        for image in [1, 0] {
            show.renderer.retire_image(ImageId(image));
        }
        assert_eq!(seen(show), [[255; 3]; 2]);
    };
    // Where there is room for three, a layer that is not given back is missed in the third round.
    for _ in 0..3 {
        // It goes while it is half there, or on its way, and nothing of it was shown.
        for bytes in [100, BUDGET_BYTES] {
            give(&mut show, 0, &red);
            show.frame(gpu, &views, bytes);
            none(&mut show);
            both(&mut show);
            none(&mut show);
        }
        both(&mut show);
        // While what is to take its place is half there.
        give(&mut show, 0, &red);
        show.frame(gpu, &views, 100);
        none(&mut show);
        both(&mut show);
        // While nothing is about to take its place.
        none(&mut show);
        both(&mut show);
        none(&mut show);
    }
}

/// A tileset of several tiles with the same geometry.
fn crowd(tile_count: u32) -> (Props, Props) {
    let mut props = Props::new();
    let material =
        props.material(Material { base_color: [0.7, 0.3, 0.2, 1.0], metallic: 0.0, ..Material::default() });
    for index in 0..30 {
        let place = [(index % 6) as f32 * 0.4 - 1.0, (index / 6) as f32 * 0.4 - 0.8, -2.0];
        props.shape(material, Shape::ball().moved(at(place, Quat::IDENTITY, [0.18; 3])));
    }
    let mut tables = Props::new();
    tables.tables = props.tileset().tables().clone();
    let bounds = Aabb { min: glam::Vec3::splat(-10.0), max: glam::Vec3::splat(10.0) };
    let root = Tile { first_child: 1, child_count: tile_count, bounds, ..tables.tables.tiles[0].clone() };
    let leaf = tables.tables.tiles[0].clone();
    tables.tables.tiles = std::iter::once(root).chain((0..tile_count).map(|_| leaf.clone())).collect();
    (props, tables)
}

/// More vertices than the first buffers hold, and back again: what was there stays as it is.
#[test]
fn geometry_grows_keeps_its_tiles_and_forgets_the_retired() {
    let Some(gpu) = gpu() else { return };
    let (props, tables) = crowd(12);
    let mesh = props.mesh();
    assert!(mesh.positions.len() * 12 > 2 << 18, "the test must outgrow the first two buffers");
    let mut show = Show::empty(gpu, &props, [128, 128], COMPARABLE);
    let tileset = crate::scene::Tileset::try_from(tables.tables).unwrap();
    show.renderer.set_tileset(gpu, &tileset);
    let views = looking(Pose::IDENTITY);
    show.renderer.enqueue(Upload::Tile { tile: TileId(1), mesh: mesh.clone() }).unwrap();
    show.finish_uploads(gpu);
    let before = show.picture(gpu, &views);
    assert!(
        before[0].rgba.chunks_exact(4).any(|texel| texel[0] > texel[2].saturating_add(40)),
        "balls are seen"
    );

    for tile in 2..=12 {
        show.renderer.enqueue(Upload::Tile { tile: TileId(tile), mesh: mesh.clone() }).unwrap();
    }
    show.finish_uploads(gpu);
    assert_eq!(show.picture(gpu, &views), before);
    let draw_tile = |show: &mut Show, tile| {
        show.list.draws.iter_mut().for_each(|draw| draw.source = Source::Tile(TileId(tile)))
    };
    draw_tile(&mut show, 12);
    assert_eq!(show.picture(gpu, &views), before, "the last tile is as good as the first");

    // A retired tile is not drawn, and its place is used again.
    show.renderer.retire(TileId(12));
    assert_eq!(show.frame(gpu, &views, 0).draws, 0);
    show.renderer.enqueue(Upload::Tile { tile: TileId(12), mesh: mesh.clone() }).unwrap();
    show.finish_uploads(gpu);
    assert_eq!(show.picture(gpu, &views), before);

    // Names that the tileset does not have, and tiles that are retired while they wait.
    show.renderer.enqueue(Upload::Tile { tile: TileId(99), mesh: mesh.clone() }).unwrap();
    show.finish_uploads(gpu);
    assert!(matches!(show.arrivals.last(), Some(Arrival::TileRefused { tile: TileId(99) })));
    show.renderer.enqueue(Upload::Tile { tile: TileId(5), mesh }).unwrap();
    show.frame(gpu, &views, 100_000);
    show.renderer.retire(TileId(5));
    assert_eq!(show.frame(gpu, &views, BUDGET_BYTES).uploads_waiting, 0);
    draw_tile(&mut show, 5);
    assert_eq!(show.frame(gpu, &views, 0).draws, 0);
}

/// What is retired when its copies are decided on but not submitted yet does not come back, and what comes into its place
/// is whole.
#[test]
fn what_is_retired_on_its_way_stays_away() {
    let Some(gpu) = gpu() else { return };
    let (props, tables) = crowd(8);
    let tileset = crate::scene::Tileset::try_from(tables.tables).unwrap();
    let mut show = Show::empty(gpu, &props, [128, 128], COMPARABLE);
    let views = looking(Pose::IDENTITY);
    let enqueue = |show: &mut Show, tile| {
        show.renderer.enqueue(Upload::Tile { tile: TileId(tile), mesh: props.mesh() }).unwrap();
    };
    let mut pictures = Vec::new();
    for has_retired in [false, true] {
        show.renderer.set_tileset(gpu, &tileset);
        if has_retired {
            (1..=4).for_each(|tile| enqueue(&mut show, tile));
            let stats = show.frame(gpu, &views, BUDGET_BYTES);
            assert_eq!(
                (stats.uploaded_bytes, stats.uploads_waiting),
                (0, 4),
                "a frame decides, and waits for nothing"
            );
            (1..=4).for_each(|tile| show.renderer.retire(TileId(tile)));
            (5..=6).for_each(|tile| enqueue(&mut show, tile));
            show.frame(gpu, &views, BUDGET_BYTES);
            // Whatever was on its way is of another twin.
            show.renderer.set_tileset(gpu, &tileset);
        }
        show.list.draws.clear();
        show.arrivals.clear();
        enqueue(&mut show, 8);
        show.finish_uploads(gpu);
        assert!(matches!(show.arrivals[..], [Arrival::Tile { tile: TileId(8), .. }]), "{:?}", show.arrivals);
        pictures.push(show.picture(gpu, &views));
    }
    assert_eq!(pictures[0], pictures[1]);
    // Their places were given back, once each: as many fit as before.
    let held = show.frame(gpu, &views, 0).held_bytes;
    for _ in 0..20 {
        (1..=4).for_each(|tile| enqueue(&mut show, tile));
        show.frame(gpu, &views, BUDGET_BYTES);
        (1..=4).for_each(|tile| show.renderer.retire(TileId(tile)));
    }
    show.finish_uploads(gpu);
    assert_eq!(show.frame(gpu, &views, 0).held_bytes, held);
    assert_eq!(show.arrivals.len(), 1, "{:?}", show.arrivals);
    assert_eq!(show.picture(gpu, &views), pictures[0]);
}

/// Draws that reach outside of their tile are left out: lists are ours, but tiles come and go.
#[test]
fn draws_outside_of_their_tile_are_skipped() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &gallery(), [32, 32], COMPARABLE);
    let draws = show.list.draws.len() as u32;
    assert_eq!(show.frame(gpu, &visitor(), 0).draws, draws);
    show.list.draws[0].first_index = u32::MAX - 2;
    show.list.draws[1].index_count = 1 << 30;
    show.list.draws[2].instance = 1;
    assert_eq!(show.frame(gpu, &visitor(), 0).draws, draws - 3);
    assert_eq!(gpu.validation_messages(), [""; 0]);
}

/// The window shows the left eye in its aspect, or both side by side.
#[test]
fn the_mirror_keeps_the_aspect_and_the_order() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &gallery(), [128, 128], COMPARABLE);
    let eyes = show.picture(gpu, &visitor());
    for format in [wgpu::TextureFormat::Bgra8UnormSrgb, wgpu::TextureFormat::Bgra8Unorm] {
        let mut mirror = Mirror::new(gpu, format);
        let view = window(gpu, format, [256, 128]);
        let mut shown = |mode| {
            let views = visitor();
            let input = FrameInput { list: &show.list, uploads: UploadBudget::bytes(0) };
            show.renderer.draw(gpu, &input, &show.target, |encoder| {
                mirror.draw(gpu, encoder, &show.target, &view, mode);
                Some(views)
            });
            read_window(gpu, view.texture())
        };
        let both = shown(MirrorMode::BothEyes);
        assert!(largest_difference(&crop(&both, 0), &eyes[0]) <= 1);
        assert!(largest_difference(&crop(&both, 128), &eyes[1]) <= 1);
        let one = shown(MirrorMode::BothEyes.other());
        assert!(largest_difference(&crop(&one, 64), &eyes[0]) <= 1);
        assert_eq!(texel(&one, 10, 64), [0, 0, 0, 255], "black beside it");
    }
}

fn crop(pixels: &Pixels, left: u32) -> Pixels {
    let rgba = (0..128 * 128).flat_map(|index| texel(pixels, left + index % 128, index / 128)).collect();
    Pixels { width: 128, height: 128, rgba }
}

/// What the stand-in for a window shows, in RGBA.
pub fn read_window(gpu: &Gpu, texture: &wgpu::Texture) -> Pixels {
    let (width, height) = (texture.width(), texture.height());
    let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: u64::from(width * height * 4),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let layout =
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(width * 4), rows_per_image: None };
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
        texture.size(),
    );
    gpu.queue.submit([encoder.finish()]);
    buffer.map_async(wgpu::MapMode::Read, .., |result| result.unwrap());
    gpu.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let bytes = buffer.get_mapped_range(..).unwrap();
    let rgba = bytes.chunks_exact(4).flat_map(|texel| [texel[2], texel[1], texel[0], texel[3]]).collect();
    Pixels { width, height, rgba }
}
