//! Where a search begins: small inputs of every target, most of them good, made here or by others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::protocol::parcel::tests::parcel;
use crate::protocol::tests as protocol;
use crate::protocol::{codec, manifest, presence};
use crate::scene::gltf::tests::made::{glb, jpeg, png, square, square_text};
use crate::scene::sound::wav;
use crate::scene::{collider, tile, tiles3d};
use crate::tests::{corpus, hostile};

/// Larger files make a search slow and teach it nothing.
const SEED_BYTES_MAX: usize = 32 << 10;
/// Of each kind of file in a baked twin, the smallest.
const FILES_OF_A_KIND: usize = 8;

/// The inputs of the target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let mut seeds = match target {
        "gltf" => files().iter().filter_map(|file| opened(file, None)).chain(from_corpus(true)).collect(),
        "glb" => files().into_iter().chain(from_corpus(false)).chain(baked("glb")).collect(),
        "meshopt" => compressed(),
        "images" => images().into_iter().chain(baked("png")).chain(baked("jpg")).collect(),
        #[cfg(feature = "host")]
        "ktx2" => crate::host::bake::basis::tests::seeds(),
        #[cfg(feature = "host")]
        "draco" => [1, 3, 9].map(|side| crate::host::bake::draco::tests::compressed(side).0).to_vec(),
        "sounds" => sounds().into_iter().chain(baked("wav")).collect(),
        "tileset" => {
            let pairs = tiles3d::tests::pairs().into_iter();
            let pairs = pairs.map(|(json, file)| [json.to_string().as_bytes(), &[0], &file].concat());
            pairs.chain(tiles3d::tests::samples()).collect()
        }
        "tile" => vec![tile::tests::glb_of_quads()],
        "mover" => vec![tile::tests::glb_of_moving_quads()],
        "ground" => vec![collider::tests::floor()].into_iter().chain(baked("collider")).collect(),
        "manifest" => vec![manifest::encode(&protocol::tables()).unwrap()]
            .into_iter()
            .chain(baked("pavilion"))
            .collect(),
        "parcels" => vec![parcel(&[]), parcel(&[b"a", &[7; 512], &[9; 1300]])],
        "frames" => frames(),
        "datagrams" => datagrams(),
        "links" => ["pavilion://192.168.1.20:7413", "pavilion://[::1]", "pavilion://hall-7.example.org:1"]
            .map(|place| format!("{place}#sha256={}", "0a".repeat(32)).into_bytes())
            .to_vec(),
        _ => panic!("{target} has no seeds: add them here"),
    };
    seeds.retain(|seed| seed.len() <= SEED_BYTES_MAX);
    seeds
}

/// Every name and word of the target's JSON, in libFuzzer's form of a dictionary.
pub fn dictionary(seeds: &[Vec<u8>]) -> String {
    let mut words = std::collections::BTreeSet::new();
    let texts = seeds.iter().filter_map(|seed| seed.split(|&byte| byte == 0).next());
    for json in texts.filter_map(|text| serde_json::from_slice::<Value>(text).ok()) {
        let mut open = vec![json];
        while let Some(value) = open.pop() {
            match value {
                Value::String(word) => drop(words.insert(word)),
                Value::Array(values) => open.extend(values),
                Value::Object(members) => members.into_iter().for_each(|(name, value)| {
                    words.insert(name);
                    open.push(value);
                }),
                _ => {}
            }
        }
    }
    let is_plain = |word: &&String| {
        word.len() <= 40 && word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
    };
    words.iter().filter(is_plain).map(|word| format!("\"\\\"{word}\\\"\"\n")).collect()
}

/// Files made by other tests, good ones and those that mean harm.
fn files() -> Vec<Vec<u8>> {
    let (json, bin) = square();
    let mut files = vec![glb(&json, &bin), square_text()];
    files.extend(hostile::files().into_iter().map(|(_, bytes, _)| bytes));
    files
}

/// The target `gltf`'s form of a file, whose only buffer may lie beside it: its JSON, a zero, its bytes.
fn opened(file: &[u8], folder: Option<&Path>) -> Option<Vec<u8>> {
    let text = file.get(20..).filter(|_| file.starts_with(b"glTF"));
    let Some(chunks) = text else {
        let mut json: Value = serde_json::from_slice(file).ok()?;
        let buffer = json.pointer_mut("/buffers/0").and_then(Value::as_object_mut);
        let beside = || fs::read(folder?.join(buffer.as_ref()?.get("uri")?.as_str()?)).ok();
        let Some(bytes) = beside() else { return Some(file.to_vec()) };
        buffer?.remove("uri");
        return Some([&serde_json::to_vec(&json).ok()?[..], &[0], &bytes].concat());
    };
    let length = u32::from_le_bytes(file[12..16].try_into().unwrap()) as usize;
    let (json, bin) = (chunks.get(..length)?, chunks.get(length + 8..).unwrap_or_default());
    Some([json, &[0], bin].concat())
}

