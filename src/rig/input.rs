//! What a person asks for, whatever the device.

use glam::Vec2;

use super::{Button, Hand};
use crate::math::Pose;

/// One frame's input. Held things are levels, presses are true in one frame only.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Input {
    /// Sideways (right positive) and forward, each −1 ..= 1.
    pub walk: Vec2,
    /// Whether walking is fast.
    pub is_fast: bool,
    /// Turn to the left since the last frame, radians.
    pub turn_radians: f32,
    /// Look up since the last frame, radians.
    pub look_up_radians: f32,
    /// A picture was asked for.
    pub screenshot: bool,
    /// The window is to show both eyes, or one again.
    pub toggle_both_eyes: bool,
    /// Back to where the visit began.
    pub recentre: bool,
    /// Another try was asked for, where there is an error to be tried again.
    pub retry: bool,
    /// The person wants to leave.
    pub leave: bool,
    /// Stage from head, where a headset says where it is: between the eyes, looking along −Z.
    pub head: Option<Pose>,
    /// The headset has moved the stage's origin (somebody recentred it): the new stage in the old one. What
    /// the person sees must not jump.
    pub stage_moved: Option<Pose>,
    /// The headset was taken off.
    pub is_taken_off: bool,
    /// Stage from gaze, where the headset follows the eyes: what they look at is along −Z.
    pub gaze: Option<Pose>,
    /// Left and right.
    pub hands: [Hand; 2],
    /// A mouse in a window, while it is over what the eyes see.
    pub cursor: Option<Cursor>,
}

/// A mouse: a third hand, that points from an eye.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    /// Head from ray: what the mouse is over is along −Z.
    pub ray: Pose,
    /// Its first button.
    pub button: Button,
}
