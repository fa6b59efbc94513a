//! The cut → draws: chunks in view, neighbours joined, sorted for early depth rejection.

use std::ops::Range;

use super::cut::Node;
use super::draw_list::Fade;
use super::{Culler, Draw, DrawList, Eyes, Instance, Place, Source};
use crate::math::Frustum;
use crate::math::lanes::LANES;
use crate::scene::chunks::{Chunks, Group};
use crate::scene::mesh::Batch;
use crate::scene::{AlphaMode, ResidentTile, Scene, TileId};

/// Between two chunks that are seen, so many indices that are not are drawn with them rather than by a draw
/// more: of the budget's draws each has 1200 triangles.
const GAP_INDICES_MAX: u32 = 512 * 3;

/// Something that is less than this part of the error that goes unseen across is left out.
const SMALL: f32 = 0.5;

/// A draw and its place in the order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyed {
    order: u64,
    draw: Draw,
}

impl Keyed {
    /// Opaque near to far, in steps of half an octave, within which what is drawn with the same comes
    /// together; masked likewise; blended far to near.
    pub fn new(distance_metres: f32, draw: Draw) -> Self {
        // Positive floats sort like their bits.
        let bits = u64::from(distance_metres.max(0.0).to_bits());
        let alpha = draw.batch.alpha as u64;
        let order = match draw.batch.alpha {
            AlphaMode::Blend => u64::from(u32::MAX) - bits,
            AlphaMode::Opaque | AlphaMode::Mask => {
                let code = u64::from(draw.fade.leaves_out()) << 15 | batch_code(draw.batch);
                bits >> 22 << 48 | code << 32 | bits
            }
        };
        Self { order: alpha << 60 | order, draw }
    }
}

/// Equal batches have equal codes, of 15 bits.
fn batch_code(batch: Batch) -> u64 {
    let textures = batch.textures;
    u64::from(batch.double_sided) << 14
        | (batch.reads as u64) << 12
        | (textures.wrap as u64) << 8
        | u64::from(textures.side_log2)
}

impl Culler {
    /// Adds the cut: tiles that are here, in view, and not replaced by their children.
    pub(super) fn emit(&mut self, scene: &Scene, list: &mut DrawList) {
        self.nodes[0].is_reached = true;
        self.repeated.clear();
        self.drawn.clear();
        for index in 0..self.nodes.len() {
            let node = self.nodes[index];
            let is_shown = node.is_reached && node.is_visible;
            let resident = scene.resident(node.tile).filter(|_| !node.is_replaced);
            if let (true, Some(resident)) = (is_shown, resident) {
                self.drawn.push(index as u32);
                if node.is_apart {
                    // It is drawn by the transition, if at all.
                } else if node.place == 0 || node.is_near(scene) {
                    self.emit_tile(scene, &node, resident, Fade::Settled, list);
                } else {
                    self.repeated.push((node.tile, index as u32));
                }
            }
            // Replaced by its children, or not here: then those that are here are better than a hole.
            let goes_on = is_shown && resident.is_none() && (node.is_refined || node.is_replaced);
            self.nodes[node.children()].iter_mut().for_each(|child| child.is_reached = goes_on);
        }
        self.emit_repeated(scene, list);
    }

    /// Adds what stands there several times: with one draw for all of them where it is seen more than once, as
    /// a whole then, because what is left out would differ.
    fn emit_repeated(&mut self, scene: &Scene, list: &mut DrawList) {
        let mut repeated = std::mem::take(&mut self.repeated);
        repeated.sort_unstable();
        for same in repeated.chunk_by(|a, b| a.0 == b.0) {
            let Some(&(tile, first)) = same.first() else { continue };
            let Some(resident) = scene.resident(tile) else { continue };
            if same.len() == 1 {
                let node = self.nodes[first as usize];
                self.emit_tile(scene, &node, resident, Fade::Settled, list);
                continue;
            }
            let (instance, mut distance) = (list.instances.len() as u32, f32::INFINITY);
            for &(_, index) in same {
                let node = &self.nodes[index as usize];
                let world_from_tile = self.places[node.place as usize].pose.to_affine();
                list.instances.push(Instance::new(&(world_from_tile * resident.world_from_grid)));
                distance = distance.min(node.distance);
            }
            let instances = instance..list.instances.len() as u32;
            self.emit_whole(Source::Tile(tile), resident, instances, distance, Fade::Settled, list);
        }
        self.repeated = repeated;
    }

