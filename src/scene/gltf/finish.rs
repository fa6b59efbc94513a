//! What extensions say of a surface beyond metal and roughness → the nearest that metal and roughness can say.
//!
//! These are cheap forms, for surfaces that are drawn with one lobe of light: a clear coat makes what is below it smoother,
//! a surface that reflects more than 4 % (KHR_materials_ior, KHR_materials_specular) is a little metallic, one that
//! reflects less is rougher, and what light goes through (KHR_materials_transmission) is blended, the more so the
//! brighter its colour, because what goes through a dark one is dark. Their textures are left out by name.

use serde_json::{Map, Value};

use super::document::SourceMaterial;
use super::skipped::Skipped;
use crate::scene::AlphaMode;

pub(super) const CLEARCOAT: &str = "KHR_materials_clearcoat";
pub(super) const IOR: &str = "KHR_materials_ior";
pub(super) const SPECULAR: &str = "KHR_materials_specular";
pub(super) const TRANSMISSION: &str = "KHR_materials_transmission";

/// How much a coat that is all there counts for the roughness of what is below.
const COAT_WEIGHT: f32 = 0.5;

/// What glTF's surfaces reflect straight on, and what those are drawn with: ((1.5 − 1) / (1.5 + 1))².
const REFLECTANCE: f32 = 0.04;

/// A surface is never made more metallic than this for the sake of its reflections, because metal loses its own colour.
const METALLIC_MAX: f32 = 0.5;

/// What is left to be seen of a white surface that all light goes through: its reflections are blended with it.
const ALPHA_MIN: f32 = 0.1;

/// Whether the extension of a material is read here.
pub(super) fn is_read(extension: &str) -> bool {
    [CLEARCOAT, IOR, SPECULAR, TRANSMISSION].contains(&extension)
}

/// Changes the material by what its extensions say.
pub(super) fn apply(material: &mut SourceMaterial, extensions: &Map<String, Value>, skipped: &mut Skipped) {
    for name in [CLEARCOAT, SPECULAR, TRANSMISSION] {
        let fields = extensions.get(name).and_then(Value::as_object);
        let textures = fields.into_iter().flat_map(Map::keys).filter(|key| key.ends_with("Texture")).count();
        skipped.add(&format!("textures of {name}"), textures as u32);
    }
    let number = |extension: &str, field: &str, default: f32| {
        let value = extensions.get(extension).and_then(|fields| fields.get(field)).and_then(Value::as_f64);
        value.map_or(default, |value| value as f32)
    };
    let coat = number(CLEARCOAT, "clearcoatFactor", 0.0).clamp(0.0, 1.0);
    let coat_roughness = number(CLEARCOAT, "clearcoatRoughnessFactor", 0.0).clamp(0.0, 1.0);
    let smoother = material.roughness.min(coat_roughness);
    material.roughness += (smoother - material.roughness) * coat * COAT_WEIGHT;
    if extensions.contains_key(IOR) || extensions.contains_key(SPECULAR) {
        let specular = extensions.get(SPECULAR).and_then(|fields| fields.get("specularColorFactor"));
        let tint = specular.and_then(Value::as_array).map_or(1.0, |color| {
            color.iter().filter_map(Value::as_f64).sum::<f64>() as f32 / color.len().max(1) as f32
        });
        let strength = number(SPECULAR, "specularFactor", 1.0) * tint;
        reflect(material, reflectance(number(IOR, "ior", 1.5)) * strength);
    }
    let through = number(TRANSMISSION, "transmissionFactor", 0.0).clamp(0.0, 1.0);
    if through > 0.0 && material.alpha != AlphaMode::Mask {
        let [r, g, b, alpha] = material.base_color;
        let hidden = 1.0 - through * (1.0 - ALPHA_MIN) * (r + g + b) / 3.0;
        material.base_color = [r, g, b, alpha * hidden.clamp(ALPHA_MIN, 1.0)];
        material.alpha = AlphaMode::Blend;
    }
}

/// What a surface reflects straight on (Fresnel); 0 stands for one that reflects everything.
fn reflectance(ior: f32) -> f32 {
    if ior == 0.0 { 1.0 } else { ((ior - 1.0) / (ior + 1.0)).powi(2) }
}

/// Makes what is no metal reflect as much.
fn reflect(material: &mut SourceMaterial, wanted: f32) {
    let [r, g, b, _] = material.base_color;
    let own = (r + g + b) / 3.0;
    if wanted < REFLECTANCE {
        let less = 1.0 - (wanted / REFLECTANCE).clamp(0.0, 1.0);
        material.roughness += (1.0 - material.roughness) * less * (1.0 - material.metallic);
    } else if own > REFLECTANCE {
        // What metal reflects is its colour: 4 % · (1 − m) + colour · m.
        let metallic = ((wanted - REFLECTANCE) / (own - REFLECTANCE)).clamp(0.0, METALLIC_MAX);
        material.metallic = material.metallic.max(metallic);
    }
}
