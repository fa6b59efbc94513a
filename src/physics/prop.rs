//! Things that are taken, thrown, and fall.
//!
//! They rest until they are touched. They move only where the ground is known, are stopped by the ground
//! and by each other, and by no person. What falls out of the world, or was left lying about for long,
//! is back where it was.

use glam::{Quat, Vec3};
use rapier3d::prelude::{ColliderBuilder, ColliderHandle, RigidBodyBuilder, RigidBodyHandle, RigidBodyType};

use super::World;
use crate::math::{Aabb, Pose};
use crate::scene::PropId;

/// One step of time, seconds: as many as frames at 90 Hz.
const STEP_SECONDS: f32 = 1.0 / 90.0;

/// Steps in one frame; a longer frame is made up for by nothing.
const STEPS_MAX: u32 = 4;

/// Rubber on wood, about.
const FRICTION: f32 = 0.6;
const RESTITUTION: f32 = 0.45;

/// Losses a second while moving and while turning: balls do not roll for ever.
const LINEAR_DAMPING: f32 = 0.1;
const ANGULAR_DAMPING: f32 = 0.9;

/// No arm throws faster, metres a second; a clumsy measurement might.
const THROW_METRES_PER_SECOND_MAX: f32 = 15.0;
const SPIN_RADIANS_PER_SECOND_MAX: f32 = 30.0;

/// Deeper below its place than this it has fallen out of the world, metres.
const FALL_METRES_MAX: f32 = 30.0;

/// Whoever left it will not come back for it, seconds.
const AWAY_SECONDS: f32 = 180.0;

/// Around its middle the ground must be known this far to let it move, metres.
const KNOWN_METRES: f32 = 0.5;

/// It is at home this near to its place, metres.
const HOME_METRES: f32 = 0.02;

#[derive(Clone, Copy, Debug)]
pub(super) struct Prop {
    body: RigidBodyHandle,
    collider: ColliderHandle,
    home: Pose,
    is_held: bool,
    /// It rested before the last step.
    is_resting: bool,
    away_seconds: f32,
}

/// What moves props on.
#[derive(Default)]
pub(super) struct Props {
    list: Vec<Prop>,
    /// Time that no step has been made for yet.
    rest_seconds: f32,
}

impl World {
    /// Adds a thing that rests at `home`; `hull` are corners of its outside. Props are numbered in the
    /// order in which they come.
    pub fn add_prop(&mut self, home: Pose, mass_kilograms: f32, hull: &[Vec3]) {
        let body = RigidBodyBuilder::dynamic()
            .pose(pose_of(home))
            .ccd_enabled(true)
            .linear_damping(LINEAR_DAMPING)
            .angular_damping(ANGULAR_DAMPING)
            .sleeping(true);
        // A hull that is none (all in one plane) still has a size.
        let radius = hull.iter().map(|point| point.length()).fold(0.02, f32::max);
        let shape = ColliderBuilder::convex_hull(hull).unwrap_or_else(|| ColliderBuilder::ball(radius));
        let shape = shape.mass(mass_kilograms).friction(FRICTION).restitution(RESTITUTION);
        let physics = &mut self.physics;
        let body = physics.bodies.insert(body);
        let collider = physics.colliders.insert_with_parent(shape, body, &mut physics.bodies);
        self.props.list.push(Prop {
            body,
            collider,
            home,
            is_held: false,
            is_resting: true,
            away_seconds: 0.0,
        });
        self.is_changed = true;
    }

    /// World from prop.
    pub fn prop_pose(&self, prop: PropId) -> Option<Pose> {
        let prop = self.props.list.get(prop.index())?;
        self.physics.bodies.get(prop.body).map(|body| pose_from(*body.position()))
    }

    /// How many there are.
    pub fn prop_count(&self) -> usize {
        self.props.list.len()
    }

