//! Hands that take, carry and throw things.

use glam::{Quat, Vec3};

use super::{Button, Hand, HandKind};
use crate::math::Pose;
use crate::physics::World;
use crate::scene::PropId;

/// So near to the palm's middle a thing's surface must be, metres: within the fingers' reach.
const REACH_METRES: f32 = 0.12;

/// A throw is as fast as the hand was over this time before it let go, seconds: shorter and the tremor
/// of tracking flies along, longer and the swing's beginning slows it down.
const TRAIL_SECONDS: f32 = 0.1;

/// Samples that are kept: at 120 Hz they are more than the time above.
const TRAIL_MAX: usize = 16;

/// With what a hand holds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grip {
    Grab,
    Select,
}

impl Grip {
    fn button(self, hand: &Hand) -> Button {
        match self {
            Self::Grab => hand.grab,
            Self::Select => hand.select,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    prop: PropId,
    grip: Grip,
    palm_from_prop: Pose,
}

/// Where a palm was in the last moments, in the stage: a leap is no throw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Trail {
    /// Seconds ago, and where.
    samples: [(f32, Vec3, Quat); TRAIL_MAX],
    count: usize,
}

impl Trail {
    fn add(&mut self, palm: Pose, delta_seconds: f32) {
        self.samples.iter_mut().for_each(|sample| sample.0 += delta_seconds);
        self.samples.rotate_right(1);
        self.samples[0] = (0.0, palm.position, palm.orientation);
        self.count = (self.count + 1).min(TRAIL_MAX);
    }

    /// Metres and radians a second: the line through the positions by least squares, and the turn from
    /// the first to the last.
    fn velocity(&self) -> (Vec3, Vec3) {
        let recent = self.samples.iter().take(self.count).take_while(|sample| sample.0 <= TRAIL_SECONDS);
        let count = recent.clone().count();
        let weight = 1.0 / count.max(1) as f32;
        let mean =
            recent.clone().fold((0.0, Vec3::ZERO), |sum, s| (sum.0 + s.0 * weight, sum.1 + s.1 * weight));
        let sums = recent.clone().fold((0.0, Vec3::ZERO), |sum, sample| {
            let seconds = mean.0 - sample.0;
            (sum.0 + seconds * seconds, sum.1 + (sample.1 - mean.1) * seconds)
        });
        let (Some(last), Some(first)) = (recent.clone().next(), recent.last()) else {
            return (Vec3::ZERO, Vec3::ZERO);
        };
        let seconds = first.0 - last.0;
        if count < 2 || sums.0 <= 1e-6 || seconds <= 1e-3 {
            return (Vec3::ZERO, Vec3::ZERO);
        }
        let turn = last.2 * first.2.inverse();
        let turn = if turn.w < 0.0 { -turn } else { turn };
        (sums.1 / sums.0, turn.to_scaled_axis() / seconds)
    }
}

/// Both hands and what they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Grasp {
    held: [Option<Held>; 2],
    trails: [Trail; 2],
}

impl Grasp {
    /// Takes and lets go as the buttons say; `stage` is world from stage. A button that holds something
    /// is not for anything else: it is up for whoever looks next. Call it before the person is moved.
    pub fn take(&mut self, hands: &mut [Hand; 2], stage: Pose, world: &mut World, delta_seconds: f32) {
        for (index, shown) in hands.iter_mut().enumerate() {
            let hand = *shown;
            let palm = hand.palm.filter(|palm| hand.kind != HandKind::Absent && is_pose(*palm));
            match palm {
                Some(palm) => self.trails[index].add(palm, delta_seconds),
                None => self.trails[index] = Trail::default(),
            }
            if let Some(held) = self.held[index] {
                self.keep_or_let_go(index, held, &hand, palm.is_some(), stage, world);
            } else if let Some(palm) = palm {
                self.take_with(index, &hand, palm.in_parent(stage), world);
            }
            match self.held[index].map(|held| held.grip) {
                Some(Grip::Grab) => shown.grab = Button::default(),
                Some(Grip::Select) => shown.select = Button::default(),
                None => {}
            }
        }
    }

    /// Takes what is held to where the hands are. Call it after the person was moved.
    pub fn carry(&self, hands: &[Hand; 2], stage: Pose, world: &mut World) {
        for (held, hand) in self.held.iter().zip(hands) {
            if let (Some(held), Some(palm)) = (held, hand.palm.filter(|palm| is_pose(*palm))) {
                world.hold_prop(held.prop, held.palm_from_prop.in_parent(palm.in_parent(stage)));
            }
        }
    }

    /// What each hand holds.
    pub fn holds(&self) -> [Option<PropId>; 2] {
        self.held.map(|held| held.map(|held| held.prop))
    }

    /// Another venue has other things.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    fn keep_or_let_go(
        &mut self,
        index: usize,
        held: Held,
        hand: &Hand,
        is_tracked: bool,
        stage: Pose,
        world: &mut World,
    ) {
        let button = held.grip.button(hand);
        if is_tracked && button.is_down {
            return;
        }
        self.held[index] = None;
        // A press that was cancelled, or a hand that is out of sight, has not thrown.
        let is_throw = is_tracked && button.is_released;
        let (velocity, spin) = if is_throw { self.trails[index].velocity() } else { Default::default() };
        world.let_go_of_prop(held.prop, stage.orientation * velocity, stage.orientation * spin);
    }

    fn take_with(&mut self, index: usize, hand: &Hand, palm: Pose, world: &World) {
        let grip = match (hand.grab.is_pressed, hand.select.is_pressed) {
            (true, _) => Grip::Grab,
            (_, true) => Grip::Select,
            _ => return,
        };
        let Some(prop) = world.nearest_prop(palm.position, REACH_METRES) else { return };
        let Some(pose) = world.prop_pose(prop) else { return };
        // From one hand to the other.
        for other in &mut self.held {
            if other.is_some_and(|other| other.prop == prop) {
                *other = None;
            }
        }
        let turn = palm.orientation.inverse();
        let palm_from_prop = Pose {
            position: turn * (pose.position - palm.position),
            orientation: (turn * pose.orientation).normalize(),
        };
        self.held[index] = Some(Held { prop, grip, palm_from_prop });
    }
}

fn is_pose(pose: Pose) -> bool {
    pose.position.is_finite() && pose.orientation.is_finite() && pose.orientation.length_squared() > 0.5
}

#[cfg(test)]
mod tests;
