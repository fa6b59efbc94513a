//! What builds for Windows and runs it without Windows: Rust with its sources, mingw-w64, Wine.
//!
//! In: package names. Out: a cargo that links Windows programs, and a script that starts them. Nothing is installed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::limited::limited;
use crate::fault::Environment;
use crate::process;
use crate::setup::cache::{Cache, recipe_hash};
use crate::setup::launchers::quoted;
use crate::setup::toolchain::Toolchain;
use crate::setup::unpacked::{Dependencies, Recipe};

/// What Rust calls the system that is built for.
pub const TARGET: &str = "x86_64-pc-windows-gnu";

/// Raise when a Wine home is made otherwise than before.
const HOME_VERSION: &str = "1";

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

const TOOLS: Recipe = Recipe {
    name: "windows-tools",
    is: "the compiler for Windows and Wine",
    packages: &[
        "gcc-mingw-w64-x86-64-posix",
        "gcc-mingw-w64-x86-64-posix-runtime",
        "g++-mingw-w64-x86-64-posix",
        "gcc-mingw-w64-base",
        "binutils-mingw-w64-x86-64",
        "mingw-w64-x86-64-dev",
        "mingw-w64-common",
        "libgmp10",
        "libisl23",
        "libmpc3",
        "libmpfr6",
        "wine64",
        "libwine",
        "libz-mingw-w64",
        // What Wine links or opens for programs without a window.
        "libunwind8",
        "libfreetype6",
        "libpng16-16",
        "libfontconfig1",
        "libexpat1",
    ],
    dependencies: Dependencies::Left,
    kept: &[
        "usr/bin",
        LIBRARIES,
        "usr/lib/gcc",
        "usr/lib/wine",
        "usr/libexec",
        "usr/share/mingw-w64",
        "usr/share/wine",
        "usr/x86_64-w64-mingw32",
        "lib/x86_64-linux-gnu",
    ],
    must_hold: &[
        "usr/bin/x86_64-w64-mingw32-gcc-posix",
        "usr/bin/x86_64-w64-mingw32-g++-posix",
        "usr/bin/x86_64-w64-mingw32-dlltool",
        "usr/lib/wine/wine64",
        "usr/lib/wine/wineserver64",
        "usr/x86_64-w64-mingw32/lib/zlib1.dll",
    ],
    peak_bytes: 2_600_000_000,
};

/// Wine 8 lacks this library, which Rust's std imports for random bytes: one function, by another that Wine has.
const RANDOM_C: &str = "\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
";

