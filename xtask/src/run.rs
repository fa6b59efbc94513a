//! `cargo xtask run`: Pavilion where it belongs, on the connected headset; or, behind `--`, on this machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};

use crate::fault::ChildExit;
use crate::setup::cache::Cache;
use crate::setup::prefix::Prefix;
use crate::setup::{self, Downloads};
use crate::{headset, process, workspace};

/// Start Pavilion: on the connected headset or, with `--`, on this machine.
///
///   cargo xtask run                            build, install and start on the headset
///   cargo xtask run 'pavilion://…'             the same, and join that venue
///   cargo xtask run --installed 'pavilion://…' start what is installed
///
///   cargo xtask run -- view garage.glb         `pavilion` on this machine's software Vulkan
///   cargo xtask run -- view 'pavilion://…' --headless --frames 60 --shot out/
///
/// The second form is for machines whose own driver will not do.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// The venue to join on the headset.
    #[arg(value_name = "LINK", conflicts_with = "pavilion")]
    link: Option<String>,
    #[command(flatten)]
    which: headset::Which,
    /// Install this APK instead of building one.
    #[arg(long, value_name = "FILE", conflicts_with = "pavilion")]
    apk: Option<PathBuf>,
    /// Start what is installed: build and install nothing.
    #[arg(long, conflicts_with_all = ["apk", "pavilion"])]
    installed: bool,
    /// Build optimised; for the headset that is always so.
    #[arg(long, requires = "pavilion")]
    release: bool,
    /// The arguments of `pavilion` on this machine.
    #[arg(last = true, value_name = "PAVILION ARGUMENTS", conflicts_with = "device")]
    pavilion: Vec<OsString>,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    if arguments.pavilion.is_empty() {
        let (link, apk) = (arguments.link.as_deref(), arguments.apk.as_deref());
        return headset::start(&arguments.which, link, apk, arguments.installed);
    }
    let prefix = setup::for_running(&Cache::of_user()?, Downloads::Forget)?;
    let program = workspace::build_pavilion(arguments.release)?;
    let status = on_prefix(&prefix, &program).args(&arguments.pavilion).status();
    pass_on(status.with_context(|| format!("cannot start {}", program.display()))?)
}

/// A command that starts `program` on the prefix and ends with this process.
pub fn on_prefix(prefix: &Prefix, program: &Path) -> Command {
    let mut command = process::leashed(prefix.run());
    command.arg(program);
    command
}

/// Makes a child's exit ours; one that a signal ended counts as 128 and the signal, as in a shell.
pub fn pass_on(status: ExitStatus) -> Result<()> {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    if code == 0 { Ok(()) } else { Err(ChildExit(u8::try_from(code).unwrap_or(1)).into()) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        run: Arguments,
    }

    fn parse(words: &[&str]) -> Result<Arguments, clap::error::ErrorKind> {
        let line = Line::try_parse_from([&["run"], words].concat());
        line.map(|line| line.run).map_err(|error| error.kind())
    }

    #[test]
    fn two_dashes_mean_this_machine_and_nothing_means_the_headset() {
        assert!(parse(&[]).expect("the headset").pavilion.is_empty());
        let link = parse(&["pavilion://a:1#b", "--device", "X"]).expect("the headset");
        assert_eq!(
            (link.link.as_deref(), link.which.device.as_deref()),
            (Some("pavilion://a:1#b"), Some("X"))
        );
        let here = parse(&["--release", "--", "view", "a.glb", "--json"]).expect("this machine");
        assert_eq!(here.pavilion, ["view", "a.glb", "--json"]);
        assert!(here.release && here.link.is_none());
    }

    #[test]
    fn the_two_forms_do_not_mix() {
        for words in [
            &["pavilion://a", "--", "view"][..],
            &["--device", "X", "--", "view"],
            &["--installed", "--", "view"],
            &["--apk", "a.apk", "--installed"],
        ] {
            assert_eq!(parse(words).err(), Some(clap::error::ErrorKind::ArgumentConflict), "{words:?}");
        }
        assert_eq!(parse(&["--release"]).err(), Some(clap::error::ErrorKind::MissingRequiredArgument));
    }
}