    /// The prop whose surface is nearest to `point`, and not further than `reach_metres`.
    pub fn nearest_prop(&self, point: Vec3, reach_metres: f32) -> Option<PropId> {
        let distances = self.props.list.iter().zip(0..).filter_map(|(prop, index)| {
            let collider = self.physics.colliders.get(prop.collider)?;
            let pose = self.physics.bodies.get(prop.body)?.position();
            let distance = collider.shape().distance_to_point(pose, point, true);
            (distance <= reach_metres).then_some((distance, PropId(index)))
        });
        distances.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, prop)| prop)
    }

    /// The prop is in a hand, which has it at `pose`.
    pub fn hold_prop(&mut self, prop: PropId, pose: Pose) {
        let Some(prop) = self.props.list.get_mut(prop.index()) else { return };
        let Some(body) = self.physics.bodies.get_mut(prop.body) else { return };
        if !pose.position.is_finite() || !pose.orientation.is_finite() {
            return;
        }
        if !prop.is_held {
            prop.is_held = true;
            body.set_body_type(RigidBodyType::KinematicPositionBased, true);
        }
        prop.away_seconds = 0.0;
        body.set_position(pose_of(pose), true);
    }

    /// The hand lets go of it: it flies on with this velocity (metres a second) and spin (radians a
    /// second around the vector).
    pub fn let_go_of_prop(&mut self, prop: PropId, velocity: Vec3, spin: Vec3) {
        let Some(prop) = self.props.list.get_mut(prop.index()).filter(|prop| prop.is_held) else { return };
        let Some(body) = self.physics.bodies.get_mut(prop.body) else { return };
        prop.is_held = false;
        let sane = |v: Vec3, max: f32| if v.is_finite() { v.clamp_length_max(max) } else { Vec3::ZERO };
        body.set_body_type(RigidBodyType::Dynamic, true);
        body.set_linvel(sane(velocity, THROW_METRES_PER_SECOND_MAX), true);
        body.set_angvel(sane(spin, SPIN_RADIANS_PER_SECOND_MAX), true);
    }

    /// Lets everything fall for `delta_seconds`. Costs nothing while all rests.
    pub fn step(&mut self, delta_seconds: f32) {
        let seconds = if delta_seconds.is_finite() { delta_seconds.max(0.0) } else { 0.0 };
        let is_moving = self.rest_what_may_not_move();
        let is_one_home = self.bring_home(seconds);
        self.physics.integration_parameters.dt = STEP_SECONDS;
        if is_one_home || (self.is_changed && !is_moving) {
            self.take_note();
        }
        self.is_changed = false;
        if !is_moving {
            self.props.rest_seconds = 0.0;
            return;
        }
        self.props.rest_seconds = (self.props.rest_seconds + seconds).min(STEP_SECONDS * STEPS_MAX as f32);
        while self.props.rest_seconds >= STEP_SECONDS {
            self.props.rest_seconds -= STEP_SECONDS;
            self.physics.step();
        }
    }

    /// Lets the engine see what came and went, without letting anything fall: what is new is awake for
    /// it, whatever it is told.
    fn take_note(&mut self) {
        let gravity = std::mem::take(&mut self.physics.gravity);
        self.physics.step();
        self.physics.gravity = gravity;
        for prop in self.props.list.iter().filter(|prop| prop.is_resting && !prop.is_held) {
            if let Some(body) = self.physics.bodies.get_mut(prop.body) {
                body.sleep();
            }
        }
    }

    /// Stops what would move over unknown ground; whether anything moves.
    fn rest_what_may_not_move(&mut self) -> bool {
        let mut is_moving = false;
        for index in 0..self.props.list.len() {
            let prop = self.props.list[index];
            let Some(body) = self.physics.bodies.get(prop.body) else { continue };
            self.props.list[index].is_resting = body.is_sleeping() && !prop.is_held;
            if prop.is_held || body.is_sleeping() {
                is_moving |= prop.is_held;
                continue;
            }
            let (middle, ahead) = (body.translation(), body.linvel() * (STEP_SECONDS * STEPS_MAX as f32));
            let around = Aabb::around([middle, middle + ahead]);
            let margin = Vec3::splat(KNOWN_METRES);
            let is_known = self.is_known(Aabb { min: around.min - margin, max: around.max + margin });
            is_moving |= is_known;
            if !is_known && let Some(body) = self.physics.bodies.get_mut(prop.body) {
                body.sleep();
            }
        }
        is_moving
    }

    /// Brings back what nobody can reach any more, or wants to; whether there was something.
    fn bring_home(&mut self, delta_seconds: f32) -> bool {
        let mut is_one_home = false;
        for prop in &mut self.props.list {
            let Some(body) = self.physics.bodies.get_mut(prop.body).filter(|_| !prop.is_held) else {
                continue;
            };
            let place = body.translation();
            let is_home = place.distance(prop.home.position) < HOME_METRES;
            prop.away_seconds = if is_home { 0.0 } else { prop.away_seconds + delta_seconds };
            let is_lost = !place.is_finite() || place.y < prop.home.position.y - FALL_METRES_MAX;
            if is_lost || prop.away_seconds > AWAY_SECONDS {
                body.set_position(pose_of(prop.home), false);
                body.sleep();
                prop.away_seconds = 0.0;
                (prop.is_resting, is_one_home) = (true, true);
            }
        }
        is_one_home
    }
}

fn pose_of(pose: Pose) -> rapier3d::prelude::Pose {
    rapier3d::prelude::Pose::from_parts(pose.position, pose.orientation)
}

fn pose_from(pose: rapier3d::prelude::Pose) -> Pose {
    Pose { position: pose.translation, orientation: Quat::normalize(pose.rotation) }
}
