//! The person's own hands as actors: a controller whose parts move under the fingers, or a bare hand, bone by
//! bone.
//!
//! In: what the hands do. Out: actors for culling. What is pressed lights up, so that a press is seen as well as
//! felt. Absent hands are not drawn, and so none are while the system has the input.

use glam::{Affine3A, Mat3, Quat, Vec2, Vec3};

use crate::math::Pose;
use crate::rig::joints::{FINGERS, Joints, PALM, THUMB, WRIST};
use crate::rig::{Button, Hand, HandKind, WristButton};
use crate::scene::Actor;
use crate::scene::actor::own::{
    BONE_METRES, HEAD, HEAD_TILT_RADIANS, HEAD_TOP_METRES, KNOB_METRES, PALM_METRES,
};
use crate::scene::actor::{NameLayer, Shape};

/// A controller has five parts, a bare hand a palm, fifteen bones and a button at the wrist.
const ACTORS_MAX: usize = 2 * (1 + 15 + 2);

/// Light, so that hands stand out before most of a venue; linear RGB.
const SHELL: [u8; 4] = [150, 156, 164, 255];

/// What can be pressed.
const PART: [u8; 4] = [34, 36, 40, 255];

/// What is pressed: much lighter than a part and of another hue than a shell, for any colour vision.
const LIT: [u8; 4] = [230, 120, 10, 255];

/// In the space of the palm, metres: where trigger and grip pad sit, and how far they go in.
const TRIGGER: Vec3 = Vec3::new(0.0, 0.022, -0.029);
const TRIGGER_METRES: f32 = 0.005;
const GRIP_PAD: Vec3 = Vec3::new(0.0, -0.016, -0.0165);
const GRIP_PAD_METRES: f32 = 0.003;

/// On the head of the controller, from the middle of its upper side: ahead the stick, behind it the menu button.
const STICK_METRES: f32 = -0.008;
const MENU_METRES: f32 = 0.016;
const MENU_SCALE: f32 = 0.55;

/// How far a stick leans at its rim.
const STICK_RADIANS: f32 = 0.35;

/// The button at the wrist, against a knob of a controller.
const WRIST_SCALE: f32 = 1.6;

/// How far the disc that says how full it is stands out.
const WRIST_LIFT_METRES: f32 = 0.0015;

/// Both own hands, drawn.
pub struct OwnHands {
    actors: Vec<Actor>,
}

impl OwnHands {
    /// None yet; the memory is taken now, so that frames take none.
    pub fn new() -> Self {
        Self { actors: Vec::with_capacity(ACTORS_MAX) }
    }

    /// Shows these hands, which are in the space of `stage`.
    pub fn show(&mut self, hands: &[Hand; 2], stage: Pose) {
        self.actors.clear();
        let stage = stage.to_affine();
        for hand in hands {
            match (hand.kind, hand.palm, &hand.joints) {
                (HandKind::Controller, Some(palm), _) => self.add_controller(hand, stage * palm.to_affine()),
                (HandKind::Bare, _, Some(joints)) => self.add_bare(hand, joints, stage),
                (HandKind::Bare, Some(palm), None) => self.add_mitten(hand, hands, stage * palm.to_affine()),
                _ => {}
            }
            if let Some(button) = &hand.wrist {
                self.add_wrist_button(button, stage);
            }
        }
    }

    /// All parts, as of the last [`OwnHands::show`].
    pub fn actors(&self) -> &[Actor] {
        &self.actors
    }

    fn push(&mut self, shape: Shape, world_from_shape: Affine3A, tint: [u8; 4]) {
        self.actors.push(Actor { shape, world_from_shape, tint, name: NameLayer::default() });
    }