/// The files of others that are there.
fn from_corpus(is_opened: bool) -> Vec<Vec<u8>> {
    if std::env::var_os("PAVILION_TEST_DATA").is_none() {
        return Vec::new();
    }
    let folders = ["corpus/gltf-validator", "corpus/gltf-positive"].map(corpus::data);
    let paths = folders.iter().flatten().flat_map(|folder| corpus::models(folder));
    let small = paths.filter(|path| fs::metadata(path).unwrap().len() <= SEED_BYTES_MAX as u64);
    small
        .filter_map(|path| {
            let bytes = fs::read(&path).unwrap();
            if is_opened { opened(&bytes, path.parent()) } else { Some(bytes) }
        })
        .collect()
}

/// The smallest files of a kind in the demo's baked twin, if there is one.
fn baked(extension: &str) -> Vec<Vec<u8>> {
    let Some(folder) = std::env::var_os("PAVILION_DEMO_TWIN") else { return Vec::new() };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_of_the_kind = |path: &PathBuf| path.extension().is_some_and(|it| it == extension);
    let mut paths: Vec<_> =
        entries.filter(is_of_the_kind).map(|path| (fs::metadata(&path).unwrap().len(), path)).collect();
    paths.sort();
    paths.into_iter().take(FILES_OF_A_KIND).map(|(_, path)| fs::read(path).unwrap()).collect()
}

fn compressed() -> Vec<Vec<u8>> {
    let indices: Vec<u32> = (0..60).flat_map(|i| [i, i + 1, i + 2]).collect();
    let triangles = meshopt::encode_index_buffer(&indices, 62).unwrap();
    let sequence = meshopt::encode_index_sequence(&indices, 62).unwrap();
    let words: Vec<[u16; 4]> = (0..100).map(|i| [i * 3, 7, i * i, 0]).collect();
    let attributes = meshopt::encode_vertex_buffer_level(&words, 2, Some(0)).unwrap();
    let seed = |mode: u8, filter: u8, stride: u8, count: usize, data: &[u8]| {
        [&[mode, filter, stride, count as u8, (count >> 8) as u8], data].concat()
    };
    vec![
        seed(0, 0, 8, 100, &attributes),
        seed(0, 1, 8, 100, &attributes),
        seed(0, 2, 8, 100, &attributes),
        seed(0, 3, 8, 100, &attributes),
        seed(1, 0, 2, indices.len(), &triangles),
        seed(1, 0, 4, indices.len(), &triangles),
        seed(2, 0, 2, indices.len(), &sequence),
    ]
}

fn images() -> Vec<Vec<u8>> {
    use ::png::{BitDepth, ColorType};
    let mut images: Vec<_> = [&[1][..], &[1, 2, 3], &[1, 2, 3, 4]].map(jpeg).to_vec();
    for (color, depth, bytes) in [
        // Bytes of a row of eight pixels.
        (ColorType::Grayscale, BitDepth::One, 1),
        (ColorType::Grayscale, BitDepth::Sixteen, 16),
        (ColorType::GrayscaleAlpha, BitDepth::Eight, 16),
        (ColorType::Indexed, BitDepth::Two, 2),
        (ColorType::Rgb, BitDepth::Eight, 24),
        (ColorType::Rgba, BitDepth::Sixteen, 64),
    ] {
        images.push(png(8, 1, color, depth, &vec![85; bytes]));
    }
    images
}

fn sounds() -> Vec<Vec<u8>> {
    let wave = |rate_hz: u32, channel_count: usize| wav::Wave {
        rate_hz,
        channel_count,
        values: (0..400).map(|i| (i as f32 * 0.1).sin()).collect(),
    };
    vec![wav::write(&wave(48_000, 1)), wav::write(&wave(44_100, 2)), wav::write(&wave(8_000, 1))]
}

fn frames() -> Vec<Vec<u8>> {
    let whole = |piece: u8, messages: &[Vec<u8>]| [&[piece][..], &messages.concat()].concat();
    let from_host = [protocol::welcome(), protocol::arrived("Ada"), protocol::departed()];
    let from_host = from_host.map(|message| codec::encode(&message).unwrap());
    let from_viewer = [protocol::hello(), protocol::want(3)].map(|message| codec::encode(&message).unwrap());
    vec![whole(255, &from_host), whole(1, &from_host), whole(255, &from_viewer), whole(7, &from_viewer)]
}

fn datagrams() -> Vec<Vec<u8>> {
    let sample = presence::tests::waving();
    let mut others = presence::Others::new(1200);
    for visitor in 0..3 {
        let packed = presence::Packed::new(&sample).unwrap();
        assert!(others.push(crate::protocol::VisitorId(visitor), &packed));
    }
    vec![presence::encode_here(&sample).unwrap(), others.finish().unwrap()]
}
