//! EXT_mesh_gpu_instancing: one node's mesh in many places, as the transforms of those.

use std::collections::BTreeMap;

use glam::{Affine3A, Quat, Vec3, Vec4};

use super::accessor::{Component, Reader};
use super::buffer::View;
use super::schema::{Node, Root};
use crate::scene::{ContentError, limits};

/// # Errors
/// When what places the instances of a node is not of the right format, or not as many everywhere.
pub(super) fn check(root: &Root, views: &[View<'_>]) -> Result<(), ContentError> {
    let mut total = 0_usize;
    for (i, node) in root.nodes.iter().enumerate() {
        let Some(attributes) = attributes(node) else { continue };
        let place = format!("/nodes/{i}/extensions/EXT_mesh_gpu_instancing");
        let refuse = |reason: &str| Err(ContentError::malformed(place.clone(), reason));
        if node.mesh.is_none() {
            return refuse("it has no mesh to be placed");
        }
        let mut count = None;
        for (name, &accessor) in attributes {
            let reader = Reader::of(root, views, accessor)?;
            let is_plain = reader.component == Component::F32;
            let is_small =
                reader.is_normalized() && matches!(reader.component, Component::I8 | Component::I16);
            let fits = match name.as_str() {
                "TRANSLATION" | "SCALE" => reader.kind() == "VEC3" && is_plain,
                "ROTATION" => reader.kind() == "VEC4" && (is_plain || is_small),
                own => own.starts_with('_'),
            };
            if !fits {
                return refuse(
                    "its attributes are TRANSLATION, ROTATION, SCALE and own ones, each of its type",
                );
            }
            if *count.get_or_insert(reader.count) != reader.count {
                return refuse("its attributes differ in their number");
            }
        }
        total = total.saturating_add(count.unwrap_or_default());
        ContentError::check(&place, "instances", total, limits::INSTANCES_MAX)?;
    }
    Ok(())
}

fn attributes(node: &Node) -> Option<&BTreeMap<String, usize>> {
    node.extensions.instances.as_ref().map(|extension| &extension.attributes)
}

/// From each instance to its node; `None` where the node has its mesh itself.
pub(super) fn transforms(
    root: &Root,
    views: &[View<'_>],
    node: &Node,
) -> Result<Option<Vec<Affine3A>>, ContentError> {
    let Some(attributes) = attributes(node) else { return Ok(None) };
    let reader = |name: &str| match attributes.get(name) {
        Some(&accessor) => Reader::of(root, views, accessor).map(Some),
        None => Ok(None),
    };
    let (translations, rotations, scales) = (reader("TRANSLATION")?, reader("ROTATION")?, reader("SCALE")?);
    let any = attributes.values().next().map(|&accessor| Reader::of(root, views, accessor)).transpose()?;
    let mut transforms = vec![(Vec3::ONE, Quat::IDENTITY, Vec3::ZERO); any.map_or(0, |any| any.count)];
    if let Some(reader) = translations {
        let all = reader.floats::<3>()?;
        transforms.iter_mut().zip(all).for_each(|(slot, value)| slot.2 = Vec3::from(value));
    }
    if let Some(reader) = rotations {
        for (slot, value) in transforms.iter_mut().zip(reader.floats::<4>()?) {
            // Zeros where nothing says what they are turn nothing.
            slot.1 = Vec4::from(value).try_normalize().map_or(Quat::IDENTITY, Quat::from_vec4);
        }
    }
    if let Some(reader) = scales {
        let all = reader.floats::<3>()?;
        transforms.iter_mut().zip(all).for_each(|(slot, value)| slot.0 = Vec3::from(value));
    }
    let affine = |(scale, rotation, translation)| {
        Affine3A::from_scale_rotation_translation(scale, rotation, translation)
    };
    Ok(Some(transforms.into_iter().map(affine).collect()))
}
