//! A wire between two network namespaces: a host at one end, a viewer at the other, and so many bits a second between
//! them, with a queue like an access point's.
//!
//! Both namespaces belong to a process that sleeps, and are gone with it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::fault::Environment;
use crate::process::{self, Leash};

/// What can be sent at once: three packets.
const BURST: &str = "32kbit";

/// The queue, in time at the wire's rate: what access points are seen to have.
const QUEUE: &str = "200ms";

/// Where the host is.
pub const HOST: &str = "10.77.0.1";

/// Where the viewer is.
const VIEWER: &str = "10.77.0.2";

/// One end.
#[derive(Clone, Copy)]
pub enum End {
    /// The host's.
    Host,
    /// The viewer's.
    Viewer,
}

/// See the module.
pub struct Wire {
    host: Leash,
    viewer: Leash,
    is_own_user: bool,
}

impl Wire {
    /// Lays one of `megabits_per_second`, each way.
    ///
    /// # Errors
    /// With [`Environment`] where this machine has no such thing.
    pub fn lay(megabits_per_second: u32) -> Result<Self> {
        for program in ["unshare", "nsenter", "ip", "tc"] {
            if !process::is_installed(program) {
                bail!(Environment(format!("{program} is missing: it is part of util-linux or iproute2")));
            }
        }
        let is_own_user = !process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
        let host = namespace(is_own_user, None)?;
        let viewer = namespace(is_own_user, Some(host.0.id()).filter(|_| is_own_user))?;
        let wire = Self { host, viewer, is_own_user };
        wire.connect(megabits_per_second).map_err(|error| {
            Environment(format!("no wire can be laid between network namespaces ({error:#}): it takes root"))
        })?;
        Ok(wire)
    }

    fn connect(&self, megabits_per_second: u32) -> Result<()> {
        let viewer = self.viewer.0.id().to_string();
        let rate = format!("{megabits_per_second}mbit");
        let say = |end, words: &[&str]| {
            let mut command = Command::new(words[0]);
            command.args(&words[1..]);
            process::output(&mut self.inside(end, &command)).map(drop)
        };
        say(
            End::Host,
            &["ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", &viewer],
        )?;
        for (end, address) in [(End::Host, HOST), (End::Viewer, VIEWER)] {
            say(end, &["ip", "address", "add", &format!("{address}/24"), "dev", "wire"])?;
            say(end, &["ip", "link", "set", "lo", "up"])?;
            say(end, &["ip", "link", "set", "wire", "up"])?;
            let queue = ["rate", &rate, "burst", BURST, "latency", QUEUE];
            say(end, &[&["tc", "qdisc", "add", "dev", "wire", "root", "tbf"][..], &queue].concat())?;
        }
        Ok(())
    }

    /// The command at one end of the wire, with what it has been given so far.
    pub fn inside(&self, end: End, command: &Command) -> Command {
        let of = match end {
            End::Host => &self.host,
            End::Viewer => &self.viewer,
        };
        let mut inside = process::leashed("nsenter");
        inside.arg("--target").arg(of.0.id().to_string()).arg("--net");
        if self.is_own_user {
            inside.args(["--user", "--preserve-credentials"]);
        }
        inside.arg("--").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        inside
    }

    /// Bytes that have come to the viewer's end, headers included.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn received_bytes(&self) -> Result<u64> {
        let path = format!("/proc/{}/net/dev", self.viewer.0.id());
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let line =
            text.lines().find_map(|line| line.trim().strip_prefix("wire:")).context("there is no wire")?;
        Ok(line.split_whitespace().next().context("the wire counts nothing")?.parse()?)
    }
}

/// A process that sleeps in a network of its own.
fn namespace(is_own_user: bool, beside: Option<u32>) -> Result<Leash> {
    let mut command = match beside {
        // The other end of a wire must belong to the same user.
        Some(other) => {
            let mut command = process::leashed("nsenter");
            command.arg("--target").arg(other.to_string());
            command.args(["--user", "--preserve-credentials", "--", "unshare", "--net"]);
            command
        }
        None => {
            let mut command = process::leashed("unshare");
            command.arg("--net");
            if is_own_user {
                command.args(["--user", "--map-root-user"]);
            }
            command
        }
    };
    command.args(["sleep", "infinity"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = Leash(command.spawn().context("cannot start unshare")?);
    let own = fs::read_link("/proc/self/ns/net").context("this system has no network namespaces")?;
    let path = format!("/proc/{}/ns/net", child.0.id());
    for _ in 0..200 {
        let has_exec = fs::read(format!("/proc/{}/comm", child.0.id())).is_ok_and(|name| name == b"sleep\n");
        if has_exec && fs::read_link(Path::new(&path)).is_ok_and(|of| of != own) {
            return Ok(child);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    bail!(Environment("this user may not make network namespaces: it takes root".into()))
}