    /// Adds a draw for each of the batches of what is seen as a whole, of all of the instances, which have that fade.
    pub(super) fn emit_whole(
        &mut self,
        source: Source,
        resident: &ResidentTile,
        instances: Range<u32>,
        distance_metres: f32,
        fade: Fade,
        list: &mut DrawList,
    ) {
        let (instance, instance_count) = (instances.start, instances.len() as u32);
        let mut first = 0;
        for group in &resident.chunks.groups {
            let ranges = resident.chunks.ranges.get(first..group.end as usize).unwrap_or_default();
            first = group.end as usize;
            let Some(first_index) = ranges.first().map(|range| range.first_index) else { continue };
            let index_count = ranges.iter().map(|range| range.index_count).sum();
            list.triangle_count += u64::from(index_count / 3) * u64::from(instance_count);
            let batch = group.batch;
            let draw = Draw { source, first_index, index_count, instance, instance_count, batch, fade };
            self.sorted.push(Keyed::new(distance_metres, draw));
        }
    }

    /// Puts all draws into the order to draw them: by their keys, which are smaller than they are.
    pub(super) fn sort(&mut self, list: &mut DrawList) {
        let Self { keys, sorted, .. } = self;
        keys.clear();
        keys.extend(sorted.iter().zip(0..).map(|(keyed, number)| (keyed.order, number)));
        keys.sort_unstable();
        list.draws.extend(keys.iter().map(|&(_, number)| sorted[number as usize].draw));
    }

    /// Adds what is seen of a tile, on all of its pixels or a part of them.
    pub(super) fn emit_tile(
        &mut self,
        scene: &Scene,
        node: &Node,
        resident: &ResidentTile,
        fade: Fade,
        list: &mut DrawList,
    ) {
        let Place { eyes, pose, .. } = &self.places[node.place as usize];
        let seen = Seen {
            frustum: (!node.is_inside).then_some(&eyes.frustum),
            eyes,
            unseen: node.unseen,
            distance: node.distance,
            is_near: node.is_near(scene),
            is_far: node.distance > size_metres(scene, node.tile),
        };
        let first = self.sorted.len();
        let mut joiner = Joiner {
            sorted: &mut self.sorted,
            source: Source::Tile(node.tile),
            fade,
            instance: list.instances.len() as u32,
            seen: &seen,
            chunks: &resident.chunks,
            groups: resident.chunks.groups.iter(),
            group: None,
            open: None,
        };
        for (eight, mask) in (0..).step_by(LANES).zip(seen.masks(&resident.chunks)) {
            let mut rest = u32::from(mask);
            while rest != 0 {
                let first = rest.trailing_zeros();
                let end = first + (rest >> first).trailing_ones();
                joiner.add(eight + first, eight + end);
                rest &= u32::MAX << end;
            }
        }
        joiner.close();
        let indices: u64 = self.sorted[first..].iter().map(|keyed| u64::from(keyed.draw.index_count)).sum();
        list.triangle_count += indices / 3;
        if self.sorted.len() > first {
            let grid = &resident.world_from_grid;
            let instance = match node.place {
                0 => Instance::new(grid),
                _ => Instance::new(&(pose.to_affine() * *grid)),
            };
            list.instances.push(instance.faded(fade));
        }
    }
}

impl Node {
    /// Nearer than a quarter of its size.
    fn is_near(&self, scene: &Scene) -> bool {
        self.distance < 0.25 * size_metres(scene, self.tile)
    }
}

/// Across the tile's bounds.
fn size_metres(scene: &Scene, tile: TileId) -> f32 {
    2.0 * scene.tileset.tile(tile).bounds.sphere().radius
}

