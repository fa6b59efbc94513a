//! Our decoder against the `meshopt` crate's, on what its encoder writes and on what is broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::super::tests::made::Random;
use super::super::{container, prescan, schema};
use super::{Version, filter, sequence, triangles, vertices};
use crate::tests::corpus;

#[repr(transparent)]
#[derive(Clone, Copy)]
struct Vertex<const WORDS: usize>([u32; WORDS]);

impl<const WORDS: usize> Default for Vertex<WORDS> {
    fn default() -> Self {
        Self([0; WORDS])
    }
}

fn words_of(bytes: &[u8]) -> Vec<i16> {
    bytes.as_chunks::<2>().0.iter().map(|&bytes| i16::from_le_bytes(bytes)).collect()
}

/// Vertices of `4 × WORDS` bytes: some columns smooth, some random, some constant.
fn made_vertices<const WORDS: usize>(count: usize, random: &mut Random) -> Vec<[u32; WORDS]> {
    let mut vertex = [0_u32; WORDS];
    let mut next = || {
        for (word, value) in vertex.iter_mut().enumerate() {
            *value = match word % 4 {
                0 => value.wrapping_add(random.below(8) as u32),
                1 => random.next() as u32,
                2 => 7,
                _ => value.wrapping_add(0x0101_0001).wrapping_sub((random.below(3) as u32) << 8),
            };
        }
        vertex
    };
    (0..count).map(|_| next()).collect()
}

fn encode<const WORDS: usize>(vertices: &[[u32; WORDS]], version: u8) -> Vec<u8> {
    // The levels of effort choose other ways to write the same: 3 uses all that version 1 has.
    meshopt::encode_vertex_buffer_level(vertices, if version == 0 { 2 } else { 3 }, Some(version.into()))
        .unwrap()
}

fn round_trip<const WORDS: usize>() {
    let mut random = Random(0x9e37_79b9 + WORDS as u64);
    for count in [1, 2, 15, 16, 17, 255, 256, 257, 1000] {
        let original = made_vertices::<WORDS>(count, &mut random);
        for version in [0, 1] {
            let encoded = encode(&original, version);
            assert_eq!(encoded[0], 0xa0 | version);
            let theirs: Vec<Vertex<WORDS>> = meshopt::decode_vertex_buffer(&encoded, count).unwrap();
            assert!(theirs.iter().map(|vertex| vertex.0).eq(original.iter().copied()));
            let ours = vertices(&encoded, count, WORDS * 4, Version::V1).unwrap();
            assert!(
                ours == bytemuck::cast_slice::<u32, u8>(original.as_flattened()),
                "{WORDS} words, {count} vertices, version {version}"
            );
        }
    }
}

macro_rules! round_trips {
    ($($words:literal)*) => { $(round_trip::<$words>();)* };
}

#[test]
fn vertices_of_every_stride_decode_as_the_reference_does() {
    round_trips!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
    round_trips!(33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64);
}

/// A grid of squares, its triangles in strips, as a vertex cache likes them.
fn grid(side: u32) -> Vec<u32> {
    let corner = |x: u32, y: u32| y * (side + 1) + x;
    let square = |x, y| {
        let (a, b, c, d) = (corner(x, y), corner(x + 1, y), corner(x + 1, y + 1), corner(x, y + 1));
        [a, b, c, a, c, d]
    };
    (0..side).flat_map(|y| (0..side).flat_map(move |x| square(x, y))).collect()
}

fn made_triangles() -> Vec<Vec<u32>> {
    let mut random = Random(77);
    let mut scattered = || (0..3 * 500).map(|_| random.below(40_000) as u32).collect::<Vec<_>>();
    let smooth = grid(40);
    let cached = meshopt::optimize_vertex_cache(&smooth, 41 * 41);
    let restarted = [grid(3), grid(3)].concat();
    vec![smooth, cached, restarted, scattered(), vec![0, 1, 2], vec![5, 5, 5, u32::MAX, 0, 1]]
}

