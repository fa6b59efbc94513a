//! People as actors: a head, hands, and a name above.
//!
//! In: who is where, and where the person who looks is. Out: actors for culling, and names for the
//! renderer. Nobody gets a stranger's head in their face: who comes too near fades.

mod names;
mod palette;

use std::f32::consts::PI;
use std::sync::Arc;

use glam::{Affine3A, Quat, Vec3};

use super::Failure;
use super::workers::Workers;
use crate::draw::{NamePlate, Upload};
use crate::math::Pose;
use crate::scene::Actor;
use crate::scene::actor::{NAME_TAG_METRES, NameLayer, Shape};
use names::{Done, Job, Names};

/// People looked at in a frame; the rest is left out.
pub const FIGURES_MAX: usize = 256;

/// A head is gone at the first and whole at the second of these distances from the viewer's, metres:
/// the intimate zone ends at 0.45 m (Hall, "The Hidden Dimension", 1966).
const HEAD_FADE_METRES: [f32; 2] = [0.40, 0.60];

/// The same for a hand: one that is held out to be shaken stays.
const HAND_FADE_METRES: [f32; 2] = [0.12, 0.25];

/// A name shrinks from the first of these distances on and is gone at the second, metres.
const TAG_FADE_METRES: [f32; 2] = [10.5, 12.0];

/// From the point between the eyes up to the lower edge of the tag, metres.
const TAG_ABOVE_EYES_METRES: f32 = 0.17;

/// At this distance and beyond a tag has its full size, metres: its letters are 1° high there. Nearer
/// they keep that angle down to [`TAG_SCALE_MIN`].
const TAG_WHOLE_METRES: f32 = 5.0;
const TAG_SCALE_MIN: f32 = 0.45;

/// Somebody else, as they are seen now.
#[derive(Clone, Copy, Debug)]
pub struct Figure<'a> {
    /// Who.
    pub visitor: u32,
    /// What they are called.
    pub name: &'a str,
    /// Their colour: from the key that says who they are, so that it is the same for everybody.
    pub color_key: u64,
    /// World from head: between the eyes, looking along −Z.
    pub head: Pose,
    /// World from hand, left and right: held out as for a handshake, see [`Shape::LeftHand`].
    pub hands: [Option<Pose>; 2],
}

/// Turns people into actors.
pub struct Figures {
    names: Names,
    setters: Workers<Job, Done>,
    actors: Vec<Actor>,
}

impl Figures {
    /// Nobody yet.
    ///
    /// # Errors
    /// When the system gives no thread to set names on.
    pub fn new() -> Result<Self, Failure> {
        let set = |Job { layer, name }| Done { layer, plate: Arc::new(NamePlate::of(&name)) };
        Ok(Self {
            names: Names::default(),
            setters: Workers::start("names", 1, set)?,
            actors: Vec::with_capacity(4 * FIGURES_MAX),
        })
    }

    /// Shows these people, and nobody else, to eyes around `viewer_head`.
    pub fn show<'a>(&mut self, people: impl IntoIterator<Item = Figure<'a>>, viewer_head: Vec3) {
        self.actors.clear();
        for figure in people.into_iter().take(FIGURES_MAX) {
            self.add(&figure, viewer_head);
        }
        self.names.end_frame();
        self.set_names();
    }

    /// Everybody, as of the last [`Figures::show`].
    pub fn actors(&self) -> &[Actor] {
        &self.actors
    }

    /// Offers names to the renderer until `take` says that it takes no more; the rest waits.
    pub fn upload(&mut self, take: impl FnMut(Upload) -> bool) {
        self.names.upload(take);
    }

    /// The renderer has the name.
    pub fn name_arrived(&mut self, layer: NameLayer) {
        self.names.arrived(layer);
    }

    /// The renderer that had the names is gone.
    pub fn forget_uploads(&mut self) {
        self.names.forget_uploads();
    }

    /// Whether the names of all who were shown are there, as far as there is room.
    pub fn is_settled(&self) -> bool {
        self.names.is_settled()
    }

    fn add(&mut self, figure: &Figure<'_>, viewer_head: Vec3) {
        let color = palette::color_of(figure.color_key);
        let distance = figure.head.position.distance(viewer_head);
        let presence = rise(HEAD_FADE_METRES, distance);
        let mut push = |shape, pose: Pose, presence: f32| {
            let [r, g, b] = color;
            let tint = [r, g, b, (presence * 255.0 + 0.5) as u8];
            if tint[3] > 0 {
                let world_from_shape = pose.to_affine();
                self.actors.push(Actor { shape, world_from_shape, tint, name: NameLayer::default() });
            }
        };
        push(Shape::Head, figure.head, presence);
        for (shape, hand) in [Shape::LeftHand, Shape::RightHand].into_iter().zip(figure.hands) {
            if let Some(hand) = hand {
                push(shape, hand, rise(HAND_FADE_METRES, hand.position.distance(viewer_head)));
            }
        }
        // Who fades has no name to cover the view with.
        let scale = tag_scale(distance) * f32::from(presence >= 1.0);
        if scale > 0.0
            && let Some(name) = self.names.ask(figure.visitor, figure.name, distance)
        {
            let world_from_shape = tag_place(figure.head.position, viewer_head, scale);
            self.actors.push(Actor { shape: Shape::NameTag, world_from_shape, tint: [255; 4], name });
        }
    }

    /// Moves names between the pool and the thread that sets them; waits for nothing.
    fn set_names(&mut self) {
        while let Some(done) = self.setters.try_take() {
            self.names.set(done);
        }
        while let Some(job) = self.names.next_job() {
            if let Some(job) = self.setters.try_give(job) {
                return self.names.put_back(&job);
            }
        }
    }
}

/// 0 below the first, 1 above the second, smooth in between.
fn rise([from, to]: [f32; 2], x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// How large the tag of somebody `distance` metres away is; 0 where there is none.
fn tag_scale(distance: f32) -> f32 {
    let readable = (distance / TAG_WHOLE_METRES).clamp(TAG_SCALE_MIN, 1.0);
    readable * (1.0 - rise(TAG_FADE_METRES, distance))
}

/// Above the head, upright, and turned towards the viewer's head.
fn tag_place(head: Vec3, viewer_head: Vec3, scale: f32) -> Affine3A {
    let [_, height] = NAME_TAG_METRES;
    let to_viewer = viewer_head - head;
    let yaw_radians = to_viewer.x.atan2(to_viewer.z);
    // From straight above or below every turn is as good; a half one is no number to tremble around.
    let is_level = to_viewer.x.hypot(to_viewer.z) > 1e-3;
    let turn = Quat::from_rotation_y(if is_level { yaw_radians } else { PI });
    let middle = head + Vec3::Y * (TAG_ABOVE_EYES_METRES + 0.5 * height * scale);
    Affine3A::from_scale_rotation_translation(Vec3::splat(scale), turn, middle)
}

#[cfg(test)]
mod tests;