/// How a tile is looked at.
struct Seen<'a> {
    /// `None` where all of it is inside.
    frustum: Option<&'a Frustum>,
    eyes: &'a Eyes,
    /// The largest error of it that goes unseen, radians.
    unseen: f32,
    /// Metres to it.
    distance: f32,
    /// Nearer than a quarter of its size: its blended chunks are drawn far to near.
    is_near: bool,
    /// Farther away than it is large: few pixels of it are seen.
    is_far: bool,
}

impl Seen<'_> {
    /// The chunks that are seen, eight at a time.
    fn masks(&self, chunks: &Chunks) -> impl Iterator<Item = u8> {
        let Self { frustum, eyes, unseen, .. } = self;
        let (eye, reach) = (eyes.gaze.position, eyes.reach_metres);
        chunks.spheres.iter().zip(&chunks.cones).map(move |(spheres, cones)| {
            let inside = frustum.map_or(u8::MAX, |frustum| spheres.inside(frustum.planes()));
            if inside == 0 { 0 } else { inside & spheres.told_apart(cones, eye, reach, SMALL * unseen) }
        })
    }
}

/// Joins chunks to draws.
struct Joiner<'a> {
    sorted: &'a mut Vec<Keyed>,
    source: Source,
    fade: Fade,
    instance: u32,
    seen: &'a Seen<'a>,
    chunks: &'a Chunks,
    groups: std::slice::Iter<'a, Group>,
    group: Option<&'a Group>,
    /// What may grow still, and how far away it is, metres.
    open: Option<(Draw, f32)>,
}

impl Joiner<'_> {
    /// Adds the chunks from the first to before the end: of higher numbers than those before.
    fn add(&mut self, mut first: u32, end: u32) {
        while first < end {
            let Some(group) = self.group.filter(|group| first < group.end) else {
                let before = self.group;
                self.group = self.groups.next();
                let Some(group) = self.group else { return };
                if !before.is_some_and(|before| self.goes_with(before.batch, group.batch)) {
                    self.close();
                }
                continue;
            };
            let end = end.min(group.end);
            let is_apart = group.batch.alpha == AlphaMode::Blend && self.seen.is_near;
            if is_apart {
                // Each by itself, or they could not be drawn far to near.
                (first..end).for_each(|chunk| {
                    self.join(chunk, chunk, group.batch);
                    self.close();
                });
            } else {
                self.join(first, end - 1, group.batch);
            }
            first = end;
        }
    }

    /// Whether what is drawn with the one may be drawn with the other beside it: far away a draw less is worth
    /// more than pixels that read less.
    fn goes_with(&self, before: Batch, next: Batch) -> bool {
        self.seen.is_far && Batch { reads: next.reads, ..before } == next
    }

    /// Joins the chunks from the first to the last, which lie beside each other, to what is open.
    fn join(&mut self, first: u32, last: u32, batch: Batch) {
        let ranges = &self.chunks.ranges;
        let Some((start, end)) = ranges.get(first as usize).zip(ranges.get(last as usize)) else { return };
        let end_index = end.first_index + end.index_count;
        if let Some((open, _)) = &mut self.open
            && start.first_index - (open.first_index + open.index_count) <= GAP_INDICES_MAX
        {
            open.index_count = end_index - open.first_index;
            open.batch.reads = open.batch.reads.max(batch.reads);
            return;
        }
        self.close();
        let distance = if batch.alpha == AlphaMode::Blend {
            let spheres = &self.chunks.spheres[first as usize / LANES];
            spheres.center(first as usize % LANES).distance(self.seen.eyes.gaze.position)
        } else {
            self.seen.distance
        };
        let draw = Draw {
            source: self.source,
            first_index: start.first_index,
            index_count: end_index - start.first_index,
            instance: self.instance,
            instance_count: 1,
            batch,
            fade: self.fade,
        };
        self.open = Some((draw, distance));
    }

    fn close(&mut self) {
        if let Some((draw, distance)) = self.open.take() {
            self.sorted.push(Keyed::new(distance, draw));
        }
    }
}
