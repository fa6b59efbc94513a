//! A newer Rust than the system's, which can build std for systems that it has no std of.
//!
//! In: Debian packages, and those of the compiler and linker for the other system. Out: a cargo whose environment says
//! the same at every start, because cargo builds std anew when it does not. The Rust that builds Pavilion itself is
//! not touched.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::cache::Cache;
use super::unpacked::{Dependencies, Recipe};
use crate::fault::Environment;
use crate::{process, workspace};

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// Rust 1.96 with its sources. Where Debian has gone on to a newer one, the number here is the one to raise.
pub const RUST: Recipe = Recipe {
    name: "rust",
    is: "the Rust that builds for other systems",
    packages: &[
        "rustc-web",
        "cargo-web",
        "rust-web-src",
        "libstd-rust-web-dev",
        "libstd-rust-web-1.96",
        "libllvm22",
        // What these link that a small system lacks, down to the last: a later Debian has other versions.
        "libbrotli1",
        "libbsd0",
        "libcom-err2",
        "libcurl4",
        "libedit2",
        "libffi8",
        "libgit2-1.5",
        "libgmp10",
        "libgnutls30",
        "libgssapi-krb5-2",
        "libhogweed6",
        "libhttp-parser2.9",
        "libicu72",
        "libidn2-0",
        "libk5crypto3",
        "libkeyutils1",
        "libkrb5-3",
        "libkrb5support0",
        "libldap-2.5-0",
        "liblzma5",
        "libmbedcrypto7",
        "libmbedtls14",
        "libmbedx509-1",
        "libmd0",
        "libnettle8",
        "libnghttp2-14",
        "libp11-kit0",
        "libpcre2-8-0",
        "libpsl5",
        "librtmp1",
        "libsasl2-2",
        "libsqlite3-0",
        "libssh2-1",
        "libssl3",
        "libtasn1-6",
        "libtinfo6",
        "libunistring2",
        "libxml2",
        "libz3-4",
        "libzstd1",
        "zlib1g",
    ],
    dependencies: Dependencies::Left,
    kept: &[
        "usr/bin/cargo",
        "usr/bin/rustc",
        "usr/lib/rustlib",
        "usr/src/rustc-1.96.0/library",
        LIBRARIES,
        "lib/x86_64-linux-gnu",
    ],
    must_hold: &["usr/bin/cargo", "usr/bin/rustc", "usr/lib/rustlib/src/rust/library/std/Cargo.toml"],
    peak_bytes: 1_400_000_000,
};

/// Rust and the tools for one other system.
#[derive(Clone, Debug)]
pub struct Toolchain {
    rust: PathBuf,
    tools: PathBuf,
    /// Where the libraries of all of them lie.
    library_path: String,
}

impl Toolchain {
    /// Rust beside the tools of another recipe, whose libraries lie in `tool_libraries` too; fetched if absent.
    ///
    /// # Errors
    /// With [`Environment`] where they cannot be had or do not start here.
    pub fn provide(cache: &Cache, tools: &Recipe, tool_libraries: &[&str]) -> Result<Self> {
        let (rust, tools) = (RUST.provide(cache)?, tools.provide(cache)?);
        let toolchain = Self::at(rust, tools, tool_libraries);
        let version = process::output(toolchain.command(&toolchain.rustc()).arg("--version"));
        version.context(Environment("Debian's Rust does not start on this machine".into()))?;
        Ok(toolchain)
    }

    fn at(rust: PathBuf, tools: PathBuf, tool_libraries: &[&str]) -> Self {
        let in_rust = [LIBRARIES, "lib/x86_64-linux-gnu"].map(|folder| rust.join(folder));
        let in_tools = tool_libraries.iter().map(|folder| tools.join(folder));
        let folders = in_rust.into_iter().chain(in_tools).map(|folder| folder.display().to_string());
        let library_path = folders.collect::<Vec<_>>().join(":");
        Self { rust, tools, library_path }
    }

    /// The folder of the tools.
    pub fn tools(&self) -> &Path {
        &self.tools
    }

    /// What `LD_LIBRARY_PATH` must be for any of the programs.
    pub fn library_path(&self) -> &str {
        &self.library_path
    }

    /// A program of either folder.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = process::leashed(program);
        command.env("LD_LIBRARY_PATH", &self.library_path);
        command
    }

    /// Its cargo in the checkout's root, building into `target`, without what this process was told by another cargo
    /// or by the user about compilers: only so does each build find the last one's std.
    pub fn cargo(&self, target: &Path) -> Command {
        let mut command = self.command(&self.rust.join("usr/bin/cargo"));
        command.current_dir(workspace::root());
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_about_building(name)) {
            command.env_remove(name);
        }
        command
            .env("RUSTC", self.rustc())
            // -Zbuild-std is not stable yet.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", target);
        command
    }

    fn rustc(&self) -> PathBuf {
        self.rust.join("usr/bin/rustc")
    }
}

/// Whether cargo, rustc or a build script takes the variable into account. Cargo's own settings for the network and
/// its home stay.
fn is_about_building(name: &OsString) -> bool {
    const KEPT: [&str; 4] = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_"];
    const BUILDING: [&str; 9] =
        ["CARGO", "RUST", "CC", "CXX", "AR_", "CFLAGS", "CXXFLAGS", "LDFLAGS", "__CARGO"];
    let name = name.to_string_lossy();
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    begins(&BUILDING) && !begins(&KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_the_same_whoever_starts_it() {
        for name in ["CARGO_PKG_NAME", "RUSTFLAGS", "RUSTUP_TOOLCHAIN", "CARGO_BUILD_TARGET", "CC", "CFLAGS"]
        {
            assert!(is_about_building(&name.into()), "{name}");
        }
        for name in ["PATH", "HOME", "CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_HTTP_CAINFO", "https_proxy"] {
            assert!(!is_about_building(&name.into()), "{name}");
        }
    }

    #[test]
    fn the_cargo_is_told_all_that_it_may_not_find_out_itself() {
        let toolchain = Toolchain::at("/c/rust-1".into(), "/c/llvm-1".into(), &["usr/lib"]);
        let cargo = toolchain.cargo(Path::new("/t/android"));
        let told = |name: &str| {
            let found = cargo.get_envs().find(|(it, _)| *it == name);
            found.and_then(|(_, value)| value).map(|value| value.to_string_lossy().into_owned())
        };
        assert_eq!(told("RUSTC").as_deref(), Some("/c/rust-1/usr/bin/rustc"));
        assert_eq!(told("CARGO_TARGET_DIR").as_deref(), Some("/t/android"));
        let libraries = told("LD_LIBRARY_PATH").expect("a path");
        assert!(
            libraries.starts_with("/c/rust-1/") && libraries.ends_with(":/c/llvm-1/usr/lib"),
            "{libraries}"
        );
    }
}
