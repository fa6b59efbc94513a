//! What valid files come to mean.

use glam::{Vec2, Vec3};
use serde_json::json;

use super::made::{NoFiles, bytes_of, data_uri, glb, png, square, square_text};
use crate::scene::gltf::document::{Document, LightKind};
use crate::scene::gltf::{Resolve, image, read};
use crate::scene::material::Wrap;
use crate::scene::{AlphaMode, ContentError};

fn read_made(json: &serde_json::Value, bin: &[u8]) -> Result<Document, ContentError> {
    read(&glb(json, bin), &mut NoFiles)
}

#[test]
fn a_square_is_read_whole() {
    let (json, bin) = square();
    let from_glb = read_made(&json, &bin).unwrap();
    let from_text = read(&square_text(), &mut NoFiles).unwrap();
    for document in [from_glb, from_text] {
        assert!(document.skipped.is_empty(), "{:?}", document.skipped);
        assert_eq!(document.extras["spawn"], json!([1, 2, 3]));
        let [hall, child] = &document.nodes[..] else { panic!() };
        assert_eq!((hall.name.as_deref(), hall.entity.as_deref()), (Some("hall"), Some("hall-1")));
        assert_eq!((child.parent, child.mesh), (Some(0), Some(0)));
        assert_eq!(child.world_from_node.transform_point3(Vec3::ONE), Vec3::new(12.0, 2.0, 2.0));
        let primitive = &document.meshes[0].primitives[0];
        assert_eq!(primitive.indices, [0, 1, 2, 0, 2, 3]);
        let set = &document.vertex_sets[primitive.vertices];
        assert_eq!(set.positions[2], Vec3::new(1.0, 1.0, 0.0));
        assert_eq!(set.normals.as_ref().unwrap()[3], Vec3::Z);
        assert_eq!(set.uvs[0].as_ref().unwrap()[1], Vec2::ONE);
        let paint = &document.materials[0];
        assert_eq!((paint.index, paint.alpha, paint.double_sided), (Some(7), AlphaMode::Mask, true));
        assert_eq!(paint.emissive, [4.0, 2.0, 0.0]);
        assert_eq!((paint.normal_scale, paint.occlusion_strength, paint.roughness), (0.5, 0.25, 0.5));
        let textures: Vec<_> = paint.textures.iter().flatten().collect();
        assert_eq!(textures.len(), 5);
        assert_eq!((textures[0].wrap, textures[0].scale), ([Wrap::Clamp, Wrap::Mirror], Vec2::new(2.0, 3.0)));
        assert_eq!(textures[3].offset, Vec2::new(0.5, 0.0));
        let pixels = image::decode(document.images[0].bytes.as_ref().unwrap()).unwrap();
        assert_eq!((pixels.width, pixels.rgba.as_slice()), (2, &[200, 200, 200, 255].repeat(4)[..]));
    }
}

#[test]
fn whole_numbers_may_be_written_as_floats() {
    let text = String::from_utf8(square_text()).unwrap();
    let floats = text.replace("\"count\":4", "\"count\":4.0").replace("5126", "5.126e3");
    assert_ne!(text, floats);
    assert_eq!(read(floats.as_bytes(), &mut NoFiles).unwrap().vertex_sets[0].positions.len(), 4);
    let not_json = text.replace("\"count\":4", "\"count\":4.");
    assert!(read(not_json.as_bytes(), &mut NoFiles).is_err());
}

