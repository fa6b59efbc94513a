//! What changes over time: keys, and what is between them.

use glam::{Quat, Vec4};
use serde::{Deserialize, Serialize};

/// How values between two keys are found (glTF 2.0, appendix C).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Interpolation {
    /// Straight from one to the next; rotations along the shortest arc, evenly fast.
    #[default]
    Linear,
    /// The value of the key before.
    Step,
    /// A cubic Hermite spline: each key has a tangent in, a value and a tangent out.
    CubicSpline,
}

/// Keys of vectors of one width.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    interpolation: Interpolation,
    width: usize,
    /// Seconds, increasing.
    times: Vec<f32>,
    /// For each key `width` numbers, or with [`Interpolation::CubicSpline`] three times as many.
    values: Vec<f32>,
}

/// Where a time is between two keys.
#[derive(Clone, Copy, Debug)]
struct Between {
    /// The key before, or the one at or after which the curve stays as it is.
    key: usize,
    /// How far to the next, 0 .. 1, and how long that is, seconds.
    next: Option<(f32, f32)>,
}

impl Curve {
    /// A curve of vectors of `width` numbers; `None` where times do not increase from 0 on, or values are not as
    /// many as they need or not finite.
    pub fn new(
        interpolation: Interpolation,
        width: usize,
        times: Vec<f32>,
        values: Vec<f32>,
    ) -> Option<Self> {
        let curve = Self { interpolation, width, times, values };
        curve.is_valid().then_some(curve)
    }

    /// Whether it is one that [`Curve::new`] makes: those that were read from bytes may not be.
    pub fn is_valid(&self) -> bool {
        let Self { interpolation, width, times, values } = self;
        let parts = if *interpolation == Interpolation::CubicSpline { 3 } else { 1 };
        let count = width.checked_mul(parts).and_then(|per_key| times.len().checked_mul(per_key));
        let increases = times.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        *width > 0
            && !times.is_empty()
            && times.iter().all(|time| time.is_finite() && *time >= 0.0)
            && increases
            && count == Some(values.len())
            && values.iter().all(|value| value.is_finite())
    }

    /// The same, with a key more at a later time that holds the last value.
    pub fn held_until(&self, seconds: f32) -> Self {
        let mut held = self.clone();
        if seconds <= self.end_seconds() || !seconds.is_finite() {
            return held;
        }
        let last = self.part(self.times.len().saturating_sub(1), 1).to_vec();
        if self.interpolation == Interpolation::CubicSpline {
            let zeros = vec![0.0; self.width];
            // Nor does it swing on its way there.
            let end = held.values.len().saturating_sub(self.width);
            held.values.truncate(end);
            held.values.extend([&zeros[..], &zeros, &last, &zeros].concat());
        } else {
            held.values.extend(last);
        }
        held.times.push(seconds);
        held
    }

    /// The curve of what a linear function makes of its vectors, tangents of splines too: of `width` numbers each.
    pub fn mapped(&self, width: usize, linear: impl Fn(&[f32]) -> Vec<f32>) -> Self {
        let values = self.values.chunks(self.width.max(1)).flat_map(linear).collect();
        Self { width, times: self.times.clone(), values, interpolation: self.interpolation }
    }

    /// The same, less `offset`.
    pub fn less(&self, offset: &[f32]) -> Self {
        let mut moved = self.clone();
        let parts = if self.interpolation == Interpolation::CubicSpline { 3 } else { 1 };
        let vectors = moved.values.chunks_mut(self.width.max(1));
        // Tangents are differences, which a shift leaves as they are.
        for (vector, part) in vectors.zip((0..parts).cycle()) {
            if parts == 1 || part == 1 {
                vector.iter_mut().zip(offset).for_each(|(value, offset)| *value -= offset);
            }
        }
        moved
    }

    /// How values between keys are found.
    pub fn interpolation(&self) -> Interpolation {
        self.interpolation
    }

