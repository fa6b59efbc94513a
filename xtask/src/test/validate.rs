//! The `validators` stage: the demo venue and the tileset baked from it, before other people's readers.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::stages::{Context, Outcome};
use crate::setup::validators;
use crate::{process, workspace};

/// Runs the stage.
pub fn run(context: &mut Context) -> Result<Outcome> {
    let Some(packages) = validators::find(&context.cache) else {
        return Ok(Outcome::Skipped(
            "the validators are not installed: run `cargo xtask setup` with npm".into(),
        ));
    };
    let venue = crate::demo::venue_glb()?;
    if !venue.exists() {
        return Ok(Outcome::Skipped(format!("{} is not there", venue.display())));
    }
    let baked = workspace::target()?.join("demo/validated");
    if baked.exists() {
        fs::remove_dir_all(&baked)?;
    }
    process::check(Command::new(workspace::build_pavilion(false)?).arg("bake").arg(&venue).arg(&baked))?;
    let tileset = baked.join("tileset.json");
    if !tileset.exists() {
        bail!("the bake wrote no {}", tileset.display());
    }
    let script = workspace::root().join("xtask/validators/check.cjs");
    process::check(validators::node(&packages, &script).arg(&venue).arg(&tileset).args(glbs_under(&baked)?))?;
    Ok(Outcome::Passed)
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
