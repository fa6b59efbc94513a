//! What moves by itself → draws: each in its posture of the moment, on a grid that just holds it.

use glam::{Affine3A, Mat4, Vec3};

use super::draw_list::Posed;
use super::{Culler, DrawList, Eyes, Instance, NEAR_METRES, Source};
use crate::math::Aabb;
use crate::scene::demand::Want;
use crate::scene::{Demand, Motion, Mover, Scene, TileId, limits};

/// Of the budget's triangles: the place is to be seen too.
const MOVERS_DIVISOR: u64 = 2;

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
        for mover in scene.tileset.movers() {
            let bounds = scene.tileset.tile(mover.first).bounds.sphere();
            let (distance, unseen) = eyes.look_at(bounds);
            let excess = 2.0 * bounds.radius / distance.max(NEAR_METRES) / unseen;
            if excess.is_nan() || excess < 1.0 {
                continue;
            }
            let tolerance = unseen * distance.max(NEAR_METRES);
            // What moves may take a part of the budget: beyond it, it is as coarse as can be.
            let is_short = list.triangle_count > eyes.quality.budget.triangles / MOVERS_DIVISOR;
            let tolerance = if is_short { f32::INFINITY } else { tolerance };
            let wanted = wanted(scene, mover, tolerance);
            let shown = nearest_resident(scene, mover, wanted);
            if shown != Some(wanted) {
                demand.wants.push(Want { tile: wanted, importance: excess });
            }
            let Some(tile) = shown else { continue };
            demand.keeps.push(tile);
            if eyes.frustum.touches_sphere(bounds) {
                self.emit_mover(scene, tile, eyes, distance, list);
            }
        }
    }

    fn emit_mover(
        &mut self,
        scene: &Scene,
        tile: TileId,
        eyes: &Eyes,
        distance_metres: f32,
        list: &mut DrawList,
    ) {
        let Some(resident) = scene.resident(tile) else { return };
        let Some(motion) = &resident.motion else { return };
        let bounds = self.posture.set(motion, scene.seconds());
        let Some(world_from_grid) = grid(bounds).filter(|_| eyes.frustum.touches_sphere(bounds.sphere()))
        else {
            return;
        };
        self.pose(tile, motion, &world_from_grid, list);
        let instance = list.instances.len() as u32;
        list.instances.push(Instance::new(&world_from_grid));
        self.emit_whole(Source::Tile(tile), resident, instance..instance + 1, distance_metres, list);
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
