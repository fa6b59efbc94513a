//! What moves by itself: as it was found right by somebody who looked at it, and as the same scene that stands so.

use std::f32::consts::{FRAC_PI_2, PI};

use glam::Vec3;
use serde_json::{Value, json};

use super::{Stage, gpu};
use crate::draw::{FrameInput, UploadBudget};
use crate::math::Pose;
use crate::scene::gltf::tests::made::{Random, mutated};
use crate::scene::{ContentError, tile};
use crate::tests::allocator;
use crate::tests::author::{Author, Shape, inverse_bind, turn};
use crate::tests::golden::{assert_golden, differing};

/// When the fair begins anew, seconds.
const PERIOD: f32 = 2.0;

/// A stem that bends by its skin, a ball that becomes a drop by its morph target, a wheel with three boxes that
/// turns, a lamp that goes on and off, and a sign whose picture scrolls and whose colour changes. At a time, and
/// still; or else moving.
fn fair(still_at: Option<f32>) -> Vec<u8> {
    let mut author = Author::default();
    let floor = author.paint([0.35, 0.37, 0.4, 1.0], 0.0, 0.9);
    let mesh = author.mesh(&Shape::square(), floor);
    author.node(json!({ "mesh": mesh, "rotation": turn(Vec3::X, -FRAC_PI_2), "scale": [4, 4, 1] }));
    stem(&mut author, still_at);
    drop(&mut author, still_at);
    wheel(&mut author, still_at);
    lamp(&mut author, still_at);
    sign(&mut author, still_at);
    author.finish()
}

/// Where between its ends something is that swings there and back in a period: evenly both ways.
fn swing(seconds: f32) -> f32 {
    1.0 - (1.0 - (seconds / PERIOD).fract() * 2.0).abs()
}

fn stem(author: &mut Author, still_at: Option<f32>) {
    let green = author.paint([0.1, 0.55, 0.15, 1.0], 0.0, 0.5);
    let shape = Shape::tube(24, 20).scaled([0.18, 2.0, 0.18]);
    let mut primitive = author.primitive(&shape, green);
    // The upper half follows the second joint, more and more.
    let weights: Vec<[f32; 4]> = shape
        .positions
        .iter()
        .map(|p| ((p[1] - 0.5) / 1.0).clamp(0.0, 1.0))
        .map(|w| [1.0 - w, w, 0.0, 0.0])
        .collect();
    let joints: Vec<[u8; 4]> = weights.iter().map(|w| [0, u8::from(w[1] > 0.0), 0, 0]).collect();
    let joints: Vec<[u8; 4]> =
        joints.iter().zip(&weights).map(|(j, w)| if w[0] > 0.0 { *j } else { [1, 0, 0, 0] }).collect();
    let weights: Vec<[f32; 4]> =
        weights.iter().map(|w| if w[0] > 0.0 { *w } else { [1.0, 0.0, 0.0, 0.0] }).collect();
    primitive["attributes"]["JOINTS_0"] = json!(author.numbers(joints.as_flattened(), "VEC4", 5121));
    primitive["attributes"]["WEIGHTS_0"] = json!(author.floats(&weights));
    let mesh = author.add_mesh(json!({ "primitives": [primitive] }));
    let matrices = author.floats(&[inverse_bind(Vec3::ZERO), inverse_bind(Vec3::Y)]);
    let bend = |seconds: f32| turn(Vec3::Z, -1.2 * swing(seconds));
    let upper = author.node(json!({ "translation": [0, 1, 0], "rotation": bend(still_at.unwrap_or(0.0)) }));
    let lower = author.node(json!({ "children": [upper] }));
    author.skins.push(json!({ "joints": [lower, upper], "inverseBindMatrices": matrices }));
    // Where the skinned node is does not matter, where its joints are does.
    author.node(json!({ "mesh": mesh, "skin": 0, "translation": [50, 0, 0] }));
    author.node(json!({ "translation": [-2.2, 0, -4], "children": [lower] }));
    if still_at.is_none() {
        let values = [bend(0.0), bend(PERIOD / 2.0), bend(PERIOD)];
        author.animate(
            json!({ "node": upper, "path": "rotation" }),
            "LINEAR",
            &[0.0, PERIOD / 2.0, PERIOD],
            &values,
        );
    }
}

