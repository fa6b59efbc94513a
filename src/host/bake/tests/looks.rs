//! Materials, texture coordinates, light.

use std::ops::ControlFlow;

use glam::{Affine3A, Vec2, Vec3};
use serde_json::json;

use super::decoded::Decoded;
use super::scenes::{
    bake, baked_hills, hills, node, noise, plain_material, png, quick, sheet, single, texture,
};
use crate::host::bake::{BakeError, bake_document};
use crate::scene::gltf::Document;
use crate::scene::gltf::document::{LightKind, Mesh, Primitive, PunctualLight, SourceTexture};
use crate::scene::gltf::image::decode;
use crate::scene::material::{TextureSlot, Wrap};
use crate::scene::texture::Texture;
use crate::scene::tileset::Tables;
use crate::scene::{BlobId, limits};

/// A flat sheet whose material has the given textures.
fn plate(textures: [Option<SourceTexture>; 5], uv_scale: f32) -> Document {
    let (mut set, indices) = sheet(4, |u, v| (Vec3::new(u, -v, 0.0), Vec3::Z));
    set.uvs[0].as_mut().unwrap().iter_mut().for_each(|uv| *uv = *uv * uv_scale + 100.0);
    set.uvs[1] = Some(set.positions.iter().map(|p| Vec2::new(p.x * 0.5, p.y)).collect());
    let mut document = single((set, indices));
    document.meshes[0].primitives[0].material = Some(0);
    document.materials = vec![plain_material([1.0; 4])];
    document.materials[0].textures = textures;
    document.images = vec![png(16, 1), png(16, 2)];
    document
}

#[test]
fn texture_coordinates_come_out_as_they_went_in_but_for_whole_repetitions() {
    let transformed = SourceTexture {
        offset: Vec2::new(0.25, 0.5),
        scale: Vec2::new(2.0, 3.0),
        rotation_radians: 0.4,
        ..texture(1, 1)
    };
    let document = plate([Some(texture(0, 0)), None, None, Some(transformed), None], 3.0);
    let baked = bake(&document);
    let material = &baked.tables.materials[0];
    assert_eq!(material.base_color_texture.unwrap().uv_set, 0);
    assert_eq!(material.occlusion_texture.unwrap().uv_set, 1);
    let decoded = Decoded::of(&baked, baked.tables.tiles.last().unwrap());
    let read = |set: usize, index: usize| {
        let uv = Vec2::from(decoded.uvs[set][index]);
        Vec2::from(material.uv_offset) + Vec2::from(material.uv_scale) * uv
    };
    for (index, position) in decoded.positions.iter().enumerate() {
        let expected = Vec2::new(position.x, -position.y) * 3.0;
        let plain = read(0, index);
        assert!((plain - expected - (plain - expected).round()).length() < 1e-3, "{plain} for {expected}");
        // KHR_texture_transform, its matrix written out.
        let (sin, cos) = 0.4_f32.sin_cos();
        let scaled = Vec2::new(position.x * 0.5, position.y) * Vec2::new(2.0, 3.0);
        let turned = Vec2::new(cos * scaled.x + sin * scaled.y, -sin * scaled.x + cos * scaled.y);
        let difference = read(1, index) - turned - Vec2::new(0.25, 0.5);
        assert!((difference - difference.round()).length() < 1e-3, "{difference}");
    }
    assert!(material.uv_scale[0] < 5.0, "{:?}", material.uv_scale);
}

#[test]
fn a_third_set_of_coordinates_is_left_out_by_name() {
    let scaled = |scale: f32| Some(SourceTexture { scale: Vec2::splat(scale), ..texture(0, 0) });
    let baked = bake(&plate([scaled(1.0), scaled(2.0), scaled(3.0), scaled(2.0), None], 1.0));
    let material = &baked.tables.materials[0];
    assert!(material.normal_texture.is_none() && material.occlusion_texture.is_some());
    assert_eq!(baked.report.skipped["textures with a third set of coordinates"], 1);
}

