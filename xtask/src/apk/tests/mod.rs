//! Whole APKs: packed, checked, and every rule of the check broken once.

use std::fs;

use super::key::tests::made;
use super::*;
use crate::elf::made::Recipe;

mod others;

const OURS: &str = include_str!("../../../../android/AndroidManifest.xml");

fn manifest() -> Element {
    stamped(OURS, "0.1.0", true).expect("our manifest")
}

fn packed(library: &Recipe<'_>) -> Vec<u8> {
    pack(&manifest(), &library.bytes(), None, &made()).expect("packed")
}

/// What the check says of an APK with this manifest, edited, and this library.
fn refusal(edit: (&str, &str), library: &Recipe<'_>) -> String {
    assert!(OURS.contains(edit.0), "{} is not in our manifest", edit.0);
    let manifest = stamped(&OURS.replace(edit.0, edit.1), "0.1.0", true).expect("a manifest");
    let apk = pack(&manifest, &library.bytes(), None, &made()).expect("packed");
    format!("{:#}", check::check(&apk, &manifest).err().expect("it is refused"))
}

#[test]
fn an_apk_passes_its_own_check_and_lies_on_page_boundaries() {
    let loader =
        Recipe { soname: "libopenxr_loader.so", exported: &["xrGetInstanceProcAddr"], ..Recipe::default() };
    let needing = Recipe { needed: &["libopenxr_loader.so", "libc.so"], ..Recipe::default() };
    let manifest = manifest();
    let apk = pack(&manifest, &needing.bytes(), Some(&loader.bytes()), &made()).expect("packed");
    let report = check::check(&apk, &manifest).expect("it passes");
    assert_eq!((report.package.as_str(), report.libraries.len()), ("app.pavilion.viewer", 2));
    let files = archive::read(&apk).expect("an archive");
    assert!(files[1..].iter().all(|file| file.start % 16_384 == 0));
}

#[test]
fn every_rule_about_the_library_bites() {
    let nothing = ("Pavilion", "Pavilion");
    for (library, sentence) in [
        (Recipe { soname: "libother.so", ..Recipe::default() }, "it calls itself libother.so"),
        (Recipe { machine: 62, ..Recipe::default() }, "it is for machine 62 and not for 64-bit ARM"),
        (Recipe { alignment: 0x1000, ..Recipe::default() }, "its segments are aligned to 4096 bytes"),
        (Recipe { shift: 0x800, ..Recipe::default() }, "its segments are aligned to 2048 bytes"),
        (
            Recipe { needed: &["libstdc++.so.6"], ..Recipe::default() },
            "it needs libstdc++.so.6, which is neither",
        ),
        (
            Recipe { exported: &["android_main"], ..Recipe::default() },
            "does not export ANativeActivity_onCreate",
        ),
        (Recipe { segment_flags: 7, ..Recipe::default() }, "both written and executed"),
        (Recipe { section_count: 0, ..Recipe::default() }, "no section headers"),
        (Recipe { filling: MAX_APK_BYTES, ..Recipe::default() }, "25000000 are allowed: strip the library"),
    ] {
        let said = refusal(nothing, &library);
        assert!(said.contains(sentence), "{said}");
    }
    let apk = pack(&manifest(), b"no library", None, &made()).expect("packed");
    assert!(check::check(&apk, &manifest()).is_err());
}

#[test]
fn every_rule_about_the_manifest_bites() {
    for (from, to, sentence) in [
        ("com.oculus.intent.category.VR", "a.b", "lacks the category com.oculus.intent.category.VR"),
        ("org.khronos.openxr.intent.category.IMMERSIVE_HMD", "a.b", "lacks the category org.khronos.openxr"),
        ("org.khronos.openxr.runtime_broker;", "", "lack org.khronos.openxr.runtime_broker"),
        ("quest2|", "", "does not support Quest 2"),
        ("minSdkVersion=\"29\"", "minSdkVersion=\"26\"", "it allows Android of API 26"),
        ("android:hasCode=\"false\"", "", "android:hasCode must be \"false\""),
        ("extractNativeLibs=\"false\"", "extractNativeLibs=\"true\"", "extractNativeLibs must be \"false\""),
        ("android:value=\"pavilion\"", "android:value=\"other\"", "the library libother.so is not in it"),
        ("app.pavilion.viewer", "pavilion", "the package \"pavilion\" has no dot"),
        ("android:exported=\"true\"", "android:exported=\"false\"", "its activity is not exported"),
        ("android.app.NativeActivity", "a.Other", "and not NativeActivity"),
    ] {
        let said = refusal((from, to), &Recipe::default());
        assert!(said.contains(sentence), "{said}");
    }
}

#[test]
fn an_apk_with_another_manifest_than_meant_is_refused() {
    let release = stamped(OURS, "0.1.0", false).expect("a manifest");
    let apk = packed(&Recipe::default());
    let said = check::check(&apk, &release).err().expect("it is debuggable").to_string();
    assert!(said.contains("its manifest says something else"), "{said}");
}

#[test]
fn versions_grow_as_android_counts() {
    assert_eq!(version_code("0.1.0").expect("a version"), 1000);
    assert_eq!(version_code("1.2.3-beta.1").expect("a version"), 1_002_003);
    assert!(version_code("1.2").is_err() && version_code("1.1000.0").is_err() && version_code("x").is_err());
    assert!(version_code("4000.0.0").is_err());
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a temp folder");
    let path = folder.path().join("deep/a.apk");
    write_whole(&path, b"one").expect("written");
    write_whole(&path, b"two").expect("written again");
    assert_eq!(fs::read(&path).expect("a file"), b"two");
    // A folder in its place cannot be replaced, and nothing is left beside it.
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("x")).expect("a folder");
    assert!(write_whole(&taken, b"three").is_err());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
}
