//! Fit: what of the cut a frame can afford. What is given up first is what the eye misses least.

use std::ops::{Add, Sub};

use super::cut::{ARM_METRES, Node};
use super::{Culler, DrawList};
use crate::math::Aabb;
use crate::scene::Scene;
use crate::scene::demand::Want;

/// What a frame may cost, for one view, people and panels included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Triangles.
    pub triangles: u64,
    /// Draws.
    pub draws: u32,
}

impl Default for Budget {
    /// What a Quest 2-class headset draws in time for 90 Hz, by the frame model.
    fn default() -> Self {
        Self { triangles: 180_000, draws: 150 }
    }
}

impl Budget {
    /// What it draws in time for 72 Hz.
    pub const SLOWER: Self = Self { triangles: 300_000, draws: 150 };

    /// Everything is drawn.
    pub const UNLIMITED: Self = Self { triangles: u64::MAX, draws: u32::MAX };
}

/// So often a cut is drawn, each coarser than the one before, until it costs no more than it may.
const TRIES_MAX: u32 = 8;

/// So often what was thought hidden may come back; then all of it does.
const REVEALS_MAX: u32 = 3;

/// How much more it is taken to cost than it turned out to.
const MARGIN: f32 = 1.02;

/// A tile that was refined in the frame before is taken to be so many times more off, so that the cut rests.
const STEADINESS: f32 = 1.25;

/// The least that a refinement is taken to cost, as a part of the budget: nearly nothing is not worth everything.
const COST_MIN: f32 = 1e-3;

/// Triangles and draws, or how many times as much as was thought each costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    triangles: f32,
    draws: f32,
}

impl Cost {
    pub(super) const NOTHING: Self = Self { triangles: 0.0, draws: 0.0 };

    pub(super) fn all_of(budget: Budget) -> Self {
        Self { triangles: budget.triangles as f32, draws: budget.draws as f32 }
    }

    pub(super) fn affords(self, cost: Self) -> bool {
        self.triangles >= cost.triangles && self.draws >= cost.draws
    }

    pub(super) fn exceeds(self, budget: Budget) -> bool {
        !Self::all_of(budget).affords(self)
    }

    /// What part of the budget it takes: of what it takes most of.
    fn part_of(self, budget: Budget) -> f32 {
        let all = Self::all_of(budget);
        (self.triangles / all.triangles).max(self.draws / all.draws)
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { triangles: self.triangles + other.triangles, draws: self.draws + other.draws }
    }
}

impl Sub for Cost {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { triangles: self.triangles - other.triangles, draws: self.draws - other.draws }
    }
}

/// How much is lost when a tile of this error, in units of what goes unseen, is not refined, for the same part of the view.
/// Where the head looks the same error is worth more: there its logarithm counts twice as much as 25° further out.
/// That is little, because what goes unseen grows with the eccentricity already, and eyes that nobody follows look around.
pub(super) fn value(excess: f32, eccentricity_radians: f32, is_steadied: bool) -> f32 {
    const OUTER_RADIANS: f32 = 25.0 / 180.0 * std::f32::consts::PI;
    const INNER_WEIGHT: f32 = 2.0;
    let outwards = (eccentricity_radians / OUTER_RADIANS).min(1.0);
    let weight = INNER_WEIGHT + (1.0 - INNER_WEIGHT) * outwards;
    let steadied = if is_steadied { excess * STEADINESS } else { excess };
    steadied.max(1.0).ln() * weight
}

/// About what part of the view a tile fills: 1 for all of it.
fn seen_part(bounds: Aabb, node: &Node) -> f32 {
    let radius = bounds.half_extent().length() / (node.distance + ARM_METRES);
    radius.min(1.0).powi(2) * node.share
}

