//! Scene and actors × eyes → what to draw, and what to fetch.
//!
//! A frame's cut through the tile tree is found in three passes over flat arrays, parents before
//! children: *desire* (which tiles would be fine enough for these eyes), *cover* (which of them can
//! be shown without a hole) and *emit* (what is drawn, what is fetched, what is kept). The crowd of
//! actors is put among the tiles: a draw for each shape. Beside it, [`governor`] decides from the frames' times
//! how fine is fine enough.
//! Architecture invariant: no GPU, no clock, no allocation once the lists have grown.

pub mod crowd;
pub mod draw_list;
mod emit;
pub mod governor;
mod props;

pub use draw_list::{Draw, DrawList, Instance, Source};
pub use governor::Governor;

use crate::math::fovea::{Fovea, eccentricity_radians};
use crate::math::{Frustum, Pose, ViewPair};
use crate::scene::demand::Want;
use crate::scene::{Actor, Demand, Scene, TileId};

/// What decides how fine is fine enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The eye's acuity over eccentricity.
    pub fovea: Fovea,
    /// How many times the unseen error is accepted; 1 draws what the eye can tell apart.
    pub error_scale: f32,
    /// The frustum is wider than the eyes' by this much on every side.
    pub guard_radians: f32,
}

impl Default for Quality {
    fn default() -> Self {
        Self { fovea: Fovea::HEAD_ONLY, error_scale: 1.0, guard_radians: 2.0_f32.to_radians() }
    }
}

/// Who looks, and how closely.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Both eyes.
    pub views: &'a ViewPair,
    /// The width of a pixel at the middle of the display.
    pub pixel_radians: f32,
    /// What decides how fine is fine enough.
    pub quality: &'a Quality,
}

/// A refined tile stays refined until its error is this much below the threshold, so that a head
/// that trembles does not make it pop.
const HYSTERESIS: f32 = 0.8;

/// Nearer than this nothing is told apart by distance, metres.
const NEAR_METRES: f32 = 0.05;

/// How much less a tile matters that no eye sees now.
const UNSEEN_WEIGHT: f32 = 0.1;

/// What the passes know of one tile.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// On the cut that the eyes want, or above it.
    is_desired: bool,
    /// Desired, and its children are desired too. Remembered from frame to frame for hysteresis.
    is_refined: bool,
    /// May be seen.
    is_visible: bool,
    /// All that is visible of it can be drawn, by itself or by what is below.
    is_covered: bool,
    /// Its children cover it.
    is_replaced: bool,
    /// Visible error in units of the unseen error.
    excess: f32,
}

/// Finds the cut. One for each scene: it remembers what was refined in the frame before.
#[derive(Clone, Debug, Default)]
pub struct Culler {
    marks: Vec<Mark>,
    stack: Vec<(TileId, f32)>,
    seen: Vec<crowd::Seen>,
    sorted: Vec<emit::Keyed>,
}

impl Culler {
    /// Fills `list` with what to draw for these eyes and `demand` with what is missing.
    pub fn cull(
        &mut self,
        scene: &Scene,
        actors: &[Actor],
        sight: &Sight<'_>,
        list: &mut DrawList,
        demand: &mut Demand,
    ) {
        list.clear();
        demand.clear();
        let frustum = Frustum::around(sight.views, sight.quality.guard_radians);
        let gaze = sight.views.center();
        self.desire(scene, &frustum, gaze, sight);
        self.cover(scene);
        self.wants_and_keeps(scene, demand);
        self.emit(scene, &frustum, gaze, list);
        self.emit_props(scene, sight, &frustum, list, demand);
        self.emit_actors(actors, sight, &frustum, gaze, list);
        self.sort(list);
    }

