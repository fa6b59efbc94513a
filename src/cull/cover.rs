//! Cover: what can be shown without a hole; and from there what is missing and what must stay.

use glam::Vec3;

use super::Culler;
use super::cut::{ARM_METRES, Node};
use crate::math::fovea::eccentricity_radians;
use crate::math::{Pose, Sphere};
use crate::scene::demand::Want;
use crate::scene::{Demand, Scene, TileId};

/// How much a tile matters at least that no eye sees now.
const UNSEEN_MIN: f32 = 0.02;

/// And at most, just outside of what is seen.
const UNSEEN_MAX: f32 = 0.5;

/// How far into a tile most of what is seen of it is, in its radii.
const TYPICAL: f32 = 0.35;

/// Half of what an eye sees, radians.
const VIEW_RADIANS: f32 = 0.8;

/// By how much farther a head may have to turn for the chance to be a third, radians.
const TURN_RADIANS: f32 = 0.5;

/// A tile counts as filling so much of the view at least.
const PART_MIN: f32 = 1e-6;

/// A tile removes so much of the error that is seen at least.
const REMOVED_MIN: f32 = 0.05;

/// A step leaves at most so much of the error that is seen.
const STEP: f32 = 0.6;

/// And what is wanted below it has more than so many times its bytes.
const STEP_BYTES: u64 = 2;

/// Of a tile in whose place nothing is shown.
const NOTHING_SHOWN: f32 = f32::MAX;

impl Culler {
    /// Finds, from the leaves up, what can be shown without a hole. Where a tile of the cut is not
    /// here, finer ones that are stand in for it.
    pub(super) fn cover(&mut self, scene: &Scene) {
        for index in (0..self.nodes.len()).rev() {
            let node = self.nodes[index];
            let is_here = scene.resident(node.tile).is_some();
            let is_replaced = node.is_opened()
                && (node.is_refined || !is_here)
                && self.nodes[node.children()].iter().all(|child| child.is_covered);
            let node = &mut self.nodes[index];
            node.is_replaced = is_replaced;
            node.is_covered = is_replaced || is_here || (node.is_desired && !node.is_visible);
        }
    }

    /// Lists what is missing: the cut itself, its ancestors only where nothing coarser is here to
    /// stand in, and the steps towards it; and what would be affordable. A tile matters as much as the error that is seen
    /// without it, over the part of the view that it fills. What is here and belongs to the cut, is above it or stands in
    /// for it is kept.
    pub(super) fn wants_and_keeps(&mut self, scene: &Scene, demand: &mut Demand) {
        self.count_missing(scene);
        self.groups.clear();
        self.groups.resize(self.nodes.len(), Group::default());
        self.wanted_in.clear();
        let root = &mut self.nodes[0];
        (root.shown_metres, root.step_metres, root.stands_in) = (NOTHING_SHOWN, NOTHING_SHOWN, false);
        for index in 0..self.nodes.len() {
            let node = self.nodes[index];
            let tile = scene.tileset.tile(node.tile);
            let is_here = scene.resident(node.tile).is_some();
            let own_metres = tile.geometric_error_metres;
            let [shown_metres, mut step_metres] =
                if is_here { [own_metres; 2] } else { [node.shown_metres, node.step_metres] };
            let mut group = if is_here { index as u32 } else { node.group };
            if is_here && node.is_desired && node.is_visible {
                self.groups[node.group as usize].removed += self.want(scene, &node, false).beyond_steps;
            }
            if is_here && (node.is_desired || node.stands_in) {
                demand.keeps.push(node.tile);
            } else if node.is_desired && !is_here && tile.content.is_some() {
                let is_hole = node.shown_metres == NOTHING_SHOWN;
                let is_step = node.is_refined && !(is_hole && node.is_visible);
                if !is_step || is_worth_a_step(scene, &node) {
                    let want = self.want(scene, &node, is_step);
                    if node.is_visible {
                        self.groups[node.group as usize].add(want.beyond_steps, size_bytes(scene, node.tile));
                    }
                    self.wanted_in.push(node.is_visible.then_some(node.group));
                    demand.wants.push(want);
                    (step_metres, group) = (own_metres, index as u32);
                }
            }
            let stands_in =
                node.is_replaced && !node.is_refined && !is_here && (node.is_desired || node.stands_in);
            for child in &mut self.nodes[node.children()] {
                (child.shown_metres, child.step_metres) = (shown_metres, step_metres);
                (child.stands_in, child.group) = (stands_in, group);
            }
        }
        self.share_groups(scene, demand);
        demand.wants.extend(&self.awaited);
        if !scene.tileset.placements().is_empty() || !self.awaited.is_empty() {
            name_once(demand);
        }
        sort(demand);
    }

