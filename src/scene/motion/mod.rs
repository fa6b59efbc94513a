//! What moves by itself: bones, what turns and shifts them over time, and how vertices follow them.
//!
//! Everything that moves is skinned: a rigid part follows one bone with all its weight. So a machine of forty
//! parts is one set of vertices and one palette of matrices, and is drawn like any tile. Architecture invariant:
//! time comes in as an argument; the same time gives the same posture for everybody.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod curve;
mod posture;

pub use curve::{Curve, Interpolation};
pub use posture::Posture;

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use glam::{Affine3A, Quat, Vec3};

use super::mesh::{Attributes, Position};
use crate::math::Aabb;

/// A transform as glTF's nodes have it: first scaled, then turned, then shifted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    /// Metres.
    pub translation: Vec3,
    /// Of unit length.
    pub rotation: Quat,
    /// Along each axis.
    pub scale: Vec3,
}

impl Transform {
    /// Changes nothing.
    pub const IDENTITY: Self = Self { translation: Vec3::ZERO, rotation: Quat::IDENTITY, scale: Vec3::ONE };

    /// As one matrix.
    pub fn to_affine(self) -> Affine3A {
        Affine3A::from_scale_rotation_translation(self.scale, self.rotation, self.translation)
    }

    /// Of a matrix that is made of such a transform.
    pub fn of(affine: &Affine3A) -> Self {
        let (scale, rotation, translation) = affine.to_scale_rotation_translation();
        let rotation = if rotation.is_finite() { rotation.normalize() } else { Quat::IDENTITY };
        Self { translation, rotation, scale }
    }
}

/// A place that others hang from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bone {
    /// An earlier one.
    pub parent: Option<u16>,
    /// In its parent, where no track says otherwise.
    pub rest: Transform,
    /// Whether what follows it is seen, where no track says otherwise.
    pub is_visible: bool,
}

/// A bone that vertices follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// Which.
    pub bone: u16,
    /// From the vertices' grid (0..=65535 on each axis) to the bone, metres.
    pub bone_from_grid: Affine3A,
    /// Around the vertices that follow it, in their grid, moved by morph targets too; empty where none does.
    pub reach: Aabb,
}

/// Which joints a vertex follows, and how much: as the GPU reads it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Pod, Zeroable)]
pub struct Influence {
    /// Into [`Motion::joints`].
    pub joints: [u8; 4],
    /// As unorm; together 255.
    pub weights: [u8; 4],
}

/// How a morph target moves a vertex at full weight: as the GPU reads it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Delta {
    /// As snorm, in units of the grid's side (65535); the fourth is 0.
    pub position: [i16; 4],
    /// Added to the normal, as snorm; the fourth is 0.
    pub normal: [i8; 4],
}

/// What a track changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// Of a bone: three numbers.
    Translation(u16),
    /// Of a bone: a quaternion.
    Rotation(u16),
    /// Of a bone: three numbers.
    Scale(u16),
    /// Of a bone: whether what follows it, and what hangs from it, is seen: more than ½ for yes.
    Visibility(u16),
    /// Of all morph targets: one number each.
    Weights,
}

impl Property {
    /// How many numbers it has, where there are so many morph targets.
    pub fn width(self, target_count: usize) -> usize {
        match self {
            Self::Translation(_) | Self::Scale(_) => 3,
            Self::Rotation(_) => 4,
            Self::Visibility(_) => 1,
            Self::Weights => target_count,
        }
    }
}

/// What changes something over time, again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// What it changes.
    pub property: Property,
    /// How.
    pub curve: Curve,
    /// After so long it begins anew, seconds; 0 where it stands still.
    pub period_seconds: f32,
}

impl Track {
    /// Where in its curve it is at a time, seconds.
    pub fn local_seconds(&self, seconds: f64) -> f32 {
        within(seconds, self.period_seconds)
    }
}

