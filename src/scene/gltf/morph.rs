//! Morph targets: what moves vertices by weights. Broken ones are refused.

use std::collections::BTreeMap;
use std::fmt::Arguments;

use glam::Vec3;

use super::accessor::Reader;
use super::attribute::{Attribute, shown};
use super::buffer::View;
use super::document::MorphTarget;
use super::schema::{Mesh, Primitive, Root};
use crate::scene::ContentError;

/// How many targets the primitives of the mesh have.
pub(super) fn target_count(mesh: &Mesh) -> usize {
    mesh.primitives.first().map_or(0, |primitive| primitive.targets.len())
}

/// # Errors
/// When primitives of a mesh differ in their targets, weights in their number, or a target does not
/// fit the vertices that it moves.
pub(super) fn check(root: &Root, views: &[View<'_>]) -> Result<(), ContentError> {
    for (i, mesh) in root.meshes.iter().enumerate() {
        let count = target_count(mesh);
        if mesh.primitives.iter().any(|primitive| primitive.targets.len() != count) {
            let reason = "its primitives differ in the number of their morph targets";
            return Err(ContentError::malformed(format!("/meshes/{i}/primitives"), reason));
        }
        check_weights(mesh.weights.as_deref(), count, format_args!("/meshes/{i}/weights"))?;
        for (j, primitive) in mesh.primitives.iter().enumerate() {
            for (k, target) in primitive.targets.iter().enumerate() {
                let place = format!("/meshes/{i}/primitives/{j}/targets/{k}");
                check_target(root, views, primitive, target, &place)?;
            }
        }
    }
    for (i, node) in root.nodes.iter().enumerate() {
        let mesh = node.mesh.and_then(|mesh| root.meshes.get(mesh));
        let count = mesh.map_or(0, target_count);
        check_weights(node.weights.as_deref(), count, format_args!("/nodes/{i}/weights"))?;
    }
    Ok(())
}

fn check_weights(weights: Option<&[f32]>, count: usize, place: Arguments<'_>) -> Result<(), ContentError> {
    match weights {
        Some(weights) if weights.len() != count => Err(ContentError::malformed(
            place.to_string(),
            format!("there are {} of them for {count} morph targets", weights.len()),
        )),
        _ => Ok(()),
    }
}

fn check_target(
    root: &Root,
    views: &[View<'_>],
    primitive: &Primitive,
    target: &BTreeMap<String, usize>,
    place: &str,
) -> Result<(), ContentError> {
    for (name, &accessor) in target {
        let refuse = |reason| Err(ContentError::malformed(format!("{place}/{}", shown(name)), reason));
        let Some(attribute) = Attribute::named(name) else {
            return refuse("glTF knows no such attribute, and own ones begin with _");
        };
        let reader = Reader::of(root, views, accessor)?;
        if !attribute.takes_as_target(&reader) {
            return refuse("its type is not one that its attribute may have in a morph target");
        }
        let Some(&base) = primitive.attributes.get(name) else {
            return refuse("the primitive has no such attribute to be moved");
        };
        if Reader::of(root, views, base)?.count != reader.count {
            return refuse("it differs in its number from what it moves");
        }
        if attribute == Attribute::Position && !reader.has_bounds() {
            return refuse("positions have to have their min and max");
        }
    }
    Ok(())
}

/// The accessors of a target that are read: of positions and of normals. Tangents follow the normals.
pub(super) type Key = [Option<usize>; 2];

pub(super) fn key(target: &BTreeMap<String, usize>) -> Key {
    ["POSITION", "NORMAL"].map(|name| target.get(name).copied())
}

/// A target that passed [`check`].
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(
    root: &Root,
    views: &[View<'_>],
    [positions, normals]: Key,
) -> Result<MorphTarget, ContentError> {
    let vectors = |accessor: Option<usize>| {
        let Some(accessor) = accessor else { return Ok(None) };
        let vectors = Reader::of(root, views, accessor)?.floats::<3>()?;
        Ok(Some(vectors.into_iter().map(Vec3::from).collect::<Vec<_>>()))
    };
    Ok(MorphTarget { positions: vectors(positions)?, normals: vectors(normals)? })
}

/// How much of each target of its mesh a node has at first: its own numbers, or else those of the mesh.
pub(super) fn weights(root: &Root, mesh: Option<usize>, own: Option<&[f32]>) -> Vec<f32> {
    let Some(mesh) = mesh.and_then(|mesh| root.meshes.get(mesh)) else { return Vec::new() };
    let mut weights = own.or(mesh.weights.as_deref()).unwrap_or_default().to_vec();
    weights.resize(target_count(mesh), 0.0);
    weights
}
