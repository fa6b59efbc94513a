//! A Chromium without windows, which draws WebGL by the CPU: where web pages by others open what we bake.

use std::path::PathBuf;

use anyhow::Result;

use super::cache::Cache;
use super::unpacked::{Dependencies, Recipe};

/// Debian updates it every few weeks, with new dependencies now and then. The C library must be the machine's, on
/// whose loader it starts; the other packages bring desktops.
const CHROMIUM: Recipe = Recipe {
    name: "chromium",
    is: "the browser that opens twins in web pages",
    packages: &["chromium-headless-shell"],
    dependencies: Dependencies::AllBut(&["libc6", "x11-utils", "xdg-utils"]),
    kept: &["usr/lib/chromium", LIBRARIES, "lib/x86_64-linux-gnu"],
    must_hold: &[PROGRAM, "usr/lib/chromium/libvk_swiftshader.so", "usr/lib/chromium/libGLESv2.so"],
    peak_bytes: 1_000_000_000,
};

const PROGRAM: &str = "usr/lib/chromium/chromium-headless-shell";
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// The browser, ready to start.
pub struct Browser {
    root: PathBuf,
}

impl Browser {
    /// The browser, made now if it is not there.
    ///
    /// # Errors
    /// With [`crate::fault::Environment`] where Debian's packages cannot be had or used.
    pub fn provide(cache: &Cache) -> Result<Self> {
        Ok(Self { root: CHROMIUM.provide(cache)? })
    }

    /// The executable.
    pub fn program(&self) -> PathBuf {
        self.root.join(PROGRAM)
    }

    /// What its `LD_LIBRARY_PATH` must be.
    pub fn library_path(&self) -> String {
        let folders = ["", "/pulseaudio"].map(|sub| format!("{}/{LIBRARIES}{sub}", self.root.display()));
        format!("{}:{}/lib/x86_64-linux-gnu", folders.join(":"), self.root.display())
    }
}
