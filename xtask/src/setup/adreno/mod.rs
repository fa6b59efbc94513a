//! Quest 2's GPU as far as a machine without one can have it: Mesa's driver for Adreno on a kernel that does nothing.
//!
//! In: packages of Debian's unstable release, the only one whose Mesa holds both. Out: a folder whose `run` starts a
//! program of this machine with an Adreno 650 that compiles shaders and records commands like the real one, and
//! executes nothing. It is Mesa's compiler, not the headset's: what it says is a model.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::apt::{Deb, PrivateApt, Source};
use super::cache::{Cache, recipe_hash};
use super::launchers::quoted;
use super::prefix::{archive, check_path, remove_if_there, unpack};
use crate::fault::Environment;
use crate::process;

/// Raise when the layout below changes.
const LAYOUT_VERSION: &str = "1";

/// It moves on every day; a folder that was made stays as it is, and says of which Mesa it is.
const RELEASE: &str = "sid";

const PACKAGES: [&str; 4] = ["mesa-vulkan-drivers", "mesa-drm-shim", "libvulkan1", "libstdc++6"];
/// How the names of packages begin that only other drivers link: 40 MB of compilers for the CPU.
const NOT_NEEDED: [&str; 3] = ["libllvm", "libz3-", "python"];

/// What is kept of the packages, and with it whatever that links.
const LIBRARIES: [&str; 4] =
    ["libvulkan_freedreno.so", "libfreedreno_noop_drm_shim.so", "libvulkan.so.1", "libstdc++.so.6"];
/// What programs of an older C library name as well.
const STUBS: [&str; 5] = ["libdl.so.2", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "librt.so.1"];
const LOADER: &str = "ld-linux-x86-64.so.2";
const UNPACKED: &str = "usr/lib/x86_64-linux-gnu";

/// What makes the noop kernel an Adreno 650.
const IDENTITY_C: &str = include_str!("identity.c");
const IDENTITY: &str = "libidentity.so";

/// Measured: 35 MB of packages, 60 MB of lists, 190 MB unpacked; 25 MB stay.
const PEAK_BYTES: u64 = 400_000_000;
const BY_HAND: &str = "what shaders cost on a headset's GPU cannot be told here";

/// The folder, whole.
#[derive(Clone, Debug)]
pub struct Adreno {
    root: PathBuf,
}

impl Adreno {
    /// The folder of this recipe, if it has been made.
    pub fn find(cache: &Cache) -> Option<Self> {
        let root = cache.join(&name());
        root.join("mesa").exists().then_some(Self { root })
    }

