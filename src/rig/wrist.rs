//! The menu button of somebody without buttons: it is inside the wrist, and shows when it is looked at.
//!
//! Who looks at the inside of their wrist, palm towards the face as for reading a watch worn there, sees a
//! small button above the pulse. The other hand's fingertip presses it. Somebody with one hand keeps
//! looking: it fills up and presses itself. No pinch is part of it, because palm towards the face and a
//! pinch is the system's own gesture, and pinching starts the filling over. After a press the button is gone
//! until the wrist was looked away from, so that one look is one press.

use glam::Vec3;

use super::Joints;
use super::joints::WRIST;
use crate::math::Pose;

/// It shows from these angles on, and stays up to the second ones: palm to face, and gaze to wrist.
const PALM_COSINES: [f32; 2] = [0.77, 0.64];
const GAZE_COSINES: [f32; 2] = [0.87, 0.77];

/// A wrist is looked at from at most an arm's length, metres.
const DISTANCE_METRES_MAX: f32 = 0.75;

/// A wrist that only passes by shows nothing, seconds.
const APPEAR_SECONDS: f32 = 0.15;

/// It begins to fill up at the first of these times after it appeared and is full at the second, seconds:
/// time to see it and to look away again.
const FILL_SECONDS: [f32; 2] = [0.6, 2.2];

/// From the wrist's skin out to the button, and towards the elbow, metres.
const ABOVE_METRES: f32 = 0.012;
const TOWARDS_ELBOW_METRES: f32 = 0.03;

/// A fingertip so near presses it, metres: the button's radius and a little, because fingertips end after
/// their joint.
const POKE_METRES: f32 = 0.022;

/// It has to come from further away, metres: a hand that holds its wrist presses nothing.
const CLEAR_METRES: f32 = 0.045;

/// What the hand's owner sees of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WristButton {
    /// Its middle, metres in the stage's space.
    pub center: Vec3,
    /// The way it faces.
    pub facing: Vec3,
    /// How full it is, 0 ..= 1.
    pub fullness: f32,
}

/// One wrist over time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Wrist {
    seen_seconds: f32,
    fill_seconds: f32,
    was_clear: bool,
    is_pressed: bool,
}

impl Wrist {
    /// The next frame, `delta_seconds` later. `head` and `touch` (the other hand's fingertip) are in the
    /// space of `joints`.
    pub fn step(
        &mut self,
        joints: &Joints,
        head: Pose,
        touch: Option<Vec3>,
        is_pinching: bool,
        delta_seconds: f32,
    ) -> Option<WristButton> {
        let button = Self::place(joints);
        if !self.is_looked_at(&button, head) {
            *self = Self::default();
            return None;
        }
        self.seen_seconds += delta_seconds;
        if self.seen_seconds < APPEAR_SECONDS || self.is_pressed {
            return None;
        }
        if is_pinching {
            self.fill_seconds = 0.0;
        } else {
            self.fill_seconds += delta_seconds;
        }
        let reach = touch.map(|tip| tip.distance(button.center));
        self.was_clear |= reach.is_some_and(|metres| metres > CLEAR_METRES);
        let is_poked = self.was_clear && reach.is_some_and(|metres| metres < POKE_METRES);
        let [from, to] = FILL_SECONDS;
        let fullness = ((self.fill_seconds - from) / (to - from)).clamp(0.0, 1.0);
        self.is_pressed = is_poked || fullness >= 1.0;
        Some(WristButton { fullness, ..button })
    }

    /// Whether it was pressed and the wrist is still looked at.
    pub fn is_pressed(&self) -> bool {
        self.is_pressed
    }

    fn place(joints: &Joints) -> WristButton {
        let wrist = joints.all()[WRIST];
        let facing = wrist.pose.orientation * Vec3::NEG_Y;
        let towards_elbow = wrist.pose.orientation * Vec3::Z;
        let center = wrist.pose.position
            + facing * (wrist.radius_metres + ABOVE_METRES)
            + towards_elbow * TOWARDS_ELBOW_METRES;
        WristButton { center, facing, fullness: 0.0 }
    }

