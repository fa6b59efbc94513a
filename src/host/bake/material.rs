//! The file's materials and images → the twin's.
//!
//! A tile's vertices carry two sets of texture coordinates as 16-bit fractions of one box per
//! material. So each material's textures are sorted by the coordinates and transforms that they use:
//! up to two different combinations are applied to the vertices; textures of a third are left out by
//! name. Materials that come out equal are one. Images keep their bytes; where what a material's data textures say
//! fits one image, that is made beside them.

use std::collections::{BTreeMap, BTreeSet};

use glam::Vec2;

use super::playing::Playing;
use super::soup::UvBox;
use super::surface::{self, Packed, Sources};
use super::{BakedBlob, material_track, sides, workers};
use crate::scene::gltf::Document;
use crate::scene::gltf::document::{SourceMaterial, SourceTexture};
use crate::scene::gltf::image::{self, Encoding};
use crate::scene::material::{PackedSurface, TextureSlot, Wrap};
use crate::scene::texture::{ColorSpace, Image, Tail, side_log2_for};
use crate::scene::{BlobId, ContentError, ImageId, Material, limits};

/// Repetitions of a texture that a material's box may span before larger spans get a material of
/// their own: 16 over 65 535 steps leave 4 steps a texel of a 1024-texel image.
const BOX_REPEATS_MAX: f32 = 16.0;

/// The spaces of a material's five textures.
const SPACES: [ColorSpace; 5] =
    [ColorSpace::Srgb, ColorSpace::Linear, ColorSpace::Linear, ColorSpace::Linear, ColorSpace::Srgb];

/// Where a set of texture coordinates comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UvSource {
    /// 0 or 1: which of the source's sets.
    pub set: usize,
    offset: Vec2,
    scale: Vec2,
    rotation_radians: f32,
}

impl UvSource {
    fn of(texture: &SourceTexture) -> Self {
        Self {
            set: texture.uv_set,
            offset: texture.offset,
            scale: texture.scale,
            rotation_radians: texture.rotation_radians,
        }
    }

    /// The texture coordinate that the texture is read at (KHR_texture_transform).
    pub fn apply(&self, uv: Vec2) -> Vec2 {
        let (sin, cos) = self.rotation_radians.sin_cos();
        let scaled = uv * self.scale;
        // The extension's matrix: its rotation is counter-clockwise with v pointing down.
        let turned = Vec2::new(cos * scaled.x + sin * scaled.y, cos * scaled.y - sin * scaled.x);
        turned + self.offset
    }
}

/// What flattening must know of a source material.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The vertex's two sets of texture coordinates; as many as there are.
    pub streams: Vec<UvSource>,
    /// Which stream the normal map reads, where there is one.
    pub normal_stream: Option<usize>,
    /// Without its box.
    material: Material,
}

impl Plan {
    /// How all its textures wrap.
    pub fn wrap(&self) -> Wrap {
        self.material.wrap
    }
}

/// A material without its box.
#[derive(Clone, Debug, PartialEq)]
struct Draft {
    material: Material,
    /// The class of what its texture coordinates span.
    class: u8,
    /// The source material, where it changes over time: then it is like no other.
    source: Option<usize>,
}

/// Materials while they are collected: drafts still lack their box of texture coordinates.
#[derive(Debug)]
pub struct Catalog {
    /// One for each source material, then glTF's default.
    plans: Vec<Plan>,
    drafts: Vec<Draft>,
    /// Source materials that change over time.
    changing: BTreeSet<usize>,
    images: Vec<Image>,
    blobs: Vec<BakedBlob>,
    skipped: BTreeMap<String, u32>,
}

/// Materials and images, done.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// As the tileset lists them.
    pub materials: Vec<Material>,
    /// Of the first of those: the source material, where it changes over time.
    pub sources: Vec<Option<usize>>,
    /// As the tileset lists them.
    pub images: Vec<Image>,
    /// As the tileset lists them.
    pub tails: Vec<Tail>,
    /// The images' bytes, which are the tileset's first blobs.
    pub blobs: Vec<BakedBlob>,
    /// What was left out, by name.
    pub skipped: BTreeMap<String, u32>,
}

