//! Nodes: where things are in the world, and what light they carry.

use glam::{Affine3A, Mat4, Quat, Vec3};

use super::document::{Node, PropExtras};
use super::graph::Placement;
use super::schema::{self, Root};
use super::skipped::Skipped;
use super::{light, sound};
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

/// The nodes of the scene, with their transforms multiplied out. One that flattens, and all below
/// it, is left out and counted.
///
/// # Errors
/// When a transform is not one.
pub(super) fn read(
    root: &Root,
    placements: &[Placement],
    skipped: &mut Skipped,
) -> Result<Vec<Node>, ContentError> {
    let mut nodes: Vec<Node> = Vec::with_capacity(placements.len());
    // Where each placement went in `nodes`.
    let mut kept: Vec<Option<usize>> = Vec::with_capacity(placements.len());
    for placement in placements {
        let Some(schema) = root.nodes.get(placement.node) else { continue };
        let local = local_transform(schema, &format!("/nodes/{}", placement.node))?;
        skipped.add_extensions(&schema.extensions.others);
        let parent = placement.parent.map(|parent| kept.get(parent).copied().flatten());
        let world = match parent {
            None => Some(local),
            Some(parent) => {
                parent.and_then(|parent| nodes.get(parent)).map(|parent| parent.world_from_node * local)
            }
        };
        let Some(world_from_node) = world.filter(is_usable) else {
            skipped.add("nodes with a transform that flattens or overflows", 1);
            kept.push(None);
            continue;
        };
        kept.push(Some(nodes.len()));
        nodes.push(Node {
            name: schema.name.clone(),
            entity: entity(schema),
            parent: parent.flatten(),
            parent_from_node: local,
            world_from_node,
            mesh: schema.mesh,
            light: light::of_node(root, schema, skipped),
            sound: sound::of_node(schema, placement.node)?,
            prop: prop(schema),
        });
    }
    Ok(nodes)
}

fn is_usable(world: &Affine3A) -> bool {
    let entries = world.to_cols_array();
    let determinant = world.matrix3.determinant();
    entries.iter().all(|x| x.abs() <= ENTRY_MAX)
        && determinant.is_finite()
        && determinant.abs() >= DETERMINANT_MIN
}

/// The transform of the node in its parent.
///
/// # Errors
/// When a number of it is not finite, its rotation is not one, or it is given twice.
pub(in crate::scene) fn local_transform(node: &schema::Node, place: &str) -> Result<Affine3A, ContentError> {
    let bad = |reason: &str| Err(ContentError::malformed(place, reason));
    let translation = node.translation.unwrap_or_default();
    let rotation = node.rotation.unwrap_or([0.0, 0.0, 0.0, 1.0]);
    let scale = node.scale.unwrap_or([1.0; 3]);
    let numbers = node.matrix.iter().flatten().chain(&translation).chain(&rotation).chain(&scale);
    if !numbers.clone().all(|x| x.is_finite()) {
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
        return Ok(Affine3A::from_mat4(Mat4::from_cols_array(&matrix)));
    }
    let rotation = Quat::from_array(rotation);
    if (rotation.length() - 1.0).abs() > ROTATION_TOLERANCE {
        return bad("its rotation is not a unit quaternion");
    }
    Ok(Affine3A::from_scale_rotation_translation(
        Vec3::from(scale),
        rotation.normalize(),
        Vec3::from(translation),
    ))
}

/// The string `extras.entity`.
pub(in crate::scene) fn entity(node: &schema::Node) -> Option<String> {
    let id = node.extras.as_ref()?.get("entity")?.as_str()?;
    (!id.is_empty() && id.len() <= limits::NAME_BYTES_MAX).then(|| id.to_owned())
}

/// The object `extras.pavilion`, where it says `"prop": true`.
fn prop(node: &schema::Node) -> Option<PropExtras> {
    let extras = node.extras.as_ref()?.get("pavilion")?;
    let is_prop = extras.get("prop")?.as_bool()?;
    let mass = extras.get("mass_kilograms").and_then(serde_json::Value::as_f64).unwrap_or(MASS_KILOGRAMS);
    let (lightest, heaviest) = PROP_KILOGRAMS.into_inner();
    is_prop.then(|| PropExtras { mass_kilograms: (mass as f32).clamp(lightest, heaviest) })
}
