//! Where Android's tools are on this machine, and the exact commands that get the missing ones.
//!
//! In: the environment. Out: paths, or a [`Missing`] with a sentence. Only looks: it starts nothing and writes nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The NDK that the commands below install, and that Pavilion's build is written for.
const NDK_PACKAGE: &str = "ndk;27.2.12479018";
const CMAKE_PACKAGE: &str = "cmake;3.22.1";
/// Rust's std needs the unwinder of NDK 25 or later.
const OLDEST_NDK: u32 = 25;
/// The app runs on Android 10 and later.
pub const API_LEVEL: u32 = 29;
/// What Rust calls the headset.
pub const TARGET: &str = "aarch64-linux-android";

/// Something that this machine lacks.
#[derive(Debug, PartialEq)]
pub struct Missing {
    /// What was looked for and what was found instead.
    pub what: String,
    /// What to type.
    pub fix: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.what, self.fix)
    }
}

/// The machine as its environment shows it.
pub struct Machine {
    variables: BTreeMap<OsString, OsString>,
}

/// An NDK that can build Pavilion.
#[derive(Debug, PartialEq)]
pub struct Ndk {
    /// Its folder.
    pub root: PathBuf,
    /// Its version, such as `27.2.12479018`.
    pub version: String,
    /// Its compilers.
    pub programs: PathBuf,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// A machine with these variables.
    #[cfg(test)]
    pub fn with(variables: &[(&str, &Path)]) -> Self {
        let variables =
            variables.iter().map(|(name, path)| (OsString::from(name), path.as_os_str().to_owned()));
        Self { variables: variables.collect() }
    }