impl Culler {
    /// Draws the cut, coarsened until it fits what the budget leaves beside what is in the list already.
    ///
    /// Nothing is remembered of what earlier frames cost, so that the same eyes see the same, whatever they saw
    /// before: what a tile costs is told from its bounds, and where that was too little all of it counts for more.
    pub(super) fn emit_within_budget(&mut self, scene: &Scene, list: &mut DrawList) {
        let Some(whole) = self.places.first().map(|world| world.eyes.quality.budget) else { return };
        let budget = self.transition.leave_room(whole);
        let before = (list.instances.len(), self.sorted.len(), list.triangle_count);
        let fixed = Cost { triangles: before.2 as f32, draws: before.1 as f32 };
        let mut dearness = Cost { triangles: 1.0, draws: 1.0 };
        self.weigh(scene);
        self.awaited.clear();
        let mut thought = fixed + self.cost();
        if thought.exceeds(budget) {
            self.look_for_shares(scene);
            thought = self.fit(scene, fixed, dearness, budget);
        }
        for attempt in 1.. {
            self.cover(scene);
            self.emit(scene, list);
            let cost = self.cost_of(list);
            let has_come_back = self.reveal(scene, attempt >= REVEALS_MAX);
            // What is drawn in the end is more than was to be afforded, but better than nothing.
            let is_enough = !cost.exceeds(budget) || attempt >= TRIES_MAX || !self.has_refined(scene);
            if is_enough && !has_come_back {
                break;
            }
            self.await_coarser(scene);
            let dearer =
                |before: f32, drawn: f32, thought: f32| MARGIN * before.max(drawn / thought.max(1.0));
            let (drawn, own) = (cost - fixed, thought - fixed);
            dearness.triangles = dearer(dearness.triangles, drawn.triangles, own.triangles);
            dearness.draws = dearer(dearness.draws, drawn.draws, own.draws);
            list.instances.truncate(before.0);
            self.sorted.truncate(before.1);
            list.triangle_count = before.2;
            self.look_for_shares(scene);
            thought = self.fit(scene, fixed, dearness, budget);
        }
        self.change_over(scene, list, before, whole);
        list.excess = self.largest_excess(scene);
        list.hidden_count = self.occlusion.hidden_count;
    }

    /// Of all that is drawn so far.
    pub(super) fn cost_of(&self, list: &DrawList) -> Cost {
        Cost { triangles: list.triangle_count as f32, draws: self.sorted.len() as f32 }
    }

    /// Tells for every tile what part of it is in view.
    fn look_for_shares(&mut self, scene: &Scene) {
        for node in self.nodes.iter_mut().filter(|node| node.is_visible && !node.is_inside) {
            let frustum = &self.places[node.place as usize].eyes.frustum;
            node.share = frustum.share_of_box(scene.tileset.tile(node.tile).bounds);
        }
        self.weigh(scene);
    }

    /// Tells of every tile what it costs: of one that only groups others, what they do.
    fn weigh(&mut self, scene: &Scene) {
        for index in (0..self.nodes.len()).rev() {
            let node = &self.nodes[index];
            self.nodes[index].cost = match scene.tileset.tile(node.tile).content {
                Some(_) => tile_cost(scene, node),
                None => self.nodes[node.children()].iter().fold(Cost::NOTHING, |sum, child| sum + child.cost),
            };
        }
    }

    /// Gives up refinements, the least valuable first, until the cut is affordable at this dearness beside what is
    /// `fixed`. Returns what all of that is thought to cost.
    fn fit(&mut self, scene: &Scene, fixed: Cost, dearness: Cost, budget: Budget) -> Cost {
        let total = |own: Cost| Cost {
            triangles: fixed.triangles + own.triangles * dearness.triangles,
            draws: fixed.draws + own.draws * dearness.draws,
        };
        self.appraise(scene, budget);
        let mut refined = std::mem::take(&mut self.refined);
        refined.clear();
        refined.extend(
            (0..).zip(&self.nodes).filter_map(|(index, node)| node.is_refined.then_some((node.worth, index))),
        );
        refined.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut cost = self.nodes.first().map_or(Cost::NOTHING, |root| root.cost);
        for &(_, index) in &refined {
            let index = index as usize;
            let node = self.nodes[index];
            // What is above it comes first, and may have been given up.
            let children = self.nodes[node.children()].iter();
            let finer = children.fold(cost - node.cost, |sum, child| sum + child.cost);
            let is_hollow = scene.tileset.tile(node.tile).content.is_none();
            if node.is_desired && (is_hollow || !total(finer).exceeds(budget)) {
                cost = finer;
                continue;
            }
            self.nodes[index].is_refined = false;
            self.forget_refined(index);
            self.nodes[node.children()].iter_mut().for_each(|child| child.is_desired = false);
        }
        self.refined = refined;
        fixed + cost
    }