    /// Marks the tiles that the eyes want, from the root down.
    fn desire(&mut self, scene: &Scene, frustum: &Frustum, gaze: Pose, sight: &Sight<'_>) {
        let Sight { pixel_radians, quality, .. } = *sight;
        let tiles = scene.tileset.tiles();
        self.marks.resize(tiles.len(), Mark::default());
        for mark in &mut self.marks {
            *mark = Mark { is_refined: mark.is_refined, ..Mark::default() };
        }
        self.stack.clear();
        self.stack.push((TileId(0), 0.0));
        while let Some((id, _)) = self.stack.pop() {
            let (tile, mark) = (&tiles[id.index()], &mut self.marks[id.index()]);
            let distance = tile.bounds.distance(gaze.position).max(NEAR_METRES);
            let eccentricity = eccentricity_radians(gaze, tile.bounds.sphere());
            let unseen = quality.error_scale * quality.fovea.error_radians(eccentricity, pixel_radians);
            mark.is_desired = true;
            mark.is_visible = frustum.touches_box(tile.bounds);
            mark.excess = tile.geometric_error_metres / distance / unseen;
            let threshold = if mark.is_refined { HYSTERESIS } else { 1.0 };
            mark.is_refined = tile.child_count > 0 && (tile.content.is_none() || mark.excess > threshold);
            if mark.is_refined {
                self.stack.extend(tile.children().map(|child| (child, 0.0)));
            }
        }
        for mark in &mut self.marks {
            mark.is_refined &= mark.is_desired;
        }
    }

    /// Finds, from the leaves up, what can be shown without a hole. Where a tile of the cut is not
    /// here, finer ones that are stand in for it.
    fn cover(&mut self, scene: &Scene) {
        for (index, tile) in scene.tileset.tiles().iter().enumerate().rev() {
            let mark = self.marks[index];
            let is_here = scene.resident(TileId(index as u32)).is_some();
            let is_replaced = tile.child_count > 0
                && (mark.is_refined || !is_here)
                && tile.children().all(|child| self.marks[child.index()].is_covered);
            let mark = &mut self.marks[index];
            mark.is_replaced = is_replaced;
            mark.is_covered = is_replaced || is_here || (mark.is_desired && !mark.is_visible);
        }
    }

    /// Lists what is missing: the cut itself, and its ancestors only where nothing coarser is here to
    /// stand in. A tile matters as much as the error that is seen without it.
    fn wants_and_keeps(&mut self, scene: &Scene, demand: &mut Demand) {
        const NOTHING_SHOWN: f32 = f32::MAX;
        self.stack.clear();
        self.stack.push((TileId(0), NOTHING_SHOWN));
        while let Some((id, shown_excess)) = self.stack.pop() {
            let (tile, mark) = (scene.tileset.tile(id), self.marks[id.index()]);
            let is_here = scene.resident(id).is_some();
            if is_here {
                demand.keeps.push(id);
            } else if tile.content.is_some() && (!mark.is_refined || shown_excess == NOTHING_SHOWN) {
                let weight = if mark.is_visible { 1.0 } else { UNSEEN_WEIGHT };
                let seen =
                    if shown_excess == NOTHING_SHOWN { Want::HOLE + mark.excess } else { shown_excess };
                demand.wants.push(Want { tile: id, importance: seen * weight });
            }
            if mark.is_refined {
                let below = if is_here { mark.excess } else { shown_excess };
                self.stack.extend(tile.children().map(|child| (child, below)));
            } else if mark.is_replaced {
                self.keep_stand_ins(scene, id, demand);
            }
        }
        demand.wants.sort_unstable_by(|a, b| b.importance.total_cmp(&a.importance).then(a.tile.cmp(&b.tile)));
    }

    /// Keeps the finer tiles that stand in for `missing`. The traversal shares the stack: everything
    /// above its present height belongs to it.
    fn keep_stand_ins(&mut self, scene: &Scene, missing: TileId, demand: &mut Demand) {
        let floor = self.stack.len();
        self.stack.push((missing, 0.0));
        while self.stack.len() > floor {
            let Some((id, _)) = self.stack.pop() else { return };
            if scene.resident(id).is_some() {
                demand.keeps.push(id);
            } else if self.marks[id.index()].is_replaced {
                self.stack.extend(scene.tileset.tile(id).children().map(|child| (child, 0.0)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
