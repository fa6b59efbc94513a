//! A stand-in for Android's libraries to link against, and the compiler and linker that do so without an NDK.
//!
//! In: the symbol list. Out: a folder with empty libraries that define exactly those symbols, two C headers, and a
//! script that is compiler and linker in one. Nothing of it goes into the program but the unwinder, which finds no
//! frames: the NDK's own would be linked for a release.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::symbols::Symbols;
use crate::process;
use crate::sdk::{API_LEVEL, TARGET};
use crate::setup::cache::Cache;
use crate::setup::launchers::quoted;
use crate::setup::toolchain::Toolchain;
use crate::setup::unpacked::{Dependencies, Recipe};

const LLVM: Recipe = Recipe {
    name: "llvm",
    is: "the compiler and linker for the headset",
    packages: &["clang-22", "lld-22", "llvm-22", "libclang-common-22-dev", "libclang-cpp22"],
    dependencies: Dependencies::Left,
    kept: &["usr/lib/llvm-22", "usr/lib/x86_64-linux-gnu"],
    must_hold: &["usr/lib/llvm-22/bin/clang", "usr/lib/llvm-22/bin/lld", "usr/lib/llvm-22/bin/llvm-ar"],
    peak_bytes: 400_000_000,
};
const LLVM_LIBRARIES: [&str; 2] = ["usr/lib/x86_64-linux-gnu", "usr/lib/llvm-22/lib"];

/// All that ring's C asks of a C library.
const ASSERT_H: &str = "#undef assert
#ifdef NDEBUG
#define assert(x) ((void)0)
#else
#define assert(x) ((x) ? (void)0 : __builtin_trap())
#endif
#ifndef static_assert
#define static_assert _Static_assert
#endif
";
const STRING_H: &str = "#pragma once
#include <stddef.h>
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
size_t strlen(const char *);
";

/// What std asks of an unwinder for its backtraces. 5 is the end of the stack.
const UNWINDER: &str = "int _Unwind_Backtrace(void *each, void *argument) { return 5; }
void *_Unwind_FindEnclosingFunction(void *pc) { return 0; }
unsigned long _Unwind_GetCFA(void *context) { return 0; }
unsigned long _Unwind_GetIP(void *context) { return 0; }
";

/// Rust, the compiler and what is linked against.
pub struct Platform {
    toolchain: Toolchain,
    folder: PathBuf,
}

impl Platform {
    /// Fetches the tools where absent and makes the libraries anew in `folder`.
    ///
    /// # Errors
    /// With [`crate::fault::Environment`] where the tools cannot be had.
    pub fn provide(cache: &Cache, symbols: &Symbols<'_>, folder: &Path) -> Result<Self> {
        let toolchain = Toolchain::provide(cache, &LLVM, &LLVM_LIBRARIES)?;
        let platform = Self { toolchain, folder: folder.to_owned() };
        platform.write(symbols).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(platform)
    }

    /// The same, where the tools have been fetched already.
    #[cfg(test)]
    pub fn find(cache: &Cache, symbols: &Symbols<'_>, folder: &Path) -> Option<Result<Self>> {
        let is_there = crate::setup::toolchain::RUST.find(cache).is_some() && LLVM.find(cache).is_some();
        is_there.then(|| Self::provide(cache, symbols, folder))
    }

    /// Compiler and linker.
    pub fn clang(&self) -> PathBuf {
        self.folder.join(format!("{TARGET}{API_LEVEL}-clang"))
    }

    /// A program of LLVM's, such as `llvm-strip`.
    pub fn llvm(&self, program: &str) -> PathBuf {
        self.toolchain.tools().join("usr/lib/llvm-22/bin").join(program)
    }

    /// Starts a program of LLVM's.
    pub fn run_llvm(&self, program: &str, words: &[&Path]) -> Result<()> {
        process::output(self.toolchain.command(&self.llvm(program)).args(words)).map(drop)
    }

    /// Cargo for the headset. Everything that it is told is the same every time, or it would build std anew.
    pub fn cargo(&self, target: &Path) -> std::process::Command {
        let mut cargo = self.toolchain.cargo(target);
        cargo
            .env("CARGO_TARGET_AARCH64_LINUX_ANDROID_LINKER", self.clang())
            .env("CARGO_TARGET_AARCH64_LINUX_ANDROID_RUSTFLAGS", RUSTFLAGS)
            .env("CC_aarch64_linux_android", self.clang())
            .env("AR_aarch64_linux_android", self.llvm("llvm-ar"));
        cargo
    }

    /// Links one C file into a library as the viewer is linked.
    pub fn link(&self, source: &str, name: &str) -> Result<PathBuf> {
        let (source_path, library) = (self.folder.join(format!("{name}.c")), self.folder.join(name));
        fs::write(&source_path, source)?;
        let mut clang = process::leashed(self.clang());
        clang
            .args(["-shared", "-nodefaultlibs", "-Wl,-z,defs", "-Wl,--no-as-needed", "-lc", "-o"])
            .args([&library, &source_path]);
        let output = clang.output().context("cannot start clang")?;
        if !output.status.success() {
            // The linker's first line says what is wrong, the others where.
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{}", said.lines().next().unwrap_or("clang failed without a word"));
        }
        Ok(library)
    }

