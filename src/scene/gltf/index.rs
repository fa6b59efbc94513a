//! Follows every reference of a file once, so that the rest of the reader meets none that leads
//! nowhere, and turns the node graph into a list.

use std::fmt::Arguments;

use super::schema::{Animation, Primitive, Root, Scene, Skin};
use crate::scene::{ContentError, limits};

/// A node that the default scene reaches.
#[derive(Clone, Copy, Debug)]
pub(in crate::scene) struct Placement {
    /// Into the file's nodes.
    pub node: usize,
    /// Into the list of placements, always an earlier one.
    pub parent: Option<usize>,
}

/// Errs at the first reference that leads nowhere.
pub(in crate::scene) fn check_references(root: &Root) -> Result<(), ContentError> {
    refer(root.scene, root.scenes.len(), format_args!("/scene"))?;
    let lights = root.extensions.lights.as_ref().map_or(0, |ext| ext.lights.len());
    for (i, node) in root.nodes.iter().enumerate() {
        refer(node.mesh, root.meshes.len(), format_args!("/nodes/{i}/mesh"))?;
        refer(node.camera, root.cameras.len(), format_args!("/nodes/{i}/camera"))?;
        refer(node.skin, root.skins.len(), format_args!("/nodes/{i}/skin"))?;
        let light = node.extensions.light.as_ref().map(|ext| ext.light);
        refer(light, lights, format_args!("/nodes/{i}/extensions/KHR_lights_punctual/light"))?;
        refer_all(&node.children, root.nodes.len(), format_args!("/nodes/{i}/children"))?;
    }
    for (i, mesh) in root.meshes.iter().enumerate() {
        for (j, primitive) in mesh.primitives.iter().enumerate() {
            check_primitive(primitive, root, format_args!("/meshes/{i}/primitives/{j}"))?;
        }
    }
    for (i, texture) in root.textures.iter().enumerate() {
        refer(texture.source, root.images.len(), format_args!("/textures/{i}/source"))?;
        refer(texture.sampler, root.samplers.len(), format_args!("/textures/{i}/sampler"))?;
    }
    check_storage(root)?;
    for (i, animation) in root.animations.iter().enumerate() {
        check_animation(animation, root, format_args!("/animations/{i}"))?;
    }
    for (i, skin) in root.skins.iter().enumerate() {
        check_skin(skin, root, format_args!("/skins/{i}"))?;
    }
    Ok(())
}

fn check_primitive(primitive: &Primitive, root: &Root, place: Arguments<'_>) -> Result<(), ContentError> {
    refer(primitive.material, root.materials.len(), format_args!("{place}/material"))?;
    refer(primitive.indices, root.accessors.len(), format_args!("{place}/indices"))?;
    let targets = primitive.targets.iter().flatten();
    for (name, accessor) in primitive.attributes.iter().chain(targets) {
        refer(Some(*accessor), root.accessors.len(), format_args!("{place}/attributes/{name}"))?;
    }
    Ok(())
}

/// Accessors, views, buffers and images.
fn check_storage(root: &Root) -> Result<(), ContentError> {
    let views = root.buffer_views.len();
    for (i, accessor) in root.accessors.iter().enumerate() {
        refer(accessor.buffer_view, views, format_args!("/accessors/{i}/bufferView"))?;
        if let Some(sparse) = &accessor.sparse {
            refer(
                Some(sparse.indices.buffer_view),
                views,
                format_args!("/accessors/{i}/sparse/indices/bufferView"),
            )?;
            refer(
                Some(sparse.values.buffer_view),
                views,
                format_args!("/accessors/{i}/sparse/values/bufferView"),
            )?;
        }
    }
    for (i, view) in root.buffer_views.iter().enumerate() {
        let compressed = view.extensions.meshopt.as_ref().map(|ext| ext.buffer);
        for buffer in [Some(view.buffer), compressed] {
            refer(buffer, root.buffers.len(), format_args!("/bufferViews/{i}/buffer"))?;
        }
    }
    for (i, image) in root.images.iter().enumerate() {
        refer(image.buffer_view, views, format_args!("/images/{i}/bufferView"))?;
    }
    Ok(())
}

fn check_animation(animation: &Animation, root: &Root, place: Arguments<'_>) -> Result<(), ContentError> {
    for channel in &animation.channels {
        refer(Some(channel.sampler), animation.samplers.len(), format_args!("{place}/channels"))?;
        refer(channel.target.node, root.nodes.len(), format_args!("{place}/channels"))?;
    }
    for sampler in &animation.samplers {
        refer_all(&[sampler.input, sampler.output], root.accessors.len(), format_args!("{place}/samplers"))?;
    }
    Ok(())
}

