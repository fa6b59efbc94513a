//! Which files make up the crate: follows `mod` from `lib.rs` and `main.rs` and knows what only tests compile.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, Meta};

/// One file of the crate.
pub struct File {
    /// Path under `src/`, with slashes.
    pub path: String,
    /// Its module, `["scene", "gltf"]`; empty for `lib.rs` and `main.rs`.
    pub module: Vec<String>,
    /// Compiled for tests alone.
    pub test_only: bool,
    pub text: String,
}

/// All files that `lib.rs` and `main.rs` declare.
pub fn read(source: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    for root in ["lib.rs", "main.rs"] {
        follow(source, Path::new(root), Vec::new(), false, &mut files)?;
    }
    Ok(files)
}

fn follow(
    source: &Path,
    path: &Path,
    module: Vec<String>,
    test_only: bool,
    files: &mut Vec<File>,
) -> io::Result<()> {
    let name = path.to_string_lossy().replace('\\', "/");
    let broken = |why: &dyn std::fmt::Display| io::Error::other(format!("src/{name}: {why}"));
    let text = fs::read_to_string(source.join(path)).map_err(|error| broken(&error))?;
    let parsed = syn::parse_file(&text).map_err(|error| broken(&error))?;
    files.push(File { path: name, module: module.clone(), test_only, text });
    // `a/mod.rs` and `lib.rs` keep their children beside them, `a/b.rs` in `a/b/`.
    let owns_folder = ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| path.ends_with(name));
    let folder = if owns_folder { path.parent().unwrap_or(path).to_owned() } else { path.with_extension("") };
    follow_items(source, &folder, &module, test_only, &parsed.items, files)
}

fn follow_items(
    source: &Path,
    folder: &Path,
    module: &[String],
    test_only: bool,
    items: &[Item],
    files: &mut Vec<File>,
) -> io::Result<()> {
    for item in items {
        let Item::Mod(declared) = item else { continue };
        let name = declared.ident.to_string();
        let test_only = test_only || is_test_only(&declared.attrs);
        let child: Vec<_> = module.iter().cloned().chain([name.clone()]).collect();
        if let Some((_, items)) = &declared.content {
            follow_items(source, &folder.join(&name), &child, test_only, items, files)?;
            continue;
        }
        let beside = folder.join(format!("{name}.rs"));
        let path = if source.join(&beside).exists() { beside } else { folder.join(&name).join("mod.rs") };
        follow(source, &path, child, test_only, files)?;
    }
    Ok(())
}

/// Whether an item is there for tests alone: `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, …))]`.
pub fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let words = list.tokens.to_string();
            words == "test" || words.starts_with("all (test") || words.starts_with("all(test")
        }
        _ => false,
    })
}

/// Every file of this kind under a folder, sorted.
pub fn files_under(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_under(&path, extension)?);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The crates that `[dependencies]` and those of single systems name, as Rust writes them.
pub fn dependencies(manifest: &str) -> Vec<String> {
    let is_of_all = |section: &&str| section.starts_with("dependencies]\n");
    let is_of_one = |section: &&str| {
        let heading = section.lines().next().unwrap_or_default();
        heading.starts_with("target.") && heading.ends_with("'.dependencies]")
    };
    let sections = manifest.split("\n[").filter(|section| is_of_all(section) || is_of_one(section));
    let name = |line: &str| {
        let name: String = line.chars().take_while(|letter| !" .=".contains(*letter)).collect();
        (!name.is_empty() && !name.starts_with('#')).then(|| name.replace('-', "_"))
    };
    sections.flat_map(|section| section.lines().skip(1)).filter_map(name).collect()
}
