//! The library that goes into the APK, built the way Android means it: Rust's own std, the NDK's compiler and linker.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::fault::Environment;
use crate::sdk::{API_LEVEL, Machine, Missing, Ndk, TARGET};
use crate::{process, workspace};

/// A library to pack.
pub struct Built {
    /// Where it is.
    pub path: PathBuf,
    /// Who built it, for the report.
    pub by: &'static str,
    /// Whether it has the OpenXR loader in it.
    pub has_loader: bool,
}

/// Builds the stripped library. `brings_loader`: the APK will hold an OpenXR loader of its own.
pub fn library(brings_loader: bool) -> Result<Built> {
    let machine = Machine::here();
    match machine.ndk() {
        Ok(ndk) => with_ndk(&machine, &ndk, brings_loader),
        Err(missing) => without_ndk(&missing),
    }
}

fn without_ndk(missing: &Missing) -> Result<Built> {
    Err(Environment(missing.to_string()).into())
}

fn with_ndk(machine: &Machine, ndk: &Ndk, brings_loader: bool) -> Result<Built> {
    eprintln!("apk: building with the NDK {} in {}", ndk.version, ndk.root.display());
    need_target()?;
    let mut cargo = workspace::cargo();
    cargo.envs(environment(ndk));
    let mut features = String::from("viewer,xr");
    if !brings_loader {
        let cmake = machine.cmake().map_err(|missing| Environment(missing.to_string()))?;
        let toolchain = write_toolchain(ndk, &workspace::target()?.join("apk"))?;
        cargo.env("CMAKE", cmake).env("CMAKE_TOOLCHAIN_FILE_aarch64_linux_android", toolchain);
        features.push_str(",xr-static");
    }
    cargo.args(["rustc", "--package", "pavilion", "--lib", "--crate-type", "cdylib", "--release"]);
    cargo.args(["--target", TARGET, "--no-default-features", "--features", &features]);
    process::check(&mut cargo)?;
    let whole = workspace::target()?.join(TARGET).join("release/libpavilion.so");
    let stripped = whole.with_file_name("libpavilion.stripped.so");
    let mut strip = Command::new(ndk.programs.join("llvm-strip"));
    process::output(strip.arg("--strip-all").arg("-o").args([&stripped, &whole]))?;
    Ok(Built { path: stripped, by: "the NDK", has_loader: !brings_loader })
}

/// Fails where rustc has no std for the headset, with the command that gets it.
fn need_target() -> Result<()> {
    if has_target() {
        return Ok(());
    }
    let fault = format!("Rust's std for {TARGET} is not installed: run `rustup target add {TARGET}`");
    Err(Environment(fault).into())
}

/// Whether rustc has a std for the headset.
pub fn has_target() -> bool {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(workspace::root()).args(["--print", "target-libdir", "--target", TARGET]);
    let folder = process::output(rustc.stderr(Stdio::null()));
    folder.is_ok_and(|folder| holds_std(Path::new(folder.trim())))
}

fn holds_std(folder: &Path) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

/// What cargo and cc must know to build for the headset.
fn environment(ndk: &Ndk) -> Vec<(&'static str, OsString)> {
    let program = |name: String| ndk.programs.join(name).into_os_string();
    let clang = program(format!("{TARGET}{API_LEVEL}-clang"));
    vec![
        ("CARGO_TARGET_AARCH64_LINUX_ANDROID_LINKER", clang.clone()),
        // Every symbol must be found now and not on the headset; 16 KiB pages are no default before NDK 28.
        (
            "CARGO_TARGET_AARCH64_LINUX_ANDROID_RUSTFLAGS",
            "-C link-arg=-Wl,-z,defs -C link-arg=-Wl,-z,max-page-size=16384".into(),
        ),
        ("CC_aarch64_linux_android", clang),
        ("CXX_aarch64_linux_android", program(format!("{TARGET}{API_LEVEL}-clang++"))),
        ("AR_aarch64_linux_android", program("llvm-ar".into())),
        ("RANLIB_aarch64_linux_android", program("llvm-ranlib".into())),
        ("ANDROID_NDK_HOME", ndk.root.clone().into_os_string()),
    ]
}

/// Writes the toolchain file that the loader's CMake build reads, before the NDK's own, which asks for these
/// variables and takes none of them from the environment. Its name is by which the `cmake` crate knows an NDK.
fn write_toolchain(ndk: &Ndk, folder: &Path) -> Result<PathBuf> {
    let text = format!(
        "set(ANDROID_ABI arm64-v8a)\nset(ANDROID_PLATFORM android-{API_LEVEL})\nset(ANDROID_STL c++_static)\n\
         include(\"{}/build/cmake/android.toolchain.cmake\")\n",
        ndk.root.display()
    );
    let path = folder.join("android.toolchain.cmake");
    // Written only when it changes: cargo would build the loader anew.
    if std::fs::read_to_string(&path).is_ok_and(|written| written == text) {
        return Ok(path);
    }
    std::fs::create_dir_all(folder)?;
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_of_the_build_is_the_ndks() {
        let ndk = Ndk { root: "/ndk".into(), version: "27.2.1".into(), programs: "/ndk/bin".into() };
        for (name, value) in environment(&ndk) {
            let value = value.to_string_lossy().into_owned();
            assert!(name.ends_with("RUSTFLAGS") || value.starts_with("/ndk"), "{name}={value}");
        }
    }

    #[test]
    fn a_folder_without_std_is_no_target() {
        let folder = tempfile::tempdir().expect("a temp folder");
        assert!(!holds_std(folder.path()) && !holds_std(&folder.path().join("none")));
        std::fs::write(folder.path().join("libstd-0123.rlib"), "").expect("written");
        assert!(holds_std(folder.path()));
    }

    #[test]
    fn the_loader_is_built_for_the_headset_and_not_for_the_toolchains_default() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let ndk = Ndk { root: "/ndk".into(), version: "27.2.1".into(), programs: "/ndk/bin".into() };
        let path = write_toolchain(&ndk, folder.path()).expect("written");
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.contains("set(ANDROID_ABI arm64-v8a)\n") && text.contains("android-29"), "{text}");
        assert!(text.ends_with("include(\"/ndk/build/cmake/android.toolchain.cmake\")\n"), "{text}");
        let written = std::fs::metadata(&path).expect("a file").modified().expect("a time");
        write_toolchain(&ndk, folder.path()).expect("it is there");
        assert_eq!(std::fs::metadata(&path).expect("a file").modified().expect("a time"), written);
    }
}
