//! A person in the venue: where they stand, what their room's stage hangs on, and how they move.
//!
//! The *body* stands on the ground and is what walls stop; the *head* goes where it likes, in the stage.
//! The body follows the head as far as it gets. What a stick, a key or a leap does moves the stage.

use std::f32::consts::FRAC_PI_4;

use glam::{Quat, Vec2, Vec3};

use super::comfort::{self, Comfort};
use super::refuge::Refuge;
use super::turn::{LET_GO, PUSHED, Turner};
use super::{HandKind, Input, Leap, Settings, Turn, Walk};
use crate::math::Pose;
use crate::physics::{Body, DROP_METRES, Walked, World};

/// Eye height of a standing adult, metres: near the middle of the published percentiles
/// (ISO 7250-1: 1.50 m women, 1.62 m men).
pub const EYE_HEIGHT_METRES: f32 = 1.6;

/// From the eyes to the top of the head, metres (ISO 7250-1: stature less eye height).
const EYES_TO_TOP_METRES: f32 = 0.12;

/// A comfortable walk, metres a second (Bohannon, "Comfortable and maximum walking speed of adults", 1997).
const WALK_METRES_PER_SECOND: f32 = 1.4;

/// A run.
const RUN_METRES_PER_SECOND: f32 = 4.5;

/// From standing to walking in a fifth of a second, metres a second squared.
const GLIDE_METRES_PER_SECOND_SQUARED: f32 = 7.0;

/// A fall gets no faster, metres a second: from the highest edge that one may walk over it is not reached.
const FALL_METRES_PER_SECOND_MAX: f32 = 8.0;

/// How quickly the view follows the feet up and down steps, metres a second.
const RISE_METRES_PER_SECOND: f32 = 3.0;

/// A head that sways less than this takes no body along, metres: it is still further from a wall than
/// its own size.
const LEAN_METRES_MIN: f32 = 0.04;

/// Somebody who grew or shrank by less is as tall as before, metres.
const GROWTH_METRES_MIN: f32 = 0.02;

/// Straight up and straight down stay out of reach, so that left stays left.
const LOOK_UP_LIMIT_RADIANS: f32 = 1.5;

/// A frame that took longer is as if it had not, seconds: after a pause nobody has walked a mile.
const DELTA_SECONDS_MAX: f32 = 0.1;

/// A head further from the stage's middle is a fault of tracking, metres.
const STAGE_METRES_MAX: f32 = 100.0;

/// Whoever aims for less does not leap, seconds: fingers twitch.
const AIM_SECONDS_MIN: f32 = 0.1;

/// Where room is looked for around somebody who is in something, metres, and how high.
const ROOM_METRES: [f32; 5] = [0.3, 0.6, 0.9, 1.2, 1.5];
const ROOM_UP_METRES: f32 = 0.4;

/// What an arc is aimed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aimer {
    Select,
    Stick,
}

/// Somebody who aims.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Aiming {
    hand: usize,
    aimer: Aimer,
    seconds: f32,
    leap: Leap,
}

/// Where the feet are and where the head looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// On the ground, metres.
    pub feet: Vec3,
    /// Turned to the left from −Z: in a headset the stage, else the person.
    pub yaw_radians: f32,
    /// Looking up from the horizon. In a headset the head does this by itself and it stays 0.
    pub pitch_radians: f32,
    /// The middle of the stage's floor in the world.
    origin: Vec3,
    /// Stage from head, as it was last known.
    head: Pose,
    body: Body,
    velocity: Vec3,
    fall_speed: f32,
    drop_metres: Option<f32>,
    is_over_ground: bool,
    /// In something, with no room near: walks out through it.
    is_stuck: bool,
    revision: Option<u32>,
    turner: Turner,
    aiming: Option<Aiming>,
    refuge: Refuge,
    comfort: Comfort,
    start: (Vec3, f32),
    /// Where feet and stage are put once the ground is there.
    arrival: (Vec3, Vec3),
}

