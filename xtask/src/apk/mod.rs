//! `cargo xtask apk`: Pavilion for the headset, in one file that installs.
//!
//! In: `android/AndroidManifest.xml`, a library, a key. Out: a signed APK that has passed [`check`], written whole or
//! not at all. No Gradle, no Java, no SDK: [`manifest`] → [`axml`], [`archive`] and [`signature`] are all there is to
//! it. The library comes from the NDK where there is one; [`ndk`] says how to get one.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::workspace;

mod archive;
mod attributes;
mod axml;
mod check;
mod der;
pub mod key;
mod manifest;
mod ndk;
mod signature;
#[cfg(test)]
mod tests;

use archive::Sections;
use key::Key;
use manifest::{Element, Value};
pub use ndk::has_target;

const MANIFEST: &str = "AndroidManifest.xml";
const LIBRARY_FOLDER: &str = "lib/arm64-v8a/";
/// The largest page that Android uses.
const PAGE_BYTES: u64 = 16_384;
/// A headset fetches an update over a hall's wireless network: half a minute at 7 Mbit/s.
const MAX_APK_BYTES: usize = 25_000_000;

/// Build the APK for Quest-class headsets and sign it.
///
/// With an Android NDK this is the release build, with the OpenXR loader in it. Without one it packs the library of
/// `cargo xtask android-check`, which is checked but has not run on a device. A release key made with keytool is read
/// after `openssl pkcs12 -in release.p12 -nodes -out release.pem`, if it is an EC key on P-256.
#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Sign with this key (PKCS #8 on P-256, PEM or DER) instead of the debug key; the app is then not debuggable.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The key's certificate, if it is not in the same file.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// Bring this libopenxr_loader.so instead of building the loader in.
    #[arg(long, value_name = "FILE")]
    openxr_loader: Option<PathBuf>,
    /// Pack this library instead of building one.
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
    /// Where to write [default: apk/pavilion.apk in cargo's target directory]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print what was made as one JSON object.
    #[arg(long)]
    json: bool,
}

/// An APK on disk.
#[derive(Serialize)]
pub struct Made {
    schema: u32,
    /// Where it is.
    pub path: PathBuf,
    built_by: &'static str,
    signed_with: &'static str,
    has_openxr_loader: bool,
    #[serde(flatten)]
    report: check::Report,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let made = make(arguments)?;
    if arguments.json {
        println!("{}", serde_json::to_string(&made)?);
    } else {
        println!("{}", made.path.display());
    }
    Ok(())
}

/// Builds, packs, checks and writes.
pub fn make(arguments: &Arguments) -> Result<Made> {
    let key = match &arguments.key {
        Some(path) => Key::read(path, arguments.cert.as_deref())?,
        None => Key::debug()?,
    };
    let built = match &arguments.library {
        Some(path) => ndk::Built { path: path.clone(), by: "somebody else", has_loader: false },
        None => ndk::library(arguments.openxr_loader.is_some())?,
    };
    let load = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let manifest_path = workspace::root().join("android").join(MANIFEST);
    let text = fs::read_to_string(&manifest_path)
        .with_context(|| format!("cannot read {}", manifest_path.display()))?;
    let manifest = stamped(&text, env!("CARGO_PKG_VERSION"), arguments.key.is_none())?;
    let library = load(&built.path)?;
    let loader = arguments.openxr_loader.as_deref().map(load).transpose()?;
    let apk = pack(&manifest, &library, loader.as_deref(), &key)?;
    let report = check::check(&apk, &manifest).context("the APK is not written, it fails its own check")?;

    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => workspace::target()?.join("apk/pavilion.apk"),
    };
    write_whole(&path, &apk).with_context(|| format!("cannot write {}", path.display()))?;
    let has_openxr_loader = built.has_loader || loader.is_some();
    let megabytes = report.bytes as f64 / 1e6;
    eprintln!("apk: {megabytes:.1} MB, library built by {}, checks passed", built.by);
    if !has_openxr_loader {
        eprintln!(
            "apk: it has no OpenXR loader and will not enter VR: build with an NDK or give --openxr-loader"
        );
    }
    let signed_with = if arguments.key.is_some() { "given key" } else { "debug key" };
    Ok(Made { schema: 1, path, built_by: built.by, signed_with, has_openxr_loader, report })
}

/// The manifest with what only the build knows: the version, and whether the app may be debugged.
fn stamped(text: &str, version: &str, is_debug: bool) -> Result<Element> {
    let mut manifest = Element::parse(text).context("android/AndroidManifest.xml")?;
    manifest.set("versionCode", &version_code(version)?.to_string())?;
    manifest.set("versionName", version)?;
    if is_debug {
        let application = manifest.children.iter_mut().find(|child| child.name == "application");
        application.context("it has no <application>")?.set("debuggable", "true")?;
    }
    Ok(manifest)
}

/// `1.2.3` as 1002003: newer versions are larger, which is all that Android asks.
fn version_code(version: &str) -> Result<u32> {
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<u32> = numbers
        .split('.')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .with_context(|| format!("{version} is no version"))?;
    let is_small = parts.len() == 3 && parts[0] <= 2000 && parts[1..].iter().all(|part| *part < 1000);
    ensure!(is_small, "{version} makes no Android version code");
    Ok(parts.iter().fold(0, |code, part| code * 1000 + part))
}

/// The bytes of a signed APK.
fn pack(manifest: &Element, library: &[u8], loader: Option<&[u8]>, key: &Key) -> Result<Vec<u8>> {
    let mut sections = Sections::default();
    sections.add(MANIFEST, &axml::encode(manifest), 4)?;
    let page = PAGE_BYTES as u16;
    sections.add(&format!("{LIBRARY_FOLDER}libpavilion.so"), library, page)?;
    if let Some(loader) = loader {
        sections.add(&format!("{LIBRARY_FOLDER}libopenxr_loader.so"), loader, page)?;
    }
    signature::sign(&sections, key)
}

/// Writes a file that is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::create_dir_all(folder.unwrap_or(Path::new(".")))?;
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let written = fs::File::create(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    });
    if written.is_err() {
        // It may never have been made; what went wrong is told below.
        let _ = fs::remove_file(&partial);
    }
    Ok(written?)
}

/// The app's name in the system and the activity to start, from our own manifest.
pub fn component() -> Result<(String, String)> {
    let path = workspace::root().join("android").join(MANIFEST);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let manifest = Element::parse(&text).context("android/AndroidManifest.xml")?;
    let activity = manifest.find(&["application", "activity"]).context("it has no <activity>")?;
    let word = |value: Option<&Value>| match value {
        Some(Value::Text(text)) => Ok(text.clone()),
        _ => anyhow::bail!("android/AndroidManifest.xml names no package or no activity"),
    };
    Ok((word(manifest.value("package"))?, word(activity.value("name"))?))
}
