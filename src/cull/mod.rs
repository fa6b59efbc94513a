//! Scene and actors × eyes → what to draw, and what to fetch.
//!
//! A frame's cut through the tile tree is found in passes over one list of the tiles that matter to it,
//! parents before children: *desire* (which tiles would be fine enough for these eyes), *hide* (which of them
//! something else hides), *fit* (what of that the budget affords), *cover* (which of them can be shown without a
//! hole), *emit* (what is drawn) and *wants* (what is fetched and kept). What moves by itself and the crowd of actors are
//! put among the tiles, in the posture of the moment.
//! What a frame costs grows with what is seen, not with what exists. Beside it, [`governor`] decides from
//! the frames' times how fine is fine enough, and *ceiling* from the memory that there is. Where the cut changes,
//! *transition* draws what goes beside what comes for a while.
//! Architecture invariant: no GPU, no clock, no allocation once the lists have grown.

pub mod budget;
mod ceiling;
mod cover;
pub mod crowd;
mod cut;
pub mod draw_list;
mod emit;
mod entrance;
pub mod governor;
mod movers;
mod occlusion;
mod props;
mod succession;
mod transition;

pub use budget::Budget;
pub use draw_list::{Draw, DrawList, Fade, Instance, Source};
pub use entrance::FirstView;
pub use governor::Governor;
pub use transition::FADE_SECONDS;

use glam::{Quat, Vec3};

use crate::math::fovea::{Fovea, eccentricity_radians};
use crate::math::{Frustum, Pose, Sphere, ViewPair};
use crate::scene::demand::Want;
use crate::scene::motion::Posture;
use crate::scene::{Actor, Demand, Scene, TileId};

/// What decides how fine is fine enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// The eye's acuity over eccentricity.
    pub fovea: Fovea,
    /// Where the eyes look, a unit vector in the world; `None` where nobody follows them: straight ahead.
    pub gaze: Option<Vec3>,
    /// How the head will have turned in a moment: what it comes to see is fetched ahead.
    pub ahead: Quat,
    /// How many times the unseen error is accepted; 1 draws what the eye can tell apart.
    pub error_scale: f32,
    /// The frustum is wider than the eyes' by this much on every side.
    pub guard_radians: f32,
    /// What a frame may cost.
    pub budget: Budget,
    /// What tiles and images may occupy on the GPU, bytes: where that is too little for what the eyes want in all
    /// directions, everything is coarser alike.
    pub resident_bytes: u64,
}

impl Default for Quality {
    fn default() -> Self {
        Self {
            fovea: Fovea::HEAD_ONLY,
            gaze: None,
            ahead: Quat::IDENTITY,
            error_scale: 1.0,
            guard_radians: 2.0_f32.to_radians(),
            budget: Budget::default(),
            resident_bytes: u64::MAX,
        }
    }
}

/// Who looks, and how closely.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Both eyes.
    pub views: &'a ViewPair,
    /// The width of a pixel at the middle of the display.
    pub pixel_radians: f32,
    /// What decides how fine is fine enough.
    pub quality: &'a Quality,
}

/// Nearer than this nothing is told apart by distance, metres.
const NEAR_METRES: f32 = 0.05;

/// A sight, as every pass needs it: in the world, or in the space of something that stands there several times.
#[derive(Clone, Copy, Debug)]
struct Eyes {
    frustum: Frustum,
    /// Between the eyes, where they look.
    gaze: Pose,
    /// How far an eye is from there, metres.
    reach_metres: f32,
    /// The width of a pixel at the middle of the display.
    pixel_radians: f32,
    /// How many times the unseen error of tiles is accepted for want of memory: nobody disappears for that.
    memory_scale: f32,
    quality: Quality,
}

impl Eyes {
    fn new(sight: &Sight<'_>, memory_scale: f32) -> Self {
        let Sight { views, pixel_radians, quality } = *sight;
        let head = views.center();
        let gaze = quality.gaze.filter(|gaze| gaze.is_normalized());
        let turned = gaze.map(|gaze| Quat::from_rotation_arc(Vec3::NEG_Z, gaze));
        let gaze = Pose { orientation: turned.unwrap_or(head.orientation), ..head };
        let reach = |eye: &crate::math::View| eye.pose.position.distance(gaze.position);
        Self {
            frustum: Frustum::around(views, quality.guard_radians),
            gaze,
            reach_metres: views.eyes.iter().map(reach).fold(0.0, f32::max),
            pixel_radians,
            memory_scale,
            quality: *quality,
        }
    }

    /// The same eyes in the space of what is at `pose`.
    fn seen_from(&self, pose: Pose) -> Self {
        Self { frustum: self.frustum.seen_from(pose), gaze: self.gaze.seen_from(pose), ..*self }
    }

