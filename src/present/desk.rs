//! Keyboard and mouse → [`Input`]: a person at a desk.
//!
//! W A S D or the arrows walk, Shift runs, dragging with the mouse looks around, Q and E turn,
//! B shows both eyes, P takes a picture, R tries again, Home goes back to the start, Esc leaves. M or
//! Tab opens the menu, in which the mouse points and presses.

use glam::Vec2;

use crate::math::Pose;
use crate::rig::{Button, Cursor, Hand, Input};

/// Radians that a drag over one pixel turns the head: half a turn for 1500 pixels.
const TURN_RADIANS_PER_PIXEL: f32 = 0.002;

/// Radians a second that a held turn key turns.
const TURN_RADIANS_PER_SECOND: f32 = 1.8;

/// A key that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Walk ahead.
    Ahead,
    /// Walk back.
    Back,
    /// Step to the left.
    Left,
    /// Step to the right.
    Right,
    /// Turn to the left.
    TurnLeft,
    /// Turn to the right.
    TurnRight,
    /// Run.
    Fast,
    /// Take a picture.
    Screenshot,
    /// Show both eyes, or one.
    BothEyes,
    /// Back to the start.
    Recentre,
    /// Try again.
    Retry,
    /// Leave.
    Leave,
    /// Open or close the menu.
    Menu,
}

/// How many keys there are.
const KEYS: usize = Key::Menu as usize + 1;

/// What is held, and what happened since the last frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Desk {
    held: [bool; KEYS],
    pressed: [bool; KEYS],
    drag_pixels: Vec2,
    is_dragging: bool,
    cursor: Option<Pose>,
    button: Button,
}

impl Desk {
    /// A key went down or up. Repeats are no presses.
    pub fn key(&mut self, key: Key, is_down: bool) {
        let slot = key as usize;
        self.pressed[slot] |= is_down && !self.held[slot];
        self.held[slot] = is_down;
    }

    /// The mouse button went down or up.
    pub fn drag(&mut self, is_down: bool) {
        self.is_dragging = is_down;
    }

    /// The mouse is over what is along −Z of this ray, given from the head; `None`: it is elsewhere.
    pub fn point(&mut self, ray: Option<Pose>) {
        self.cursor = ray;
    }

    /// The mouse's first button went down or up.
    pub fn press(&mut self, is_down: bool) {
        self.button.is_pressed |= is_down && !self.button.is_down;
        self.button.is_released |= !is_down && self.button.is_down;
        self.button.is_down = is_down;
    }

    /// The mouse moved, pixels right and down.
    pub fn mouse(&mut self, delta_pixels: Vec2) {
        if self.is_dragging {
            self.drag_pixels += delta_pixels;
        }
    }

    /// The window lost the keyboard: nothing is held any more.
    pub fn release_all(&mut self) {
        self.held = Default::default();
        self.is_dragging = false;
        // Taken away, not let go: nothing is clicked.
        self.button = Button::default();
    }

    /// The frame's input; presses and mouse movement are handed out once.
    pub fn take(&mut self, delta_seconds: f32) -> Input {
        let axis = |positive: Key, negative: Key| {
            f32::from(u8::from(self.held[positive as usize]))
                - f32::from(u8::from(self.held[negative as usize]))
        };
        let pressed = |key: Key| self.pressed[key as usize];
        let menu = Button {
            is_down: self.held[Key::Menu as usize],
            is_pressed: pressed(Key::Menu),
            is_released: false,
        };
        let turn = axis(Key::TurnLeft, Key::TurnRight) * TURN_RADIANS_PER_SECOND * delta_seconds;
        let input = Input {
            walk: Vec2::new(axis(Key::Right, Key::Left), axis(Key::Ahead, Key::Back)),
            is_fast: self.held[Key::Fast as usize],
            turn_radians: turn - self.drag_pixels.x * TURN_RADIANS_PER_PIXEL,
            look_up_radians: -self.drag_pixels.y * TURN_RADIANS_PER_PIXEL,
            screenshot: pressed(Key::Screenshot),
            toggle_both_eyes: pressed(Key::BothEyes),
            recentre: pressed(Key::Recentre),
            retry: pressed(Key::Retry),
            leave: pressed(Key::Leave),
            cursor: self.cursor.map(|ray| Cursor { ray, button: self.button }),
            hands: [Hand::default(), Hand { menu, ..Hand::default() }],
            ..Input::default()
        };
        self.button = Button { is_down: self.button.is_down, ..Button::default() };
        self.pressed = Default::default();
        self.drag_pixels = Vec2::ZERO;
        input
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_counts_once_and_a_hold_goes_on() {
        let mut desk = Desk::default();
        desk.key(Key::Ahead, true);
        desk.key(Key::Screenshot, true);
        desk.key(Key::Screenshot, true);
        let first = desk.take(0.01);
        assert!(first.screenshot && first.walk == Vec2::Y);
        desk.key(Key::Screenshot, true);
        let second = desk.take(0.01);
        assert!(!second.screenshot && second.walk == Vec2::Y);
        desk.release_all();
        assert_eq!(desk.take(0.01), Input::default());
    }

    #[test]
    fn dragging_right_turns_right_and_only_while_held() {
        let mut desk = Desk::default();
        desk.mouse(Vec2::new(100.0, 0.0));
        assert_eq!(desk.take(0.01).turn_radians, 0.0);
        desk.drag(true);
        desk.mouse(Vec2::new(100.0, -50.0));
        let input = desk.take(0.01);
        assert!((input.turn_radians + 0.2).abs() < 1e-6 && (input.look_up_radians - 0.1).abs() < 1e-6);
    }

    #[test]
    fn a_mouse_presses_once_and_a_window_that_loses_it_lets_nothing_go() {
        let mut desk = Desk::default();
        desk.point(Some(Pose::IDENTITY));
        desk.press(true);
        let button = |desk: &mut Desk| desk.take(0.01).cursor.map(|cursor| cursor.button).unwrap_or_default();
        let down = Button { is_down: true, ..Button::default() };
        assert_eq!(button(&mut desk), Button { is_pressed: true, ..down });
        assert_eq!(button(&mut desk), down);
        desk.press(false);
        desk.press(true);
        assert_eq!(button(&mut desk), Button { is_down: true, is_pressed: true, is_released: true });
        desk.release_all();
        assert_eq!(button(&mut desk), Button::default());
        desk.press(false);
        assert_eq!(button(&mut desk), Button::default(), "it was not down any more");
        desk.key(Key::Menu, true);
        assert!(desk.take(0.01).hands[1].menu.is_pressed);
        assert!(!desk.take(0.01).hands[1].menu.is_pressed);
        desk.point(None);
        assert_eq!(desk.take(0.01).cursor, None);
    }
}
