//! The two scripts of a prefix, and the manifests that they point at.
//!
//! The scripts hold absolute paths: they are written for where the prefix will be, not for where it is made.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

/// Starts a program on the prefix, in the prefix's folder.
pub const RUN: &str = "xr/run";
/// Starts the OpenXR runtime.
pub const MONADO: &str = "xr/monado";
/// OpenXR's core validation layer, for the loader.
pub const XR_VALIDATION: &str = "xr/layers/core_validation.json";
/// The prefix's own dynamic loader.
pub const LOADER: &str = "usr/lib64/ld-linux-x86-64.so.2";

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// Folders of libraries; the later ones hold what a package's installation would have linked into the first.
pub fn library_path(root: &Path) -> String {
    let folders =
        ["", "/blas", "/lapack", "/pulseaudio"].map(|sub| format!("{}/{LIBRARIES}{sub}", root.display()));
    format!("{}:{}/usr/lib", folders.join(":"), root.display())
}

/// Writes `xr/` into `partial`, for a prefix that will be at `root`.
pub fn write(partial: &Path, root: &Path) -> Result<()> {
    let xr = partial.join("xr");
    fs::create_dir_all(&xr)?;
    // The runtime's socket lies here where the user has no XDG_RUNTIME_DIR.
    fs::set_permissions(&xr, Permissions::from_mode(0o700))?;
    let runtime = partial.join("usr/share/openxr/1/openxr_monado.json");
    write_manifest(&runtime, &xr.join("monado.json"), "runtime", root, "libopenxr_monado.so")?;
    let driver = manifest_in(&partial.join("usr/share/vulkan/icd.d"), "lvp_icd")?;
    write_manifest(&driver, &xr.join("lvp.json"), "ICD", root, "libvulkan_lvp.so")?;
    let layers = partial.join("usr/share/openxr/1/api_layers/explicit.d");
    let validation = manifest_in(&layers, "XrApiLayer_core_validation")?;
    fs::create_dir_all(xr.join("layers"))?;
    let library = "openxr/1/api_layers/libXrApiLayer_core_validation.so";
    write_manifest(&validation, &partial.join(XR_VALIDATION), "api_layer", root, library)?;
    write_script(&partial.join(RUN), &run_script(root))?;
    write_script(&partial.join(MONADO), &monado_script(root))
}

/// The manifest in `folder` whose name begins so; Debian adds the architecture to some.
fn manifest_in(folder: &Path, begins: &str) -> Result<PathBuf> {
    let is_it =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(begins));
    let mut paths = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    paths.find(is_it).with_context(|| format!("the packages hold no manifest {begins}"))
}

/// Copies a manifest with its library's absolute path.
fn write_manifest(from: &Path, to: &Path, section: &str, root: &Path, library: &str) -> Result<()> {
    let read = || format!("cannot read {}", from.display());
    let mut manifest: Value =
        serde_json::from_str(&fs::read_to_string(from).with_context(read)?).with_context(read)?;
    manifest[section]["library_path"] = format!("{}/{LIBRARIES}/{library}", root.display()).into();
    fs::write(to, format!("{manifest:#}\n"))?;
    Ok(())
}

fn write_script(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))?;
    Ok(())
}

fn run_script(root: &Path) -> String {
    let (prefix, libraries) = (quoted(&root.display().to_string()), quoted(&library_path(root)));
    format!(
        r#"#!/bin/sh
# run PROGRAM ARGUMENTS...: start a program of this machine on software Vulkan and this prefix's libraries.
P={prefix}
export PAVILION_XR_PREFIX="$P"
export XDG_RUNTIME_DIR="${{XDG_RUNTIME_DIR:-$P/xr}}"
export XR_RUNTIME_JSON="${{XR_RUNTIME_JSON:-$P/xr/monado.json}}"
export VK_DRIVER_FILES="$P/xr/lvp.json" VK_ICD_FILENAMES="$P/xr/lvp.json"
export VK_LAYER_PATH="$P/usr/share/vulkan/explicit_layer.d" VK_LOADER_LAYERS_DISABLE='~implicit~'
export XKB_CONFIG_ROOT="$P/usr/share/X11/xkb" XLOCALEDIR="$P/usr/share/X11/locale"
export XR_API_LAYER_PATH="${{XR_API_LAYER_PATH:+$XR_API_LAYER_PATH:}}$P/xr/layers"
exec "$P/{LOADER}" --library-path {libraries} "$@"
"#
    )
}

fn monado_script(root: &Path) -> String {
    let prefix = quoted(&root.display().to_string());
    format!(
        r#"#!/bin/sh
# Start the OpenXR runtime without a display and with scripted input.
# With a display: XRT_COMPOSITOR_NULL=0 DISPLAY=:1 monado
P={prefix}
export XRT_NO_STDIN=1 XRT_COMPOSITOR_NULL="${{XRT_COMPOSITOR_NULL-1}}"
export P_OVERRIDE_ACTIVE_CONFIG="${{P_OVERRIDE_ACTIVE_CONFIG-remote}}" HOME="${{MONADO_HOME:-$P/xr}}"
exec "$P/{RUN}" "$P/usr/bin/monado-service"
"#
    )
}

/// One word of a shell script, whatever letters it holds.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_with_a_blank_and_a_quote_stays_one_word() {
        let script = run_script(Path::new("/home/o'neill smith/p"));
        assert!(script.contains(r"P='/home/o'\''neill smith/p'"), "{script}");
    }
}