fn decode_triangles(encoded: &[u8], count: usize) -> Result<Vec<u32>, &'static str> {
    let mut indices = Vec::new();
    triangles(encoded, count, |triangle| indices.extend(triangle)).map(|()| indices)
}

fn decode_sequence(encoded: &[u8], count: usize) -> Result<Vec<u32>, &'static str> {
    let mut indices = Vec::new();
    sequence(encoded, count, |index| indices.push(index)).map(|()| indices)
}

#[test]
fn triangles_and_sequences_decode_as_the_reference_does() {
    for indices in made_triangles() {
        let encoded = meshopt::encode_index_buffer(&indices, 1 << 20).unwrap();
        let theirs: Vec<u32> = meshopt::decode_index_buffer(&encoded, indices.len()).unwrap();
        assert_eq!(decode_triangles(&encoded, indices.len()).unwrap(), theirs);
        let encoded = meshopt::encode_index_sequence(&indices, 1 << 20).unwrap();
        assert_eq!(decode_sequence(&encoded, indices.len()).unwrap(), indices);
    }
}

#[test]
fn filters_give_what_the_reference_gives_to_one_step() {
    let mut random = Random(3);
    let mut unit = || {
        let v = glam::Vec4::from_array(std::array::from_fn(|_| random.unit() * 2.0 - 1.0));
        v.normalize_or(glam::Vec4::X).to_array()
    };
    let directions: Vec<[f32; 4]> = (0..1000)
        .map(|_| unit())
        .map(|[x, y, z, w]| {
            let [x, y, z] = glam::Vec3::new(x, y, z).normalize_or(glam::Vec3::X).to_array();
            [x, y, z, w]
        })
        .collect();
    let near = |ours: &[i16], theirs: &[i16]| {
        ours.iter().zip(theirs).all(|(a, b)| (i32::from(*a) - i32::from(*b)).abs() <= 1)
    };
    for bits in [4, 6, 8] {
        let encoded: Vec<[i8; 4]> = meshopt::encode_filter_oct(&directions, bits);
        let (mut theirs, mut ours) =
            (encoded.clone(), bytemuck::cast_slice::<i8, u8>(encoded.as_flattened()).to_vec());
        meshopt::decode_filter_oct(&mut theirs);
        filter::octahedral_bytes(&mut ours);
        let wide = |bytes: &[i8]| bytes.iter().map(|&b| i16::from(b)).collect::<Vec<_>>();
        assert!(near(&wide(bytemuck::cast_slice(&ours)), &wide(theirs.as_flattened())), "{bits} bits");
    }
    for bits in [8, 12, 16] {
        let encoded: Vec<[i16; 4]> = meshopt::encode_filter_oct(&directions, bits);
        let (mut theirs, mut ours) =
            (encoded.clone(), bytemuck::cast_slice::<i16, u8>(encoded.as_flattened()).to_vec());
        meshopt::decode_filter_oct(&mut theirs);
        filter::octahedral_words(&mut ours);
        assert!(near(&words_of(&ours), theirs.as_flattened()), "{bits} bits");

        let rotations: Vec<[f32; 4]> = (0..1000).map(|_| unit()).collect();
        let encoded = meshopt::encode_filter_quat(&rotations, bits);
        let (mut theirs, mut ours) =
            (encoded.clone(), bytemuck::cast_slice::<i16, u8>(encoded.as_flattened()).to_vec());
        meshopt::decode_filter_quat(&mut theirs);
        filter::quaternion(&mut ours);
        assert!(near(&words_of(&ours), theirs.as_flattened()), "{bits} bits");
    }
    let floats: Vec<[f32; 3]> = directions.iter().map(|&[x, y, z, w]| [x * 1e3, y * 1e-3, z + w]).collect();
    let encoded = meshopt::encode_filter_exp(&floats, 15, meshopt::EncodeExpMode::SharedVector);
    let (mut theirs, mut ours) =
        (encoded.clone(), bytemuck::cast_slice::<u32, u8>(encoded.as_flattened()).to_vec());
    meshopt::decode_filter_exp(&mut theirs);
    filter::exponential(&mut ours);
    assert_eq!(ours, bytemuck::cast_slice::<u32, u8>(theirs.as_flattened()));
}

