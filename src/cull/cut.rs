//! Desire: which tiles would be fine enough for these eyes.

use std::ops::Range;

use super::budget::{self, Cost};
use super::{Culler, Eyes, Place};
use crate::math::fovea::{eccentricity_radians, exposures};
use crate::math::{Pose, Sphere};
use crate::scene::{Scene, TileId};

/// A refined tile stays refined until its error is this much below the threshold, so that a head
/// that trembles does not make it pop.
const HYSTERESIS: f32 = 0.8;

/// Half an arm's length, metres: a tile's bounds may be around a head that nothing of it is near.
pub(super) const ARM_METRES: f32 = 0.5;

/// What the passes know of one tile where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub tile: TileId,
    /// Into [`Culler::places`].
    pub place: u32,
    /// What is drawn in its place if it is refined, among the frame's nodes; none where that is not looked at.
    pub first_child: u32,
    pub child_count: u32,
    /// On the cut that the eyes want, or above it.
    pub is_desired: bool,
    /// Desired, and its children are desired too.
    pub is_refined: bool,
    /// Some of it may be inside of the frustum.
    pub is_in_frustum: bool,
    /// Something else hides all of it.
    pub is_hidden: bool,
    /// Because that hides all of what is above it.
    pub is_below_hidden: bool,
    /// In the frustum and not hidden.
    pub is_visible: bool,
    /// No part of it is outside of the frustum.
    pub is_inside: bool,
    /// All that is visible of it can be drawn, by itself or by what is below.
    pub is_covered: bool,
    /// Its children cover it.
    pub is_replaced: bool,
    /// Drawn, or above what is drawn.
    pub is_reached: bool,
    /// Of the cut, in view or not, or above it.
    pub is_shown: bool,
    /// It is drawn otherwise than the cut has it, or not at all: see [`super::transition`].
    pub is_apart: bool,
    /// Below a tile of the cut that is not here, and in its place.
    pub stands_in: bool,
    /// About what part of it is in view; what it costs to know is spent only where a budget bites.
    pub share: f32,
    /// What drawing it is thought to cost.
    pub cost: Cost,
    /// Metres to its bounds.
    pub distance: f32,
    /// The largest error of it that goes unseen, radians.
    pub unseen: f32,
    /// Visible error in units of the unseen error.
    pub excess: f32,
    /// How much is lost if it is not refined.
    pub value: f32,
    /// The same for what it costs: the order in which a budget is spent.
    pub worth: f32,
    /// The error of what is shown while it is not here, metres.
    pub shown_metres: f32,
    /// The same, if every step towards it were here.
    pub step_metres: f32,
    /// The node that it is shown in place of, with others: the nearest above it that is here or a step.
    pub group: u32,
    /// Of what is wanted below it: what is not here, about.
    pub missing_bytes: u64,
}

impl Node {
    pub fn new(tile: TileId, place: u32, is_desired: bool) -> Self {
        Self {
            tile,
            place,
            first_child: 0,
            child_count: 0,
            is_desired,
            is_refined: false,
            is_in_frustum: false,
            is_hidden: false,
            is_below_hidden: false,
            is_visible: false,
            is_inside: false,
            is_covered: false,
            is_replaced: false,
            is_reached: false,
            is_shown: false,
            is_apart: false,
            stands_in: false,
            share: 1.0,
            cost: Cost::NOTHING,
            distance: 0.0,
            unseen: 0.0,
            excess: 0.0,
            value: 0.0,
            worth: 0.0,
            shown_metres: 0.0,
            step_metres: 0.0,
            group: 0,
            missing_bytes: 0,
        }
    }

    /// What is drawn in its place, among the frame's nodes.
    pub fn children(&self) -> Range<usize> {
        self.first_child as usize..(self.first_child + self.child_count) as usize
    }

    /// Whether what is below it is looked at.
    pub fn is_opened(&self) -> bool {
        self.child_count > 0
    }
}

