//! Fit: what of the cut a frame can afford. What is given up first is what the eye misses least.

use std::ops::{Add, Sub};

use super::{Culler, DrawList, Eyes};
use crate::scene::{Scene, TileId};

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

/// Draws of a tile that is not here, as most have.
const DRAWS_EXPECTED: f32 = 2.0;

/// After so many tries the tiles are counted as if all of each was seen, which is never too little.
const TRIES_MAX: u32 = 4;

/// How much a share that turned out too small is raised above what was seen.
const MARGIN: f32 = 1.03;

/// How much of the way to what was seen a share goes in a frame, when it was too large.
const RELAXATION: f32 = 0.1;

/// A tile that was refined in the frame before is worth so many times more, so that the cut rests.
const STEADINESS: f32 = 1.25;

/// Triangles and draws, or what part of them is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    triangles: f32,
    draws: f32,
}

impl Cost {
    const NOTHING: Self = Self { triangles: 0.0, draws: 0.0 };

    fn exceeds(self, budget: Budget) -> bool {
        self.triangles > budget.triangles as f32 || self.draws > budget.draws as f32
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

/// What is remembered from frame to frame to know the cost of a cut before it is drawn.
#[derive(Clone, Debug)]
pub(super) struct Fitting {
    /// Of the tiles in view, the part of their triangles and draws that the last frame drew: their other
    /// chunks were out of view.
    share: Cost,
    /// Values and places in the order of the tiles that are refined.
    refined: Vec<(f32, u32)>,
}

impl Default for Fitting {
    fn default() -> Self {
        Self { share: Cost { triangles: 1.0, draws: 1.0 }, refined: Vec::new() }
    }
}

/// How much is lost when a tile of this error, in units of what goes unseen, is not refined. Where the eyes
/// look the same error is worth more: there its logarithm counts eight times as much as 25° further out.
pub(super) fn value(excess: f32, eccentricity_radians: f32, was_refined: bool) -> f32 {
    const OUTER_RADIANS: f32 = 25.0 / 180.0 * std::f32::consts::PI;
    const INNER_WEIGHT: f32 = 8.0;
    let steadied = if was_refined { excess * STEADINESS } else { excess };
    let outwards = (eccentricity_radians / OUTER_RADIANS).min(1.0);
    let weight = INNER_WEIGHT + (1.0 - INNER_WEIGHT) * outwards;
    steadied.max(1.0).ln() * weight
}

impl Culler {
    /// Draws the cut, coarsened until it fits what the budget leaves beside what is in the list already.
    pub(super) fn emit_within_budget(&mut self, scene: &Scene, eyes: &Eyes<'_>, list: &mut DrawList) {
        let budget = eyes.sight.quality.budget;
        let before = (list.instances.len(), self.sorted.len(), list.triangle_count);
        let fixed = Cost { triangles: before.2 as f32, draws: before.1 as f32 };
        for attempt in 1.. {
            if attempt == TRIES_MAX {
                self.fitting.share = Cost { triangles: 1.0, draws: 1.0 };
            }
            let whole = self.fit(scene, fixed, budget);
            self.cover(scene);
            self.emit(scene, eyes, list);
            let seen = Cost {
                triangles: (list.triangle_count - before.2) as f32 / whole.triangles.max(1.0),
                draws: (self.sorted.len() - before.1) as f32 / whole.draws.max(1.0),
            };
            let is_over = list.triangle_count > budget.triangles || self.sorted.len() > budget.draws as usize;
            if !is_over || attempt == TRIES_MAX {
                self.fitting.learn(seen);
                break;
            }
            let share = &mut self.fitting.share;
            share.triangles = share.triangles.max(seen.triangles * MARGIN);
            share.draws = share.draws.max(seen.draws * MARGIN);
            list.instances.truncate(before.0);
            self.sorted.truncate(before.1);
            list.triangle_count = before.2;
        }
        list.excess = self.largest_excess();
    }

    /// Gives up refinements, the least valuable first, until the cut is affordable. Returns what it costs if
    /// all of every tile in view is drawn.
    fn fit(&mut self, scene: &Scene, fixed: Cost, budget: Budget) -> Cost {
        let whole = self.cost(scene);
        let share = self.fitting.share;
        let total = |whole: Cost| Cost {
            triangles: fixed.triangles + whole.triangles * share.triangles,
            draws: fixed.draws + whole.draws * share.draws,
        };
        if !total(whole).exceeds(budget) {
            return whole;
        }
        let mut refined = std::mem::take(&mut self.fitting.refined);
        refined.clear();
        refined.extend((0..).zip(&self.order).filter_map(|(place, id)| {
            let mark = &self.marks[id.index()];
            mark.is_refined.then_some((mark.value, place))
        }));
        refined.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut cost = self.order.first().map_or(Cost::NOTHING, |&root| self.tile_cost(scene, root));
        for &(_, place) in &refined {
            let id = self.order[place as usize];
            // What is above it comes first, and may have been given up.
            let children = || scene.tileset.tile(id).children();
            let coarser = cost - self.tile_cost(scene, id);
            let finer = children().fold(coarser, |sum, child| sum + self.tile_cost(scene, child));
            let mark = &mut self.marks[id.index()];
            let is_hollow = scene.tileset.tile(id).content.is_none();
            if mark.is_desired && (is_hollow || !total(finer).exceeds(budget)) {
                cost = finer;
                continue;
            }
            (mark.is_refined, mark.refined_frame) = (false, 0);
            children().for_each(|child| self.marks[child.index()].is_desired = false);
        }
        self.fitting.refined = refined;
        cost
    }

    /// Of the whole cut.
    fn cost(&self, scene: &Scene) -> Cost {
        let cut = self.order.iter().filter(|id| {
            let mark = &self.marks[id.index()];
            mark.is_desired && !mark.is_refined
        });
        cut.fold(Cost::NOTHING, |sum, &id| sum + self.tile_cost(scene, id))
    }

    /// Of all of a tile, if it is in view.
    fn tile_cost(&self, scene: &Scene, id: TileId) -> Cost {
        let tile = scene.tileset.tile(id);
        if !self.marks[id.index()].is_visible || tile.content.is_none() {
            return Cost::NOTHING;
        }
        let draws = scene.resident(id).map_or(DRAWS_EXPECTED, |resident| resident.chunks.groups.len() as f32);
        Cost { triangles: tile.triangle_count as f32, draws }
    }

    /// The largest error in view that the cut leaves, in units of what goes unseen; 1 where none is seen.
    fn largest_excess(&self) -> f32 {
        let cut = self.order.iter().map(|id| &self.marks[id.index()]);
        let cut = cut.filter(|mark| mark.is_desired && !mark.is_refined && mark.is_visible);
        cut.map(|mark| mark.excess).fold(1.0, f32::max)
    }
}

impl Fitting {
    /// Remembers what part of the tiles in view was seen.
    fn learn(&mut self, seen: Cost) {
        let towards = |share: &mut f32, seen: f32| {
            let seen = seen.clamp(0.1, 1.0);
            *share = if seen > *share { seen } else { *share + (seen - *share) * RELAXATION };
        };
        towards(&mut self.share.triangles, seen.triangles);
        towards(&mut self.share.draws, seen.draws);
    }
}