impl Person {
    /// Standing at `spawn`, looking along it.
    pub fn at(spawn: Pose) -> Self {
        let forward = spawn.forward();
        let yaw_radians = (-forward.x).atan2(-forward.z);
        let pitch_radians = forward.y.clamp(-1.0, 1.0).asin();
        Self {
            feet: spawn.position,
            yaw_radians,
            pitch_radians,
            origin: spawn.position,
            head: Pose { position: Vec3::Y * EYE_HEIGHT_METRES, ..Pose::IDENTITY },
            body: Body::of_height(EYE_HEIGHT_METRES + EYES_TO_TOP_METRES),
            velocity: Vec3::ZERO,
            fall_speed: 0.0,
            drop_metres: None,
            is_over_ground: false,
            is_stuck: false,
            revision: None,
            turner: Turner::default(),
            aiming: None,
            refuge: Refuge::default(),
            comfort: Comfort::default(),
            start: (spawn.position, yaw_radians),
            arrival: (spawn.position, spawn.position),
        }
    }

    /// Moves as asked for `delta_seconds` and says how the view is to be dimmed.
    pub fn step(&mut self, input: &Input, settings: &Settings, world: &World, delta_seconds: f32) -> Comfort {
        let delta_seconds = if delta_seconds.is_finite() { delta_seconds } else { 0.0 };
        let delta_seconds = delta_seconds.clamp(0.0, DELTA_SECONDS_MAX);
        let input = &sane(input);
        if let Some(moved) = input.stage_moved {
            self.keep_head(moved);
        }
        self.track(input.head, world);
        if input.recentre {
            self.recentre();
        }
        let turned = self.turn(input, settings, delta_seconds);
        self.settle(world);
        self.leap(input, settings, world, delta_seconds);
        let glided = self.walk(input, settings, world, delta_seconds);
        self.fall(world, delta_seconds);
        self.rise(delta_seconds);
        self.spare(world, input.head.is_some(), turned, glided, delta_seconds);
        self.comfort
    }

    /// Is put down there, looking `yaw_radians` to the left of −Z, whatever is in the way.
    pub fn put(&mut self, feet: Vec3, yaw_radians: f32) {
        (self.feet, self.origin, self.velocity) = (feet, feet, Vec3::ZERO);
        (self.yaw_radians, self.pitch_radians) = (yaw_radians, 0.0);
    }

    /// World from the stage's floor: what a headset's space hangs on.
    pub fn stage(&self) -> Pose {
        Pose::standing(self.origin, self.yaw_radians, 0.0)
    }

    /// World from the head of somebody without a headset: eye height above the feet.
    pub fn head(&self) -> Pose {
        Pose::standing(self.origin + Vec3::Y * EYE_HEIGHT_METRES, self.yaw_radians, self.pitch_radians)
    }

    /// World from the head, with a headset or without.
    pub fn head_in_world(&self) -> Pose {
        self.head.in_parent(self.stage())
    }

    /// How much room the person takes.
    pub fn body(&self) -> Body {
        self.body
    }

    /// The arc, while somebody aims.
    pub fn leap_aimed(&self) -> Option<&Leap> {
        self.aiming.as_ref().map(|aiming| &aiming.leap)
    }

    /// The runtime has moved the stage in the room: what was at `old_from_new` is its middle now. The
    /// head stays where it is in the world.
    pub fn keep_head(&mut self, old_from_new: Pose) {
        let turn = old_from_new.orientation;
        if !old_from_new.position.is_finite() || !turn.is_finite() || turn.length_squared() < 0.5 {
            return;
        }
        // Floors stay level and where they are.
        let level = Pose::standing(old_from_new.position.with_y(0.0), yaw_of(old_from_new), 0.0);
        let stage = level.in_parent(self.stage());
        let back = level.orientation.inverse();
        self.head = Pose {
            position: back * (self.head.position - level.position),
            orientation: (back * self.head.orientation).normalize(),
        };
        (self.origin, self.yaw_radians) = (stage.position, yaw_of(stage));
    }