fn drop(author: &mut Author, still_at: Option<f32>) {
    let blue = author.paint([0.1, 0.2, 0.8, 1.0], 0.0, 0.25);
    let shape = Shape::ball(24, 32);
    let mut primitive = author.primitive(&shape, blue);
    let deltas: Vec<[f32; 3]> =
        shape.positions.iter().map(|p| [-0.5 * p[0], 0.9 * p[1].max(0.0), -0.5 * p[2]]).collect();
    let slender = |p: &[f32; 3]| {
        let n = if p[1] > 0.0 {
            Vec3::new(p[0] / 0.5, p[1] / 1.9, p[2] / 0.5)
        } else {
            Vec3::new(p[0] / 0.5, p[1], p[2] / 0.5)
        };
        (n.normalize_or_zero() - Vec3::from(*p)).to_array()
    };
    let turns: Vec<[f32; 3]> = shape.positions.iter().map(slender).collect();
    primitive["targets"] = json!([{ "POSITION": author.floats(&deltas), "NORMAL": author.floats(&turns) }]);
    let mesh = author.add_mesh(json!({ "primitives": [primitive] }));
    let node = author.node(json!({
        "mesh": mesh, "translation": [-0.7, 0.6, -4.2], "scale": [0.55, 0.55, 0.55],
        "weights": [swing(still_at.unwrap_or(0.0))],
    }));
    if still_at.is_none() {
        author.animate(
            json!({ "node": node, "path": "weights" }),
            "LINEAR",
            &[0.0, PERIOD / 2.0, PERIOD],
            &[[0.0], [1.0], [0.0]],
        );
    }
}

fn wheel(author: &mut Author, still_at: Option<f32>) {
    let red = author.paint([0.8, 0.15, 0.1, 1.0], 0.0, 0.4);
    let steel = author.paint([0.8, 0.8, 0.82, 1.0], 1.0, 0.3);
    let (box_mesh, hub_mesh) = (author.mesh(&Shape::cube(), red), author.mesh(&Shape::ball(12, 16), steel));
    let at = |seconds: f32| turn(Vec3::Z, seconds / PERIOD * 2.0 * PI);
    let rise =
        |seconds: f32| [0.9, 1.2 + 0.4 * (3.0 * swing(seconds).powi(2) - 2.0 * swing(seconds).powi(3)), -4.0];
    let boxes: Vec<usize> = (0..3)
        .map(|i| {
            let angle = i as f32 / 3.0 * 2.0 * PI;
            let place = [0.6 * angle.cos(), 0.6 * angle.sin(), 0.0];
            author.node(json!({ "mesh": box_mesh, "translation": place, "scale": [0.18, 0.18, 0.18] }))
        })
        .collect();
    let hub = author.node(json!({
        "mesh": hub_mesh, "scale": [0.25, 0.25, 0.25],
    }));
    let still = still_at.unwrap_or(0.0);
    let children: Vec<usize> = boxes.into_iter().chain([hub]).collect();
    let wheel =
        author.node(json!({ "children": children, "translation": rise(still), "rotation": at(still) }));
    if still_at.is_none() {
        let quarters: Vec<f32> = (0..=4).map(|i| i as f32 * PERIOD / 4.0).collect();
        let turns: Vec<[f32; 4]> = quarters.iter().map(|&t| at(t)).collect();
        author.animate(json!({ "node": wheel, "path": "rotation" }), "LINEAR", &quarters, &turns);
        // Tangents of nothing: from rest to rest, as 3s² − 2s³.
        let flat = [0.0; 3];
        let stops: Vec<[f32; 3]> =
            [0.0, PERIOD / 2.0, PERIOD].iter().flat_map(|&t| [flat, rise(t), flat]).collect();
        author.animate(
            json!({ "node": wheel, "path": "translation" }),
            "CUBICSPLINE",
            &[0.0, PERIOD / 2.0, PERIOD],
            &stops,
        );
    }
}

