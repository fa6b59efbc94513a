//! Where everything of a [`Motion`] is at a time.

use glam::{Affine3A, Vec3};

use super::{Motion, Property, Transform};
use crate::math::Aabb;

/// Keeps its memory from one to the next.
#[derive(Clone, Debug, Default)]
pub struct Posture {
    /// World from each bone.
    worlds: Vec<Affine3A>,
    locals: Vec<(Transform, bool)>,
    /// From the vertices' grid to the world, for each joint.
    pub palette: Vec<Affine3A>,
    /// One a morph target.
    pub weights: Vec<f32>,
}

impl Posture {
    /// Takes the posture of a time; returns what holds all of it, metres in the world.
    pub fn set(&mut self, motion: &Motion, seconds: f64) -> Aabb {
        self.locals.clear();
        self.locals.extend(motion.bones.iter().map(|bone| (bone.rest, bone.is_visible)));
        self.weights.clone_from(&motion.weights);
        for track in &motion.tracks {
            let at = track.local_seconds(seconds);
            let mut vector = [0.0; 3];
            let Self { locals, weights, .. } = self;
            match track.property {
                Property::Weights => track.curve.sample(at, weights),
                Property::Rotation(index) => {
                    if let Some((local, _)) = locals.get_mut(usize::from(index)) {
                        local.rotation = track.curve.rotation(at);
                    }
                }
                Property::Translation(index) | Property::Scale(index) => {
                    track.curve.sample(at, &mut vector);
                    let is_scale = matches!(track.property, Property::Scale(_));
                    if let Some((local, _)) = locals.get_mut(usize::from(index)) {
                        *(if is_scale { &mut local.scale } else { &mut local.translation }) =
                            Vec3::from(vector);
                    }
                }
                Property::Visibility(index) => {
                    let [visible, ..] = &mut vector;
                    track.curve.sample(at, std::slice::from_mut(visible));
                    if let Some((_, is_visible)) = locals.get_mut(usize::from(index)) {
                        *is_visible = *visible > 0.5;
                    }
                }
            }
        }
        self.hang(motion);
        self.follow(motion)
    }

    /// Bones from their parents.
    fn hang(&mut self, motion: &Motion) {
        self.worlds.clear();
        for (bone, (local, is_visible)) in motion.bones.iter().zip(&self.locals) {
            let parent = bone.parent.and_then(|parent| self.worlds.get(usize::from(parent))).copied();
            let mut local = *local;
            if !is_visible {
                // What has no size covers nothing.
                local.scale = Vec3::ZERO;
            }
            self.worlds.push(parent.unwrap_or(Affine3A::IDENTITY) * local.to_affine());
        }
    }

    fn follow(&mut self, motion: &Motion) -> Aabb {
        self.palette.clear();
        let mut bounds = Aabb::EMPTY;
        for joint in &motion.joints {
            let world = self.worlds.get(usize::from(joint.bone)).copied().unwrap_or(Affine3A::IDENTITY);
            let world_from_grid = world * joint.bone_from_grid;
            if !joint.reach.is_empty() {
                bounds = bounds.union(joint.reach.transformed(&world_from_grid));
            }
            self.palette.push(world_from_grid);
        }
        bounds
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::super::{Bone, Curve, Interpolation, Joint, Track};
    use super::*;
    use glam::Quat;

    /// An arm of two bones of a metre, whose elbow turns once in four seconds around z.
    fn arm() -> Motion {
        let rest = Transform { translation: Vec3::X, ..Transform::IDENTITY };
        let turns = [0.0_f32, 0.25, 0.5, 0.75, 1.0];
        let values =
            turns.iter().flat_map(|turn| Quat::from_rotation_z(turn * std::f32::consts::TAU).to_array());
        let times = turns.iter().map(|turn| turn * 4.0).collect();
        Motion {
            bones: vec![
                Bone { parent: None, rest: Transform::IDENTITY, is_visible: true },
                Bone { parent: Some(0), rest, is_visible: true },
            ],
            joints: vec![Joint {
                bone: 1,
                bone_from_grid: Affine3A::from_scale(Vec3::splat(1.0 / 65_535.0)),
                reach: Aabb { min: Vec3::ZERO, max: Vec3::new(65_535.0, 0.0, 0.0) },
            }],
            tracks: vec![Track {
                property: Property::Rotation(1),
                curve: Curve::new(Interpolation::Linear, 4, times, values.collect()).unwrap(),
                period_seconds: 4.0,
            }],
            ..Motion::default()
        }
    }

    #[test]
    fn a_hand_goes_round_its_elbow_and_again() {
        let (motion, mut posture) = (arm(), Posture::default());
        for (seconds, hand) in [
            (0.0, [2.0, 0.0]),
            (1.0, [1.0, 1.0]),
            (2.0, [0.0, 0.0]),
            (7.0, [1.0, -1.0]),
            (4e6 + 1.0, [1.0, 1.0]),
        ] {
            let bounds = posture.set(&motion, seconds);
            let at = posture.palette[0].transform_point3(Vec3::new(65_535.0, 0.0, 0.0));
            assert!(at.abs_diff_eq(Vec3::new(hand[0], hand[1], 0.0), 1e-4), "{seconds}: {at}");
            assert!(bounds.contains(Aabb::around([Vec3::X, at]), 1e-4));
        }
    }

    #[test]
    fn what_is_hidden_has_no_size() {
        let mut motion = arm();
        motion.bones[0].is_visible = false;
        let mut posture = Posture::default();
        let bounds = posture.set(&motion, 0.5);
        assert_eq!(bounds.half_extent(), Vec3::ZERO);
        let curve = Curve::new(Interpolation::Step, 1, vec![0.0, 1.0], vec![0.0, 1.0]).unwrap();
        motion.tracks.insert(0, Track { property: Property::Visibility(0), curve, period_seconds: 2.0 });
        assert_eq!(posture.set(&motion, 0.5).half_extent(), Vec3::ZERO);
        assert_ne!(posture.set(&motion, 1.5).half_extent(), Vec3::ZERO);
    }
}