#[test]
fn what_is_cut_short_is_refused() {
    let original = made_vertices::<3>(300, &mut Random(5));
    for version in [0, 1] {
        let encoded = encode(&original, version);
        for end in 0..encoded.len() {
            let cut = vertices(&encoded[..end], 300, 12, Version::V1);
            assert!(cut.is_err(), "{end} of {} bytes", encoded.len());
        }
    }
    let indices = grid(8);
    let encoded = meshopt::encode_index_buffer(&indices, 81).unwrap();
    for end in 0..encoded.len() {
        assert!(
            decode_triangles(&encoded[..end], indices.len()).is_err(),
            "{end} of {} bytes",
            encoded.len()
        );
    }
    let encoded = meshopt::encode_index_sequence(&indices, 81).unwrap();
    for end in 0..encoded.len() {
        assert!(decode_sequence(&encoded[..end], indices.len()).is_err(), "{end} of {} bytes", encoded.len());
    }
}

#[test]
fn every_broken_bit_is_refused_or_decodes_as_the_reference_does() {
    let mut random = Random(11);
    let original = made_vertices::<3>(40, &mut random);
    let encoded = [encode(&original, 0), encode(&original, 1)];
    let broken_vertices = |broken: &[u8]| {
        let theirs = meshopt::decode_vertex_buffer::<[u32; 3]>(broken, 40).ok();
        let ours = vertices(broken, 40, 12, Version::V1).ok();
        // A stream that ends in its own tail is refused.
        if let Some(ours) = ours {
            assert_eq!(ours, bytemuck::cast_slice::<u32, u8>(theirs.unwrap().as_flattened()));
        }
    };
    let indices = grid(6);
    let encoded_indices = meshopt::encode_index_buffer(&indices, 49).unwrap();
    let broken_indices = |broken: &[u8]| {
        let theirs = meshopt::decode_index_buffer::<u32>(broken, indices.len()).ok();
        if let Ok(ours) = decode_triangles(broken, indices.len()) {
            assert_eq!(Some(ours), theirs);
        }
    };
    for encoded in &encoded {
        for bit in 0..encoded.len() * 8 {
            let mut broken = encoded.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            broken_vertices(&broken);
        }
    }
    for bit in 0..encoded_indices.len() * 8 {
        let mut broken = encoded_indices.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        broken_indices(&broken);
    }
    for _ in 0..20_000 {
        let mut noise: Vec<u8> = (0..random.below(200)).map(|_| random.next() as u8).collect();
        let count = random.below(64);
        for header in [0xa0, 0xa1, 0xe0, 0xe1, 0xd1] {
            if let Some(first) = noise.first_mut() {
                *first = header;
            }
            let _ = vertices(&noise, count, 4 * (1 + random.below(64)), Version::V1);
            let _ = decode_triangles(&noise, count * 3);
            let _ = decode_sequence(&noise, count);
        }
    }
}

#[test]
fn vertex_codec_version_1_is_refused_where_it_is_not_defined() {
    let encoded = encode(&made_vertices::<2>(20, &mut Random(9)), 1);
    assert!(vertices(&encoded, 20, 8, Version::V0).unwrap_err().contains("version 0"));
}

/// Numbers that the encoder writes as differences of 16 bits and as bits that differ.
#[test]
fn every_kind_of_channel_decodes_as_the_reference_does() {
    let mut random = Random(21);
    let mut walk = 0_u16;
    let words: Vec<[u32; 2]> = (0..600)
        .map(|_| {
            walk = walk.wrapping_add(random.below(700) as u16);
            [
                u32::from(walk) << 16 | u32::from(walk.wrapping_mul(3)),
                (random.unit() * 100.0 - 50.0).to_bits(),
            ]
        })
        .collect();
    let floats: Vec<[u32; 2]> = (0..600_u16)
        .map(|i| [(f32::from(i) * 0.1).to_bits(), (f32::from(i) * 0.01).sin().to_bits()])
        .collect();
    let mut modes = std::collections::BTreeSet::new();
    for original in [words, floats] {
        let encoded = encode(&original, 1);
        modes.extend(encoded[encoded.len() - 2..].iter().map(|mode| mode & 15));
        let ours = vertices(&encoded, 600, 8, Version::V1).unwrap();
        assert!(ours == bytemuck::cast_slice::<u32, u8>(original.as_flattened()));
    }
    assert!(modes.contains(&1) && modes.contains(&2), "{modes:?}");
}

