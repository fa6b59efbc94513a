//! `pavilion inspect TWIN --entity ID` and `--ray`: what is known of one thing, where it is in the tiles, and which
//! thing a ray meets.

use std::io::Read as _;

use glam::Vec3;
use serde_json::{Value, json};

use super::Failure;
use crate::math::{Aabb, Pose};
use crate::scene::entity::{Record, read_records};
use crate::scene::pick::{Hit, Ray};
use crate::scene::{BlobId, EntityIndex, TileId, TileMesh, Tileset, tile};
use crate::store::Shelf;

/// Of a tile's box so much around it may hold the entity, metres: tiles are cut on lattices.
const SLACK_METRES: f32 = 0.05;

/// What is known of the entity, and which tiles show it in which level of detail.
///
/// # Errors
/// When the twin has no such entity, or a file of it is damaged.
pub fn facts(shelf: &Shelf, id: &str) -> Result<Value, Failure> {
    let tileset = shelf.tileset();
    let entities = tileset.entities();
    let Ok(index) = entities.binary_search_by(|entity| entity.id.as_str().cmp(id)) else {
        let sentence = match nearest(tileset, id) {
            Some(other) => format!("the twin has no entity “{id}”; did you mean “{other}”?"),
            None => format!("the twin has no entity “{id}”, and no other"),
        };
        return Err(Failure::usage(sentence));
    };
    let Some(entity) = entities.get(index) else { return Err(Failure::failed("the twin has changed")) };
    let record = records(shelf)?.into_iter().nth(index).unwrap_or_default();
    let mut parts = Vec::new();
    for (id, pose) in tileset.standing().filter(|&(id, _)| tileset.tile(id).content.is_some()) {
        let bounds = tileset.tile(id).bounds.transformed(&pose.to_affine());
        let apart = (bounds.center() - entity.bounds.center()).abs() - bounds.half_extent();
        if (apart - entity.bounds.half_extent()).max_element() > SLACK_METRES {
            continue;
        }
        let mesh = decoded(shelf, id)?;
        let own = mesh.chunks.iter().filter(|chunk| chunk.entity == Some(EntityIndex(index as u32)));
        let triangles: u32 = own.map(|chunk| chunk.index_count / 3).sum();
        if triangles > 0 {
            let error = tileset.tile(id).geometric_error_metres;
            parts.push(json!({ "tile": id.0, "error_metres": error, "triangles": triangles }));
        }
    }
    Ok(described(&entity.id, &record, entity.bounds, parts))
}

fn described(id: &str, record: &Record, bounds: Aabb, parts: Vec<Value>) -> Value {
    json!({
        "kind": "entity",
        "id": id,
        "name": record.name,
        "class": record.class,
        "properties": record.properties,
        "min_metres": bounds.min.to_array(),
        "max_metres": bounds.max.to_array(),
        "parts": parts,
    })
}

/// What the ray meets first, in the finest tiles.
///
/// # Errors
/// When a file of the twin is damaged.
pub fn met(shelf: &Shelf, ray: Ray) -> Result<Value, Failure> {
    let tileset = shelf.tileset();
    let mut nearest: Option<(Hit, TileId)> = None;
    let leaf = |&(id, _): &(TileId, Pose)| {
        let tile = tileset.tile(id);
        tile.content.is_some() && tile.child_count == 0 && tile.geometric_error_metres == 0.0
    };
    let enters = |(id, pose): (TileId, Pose)| {
        Some((ray.enters(tileset.tile(id).bounds.transformed(&pose.to_affine()))?, id, pose))
    };
    let mut ahead: Vec<(f32, TileId, Pose)> = tileset.standing().filter(leaf).filter_map(enters).collect();
    ahead.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (enters, id, pose) in ahead {
        if nearest.is_some_and(|(hit, _)| hit.distance_metres < enters) {
            break;
        }
        let hit = ray.pick(&decoded(shelf, id)?, &pose.to_affine());
        let is_nearer =
            |hit: &Hit| nearest.is_none_or(|(known, _)| hit.distance_metres < known.distance_metres);
        nearest = hit.filter(is_nearer).map(|hit| (hit, id)).or(nearest);
    }
    let Some((hit, tile)) = nearest else { return Ok(json!({ "kind": "hit", "distance_metres": null })) };
    let place: Vec3 = ray.origin + ray.direction * hit.distance_metres;
    let entity = hit.entity.and_then(|entity| tileset.entities().get(entity.index()));
    Ok(json!({
        "kind": "hit",
        "distance_metres": hit.distance_metres,
        "place_metres": place.to_array(),
        "tile": tile.0,
        "entity": entity.map(|entity| &entity.id),
    }))
}

/// What is known of all entities, in their order.
fn records(shelf: &Shelf) -> Result<Vec<Record>, Failure> {
    let tileset = shelf.tileset();
    let Some(blob) = tileset.records() else { return Ok(Vec::new()) };
    read_records(&bytes(shelf, blob)?, tileset.entities().len()).map_err(Failure::content)
}

fn decoded(shelf: &Shelf, id: TileId) -> Result<TileMesh, Failure> {
    let tileset = shelf.tileset();
    let Some(blob) = tileset.tile(id).content else { return Err(Failure::failed("a tile has no content")) };
    tile::decode(&bytes(shelf, blob)?, tileset, id)
        .map_err(|error| Failure::content(format!("tile {}: {error}", id.0)))
}

fn bytes(shelf: &Shelf, blob: BlobId) -> Result<Vec<u8>, Failure> {
    let Some(listed) = shelf.tileset().blobs().get(blob.index()) else {
        return Err(Failure::failed("a blob is not listed"));
    };
    let missing = || Failure::content(format!("{} is not in the folder: bake it anew", listed.hash));
    let mut reader = shelf.reader(listed.hash, 0).map_err(Failure::failed)?.ok_or_else(missing)?;
    let mut bytes = Vec::with_capacity(listed.size_bytes as usize);
    reader.read_to_end(&mut bytes).map_err(Failure::failed)?;
    Ok(bytes)
}

/// The id that begins most like this one.
fn nearest<'a>(tileset: &'a Tileset, id: &str) -> Option<&'a str> {
    let alike =
        |other: &&str| other.chars().zip(id.chars()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    tileset.entities().iter().map(|entity| entity.id.as_str()).max_by_key(alike)
}