    fn add_controller(&mut self, hand: &Hand, world_from_palm: Affine3A) {
        self.push(Shape::Controller, world_from_palm, SHELL);
        let moved = |place: Vec3, button: Button, metres: f32| {
            let inwards = Vec3::Z * if button.is_down { metres } else { 0.0 };
            world_from_palm * Affine3A::from_translation(place + inwards)
        };
        let trigger = moved(TRIGGER, hand.select, TRIGGER_METRES);
        self.push(Shape::Trigger, trigger, part_tint(hand.select));
        let grip_pad = moved(GRIP_PAD, hand.grab, GRIP_PAD_METRES);
        self.push(Shape::GripPad, grip_pad, part_tint(hand.grab));
        let head = Affine3A::from_rotation_translation(Quat::from_rotation_x(HEAD_TILT_RADIANS), HEAD);
        let world_from_top = world_from_palm * head * Affine3A::from_translation(Vec3::Y * HEAD_TOP_METRES);
        // Its own height lies in the head, but for the cap.
        let on_top = |z: f32, lean: Vec2, scale: f32| {
            let turn = Quat::from_rotation_z(-lean.x * STICK_RADIANS)
                * Quat::from_rotation_x(-lean.y * STICK_RADIANS);
            let place = Vec3::new(0.0, -0.002, z);
            world_from_top * Affine3A::from_scale_rotation_translation(Vec3::splat(scale), turn, place)
        };
        let is_leaning = hand.stick != Vec2::ZERO;
        let stick_tint = if is_leaning { LIT } else { PART };
        self.push(Shape::Knob, on_top(STICK_METRES, hand.stick, 1.0), stick_tint);
        self.push(Shape::Knob, on_top(MENU_METRES, Vec2::ZERO, MENU_SCALE), part_tint(hand.menu));
    }

    fn add_bare(&mut self, hand: &Hand, joints: &Joints, stage: Affine3A) {
        let all = joints.all();
        let at = |joint: usize| all[joint].pose.position;
        let [wrist, knuckle] = [at(WRIST), at(FINGERS[1] + 1)];
        let palm = Affine3A::from_scale_rotation_translation(
            Vec3::splat(wrist.distance(knuckle) / PALM_METRES),
            all[PALM].pose.orientation,
            wrist.lerp(knuckle, 0.52),
        );
        let grab_tint = if hand.grab.is_down { LIT } else { SHELL };
        self.push(Shape::Palm, stage * palm, SHELL);
        let index_and_thumb = if hand.select.is_down { LIT } else { grab_tint };
        self.add_bones(joints, THUMB, 3, stage, index_and_thumb, grab_tint);
        for (place, finger) in FINGERS.into_iter().enumerate() {
            // What is inside the palm is the palm's.
            let tip_tint = if place == 0 { index_and_thumb } else { grab_tint };
            self.add_bones(joints, finger + 1, 3, stage, tip_tint, grab_tint);
        }
    }

    /// So many bones from the joint `first` on; the last ends at the tip.
    fn add_bones(
        &mut self,
        joints: &Joints,
        first: usize,
        count: usize,
        stage: Affine3A,
        tip_tint: [u8; 4],
        tint: [u8; 4],
    ) {
        for step in 0..count {
            let [from, to] = [first + step, first + step + 1].map(|joint| joints.all()[joint].pose.position);
            let Some(ahead) = (to - from).try_normalize() else { continue };
            let shape = if step == 0 { Shape::LongBone } else { Shape::ShortBone };
            let tint = if step + 1 == count { tip_tint } else { tint };
            let scale = Vec3::splat(from.distance(to) / BONE_METRES);
            let bone = Affine3A::from_scale_rotation_translation(scale, facing(ahead), from);
            self.push(shape, stage * bone, tint);
        }
    }

    /// A hand of which only the palm is known.
    fn add_mitten(&mut self, hand: &Hand, hands: &[Hand; 2], world_from_palm: Affine3A) {
        let is_left = std::ptr::eq(hand, &raw const hands[0]);
        let shape = if is_left { Shape::LeftHand } else { Shape::RightHand };
        let is_pressed = hand.select.is_down || hand.grab.is_down;
        self.push(shape, world_from_palm, if is_pressed { LIT } else { SHELL });
    }

    /// A lit disc grows on it as it fills.
    fn add_wrist_button(&mut self, button: &WristButton, stage: Affine3A) {
        let facing = button.facing.normalize_or(Vec3::Y);
        let turn = Quat::from_rotation_arc(Vec3::Y, facing);
        let knob = |scale: f32, above_metres: f32| {
            let place = button.center + facing * above_metres;
            stage * Affine3A::from_scale_rotation_translation(Vec3::splat(scale), turn, place)
        };
        self.push(Shape::Knob, knob(WRIST_SCALE, 0.0), PART);
        if button.fullness > 0.0 {
            let scale = WRIST_SCALE * (0.25 + 0.65 * button.fullness);
            // Its top is always as far above the other's.
            let above_metres = KNOB_METRES * (WRIST_SCALE - scale) + WRIST_LIFT_METRES;
            self.push(Shape::Knob, knob(scale, above_metres), LIT);
        }
    }
}

