//! The prefix made from nothing in a temporary folder.
//!
//! Runs when `cargo xtask test` has just downloaded the packages (it says where), so that it costs seconds.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::cache::Cache;
use super::{Downloads, prefix, provide_prefix};
use crate::process;

fn downloads() -> Option<PathBuf> {
    let folder = std::env::var_os("PAVILION_SETUP_DOWNLOADS").map(PathBuf::from);
    if folder.is_none() {
        println!(
            "skipped: no packages were just downloaded (`cargo xtask setup --remove`, then `cargo xtask test`)"
        );
    }
    folder
}

#[test]
fn the_prefix_is_made_from_nothing_and_after_a_crash() {
    let Some(packages) = downloads() else { return };
    let folder = tempfile::tempdir().expect("a temp folder");
    let cache = Cache::at(&folder.path().join("cache"));
    // What a kill -9 while unpacking leaves: a half prefix, and downloads of which one is cut off.
    fs::create_dir_all(cache.join(&format!("{}.partial/unpacked/junk", prefix::name()))).expect("a folder");
    fs::create_dir_all(cache.join("xr-prefix-of-an-older-recipe")).expect("a folder");
    fs::create_dir_all(prefix::downloads(&cache).join("partial")).expect("a folder");
    let mut cut_off = false;
    for package in
        fs::read_dir(packages).expect("the downloads").flatten().filter(|entry| entry.path().is_file())
    {
        let name = package.file_name();
        if name.to_string_lossy().starts_with("libvulkan1_") {
            let bytes = fs::read(package.path()).expect("a package");
            let partial = prefix::downloads(&cache).join("partial").join(&name);
            fs::write(partial, &bytes[..bytes.len() / 2]).expect("written");
            cut_off = true;
        } else {
            fs::hard_link(package.path(), prefix::downloads(&cache).join(&name))
                .or_else(|_| fs::copy(package.path(), prefix::downloads(&cache).join(&name)).map(drop))
                .expect("a package");
        }
    }
    assert!(cut_off, "the packages hold the Vulkan loader");

    let made = provide_prefix(&cache, None, Downloads::Forget).expect("a prefix");
    let names: Vec<_> =
        fs::read_dir(cache.root()).expect("the cache").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names.len(), 2, "only the lock and the prefix are left: {names:?}");
    assert!(
        made.root().join("usr/bin/monado-service").exists() && !made.root().join("usr/share/doc").exists()
    );
    process::output(Command::new(made.run()).arg("/bin/true")).expect("a program of this machine runs on it");
    let printed =
        process::output(Command::new(made.run()).args(["/bin/sh", "-c", "cat \"$VK_DRIVER_FILES\""]));
    let manifest: serde_json::Value = serde_json::from_str(&printed.expect("a manifest")).expect("JSON");
    let driver = PathBuf::from(manifest["ICD"]["library_path"].as_str().expect("a path"));
    assert!(driver.starts_with(made.root()) && driver.exists(), "{}", driver.display());

    let made_at = fs::metadata(made.root()).expect("the prefix").modified().expect("a time");
    let found =
        provide_prefix(&cache, Some("file:/nowhere"), Downloads::Forget).expect("it is found, not made");
    assert_eq!(fs::metadata(found.root()).expect("the prefix").modified().expect("a time"), made_at);
    assert!(cache.remove().expect("removed") && !cache.root().exists());
}

#[test]
fn a_mirror_that_is_none_is_one_sentence_and_leaves_no_prefix() {
    if !process::is_installed("apt-get") {
        println!("skipped: this is no Debian");
        return;
    }
    let folder = tempfile::tempdir().expect("a temp folder");
    let cache = Cache::at(folder.path());
    let error =
        provide_prefix(&cache, Some("file:/nowhere"), Downloads::Forget).expect_err("there is nothing");
    assert!(format!("{error:#}").contains("the Debian archive cannot be read"), "{error:#}");
    assert!(prefix::Prefix::find(&cache).is_none());
}

#[test]
fn a_folder_that_no_runner_can_name_is_refused_before_anything_is_fetched() {
    let folder = tempfile::tempdir().expect("a temp folder");
    if !process::is_installed("apt-get") {
        println!("skipped: this is no Debian");
        return;
    }
    for name in ["a b", "a:b", &"long".repeat(30)] {
        let cache = Cache::at(&folder.path().join(name));
        let error =
            provide_prefix(&cache, Some("file:/nowhere"), Downloads::Forget).expect_err("a bad place");
        assert!(error.to_string().contains("set XDG_CACHE_HOME"), "{error:#}");
    }
}
