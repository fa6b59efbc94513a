//! Poses in few bits: fixed-point positions and the three smallest components of a quaternion.
//!
//! | part | bits | step | range | error at most |
//! |---|---|---|---|---|
//! | a head's position | 3 × 27 | 0.5 mm | [`WORLD_RADIUS_METRES`] | 0.9 mm within 4 km of the origin, where an `f32` has steps of 0.49 mm itself |
//! | a hand's position, from the head | 3 × 15 | 0.25 mm | ± [`REACH_METRES`] | 0.3 mm, beside that of the head's `f32` |
//! | an orientation | 2 + 3 × 13 | 1 / (4095 √2) | all | 0.05° |
//!
//! A number that is not finite cannot be said in these bits; what can be said and must not be (places
//! outside the world, quaternions longer than one) is refused when it is read.

use glam::{Quat, Vec3};

use crate::math::Pose;
use crate::scene::limits::WORLD_RADIUS_METRES;

/// How far a hand may be from its head on each axis, metres: twice the longest arm.
pub const REACH_METRES: f32 = 4.0;

const HEAD_BITS: u32 = 27;
const HEAD_STEPS_PER_METRE: f64 = 2000.0;
const HAND_BITS: u32 = 15;
const HAND_STEPS_PER_METRE: f64 = 4000.0;

const COMPONENT_BITS: u32 = 13;
/// Steps from zero to 1 / √2, the most that any but the largest component can be.
const COMPONENT_STEPS: i64 = 4095;

/// Three components of which a fourth is the largest are at most ½ each; more is a quaternion that
/// nobody packed. The rest is for rounding.
const SQUARES_MAX: f64 = 0.751;

/// Bits in a row, from the lowest on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bits {
    value: u128,
    used: u32,
}

impl Bits {
    pub fn new(value: u128) -> Self {
        Self { value, used: 0 }
    }

    pub fn value(self) -> u128 {
        self.value
    }

    /// Adds the lowest `count` bits of `bits`.
    pub fn put(&mut self, bits: u64, count: u32) {
        let mask = (1_u128 << count) - 1;
        self.value |= (u128::from(bits) & mask) << self.used;
        self.used += count;
    }

    /// Takes the next `count` bits.
    pub fn take(&mut self, count: u32) -> u64 {
        let mask = (1_u128 << count) - 1;
        let bits = (self.value >> self.used) & mask;
        self.used += count;
        bits as u64
    }

    /// Whether nothing was set beyond what was taken.
    pub fn is_spent(self) -> bool {
        self.value.checked_shr(self.used).unwrap_or_default() == 0
    }

    /// A signed number of steps, if it fits.
    fn put_signed(&mut self, steps: f64, count: u32) -> Option<()> {
        let half = 1_i64 << (count - 1);
        let steps = steps.round();
        if !steps.is_finite() || steps.abs() >= half as f64 {
            return None;
        }
        self.put((steps as i64 + half) as u64, count);
        Some(())
    }

    fn take_signed(&mut self, count: u32) -> i64 {
        self.take(count) as i64 - (1_i64 << (count - 1))
    }
}

/// Packs a head; `None` when it is outside the world or no pose at all.
pub(super) fn put_head(bits: &mut Bits, head: Pose) -> Option<()> {
    if !is_in_world(head.position) {
        return None;
    }
    put_place(bits, head.position, HEAD_BITS, HEAD_STEPS_PER_METRE)?;
    put_orientation(bits, head.orientation)
}

/// Reads a head; `None` when nobody can have packed it.
pub(super) fn take_head(bits: &mut Bits) -> Option<Pose> {
    let position = take_place(bits, HEAD_BITS, HEAD_STEPS_PER_METRE);
    let orientation = take_orientation(bits)?;
    is_in_world(position).then_some(Pose { position, orientation })
}

/// Packs a hand whose head the other side will read as `head`; `None` when it is out of reach.
pub(super) fn put_hand(bits: &mut Bits, hand: Pose, head: Pose) -> Option<()> {
    let offset = hand.position - head.position;
    if !is_in_reach(offset) {
        return None;
    }
    put_place(bits, offset, HAND_BITS, HAND_STEPS_PER_METRE)?;
    put_orientation(bits, hand.orientation)
}

/// Reads a hand of `head`; `None` when nobody can have packed it.
pub(super) fn take_hand(bits: &mut Bits, head: Pose) -> Option<Pose> {
    let offset = take_place(bits, HAND_BITS, HAND_STEPS_PER_METRE);
    let orientation = take_orientation(bits)?;
    is_in_reach(offset).then_some(Pose { position: head.position + offset, orientation })
}

/// False for what is not finite, too.
fn is_in_world(position: Vec3) -> bool {
    position.abs().max_element() <= WORLD_RADIUS_METRES && position.is_finite()
}

fn is_in_reach(offset: Vec3) -> bool {
    offset.abs().max_element() <= REACH_METRES && offset.is_finite()
}

fn put_place(bits: &mut Bits, place: Vec3, count: u32, steps_per_metre: f64) -> Option<()> {
    for metres in place.to_array() {
        bits.put_signed(f64::from(metres) * steps_per_metre, count)?;
    }
    Some(())
}

fn take_place(bits: &mut Bits, count: u32, steps_per_metre: f64) -> Vec3 {
    let mut metres = || (bits.take_signed(count) as f64 / steps_per_metre) as f32;
    Vec3::new(metres(), metres(), metres())
}

/// The largest component is left out: it is positive (q and −q are one orientation) and what makes
/// the length one.
fn put_orientation(bits: &mut Bits, orientation: Quat) -> Option<()> {
    let length = f64::from(orientation.length());
    if !length.is_finite() || length < 1e-6 {
        return None;
    }
    let components = orientation.to_array().map(|component| f64::from(component) / length);
    let by_size = |a: &(usize, f64), b: &(usize, f64)| a.1.abs().total_cmp(&b.1.abs());
    let (largest, value) = components.into_iter().enumerate().max_by(by_size)?;
    bits.put(largest as u64, 2);
    for (_, component) in components.into_iter().enumerate().filter(|(index, _)| *index != largest) {
        let steps = component * value.signum() * std::f64::consts::SQRT_2 * COMPONENT_STEPS as f64;
        let steps = (steps.round() as i64).clamp(-COMPONENT_STEPS, COMPONENT_STEPS);
        bits.put((steps + COMPONENT_STEPS) as u64, COMPONENT_BITS);
    }
    Some(())
}

fn take_orientation(bits: &mut Bits) -> Option<Quat> {
    let largest = bits.take(2) as usize;
    let mut squares = 0.0;
    let mut others = [0.0; 3];
    for other in &mut others {
        let steps = bits.take(COMPONENT_BITS) as i64 - COMPONENT_STEPS;
        *other = steps as f64 / (std::f64::consts::SQRT_2 * COMPONENT_STEPS as f64);
        squares += *other * *other;
    }
    if squares > SQUARES_MAX {
        return None;
    }
    let value = (1.0 - squares).sqrt();
    let [a, b, c] = others;
    let components = match largest {
        0 => [value, a, b, c],
        1 => [a, value, b, c],
        2 => [a, b, value, c],
        _ => [a, b, c, value],
    };
    Some(Quat::from_array(components.map(|component| component as f32)).normalize())
}
