//! The node graph, which `shape` knows to be a forest of bounded depth, as a list.

use std::collections::BTreeSet;

use super::schema::{Root, Scene};
use crate::scene::ContentError;

/// A node that the default scene reaches.
#[derive(Clone, Copy, Debug)]
pub(in crate::scene) struct Placement {
    /// Into the file's nodes.
    pub node: usize,
    /// Into the list of placements, always an earlier one.
    pub parent: Option<usize>,
}

/// The parent of each node.
pub(in crate::scene) struct Parents(Vec<Option<usize>>);

impl Parents {
    pub(in crate::scene) fn of(root: &Root) -> Self {
        let mut parents = vec![None; root.nodes.len()];
        for (i, node) in root.nodes.iter().enumerate() {
            for &child in &node.children {
                if let Some(slot) = parents.get_mut(child) {
                    *slot = Some(i);
                }
            }
        }
        Self(parents)
    }

    /// The node, the one above it, and so on.
    pub(super) fn ancestry(&self, node: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(node), |&node| self.0.get(node).copied().flatten())
    }

    /// The one above all others in the ancestry of a node.
    pub(super) fn top(&self, node: usize) -> usize {
        self.ancestry(node).last().unwrap_or(node)
    }
}

/// The scene that is shown.
pub(in crate::scene) fn default_scene(root: &Root) -> Option<&Scene> {
    root.scenes.get(root.scene.unwrap_or(0))
}

/// The nodes of the default scene, parents before children; all nodes where there is no scene. What MSFT_lod names as a
/// coarser level of another is not among them.
///
/// # Errors
/// When a scene lists a node twice, or one that is the child of another.
pub(in crate::scene) fn scene_nodes(root: &Root) -> Result<Vec<Placement>, ContentError> {
    let Parents(parents) = Parents::of(root);
    let mut listed_by = vec![None; root.nodes.len()];
    for (i, scene) in root.scenes.iter().enumerate() {
        for (j, &node) in scene.nodes.iter().enumerate() {
            let reason = if parents.get(node).is_some_and(Option::is_some) {
                "is no root"
            } else if listed_by.get_mut(node).and_then(|listed| listed.replace(i)) == Some(i) {
                "is listed twice"
            } else {
                continue;
            };
            return Err(ContentError::malformed(
                format!("/scenes/{i}/nodes/{j}"),
                format!("node {node} {reason}"),
            ));
        }
    }
    let roots = match default_scene(root) {
        Some(scene) => scene.nodes.clone(),
        None => (0..root.nodes.len()).filter(|&i| parents.get(i).is_some_and(Option::is_none)).collect(),
    };
    Ok(walk(root, &roots))
}

/// Breadth first from `roots`: each node is met once at most.
fn walk(root: &Root, roots: &[usize]) -> Vec<Placement> {
    let levels = root.nodes.iter().filter_map(|node| node.extensions.levels.as_ref());
    let coarser: BTreeSet<usize> = levels.flat_map(|levels| levels.ids.iter().copied()).collect();
    let is_finest = |node: &&usize| !coarser.contains(node);
    let roots = roots.iter().filter(is_finest);
    let mut placements: Vec<Placement> = roots.map(|&node| Placement { node, parent: None }).collect();
    let mut next = 0;
    while let Some(place) = placements.get(next) {
        let children = root.nodes.get(place.node).map(|node| node.children.as_slice()).unwrap_or_default();
        let children = children.iter().filter(is_finest);
        placements.extend(children.map(|&child| Placement { node: child, parent: Some(next) }));
        next = next.saturating_add(1);
    }
    placements
}
