//! What of the file's materials changes over time → tracks of the twin's.

use std::borrow::Cow;

use super::material::Shelf;
use super::playing::{Played, Playing};
use crate::scene::MaterialId;
use crate::scene::gltf::Document;
use crate::scene::gltf::document::{SourceMaterial, SourceProperty, Target};
use crate::scene::material::{MaterialProperty, MaterialTrack};
use crate::scene::motion::Curve;

/// Tracks of all that is played, for every material of the shelf that is of a source which changes.
pub fn all(document: &Document, playing: &Playing<'_>, shelf: &Shelf) -> Vec<MaterialTrack> {
    let mut tracks = Vec::new();
    for (material, source) in (0..).map(MaterialId).zip(&shelf.sources) {
        let Some((source, rest)) = source.and_then(|s| Some((s, document.materials.get(s)?))) else {
            continue;
        };
        for Played { channel, period_seconds } in &playing.channels {
            let Target::Material(changed, property) = channel.target else { continue };
            if changed == source {
                let (property, curve) = track(property, &channel.curve, rest);
                tracks.push(MaterialTrack { material, property, curve, period_seconds: *period_seconds });
            }
        }
    }
    tracks
}

/// What the twin's material changes by: its emission has the strength in it, and the offset of its textures is in
/// its vertices already.
fn track(property: SourceProperty, curve: &Curve, rest: &SourceMaterial) -> (MaterialProperty, Curve) {
    match property {
        SourceProperty::BaseColor => (MaterialProperty::BaseColor, curve.clone()),
        SourceProperty::Metallic => (MaterialProperty::Metallic, curve.clone()),
        SourceProperty::Roughness => (MaterialProperty::Roughness, curve.clone()),
        SourceProperty::AlphaCutoff => (MaterialProperty::AlphaCutoff, curve.clone()),
        SourceProperty::EmissiveFactor => {
            let strength = rest.emissive_strength;
            (
                MaterialProperty::Emissive,
                curve.mapped(3, |factor| factor.iter().map(|x| x * strength).collect()),
            )
        }
        SourceProperty::EmissiveStrength => {
            let factor = rest.emissive.map(|x| x / rest.emissive_strength.max(f32::MIN_POSITIVE));
            let glow = |strength: &[f32]| {
                let strength = strength.first().copied().unwrap_or_default();
                factor.iter().map(|x| x * strength).collect()
            };
            (MaterialProperty::Emissive, curve.mapped(3, glow))
        }
        SourceProperty::TextureOffset => {
            let [base_color, ..] = rest.textures;
            let offset = base_color.map_or([0.0; 2], |texture| texture.offset.to_array());
            (MaterialProperty::UvShift, curve.less(&offset))
        }
    }
}

/// The material as bake is to take it: one that will shine is drawn as one that does from the beginning.
pub fn awake<'a>(source: &'a SourceMaterial, index: usize, playing: &Playing<'_>) -> Cow<'a, SourceMaterial> {
    let shines = playing.channels.iter().any(|played| {
        let shine = Target::Material(index, SourceProperty::EmissiveFactor);
        played.channel.target == shine
    });
    if shines && source.emissive == [0.0; 3] {
        const FAINT: f32 = 1e-3;
        return Cow::Owned(SourceMaterial { emissive: [FAINT; 3], ..source.clone() });
    }
    Cow::Borrowed(source)
}
