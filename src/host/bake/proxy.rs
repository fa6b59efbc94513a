//! Tiles above the cells: up to four neighbours' coarsest meshes joined, their inner borders freed,
//! and simplified, again and again until one tile shows the whole twin.
//!
//! A proxy's error is the distance to its children, measured, plus the largest of theirs: by the
//! triangle inequality it is no less than the distance to the finest level. Points and lines stay as they are.

use super::BakeError;
use super::encode::{self, Context};
use super::partition::{Borders, Split};
use super::pyramid::{self, Below, Merged};
use super::recall::Key;
use super::simplify::{Seams, Simplifier};
use super::soup::Mesh;
use super::tree::Branch;
use crate::scene::limits;

/// Triangles of a proxy.
const PROXY_TRIANGLES_MAX: usize = 16_000;

/// Vertices of a proxy move by at most a few times its diagonal over this.
const TOLERANCE_DIVISOR: f32 = 32.0;

/// Groups of a proxy beyond which entities are no longer told apart.
pub const PROXY_GROUPS_MAX: usize = limits::TILE_CHUNKS_MAX / 2;

/// Builds everything above the leaves of `split`, on all cores: the root, and what it shows. `leaves` are tiles and
/// what the coarsest of each shows, in the order of the split's cells.
///
/// # Errors
/// When a tile cannot be encoded or `tick` ends it.
pub fn build(
    split: &Split,
    leaves: Vec<(Branch, Mesh)>,
    borders: &Borders,
    context: &Context<'_>,
    tick: &mut dyn FnMut(usize, usize) -> Result<(), BakeError>,
) -> Result<(Branch, Mesh), BakeError> {
    pyramid::build(split, leaves, |below| merge(below, borders, context), tick)
}

fn merge(
    below: &Below<'_, Mesh>,
    borders: &Borders,
    context: &Context<'_>,
) -> Result<Merged<Mesh>, BakeError> {
    let mut joined = Mesh::default();
    below.shown.iter().for_each(|mesh| joined.append(mesh));
    encode::see_from_afar(&mut joined, context);
    encode::forget_entities_above(&mut joined, PROXY_GROUPS_MAX, context);
    let joined = joined.welded();
    let mut is_locked = borders.locks(&joined, below.cells);
    for (is_locked, vertex) in is_locked.iter_mut().zip(&joined.vertices) {
        *is_locked |= vertex.is_of_mark();
    }
    let key = || Key::new("proxy").with(bytemuck::cast_slice(&is_locked)).with_mesh(&joined);
    let reduced = context.recall.or_make(key, || {
        let simplifier = Simplifier::new(&joined, &is_locked);
        let target = (joined.triangle_count() / 2).min(PROXY_TRIANGLES_MAX);
        let reduced = simplifier.reduce(&simplifier.whole(), target, Seams::Join, TOLERANCE_DIVISOR);
        Ok(simplifier.measured(&reduced))
    })?;
    let shown = joined.compacted(&reduced.indices);
    let fits = !shown.indices.is_empty()
        && shown.vertices.len() < limits::TILE_VERTICES_MAX
        && shown.indices.len() <= limits::TILE_INDICES_MAX
        && encode::chunk_count(&shown) <= limits::TILE_CHUNKS_MAX;
    // Borders that nothing can simplify may be too many for one tile: then it only groups.
    let content = if fits { Some(encode::tile(&shown, context)?) } else { None };
    Ok(Merged { content, error_metres: below.error_metres + reduced.error_metres, shown })
}
