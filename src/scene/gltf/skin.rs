//! Skins: which nodes move which vertices. Broken ones are refused.

use std::collections::{BTreeMap, BTreeSet};

use glam::{Affine3A, Mat4};

use super::accessor::Reader;
use super::buffer::View;
use super::document::{self, SourceInfluence};
use super::graph::Parents;
use super::schema::{Primitive, Root, Skin};
use crate::scene::ContentError;

/// How far the weights of a vertex may be from 1 together: those of bytes are rounded one by one.
const SUM_TOLERANCE: f32 = 0.02;

/// # Errors
/// When a skin has no common root, matrices that are none, or does not fit what it moves.
pub(super) fn check(root: &Root, views: &[View<'_>]) -> Result<(), ContentError> {
    let parents = Parents::of(root);
    for (i, skin) in root.skins.iter().enumerate() {
        let place = format!("/skins/{i}");
        if let Some(reason) = fault(skin, &parents) {
            return Err(ContentError::malformed(place, reason));
        }
        if let Some(accessor) = skin.inverse_bind_matrices {
            check_matrices(&Reader::of(root, views, accessor)?, skin.joints.len())?;
        }
    }
    check_nodes(root, &parents)?;
    check_vertices(root, views)
}

fn fault(skin: &Skin, parents: &Parents) -> Option<&'static str> {
    let distinct: BTreeSet<usize> = skin.joints.iter().copied().collect();
    if distinct.len() < skin.joints.len() {
        return Some("a joint is in it twice");
    }
    let mut tops = skin.joints.iter().map(|&joint| parents.top(joint));
    let top = tops.next();
    if tops.any(|other| Some(other) != top) {
        return Some("its joints have no common root");
    }
    let is_above = |skeleton: usize| {
        skin.joints.iter().all(|&joint| parents.ancestry(joint).any(|node| node == skeleton))
    };
    skin.skeleton
        .is_some_and(|skeleton| !is_above(skeleton))
        .then_some("its skeleton is not above its joints")
}

fn check_matrices(reader: &Reader<'_>, joints: usize) -> Result<(), ContentError> {
    if !reader.is_floats("MAT4") {
        return Err(reader.refuse("inverse bind matrices are MAT4 of floats"));
    }
    if reader.count < joints {
        return Err(reader.refuse("there are fewer inverse bind matrices than joints"));
    }
    if !reader.has_data() {
        return Ok(());
    }
    let is_affine = |matrix: &[f32; 16]| {
        let [.., r0, _, _, _, r1, _, _, _, r2, _, _, _, r3] = *matrix;
        [r0, r1, r2, r3] == [0.0, 0.0, 0.0, 1.0]
    };
    if reader.floats::<16>()?.iter().all(is_affine) {
        return Ok(());
    }
    Err(reader.refuse("an inverse bind matrix is not affine"))
}

/// Whether every skinned node has what a skin needs.
fn check_nodes(root: &Root, parents: &Parents) -> Result<(), ContentError> {
    let mut scenes_of: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (i, scene) in root.scenes.iter().enumerate() {
        scenes_of.entry(usize::MAX).or_default();
        for &node in &scene.nodes {
            scenes_of.entry(node).or_default().insert(i);
        }
    }
    let mut seen = BTreeSet::new();
    for (i, node) in root.nodes.iter().enumerate() {
        let Some(skin) = node.skin.and_then(|skin| root.skins.get(skin)) else { continue };
        let refuse = |reason| Err(ContentError::malformed(format!("/nodes/{i}/skin"), reason));
        let Some(mesh) = node.mesh.and_then(|mesh| root.meshes.get(mesh)) else {
            return refuse("it has a skin and no mesh");
        };
        if !mesh.primitives.iter().any(|primitive| primitive.attributes.contains_key("JOINTS_0")) {
            return refuse("the vertices of its mesh have no joints");
        }
        let joints = parents.top(skin.joints.first().copied().unwrap_or_default());
        let top = parents.top(i);
        if !seen.insert((top, joints)) {
            continue;
        }
        let nowhere = BTreeSet::new();
        let [its, theirs] = [top, joints].map(|node| scenes_of.get(&node).unwrap_or(&nowhere));
        if !its.is_subset(theirs) {
            return refuse("it is in a scene in which its joints are not");
        }
    }
    Ok(())
}

