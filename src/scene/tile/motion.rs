//! What a tile that moves by itself has beyond others: bones, how they move, and which vertices follow them.
//!
//! Nodes without a mesh are bones; nodes with one stand at the top, and all have the same skin, whose matrices take
//! the grid to the bones. Animations change bones, or the weights of the one mesh's morph targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use glam::{Affine3A, Mat4, Vec3};
use gltf::json::accessor;

use super::{Parts, Reader};
use crate::math::Aabb;
use crate::scene::gltf::accessor::Reader as Accessor;
use crate::scene::gltf::animation;
use crate::scene::gltf::document::{NodeProperty, Target};
use crate::scene::gltf::graph::Placement;
use crate::scene::gltf::node;
use crate::scene::gltf::schema::{Primitive, Skin};
use crate::scene::gltf::skipped::Skipped;
use crate::scene::mesh::{Attributes, Position};
use crate::scene::motion::{
    Bone, Delta, Followers, Influence, Joint, Motion, Moving, Property, Track, Transform,
};
use crate::scene::{ContentError, limits};

/// Bones and what they do.
pub(super) struct Skeleton {
    bones: Vec<Bone>,
    joints: Vec<Joint>,
    tracks: Vec<Track>,
}

/// Where the grid's side, 65535 steps, is 1.
const FRACTION: f32 = 1.0 / 65_535.0;

impl<'a> Reader<'a> {
    /// As [`Reader::parts`], of a tile that moves.
    pub(super) fn moving_parts(
        &self,
        placements: &[Placement],
    ) -> Result<(Parts<'a>, Skeleton), ContentError> {
        let mut bones: Vec<Bone> = Vec::new();
        // Of every node of the file the number of its bone.
        let mut bone_of = vec![None; self.root.nodes.len()];
        let (mut primitives, mut mesh_nodes) = (Vec::new(), Vec::new());
        for placement in placements {
            let Some(schema) = self.root.nodes.get(placement.node) else { continue };
            let place = format!("/nodes/{}", placement.node);
            let refuse = |reason: &str| Err(ContentError::malformed(place.clone(), reason));
            let above = placement.parent.and_then(|parent| placements.get(parent)).map(|above| above.node);
            let parent = above.and_then(|above| bone_of.get(above).copied().flatten());
            if parent.is_none() && above.is_some() {
                return refuse("it hangs from what is no bone");
            }
            if let Some(mesh) = schema.mesh.and_then(|mesh| self.root.meshes.get(mesh)) {
                if schema.skin != Some(0) || above.is_some() {
                    return refuse("its mesh does not follow the tile's skin, or hangs from something");
                }
                let entity = self.entity(schema, &place)?;
                primitives.extend(mesh.primitives.iter().map(|primitive| (primitive, entity)));
                ContentError::check("tile", "chunks", primitives.len(), limits::TILE_CHUNKS_MAX)?;
                mesh_nodes.push(placement.node);
                continue;
            }
            ContentError::check("tile", "bones", bones.len(), limits::BONES_MAX - 1)?;
            if let Some(slot) = bone_of.get_mut(placement.node) {
                *slot = u16::try_from(bones.len()).ok();
            }
            let visibility = schema.extensions.visibility.as_ref();
            bones.push(Bone {
                parent,
                rest: Transform::of(&node::local_transform(schema, &place)?.as_affine3a()),
                is_visible: visibility.is_none_or(|visibility| visibility.visible),
            });
        }
        if primitives.is_empty() || self.root.skins.len() != 1 {
            return Err(ContentError::malformed("tile", "it has no mesh that follows its one skin"));
        }
        let joints = self.joints(&bone_of)?;
        let tracks = self.tracks(&bone_of, bones.len(), &mesh_nodes)?;
        let world_from_grid = Affine3A::from_scale(Vec3::splat(FRACTION));
        Ok((Parts { moves: true, world_from_grid, primitives }, Skeleton { bones, joints, tracks }))
    }