/// Where in a period a time is, seconds.
pub fn within(seconds: f64, period_seconds: f32) -> f32 {
    let period = f64::from(period_seconds);
    if period > 0.0 { seconds.rem_euclid(period) as f32 } else { 0.0 }
}

/// All of a tile that moves, but its vertices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Motion {
    /// Parents before children.
    pub bones: Vec<Bone>,
    /// At most 256.
    pub joints: Vec<Joint>,
    /// Each of another property; sorted by it.
    pub tracks: Vec<Track>,
    /// Of the morph targets, where no track says otherwise.
    pub weights: Vec<f32>,
}

impl Motion {
    /// The world from the vertices' grid, as all of them stand that follow the first joint and nothing has moved.
    pub fn world_from_grid_at_rest(&self) -> Affine3A {
        let Some(joint) = self.joints.first() else { return Affine3A::IDENTITY };
        let mut world_from_grid = joint.bone_from_grid;
        let mut next = Some(joint.bone);
        // Parents come before their children, so this ends.
        while let Some(bone) = next.and_then(|bone| self.bones.get(usize::from(bone))) {
            world_from_grid = bone.rest.to_affine() * world_from_grid;
            next = bone.parent;
        }
        world_from_grid
    }
}

/// What its vertices do, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Followers {
    /// One a vertex.
    pub influences: Vec<Influence>,
    /// One delta a vertex each.
    pub targets: Vec<Vec<Delta>>,
}

/// A tile's motion, ready to be used and uploaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Moving {
    /// What moves.
    pub motion: Arc<Motion>,
    /// The vertices at rest, as the GPU reads them: [`REST_WORDS`] each, and then for each target
    /// [`DELTA_WORDS`] each. WGSL twin: shaders/skinning.wgsl.
    pub rest: Vec<u32>,
}

/// Position, normal and tangent, joints, weights.
pub const REST_WORDS: usize = 5;

/// Words of a [`Delta`].
pub const DELTA_WORDS: usize = size_of::<Delta>() / 4;

impl Followers {
    /// Finds what every joint holds of the vertices at these places.
    pub fn measure(&self, joints: &mut [Joint], positions: &[Position]) {
        // A fraction of the grid's side, as snorm, in steps.
        const STEPS: f32 = 65_535.0 / 32_767.0;
        for (vertex, (position, influence)) in positions.iter().zip(&self.influences).enumerate() {
            let place = Vec3::from(position.grid.map(f32::from));
            let moved = |target: &Vec<Delta>| {
                let [x, y, z, _] = target.get(vertex).copied().unwrap_or_default().position.map(f32::from);
                Vec3::new(x, y, z).abs() * STEPS
            };
            let slack: Vec3 = self.targets.iter().map(moved).sum();
            for (&joint, &weight) in influence.joints.iter().zip(&influence.weights) {
                if let Some(joint) = joints.get_mut(usize::from(joint)).filter(|_| weight > 0) {
                    joint.reach = joint.reach.with(place - slack).with(place + slack);
                }
            }
        }
    }

    /// As [`Moving::rest`] holds them.
    pub fn words(&self, positions: &[Position], attributes: &[Attributes]) -> Vec<u32> {
        let deltas: usize = self.targets.iter().map(Vec::len).sum();
        let mut words = Vec::with_capacity(positions.len() * REST_WORDS + deltas * DELTA_WORDS);
        for ((position, attributes), influence) in positions.iter().zip(attributes).zip(&self.influences) {
            let [[n0, n1], [t0, t1]] = [attributes.normal, attributes.tangent];
            let [low, high]: [u32; 2] = bytemuck::cast(*position);
            let directions = u32::from_le_bytes([n0 as u8, n1 as u8, t0 as u8, t1 as u8]);
            let [joints, weights] = [influence.joints, influence.weights].map(u32::from_le_bytes);
            words.extend([low, high, directions, joints, weights]);
        }
        for target in &self.targets {
            words.extend_from_slice(bytemuck::cast_slice(target));
        }
        words
    }
}
