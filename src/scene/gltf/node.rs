//! Nodes: where things are in the world, and what light they carry.

use std::collections::BTreeMap;

use glam::{Affine3A, DAffine3, DMat4, DVec3, Quat, Vec3};

use super::buffer::View;
use super::document::{Node, NodeProperty, PropExtras, Skin};
use super::graph::Placement;
use super::schema::{self, Root};
use super::skipped::Skipped;
use super::{animation, instance, light, metadata, morph, sound};
use crate::scene::entity::PropertyValue;
use crate::scene::prop::PROP_KILOGRAMS;
use crate::scene::{ContentError, limits};

/// No entry of a transform is larger: products of a few of them with coordinates stay finite.
const ENTRY_MAX: f32 = 1e12;
/// Below this volume a transform flattens what it transforms.
const DETERMINANT_MIN: f32 = 1e-24;
/// What a thing to take in the hand weighs where the file does not say.
const MASS_KILOGRAMS: f64 = 0.3;
/// How far from 1 the length of a rotation may be; the rest is made up by normalising.
const ROTATION_TOLERANCE: f32 = 0.01;
/// How far from a right angle two axes of a matrix may be, as a cosine: exporters multiply matrices.
const SHEAR_TOLERANCE: f64 = 0.01;

/// How nodes are counted whose transform is of no use.
const FLATTENS: &str = "nodes with a transform that flattens or overflows";

/// The document's nodes, and where each node of the file is among them.
pub(super) type Nodes = (Vec<Node>, Vec<Option<usize>>);

/// A node of the file that was looked at.
#[derive(Clone, Copy)]
struct Kept {
    /// Where it went.
    index: usize,
    /// Whether it may be without size now, because that changes over time.
    grows: bool,
}

