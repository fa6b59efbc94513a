//! What moves by itself, as core glTF: bones are nodes, the vertices follow one skin, whose matrices take the
//! quantised positions to the bones, and tracks are animations. So every viewer can play it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::BakeError;
use super::tile_glb::{BYTE, Buffer, FLOAT, SHORT, UNSIGNED_BYTE, ViewKind};
use crate::scene::motion::{
    Bone, Curve, Delta, Followers, Interpolation, Motion, Property, Track, Transform,
};

/// What the document has beside meshes.
pub(super) struct Skeleton {
    pub skin: Value,
    pub animations: Vec<Value>,
    /// Nodes that hang from none.
    pub roots: Vec<usize>,
    pub extensions: BTreeSet<&'static str>,
}

/// Adds what joints do to the attributes; returns the morph targets.
pub(super) fn followers(
    followers: &Followers,
    buffer: &mut Buffer,
    attributes: &mut Map<String, Value>,
) -> Result<Vec<Value>, BakeError> {
    let column = |pick: fn(&crate::scene::motion::Influence) -> [u8; 4]| -> Vec<[u8; 4]> {
        followers.influences.iter().map(pick).collect()
    };
    // What has no weight must not name a joint.
    let joints = column(|influence| {
        std::array::from_fn(|i| if influence.weights[i] > 0 { influence.joints[i] } else { 0 })
    });
    let joints = buffer.add(&joints, "VEC4", UNSIGNED_BYTE, ViewKind::Vertices)?;
    let weights = buffer.add_vertices(&column(|influence| influence.weights), "VEC4", UNSIGNED_BYTE)?;
    attributes.insert("JOINTS_0".to_owned(), json!(joints));
    attributes.insert("WEIGHTS_0".to_owned(), json!(weights));
    followers.targets.iter().map(|target| self::target(target, buffer)).collect()
}

fn target(deltas: &[Delta], buffer: &mut Buffer) -> Result<Value, BakeError> {
    let positions: Vec<[i16; 4]> = deltas.iter().map(|delta| delta.position).collect();
    let position = buffer.add_vertices(&positions, "VEC3", SHORT)?;
    let bound = |pick: fn(i16, i16) -> i16, start: i16| -> [i16; 3] {
        std::array::from_fn(|axis| positions.iter().fold(start, |bound, p| pick(bound, p[axis])))
    };
    buffer.accessors[position]["min"] = json!(bound(i16::min, i16::MAX));
    buffer.accessors[position]["max"] = json!(bound(i16::max, i16::MIN));
    let normals: Vec<[i8; 4]> = deltas.iter().map(|delta| delta.normal).collect();
    let normal = buffer.add_vertices(&normals, "VEC3", BYTE)?;
    Ok(json!({ "POSITION": position, "NORMAL": normal }))
}

/// Adds bones behind the nodes with meshes, and makes those follow them.
pub(super) fn skeleton(
    motion: &Motion,
    buffer: &mut Buffer,
    meshes: &mut [Value],
    nodes: &mut Vec<Value>,
) -> Result<Skeleton, BakeError> {
    let first_bone = nodes.len();
    for node in nodes.iter_mut() {
        // The skin's matrices say where its mesh is.
        for name in ["translation", "scale"] {
            node.as_object_mut().and_then(|node| node.remove(name));
        }
        node["skin"] = json!(0);
    }
    for mesh in meshes.iter_mut().filter(|_| !motion.weights.is_empty()) {
        mesh["weights"] = json!(motion.weights);
    }
    let mut extensions = BTreeSet::new();
    nodes.extend(motion.bones.iter().map(bone));
    for (index, bone) in motion.bones.iter().enumerate() {
        let Some(parent) = bone.parent else { continue };
        let children = &mut nodes[first_bone + usize::from(parent)]["children"];
        match children {
            Value::Array(children) => children.push(json!(first_bone + index)),
            _ => *children = json!([first_bone + index]),
        }
    }
    let changes_visibility =
        motion.tracks.iter().any(|track| matches!(track.property, Property::Visibility(_)));
    if changes_visibility {
        extensions.insert("KHR_animation_pointer");
    }
    if changes_visibility || motion.bones.iter().any(|bone| !bone.is_visible) {
        extensions.insert("KHR_node_visibility");
    }
    let roots: Vec<usize> = (0..first_bone)
        .chain(
            (0..).zip(&motion.bones).filter(|(_, bone)| bone.parent.is_none()).map(|(i, _)| first_bone + i),
        )
        .collect();
    let matrices: Vec<[f32; 16]> = motion
        .joints
        .iter()
        .map(|joint| {
            let fraction = glam::Affine3A::from_scale(glam::Vec3::splat(65_535.0));
            glam::Mat4::from(joint.bone_from_grid * fraction).to_cols_array()
        })
        .collect();
    let matrices = buffer.add(&matrices, "MAT4", FLOAT, ViewKind::Data)?;
    let joints: Vec<usize> = motion.joints.iter().map(|joint| first_bone + usize::from(joint.bone)).collect();
    let skin = json!({ "inverseBindMatrices": matrices, "joints": joints });
    let animations = animations(motion, first_bone, buffer)?;
    Ok(Skeleton { skin, animations, roots, extensions })
}