impl Catalog {
    /// Reads the materials that the scene uses, and their images.
    ///
    /// # Errors
    /// When an image is larger than [`limits`] allow, or is none.
    pub fn new(document: &Document, playing: &Playing<'_>) -> Result<Self, ContentError> {
        let mut catalog = Self {
            plans: Vec::new(),
            drafts: Vec::new(),
            changing: (0..document.materials.len()).filter(|&index| playing.changes(index)).collect(),
            images: Vec::new(),
            blobs: Vec::new(),
            skipped: BTreeMap::new(),
        };
        let used = used_materials(document);
        for (index, source) in document.materials.iter().enumerate() {
            let source = material_track::awake(source, index, playing);
            let plan = if used.contains(&index) { catalog.plan(document, &source)? } else { Plan::default() };
            catalog.plans.push(plan);
        }
        catalog.plans.push(Plan::default());
        catalog.pack_surfaces()?;
        Ok(catalog)
    }

    /// What to do with vertices of the source material; `None` is glTF's default.
    pub fn plan_of(&self, source: Option<usize>) -> &Plan {
        let default = self.plans.len() - 1;
        &self.plans[source.unwrap_or(default).min(default)]
    }

    /// The draft for vertices of the source material whose texture coordinates span `repeats`.
    ///
    /// # Errors
    /// When there are more than [`limits::MATERIALS_MAX`].
    pub fn draft(&mut self, source: Option<usize>, repeats: f32) -> Result<u32, ContentError> {
        let class = (repeats / BOX_REPEATS_MAX).max(1.0).log(4.0).ceil().min(255.0) as u8;
        let source_if_changing = source.filter(|source| self.changing.contains(source));
        let material = self.plan_of(source).material.clone();
        self.place(Draft { material, class, source: source_if_changing })
    }

    /// The draft for points and lines of the source material: seen from all sides, in its colours alone, and without
    /// light where they have no normals, as glTF wants.
    ///
    /// # Errors
    /// When there are more than [`limits::MATERIALS_MAX`].
    pub fn draft_of_marks(&mut self, source: Option<usize>, is_lit: bool) -> Result<u32, ContentError> {
        let material = self.plan_of(source).material.clone();
        if material.textures().iter().any(Option::is_some) {
            self.skip("textures of points and lines");
        }
        let plain = Material {
            double_sided: true,
            unlit: material.unlit || !is_lit,
            base_color_texture: None,
            metallic_roughness_texture: None,
            normal_texture: None,
            occlusion_texture: None,
            emissive_texture: None,
            packed: None,
            ..material
        };
        self.place(Draft { material: plain, class: 0, source: None })
    }

    fn place(&mut self, draft: Draft) -> Result<u32, ContentError> {
        if let Some(known) = self.drafts.iter().position(|other| *other == draft) {
            return Ok(known as u32);
        }
        ContentError::check("the file", "materials", self.drafts.len() + 1, limits::MATERIALS_MAX)?;
        self.drafts.push(draft);
        Ok(self.drafts.len() as u32 - 1)
    }

    /// Gives every draft its box.
    pub fn finish(mut self, boxes: &[UvBox]) -> Shelf {
        let sources = self.drafts.iter().map(|draft| draft.source).collect();
        let mut materials: Vec<Material> = self.drafts.into_iter().map(|draft| draft.material).collect();
        for (material, uv_box) in materials.iter_mut().zip(boxes) {
            if material.textures().iter().all(Option::is_none) || *uv_box == UvBox::EMPTY {
                continue;
            }
            let size = uv_box.size();
            let or_one = |x: f32| if x > 0.0 { x } else { 1.0 };
            material.uv_offset = uv_box.min.into();
            material.uv_scale = [or_one(size.x), or_one(size.y)];
        }
        sides::merge(&mut self.images, &mut materials);
        let (images, blobs, skipped) = (self.images, self.blobs, self.skipped);
        Shelf { materials, sources, images, tails: Vec::new(), blobs, skipped }
    }

