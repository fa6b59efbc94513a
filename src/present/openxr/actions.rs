//! What the hands do, by whatever they hold: the table of [`bindings`] told to the runtime, and its answers,
//! frame after frame.

use std::f32::consts::FRAC_PI_2;
use std::time::Duration;

use glam::{Quat, Vec2};
use openxr as xr;

use super::joints::Trackers;
use super::space;
use crate::math::Pose;
use crate::rig::bindings::{self, Action, Binding, HAND_INTERACTION, Held, Needs, POKE, Profile};
use crate::rig::{HandKind, RawHand};

/// The profile that runtimes also give to hands which they do not call hands.
const SIMPLEST: &str = "khr/simple_controller";

/// Longer than any buzz should last.
const BUZZ_MAX: Duration = Duration::from_secs(1);

/// Of what the runtime offers, what the table and the hands make use of.
pub(super) fn wish(wished: &mut xr::ExtensionSet, offered: &xr::ExtensionSet) {
    wished.khr_generic_controller = offered.khr_generic_controller;
    wished.fb_touch_controller_pro = offered.fb_touch_controller_pro;
    wished.meta_touch_controller_plus = offered.meta_touch_controller_plus;
    wished.ext_hp_mixed_reality_controller = offered.ext_hp_mixed_reality_controller;
    wished.bd_controller_interaction = offered.bd_controller_interaction;
    wished.ext_hand_interaction = offered.ext_hand_interaction;
    wished.ext_eye_gaze_interaction = offered.ext_eye_gaze_interaction;
    wished.ext_hand_tracking = offered.ext_hand_tracking;
    // It tells more of joints, and nothing without them.
    wished.fb_hand_tracking_aim = offered.ext_hand_tracking && offered.fb_hand_tracking_aim;
}

/// Whether an extension of the table is in use.
fn has(instance: &xr::Instance, needs: Needs) -> bool {
    let Needs::Extension(name) = needs else { return true };
    let extensions = instance.exts();
    match name {
        "XR_KHR_generic_controller" => extensions.khr_generic_controller.is_some(),
        "XR_FB_touch_controller_pro" => extensions.fb_touch_controller_pro.is_some(),
        "XR_META_touch_controller_plus" => extensions.meta_touch_controller_plus.is_some(),
        "XR_EXT_hp_mixed_reality_controller" => extensions.ext_hp_mixed_reality_controller.is_some(),
        "XR_BD_controller_interaction" => extensions.bd_controller_interaction.is_some(),
        HAND_INTERACTION => extensions.ext_hand_interaction.is_some(),
        "XR_EXT_eye_gaze_interaction" => extensions.ext_eye_gaze_interaction.is_some(),
        _ => false,
    }
}

/// All actions of the table, and where their answers are found.
pub(super) struct Actions {
    made: Made,
    sides: [Side; 2],
    gaze: Option<xr::Space>,
    trackers: Option<Trackers>,
    /// Whether the runtime said that somebody took up something else.
    is_news: bool,
}

/// The actions themselves.
struct Made {
    set: xr::ActionSet,
    palm: xr::Action<xr::Posef>,
    aim: xr::Action<xr::Posef>,
    poke: xr::Action<xr::Posef>,
    select: xr::Action<f32>,
    grab: xr::Action<f32>,
    menu: xr::Action<bool>,
    stick: xr::Action<xr::Vector2f>,
    haptic: xr::Action<xr::Haptic>,
    gaze: xr::Action<xr::Posef>,
}

/// One hand.
struct Side {
    path: xr::Path,
    palm: xr::Space,
    aim: xr::Space,
    poke: xr::Space,
    profile: Option<&'static Profile>,
}

impl Actions {
    /// Tells the runtime of them; once in a session.
    pub fn new(
        instance: &xr::Instance,
        system: xr::SystemId,
        session: &xr::Session<xr::Vulkan>,
    ) -> xr::Result<Self> {
        let [left, right] = bindings::HANDS.map(|user| instance.string_to_path(user));
        let users = [left?, right?];
        let made = Made::new(instance, &users)?;
        for profile in bindings::PROFILES.iter().filter(|profile| has(instance, profile.needs)) {
            made.suggest(instance, profile)?;
        }
        session.attach_action_sets(&[&made.set])?;
        let [left, right] = users.map(|path| Side::new(session, &made, path));
        let sees_eyes = has(instance, Needs::Extension("XR_EXT_eye_gaze_interaction"));
        let gaze = || made.gaze.create_space(session, xr::Path::NULL, xr::Posef::IDENTITY);
        Ok(Self {
            gaze: sees_eyes.then(gaze).transpose()?,
            sides: [left?, right?],
            trackers: Trackers::new(instance, system, session),
            is_news: true,
            made,
        })
    }

