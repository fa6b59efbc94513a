//! What nodes sound like, from the file to the folder.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::host::bake::{BakeError, BakeOptions, Quality, bake};
use crate::scene::sound::wav::{self, Wave};
use crate::scene::{Tileset, sound};
use crate::store::Shelf;

/// A wave whose channels are constant.
fn wave(rate_hz: u32, channels: &[f32], frames: usize) -> Vec<u8> {
    wav::write(&Wave { rate_hz, channel_count: channels.len(), values: channels.repeat(frames) })
}

/// A triangle with three nodes that may sound: `bell` and `twin` (which is an entity), 1 m and 2 m up, and
/// `room` below the first.
fn write(folder: &Path, sounds: [Value; 3]) {
    let extras = |sound: &Value, entity: Option<&str>| {
        let mut extras = json!({});
        if !sound.is_null() {
            extras["pavilion"] = json!({ "sound": sound });
        }
        if let Some(entity) = entity {
            extras["entity"] = json!(entity);
        }
        extras
    };
    let [bell, twin, room] = &sounds;
    let file = json!({
        "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0, 1] }],
        "nodes": [
            { "name": "bell", "translation": [0, 1, 0], "children": [2], "extras": extras(bell, None) },
            { "name": "twin", "mesh": 0, "translation": [0, 2, 0], "extras": extras(twin, Some("bell-2")) },
            { "name": "room", "translation": [0, 0, 5], "extras": extras(room, None) },
        ],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 } }] }],
        "accessors": [{
            "bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 3,
            "min": [0, 0, 0], "max": [1, 1, 0],
        }],
        "bufferViews": [{ "buffer": 0, "byteLength": 36 }],
        "buffers": [{ "byteLength": 36, "uri": "twin.bin" }],
    });
    fs::write(folder.join("twin.gltf"), file.to_string()).unwrap();
    let corners: [[f32; 3]; 3] = [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    fs::write(folder.join("twin.bin"), bytemuck::cast_slice(&corners)).unwrap();
}

fn baked(folder: &Path) -> Result<Tileset, BakeError> {
    let options = BakeOptions { quality: Quality::Quick, ..BakeOptions::default() };
    let out = folder.join("out");
    bake(&folder.join("twin.gltf"), &out, &options, &mut |_| std::ops::ControlFlow::Continue(()))?;
    Ok(Shelf::open(&out).unwrap().tileset().clone())
}

#[test]
fn sounds_beside_the_file_are_baked_with_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("bell.wav"), wave(24_000, &[0.5, -0.25], 1_000)).unwrap();
    let inline = wave(96_000, &[0.25, -0.5], 960);
    let inline = format!("data:audio/wav;base64,{}", base64_of(&inline));
    write(
        folder,
        [
            json!({ "source": "bell.wav", "gain_decibels": -6, "radius_metres": 8 }),
            json!({ "source": "bell.wav", "loops": false }),
            json!({ "source": inline, "is_ambient": true, "radius_metres": 30, "inner_metres": 12 }),
        ],
    );
    let tileset = baked(folder).unwrap();
    let sounds = tileset.sounds();
    assert_eq!(sounds.len(), 3);
    let facts = |index: usize| {
        let sound = sounds[index];
        (sound.position.to_array(), sound.gain_decibels, sound.inner_metres, sound.radius_metres)
    };
    assert_eq!(facts(0), ([0.0, 1.0, 0.0], -6.0, 1.0, 8.0));
    assert_eq!(facts(1), ([0.0, 2.0, 0.0], 0.0, 1.0, 12.0));
    assert_eq!(facts(2), ([0.0, 1.0, 5.0], 0.0, 12.0, 30.0));
    assert_eq!((sounds[0].entity, sounds[2].entity), (None, None));
    assert_eq!(tileset.entities()[sounds[1].entity.unwrap().index()].id, "bell-2");

    let clip = |index: usize| tileset.clips()[sounds[index].clip.index()];
    assert_eq!(clip(0).blob, clip(1).blob, "the same source is one blob");
    assert!(clip(0).loops && !clip(1).loops && clip(2).is_stereo && !clip(0).is_stereo);
    let samples = |index: usize| {
        let clip = clip(index);
        let hash = tileset.blobs()[clip.blob.index()].hash;
        let bytes = fs::read(folder.join(format!("out/{hash}.wav"))).unwrap();
        (wav::read(&bytes).unwrap().rate_hz, sound::decode(&bytes, &clip).unwrap())
    };
    // A point hears the mean of both channels; the room keeps them, at the rate that is played.
    let (rate_hz, bell) = samples(0);
    assert_eq!((rate_hz, bell.frame_count()), (24_000, 2_000));
    assert!(bell.values.iter().all(|value| (value - 4_096).abs() <= 2), "{:?}", &bell.values[..9]);
    let (rate_hz, room) = samples(2);
    assert_eq!((rate_hz, room.frame_count()), (48_000, 480));
    assert!(
        room.values.as_chunks::<2>().0.iter().all(|[l, r]| (l - 8_192).abs() <= 2 && (r + 16_384).abs() <= 2)
    );
}

#[test]
fn a_list_beside_the_file_gives_its_nodes_sounds() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("bell.wav"), wave(48_000, &[0.5], 100)).unwrap();
    write(folder, [Value::Null, json!({ "source": "missing.wav" }), Value::Null]);
    let refused = |list: Option<Value>, reason: &str| {
        if let Some(list) = list {
            fs::write(folder.join("twin.gltf.sounds.json"), list.to_string()).unwrap();
        }
        let error = baked(folder).unwrap_err().to_string();
        assert!(error.contains(reason), "{error} lacks “{reason}”");
    };
    refused(None, "missing.wav");
    write(folder, [Value::Null, Value::Null, Value::Null]);
    assert!(baked(folder).unwrap().sounds().is_empty());
    refused(Some(json!({ "gong": { "source": "bell.wav" } })), "no node of this name");
    refused(Some(json!([1])), "not one object");
    refused(Some(json!({ "room": { "source": "../bell.wav" } })), "only files in the source's folder");
    refused(Some(json!({ "room": { "source": "twin.bin" } })), "does not begin as a WAV");
    refused(Some(json!({ "room": { "source": "bell.wav", "volume": 1 } })), "volume");
    let list = json!({ "room": { "source": "bell.wav" }, "bell": { "source": "bell.wav" } });
    fs::write(folder.join("twin.gltf.sounds.json"), list.to_string()).unwrap();
    let tileset = baked(folder).unwrap();
    assert_eq!((tileset.sounds().len(), tileset.clips().len()), (2, 1));
}

#[test]
fn more_sounds_than_anybody_hears_are_refused() {
    let mut document = super::scenes::hills();
    let node = document.nodes[0].clone();
    let extras = json!({ "source": "a.wav" });
    let sound = Some(sound::extras::read(&extras, "a test").unwrap());
    document.nodes.extend((0..257).map(|_| {
        let sound = sound.clone();
        crate::scene::gltf::document::Node { sound, mesh: None, ..node.clone() }
    }));
    document.sound_files.insert("a.wav".to_owned(), wave(8_000, &[0.0], 10));
    let result = super::super::bake_document(&document, &super::scenes::quick(), &mut |_| {
        std::ops::ControlFlow::Continue(())
    });
    assert!(result.unwrap_err().to_string().contains("257 sounds"));
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
