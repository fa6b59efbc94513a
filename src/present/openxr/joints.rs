//! Bare hands, as the headset's cameras see them.

use std::mem::MaybeUninit;
use std::ptr;

use openxr as xr;
use xr::sys;

use super::space;
use crate::math::Pose;
use crate::rig::joints::{JOINT_COUNT, Joint};
use crate::rig::{HandKind, Joints, RawHand};

/// What watches both hands.
pub(super) struct Trackers {
    trackers: [xr::HandTracker; 2],
    locate: sys::pfn::LocateHandJointsEXT,
    /// Whether the runtime also says where hands point and when they speak to the system.
    has_aim: bool,
}

/// What a runtime says of a hand beside its joints.
#[derive(Default)]
struct Said {
    aim: Option<Pose>,
    is_systems: bool,
    is_menu: bool,
}

impl Trackers {
    /// Where runtime and headset can; where not, controllers are all there is.
    pub fn new(
        instance: &xr::Instance,
        system: xr::SystemId,
        session: &xr::Session<xr::Vulkan>,
    ) -> Option<Self> {
        let extensions = instance.exts();
        let locate = extensions.ext_hand_tracking.as_ref()?.locate_hand_joints;
        if !instance.supports_hand_tracking(system).unwrap_or(false) {
            tracing::debug!("the headset does not watch bare hands");
            return None;
        }
        let make = |hand| {
            let made = session.create_hand_tracker(hand);
            made.inspect_err(|error| tracing::info!("bare hands are not watched ({error})")).ok()
        };
        let trackers = [make(xr::Hand::LEFT)?, make(xr::Hand::RIGHT)?];
        Some(Self { trackers, locate, has_aim: extensions.fb_hand_tracking_aim.is_some() })
    }

    /// Adds what is seen of a hand that holds no controller, left (0) or right (1).
    pub fn add(&self, side: usize, hand: &mut RawHand, base: &xr::Space, time: xr::Time) -> xr::Result<()> {
        let Some(tracker) = self.trackers.get(side) else { return Ok(()) };
        if let Some((joints, said)) = self.look(tracker, base, time)? {
            hand.kind = HandKind::Bare;
            hand.joints = Some(joints);
            hand.aim = hand.aim.or(said.aim);
            hand.menu |= said.is_menu;
            hand.is_systems = said.is_systems;
        }
        Ok(())
    }

    fn look(
        &self,
        tracker: &xr::HandTracker,
        base: &xr::Space,
        time: xr::Time,
    ) -> xr::Result<Option<(Joints, Said)>> {
        let info = sys::HandJointsLocateInfoEXT {
            ty: sys::HandJointsLocateInfoEXT::TYPE,
            next: ptr::null(),
            base_space: base.as_raw(),
            time,
        };
        let mut aim = sys::HandTrackingAimStateFB {
            ty: sys::HandTrackingAimStateFB::TYPE,
            next: ptr::null_mut(),
            status: sys::HandTrackingAimFlagsFB::EMPTY,
            aim_pose: xr::Posef::IDENTITY,
            pinch_strength_index: 0.0,
            pinch_strength_middle: 0.0,
            pinch_strength_ring: 0.0,
            pinch_strength_little: 0.0,
        };
        let mut places = MaybeUninit::<[sys::HandJointLocationEXT; JOINT_COUNT]>::zeroed();
        let mut seen = sys::HandJointLocationsEXT {
            ty: sys::HandJointLocationsEXT::TYPE,
            next: if self.has_aim { ptr::from_mut(&mut aim).cast() } else { ptr::null_mut() },
            is_active: false.into(),
            joint_count: JOINT_COUNT as u32,
            joint_locations: places.as_mut_ptr().cast(),
        };
        // SAFETY: the function is the runtime's own for this extension, which is in use; tracker, space and the
        // structures live through the call, and the array is as long as it says.
        let result = unsafe { (self.locate)(tracker.as_raw(), &info, &mut seen) };
        if result.into_raw() < 0 {
            return Err(result);
        }
        if !bool::from(seen.is_active) {
            return Ok(None);
        }
        // SAFETY: zeros are a joint that is nowhere, and the runtime has written over them what it knows.
        let places = unsafe { places.assume_init() };
        Ok(joints(&places).map(|joints| (joints, said(&aim))))
    }
}

fn joints(places: &[sys::HandJointLocationEXT; JOINT_COUNT]) -> Option<Joints> {
    let known = xr::SpaceLocationFlags::POSITION_VALID | xr::SpaceLocationFlags::ORIENTATION_VALID;
    let is_known = |place: &sys::HandJointLocationEXT| place.location_flags.contains(known);
    if !places.iter().all(is_known) {
        return None;
    }
    Joints::new(places.map(|place| Joint { pose: space::raw_pose(place.pose), radius_metres: place.radius }))
}

fn said(aim: &sys::HandTrackingAimStateFB) -> Said {
    let has = |flag| aim.status.contains(flag);
    Said {
        aim: has(sys::HandTrackingAimFlagsFB::VALID).then(|| space::raw_pose(aim.aim_pose)),
        is_systems: has(sys::HandTrackingAimFlagsFB::SYSTEM_GESTURE),
        is_menu: has(sys::HandTrackingAimFlagsFB::MENU_PRESSED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_with_a_joint_that_nobody_sees_is_none() {
        let known = xr::SpaceLocationFlags::POSITION_VALID | xr::SpaceLocationFlags::ORIENTATION_VALID;
        let place =
            sys::HandJointLocationEXT { location_flags: known, pose: xr::Posef::IDENTITY, radius: 0.01 };
        let mut places = [place; JOINT_COUNT];
        assert!(joints(&places).is_some());
        places[9].location_flags = xr::SpaceLocationFlags::POSITION_VALID;
        assert!(joints(&places).is_none());
        places[9] = place;
        places[9].pose.orientation.w = f32::NAN;
        assert!(joints(&places).is_none());
    }
}