    /// The largest error that goes unseen so far from where the eyes look, radians.
    fn unseen_radians(&self, eccentricity_radians: f32) -> f32 {
        let Quality { error_scale, fovea, .. } = &self.quality;
        error_scale * fovea.error_radians(eccentricity_radians, self.pixel_radians)
    }

    /// Metres to the nearest of a ball, 0 inside, and the largest error of it that goes unseen, radians.
    fn look_at(&self, bounds: Sphere) -> (f32, f32) {
        let distance = ((bounds.center - self.gaze.position).length() - bounds.radius).max(0.0);
        (distance, self.unseen_radians(eccentricity_radians(self.gaze, bounds)))
    }
}

/// A space that has tiles: the world, or that of something that stands there several times.
#[derive(Clone, Copy, Debug)]
struct Place {
    eyes: Eyes,
    /// The world from that space.
    pose: Pose,
    /// Where in [`Culler::refined_frames`] its tiles begin, less the number of the first of them.
    memory: u32,
    /// One more than the number of the placement; 0 for the world.
    placement: u32,
}

/// Finds the cut. One for each scene: it remembers what was refined in the frame before.
#[derive(Clone, Debug, Default)]
pub struct Culler {
    /// Counts the frames, so that what is remembered need not be wiped.
    frame: u32,
    /// How the head will have turned in a moment.
    ahead: Quat,
    /// All that the eyes want was here once. Before, what came first would decide what stays.
    was_whole: bool,
    /// Of every tile where it stands, the last frame that refined it.
    refined_frames: Vec<u32>,
    /// The world, and then where the eyes come upon what stands there several times.
    places: Vec<Place>,
    /// The tiles that this frame looks at: the cut and what is above it, and what may stand in for tiles
    /// that are not here. Parents before children.
    nodes: Vec<cut::Node>,
    /// Values and places in that order of the tiles that are refined.
    refined: Vec<(f32, u32)>,
    /// What hides what.
    occlusion: occlusion::Occlusion,
    /// What is not here, but would be affordable where finer tiles that stand in for it are not.
    awaited: Vec<Want>,
    /// What replaces each of the nodes, as far as it is shown or a step.
    groups: Vec<cover::Group>,
    /// The group of each want, if somebody sees it.
    wanted_in: Vec<Option<u32>>,
    /// The numbers of the nodes that are drawn.
    drawn: Vec<u32>,
    /// What is drawn of what stands there several times, and the numbers of its nodes.
    repeated: Vec<(TileId, u32)>,
    /// For how many frames more the budget counts as too small.
    short_frames: u32,
    /// Bones of the movers that the frame has looked at.
    posed_bones: usize,
    /// Where everything of a mover is.
    posture: Posture,
    /// Which level is shown of each mover, and which goes.
    levels: Vec<succession::Succession>,
    /// The same of each prop, of which there is one.
    props: Vec<succession::Succession>,
    /// What changes from frame to frame, without a jump.
    transition: transition::Transition,
    /// What may be here, and how coarse that makes all.
    ceiling: ceiling::Ceiling,
    seen: Vec<crowd::Seen>,
    sorted: Vec<emit::Keyed>,
    /// Order and number of each of those.
    keys: Vec<(u64, u32)>,
}

impl Culler {
    /// Fills `list` with what to draw for these eyes and `demand` with what is missing.
    pub fn cull(
        &mut self,
        scene: &Scene,
        actors: &[Actor],
        sight: &Sight<'_>,
        list: &mut DrawList,
        demand: &mut Demand,
    ) {
        let Sight { views, .. } = sight;
        list.clear();
        demand.clear();
        self.sorted.clear();
        list.memory_scale = self.ceiling.scale();
        let eyes = Eyes::new(sight, list.memory_scale);
        self.transition.begin(scene.seconds(), eyes.gaze.position);
        self.ahead = sight.quality.ahead;
        self.emit_props(scene, &eyes, list, demand);
        self.emit_movers(scene, &eyes, list, demand);
        movers::change_materials(scene, list);
        self.emit_actors(actors, &eyes, list);
        self.desire(scene, &eyes);
        self.hide(scene, views.eyes.map(|eye| eye.pose.position));
        self.emit_within_budget(scene, list);
        self.feel_budget(list.excess);
        self.wants_and_keeps(scene, demand);
        self.heed_ceiling(scene, &eyes, demand);
        self.keep_leaving(demand);
        self.was_whole |= demand.is_satisfied();
        self.sort(list);
    }
}

#[cfg(test)]
mod tests;
