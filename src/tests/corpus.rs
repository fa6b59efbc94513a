//! Other people's glTF: Khronos' own malformed and well-formed files, samples, and whole twins.
//!
//! They lie in the folder that `PAVILION_TEST_DATA` names; where it is unset these tests say so and
//! pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::scene::ContentError;
use crate::scene::gltf::{Document, Resolve, image, read};

/// What the validator calls an error and we take: the code, where in the corpus, and why.
const TAKEN: &[(&str, &str, &str)] = &[
    ("EMPTY_ENTITY", "base/data/texture/empty_array", "tools that drop images leave their arrays empty"),
    ("IMAGE_NON_ENABLED_MIME_TYPE", "", "samples of others have such; the image is left out by name"),
    ("ACCESSOR_INDEX_PRIMITIVE_RESTART", "", "exporters index 256 vertices in bytes; each has its vertex"),
    ("MESH_PRIMITIVE_NO_TANGENT_SPACE", "", "tangents are computed as far as that goes"),
    ("MESH_PRIMITIVE_TOO_FEW_TEXCOORDS", "", "exporters write such parts, which show one texel; named"),
];

/// What the validator finds no error in and we refuse, each file with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("base/data/asset/min_version_valid.gltf", "it asks for glTF 2.1"),
    ("base/data/buffer/non_relative_uri.gltf", "nothing is fetched from the network"),
];

/// Samples whose makers broke them on purpose.
const BROKEN: &[&str] = &["cubeSomeBadIndices.glb"];

/// A folder of the test inputs, if there are any.
pub(crate) fn data(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PAVILION_TEST_DATA");
    if root.is_none() {
        eprintln!("skipped: PAVILION_TEST_DATA does not name the folder with the test inputs");
    }
    root.map(|root| Path::new(&root).join(folder))
}

/// Opens what lies beside the file.
struct Beside(PathBuf);

impl Resolve for Beside {
    fn buffer(&mut self, uri: &str) -> Result<Vec<u8>, ContentError> {
        let name = uri.replace("%20", " ");
        fs::read(self.0.join(&name)).map_err(|e| ContentError::malformed(uri, e.to_string()))
    }

    fn image(&mut self, uri: &str) -> Result<Option<Vec<u8>>, ContentError> {
        self.buffer(uri).map(Some)
    }
}

/// Reads a file and decodes its images.
fn load(path: &Path) -> Result<Document, ContentError> {
    let document = read(&fs::read(path).unwrap(), &mut Beside(path.parent().unwrap().to_owned()))?;
    for image in &document.images {
        if let Some(bytes) = &image.bytes {
            image::decode(bytes)?;
        }
    }
    Ok(document)
}

/// All .gltf and .glb files below a folder, in order.
pub(crate) fn models(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "gltf" || extension == "glb") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no models in {}", folder.display());
    found
}

/// The codes of the errors in a validator's report.
fn error_codes(report: &Path) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    let messages = report["issues"]["messages"].as_array().unwrap();
    let errors = messages.iter().filter(|message| message["severity"] == 0);
    errors.map(|message| message["code"].as_str().unwrap().to_owned()).collect()
}

/// The row of [`TAKEN`] for a code in a file.
fn exception(code: &str, file: &str) -> Option<usize> {
    TAKEN.iter().position(|(known, folder, _)| *known == code && file.starts_with(folder))
}

#[test]
fn what_the_validator_calls_an_error_is_refused_and_what_is_clean_is_taken() {
    let Some(folder) = data("corpus/gltf-validator") else { return };
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    let (mut refused, mut taken, mut excepted, mut refused_clean) = (0, 0, 0, 0);
    for path in models(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let codes = error_codes(&PathBuf::from(format!("{}.report.json", path.display())));
        match load(&path) {
            Ok(_) if codes.is_empty() => taken += 1,
            Err(_) if !codes.is_empty() => refused += 1,
            Ok(_) => {
                let unexplained: Vec<_> =
                    codes.iter().filter(|code| exception(code, &name).is_none()).collect();
                if !unexplained.is_empty() {
                    wrong.push(format!("{name} was taken: {unexplained:?}"));
                }
                used.extend(codes.iter().filter_map(|code| exception(code, &name)));
                excepted += 1;
            }
            Err(error) => match REFUSED.iter().find(|(file, _)| *file == name) {
                Some(_) => refused_clean += 1,
                None => wrong.push(format!("{name} was refused: {error}")),
            },
        }
    }
    let stale: Vec<_> = (0..TAKEN.len()).filter(|row| !used.contains(row)).map(|row| TAKEN[row]).collect();
    assert!(wrong.is_empty() && stale.is_empty(), "{}\nnever needed: {stale:?}", wrong.join("\n"));
    assert!(excepted <= 10 && REFUSED.len() <= 5, "{excepted} files with errors were taken");
    assert_eq!(refused_clean, REFUSED.len(), "an exception for a clean file is not needed");
    println!(
        "with errors: {refused} refused, {excepted} taken; clean: {taken} taken, {refused_clean} refused"
    );
}

#[test]
fn samples_load_and_what_is_left_out_has_a_name() {
    let Some(folder) = data("corpus/gltf-positive") else { return };
    let mut broken = 0;
    for path in models(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let document = match load(&path) {
            Ok(document) => document,
            Err(error) => {
                assert!(BROKEN.contains(&name.as_str()), "{name}: {error}");
                println!("{name}: {error}");
                broken += 1;
                continue;
            }
        };
        println!("{name}: {} vertex sets, {:?}", document.vertex_sets.len(), document.skipped);
    }
    assert_eq!(broken, BROKEN.len(), "a sample that was made to be broken was taken");
}

#[test]
fn twins_load_whole() {
    let Some(folder) = data("twins") else { return };
    for path in models(&folder) {
        let document = load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let primitives = document.meshes.iter().flat_map(|mesh| &mesh.primitives);
        let triangles: usize = primitives.map(|primitive| primitive.indices.len() / 3).sum();
        println!("{}: {triangles} triangles, {:?}", path.display(), document.skipped);
        assert!(triangles > 500 && document.materials.len() > 2);
    }
}

#[cfg(feature = "host")]
#[test]
fn baked_twins_decode_to_what_the_tileset_says() {
    use crate::host::bake::{BakeOptions, bake_document};
    use crate::scene::{TileId, Tileset, tile};
    use std::ops::ControlFlow;

    let Some(folder) = data("twins") else { return };
    for path in models(&folder) {
        let baked =
            bake_document(&load(&path).unwrap(), &BakeOptions::default(), &mut |_| ControlFlow::Continue(()))
                .unwrap();
        let tileset = Tileset::try_from(baked.tables).unwrap();
        let mut decoded = 0;
        for (described, id) in tileset.tiles().iter().zip(0..) {
            let Some(blob) = described.content else { continue };
            let mesh = tile::decode(&baked.blobs[blob.index()].bytes, &tileset, TileId(id)).unwrap();
            assert_eq!(mesh.indices.len(), described.triangle_count as usize * 3);
            for position in &mesh.positions {
                let grid = glam::Vec3::from(position.grid.map(f32::from));
                let distance = described.bounds.distance(mesh.world_from_grid.transform_point3(grid));
                assert!(distance < 1e-3, "{}: {distance} m outside of the tile", path.display());
            }
            decoded += 1;
        }
        println!("{}: {decoded} tiles", path.display());
    }
}