/// Loads what programs with a window import, and exits with a code that no failure of Wine has.
const PROBE_C: &str = "\
#include <windows.h>
int main(void) { return GetDesktopWindow() && LoadLibraryA(\"ole32\") && LoadLibraryA(\"bcryptprimitives\") ? 7 : 1; }
";
const PROBE_CODE: i32 = 7;

/// The first start of Wine makes its home: 12 s on an idle machine.
const BOOT: Duration = Duration::from_secs(300);

/// The tools, ready.
pub struct Tools {
    toolchain: Toolchain,
    home: PathBuf,
}

impl Tools {
    /// The tools, if they have been made.
    ///
    /// # Errors
    /// When they are there and do not start.
    #[cfg(test)]
    pub fn find(cache: &Cache) -> Result<Option<Self>> {
        let is_made = TOOLS.find(cache).is_some() && cache.join(&home_name()).join("run").exists();
        if is_made { Self::provide(cache).map(Some) } else { Ok(None) }
    }

    /// The tools, made now if they are not there.
    ///
    /// # Errors
    /// With [`Environment`] where Debian's packages cannot be had or used.
    pub fn provide(cache: &Cache) -> Result<Self> {
        let toolchain = Toolchain::provide(cache, &TOOLS, &[LIBRARIES, "lib/x86_64-linux-gnu"])?;
        let tools = Self { toolchain, home: cache.join(&home_name()) };
        if !tools.is_ready() {
            let _lock = cache.lock()?;
            tools.mend_packages()?;
            // Whoever held the lock before us may have made it.
            if !tools.run_script().exists() {
                tools.make_home(cache)?;
            }
        }
        Ok(tools)
    }

    fn is_ready(&self) -> bool {
        self.run_script().exists() && !self.shared_library().exists()
    }

    /// The script that starts a Windows program: `run PROGRAM.exe ARGUMENTS…`.
    pub fn run_script(&self) -> PathBuf {
        self.home.join("run")
    }

    /// Ends every program that runs in our Wine.
    pub fn stop_everything(&self) -> Command {
        let mut command = self.toolchain.command(&self.wine("wineserver64"));
        command.arg("-k").env("WINEPREFIX", self.home.join("prefix"));
        command
    }

    /// A cargo that builds for Windows into `target`.
    pub fn cargo(&self, target: &Path) -> Command {
        let mut command = self.toolchain.cargo(target);
        let bin = self.toolchain.tools().join("usr/bin");
        let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".into());
        // rustc finds dlltool on the search path.
        command.env("PATH", format!("{}:{path}", bin.display()));
        for (name, program) in [
            ("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", "gcc-posix"),
            ("CC_x86_64_pc_windows_gnu", "gcc-posix"),
            ("CXX_x86_64_pc_windows_gnu", "g++-posix"),
            ("AR_x86_64_pc_windows_gnu", "ar"),
        ] {
            command.env(name, self.mingw(program));
        }
        command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", self.run_script());
        command
    }

    /// A library of Wine's that is a Windows program itself.
    #[cfg(test)]
    pub fn windows_library(&self, name: &str) -> PathBuf {
        self.toolchain.tools().join(LIBRARIES).join("wine/x86_64-windows").join(name)
    }

    /// One of binutils' programs.
    #[cfg(test)]
    pub fn binutil(&self, name: &str) -> Command {
        self.toolchain.command(&self.mingw(name))
    }

    fn mingw(&self, program: &str) -> PathBuf {
        self.toolchain.tools().join(format!("usr/bin/x86_64-w64-mingw32-{program}"))
    }

    fn wine(&self, program: &str) -> PathBuf {
        self.toolchain.tools().join("usr/lib/wine").join(program)
    }

    /// Makes Wine's home and mends what unpacked packages lack; the caller holds the cache's lock.
    fn make_home(&self, cache: &Cache) -> Result<()> {
        eprintln!("windows: making Wine's home in {} (700 MB)", self.home.display());
        cache.need_space(900_000_000)?;
        cache.remove_others("wine-home-", None)?;
        let prefix = self.home.join("prefix");
        fs::create_dir_all(&prefix)?;
        let start = self.home.join("start");
        write_script(&start, &self.script())?;
        // It complains without a display although all is well: the probe is what tells.
        let mut boot = process::leashed(&start);
        limited(boot.args(["wineboot", "--init"]), &self.home, BOOT).context("Wine does not start")?;

        let system = prefix.join("drive_c/windows/system32");
        ensure!(
            system.is_dir(),
            Environment(format!("Wine makes no home here: run `{} wineboot` to see why", start.display()))
        );
        fs::copy(self.zlib(), system.join("zlib1.dll"))?;
        let compile = |name: &str, text: &str, more: &[&str], out: &Path| -> Result<()> {
            let source = self.home.join(name);
            fs::write(&source, text)?;
            let mut command = self.toolchain.command(&self.mingw("gcc-posix"));
            process::output(command.args(["-O2", "-s", "-o"]).arg(out).arg(&source).args(more)).map(drop)
        };
        let random = system.join("bcryptprimitives.dll");
        compile("random.c", RANDOM_C, &["-shared", "-ladvapi32"], &random)?;
        let probe = self.home.join("probe.exe");
        compile("probe.c", PROBE_C, &["-luser32"], &probe)?;
        let said = limited(process::leashed(&start).arg(&probe), &self.home, BOOT)?;
        ensure!(
            said.code == Some(PROBE_CODE),
            Environment(format!("Wine runs no program on this machine: {}", said.last_words()))
        );
        process::output(&mut self.stop_everything()).map(drop).or_else(|_| anyhow::Ok(()))?;
        // Its being there says that all of the above is done.
        Ok(fs::rename(&start, self.run_script())?)
    }

    fn zlib(&self) -> PathBuf {
        self.toolchain.tools().join("usr/x86_64-w64-mingw32/lib/zlib1.dll")
    }

    /// What the packages' installation would have done, and one thing that it would not.
    fn mend_packages(&self) -> Result<()> {
        let tools = self.toolchain.tools();
        // Debian's is a script with absolute paths.
        let server = self.wine("wineserver");
        let _ = fs::remove_file(&server);
        symlink("wineserver64", &server)?;
        fs::copy(self.zlib(), tools.join(LIBRARIES).join("wine/x86_64-windows/zlib1.dll"))?;
        // Last, because its absence says that the rest is done.
        match fs::remove_file(self.shared_library()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// rustc asks for a shared libstdc++, which no Windows has: without this file the static one is all there is.
    fn shared_library(&self) -> PathBuf {
        self.toolchain.tools().join("usr/lib/gcc/x86_64-w64-mingw32/12-posix/libstdc++.dll.a")
    }

    fn script(&self) -> String {
        let libraries =
            format!("{}:{}", self.toolchain.library_path(), self.toolchain.tools().join(LIBRARIES).display());
        let word = |path: &Path| quoted(&path.display().to_string());
        format!(
            "#!/bin/sh\n\
             # run PROGRAM.exe ARGUMENTS...: start a Windows program in a Wine of its own, without a display.\n\
             export LD_LIBRARY_PATH={libraries}\n\
             export WINEPREFIX={prefix} WINEARCH=win64\n\
             export WINEDEBUG=\"${{WINEDEBUG:--all}}\" WINEDLLOVERRIDES='mscoree=;mshtml=;winemenubuilder.exe='\n\
             export WINESERVER={server} WINELOADER={wine}\n\
             unset DISPLAY WAYLAND_DISPLAY\n\
             exec {wine} \"$@\"\n",
            libraries = quoted(&libraries),
            prefix = word(&self.home.join("prefix")),
            server = word(&self.wine("wineserver64")),
            wine = word(&self.wine("wine64")),
        )
    }
}

/// The name of Wine's home, which changes with what makes it.
fn home_name() -> String {
    let recipe = [&[HOME_VERSION, RANDOM_C, PROBE_C], TOOLS.packages].concat();
    format!("wine-home-{}", recipe_hash(&recipe))
}

fn write_script(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))?;
    Ok(())
}
