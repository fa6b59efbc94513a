//! Small glTF files, made in code.

use serde_json::{Value, json};

use crate::scene::ContentError;
use crate::scene::gltf::Resolve;

/// Refuses every URI.
pub(crate) struct NoFiles;

impl Resolve for NoFiles {
    fn buffer(&mut self, uri: &str) -> Result<Vec<u8>, ContentError> {
        Err(ContentError::malformed(uri.chars().take(80).collect::<String>(), "there are no files here"))
    }

    fn image(&mut self, uri: &str) -> Result<Option<Vec<u8>>, ContentError> {
        self.buffer(uri).map(Some)
    }
}

/// A GLB of chunks as they are given.
pub(crate) fn glb_of_chunks(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"glTF\x02\0\0\0\0\0\0\0".to_vec();
    for (kind, data) in chunks {
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(*kind);
        bytes.extend(*data);
    }
    let length = (bytes.len() as u32).to_le_bytes();
    bytes[8..12].copy_from_slice(&length);
    bytes
}

/// A GLB, its chunks padded as they should be.
pub(crate) fn glb(json: &Value, bin: &[u8]) -> Vec<u8> {
    let mut text = serde_json::to_vec(json).unwrap();
    text.resize(text.len().next_multiple_of(4), b' ');
    let mut bin = bin.to_vec();
    bin.resize(bin.len().next_multiple_of(4), 0);
    glb_of_chunks(&[(b"JSON", &text), (b"BIN\0", &bin)])
}

/// The bytes of numbers.
pub(crate) fn bytes_of<T: bytemuck::NoUninit>(numbers: &[T]) -> Vec<u8> {
    bytemuck::cast_slice(numbers).to_vec()
}