    fn joints(&self, bone_of: &[Option<u16>]) -> Result<Vec<Joint>, ContentError> {
        let refuse = |reason: &str| Err(ContentError::malformed("/skins/0", reason));
        let Some(Skin { inverse_bind_matrices: Some(accessor), joints, .. }) = self.root.skins.first() else {
            return refuse("it has no matrices");
        };
        ContentError::check("/skins/0", "joints", joints.len(), limits::JOINTS_MAX)?;
        let matrices = Accessor::of(self.root, self.views, *accessor)?;
        ContentError::check("/skins/0", "matrices", matrices.count, limits::JOINTS_MAX)?;
        let matrices = matrices.floats::<16>()?;
        if matrices.len() < joints.len() {
            return refuse("it has fewer matrices than joints");
        }
        let mut list = Vec::with_capacity(joints.len());
        for (&joint, matrix) in joints.iter().zip(&matrices) {
            let Some(bone) = bone_of.get(joint).copied().flatten() else {
                return refuse("a joint of it is no bone");
            };
            if !matrix.iter().all(|number| number.is_finite()) {
                return refuse("a number of its matrices is not finite");
            }
            let bone_from_fraction = Affine3A::from_mat4(Mat4::from_cols_array(matrix));
            let bone_from_grid = bone_from_fraction * Affine3A::from_scale(Vec3::splat(FRACTION));
            list.push(Joint { bone, bone_from_grid, reach: Aabb::EMPTY });
        }
        Ok(list)
    }

    /// What changes bones and weights; the weights are those of the node that comes after all bones.
    fn tracks(
        &self,
        bone_of: &[Option<u16>],
        bone_count: usize,
        mesh_nodes: &[usize],
    ) -> Result<Vec<Track>, ContentError> {
        let mut place_of: Vec<Option<usize>> = bone_of.iter().map(|bone| bone.map(usize::from)).collect();
        for &node in mesh_nodes {
            if let Some(slot) = place_of.get_mut(node) {
                *slot = Some(bone_count);
            }
        }
        let target_count = self.target_count();
        let mut tracks: Vec<Track> = Vec::new();
        for animation in animation::read(self.root, self.views, &place_of, &mut Skipped::default())? {
            for channel in animation.channels {
                let refuse = |reason: &str| Err(ContentError::malformed("/animations", reason));
                let Target::Node(place, property) = channel.target else {
                    return refuse("it changes materials, which all tiles share");
                };
                let bone = u16::try_from(place).ok().filter(|_| place < bone_count);
                let property = match (property, bone) {
                    (NodeProperty::Translation, Some(bone)) => Property::Translation(bone),
                    (NodeProperty::Rotation, Some(bone)) => Property::Rotation(bone),
                    (NodeProperty::Scale, Some(bone)) => Property::Scale(bone),
                    (NodeProperty::Visibility, Some(bone)) => Property::Visibility(bone),
                    (NodeProperty::Weights, None) => Property::Weights,
                    _ => return refuse("it changes what is no bone"),
                };
                if channel.curve.width() != property.width(target_count) {
                    return refuse("its values are not as many as what they change");
                }
                let period_seconds = animation.period_seconds;
                tracks.push(Track { property, curve: channel.curve, period_seconds });
            }
        }
        tracks.sort_by_key(|track| track.property);
        if tracks.windows(2).any(|pair| matches!(pair, [a, b] if a.property == b.property)) {
            return Err(ContentError::malformed("/animations", "two of them change the same"));
        }
        Ok(tracks)
    }

    fn target_count(&self) -> usize {
        let primitives = self.root.meshes.iter().flat_map(|mesh| &mesh.primitives);
        primitives.map(|primitive| primitive.targets.len()).max().unwrap_or_default()
    }