    /// The runtime says that somebody took up something else.
    pub fn expect_another_profile(&mut self) {
        self.is_news = true;
    }

    /// What each hand says its will with.
    pub fn profiles(&self) -> [&'static str; 2] {
        self.sides.each_ref().map(|side| side.profile.map_or("", |profile| profile.name))
    }

    /// What the hands do, and where they are at `time` in `base`.
    pub fn read(
        &mut self,
        session: &xr::Session<xr::Vulkan>,
        base: &xr::Space,
        time: xr::Time,
    ) -> xr::Result<[RawHand; 2]> {
        session.sync_actions(&[xr::ActiveActionSet::new(&self.made.set)])?;
        if std::mem::take(&mut self.is_news) {
            for side in &mut self.sides {
                side.ask_profile(session);
            }
        }
        let mut hands = [RawHand::default(); 2];
        for (index, (hand, side)) in hands.iter_mut().zip(&self.sides).enumerate() {
            *hand = side.read(&self.made, session, base, time)?;
            let is_controllers = side.profile.is_some_and(|profile| {
                profile.held == Held::Controller && profile.name != SIMPLEST && hand.palm.is_some()
            });
            if !is_controllers && let Some(trackers) = &self.trackers {
                trackers.add(index, hand, base, time)?;
            }
        }
        Ok(hands)
    }

    /// Where the eyes look at `time`, in `base`.
    pub fn gaze(&self, base: &xr::Space, time: xr::Time) -> xr::Result<Option<Pose>> {
        self.gaze.as_ref().map_or(Ok(None), |gaze| locate(gaze, base, time))
    }

    /// Lets a hand feel something.
    pub fn buzz(&self, session: &xr::Session<xr::Vulkan>, hand: usize, strength: f32, duration: Duration) {
        let Some(side) = self.sides.get(hand) else { return };
        let nanos = duration.min(BUZZ_MAX).as_nanos();
        let vibration = xr::HapticVibration::new()
            .amplitude(if strength.is_nan() { 0.0 } else { strength.clamp(0.0, 1.0) })
            .frequency(xr::FREQUENCY_UNSPECIFIED)
            .duration(xr::Duration::from_nanos(i64::try_from(nanos).unwrap_or_default()));
        // Nothing that a person would have to know of.
        if let Err(error) = self.made.haptic.apply_feedback(session, side.path, &vibration) {
            tracing::debug!("a hand felt nothing: {error}");
        }
    }
}

impl Made {
    fn new(instance: &xr::Instance, users: &[xr::Path; 2]) -> xr::Result<Self> {
        let set = instance.create_action_set("person", "Person", 0)?;
        fn make<T: xr::ActionTy>(
            set: &xr::ActionSet,
            action: Action,
            users: &[xr::Path],
        ) -> xr::Result<xr::Action<T>> {
            let (name, label) = action.names();
            set.create_action::<T>(name, label, users)
        }
        Ok(Self {
            palm: make(&set, Action::Palm, users)?,
            aim: make(&set, Action::Aim, users)?,
            poke: make(&set, Action::Poke, users)?,
            select: make(&set, Action::Select, users)?,
            grab: make(&set, Action::Grab, users)?,
            menu: make(&set, Action::Menu, users)?,
            stick: make(&set, Action::Stick, users)?,
            haptic: make(&set, Action::Haptic, users)?,
            gaze: make(&set, Action::Gaze, &[])?,
            set,
        })
    }

    /// Suggests a profile's rows. A runtime that refuses them still knows another profile.
    fn suggest(&self, instance: &xr::Instance, profile: &Profile) -> xr::Result<()> {
        let pokes = profile.can_poke() && has(instance, Needs::Extension(HAND_INTERACTION));
        let path = instance.string_to_path(&profile.path())?;
        let tries: &[&[Binding]] = if pokes { &[&[POKE], &[]] } else { &[&[]] };
        for more in tries {
            let mut rows = Vec::new();
            for binding in profile.bindings.iter().chain(*more) {
                for user in binding.users() {
                    let part = instance.string_to_path(&format!("{user}/{}", binding.part))?;
                    rows.push(self.row(binding.action, part));
                }
            }
            match instance.suggest_interaction_profile_bindings(path, &rows) {
                Ok(()) => return Ok(()),
                Err(error) => tracing::info!("the headset's runtime takes no {}: {error}", profile.name),
            }
        }
        Ok(())
    }

