//! glTF 2.0 → plain data. Bytes come in, a [`Document`] goes out.
//!
//! The order of the files is the order in which bytes are distrusted: `container` splits a GLB,
//! `prescan` bounds the JSON before it is parsed, `shape` compares it with what glTF says of each
//! value and follows every reference, `schema` holds it, `graph` lists the nodes, `buffer` finds the
//! bytes of every view (`meshopt` and `draco` decompress them), `accessor` reads them as vectors, and
//! `primitive`, `splat`, `morph`, `skin`, `material`, `finish`, `image`, `light`, `instance`, `node`, `animation` and
//! `metadata` make the document of them. `usage`, `attribute` and `variants`
//! check what several objects say together, and `camera` what nothing is made of yet, so that a
//! broken file is refused today as it will be then. What a file has and this version leaves out is
//! named in [`Document::skipped`].
//!
//! The schema is `gltf::json`'s where that holds every valid file (materials with their extensions,
//! samplers, lights) and our own where it does not: its textures need a source, its scenes need
//! nodes, its attribute names and types lose what they do not know, and it has no place for
//! EXT_meshopt_compression. Its validation and its importer are never called: both panic on
//! malformed files, and the importer opens any path.
//!
//! Architecture invariant: no file, no URL, no GPU; what a URI means is asked of a [`Resolve`].
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub(in crate::scene) mod accessor;
pub(in crate::scene) mod animation;
mod append;
mod attribute;
pub(in crate::scene) mod buffer;
mod camera;
pub(in crate::scene) mod container;
mod data_uri;
pub mod document;
pub mod draco;
mod extensions;
mod finish;
pub(in crate::scene) mod graph;
pub mod image;
mod instance;
mod light;
pub(in crate::scene) mod material;
pub(in crate::scene) mod meshopt;
mod metadata;
mod morph;
pub(in crate::scene) mod node;
pub(in crate::scene) mod prescan;
mod primitive;
pub(in crate::scene) mod schema;
mod shape;
mod skin;
pub(in crate::scene) mod skipped;
pub mod sound;
mod splat;
#[cfg(test)]
pub(crate) mod tests;
mod usage;
mod variants;

pub use document::Document;

use glam::DAffine3;

use super::{ContentError, limits};

/// Answers for URIs that a file mentions. Data URIs are read in place and never asked for.
pub trait Resolve {
    /// The bytes of an external buffer.
    ///
    /// # Errors
    /// When the URI is not one that may be opened, or what it names is not there.
    fn buffer(&mut self, uri: &str) -> Result<Vec<u8>, ContentError>;

    /// The bytes of an external image, or `None` where they are fetched some other way.
    ///
    /// # Errors
    /// When the URI is not one that may be opened, or what it names is not there.
    fn image(&mut self, uri: &str) -> Result<Option<Vec<u8>>, ContentError>;

    /// An image of another kind as a PNG, or `None` where nobody makes one of it: then it is left out.
    ///
    /// # Errors
    /// When it is damaged, or larger than [`limits`] allow.
    fn png_from(&mut self, _kind: image::Foreign, _bytes: &[u8]) -> Result<Option<Vec<u8>>, ContentError> {
        Ok(None)
    }

    /// Which of the file's variants (KHR_materials_variants) is wanted, where it is not the default.
    fn variant(&self) -> Option<&str> {
        None
    }

    /// What a mesh was before Draco compressed it, or `None` where nobody knows. It has at most `elements_max` vertices,
    /// and as many indices.
    ///
    /// # Errors
    /// When it is damaged, or has more.
    fn mesh_from_draco(
        &mut self,
        _bytes: &[u8],
        _elements_max: usize,
    ) -> Result<Option<draco::DracoMesh>, ContentError> {
        Ok(None)
    }
}

/// Reads a GLB or a .gltf: its default scene, and all its meshes, materials and images.
///
/// # Errors
/// When the file is malformed, larger than [`limits`] allow, or needs what this version does not
/// know.
pub fn read(bytes: &[u8], resolve: &mut dyn Resolve) -> Result<Document, ContentError> {
    read_in(bytes, resolve, &DAffine3::IDENTITY)
}

/// The same, of a file whose scene stands somewhere else in the world. Where that is, and where its nodes are, is worked
/// out in doubles.
///
/// # Errors
/// As [`read`].
pub fn read_in(
    bytes: &[u8],
    resolve: &mut dyn Resolve,
    world_from_scene: &DAffine3,
) -> Result<Document, ContentError> {
    ContentError::check("file", "bytes", bytes.len(), limits::SOURCE_BYTES_MAX)?;
    let container = container::split(bytes)?;
    let text = prescan::normalized(
        container.json,
        &prescan::Ceilings { bytes: limits::JSON_BYTES_MAX, entries: limits::ARRAY_LEN_MAX },
    )?;
    let mut root = schema::parse(&text)?;
    if let Some(variant) = resolve.variant() {
        variants::choose(&mut root, variant)?;
    }
    let mut skipped = skipped::Skipped::of(&root);
    skipped.add("unknown GLB chunks", container.unknown_chunks);
    skipped
        .add("bytes after the end of the GLB", u32::try_from(container.trailing_bytes).unwrap_or(u32::MAX));
    let placements = graph::scene_nodes(&root)?;

    let buffers = buffer::load(&root, &container, resolve)?;
    let mut views = buffer::views(&root, &buffers, limits::SOURCE_BYTES_MAX)?;
    draco::decode(&mut root, &mut views, resolve)?;
    accessor::check_layouts(&root, &views)?;
    check(&root, &views)?;
    let images = image::collect(&root, &views, resolve, &mut skipped)?;
    let materials = material::read(&root, &images, &mut skipped)?;
    let primitive::Read { meshes, vertex_sets, morphs } =
        primitive::read(&root, &views, &materials, &mut skipped)?;
    let (mut nodes, place_of) = node::read(&root, &views, &placements, world_from_scene, &mut skipped)?;
    let skins = skin::read(&root, &views, &place_of)?;
    let skins = node::name_skins(&mut nodes, skins, &mut skipped);
    let animations = animation::read(&root, &views, &place_of, &mut skipped)?;
    let sound_files = sound::files(&nodes, resolve)?;
    let extras = graph::default_scene(&root).and_then(|scene| scene.extras.clone()).unwrap_or_default();
    Ok(Document {
        nodes,
        meshes,
        vertex_sets,
        morphs,
        skins,
        animations,
        feature_tables: metadata::tables(&root, &views, &mut skipped),
        materials,
        images,
        sound_files,
        variants: variants::names(&root),
        extras,
        skipped: skipped.into_names(&root),
    })
}

/// What nothing is made of yet, or what several objects say together.
fn check(root: &schema::Root, views: &[buffer::View<'_>]) -> Result<(), ContentError> {
    usage::check(root)?;
    accessor::check_elements(root, views)?;
    camera::check(root)?;
    light::check(root)?;
    variants::check(root)?;
    attribute::check(root, views)?;
    morph::check(root, views)?;
    instance::check(root, views)?;
    skin::check(root, views)?;
    animation::check(root, views)
}