    /// The folder, made now if it is not there.
    ///
    /// # Errors
    /// With [`Environment`] where the packages cannot be had or used.
    pub fn provide(cache: &Cache, mirror: Option<&str>) -> Result<Self> {
        if let Some(adreno) = Self::find(cache) {
            return Ok(adreno);
        }
        let _lock = cache.lock()?;
        // Whoever held the lock before us may have made it.
        match Self::find(cache) {
            Some(adreno) => Ok(adreno),
            None => make(cache, mirror),
        }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Starts a program on the GPU: `run PROGRAM ARGUMENTS…`.
    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    /// The version of Mesa's package, whose compiler the numbers are of.
    pub fn mesa(&self) -> Result<String> {
        Ok(fs::read_to_string(self.root.join("mesa"))?.trim().to_owned())
    }
}

fn name() -> String {
    let recipe = [&[LAYOUT_VERSION, RELEASE, IDENTITY_C, SCRIPT], &PACKAGES[..], &LIBRARIES, &STUBS].concat();
    format!("adreno-{}", recipe_hash(&recipe))
}

/// Makes the folder; the caller holds the cache's lock.
fn make(cache: &Cache, mirror: Option<&str>) -> Result<Adreno> {
    let root = cache.join(&name());
    check_path(&root)?;
    if !process::is_installed("cc") {
        return Err(Environment(format!("there is no C compiler: {BY_HAND}")).into());
    }
    let uri = archive(mirror, BY_HAND)?;
    cache.need_space(PEAK_BYTES)?;
    let (state, downloads) = (cache.join("adreno-apt"), cache.join("adreno-downloads"));
    let partial = cache.join(&format!("{}.partial", name()));
    remove_if_there(&partial)?;
    let apt = PrivateApt::create(&state, &downloads, &[Source { uri, suite: RELEASE.into() }])?;
    let plan = fetch(&apt)?;
    let unpacked = partial.join("unpacked");
    fs::create_dir_all(&unpacked)?;
    unpack(&downloads, &plan, &unpacked)?;
    fill(&partial, &unpacked.join(UNPACKED), &root)?;
    fs::remove_dir_all(&unpacked)?;
    let mesa = plan.iter().find_map(|deb| version_of(deb, PACKAGES[0])).context("the plan holds no Mesa")?;
    // Last, because it says that the rest is there.
    fs::write(partial.join("mesa"), mesa)?;
    remove_if_there(&root)?;
    fs::rename(&partial, &root)?;
    cache.remove_others("adreno-", Some(&name()))?;
    let adreno = Adreno { root };
    process::output(Command::new(adreno.run()).arg("/bin/true"))?;
    Ok(adreno)
}

/// Downloads what is needed of the packages and of what they depend on.
fn fetch(apt: &PrivateApt) -> Result<Vec<Deb>> {
    apt.update()?;
    let plan =
        apt.plan(&PACKAGES).context(Environment(format!("{RELEASE} has no Mesa to install: {BY_HAND}")))?;
    let plan: Vec<Deb> =
        plan.into_iter().filter(|deb| !NOT_NEEDED.iter().any(|name| deb.file.starts_with(name))).collect();
    let megabytes = plan.iter().map(|deb| deb.bytes).sum::<u64>() / 1_000_000;
    eprintln!("setup: making a noop Adreno 650 ({megabytes} MB to download)");
    let names: Vec<&str> = plan.iter().filter_map(|deb| deb.file.split('_').next()).collect();
    apt.download_exactly(&names, &plan)?;
    Ok(plan)
}

/// `name_version_architecture.deb`, with what apt writes for a colon.
fn version_of(deb: &Deb, package: &str) -> Option<String> {
    let mut parts = deb.file.split('_');
    (parts.next()? == package).then_some(())?;
    Some(parts.next()?.replace("%3a", ":"))
}

/// Copies the libraries and writes what makes one machine of them, for a folder that will be at `root`.
fn fill(partial: &Path, libraries: &Path, root: &Path) -> Result<()> {
    let lib = partial.join("lib");
    fs::create_dir_all(&lib)?;
    let mut wanted: Vec<String> =
        [&LIBRARIES[..], &STUBS, &[LOADER]].concat().into_iter().map(String::from).collect();
    for library in LIBRARIES {
        wanted.extend(linked(libraries, library)?);
    }
    wanted.sort();
    wanted.dedup();
    for name in wanted {
        let from = libraries.join(&name);
        fs::copy(&from, lib.join(&name)).with_context(|| format!("the packages of {RELEASE} lack {name}"))?;
    }
    let source = partial.join("identity.c");
    fs::write(&source, IDENTITY_C)?;
    let mut cc = process::leashed("cc");
    cc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(lib.join(IDENTITY)).arg(&source).arg("-ldl");
    process::output(&mut cc)?;
    let library = root.join("lib").join(LIBRARIES[0]);
    let driver = serde_json::json!({
        "file_format_version": "1.0.1",
        "ICD": { "library_path": library, "api_version": "1.3.0" },
    });
    fs::write(partial.join("driver.json"), format!("{driver:#}\n"))?;
    let run = partial.join("run");
    fs::write(&run, SCRIPT.replace("@ROOT@", &quoted(&root.display().to_string())))?;
    Ok(fs::set_permissions(&run, Permissions::from_mode(0o755))?)
}

/// The names of all that a library links, as the packages' own loader finds it.
fn linked(libraries: &Path, library: &str) -> Result<Vec<String>> {
    let mut command = Command::new(libraries.join(LOADER));
    command
        .args(["--inhibit-cache", "--library-path"])
        .arg(libraries)
        .arg("--list")
        .arg(libraries.join(library));
    let list = process::output(&mut command)?;
    let here = libraries.display().to_string();
    let strange: Vec<_> = list
        .lines()
        .filter(|line| line.contains("not found") || (line.contains("=> /") && !line.contains(&here)))
        .map(str::trim)
        .collect();
    if !strange.is_empty() {
        bail!("{library} would use libraries from outside the packages: {}", strange.join(", "));
    }
    Ok(list.lines().filter_map(|line| Some(line.split_once(" => ")?.0.trim().to_owned())).collect())
}

/// The noop kernel is asked for a relative that it knows; the preloaded library says what it really is. Shaders are
/// compiled each time, or there would be nothing to measure.
const SCRIPT: &str = r#"#!/bin/sh
# run PROGRAM ARGUMENTS...: start a program of this machine on an Adreno 650 that executes nothing.
P=@ROOT@
export PAVILION_ADRENO="$P" VK_DRIVER_FILES="$P/driver.json" VK_LOADER_LAYERS_DISABLE='~implicit~'
export FD_GPU_ID=660 MESA_SHADER_CACHE_DISABLE=1
exec "$P/lib/ld-linux-x86-64.so.2" --library-path "$P/lib" \
    --preload "$P/lib/libidentity.so $P/lib/libfreedreno_noop_drm_shim.so" "$@"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_file_says_its_version() {
        let deb = |file: &str| Deb { file: file.into(), bytes: 1 };
        assert_eq!(
            version_of(&deb("mesa-vulkan-drivers_26.2.6-1_amd64.deb"), PACKAGES[0]).as_deref(),
            Some("26.2.6-1")
        );
        assert_eq!(version_of(&deb("zlib1g_1%3a1.3_amd64.deb"), "zlib1g").as_deref(), Some("1:1.3"));
        assert_eq!(version_of(&deb("mesa-drm-shim_26.2.6-1_amd64.deb"), PACKAGES[0]), None);
    }

    #[test]
    fn an_archive_that_is_none_is_one_sentence_of_exit_code_3() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let error = Adreno::provide(&Cache::at(folder.path()), Some("file:/nowhere/debian"))
            .expect_err("there is nothing");
        assert_eq!(crate::fault::code(&error), 3, "{error:#}");
        assert!(!error.to_string().contains('\n'));
    }
}