    /// How many numbers a vector has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Of the keys, seconds.
    pub fn times(&self) -> &[f32] {
        &self.times
    }

    /// As [`Curve::new`] took them.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// When the last key is, seconds.
    pub fn end_seconds(&self) -> f32 {
        self.times.last().copied().unwrap_or_default()
    }

    /// The vector at a time, into as many numbers as it has; before the first key it is that one's, after the
    /// last that one's.
    pub fn sample(&self, seconds: f32, vector: &mut [f32]) {
        let Between { key, next } = self.between(seconds);
        let here = self.part(key, 1);
        let Some((fraction, span)) = next else {
            vector.iter_mut().zip(here).for_each(|(slot, &value)| *slot = value);
            return;
        };
        let after = key.saturating_add(1);
        let there = self.part(after, 1);
        match self.interpolation {
            Interpolation::Step => vector.iter_mut().zip(here).for_each(|(slot, &value)| *slot = value),
            Interpolation::Linear => {
                for (slot, (a, b)) in vector.iter_mut().zip(here.iter().zip(there)) {
                    *slot = a + (b - a) * fraction;
                }
            }
            Interpolation::CubicSpline => {
                let [from, leave, to, arrive] = hermite(fraction);
                let tangents = self.part(key, 2).iter().zip(self.part(after, 0));
                let values = here.iter().zip(there);
                for (slot, ((a, b), (out, into))) in vector.iter_mut().zip(values.zip(tangents)) {
                    *slot = from * a + leave * span * out + to * b + arrive * span * into;
                }
            }
        }
    }

    /// The rotation at a time, of unit length.
    pub fn rotation(&self, seconds: f32) -> Quat {
        let Between { key, next } = self.between(seconds);
        if let (Interpolation::Linear, Some((fraction, _))) = (self.interpolation, next) {
            let [a, b] = [key, key.saturating_add(1)].map(|key| unit(self.part(key, 1)));
            // Slerp of the two that are the same turn; glam's takes the shorter way.
            return a.slerp(b, fraction);
        }
        let mut vector = [0.0; 4];
        self.sample(seconds, &mut vector);
        unit(&vector)
    }

    /// Of a key with a spline 0 is the tangent in, 1 the value and 2 the tangent out; of others only 1 is there.
    fn part(&self, key: usize, part: usize) -> &[f32] {
        let place = match self.interpolation {
            Interpolation::CubicSpline => key.saturating_mul(3).saturating_add(part),
            Interpolation::Linear | Interpolation::Step => key,
        };
        let start = place.saturating_mul(self.width);
        self.values.get(start..start.saturating_add(self.width)).unwrap_or_default()
    }

    fn between(&self, seconds: f32) -> Between {
        let after = self.times.partition_point(|&time| time <= seconds);
        let key = after.saturating_sub(1);
        let next = self.times.get(key).zip(self.times.get(after)).filter(|_| after > key);
        Between { key, next: next.map(|(from, to)| ((seconds - from) / (to - from), to - from)) }
    }
}

/// How much of the value before, its tangent, the value after and its tangent there is (glTF 2.0, appendix C.5).
fn hermite(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [2.0 * t3 - 3.0 * t2 + 1.0, t3 - 2.0 * t2 + t, 3.0 * t2 - 2.0 * t3, t3 - t2]
}

