//! What the hands feel of what they do: a tick for a press, a bump for what is taken.

use std::time::Duration;

use crate::rig::Hand;

/// What one hand feels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buzz {
    /// 0 ..= 1.
    pub strength: f32,
    /// How long.
    pub duration: Duration,
}

/// Long enough to be felt, short enough to be one event.
const TICK: Buzz = Buzz { strength: 0.25, duration: Duration::from_millis(15) };
const MENU: Buzz = Buzz { strength: 0.5, duration: Duration::from_millis(30) };
const TAKEN: Buzz = Buzz { strength: 0.7, duration: Duration::from_millis(40) };
const LEFT: Buzz = Buzz { strength: 0.3, duration: Duration::from_millis(20) };

/// Knows what the hands held in the last frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Feel {
    held: [Option<u32>; 2],
}

impl Feel {
    /// What each hand is to feel now, that does this and holds that; the strongest of it.
    pub fn step(&mut self, hands: &[Hand; 2], holds: [Option<u32>; 2]) -> [Option<Buzz>; 2] {
        let before = std::mem::replace(&mut self.held, holds);
        [0, 1].map(|side| {
            let hand = &hands[side];
            match (before[side], holds[side]) {
                (old, Some(new)) if old != Some(new) => Some(TAKEN),
                _ if hand.menu.is_pressed => Some(MENU),
                (Some(_), None) => Some(LEFT),
                _ if hand.select.is_pressed => Some(TICK),
                _ => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::Button;

    #[test]
    fn each_hand_feels_what_it_does_itself_and_once() {
        let pressed = Button { is_down: true, is_pressed: true, is_released: false };
        let quiet = Hand::default();
        let selects = Hand { select: pressed, ..quiet };
        let asks = Hand { menu: pressed, ..quiet };
        let mut feel = Feel::default();
        assert_eq!(feel.step(&[selects, quiet], [None; 2]), [Some(TICK), None]);
        assert_eq!(feel.step(&[quiet, selects], [None, Some(3)]), [None, Some(TAKEN)]);
        assert_eq!(
            feel.step(&[asks, quiet], [None, Some(3)]),
            [Some(MENU), None],
            "held on, nothing is felt"
        );
        assert_eq!(feel.step(&[quiet; 2], [Some(3), None]), [Some(TAKEN), Some(LEFT)], "from hand to hand");
        assert_eq!(feel.step(&[quiet; 2], [Some(4), None]), [Some(TAKEN), None]);
    }
}
