//! Instanced tiles: one glTF model in many places.

use glam::{DAffine3, DMat3, DVec3};

use super::feature::{self, Table, floats, octahedral, words};
use super::{At, Walk, earth};
use crate::scene::gltf::{self, Document};
use crate::scene::{ContentError, limits};

/// Adds the model, which is in `rest` or named there, once for each place in the table.
///
/// # Errors
/// When the table or the model is refused, or the places are too many.
pub(super) fn read(
    walk: &mut Walk<'_>,
    at: &At<'_>,
    place: &str,
    table: &Table<'_>,
    rest: &[u8],
    format: u32,
) -> Result<(), ContentError> {
    let places = places(table)?;
    let model = match format {
        0 => {
            let uri =
                str::from_utf8(rest).map_err(|_| feature::refuse("uri", "the model's name is not UTF-8"))?;
            let (place, bytes) = walk.files.open(place, uri.trim_end_matches(['\0', ' ']))?;
            walk.count_bytes(&place, &bytes)?;
            gltf::read(&bytes, &mut *walk.files.beside(&place)).map_err(|error| error.within(&place))?
        }
        1 => gltf::read(rest, &mut *walk.files.beside(place))?,
        _ => return Err(ContentError::malformed("tile header", "its model is neither named nor within it")),
    };
    let nodes = walk.document.nodes.len().saturating_add(model.nodes.len().saturating_mul(places.len()));
    ContentError::check(place, "nodes of tiles", nodes, limits::INSTANCES_MAX)?;
    let world = walk.world_from(at);
    let (roots, shapes) = (model.nodes.clone(), Document { nodes: Vec::new(), ..model });
    let mut placed = shapes;
    for tile_from_instance in places {
        let moved = (world * tile_from_instance * at.up.tile_from_gltf()).as_affine3a();
        let first = placed.nodes.len();
        placed.nodes.extend(roots.iter().cloned().map(|mut node| {
            node.world_from_node = moved * node.world_from_node;
            // What is there so often has no name, and makes no sound.
            (node.name, node.entity, node.sound) = (None, None, None);
            match &mut node.parent {
                Some(parent) => *parent = parent.saturating_add(first),
                None => node.parent_from_node = node.world_from_node,
            }
            node
        }));
    }
    walk.add(place, placed)
}

/// From each instance to the tile.
fn places(table: &Table<'_>) -> Result<Vec<DAffine3>, ContentError> {
    let count = table.count("INSTANCES_LENGTH")?;
    ContentError::check("feature table", "instances", count, limits::INSTANCES_MAX)?;
    let center = DVec3::from(table.center()?);
    let positions = table.positions(count)?.ok_or_else(|| feature::refuse("POSITION", "it is missing"))?;
    let turns = turns(table, count)?;
    let even =
        table.rows("SCALE", count, 4)?.map(|bytes| floats::<1>(bytes).map(|[scale]| [scale; 3]).collect());
    let uneven =
        table.rows("SCALE_NON_UNIFORM", count, 12)?.map(|bytes| floats::<3>(bytes).collect::<Vec<_>>());
    let [even, uneven]: [Option<Vec<[f32; 3]>>; 2] = [even, uneven];
    let scale = |list: &Option<Vec<[f32; 3]>>, number: usize| {
        let own = list.as_ref().and_then(|list| list.get(number)).copied().unwrap_or([1.0; 3]);
        DVec3::from(own.map(f64::from))
    };
    let stands_on_earth = table.flag("EAST_NORTH_UP");
    let mut places = Vec::with_capacity(count);
    for (number, position) in positions.into_iter().enumerate() {
        let position = center + DVec3::from(position);
        let turn = match turns.as_ref().and_then(|turns| turns.get(number)) {
            Some(turn) => *turn,
            None if stands_on_earth => {
                let [east, north, up] = earth::directions(position);
                DMat3::from_cols(east, north, up)
            }
            None => DMat3::IDENTITY,
        };
        let place = turn * DMat3::from_diagonal(scale(&even, number) * scale(&uneven, number));
        if !place.is_finite() {
            return Err(feature::refuse("SCALE", "a number of it is not finite"));
        }
        places.push(DAffine3::from_mat3_translation(place, position));
    }
    Ok(places)
}

/// How instances are turned, by what is up and right of each; `None` where nothing says so.
fn turns(table: &Table<'_>, count: usize) -> Result<Option<Vec<DMat3>>, ContentError> {
    let directions = |name: &str| -> Result<Option<Vec<DVec3>>, ContentError> {
        if let Some(bytes) = table.rows(name, count, 12)? {
            return Ok(Some(floats::<3>(bytes).map(|v| DVec3::from(v.map(f64::from))).collect()));
        }
        let packed = table.rows(&format!("{name}_OCT32P"), count, 4)?;
        let unpack = |v: [u16; 2]| DVec3::from(octahedral(v.map(|x| f64::from(x) / 65_535.0 * 2.0 - 1.0)));
        Ok(packed.map(|bytes| words::<2>(bytes).map(unpack).collect()))
    };
    let (Some(ups), Some(rights)) = (directions("NORMAL_UP")?, directions("NORMAL_RIGHT")?) else {
        return Ok(None);
    };
    let turn = |(up, right): (DVec3, DVec3)| {
        let forward = right.cross(up);
        let turn = DMat3::from_cols(right, up, forward);
        if turn.is_finite() && turn.determinant() > 0.5 {
            Ok(turn)
        } else {
            Err(feature::refuse("NORMAL_UP", "it is not at a right angle to NORMAL_RIGHT"))
        }
    };
    ups.into_iter().zip(rights).map(turn).collect::<Result<_, _>>().map(Some)
}
