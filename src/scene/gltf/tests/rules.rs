//! Every rule on what is not drawn yet: a file that keeps them all is taken, and one that breaks one of
//! them is refused for that.

use serde_json::{Value, json};

use super::made::{NoFiles, bytes_of, glb, square};
use crate::scene::gltf::read;

/// Appends numbers as a view and an accessor of their own; tells the accessor's number.
fn add<T: bytemuck::NoUninit>(
    (json, bin): &mut (Value, Vec<u8>),
    numbers: &[T],
    component: u32,
    kind: &str,
    more: Value,
) -> usize {
    bin.resize(bin.len().next_multiple_of(4), 0);
    let bytes = bytes_of(numbers);
    let views = json["bufferViews"].as_array_mut().unwrap();
    views.push(json!({ "buffer": 0, "byteOffset": bin.len(), "byteLength": bytes.len() }));
    let width = match kind {
        "SCALAR" => 1,
        "VEC3" => 3,
        "VEC4" => 4,
        _ => 16,
    };
    let mut accessor = json!({
        "bufferView": views.len() - 1, "componentType": component, "type": kind, "count": numbers.len() / width,
    });
    for (key, value) in more.as_object().unwrap() {
        accessor[key] = value.clone();
    }
    bin.extend(bytes);
    json["buffers"][0]["byteLength"] = bin.len().into();
    let accessors = json["accessors"].as_array_mut().unwrap();
    accessors.push(accessor);
    accessors.len() - 1
}