    /// What replaces a tile is shown once all of it that is seen is here: each part of it matters, for its bytes, as much
    /// as the whole does for what is missing of it.
    fn share_groups(&self, scene: &Scene, demand: &mut Demand) {
        let first = demand.wants.len() - self.wanted_in.len();
        for (want, group) in demand.wants[first..].iter_mut().zip(&self.wanted_in) {
            let Some(Group { removed, missing_bytes }) = group.map(|group| self.groups[group as usize])
            else {
                continue;
            };
            want.beyond_steps = removed * (size_bytes(scene, want.tile) as f32 / missing_bytes.max(1) as f32);
        }
    }

    /// Counts what is missing below each tile.
    fn count_missing(&mut self, scene: &Scene) {
        for index in (0..self.nodes.len()).rev() {
            let node = self.nodes[index];
            let is_missing = scene.resident(node.tile).is_none();
            self.nodes[index].missing_bytes = match (node.is_desired, node.is_refined) {
                (true, false) if is_missing => size_bytes(scene, node.tile),
                (true, true) => self.nodes[node.children()].iter().map(|child| child.missing_bytes).sum(),
                _ => 0,
            };
        }
    }

    fn want(&self, scene: &Scene, node: &Node, is_step: bool) -> Want {
        let gaze = self.places[node.place as usize].eyes.gaze;
        let tile = scene.tileset.tile(node.tile);
        let radius = 0.5 * (tile.bounds.max - tile.bounds.min).length();
        let across = radius / (node.distance + radius).max(f32::MIN_POSITIVE);
        let part_of_view = (across * across).max(PART_MIN);
        let chance = if node.is_visible { 1.0 } else { self.chance_seen(gaze, tile.bounds.center(), radius) };
        // Most of what is seen of it is farther away than the nearest of it.
        let typical_metres = (node.distance + TYPICAL * radius).max(ARM_METRES);
        let removed = |shown_metres: f32| {
            let is_hole = shown_metres == NOTHING_SHOWN;
            let shown_metres = if is_hole { radius } else { shown_metres };
            // What is refined for its neighbours' sake removes little, and is wanted all the same.
            let metres = (shown_metres - tile.geometric_error_metres).max(REMOVED_MIN * shown_metres);
            let radians = (metres / typical_metres).min(1.0);
            let hole = if is_hole && node.is_visible { Want::HOLE } else { 0.0 };
            (hole + radians / node.unseen) * part_of_view * chance
        };
        let [importance, beyond_steps] = [node.shown_metres, node.step_metres].map(removed);
        Want { tile: node.tile, importance, beyond_steps, is_step }
    }

    /// The chance that what is out of view now is looked at within two seconds: heads go on turning as they do, and
    /// may turn anywhere.
    fn chance_seen(&self, gaze: Pose, center: Vec3, radius: f32) -> f32 {
        let ball = Sphere { center, radius };
        let now = eccentricity_radians(gaze, ball);
        let soon = eccentricity_radians(Pose { orientation: self.ahead * gaze.orientation, ..gaze }, ball);
        let beyond = (now.min(soon) - VIEW_RADIANS).max(0.0);
        (-beyond / TURN_RADIANS).exp().clamp(UNSEEN_MIN, UNSEEN_MAX)
    }
}

/// What replaces a tile that is shown, or will be as a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group {
    /// What all of it removes together, whether it is here or not.
    removed: f32,
    missing_bytes: u64,
}

impl Group {
    fn add(&mut self, removed: f32, missing_bytes: u64) {
        self.removed += removed;
        self.missing_bytes += missing_bytes;
    }
}

/// Of the tile and what is shown of its images at first: some of that may be here.
fn size_bytes(scene: &Scene, tile: TileId) -> u64 {
    scene
        .tileset
        .first_blobs(scene.tileset.tile(tile))
        .filter_map(|blob| scene.tileset.blobs().get(blob.index()))
        .map(|blob| u64::from(blob.size_bytes))
        .sum()
}

/// A tile that is to be replaced soon is worth its bytes if it removes most of the error that is seen, and if what
/// replaces it is much more to wait for.
fn is_worth_a_step(scene: &Scene, node: &Node) -> bool {
    scene.tileset.tile(node.tile).geometric_error_metres < STEP * node.step_metres
        && size_bytes(scene, node.tile) * STEP_BYTES < node.missing_bytes
}

/// What stands there several times matters as much as where it matters most.
fn name_once(demand: &mut Demand) {
    let Demand { wants, keeps, .. } = demand;
    wants.sort_unstable_by(|a, b| a.tile.cmp(&b.tile).then(b.importance.total_cmp(&a.importance)));
    wants.dedup_by_key(|want| want.tile);
    keeps.sort_unstable();
    keeps.dedup();
}

/// The most important first.
fn sort(demand: &mut Demand) {
    demand.wants.sort_unstable_by(|a, b| b.importance.total_cmp(&a.importance).then(a.tile.cmp(&b.tile)));
}
