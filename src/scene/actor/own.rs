//! What a person sees of themselves: a controller and its moving parts, the palm and the bones of a bare
//! hand.
//!
//! The controller is nobody's in particular: a handle, a head with a stick for the thumb, a trigger before the
//! index finger, a pad under the others. Its parts are shapes of their own, so that what is pressed can move
//! and light up.

use glam::{Affine3A, Quat, Vec3};

use super::form::{Body, Form};

/// Of a bone at scale 1, from joint to joint, metres.
pub const BONE_METRES: f32 = 0.04;

/// From the wrist to the middle finger's knuckle of a palm at scale 1, metres.
pub const PALM_METRES: f32 = 0.1;

/// Where the head of the controller is, in the space of the palm that holds it.
pub const HEAD: Vec3 = Vec3::new(0.0, 0.047, -0.014);

/// The head's upper side leans towards its owner's eyes.
pub const HEAD_TILT_RADIANS: f32 = 0.35;

/// From the head's middle up to its surface, metres.
pub const HEAD_TOP_METRES: f32 = 0.0125;

/// From the foot of a knob at scale 1 to its top, metres.
pub const KNOB_METRES: f32 = 0.009;

/// The handle leans forward with its upper end.
const HANDLE_TILT_RADIANS: f32 = -0.20;

/// Handle and head.
pub(super) fn controller() -> Form {
    let handle =
        Body { radii: Vec3::new(0.0165, 0.054, 0.0185), power: 2.8, center: Vec3::new(0.0, -0.012, 0.0) };
    let head = Body { radii: Vec3::new(0.026, HEAD_TOP_METRES, 0.031), power: 2.6, center: Vec3::ZERO };
    let rim = Body { radii: Vec3::new(0.0275, 0.0045, 0.0325), power: 2.6, center: Vec3::ZERO };
    let place = Affine3A::from_rotation_translation(Quat::from_rotation_x(HEAD_TILT_RADIANS), HEAD);
    let lean = Affine3A::from_quat(Quat::from_rotation_x(HANDLE_TILT_RADIANS));
    handle
        .skin(5)
        .moved(lean)
        .shaded(0.55)
        .with(head.skin(5).moved(place))
        .with(rim.skin(4).moved(place).shaded(0.30))
}

/// What the index finger pulls, around where it sits.
pub(super) fn trigger() -> Form {
    Body { radii: Vec3::new(0.0085, 0.0135, 0.0075), power: 2.4, center: Vec3::ZERO }.skin(4)
}

/// What the other fingers press, around where it sits.
pub(super) fn grip_pad() -> Form {
    Body { radii: Vec3::new(0.0105, 0.0205, 0.006), power: 2.6, center: Vec3::ZERO }.skin(4)
}

/// A round button or the cap of a stick, which is pressed along −Y; it stands on the origin.
pub(super) fn knob() -> Form {
    let cap = Body { radii: Vec3::new(0.0092, 0.0032, 0.0092), power: 2.4, center: Vec3::Y * 0.0058 };
    let stem = Body { radii: Vec3::new(0.0042, 0.0050, 0.0042), power: 2.4, center: Vec3::Y * 0.0012 };
    cap.skin(4).with(stem.skin(2).shaded(0.4))
}

/// The palm of a bare hand with the beginning of the wrist: fingers along −Z, the back along +Y.
pub(super) fn palm() -> Form {
    let middle = Body { radii: Vec3::new(0.042, 0.0140, 0.054), power: 3.0, center: Vec3::ZERO };
    let cuff = Body { radii: Vec3::new(0.0300, 0.0195, 0.0150), power: 2.6, center: Vec3::Z * 0.060 };
    // Narrower towards the wrist.
    let taper = |point: Vec3| point * Vec3::new(1.0 - 3.2 * point.z.max(0.0), 1.0, 1.0);
    middle.skin(5).bent(taper).with(cuff.skin(3).shaded(0.30))
}

/// A bone from the origin along −Z, `stoutness` times as thick as it is long on each side.
pub(super) fn bone(stoutness: f32) -> Form {
    let radius = BONE_METRES * stoutness;
    // Over its joints by most of a radius, so that bent fingers stay closed.
    let half = 0.5 * BONE_METRES + 0.8 * radius;
    let center = Vec3::NEG_Z * (0.5 * BONE_METRES);
    Body { radii: Vec3::new(radius, radius, half), power: 2.4, center }.skin(3)
}