impl Culler {
    /// Lists the tiles that the eyes want, from the root down, and those that may stand in for them.
    pub(super) fn desire(&mut self, scene: &Scene, eyes: &Eyes) {
        self.refined_frames.resize(scene.tileset.node_count(), 0);
        self.frame = self.frame.wrapping_add(1);
        self.places.clear();
        self.places.push(Place { eyes: *eyes, pose: Pose::IDENTITY, memory: 0, placement: 0 });
        self.nodes.clear();
        self.nodes.push(Node::new(TileId(0), 0, true));
        let mut next = 0;
        while let Some(&Node { tile: id, place, .. }) = self.nodes.get(next) {
            let has_below = self.look_at(scene, next);
            let node = self.nodes[next];
            let is_here = scene.resident(id).is_some();
            if has_below && (node.is_refined || (!is_here && scene.has_resident_below(id))) {
                let place = self.enter(scene, id).unwrap_or(place);
                let first_child = self.nodes.len();
                let below = scene.tileset.below(id);
                self.nodes.extend(below.map(|child| Node::new(child, place, node.is_refined)));
                let child_count = self.nodes.len() - first_child;
                let node = &mut self.nodes[next];
                (node.first_child, node.child_count) = (first_child as u32, child_count as u32);
            }
            next += 1;
        }
    }

    /// Tells what the eyes want of one tile; returns whether there is anything below it.
    fn look_at(&mut self, scene: &Scene, index: usize) -> bool {
        let mut node = self.nodes[index];
        self.measure(scene, &mut node);
        let place = &self.places[node.place as usize];
        let (eyes, tile) = (&place.eyes, scene.tileset.tile(node.tile));
        let refined_frame = &mut self.refined_frames[place.memory.wrapping_add(node.tile.0) as usize];
        let was_refined = *refined_frame != 0 && refined_frame.wrapping_add(1) == self.frame;
        let threshold = if was_refined { HYSTERESIS } else { 1.0 };
        let is_coarse = tile.content.is_none() || node.excess > threshold;
        let has_below = tile.child_count > 0 || scene.tileset.placement_below(node.tile).is_some();
        node.is_refined = node.is_desired && has_below && is_coarse;
        if node.is_refined {
            *refined_frame = self.frame;
            // Most of it is about as far out as its middle.
            let middle = Sphere { center: tile.bounds.center(), radius: 0.0 };
            let is_steadied = was_refined && self.was_whole;
            node.value = budget::value(node.excess, eccentricity_radians(eyes.gaze, middle), is_steadied);
        }
        self.nodes[index] = node;
        has_below
    }

    /// Tells how a tile is seen.
    pub(super) fn measure(&self, scene: &Scene, node: &mut Node) {
        let (eyes, tile) = (&self.places[node.place as usize].eyes, scene.tileset.tile(node.tile));
        let [near, inner] = exposures(eyes.gaze, tile.bounds);
        let unseen = |(_, eccentricity): (f32, f32)| eyes.unseen_radians(eccentricity);
        let accepted = |at: (f32, f32)| eyes.memory_scale * unseen(at);
        let excess = |at: (f32, f32)| tile.geometric_error_metres / at.0.max(ARM_METRES) / accepted(at);
        node.distance = near.0;
        node.unseen = unseen(inner);
        node.excess = excess(near).max(excess(inner));
        node.is_in_frustum = eyes.frustum.touches_box(tile.bounds);
        node.is_visible = node.is_in_frustum;
        node.is_inside = node.is_visible && eyes.frustum.holds_box(tile.bounds);
    }

    /// The place that the tile stands for, where something hangs below it that stands there several times.
    fn enter(&mut self, scene: &Scene, tile: TileId) -> Option<u32> {
        self.enter_placement(scene, scene.tileset.placement_below(tile)?)
    }

    /// The place that the placement is.
    pub(super) fn enter_placement(&mut self, scene: &Scene, number: usize) -> Option<u32> {
        let tileset = &scene.tileset;
        let placement = tileset.placements().get(number)?;
        let first_tile = tileset.prototypes().get(placement.prototype as usize)?.root.0;
        let eyes = self.places.first()?.eyes.seen_from(placement.pose);
        let memory = tileset.first_node(number).wrapping_sub(first_tile);
        self.places.push(Place { eyes, pose: placement.pose, memory, placement: number as u32 + 1 });
        Some(self.places.len() as u32 - 1)
    }

    /// Forgets that the tile was refined: it is not after all.
    pub(super) fn forget_refined(&mut self, index: usize) {
        let Node { tile, place, .. } = self.nodes[index];
        let memory = self.places[place as usize].memory;
        self.refined_frames[memory.wrapping_add(tile.0) as usize] = 0;
    }
}