    fn plan(&mut self, document: &Document, source: &SourceMaterial) -> Result<Plan, ContentError> {
        let mut streams: Vec<UvSource> = Vec::new();
        let mut slots: [Option<(Image, u8)>; 5] = [None; 5];
        let wrap = source.textures.iter().flatten().next().map_or(Wrap::Repeat, |texture| texture.wrap[0]);
        for ((slot, texture), space) in slots.iter_mut().zip(source.textures).zip(SPACES) {
            let Some(texture) = texture else { continue };
            let uv = UvSource::of(&texture);
            let stream = streams.iter().position(|stream| *stream == uv);
            if stream.is_none() && streams.len() == 2 {
                self.skip("textures with a third set of coordinates");
                continue;
            }
            let Some(image) = self.image(document, texture.image, space)? else { continue };
            if texture.wrap != [wrap; 2] {
                self.skip("texture wraps that differ within a material");
            }
            let stream = stream.unwrap_or_else(|| {
                streams.push(uv);
                streams.len() - 1
            });
            *slot = Some((image, stream as u8));
        }
        // The arrays that are bound have one size, so the smaller ones are drawn larger.
        let side_log2 = slots.iter().flatten().map(|(image, _)| image.side_log2).max().unwrap_or(0);
        let slots = slots.map(|slot| {
            let (image, uv_set) = slot?;
            Some(TextureSlot { image: self.list(Image { side_log2, ..image }), uv_set })
        });
        let [
            base_color_texture,
            metallic_roughness_texture,
            normal_texture,
            occlusion_texture,
            emissive_texture,
        ] = slots;
        let material = Material {
            base_color: source.base_color,
            metallic: source.metallic,
            roughness: source.roughness,
            emissive: source.emissive,
            normal_scale: source.normal_scale,
            occlusion_strength: source.occlusion_strength,
            alpha: source.alpha,
            alpha_cutoff: source.alpha_cutoff,
            double_sided: source.double_sided,
            unlit: source.unlit,
            base_color_texture,
            metallic_roughness_texture,
            normal_texture,
            occlusion_texture,
            emissive_texture,
            wrap,
            ..Material::default()
        };
        Ok(Plan { streams, normal_stream: normal_texture.map(|slot| usize::from(slot.uv_set)), material })
    }