    fn is_looked_at(&self, button: &WristButton, head: Pose) -> bool {
        let to_head = head.position - button.center;
        let kept = usize::from(self.seen_seconds > 0.0);
        let towards = to_head.normalize_or_zero();
        to_head.length() < DISTANCE_METRES_MAX
            && button.facing.dot(towards) > PALM_COSINES[kept]
            && head.forward().dot(-towards) > GAZE_COSINES[kept]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rig::joints::tests::{FLAT, hand};
    use glam::{Mat3, Quat};

    const FRAME: f32 = 1.0 / 72.0;

    /// A left hand in front of the head, its palm towards the face (`turned` 0) or away.
    fn seen(turned_radians: f32) -> (Joints, Pose) {
        let head = Pose { position: Vec3::new(0.0, 1.6, 0.0), ..Pose::IDENTITY };
        // Fingers to the right, back of the hand away from the face.
        let turn = Quat::from_mat3(&Mat3::from_cols(Vec3::Y, Vec3::NEG_Z, Vec3::NEG_X));
        let turn = Quat::from_rotation_x(turned_radians) * turn;
        let palm = Pose { position: Vec3::new(0.08, 1.6, -0.4), orientation: turn };
        (hand(palm, 0, FLAT), head)
    }

    /// Frames until it is pressed.
    fn frames(
        wrist: &mut Wrist,
        joints: &Joints,
        head: Pose,
        touch: Option<Vec3>,
        pinch: bool,
    ) -> Option<u32> {
        (1..=400).find(|_| {
            wrist.step(joints, head, touch, pinch, FRAME);
            wrist.is_pressed()
        })
    }

    #[test]
    fn a_look_at_the_wrist_shows_it_and_a_long_one_presses_once() {
        let (joints, head) = seen(0.0);
        let mut wrist = Wrist::default();
        assert_eq!(wrist.step(&joints, head, None, false, FRAME), None, "a glance shows nothing");
        let shown = (0..20).filter_map(|_| wrist.step(&joints, head, None, false, FRAME)).last().unwrap();
        assert!(shown.center.distance(head.position) < 0.45 && shown.facing.dot(Vec3::Z) > 0.99, "{shown:?}");
        let seconds = frames(&mut wrist, &joints, head, None, false).unwrap() as f32 * FRAME;
        assert!((1.9..2.3).contains(&(seconds + 21.0 * FRAME - APPEAR_SECONDS)), "{seconds}");
        assert_eq!(wrist.step(&joints, head, None, false, FRAME), None, "gone until looked away");
        assert!(wrist.is_pressed());
        let (away, _) = seen(1.2);
        wrist.step(&away, head, None, false, FRAME);
        assert!(!wrist.is_pressed(), "looking away lets go");
    }

    #[test]
    fn the_other_fingertip_presses_at_once_but_only_when_it_comes_from_outside() {
        let (joints, head) = seen(0.0);
        let center = Wrist::place(&joints).center;
        let mut wrist = Wrist::default();
        for _ in 0..30 {
            wrist.step(&joints, head, Some(center + Vec3::Z * 0.1), false, FRAME);
        }
        wrist.step(&joints, head, Some(center + Vec3::Z * 0.03), false, FRAME);
        assert!(!wrist.is_pressed());
        wrist.step(&joints, head, Some(center + Vec3::Z * 0.01), false, FRAME);
        assert!(wrist.is_pressed());
        // A hand that lies on the wrist all the time presses nothing before the look does.
        let mut held = Wrist::default();
        let frames = frames(&mut held, &joints, head, Some(center), false).unwrap();
        assert!(frames as f32 * FRAME > 2.0);
    }

    #[test]
    fn palm_to_the_face_with_a_pinch_is_the_systems_and_presses_nothing() {
        let (joints, head) = seen(0.0);
        let mut wrist = Wrist::default();
        assert_eq!(frames(&mut wrist, &joints, head, None, true), None);
        for turned in [0.9, -0.9, 3.0] {
            let (joints, head) = seen(turned);
            assert_eq!(frames(&mut Wrist::default(), &joints, head, None, false), None, "turned {turned}");
        }
        // Nor does a wrist that is held so beside the view.
        let (joints, head) = seen(0.0);
        let aside = Pose { orientation: Quat::from_rotation_y(0.9), ..head };
        assert_eq!(frames(&mut Wrist::default(), &joints, aside, None, false), None);
    }
}