fn lamp(author: &mut Author, still_at: Option<f32>) {
    let yellow = author.material(json!({
        "pbrMetallicRoughness": { "baseColorFactor": [0.1, 0.1, 0.1, 1.0] }, "emissiveFactor": [1.0, 0.8, 0.2],
    }));
    let mesh = author.mesh(&Shape::ball(10, 14), yellow);
    let is_on = |seconds: f32| seconds % PERIOD < 1.0;
    let still = still_at.unwrap_or(0.0);
    author.extensions.push("KHR_node_visibility");
    let node = author.node(json!({
        "mesh": mesh, "translation": [0.9, 2.6, -4.5], "scale": [0.2, 0.2, 0.2],
        "extensions": { "KHR_node_visibility": { "visible": is_on(still) } },
    }));
    if still_at.is_none() {
        author.extensions.push("KHR_animation_pointer");
        let pointer = format!("/nodes/{node}/extensions/KHR_node_visibility/visible");
        let target = pointed(&pointer);
        let input = author.numbers(&[0.0_f32, 1.0], "SCALAR", 5126);
        let output = author.numbers(&[1_u8, 0], "SCALAR", 5121);
        author.channel(target, input, output, "STEP");
    }
}

fn pointed(pointer: &str) -> Value {
    json!({ "path": "pointer", "extensions": { "KHR_animation_pointer": { "pointer": pointer } } })
}

fn sign(author: &mut Author, still_at: Option<f32>) {
    author.extensions.push("KHR_texture_transform");
    let stripes = author
        .texture(64, |x, y| if (x + y / 2) % 32 < 16 { [255, 255, 255, 255] } else { [60, 60, 60, 255] });
    let shift = |seconds: f32| [0.5 * seconds / PERIOD, 0.0];
    let tint = |seconds: f32| [1.0, 1.0 - 0.8 * swing(seconds), 0.2 + 0.6 * swing(seconds), 1.0];
    let still = still_at.unwrap_or(0.0);
    let texture =
        json!({ "index": stripes, "extensions": { "KHR_texture_transform": { "offset": shift(still) } } });
    let material = author.material(json!({ "pbrMetallicRoughness": {
        "baseColorFactor": tint(still), "baseColorTexture": texture, "metallicFactor": 0, "roughnessFactor": 0.9,
    } }));
    let mesh = author.mesh(&Shape::square(), material);
    author.node(json!({ "mesh": mesh, "translation": [2.4, 1.6, -4.4], "scale": [0.8, 0.5, 1.0] }));
    if still_at.is_none() {
        let factor = format!("/materials/{material}/pbrMetallicRoughness/baseColorFactor");
        let half = PERIOD / 2.0;
        author.animate(
            pointed(&factor),
            "LINEAR",
            &[0.0, half, PERIOD],
            &[tint(0.0), tint(half), tint(PERIOD)],
        );
        let offset = format!(
            "/materials/{material}/pbrMetallicRoughness/baseColorTexture/extensions/KHR_texture_transform/offset"
        );
        author.animate(pointed(&offset), "LINEAR", &[0.0, PERIOD], &[shift(0.0), shift(PERIOD)]);
    }
}

/// Where somebody would stand.
fn visitor() -> Pose {
    Pose::standing(Vec3::new(0.0, 1.5, 0.2), 0.0, -0.05)
}

const TIMES: [f32; 3] = [0.0, 0.7, 1.3];