fn bone(bone: &Bone) -> Value {
    let mut node = json!({});
    let Transform { translation, rotation, scale } = bone.rest;
    if translation != glam::Vec3::ZERO {
        node["translation"] = json!(translation.to_array());
    }
    if rotation != glam::Quat::IDENTITY {
        node["rotation"] = json!(rotation.to_array());
    }
    if scale != glam::Vec3::ONE {
        node["scale"] = json!(scale.to_array());
    }
    if !bone.is_visible {
        node["extensions"]["KHR_node_visibility"] = json!({ "visible": false });
    }
    node
}

/// One for each period, which is when its last key is.
fn animations(motion: &Motion, first_bone: usize, buffer: &mut Buffer) -> Result<Vec<Value>, BakeError> {
    let mut by_period: BTreeMap<u32, Vec<&Track>> = BTreeMap::new();
    for track in &motion.tracks {
        // Periods are positive, and sort like their bits.
        by_period.entry(track.period_seconds.to_bits()).or_default().push(track);
    }
    let mut animations = Vec::with_capacity(by_period.len());
    for tracks in by_period.values() {
        let (mut channels, mut samplers) = (Vec::new(), Vec::new());
        for track in tracks {
            let mesh_node = 0;
            let target = match track.property {
                Property::Translation(bone) => target_of(first_bone, bone, "translation"),
                Property::Rotation(bone) => target_of(first_bone, bone, "rotation"),
                Property::Scale(bone) => target_of(first_bone, bone, "scale"),
                Property::Weights => json!({ "node": mesh_node, "path": "weights" }),
                Property::Visibility(bone) => {
                    let node = first_bone + usize::from(bone);
                    let pointer = format!("/nodes/{node}/extensions/KHR_node_visibility/visible");
                    json!({ "path": "pointer", "extensions": { "KHR_animation_pointer": { "pointer": pointer } } })
                }
            };
            channels.push(json!({ "sampler": samplers.len(), "target": target }));
            samplers.push(sampler(track, buffer)?);
        }
        animations.push(json!({ "channels": channels, "samplers": samplers }));
    }
    Ok(animations)
}

fn target_of(first_bone: usize, bone: u16, path: &str) -> Value {
    json!({ "node": first_bone + usize::from(bone), "path": path })
}

fn sampler(track: &Track, buffer: &mut Buffer) -> Result<Value, BakeError> {
    let curve = &track.curve;
    let input = buffer.add(curve.times(), "SCALAR", FLOAT, ViewKind::Data)?;
    buffer.accessors[input]["min"] = json!([curve.times().first()]);
    buffer.accessors[input]["max"] = json!([curve.times().last()]);
    let output = values(track.property, curve, buffer)?;
    let interpolation = match curve.interpolation() {
        Interpolation::Linear => "LINEAR",
        Interpolation::Step => "STEP",
        Interpolation::CubicSpline => "CUBICSPLINE",
    };
    Ok(json!({ "input": input, "output": output, "interpolation": interpolation }))
}

fn values(property: Property, curve: &Curve, buffer: &mut Buffer) -> Result<usize, BakeError> {
    let numbers = curve.values();
    match property {
        Property::Translation(_) | Property::Scale(_) => {
            buffer.add(numbers.as_chunks::<3>().0, "VEC3", FLOAT, ViewKind::Data)
        }
        Property::Rotation(_) => buffer.add(numbers.as_chunks::<4>().0, "VEC4", FLOAT, ViewKind::Data),
        Property::Weights => buffer.add(numbers, "SCALAR", FLOAT, ViewKind::Data),
        Property::Visibility(_) => {
            // Booleans are bytes, and views of them have elements of four bytes.
            let bytes: Vec<[u8; 4]> = numbers.iter().map(|&x| [u8::from(x > 0.5), 0, 0, 0]).collect();
            buffer.add(&bytes, "SCALAR", UNSIGNED_BYTE, ViewKind::Data)
        }
    }
}
