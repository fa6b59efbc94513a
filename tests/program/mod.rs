//! The built program as tests run it: through the software-Vulkan prefix where that is in use, with
//! folders of its own, and never longer than it should.

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Keys of two visitors, whose colours are the same in every run: PKCS #8 of the Ed25519 seeds 0101… and
/// 0202….
pub const KEYS: [&str; 2] = [
    "MC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB",
    "MC4CAQAwBQYDK2VwBCIEIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC",
];

/// Folders of one test: everything that the program keeps goes there.
pub struct Home {
    pub folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes whoever visits from here known by `key`.
    pub fn keep_key(&self, key: &str) {
        let folder = self.path("data");
        std::fs::create_dir_all(&folder).unwrap();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        std::fs::write(folder.join("visitor-key.pem"), pem).unwrap();
    }

    /// The program with `arguments`.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Command {
        let program = env!("CARGO_BIN_EXE_pavilion");
        let mut command = match std::env::var_os("PAVILION_XR_PREFIX") {
            Some(prefix) => {
                let mut command = Command::new(Path::new(&prefix).join("xr/run"));
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .args(arguments)
            .env("PAVILION_CACHE", self.path("cache"))
            .env("PAVILION_DATA", self.path("data"))
            // Not whatever runtime this machine prefers: the prefix's.
            .env_remove("XR_RUNTIME_JSON")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Output {
        self.command(arguments).spawn().unwrap().wait_with_output().unwrap()
    }

    /// Runs it and expects success; returns what it printed as JSON.
    pub fn json<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
    }

    /// Runs it and expects it to fail with `code` and exactly one sentence, which is returned.
    pub fn failure<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S], code: i32) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{errors}");
        let lines: Vec<&str> = errors.lines().filter(|line| line.starts_with("pavilion: ")).collect();
        assert_eq!(lines.len(), 1, "one sentence was expected:\n{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
        lines[0].to_owned()
    }

    /// Starts a host and waits for its join link.
    pub fn host(&self, folder: &Path, more: &[&str]) -> Host {
        let folder = folder.to_str().unwrap();
        let mut arguments = vec!["host", folder];
        if !more.contains(&"--listen") {
            arguments.extend(["--listen", "127.0.0.1:0"]);
        }
        arguments.extend(more);
        let mut child = self.command(&arguments).spawn().unwrap();
        let (sender, receiver) = sync_channel(1);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::Builder::new()
            .name("host output".into())
            .spawn(move || {
                let link = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("pavilion://"));
                let _ = sender.send(link);
                lines.for_each(drop);
            })
            .unwrap();
        let link = receiver.recv_timeout(Duration::from_secs(30)).ok().flatten();
        let Some(link) = link else {
            let _ = child.kill();
            let mut errors = String::new();
            let _ = child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut errors));
            panic!("the host printed no join link: {errors}");
        };
        Host { link, child }
    }
}

/// A running host; it ends with the test.
pub struct Host {
    pub link: String,
    pub child: Child,
}

impl Host {
    pub fn errors(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `condition` holds, at most `limit`.
pub fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// A folder of test inputs made by others, or `None` with a printed reason.
pub fn test_data(inside: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("PAVILION_TEST_DATA") else {
        println!("skipped: PAVILION_TEST_DATA names no folder with {inside}");
        return None;
    };
    let path = PathBuf::from(root).join(inside);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// Whether frames can be drawn here; prints the reason where not.
pub fn can_draw(home: &Home) -> bool {
    // Where something is missing the doctor exits with 3, and still prints its facts.
    let facts: Value = serde_json::from_slice(&home.run(&["doctor", "--json"]).stdout).unwrap();
    let works = facts["vulkan"]["has_multiview"] == true;
    if !works {
        println!("skipped: no Vulkan driver here draws both eyes at once: {}", facts["vulkan"]);
    }
    works
}

/// Whether a program of another package is there; prints the reason where not.
pub fn has_program(name: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|folder| folder.join(name).exists()));
    if !found {
        println!("skipped: {name} is not installed");
    }
    found
}