/// Whether the joints that vertices name are there, and their weights make one.
fn check_vertices(root: &Root, views: &[View<'_>]) -> Result<(), ContentError> {
    // The fewest joints of a skin that each mesh is drawn with.
    let mut joints_of: BTreeMap<usize, usize> = BTreeMap::new();
    for node in &root.nodes {
        let skin = node.skin.and_then(|skin| root.skins.get(skin));
        if let Some((mesh, skin)) = node.mesh.zip(skin) {
            let fewest = joints_of.entry(mesh).or_insert(usize::MAX);
            *fewest = (*fewest).min(skin.joints.len());
        }
    }
    let mut seen = BTreeSet::new();
    for (i, mesh) in root.meshes.iter().enumerate() {
        let joints = joints_of.get(&i).copied().unwrap_or(usize::MAX);
        for (j, primitive) in mesh.primitives.iter().enumerate() {
            let influences = influences(primitive);
            if seen.insert((influences.clone(), joints)) {
                check_influences(root, views, &influences, joints, &format!("/meshes/{i}/primitives/{j}"))?;
            }
        }
    }
    Ok(())
}

/// The accessors of joints and of weights, by set.
fn influences(primitive: &Primitive) -> Vec<(usize, usize)> {
    let pair = |set: usize| {
        let joints = primitive.attributes.get(&format!("JOINTS_{set}"))?;
        Some((*joints, *primitive.attributes.get(&format!("WEIGHTS_{set}"))?))
    };
    (0..).map_while(pair).collect()
}

fn check_influences(
    root: &Root,
    views: &[View<'_>],
    sets: &[(usize, usize)],
    joint_count: usize,
    place: &str,
) -> Result<(), ContentError> {
    let mut columns = Vec::with_capacity(sets.len());
    for &(joints, weights) in sets {
        let (joints, weights) = (Reader::of(root, views, joints)?, Reader::of(root, views, weights)?);
        if !joints.has_data() || !weights.has_data() {
            return Ok(());
        }
        columns.push((joints.floats::<4>()?, weights.floats::<4>()?));
    }
    let count = columns.first().map_or(0, |(joints, _)| joints.len());
    let mut used = Vec::new();
    for vertex in 0..count {
        let refuse = |reason| {
            Err(ContentError::malformed(format!("{place}/attributes"), format!("vertex {vertex}: {reason}")))
        };
        used.clear();
        let mut sum = 0.0;
        let rows = columns.iter().filter_map(|(joints, weights)| joints.get(vertex).zip(weights.get(vertex)));
        for (&joint, &weight) in rows.flat_map(|(joints, weights)| joints.iter().zip(weights)) {
            if weight < 0.0 {
                return refuse("a weight is negative");
            }
            if joint as usize >= joint_count {
                return refuse("it names a joint that its skin does not have");
            }
            if weight > 0.0 && used.contains(&joint) {
                return refuse("it names a joint twice");
            }
            if weight > 0.0 {
                used.push(joint);
            }
            sum += weight;
        }
        // A vertex that nothing moves has no weights.
        if sum > 0.0 && (sum - 1.0).abs() > SUM_TOLERANCE {
            return refuse("its weights do not make 1 together");
        }
    }
    Ok(())
}

/// The accessors of joints and of weights, by set: two sets are eight joints, of which four are kept.
pub(super) type Key = [Option<usize>; 4];
pub(super) const NAMES: [&str; 4] = ["JOINTS_0", "WEIGHTS_0", "JOINTS_1", "WEIGHTS_1"];

/// What joints do with vertices that passed [`check`]; `None` where nothing says so.
///
/// # Errors
/// When they cannot be read.
pub(super) fn influences_of(
    root: &Root,
    views: &[View<'_>],
    key: Key,
) -> Result<Option<Vec<SourceInfluence>>, ContentError> {
    let column = |accessor: Option<usize>| {
        let Some(accessor) = accessor else { return Ok(None) };
        let reader = Reader::of(root, views, accessor)?;
        if reader.has_data() { reader.floats::<4>().map(Some) } else { Ok(None) }
    };
    let [joints0, weights0, joints1, weights1] = key;
    let first = column(joints0)?.zip(column(weights0)?);
    let second = column(joints1)?.zip(column(weights1)?);
    let Some((joints, weights)) = first else { return Ok(None) };
    let mut influences: Vec<SourceInfluence> =
        joints.iter().zip(&weights).map(|(joints, weights)| strongest(&[(*joints, *weights)])).collect();
    if let Some((joints1, weights1)) = second {
        let rows = joints.iter().zip(&weights).zip(joints1.iter().zip(&weights1));
        for (influence, ((j0, w0), (j1, w1))) in influences.iter_mut().zip(rows) {
            *influence = strongest(&[(*j0, *w0), (*j1, *w1)]);
        }
    }
    Ok(Some(influences))
}

/// The four joints with the most weight, which make 1 together.
fn strongest(sets: &[([f32; 4], [f32; 4])]) -> SourceInfluence {
    let mut pairs: [(f32, f32); 8] = [(0.0, 0.0); 8];
    let named = sets.iter().flat_map(|(joints, weights)| joints.iter().zip(weights));
    for (pair, (&joint, &weight)) in pairs.iter_mut().zip(named) {
        *pair = (joint, weight);
    }
    pairs.sort_by(|a, b| b.1.total_cmp(&a.1));
    let [a, b, c, d, ..] = pairs;
    let sum = a.1 + b.1 + c.1 + d.1;
    let part = |weight: f32| if sum > 0.0 { weight / sum } else { 0.0 };
    // Joints are whole numbers below 65 536: shapes and checks saw to it.
    let [four, weights] = [[a.0, b.0, c.0, d.0], [a.1, b.1, c.1, d.1].map(part)];
    SourceInfluence { joints: four.map(|joint| joint as u16), weights }
}

/// All skins, at the file's places; `None` for one whose joints are not all in the scene that is shown.
///
/// # Errors
/// When matrices cannot be read.
pub(super) fn read(
    root: &Root,
    views: &[View<'_>],
    place_of: &[Option<usize>],
) -> Result<Vec<Option<document::Skin>>, ContentError> {
    let mut skins = Vec::with_capacity(root.skins.len());
    for skin in &root.skins {
        let places = skin.joints.iter().map(|&joint| place_of.get(joint).copied().flatten());
        let Some(joints) = places.collect::<Option<Vec<usize>>>() else {
            skins.push(None);
            continue;
        };
        let mut joint_from_mesh = vec![Affine3A::IDENTITY; joints.len()];
        if let Some(accessor) = skin.inverse_bind_matrices {
            let reader = Reader::of(root, views, accessor)?;
            if reader.has_data() {
                for (slot, matrix) in joint_from_mesh.iter_mut().zip(reader.floats::<16>()?) {
                    *slot = Affine3A::from_mat4(Mat4::from_cols_array(&matrix));
                }
            }
        }
        skins.push(Some(document::Skin { joints, joint_from_mesh }));
    }
    Ok(skins)
}