    /// The skeleton with what follows it.
    pub(super) fn moving(
        &self,
        skeleton: Skeleton,
        parts: &Parts<'_>,
        (positions, attributes): (&[Position], &[Attributes]),
    ) -> Result<Moving, ContentError> {
        let Skeleton { bones, mut joints, tracks } = skeleton;
        let Some((first, _)) = parts.primitives.first() else {
            return Err(ContentError::malformed("tile", "it has no mesh"));
        };
        let influences = self.influences(first, positions.len(), joints.len())?;
        if parts.primitives.iter().any(|(primitive, _)| primitive.targets != first.targets) {
            return Err(ContentError::malformed("tile", "its primitives do not share their morph targets"));
        }
        let targets = self.targets(first, positions.len())?;
        let weights = self.root.meshes.iter().find_map(|mesh| mesh.weights.clone()).unwrap_or_default();
        if !(weights.is_empty() || weights.len() == targets.len()) || !weights.iter().all(|w| w.is_finite()) {
            return Err(ContentError::malformed("/meshes/0/weights", "they are not those of its targets"));
        }
        let followers = Followers { influences, targets };
        followers.measure(&mut joints, positions);
        let mut motion = Motion { bones, joints, tracks, weights };
        motion.weights.resize(followers.targets.len(), 0.0);
        Ok(Moving { motion: Arc::new(motion), rest: followers.words(positions, attributes) })
    }

    fn influences(
        &self,
        primitive: &Primitive,
        count: usize,
        joint_count: usize,
    ) -> Result<Vec<Influence>, ContentError> {
        let bytes = |name| self.column(&primitive.attributes, name, count, accessor::UNSIGNED_BYTE, "VEC4");
        let (Some(joints), Some(weights)) = (bytes("JOINTS_0")?, bytes("WEIGHTS_0")?) else {
            return Err(ContentError::malformed("tile", "its vertices follow nothing"));
        };
        let pairs = joints.iter().zip(weights);
        let influences: Vec<Influence> =
            pairs.map(|(&joints, &weights)| Influence { joints, weights }).collect();
        let is_right = |influence: &Influence| {
            let sum: u32 = influence.weights.iter().map(|&weight| u32::from(weight)).sum();
            sum == 255 && influence.joints.iter().all(|&joint| usize::from(joint) < joint_count)
        };
        if influences.iter().all(is_right) {
            return Ok(influences);
        }
        Err(ContentError::malformed("tile", "a vertex follows a joint that is not there, or not as a whole"))
    }

    fn targets(&self, primitive: &Primitive, count: usize) -> Result<Vec<Vec<Delta>>, ContentError> {
        ContentError::check("tile", "morph targets", primitive.targets.len(), limits::MORPH_TARGETS_MAX)?;
        let bytes = primitive.targets.len().saturating_mul(count).saturating_mul(size_of::<Delta>());
        ContentError::check("tile", "bytes of morph targets", bytes, limits::MORPH_BYTES_MAX)?;
        primitive.targets.iter().map(|target| self.target(target, count)).collect()
    }

    fn target(&self, target: &BTreeMap<String, usize>, count: usize) -> Result<Vec<Delta>, ContentError> {
        if target.keys().any(|name| !matches!(name.as_str(), "POSITION" | "NORMAL")) {
            return Err(ContentError::malformed(
                "tile",
                "a morph target moves more than positions and normals",
            ));
        }
        let positions = self.column::<8>(target, "POSITION", count, accessor::SHORT, "VEC3")?;
        let normals = self.column::<4>(target, "NORMAL", count, accessor::BYTE, "VEC3")?;
        let mut deltas = vec![Delta::default(); count];
        for (delta, &[x0, x1, y0, y1, z0, z1, ..]) in deltas.iter_mut().zip(positions.unwrap_or_default()) {
            let [x, y, z] = [[x0, x1], [y0, y1], [z0, z1]].map(i16::from_le_bytes);
            delta.position = [x, y, z, 0];
        }
        for (delta, &[x, y, z, _]) in deltas.iter_mut().zip(normals.unwrap_or_default()) {
            delta.normal = [x as i8, y as i8, z as i8, 0];
        }
        Ok(deltas)
    }
}
