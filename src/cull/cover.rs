//! Cover: what can be shown without a hole; and from there what is missing and what must stay.

use super::Culler;
use super::cut::Node;
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

    /// Lists what is missing: the cut itself, and its ancestors only where nothing coarser is here to
    /// stand in; and what would be affordable. A tile matters as much as the error that is seen without it. What is here
    /// and belongs to the cut, is above it or stands in for it is kept.
    pub(super) fn wants_and_keeps(&mut self, scene: &Scene, demand: &mut Demand) {
        (self.nodes[0].shown_excess, self.nodes[0].stands_in) = (NOTHING_SHOWN, false);
        for index in 0..self.nodes.len() {
            let node = self.nodes[index];
            let is_here = scene.resident(node.tile).is_some();
            if is_here && (node.is_desired || node.stands_in) {
                demand.keeps.push(node.tile);
            } else if node.is_desired
                && scene.tileset.tile(node.tile).content.is_some()
                && (!node.is_refined || node.shown_excess == NOTHING_SHOWN)
            {
                demand.wants.push(want(&node));
            }
            let shown_excess = if is_here { node.excess } else { node.shown_excess };
            let stands_in =
                node.is_replaced && !node.is_refined && !is_here && (node.is_desired || node.stands_in);
            for child in &mut self.nodes[node.children()] {
                (child.shown_excess, child.stands_in) = (shown_excess, stands_in);
            }
        }
        demand.wants.extend(&self.awaited);
        if !scene.tileset.placements().is_empty() || !self.awaited.is_empty() {
            name_once(demand);
        }
        sort(demand);
    }
}

fn want(node: &Node) -> Want {
    let weight = if node.is_visible { 1.0 } else { UNSEEN_WEIGHT };
    let is_hole = node.shown_excess == NOTHING_SHOWN;
    let seen = if is_hole { Want::HOLE + node.excess } else { node.shown_excess };
    Want { tile: node.tile, importance: seen * weight }
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
