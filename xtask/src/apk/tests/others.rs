//! Our APKs before others' tools: apksigner verifies them, aapt2 reads them, and writes the same manifest.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::elf::made::Recipe;
use crate::process;
use crate::setup::android_tools::AndroidTools;
use crate::setup::cache::Cache;

/// The tools, or why this test does not run.
fn tools() -> Option<AndroidTools> {
    let found = Cache::of_user().ok().and_then(|cache| AndroidTools::find(&cache));
    if found.is_none() {
        println!("skipped: adb, aapt2 and apksigner have not been fetched (`cargo xtask setup`)");
    }
    found
}

/// An APK in a folder of its own.
fn written(folder: &Path) -> (std::path::PathBuf, Vec<u8>) {
    let apk = packed(&Recipe::default());
    let path = folder.join("a.apk");
    std::fs::write(&path, &apk).expect("written");
    (path, apk)
}

#[test]
fn apksigner_verifies_both_schemes_and_refuses_a_flipped_byte() {
    let Some(tools) = tools() else { return };
    if !process::is_installed("java") {
        println!("skipped: apksigner needs a Java and none is installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a temp folder");
    let (path, mut apk) = written(folder.path());
    let verify = |least: &str| {
        let mut command = tools.apksigner();
        command.args(["verify", "--verbose", "--print-certs", "--min-sdk-version", least]).arg(&path);
        process::output(&mut command)
    };
    let said = verify("29").expect("it verifies for the headset");
    assert!(said.contains("APK Signature Scheme v3): true"), "{said}");
    let ours = check::check(&apk, &manifest()).expect("it passes").certificate_sha256;
    assert!(said.contains(&ours), "its certificate is {ours} to us: {said}");
    // Asked for an Android that reads scheme 2, it looks at both.
    let said = verify("24").expect("it verifies for older systems");
    let both = ["APK Signature Scheme v2): true", "APK Signature Scheme v3): true"];
    assert!(both.iter().all(|line| said.contains(line)), "{said}");

    let library = archive::read(&apk).expect("an archive")[1].start;
    apk[library + 100] ^= 1;
    std::fs::write(&path, &apk).expect("written");
    let error = verify("29").expect_err("a byte has changed");
    assert!(error.to_string().contains("CHUNKED_SHA256"), "{error}");
    assert!(check::check(&apk, &manifest()).is_err());
}

#[test]
fn aapt2_reads_what_a_headset_needs_to_know() {
    let Some(tools) = tools() else { return };
    let folder = tempfile::tempdir().expect("a temp folder");
    let (path, _) = written(folder.path());
    let badging = process::output(tools.aapt2().args(["dump", "badging"]).arg(&path)).expect("badging");
    for fact in [
        "package: name='app.pavilion.viewer' versionCode='1000' versionName='0.1.0'",
        "sdkVersion:'29'",
        "targetSdkVersion:'32'",
        "application: label='Pavilion'",
        "application-debuggable",
        "uses-feature: name='android.hardware.vr.headtracking'",
        "uses-feature-not-required: name='oculus.software.handtracking'",
        "uses-permission: name='com.oculus.permission.HAND_TRACKING'",
        "uses-native-library-not-required:'libopenxr_forwardloader.oculus.so'",
        "launchable-activity: name='android.app.NativeActivity'",
        "native-code: 'arm64-v8a'",
    ] {
        assert!(badging.contains(fact), "{fact} is not in\n{badging}");
    }
    let tree = tree(&tools, &path).join("\n");
    for fact in [
        "=\"com.oculus.intent.category.VR\"",
        "=\"org.khronos.openxr.intent.category.IMMERSIVE_HMD\"",
        "=\"com.oculus.supportedDevices\"",
        "=\"quest2|questpro|quest3|quest3s\"",
        "=\"org.khronos.openxr.runtime_broker;org.khronos.openxr.system_runtime_broker\"",
    ] {
        assert!(tree.contains(fact), "{fact} is not in\n{tree}");
    }
}

#[test]
fn aapt2_makes_the_same_manifest_of_the_same_text() {
    let Some(tools) = tools() else { return };
    let folder = tempfile::tempdir().expect("a temp folder");
    let (path, _) = written(folder.path());
    let (text, theirs) = (folder.path().join("AndroidManifest.xml"), folder.path().join("theirs.apk"));
    std::fs::write(&text, OURS).expect("written");
    let mut link = tools.aapt2();
    link.args(["link", "--debug-mode", "--version-code", "1000", "--version-name", "0.1.0"]);
    process::output(
        link.arg("-I").arg(tools.framework()).arg("--manifest").arg(&text).arg("-o").arg(&theirs),
    )
    .expect("aapt2 links it");
    // What it adds of its own: which system it was linked against.
    let is_added = |line: &String| ["compileSdk", "platformBuild"].iter().any(|word| line.contains(word));
    let theirs: Vec<_> = tree(&tools, &theirs).into_iter().filter(|line| !is_added(line)).collect();
    assert_eq!(tree(&tools, &path), theirs);
    assert!(theirs.len() > 60, "{theirs:?}");
}

/// The manifest in an APK as aapt2 prints it.
fn tree(tools: &AndroidTools, apk: &Path) -> Vec<String> {
    let mut dump: Command = tools.aapt2();
    let text = process::output(dump.args(["dump", "xmltree", "--file", MANIFEST]).arg(apk)).expect("a tree");
    text.lines().map(str::to_owned).collect()
}
