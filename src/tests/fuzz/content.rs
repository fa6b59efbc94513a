//! The readers of content: what a venue's files hold, and what a host sends of them.

use crate::math::Aabb;
use crate::scene::gltf::{self, Resolve, image};
use crate::scene::material::TextureSlot;
use crate::scene::motion::Posture;
use crate::scene::sound::{self, Clip, SAMPLE_RATE_HZ, wav};
use crate::scene::texture::{ColorSpace, Image, Texture, side_log2_for};
use crate::scene::tiles3d::{self, Files};
use crate::scene::tileset::{Blob, Tables, Tile};
use crate::scene::{
    AlphaMode, BlobId, ContentError, ContentHash, ImageId, Material, Mover, TileId, Tileset, collider,
    entity::Entity, tile,
};

/// There are no files here: buffers are refused, and images would be fetched.
struct NoFiles;

impl Resolve for NoFiles {
    fn buffer(&mut self, _: &str) -> Result<Vec<u8>, ContentError> {
        Err(ContentError::malformed("buffer", "there are no files here"))
    }

    fn image(&mut self, _: &str) -> Result<Option<Vec<u8>>, ContentError> {
        Ok(None)
    }
}

/// A file as it comes. The pixels of its images are [`image`]'s.
pub fn glb(bytes: &[u8]) -> bool {
    gltf::read(bytes, &mut NoFiles).is_ok()
}

/// The JSON up to the first zero, and the binary chunk after it: the container is whole whatever becomes of them.
pub fn gltf(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let (json, bin) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    glb(&glb_of(json, bin))
}

/// The chunks, padded.
fn glb_of(json: &[u8], bin: &[u8]) -> Vec<u8> {
    let chunks = [(b"JSON", json, b' '), (b"BIN\0", bin, 0)];
    let total: usize =
        12 + chunks.iter().map(|(_, data, _)| 8 + data.len().next_multiple_of(4)).sum::<usize>();
    let mut glb = Vec::with_capacity(total);
    glb.extend(b"glTF\x02\0\0\0");
    glb.extend((total as u32).to_le_bytes());
    for (kind, data, padding) in chunks {
        glb.extend((data.len().next_multiple_of(4) as u32).to_le_bytes());
        glb.extend(kind);
        glb.extend(data);
        glb.resize(glb.len().next_multiple_of(4), padding);
    }
    glb
}

/// Extension and mode, filter, stride and two bytes of a count, then compressed bytes: a view of a glTF, as scalars.
pub fn meshopt(bytes: &[u8]) -> bool {
    let Some(([first, filter, stride, low, high], data)) = bytes.split_first_chunk() else { return false };
    let mode = ["ATTRIBUTES", "TRIANGLES", "INDICES"][usize::from(first % 3)];
    let extension = ["EXT_meshopt_compression", "KHR_meshopt_compression"][usize::from(first / 3 % 2)];
    let filter = ["NONE", "OCTAHEDRAL", "QUATERNION", "EXPONENTIAL", "COLOR"][usize::from(filter % 5)];
    let count = u16::from_le_bytes([*low, *high]);
    let size = u32::from(count) * u32::from(*stride);
    let component = if *stride == 2 { 5123 } else { 5125 };
    let compressed = data.len();
    let json = format!(
        r#"{{"asset":{{"version":"2.0"}},"extensionsUsed":["{extension}"],
        "accessors":[{{"bufferView":0,"componentType":{component},"count":{count},"type":"SCALAR"}}],
        "bufferViews":[{{"buffer":1,"byteLength":{size},"extensions":{{"{extension}":{{"buffer":0,
        "byteLength":{compressed},"byteStride":{stride},"count":{count},"mode":"{mode}","filter":"{filter}"}}}}}}],
        "buffers":[{{"byteLength":{compressed}}},{{"byteLength":{size},
        "extensions":{{"{extension}":{{"fallback":true}}}}}}]}}"#
    );
    glb(&glb_of(json.as_bytes(), data))
}

/// A tileset up to the first zero, and what all its files are after it; or one of the older tiles.
pub fn tileset_of_others(bytes: &[u8]) -> bool {
    if tiles3d::is_known("tile", bytes) {
        return tiles3d::read("tile", bytes, &mut Same { bytes: &[], left: 0 }).is_ok();
    }
    let mut parts = bytes.splitn(2, |&byte| byte == 0);
    let (json, others) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    tiles3d::read("tileset.json", json, &mut Same { bytes: others, left: 8 }).is_ok()
}