#[test]
fn an_image_read_both_ways_is_listed_twice_and_stored_once() {
    let baked = bake(&plate([Some(texture(0, 0)), None, Some(texture(0, 0)), None, None], 1.0));
    // And what was packed of it, with which it is drawn.
    assert_eq!(baked.tables.images.len(), 3);
    assert_eq!(baked.tables.images[0].blob, baked.tables.images[1].blob);
    assert_eq!(baked.blobs.iter().filter(|blob| blob.extension == "png").count(), 2);
    let material = &baked.tables.materials[0];
    assert_eq!(
        material.drawn_textures()[1].map(|slot| slot.image),
        material.packed.map(|packed| packed.image)
    );
    assert!(
        baked.tables.tiles.iter().flat_map(|tile| &tile.images).all(|image| image.0 != 1),
        "it is not fetched"
    );
}

#[test]
fn a_smaller_texture_beside_a_larger_one_gets_the_larger_size() {
    let mut document =
        plate([None, Some(texture(0, 0)), Some(texture(1, 0)), None, Some(texture(0, 0))], 1.0);
    document.images = vec![png(16, 1), png(64, 2)];
    let baked = bake(&document);
    let material = &baked.tables.materials[0];
    let side = |slot: Option<TextureSlot>| baked.tables.images[slot.unwrap().image.index()].side_log2;
    assert_eq!(side(material.metallic_roughness_texture), 6);
    assert_eq!(side(material.normal_texture), 6);
    assert_eq!(side(material.emissive_texture), 6);
}

#[test]
fn equal_materials_are_one_and_spans_far_apart_are_not() {
    let mut document = plate([Some(texture(0, 0)), None, None, None, None], 1.0);
    document.materials.push(document.materials[0].clone());
    let mut wide = document.vertex_sets[0].clone();
    wide.uvs[0].as_mut().unwrap().iter_mut().for_each(|uv| *uv *= 60.0);
    document.vertex_sets.push(wide);
    let mut other = document.meshes[0].primitives[0].clone();
    other.material = Some(1);
    let wide = Primitive { vertices: 1, ..other.clone() };
    document.meshes[0].primitives.push(other);
    document.meshes.push(Mesh { name: None, primitives: vec![wide], marks: vec![] });
    document.nodes.push(node("wide", 1, Affine3A::from_translation(Vec3::X * 3.0)));
    let baked = bake(&document);
    assert_eq!(baked.tables.materials.len(), 2);
    assert!(baked.tables.materials[0].uv_scale[0] < 3.0);
    assert!(baked.tables.materials[1].uv_scale[0] > 50.0);
}

#[test]
fn clamped_textures_are_not_shifted() {
    let clamped = SourceTexture { wrap: [Wrap::Clamp; 2], ..texture(0, 0) };
    let baked = bake(&plate([Some(clamped), None, None, None, None], 1.0));
    assert_eq!(baked.tables.materials[0].uv_offset, [100.0; 2]);
    assert_eq!(baked.tables.materials[0].wrap, Wrap::Clamp);
}

#[test]
fn huge_and_broken_images_are_refused_by_name() {
    let bake = |document: &Document| bake_document(document, &quick(), &mut |_| ControlFlow::Continue(()));
    let mut document = plate([Some(texture(0, 0)), None, None, None, None], 1.0);
    document.images[0].name = Some("poster".to_owned());
    let side = limits::IMAGE_SIDE_MAX + 1;
    document.images[0].bytes.as_mut().unwrap()[16..20].copy_from_slice(&side.to_be_bytes());
    let error = bake(&document).unwrap_err();
    assert!(matches!(error, BakeError::Content(_)));
    let text = error.to_string();
    assert!(text.contains("poster") && text.contains(&side.to_string()), "{text}");
    document.images[0].bytes = Some(b"GIF89a".to_vec());
    assert!(bake(&document).unwrap_err().to_string().contains("neither PNG nor JPEG"));
}

#[test]
fn normal_maps_get_tangents_whose_bitangent_points_against_v() {
    let baked = bake(&plate([None, None, Some(texture(0, 0)), None, None], 1.0));
    let decoded = Decoded::of(&baked, baked.tables.tiles.last().unwrap());
    let tangent = &decoded.json["meshes"][0]["primitives"][0]["attributes"]["TANGENT"];
    assert!(tangent.is_u64(), "the plate has no tangents");
}

