//! When something that is pressed more or less counts as pressed.

use super::Button;

/// A press begins at this level of 0 ..= 1: past the slack of a worn trigger, before its stop.
pub const ON: f32 = 0.7;

/// It ends below this one. A finger that trembles moves a trigger by less than the fifth between them.
pub const OFF: f32 = 0.5;

/// One button's memory. What is down when it first becomes known was not pressed here, and what becomes
/// unknown was not let go here: neither is a press or a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Press(State);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Counts for nothing until it was up.
    #[default]
    Unready,
    Up,
    Down,
}

impl Press {
    /// The next frame's `level`, 0 ..= 1; `None` and numbers that are none cancel. While `may_begin` is
    /// false no press begins, and what was pressed meanwhile has to be let go first.
    pub fn step(&mut self, level: Option<f32>, may_begin: bool) -> Button {
        let Some(level) = level.filter(|level| !level.is_nan()) else {
            self.0 = State::Unready;
            return Button::default();
        };
        let before = self.0;
        self.0 = match before {
            State::Unready | State::Down if level < OFF => State::Up,
            State::Up if level >= ON && may_begin => State::Down,
            State::Up if level >= ON => State::Unready,
            same => same,
        };
        Button {
            is_down: self.0 == State::Down,
            is_pressed: (before, self.0) == (State::Up, State::Down),
            is_released: (before, self.0) == (State::Down, State::Up),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(levels: &[Option<f32>]) -> Vec<Button> {
        let mut press = Press::default();
        levels.iter().map(|&level| press.step(level, true)).collect()
    }

    const NOTHING: Button = Button { is_down: false, is_pressed: false, is_released: false };
    const PRESSED: Button = Button { is_down: true, is_pressed: true, is_released: false };
    const HELD: Button = Button { is_down: true, is_pressed: false, is_released: false };
    const RELEASED: Button = Button { is_down: false, is_pressed: false, is_released: true };

    #[test]
    fn a_trembling_trigger_presses_once() {
        let levels = [0.0, 0.6, 0.72, 0.66, 0.71, 0.52, 0.49, 0.6, 0.69].map(Some);
        let expected = [NOTHING, NOTHING, PRESSED, HELD, HELD, HELD, RELEASED, NOTHING, NOTHING];
        assert_eq!(run(&levels), expected);
    }

    #[test]
    fn what_comes_down_has_to_be_up_first_and_what_goes_is_cancelled() {
        let levels = [Some(1.0), Some(0.6), Some(0.4), Some(0.9), None, Some(0.9), Some(0.0), Some(1.0)];
        let expected = [NOTHING, NOTHING, NOTHING, PRESSED, NOTHING, NOTHING, NOTHING, PRESSED];
        assert_eq!(run(&levels), expected);
        assert_eq!(run(&[Some(0.0), Some(1.0), Some(f32::NAN)])[2], NOTHING);
    }

    #[test]
    fn what_is_pressed_while_it_may_not_is_not_pressed_later() {
        let mut press = Press::default();
        let steps = [(0.0, true), (1.0, false), (1.0, true), (0.0, true), (1.0, true), (1.0, false)];
        let seen = steps.map(|(level, may_begin)| press.step(Some(level), may_begin));
        assert_eq!(seen, [NOTHING, NOTHING, NOTHING, NOTHING, PRESSED, HELD]);
    }
}