/// Files that are all alike. There are some of them: what each costs is the same again.
struct Same<'b> {
    bytes: &'b [u8],
    left: usize,
}

impl Files for Same<'_> {
    fn open(&mut self, _: &str, uri: &str) -> Result<(String, Vec<u8>), ContentError> {
        let none_left = || ContentError::malformed("tile", "there are no more files here");
        self.left = self.left.checked_sub(1).ok_or_else(none_left)?;
        Ok((uri.to_owned(), self.bytes.to_vec()))
    }

    fn beside<'a>(&'a mut self, _: &str) -> Box<dyn Resolve + 'a> {
        Box::new(NoFiles)
    }
}

/// An image, to the texture that it becomes.
pub fn image(bytes: &[u8]) -> bool {
    let Ok(pixels) = image::decode(bytes) else { return false };
    let side_log2 = side_log2_for(pixels.width, pixels.height).min(8);
    Texture::from_pixels(&pixels, ColorSpace::Srgb, side_log2).is_ok()
}

/// A texture of Basis Universal, to the PNG that it becomes.
#[cfg(feature = "host")]
pub fn ktx2(bytes: &[u8]) -> bool {
    crate::host::bake::basis::to_png(bytes).is_ok()
}

/// A mesh of Draco, of as many vertices as a seed may have.
#[cfg(feature = "host")]
pub fn draco(bytes: &[u8]) -> bool {
    crate::host::bake::draco::decode(bytes, 1 << 16).is_ok()
}

/// A sound, to the samples that are played.
pub fn sound(bytes: &[u8]) -> bool {
    let Ok(wave) = wav::read(bytes) else { return false };
    let frame_count = wave.frame_count_at(SAMPLE_RATE_HZ) as u32;
    let is_stereo = wave.channel_count == 2;
    drop(wave);
    sound::decode(bytes, &Clip { blob: BlobId(0), frame_count, is_stereo, loops: true }).is_ok()
}

/// A tile of [`tileset`] that stays where it is.
pub fn tile(bytes: &[u8]) -> bool {
    is_tile(bytes, TileId(0))
}

/// The tile of [`tileset`] that moves, at a few times.
pub fn mover(bytes: &[u8]) -> bool {
    is_tile(bytes, TileId(1))
}

fn is_tile(bytes: &[u8], tile: TileId) -> bool {
    let Ok(mesh) = tile::decode(bytes, &tileset(), tile) else { return false };
    if let Some(moving) = &mesh.moving {
        let mut posture = Posture::default();
        for seconds in [0.0, 0.4, 1e9] {
            posture.set(&moving.motion, seconds);
        }
    }
    assert!(
        mesh.indices.iter().all(|&index| usize::from(index) < mesh.positions.len()),
        "a vertex is missing"
    );
    true
}

/// A piece of the ground.
pub fn ground(bytes: &[u8]) -> bool {
    let Ok(collider) = collider::decode(bytes) else { return false };
    let mut corners = collider.triangles.iter().flatten();
    assert!(corners.all(|&index| (index as usize) < collider.vertices.len()), "a vertex is missing");
    true
}

/// A tileset of one tile and one that moves: a blended material with a texture, an opaque one, and two entities.
pub fn tileset() -> Tileset {
    let bounds = Aabb { min: glam::Vec3::splat(-100.0), max: glam::Vec3::splat(100.0) };
    let slot = TextureSlot { image: ImageId(0), uv_set: 0 };
    let tile = Tile {
        bounds,
        geometric_error_metres: 0.0,
        first_child: 0,
        child_count: 0,
        content: Some(BlobId(0)),
        images: vec![ImageId(0)],
        triangle_count: 2,
        draw_count: 1,
    };
    let tables = Tables {
        tiles: vec![tile; 2],
        movers: vec![Mover { first: TileId(1), level_count: 1 }],
        blobs: vec![Blob { hash: ContentHash::of(b"image"), size_bytes: 5 }],
        images: vec![Image { blob: BlobId(0), space: ColorSpace::Srgb, side_log2: 9 }],
        materials: vec![
            Material { alpha: AlphaMode::Blend, base_color_texture: Some(slot), ..Material::default() },
            Material { double_sided: true, ..Material::default() },
        ],
        entities: ["door", "robot"].map(|id| Entity { id: id.to_owned(), bounds }).to_vec(),
        ..Tables::default()
    };
    Tileset::try_from(tables).unwrap_or_else(|error| panic!("{error}"))
}
