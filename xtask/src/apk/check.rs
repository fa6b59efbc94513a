//! What every APK must pass before anybody gets it: read back from its own bytes, as the headset will read it.
//!
//! In: the bytes and the manifest that was meant. Out: facts for a report, or the first rule that is broken. Nothing
//! here knows how the APK was made.

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use super::archive::{self, File};
use super::manifest::{Element, Value};
use super::{LIBRARY_FOLDER, MANIFEST, MAX_APK_BYTES, PAGE_BYTES, axml, signature};
use crate::elf;

/// The libraries that every Android 10 has for apps: the NDK's stable ones.
const SYSTEM_LIBRARIES: [&str; 16] = [
    "libEGL.so",
    "libGLESv2.so",
    "libGLESv3.so",
    "libOpenSLES.so",
    "libaaudio.so",
    "libandroid.so",
    "libbinder_ndk.so",
    "libc.so",
    "libcamera2ndk.so",
    "libdl.so",
    "liblog.so",
    "libm.so",
    "libmediandk.so",
    "libnativewindow.so",
    "libvulkan.so",
    "libz.so",
];

/// What the system calls in the app's library.
const ENTRY: &str = "ANativeActivity_onCreate";
/// Categories by which a headset starts an app in VR: Meta's own and the one of Khronos.
const VR_CATEGORIES: [&str; 2] =
    ["com.oculus.intent.category.VR", "org.khronos.openxr.intent.category.IMMERSIVE_HMD"];
/// Providers through which the OpenXR loader asks for the runtime.
const BROKERS: [&str; 2] = ["org.khronos.openxr.runtime_broker", "org.khronos.openxr.system_runtime_broker"];

/// Facts about an APK that passed.
#[derive(Serialize)]
pub struct Report {
    /// Its length.
    pub bytes: u64,
    /// The app's name in the system.
    pub package: String,
    /// The SHA-256 of the signer's certificate.
    pub certificate_sha256: String,
    /// Its libraries.
    pub libraries: Vec<Library>,
}

/// Facts about a library in an APK.
#[derive(Serialize)]
pub struct Library {
    /// Its path in the APK.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// The libraries it needs.
    pub needed: Vec<String>,
}

/// Checks an APK whose manifest should be `meant`.
pub fn check(apk: &[u8], meant: &Element) -> Result<Report> {
    let signed = signature::verify(apk)?;
    ensure!(
        apk.len() <= MAX_APK_BYTES,
        "it has {} bytes, {MAX_APK_BYTES} are allowed: strip the library",
        apk.len()
    );
    let files = archive::read(apk)?;
    let binary = files.iter().find(|file| file.name == MANIFEST).context("it has no manifest")?;
    let manifest = axml::decode(binary.bytes).context("its manifest cannot be read")?;
    ensure!(manifest == *meant, "its manifest says something else than android/{MANIFEST}");
    let activity_library = check_manifest(&manifest).context("android/AndroidManifest.xml")?;

    let libraries: Vec<&File<'_>> = files.iter().filter(|file| file.name != MANIFEST).collect();
    let names: Vec<&str> =
        libraries.iter().filter_map(|file| file.name.strip_prefix(LIBRARY_FOLDER)).collect();
    ensure!(
        names.len() == libraries.len(),
        "it holds files that are neither manifest nor 64-bit ARM library"
    );
    ensure!(names.contains(&activity_library.as_str()), "the library {activity_library} is not in it");
    let mut facts = Vec::new();
    for file in libraries {
        let is_activity = file.name.strip_prefix(LIBRARY_FOLDER) == Some(&activity_library);
        facts.push(check_library(file, is_activity, &names).with_context(|| file.name.to_owned())?);
    }
    Ok(Report {
        bytes: apk.len() as u64,
        package: manifest.text("package").unwrap_or_default().to_owned(),
        certificate_sha256: signed.certificate_sha256,
        libraries: facts,
    })
}

