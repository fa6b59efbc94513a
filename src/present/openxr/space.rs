//! OpenXR's poses and frusta in our words, and the space that the person stands in.

use glam::{Quat, Vec3};
use openxr as xr;

use crate::math::{Fov, Pose};
use crate::rig::person::EYE_HEIGHT_METRES;

/// OpenXR's pose as ours, number by number: for those who look themselves at what is in it.
pub(super) fn raw_pose(pose: xr::Posef) -> Pose {
    let xr::Quaternionf { x, y, z, w } = pose.orientation;
    let position = Vec3::new(pose.position.x, pose.position.y, pose.position.z);
    Pose { position, orientation: Quat::from_xyzw(x, y, z, w) }
}

/// OpenXR's pose as ours. A pose whose orientation is no rotation looks ahead.
pub(super) fn pose(pose: xr::Posef) -> Pose {
    let Pose { position, orientation } = raw_pose(pose);
    let is_rotation = orientation.is_finite() && (orientation.length_squared() - 1.0).abs() < 0.1;
    Pose {
        position: if position.is_finite() { position } else { Vec3::ZERO },
        orientation: if is_rotation { orientation.normalize() } else { Quat::IDENTITY },
    }
}

/// OpenXR's frustum as ours.
pub(super) fn fov(fov: xr::Fovf) -> Fov {
    Fov {
        left_radians: fov.angle_left,
        right_radians: fov.angle_right,
        up_radians: fov.angle_up,
        down_radians: fov.angle_down,
    }
}

/// A space whose origin is on the floor under the person, where the session began: what
/// [`Person::stage`](crate::rig::Person::stage) places in the world.
pub(super) fn floor(session: &xr::Session<xr::Vulkan>) -> xr::Result<xr::Space> {
    let known = session.enumerate_reference_spaces()?;
    let has = |kind| known.contains(&kind);
    if has(xr::ReferenceSpaceType::LOCAL_FLOOR_EXT) {
        session.create_reference_space(xr::ReferenceSpaceType::LOCAL_FLOOR_EXT, xr::Posef::IDENTITY)
    } else if has(xr::ReferenceSpaceType::STAGE) {
        session.create_reference_space(xr::ReferenceSpaceType::STAGE, xr::Posef::IDENTITY)
    } else {
        // Where the runtime knows no floor it lies an adult's eye height below the head.
        let mut down = xr::Posef::IDENTITY;
        down.position.y = -EYE_HEIGHT_METRES;
        session.create_reference_space(xr::ReferenceSpaceType::LOCAL, down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pose_that_is_none_does_not_reach_the_frame() {
        let mut broken = xr::Posef::IDENTITY;
        broken.orientation.w = 0.0;
        broken.position.x = f32::NAN;
        assert_eq!(pose(broken), Pose::IDENTITY);
        let mut turned = xr::Posef::IDENTITY;
        turned.orientation = xr::Quaternionf { x: 0.0, y: 0.5_f32.sqrt(), z: 0.0, w: 0.5_f32.sqrt() };
        assert!(pose(turned).forward().abs_diff_eq(Vec3::NEG_X, 1e-6));
    }
}