fn check_skin(skin: &Skin, root: &Root, place: Arguments<'_>) -> Result<(), ContentError> {
    refer(skin.inverse_bind_matrices, root.accessors.len(), format_args!("{place}/inverseBindMatrices"))?;
    refer(skin.skeleton, root.nodes.len(), format_args!("{place}/skeleton"))?;
    refer_all(&skin.joints, root.nodes.len(), format_args!("{place}/joints"))
}

/// Errs when `index` is there and not below `len`.
pub(super) fn refer(index: Option<usize>, len: usize, place: Arguments<'_>) -> Result<(), ContentError> {
    match index {
        Some(index) if index >= len => Err(ContentError::malformed(
            place.to_string(),
            format!("it refers to number {index} and there are {len}"),
        )),
        _ => Ok(()),
    }
}

fn refer_all(indices: &[usize], len: usize, place: Arguments<'_>) -> Result<(), ContentError> {
    indices.iter().try_for_each(|&index| refer(Some(index), len, place))
}

/// The scene that is shown.
pub(in crate::scene) fn default_scene(root: &Root) -> Option<&Scene> {
    root.scenes.get(root.scene.unwrap_or(0))
}

/// The nodes of the default scene, parents before children; all nodes where there is no scene.
///
/// # Errors
/// When the graph is not a forest, deeper than [`limits::NODE_DEPTH_MAX`], or when a scene's root is
/// the child of another node.
pub(in crate::scene) fn scene_nodes(root: &Root) -> Result<Vec<Placement>, ContentError> {
    let has_parent = find_parents(root)?;
    let parentless =
        has_parent.iter().enumerate().filter(|&(_, &has)| !has).map(|(node, _)| node).collect::<Vec<_>>();
    // Walking from every parentless node reaches every node, unless some are in a cycle.
    let everything = walk(root, &parentless)?;
    if everything.len() < root.nodes.len() {
        return Err(ContentError::malformed("/nodes", "some are their own ancestors"));
    }
    let mut listed_by = vec![None; root.nodes.len()];
    for (i, scene) in root.scenes.iter().enumerate() {
        for &node in &scene.nodes {
            refer(Some(node), root.nodes.len(), format_args!("/scenes/{i}/nodes"))?;
            if has_parent.get(node) == Some(&true) {
                return Err(ContentError::malformed(
                    format!("/scenes/{i}/nodes"),
                    format!("node {node} is no root"),
                ));
            }
            if let Some(listed) = listed_by.get_mut(node)
                && listed.replace(i) == Some(i)
            {
                return Err(ContentError::malformed(
                    format!("/scenes/{i}/nodes"),
                    format!("node {node} is listed twice"),
                ));
            }
        }
    }
    match default_scene(root) {
        Some(scene) => walk(root, &scene.nodes),
        None => Ok(everything),
    }
}

/// Whether each node is somebody's child.
fn find_parents(root: &Root) -> Result<Vec<bool>, ContentError> {
    let mut has_parent = vec![false; root.nodes.len()];
    for (i, node) in root.nodes.iter().enumerate() {
        for &child in &node.children {
            let slot = has_parent.get_mut(child);
            if slot.is_none_or(|has| std::mem::replace(has, true)) {
                return Err(ContentError::malformed(
                    format!("/nodes/{i}/children"),
                    format!("node {child} has two parents"),
                ));
            }
        }
    }
    Ok(has_parent)
}

/// Breadth first from `roots`, in a graph where no node has two parents: each is met once at most.
fn walk(root: &Root, roots: &[usize]) -> Result<Vec<Placement>, ContentError> {
    let mut placements: Vec<Placement> = roots.iter().map(|&node| Placement { node, parent: None }).collect();
    let mut level_start = 0;
    let mut depth = 0_usize;
    while level_start < placements.len() {
        depth = depth.saturating_add(1);
        ContentError::check("/nodes", "levels of nodes", depth, limits::NODE_DEPTH_MAX)?;
        let level_end = placements.len();
        for parent in level_start..level_end {
            let Some(node) = placements.get(parent).and_then(|place| root.nodes.get(place.node)) else {
                continue;
            };
            placements
                .extend(node.children.iter().map(|&child| Placement { node: child, parent: Some(parent) }));
        }
        level_start = level_end;
    }
    Ok(placements)
}
