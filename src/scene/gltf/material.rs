//! Materials: factors and textures as glTF gives them, every number in its range.

use glam::Vec2;
use gltf::json;
use gltf::json::extensions::texture::TextureTransform;
use gltf::json::validation::Checked;
use serde_json::{Map, Value};

use super::document::{SourceImage, SourceMaterial, SourceTexture};
use super::finish;
use super::schema::{Root, is_understood};
use super::skipped::Skipped;
use crate::scene::material::Wrap;
use crate::scene::{AlphaMode, ContentError};

const TRANSFORM: &str = "KHR_texture_transform";
/// The largest emission that is kept, as in [`crate::scene::Material::is_valid`].
const EMISSIVE_MAX: f32 = 1e6;

/// What a material says of one of its textures.
struct Info<'a> {
    index: usize,
    uv_set: u32,
    transform: Option<TextureTransform>,
    others: Option<&'a Map<String, Value>>,
}

/// All materials.
///
/// # Errors
/// When one refers to a texture that is not there.
pub(super) fn read(
    root: &Root,
    images: &[SourceImage],
    skipped: &mut Skipped,
) -> Result<Vec<SourceMaterial>, ContentError> {
    for extensions in root.textures.iter().map(|texture| &texture.extensions) {
        skipped.add_extensions(&extensions.others);
    }
    root.materials
        .iter()
        .enumerate()
        .map(|(i, material)| {
            Reader { root, images, skipped, place: format!("/materials/{i}") }.material(material)
        })
        .collect()
}

struct Reader<'a> {
    root: &'a Root,
    images: &'a [SourceImage],
    skipped: &'a mut Skipped,
    place: String,
}

