//! Where the person looks, and what their gaze sweeps over until the frame is seen: the headset's word → the fovea.
//!
//! A frame is seen a while after its detail is chosen, and eyes trackers are late themselves. While the head turns,
//! both where the gaze is now and where it will be are to be sharp.

use glam::{Quat, Vec3};

use crate::cull::Quality;
use crate::math::Pose;
use crate::math::fovea::{Fovea, ahead, sweep};
use crate::rig::Input;

/// From the choice of detail to the light of a frame, in periods of the display: one to draw it, one to show it.
const LATE_PERIODS: f32 = 2.0;

/// How late trackers of eyes are, seconds: up to here nobody notices (Albert et al., "Latency Requirements for
/// Foveated Rendering in Virtual Reality", 2017).
const TRACKER_LATE_SECONDS: f32 = 0.05;

/// See the module.
#[derive(Debug, Default)]
pub struct Looking {
    /// Stage from head, in the frame before.
    head: Option<Quat>,
    /// The axis in the stage, as long as radians in a second.
    turn_per_second: Vec3,
}

impl Looking {
    /// Takes where the head is in this frame, so long after the last. Turns that are no movement of the head do not
    /// count: neither those of a stick nor those of a stage that was recentred.
    pub fn step(&mut self, input: &Input, delta_seconds: f32) {
        let head = input.head.map(|head| head.orientation);
        let before = std::mem::replace(&mut self.head, head).filter(|_| input.stage_moved.is_none());
        self.turn_per_second = match before.zip(head) {
            Some((before, head)) if delta_seconds > 0.0 => {
                let turn = head * before.inverse();
                let shorter = if turn.w < 0.0 { -turn } else { turn };
                shorter.to_scaled_axis() / delta_seconds
            }
            _ => Vec3::ZERO,
        };
    }

    /// Has detail follow the eyes where the headset does, and be ahead of a head that turns. `period_seconds` is the
    /// display's, 0 where it has none.
    pub fn aim(&self, quality: &mut Quality, input: &Input, head: Pose, stage: Pose, period_seconds: f32) {
        let mut late_seconds = LATE_PERIODS * period_seconds;
        let mut gaze = head.forward();
        if let Some(followed) = input.gaze {
            gaze = followed.in_parent(stage).forward();
            late_seconds += TRACKER_LATE_SECONDS;
            quality.fovea = Fovea::FOLLOWED;
            quality.gaze = Some(gaze);
        }
        let turning = stage.orientation * self.turn_per_second;
        quality.ahead = ahead(turning);
        let turn = turning * late_seconds;
        let (middle, reach_radians) = sweep(gaze, turn);
        if reach_radians > 0.0 {
            quality.gaze = Some(middle);
            quality.fovea.inner_radians += reach_radians;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_SECONDS: f32 = 1.0 / 90.0;

    /// A head that has turned to the left by so much within a frame.
    fn turned(radians: f32) -> (Looking, Input) {
        let mut looking = Looking::default();
        let at = |yaw: f32| Input { head: Some(Pose::standing(Vec3::Y, yaw, 0.0)), ..Input::default() };
        looking.step(&at(0.0), PERIOD_SECONDS);
        let input = at(radians);
        looking.step(&input, PERIOD_SECONDS);
        (looking, input)
    }

    fn quality(looking: &Looking, input: &Input, stage: Pose) -> Quality {
        let mut quality = Quality::default();
        let head = input.head.unwrap_or(Pose::IDENTITY).in_parent(stage);
        looking.aim(&mut quality, input, head, stage, PERIOD_SECONDS);
        quality
    }

    #[test]
    fn detail_is_ahead_of_a_head_that_turns_whichever_way_the_stage_lies() {
        // 180° a second: 4° in two frames.
        let (looking, input) = turned(2.0_f32.to_radians());
        for yaw in [0.0, 1.0, -2.5] {
            let stage = Pose::standing(Vec3::ZERO, yaw, 0.0);
            let seen = quality(&looking, &input, stage);
            let expected = Pose::standing(Vec3::ZERO, yaw + 4.0_f32.to_radians(), 0.0).forward();
            assert!(seen.gaze.is_some_and(|gaze| gaze.abs_diff_eq(expected, 1e-4)), "{seen:?}");
            let wider = seen.fovea.inner_radians - Fovea::HEAD_ONLY.inner_radians;
            assert!((wider - 2.0_f32.to_radians()).abs() < 1e-4);
        }
    }

    #[test]
    fn a_head_that_rests_changes_nothing() {
        let (looking, input) = turned(0.0);
        assert_eq!(quality(&looking, &input, Pose::IDENTITY), Quality::default());
        assert_eq!(quality(&Looking::default(), &Input::default(), Pose::IDENTITY), Quality::default());
    }

    #[test]
    fn eyes_that_are_followed_are_late_too() {
        let (looking, mut input) = turned(2.0_f32.to_radians());
        input.gaze = input.head;
        let seen = quality(&looking, &input, Pose::IDENTITY);
        // 4° as above, and 9° in 50 ms.
        let wider = seen.fovea.inner_radians - Fovea::FOLLOWED.inner_radians;
        assert!((wider - 6.5_f32.to_radians()).abs() < 1e-3, "{seen:?}");
    }

    /// A recentred stage, a lost head and a clock that stands still are no movement.
    #[test]
    fn what_is_no_turn_of_the_head_does_not_count() {
        let (mut looking, _) = turned(0.0);
        let far = Input { head: Some(Pose::standing(Vec3::Y, 2.0, 0.0)), ..Input::default() };
        looking.step(&Input { stage_moved: Some(Pose::IDENTITY), ..far }, PERIOD_SECONDS);
        assert_eq!(looking.turn_per_second, Vec3::ZERO);
        looking.step(&Input::default(), PERIOD_SECONDS);
        looking.step(&far, PERIOD_SECONDS);
        assert_eq!(looking.turn_per_second, Vec3::ZERO);
        looking.step(&Input { head: Some(Pose::IDENTITY), ..Input::default() }, 0.0);
        assert_eq!(looking.turn_per_second, Vec3::ZERO);
    }
}
