//! A private apt: resolves and downloads packages of another Debian release without root.
//!
//! In: a mirror, package names, a folder. Out: `.deb` files whose signatures apt has checked. It has its
//! own sources, lists and an empty package status, so the machine's own packages neither matter nor change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::progress::Progress;
use crate::fault::Environment;
use crate::process;

/// Settings of the machine that say how to reach a mirror: proxies, certificates, retries, clock checks.
const KEPT_SETTINGS: [&str; 8] = [
    "Acquire::http",
    "Acquire::https",
    "Acquire::mirror",
    "Acquire::Retries",
    "Acquire::ForceIPv4",
    "Acquire::ForceIPv6",
    "Acquire::Check-Date",
    "Acquire::Check-Valid-Until",
];

/// Debian's signing keys, part of every Debian.
const KEYRINGS: [&str; 2] =
    ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];

/// A package file that the plan wants.
#[derive(Debug, PartialEq)]
pub struct Deb {
    /// File name in the downloads folder.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// A release in an archive.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Where the archive is.
    pub uri: String,
    /// Such as `trixie` or `bookworm-security`.
    pub suite: String,
}

/// An apt whose whole state lies in one folder.
pub struct PrivateApt {
    configuration: PathBuf,
    downloads: PathBuf,
}

impl PrivateApt {
    /// Writes the configuration under `state`; packages will be kept in `downloads`.
    pub fn create(state: &Path, downloads: &Path, sources: &[Source]) -> Result<Self> {
        let keyring = KEYRINGS.into_iter().find(|file| Path::new(file).exists()).ok_or_else(|| {
            Environment(
                "Debian's signing keys are not here: install the package debian-archive-keyring".into(),
            )
        })?;
        for folder in ["lists/partial", "state", "empty"] {
            fs::create_dir_all(state.join(folder))?;
        }
        fs::create_dir_all(downloads.join("partial"))?;
        fs::write(state.join("status"), "")?;
        let line =
            |source: &Source| format!("deb [signed-by={keyring}] {} {} main\n", source.uri, source.suite);
        fs::write(state.join("sources.list"), sources.iter().map(line).collect::<String>())?;
        let configuration = state.join("apt.conf");
        fs::write(&configuration, configure(state, downloads, &machine_settings()?))?;
        Ok(Self { configuration, downloads: downloads.to_owned() })
    }

