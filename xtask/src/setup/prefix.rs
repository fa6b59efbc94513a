//! The prefix: software Vulkan and an OpenXR runtime of a newer Debian, in a folder.
//!
//! In: a recipe (package names and a layout). Out: a folder whose `xr/run` starts any program of this machine on
//! that folder's C library and lavapipe, and whose `xr/monado` starts the runtime. Nothing is installed.
//! An interrupted making leaves downloads and a `.partial` folder, which the next one uses and replaces.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow, bail};

use super::apt::{Deb, PrivateApt, Source};
use super::cache::{Cache, recipe_hash};
use super::progress::Progress;
use super::{launchers, mirror};
use crate::fault::Environment;
use crate::process;

/// Raise when the layout below or a launcher changes: every clone then makes its prefix anew.
const LAYOUT_VERSION: &str = "3";

/// Mesa before 25 leaves a full-screen triangle out of a multiview pass's second layer.
const RELEASE: &str = "trixie";

const PACKAGES: [&str; 18] = [
    "monado-service",
    "libopenxr1-monado",
    "libopenxr-loader1",
    "mesa-vulkan-drivers",
    "libvulkan1",
    "vulkan-validationlayers",
    "openxr-layer-corevalidation",
    // A sound server whose output a test can listen to.
    "pulseaudio",
    // What a window asks for by name when it opens.
    "libx11-6",
    "libx11-xcb1",
    "libx11-data",
    "libxcursor1",
    "libxi6",
    "libxrandr2",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "xkb-data",
    "libwayland-client0",
];

/// What is left of the packages: libraries and the few data files that they open.
const KEPT: [&str; 9] = [
    "usr/bin/monado-service",
    "usr/bin/pulseaudio",
    "usr/lib",
    "usr/lib64",
    "usr/share/X11",
    "usr/share/drirc.d",
    "usr/share/openxr",
    "usr/share/vulkan",
    "usr/share/libdrm",
];

/// Without these a prefix is not whole.
const MUST_HOLD: [&str; 11] = [
    launchers::RUN,
    launchers::MONADO,
    "usr/bin/monado-service",
    "usr/bin/pulseaudio",
    launchers::XR_VALIDATION,
    "usr/lib64/ld-linux-x86-64.so.2",
    "usr/lib/x86_64-linux-gnu/libvulkan_lvp.so",
    "usr/lib/x86_64-linux-gnu/libvulkan.so.1",
    "usr/lib/x86_64-linux-gnu/libopenxr_loader.so.1",
    "usr/lib/x86_64-linux-gnu/libVkLayer_khronos_validation.so",
    "usr/share/X11/xkb/rules/evdev",
];

/// Measured: 180 MB of packages, 60 MB of lists, 680 MB unpacked before pruning.
const PEAK_BYTES: u64 = 1_000_000_000;

/// What to install where no private apt can be made.
const BY_HAND: &str = "install Mesa's software Vulkan driver 25 or newer, the Vulkan loader and validation layers and \
                       Monado by hand (Debian calls them mesa-vulkan-drivers, libvulkan1, vulkan-validationlayers, \
                       monado-service and libopenxr1-monado) and use `pavilion` without `cargo xtask run`";

/// A prefix that is whole.
#[derive(Clone, Debug)]
pub struct Prefix {
    root: PathBuf,
}

