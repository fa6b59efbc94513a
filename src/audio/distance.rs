//! How loud a sound is from how far.

use std::f32::consts::FRAC_PI_2;

/// From this share of its radius on, a sound is cut off smoothly.
const CUT_BEGINS: f32 = 0.7;

/// A point: half the pressure (6 dB less) for each doubling of the distance beyond `inner_metres`, and
/// nothing from `radius_metres` on.
pub fn point(distance_metres: f32, inner_metres: f32, radius_metres: f32) -> f32 {
    let share = distance_metres / radius_metres;
    let cut = ((share - CUT_BEGINS) / (1.0 - CUT_BEGINS)).clamp(0.0, 1.0);
    let smooth = 1.0 - cut * cut * (3.0 - 2.0 * cut);
    inner_metres / distance_metres.max(inner_metres) * smooth
}

/// All around: full up to `inner_metres`, then fading so that two of them which overlap stay as loud.
pub fn ambient(distance_metres: f32, inner_metres: f32, radius_metres: f32) -> f32 {
    let way = (distance_metres - inner_metres) / (radius_metres - inner_metres);
    // The cosine of a right angle is not quite zero.
    if way >= 1.0 { 0.0 } else { (way.max(0.0) * FRAC_PI_2).cos() }
}

/// A gain in decibels as a factor.
pub fn from_decibels(decibels: f32) -> f32 {
    10_f32.powf(decibels / 20.0)
}
