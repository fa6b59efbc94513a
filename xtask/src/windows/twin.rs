//! A small glTF file whose every number is known: a hilly ground large enough for more than one tile.

use std::f32::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

/// Squares on each side.
const SIDE: u32 = 160;

/// Of the whole file.
pub const TRIANGLES: u64 = 2 * SIDE as u64 * SIDE as u64;

/// Metres from one corner of a square to the next.
const STEP_METRES: f32 = 1.0;

/// Writes `hills.gltf` and its buffer into `folder`.
pub fn write(folder: &Path) -> Result<PathBuf> {
    let corners = SIDE + 1;
    let mut buffer = Vec::new();
    let extent = SIDE as f32 * STEP_METRES;
    for row in 0..corners {
        for column in 0..corners {
            let (x, z) = (column as f32 * STEP_METRES, row as f32 * STEP_METRES);
            let y = (x / extent * TAU * 3.0).sin() * (z / extent * TAU * 2.0).cos() + 1.0;
            [x, y, z].iter().for_each(|number| buffer.extend_from_slice(&number.to_le_bytes()));
        }
    }
    let position_bytes = buffer.len();
    for row in 0..SIDE {
        for column in 0..SIDE {
            let at = row * corners + column;
            for index in [at, at + corners, at + 1, at + 1, at + corners, at + corners + 1] {
                buffer.extend_from_slice(&index.to_le_bytes());
            }
        }
    }
    let index_bytes = buffer.len() - position_bytes;
    let gltf = json!({
        "asset": { "version": "2.0" },
        "scene": 0,
        "scenes": [{ "nodes": [0] }],
        "nodes": [{ "mesh": 0, "name": "hills" }],
        "meshes": [{ "primitives": [{ "attributes": { "POSITION": 0 }, "indices": 1 }] }],
        "buffers": [{ "uri": "hills.bin", "byteLength": buffer.len() }],
        "bufferViews": [
            { "buffer": 0, "byteLength": position_bytes },
            { "buffer": 0, "byteOffset": position_bytes, "byteLength": index_bytes },
        ],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "type": "VEC3", "count": corners * corners,
              "min": [0.0, 0.0, 0.0], "max": [extent, 2.0, extent] },
            { "bufferView": 1, "componentType": 5125, "type": "SCALAR", "count": SIDE * SIDE * 6 },
        ],
    });
    fs::write(folder.join("hills.bin"), &buffer)?;
    let path = folder.join("hills.gltf");
    fs::write(&path, gltf.to_string())?;
    Ok(path)
}