    /// Leaves these packages out, though others depend on them.
    pub fn assume_installed(&self, packages: &[&str]) -> Result<()> {
        let stanza = |package: &&str| {
            format!("Package: {package}\nStatus: install ok installed\nArchitecture: all\nVersion: 9:9\n\n")
        };
        let status = packages.iter().map(stanza).collect::<String>();
        Ok(fs::write(self.configuration.with_file_name("status"), status)?)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = process::leashed(program);
        command.env("APT_CONFIG", &self.configuration).env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    /// Fetches the package lists.
    pub fn update(&self) -> Result<()> {
        process::output(self.command("apt-get").args(["update", "-qq"]))
            .map(drop)
            .context(Environment("the Debian archive cannot be read: check the network and /etc/apt".into()))
    }

    /// All files that `packages` need, their dependencies included.
    pub fn plan(&self, packages: &[&str]) -> Result<Vec<Deb>> {
        let mut command = self.command("apt-get");
        // Without the archive folder every file is listed, the downloaded ones too.
        command.args(["install", "--yes", "-qq", "--print-uris", "-o"]);
        command.arg(format!("Dir::Cache::archives={}", self.configuration.with_file_name("empty").display()));
        Ok(parse_plan(&process::output(command.args(packages))?))
    }

    /// Downloads what is missing of the plan, resuming half-fetched files.
    pub fn download(&self, packages: &[&str], plan: &[Deb]) -> Result<()> {
        let mut command = self.command("apt-get");
        command.args(["install", "--yes", "-qq", "--download-only"]).args(packages);
        self.fetch(&mut command, plan)
    }

    /// The files of exactly these packages, whatever they depend on.
    pub fn plan_exactly(&self, packages: &[&str]) -> Result<Vec<Deb>> {
        let mut command = self.command("apt-get");
        // Elsewhere than in the downloads, for a file that is there is not listed.
        command.current_dir(self.configuration.with_file_name("empty"));
        // An archive that cannot be reached is only a warning to an update: it shows here.
        let plan = process::output(command.args(["download", "-qq", "--print-uris"]).args(packages));
        let plan = plan.context(Environment(
            "the packages are not in the Debian archive, or it cannot be read: check the network and /etc/apt".into(),
        ))?;
        Ok(parse_plan(&plan))
    }

    /// Downloads what is missing of such a plan; a file that is there whole is kept.
    pub fn download_exactly(&self, packages: &[&str], plan: &[Deb]) -> Result<()> {
        let mut command = self.command("apt-get");
        command.current_dir(&self.downloads).args(["download", "-qq"]).args(packages);
        self.fetch(&mut command, plan)
    }

    /// Runs a downloading apt and shows how far it is.
    fn fetch(&self, command: &mut Command, plan: &[Deb]) -> Result<()> {
        let total = plan.iter().map(|deb| deb.bytes).sum();
        let mut progress = Progress::start("downloading packages", total);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        while child.try_wait()?.is_none() {
            progress.at(bytes_in(&self.downloads) + bytes_in(&self.downloads.join("partial")));
            std::thread::sleep(Duration::from_millis(200));
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let said = process::last_lines(&String::from_utf8_lossy(&output.stderr), 3);
            return Err(Environment(format!(
                "the packages did not all arrive, what did is kept, so run it again: {said}"
            ))
            .into());
        }
        progress.at(total);
        Ok(())
    }
}

/// The machine's own settings for reaching mirrors, as lines of an apt configuration.
fn machine_settings() -> Result<String> {
    let dump = process::output(Command::new("apt-config").arg("dump").stdin(Stdio::null()))?;
    Ok(kept_settings(&dump))
}

fn kept_settings(dump: &str) -> String {
    let is_kept = |line: &&str| {
        let name = line.split([' ', ';']).next().unwrap_or_default();
        KEPT_SETTINGS
            .iter()
            .any(|kept| name.strip_prefix(kept).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
    };
    dump.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
}

fn configure(state: &Path, downloads: &Path, machine_settings: &str) -> String {
    let (state, downloads) = (state.display(), downloads.display());
    // Empty parts keep the machine's own hooks and pins out; auth.conf stays at its usual place.
    format!(
        r#"{machine_settings}Dir::Etc::main "{state}/empty/none";
Dir::Etc::parts "{state}/empty";
Dir::Etc::preferences "{state}/empty/none";
Dir::Etc::preferencesparts "{state}/empty";
Dir::Etc::sourcelist "{state}/sources.list";
Dir::Etc::sourceparts "{state}/empty";
Dir::State "{state}/state";
Dir::State::lists "{state}/lists";
Dir::State::status "{state}/status";
Dir::Cache "{state}";
Dir::Cache::archives "{downloads}";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
"#
    )
}

/// Reads `apt-get --print-uris`: `'uri' file bytes hash`.
fn parse_plan(text: &str) -> Vec<Deb> {
    let parse = |line: &str| {
        let mut words = line.strip_prefix('\'')?.split_whitespace().skip(1);
        Some(Deb { file: words.next()?.to_owned(), bytes: words.next()?.parse().ok()? })
    };
    text.lines().filter_map(parse).collect()
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|file| file.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_about_reaching_a_mirror_are_kept() {
        let dump = "\
APT::Update::Post-Invoke:: \"rm -f /var/cache/apt/*.bin\";
Acquire::http::Proxy \"http://proxy.example.org:3128\";
Acquire::httpsomething \"x\";
Acquire::https::CAInfo \"/etc/ca.pem\";
Acquire::Check-Valid-Until \"false\";
Acquire::AllowInsecureRepositories \"1\";
Dir::State \"/var/lib/apt\";
";
        let kept = kept_settings(dump);
        assert_eq!(kept.lines().count(), 3, "{kept}");
        assert!(kept.contains("Proxy") && kept.contains("CAInfo") && kept.contains("Check-Valid-Until"));
    }

    #[test]
    fn a_plan_is_files_with_sizes() {
        let text = "Reading lists...\n'http://m/a_1%2b2_amd64.deb' a_1+2_amd64.deb 16184 MD5Sum:c4a2\n";
        assert_eq!(parse_plan(text), [Deb { file: "a_1+2_amd64.deb".into(), bytes: 16184 }]);
    }
}
