//! Desire: which tiles would be fine enough for these eyes.

use super::{Culler, Eyes};
use crate::math::fovea::exposures;
use crate::scene::{Scene, TileId};

/// A refined tile stays refined until its error is this much below the threshold, so that a head
/// that trembles does not make it pop.
const HYSTERESIS: f32 = 0.8;

/// Half an arm's length, metres: a tile's bounds may be around a head that nothing of it is near.
const ARM_METRES: f32 = 0.5;

/// What the passes know of one tile. Only those of tiles in the frame's order are up to date.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    /// The last frame that refined it.
    pub refined_frame: u32,
    /// On the cut that the eyes want, or above it.
    pub is_desired: bool,
    /// Desired, and its children are desired too.
    pub is_refined: bool,
    /// Its children are in the frame's order.
    pub is_opened: bool,
    /// May be seen.
    pub is_visible: bool,
    /// No part of it is outside of the frustum.
    pub is_inside: bool,
    /// All that is visible of it can be drawn, by itself or by what is below.
    pub is_covered: bool,
    /// Its children cover it.
    pub is_replaced: bool,
    /// Drawn, or above what is drawn.
    pub is_reached: bool,
    /// Below a tile of the cut that is not here, and in its place.
    pub stands_in: bool,
    /// About what part of it is in view; what it costs to know is spent only where a budget bites.
    pub share: f32,
    /// Metres to its bounds.
    pub distance: f32,
    /// The largest error of it that goes unseen, radians.
    pub unseen: f32,
    /// Visible error in units of the unseen error.
    pub excess: f32,
    /// How much is lost if it is not refined: the order in which a budget is spent. Never more than its
    /// parent's.
    pub value: f32,
    /// The error that is seen while it is not here, in the same units.
    pub shown_excess: f32,
}

impl Culler {
    /// Marks the tiles that the eyes want, from the root down, and those that may stand in for them.
    pub(super) fn desire(&mut self, scene: &Scene, eyes: &Eyes<'_>) {
        let tiles = scene.tileset.tiles();
        self.marks.resize(tiles.len(), Mark::default());
        self.frame = self.frame.wrapping_add(1);
        self.order.clear();
        self.order.push(TileId(0));
        let root = &mut self.marks[0];
        (root.is_desired, root.value) = (true, f32::INFINITY);
        let mut next = 0;
        while let Some(&id) = self.order.get(next) {
            next += 1;
            let tile = &tiles[id.index()];
            let mark = &mut self.marks[id.index()];
            let was_refined = mark.refined_frame != 0 && mark.refined_frame.wrapping_add(1) == self.frame;
            let [near, inner] = exposures(eyes.gaze, tile.bounds);
            let unseen = |(_, eccentricity): (f32, f32)| eyes.unseen_radians(eccentricity);
            let excess = |at: (f32, f32)| tile.geometric_error_metres / at.0.max(ARM_METRES) / unseen(at);
            (mark.share, mark.distance) = (1.0, near.0);
            mark.unseen = unseen(inner);
            mark.excess = excess(near).max(excess(inner));
            mark.is_visible = eyes.frustum.touches_box(tile.bounds);
            mark.is_inside = mark.is_visible && eyes.frustum.holds_box(tile.bounds);
            let threshold = if was_refined { HYSTERESIS } else { 1.0 };
            let is_coarse = tile.content.is_none() || mark.excess > threshold;
            mark.is_refined = mark.is_desired && tile.child_count > 0 && is_coarse;
            if mark.is_refined {
                mark.refined_frame = self.frame;
                let value = |at: (f32, f32)| super::budget::value(excess(at), at.1, was_refined);
                let own = value(near).max(value(inner));
                mark.value = if tile.content.is_none() { mark.value } else { mark.value.min(own) };
            }
            let is_here = scene.resident(id).is_some();
            mark.is_opened =
                tile.child_count > 0 && (mark.is_refined || (!is_here && scene.has_resident_below(id)));
            if mark.is_opened {
                let (is_desired, value) = (mark.is_refined, mark.value);
                for child in tile.children() {
                    let child_mark = &mut self.marks[child.index()];
                    (child_mark.is_desired, child_mark.value) = (is_desired, value);
                    self.order.push(child);
                }
            }
        }
    }
}