#[test]
fn strips_fans_and_loops_become_lists() {
    let (mut json, mut bin) = square();
    bin.extend(bytes_of(&[0_u16, 1, 3, 2, 2]));
    json["buffers"][0]["byteLength"] = 150.into();
    json["bufferViews"][2]["byteLength"] = 22.into();
    json["accessors"][3]["byteOffset"] = 12.into();
    json["accessors"][3]["count"] = 5.into();
    let mut triangles = |mode: u32| {
        json["meshes"][0]["primitives"][0]["mode"] = mode.into();
        let document = read_made(&json, &bin).unwrap();
        (document.meshes[0].primitives.first().map(|p| p.indices.clone()), document.skipped)
    };
    assert_eq!(triangles(5).0.unwrap(), [0, 1, 3, 1, 2, 3]);
    assert_eq!(triangles(6).0.unwrap(), [1, 3, 0, 3, 2, 0]);
    let (list, skipped) = triangles(4);
    assert_eq!((list.unwrap(), skipped["corners of incomplete triangles"]), (vec![0, 1, 3], 2));
    assert!(triangles(1).0.is_none(), "lines are no triangles");
    let mut ends = |mode: u32| {
        json["meshes"][0]["primitives"][0]["mode"] = mode.into();
        let document = read_made(&json, &bin).unwrap();
        (document.meshes[0].marks[0].ends.clone(), document.skipped)
    };
    assert_eq!(ends(0).0, [0, 1, 3, 2, 2].map(|corner| [corner; 2]));
    let (list, skipped) = ends(1);
    assert_eq!((list, skipped["corners of incomplete lines"]), (vec![[0, 1], [3, 2]], 1));
    assert_eq!(ends(3).0, [[0, 1], [1, 3], [3, 2]]);
    assert_eq!(ends(2).0, [[0, 1], [1, 3], [3, 2], [2, 0]]);
}

#[test]
fn splats_become_disks_in_their_colours() {
    let (mut json, mut bin) = square();
    let start = bin.len();
    // Rotations, scales, opacities and colours of four splats, one view each.
    let half = std::f32::consts::FRAC_1_SQRT_2;
    let lists = [
        bytes_of(&[[0.0, 0.0, 0.0, 1.0], [half, 0.0, 0.0, half], [0.0; 4], [0.0, 0.0, 0.0, 1.0]].concat()),
        bytes_of(&[[0.4, 0.1, 0.001_f32], [0.4, 0.1, 0.001], [0.0; 3], [1.0; 3]].concat()),
        bytes_of(&[1.0_f32, 0.5, 0.9, 0.1]),
        bytes_of(&[[0.0_f32; 3], [1.772_453_9, 0.0, -1.772_453_9], [9.0; 3], [0.0; 3]].concat()),
    ];
    let names = ["ROTATION", "SCALE", "OPACITY", "SH_DEGREE_0_COEF_0"];
    let mut attributes = json!({ "POSITION": 0 });
    for ((name, kind), bytes) in names.into_iter().zip(["VEC4", "VEC3", "SCALAR", "VEC3"]).zip(&lists) {
        let views = json["bufferViews"].as_array_mut().unwrap();
        views.push(json!({ "buffer": 0, "byteOffset": bin.len(), "byteLength": bytes.len() }));
        let view = views.len() - 1;
        let accessors = json["accessors"].as_array_mut().unwrap();
        accessors.push(json!({ "bufferView": view, "componentType": 5126, "count": 4, "type": kind }));
        attributes[format!("KHR_gaussian_splatting:{name}")] = (accessors.len() - 1).into();
        bin.extend(bytes);
    }
    assert!(bin.len() > start);
    json["buffers"][0]["byteLength"] = bin.len().into();
    json["extensionsUsed"].as_array_mut().unwrap().push("KHR_gaussian_splatting".into());
    json["meshes"][0]["primitives"][0] = json!({
        "mode": 0, "attributes": attributes,
        "extensions": { "KHR_gaussian_splatting": { "kernel": "ellipse", "colorSpace": "srgb_rec709_display" } },
    });
    let document = read_made(&json, &bin).unwrap();
    let marks = &document.meshes[0].marks[0];
    assert_eq!((marks.ends.len(), document.skipped["faint splats"]), (3, 1));
    let disks = marks.disks.as_ref().unwrap();
    // Flat along z, and the second turned by a quarter around x.
    assert!(disks[0].normal.abs_diff_eq(Vec3::Z, 1e-6) && disks[1].normal.abs_diff_eq(-Vec3::Y, 1e-6));
    assert!((disks[0].radius - 1.5 * 0.2).abs() < 1e-6, "{}", disks[0].radius);
    let colors = document.vertex_sets[marks.vertices].colors.as_ref().unwrap();
    // Half in sRGB is 0.2140 of the light; the harmonic is 1 / (2 √π), so √π more or less is half more or less.
    assert!((colors[0].x - 0.214).abs() < 1e-3 && colors[0].w == 1.0);
    assert!(colors[1].abs_diff_eq(glam::Vec4::new(1.0, 0.214, 0.0, 1.0), 1e-3), "{}", colors[1]);
    let splats = "/meshes/0/primitives/0/extensions/KHR_gaussian_splatting";
    *json.pointer_mut(&format!("{splats}/colorSpace")).unwrap() = "aces".into();
    assert!(read_made(&json, &bin).unwrap_err().to_string().contains("aces"));
    *json.pointer_mut(&format!("{splats}/colorSpace")).unwrap() = "lin_rec709_display".into();
    assert!(
        (read_made(&json, &bin).unwrap().vertex_sets[1].colors.as_ref().unwrap()[0].x - 0.5).abs() < 1e-6
    );
    *json.pointer_mut(splats).unwrap() = json!({
        "kernel": "ellipse", "colorSpace": "lin_rec709_display", "extensions": { "KHR_packed_splats": {} },
    });
    json["extensionsUsed"].as_array_mut().unwrap().push("KHR_packed_splats".into());
    let document = read_made(&json, &bin).unwrap();
    assert!(document.meshes[0].marks.is_empty() && document.skipped["KHR_packed_splats"] == 1);
    json.pointer_mut(splats).unwrap().as_object_mut().unwrap().remove("extensions");
    json["meshes"][0]["primitives"][0]["attributes"]
        .as_object_mut()
        .unwrap()
        .remove("KHR_gaussian_splatting:SCALE");
    assert!(read_made(&json, &bin).is_err());
}

