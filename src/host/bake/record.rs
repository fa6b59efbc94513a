//! What a folder was baked from: while nothing of that has changed, it is not baked again.
//!
//! The record lies in the folder beside the twin, is no part of it and is never served. It names every file that bake
//! opened by the way to it from the source: the same bytes name the same files, so none can be missing. It knows no
//! time and no place, so what is baked of the same files is the same everywhere.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::recall::BAKER;
use super::{BakeOptions, BakeReport, Quality, folder, sidecar_path, source_file, workers};
use crate::scene::ContentHash;
use crate::store::Shelf;

/// What it is called.
pub const FILE_NAME: &str = "bake.json";

/// A larger one is not read: 100 000 files at 160 bytes.
const BYTES_MAX: u64 = 16 << 20;

/// The files that bake read, by the hash of what was in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Of the source.
    pub source: String,
    /// Of the list of sounds beside it, if there is one.
    pub sidecar: Option<String>,
    /// Of every other file, by the way to it from the source's folder.
    pub files: BTreeMap<String, String>,
}

/// What was baked, how, and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    baker: String,
    quality: Quality,
    default_title: String,
    variant: Option<String>,
    inputs: Inputs,
    report: BakeReport,
}

impl Record {
    /// Of a bake of these inputs.
    pub fn new(inputs: Inputs, options: &BakeOptions, report: &BakeReport) -> Self {
        Self {
            baker: BAKER.to_owned(),
            quality: options.quality,
            default_title: options.default_title.clone(),
            variant: options.variant.clone(),
            inputs,
            report: report.lasting(),
        }
    }

    /// As it stands in the folder.
    pub fn text(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    fn read(out: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        File::open(out.join(FILE_NAME)).ok()?.take(BYTES_MAX + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= BYTES_MAX).then(|| serde_json::from_slice(&bytes).ok()).flatten()
    }
}

/// What the bake in `out` came to, where `source` baked with `options` would come to the same; `None` also where
/// something of the folder is missing.
pub fn unchanged(source: &Path, out: &Path, options: &BakeOptions) -> Option<BakeReport> {
    let record = Record::read(out)?;
    let is_same = record.baker == BAKER
        && record.quality == options.quality
        && record.default_title == options.default_title
        && record.variant == options.variant
        && is_still(&source_file(source), &record.inputs).unwrap_or(false)
        && folder::is_bake(out)
        && is_whole(out);
    is_same.then_some(BakeReport { is_unchanged: true, ..record.report })
}

/// Whether every blob of the twin holds what its name says: whoever has a damaged one bakes again.
fn is_whole(out: &Path) -> bool {
    let Ok(shelf) = Shelf::open(out) else { return false };
    let names: Vec<ContentHash> = shelf.catalog().into_keys().collect();
    let check = |_: usize, &name: &ContentHash| {
        let blob = shelf.reader(name, 0)?.ok_or(io::ErrorKind::NotFound)?;
        if hash_of(blob)? == name { Ok(()) } else { Err(io::Error::from(io::ErrorKind::InvalidData)) }
    };
    workers::map(&names, check, &mut |_, _| Ok(())).is_ok()
}

/// Whether every file holds what it held; what cannot be read is for bake to refuse in its own words.
fn is_still(source: &Path, inputs: &Inputs) -> io::Result<bool> {
    let hash_of_file = |path: &Path| Ok(hash_of(File::open(path)?)?.to_string());
    let sidecar: io::Result<String> = hash_of_file(&sidecar_path(source));
    let sidecar = match sidecar {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        hash => Some(hash?),
    };
    if hash_of_file(source)? != inputs.source || sidecar != inputs.sidecar {
        return Ok(false);
    }
    for (way, hash) in &inputs.files {
        if hash_of_file(&source.with_file_name(way))? != *hash {
            return Ok(false);
        }
    }
    Ok(true)
}

fn hash_of(reader: impl io::Read) -> io::Result<ContentHash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(reader)?;
    Ok(ContentHash(*hasher.finalize().as_bytes()))
}