#[test]
fn the_fair_moves_as_it_did() {
    let Some(gpu) = gpu() else { return };
    let mut stage = Stage::new(gpu, &fair(None));
    for (number, seconds) in TIMES.into_iter().enumerate() {
        let picture = stage.picture(gpu, visitor(), f64::from(seconds));
        assert_golden(&format!("fair_{number}"), &picture);
    }
}

/// Joints, morph targets, nodes and materials of a moment, worked out by the GPU in this frame, look as the same
/// scene does that stands so in its file and was worked out by bake.
#[test]
fn what_moves_looks_as_what_stands_so() {
    let Some(gpu) = gpu() else { return };
    let mut moving = Stage::new(gpu, &fair(None));
    for seconds in [0.0, 0.45, 0.7, 1.3, 1.9] {
        let moved = moving.picture(gpu, visitor(), 4.0 + f64::from(seconds));
        let stood = Stage::new(gpu, &fair(Some(seconds))).picture(gpu, visitor(), 0.0);
        let off = differing(&moved, &stood);
        let share = off as f64 / f64::from(moved.width * moved.height);
        if share > 0.002 {
            let folder = crate::tests::golden::output_folder();
            crate::tests::golden::write_png(&folder.join("moved.png"), &moved);
            crate::tests::golden::write_png(&folder.join("stood.png"), &stood);
        }
        assert!(share <= 0.002, "after {seconds} s: {off} pixels ({:.2} %) differ", share * 100.0);
    }
}

/// Nothing that moves asks for memory in a frame, however it stands.
#[test]
fn what_moves_asks_for_no_memory_in_a_frame() {
    let Some(gpu) = gpu() else { return };
    let mut stage = Stage::new(gpu, &fair(None));
    stage.picture(gpu, visitor(), 0.7);
    let views = Stage::views(visitor());
    for frame in 0..8 {
        stage.scene.set_seconds(0.5 + 0.011 * f64::from(frame));
        let ((), heard) = allocator::during(|| {
            stage.cull(&views);
            let input = FrameInput { list: &stage.list, uploads: UploadBudget::bytes(0) };
            stage.renderer.draw(gpu, &input, &stage.target, |_| Some(views));
        });
        assert!(stage.list.posed.len() >= 3, "{} parts move", stage.list.posed.len());
        // The first few frames fill what is kept.
        assert!(frame < 3 || heard.ours == [""; 0], "frame {frame} allocates: {:?}", heard.ours);
    }
}

/// A tile that moves and was changed on its way is refused, or read as something else: never more.
#[test]
fn damaged_motion_does_no_harm() {
    let Some(gpu) = gpu() else { return };
    let stage = Stage::new(gpu, &fair(None));
    let tileset = &stage.scene.tileset;
    let (mut random, mut refused) = (Random(7), 0);
    for mover in tileset.movers() {
        let blob = tileset.tile(mover.first).content.unwrap();
        let whole = &stage.baked.blobs[blob.index()].bytes;
        assert!(tile::decode(whole, tileset, mover.first).unwrap().moving.is_some());
        // It is no tile that stands still, and what stands still does not move.
        assert!(tile::decode(whole, tileset, crate::scene::TileId(0)).is_err());
        for _ in 0..1500 {
            match tile::decode(&mutated(whole, &mut random), tileset, mover.first) {
                Ok(mesh) => {
                    let moving = mesh.moving.unwrap();
                    let mut posture = crate::scene::motion::Posture::default();
                    posture.set(&moving.motion, 0.3);
                    assert!(moving.rest.len() >= mesh.positions.len() * crate::scene::motion::REST_WORDS);
                }
                Err(
                    ContentError::Malformed { .. }
                    | ContentError::TooLarge { .. }
                    | ContentError::Unsupported { .. },
                ) => {
                    refused += 1;
                }
            }
        }
    }
    println!("{refused} were refused");
    assert!(refused > 1000);
}
