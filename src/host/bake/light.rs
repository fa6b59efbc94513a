//! Where people start and what light they stand in.
//!
//! **Light.** The brightest directional light of the file becomes the sun. glTF gives lux without an
//! exposure, and exporters write anything from 1 to 100 000; so its colour is kept and its strength
//! set to that of the default sun, as a camera that exposes for daylight would.
//!
//! **Extras.** The scene's `extras.pavilion` may hold `title`, `spawn.position` (the feet, metres)
//! and `spawn.yaw_radians` (to the left, from −Z).

use std::collections::BTreeMap;

use glam::Vec3;
use serde_json::Value;

use super::BakeOptions;
use crate::math::Pose;
use crate::scene::gltf::Document;
use crate::scene::gltf::document::LightKind;
use crate::scene::limits;
use crate::scene::tileset::Light;

/// What the tileset says beside its tiles.
#[derive(Clone, Debug)]
pub struct Staging {
    /// What the venue calls itself.
    pub title: String,
    /// Where a visitor's feet first stand.
    pub spawn: Option<Pose>,
    /// The light.
    pub light: Light,
}

/// Reads them from the document.
pub fn staging(document: &Document, options: &BakeOptions) -> Staging {
    let extras = &document.extras["pavilion"];
    let title = extras["title"].as_str().unwrap_or(&options.default_title);
    Staging {
        title: title[..title.floor_char_boundary(limits::NAME_BYTES_MAX)].to_owned(),
        spawn: spawn(&extras["spawn"]),
        light: sun(document).unwrap_or_default(),
    }
}

/// Lights that are left out, by name: all but the sun.
pub fn skipped(document: &Document) -> BTreeMap<String, u32> {
    let lights = document.nodes.iter().filter(|node| node.light.is_some()).count();
    let others = lights - usize::from(sun(document).is_some());
    (others > 0)
        .then(|| ("lights but the brightest directional one".to_owned(), others as u32))
        .into_iter()
        .collect()
}

fn spawn(value: &Value) -> Option<Pose> {
    let number = |value: &Value| value.as_f64().map(|x| x as f32).filter(|x| x.is_finite());
    let position = value["position"].as_array().filter(|numbers| numbers.len() == 3)?;
    let position = position.iter().map(number).collect::<Option<Vec<_>>>()?;
    let position = Vec3::from_slice(&position);
    let yaw_radians = number(&value["yaw_radians"]).unwrap_or(0.0);
    (position.length() <= limits::WORLD_RADIUS_METRES).then(|| Pose::standing(position, yaw_radians, 0.0))
}

fn sun(document: &Document) -> Option<Light> {
    let suns = document.nodes.iter().filter_map(|node| {
        let light = node.light.filter(|light| light.kind == LightKind::Directional)?;
        let to_sun = node.world_from_node.transform_vector3(Vec3::Z).try_normalize()?;
        (light.color.max_element() > 0.0).then_some((to_sun, light.color))
    });
    // The first of equals, as the file orders them.
    let (to_sun, color) =
        suns.reduce(|best, next| if next.1.max_element() > best.1.max_element() { next } else { best })?;
    let light = Light::default();
    let sun = color.max(Vec3::ZERO) / color.max_element() * light.sun.max_element();
    Some(Light { to_sun, sun, ..light })
}
