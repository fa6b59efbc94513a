//! The walk says where something is wrong, and what.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use serde_json::{Value, json};

use super::check;
use crate::scene::gltf::tests::made::square;
use crate::scene::{ContentError, limits};

fn refusal(json: &Value) -> String {
    check(&json.to_string()).unwrap_err().to_string()
}

#[test]
fn a_refusal_has_its_pointer() {
    let (good, _) = square();
    assert_eq!(
        check(&good.to_string()).unwrap(),
        ["KHR_materials_emissive_strength", "KHR_texture_transform"].map(str::to_owned)
    );
    let cases = [
        ("/asset", json!({}), "/asset: it has no version"),
        ("/nodes/0/translation", json!([1, 2]), "/nodes/0/translation: 2 is no number of entries"),
        ("/nodes/0/translation", json!([1, 2, "3"]), "/nodes/0/translation/2: it is text"),
        ("/nodes/0/name", json!(null), "/nodes/0/name: it is null"),
        ("/nodes/0/children", json!([]), "/nodes/0/children: it is empty"),
        ("/nodes/1/mesh", json!(7), "/nodes/1/mesh: it refers to number 7 and there are 1"),
        ("/nodes/1/mesh", json!(-1), "/nodes/1/mesh: it is a number and should be a whole number"),
        ("/materials/0/alphaCutoff", json!(-1), "/materials/0/alphaCutoff: -1 is out of its range"),
        ("/materials/0/doubleSided", json!(1), "/materials/0/doubleSided: it is a number"),
        ("/meshes/0/primitives/0/attributes", json!({}), "/meshes/0/primitives/0/attributes: it is empty"),
        ("/accessors/0/count", json!(0), "/accessors/0/count: it is 0 and at least 1"),
        (
            "/materials/0/pbrMetallicRoughness/extensions",
            json!({ "KHR_materials_unlit": {} }),
            "/materials/0/pbrMetallicRoughness/extensions/KHR_materials_unlit: the extension has no meaning",
        ),
        (
            "/materials/0/extensions/KHR_materials_ior",
            json!({ "ior": 0.5 }),
            "/materials/0/extensions/KHR_materials_ior/ior: 0.5 is out",
        ),
        (
            "/meshes/0/primitives/0/attributes/a~1~0b",
            json!(99),
            "/meshes/0/primitives/0/attributes/a~1~0b: it refers to number 99",
        ),
    ];
    for (pointer, value, expected) in cases {
        let mut json = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        json.pointer_mut(parent).unwrap()[key.replace("~1", "/").replace("~0", "~")] = value;
        let said = refusal(&json);
        assert!(said.starts_with(expected), "{pointer}: {said}");
    }
    let twice = r#"{"asset":{"version":"2.0"},"nodes":[{"mesh":0,"mesh":0}],"meshes":[]}"#;
    assert!(check(twice).unwrap_err().to_string().starts_with("/nodes/0/mesh: it is given twice"));
}

#[test]
fn what_is_a_little_out_of_its_range_or_unknown_is_no_fault() {
    let (mut json, _) = square();
    json["materials"][0]["pbrMetallicRoughness"]["roughnessFactor"] = json!(1.000_001);
    json["materials"][0]["extensions"]["KHR_materials_ior"] = json!({ "ior": 0 });
    json["materials"][0]["extensions"]["ACME_glow"] = json!({ "anything": [null] });
    json["materials"][0]["extras"] = json!([null, { "a": -1 }]);
    json["samplers"] = json!([]);
    json["textures"][0]["sampler"].take();
    json["textures"][0].as_object_mut().unwrap().remove("sampler");
    json["unheard"] = json!({ "of": null });
    check(&json.to_string()).unwrap();
}

#[test]
fn families_are_known_before_there_are_nodes() {
    let chain = |length: usize| {
        let node = |i: usize| if i + 1 < length { json!({ "children": [i + 1] }) } else { json!({}) };
        json!({ "asset": { "version": "2.0" }, "nodes": (0..length).map(node).collect::<Vec<_>>() })
    };
    check(&chain(limits::NODE_DEPTH_MAX).to_string()).unwrap();
    // Upside down, so that depths are met from the leaves on.
    let mut reversed = chain(limits::NODE_DEPTH_MAX);
    reversed["nodes"] = (0..limits::NODE_DEPTH_MAX)
        .map(|i| if i > 0 { json!({ "children": [i - 1] }) } else { json!({}) })
        .collect::<Vec<_>>()
        .into();
    check(&reversed.to_string()).unwrap();
    let error = check(&chain(limits::NODE_DEPTH_MAX + 1).to_string()).unwrap_err();
    let limit = limits::NODE_DEPTH_MAX as u64;
    assert!(matches!(error, ContentError::TooLarge { limit: said, .. } if said == limit), "{error}");
    let mut ring = chain(100);
    ring["nodes"][99]["children"] = json!([0]);
    assert!(refusal(&ring).ends_with("it is its own ancestor"));
    ring["nodes"][99]["children"] = json!([50]);
    assert!(refusal(&ring).ends_with("the node has two parents"));
}
