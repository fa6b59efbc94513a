//! A venue on disk, with every kind of file that a source refers to.

use std::collections::BTreeMap;
use std::f32::consts::FRAC_1_SQRT_2;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use glam::Vec3;
use serde_json::{Value, json};

use super::scenes::{png, quick, sheet};
use crate::host::bake::{BakeError, BakeOptions, BakeReport, bake};
use crate::scene::sound::wav::{self, Wave};

/// Squares on a side of the ground that is one cell.
pub const ROOM: usize = 40;

/// Of one that is two cells.
pub const HALL: usize = 110;

/// Every file below the folder, with what is in it.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => drop(all.insert(path.clone(), fs::read(path).unwrap())),
            }
        }
    }
    let below = |path: PathBuf| path.strip_prefix(folder).unwrap().to_owned();
    all.into_iter().map(|(path, bytes)| (below(path), bytes)).collect()
}

/// A quick bake to its end.
pub fn baked(source: &Path, out: &Path) -> Result<BakeReport, BakeError> {
    baked_with(source, out, &quick())
}

pub fn baked_with(source: &Path, out: &Path, options: &BakeOptions) -> Result<BakeReport, BakeError> {
    bake(source, out, options, &mut |_| ControlFlow::Continue(()))
}

/// A constant tone.
pub fn tone(frames: usize) -> Vec<u8> {
    wav::write(&Wave { rate_hz: 48_000, channel_count: 1, values: vec![0.25; frames] })
}

/// The source: ground with a texture, something that turns, something to take, and a hum.
pub fn venue(across: usize) -> Value {
    let (corners, squares) = ((across + 1) * (across + 1), across * across);
    json!({
        "asset": { "version": "2.0" }, "scene": 0, "scenes": [{ "nodes": [0, 1, 2, 3] }],
        "nodes": [
            { "name": "ground", "mesh": 0 },
            { "name": "fan", "mesh": 0, "scale": [0.1, 0.1, 0.1], "translation": [0, 3, 0] },
            { "name": "cup", "mesh": 0, "scale": [0.01, 0.01, 0.01], "translation": [1, 2, 0],
              "extras": { "pavilion": { "prop": true, "mass_kilograms": 0.3 } } },
            { "name": "engine", "translation": [2, 1, 0],
              "extras": { "pavilion": { "sound": { "source": "hum.wav" } } } },
        ],
        "animations": [{
            "channels": [{ "sampler": 0, "target": { "node": 1, "path": "rotation" } }],
            "samplers": [{ "input": 3, "output": 4 }],
        }],
        "meshes": [{ "primitives": [{
            "attributes": { "POSITION": 0, "TEXCOORD_0": 1 }, "indices": 2, "material": 0,
        }] }],
        "materials": [{ "pbrMetallicRoughness": {
            "baseColorTexture": { "index": 0 }, "baseColorFactor": [1, 1, 1, 1],
        } }],
        "textures": [{ "source": 0 }],
        "images": [{ "uri": "checks%201.png" }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "type": "VEC3", "count": corners,
              "min": [0, 0, 0], "max": [20, 0, 20] },
            { "bufferView": 1, "componentType": 5126, "type": "VEC2", "count": corners },
            { "bufferView": 2, "componentType": 5125, "type": "SCALAR", "count": squares * 6 },
            { "bufferView": 3, "componentType": 5126, "type": "SCALAR", "count": 3, "min": [0], "max": [2] },
            { "bufferView": 4, "componentType": 5126, "type": "VEC4", "count": 3 },
        ],
        "bufferViews": [
            { "buffer": 0, "byteLength": corners * 12 },
            { "buffer": 0, "byteOffset": corners * 12, "byteLength": corners * 8 },
            { "buffer": 0, "byteOffset": corners * 20, "byteLength": squares * 24 },
            { "buffer": 0, "byteOffset": corners * 20 + squares * 24, "byteLength": 12 },
            { "buffer": 0, "byteOffset": corners * 20 + squares * 24 + 12, "byteLength": 48 },
        ],
        "buffers": [{ "uri": "venue.bin", "byteLength": corners * 20 + squares * 24 + 60 }],
    })
}

/// Writes the source and all that it refers to into the folder; returns where the source is.
pub fn write(folder: &Path, across: usize) -> PathBuf {
    let (set, indices) = sheet(across, |u, v| (Vec3::new(u * 20.0, 0.0, v * 20.0), Vec3::Y));
    let mut bytes = bytemuck::cast_slice::<_, u8>(&set.positions).to_vec();
    bytes.extend(bytemuck::cast_slice::<_, u8>(set.uvs[0].as_ref().unwrap()));
    bytes.extend(bytemuck::cast_slice::<_, u8>(&indices));
    bytes.extend(bytemuck::cast_slice::<f32, u8>(&[0.0, 1.0, 2.0]));
    let turn = FRAC_1_SQRT_2;
    let turns = [0.0, 0.0, 0.0, 1.0, 0.0, turn, 0.0, turn, 0.0, 1.0, 0.0, 0.0];
    bytes.extend(bytemuck::cast_slice::<f32, u8>(&turns));
    fs::write(folder.join("venue.bin"), bytes).unwrap();
    fs::write(folder.join("checks 1.png"), png(32, 7).bytes.unwrap()).unwrap();
    fs::write(folder.join("hum.wav"), tone(100)).unwrap();
    let source = folder.join("venue.gltf");
    fs::write(&source, venue(across).to_string()).unwrap();
    source
}
