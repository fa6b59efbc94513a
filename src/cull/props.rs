//! Things that can be taken → draws: each a tile in its own space, wherever it is now.

use super::draw_list::Fade;
use super::{Culler, DrawList, Eyes, Instance, NEAR_METRES, Source};
use crate::math::{Aabb, Pose, Sphere};
use crate::scene::demand::Want;
use crate::scene::{Demand, PropId, Scene};

/// Beyond this nothing is held or thrown to be looked at, metres.
const FAR_METRES: f32 = 30.0;

impl Culler {
    /// Adds the props that the eyes see, before the draws are sorted, and asks for those that are near
    /// and missing.
    pub(super) fn emit_props(
        &mut self,
        scene: &Scene,
        eyes: &Eyes,
        list: &mut DrawList,
        demand: &mut Demand,
    ) {
        let mut shown = std::mem::take(&mut self.props);
        shown.resize_with(scene.prop_poses().len(), Default::default);
        for ((pose, index), shown) in scene.prop_poses().iter().zip(0..).zip(&mut shown) {
            let id = scene.tileset.prop_tile(PropId(index));
            let bounds = moved(scene.tileset.tile(id).bounds, *pose);
            let (distance, unseen) = eyes.look_at(bounds);
            let excess = 2.0 * bounds.radius / distance.max(NEAR_METRES) / unseen;
            if distance > FAR_METRES || excess.is_nan() || excess < 1.0 {
                *shown = Default::default();
                continue;
            }
            let resident = scene.resident(id);
            shown.step(resident.map(|_| id), self.transition.passed_seconds(), |_| resident.is_some());
            let Some(resident) = resident else {
                demand.wants.push(Want::new(id, excess));
                continue;
            };
            demand.keeps.push(id);
            let fade = shown.parts().next().map_or(Fade::Nothing, |(_, fade)| fade);
            if fade != Fade::Nothing && eyes.frustum.touches_sphere(bounds) {
                // It is small, so all of it is in view.
                let instance = list.instances.len() as u32;
                let world_from_grid = pose.to_affine() * resident.world_from_grid;
                list.instances.push(Instance::new(&world_from_grid).faded(fade));
                let instances = instance..instance + 1;
                self.emit_whole(Source::Tile(id), resident, instances, distance, fade, list);
            }
        }
        self.props = shown;
    }
}

/// Around a box that was turned and moved.
fn moved(bounds: Aabb, pose: Pose) -> Sphere {
    let local = bounds.sphere();
    Sphere { center: pose.position + pose.orientation * local.center, radius: local.radius }
}