    /// Back to where the visit began, looking the way it did.
    fn recentre(&mut self) {
        let (feet, yaw) = self.start;
        self.yaw_radians = (yaw - yaw_of(self.head)).rem_euclid(std::f32::consts::TAU);
        self.pitch_radians = 0.0;
        self.velocity = Vec3::ZERO;
        self.aiming = None;
        self.land(feet);
    }

    /// Puts feet and head over `place`.
    fn land(&mut self, place: Vec3) {
        self.feet = place;
        let head = Quat::from_rotation_y(self.yaw_radians) * self.head.position;
        self.origin = (place - head).with_y(place.y);
        self.fall_speed = 0.0;
        self.is_stuck = false;
        // How they stand there is found out before the next step.
        self.drop_metres = None;
        self.revision = None;
    }

    /// Takes the head's pose, if it is one, and lets the body be as tall, if there is room for it.
    fn track(&mut self, head: Option<Pose>, world: &World) {
        if let Some(head) = head {
            self.head = head;
        }
        let body = Body::of_height(self.head.position.y + EYES_TO_TOP_METRES);
        let grows = body.height_metres() - self.body.height_metres();
        if grows.abs() > GROWTH_METRES_MIN && (grows < 0.0 || self.is_stuck || world.fits(self.feet, body)) {
            self.body = body;
        }
    }

    fn turn(&mut self, input: &Input, settings: &Settings, delta_seconds: f32) -> f32 {
        let aims = |hand| matches!(self.aiming, Some(a) if a.hand == hand && a.aimer == Aimer::Stick);
        let is_aiming = [aims(0), aims(1)];
        let radians = input.turn_radians + self.turner.turn(input, settings, is_aiming, delta_seconds);
        let before = self.head_in_world().position;
        self.yaw_radians = (self.yaw_radians + radians).rem_euclid(std::f32::consts::TAU);
        self.origin += (before - self.head_in_world().position).with_y(0.0);
        self.pitch_radians =
            (self.pitch_radians + input.look_up_radians).clamp(-LOOK_UP_LIMIT_RADIANS, LOOK_UP_LIMIT_RADIANS);
        if settings.turn == Turn::Smooth { radians } else { 0.0 }
    }

    /// Finds room for somebody around whom the ground has changed.
    fn settle(&mut self, world: &World) {
        if self.revision.replace(world.revision()) == Some(world.revision()) {
            return;
        }
        self.is_stuck = !world.fits(self.feet, self.body);
        if !self.is_stuck {
            self.stand(world.standing(self.feet, self.body));
            return;
        }
        // Ahead first: whoever begins in a door came to see what lies before them.
        let turns = [0_i8, 1, -1, 2, -2, 3, -3, 4].map(|eighth| f32::from(eighth) * FRAC_PI_4);
        let rings = ROOM_METRES.iter().flat_map(|&radius| turns.map(|turn| (radius, turn)));
        let around = rings.map(|(radius, turn)| {
            Quat::from_rotation_y(self.yaw_radians + turn) * Vec3::new(0.0, 0.0, -radius)
        });
        let found = std::iter::once(Vec3::ZERO)
            .chain(around)
            .find_map(|shift| world.stand(self.feet + shift, self.body, ROOM_UP_METRES, DROP_METRES));
        if let Some(place) = found {
            let lean = (self.head_in_world().position - self.feet).with_y(0.0);
            self.land(place);
            self.origin += lean;
            self.revision = Some(world.revision());
            self.stand(world.standing(place, self.body));
        }
    }

    /// The ground is another one from now on: the person will [`arrive`](Self::arrive) where they stand now.
    pub fn stay(&mut self) {
        self.arrival = (self.feet, self.origin);
    }

    /// All the ground around is there for the first time: the person begins the visit anew, standing on it,
    /// wherever single pieces of it have led them.
    pub fn arrive(&mut self, world: &World) {
        // The stage stays where the visit hung it: the head keeps its place in the room.
        (self.feet, self.origin) = self.arrival;
        self.fall_speed = 0.0;
        (self.drop_metres, self.revision) = (None, None);
        self.settle(world);
        if let Some(drop) = self.drop_metres.filter(|_| !self.is_stuck) {
            let feet = self.feet - Vec3::Y * drop;
            if world.fits(feet, self.body) {
                (self.feet, self.drop_metres) = (feet, Some(0.0));
            }
        }
        self.origin.y = self.feet.y;
    }

