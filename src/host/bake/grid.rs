//! The lattice that a tile's 16-bit positions live on.
//!
//! Steps are powers of two and origins whole steps, so every point of a coarse lattice is one of all
//! finer ones too. A vertex that neighbouring tiles share is put on the coarsest lattice of them and
//! then comes out of each at the same place, bit by bit: no cracks.

use glam::Vec3;

use crate::math::Aabb;

/// The finest step, as a power of two: 0.12 mm, 8 m across a tile.
const STEP_LOG2_MIN: i32 = -13;

/// A lattice of 65 536 points on each axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// The step is 2 to this power, metres.
    pub step_log2: i32,
    /// Where the grid's zero is, metres.
    pub origin: Vec3,
}

impl Grid {
    /// The finest grid that holds `bounds`.
    pub fn around(bounds: Aabb) -> Self {
        let step_log2 = step_log2_for(bounds, 65_534.0);
        let step = exp2(step_log2);
        Self { step_log2, origin: (bounds.min / step).floor() * step + Vec3::ZERO }
    }

    /// Metres between neighbouring points.
    pub fn step(&self) -> f32 {
        exp2(self.step_log2)
    }

    /// The point of the grid that is nearest to `position`.
    pub fn quantize(&self, position: Vec3) -> [u16; 3] {
        let steps = ((position - self.origin) / self.step()).round();
        steps.to_array().map(|x| x.clamp(0.0, 65_535.0) as u16)
    }
}

/// The step that a tile with these bounds should use, with room for vertices to move a little.
pub fn step_log2(bounds: Aabb) -> i32 {
    step_log2_for(bounds, 65_000.0)
}

/// `position` moved to the lattice with the step 2^`step_log2`.
pub fn snap(position: Vec3, step_log2: i32) -> Vec3 {
    let step = exp2(step_log2);
    (position / step).round() * step + Vec3::ZERO
}

fn step_log2_for(bounds: Aabb, steps: f32) -> i32 {
    let reach = bounds.min.abs().max(bounds.max.abs()).max_element();
    // A float has 24 bits: finer steps would not be told apart that far out.
    let representable = reach.max(1.0).log2().floor() as i32 + 1 - 24;
    let extent = (bounds.max - bounds.min).max_element();
    let mut step_log2 = STEP_LOG2_MIN.max(representable);
    while extent > exp2(step_log2) * steps {
        step_log2 += 1;
    }
    step_log2
}

fn exp2(power: i32) -> f32 {
    f32::powi(2.0, power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapped_vertex_comes_out_of_finer_grids_unchanged() {
        for offset in [0.0, 3.7, -812.3, 20_000.0] {
            let bounds = Aabb { min: Vec3::splat(offset - 3.1), max: Vec3::splat(offset + 4.2) };
            let fine = Grid::around(bounds);
            let coarse_log2 = fine.step_log2 + 3;
            for i in 0..100 {
                let raw = bounds.min + (bounds.max - bounds.min) * (i as f32 / 99.0);
                let position = snap(raw, coarse_log2).clamp(bounds.min, bounds.max);
                let position = snap(position, fine.step_log2);
                let back = Vec3::from(fine.quantize(position).map(f32::from)) * fine.step() + fine.origin;
                assert_eq!(back, position);
                assert!((back - raw).abs().max_element() <= exp2(coarse_log2));
            }
        }
    }

    #[test]
    fn a_room_gets_a_tenth_of_a_millimetre_and_a_city_less() {
        let cube = |side: f32| Aabb { min: Vec3::ZERO, max: Vec3::splat(side) };
        assert_eq!(Grid::around(cube(7.0)).step_log2, -13);
        assert_eq!(Grid::around(cube(100.0)).step_log2, -9);
        assert!(
            Grid::around(Aabb { min: Vec3::splat(30_000.0), max: Vec3::splat(30_001.0) }).step_log2 >= -9
        );
    }
}
