//! Where an eye is and what it sees: OpenXR's meanings without OpenXR's types.

use glam::{Affine3A, Mat4, Quat, Vec3};
use serde::{Deserialize, Serialize};

/// A place and a direction to look in. Looking along −Z, up +Y, when `orientation` is the identity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Metres in the space that the pose is given in.
    pub position: Vec3,
    /// A unit quaternion.
    pub orientation: Quat,
}

impl Pose {
    /// At the origin, looking along −Z.
    pub const IDENTITY: Self = Self { position: Vec3::ZERO, orientation: Quat::IDENTITY };

    /// Standing at `position`, turned left by `yaw_radians`, then looking up by `pitch_radians`.
    pub fn standing(position: Vec3, yaw_radians: f32, pitch_radians: f32) -> Self {
        let orientation = Quat::from_rotation_y(yaw_radians) * Quat::from_rotation_x(pitch_radians);
        Self { position, orientation }
    }

    /// The matrix that takes points from the pose's own space to the space it is given in.
    pub fn to_affine(self) -> Affine3A {
        Affine3A::from_rotation_translation(self.orientation, self.position)
    }

    /// This pose given in `parent`'s space, expressed in the space of `parent`.
    pub fn in_parent(self, parent: Self) -> Self {
        Self {
            position: parent.position + parent.orientation * self.position,
            orientation: (parent.orientation * self.orientation).normalize(),
        }
    }

    /// This pose given beside `other`, expressed in the space of `other`.
    pub fn seen_from(self, other: Self) -> Self {
        let back = other.orientation.inverse();
        Self {
            position: back * (self.position - other.position),
            orientation: (back * self.orientation).normalize(),
        }
    }

    /// The same with a unit quaternion, unless a number is none or the turn is no turn.
    pub fn checked(self) -> Option<Self> {
        let is_turn = (self.orientation.length_squared() - 1.0).abs() < 0.1;
        let is_pose = is_turn && self.position.is_finite();
        is_pose.then(|| Self { orientation: self.orientation.normalize(), ..self })
    }

    /// The direction it looks in.
    pub fn forward(self) -> Vec3 {
        self.orientation * Vec3::NEG_Z
    }
}

/// The four half-angles of an eye's frustum, radians; `left` and `down` are negative as in OpenXR.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fov {
    /// Usually negative.
    pub left_radians: f32,
    /// Usually positive.
    pub right_radians: f32,
    /// Usually positive.
    pub up_radians: f32,
    /// Usually negative.
    pub down_radians: f32,
}

impl Fov {
    /// A symmetric field of view `vertical_radians` high and `aspect` (width / height) times as wide
    /// in the image plane.
    pub fn symmetric(vertical_radians: f32, aspect: f32) -> Self {
        let up = vertical_radians * 0.5;
        let right = (up.tan() * aspect).atan();
        Self { left_radians: -right, right_radians: right, up_radians: up, down_radians: -up }
    }

    /// Reversed-Z projection with the far plane at infinity: clip z/w is 1 at `near_metres` and 0 at
    /// infinity; x right, y up, as wgpu wants it.
    ///
    /// Reversed Z: Reed, "Depth Precision Visualized", 2015.
    pub fn projection(self, near_metres: f32) -> Mat4 {
        let (left, right) = (self.left_radians.tan(), self.right_radians.tan());
        let (down, up) = (self.down_radians.tan(), self.up_radians.tan());
        let (width, height) = (right - left, up - down);
        Mat4::from_cols_array_2d(&[
            [2.0 / width, 0.0, 0.0, 0.0],
            [0.0, 2.0 / height, 0.0, 0.0],
            [(right + left) / width, (up + down) / height, 0.0, -1.0],
            [0.0, 0.0, near_metres, 0.0],
        ])
    }
}

/// One eye: where it is and what it sees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// World from eye.
    pub pose: Pose,
    /// The eye's frustum.
    pub fov: Fov,
}

impl View {
    /// Clip from world, for the near plane at `near_metres`.
    pub fn clip_from_world(self, near_metres: f32) -> Mat4 {
        self.fov.projection(near_metres) * Mat4::from(self.pose.to_affine().inverse())
    }
}

/// Both eyes of one person: left, then right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewPair {
    /// Left, then right.
    pub eyes: [View; 2],
}

/// The distance between the eyes where no runtime tells it: the adult mean, 63 mm
/// (Dodgson, "Variation and extrema of human interpupillary distance", 2004).
pub const EYE_DISTANCE_METRES: f32 = 0.063;

impl ViewPair {
    /// Two parallel eyes of the same `fov`, `distance_metres` apart around `head`.
    pub fn around(head: Pose, fov: Fov, distance_metres: f32) -> Self {
        let eye = |side: f32| View {
            pose: Pose { position: Vec3::X * (side * distance_metres * 0.5), ..Pose::IDENTITY }
                .in_parent(head),
            fov,
        };
        Self { eyes: [eye(-1.0), eye(1.0)] }
    }

    /// The point between the eyes and the direction they share.
    pub fn center(self) -> Pose {
        let [left, right] = self.eyes;
        Pose {
            position: (left.pose.position + right.pose.position) * 0.5,
            orientation: left.pose.orientation.slerp(right.pose.orientation, 0.5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec4;

    #[test]
    fn projection_puts_the_frustum_edges_on_the_clip_edges() {
        let fov = Fov { left_radians: -0.9, right_radians: 0.7, up_radians: 0.6, down_radians: -0.8 };
        let clip = fov.projection(0.1) * Vec4::new(0.7_f32.tan() * 5.0, -(0.8_f32.tan()) * 5.0, -5.0, 1.0);
        assert!((clip.x / clip.w - 1.0).abs() < 1e-5 && (clip.y / clip.w + 1.0).abs() < 1e-5);
        assert!((clip.z / clip.w - 0.1 / 5.0).abs() < 1e-6);
    }

    #[test]
    fn the_left_eye_is_on_the_left() {
        let head = Pose::standing(Vec3::new(0.0, 1.6, 0.0), std::f32::consts::FRAC_PI_2, 0.0);
        let pair = ViewPair::around(head, Fov::symmetric(1.5, 1.0), EYE_DISTANCE_METRES);
        // Turned left by 90°, the head looks along −X, so its left is +Z.
        assert!((pair.eyes[0].pose.position.z - 0.0315).abs() < 1e-6);
        assert!(pair.center().forward().abs_diff_eq(Vec3::NEG_X, 1e-6));
    }
}
