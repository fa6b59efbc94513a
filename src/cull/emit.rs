//! The cut → draws: chunks in view, neighbours joined, sorted for early depth rejection.

use super::{Culler, Draw, DrawList, Instance, Source};
use crate::math::{Frustum, Pose};
use crate::scene::{AlphaMode, Chunk, ResidentTile, Scene, TileId};

/// A draw and its place in the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyed {
    order: (AlphaMode, u32),
    draw: Draw,
}

impl Keyed {
    /// `order`: less is drawn earlier among those of its alpha mode.
    pub fn new(order: u32, draw: Draw) -> Self {
        Self { order: (draw.batch.alpha, order), draw }
    }
}

impl Culler {
    /// Adds the cut: tiles that are here, in view, and not replaced by their children.
    pub(super) fn emit(&mut self, scene: &Scene, frustum: &Frustum, gaze: Pose, list: &mut DrawList) {
        self.sorted.clear();
        self.stack.clear();
        self.stack.push((TileId(0), 0.0));
        while let Some((id, _)) = self.stack.pop() {
            let mark = self.marks[id.index()];
            let tile = scene.tileset.tile(id);
            // Tiles below the cut were not marked; they are looked at when they stand in.
            let is_visible = if mark.is_desired { mark.is_visible } else { frustum.touches_box(tile.bounds) };
            if !is_visible {
                continue;
            }
            if let Some(resident) = scene.resident(id).filter(|_| !mark.is_replaced) {
                let distance = tile.bounds.distance(gaze.position);
                self.emit_tile(id, resident, distance, frustum, gaze, list);
            } else if mark.is_refined || mark.is_replaced {
                // Replaced by its children, or not here: then those that are here are better than a hole.
                self.stack.extend(tile.children().map(|child| (child, 0.0)));
            }
        }
    }

    /// Puts all draws into the order to draw them.
    pub(super) fn sort(&mut self, list: &mut DrawList) {
        self.sorted.sort_unstable_by_key(|keyed| (keyed.order, keyed.draw.instance, keyed.draw.first_index));
        list.draws.extend(self.sorted.iter().map(|keyed| keyed.draw));
    }

    fn emit_tile(
        &mut self,
        tile: TileId,
        resident: &ResidentTile,
        distance_metres: f32,
        frustum: &Frustum,
        gaze: Pose,
        list: &mut DrawList,
    ) {
        let instance = list.instances.len() as u32;
        let first = self.sorted.len();
        for chunk in resident.chunks.iter().filter(|chunk| frustum.touches_sphere(chunk.bounds)) {
            list.triangle_count += u64::from(chunk.index_count / 3);
            let is_blended = chunk.batch.alpha == AlphaMode::Blend;
            if let Some(last) = self.sorted.get_mut(first..).and_then(<[Keyed]>::last_mut)
                && !is_blended
                && joins(&last.draw, chunk)
            {
                last.draw.index_count += chunk.index_count;
                continue;
            }
            let order = if is_blended {
                // Far to near: positive floats sort like their bits.
                u32::MAX - (chunk.bounds.center - gaze.position).length().to_bits()
            } else {
                distance_metres.to_bits()
            };
            let Chunk { first_index, index_count, batch, .. } = *chunk;
            let source = Source::Tile(tile);
            let draw = Draw { source, first_index, index_count, instance, instance_count: 1, batch };
            self.sorted.push(Keyed::new(order, draw));
        }
        if self.sorted.len() > first {
            list.instances.push(Instance::new(&resident.world_from_grid));
        }
    }
}

/// Whether `chunk` continues `draw`.
fn joins(draw: &Draw, chunk: &Chunk) -> bool {
    draw.batch == chunk.batch && draw.first_index + draw.index_count == chunk.first_index
}
