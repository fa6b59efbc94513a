//! Cover: what can be shown without a hole; and from there what is missing and what must stay.

use super::Culler;
use super::cut::Mark;
use crate::scene::demand::Want;
use crate::scene::{Demand, Scene};

/// How much less a tile matters that no eye sees now.
const UNSEEN_WEIGHT: f32 = 0.1;

/// Of a tile in whose place nothing is shown.
const NOTHING_SHOWN: f32 = f32::MAX;

impl Culler {
    /// Finds, from the leaves up, what can be shown without a hole. Where a tile of the cut is not
    /// here, finer ones that are stand in for it.
    pub(super) fn cover(&mut self, scene: &Scene) {
        for &id in self.order.iter().rev() {
            let mark = self.marks[id.index()];
            let is_here = scene.resident(id).is_some();
            let mut children = scene.tileset.tile(id).children();
            let is_replaced = mark.is_opened
                && (mark.is_refined || !is_here)
                && children.all(|child| self.marks[child.index()].is_covered);
            let mark = &mut self.marks[id.index()];
            mark.is_replaced = is_replaced;
            mark.is_covered = is_replaced || is_here || (mark.is_desired && !mark.is_visible);
        }
    }

    /// Lists what is missing: the cut itself, and its ancestors only where nothing coarser is here to
    /// stand in. A tile matters as much as the error that is seen without it. What is here and belongs to the
    /// cut, is above it or stands in for it is kept.
    pub(super) fn wants_and_keeps(&mut self, scene: &Scene, demand: &mut Demand) {
        (self.marks[0].shown_excess, self.marks[0].stands_in) = (NOTHING_SHOWN, false);
        for &id in &self.order {
            let (tile, mark) = (scene.tileset.tile(id), self.marks[id.index()]);
            let is_here = scene.resident(id).is_some();
            if is_here && (mark.is_desired || mark.stands_in) {
                demand.keeps.push(id);
            } else if mark.is_desired
                && tile.content.is_some()
                && (!mark.is_refined || mark.shown_excess == NOTHING_SHOWN)
            {
                demand.wants.push(want(&mark, id));
            }
            if mark.is_opened {
                let shown_excess = if is_here { mark.excess } else { mark.shown_excess };
                let stands_in =
                    mark.is_replaced && !mark.is_refined && !is_here && (mark.is_desired || mark.stands_in);
                for child in tile.children() {
                    let child = &mut self.marks[child.index()];
                    (child.shown_excess, child.stands_in) = (shown_excess, stands_in);
                }
            }
        }
        sort(demand);
    }
}

fn want(mark: &Mark, tile: crate::scene::TileId) -> Want {
    let weight = if mark.is_visible { 1.0 } else { UNSEEN_WEIGHT };
    let is_hole = mark.shown_excess == NOTHING_SHOWN;
    let seen = if is_hole { Want::HOLE + mark.excess } else { mark.shown_excess };
    Want { tile, importance: seen * weight }
}

/// The most important first.
fn sort(demand: &mut Demand) {
    demand.wants.sort_unstable_by(|a, b| b.importance.total_cmp(&a.importance).then(a.tile.cmp(&b.tile)));
}