    /// Tells how much each refinement is worth: what is lost without it, over the part of the view that it fills, for what
    /// it costs of the budget; the root of that, because both are guesses (after Funkhouser and Séquin, "Adaptive
    /// Display Algorithm for Interactive Frame Rates During Visualization of Complex Virtual Environments", 1993). What is
    /// above something is worth as much at least: without it there is none of that.
    fn appraise(&mut self, scene: &Scene, budget: Budget) {
        for index in (0..self.nodes.len()).rev() {
            let node = self.nodes[index];
            let (mut more, mut below) = (Cost::NOTHING - node.cost, 0.0_f32);
            for child in &self.nodes[node.children()] {
                more = more + child.cost;
                below = below.max(if child.is_refined { child.worth } else { 0.0 });
            }
            let tile = scene.tileset.tile(node.tile);
            // What only groups others, or is out of view, costs nothing.
            let is_bought = tile.content.is_some() && node.is_visible;
            let part = || (seen_part(tile.bounds, &node) / more.part_of(budget).max(COST_MIN)).sqrt();
            let own = if is_bought { node.value * part() } else { 0.0 };
            self.nodes[index].worth = own.max(below);
        }
    }

    /// Of the whole cut.
    fn cost(&self) -> Cost {
        let cut = self.nodes.iter().filter(|node| node.is_desired && !node.is_refined);
        cut.fold(Cost::NOTHING, |sum, node| sum + node.cost)
    }

    /// Notes what of the cut is not here while finer tiles stand in for it: drawn coarser still, the cut would cost the
    /// same until that comes. What an earlier try has noted is less coarse, and enough.
    fn await_coarser(&mut self, scene: &Scene) {
        if !self.awaited.is_empty() {
            return;
        }
        let is_stood_in_for = |node: &&Node| {
            let is_of_cut = node.is_desired && !node.is_refined && node.is_visible;
            is_of_cut && node.is_replaced && scene.resident(node.tile).is_none()
        };
        let awaited = self.nodes.iter().filter(is_stood_in_for);
        self.awaited.extend(awaited.map(|node| Want::new(node.tile, node.excess)));
    }

    /// Whether there is anything left to give up.
    fn has_refined(&self, scene: &Scene) -> bool {
        let has_own = |node: &Node| scene.tileset.tile(node.tile).content.is_some();
        self.nodes.iter().any(|node| node.is_refined && has_own(node))
    }

    /// The largest error in view that the cut leaves, in units of what goes unseen; 1 where none is seen.
    fn largest_excess(&self, scene: &Scene) -> f32 {
        // The finest there is may be off, but not for want of a budget.
        let cut = self.nodes.iter().filter(|node| node.is_desired && !node.is_refined && node.is_visible);
        let cut = cut.filter(|node| scene.tileset.tile(node.tile).child_count > 0);
        cut.map(|node| node.excess).fold(1.0, f32::max)
    }
}

/// Of what is in view of a tile: what the tileset says, or what is here if that is more.
pub(super) fn tile_cost(scene: &Scene, node: &Node) -> Cost {
    let tile = scene.tileset.tile(node.tile);
    if !node.is_visible {
        return Cost::NOTHING;
    }
    let here = scene
        .resident(node.tile)
        .map_or((0, 0), |resident| (resident.chunks.triangle_count, resident.chunks.groups.len() as u32));
    Cost {
        triangles: tile.triangle_count.max(here.0) as f32 * node.share,
        draws: tile.draw_count.max(here.1) as f32,
    }
}
