//! Running a program with a time limit, after which nothing of it is left.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process;

/// How often a program is asked whether it has ended.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// What a program said to its end.
#[derive(Debug)]
pub struct Said {
    /// `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Said {
    /// The last that it said on standard error.
    pub fn last_words(&self) -> String {
        format!("exit code {:?}: {}", self.code, process::last_lines(&self.stderr, 3))
    }
}

/// A program with everything that it has started, in a process group of its own that ends with the owner. What it says
/// goes to files: a daemon that it leaves behind would hold a pipe open.
pub struct Group {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Group {
    /// Starts it; what it says lies in `folder` until the owner goes.
    pub fn start(command: &mut Command, folder: &Path) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = |kind: &str| folder.join(format!("{kind}-{}-{number}", std::process::id()));
        let (stdout, stderr) = (file("stdout"), file("stderr"));
        command.stdin(Stdio::null()).stdout(File::create(&stdout)?).stderr(File::create(&stderr)?);
        let child = command.process_group(0).spawn().context("it cannot be started")?;
        Ok(Self { child, stdout, stderr })
    }

    /// What it has said so far on standard output and standard error.
    pub fn said(&self) -> Result<[String; 2]> {
        let read = |path: &Path| -> Result<String> {
            Ok(String::from_utf8_lossy(&fs::read(path).context("what it said is gone")?).into_owned())
        };
        Ok([read(&self.stdout)?, read(&self.stderr)?])
    }

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits for its end, at most `limit`.
    fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if start.elapsed() > limit {
                let [_, stderr] = self.said()?;
                let said = process::last_lines(&stderr, 3);
                bail!("it has not ended after {} s and was stopped: {said}", limit.as_secs());
            }
            std::thread::sleep(LOOK_INTERVAL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // All of it may have ended already, which is what we want.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.stdout);
        let _ = fs::remove_file(&self.stderr);
    }
}

/// Runs a program to its end, at most `limit`, with files for what it says in `folder`.
///
/// # Errors
/// When it cannot be started or does not end. Its own exit code is for the caller to judge.
pub fn limited(command: &mut Command, folder: &Path, limit: Duration) -> Result<Said> {
    let mut group = Group::start(command, folder)?;
    let status = group.wait(limit)?;
    let [stdout, stderr] = group.said()?;
    Ok(Said { code: status.code(), stdout, stderr })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = process::leashed("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_it_says_and_how_it_ends_is_told() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let said =
            limited(&mut shell("echo out; echo err >&2; exit 5"), folder.path(), Duration::from_secs(20))
                .expect("it ends");
        assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (Some(5), "out\n", "err\n"));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is left");
    }

    #[test]
    fn what_does_not_end_is_stopped_with_its_children() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let mark = folder.path().join("child");
        let script = format!("sleep 600 & echo $! > {}; echo still busy >&2; wait", mark.display());
        let error =
            limited(&mut shell(&script), folder.path(), Duration::from_secs(1)).expect_err("it is stopped");
        assert!(error.to_string().contains("still busy"), "{error}");
        let child = fs::read_to_string(&mark).expect("a process");
        let stat = format!("/proc/{}/stat", child.trim());
        let is_gone = || fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
        let start = Instant::now();
        while !is_gone() {
            assert!(start.elapsed() < Duration::from_secs(5), "its child is still there");
            std::thread::sleep(LOOK_INTERVAL);
        }
    }
}