impl Reader<'_> {
    fn material(&mut self, material: &json::Material) -> Result<SourceMaterial, ContentError> {
        let pbr = &material.pbr_metallic_roughness;
        let extensions = material.extensions.as_ref();
        if let Some(extensions) = extensions {
            self.name_others(Some(&extensions.others));
        }
        let strength =
            extensions.and_then(|ext| ext.emissive_strength.as_ref()).map_or(1.0, |e| e.emissive_strength.0);
        let strength = self.clamped(strength, 0.0, EMISSIVE_MAX);
        let alpha = match material.alpha_mode {
            Checked::Valid(json::material::AlphaMode::Opaque) => AlphaMode::Opaque,
            Checked::Valid(json::material::AlphaMode::Mask) => AlphaMode::Mask,
            Checked::Valid(json::material::AlphaMode::Blend) => AlphaMode::Blend,
            Checked::Invalid => {
                self.skipped.add("alpha modes that glTF does not know", 1);
                AlphaMode::Opaque
            }
        };
        let normal_scale = material.normal_texture.as_ref().map_or(1.0, |texture| texture.scale);
        let occlusion = material.occlusion_texture.as_ref().map_or(1.0, |texture| texture.strength.0);
        let cutoff = material.alpha_cutoff.map_or(0.5, |cutoff| cutoff.0);
        let mut read = SourceMaterial {
            name: material.name.clone(),
            index: bake_index(material),
            base_color: pbr.base_color_factor.0.map(|x| self.clamped(x, 0.0, 1.0)),
            metallic: self.clamped(pbr.metallic_factor.0, 0.0, 1.0),
            roughness: self.clamped(pbr.roughness_factor.0, 0.0, 1.0),
            emissive_strength: strength,
            emissive: material
                .emissive_factor
                .0
                .map(|x| (self.clamped(x, 0.0, 1.0) * strength).min(EMISSIVE_MAX)),
            normal_scale: self.clamped(normal_scale, -EMISSIVE_MAX, EMISSIVE_MAX),
            occlusion_strength: self.clamped(occlusion, 0.0, 1.0),
            alpha,
            alpha_cutoff: self.clamped(cutoff, 0.0, EMISSIVE_MAX),
            double_sided: material.double_sided,
            unlit: extensions.is_some_and(|ext| ext.unlit.is_some()),
            textures: self.textures(material)?,
        };
        if let Some(extensions) = extensions {
            finish::apply(&mut read, &extensions.others, self.skipped);
        }
        Ok(read)
    }

    fn textures(&mut self, material: &json::Material) -> Result<[Option<SourceTexture>; 5], ContentError> {
        let pbr = &material.pbr_metallic_roughness;
        let normal = match &material.normal_texture {
            Some(texture) => Some(Info {
                index: texture.index.value(),
                uv_set: texture.tex_coord,
                transform: self.transform(texture.extensions.as_ref().map(|ext| &ext.others))?,
                others: texture.extensions.as_ref().map(|ext| &ext.others),
            }),
            None => None,
        };
        let occlusion = match &material.occlusion_texture {
            Some(texture) => Some(Info {
                index: texture.index.value(),
                uv_set: texture.tex_coord,
                transform: self.transform(texture.extensions.as_ref().map(|ext| &ext.others))?,
                others: texture.extensions.as_ref().map(|ext| &ext.others),
            }),
            None => None,
        };
        Ok([
            self.texture(pbr.base_color_texture.as_ref().map(plain))?,
            self.texture(pbr.metallic_roughness_texture.as_ref().map(plain))?,
            self.texture(normal)?,
            self.texture(occlusion)?,
            self.texture(material.emissive_texture.as_ref().map(plain))?,
        ])
    }

    /// The schema has no place for the transform of normal and occlusion textures.
    fn transform(
        &self,
        others: Option<&Map<String, Value>>,
    ) -> Result<Option<TextureTransform>, ContentError> {
        let Some(value) = others.and_then(|others| others.get(TRANSFORM)) else { return Ok(None) };
        serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|e| ContentError::malformed(self.place.clone(), format!("{TRANSFORM}: {e}")))
    }

    fn texture(&mut self, info: Option<Info<'_>>) -> Result<Option<SourceTexture>, ContentError> {
        let Some(info) = info else { return Ok(None) };
        self.name_others(info.others);
        let Some(texture) = self.root.textures.get(info.index) else { return Ok(None) };
        let transform = info.transform.unwrap_or_default();
        let uv_set = transform.tex_coord.unwrap_or(info.uv_set) as usize;
        if uv_set > 1 {
            self.skipped.add("textures on TEXCOORD_2 or higher", 1);
            return Ok(None);
        }
        let is_there = |image: &SourceImage| image.bytes.is_some() || image.uri.is_some();
        let others = [&texture.extensions.webp, &texture.extensions.basis];
        let others = others.into_iter().flatten().filter_map(|other| other.source);
        let mut sources = others.chain(texture.source);
        let Some(image) = sources.find(|&source| self.images.get(source).is_some_and(is_there)) else {
            self.skipped.add("textures without a PNG or JPEG", 1);
            return Ok(None);
        };
        let numbers = [transform.offset.0, transform.scale.0, [transform.rotation.0, 0.0]];
        if numbers.iter().flatten().any(|x| !x.is_finite() || x.abs() > 1e6) {
            self.skipped.add("texture transforms out of range", 1);
            return Ok(None);
        }
        Ok(Some(SourceTexture {
            image,
            uv_set,
            wrap: self.wrap(texture.sampler),
            offset: Vec2::from(transform.offset.0),
            scale: Vec2::from(transform.scale.0),
            rotation_radians: transform.rotation.0,
        }))
    }

    fn wrap(&mut self, sampler: Option<usize>) -> [Wrap; 2] {
        use json::texture::{MagFilter, WrappingMode};
        let Some(sampler) = sampler.and_then(|sampler| self.root.samplers.get(sampler)) else {
            return [Wrap::Repeat; 2];
        };
        if sampler.mag_filter == Some(Checked::Valid(MagFilter::Nearest)) {
            self.skipped.add("nearest filtering", 1);
        }
        [sampler.wrap_s, sampler.wrap_t].map(|wrap| match wrap {
            Checked::Valid(WrappingMode::ClampToEdge) => Wrap::Clamp,
            Checked::Valid(WrappingMode::MirroredRepeat) => Wrap::Mirror,
            Checked::Valid(WrappingMode::Repeat) => Wrap::Repeat,
            Checked::Invalid => {
                self.skipped.add("wrapping modes that glTF does not know", 1);
                Wrap::Repeat
            }
        })
    }

    /// Files with factors a little outside their range are common; those far outside are drawn as if
    /// they were at its border.
    fn clamped(&mut self, value: f32, min: f32, max: f32) -> f32 {
        if (min..=max).contains(&value) {
            return value;
        }
        self.skipped.add("material factors out of range", 1);
        if value.is_nan() { min } else { value.clamp(min, max) }
    }

    fn name_others(&mut self, others: Option<&Map<String, Value>>) {
        let is_left_out = |name: &&String| !is_understood(name) && !finish::is_read(name);
        for name in others.iter().flat_map(|others| others.keys()).filter(is_left_out) {
            self.skipped.add(name, 1);
        }
    }
}

fn plain(info: &json::texture::Info) -> Info<'_> {
    let extensions = info.extensions.as_ref();
    Info {
        index: info.index.value(),
        uv_set: info.tex_coord,
        transform: extensions.and_then(|ext| ext.texture_transform.clone()),
        others: extensions.map(|ext| &ext.others),
    }
}

/// `extras.material`.
pub(in crate::scene) fn bake_index(material: &json::Material) -> Option<u32> {
    let extras: Value = serde_json::from_str(material.extras.as_ref()?.get()).ok()?;
    u32::try_from(extras.get("material")?.as_u64()?).ok()
}