    fn row(&self, action: Action, part: xr::Path) -> xr::Binding<'_> {
        match action {
            Action::Palm => xr::Binding::new(&self.palm, part),
            Action::Aim => xr::Binding::new(&self.aim, part),
            Action::Poke => xr::Binding::new(&self.poke, part),
            Action::Select => xr::Binding::new(&self.select, part),
            Action::Grab => xr::Binding::new(&self.grab, part),
            Action::Menu => xr::Binding::new(&self.menu, part),
            Action::Stick => xr::Binding::new(&self.stick, part),
            Action::Haptic => xr::Binding::new(&self.haptic, part),
            Action::Gaze => xr::Binding::new(&self.gaze, part),
        }
    }
}

impl Side {
    fn new(session: &xr::Session<xr::Vulkan>, made: &Made, path: xr::Path) -> xr::Result<Self> {
        let space = |action: &xr::Action<xr::Posef>| action.create_space(session, path, xr::Posef::IDENTITY);
        let [palm, aim, poke] = [&made.palm, &made.aim, &made.poke].map(space);
        Ok(Self { path, palm: palm?, aim: aim?, poke: poke?, profile: None })
    }

    fn ask_profile(&mut self, session: &xr::Session<xr::Vulkan>) {
        // None yet is no path, and a profile that is not ours is none of our business.
        let path = session.current_interaction_profile(self.path);
        let name = path.and_then(|path| session.instance().path_to_string(path)).unwrap_or_default();
        self.profile = bindings::profile(&name);
        tracing::debug!("a hand has taken up {name:?}");
    }

    fn read(
        &self,
        made: &Made,
        session: &xr::Session<xr::Vulkan>,
        base: &xr::Space,
        time: xr::Time,
    ) -> xr::Result<RawHand> {
        let is_there = made.palm.is_active(session, self.path)?;
        let held = self.profile.map_or(Held::Controller, |profile| profile.held);
        let kind = match held {
            _ if !is_there => HandKind::Absent,
            Held::Nothing => HandKind::Bare,
            Held::Controller | Held::Eyes => HandKind::Controller,
        };
        let level = |action: &xr::Action<f32>| -> xr::Result<Option<f32>> {
            let state = action.state(session, self.path)?;
            Ok(state.is_active.then_some(state.current_state))
        };
        let menu = made.menu.state(session, self.path)?;
        let stick = made.stick.state(session, self.path)?;
        let palm = if is_there { locate(&self.palm, base, time)? } else { None };
        Ok(RawHand {
            kind,
            palm: palm.map(hand_of_grip),
            aim: locate(&self.aim, base, time)?,
            poke: locate(&self.poke, base, time)?.map(|pose| pose.position),
            select: level(&made.select)?,
            grab: level(&made.grab)?,
            menu: menu.is_active && menu.current_state,
            stick: if stick.is_active {
                Vec2::new(stick.current_state.x, stick.current_state.y)
            } else {
                Vec2::ZERO
            },
            joints: None,
            is_systems: false,
        })
    }
}

/// Where a space is, if that is known.
fn locate(space: &xr::Space, base: &xr::Space, time: xr::Time) -> xr::Result<Option<Pose>> {
    let location = space.locate(base, time)?;
    let known = xr::SpaceLocationFlags::POSITION_VALID | xr::SpaceLocationFlags::ORIENTATION_VALID;
    // What is no pose after all the hands' own check finds.
    Ok(location.location_flags.contains(known).then(|| space::raw_pose(location.pose)))
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

    /// Every extension of the table can be asked for by the name that it has there.
    #[test]
    fn every_extension_of_the_table_is_asked_for() {
        let mut offered = xr::ExtensionSet::default();
        offered.khr_generic_controller = true;
        offered.fb_touch_controller_pro = true;
        offered.meta_touch_controller_plus = true;
        offered.ext_hp_mixed_reality_controller = true;
        offered.bd_controller_interaction = true;
        offered.ext_hand_interaction = true;
        offered.ext_eye_gaze_interaction = true;
        let mut wished = xr::ExtensionSet::default();
        wish(&mut wished, &offered);
        let names = wished.names();
        let names: Vec<_> = names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        for profile in bindings::PROFILES {
            if let Needs::Extension(needed) = profile.needs {
                let is_asked = names.iter().any(|name| name.trim_end_matches('\0') == needed);
                assert!(is_asked, "{needed} is not asked for: {names:?}");
            }
        }
        wish(&mut wished, &xr::ExtensionSet::default());
        assert!(wished.names().is_empty(), "what is not offered is not asked for");
    }
}
