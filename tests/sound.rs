//! What a visitor hears, as a file: a tone that the twin's maker has put to the left is louder in the left ear
//! by what the head-shadow formula says.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod program;

use std::f32::consts::TAU;
use std::path::Path;

use program::{Home, can_draw};
use serde_json::json;

/// A floor of 20 × 20 m, and a node two metres above its middle at the height of the eyes.
fn write_twin(folder: &Path) {
    let file = json!({
        "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0, 1] }],
        "nodes": [{ "name": "floor", "mesh": 0 }, { "name": "bell", "translation": [0, 1.6, 0] }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
        "accessors": [
            {
                "bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 4,
                "min": [-10, 0, -10], "max": [10, 0, 10],
            },
            { "bufferView": 1, "componentType": 5123, "type": "SCALAR", "count": 6 },
        ],
        "bufferViews": [
            { "buffer": 0, "byteLength": 48 }, { "buffer": 0, "byteOffset": 48, "byteLength": 12 },
        ],
        "buffers": [{ "byteLength": 60, "uri": "twin.bin" }],
    });
    std::fs::write(folder.join("twin.gltf"), file.to_string()).unwrap();
    let corners: [[f32; 3]; 4] =
        [[-10.0, 0.0, -10.0], [-10.0, 0.0, 10.0], [10.0, 0.0, 10.0], [10.0, 0.0, -10.0]];
    let mut bytes = bytemuck::cast_slice::<_, u8>(&corners).to_vec();
    bytes.extend_from_slice(bytemuck::cast_slice(&[0_u16, 1, 2, 0, 2, 3]));
    std::fs::write(folder.join("twin.bin"), bytes).unwrap();
    let list = json!({ "bell": { "source": "tone.wav", "radius_metres": 30 } });
    std::fs::write(folder.join("twin.gltf.sounds.json"), list.to_string()).unwrap();
}

/// A second of `hertz` at half of full scale, 44.1 kHz, mono.
fn write_tone(path: &Path, hertz: f32) {
    let values = (0..44_100).map(|frame| ((frame as f32 * hertz / 44_100.0 * TAU).sin() * 16_384.0) as i16);
    let mut file = Vec::new();
    file.extend(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(44_100_u32.to_le_bytes());
    file.extend(88_200_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(88_200_u32.to_le_bytes());
    file.extend(values.flat_map(i16::to_le_bytes));
    std::fs::write(path, file).unwrap();
}

/// Root mean squares of both channels.
fn levels(file: &[u8]) -> [f32; 2] {
    let (frames, rest) = file[44..].as_chunks::<4>();
    assert!(rest.is_empty());
    let mut sums = [0.0; 2];
    for [a, b, c, d] in frames {
        for (sum, bytes) in sums.iter_mut().zip([[*a, *b], [*c, *d]]) {
            *sum += (f32::from(i16::from_le_bytes(bytes)) / 32_768.0).powi(2);
        }
    }
    sums.map(|sum| (sum / frames.len() as f32).sqrt())
}

#[test]
fn a_tone_at_the_left_is_heard_at_the_left() {
    let home = Home::new();
    if !can_draw(&home) {
        return;
    }
    let hertz = 1_000.0;
    write_twin(home.folder.path());
    write_tone(&home.path("tone.wav"), hertz);
    let (twin, heard) = (home.path("twin.gltf"), home.path("heard.wav"));
    let view = |at: &str, frames: &str| {
        let arguments = ["view", twin.to_str().unwrap(), "--headless", "--size", "64x64", "--frames", frames];
        let recorded = ["--json", "--at", at, "--record-audio", heard.to_str().unwrap()];
        let report = home.json(&[&arguments[..], &recorded].concat());
        (report, std::fs::read(&heard).unwrap())
    };
    // Two metres from the bell, which is at the left of somebody who looks along +X.
    let (report, file) = view("0,0,2,-90", "90");
    let expected = json!({ "total": 1, "known": 1, "playing": 1, "has_output": false });
    assert_eq!(report["sounds"], expected, "{report}");
    assert_eq!(file.len(), 44 + 4 * 48_000, "a second, because ninety frames are one");
    assert_eq!(file[24..28], 48_000_u32.to_le_bytes());
    let measured = levels(&file);
    // Brown and Duda (1998): the near ear at 0° and the far one at 180° of incidence.
    let ratio = hertz * TAU / (2.0 * 343.0 / 0.0875);
    let shadow = |alpha: f32| ((1.0 + (alpha * ratio).powi(2)) / (1.0 + ratio * ratio)).sqrt();
    let factors = [shadow(2.0), shadow(1.05 + 0.95 * 216_f32.to_radians().cos())];
    for (ear, factor) in factors.into_iter().enumerate() {
        // Half of full scale at its peak, half the pressure at two metres.
        let error = 20.0 * (measured[ear] / (0.25 / 2.0_f32.sqrt() * factor)).log10();
        assert!(error.abs() < 0.3, "ear {ear} is off by {error} dB: {measured:?}");
    }

    // Beyond its radius the visitor hears nothing.
    let (report, file) = view("0,0,32,0", "9");
    assert_eq!(report["sounds"]["playing"], 0, "{report}");
    assert!(file[44..].iter().all(|byte| *byte == 0));

    // A new tone in the same place is a new bake.
    write_tone(&home.path("tone.wav"), 100.0);
    let (_, file) = view("0,0,2,-90", "90");
    let [left, right] = levels(&file);
    assert!((left / right - 1.0).abs() < 0.05, "a head casts no shadow that low: {left} and {right}");
}