    fn write(&self, symbols: &Symbols<'_>) -> Result<()> {
        let (include, library) = (self.folder.join("include"), self.folder.join("lib"));
        fs::create_dir_all(&include)?;
        fs::create_dir_all(&library)?;
        write_changed(&include.join("assert.h"), ASSERT_H)?;
        write_changed(&include.join("string.h"), STRING_H)?;
        self.write_clang(&include, &library)?;
        // A library that the list no longer names may not be found.
        for entry in fs::read_dir(&library)?.flatten() {
            fs::remove_file(entry.path())?;
        }
        for (name, symbols) in &symbols.libraries {
            let source = self.folder.join("library.s");
            fs::write(&source, assembly(symbols.iter().copied()))?;
            let mut clang = process::leashed(self.clang());
            clang.args(["-shared", "-nodefaultlibs"]).arg(format!("-Wl,-soname,{name}")).arg("-o");
            process::output(clang.arg(library.join(name)).arg(&source))?;
        }
        let (source, object) = (self.folder.join("unwinder.c"), self.folder.join("unwinder.o"));
        fs::write(&source, UNWINDER)?;
        process::output(process::leashed(self.clang()).args(["-O2", "-c", "-o"]).args([&object, &source]))?;
        self.run_llvm("llvm-ar", &[Path::new("rcs"), &library.join("libunwind.a"), &object])
    }

    fn write_clang(&self, include: &Path, library: &Path) -> Result<()> {
        let word = |path: &Path| quoted(&path.display().to_string());
        let text = format!(
            "#!/bin/sh\n# Compiler and linker for the headset, against libraries that hold the listed symbols only.\n\
             export LD_LIBRARY_PATH={}\n\
             exec {} --target={TARGET}{API_LEVEL} --sysroot=/nonexistent -nostdlibinc -isystem {} -nostartfiles \\\n  \
             -Wno-unused-command-line-argument -Wl,--error-limit=0 -L{} --ld-path={} \"$@\"\n",
            quoted(self.toolchain.library_path()),
            word(&self.llvm("clang")),
            word(include),
            word(library),
            word(&self.llvm("ld.lld")),
        );
        write_changed(&self.clang(), &text)?;
        Ok(fs::set_permissions(self.clang(), Permissions::from_mode(0o755))?)
    }

    /// That the linker refuses a symbol which the list lacks: else all of the above would prove nothing.
    pub fn refuses_what_is_not_listed(&self) -> Result<()> {
        self.link("void *malloc(unsigned long); void *f(void) { return malloc(1); }", "listed.so")
            .context("a listed symbol was not found")?;
        let unlisted = "void pavilion_unlisted(void); void f(void) { pavilion_unlisted(); }";
        match self.link(unlisted, "unlisted.so") {
            Ok(_) => bail!("the linker took a symbol that is not listed: the check is blind"),
            Err(error) if format!("{error:#}").contains("undefined symbol: pavilion_unlisted") => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Every symbol must be listed; 16 KiB is the largest page that Android uses.
const RUSTFLAGS: &str = "-C link-arg=-Wl,-z,defs -C link-arg=-Wl,-z,max-page-size=16384";

/// A library's source: functions that do nothing.
fn assembly<'a>(symbols: impl Iterator<Item = &'a str>) -> String {
    let function = |symbol: &str| format!(".globl {symbol}\n.type {symbol}, %function\n{symbol}: ret\n");
    std::iter::once(String::from(".text\n")).chain(symbols.map(function)).collect()
}

/// Leaves a file alone that says this already: cargo watches when it changed.
fn write_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    Ok(fs::write(path, text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf;

    #[test]
    fn the_linker_refuses_what_is_not_listed() {
        let cache = Cache::of_user().expect("a cache");
        let folder = tempfile::tempdir().expect("a temp folder");
        let symbols = Symbols::committed().expect("a list");
        let Some(platform) = Platform::find(&cache, &symbols, folder.path()) else {
            println!(
                "skipped: the compiler for the headset is not fetched (`cargo xtask android-check` does)"
            );
            return;
        };
        let platform = platform.expect("a platform");
        platform.refuses_what_is_not_listed().expect("refused");
        let library =
            fs::read(platform.link("void f(void) {}", "empty.so").expect("linked")).expect("a file");
        let library = elf::Library::parse(&library).expect("a library");
        assert_eq!((library.machine, library.page_bytes()), (elf::AARCH64, 16_384));
        assert_eq!(library.needed, ["libc.so"]);
        let libc = fs::read(folder.path().join("lib/libc.so")).expect("a file");
        let libc = elf::Library::parse(&libc).expect("a library");
        assert_eq!(libc.exported.len(), symbols.libraries["libc.so"].len());
    }
}
