//! Actors → draws: one for each shape, however many stand there.

use super::draw_list::Fade;
use super::emit::Keyed;
use super::{Culler, Draw, DrawList, Eyes, Instance, NEAR_METRES, Source};
use crate::scene::actor::{self, Shape};
use crate::scene::{Actor, AlphaMode};

/// Of each shape so many are drawn, the nearest; the others are left out.
pub const ACTORS_PER_SHAPE_MAX: usize = 64;

/// The crowd may take this part of the budget's triangles: the place is to be seen too.
const CROWD_DIVISOR: u64 = 2;

/// An actor that is seen, in the order of its draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    /// Whether it is blended, and its shape: one draw each.
    group: (bool, Shape),
    /// Metres to its surface, as bits: positive floats sort like them.
    distance_bits: u32,
    /// Into the frame's actors.
    index: usize,
}

impl Culler {
    /// Adds the actors that the eyes see, before the draws are sorted. Instances of a draw are near to
    /// far, blended ones far to near.
    pub(super) fn emit_actors(&mut self, actors: &[Actor], eyes: &Eyes, list: &mut DrawList) {
        let Self { seen, sorted, .. } = self;
        seen.clear();
        let looks = actors.iter().enumerate();
        seen.extend(looks.filter_map(|(index, actor)| look_at(index, actor, eyes)));
        seen.sort_unstable();
        let of_all_shapes: u64 = seen.chunk_by(|a, b| a.group == b.group).map(triangles).sum();
        let affordable = eyes.quality.budget.triangles / CROWD_DIVISOR / of_all_shapes.max(1);
        let most = usize::try_from(affordable).unwrap_or(usize::MAX).clamp(1, ACTORS_PER_SHAPE_MAX);
        for group in seen.chunk_by_mut(|a, b| a.group == b.group) {
            let count = group.len().min(most);
            let Some(nearest) = group.get_mut(..count) else { continue };
            if let Some(keyed) = draw_group(nearest, actors, list) {
                sorted.push(keyed);
            }
        }
    }
}

/// The actor with its distance, unless nobody can tell that it is there.
fn look_at(index: usize, actor: &Actor, eyes: &Eyes) -> Option<Seen> {
    let bounds = actor.bounds();
    let is_something = actor.tint[3] > 0 && bounds.center.is_finite() && bounds.radius.is_finite();
    if !is_something || !eyes.frustum.touches_sphere(bounds) {
        return None;
    }
    let (distance, unseen) = eyes.look_at(bounds);
    if 2.0 * bounds.radius < unseen * distance.max(NEAR_METRES) {
        return None;
    }
    let group = (actor.tint[3] < u8::MAX, actor.shape);
    Some(Seen { group, distance_bits: distance.to_bits(), index })
}

/// Of one of the group.
fn triangles(group: &[Seen]) -> u64 {
    group.first().map_or(0, |seen| u64::from(actor::built_in().chunk(seen.group.1).index_count / 3))
}

/// One draw of actors of one group, which come near to far.
fn draw_group(nearest: &mut [Seen], actors: &[Actor], list: &mut DrawList) -> Option<Keyed> {
    let Seen { group: (is_blended, shape), distance_bits, .. } = *nearest.first()?;
    let shapes = actor::built_in();
    let chunk = shapes.chunk(shape);
    let mut batch = chunk.batch;
    if is_blended {
        batch.alpha = AlphaMode::Blend;
        nearest.reverse();
    }
    let instance = list.instances.len() as u32;
    for actor in nearest.iter().filter_map(|seen| actors.get(seen.index)) {
        let world_from_grid = actor.world_from_shape * shapes.mesh.world_from_grid;
        list.instances.push(Instance::tinted(&world_from_grid, actor.tint, actor.name));
    }
    let instance_count = list.instances.len() as u32 - instance;
    list.triangle_count += u64::from(chunk.index_count / 3) * u64::from(instance_count);
    let draw = Draw {
        source: Source::Shapes,
        first_index: chunk.first_index,
        index_count: chunk.index_count,
        instance,
        instance_count,
        batch,
        fade: Fade::Settled,
    };
    Some(Keyed::new(f32::from_bits(distance_bits), draw))
}