    fn leap(&mut self, input: &Input, settings: &Settings, world: &World, delta_seconds: f32) {
        let begun = self.aiming.map(|a| (a.hand, a.aimer, a.seconds)).or_else(|| begin(input, settings));
        self.aiming = None;
        let Some((hand, aimer, seconds)) = begun else { return };
        let Some(state) = input.hands.get(hand).filter(|hand| hand.kind != HandKind::Absent) else { return };
        let Some(aim) = state.aim else { return };
        let (is_held, is_let_go) = match aimer {
            Aimer::Select => (state.select.is_down, state.select.is_released),
            Aimer::Stick => (state.stick.length() > LET_GO, state.stick.length() <= LET_GO),
        };
        if !is_held && !is_let_go {
            return;
        }
        let head = self.head_in_world().position;
        let leap = Leap::aim(aim.in_parent(self.stage()), head, self.body, world);
        if is_held {
            self.aiming = Some(Aiming { hand, aimer, seconds: seconds + delta_seconds, leap });
        } else if let Some(target) = leap.target()
            && seconds >= AIM_SECONDS_MIN
        {
            self.velocity = Vec3::ZERO;
            self.land(target);
            self.settle(world);
        }
    }

    /// Glides where stick and keys say, then takes the body to the head. Returns the speed that the
    /// person was moved with, metres a second.
    fn walk(&mut self, input: &Input, settings: &Settings, world: &World, delta_seconds: f32) -> f32 {
        let mut wish = input.walk;
        if settings.walk == Walk::Slide {
            wish += input.hands[0].stick;
        }
        let speed = if input.is_fast { RUN_METRES_PER_SECOND } else { WALK_METRES_PER_SECOND };
        let wish = wish.clamp_length_max(1.0) * speed;
        let looks = Quat::from_rotation_y(self.yaw_radians + yaw_of(self.head));
        let wanted = looks * Vec3::new(wish.x, 0.0, -wish.y);
        let change =
            (wanted - self.velocity).clamp_length_max(GLIDE_METRES_PER_SECOND_SQUARED * delta_seconds);
        self.velocity += change;
        let glide = self.velocity * delta_seconds;
        if glide.length_squared() > 1e-10 {
            let before = self.feet;
            self.go(glide, world);
            let moved = (self.feet - before).with_y(0.0);
            self.origin += moved;
            // What a wall took is gone: it does not wait behind it.
            if delta_seconds > 0.0 && moved.length() < 0.9 * glide.length() {
                self.velocity = moved / delta_seconds;
            }
        }
        let lean = (self.head_in_world().position - self.feet).with_y(0.0);
        if lean.length() > LEAN_METRES_MIN {
            self.go(lean, world);
        }
        self.velocity.length()
    }

    /// Moves the body as far as it gets.
    fn go(&mut self, shift: Vec3, world: &World) {
        if self.is_stuck {
            self.feet += shift;
            if world.fits(self.feet, self.body) {
                self.is_stuck = false;
                self.stand(world.standing(self.feet, self.body));
            }
            return;
        }
        let here =
            Walked { feet: self.feet, drop_metres: self.drop_metres, is_over_ground: self.is_over_ground };
        self.stand(world.walk(here, self.body, shift));
    }

    fn stand(&mut self, walked: Walked) {
        let Walked { feet, drop_metres, is_over_ground } = walked;
        (self.feet, self.drop_metres, self.is_over_ground) = (feet, drop_metres, is_over_ground);
    }

