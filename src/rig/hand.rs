//! One hand of a person, whatever it holds.

use glam::{Vec2, Vec3};

use super::{Joints, WristButton};
use crate::math::Pose;

/// How a hand is known to the headset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandKind {
    /// Not at all: the controller is off or away, the bare hand is out of sight.
    #[default]
    Absent,
    /// It holds a controller.
    Controller,
    /// It is bare and seen by cameras.
    Bare,
}

/// Something that is pressed or not, with what changed since the last frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Button {
    /// Whether it is down now.
    pub is_down: bool,
    /// Whether it went down in this frame.
    pub is_pressed: bool,
    /// Whether it was let go in this frame.
    pub is_released: bool,
}

/// One hand in one frame. Poses are in the stage's space, see
/// [`Person::stage`](super::Person::stage).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hand {
    /// How it is known.
    pub kind: HandKind,
    /// The middle of the palm: fingers along −Z, thumb along +Y, as for a handshake. (OpenXR's grip is that
    /// turned by a quarter around X.)
    pub palm: Option<Pose>,
    /// Where it points: along −Z.
    pub aim: Option<Pose>,
    /// What touches a panel: the tip of the index finger, or the front of the controller.
    pub tip: Option<Vec3>,
    /// Trigger, pinch, or the one button of the simplest controller.
    pub select: Button,
    /// Squeeze or fist.
    pub grab: Button,
    /// Opens the menu.
    pub menu: Button,
    /// Thumbstick or pad: right and forward positive, each −1 ..= 1.
    pub stick: Vec2,
    /// Its joints, where it is bare and they are seen.
    pub joints: Option<Joints>,
    /// The menu button inside its wrist, while that shows.
    pub wrist: Option<WristButton>,
}