/// Checks what a headset needs to hear, and returns the file name of the activity's library.
fn check_manifest(manifest: &Element) -> Result<String> {
    let package = manifest.text("package").unwrap_or_default();
    ensure!(package.contains('.'), "the package {package:?} has no dot, and Android refuses such names");
    ensure!(manifest.value("versionCode").is_some(), "it has no version");
    let sdk = manifest.find(&["uses-sdk"]).context("it has no <uses-sdk>")?;
    let Some(Value::Integer(least)) = sdk.value("minSdkVersion") else {
        bail!("it has no android:minSdkVersion")
    };
    ensure!(*least >= 29, "it allows Android of API {least}, the libraries are for 29 and later");
    let application = manifest.find(&["application"]).context("it has no <application>")?;
    for name in ["hasCode", "extractNativeLibs"] {
        ensure!(application.value(name) == Some(&Value::Boolean(false)), "android:{name} must be \"false\"");
    }
    let metadata = |element: &Element, name: &str| -> Option<String> {
        let found = element.all("meta-data").find(|data| data.text("name") == Some(name))?;
        found.text("value").map(str::to_owned)
    };
    let devices = metadata(application, "com.oculus.supportedDevices");
    ensure!(devices.is_some_and(|devices| devices.contains("quest2")), "it does not support Quest 2");

    let activity = application.find(&["activity"]).context("it has no <activity>")?;
    let class = activity.text("name");
    ensure!(class == Some("android.app.NativeActivity"), "its activity is {class:?} and not NativeActivity");
    ensure!(activity.value("exported") == Some(&Value::Boolean(true)), "its activity is not exported");
    let filter = activity.find(&["intent-filter"]).context("its activity has no <intent-filter>")?;
    for category in VR_CATEGORIES {
        let is_there = filter.all("category").any(|it| it.text("name") == Some(category));
        ensure!(is_there, "its activity lacks the category {category}: it would open as a flat window");
    }
    let queries = manifest.find(&["queries"]).context("it has no <queries>")?;
    for broker in BROKERS {
        let mut asked = queries.all("provider").filter_map(|provider| provider.text("authorities"));
        let is_there = asked.any(|authorities| authorities.split(';').any(|one| one == broker));
        ensure!(is_there, "its <queries> lack {broker}: the OpenXR loader would find no runtime");
    }
    let library = metadata(activity, "android.app.lib_name").context("it has no android.app.lib_name")?;
    Ok(format!("lib{library}.so"))
}

/// Checks a library that lies beside those of `names`.
fn check_library(file: &File<'_>, is_activity: bool, names: &[&str]) -> Result<Library> {
    let library = elf::Library::parse(file.bytes)?;
    ensure!(library.machine == elf::AARCH64, "it is for machine {} and not for 64-bit ARM", library.machine);
    let pages = library.page_bytes();
    ensure!(
        pages >= PAGE_BYTES,
        "its segments are aligned to {pages} bytes: systems with 16 KiB pages need {PAGE_BYTES}"
    );
    ensure!(
        (file.start as u64).is_multiple_of(PAGE_BYTES),
        "it begins at byte {} of the APK, which is no multiple of {PAGE_BYTES}",
        file.start
    );
    if let Some(soname) = &library.soname {
        let is_own = file.name.strip_prefix(LIBRARY_FOLDER) == Some(soname);
        ensure!(is_own, "it calls itself {soname}, so whoever needs it would not find it");
    }
    ensure!(library.has_sections, "it has no section headers, and Android refuses such libraries");
    ensure!(!library.has_text_relocations, "loading it would change its code, and Android refuses that");
    let is_unsafe = library.segments.iter().any(|segment| segment.is_writable_code);
    ensure!(!is_unsafe, "a segment of it is both written and executed, and Android refuses that");
    for needed in &library.needed {
        let is_there = SYSTEM_LIBRARIES.contains(&needed.as_str()) || names.contains(&needed.as_str());
        ensure!(is_there, "it needs {needed}, which is neither in the APK nor in every Android 10");
    }
    ensure!(!is_activity || library.exported.contains(ENTRY), "it does not export {ENTRY}");
    Ok(Library { name: file.name.to_owned(), bytes: file.bytes.len() as u64, needed: library.needed })
}