impl Prefix {
    /// The prefix of this recipe, if it has been made.
    pub fn find(cache: &Cache) -> Option<Self> {
        let root = cache.join(&name());
        is_whole(&root).then_some(Self { root })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Starts a program on the prefix: `run PROGRAM ARGUMENTS…`.
    pub fn run(&self) -> PathBuf {
        self.root.join(launchers::RUN)
    }

    /// Starts the OpenXR runtime.
    pub fn monado(&self) -> PathBuf {
        self.root.join(launchers::MONADO)
    }
}

/// The folder name of this recipe's prefix.
pub fn name() -> String {
    let mut recipe = vec![LAYOUT_VERSION, RELEASE];
    recipe.extend(PACKAGES);
    recipe.extend(KEPT);
    format!("xr-prefix-{}", recipe_hash(&recipe))
}

/// Makes the prefix; the caller holds the cache's lock. Downloads stay until [`forget_downloads`].
pub fn make(cache: &Cache, mirror: Option<&str>) -> Result<Prefix> {
    let root = cache.join(&name());
    check_path(&root)?;
    let apt = private_apt(cache, mirror, &downloads(cache), BY_HAND)?;
    eprintln!("setup: making software Vulkan and OpenXR in {}", root.display());
    eprintln!("setup: 180 MB to download, 1 GB of disk while working, 570 MB to stay");
    cache.need_space(PEAK_BYTES)?;
    apt.update()?;
    let plan = apt.plan(&PACKAGES)?;
    apt.download(&PACKAGES, &plan)?;

    let partial = cache.join(&format!("{}.partial", name()));
    remove_if_there(&partial)?;
    let unpacked = partial.join("unpacked");
    fs::create_dir_all(&unpacked)?;
    unpack(&downloads(cache), &plan, &unpacked)?;
    for kept in KEPT {
        keep(&unpacked, &partial, kept)?;
    }
    fs::remove_dir_all(&unpacked)?;
    launchers::write(&partial, &root)?;
    if !is_whole(&partial) {
        bail!("the packages of {RELEASE} lack what the prefix needs: {}", missing_of(&partial).join(", "));
    }
    check_linked(&partial)?;

    remove_if_there(&root)?;
    fs::rename(&partial, &root)?;
    cache.remove_others("xr-prefix-", Some(&name()))?;
    Ok(Prefix { root })
}

/// Removes what only the making needed.
pub fn forget_downloads(cache: &Cache) -> Result<()> {
    remove_if_there(&cache.join("apt"))?;
    remove_if_there(&downloads(cache))
}

/// Where package files wait until the prefix is whole.
pub fn downloads(cache: &Cache) -> PathBuf {
    cache.join("downloads")
}

/// An apt for packages of [`RELEASE`]; `by_hand` says what to do where there cannot be one.
pub(super) fn private_apt(
    cache: &Cache,
    mirror: Option<&str>,
    downloads: &Path,
    by_hand: &str,
) -> Result<PrivateApt> {
    let uri = archive(mirror, by_hand)?;
    PrivateApt::create(&cache.join("apt"), downloads, &[Source { uri, suite: RELEASE.into() }])
}

/// The Debian archive to take packages from; `by_hand` says what to do where they cannot be used.
pub(super) fn archive(mirror: Option<&str>, by_hand: &str) -> Result<String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(Environment(format!("Debian's packages run on x86-64 Linux only: {by_hand}")).into());
    }
    if !process::is_installed("apt-get") || !process::is_installed("dpkg-deb") {
        return Err(Environment(format!("this is no Debian, it has no apt: {by_hand}")).into());
    }
    let mirror = mirror.map(str::to_owned).or_else(|| mirror::debian_mirror(Path::new("/etc/apt")));
    mirror.ok_or_else(|| {
        let fault =
            "the apt sources name no Debian archive: give one with `cargo xtask setup --mirror URI`, or";
        Environment(format!("{fault} {by_hand}")).into()
    })
}

/// A library path is a list with colons, cargo splits a runner at blanks, and a socket's path ends at 107 bytes.
pub(super) fn check_path(root: &Path) -> Result<()> {
    let breaks = |letter: char| letter == ':' || letter.is_whitespace();
    if root.to_str().is_none_or(|text| text.len() > 85 || text.contains(breaks)) {
        let shown = root.display();
        let fault =
            format!("{shown} has a colon, a blank or over 85 letters: set XDG_CACHE_HOME to another folder");
        return Err(Environment(fault).into());
    }
    Ok(())
}

/// Removes a folder.
pub(super) fn remove_if_there(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// Unpacks every package of the plan, on as many threads as there are cores.
pub(super) fn unpack(downloads: &Path, plan: &[Deb], into: &Path) -> Result<()> {
    let progress = Mutex::new(Progress::start("unpacking", plan.len() as u64));
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || -> Result<()> {
        while let Some(deb) = plan.get(next.fetch_add(1, Ordering::Relaxed)) {
            process::output(process::leashed("dpkg-deb").arg("-x").arg(downloads.join(&deb.file)).arg(into))?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress.lock().map_err(|_| anyhow!("another unpacking thread failed"))?.at(done as u64);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let count = std::thread::available_parallelism()?.get();
        let threads = (0..count).map(|index| {
            std::thread::Builder::new().name(format!("unpack {index}")).spawn_scoped(scope, work)
        });
        for thread in threads.collect::<std::io::Result<Vec<_>>>()? {
            thread.join().map_err(|_| anyhow!("an unpacking thread panicked"))??;
        }
        Ok(())
    })
}

/// Moves one file or folder out of the unpacked packages.
pub(super) fn keep(unpacked: &Path, partial: &Path, name: &str) -> Result<()> {
    let (from, to) = (unpacked.join(name), partial.join(name));
    if !from.exists() {
        return Ok(());
    }
    fs::create_dir_all(to.parent().unwrap_or(partial))?;
    fs::rename(&from, &to).with_context(|| format!("cannot keep {name}"))
}

fn missing_of(root: &Path) -> Vec<&'static str> {
    MUST_HOLD.into_iter().filter(|file| !root.join(file).exists()).collect()
}

fn is_whole(root: &Path) -> bool {
    missing_of(root).is_empty()
}

/// Every library that the driver and the runtime link is in the prefix, none comes from the machine.
fn check_linked(root: &Path) -> Result<()> {
    for file in ["usr/lib/x86_64-linux-gnu/libvulkan_lvp.so", "usr/bin/monado-service"] {
        let mut command = Command::new(root.join(launchers::LOADER));
        command.arg("--inhibit-cache").args(["--library-path", &launchers::library_path(root)]).arg("--list");
        let list = process::output(command.arg(root.join(file)))?;
        let here = root.display().to_string();
        let strangers = list.lines().filter(|line| line.contains("not found"));
        let strangers =
            strangers.chain(list.lines().filter(|line| line.contains("=> /") && !line.contains(&here)));
        let strangers: Vec<_> = strangers.map(str::trim).collect();
        if !strangers.is_empty() {
            bail!("{file} would use libraries from outside the prefix: {}", strangers.join(", "));
        }
    }
    Ok(())
}