    fn folder(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(&OsString::from(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// A program on the search path.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let paths = self.variables.get(&OsString::from("PATH"))?;
        std::env::split_paths(paths).map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    /// The SDK: where the variables say, else where Android Studio and Debian put it.
    pub fn sdk(&self) -> Option<PathBuf> {
        let said = ["ANDROID_HOME", "ANDROID_SDK_ROOT"].iter().filter_map(|name| self.folder(name));
        let home = self.folder("HOME");
        let usual = ["Android/Sdk", "Library/Android/sdk", "Android/sdk"];
        let usual = home.iter().flat_map(|home| usual.map(|folder| home.join(folder)));
        let system = ["/usr/lib/android-sdk", "/opt/android-sdk"].map(PathBuf::from);
        said.chain(usual).chain(system).find(|folder| folder.is_dir())
    }

    /// `adb`: on the search path, else in the SDK.
    pub fn adb(&self) -> Result<PathBuf, Missing> {
        let in_sdk = || self.sdk().map(|sdk| sdk.join("platform-tools/adb")).filter(|path| path.is_file());
        self.program("adb").or_else(in_sdk).ok_or_else(|| Missing {
            what: "adb, which speaks with the headset, is not installed".into(),
            fix: if self.program("apt-get").is_some() {
                "run `sudo apt-get install adb`".into()
            } else {
                self.install("platform-tools")
            },
        })
    }

    /// The NDK: where the variables say, else the newest in the SDK.
    pub fn ndk(&self) -> Result<Ndk, Missing> {
        for name in ["ANDROID_NDK_HOME", "ANDROID_NDK_ROOT", "NDK_HOME"] {
            // Whoever names an NDK wants that one: no other is looked for when it will not do.
            if let Some(root) = self.folder(name) {
                return self
                    .ndk_at(&root)
                    .map_err(|fault| Missing { what: format!("{name}: {}", fault.what), ..fault });
            }
        }
        let sdk = self.sdk();
        let folders = sdk.iter().flat_map(|sdk| {
            let versions = fs::read_dir(sdk.join("ndk")).into_iter().flatten().flatten();
            versions.map(|entry| entry.path()).chain([sdk.join("ndk-bundle")])
        });
        let found =
            folders.filter(|folder| folder.is_dir()).max_by_key(|folder| version_key(&version_of(folder)));
        match found {
            Some(root) => self.ndk_at(&root),
            None => Err(Missing {
                what: "there is no Android NDK (ANDROID_NDK_HOME and ANDROID_HOME name none)".into(),
                fix: self.install(&format!("{NDK_PACKAGE}' '{CMAKE_PACKAGE}")),
            }),
        }
    }

    fn ndk_at(&self, root: &Path) -> Result<Ndk, Missing> {
        let fix = || self.install(NDK_PACKAGE);
        let version = version_of(root);
        if version.is_empty() {
            let what = format!("{} is no NDK, it has no source.properties", root.display());
            return Err(Missing { what, fix: fix() });
        }
        if version_key(&version).first().is_none_or(|major| *major < OLDEST_NDK) {
            let what = format!("the NDK {version} in {} is older than {OLDEST_NDK}", root.display());
            return Err(Missing { what, fix: fix() });
        }
        let hosts = fs::read_dir(root.join("toolchains/llvm/prebuilt")).into_iter().flatten().flatten();
        let programs = hosts.map(|host| host.path().join("bin")).find(|folder| folder.join(CLANG).is_file());
        match programs {
            Some(programs) => Ok(Ndk { root: root.to_owned(), version, programs }),
            None => {
                let what = format!("the NDK {version} in {} has no {CLANG} for this machine", root.display());
                Err(Missing { what, fix: fix() })
            }
        }
    }

    /// CMake, which builds the OpenXR loader.
    pub fn cmake(&self) -> Result<PathBuf, Missing> {
        let in_sdk = || {
            let versions = fs::read_dir(self.sdk()?.join("cmake")).ok()?.flatten();
            let programs = versions.map(|entry| entry.path().join("bin/cmake"));
            programs.filter(|path| path.is_file()).max()
        };
        self.program("cmake").or_else(in_sdk).ok_or_else(|| Missing {
            what: "cmake, which builds the OpenXR loader, is not installed".into(),
            fix: if self.program("apt-get").is_some() {
                "run `sudo apt-get install cmake make`, or give a loader with --openxr-loader".into()
            } else {
                self.install(CMAKE_PACKAGE)
            },
        })
    }

    /// The command that installs a package of the SDK.
    fn install(&self, package: &str) -> String {
        let in_sdk = self.sdk().map(|sdk| sdk.join("cmdline-tools/latest/bin/sdkmanager"));
        let found = self.program("sdkmanager").or(in_sdk.filter(|path| path.is_file()));
        match found {
            Some(program) => format!("run `{} '{package}'`", program.display()),
            None => format!(
                "unpack Android's command-line tools (developer.android.com/studio) into \
                 ~/Android/Sdk/cmdline-tools/latest and run \
                 `~/Android/Sdk/cmdline-tools/latest/bin/sdkmanager '{package}'`"
            ),
        }
    }
}

const CLANG: &str = "aarch64-linux-android29-clang";

/// The `Pkg.Revision` of an NDK; empty where there is none.
fn version_of(root: &Path) -> String {
    let text = fs::read_to_string(root.join("source.properties")).unwrap_or_default();
    let revision = text.lines().find_map(|line| line.strip_prefix("Pkg.Revision")?.trim().strip_prefix('='));
    revision.unwrap_or_default().trim().to_owned()
}

/// Compares versions by their numbers: 9 is older than 27.
fn version_key(version: &str) -> Vec<u32> {
    version.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn make_ndk(root: &Path, version: &str) {
        write(
            &root.join("source.properties"),
            &format!("Pkg.Desc = Android NDK\nPkg.Revision = {version}\n"),
        );
        write(&root.join("toolchains/llvm/prebuilt/some-host/bin").join(CLANG), "");
    }

    #[test]
    fn the_newest_ndk_of_the_sdk_is_taken_by_number() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let sdk = folder.path().join("Android/Sdk");
        make_ndk(&sdk.join("ndk/9.1.2"), "9.1.2");
        make_ndk(&sdk.join("ndk/27.2.12479018"), "27.2.12479018");
        make_ndk(&sdk.join("ndk/26.3.1"), "26.3.1");
        for variable in ["HOME", "ANDROID_HOME", "ANDROID_SDK_ROOT"] {
            let value = if variable == "HOME" { folder.path() } else { &sdk };
            let ndk = Machine::with(&[(variable, value)]).ndk().expect("an NDK");
            assert_eq!(ndk.version, "27.2.12479018", "{variable}");
            assert!(ndk.programs.ends_with("some-host/bin"));
        }
    }

    #[test]
    fn an_ndk_that_is_named_is_the_one_or_nothing() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let (old, sdk) = (folder.path().join("old"), folder.path().join("sdk"));
        make_ndk(&old, "21.4.7075529");
        make_ndk(&sdk.join("ndk/27.0.1"), "27.0.1");
        let fault =
            Machine::with(&[("ANDROID_NDK_HOME", &old), ("ANDROID_HOME", &sdk)]).ndk().expect_err("too old");
        assert!(fault.what.starts_with("ANDROID_NDK_HOME: the NDK 21.4.7075529 in"), "{fault}");
        let fault = Machine::with(&[("ANDROID_NDK_HOME", folder.path())]).ndk().expect_err("no NDK");
        assert!(fault.what.contains("is no NDK"), "{fault}");
        fs::remove_dir_all(sdk.join("ndk/27.0.1/toolchains")).expect("removed");
        let fault = Machine::with(&[("ANDROID_HOME", &sdk)]).ndk().expect_err("broken");
        assert!(fault.what.contains("has no aarch64-linux-android29-clang"), "{fault}");
    }

    #[test]
    fn what_is_missing_comes_with_the_command_that_gets_it() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = |name: &str| folder.path().join(name);
        let bare = Machine::with(&[("PATH", folder.path())]);
        let fault = bare.ndk().expect_err("none").to_string();
        assert!(fault.contains("sdkmanager 'ndk;27.2.12479018' 'cmake;3.22.1'`"), "{fault}");
        assert!(fault.contains("developer.android.com/studio"), "{fault}");
        assert!(bare.adb().expect_err("none").fix.contains("'platform-tools'"));
        write(&path("apt-get"), "");
        assert_eq!(bare.adb().expect_err("none").fix, "run `sudo apt-get install adb`");
        assert!(bare.cmake().expect_err("none").fix.contains("apt-get install cmake"));
        write(&path("sdkmanager"), "");
        let fix = bare.ndk().expect_err("none").fix;
        assert_eq!(fix, format!("run `{} 'ndk;27.2.12479018' 'cmake;3.22.1'`", path("sdkmanager").display()));
    }

    #[test]
    fn adb_is_found_on_the_path_and_in_the_sdk() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let sdk = folder.path().join("sdk");
        let in_sdk = sdk.join("platform-tools/adb");
        write(&in_sdk, "");
        assert_eq!(Machine::with(&[("ANDROID_HOME", &sdk)]).adb(), Ok(in_sdk));
        let on_path = folder.path().join("bin/adb");
        write(&on_path, "");
        let bin = folder.path().join("bin");
        assert_eq!(Machine::with(&[("ANDROID_HOME", &sdk), ("PATH", &bin)]).adb(), Ok(on_path));
    }
}
