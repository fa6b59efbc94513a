//! KHR_lights_punctual: what nodes shine like.

use glam::Vec3;
use gltf::json::extensions::scene::khr_lights_punctual::{Light, Type};
use gltf::json::validation::Checked;

use super::document::{LightKind, PunctualLight};
use super::schema::{self, Root};
use super::skipped::Skipped;
use crate::scene::ContentError;

/// # Errors
/// When a light's cone is none.
pub(super) fn check(root: &Root) -> Result<(), ContentError> {
    let lights = root.extensions.lights.iter().flat_map(|ext| &ext.lights);
    for (i, light) in lights.enumerate() {
        if let Some(reason) = fault(light) {
            return Err(ContentError::malformed(
                format!("/extensions/KHR_lights_punctual/lights/{i}"),
                reason,
            ));
        }
    }
    Ok(())
}

fn fault(light: &Light) -> Option<&'static str> {
    match (&light.type_, &light.spot) {
        (Checked::Valid(Type::Spot), None) => Some("a spot light has no spot"),
        (Checked::Valid(Type::Spot), Some(spot)) if spot.inner_cone_angle >= spot.outer_cone_angle => {
            Some("its inner cone is not within its outer cone")
        }
        _ => None,
    }
}

/// The light that a node carries; one that is not understood is named.
pub(super) fn of_node(root: &Root, node: &schema::Node, skipped: &mut Skipped) -> Option<PunctualLight> {
    let light = root.extensions.lights.as_ref()?.lights.get(node.extensions.light.as_ref()?.light)?;
    let kind = match light.type_ {
        Checked::Valid(Type::Directional) => LightKind::Directional,
        Checked::Valid(Type::Point) => LightKind::Point,
        Checked::Valid(Type::Spot) => LightKind::Spot,
        Checked::Invalid => {
            skipped.add("lights of a type that KHR_lights_punctual does not know", 1);
            return None;
        }
    };
    let color = Vec3::from(light.color) * light.intensity;
    if !color.is_finite() || color.min_element() < 0.0 {
        skipped.add("lights with a colour out of range", 1);
        return None;
    }
    Some(PunctualLight { kind, color })
}
