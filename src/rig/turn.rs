//! Sticks to the side → how far to turn.

use super::{Input, Settings, Turn, Walk};

/// A stick that is pushed further than this means it.
pub(super) const PUSHED: f32 = 0.7;

/// A stick that is less far from its middle than this is let go.
pub(super) const LET_GO: f32 = 0.35;

/// Below this a stick rests: the drift of worn ones.
const DEAD_ZONE: f32 = 0.2;

/// Smooth turning at full push, radians a second: a quarter turn a second.
const TURN_RADIANS_PER_SECOND: f32 = std::f32::consts::FRAC_PI_2;

/// Remembers which sticks have turned and were not let go since.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Turner {
    is_spent: [bool; 2],
}

impl Turner {
    /// Radians to the left in this frame. A hand that `is_aiming` with its stick does not turn.
    pub fn turn(
        &mut self,
        input: &Input,
        settings: &Settings,
        is_aiming: [bool; 2],
        delta_seconds: f32,
    ) -> f32 {
        let mut radians = 0.0;
        for (index, hand) in input.hands.iter().enumerate() {
            let stick = hand.stick;
            // The left stick glides, where gliding is chosen.
            let is_free = !(is_aiming[index] || (settings.walk == Walk::Slide && index == 0));
            let is_sideways = stick.x.abs() > stick.y.abs() && is_free;
            match settings.turn {
                Turn::Snap { angle_degrees } => {
                    if is_sideways && stick.x.abs() > PUSHED && !self.is_spent[index] {
                        self.is_spent[index] = true;
                        radians -= snap_radians(angle_degrees).copysign(stick.x);
                    }
                }
                Turn::Smooth if is_sideways => {
                    let push = ((stick.x.abs() - DEAD_ZONE) / (1.0 - DEAD_ZONE)).clamp(0.0, 1.0);
                    radians -= (push * TURN_RADIANS_PER_SECOND * delta_seconds).copysign(stick.x);
                }
                Turn::Smooth => {}
            }
            if stick.x.abs() < LET_GO {
                self.is_spent[index] = false;
            }
        }
        radians
    }
}

fn snap_radians(angle_degrees: f32) -> f32 {
    let angle = if angle_degrees.is_finite() { angle_degrees } else { 45.0 };
    angle.clamp(5.0, 180.0).to_radians()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec2;

    fn pushed(x: f32, y: f32) -> Input {
        let mut input = Input::default();
        input.hands[1].stick = Vec2::new(x, y);
        input
    }

    #[test]
    fn a_push_turns_once_until_the_stick_is_let_go() {
        let (mut turner, settings) = (Turner::default(), Settings::default());
        let mut turn = |x, y| turner.turn(&pushed(x, y), &settings, [false; 2], 0.01).to_degrees();
        assert!((turn(0.8, 0.0) + 45.0).abs() < 1e-4, "to the right");
        assert_eq!(turn(1.0, 0.0), 0.0);
        assert_eq!(turn(0.5, 0.0), 0.0);
        assert_eq!(turn(0.8, 0.0), 0.0, "it trembled and was not let go");
        assert_eq!(turn(0.1, 0.0), 0.0);
        assert!((turn(-0.9, 0.3) - 45.0).abs() < 1e-4, "to the left");
        assert_eq!(turn(0.0, 0.0), 0.0);
        assert_eq!(turn(0.75, 0.9), 0.0, "forward is no turn");
    }

    #[test]
    fn smooth_turning_goes_on_while_held_and_the_gliding_stick_does_not_turn() {
        let settings = Settings { turn: Turn::Smooth, walk: Walk::Slide, ..Settings::default() };
        let mut turner = Turner::default();
        let degrees = turner.turn(&pushed(-1.0, 0.0), &settings, [false; 2], 0.5).to_degrees();
        assert!((degrees - 45.0).abs() < 1e-3);
        assert_eq!(turner.turn(&pushed(0.1, 0.0), &settings, [false; 2], 0.5), 0.0);
        let mut left = Input::default();
        left.hands[0].stick = Vec2::X;
        assert_eq!(turner.turn(&left, &settings, [false; 2], 0.5), 0.0);
    }
}
