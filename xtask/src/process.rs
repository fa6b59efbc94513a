//! Starting other programs so that none outlives the chore and a failure names itself.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use anyhow::{Context, Result, bail};

/// A command that the kernel stops when this process dies, kill -9 included.
///
/// Without `setpriv` (not Linux, or no util-linux) it is the plain command.
pub fn leashed(program: impl AsRef<OsStr>) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if !setpriv.exists() {
        return Command::new(program);
    }
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Runs to the end and returns what was printed; a failure carries the last lines of stderr.
pub fn output(command: &mut Command) -> Result<String> {
    let name = name_of(command);
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed ({}): {}", describe(output.status), last_lines(&said, 3));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs to the end with our own stdout and stderr.
pub fn check(command: &mut Command) -> Result<()> {
    let name = name_of(command);
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} failed ({})", describe(status));
    }
    Ok(())
}

/// The program's own name and first word, for messages.
fn name_of(command: &Command) -> String {
    let mut words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    if words.first().is_some_and(|first| Path::new(first).ends_with("setpriv")) {
        words.drain(..4.min(words.len()));
    }
    let program = words.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    let argument = words.get(1).map(|word| format!(" {}", word.to_string_lossy())).unwrap_or_default();
    format!("`{}{argument}`", program.to_string_lossy())
}

/// An exit status in words.
pub fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// The last lines that hold something, joined into one.
pub fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join(" / ")
}

/// A child that ends with its owner, whichever way the owner ends.
pub struct Leash(pub Child);

impl Drop for Leash {
    fn drop(&mut self) {
        // Both fail only when the child has already ended, which is what we want.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a program of this name is on the search path.
pub fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|folder| folder.join(program).is_file()))
}
