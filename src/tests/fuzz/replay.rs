//! The seeds and what once failed, at every test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use super::{TARGETS, Target, seeds};

/// The inputs at which a target once failed, oldest name first.
fn crashes(target: &Target) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crashes").join(target.name);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Where `cargo xtask fuzz` wants the seeds, a folder for each target.
fn write(target: &Target, seeds: &[Vec<u8>]) {
    let Some(folder) = std::env::var_os("PAVILION_FUZZ_SEEDS") else { return };
    let folder = Path::new(&folder).join(target.name);
    fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("{number:04}")), seed).unwrap();
    }
    fs::write(folder.with_extension("words"), seeds::dictionary(seeds)).unwrap();
}

#[test]
fn seeds_and_what_once_failed_stay_within_their_bounds() {
    let mut wrong = Vec::new();
    for target in TARGETS {
        let seeds = seeds::of(target.name);
        let mut taken = 0;
        for (number, seed) in seeds.iter().enumerate() {
            match target.check(seed) {
                Ok(is_taken) => taken += usize::from(is_taken),
                Err(sentence) => wrong.push(format!("{}: seed {number}: {sentence}", target.name)),
            }
        }
        let crashes = crashes(target);
        for path in &crashes {
            if let Err(sentence) = target.check(&fs::read(path).unwrap()) {
                wrong.push(format!("{}: {sentence}", path.display()));
            }
        }
        println!(
            "{}: {taken} of {} seeds taken, {} that once failed",
            target.name,
            seeds.len(),
            crashes.len()
        );
        assert!(taken > 0, "{} takes none of its seeds", target.name);
        write(target, &seeds);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
