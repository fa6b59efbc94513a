//! A bare hand, joint by joint, and what it does: pinch, make a fist, point, touch.
//!
//! The joints and their turns are those of OpenXR's `XR_EXT_hand_tracking`: at each, −Z leads along the
//! bone towards the fingertip and +Y out of the back of the hand.

use std::f32::consts::FRAC_PI_2;

use glam::{Mat3, Quat, Vec3};

use crate::math::Pose;

/// Palm and wrist, four of the thumb, five of each finger.
pub const JOINT_COUNT: usize = 26;

/// Of [`Joints`]: the middle of the palm.
pub const PALM: usize = 0;
/// The wrist.
pub const WRIST: usize = 1;
/// The thumb's first joint; three more follow to its tip.
pub const THUMB: usize = 2;
/// The thumb's tip.
pub const THUMB_TIP: usize = 5;
/// The first joint of index, middle, ring and little finger, inside the palm; four more follow to the tip.
pub const FINGERS: [usize; 4] = [6, 11, 16, 21];
/// The tip of the index finger.
pub const INDEX_TIP: usize = 10;

/// Fingertips so far apart are not pinching at all, metres. Pressed at 0.7 and let go at 0.5 of the way
/// (see [`super::press`]) this is 18 mm and 30 mm: joints lie inside the fingertips, some 8 mm under the skin, so
/// pads that touch have theirs 15 mm apart, and cameras see them tremble by a few millimetres.
const PINCH_METRES: f32 = 0.060;

/// A straight finger's chord is as long as its bones. Around something that is held, middle and end joint bent
/// by 90° and 50°, bones of 45, 27 and 20 mm leave 50 mm of 92.
const FIST_CHORD: f32 = 0.55;

/// No hand is larger: what lies further from the palm is an error of the tracking, metres.
const REACH_METRES: f32 = 0.35;

/// The radius of a joint that has none, metres.
const RADIUS_METRES: f32 = 0.009;

/// One joint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// Where it is and how it is turned.
    pub pose: Pose,
    /// From the joint to the skin.
    pub radius_metres: f32,
}

/// All joints of one hand. They are numbers, and near each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joints([Joint; JOINT_COUNT]);

impl Joints {
    /// The hand, unless a joint is nowhere or somewhere impossible.
    pub fn new(mut joints: [Joint; JOINT_COUNT]) -> Option<Self> {
        let palm = joints[PALM].pose.position;
        for joint in &mut joints {
            joint.pose = joint.pose.checked()?;
            if joint.pose.position.distance_squared(palm) > REACH_METRES * REACH_METRES {
                return None;
            }
            let is_radius = (0.001..0.05).contains(&joint.radius_metres);
            joint.radius_metres = if is_radius { joint.radius_metres } else { RADIUS_METRES };
        }
        Some(Self(joints))
    }

    /// All of them.
    pub fn all(&self) -> &[Joint; JOINT_COUNT] {
        &self.0
    }

    fn position(&self, joint: usize) -> Vec3 {
        self.0[joint].pose.position
    }

    /// The palm as for a handshake, see [`Hand::palm`](super::Hand::palm). `side` is 0 for the left hand and
    /// 1 for the right one.
    pub fn palm(&self, side: usize) -> Pose {
        // The back of the hand, +Y of the joint, is −X of a left hand held out and +X of a right one.
        let quarter = if side == 0 { -FRAC_PI_2 } else { FRAC_PI_2 };
        let Pose { position, orientation } = self.0[PALM].pose;
        Pose { position, orientation: orientation * Quat::from_rotation_z(quarter) }
    }

    /// The direction that the palm faces in.
    pub fn inside(&self) -> Vec3 {
        self.0[PALM].pose.orientation * Vec3::NEG_Y
    }

    /// The tip of the index finger.
    pub fn tip(&self) -> Vec3 {
        self.position(INDEX_TIP)
    }

    /// How far thumb and index finger are pinched, 0 ..= 1.
    pub fn pinch(&self) -> f32 {
        let distance = self.position(THUMB_TIP).distance(self.tip());
        (1.0 - distance / PINCH_METRES).clamp(0.0, 1.0)
    }

    /// How far the hand is a fist, 0 ..= 1. Neither a pointing hand nor a pinching one is: the index
    /// finger has to be bent as far as the others.
    pub fn fist(&self) -> f32 {
        let [index, middle, ring, little] = FINGERS.map(|finger| self.bent(finger));
        index.min((middle + ring + little) / 3.0)
    }

    /// How far a finger is bent, 0 ..= 1, whatever its length: its chord from the knuckle to the tip against
    /// the sum of its bones.
    fn bent(&self, finger: usize) -> f32 {
        let knuckle = finger + 1;
        let bones: f32 =
            (knuckle..finger + 4).map(|joint| self.position(joint).distance(self.position(joint + 1))).sum();
        let chord = self.position(knuckle).distance(self.position(finger + 4));
        if bones < 1e-3 {
            return 0.0;
        }
        ((1.0 - chord / bones) / (1.0 - FIST_CHORD)).clamp(0.0, 1.0)
    }

    /// Where the hand points, where the runtime does not say: from the wrist through the knuckles of index and
    /// middle finger, which stay where they are while the fingers pinch; from the index finger's knuckle
    /// on.
    pub fn aim(&self) -> Option<Pose> {
        let [index, middle, ..] = FINGERS.map(|finger| self.position(finger + 1));
        let ahead = (index.midpoint(middle) - self.position(WRIST)).try_normalize()?;
        let back = -self.inside();
        let right = ahead.cross(back).try_normalize()?;
        let turn = Quat::from_mat3(&Mat3::from_cols(right, right.cross(ahead), -ahead));
        Some(Pose { position: index, orientation: turn })
    }
}

#[cfg(test)]
pub(crate) mod tests;
