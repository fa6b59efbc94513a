//! A server as a process of its own: this very program, told to serve. It ends with its owner, also when that is
//! killed: then its standard input ends.

use std::io::{BufRead, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use pavilion::protocol::JoinLink;
use serde::{Deserialize, Serialize};

/// The first argument of such a process.
pub const SERVE: &str = "serve";

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pavilion's, as `pavilion host` starts it.
    Host,
    /// QUIC alone, with the host's configuration.
    Plain,
}

impl Kind {
    /// As an argument.
    pub fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Plain => "plain",
        }
    }
}

/// How a server is at one moment; the line that it answers each question with.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    /// CPU time of all of its threads so far.
    pub cpu_nanos: u64,
    /// Its memory now, and the most that it was.
    pub memory_bytes: u64,
    pub memory_peak_bytes: u64,
    /// Of the host alone.
    pub visitors: usize,
    pub retries: u64,
    pub turned_away: u64,
}

/// A server that serves.
pub struct Server {
    /// Where it is.
    pub link: JoinLink,
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts it and waits until it can be reached.
    pub fn start(kind: Kind, twin: &Path, identity: &Path) -> Self {
        // As cargo called it, by its whole path; on the software-Vulkan prefix the system would name the loader.
        let program = std::env::args_os().next().expect("this program");
        let mut command = Command::new(program);
        command.args([SERVE, kind.word()]).args([twin, identity]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a server");
        let mut said = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = said.next().expect("a link").expect("a link");
        Self { link: line.parse().expect("a link"), child, said }
    }

    /// How it is now.
    pub fn ask(&mut self) -> Answer {
        let input = self.child.stdin.as_mut().expect("its input");
        input.write_all(b"\n").expect("a question");
        let line = self.said.next().expect("an answer").expect("an answer");
        serde_json::from_str(&line).expect("an answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends by itself once nobody can ask any more; nothing is left to do if it has.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
