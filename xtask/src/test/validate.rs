//! The `validators` stage: what the demo venue and twins by others are baked into, before other people's readers.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::stages::{Context, Outcome};
use crate::setup::npm::{self, VALIDATORS};
use crate::venue::Make;
use crate::{demo, process, workspace};

/// Twins by others, under the folder that PAVILION_TEST_DATA names.
const TWINS: [&str; 2] = ["twins/garage/garage.gltf", "twins/home-theater/home-theater.gltf"];

/// Runs the stage.
pub fn run(context: &mut Context) -> Result<Outcome> {
    let Some(packages) = VALIDATORS.find(&context.cache) else {
        return Ok(Outcome::Skipped(
            "the validators are not installed: run `cargo xtask setup` with npm".into(),
        ));
    };
    let program = workspace::build_pavilion(false)?;
    let script = workspace::root().join("xtask/validators/check.cjs");
    let folder = workspace::target()?.join("validated");
    let venue = demo::provide_venue()?;
    process::check(npm::node(&packages, &script).arg(&venue))?;
    // Two equal halls are baked as one that stands in two places.
    let halls = demo::provide_other_venue(Make { halls: 2, ..Make::DEMO })?;
    for source in [vec![venue, halls], twins()].concat() {
        let baked = folder.join(source.file_stem().unwrap_or(OsStr::new("twin")));
        process::check(Command::new(&program).arg("bake").arg(&source).arg(&baked))?;
        let tileset = baked.join("tileset.json");
        if !tileset.exists() {
            bail!("the bake of {} wrote no {}", source.display(), tileset.display());
        }
        process::check(npm::node(&packages, &script).arg(&tileset).args(glbs_under(&baked)?))?;
    }
    fs::remove_dir_all(&folder)?;
    Ok(Outcome::Passed)
}

/// The twins by others that are there, the absent named.
fn twins() -> Vec<PathBuf> {
    let Some(data) = std::env::var_os("PAVILION_TEST_DATA") else {
        println!("PAVILION_TEST_DATA is not set: only the demo venue is validated");
        return Vec::new();
    };
    let paths = TWINS.map(|twin| Path::new(&data).join(twin));
    for absent in paths.iter().filter(|path| !path.exists()) {
        println!("{} is not there and not validated", absent.display());
    }
    paths.into_iter().filter(|path| path.exists()).collect()
}

fn glbs_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(glbs_under(&path)?);
        } else if path.extension() == Some(OsStr::new("glb")) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
