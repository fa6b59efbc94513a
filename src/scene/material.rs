//! Metallic-roughness materials, as glTF 2.0 defines them.

use serde::{Deserialize, Serialize};

use super::motion::{Curve, within};
use super::{ImageId, MaterialId};

/// What alpha means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AlphaMode {
    /// Nothing.
    #[default]
    Opaque,
    /// Below the cutoff there is nothing.
    Mask,
    /// Blended over what is behind.
    Blend,
}

/// How texture coordinates outside 0..1 are read, on both axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Wrap {
    /// The image repeats.
    #[default]
    Repeat,
    /// Every other repetition is mirrored.
    Mirror,
    /// The border goes on.
    Clamp,
}

/// A texture of a material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextureSlot {
    /// Which image.
    pub image: ImageId,
    /// Which of the vertex's two sets of texture coordinates, 0 or 1.
    pub uv_set: u8,
}

/// No packed surface is steeper: 83°.
pub const SLOPE_MAX: f32 = 8.0;

/// What is drawn in the place of a material's metallic-roughness, normal and occlusion textures, where bake could
/// bring them together: a read instead of three.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackedSurface {
    /// Red and green: the surface's slope along tangent and bitangent, from −[`PackedSurface::slope_max`] to it.
    /// Blue: roughness, times the material's. Alpha: occlusion, its strength applied. It is read at the first
    /// texture coordinates.
    pub image: ImageId,
    /// 1 is 45°.
    pub slope_max: f32,
    /// 0 dielectric .. 1 metal, everywhere.
    pub metallic: f32,
}

/// What of a material may change over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MaterialProperty {
    /// [`Material::base_color`].
    BaseColor,
    /// [`Material::emissive`].
    Emissive,
    /// [`Material::metallic`].
    Metallic,
    /// [`Material::roughness`].
    Roughness,
    /// [`Material::alpha_cutoff`].
    AlphaCutoff,
    /// What is added to [`Material::uv_offset`].
    UvShift,
}

impl MaterialProperty {
    /// How many numbers it has.
    pub fn width(self) -> usize {
        match self {
            Self::BaseColor => 4,
            Self::Emissive => 3,
            Self::UvShift => 2,
            Self::Metallic | Self::Roughness | Self::AlphaCutoff => 1,
        }
    }
}

/// What changes a property of a material over time, again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaterialTrack {
    /// Whose.
    pub material: MaterialId,
    /// Which.
    pub property: MaterialProperty,
    /// How.
    pub curve: Curve,
    /// After so long it begins anew, seconds; 0 where it stands still.
    pub period_seconds: f32,
}

impl MaterialTrack {
    /// Gives the material the property of a time, seconds.
    pub fn apply(&self, seconds: f64, material: &mut Material) {
        let mut vector = [0.0; 4];
        self.curve.sample(within(seconds, self.period_seconds), &mut vector);
        let [x, y, z, _] = vector;
        match self.property {
            MaterialProperty::BaseColor => material.base_color = vector,
            MaterialProperty::Emissive => material.emissive = [x, y, z],
            MaterialProperty::Metallic => material.metallic = x,
            MaterialProperty::Roughness => material.roughness = x,
            MaterialProperty::AlphaCutoff => material.alpha_cutoff = x,
            MaterialProperty::UvShift => {
                let [u, v] = material.uv_offset;
                material.uv_offset = [u + x, v + y];
            }
        }
    }
}

/// How a surface reflects light. Textures multiply the factors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Material {
    /// Linear RGB and alpha.
    pub base_color: [f32; 4],
    /// 0 dielectric .. 1 metal.
    pub metallic: f32,
    /// Perceptual roughness, 0 .. 1.
    pub roughness: f32,
    /// Linear RGB, strength included; may exceed 1.
    pub emissive: [f32; 3],
    /// Scales the x and y of the normal map.
    pub normal_scale: f32,
    /// 0 leaves occlusion out, 1 applies it whole.
    pub occlusion_strength: f32,
    /// What alpha means.
    pub alpha: AlphaMode,
    /// For [`AlphaMode::Mask`].
    pub alpha_cutoff: f32,
    /// Whether back faces are drawn too.
    pub double_sided: bool,
    /// Whether light is left out: the base colour is what is seen.
    pub unlit: bool,
    /// sRGB colour and alpha.
    pub base_color_texture: Option<TextureSlot>,
    /// Green: roughness, blue: metallic.
    pub metallic_roughness_texture: Option<TextureSlot>,
    /// Tangent-space normal.
    pub normal_texture: Option<TextureSlot>,
    /// Red: occlusion.
    pub occlusion_texture: Option<TextureSlot>,
    /// sRGB colour.
    pub emissive_texture: Option<TextureSlot>,
    /// What a renderer of ours reads of the three above.
    pub packed: Option<PackedSurface>,
    /// How all its textures wrap.
    pub wrap: Wrap,
    /// Texture coordinate = offset + scale × (vertex value as 0..1), for both sets.
    pub uv_offset: [f32; 2],
    /// See [`Material::uv_offset`].
    pub uv_scale: [f32; 2],
}

impl Default for Material {
    /// glTF's default material.
    fn default() -> Self {
        Self {
            base_color: [1.0; 4],
            metallic: 1.0,
            roughness: 1.0,
            emissive: [0.0; 3],
            normal_scale: 1.0,
            occlusion_strength: 1.0,
            alpha: AlphaMode::Opaque,
            alpha_cutoff: 0.5,
            double_sided: false,
            unlit: false,
            base_color_texture: None,
            metallic_roughness_texture: None,
            normal_texture: None,
            occlusion_texture: None,
            emissive_texture: None,
            packed: None,
            wrap: Wrap::Repeat,
            uv_offset: [0.0; 2],
            uv_scale: [1.0; 2],
        }
    }
}

impl Material {
    /// Its textures with the space their bytes are in: base colour, metallic-roughness, normal,
    /// occlusion, emissive.
    pub fn textures(&self) -> [Option<TextureSlot>; 5] {
        [
            self.base_color_texture,
            self.metallic_roughness_texture,
            self.normal_texture,
            self.occlusion_texture,
            self.emissive_texture,
        ]
    }

    /// What is read when it is drawn, in the same order: where there is a packed surface it is the second, and the
    /// third and fourth are not read.
    pub fn drawn_textures(&self) -> [Option<TextureSlot>; 5] {
        let [base_color, metallic_roughness, normal, occlusion, emissive] = self.textures();
        match self.packed {
            Some(packed) => {
                let surface = TextureSlot { image: packed.image, uv_set: 0 };
                [base_color, Some(surface), None, None, emissive]
            }
            None => [base_color, metallic_roughness, normal, occlusion, emissive],
        }
    }

    /// Whether every number is finite and in the range that glTF gives it.
    pub fn is_valid(&self) -> bool {
        let unit = |x: f32| (0.0..=1.0).contains(&x);
        let finite = |xs: &[f32]| xs.iter().all(|x| x.is_finite() && x.abs() <= 1e6);
        self.base_color.iter().copied().all(unit)
            && unit(self.metallic)
            && unit(self.roughness)
            && unit(self.occlusion_strength)
            && self.emissive.iter().all(|x| x.is_finite() && (0.0..=1e6).contains(x))
            && finite(&[self.normal_scale, self.alpha_cutoff])
            && finite(&self.uv_offset)
            && finite(&self.uv_scale)
            && self
                .packed
                .is_none_or(|packed| (0.0..=SLOPE_MAX).contains(&packed.slope_max) && unit(packed.metallic))
            && self.textures().iter().flatten().all(|slot| slot.uv_set <= 1)
    }
}
