//! Files that mean harm, made here: each is refused at once, for what is wrong with it, and before it
//! has cost memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use serde_json::{Value, json};

use super::allocator::peak_bytes;
use super::effort;
use crate::scene::gltf::tests::made::{NoFiles, bytes_of, data_uri, glb, glb_of_chunks, jpeg, png, square};
use crate::scene::gltf::{image, read};
use crate::scene::{ContentError, limits};

/// A file, and the beginning of the sentence that refuses it.
pub(super) type Case = (&'static str, Vec<u8>, &'static str);

/// Nobody waits for that; what grows with the square of a file takes many times as long. Machines differ by three.
const REFUSED_WITHIN: Duration = Duration::from_millis(200);
const MORE_BYTES: usize = 1 << 20;
const TRIES: usize = 9;

/// The square with the value at each pointer replaced.
fn changed(changes: &[(&str, Value)]) -> Vec<u8> {
    let (mut json, bin) = square();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match json.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}")) {
            Value::Object(object) => drop(object.insert(key.to_owned(), value.clone())),
            Value::Array(array) => match key.parse::<usize>() {
                Ok(index) => array[index] = value.clone(),
                Err(_) => array.push(value.clone()),
            },
            _ => panic!("{pointer}"),
        }
    }
    glb(&json, &bin)
}

/// The square with other bytes.
fn overwritten(place: usize, bytes: &[u8]) -> Vec<u8> {
    let (json, mut bin) = square();
    bin[place..place + bytes.len()].copy_from_slice(bytes);
    glb(&json, &bin)
}

