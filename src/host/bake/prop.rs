//! Things to take in the hand: each a tile of its own in its own space, and the corners of its outside.

use glam::Vec3;

use super::encode::{self, Content, Context};
use super::soup::{LooseThing, Soup};
use super::{BakeError, workers};
use crate::scene::prop::{HULL_POINTS_MAX, PROP_RADIUS_METRES};
use crate::scene::{ContentError, EntityIndex, Prop, limits};

/// How far corners are put apart where a thing has no thickness, metres.
const THICKNESS_METRES: f32 = 0.002;

/// Makes the tiles of all props.
///
/// # Errors
/// When there are too many, one is too large, or a tile cannot be encoded.
pub fn build_all(soup: &Soup, context: &Context<'_>) -> Result<Vec<(Prop, Content)>, BakeError> {
    ContentError::check("the file", "props", soup.things.len(), limits::PROPS_MAX)?;
    workers::map(&soup.things, |index, thing| build(index, thing, context), &mut |_, _| Ok(()))
}

fn build(index: usize, thing: &LooseThing, context: &Context<'_>) -> Result<(Prop, Content), BakeError> {
    let mesh = &thing.mesh;
    let place = || format!("prop {index}");
    let reach = mesh.vertices.iter().map(|vertex| vertex.position.length()).fold(0.0, f32::max);
    if reach > PROP_RADIUS_METRES {
        let reason = format!(
            "it reaches {reach:.1} m from its origin, and what is taken in the hand at most {PROP_RADIUS_METRES} m: move its origin into it"
        );
        return Err(ContentError::malformed(place(), reason).into());
    }
    ContentError::check(&place(), "vertices", mesh.vertices.len(), limits::TILE_VERTICES_MAX - 1)?;
    ContentError::check(&place(), "indices", mesh.indices.len(), limits::TILE_INDICES_MAX)?;
    ContentError::check(&place(), "chunks", encode::chunk_count(mesh), limits::TILE_CHUNKS_MAX)?;
    let prop = Prop {
        home: thing.home,
        mass_kilograms: thing.mass_kilograms,
        hull: hull(&mesh.indices.iter().map(|&i| mesh.vertices[i as usize].position).collect::<Vec<_>>()),
        entity: thing.entity.map(EntityIndex),
    };
    Ok((prop, encode::tile(mesh, context)?))
}

/// The points that lie furthest out in evenly spread directions, each once.
fn hull(points: &[Vec3]) -> Vec<Vec3> {
    let mut hull: Vec<Vec3> = Vec::with_capacity(HULL_POINTS_MAX);
    let mut add = |direction: Vec3| {
        let order = |a: &&Vec3, b: &&Vec3| direction.dot(**a).total_cmp(&direction.dot(**b));
        // Of those that lie equally far out the first: the source's order decides.
        let furthest = points.iter().rev().max_by(order).copied().unwrap_or_default();
        if !hull.contains(&furthest) {
            hull.push(furthest);
        }
    };
    for index in 0..HULL_POINTS_MAX - 8 {
        // A Fibonacci sphere.
        let z = 1.0 - 2.0 * (index as f32 + 0.5) / (HULL_POINTS_MAX - 8) as f32;
        let angle = index as f32 * 2.399_963_2;
        add(Vec3::new(angle.cos(), angle.sin(), 0.0) * (1.0 - z * z).sqrt() + Vec3::Z * z);
    }
    let size = crate::math::Aabb::around(hull.iter().copied()).half_extent() * 2.0;
    if hull.len() < 4 || size.min_element() < THICKNESS_METRES {
        let middle = hull.iter().sum::<Vec3>() / hull.len().max(1) as f32;
        let half = size.max(Vec3::splat(THICKNESS_METRES)) * 0.5;
        let side = |index: u32, bit: u32| if index >> bit & 1 == 1 { 1.0 } else { -1.0 };
        hull = (0..8).map(|i| middle + half * Vec3::new(side(i, 0), side(i, 1), side(i, 2))).collect();
    }
    hull
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_keeps_its_corners_and_a_sheet_gets_some_thickness() {
        let corners = |size: Vec3| {
            (0..8_u32).map(move |i| size * Vec3::new((i & 1) as f32, (i >> 1 & 1) as f32, (i >> 2) as f32))
        };
        let cube: Vec<Vec3> = corners(Vec3::ONE).collect();
        let mut found = hull(&cube);
        found.sort_by(|a, b| a.to_array().partial_cmp(&b.to_array()).unwrap());
        let mut wanted = cube.clone();
        wanted.sort_by(|a, b| a.to_array().partial_cmp(&b.to_array()).unwrap());
        assert_eq!(found, wanted);
        let sheet: Vec<Vec3> = corners(Vec3::new(1.0, 0.0, 1.0)).collect();
        assert_eq!(hull(&sheet).len(), 8);
        assert_eq!(hull(&[Vec3::ONE]).len(), 8);
    }
}