/// The nodes of the scene, with their transforms multiplied out, and one more for each place of an
/// instanced mesh. A node that flattens or is not visible, and always is so, is left out with all below it, and
/// counted.
///
/// # Errors
/// When a transform is not one.
pub(super) fn read(
    root: &Root,
    views: &[View<'_>],
    placements: &[Placement],
    world_from_scene: &DAffine3,
    skipped: &mut Skipped,
) -> Result<Nodes, ContentError> {
    let growing = animation::changed(root, NodeProperty::Scale);
    let appearing = animation::changed(root, NodeProperty::Visibility);
    // From each placement to the world, in doubles.
    let mut worlds: Vec<DAffine3> = Vec::with_capacity(placements.len());
    // Where the whole scene is somewhere else, all of it hangs from a node more.
    let is_moved = *world_from_scene != DAffine3::IDENTITY;
    let pivot =
        is_moved.then(|| Node::bare(None, world_from_scene.as_affine3a(), world_from_scene.as_affine3a()));
    let mut nodes: Vec<Node> = pivot.into_iter().collect();
    let top = nodes.len().checked_sub(1);
    let mut place_of = vec![None; root.nodes.len()];
    // Where each placement went in `nodes`, or why it is left out.
    let mut kept: Vec<Result<Kept, &str>> = Vec::with_capacity(placements.len());
    for placement in placements {
        let Some(schema) = root.nodes.get(placement.node) else { continue };
        let local = local_transform(schema, &format!("/nodes/{}", placement.node))?;
        let above = placement.parent.and_then(|parent| worlds.get(parent));
        let world = *above.unwrap_or(world_from_scene) * local;
        worlds.push(world);
        skipped.add_extensions(&schema.extensions.others);
        let parent = placement.parent.and_then(|parent| kept.get(parent).copied()).transpose();
        let left_out = match parent {
            Err(reason) => Some(reason),
            Ok(_) if !is_visible(schema) && !appearing.contains(&placement.node) => {
                Some("nodes that are not visible")
            }
            Ok(_) => None,
        };
        let parent = parent.ok().flatten();
        let world_from_node = world.as_affine3a();
        let grows = growing.contains(&placement.node) || parent.is_some_and(|parent| parent.grows);
        let is_usable = is_usable(&world_from_node) || (grows && is_in_range(&world_from_node));
        if let Some(reason) = left_out.or((!is_usable).then_some(FLATTENS)) {
            skipped.add(reason, 1);
            kept.push(Err(reason));
            continue;
        }
        let instances = instance::transforms(root, views, schema)?;
        let count = instances.as_ref().map_or(0, Vec::len);
        let features = metadata::features_of_instances(root, views, schema, count)?;
        let index = nodes.len();
        kept.push(Ok(Kept { index, grows }));
        if let Some(place) = place_of.get_mut(placement.node) {
            *place = Some(index);
        }
        let mesh = schema.mesh.filter(|_| instances.is_none());
        nodes.push(Node {
            name: schema.name.clone(),
            entity: entity(schema),
            feature: None,
            properties: properties(schema),
            parent: parent.map(|parent| parent.index).or(top),
            parent_from_node: local.as_affine3a(),
            world_from_node,
            mesh,
            skin: schema.skin.filter(|_| mesh.is_some()),
            weights: morph::weights(root, mesh, schema.weights.as_deref()),
            is_visible: is_visible(schema),
            light: light::of_node(root, schema, skipped),
            sound: sound::of_node(schema, placement.node)?,
            prop: prop(schema),
        });
        for (number, parent_from_node) in instances.into_iter().flatten().enumerate() {
            let feature = features.as_ref().and_then(|features| features.of(number));
            let weights = morph::weights(root, schema.mesh, schema.weights.as_deref());
            match instance_of(schema, index, parent_from_node, world_from_node * parent_from_node) {
                Some(node) => nodes.push(Node { weights, feature, ..node }),
                None => skipped.add("instances with a transform that flattens or overflows", 1),
            }
        }
    }
    Ok((nodes, place_of))
}

/// Makes nodes name the skins that are left, and leaves those without vertices to follow where they are.
pub(super) fn name_skins(nodes: &mut [Node], skins: Vec<Option<Skin>>, skipped: &mut Skipped) -> Vec<Skin> {
    let mut left = Vec::with_capacity(skins.len());
    let mut place_of = Vec::with_capacity(skins.len());
    for skin in skins {
        place_of.push(skin.is_some().then_some(left.len()));
        skipped.add("skins whose joints are not in the scene", u32::from(skin.is_none()));
        left.extend(skin);
    }
    for node in nodes {
        node.skin = node.skin.and_then(|skin| place_of.get(skin).copied().flatten());
    }
    left
}

/// A place of an instanced mesh, below the node that has it.
fn instance_of(
    schema: &schema::Node,
    parent: usize,
    parent_from_node: Affine3A,
    world_from_node: Affine3A,
) -> Option<Node> {
    let node = Node::bare(Some(parent), parent_from_node, world_from_node);
    is_usable(&world_from_node).then_some(Node { mesh: schema.mesh, ..node })
}

/// Whether the node, and what is below it, is seen.
fn is_visible(schema: &schema::Node) -> bool {
    schema.extensions.visibility.as_ref().is_none_or(|visibility| visibility.visible)
}

fn is_usable(world: &Affine3A) -> bool {
    let determinant = world.matrix3.determinant();
    is_in_range(world) && determinant.is_finite() && determinant.abs() >= DETERMINANT_MIN
}

fn is_in_range(world: &Affine3A) -> bool {
    world.to_cols_array().iter().all(|x| x.abs() <= ENTRY_MAX)
}

/// The transform of the node in its parent.
///
/// # Errors
/// When a number of it is not finite, its rotation is not one, or it is given twice.
pub(in crate::scene) fn local_transform(node: &schema::Node, place: &str) -> Result<DAffine3, ContentError> {
    let bad = |reason: &str| Err(ContentError::malformed(place, reason));
    let translation = node.translation.unwrap_or_default();
    let rotation = node.rotation.unwrap_or([0.0, 0.0, 0.0, 1.0]);
    let scale = node.scale.unwrap_or([1.0; 3]);
    let mut doubles = node.matrix.iter().flatten().chain(&translation);
    if !doubles.all(|x| x.is_finite()) || !rotation.iter().chain(&scale).all(|x| x.is_finite()) {
        return bad("a number of its transform is not finite");
    }
    if let Some(matrix) = node.matrix {
        if node.translation.is_some() || node.rotation.is_some() || node.scale.is_some() {
            return bad("it has a matrix and a translation, rotation or scale");
        }
        let [.., r0, _, _, _, r1, _, _, _, r2, _, _, _, r3] = matrix;
        if [r0, r1, r2, r3] != [0.0, 0.0, 0.0, 1.0] {
            return bad("its matrix is not affine");
        }
        let matrix = DMat4::from_cols_array(&matrix);
        if is_sheared(&matrix) {
            return bad("its matrix is not made of a translation, a rotation and a scale");
        }
        return Ok(DAffine3::from_mat4(matrix));
    }
    let rotation = Quat::from_array(rotation);
    if (rotation.length() - 1.0).abs() > ROTATION_TOLERANCE {
        return bad("its rotation is not a unit quaternion");
    }
    Ok(DAffine3::from_scale_rotation_translation(
        Vec3::from(scale).as_dvec3(),
        rotation.normalize().as_dquat().normalize(),
        DVec3::from(translation),
    ))
}

/// Whether the axes are not at right angles any more.
fn is_sheared(matrix: &DMat4) -> bool {
    let [x, y, z] =
        [matrix.x_axis, matrix.y_axis, matrix.z_axis].map(|axis| axis.truncate().normalize_or_zero());
    [x.dot(y), y.dot(z), z.dot(x)].iter().any(|cosine| cosine.abs() > SHEAR_TOLERANCE)
}

/// The string `extras.entity`.
pub(in crate::scene) fn entity(node: &schema::Node) -> Option<String> {
    let id = node.extras.as_ref()?.get("entity")?.as_str()?;
    (!id.is_empty() && id.len() <= limits::NAME_BYTES_MAX).then(|| id.to_owned())
}

/// The flags, numbers and texts of `extras`, beside what has a meaning of its own.
fn properties(node: &schema::Node) -> BTreeMap<String, PropertyValue> {
    const MOST: usize = 64;
    let Some(extras) = node.extras.as_ref().and_then(serde_json::Value::as_object) else {
        return BTreeMap::new();
    };
    let value = |value: &serde_json::Value| {
        let text = |text: &str| PropertyValue::Text(text.chars().take(limits::NAME_BYTES_MAX).collect());
        let flag = value.as_bool().map(PropertyValue::Flag);
        flag.or(value.as_f64().map(PropertyValue::Number)).or(value.as_str().map(text))
    };
    let known = extras.iter().filter(|(name, _)| !["entity", "pavilion"].contains(&name.as_str()));
    let short = known.filter(|(name, _)| name.len() <= limits::NAME_BYTES_MAX);
    short.filter_map(|(name, said)| Some((name.clone(), value(said)?))).take(MOST).collect()
}

/// The object `extras.pavilion`, where it says `"prop": true`.
fn prop(node: &schema::Node) -> Option<PropExtras> {
    let extras = node.extras.as_ref()?.get("pavilion")?;
    let is_prop = extras.get("prop")?.as_bool()?;
    let mass = extras.get("mass_kilograms").and_then(serde_json::Value::as_f64).unwrap_or(MASS_KILOGRAMS);
    let (lightest, heaviest) = PROP_KILOGRAMS.into_inner();
    is_prop.then(|| PropExtras { mass_kilograms: (mass as f32).clamp(lightest, heaviest) })
}