#[test]
fn the_sun_the_title_and_the_start_come_from_the_file() {
    let baked = baked_hills();
    let tables = &baked.tables;
    assert_eq!(tables.title, "Hills");
    assert_eq!(tables.spawn.unwrap().position, Vec3::new(1.0, 2.0, 3.0));
    let forward = tables.spawn.unwrap().forward();
    assert!((forward - Vec3::new(-0.5_f32.sin(), 0.0, -0.5_f32.cos())).length() < 1e-5);
    // Turned down by one radian from −Z: the sun stands one radian up in +Z.
    assert!((tables.light.to_sun - Vec3::new(0.0, 1.0_f32.sin(), 1.0_f32.cos())).length() < 1e-5);
    assert!((tables.light.sun - Vec3::new(2.4, 2.16, 1.92)).length() < 1e-4);
}

#[test]
fn lights_beside_the_sun_are_left_out_by_name() {
    let mut document = hills();
    let lamp = PunctualLight { kind: LightKind::Point, color: Vec3::ONE };
    document.nodes[0].light = Some(lamp);
    let baked = bake(&document);
    assert_eq!(baked.report.skipped["lights but the brightest directional one"], 1);
}

#[test]
fn webp_comes_before_the_image_that_it_stands_in_for() {
    use crate::host::bake::resolve::Folder;
    use crate::scene::gltf::tests::made::{data_uri, glb, square};

    let mut webp = Vec::new();
    let encoder = image_webp::WebPEncoder::new(&mut webp);
    encoder.encode(&[10, 20, 30, 40, 50, 60], 2, 1, image_webp::ColorType::Rgb8).unwrap();
    let (mut json, bin) = square();
    json["extensionsUsed"].as_array_mut().unwrap().push("EXT_texture_webp".into());
    json["images"].as_array_mut().unwrap().push(json!({ "uri": data_uri("image/webp", &webp) }));
    json["textures"][0]["extensions"] = json!({ "EXT_texture_webp": { "source": 1 } });
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("x"), "").unwrap();
    let mut folder = Folder::around(&here.path().join("x")).unwrap();
    let document = crate::scene::gltf::read(&glb(&json, &bin), &mut folder).unwrap();
    assert!(document.skipped.is_empty(), "{:?}", document.skipped);
    assert_eq!(document.materials[0].textures[0].unwrap().image, 1);
    let pixels = crate::scene::gltf::image::decode(document.images[1].bytes.as_ref().unwrap()).unwrap();
    assert_eq!(pixels.rgba, [10, 20, 30, 255, 40, 50, 60, 255]);
    json["images"][1]["uri"] = data_uri("image/webp", &webp[..webp.len() - 6]).into();
    assert!(crate::scene::gltf::read(&glb(&json, &bin), &mut folder).is_err());
}

/// What a large image is shown with at first is its own mip level, once for each form in which it is read.
#[test]
fn large_images_have_tails_and_small_ones_do_not() {
    let mut document = plate([Some(texture(0, 0)), None, None, Some(texture(1, 0)), None], 1.0);
    document.images = vec![noise(256), png(16, 2)];
    let baked = bake(&document);
    let Tables { tails, images, blobs, .. } = &baked.tables;
    let color = baked.tables.materials[0].base_color_texture.unwrap().image;
    let of_color: Vec<_> = tails.iter().filter(|tail| tail.image == color).collect();
    let [tail] = of_color[..] else { panic!("{tails:?}") };
    let decoded = |blob: BlobId| decode(&baked.blobs[blob.index()].bytes).unwrap();
    let whole = images[color.index()];
    let levels = Texture::from_pixels(&decoded(whole.blob), whole.space, whole.side_log2).unwrap().levels;
    let small = decoded(tail.blob);
    assert_eq!([small.width, small.height], [64, 64]);
    assert_eq!(small.rgba, levels[usize::from(whole.side_log2) - 6]);
    assert!(blobs[tail.blob.index()].size_bytes * 4 < blobs[whole.blob.index()].size_bytes);
    for tail in tails {
        assert!(blobs[images[tail.image.index()].blob.index()].size_bytes >= 32 << 10, "{tail:?}");
    }
}