fn unit(vector: &[f32]) -> Quat {
    let vector = <[f32; 4]>::try_from(vector).map_or(Vec4::W, Vec4::from);
    Quat::from_vec4(vector.try_normalize().unwrap_or(Vec4::W))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use glam::Vec3;
    use proptest::prelude::*;

    fn at(curve: &Curve, seconds: f32) -> f32 {
        let mut value = [0.0];
        curve.sample(seconds, &mut value);
        value[0]
    }

    fn curve(interpolation: Interpolation, width: usize, times: &[f32], values: &[f32]) -> Curve {
        Curve::new(interpolation, width, times.to_vec(), values.to_vec()).unwrap()
    }

    #[test]
    fn steps_stay_and_lines_are_straight() {
        let step = curve(Interpolation::Step, 1, &[1.0, 2.0, 4.0], &[5.0, 7.0, 9.0]);
        let seen = [0.0, 1.0, 1.9999, 2.0, 3.9999, 4.0, 9.0].map(|t| at(&step, t));
        assert_eq!(seen, [5.0, 5.0, 5.0, 7.0, 7.0, 9.0, 9.0]);
        let line = curve(Interpolation::Linear, 1, &[1.0, 2.0, 4.0], &[5.0, 7.0, 1.0]);
        let seen = [0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 9.0].map(|t| at(&line, t));
        assert_eq!(seen, [5.0, 5.0, 6.0, 7.0, 5.5, 4.0, 1.0, 1.0]);
    }

    proptest! {
        /// A cubic Hermite spline repeats every cubic that its values and tangents are of.
        #[test]
        fn a_spline_repeats_any_cubic(c in prop::array::uniform4(-2.0_f32..2.0), gap in 0.5_f32..3.0, t in 0.0_f32..1.0) {
            let value = |x: f32| c[0] + x * (c[1] + x * (c[2] + x * c[3]));
            let slope = |x: f32| c[1] + x * (2.0 * c[2] + x * 3.0 * c[3]);
            let times = [0.5, 0.5 + gap, 0.5 + 1.5 * gap];
            let values: Vec<f32> = times.iter().flat_map(|&x| [slope(x), value(x), slope(x)]).collect();
            let spline = curve(Interpolation::CubicSpline, 1, &times, &values);
            let x = times[0] + t * (times[2] - times[0]);
            prop_assert!((at(&spline, x) - value(x)).abs() < 1e-3 * (1.0 + value(x).abs()));
        }

        /// Around one axis the angle grows evenly, and never the long way round.
        #[test]
        fn a_turn_is_even_and_takes_the_short_way(from in -3.0_f32..3.0, by in -3.1_f32..3.1, t in 0.0_f32..1.0, flip: bool) {
            let [a, b] = [from, from + by].map(Quat::from_rotation_y);
            let b = if flip { -b } else { b };
            let values: Vec<f32> = [a, b].iter().flat_map(|turn| turn.to_array()).collect();
            let turning = curve(Interpolation::Linear, 4, &[0.0, 2.0], &values);
            let turned = turning.rotation(2.0 * t) * Vec3::X;
            prop_assert!(turned.abs_diff_eq(Quat::from_rotation_y(from + by * t) * Vec3::X, 1e-4));
        }
    }

    #[test]
    fn a_spline_of_rotations_is_a_rotation_everywhere() {
        let q = Quat::from_rotation_x(1.0).to_array();
        let zeros = [0.0; 4];
        let values: Vec<f32> = [zeros, [0.0, 0.0, 0.0, 1.0], zeros, zeros, q, zeros].concat();
        let turning = curve(Interpolation::CubicSpline, 4, &[0.0, 1.0], &values);
        for t in 0..=10 {
            assert!(turning.rotation(t as f32 / 10.0).is_normalized());
        }
        // Halfway the spline is the mean, which has half the angle.
        assert!(turning.rotation(0.5).abs_diff_eq(Quat::from_rotation_x(0.5), 1e-5));
    }

    #[test]
    fn what_is_no_curve_is_none() {
        let none = |width, times: &[f32], values: &[f32]| {
            Curve::new(Interpolation::Linear, width, times.to_vec(), values.to_vec()).is_none()
        };
        assert!(none(1, &[], &[]) && none(0, &[0.0], &[]) && none(1, &[1.0, 1.0], &[0.0, 0.0]));
        assert!(none(2, &[0.0], &[0.0]) && none(1, &[f32::NAN], &[0.0]) && none(1, &[0.0], &[f32::INFINITY]));
        assert!(none(1, &[-1.0], &[0.0]));
    }
}
