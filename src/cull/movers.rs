//! What moves by itself → draws: each in its posture of the moment, on a grid that just holds it.

use glam::{Affine3A, Mat4, Vec3};

use super::draw_list::{Fade, Posed};
use super::{Culler, DrawList, Eyes, Instance, NEAR_METRES, Source};
use crate::math::Aabb;
use crate::scene::demand::Want;
use crate::scene::{Demand, Motion, Mover, Scene, TileId, limits};

/// Of the budget's triangles: the place is to be seen too.
const MOVERS_DIVISOR: u64 = 2;

/// How many times the error is accepted where the budget is short.
const SHORT_TOLERANCE: f32 = 4.0;

/// So long it counts as short after the last frame in which it was, frames: longer than a glance to the side, and
/// what moves does not change its level to and fro.
const SHORT_FRAMES: u32 = 180;

/// Steps of a grid's side.
const STEPS: f32 = 65_535.0;

impl Culler {
    /// Adds the movers that the eyes see, before the draws are sorted, and asks for the levels that are missing.
    pub(super) fn emit_movers(
        &mut self,
        scene: &Scene,
        eyes: &Eyes,
        list: &mut DrawList,
        demand: &mut Demand,
    ) {
        self.posed_bones = 0;
        let mut levels = std::mem::take(&mut self.levels);
        levels.resize_with(scene.tileset.movers().len(), Default::default);
        for (mover, level) in scene.tileset.movers().iter().zip(&mut levels) {
            let bounds = scene.tileset.tile(mover.first).bounds.sphere();
            let (distance, unseen) = eyes.look_at(bounds);
            let excess = 2.0 * bounds.radius / distance.max(NEAR_METRES) / unseen;
            if excess.is_nan() || excess < 1.0 {
                *level = Default::default();
                continue;
            }
            let tolerance = unseen * distance.max(NEAR_METRES);
            // Where the budget is too small for the place, what moves is coarser too; and it takes a part of it at
            // most, beyond which it is as coarse as can be.
            let is_all_taken = list.triangle_count > eyes.quality.budget.triangles / MOVERS_DIVISOR;
            let tolerance = match (is_all_taken, self.short_frames > 0) {
                (true, _) => f32::INFINITY,
                (false, true) => tolerance * SHORT_TOLERANCE,
                (false, false) => tolerance,
            };
            let wanted = wanted(scene, mover, tolerance);
            let shown = nearest_resident(scene, mover, wanted);
            if shown != Some(wanted) {
                demand.wants.push(Want::new(wanted, excess));
            }
            let passed_seconds = self.transition.passed_seconds();
            level.step(shown, passed_seconds, |tile| scene.resident(tile).is_some());
            for (tile, fade) in level.parts() {
                demand.keeps.push(tile);
                if eyes.frustum.touches_sphere(bounds) {
                    self.emit_mover(scene, (tile, fade), eyes, distance, list);
                }
            }
        }
        self.levels = levels;
    }

    /// Remembers whether the budget was too small for the frame.
    pub(super) fn feel_budget(&mut self, excess: f32) {
        let is_short = excess > 1.0;
        self.short_frames = if is_short { SHORT_FRAMES } else { self.short_frames.saturating_sub(1) };
    }

    fn emit_mover(
        &mut self,
        scene: &Scene,
        (tile, fade): (TileId, Fade),
        eyes: &Eyes,
        distance_metres: f32,
        list: &mut DrawList,
    ) {
        let Some(resident) = scene.resident(tile).filter(|_| fade != Fade::Nothing) else { return };
        let Some(motion) = &resident.motion else { return };
        // A host may list far more than a frame can work out.
        self.posed_bones += motion.bones.len();
        if self.posed_bones > limits::BONES_PER_FRAME_MAX {
            return;
        }
        let bounds = self.posture.set(motion, scene.seconds());
        let Some(world_from_grid) = grid(bounds).filter(|_| eyes.frustum.touches_sphere(bounds.sphere()))
        else {
            return;
        };
        self.pose(tile, motion, &world_from_grid, list);
        let instance = list.instances.len() as u32;
        list.instances.push(Instance::new(&world_from_grid).faded(fade));
        let instances = instance..instance + 1;
        self.emit_whole(Source::Tile(tile), resident, instances, distance_metres, fade, list);
    }

    /// Lists where its joints and targets are.
    fn pose(&self, tile: TileId, motion: &Motion, world_from_grid: &Affine3A, list: &mut DrawList) {
        let grid_from_world = world_from_grid.inverse();
        let first_joint = list.palettes.len() as u32;
        list.palettes.extend(self.posture.palette.iter().map(|world_from_rest| {
            let rows = Mat4::from(grid_from_world * *world_from_rest).transpose();
            [rows.x_axis, rows.y_axis, rows.z_axis]
        }));
        let first_target = list.weights.len() as u32;
        list.weights.extend_from_slice(&self.posture.weights);
        list.posed.push(Posed {
            tile,
            joints: first_joint..first_joint + motion.joints.len() as u32,
            targets: first_target..list.weights.len() as u32,
        });
    }
}

/// The coarsest level whose error nobody sees.
fn wanted(scene: &Scene, mover: &Mover, tolerance_metres: f32) -> TileId {
    let is_fine = |tile: &TileId| scene.tileset.tile(*tile).geometric_error_metres <= tolerance_metres;
    mover.levels().rev().find(is_fine).unwrap_or(mover.first)
}

/// The level that is here and comes closest to the wanted one, the finer of two.
fn nearest_resident(scene: &Scene, mover: &Mover, wanted: TileId) -> Option<TileId> {
    let is_here = |tile: &TileId| scene.resident(*tile).is_some();
    mover.levels().filter(is_here).min_by_key(|tile| tile.0.abs_diff(wanted.0))
}

/// The world from a grid of cubes that just holds the bounds; `None` where there is nothing, or it is out of the
/// world.
fn grid(bounds: Aabb) -> Option<Affine3A> {
    let side = (bounds.max - bounds.min).max_element();
    let reach = bounds.min.abs().max(bounds.max.abs()).max_element();
    let is_something = side > 0.0 && reach <= limits::WORLD_RADIUS_METRES && bounds.min.is_finite();
    is_something.then(|| {
        let step = Vec3::splat(side / STEPS);
        Affine3A::from_translation(bounds.min) * Affine3A::from_scale(step)
    })
}

/// Lists the materials that change over time, as they are now.
pub(super) fn change_materials(scene: &Scene, list: &mut DrawList) {
    for track in scene.tileset.material_tracks() {
        let known = list.materials.iter().position(|(material, _)| *material == track.material);
        if known.is_none() {
            let Some(rest) = scene.tileset.materials().get(track.material.index()) else { continue };
            list.materials.push((track.material, rest.clone()));
        }
        let place = known.unwrap_or(list.materials.len() - 1);
        if let Some((_, material)) = list.materials.get_mut(place) {
            track.apply(scene.seconds(), material);
        }
    }
}