    fn fall(&mut self, world: &World, delta_seconds: f32) {
        let drop = self.drop_metres.filter(|&drop| drop > 1e-3 && !self.is_stuck);
        let Some(drop) = drop else {
            self.fall_speed = 0.0;
            return;
        };
        self.fall_speed = (self.fall_speed + 9.81 * delta_seconds).min(FALL_METRES_PER_SECOND_MAX);
        let step = (self.fall_speed * delta_seconds).min(drop);
        let feet = self.feet - Vec3::Y * step;
        if world.fits(feet, self.body) {
            (self.feet, self.drop_metres) = (feet, Some(drop - step));
        } else {
            (self.fall_speed, self.drop_metres) = (0.0, Some(0.0));
        }
    }

    /// The stage's floor follows the feet, so that the view glides over steps.
    fn rise(&mut self, delta_seconds: f32) {
        let step = (RISE_METRES_PER_SECOND + self.fall_speed) * delta_seconds;
        self.origin.y += (self.feet.y - self.origin.y).clamp(-step, step);
    }

    /// Dims the view, and takes the person back who has been lost for long.
    fn spare(&mut self, world: &World, has_headset: bool, turned: f32, glided: f32, delta_seconds: f32) {
        let head = self.head_in_world().position;
        let fade = if self.is_stuck { 0.0 } else { comfort::fade(world, self.feet, self.body, head) };
        let turns = if delta_seconds > 0.0 { turned.abs() / delta_seconds } else { 0.0 };
        let strength = if has_headset { (glided / WALK_METRES_PER_SECOND).max(turns) } else { 0.0 };
        let vignette = self.comfort.next_vignette(strength, delta_seconds);
        let apart = (head - self.feet).with_y(0.0).length();
        let stands = self.drop_metres.is_some_and(|drop| drop < 0.05) && !self.is_stuck;
        let back = self.refuge.look(self.feet, apart, fade, stands, delta_seconds);
        if let Some(place) = back {
            self.land(place);
        }
        self.comfort = Comfort { fade, vignette, is_returned: back.is_some() };
    }
}

/// Which hand begins to aim in this frame, and with what.
fn begin(input: &Input, settings: &Settings) -> Option<(usize, Aimer, f32)> {
    [1, 0].into_iter().find_map(|index| {
        let hand = input.hands[index];
        let glides = settings.walk == Walk::Slide && index == 0;
        if hand.select.is_pressed && hand.select.is_down {
            Some((index, Aimer::Select, 0.0))
        } else if !glides && hand.stick.y > PUSHED && hand.stick.y > hand.stick.x.abs() {
            Some((index, Aimer::Stick, 0.0))
        } else {
            None
        }
    })
}

/// The input with everything that is no number left out.
fn sane(input: &Input) -> Input {
    let number = |x: f32| if x.is_finite() { x } else { 0.0 };
    let push = |v: Vec2| if v.is_finite() { v.clamp(Vec2::NEG_ONE, Vec2::ONE) } else { Vec2::ZERO };
    let pose = |pose: Pose| {
        let is_near = pose.position.is_finite() && pose.position.length() < STAGE_METRES_MAX;
        let turn = pose.orientation;
        let is_turn = turn.is_finite() && (turn.length() - 1.0).abs() < 0.1;
        (is_near && is_turn).then(|| Pose { orientation: turn.normalize(), ..pose })
    };
    let hands = input.hands.map(|hand| super::Hand {
        stick: push(hand.stick),
        aim: hand.aim.and_then(pose),
        palm: hand.palm.and_then(pose),
        ..hand
    });
    Input {
        walk: push(input.walk),
        turn_radians: number(input.turn_radians),
        look_up_radians: number(input.look_up_radians),
        head: input.head.and_then(pose),
        hands,
        ..*input
    }
}

/// How far a pose is turned to the left. Of somebody who looks straight up or down the way the top of
/// their head points says it.
fn yaw_of(pose: Pose) -> f32 {
    let forward = pose.forward();
    let ahead = if forward.with_y(0.0).length_squared() > 1e-4 {
        forward
    } else {
        pose.orientation * Vec3::Y * -forward.y.signum()
    };
    (-ahead.x).atan2(-ahead.z)
}

#[cfg(test)]
pub(crate) mod tests;
