//! What a pair of eyes misses: the error on the screen of what is shown, over all that is seen.
//!
//! Measured apart from how culling chooses, so that whoever chooses is judged by the same: the field of view is a grid
//! of directions; along each, what is hit first of the finest tiles is looked for, and the error of what is shown in
//! its place is taken as an angle.

use glam::Vec3;
use pavilion::math::pose::EYE_DISTANCE_METRES;
use pavilion::math::{Aabb, Fov, Frustum, Pose, ViewPair, fovea::Fovea};
use pavilion::scene::{TileId, Tileset};

/// Directions across, and down.
const GRID: [u32; 2] = [16, 16];

/// Half of what an eye sees across and down, radians: a Quest 2's.
pub const HALF_FOV_RADIANS: f32 = 0.83;

/// The width of a pixel in the middle, radians.
pub const PIXEL_RADIANS: f32 = 2.0 * 1.093 / 1920.0;

/// An error is not larger than this: nothing at all is shown, radians.
const NOTHING_RADIANS: f32 = 1.0;

/// What is missed at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Missed {
    /// Pixels of error beyond one, the mean over the field of view.
    pub pixels: f64,
    /// Times the error that the eye could tell apart there, beyond one: the mean.
    pub times_seen: f64,
    /// Directions in which nothing is shown.
    pub holes: u32,
    /// The largest error, pixels.
    pub worst_pixels: f64,
}

/// Both eyes of this head.
pub fn views(head: Pose) -> ViewPair {
    ViewPair::around(head, Fov::symmetric(2.0 * HALF_FOV_RADIANS, 1832.0 / 1920.0), EYE_DISTANCE_METRES)
}

/// What each tile can be replaced by.
pub struct Eyes<'a> {
    tileset: &'a Tileset,
    head: Pose,
    is_here: Vec<bool>,
    /// Something can be shown in its place, or nobody sees it.
    is_covered: Vec<bool>,
}

impl<'a> Eyes<'a> {
    /// Eyes of this head, for which these tiles are here.
    pub fn new(tileset: &'a Tileset, head: Pose, is_here: impl Fn(TileId) -> bool) -> Self {
        let frustum = Frustum::around(&views(head), 0.0);
        let tiles = tileset.tiles();
        let is_here: Vec<_> = (0..tiles.len() as u32).map(|tile| is_here(TileId(tile))).collect();
        let mut is_covered = is_here.clone();
        for index in (0..tiles.len()).rev() {
            let tile = &tiles[index];
            let by_finer = tile.child_count > 0 && tile.children().all(|child| is_covered[child.index()]);
            is_covered[index] |= by_finer || !frustum.touches_box(tile.bounds);
        }
        Self { tileset, head, is_here, is_covered }
    }

    /// What they miss.
    pub fn missed(&self) -> Missed {
        let mut sum = Missed::default();
        let mut seen = 0_u32;
        let [across, down] = GRID;
        let edge = HALF_FOV_RADIANS.tan();
        for step in 0..across * down {
            let [x, y] = [(step % across, across), (step / across, down)]
                .map(|(n, of)| ((n as f32 + 0.5) / of as f32 * 2.0 - 1.0) * edge);
            let direction = (self.head.orientation * Vec3::new(x, y, -1.0)).normalize_or(Vec3::NEG_Z);
            let Some((metres, finest)) = self.look(direction) else { continue };
            seen += 1;
            let error = self.shown(finest);
            let radians =
                error.map_or(NOTHING_RADIANS, |error| (error / metres.max(0.5)).min(NOTHING_RADIANS));
            sum.holes += u32::from(error.is_none());
            let pixels = f64::from(radians / PIXEL_RADIANS);
            sum.pixels += (pixels - 1.0).max(0.0);
            sum.worst_pixels = sum.worst_pixels.max(pixels);
            let eccentricity = direction.angle_between(self.head.forward());
            let told_apart = Fovea::HEAD_ONLY.error_radians(eccentricity, PIXEL_RADIANS);
            sum.times_seen += f64::from((radians / told_apart - 1.0).max(0.0));
        }
        let count = f64::from(seen.max(1));
        Missed { pixels: sum.pixels / count, times_seen: sum.times_seen / count, ..sum }
    }

    /// How far away something is in this direction, and the finest tile that shows it.
    fn look(&self, direction: Vec3) -> Option<(f32, TileId)> {
        let from = self.head.position;
        let mut best: Option<(f32, TileId)> = None;
        let mut open = vec![TileId(0)];
        while let Some(id) = open.pop() {
            let tile = self.tileset.tile(id);
            if crossing(tile.bounds, from, direction).is_none() {
                continue;
            }
            if tile.child_count > 0 {
                open.extend(tile.children());
                continue;
            }
            let metres = surface(id, tile.bounds, from, direction);
            if metres.is_finite() && best.is_none_or(|(nearest, _)| metres < nearest) {
                best = Some((metres, id));
            }
        }
        best
    }

    /// The error of what is shown in place of this finest tile: a tile is replaced by the finer ones once all of
    /// them that are seen can be shown.
    fn shown(&self, finest: TileId) -> Option<f32> {
        let mut above = vec![finest];
        while let Some(parent) = above.last().and_then(|tile| self.tileset.parent(*tile)) {
            above.push(parent);
        }
        let mut shown = None;
        for tile in above.into_iter().rev() {
            if self.is_here[tile.index()] {
                shown = Some(self.tileset.tile(tile).geometric_error_metres);
            }
            if !self.tileset.tile(tile).children().all(|child| self.is_covered[child.index()]) {
                break;
            }
        }
        shown
    }
}

/// Where this ray meets the box, from and to.
fn crossing(bounds: Aabb, from: Vec3, direction: Vec3) -> Option<(f32, f32)> {
    let inverse = direction.recip();
    let (a, b) = ((bounds.min - from) * inverse, (bounds.max - from) * inverse);
    let (enter, leave) = (a.min(b).max_element(), a.max(b).min_element());
    (leave >= enter.max(0.0)).then_some((enter.max(0.0), leave))
}

/// One wall stands in every second tile, at the middle; a ray that misses it passes on.
fn surface(id: TileId, bounds: Aabb, from: Vec3, direction: Vec3) -> f32 {
    let middle = bounds.center();
    let third = (bounds.max - bounds.min) / 6.0;
    let block = Aabb { min: middle - third, max: middle + third };
    match crossing(block, from, direction) {
        Some((enter, _)) if id.0.is_multiple_of(2) => enter,
        _ => match crossing(bounds, from, direction) {
            // The floor or the ceiling of it.
            Some((_, leave)) => {
                let at = from + direction * leave;
                let is_flat = at.y <= bounds.min.y + 1e-3 || at.y >= bounds.max.y - 1e-3;
                if is_flat { leave } else { f32::INFINITY }
            }
            None => f32::INFINITY,
        },
    }
}