fn part_tint(button: Button) -> [u8; 4] {
    if button.is_down { LIT } else { PART }
}

/// A turn whose −Z is `ahead`.
fn facing(ahead: Vec3) -> Quat {
    let right = ahead.any_orthonormal_vector();
    Quat::from_mat3(&Mat3::from_cols(right, right.cross(ahead), -ahead))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rig::joints::tests::{FIST, FLAT, PINCH, hand as joints};

    const DOWN: Button = Button { is_down: true, is_pressed: false, is_released: false };

    fn shown(hands: &[Hand; 2]) -> Vec<Actor> {
        let mut own = OwnHands::new();
        own.show(hands, Pose::standing(Vec3::new(3.0, 0.0, 2.0), 1.0, 0.0));
        own.actors().to_vec()
    }

    fn bare(bend: crate::rig::joints::tests::Bend) -> Hand {
        let palm = Pose { position: Vec3::new(0.2, 1.2, -0.4), ..Pose::IDENTITY };
        let joints = joints(palm, 1, bend);
        Hand { kind: HandKind::Bare, palm: Some(joints.palm(1)), joints: Some(joints), ..Hand::default() }
    }

    #[test]
    fn absent_hands_are_not_drawn_and_all_fit_the_memory() {
        assert!(shown(&[Hand::default(); 2]).is_empty());
        let wrist = WristButton { center: Vec3::ONE, facing: Vec3::NEG_Y, fullness: 0.5 };
        let busy = Hand { wrist: Some(wrist), ..bare(FIST) };
        assert_eq!(shown(&[busy; 2]).len(), ACTORS_MAX);
    }

    #[test]
    fn what_is_pressed_lights_up_and_moves() {
        let rest = Hand { kind: HandKind::Controller, palm: Some(Pose::IDENTITY), ..Hand::default() };
        let pulled = Hand { select: DOWN, ..rest };
        let differing = |a: &[Actor], b: &[Actor]| {
            let pairs = a.iter().zip(b).filter(|(a, b)| a != b);
            pairs.map(|(a, b)| (b.shape, a.tint != b.tint)).collect::<Vec<_>>()
        };
        let [at_rest, after] = [rest, pulled].map(|hand| shown(&[Hand::default(), hand]));
        assert_eq!(differing(&at_rest, &after), [(Shape::Trigger, true)]);
        let moved = |actors: &[Actor]| actors[1].world_from_shape.translation;
        assert!(moved(&at_rest).distance(moved(&after)) > 0.003);
        let leaned = shown(&[Hand::default(), Hand { stick: Vec2::X, ..rest }]);
        assert_eq!(differing(&at_rest, &leaned), [(Shape::Knob, true)]);
        let tips = shown(&[Hand::default(), Hand { select: DOWN, ..bare(PINCH) }]);
        let lit = tips.iter().filter(|actor| actor.tint == LIT).count();
        assert_eq!(lit, 2, "the tips of thumb and index finger");
        let all = shown(&[Hand::default(), Hand { grab: DOWN, ..bare(FIST) }]);
        assert_eq!(all.iter().filter(|actor| actor.tint == LIT).count(), 15);
    }

    /// Each bone begins at its joint and reaches to the next, and all are proper: turn, shift, one scale.
    #[test]
    fn bones_reach_from_joint_to_joint() {
        let hand = bare(FLAT);
        let mut own = OwnHands::new();
        own.show(&[Hand::default(), hand], Pose::IDENTITY);
        let joints = hand.joints.unwrap();
        let tips: Vec<Vec3> = own
            .actors()
            .iter()
            .map(|a| a.world_from_shape.transform_point3(Vec3::NEG_Z * BONE_METRES))
            .collect();
        for joint in (0..26).filter(|joint| ![0, 1, 2, 6, 7, 11, 12, 16, 17, 21, 22].contains(joint)) {
            let place = joints.all()[joint].pose.position;
            assert!(tips.iter().any(|tip| tip.distance(place) < 1e-4), "no bone ends at joint {joint}");
        }
        for actor in own.actors() {
            let [x, y, z] =
                [Vec3::X, Vec3::Y, Vec3::Z].map(|axis| actor.world_from_shape.transform_vector3(axis));
            assert!((x.length() - y.length()).abs() < 1e-5 && (y.length() - z.length()).abs() < 1e-5);
            assert!(x.cross(y).dot(z) > 0.0, "not mirrored");
        }
    }
}
