//! What skins and morph targets do to vertices that do not move: it is done once, here.

use std::borrow::Cow;

use glam::{Affine3A, Mat3, Vec3};

use crate::scene::gltf::Document;
use crate::scene::gltf::document::{MorphTarget, Node, Skin, VertexSet};

/// The vertices with the node's morph targets applied by its weights.
pub fn morphed<'a>(
    document: &Document,
    node: &Node,
    morph: Option<usize>,
    set: &'a VertexSet,
) -> Cow<'a, VertexSet> {
    let targets = morph.and_then(|morph| document.morphs.get(morph)).map(Vec::as_slice).unwrap_or_default();
    if node.weights.iter().all(|&weight| weight == 0.0) || targets.is_empty() {
        return Cow::Borrowed(set);
    }
    let mut set = set.clone();
    for (target, &weight) in targets.iter().zip(&node.weights) {
        add(&mut set.positions, target.positions.as_deref(), weight);
        if let Some(normals) = &mut set.normals {
            add(normals, target.normals.as_deref(), weight);
        }
    }
    if let Some(normals) = &mut set.normals {
        normals.iter_mut().for_each(|normal| *normal = normal.normalize_or(Vec3::Y));
    }
    Cow::Owned(set)
}

fn add(vectors: &mut [Vec3], deltas: Option<&[Vec3]>, weight: f32) {
    for (vector, delta) in vectors.iter_mut().zip(deltas.unwrap_or_default()) {
        *vector += *delta * weight;
    }
}

/// The vertices where the skin's joints hold them: in the world, wherever the node is.
pub fn skinned(document: &Document, skin: &Skin, set: &VertexSet) -> VertexSet {
    let palette: Vec<Affine3A> = palette(document, skin);
    let mut skinned = set.clone();
    let influences = skinned.influences.take().unwrap_or_default();
    for (vertex, influence) in influences.iter().enumerate() {
        let followed = influence.joints.iter().zip(influence.weights).filter(|(_, weight)| *weight > 0.0);
        let mut world_from_mesh = Affine3A { matrix3: glam::Mat3A::ZERO, translation: glam::Vec3A::ZERO };
        for (&joint, weight) in followed {
            let joint = palette.get(usize::from(joint)).copied().unwrap_or(Affine3A::IDENTITY);
            world_from_mesh.matrix3 += joint.matrix3 * weight;
            world_from_mesh.translation += joint.translation * weight;
        }
        if let Some(position) = skinned.positions.get_mut(vertex) {
            *position = world_from_mesh.transform_point3(*position);
        }
        let matrix = Mat3::from(world_from_mesh.matrix3);
        if let Some(normal) = skinned.normals.as_mut().and_then(|normals| normals.get_mut(vertex)) {
            *normal = (cofactors(matrix) * *normal).normalize_or(Vec3::Y);
        }
        if let Some(tangent) = skinned.tangents.as_mut().and_then(|tangents| tangents.get_mut(vertex)) {
            let turned = (matrix * tangent.truncate()).normalize_or(Vec3::X);
            *tangent = turned.extend(tangent.w);
        }
    }
    skinned
}

/// For each joint the world from the mesh, as the nodes stand.
pub fn palette(document: &Document, skin: &Skin) -> Vec<Affine3A> {
    let world = |&joint: &usize| document.nodes.get(joint).map_or(Affine3A::IDENTITY, |n| n.world_from_node);
    skin.joints.iter().map(world).zip(&skin.joint_from_mesh).map(|(world, &bind)| world * bind).collect()
}

/// What turns normals rightly for every matrix, even a flat one.
pub fn cofactors(matrix: Mat3) -> Mat3 {
    let [x, y, z] = [matrix.x_axis, matrix.y_axis, matrix.z_axis];
    Mat3::from_cols(y.cross(z), z.cross(x), x.cross(y))
}

/// How a target moves one of the vertices, and its normal.
pub fn delta(target: &MorphTarget, vertex: usize) -> [Vec3; 2] {
    let of = |vectors: &Option<Vec<Vec3>>| vectors.as_ref().and_then(|all| all.get(vertex)).copied();
    [of(&target.positions), of(&target.normals)].map(Option::unwrap_or_default)
}
