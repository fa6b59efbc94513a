#![allow(clippy::unwrap_used)]

use super::*;

/// Bones from the knuckle on, metres, and how far beside the middle finger each finger lies.
const BONES: [f32; 3] = [0.045, 0.027, 0.020];

/// How the fingers of a made-up hand are bent: at knuckle, middle and end joint, radians.
#[derive(Clone, Copy, Debug)]
pub struct Bend {
    pub index: [f32; 3],
    pub others: [f32; 3],
    /// Where the thumb's tip is from the index finger's, metres.
    pub pinch_metres: Option<f32>,
}

pub const FLAT: Bend = Bend { index: [0.1; 3], others: [0.1; 3], pinch_metres: None };
pub const FIST: Bend = Bend { index: [1.5, 1.7, 1.1], others: [1.5, 1.7, 1.1], pinch_metres: None };
pub const POINTING: Bend = Bend { index: [0.1; 3], others: [1.5, 1.7, 1.1], pinch_metres: None };
pub const PINCH: Bend = Bend { index: [0.7, 0.9, 0.5], others: [0.3, 0.4, 0.2], pinch_metres: Some(0.012) };

/// A hand whose palm joint is at `palm`, in OpenXR's turn: fingers along −Z, back of the hand along +Y; the
/// thumb of the left hand is at +X.
pub fn hand(palm: Pose, side: usize, bend: Bend) -> Joints {
    let thumb_side = if side == 0 { 1.0 } else { -1.0 };
    let mut joints = [Joint { pose: Pose::IDENTITY, radius_metres: 0.009 }; JOINT_COUNT];
    let mut put = |joint: usize, place: Vec3, down_radians: f32| {
        let local = Pose { position: place, orientation: Quat::from_rotation_x(-down_radians) };
        joints[joint].pose = local.in_parent(palm);
        place
    };
    put(PALM, Vec3::ZERO, 0.0);
    put(WRIST, Vec3::Z * 0.075, 0.0);
    let mut index_tip = Vec3::ZERO;
    for (finger, beside) in FINGERS.into_iter().zip([0.025, 0.003, -0.017, -0.035]) {
        let angles = if finger == FINGERS[0] { bend.index } else { bend.others };
        let beside = beside * thumb_side;
        put(finger, Vec3::new(beside * 0.7, 0.0, 0.045), 0.0);
        let mut place = Vec3::new(beside, 0.0, -0.035);
        let mut down = 0.0;
        for (step, (angle, bone)) in angles.into_iter().zip(BONES).enumerate() {
            down += angle;
            put(finger + 1 + step, place, down);
            place += Quat::from_rotation_x(-down) * Vec3::NEG_Z * bone;
        }
        put(finger + 4, place, down);
        if finger == FINGERS[0] {
            index_tip = place;
        }
    }
    let base = Vec3::new(0.025 * thumb_side, -0.015, 0.05);
    let thumb_tip = match bend.pinch_metres {
        Some(distance) => index_tip + Vec3::new(0.0, -0.6, 0.8) * distance,
        None => Vec3::new(0.075 * thumb_side, -0.02, -0.03),
    };
    for step in 0..4 {
        put(THUMB + step, base.lerp(thumb_tip, step as f32 / 3.0), 0.3);
    }
    Joints::new(joints).unwrap()
}

#[test]
fn pinch_fist_and_pointing_are_told_apart() {
    for side in [0, 1] {
        let of = |bend| {
            let joints = hand(Pose::standing(Vec3::new(0.2, 1.1, -0.4), 0.4, 0.3), side, bend);
            (joints.pinch(), joints.fist())
        };
        let (pinch, fist) = of(PINCH);
        assert!((pinch - 0.8).abs() < 1e-3 && fist < 0.45, "pinch {pinch} {fist}");
        let (pinch, fist) = of(FIST);
        assert!(fist > 0.9 && pinch < 0.5, "fist {pinch} {fist}");
        let (pinch, fist) = of(FLAT);
        assert!(pinch < 0.1 && fist < 0.05, "flat {pinch} {fist}");
        let (pinch, fist) = of(POINTING);
        assert!(pinch < 0.1 && fist < 0.05, "pointing {pinch} {fist}");
        // The thresholds of a press in millimetres.
        let (at_18, _) = of(Bend { pinch_metres: Some(0.018), ..PINCH });
        let (at_30, _) = of(Bend { pinch_metres: Some(0.030), ..PINCH });
        assert!((at_18 - 0.7).abs() < 1e-3 && (at_30 - 0.5).abs() < 1e-3, "{at_18} {at_30}");
    }
}

#[test]
fn the_palm_is_held_out_as_for_a_handshake() {
    // Fingers ahead and the back of the hand up: the left thumb points to the right.
    for (side, thumb) in [(0, Vec3::X), (1, Vec3::NEG_X)] {
        let joints = hand(Pose::IDENTITY, side, FLAT);
        let palm = joints.palm(side);
        assert!(palm.forward().abs_diff_eq(Vec3::NEG_Z, 1e-6));
        assert!((palm.orientation * Vec3::Y).abs_diff_eq(thumb, 1e-6), "side {side}");
        // Of a left hand held out +X is where the palm faces, of a right one −X.
        let faces = palm.orientation * if side == 0 { Vec3::X } else { Vec3::NEG_X };
        assert!(faces.abs_diff_eq(joints.inside(), 1e-6), "side {side}");
        assert!(joints.inside().abs_diff_eq(Vec3::NEG_Y, 1e-6));
    }
}

#[test]
fn it_points_ahead_and_a_pinch_does_not_move_the_aim() {
    let palm = Pose::standing(Vec3::new(0.1, 1.2, -0.3), 0.6, 0.0);
    let open = hand(palm, 1, FLAT).aim().unwrap();
    assert!(open.forward().angle_between(palm.forward()) < 0.25, "{open:?}");
    assert!((open.orientation * Vec3::Y).y > 0.9, "upright");
    assert_eq!(hand(palm, 1, PINCH).aim().unwrap(), open);
}

#[test]
fn a_hand_that_cannot_be_is_none() {
    let whole = *hand(Pose::IDENTITY, 0, FLAT).all();
    assert!(Joints::new(whole).is_some());
    let mut broken = whole;
    broken[7].pose.position.x = f32::NAN;
    assert_eq!(Joints::new(broken), None);
    let mut broken = whole;
    broken[3].pose.orientation = Quat::from_xyzw(0.0, 0.0, 0.0, 0.0);
    assert_eq!(Joints::new(broken), None);
    let mut broken = whole;
    broken[INDEX_TIP].pose.position.y += 2.0;
    assert_eq!(Joints::new(broken), None);
    let mut thin = whole;
    thin[4].radius_metres = f32::NAN;
    assert_eq!(Joints::new(thin).unwrap().all()[4].radius_metres, RADIUS_METRES);
    let all_in_one = [whole[0]; JOINT_COUNT];
    let joints = Joints::new(all_in_one).unwrap();
    assert_eq!((joints.aim(), joints.fist()), (None, 0.0));
}
