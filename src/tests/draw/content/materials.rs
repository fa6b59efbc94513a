//! Every kind of material that a file may have, side by side, as somebody who looked at them found them right.

use glam::Vec3;
use serde_json::{Value, json};

use super::{Stage, gpu};
use crate::math::Pose;
use crate::tests::author::{Author, Shape, turn};
use crate::tests::golden::assert_golden;

/// A grid: above, balls from smooth to rough, of metal and of none; below, one thing for each of the rest.
fn grid() -> Vec<u8> {
    let mut author = Author::default();
    author.extensions.extend([
        "KHR_texture_transform",
        "KHR_materials_unlit",
        "KHR_materials_emissive_strength",
    ]);
    let ball = Shape::ball(24, 36).scaled([0.42; 3]);
    for row in 0..2 {
        for column in 0..5 {
            let (metallic, roughness) = (row as f32, 0.05 + 0.95 * column as f32 / 4.0);
            let color = [[0.75, 0.12, 0.1, 1.0], [0.95, 0.7, 0.3, 1.0]][row];
            let material = author.paint(color, metallic, roughness);
            stand(&mut author, &ball, material, column, row);
        }
    }
    let square = Shape::square().scaled([0.42; 3]);
    let plain =
        |color: [f32; 4]| json!({ "baseColorFactor": color, "metallicFactor": 0, "roughnessFactor": 0.6 });
    // Round studs that only a normal map gives shape.
    let studs = author.texture(64, studs);
    let material = author.material(json!({
        "pbrMetallicRoughness": plain([0.5, 0.5, 0.55, 1.0]), "normalTexture": { "index": studs },
    }));
    stand(&mut author, &square, material, 0, 2);
    // Light of its own, brighter than white.
    let material = author.material(json!({
        "pbrMetallicRoughness": plain([0.05, 0.05, 0.05, 1.0]), "emissiveFactor": [0.2, 1.0, 0.5],
        "extensions": { "KHR_materials_emissive_strength": { "emissiveStrength": 3.0 } },
    }));
    stand(&mut author, &ball, material, 1, 2);
    // A disk that is cut out, and glass in front of what stands behind.
    let disk = author.texture(64, |x, y| {
        let (dx, dy) = (x as f32 - 31.5, y as f32 - 31.5);
        [230, 120, 30, if dx.hypot(dy) < 28.0 { 255 } else { 0 }]
    });
    let mut cut = plain([1.0; 4]);
    cut["baseColorTexture"] = json!({ "index": disk });
    let material = author.material(json!({
        "pbrMetallicRoughness": cut, "alphaMode": "MASK", "doubleSided": true,
    }));
    stand(&mut author, &square, material, 2, 2);
    let material =
        author.material(json!({ "pbrMetallicRoughness": plain([0.1, 0.3, 0.9, 0.4]), "alphaMode": "BLEND" }));
    stand(&mut author, &square, material, 3, 2);
    let behind = author.paint([0.9, 0.9, 0.2, 1.0], 0.0, 0.8);
    let mesh = author.mesh(&ball.clone().scaled([0.5; 3]), behind);
    author.node(json!({ "mesh": mesh, "translation": [1.0, 0.3, -4.6] }));
    // What light does not change.
    let material = author.material(json!({
        "pbrMetallicRoughness": plain([0.9, 0.2, 0.6, 1.0]), "extensions": { "KHR_materials_unlit": {} },
    }));
    stand(&mut author, &ball, material, 4, 2);
    textured(&mut author, &square);
    author.finish()
}

fn studs(x: u32, y: u32) -> [u8; 4] {
    let (dx, dy) = ((x % 16) as f32 - 7.5, 7.5 - (y % 16) as f32);
    let r = dx.hypot(dy) / 6.5;
    let slope = if r < 1.0 { 0.8 * r } else { 0.0 };
    let (nx, ny) = if r > 0.0 { (dx / 6.5 / r * slope, dy / 6.5 / r * slope) } else { (0.0, 0.0) };
    let byte = |n: f32| (n * 127.5 + 127.5).round() as u8;
    [byte(nx), byte(ny), byte((1.0 - nx * nx - ny * ny).max(0.0).sqrt()), 255]
}

/// The lowest row: a picture as it is, turned and repeated, mirrored, with occlusion, and colours of vertices.
fn textured(author: &mut Author, square: &Shape) {
    // An F: it tells every turn and mirror apart.
    let letter = author.texture(64, |x, y| {
        let is_stem = (18..26).contains(&x) && (10..54).contains(&y);
        let is_bar = (18..46).contains(&x) && ((10..18).contains(&y) || (28..36).contains(&y) && x < 40);
        if is_stem || is_bar { [20, 30, 60, 255] } else { [240, 230, 200, 255] }
    });
    let transforms: [Value; 3] = [
        json!({}),
        json!({ "scale": [2, 2], "rotation": std::f32::consts::FRAC_PI_2, "offset": [0, 0.25] }),
        json!({ "scale": [-1, 1], "offset": [1, 0] }),
    ];
    for (column, transform) in transforms.into_iter().enumerate() {
        let material = author.material(json!({ "pbrMetallicRoughness": {
            "baseColorTexture": { "index": letter, "extensions": { "KHR_texture_transform": transform } },
            "metallicFactor": 0, "roughnessFactor": 0.9,
        } }));
        stand(author, square, material, column, 3);
    }
    let dark = author.texture(64, |x, y| {
        let shade = (((x as f32 / 10.0).sin() * (y as f32 / 10.0).sin()).abs() * 255.0) as u8;
        [shade, 128, 0, 255]
    });
    let material = author.material(json!({
        "pbrMetallicRoughness": { "metallicFactor": 0, "roughnessFactor": 0.9 },
        "occlusionTexture": { "index": dark, "strength": 1.0 },
    }));
    stand(author, square, material, 3, 3);
    let white = author.paint([1.0, 1.0, 1.0, 1.0], 0.0, 0.9);
    let mut primitive = author.primitive(square, white);
    let colors = [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 0.0, 1.0_f32]];
    primitive["attributes"]["COLOR_0"] = json!(author.floats(&colors));
    let mesh = author.add_mesh(json!({ "primitives": [primitive] }));
    author.node(json!({ "mesh": mesh, "translation": place(4, 3) }));
}

fn place(column: usize, row: usize) -> [f32; 3] {
    [column as f32 - 2.0, 2.5 - row as f32, -4.0]
}

fn stand(author: &mut Author, shape: &Shape, material: usize, column: usize, row: usize) {
    let mesh = author.mesh(shape, material);
    // A little to the side, so that the sun is not straight ahead.
    let turned = turn(Vec3::Y, 0.2);
    author.node(json!({ "mesh": mesh, "translation": place(column, row), "rotation": turned }));
}

#[test]
fn the_grid_of_materials_looks_as_it_did() {
    let Some(gpu) = gpu() else { return };
    let picture =
        Stage::new(gpu, &grid()).picture(gpu, Pose::standing(Vec3::new(0.0, 1.0, 0.2), 0.0, 0.0), 0.0);
    assert_golden("materials", &picture);
}
