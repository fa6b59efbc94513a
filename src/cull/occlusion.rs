//! Occlusion: what lies behind large surfaces that are drawn is not drawn, as far as neither eye could see it.
//!
//! The largest rectangles of the frame before hide first; once the frame's cut is known, only those of what it
//! draws count, and what they do not hide comes back. So nothing is hidden by what is not drawn.

use glam::{Vec3, Vec4};

use super::Culler;
use super::cut::Node;
use crate::math::Aabb;
use crate::scene::Scene;
use crate::scene::occluder::Occluder;

/// So many rectangles hide; each is compared with all that is in view.
const SHADOWS_MAX: usize = 16;

/// Of the sphere of view, steradians; what looks smaller hides little.
const SOLID_ANGLE_MIN: f32 = 0.02;

/// An eye may be so far from where it was thought to be, metres: a head at a run, and a display period.
const GUARD_METRES: f32 = 0.03;

/// A rectangle hides only what is so far behind it, and as if it were smaller by this, metres.
const MARGIN_METRES: f32 = 0.01;

/// The space behind a rectangle that neither eye sees: where all planes are positive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shadow {
    planes: [Vec4; 9],
}

impl Shadow {
    /// `None` where an eye is not in front of it.
    fn behind(occluder: &Occluder, eyes: [Vec3; 2]) -> Option<Self> {
        let mut corners = occluder.corners;
        let before = |eye: Vec3| occluder.normal().dot(eye - corners[0]);
        let mut normal = occluder.normal();
        if !eyes.iter().all(|&eye| before(eye) > GUARD_METRES) {
            if !occluder.is_double_sided || !eyes.iter().all(|&eye| before(eye) < -GUARD_METRES) {
                return None;
            }
            corners.reverse();
            normal = -normal;
        }
        let plane = |normal: Vec3, at: Vec3| normal.extend(-normal.dot(at));
        let mut planes = [plane(-normal, corners[0] - normal * MARGIN_METRES); 9];
        for (edge, sides) in planes[1..].chunks_exact_mut(2).enumerate() {
            let (from, to) = (corners[edge], corners[(edge + 1) % 4]);
            let inwards = normal.cross(to - from).try_normalize()?;
            let (from, to) = (from + inwards * MARGIN_METRES, to + inwards * MARGIN_METRES);
            for (side, eye) in sides.iter_mut().zip(eyes) {
                // The farther out an eye, the more it sees past the edge.
                let eye = eye - inwards * GUARD_METRES;
                let across = (to - from).cross(eye - from).try_normalize()?;
                *side = plane(if across.dot(inwards) < 0.0 { -across } else { across }, from);
            }
        }
        Some(Self { planes })
    }

    /// Whether all of the box is in it.
    fn holds(&self, bounds: Aabb) -> bool {
        let (center, half) = (bounds.center(), bounds.half_extent());
        self.planes.iter().all(|plane| {
            let normal = plane.truncate();
            normal.dot(center) + plane.w >= normal.abs().dot(half)
        })
    }
}

/// What hides, from frame to frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Occlusion {
    /// In the world, with how large they look, steradians.
    largest: Vec<(f32, Occluder)>,
    shadows: Vec<Shadow>,
    /// How many tiles are hidden, each with all that is below it.
    pub hidden_count: u32,
    /// Where the eyes are.
    eyes: [Vec3; 2],
}

impl Occlusion {
    /// Tells what these eyes do not see.
    fn cast(&mut self) {
        self.shadows.clear();
        self.shadows
            .extend(self.largest.iter().filter_map(|(_, occluder)| Shadow::behind(occluder, self.eyes)));
    }

    fn hides(&self, bounds: Aabb) -> bool {
        self.shadows.iter().any(|shadow| shadow.holds(bounds))
    }

    /// About how much of the view it takes, steradians: 0 where its back is turned.
    fn solid_angle(&self, occluder: &Occluder) -> f32 {
        let [a, _, c, _] = occluder.corners;
        let from = self.eyes[0] - (a + c) * 0.5;
        let distance_squared = from.length_squared().max(f32::MIN_POSITIVE);
        let facing = occluder.normal().dot(from) / distance_squared.sqrt();
        let facing = if occluder.is_double_sided { facing.abs() } else { facing };
        (occluder.area() * facing / distance_squared).max(0.0)
    }
}

impl Culler {
    /// Hides what the rectangles of the frame before hide from the eyes that are here.
    pub(super) fn hide(&mut self, scene: &Scene, eyes: [Vec3; 2]) {
        self.occlusion.eyes = eyes;
        // Before, what came first would decide what is hidden.
        if !self.was_whole {
            self.occlusion.largest.clear();
        }
        self.occlusion.cast();
        self.occlusion.hidden_count = 0;
        if !self.occlusion.shadows.is_empty() {
            self.hide_again(scene, true);
        }
    }

    /// Keeps hidden only what the surfaces hide that are drawn; nothing, if `all` is to come back that they do not
    /// hide. Returns whether anything came back.
    pub(super) fn reveal(&mut self, scene: &Scene, all: bool) -> bool {
        self.find_largest(scene);
        self.occlusion.cast();
        let has_come_back = self.occlusion.hidden_count > 0 && self.hide_again(scene, false);
        if has_come_back && all {
            self.occlusion.shadows.clear();
            self.hide_again(scene, false);
        }
        has_come_back
    }

