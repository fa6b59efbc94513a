//! Where the hands are: the grips of whatever the person holds.

use std::f32::consts::FRAC_PI_2;

use glam::Quat;
use openxr as xr;

use super::space;
use crate::math::Pose;

/// Profiles with a grip for each hand, most to least specific. Which one a runtime takes is its choice.
const PROFILES: [&str; 3] = [
    "/interaction_profiles/oculus/touch_controller",
    "/interaction_profiles/valve/index_controller",
    "/interaction_profiles/khr/simple_controller",
];

/// Left, then right.
const SIDES: [&str; 2] = ["/user/hand/left", "/user/hand/right"];

/// The grips of both hands.
pub(super) struct Hands {
    actions: xr::ActionSet,
    spaces: [xr::Space; 2],
}

impl Hands {
    /// Asks the runtime for them; once in a session.
    pub fn new(instance: &xr::Instance, session: &xr::Session<xr::Vulkan>) -> xr::Result<Self> {
        let actions = instance.create_action_set("person", "Person", 0)?;
        let [left, right] = SIDES.map(|side| instance.string_to_path(side));
        let sides = [left?, right?];
        let grip = actions.create_action::<xr::Posef>("grip", "Hand", &sides)?;
        for profile in PROFILES {
            let path = |side: &str| instance.string_to_path(&format!("{side}/input/grip/pose"));
            let [left, right] = SIDES.map(path);
            let bindings = [xr::Binding::new(&grip, left?), xr::Binding::new(&grip, right?)];
            // A runtime that has never heard of a profile still knows the simple one.
            if let Err(error) =
                instance.suggest_interaction_profile_bindings(instance.string_to_path(profile)?, &bindings)
            {
                tracing::debug!("{profile} is not taken: {error}");
            }
        }
        session.attach_action_sets(&[&actions])?;
        let [left, right] = sides.map(|side| grip.create_space(session, side, xr::Posef::IDENTITY));
        Ok(Self { actions, spaces: [left?, right?] })
    }

    /// Where they are at `time` in `base`, fingers along −Z and the thumb along +Y; `None` for a hand
    /// that is not tracked.
    pub fn locate(
        &self,
        session: &xr::Session<xr::Vulkan>,
        base: &xr::Space,
        time: xr::Time,
    ) -> xr::Result<[Option<Pose>; 2]> {
        session.sync_actions(&[xr::ActiveActionSet::new(&self.actions)])?;
        let locate = |hand: &xr::Space| -> xr::Result<Option<Pose>> {
            let location = hand.locate(base, time)?;
            let is_tracked = location
                .location_flags
                .contains(xr::SpaceLocationFlags::POSITION_VALID | xr::SpaceLocationFlags::ORIENTATION_VALID);
            Ok(is_tracked.then(|| hand_of_grip(space::pose(location.pose))))
        };
        let [left, right] = &self.spaces;
        Ok([locate(left)?, locate(right)?])
    }
}

/// OpenXR's grip has the thumb along −Z and the fingers of the open hand along −Y
/// (OpenXR 1.1, "Standard pose identifiers").
fn hand_of_grip(grip: Pose) -> Pose {
    Pose { orientation: grip.orientation * Quat::from_rotation_x(-FRAC_PI_2), ..grip }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec3;

    #[test]
    fn fingers_and_thumb_are_where_the_grip_says() {
        let hand = hand_of_grip(Pose::IDENTITY).orientation;
        assert!((hand * Vec3::NEG_Z).abs_diff_eq(Vec3::NEG_Y, 1e-6), "fingers");
        assert!((hand * Vec3::Y).abs_diff_eq(Vec3::NEG_Z, 1e-6), "thumb");
    }
}
