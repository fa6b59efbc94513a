//! The ground under the person, and what they are shown of it: joins stream, physics, rig and actors.

use std::f32::consts::FRAC_PI_2;

use glam::{Affine3A, Quat, Vec3};

use crate::draw::Veil;
use crate::physics::{Surface, World};
use crate::rig::{Comfort, Grasp, Input, Leap, Person, Settings};
use crate::scene::actor::{NameLayer, Shape};
use crate::scene::{Actor, ColliderId, PropId, Scene, Tileset};

/// Beads of an arc that can land, and of one that cannot; linear RGB.
const VALID: [u8; 4] = [20, 200, 170, 255];
const INVALID: [u8; 4] = [120, 14, 10, 255];

/// The first bead is this large, and the last ones, as multiples of the shape.
const BEAD_SCALES: [f32; 2] = [0.8, 1.6];

/// Nobody asks what is further away, metres.
const SIGHT_METRES: f32 = 2.0;

/// The marker lies this high over the ground, metres: not in it.
const MARKER_LIFT_METRES: f32 = 0.02;

/// What stops the person, and how dim they see.
pub struct Ground {
    world: World,
    /// That of the twin that is about to be entered.
    coming: Option<World>,
    grasp: Grasp,
    comfort: Comfort,
}

impl Ground {
    /// None: the lobby has nothing to bump into.
    pub fn none() -> Self {
        Self { world: World::new([]), coming: None, grasp: Grasp::default(), comfort: Comfort::default() }
    }

    /// What arrives from now on is the ground of this twin.
    pub fn announce(&mut self, tileset: &Tileset) {
        let mut world = World::new(tileset.grounds().iter().map(|cell| cell.bounds));
        for prop in tileset.props() {
            world.add_prop(prop.home, prop.mass_kilograms, &prop.hull);
        }
        self.coming = Some(world);
    }

    /// The twin that was announced is entered.
    pub fn enter(&mut self) {
        if let Some(world) = self.coming.take() {
            self.world = world;
            self.grasp.forget();
        }
    }

    /// All that is around the person has come.
    pub fn receive(&self, person: &mut Person) {
        person.arrive(&self.world);
    }

    /// A piece has come, or never will.
    pub fn insert(&mut self, collider: ColliderId, surface: Option<&Surface>) {
        self.coming.as_mut().unwrap_or(&mut self.world).insert(collider, surface);
    }

    /// A piece is far away.
    pub fn remove(&mut self, collider: ColliderId) {
        self.coming.as_mut().unwrap_or(&mut self.world).remove(collider);
    }

    /// Moves the person, what they hold, and what flies.
    pub fn step(&mut self, person: &mut Person, input: &Input, settings: &Settings, delta_seconds: f32) {
        let mut input = *input;
        self.grasp.take(&mut input.hands, person.stage(), &mut self.world, delta_seconds);
        self.comfort = person.step(&input, settings, &self.world, delta_seconds);
        self.grasp.carry(&input.hands, person.stage(), &mut self.world);
        self.world.step(delta_seconds);
    }

    /// Tells the scene where everything is that can be taken.
    pub fn place(&self, scene: &mut Scene) {
        for prop in (0..self.world.prop_count() as u32).map(PropId) {
            if let Some(pose) = self.world.prop_pose(prop) {
                scene.place_prop(prop, pose);
            }
        }
    }

    /// The number of the prop that each hand holds.
    pub fn holds(&self) -> [Option<u32>; 2] {
        self.grasp.holds().map(|prop| prop.map(|prop| prop.0))
    }

    /// Where every prop is, by its number.
    pub fn props(&self) -> Vec<Vec3> {
        let numbers = (0..self.world.prop_count() as u32).map(PropId);
        numbers.map(|prop| self.world.prop_pose(prop).map_or(Vec3::NAN, |pose| pose.position)).collect()
    }

    /// How far one sees from a point in a direction, metres, as far as the ground is known.
    pub fn sight_metres(&self, from: Vec3, direction: Vec3) -> f32 {
        let hit = self.world.cast_ray(from, direction, SIGHT_METRES);
        hit.map_or(SIGHT_METRES, |hit| hit.distance)
    }

    /// How the view is to be dimmed.
    pub fn veil(&self) -> Veil {
        Veil { fade: self.comfort.fade, vignette: self.comfort.vignette }
    }

    /// Adds the arc that the person aims with.
    pub fn show(&self, person: &Person, actors: &mut Vec<Actor>) {
        let Some(leap) = person.leap_aimed() else { return };
        let tint = if leap.target().is_some() { VALID } else { INVALID };
        let name = NameLayer::default();
        let last = leap.points().len().max(2) - 1;
        // The first point is in the hand.
        for (index, &point) in leap.points().iter().enumerate().skip(1) {
            let [near, far] = BEAD_SCALES;
            let scale = near + (far - near) * index as f32 / last as f32;
            let turn = Quat::IDENTITY;
            let world_from_shape = Affine3A::from_scale_rotation_translation(Vec3::splat(scale), turn, point);
            actors.push(Actor { shape: Shape::Bead, world_from_shape, tint, name });
        }
        if let Some(world_from_shape) = marker(leap) {
            actors.push(Actor { shape: Shape::Landing, world_from_shape, tint, name });
        }
    }
}

/// Where the marker lies: where the feet land, or flat on what is in the way.
fn marker(leap: &Leap) -> Option<Affine3A> {
    let (point, normal) = leap.end()?;
    let (point, normal) = leap.target().map_or((point, normal), |target| (target, Vec3::Y));
    let turn = Quat::from_rotation_arc(Vec3::Y, normal.try_normalize()?);
    let turn = if turn.is_finite() { turn } else { Quat::from_rotation_x(FRAC_PI_2) };
    Some(Affine3A::from_rotation_translation(turn, point + normal * MARKER_LIFT_METRES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Pose;
    use crate::rig::{Button, Hand, HandKind};
    use crate::scene::Collider;

    #[test]
    fn an_arc_is_shown_as_beads_that_end_at_a_marker() {
        let [a, b, c] =
            [Vec3::new(-50.0, 0.0, -50.0), Vec3::new(0.0, 0.0, 90.0), Vec3::new(50.0, 0.0, -50.0)];
        let floor = Collider { vertices: vec![a, b, c], triangles: vec![[0, 1, 2]] };
        let bounds = crate::math::Aabb::around([a, b, c]);
        let mut ground = Ground { world: World::new([bounds]), ..Ground::none() };
        ground.insert(ColliderId(0), Surface::new(floor).as_ref());
        let (mut person, mut actors) = (Person::at(Pose::IDENTITY), Vec::new());
        let mut input = Input::default();
        let aim = Some(Pose::standing(Vec3::Y, 0.0, -0.2));
        input.hands[1] = Hand { kind: HandKind::Controller, aim, ..Hand::default() };
        input.hands[1].select = Button { is_down: true, is_pressed: true, is_released: false };
        ground.step(&mut person, &input, &Settings::default(), 0.01);
        ground.show(&person, &mut actors);
        let beads = actors.iter().filter(|actor| actor.shape == Shape::Bead).count();
        assert!(beads > 5 && actors.iter().all(|actor| actor.tint == VALID));
        let marker = actors.last().filter(|actor| actor.shape == Shape::Landing).expect("a marker");
        assert!(marker.world_from_shape.translation.z < -2.0);
        input.hands[1] = Hand::default();
        ground.step(&mut person, &input, &Settings::default(), 0.01);
        actors.clear();
        ground.show(&person, &mut actors);
        assert!(actors.is_empty());
    }
}