    /// Hides what is in shadow, of everything in view or of what is hidden already, with what is below it. Returns
    /// whether anything came back.
    fn hide_again(&mut self, scene: &Scene, is_first: bool) -> bool {
        let mut has_come_back = false;
        self.occlusion.hidden_count = 0;
        for index in 0..self.nodes.len() {
            let node = self.nodes[index];
            let may_be = node.is_in_frustum && (is_first || node.is_hidden);
            let is_hidden = node.is_below_hidden || (may_be && self.is_in_shadow(scene, &node));
            has_come_back |= node.is_in_frustum && node.is_hidden && !is_hidden;
            self.occlusion.hidden_count +=
                u32::from(node.is_in_frustum && is_hidden && !node.is_below_hidden);
            self.nodes[index].is_hidden = is_hidden;
            self.nodes[index].is_visible = node.is_in_frustum && !is_hidden;
            self.nodes[node.children()].iter_mut().for_each(|child| child.is_below_hidden = is_hidden);
        }
        has_come_back
    }

    /// Whether something that is drawn hides all of a tile.
    pub(super) fn is_in_shadow(&self, scene: &Scene, node: &Node) -> bool {
        self.occlusion.hides(self.bounds_of(scene, node))
    }

    /// In the world.
    fn bounds_of(&self, scene: &Scene, node: &Node) -> Aabb {
        let bounds = scene.tileset.tile(node.tile).bounds;
        match node.place {
            0 => bounds,
            place => bounds.transformed(&self.places[place as usize].pose.to_affine()),
        }
    }

    /// Finds the rectangles of what is drawn that look largest.
    fn find_largest(&mut self, scene: &Scene) {
        self.occlusion.largest.clear();
        for &index in &self.drawn {
            let node = &self.nodes[index as usize];
            let occluders = scene.resident(node.tile).map_or(&[][..], |resident| &resident.occluders);
            let place = &self.places[node.place as usize];
            for occluder in occluders {
                let occluder = match node.place {
                    0 => *occluder,
                    _ => occluder.transformed(&place.pose.to_affine()),
                };
                let angle = self.occlusion.solid_angle(&occluder);
                if angle >= SOLID_ANGLE_MIN {
                    self.occlusion.keep(angle, occluder);
                }
            }
        }
    }
}

impl Occlusion {
    /// Among the largest, in their order.
    fn keep(&mut self, angle: f32, occluder: Occluder) {
        let at = self.largest.partition_point(|&(other, _)| other >= angle);
        if at < SHADOWS_MAX {
            self.largest.truncate(SHADOWS_MAX - 1);
            self.largest.insert(at, (angle, occluder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four metres wide and three tall, two metres ahead.
    fn wall() -> Occluder {
        let corner = |x: f32, y: f32| Vec3::new(x, y, -2.0);
        let corners = [corner(-2.0, 0.0), corner(2.0, 0.0), corner(2.0, 3.0), corner(-2.0, 3.0)];
        Occluder { corners, is_double_sided: false }
    }

    fn ball(center: Vec3, radius: f32) -> Aabb {
        Aabb { min: center - radius, max: center + radius }
    }

    const EYES: [Vec3; 2] = [Vec3::new(-0.03, 1.6, 0.0), Vec3::new(0.03, 1.6, 0.0)];

    #[test]
    fn only_what_neither_eye_sees_is_in_the_shadow() {
        let shadow = Shadow::behind(&wall(), EYES).unwrap();
        let at = |x: f32, y: f32, z: f32| shadow.holds(ball(Vec3::new(x, y, z), 0.1));
        assert!(at(0.0, 1.0, -3.0) && at(0.0, 1.0, -30.0) && at(-3.0, 1.6, -4.0));
        assert!(!at(0.0, 1.0, -1.0), "before it");
        assert!(!at(0.0, 1.0, -2.05), "in it");
        assert!(!at(5.0, 1.6, -4.0) && !at(0.0, 5.0, -4.0), "beside it");
        // From the left eye the right edge hides up to x = 2 + (2.03 / 2)·2 = 4.03 four metres ahead, from the
        // right one up to 3.97; a head that moves by the guard to the right sees from 3.94 on.
        let edge = |x: f32| shadow.holds(ball(Vec3::new(x, 1.6, -4.0), 0.001));
        assert!(edge(3.9) && !edge(3.95), "the guard");
    }

    #[test]
    fn a_back_hides_only_if_it_is_drawn() {
        let behind = EYES.map(|eye| eye - Vec3::Z * 4.0);
        assert!(Shadow::behind(&wall(), behind).is_none());
        let both = Occluder { is_double_sided: true, ..wall() };
        let shadow = Shadow::behind(&both, behind).unwrap();
        assert!(shadow.holds(ball(Vec3::new(0.0, 1.6, 1.0), 0.1)));
        assert!(!shadow.holds(ball(Vec3::new(0.0, 1.6, -3.0), 0.1)));
        assert!(Shadow::behind(&both, [Vec3::new(0.0, 1.6, -2.01), EYES[1]]).is_none(), "an eye in the wall");
    }

    #[test]
    fn the_largest_are_kept_in_order() {
        let mut occlusion = Occlusion::default();
        (0..40).for_each(|n| occlusion.keep((n * 7 % 40) as f32, wall()));
        let kept: Vec<f32> = occlusion.largest.iter().map(|&(angle, _)| angle).collect();
        assert_eq!(kept, (24..40).rev().map(|n| n as f32).collect::<Vec<_>>());
    }
}
