//! Things that can be taken → draws: each a tile in its own space, wherever it is now.

use super::emit::Keyed;
use super::{Culler, Draw, DrawList, Instance, NEAR_METRES, Sight, Source};
use crate::math::fovea::eccentricity_radians;
use crate::math::{Aabb, Frustum, Pose, Sphere};
use crate::scene::demand::Want;
use crate::scene::{AlphaMode, Demand, PropId, ResidentTile, Scene};

/// Beyond this nothing is held or thrown to be looked at, metres.
const FAR_METRES: f32 = 30.0;

impl Culler {
    /// Adds the props that the eyes see, before the draws are sorted, and asks for those that are near
    /// and missing.
    pub(super) fn emit_props(
        &mut self,
        scene: &Scene,
        sight: &Sight<'_>,
        frustum: &Frustum,
        list: &mut DrawList,
        demand: &mut Demand,
    ) {
        let gaze = sight.views.center();
        let mut is_missing = false;
        for (pose, index) in scene.prop_poses().iter().zip(0..) {
            let id = scene.tileset.prop_tile(PropId(index));
            let bounds = moved(scene.tileset.tile(id).bounds, *pose);
            let distance = ((bounds.center - gaze.position).length() - bounds.radius).max(NEAR_METRES);
            let fovea = sight.quality.fovea;
            let eccentricity = eccentricity_radians(gaze, bounds);
            let unseen = sight.quality.error_scale * fovea.error_radians(eccentricity, sight.pixel_radians);
            let excess = 2.0 * bounds.radius / distance / unseen;
            if distance > FAR_METRES || excess.is_nan() || excess < 1.0 {
                continue;
            }
            match scene.resident(id) {
                Some(resident) => {
                    demand.keeps.push(id);
                    if frustum.touches_sphere(bounds) {
                        self.emit_prop(Source::Tile(id), resident, *pose, frustum, gaze, list);
                    }
                }
                None => {
                    demand.wants.push(Want { tile: id, importance: excess });
                    is_missing = true;
                }
            }
        }
        if is_missing {
            demand
                .wants
                .sort_unstable_by(|a, b| b.importance.total_cmp(&a.importance).then(a.tile.cmp(&b.tile)));
        }
    }

    fn emit_prop(
        &mut self,
        source: Source,
        resident: &ResidentTile,
        pose: Pose,
        frustum: &Frustum,
        gaze: Pose,
        list: &mut DrawList,
    ) {
        let instance = list.instances.len() as u32;
        let first = self.sorted.len();
        for chunk in &resident.chunks {
            let center = pose.position + pose.orientation * chunk.bounds.center;
            if !frustum.touches_sphere(Sphere { center, ..chunk.bounds }) {
                continue;
            }
            list.triangle_count += u64::from(chunk.index_count / 3);
            let bits = (center - gaze.position).length().to_bits();
            let order = if chunk.batch.alpha == AlphaMode::Blend { u32::MAX - bits } else { bits };
            let (first_index, index_count, batch) = (chunk.first_index, chunk.index_count, chunk.batch);
            let draw = Draw { source, first_index, index_count, instance, instance_count: 1, batch };
            self.sorted.push(Keyed::new(order, draw));
        }
        if self.sorted.len() > first {
            list.instances.push(Instance::new(&(pose.to_affine() * resident.world_from_grid)));
        }
    }
}

/// Around a box that was turned and moved.
fn moved(bounds: Aabb, pose: Pose) -> Sphere {
    let local = bounds.sphere();
    Sphere { center: pose.position + pose.orientation * local.center, radius: local.radius }
}