/// The square with two joints, a morph target, an animation of everything, a camera, a light and a
/// variant. Its accessors from 4 on: joints, weights, matrices, target, times, rotations, weights of the
/// target, movements.
pub(super) fn figure() -> (Value, Vec<u8>) {
    let mut file = square();
    let joints = add(&mut file, &[0_u8, 1, 0, 0].repeat(4), 5121, "VEC4", json!({}));
    let weights = add(&mut file, &[0.75_f32, 0.25, 0.0, 0.0].repeat(4), 5126, "VEC4", json!({}));
    let one = glam::Mat4::IDENTITY.to_cols_array().repeat(2);
    let matrices = add(&mut file, &one, 5126, "MAT4", json!({}));
    let bounds = json!({ "min": [0, 0, 1], "max": [0, 0, 1] });
    let target = add(&mut file, &[0.0_f32, 0.0, 1.0].repeat(4), 5126, "VEC3", bounds);
    let times = add(&mut file, &[0.0_f32, 0.5], 5126, "SCALAR", json!({ "min": [0], "max": [0.5] }));
    let rotations = add(&mut file, &[0.0_f32, 0.0, 0.0, 1.0].repeat(6), 5126, "VEC4", json!({}));
    let strengths = add(&mut file, &[0.0_f32, 1.0], 5126, "SCALAR", json!({}));
    let movements = add(&mut file, &[0.0_f32; 6], 5126, "VEC3", json!({}));
    assert_eq!((joints, movements), (4, 11));
    let (json, _) = &mut file;
    json["extensionsUsed"]
        .as_array_mut()
        .unwrap()
        .extend(["KHR_lights_punctual", "KHR_materials_variants", "KHR_animation_pointer"].map(Value::from));
    json["extensions"] = json!({
        "KHR_lights_punctual": { "lights": [
            { "type": "spot", "spot": { "innerConeAngle": 0.25, "outerConeAngle": 0.5 } },
        ] },
        "KHR_materials_variants": { "variants": [{ "name": "dry" }, { "name": "wet" }] },
    });
    json["scenes"] = json!([{ "nodes": [0] }, { "nodes": [2] }]);
    json["nodes"][0]["children"] = json!([1, 3, 4]);
    json["nodes"][1]["skin"] = json!(0);
    json["nodes"][1]["weights"] = json!([0.5]);
    let nodes = json["nodes"].as_array_mut().unwrap();
    nodes.push(json!({ "camera": 0 }));
    nodes.push(json!({ "children": [5] }));
    nodes.push(json!({ "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] }));
    nodes.push(json!({}));
    json["cameras"] = json!([
        { "type": "perspective", "perspective": { "yfov": 1, "znear": 0.1, "zfar": 10 } },
        { "type": "orthographic", "orthographic": { "xmag": 1, "ymag": 1, "znear": 0, "zfar": 10 } },
    ]);
    json["skins"] = json!([{ "joints": [3, 5], "skeleton": 3, "inverseBindMatrices": matrices }]);
    json["meshes"][0]["weights"] = json!([0]);
    let primitive = &mut json["meshes"][0]["primitives"][0];
    primitive["attributes"]["JOINTS_0"] = json!(joints);
    primitive["attributes"]["WEIGHTS_0"] = json!(weights);
    primitive["targets"] = json!([{ "POSITION": target }]);
    primitive["extensions"] =
        json!({ "KHR_materials_variants": { "mappings": [{ "material": 0, "variants": [1, 0] }] } });
    let channel = |sampler: usize, target: Value| json!({ "sampler": sampler, "target": target });
    json["animations"] = json!([{
        "samplers": [
            { "input": times, "output": rotations, "interpolation": "CUBICSPLINE" },
            { "input": times, "output": strengths },
            { "input": times, "output": movements, "interpolation": "STEP" },
        ],
        "channels": [
            channel(0, json!({ "node": 3, "path": "rotation" })),
            channel(1, json!({ "node": 1, "path": "weights" })),
            channel(2, json!({ "node": 3, "path": "translation" })),
            channel(1, json!({ "path": "pointer", "extensions": {
                "KHR_animation_pointer": { "pointer": "/materials/0/pbrMetallicRoughness/roughnessFactor" },
            } })),
        ],
    }]);
    file
}

/// What is said of the figure with the values at pointers replaced.
fn said(changes: &[(&str, Value)]) -> String {
    let (mut json, bin) = figure();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match json.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
            Value::Object(object) if value.is_null() => drop(object.remove(key)),
            Value::Object(object) => drop(object.insert(key.to_owned(), value.clone())),
            Value::Array(array) => match key.parse::<usize>() {
                Ok(index) => array[index] = value.clone(),
                Err(_) => array.push(value.clone()),
            },
            _ => panic!("{pointer}"),
        }
    }
    match read(&glb(&json, &bin), &mut NoFiles) {
        Ok(_) => "taken".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// What is said of it with other numbers in an accessor.
fn said_with<T: bytemuck::NoUninit>(accessor: usize, element: usize, numbers: &[T]) -> String {
    let (json, mut bin) = figure();
    let view = json["accessors"][accessor]["bufferView"].as_u64().unwrap() as usize;
    let start = json["bufferViews"][view]["byteOffset"].as_u64().unwrap_or(0) as usize + element;
    let bytes = bytes_of(numbers);
    bin[start..start + bytes.len()].copy_from_slice(&bytes);
    match read(&glb(&json, &bin), &mut NoFiles) {
        Ok(_) => "taken".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn each_is_said(cases: &[(&str, Value, &str)]) {
    assert_eq!(said(&[]), "taken");
    for (pointer, value, expected) in cases {
        let said = said(&[(pointer, value.clone())]);
        assert!(said.contains(expected), "{pointer} = {value}: {said}");
    }
}

#[test]
fn skins_fit_what_they_move() {
    each_is_said(&[
        ("/skins/0/joints", json!([3, 3]), "a joint is in it twice"),
        ("/skins/0/joints", json!([3, 2]), "its joints have no common root"),
        ("/skins/0/skeleton", json!(5), "its skeleton is not above its joints"),
        ("/skins/0/skeleton", json!(0), "taken"),
        ("/skins/0/joints", json!([5]), "it names a joint that its skin does not have"),
        ("/skins/0/inverseBindMatrices", json!(9), "used for something else"),
        ("/accessors/6/type", json!("VEC4"), "inverse bind matrices are MAT4"),
        ("/bufferViews/5/byteStride", json!(64), "has a stride"),
        ("/nodes/3/skin", json!(0), "it has a skin and no mesh"),
        ("/nodes/0/children", json!([1, 4]), "it is in a scene in which its joints are not"),
    ]);
    let three = said(&[("/skins/0/joints", json!([3, 5, 4])), ("/skins/0/skeleton", json!(0))]);
    assert!(three.contains("fewer inverse bind matrices than joints"), "{three}");
    assert!(said_with(6, 12, &[1.0_f32]).contains("is not affine"));
    assert!(said_with(6, 124, &[2.0_f32]).contains("is not affine"));
}

#[test]
fn joints_and_weights_go_together() {
    let attributes = "/meshes/0/primitives/0/attributes";
    each_is_said(&[
        (&format!("{attributes}/WEIGHTS_0"), Value::Null, "not as many sets of joints as of weights"),
        (&format!("{attributes}/JOINTS_0"), json!(5), "its type is not one"),
        (&format!("{attributes}/WEIGHTS_0"), json!(4), "its type is not one"),
        ("/accessors/5/count", json!(3), "differ in their number"),
    ]);
    assert!(said_with(4, 0, &[2_u8]).contains("a joint that its skin does not have"));
    assert!(said_with(4, 1, &[0_u8]).contains("it names a joint twice"));
    assert!(said_with(5, 0, &[-0.75_f32]).contains("a weight is negative"));
    assert!(said_with(5, 0, &[0.5_f32]).contains("do not make 1 together"));
    assert!(said_with(5, 0, &[f32::NAN]).contains("not finite"));
    // A vertex that nothing moves.
    assert_eq!(said_with(5, 0, &[0.0_f32, 0.0]), "taken");
}

#[test]
fn animations_fit_what_they_change() {
    let channel = "/animations/0/channels";
    let sampler = "/animations/0/samplers";
    let at = |place: &str, rest: &str| format!("{place}{rest}");
    each_is_said(&[
        (&at(channel, "/0/sampler"), json!(9), "no such sampler"),
        (&at(channel, "/0/target/node"), json!(9), "it refers to number 9"),
        (&at(channel, "/0/target/node"), json!(4), "its node has a matrix"),
        (&at(channel, "/1/target/node"), json!(3), "has no morph targets"),
        (&at(channel, "/2/target/path"), json!("rotation"), "not of the format"),
        (&at(channel, "/2/target/path"), json!("unheard_of"), "taken"),
        (
            &at(channel, "/-"),
            json!({ "sampler": 2, "target": { "node": 3, "path": "translation" } }),
            "another channel",
        ),
        (&at(channel, "/3/target/path"), json!("path"), "its path is not"),
        (&at(channel, "/3/target/node"), json!(0), "at once"),
        (
            &at(channel, "/3/target/extensions/KHR_animation_pointer/pointer"),
            json!("materials/0"),
            "no JSON pointer",
        ),
        (
            &at(channel, "/3/target/extensions/KHR_animation_pointer/pointer"),
            json!("/a~2"),
            "no JSON pointer",
        ),
        (
            &at(channel, "/3/target/extensions/KHR_animation_pointer/pointer"),
            Value::Null,
            "it has no pointer",
        ),
        (&at(sampler, "/0/interpolation"), json!("LINEAR"), "not as many values"),
        (&at(sampler, "/2/interpolation"), json!("CUBICSPLINE"), "not as many values"),
        (&at(sampler, "/2/input"), json!(10), "used for something else"),
        ("/accessors/8/min", Value::Null, "times have to have their min and max"),
        ("/accessors/8/max", json!([0.75]), "/accessors/8/max/0"),
        ("/accessors/8/type", json!("VEC2"), "bounds have another number"),
        ("/bufferViews/7/byteStride", json!(4), "has a stride"),
        ("/bufferViews/8/byteStride", json!(16), "has a stride"),
    ]);
    assert!(said_with(8, 0, &[0.5_f32, 0.0]).contains("times do not count up"));
    assert!(said_with(8, 4, &[0.0_f32]).contains("/accessors/8/max/0"));
    // Of the rotations of a spline the tangents may be anything: elements 0 and 2 of three.
    assert_eq!(said_with(9, 0, &[5.0_f32; 4]), "taken");
    assert!(said_with(9, 16, &[5.0_f32; 4]).contains("a rotation is not a unit quaternion"));
}

#[test]
fn morph_targets_fit_their_vertices() {
    let target = "/meshes/0/primitives/0/targets";
    each_is_said(&[
        (target, json!([{}]), "it is empty"),
        (target, json!([]), "it is empty"),
        (target, json!([{ "POSITION": 7 }, { "POSITION": 7 }]), "for 2 morph targets"),
        (target, json!([{ "COLOR_0": 7 }]), "no such attribute to be moved"),
        (target, json!([{ "WEIGHTS_0": 7 }]), "its type is not one"),
        (target, json!([{ "UNKNOWN": 7 }]), "glTF knows no such attribute"),
        (target, json!([{ "NORMAL": 7 }]), "taken"),
        ("/accessors/7/max", Value::Null, "positions have to have their min and max"),
        ("/accessors/7/count", json!(3), "differs in its number"),
        ("/meshes/0/weights", json!([0, 0]), "there are 2 of them for 1"),
        ("/nodes/1/weights", json!([0, 0]), "there are 2 of them for 1"),
        ("/nodes/3/weights", json!([0]), "there are 1 of them for 0"),
        ("/meshes/0/primitives/-", json!({ "attributes": { "POSITION": 0 } }), "differ in the number"),
    ]);
}

#[test]
fn attributes_have_names_and_formats() {
    let with = |name: &str, accessor: usize, expected: &str| {
        let said = said(&[(&format!("/meshes/0/primitives/0/attributes/{name}"), json!(accessor))]);
        assert!(said.contains(expected), "{name}: {said}");
    };
    for name in
        ["UNKNOWN", "TEXCOORD_01", "TEXCOORD_", "TEXCOORD_1_1", "TEXCOORD_-1", "", "position", "NORMAL_0"]
    {
        with(name, 2, "glTF knows no such attribute");
    }
    with("TEXCOORD_2", 2, "the numbers of TEXCOORD do not count up");
    with("TEXCOORD_1", 2, "taken");
    with("_OWN", 2, "taken");
    with("ACME_thing:OWN", 2, "taken");
    with("TANGENT", 1, "its type is not one");
    with("COLOR_0", 1, "taken");
    with("NORMAL", 2, "its type is not one");
    each_is_said(&[
        ("/accessors/0/min", Value::Null, "positions have to have their min and max"),
        ("/accessors/0/min", json!([0, 0]), "bounds have another number"),
        ("/accessors/0/min", json!([0, 0, -1]), "/accessors/0/min/2: it is -1"),
        ("/accessors/0/min", json!([0, 0.000_001, 0]), "taken"),
        ("/accessors/0/normalized", json!(true), "only small integers are normalised"),
        ("/bufferViews/0/byteStride", Value::Null, "share a view that has no stride"),
        ("/bufferViews/0/target", json!(34963), "does not allow the byte stride"),
        ("/bufferViews/1/target", json!(34963), "used for something else"),
        ("/bufferViews/2/target", json!(34962), "used for something else"),
    ]);
    let strided = said(&[("/bufferViews/2/byteStride", json!(4)), ("/accessors/3/count", json!(3))]);
    assert!(strided.contains("has a stride"), "{strided}");
    // A normal of another length, and one of none; a texture coordinate has no length.
    assert!(said_with(1, 48, &[0.0_f32, 0.0, 0.5]).contains("is not of unit length"));
    assert_eq!(said_with(1, 48, &[0.0_f32; 3]), "taken");
    let colors = said(&[
        ("/meshes/0/primitives/0/attributes/COLOR_0", json!(7)),
        ("/accessors/7/max", json!([0, 0, 1])),
    ]);
    assert_eq!(colors, "taken");
}

#[test]
fn cameras_lights_and_variants_make_sense() {
    let light = "/extensions/KHR_lights_punctual/lights/0";
    let mapping = "/meshes/0/primitives/0/extensions/KHR_materials_variants/mappings/0";
    let at = |place: &str, rest: &str| format!("{place}{rest}");
    each_is_said(&[
        ("/cameras/0/perspective/zfar", json!(0.1), "it ends where it begins"),
        ("/cameras/0/perspective/znear", json!(0), "more than 0"),
        ("/cameras/0/perspective/yfov", Value::Null, "it has no yfov"),
        ("/cameras/0/type", json!("orthographic"), "does not say what its type has to say"),
        ("/cameras/1/orthographic/ymag", json!(0), "no width or no height"),
        ("/cameras/1/orthographic/zfar", json!(-1), "more than 0"),
        ("/cameras/1/perspective", json!({ "yfov": 1, "znear": 1 }), "at once"),
        ("/nodes/2/camera", json!(2), "it refers to number 2"),
        (&at(light, "/spot"), Value::Null, "a spot light has no spot"),
        (&at(light, "/spot/innerConeAngle"), json!(0.5), "not within its outer cone"),
        (&at(light, "/spot/outerConeAngle"), json!(2), "out of its range"),
        (&at(light, "/range"), json!(0), "more than 0"),
        (&at(light, "/type"), Value::Null, "it has no type"),
        (&at(mapping, "/variants"), json!([0, 0]), "variant 0 is in it twice"),
        (&at(mapping, "/variants"), json!([2]), "it refers to number 2"),
        (&at(mapping, "/variants"), json!([]), "it is empty"),
        (&at(mapping, "/material"), json!(1), "it refers to number 1"),
        ("/extensions/KHR_materials_variants", Value::Null, "it refers to number 1 and there are 0"),
    ]);
}

#[test]
fn what_is_used_is_declared() {
    let (json, _) = figure();
    let all = json["extensionsUsed"].clone();
    let with = |more: Value| {
        let mut list = all.as_array().unwrap().clone();
        list.push(more);
        Value::from(list)
    };
    each_is_said(&[
        ("/extensionsUsed", json!([]), "it is empty"),
        ("/extensionsUsed", json!(["KHR_lights_punctual"]), "is in the file and not in it"),
        ("/extensionsUsed", with(json!("KHR_lights_punctual")), "is in it twice"),
        ("/extensionsUsed", with(json!("KHR_mesh_quantization")), "KHR_mesh_quantization has to be in it"),
        ("/extensionsUsed", with(json!("ACME_unheard_of")), "taken"),
        ("/extensionsRequired", json!(["KHR_mesh_quantization"]), "is not in extensionsUsed"),
        ("/nodes/0/extensions", json!({ "ACME_unheard_of": {} }), "is in the file and not in it"),
        ("/nodes/0/extensions", json!({ "KHR_materials_variants": {} }), "has no meaning here"),
        ("/nodes/0/extensions", json!({ "KHR_lights_punctual": [] }), "should be an object"),
        ("/asset/version", json!("2"), "it is no version"),
        ("/asset/version", json!("2.1"), "taken"),
        ("/asset/minVersion", json!("2.1"), "later than the version"),
    ]);
}

#[test]
fn instances_are_placed_and_what_is_not_visible_is_not_there() {
    let mut file = square();
    let places = add(&mut file, &[0.0_f32, 0.0, 0.0, 5.0, 0.0, 0.0], 5126, "VEC3", json!({}));
    let turns = add(&mut file, &[0_i8, 0, 0, 127, 0, 127, 0, 0], 5120, "VEC4", json!({ "normalized": true }));
    let (mut json, bin) = file;
    json["extensionsUsed"].as_array_mut().unwrap().push("EXT_mesh_gpu_instancing".into());
    let instancing = |attributes: Value| json!({ "EXT_mesh_gpu_instancing": { "attributes": attributes } });
    json["nodes"][1]["extensions"] =
        instancing(json!({ "TRANSLATION": places, "ROTATION": turns, "_ID": 3 }));
    json["accessors"][3]["count"] = json!(2);
    json["meshes"][0]["primitives"][0].as_object_mut().unwrap().remove("indices");
    let document = read(&glb(&json, &bin), &mut NoFiles).unwrap();
    let [_, none, first, second] = &document.nodes[..] else { panic!("{}", document.nodes.len()) };
    assert_eq!((none.mesh, first.mesh, second.mesh), (None, Some(0), Some(0)));
    assert_eq!((first.parent, second.parent), (Some(1), Some(1)));
    let corner = glam::Vec3::new(1.0, 1.0, 0.0);
    // The node is at 10 metres and twice as large; half a turn about y turns x round.
    assert_eq!(first.world_from_node.transform_point3(corner), glam::Vec3::new(12.0, 2.0, 0.0));
    let turned = second.world_from_node.transform_point3(corner);
    assert!(turned.distance(glam::Vec3::new(18.0, 2.0, 0.0)) < 1e-5, "{turned}");
    for (attributes, expected) in [
        (json!({ "TRANSLATION": 2 }), "each of its type"),
        (json!({ "PLACE": places }), "each of its type"),
        (json!({ "TRANSLATION": places, "SCALE": 1 }), "differ in their number"),
        (json!({}), "it is empty"),
        (json!({ "TRANSLATION": 99 }), "it refers to number 99"),
    ] {
        let mut json = json.clone();
        json["nodes"][1]["extensions"] = instancing(attributes);
        let said = read(&glb(&json, &bin), &mut NoFiles).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
    json["extensionsUsed"].as_array_mut().unwrap().push("KHR_node_visibility".into());
    json["nodes"][0]["extensions"] = json!({ "KHR_node_visibility": { "visible": true } });
    assert_eq!(read(&glb(&json, &bin), &mut NoFiles).unwrap().nodes.len(), 4);
    json["nodes"][0]["extensions"] = json!({ "KHR_node_visibility": { "visible": false } });
    let document = read(&glb(&json, &bin), &mut NoFiles).unwrap();
    assert_eq!((document.nodes.len(), document.skipped["nodes that are not visible"]), (0, 2));
}

/// Channels that share their keys get a curve each: a small file may not ask for gigabytes of them.
#[test]
fn keys_that_channels_share_are_counted_for_each() {
    const KEYS: usize = 4096;
    let with = |node_count: usize| {
        let mut file = square();
        let seconds: Vec<f32> = (0..KEYS).map(|key| key as f32).collect();
        let bounds = json!({ "min": [0], "max": [KEYS - 1] });
        let times = add(&mut file, &seconds, 5126, "SCALAR", bounds);
        let movements = add(&mut file, &[0.0_f32; KEYS * 3], 5126, "VEC3", json!({}));
        let (mut json, bin) = file;
        let nodes = json["nodes"].as_array_mut().unwrap();
        let first = nodes.len();
        nodes.extend((0..node_count).map(|_| json!({})));
        let all = first..first + node_count;
        json["scenes"][0]["nodes"].as_array_mut().unwrap().extend(all.clone().map(Value::from));
        let channel =
            |node: usize| json!({ "sampler": 0, "target": { "node": node, "path": "translation" } });
        json["animations"] = json!([{
            "samplers": [{ "input": times, "output": movements }],
            "channels": all.map(channel).collect::<Vec<_>>(),
        }]);
        read(&glb(&json, &bin), &mut NoFiles).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(with(20), Ok(()));
    let refusal = with(2100).unwrap_err();
    assert!(refusal.contains("numbers are more than"), "{refusal}");
}
