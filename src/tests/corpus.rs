//! Other people's glTF: Khronos' own malformed and well-formed files, samples, and whole twins.
//!
//! They lie in the folder that `PAVILION_TEST_DATA` names; where it is unset these tests say so and
//! pass.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::scene::ContentError;
use crate::scene::gltf::{Document, Resolve, image, read};

/// What the validator calls an error and we take, each code with the reason.
const TAKEN: &[(&str, &str)] = &[];

/// What the validator finds no error in and we refuse, each file with the reason.
const REFUSED: &[(&str, &str)] = &[];

fn data(folder: &str) -> Option<PathBuf> {
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
fn models(folder: &Path) -> Vec<PathBuf> {
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

#[test]
fn what_the_validator_calls_an_error_is_refused_and_what_is_clean_is_taken() {
    let Some(folder) = data("corpus/gltf-validator") else { return };
    let mut wrong = Vec::new();
    let mut used = BTreeMap::new();
    let (mut refused, mut taken) = (0, 0);
    for path in models(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let codes = error_codes(&PathBuf::from(format!("{}.report.json", path.display())));
        match load(&path) {
            Ok(_) if codes.is_empty() => taken += 1,
            Err(_) if !codes.is_empty() => refused += 1,
            Ok(_) => {
                let unexplained: Vec<_> =
                    codes.iter().filter(|code| !TAKEN.iter().any(|(known, _)| known == code)).collect();
                if !unexplained.is_empty() {
                    wrong.push(format!("{name} was taken: {unexplained:?}"));
                }
                codes.iter().for_each(|code| *used.entry(code.clone()).or_insert(0) += 1);
            }
            Err(error) => match REFUSED.iter().find(|(file, _)| *file == name) {
                Some((file, _)) => *used.entry((*file).to_owned()).or_insert(0) += 1,
                None => wrong.push(format!("{name} was refused: {error}")),
            },
        }
    }
    let stale: Vec<_> =
        TAKEN.iter().chain(REFUSED).map(|(key, _)| *key).filter(|key| !used.contains_key(*key)).collect();
    assert!(wrong.is_empty() && stale.is_empty(), "{}\nnever needed: {stale:?}", wrong.join("\n"));
    println!("{refused} files with errors refused, {taken} clean ones taken, exceptions: {used:?}");
}

#[test]
fn samples_load_and_what_is_left_out_has_a_name() {
    let Some(folder) = data("corpus/gltf-positive") else { return };
    for path in models(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let document = load(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name}: {} vertex sets, {:?}", document.vertex_sets.len(), document.skipped);
    }
}

#[test]
fn twins_load_whole() {
    let Some(folder) = data("twins") else { return };
    for path in models(&folder) {
        let document = load(&path).unwrap();
        let primitives = document.meshes.iter().flat_map(|mesh| &mesh.primitives);
        let triangles: usize = primitives.map(|primitive| primitive.indices.len() / 3).sum();
        println!("{}: {triangles} triangles, {:?}", path.display(), document.skipped);
        assert!(triangles > 500 && document.materials.len() > 2);
    }
}
