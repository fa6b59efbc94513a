//! Things that can be taken → draws: each a tile in its own space, wherever it is now.

use super::emit::Keyed;
use super::{Culler, Draw, DrawList, Eyes, Instance, NEAR_METRES, Source};
use crate::math::{Aabb, Pose, Sphere};
use crate::scene::demand::Want;
use crate::scene::{Demand, PropId, ResidentTile, Scene};

/// Beyond this nothing is held or thrown to be looked at, metres.
const FAR_METRES: f32 = 30.0;

impl Culler {
    /// Adds the props that the eyes see, before the draws are sorted, and asks for those that are near
    /// and missing.
    pub(super) fn emit_props(
        &mut self,
        scene: &Scene,
        eyes: &Eyes<'_>,
        list: &mut DrawList,
        demand: &mut Demand,
    ) {
        for (pose, index) in scene.prop_poses().iter().zip(0..) {
            let id = scene.tileset.prop_tile(PropId(index));
            let bounds = moved(scene.tileset.tile(id).bounds, *pose);
            let (distance, unseen) = eyes.look_at(bounds);
            let excess = 2.0 * bounds.radius / distance.max(NEAR_METRES) / unseen;
            if distance > FAR_METRES || excess.is_nan() || excess < 1.0 {
                continue;
            }
            match scene.resident(id) {
                Some(resident) => {
                    demand.keeps.push(id);
                    if eyes.frustum.touches_sphere(bounds) {
                        self.emit_prop(Source::Tile(id), resident, *pose, distance, list);
                    }
                }
                None => demand.wants.push(Want { tile: id, importance: excess }),
            }
        }
    }

    /// Adds a draw for each of its batches: it is small, so all of it is in view.
    fn emit_prop(
        &mut self,
        source: Source,
        resident: &ResidentTile,
        pose: Pose,
        distance_metres: f32,
        list: &mut DrawList,
    ) {
        let instance = list.instances.len() as u32;
        let mut first = 0;
        for group in &resident.chunks.groups {
            let ranges = resident.chunks.ranges.get(first..group.end as usize).unwrap_or_default();
            first = group.end as usize;
            let Some(first_index) = ranges.first().map(|range| range.first_index) else { continue };
            let index_count = ranges.iter().map(|range| range.index_count).sum();
            list.triangle_count += u64::from(index_count / 3);
            let draw =
                Draw { source, first_index, index_count, instance, instance_count: 1, batch: group.batch };
            self.sorted.push(Keyed::new(distance_metres, draw));
        }
        list.instances.push(Instance::new(&(pose.to_affine() * resident.world_from_grid)));
    }
}

/// Around a box that was turned and moved.
fn moved(bounds: Aabb, pose: Pose) -> Sphere {
    let local = bounds.sphere();
    Sphere { center: pose.position + pose.orientation * local.center, radius: local.radius }
}
