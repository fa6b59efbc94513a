//! Finds what stands in the scene several times: nodes below which there is the same, turned and moved.
//!
//! Such a part is baked, fetched and kept once. It must be large: what is small is better joined with what stands
//! around it.

use std::collections::BTreeMap;

use crate::math::Pose;
use crate::scene::gltf::Document;
use crate::scene::gltf::document::Node;
use crate::scene::limits;

/// Triangles of a part: some cells, each with its levels of detail.
const TRIANGLES_MIN: u64 = 50_000;

/// Two scales are one if they differ by less than this part, and a transform is a turn and a move if no entry of it
/// is off by more.
const TOLERANCE: f32 = 1e-4;

/// What a node is to the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is in none.
    Alone,
    /// It is in this part, where that is baked.
    First(usize),
    /// It is in a part, where that is not baked once more.
    Again,
}

/// The parts, and who is in them.
#[derive(Clone, Debug, Default)]
pub struct Repeats {
    /// One a node.
    standings: Vec<Standing>,
    /// For each part the world from its space, first where it is baked.
    pub poses: Vec<Vec<Pose>>,
}

/// What makes two nodes the same: all below, each by its place in its parent, and the meshes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness<'a> {
    mesh: Option<usize>,
    entity: Option<&'a str>,
    /// Their transforms' bits and the number of what they are alike to.
    children: Vec<([u32; 12], usize)>,
    /// What can be taken or heard, or moves, is like nothing else.
    only: Option<usize>,
}

/// Nodes that are alike.
#[derive(Clone, Debug, Default)]
struct Kind {
    triangles: u64,
    nodes: Vec<usize>,
}

impl Repeats {
    /// Finds the largest parts first; no part is within another, and none has something that moves by itself.
    pub fn find(document: &Document, moves: impl Fn(usize) -> bool) -> Self {
        let mut kinds = kinds(document, moves);
        kinds.retain(|kind| kind.nodes.len() > 1 && kind.triangles >= TRIANGLES_MIN);
        kinds.sort_by_key(|kind| (std::cmp::Reverse(kind.triangles), kind.nodes.first().copied()));
        let mut part_of_root: Vec<Option<(usize, bool)>> = vec![None; document.nodes.len()];
        let mut poses: Vec<Vec<Pose>> = Vec::new();
        let mut room = limits::PLACEMENTS_MAX;
        for kind in kinds {
            let is_free = |&node: &usize| ancestry(document, node).all(|above| part_of_root[above].is_none());
            let mut free: Vec<(usize, Pose, f32)> = kind
                .nodes
                .iter()
                .copied()
                .filter(is_free)
                .filter_map(|node| stance(&document.nodes[node]).map(|(pose, scale)| (node, pose, scale)))
                .collect();
            let scale = free.first().map_or(1.0, |first| first.2);
            free.retain(|(.., other)| (other - scale).abs() <= TOLERANCE * scale);
            if free.len() < 2 || free.len() > room || poses.len() == limits::PROTOTYPES_MAX {
                continue;
            }
            room -= free.len();
            for (number, (node, ..)) in free.iter().enumerate() {
                part_of_root[*node] = Some((poses.len(), number == 0));
            }
            poses.push(free.into_iter().map(|(_, pose, _)| pose).collect());
        }
        let standing = |node: usize| match ancestry(document, node).find_map(|above| part_of_root[above]) {
            None => Standing::Alone,
            Some((part, true)) => Standing::First(part),
            Some((_, false)) => Standing::Again,
        };
        Self { standings: (0..document.nodes.len()).map(standing).collect(), poses }
    }

    /// What the node is to the parts.
    pub fn standing(&self, node: usize) -> Standing {
        self.standings.get(node).copied().unwrap_or(Standing::Alone)
    }
}

/// The node and all above it.
fn ancestry(document: &Document, node: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(node), |&node| document.nodes.get(node)?.parent)
}

/// Which nodes are alike. Parents stand before their children, so that from the end each has all of them.
fn kinds(document: &Document, moves: impl Fn(usize) -> bool) -> Vec<Kind> {
    let mut numbers: BTreeMap<Likeness<'_>, usize> = BTreeMap::new();
    let mut kinds: Vec<Kind> = Vec::new();
    let mut children: Vec<Vec<([u32; 12], usize)>> = vec![Vec::new(); document.nodes.len()];
    let mut triangles = vec![0_u64; document.nodes.len()];
    for (index, node) in document.nodes.iter().enumerate().rev() {
        let mesh = node.mesh.and_then(|mesh| document.meshes.get(mesh));
        let own = mesh.map_or(0, |mesh| mesh.primitives.iter().map(|p| p.indices.len() as u64 / 3).sum());
        triangles[index] += own;
        let likeness = Likeness {
            mesh: node.mesh,
            entity: node.entity.as_deref(),
            children: std::mem::take(&mut children[index]),
            only: (node.prop.is_some() || node.sound.is_some() || node.skin.is_some() || moves(index))
                .then_some(index),
        };
        let number = *numbers.entry(likeness).or_insert(kinds.len());
        kinds.resize(kinds.len().max(number + 1), Kind::default());
        kinds[number].triangles = triangles[index];
        kinds[number].nodes.push(index);
        if let Some(parent) = node.parent.filter(|&parent| parent < index) {
            children[parent].push((node.parent_from_node.to_cols_array().map(f32::to_bits), number));
            triangles[parent] += triangles[index];
        }
    }
    kinds.iter_mut().for_each(|kind| kind.nodes.reverse());
    kinds
}

/// The turn and the move, and the scale that is the same along all axes; `None` for any other transform.
fn stance(node: &Node) -> Option<(Pose, f32)> {
    let (scale, orientation, position) = node.world_from_node.to_scale_rotation_translation();
    let size = scale.x;
    let is_even = size > 0.0 && (scale - size).abs().max_element() <= TOLERANCE * size;
    let pose = Pose { position, orientation: orientation.normalize() };
    let again = glam::Mat3A::from_quat(pose.orientation) * size;
    let is_same = again.abs_diff_eq(node.world_from_node.matrix3, TOLERANCE * size);
    (is_even && is_same && pose.position.is_finite()).then_some((pose, size))
}