fn text(members: &str) -> Vec<u8> {
    format!(r#"{{"asset":{{"version":"2.0"}},{members}}}"#).into_bytes()
}

fn containers() -> Vec<Case> {
    let (json, bin) = square();
    let whole = glb(&json, &bin);
    let with = |place: usize, number: u32| {
        let mut broken = whole.clone();
        broken[place..place + 4].copy_from_slice(&number.to_le_bytes());
        broken
    };
    let json: &[u8] = br#"{"asset":{"version":"2.0"}}    "#;
    let json = &json[..json.len() / 4 * 4];
    vec![
        ("nothing", Vec::new(), "file: it is empty"),
        ("one byte", vec![b'g'], "JSON: it is no JSON"),
        ("a header alone", whole[..12].to_vec(), "GLB header: the length in it"),
        ("half a file", whole[..whole.len() / 2].to_vec(), "GLB header: the length in it"),
        ("length 0", with(8, 0), "GLB header: the length in it"),
        ("length 4 GiB", with(8, u32::MAX), "GLB header: the length in it"),
        ("a chunk of 4 GiB", with(12, u32::MAX - 3), "GLB chunk 0: it goes on past the end"),
        ("a chunk that is not aligned", with(12, 21), "GLB chunk 0: its length is not a multiple"),
        (
            "two BIN chunks",
            glb_of_chunks(&[(b"JSON", json), (b"BIN\0", &[0; 4]), (b"BIN\0", &[0; 4])]),
            "GLB chunk 2: a second one",
        ),
        (
            "BIN first",
            glb_of_chunks(&[(b"BIN\0", &[0_u8; 4][..]), (b"JSON", json)]),
            "GLB chunk 0: a second one",
        ),
    ]
}

fn texts() -> Vec<Case> {
    let many_floats = format!("\"extras\":[{}0],\"nodes\":[{{\"mesh\":0}}]", "1.0,".repeat(900_000));
    let extensions: String = (0..100_000).map(|i| format!("\"X{i}\":{{}},")).collect();
    vec![
        (
            "no UTF-8",
            [&b"{\"a\":\""[..], &[0xff, 0xfe], b"\"}"].concat(),
            "byte 6 of the JSON: it is not UTF-8",
        ),
        ("a byte order mark", [&[0xef, 0xbb, 0xbf][..], &text("\"x\":1")].concat(), "JSON: it is no JSON"),
        ("a number without end", text("\"x\":1e999"), "byte 31 of the JSON: the number is not finite"),
        ("NaN", text("\"x\":NaN"), "JSON: it is no JSON"),
        (
            "100 000 levels",
            text(&format!("\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000))),
            "JSON: 129 levels of nesting",
        ),
        ("a member given twice", text("\"nodes\":[{}],\"nodes\":[{}]"), "/nodes: it is given twice"),
        ("64 MiB of nothing", vec![b' '; limits::JSON_BYTES_MAX + 1], "JSON: 67108865 bytes"),
        ("a million nodes and one", text(&format!("\"nodes\":[{}{{}}]", "{},".repeat(1_000_000))), "byte "),
        ("numbers to be rewritten", text(&many_floats), "/nodes/0/mesh: it refers to number 0"),
        (
            "100 000 extensions",
            text(&format!("\"extensions\":{{{extensions}\"Y\":{{}}}}")),
            "/extensions/X256",
        ),
        (
            "a name of a megabyte",
            text(&format!("\"nodes\":[{{\"name\":0,\"{}\":0}}]", "n".repeat(1 << 20))),
            "/nodes/0/name",
        ),
        ("glTF 1", br#"{"asset":{"version":"1.0"}}"#.to_vec(), "/asset: it needs glTF 1.0"),
        ("no asset", b"{}".to_vec(), "JSON: it has no asset"),
    ]
}

fn graphs() -> Vec<Case> {
    let chain = |length: usize, last: Value| {
        let mut nodes: Vec<Value> = (1..length).map(|i| json!({ "children": [i] })).collect();
        nodes.push(last);
        text(&format!("\"nodes\":{}", Value::from(nodes)))
    };
    let wide: Vec<usize> = (1..300_001).collect();
    let wide = format!("\"nodes\":[{{\"children\":{}}}{}]", json!(wide), ",{}".repeat(299_999));
    vec![
        ("its own child", changed(&[("/nodes/0/children", json!([0]))]), "/nodes/0: it is its own ancestor"),
        ("a ring", chain(1000, json!({ "children": [0] })), "/nodes/"),
        (
            "two parents",
            changed(&[("/nodes/0/children", json!([1, 1]))]),
            "/nodes/0/children/1: the node has two",
        ),
        (
            "a child as a root",
            changed(&[("/scenes/0/nodes", json!([0, 1]))]),
            "/scenes/0/nodes/1: node 1 is no root",
        ),
        (
            "a root twice",
            changed(&[("/scenes/0/nodes", json!([0, 0]))]),
            "/scenes/0/nodes/1: node 0 is listed twice",
        ),
        ("200 000 levels of nodes", chain(200_000, json!({})), "/nodes/256: 257 levels of nodes"),
        ("300 000 children and one", text(&wide), "/nodes/0/children/299999: it refers to number 300000"),
        ("a child without end", changed(&[("/nodes/0/children", json!([u64::MAX]))]), "/nodes/0/children/0"),
        (
            "a mesh that is not there",
            changed(&[("/nodes/1/mesh", json!(1))]),
            "/nodes/1/mesh: it refers to number 1",
        ),
        ("a transform without end", changed(&[("/nodes/1/scale", json!([1e39, 1, 1]))]), "/nodes/1/scale/0"),
    ]
}

fn accessors() -> Vec<Case> {
    let end = json!(u64::MAX - 7);
    let sparse = |count: u64, place: u64| {
        changed(&[(
            "/accessors/0/sparse",
            json!({
                "count": count,
                "indices": { "bufferView": 2, "componentType": 5123, "byteOffset": place },
                "values": { "bufferView": 0 },
            }),
        )])
    };
    let zeros = json!({ "componentType": 5126, "count": limits::ACCESSOR_LEN_MAX, "type": "VEC3" });
    vec![
        ("no elements", changed(&[("/accessors/0/count", json!(0))]), "/accessors/0/count: it is 0"),
        (
            "2^62 elements",
            changed(&[("/accessors/0/count", json!(1_u64 << 62))]),
            "/accessors/0: 4611686018427387904",
        ),
        (
            "1000 elements in 48 bytes",
            changed(&[("/accessors/0/count", json!(1000))]),
            "/accessors/0: it goes on past",
        ),
        (
            "an offset near 2^64",
            changed(&[("/accessors/0/byteOffset", end.clone())]),
            "/accessors/0: it goes on past",
        ),
        (
            "a view near 2^64",
            changed(&[("/bufferViews/0/byteOffset", end)]),
            "/bufferViews/0: it does not lie",
        ),
        (
            "a stride below the element",
            changed(&[("/bufferViews/0/byteStride", json!(8))]),
            "/accessors/0: its elements are larger",
        ),
        (
            "an odd offset",
            changed(&[("/accessors/0/byteOffset", json!(2))]),
            "/accessors/0: it is not aligned",
        ),
        (
            "a buffer of a terabyte",
            changed(&[("/buffers/0/byteLength", json!(1_u64 << 40))]),
            "/buffers/0: it has fewer bytes",
        ),
        ("2^31 sparse values", sparse(1 << 31, 0), "/accessors/0: its sparse count"),
        ("sparse values that go back", sparse(4, 0), "/accessors/0: its sparse indices do not increase"),
        (
            "bounds that lie",
            changed(&[("/accessors/0/max", json!([1, 2, 0]))]),
            "/accessors/0/max/1: it is 2",
        ),
        ("a position that is none", overwritten(0, &f32::NAN.to_le_bytes()), "/accessors/0: a number in it"),
        (
            "a position without end",
            overwritten(8, &f32::INFINITY.to_le_bytes()),
            "/accessors/0: a number in it",
        ),
        ("an index without a vertex", overwritten(138, &[4, 0]), "/accessors/3: index 4 has no vertex"),
        ("a gigabyte of zeros", changed(&[("/accessors/-", zeros)]), "/accessors/4: 1073741824 bytes"),
        ("3000 times the same", the_same(3000), "/accessors: 2359296000 bytes of elements"),
    ]
}

/// Accessors that all read the same bytes, and a primitive for each.
fn the_same(times: usize) -> Vec<u8> {
    let accessor = json!({
        "bufferView": 0, "componentType": 5126, "count": 65_536, "type": "VEC3", "min": [0, 0, 0], "max": [0, 0, 0],
    });
    let primitives: Vec<Value> = (0..times).map(|i| json!({ "attributes": { "POSITION": i } })).collect();
    let json = json!({
        "asset": { "version": "2.0" },
        "accessors": vec![accessor; times],
        "meshes": [{ "primitives": primitives }],
        "bufferViews": [{ "buffer": 0, "byteLength": 786_432 }],
        "buffers": [{ "byteLength": 786_432 }],
    });
    glb(&json, &vec![0; 786_432])
}

fn references() -> Vec<Case> {
    let buffer = |uri: &str| changed(&[("/buffers/0/uri", json!(uri))]);
    vec![
        ("a step up", buffer("../../../../etc/passwd"), "../../../../etc/passwd"),
        ("an absolute path", buffer("/etc/passwd"), "/etc/passwd"),
        ("a scheme", buffer("file:///etc/passwd"), "file:///etc/passwd"),
        ("a name that is no text", buffer("%ff%fe"), "%ff%fe"),
        (
            "a data URI that ends in nonsense",
            buffer(&format!("data:application/octet-stream;base64,{}?", "AAAA".repeat(250_000))),
            "/buffers/0: the data URI is not base64",
        ),
    ]
}

fn compressed() -> Vec<Case> {
    let view = |changes: &[(&str, Value)]| {
        let (mut json, mut bin) = square();
        let indices = meshopt::encode_index_buffer(&[0, 1, 2, 0, 2, 3], 4).unwrap();
        let start = bin.len();
        bin.extend(&indices);
        json["buffers"] = json!([{ "byteLength": bin.len() }, { "byteLength": 12 }]);
        json["extensionsUsed"].as_array_mut().unwrap().push("EXT_meshopt_compression".into());
        let mut view = json!({
            "buffer": 0, "byteOffset": start, "byteLength": indices.len(), "byteStride": 2, "count": 6,
            "mode": "TRIANGLES",
        });
        for (key, value) in changes {
            view[*key] = value.clone();
        }
        json["bufferViews"][2] =
            json!({ "buffer": 1, "byteLength": 12, "extensions": { "EXT_meshopt_compression": view } });
        glb(&json, &bin)
    };
    let most = limits::ACCESSOR_LEN_MAX / 12 * 12;
    vec![
        ("compressed bytes that end early", view(&[("byteLength", json!(9))]), "/bufferViews/2: "),
        ("128 MiB out of 30 bytes", view(&[("count", json!(most))]), "/bufferViews/2: "),
        ("2^64 indices", view(&[("count", json!(u64::MAX / 3 * 3))]), "/bufferViews/2: "),
        (
            "16 GiB out of 30 bytes",
            view(&[("count", json!(most)), ("mode", json!("ATTRIBUTES")), ("byteStride", json!(256))]),
            "/bufferViews/2: ",
        ),
        ("a filter on indices", view(&[("filter", json!("OCTAHEDRAL"))]), "/bufferViews/2: "),
    ]
}

fn images() -> Vec<Case> {
    let small = png(4, 4, png::ColorType::Rgba, png::BitDepth::Eight, &[7; 64]);
    let image =
        |media_type: &str, bytes: &[u8]| changed(&[("/images/0/uri", json!(data_uri(media_type, bytes)))]);
    let mut bomb = small.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 128, 0, 0, 0, 128, 0]);
    let mut wide = jpeg(&[1, 2, 3]);
    let size = wide.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap() + 5;
    wide[size..size + 4].fill(0xff);
    let damaged = &small[..small.len() - 20];
    vec![
        ("a PNG of a gigapixel", image("image/png", &bomb), "/images/0: image: 32768 pixels on a side"),
        ("a JPEG of four gigapixels", image("image/jpeg", &wide), "/images/0: "),
        ("a PNG that says it is a JPEG", image("image/jpeg", &small), "/images/0: it is said to be"),
        ("half a PNG", image("image/png", damaged), "PNG: it is damaged"),
        ("a JPEG for printing", image("image/jpeg", &jpeg(&[1, 2, 3, 4])), "JPEG: it needs"),
    ]
}

fn movements() -> Vec<Case> {
    let animated = |times: [f32; 2], changes: &[(&str, Value)]| {
        let (mut json, mut bin) = square();
        let start = bin.len();
        bin.extend(bytes_of(&times));
        bin.extend(bytes_of(&[0.0_f32; 6]));
        json["buffers"][0]["byteLength"] = bin.len().into();
        let views = json["bufferViews"].as_array_mut().unwrap();
        views.push(json!({ "buffer": 0, "byteOffset": start, "byteLength": 8 }));
        views.push(json!({ "buffer": 0, "byteOffset": start + 8, "byteLength": 24 }));
        let accessors = json["accessors"].as_array_mut().unwrap();
        let (least, most) = (times[0].min(times[1]), times[0].max(times[1]));
        accessors.push(json!({
            "bufferView": 3, "componentType": 5126, "count": 2, "type": "SCALAR", "min": [least], "max": [most],
        }));
        accessors.push(json!({ "bufferView": 4, "componentType": 5126, "count": 2, "type": "VEC3" }));
        json["animations"] = json!([{
            "samplers": [{ "input": 4, "output": 5 }],
            "channels": [{ "sampler": 0, "target": { "node": 0, "path": "translation" } }],
        }]);
        for (pointer, value) in changes {
            *json.pointer_mut(pointer).unwrap() = value.clone();
        }
        glb(&json, &bin)
    };
    assert!(read(&animated([0.0, 1.0], &[]), &mut NoFiles).is_ok());
    vec![
        (
            "times that go back",
            animated([2.0, 1.0], &[]),
            "/animations/0/samplers/0/input: times do not count up",
        ),
        (
            "a time before the first",
            animated([-1.0, 1.0], &[]),
            "/animations/0/samplers/0/input: a time is negative",
        ),
        (
            "a movement as a turn",
            animated([0.0, 1.0], &[("/animations/0/channels/0/target/path", json!("rotation"))]),
            "/animations/0/channels/0/sampler: its values are not of the format",
        ),
        (
            "a spline without tangents",
            animated(
                [0.0, 1.0],
                &[(
                    "/animations/0/samplers/0",
                    json!({ "input": 4, "output": 5, "interpolation": "CUBICSPLINE" }),
                )],
            ),
            "/animations/0/channels/0/sampler: there are not as many",
        ),
        (
            "a skin on a mesh without joints",
            changed(&[("/skins", json!([{ "joints": [0] }])), ("/nodes/1/skin", json!(0))]),
            "/nodes/1/skin: the vertices of its mesh have no joints",
        ),
        (
            "a joint twice",
            changed(&[("/skins", json!([{ "joints": [0, 0] }]))]),
            "/skins/0: a joint is in it twice",
        ),
    ]
}

/// All of them.
pub(super) fn files() -> Vec<Case> {
    [containers(), texts(), graphs(), accessors(), references(), compressed(), images(), movements()].concat()
}

/// Reads a file and decodes its images.
fn load(bytes: &[u8]) -> Result<(), ContentError> {
    let document = read(bytes, &mut NoFiles)?;
    document
        .images
        .iter()
        .filter_map(|image| image.bytes.as_ref())
        .try_for_each(|bytes| image::decode(bytes).map(drop))
}

#[test]
fn files_that_mean_harm_are_refused_at_once_and_cost_nothing() {
    let (mut slowest, mut most, mut count) = ((Duration::ZERO, ""), 0.0_f64, 0);
    let mut wrong = Vec::new();
    for (name, bytes, expected) in files() {
        count += 1;
        // Other tests run beside this one: the shortest of a few tries is the file's own.
        let mut took = Duration::MAX;
        for _ in 0..TRIES {
            let ((result, peak), effort) =
                effort::of(|| peak_bytes(|| load(&bytes).map_err(|error| error.to_string())));
            took = took.min(effort);
            let held = peak as f64 / (2 * bytes.len() + MORE_BYTES) as f64;
            most = most.max(held);
            match result {
                Err(said) if said.starts_with(expected) && held <= 1.0 => {}
                other => wrong.push(format!("{name}: {peak} bytes for {}, {other:?}", bytes.len())),
            }
            if took < REFUSED_WITHIN / 2 {
                break;
            }
        }
        slowest = slowest.max((took, name));
        if took > REFUSED_WITHIN {
            wrong.push(format!("{name}: {took:?}"));
        }
    }
    println!("{count} files, the slowest {slowest:?}, the largest {:.0} % of its allowance", most * 100.0);
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One allocation that is clearly ours, for the test of the test.
pub(super) fn allocate() -> (Vec<u8>, super::allocator::Allocations) {
    super::allocator::during(|| std::hint::black_box(vec![1_u8, 2, 3]))
}
