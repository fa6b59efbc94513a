//! Things that can be taken in the hand.

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::tileset::Tile;
use super::{ContentError, EntityIndex, limits};
use crate::math::Pose;

/// Corners of the simplified outside of a prop: enough for a ball to roll.
pub const HULL_POINTS_MAX: usize = 64;

/// A solid has at least four corners.
const HULL_POINTS_MIN: usize = 4;

/// Nothing larger is a prop, metres from its origin.
pub const PROP_RADIUS_METRES: f32 = 3.0;

/// What a hand lifts, kilograms.
pub const PROP_KILOGRAMS: std::ops::RangeInclusive<f32> = 0.01..=50.0;

/// A thing that can be taken, thrown and dropped. What it looks like is a tile of its own, in its own
/// space: the last tiles of the table are those of the props, in their order, and no part of the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prop {
    /// World from prop, where it lies when nobody has touched it.
    pub home: Pose,
    /// How heavy it is.
    pub mass_kilograms: f32,
    /// The corners of its convex hull, or of something a little smaller; metres in its own space.
    pub hull: Vec<Vec3>,
    /// What it is called.
    pub entity: Option<EntityIndex>,
}

/// Checks the tileset's list of props against the tiles that show them.
///
/// # Errors
/// When a number is out of range or a tile is missing.
pub(super) fn check_props(props: &[Prop], tiles: &[Tile], entity_count: usize) -> Result<(), ContentError> {
    ContentError::check("tileset", "props", props.len(), limits::PROPS_MAX)?;
    if !props.is_empty() && props.len() >= tiles.len() {
        return Err(ContentError::malformed("props", "they have no tiles"));
    }
    for ((index, prop), tile) in props.iter().enumerate().rev().zip(tiles.iter().rev()) {
        let is_near = |point: &Vec3| point.is_finite() && point.length() <= PROP_RADIUS_METRES;
        let place = prop.home.position;
        let is_right = (HULL_POINTS_MIN..=HULL_POINTS_MAX).contains(&prop.hull.len())
            && prop.hull.iter().all(is_near)
            && PROP_KILOGRAMS.contains(&prop.mass_kilograms)
            && place.is_finite()
            && place.length() <= limits::WORLD_RADIUS_METRES
            && prop.home.orientation.is_normalized()
            && prop.entity.is_none_or(|entity| entity.index() < entity_count);
        let is_shown = tile.content.is_some() && tile.child_count == 0 && tile.bounds.is_valid();
        if !is_right || !is_shown {
            return Err(ContentError::malformed(
                format!("prop {index}"),
                "its tile or a number of it is out of range",
            ));
        }
    }
    Ok(())
}
