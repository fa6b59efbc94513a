//! Everything of a venue on the GPU, from the folder that bake made.

use std::path::Path;
use std::sync::Arc;

use pavilion::cull::DrawList;
use pavilion::draw::{Arrival, EyeTarget, FrameInput, Gpu, Renderer, Upload, UploadBudget};
use pavilion::math::{Pose, ViewPair, pose::EYE_DISTANCE_METRES};
use pavilion::scene::gltf::image;
use pavilion::scene::texture::Texture;
use pavilion::scene::{BlobId, ImageId, TileId, Tileset, tile};

use super::eye::FOV;

/// Copied in a frame.
const BYTES_A_FRAME: u64 = 256 << 20;

/// Reads the folder.
pub fn of<'a>(tileset: &'a Tileset, folder: &'a Path) -> impl Iterator<Item = Upload> + 'a {
    let file = move |blob: BlobId, extensions: &[&str]| {
        let hash = tileset.blobs()[blob.index()].hash;
        let paths = extensions.iter().map(|extension| folder.join(format!("{hash}.{extension}")));
        paths.filter_map(|path| std::fs::read(path).ok()).next().expect("a blob")
    };
    let images = tileset.images().iter().zip(0..).map(move |(form, index)| {
        let pixels = image::decode(&file(form.blob, &["png", "jpg"])).expect("an image");
        let texture = Texture::from_pixels(&pixels, form.space, form.side_log2).expect("a texture");
        Upload::Texture { image: ImageId(index), texture: Arc::new(texture) }
    });
    let tiles = tileset.tiles().iter().zip(0..).filter_map(move |(node, index)| {
        let id = TileId(index);
        let mesh = tile::decode(&file(node.content?, &["glb"]), tileset, id).expect("a tile");
        Some(Upload::Tile { tile: id, mesh })
    });
    images.chain(tiles)
}

/// Brings it to the GPU, frame by frame, and says what does not fit.
pub fn bring(
    uploads: impl IntoIterator<Item = Upload>,
    gpu: &Gpu,
    renderer: &mut Renderer,
    target: &EyeTarget,
) {
    let nobody = ViewPair::around(Pose::IDENTITY, FOV, EYE_DISTANCE_METRES);
    let list = DrawList::default();
    let input = FrameInput { list: &list, uploads: UploadBudget::bytes(BYTES_A_FRAME) };
    let frame = |renderer: &mut Renderer| {
        let stats = renderer.draw(gpu, &input, target, |_| Some(nobody));
        let refused = stats.arrivals.iter().filter(|arrival| {
            matches!(arrival, Arrival::TileRefused { .. } | Arrival::TextureRefused { .. })
        });
        refused.for_each(|arrival| eprintln!("MISSING from the pictures: {arrival:?}"));
        stats.uploads_waiting
    };
    for upload in uploads {
        let mut waiting = Some(upload);
        while let Some(upload) = waiting.take() {
            if let Err(refused) = renderer.enqueue(upload) {
                waiting = Some(refused);
                frame(renderer);
            }
        }
    }
    while frame(renderer) > 0 {}
}