    /// Makes one image of the data textures of each material where they fit one, on all cores.
    fn pack_surfaces(&mut self) -> Result<(), ContentError> {
        let mut keys: Vec<Material> = Vec::new();
        let mut place = |key: Material| {
            let known = keys.iter().position(|other| *other == key);
            known.unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            })
        };
        let places: Vec<Option<usize>> =
            self.plans.iter().map(|plan| packing_key(&plan.material).map(&mut place)).collect();
        let packed = workers::map(&keys, |_, key| self.packed(key), &mut |_, _| Ok(()))?;
        let packed: Vec<_> = packed.into_iter().map(|packed| Some(self.keep(packed?))).collect();
        for (plan, place) in self.plans.iter_mut().zip(places) {
            plan.material.packed = place.and_then(|place| packed.get(place).copied().flatten());
        }
        Ok(())
    }

    /// The image of the material's data textures, and its side; `None` where they would need more than one.
    fn packed(&self, material: &Material) -> Result<Option<(Packed, u8)>, ContentError> {
        let image = |slot: TextureSlot| self.images[slot.image.index()];
        let decoded = |slot: Option<TextureSlot>| {
            slot.map(|slot| image::decode(&self.blobs[image(slot).blob.index()].bytes)).transpose()
        };
        let [_, data @ .., _] = material.textures();
        let Some(side_log2) = data.iter().flatten().map(|&slot| image(slot).side_log2).max() else {
            return Ok(None);
        };
        let [metallic_roughness, normal, occlusion] = data;
        let sources = Sources {
            metallic_roughness: decoded(metallic_roughness)?,
            normal: decoded(normal)?,
            occlusion: decoded(occlusion)?,
        };
        Ok(surface::pack(&sources, material, side_log2)?.map(|packed| (packed, side_log2)))
    }

    fn keep(&mut self, (packed, side_log2): (Packed, u8)) -> PackedSurface {
        let Packed { png, slope_max, metallic } = packed;
        let blob = self.blob(BakedBlob::new("png", png));
        let image = self.list(Image { blob, space: ColorSpace::Linear, side_log2 });
        PackedSurface { image, slope_max, metallic }
    }

    /// The number of the blob, which is kept once.
    fn blob(&mut self, blob: BakedBlob) -> BlobId {
        let known = self.blobs.iter().position(|other| other.hash == blob.hash);
        if known.is_none() {
            self.blobs.push(blob);
        }
        BlobId(known.unwrap_or(self.blobs.len() - 1) as u32)
    }

    /// The number of the image in the table, where each form of an image stands once.
    fn list(&mut self, image: Image) -> ImageId {
        let known = self.images.iter().position(|other| *other == image);
        if known.is_none() {
            self.images.push(image);
        }
        ImageId(known.unwrap_or(self.images.len() - 1) as u32)
    }

    /// The image read in the space, at its own size; its bytes are kept once.
    fn image(
        &mut self,
        document: &Document,
        index: usize,
        space: ColorSpace,
    ) -> Result<Option<Image>, ContentError> {
        let place = || {
            let named = document.images.get(index).and_then(|image| image.uri.clone().or(image.name.clone()));
            named.map_or_else(|| format!("/images/{index}"), |name| format!("image “{name}”"))
        };
        let Some(bytes) = document.images.get(index).and_then(|image| image.bytes.as_ref()) else {
            self.skip("images without bytes");
            return Ok(None);
        };
        let (width, height) =
            image::size(bytes).map_err(|error| ContentError::malformed(place(), error.to_string()))?;
        let extension = Encoding::of(bytes).map_or("png", Encoding::extension);
        ContentError::check(&place(), "bytes", bytes.len(), limits::BLOB_BYTES_MAX)?;
        let blob = self.blob(BakedBlob::new(extension, bytes.clone()));
        Ok(Some(Image { blob, space, side_log2: side_log2_for(width, height) }))
    }

    fn skip(&mut self, what: &str) {
        *self.skipped.entry(what.to_owned()).or_default() += 1;
    }
}

/// All that the image of a material's data textures depends on; `None` where it has none of them, or where that image
/// would be of no use, because the surface is drawn in the general way anyway.
fn packing_key(material: &Material) -> Option<Material> {
    let [_, data @ .., emissive] = material.textures();
    let is_plain = !material.unlit
        && material.emissive == [0.0; 3]
        && emissive.is_none()
        && material.textures().iter().flatten().all(|slot| slot.uv_set == 0);
    let is_packed = is_plain && data != [None; 3];
    is_packed.then(|| Material { base_color: [1.0; 4], base_color_texture: None, ..material.clone() })
}

fn used_materials(document: &Document) -> BTreeSet<usize> {
    let meshes: BTreeSet<usize> = document.nodes.iter().filter_map(|node| node.mesh).collect();
    let meshes = meshes.iter().filter_map(|&mesh| document.meshes.get(mesh));
    let materials = meshes.flat_map(|mesh| {
        let surfaces = mesh.primitives.iter().map(|primitive| primitive.material);
        surfaces.chain(mesh.marks.iter().map(|marks| marks.material))
    });
    materials.flatten().collect()
}
