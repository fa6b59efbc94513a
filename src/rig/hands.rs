//! What the devices say of both hands, frame after frame → what the hands do.
//!
//! In: levels and poses as a runtime gives them, whatever is in them. Out: [`Hand`]s whose presses and
//! releases alternate, whose poses are poses, and which are absent where nothing is known. Hands and
//! controllers may change places at any time: whatever was down is then neither down nor released.

use glam::{Vec2, Vec3};

use super::joints::Joints;
use super::press::Press;
use super::wrist::Wrist;
use super::{Hand, HandKind};
use crate::math::Pose;

/// Tracking that fails for a moment, as when one hand passes before the other, drops nothing: so long the
/// last that was known goes on, seconds.
pub const GRACE_SECONDS: f32 = 0.15;

/// Sticks rest a little beside their middle: so far out they say nothing.
const STICK_REST: f32 = 0.15;

/// Nobody's hand is further from where they stand, metres; what is, is an error of the tracking.
const STAGE_METRES: f32 = 1000.0;

/// A palm that faces the eyes within this angle's cosine (40°) belongs to the system: a pinch there is its
/// gesture.
const SYSTEM_COSINE: f32 = 0.77;

/// A fist is no pinch, though its thumb may lie at the index finger. (A pinching index finger is bent by
/// less.)
const FIST: f32 = 0.6;

/// One hand as a device tells of it. Poses are in the stage's space, metres; levels are 0 ..= 1 and `None`
/// where the device has nothing of the kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RawHand {
    /// How it is known.
    pub kind: HandKind,
    /// As [`Hand::palm`].
    pub palm: Option<Pose>,
    /// As [`Hand::aim`].
    pub aim: Option<Pose>,
    /// What it touches with.
    pub poke: Option<Vec3>,
    /// Trigger or pinch.
    pub select: Option<f32>,
    /// Squeeze or fist.
    pub grab: Option<f32>,
    /// The menu button.
    pub menu: bool,
    /// Right and forward positive.
    pub stick: Vec2,
    /// Of a hand that cameras see.
    pub joints: Option<Joints>,
    /// The runtime says that what the hand does is meant for the system.
    pub is_systems: bool,
}

/// Both hands over time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hands {
    sides: [Side; 2],
}

/// One hand over time.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    known: RawHand,
    missing_seconds: f32,
    select: Press,
    grab: Press,
    menu: Press,
    wrist: Wrist,
}

impl RawHand {
    /// Only what can be: a hand is somewhere or absent.
    fn checked(self, side: usize) -> Self {
        let pose = |pose: Option<Pose>| {
            pose.and_then(Pose::checked).filter(|pose| pose.position.length() < STAGE_METRES)
        };
        let is_bare = self.kind == HandKind::Bare;
        let joints = self.joints.filter(|joints| is_bare && pose(Some(joints.palm(side))).is_some());
        // Drawn from its joints, a hand is where they are.
        let palm = joints.map(|joints| joints.palm(side)).or(pose(self.palm));
        if palm.is_none() || self.kind == HandKind::Absent {
            return Self::default();
        }
        let aim = pose(self.aim).or_else(|| joints.and_then(|joints| joints.aim()));
        let poke = self.poke.filter(|poke| poke.is_finite() && poke.length() < STAGE_METRES);
        let poke = joints.map(|joints| joints.tip()).or(poke).or(aim.map(|aim| aim.position));
        let stick = if self.stick.is_finite() { self.stick } else { Vec2::ZERO };
        Self { palm, aim, poke, joints, stick, ..self }
    }
}

impl Hands {
    /// The next frame, `delta_seconds` later. Where the session is not `is_focused` the person speaks to the
    /// system and not to us.
    pub fn step(
        &mut self,
        raw: &[RawHand; 2],
        head: Option<Pose>,
        is_focused: bool,
        delta_seconds: f32,
    ) -> [Hand; 2] {
        if !is_focused {
            *self = Self::default();
            return [Hand::default(); 2];
        }
        for (index, side) in self.sides.iter_mut().enumerate() {
            side.hear(raw[index].checked(index), delta_seconds);
        }
        let head = head.and_then(Pose::checked);
        let [left, right] = &mut self.sides;
        let touches = [right.known.poke, left.known.poke];
        [left.hand(head, touches[0], delta_seconds), right.hand(head, touches[1], delta_seconds)]
    }
}

impl Side {
    /// Takes what is known now, or goes on with what was for a moment.
    fn hear(&mut self, raw: RawHand, delta_seconds: f32) {
        let is_missing = raw.kind == HandKind::Absent && self.known.kind != HandKind::Absent;
        self.missing_seconds = if is_missing { self.missing_seconds + delta_seconds } else { 0.0 };
        if is_missing && self.missing_seconds <= GRACE_SECONDS {
            return;
        }
        if raw.kind != self.known.kind {
            *self = Self::default();
        }
        self.known = raw;
    }

    fn hand(&mut self, head: Option<Pose>, touch: Option<Vec3>, delta_seconds: f32) -> Hand {
        let RawHand { kind, palm, aim, poke, joints, stick, .. } = self.known;
        if kind == HandKind::Absent {
            return Hand::default();
        }
        let level = |level: Option<f32>| level.unwrap_or_default();
        let fist = joints.map(|joints| joints.fist());
        let pinch = self.known.select.or(joints.map(|joints| joints.pinch()));
        let is_systems = self.known.is_systems;
        // The system's own gesture must trigger nothing here. What was pinched before the palm turned to the
        // face stays: people look at what they hold.
        let may_select = !faces(joints.as_ref(), head) && fist.is_none_or(|fist| fist < FIST);
        let select = self.select.step((!is_systems).then(|| level(pinch)), may_select);
        let grab = self.grab.step((!is_systems).then(|| level(self.known.grab.or(fist))), true);
        let is_pinching = level(pinch) >= super::press::OFF;
        let wrist = match (joints, head) {
            (Some(joints), Some(head)) => {
                self.wrist.step(&joints, head, touch, is_pinching || is_systems, delta_seconds)
            }
            _ => None,
        };
        let is_menu = self.known.menu || self.wrist.is_pressed();
        let menu = self.menu.step(Some(f32::from(is_menu)), true);
        Hand { kind, palm, aim, tip: poke, select, grab, menu, stick: beyond_rest(stick), joints, wrist }
    }
}

/// Whether the palm faces the eyes.
fn faces(joints: Option<&Joints>, head: Option<Pose>) -> bool {
    let (Some(joints), Some(head)) = (joints, head) else { return false };
    let palm = joints.all()[super::joints::PALM].pose.position;
    joints.inside().dot((head.position - palm).normalize_or_zero()) > SYSTEM_COSINE
}

/// A stick's deflection without its rest: zero there, one at the rim.
fn beyond_rest(stick: Vec2) -> Vec2 {
    let out = ((stick.length() - STICK_REST) / (1.0 - STICK_REST)).clamp(0.0, 1.0);
    stick.normalize_or_zero() * out
}

#[cfg(test)]
mod tests;
