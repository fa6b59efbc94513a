//! Draco's bytes → a plain mesh.
//!
//! The decoder is the `draco-core` crate: Rust alone, kept up, byte for byte like the reference, with ceilings that are set
//! here; a panic of its is a refusal.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use draco_core::{DecodeLimits, DecoderBuffer, Mesh, MeshDecoder};

use crate::scene::gltf::draco::{DracoAttribute, DracoMesh};
use crate::scene::{ContentError, limits};

/// Decompresses a mesh of at most `elements_max` vertices, and as many indices.
///
/// # Errors
/// When it is damaged or has more.
pub fn decode(bytes: &[u8], elements_max: usize) -> Result<DracoMesh, ContentError> {
    let damaged = |reason: &str| ContentError::malformed("Draco", format!("it is damaged: {reason}"));
    let ceilings = DecodeLimits::default()
        .with_max_points(elements_max as u64)
        .with_max_faces(elements_max as u64 / 3)
        .with_max_decoded_bytes(
            (elements_max as u64).saturating_mul(256).min(limits::SOURCE_BYTES_MAX as u64),
        );
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let mut mesh = Mesh::new();
        let mut buffer = DecoderBuffer::new(bytes).with_limits(ceilings);
        MeshDecoder::new().decode(&mut buffer, &mut mesh).map(|()| mesh)
    }));
    let mesh =
        decoded.map_err(|_| damaged("its decoder gave up"))?.map_err(|error| damaged(&error.to_string()))?;
    ContentError::check("Draco", "vertices", mesh.num_points(), elements_max)?;
    let mut attributes = BTreeMap::new();
    for number in 0..mesh.num_attributes() {
        let attribute = mesh.try_attribute(number).map_err(|error| damaged(&error.to_string()))?;
        let components = usize::from(attribute.num_components());
        let numbers = attribute.read_f32s(mesh.num_points(), components);
        attributes.insert(attribute.unique_id(), DracoAttribute { components, numbers });
    }
    let indices = mesh.faces().iter().flatten().map(|corner| corner.0).collect();
    Ok(DracoMesh { indices, attributes })
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use draco_core::{
        DataType, EncoderBuffer, EncoderOptions, GeometryAttributeType, MeshEncoder, PointAttribute,
    };
    use draco_core::{FaceIndex, PointIndex};
    use serde_json::json;

    use super::*;
    use crate::host::bake::resolve::Folder;
    use crate::scene::gltf;
    use crate::scene::gltf::tests::made::{NoFiles, Random, glb, square};

    /// A wavy sheet of `side`² squares: positions, and texture coordinates as bytes are.
    pub(crate) fn compressed(side: usize) -> (Vec<u8>, Vec<[f32; 3]>, usize) {
        let place = |i: usize| {
            let (x, y) = ((i % (side + 1)) as f32, (i / (side + 1)) as f32);
            [x, y, (x * 0.4).sin() + (y * 0.3).cos()]
        };
        let positions: Vec<[f32; 3]> = (0..(side + 1) * (side + 1)).map(place).collect();
        let mut attribute = PointAttribute::new();
        attribute.init(GeometryAttributeType::Position, 3, DataType::Float32, false, positions.len());
        let bytes: Vec<u8> = positions.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
        attribute.buffer_mut().update(&bytes, None);
        let mut mesh = Mesh::new();
        mesh.set_num_points(positions.len());
        mesh.add_attribute(attribute);
        mesh.set_num_faces(side * side * 2);
        for square in 0..side * side {
            let a = (square / side * (side + 1) + square % side) as u32;
            let (b, c, d) = (a + 1, a + side as u32 + 2, a + side as u32 + 1);
            for (half, corners) in [[a, b, c], [a, c, d]].into_iter().enumerate() {
                mesh.set_face(FaceIndex((square * 2 + half) as u32), corners.map(PointIndex));
            }
        }
        let mut encoder = MeshEncoder::new();
        encoder.set_mesh(mesh);
        let mut buffer = EncoderBuffer::new();
        encoder.encode(&EncoderOptions::new(), &mut buffer).unwrap();
        (buffer.data().to_vec(), positions, side * side * 6)
    }

    /// From every vertex of one to the nearest of the other, at most.
    fn farthest(from: &[f32], to: &[[f32; 3]]) -> f32 {
        let distance = |p: &[f32; 3]| {
            let squared = |q: &[f32; 3]| p.iter().zip(q).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
            to.iter().map(squared).fold(f32::INFINITY, f32::min).sqrt()
        };
        from.as_chunks::<3>().0.iter().map(distance).fold(0.0, f32::max)
    }

    #[test]
    fn a_sheet_comes_back_as_it_was() {
        let (bytes, positions, index_count) = compressed(20);
        let mesh = decode(&bytes, 10_000).unwrap();
        let attribute = mesh.attributes.values().next().unwrap();
        assert_eq!((mesh.indices.len(), attribute.numbers.len()), (index_count, positions.len() * 3));
        assert!(farthest(&attribute.numbers, &positions) < 0.02);
        assert!(decode(&bytes, 100).is_err(), "more than it may be");
    }

    #[test]
    fn a_compressed_primitive_is_read_where_somebody_decompresses_it() {
        let (bytes, positions, index_count) = compressed(6);
        let decoded = decode(&bytes, 10_000).unwrap();
        let id = *decoded.attributes.keys().next().unwrap();
        let (mut json, mut bin) = square();
        let start = bin.len();
        bin.extend(&bytes);
        json["buffers"][0]["byteLength"] = bin.len().into();
        let views = json["bufferViews"].as_array_mut().unwrap();
        views.push(json!({ "buffer": 0, "byteOffset": start, "byteLength": bytes.len() }));
        json["accessors"] = json!([
            { "componentType": 5126, "count": positions.len(), "type": "VEC3", "min": [0, 0, -2], "max": [6, 6, 2] },
            { "componentType": 5123, "count": index_count, "type": "SCALAR" },
        ]);
        json["meshes"][0]["primitives"][0] = json!({
            "attributes": { "POSITION": 0 }, "indices": 1,
            "extensions": { "KHR_draco_mesh_compression": { "bufferView": 3, "attributes": { "POSITION": id } } },
        });
        for list in ["extensionsUsed", "extensionsRequired"] {
            let mut names = json.get(list).and_then(|names| names.as_array().cloned()).unwrap_or_default();
            names.push("KHR_draco_mesh_compression".into());
            json[list] = names.into();
        }
        let here = tempfile::tempdir().unwrap();
        std::fs::write(here.path().join("x"), "").unwrap();
        let mut folder = Folder::around(&here.path().join("x")).unwrap();
        let document = gltf::read(&glb(&json, &bin), &mut folder).unwrap();
        assert_eq!(document.meshes[0].primitives[0].indices, decoded.indices);
        let read: Vec<f32> = document.vertex_sets[0].positions.iter().flat_map(|p| p.to_array()).collect();
        assert!(farthest(&read, &positions) < 0.02 && document.skipped.is_empty(), "{:?}", document.skipped);
        // Where nobody does it is refused by name, and so is what does not fit.
        let sentence = gltf::read(&glb(&json, &bin), &mut NoFiles).unwrap_err().to_string();
        assert!(sentence.contains("KHR_draco_mesh_compression"), "{sentence}");
        for (pointer, value) in [
            ("/accessors/0/count", json!(positions.len() - 1)),
            ("/accessors/1/count", json!(3)),
            ("/accessors/1/componentType", json!(5126)),
            ("/accessors/0/type", json!("VEC2")),
            (
                "/meshes/0/primitives/0/extensions/KHR_draco_mesh_compression/attributes/POSITION",
                json!(id + 7),
            ),
            ("/meshes/0/primitives/0/extensions/KHR_draco_mesh_compression/bufferView", json!(0)),
        ] {
            let mut broken = json.clone();
            *broken.pointer_mut(pointer).unwrap() = value.clone();
            assert!(gltf::read(&glb(&broken, &bin), &mut folder).is_err(), "{pointer} = {value} was taken");
        }
    }

    #[test]
    fn what_is_damaged_is_refused_and_never_ends_the_program() {
        let (bytes, ..) = compressed(12);
        for end in 0..bytes.len().min(200) {
            let _ = decode(&bytes[..end], 10_000);
        }
        let mut random = Random(6);
        for _ in 0..4000 {
            let mut broken = bytes.clone();
            for _ in 0..1 + random.below(3) {
                let end = if random.below(2) == 0 { 40 } else { broken.len() };
                let at = random.below(end);
                broken[at] = random.next() as u8;
            }
            let _ = decode(&broken, 10_000);
        }
    }
}
