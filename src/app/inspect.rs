//! `pavilion inspect`: what is in a baked folder, a glTF file or a tileset.

use std::path::Path;

use serde_json::{Value, json};

use super::bake::source_failure;
use super::cli::InspectArgs;
use super::{Failure, entity};
use crate::host::bake::{self, BakeError};
use crate::math::Aabb;
use crate::scene::gltf::{Document, image};
use crate::scene::{ContentError, Tileset};
use crate::store::Shelf;

/// Prints the facts.
///
/// # Errors
/// When there is nothing to read, or it is refused.
pub fn run(arguments: &InspectArgs) -> Result<(), Failure> {
    let path = &arguments.path;
    let facts = if path.is_dir() && !bake::is_tileset(path) {
        let shelf = Shelf::open(path).map_err(Failure::content)?;
        match (&arguments.entity, arguments.ray()) {
            (Some(id), _) => entity::facts(&shelf, id)?,
            (None, Some(ray)) => entity::met(&shelf, ray)?,
            (None, None) => tileset_facts(shelf.tileset()),
        }
    } else if arguments.entity.is_some() || arguments.ray().is_some() {
        let sentence = "only a baked folder has entities in its tiles; bake the file first: pavilion bake";
        return Err(Failure::usage(sentence));
    } else {
        match read(path) {
            Ok(document) => document_facts(&document),
            Err(error) => {
                if let (BakeError::Content(refusal), true) = (&error, arguments.json) {
                    print_json(&refusal_facts(refusal))?;
                }
                return Err(source_failure(path, error));
            }
        }
    };
    if arguments.json {
        return print_json(&facts);
    }
    print_facts(path, &facts);
    Ok(())
}

/// The document, with every image looked through to its end.
fn read(path: &Path) -> Result<Document, BakeError> {
    let document = bake::read(path)?;
    for (i, image) in document.images.iter().enumerate() {
        if let Some(bytes) = &image.bytes {
            image::decode(bytes)
                .map_err(|e| ContentError::malformed(format!("/images/{i}"), e.to_string()))?;
        }
    }
    Ok(document)
}

fn print_json(facts: &Value) -> Result<(), Failure> {
    println!("{}", serde_json::to_string_pretty(facts).map_err(Failure::failed)?);
    Ok(())
}

/// Why a file is refused, in words for people and for programs.
fn refusal_facts(refusal: &ContentError) -> Value {
    let mut facts = json!({ "kind": "refusal", "code": refusal.code(), "sentence": refusal.to_string() });
    match refusal {
        ContentError::Malformed { place, reason } => {
            facts["place"] = json!(place);
            facts["reason"] = json!(reason);
        }
        ContentError::TooLarge { place, what, count, limit } => {
            facts["place"] = json!(place);
            facts["what"] = json!(what);
            facts["count"] = json!(count);
            facts["limit"] = json!(limit);
        }
        ContentError::Unsupported { place, feature } => {
            facts["place"] = json!(place);
            facts["feature"] = json!(feature);
        }
    }
    facts
}

fn tileset_facts(tileset: &Tileset) -> Value {
    let tiles = tileset.tiles();
    let size = |cell: &crate::scene::ColliderCell| {
        tileset.blobs().get(cell.blob.index()).map_or(0, |blob| u64::from(blob.size_bytes))
    };
    json!({
        "kind": "twin",
        "title": tileset.title(),
        "bounds": bounds_facts(tileset.bounds()),
        "tiles": tiles.len(),
        "triangles_finest": tileset.finest_triangle_count(),
        "triangles_root": tiles.first().map_or(0, |tile| tile.triangle_count),
        "root_error_metres": tiles.first().map_or(0.0, |tile| tile.geometric_error_metres),
        "blobs": tileset.blobs().len(),
        "bytes": tileset.blobs().iter().map(|blob| u64::from(blob.size_bytes)).sum::<u64>(),
        "props": tileset.props().len(),
        "movers": tileset.movers().len(),
        "material_tracks": tileset.material_tracks().len(),
        "prototypes": tileset.prototypes().len(),
        "placements": tileset.placements().len(),
        "colliders": tileset.tables().colliders.len(),
        "collider_bytes": tileset.tables().colliders.iter().map(size).sum::<u64>(),
        "images": tileset.images().len(),
        "materials": tileset.materials().len(),
        "clips": tileset.clips().len(),
        "sounds": tileset.sounds().len(),
        "entities": tileset.entities().iter().map(|entity| entity.id.as_str()).collect::<Vec<_>>(),
    })
}

fn document_facts(document: &Document) -> Value {
    let mut bounds = Aabb::EMPTY;
    let (mut triangles, mut marks) = (0, 0);
    for node in &document.nodes {
        let Some(mesh) = node.mesh.and_then(|mesh| document.meshes.get(mesh)) else { continue };
        triangles += mesh.primitives.iter().map(|primitive| primitive.indices.len() / 3).sum::<usize>();
        marks += mesh.marks.iter().map(|marks| marks.ends.len()).sum::<usize>();
        let sets = mesh.primitives.iter().map(|primitive| primitive.vertices);
        for vertices in sets.chain(mesh.marks.iter().map(|marks| marks.vertices)) {
            let positions = document.vertex_sets.get(vertices).map(|set| set.positions.as_slice());
            let around = Aabb::around(positions.unwrap_or_default().iter().copied());
            if around.is_valid() {
                bounds = bounds.union(around.transformed(&node.world_from_node));
            }
        }
    }
    json!({
        "kind": "glTF",
        "bounds": if bounds.is_empty() { Value::Null } else { bounds_facts(bounds) },
        "nodes": document.nodes.len(),
        "meshes": document.meshes.len(),
        "triangles": triangles,
        "points_and_lines": marks,
        "materials": document.materials.len(),
        "images": document.images.len(),
        "animations": document.animations.len(),
        "skins": document.skins.len(),
        "entities": document.nodes.iter().filter_map(|node| node.entity.as_deref()).collect::<Vec<_>>(),
        "variants": document.variants,
        "sounds": document.nodes.iter().filter(|node| node.sound.is_some()).count(),
        "not_shown": document.skipped,
    })
}

fn bounds_facts(bounds: Aabb) -> Value {
    json!({ "min_metres": bounds.min.to_array(), "max_metres": bounds.max.to_array() })
}

/// One fact a line; long lists are counted.
fn print_facts(path: &Path, facts: &Value) {
    println!("{}", path.display());
    for (name, value) in facts.as_object().into_iter().flatten() {
        let text = match value {
            Value::Array(items) if items.len() > 8 => items.len().to_string(),
            Value::String(text) => text.clone(),
            Value::Object(entries) if entries.is_empty() => "nothing".to_owned(),
            other => other.to_string(),
        };
        println!("  {:<18} {text}", name.replace('_', " "));
    }
}
