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
pub(super) struct Floor {
    pub space: xr::Space,
    kind: xr::ReferenceSpaceType,
    /// From when on the origin is elsewhere, and where in the old space, if the runtime says so.
    move_due: Option<(xr::Time, Option<Pose>)>,
}

impl Floor {
    /// The best that the runtime has.
    pub fn new(session: &xr::Session<xr::Vulkan>) -> xr::Result<Self> {
        let known = session.enumerate_reference_spaces()?;
        let has = |kind: &xr::ReferenceSpaceType| known.contains(kind);
        let floors = [xr::ReferenceSpaceType::LOCAL_FLOOR_EXT, xr::ReferenceSpaceType::STAGE];
        let kind = floors.into_iter().find(has).unwrap_or(xr::ReferenceSpaceType::LOCAL);
        let mut origin = xr::Posef::IDENTITY;
        if kind == xr::ReferenceSpaceType::LOCAL {
            // Where the runtime knows no floor it lies an adult's eye height below the head.
            origin.position.y = -EYE_HEIGHT_METRES;
        }
        Ok(Self { space: session.create_reference_space(kind, origin)?, kind, move_due: None })
    }

    /// The runtime moves a space's origin soon, because somebody recentred.
    pub fn will_move(&mut self, change: xr::ReferenceSpaceChangePending<'_>) {
        if change.reference_space_type() == self.kind {
            let moved = change.pose_valid().then(|| pose(change.pose_in_previous_space()));
            self.move_due = Some((change.change_time(), moved));
        }
    }

    /// The new space in the old one, once, in the first frame of the new one. Where the runtime does not
    /// say, the head is taken to be where it was.
    pub fn moved(&mut self, time: xr::Time, old_head: Pose, new_head: Pose) -> Option<Pose> {
        let (_, told) = self.move_due.take_if(|(due, _)| time.as_nanos() >= due.as_nanos())?;
        Some(told.unwrap_or_else(|| old_from_new(old_head, new_head)))
    }
}

/// The old stage from the new one, if the head has not moved. A floor stays level and at its height.
fn old_from_new(old_head: Pose, new_head: Pose) -> Pose {
    let yaw_radians = |head: Pose| {
        let ahead = head.forward();
        (-ahead.x).atan2(-ahead.z)
    };
    let orientation = Quat::from_rotation_y(yaw_radians(old_head) - yaw_radians(new_head));
    let shift = old_head.position - orientation * new_head.position;
    Pose { position: shift.with_y(0.0), orientation }
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

    #[test]
    fn a_recentred_stage_leaves_the_head_where_it_was() {
        let old = Pose::standing(Vec3::new(1.0, 1.6, -2.0), 0.4, 0.3);
        let new = Pose::standing(Vec3::new(0.1, 1.6, 0.0), -0.2, 0.3);
        let seen = new.in_parent(old_from_new(old, new));
        assert!(seen.position.abs_diff_eq(old.position, 1e-5), "{seen:?}");
        assert!(seen.forward().abs_diff_eq(old.forward(), 1e-5), "{seen:?}");
    }
}