/// A file whose answers ask for a variant.
struct Wanting(&'static str);

impl Resolve for Wanting {
    fn buffer(&mut self, uri: &str) -> Result<Vec<u8>, ContentError> {
        NoFiles.buffer(uri)
    }

    fn image(&mut self, uri: &str) -> Result<Option<Vec<u8>>, ContentError> {
        NoFiles.image(uri)
    }

    fn variant(&self) -> Option<&str> {
        Some(self.0)
    }
}

#[test]
fn the_variant_that_is_wanted_is_shown() {
    let (mut json, bin) = square();
    json["extensionsUsed"].as_array_mut().unwrap().push("KHR_materials_variants".into());
    json["extensions"] =
        json!({ "KHR_materials_variants": { "variants": [{ "name": "dry" }, { "name": "wet" }] } });
    let material = json["materials"][0].clone();
    json["materials"].as_array_mut().unwrap().extend([material.clone(), material]);
    json["meshes"][0]["primitives"][0]["extensions"] = json!({ "KHR_materials_variants": { "mappings": [
        { "material": 1, "variants": [0] }, { "material": 2, "variants": [1] },
    ] } });
    let file = glb(&json, &bin);
    let material = |resolve: &mut dyn Resolve| {
        let document = read(&file, resolve).unwrap();
        assert_eq!(document.variants, ["dry", "wet"]);
        assert!(document.skipped.is_empty(), "{:?}", document.skipped);
        document.meshes[0].primitives[0].material
    };
    assert_eq!(material(&mut NoFiles), Some(0));
    assert_eq!(material(&mut Wanting("dry")), Some(1));
    assert_eq!(material(&mut Wanting("wet")), Some(2));
    let sentence = read(&file, &mut Wanting("icy")).unwrap_err().to_string();
    assert!(sentence.contains("dry, wet"), "{sentence}");
    let (json, bin) = square();
    assert!(read(&glb(&json, &bin), &mut Wanting("icy")).is_ok(), "it has no variants");
}

#[test]
fn coats_glass_and_reflections_have_their_nearest_forms() {
    let with = |extensions: serde_json::Value, roughness: f32| {
        let (mut json, bin) = square();
        let names: Vec<_> = extensions.as_object().unwrap().keys().cloned().collect();
        json["extensionsUsed"].as_array_mut().unwrap().extend(names.into_iter().map(Into::into));
        json["materials"][0] = json!({
            "pbrMetallicRoughness": {
                "metallicFactor": 0, "roughnessFactor": roughness, "baseColorFactor": [0.5, 0.5, 0.5, 1],
            },
            "extensions": extensions,
        });
        let document = read_made(&json, &bin).unwrap();
        (document.materials[0].clone(), document.skipped)
    };
    let (coated, skipped) = with(json!({ "KHR_materials_clearcoat": { "clearcoatFactor": 1 } }), 0.8);
    assert!((coated.roughness - 0.4).abs() < 1e-6 && !skipped.contains_key("KHR_materials_clearcoat"));
    let (same, _) = with(json!({ "KHR_materials_ior": { "ior": 1.5 }, "KHR_materials_specular": {} }), 0.8);
    assert!((same.roughness - 0.8).abs() < 1e-6 && same.metallic < 1e-6);
    // Diamond reflects 17 %: of grey that reflects half as metal, 29 % metal.
    let (diamond, _) = with(json!({ "KHR_materials_ior": { "ior": 2.42 } }), 0.1);
    let expected = (0.172_4 - 0.04) / (0.5 - 0.04);
    assert!((diamond.metallic - expected).abs() < 1e-3, "{}", diamond.metallic);
    let (dull, _) = with(json!({ "KHR_materials_specular": { "specularFactor": 0 } }), 0.3);
    assert!((dull.roughness - 1.0).abs() < 1e-6);
    let (glass, skipped) = with(
        json!({ "KHR_materials_transmission": { "transmissionFactor": 1, "transmissionTexture": { "index": 0 } } }),
        0.0,
    );
    assert_eq!(glass.alpha, AlphaMode::Blend);
    assert!((glass.base_color[3] - 0.55).abs() < 1e-6, "{:?}", glass.base_color);
    assert_eq!(skipped["textures of KHR_materials_transmission"], 1);
}

#[test]
fn coarser_levels_of_others_are_not_shown() {
    let (mut json, bin) = square();
    json["extensionsUsed"].as_array_mut().unwrap().push("MSFT_lod".into());
    json["nodes"] = json!([
        { "mesh": 0, "extensions": { "MSFT_lod": { "ids": [1, 2] } }, "extras": { "MSFT_screencoverage": [0.5, 0.2, 0.01] } },
        { "mesh": 0, "translation": [1, 0, 0] },
        { "mesh": 0, "translation": [2, 0, 0] },
    ]);
    json["scenes"] = json!([{ "nodes": [0, 1] }]);
    let document = read_made(&json, &bin).unwrap();
    assert_eq!(document.nodes.len(), 1);
    assert!(document.skipped.is_empty(), "{:?}", document.skipped);
    json["nodes"][0]["extensions"]["MSFT_lod"]["ids"] = json!([7]);
    assert!(read_made(&json, &bin).is_err());
}

#[test]
fn sparse_values_lie_over_the_others() {
    let (mut json, mut bin) = square();
    bin.extend([1, 3, 0, 0]);
    bin.extend(bytes_of(&[7.0_f32, 8.0, 9.0, 1.0, 2.0, 3.0]));
    json["buffers"][0]["byteLength"] = 168.into();
    let views = json["bufferViews"].as_array_mut().unwrap();
    views.push(json!({ "buffer": 0, "byteOffset": 140, "byteLength": 2 }));
    views.push(json!({ "buffer": 0, "byteOffset": 144, "byteLength": 24 }));
    json["accessors"][0]["max"] = json!([7, 8, 9]);
    json["accessors"][0]["sparse"] = json!({
        "count": 2,
        "indices": { "bufferView": 3, "componentType": 5121 },
        "values": { "bufferView": 4 },
    });
    let positions = read_made(&json, &bin).unwrap().vertex_sets[0].positions.clone();
    assert_eq!(positions[1], Vec3::new(7.0, 8.0, 9.0));
    assert_eq!(positions[3], Vec3::new(1.0, 2.0, 3.0));
    assert_eq!(positions[2], Vec3::new(1.0, 1.0, 0.0));
    json["accessors"][0].as_object_mut().unwrap().remove("bufferView");
    let positions = read_made(&json, &bin).unwrap().vertex_sets[0].positions.clone();
    assert_eq!((positions[1], positions[2]), (Vec3::new(7.0, 8.0, 9.0), Vec3::ZERO));
    json["accessors"][0]["sparse"]["count"] = 3.into();
    assert!(read_made(&json, &bin).is_err());
}

#[test]
fn normalized_integers_are_fractions() {
    let (mut json, mut bin) = square();
    bin.extend(bytes_of(&[32767_i16, -32768, 0, 0].repeat(4)));
    json["buffers"][0]["byteLength"] = 172.into();
    json["bufferViews"].as_array_mut().unwrap().push(json!({
        "buffer": 0, "byteOffset": 140, "byteLength": 32, "byteStride": 8,
    }));
    json["accessors"][0] = json!({ "bufferView": 3, "componentType": 5122, "normalized": true, "count": 4, "type": "VEC3",
            "min": [32767, -32768, 0], "max": [32767, -32768, 0] });
    let positions = read_made(&json, &bin).unwrap().vertex_sets[0].positions.clone();
    assert_eq!(positions, [Vec3::new(1.0, -1.0, 0.0); 4]);
}

#[test]
fn zero_normals_are_computed_and_transforms_that_flatten_are_named() {
    let (mut json, mut bin) = square();
    bin[48..60].fill(0);
    json["nodes"][1]["scale"] = json!([2, 0, 2]);
    let document = read_made(&json, &bin).unwrap();
    assert_eq!(document.vertex_sets[0].normals.as_ref().unwrap(), &[Vec3::Z; 4]);
    assert_eq!(document.nodes.len(), 1);
    assert_eq!(document.skipped["normals of no length"], 1);
    assert_eq!(document.skipped["nodes with a transform that flattens or overflows"], 1);
}

#[test]
fn lights_shine_and_unknown_extensions_are_named() {
    let (mut json, bin) = square();
    json["extensions"] = json!({
        "KHR_lights_punctual": { "lights": [
            { "type": "spot", "color": [1, 0.5, 0], "intensity": 10, "spot": {} }, { "type": "laser" },
        ] },
    });
    json["extensionsUsed"].as_array_mut().unwrap().extend(
        ["KHR_lights_punctual", "KHR_materials_unlit", "KHR_materials_sheen", "EXT_unheard_of"]
            .map(Into::into),
    );
    json["nodes"][0]["extensions"] = json!({ "KHR_lights_punctual": { "light": 0 }, "EXT_unheard_of": {} });
    json["nodes"][1]["extensions"] = json!({ "KHR_lights_punctual": { "light": 1 } });
    json["materials"][0]["extensions"] = json!({ "KHR_materials_unlit": {}, "KHR_materials_sheen": {} });
    let document = read_made(&json, &bin).unwrap();
    let light = document.nodes[0].light.unwrap();
    assert_eq!((light.kind, light.color), (LightKind::Spot, Vec3::new(10.0, 5.0, 0.0)));
    assert!(document.nodes[1].light.is_none() && document.materials[0].unlit);
    assert_eq!(document.skipped["EXT_unheard_of"], 1);
    assert_eq!(document.skipped["KHR_materials_sheen"], 1);
    json["extensionsUsed"].as_array_mut().unwrap().push("EXT_mesh_polygon".into());
    json["extensionsRequired"] = json!(["EXT_mesh_polygon"]);
    let error = read_made(&json, &bin).unwrap_err().to_string();
    assert!(error.contains("EXT_mesh_polygon"), "{error}");
}

#[test]
fn images_of_every_kind_become_rgba() {
    use png::{BitDepth, ColorType};
    let grey16 = png(2, 1, ColorType::Grayscale, BitDepth::Sixteen, &[0x80, 0, 0xff, 0xff]);
    assert_eq!(image::decode(&grey16).unwrap().rgba, [128, 128, 128, 255, 255, 255, 255, 255]);
    let grey_alpha = png(1, 1, ColorType::GrayscaleAlpha, BitDepth::Eight, &[9, 77]);
    assert_eq!(image::decode(&grey_alpha).unwrap().rgba, [9, 9, 9, 77]);
    let palette = png(2, 1, ColorType::Indexed, BitDepth::One, &[0b0100_0000]);
    assert_eq!(image::decode(&palette).unwrap().rgba, [255, 0, 0, 255, 0, 0, 255, 128]);
    let rgba16 = png(1, 1, ColorType::Rgba, BitDepth::Sixteen, &[1, 0, 2, 0, 3, 0, 4, 0]);
    assert_eq!(image::decode(&rgba16).unwrap().rgba, [1, 2, 3, 4]);
}

#[test]
fn images_that_are_not_understood_are_left_out_by_name() {
    let (mut json, bin) = square();
    json["images"][0]["uri"] = data_uri("image/webp", b"RIFF\x10\0\0\0WEBPVP8 ").into();
    let document = read_made(&json, &bin).unwrap();
    assert!(document.images[0].bytes.is_none());
    assert_eq!(document.materials[0].textures, [None; 5]);
    assert_eq!((document.skipped["WebP images"], document.skipped["textures without a PNG or JPEG"]), (1, 5));
}
