//! Everything that can be bumped into, and the questions about it.

use glam::Vec3;
use rapier3d::parry::query::ShapeCastOptions;
use rapier3d::prelude::{
    ColliderBuilder, ColliderHandle, PhysicsWorld, QueryFilter, QueryPipeline, Ray, ShapeCastHit,
};

use super::body::SKIN_METRES;
use super::prop::Props;
use super::{Body, Surface};
use crate::math::Aabb;
use crate::scene::ColliderId;

/// How far a piece of the ground has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody knows what is there.
    Unknown,
    Here(ColliderHandle),
    /// It will not come: as if there were nothing.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    bounds: Aabb,
    state: State,
}

/// What a ray meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// From the ray's origin, metres.
    pub distance: f32,
    /// Where.
    pub point: Vec3,
    /// The surface's unit normal, on the side that the ray comes from.
    pub normal: Vec3,
}

/// The ground, as far as it is here, and what lies on it.
pub struct World {
    cells: Vec<Cell>,
    revision: u32,
    pub(super) physics: PhysicsWorld,
    pub(super) props: Props,
    /// Something came or went since the last step.
    pub(super) is_changed: bool,
}

impl World {
    /// A world whose ground lies in pieces of these bounds, none of which is here yet. Without any
    /// piece there is nothing: people walk through it at the height at which they are.
    pub fn new(cells: impl IntoIterator<Item = Aabb>) -> Self {
        let cells = cells.into_iter().map(|bounds| Cell { bounds, state: State::Unknown }).collect();
        Self { cells, revision: 0, physics: PhysicsWorld::new(), props: Props::default(), is_changed: false }
    }

    /// Whether there is no ground, and none to come.
    pub fn is_void(&self) -> bool {
        self.cells.iter().all(|cell| cell.state == State::Nothing)
    }

    /// Grows with every change of the ground.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// A piece of the ground has come; `None` if it never will.
    pub fn insert(&mut self, cell: ColliderId, surface: Option<&Surface>) {
        if cell.index() >= self.cells.len() {
            return;
        }
        self.remove(cell);
        let state = surface.map_or(State::Nothing, |surface| {
            let collider = ColliderBuilder::new(surface.shape()).build();
            let bounds = collider.compute_aabb();
            let physics = &mut self.physics;
            let handle = physics.colliders.insert(collider);
            // Questions are answered at once, not after the next step.
            physics.broad_phase.set_aabb(&physics.integration_parameters, handle, bounds);
            State::Here(handle)
        });
        self.cells[cell.index()].state = state;
    }

    /// A piece of the ground is forgotten.
    pub fn remove(&mut self, cell: ColliderId) {
        let Some(cell) = self.cells.get_mut(cell.index()) else { return };
        if let State::Here(handle) = std::mem::replace(&mut cell.state, State::Unknown) {
            let physics = &mut self.physics;
            let (islands, bodies) = (&mut physics.islands, &mut physics.bodies);
            physics.colliders.remove(handle, islands, bodies, &mut physics.soft_bodies, true);
        }
        self.revision = self.revision.wrapping_add(1);
        self.is_changed = true;
    }

    /// Whether everything that touches these bounds has come.
    pub fn is_known(&self, bounds: Aabb) -> bool {
        let touches =
            |cell: &Cell| cell.bounds.min.cmple(bounds.max).all() && bounds.min.cmple(cell.bounds.max).all();
        !self.cells.iter().any(|cell| cell.state == State::Unknown && touches(cell))
    }

    /// The nearest thing on the way from `origin` along the unit vector `direction`.
    pub fn cast_ray(&self, origin: Vec3, direction: Vec3, reach_metres: f32) -> Option<Hit> {
        let ray = Ray::new(origin, direction);
        let (_, hit) = self.queries().cast_ray_and_get_normal(&ray, reach_metres, true)?;
        let distance = hit.time_of_impact;
        // Walls have two sides.
        let normal = if hit.normal.dot(direction) > 0.0 { -hit.normal } else { hit.normal };
        let normal = normal.normalize_or(-direction);
        Some(Hit { distance, point: origin + direction * distance, normal })
    }

    /// Whether somebody can stand at `feet` without touching anything but the ground.
    pub fn fits(&self, feet: Vec3, body: Body) -> bool {
        let capsule = body.capsule();
        feet.is_finite() && self.queries().intersect_shape(body.pose(feet), &capsule).next().is_none()
    }

    /// How far somebody at `feet` would fall, if not further than `reach_metres`.
    pub fn drop_below(&self, feet: Vec3, body: Body, reach_metres: f32) -> Option<f32> {
        let hit = self.cast_body(feet, body, Vec3::NEG_Y, reach_metres)?;
        Some(hit.time_of_impact.max(0.0))
    }

    /// The place to stand that is nearest below `feet`, seen from `above_metres` over it, if it is not
    /// deeper than `below_metres` under it.
    pub fn stand(&self, feet: Vec3, body: Body, above_metres: f32, below_metres: f32) -> Option<Vec3> {
        let top = feet + Vec3::Y * above_metres;
        if !self.fits(top, body) {
            return None;
        }
        let drop = self.drop_below(top, body, above_metres + below_metres)?;
        let place = top - Vec3::Y * drop;
        self.fits(place, body).then_some(place)
    }

    pub(super) fn cast_body(
        &self,
        feet: Vec3,
        body: Body,
        direction: Vec3,
        reach: f32,
    ) -> Option<ShapeCastHit> {
        let options = ShapeCastOptions {
            target_distance: SKIN_METRES,
            stop_at_penetration: false,
            max_time_of_impact: reach,
            compute_impact_geometry_on_penetration: true,
        };
        let hit = self.queries().cast_shape(&body.pose(feet), direction, &body.capsule(), options)?;
        Some(hit.1)
    }

    /// What stands still: props stop nobody.
    pub(super) fn queries(&self) -> QueryPipeline<'_> {
        let physics = &self.physics;
        let dispatcher = physics.narrow_phase.query_dispatcher();
        let filter = QueryFilter::only_fixed();
        physics.broad_phase.as_query_pipeline(dispatcher, &physics.bodies, &physics.colliders, filter)
    }
}