/// A square of two triangles in the xy plane: positions, normals, texture coordinates and indices,
/// with a material that has every texture.
pub(crate) fn square() -> (Value, Vec<u8>) {
    let positions = [[0.0_f32, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
    let normals = [[0.0_f32, 0.0, 1.0]; 4];
    let uvs = [[0.0_f32, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]];
    let indices = [0_u16, 1, 2, 0, 2, 3];
    let mut bin = bytes_of(positions.as_flattened());
    bin.extend(bytes_of(normals.as_flattened()));
    bin.extend(bytes_of(uvs.as_flattened()));
    bin.extend(bytes_of(&indices));
    let image = png(2, 2, png::ColorType::Rgb, png::BitDepth::Eight, &[200; 12]);
    let json = json!({
        "asset": { "version": "2.0" },
        "scene": 0,
        "scenes": [{ "nodes": [0], "extras": { "spawn": [1, 2, 3] } }],
        "nodes": [
            { "name": "hall", "children": [1], "translation": [10, 0, 0], "extras": { "entity": "hall-1" } },
            { "mesh": 0, "scale": [2, 2, 2], "rotation": [0, 0, 0, 1] },
        ],
        "meshes": [{ "name": "square", "primitives": [{
            "attributes": { "POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2 }, "indices": 3, "material": 0,
        }] }],
        "materials": [{
            "name": "paint",
            "pbrMetallicRoughness": {
                "baseColorFactor": [0.5, 0.25, 1, 1],
                "baseColorTexture": { "index": 0, "extensions": { "KHR_texture_transform": { "scale": [2, 3] } } },
                "metallicRoughnessTexture": { "index": 0 },
                "roughnessFactor": 0.5,
            },
            "normalTexture": { "index": 0, "scale": 0.5 },
            "occlusionTexture": {
                "index": 0, "strength": 0.25, "extensions": { "KHR_texture_transform": { "offset": [0.5, 0] } },
            },
            "emissiveTexture": { "index": 0 },
            "emissiveFactor": [1, 0.5, 0],
            "extensions": { "KHR_materials_emissive_strength": { "emissiveStrength": 4 } },
            "alphaMode": "MASK",
            "doubleSided": true,
            "extras": { "material": 7 },
        }],
        "textures": [{ "source": 0, "sampler": 0 }],
        "samplers": [{ "wrapS": 33071, "wrapT": 33648 }],
        "images": [{ "uri": data_uri("image/png", &image) }],
        "accessors": [
            {
                "bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3",
                "min": [0, 0, 0], "max": [1, 1, 0],
            },
            { "bufferView": 0, "byteOffset": 48, "componentType": 5126, "count": 4, "type": "VEC3" },
            { "bufferView": 1, "componentType": 5126, "count": 4, "type": "VEC2" },
            { "bufferView": 2, "componentType": 5123, "count": 6, "type": "SCALAR" },
        ],
        "bufferViews": [
            { "buffer": 0, "byteLength": 96, "byteStride": 12 },
            { "buffer": 0, "byteOffset": 96, "byteLength": 32 },
            { "buffer": 0, "byteOffset": 128, "byteLength": 12 },
        ],
        "buffers": [{ "byteLength": 140 }],
        "extensionsUsed": ["KHR_texture_transform", "KHR_materials_emissive_strength"],
    });
    (json, bin)
}

/// The square as a .gltf that carries its buffer with it.
pub(crate) fn square_text() -> Vec<u8> {
    let (mut json, bin) = square();
    json["buffers"][0]["uri"] = data_uri("application/octet-stream", &bin).into();
    serde_json::to_vec(&json).unwrap()
}

pub(crate) fn data_uri(media_type: &str, bytes: &[u8]) -> String {
    use base64::Engine;
    format!("data:{media_type};base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes))
}

/// A PNG of the pixels as they are given.
pub(crate) fn png(
    width: u32,
    height: u32,
    color: png::ColorType,
    depth: png::BitDepth,
    pixels: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == png::ColorType::Indexed {
        encoder.set_palette(vec![255, 0, 0, 0, 0, 255]);
        encoder.set_trns(vec![255, 128]);
    }
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

/// A small generator of numbers (Marsaglia, "Xorshift RNGs", 2003).
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end.max(1)
    }

    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }
}

/// A JPEG of 8 × 8 grey pixels in one to four components, coded as shortly as can be.
pub(crate) fn jpeg(component_ids: &[u8]) -> Vec<u8> {
    let count = component_ids.len() as u8;
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    bytes.extend([1; 64]);
    bytes.extend([0xff, 0xc0, 0, 8 + 3 * count, 8, 0, 8, 0, 8, count]);
    component_ids.iter().for_each(|&id| bytes.extend([id, 0x11, 0]));
    // One code of one bit each: a DC of no difference, an AC that ends the block.
    for class in [0x00, 0x10] {
        bytes.extend([0xff, 0xc4, 0, 20, class, 1]);
        bytes.extend([0; 16]);
    }
    bytes.extend([0xff, 0xda, 0, 6 + 2 * count, count]);
    component_ids.iter().for_each(|&id| bytes.extend([id, 0]));
    bytes.extend([0, 63, 0]);
    bytes.extend([0xff_u8.checked_shr(2 * u32::from(count)).unwrap_or(0), 0xff, 0xd9]);
    bytes
}

/// Damages a file: bytes change, vanish, double, or a number becomes another.
pub(crate) fn mutated(original: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=random.below(4) {
        let place = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(place),
            1 => {
                let end = (place + random.below(16)).min(bytes.len());
                bytes.drain(place..end);
            }
            2 => {
                let end = (place + random.below(64)).min(bytes.len());
                let copy = bytes[place..end].to_vec();
                let target = random.below(bytes.len());
                bytes.splice(target..target, copy);
            }
            3..=5 => {
                let Some(digit) = bytes[place..].iter().position(u8::is_ascii_digit) else { continue };
                let numbers =
                    ["-1", "0", "1", "3", "255", "65535", "65536", "4294967295", "1e38", "0.5", "null"];
                bytes.splice(place + digit..=place + digit, numbers[random.below(numbers.len())].bytes());
            }
            6 if place < bytes.len() => bytes[place] = random.next() as u8,
            _ if place < bytes.len() => bytes[place] ^= 1 << random.below(8),
            _ => {}
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}