#[test]
fn colours_are_what_the_reference_makes_of_them_to_one_step() {
    let mut random = Random(8);
    let colors: Vec<[f32; 4]> = (0..2000).map(|_| std::array::from_fn(|_| random.unit())).collect();
    for bits in [2, 5, 8] {
        let encoded: Vec<[u8; 4]> = meshopt::encode_filter_color(&colors, bits);
        let (mut theirs, mut ours) = (encoded.clone(), encoded.concat());
        meshopt::decode_filter_color(&mut theirs);
        filter::color_bytes(&mut ours);
        assert!(ours.iter().zip(theirs.as_flattened()).all(|(a, b)| a.abs_diff(*b) <= 1), "{bits} bits");
    }
    for bits in [2, 10, 16] {
        let encoded: Vec<[u16; 4]> = meshopt::encode_filter_color(&colors, bits);
        let (mut theirs, mut ours) =
            (encoded.clone(), bytemuck::cast_slice::<u16, u8>(encoded.as_flattened()).to_vec());
        meshopt::decode_filter_color(&mut theirs);
        filter::color_words(&mut ours);
        let ours = words_of(&ours).into_iter().map(|word| word as u16);
        assert!(ours.zip(theirs.as_flattened()).all(|(a, b)| a.abs_diff(*b) <= 1), "{bits} bits");
    }
    // Whatever a file says, some colour comes out.
    let mut noise: Vec<u8> = (0..4096).map(|_| random.next() as u8).collect();
    noise.extend([0; 8]);
    filter::color_bytes(&mut noise);
    filter::color_words(&mut noise);
}

#[test]
fn the_views_of_compressed_samples_decode_as_the_reference_does() {
    let Some(folder) = corpus::data("corpus/gltf-positive/DucksMeshopt") else { return };
    let mut compressed = 0;
    for path in corpus::models(&folder) {
        let file = std::fs::read(&path).unwrap();
        let container = container::split(&file).unwrap();
        let ceilings = prescan::Ceilings { bytes: 1 << 20, entries: 1000 };
        let root = schema::parse(&prescan::normalized(container.json, &ceilings).unwrap()).unwrap();
        for compression in root.buffer_views.iter().filter_map(|view| view.extensions.compression()) {
            let view = compression.view;
            let start = view.byte_offset as usize;
            let data = &container.bin.unwrap()[start..start + view.byte_length as usize];
            let ours = super::decode(compression, data, "view").unwrap();
            let count = view.count as usize;
            let theirs: Vec<u8> = match (view.mode.as_str(), view.byte_stride) {
                ("TRIANGLES", 2) => {
                    bytemuck::cast_slice(&meshopt::decode_index_buffer::<u16>(data, count).unwrap()).to_vec()
                }
                ("TRIANGLES", 4) => {
                    bytemuck::cast_slice(&meshopt::decode_index_buffer::<u32>(data, count).unwrap()).to_vec()
                }
                ("ATTRIBUTES", 4) => meshopt::decode_vertex_buffer::<[u8; 4]>(data, count).unwrap().concat(),
                ("ATTRIBUTES", 8) => meshopt::decode_vertex_buffer::<[u8; 8]>(data, count).unwrap().concat(),
                other => panic!("{other:?}"),
            };
            if view.filter.as_deref().is_none_or(|filter| filter == "NONE") {
                assert_eq!(ours, theirs, "{}", path.display());
                compressed += 1;
            }
        }
    }
    assert!(compressed >= 15, "{compressed} compressed views");
}
