//! Folders that the program keeps things in: whether they can be written, and how much fits.

use std::path::{Path, PathBuf};

use super::{Finding, State};

/// A venue with its textures; with less, every visit fetches everything anew.
const COMFORTABLE_BYTES: u64 = 1 << 30;

pub(super) fn look(subject: &'static str, path: Option<PathBuf>) -> Finding {
    let Some(path) = path else {
        return Finding::new(subject, State::Missing, "there is no home folder to keep things in")
            .fix("set PAVILION_CACHE and PAVILION_DATA to folders");
    };
    let shown = path.display();
    if let Err(error) = try_writing(&path) {
        return Finding::new(subject, State::Missing, format!("{shown} cannot be written ({error})"))
            .fix("check its permissions, or set PAVILION_CACHE and PAVILION_DATA to other folders");
    }
    let Ok(free) = fs4::available_space(&path) else {
        return Finding::works(subject, shown);
    };
    let text = format!("{shown}, {:.1} GB free", free as f64 * 1e-9);
    let finding = Finding::works(subject, text).fact("path", path.display().to_string());
    let finding = finding.fact("free_bytes", free);
    if free < COMFORTABLE_BYTES { finding.fix("make room: a venue takes up to 1 GB") } else { finding }
}

fn try_writing(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(".probe");
    std::fs::write(&probe, [])?;
    std::fs::remove_file(probe)
}
