//! What a server's process does: serves until its standard input ends, and answers each line of it with how it is.

use std::io::{BufRead as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use pavilion::host::serve::{ServeStats, Server, ServerOptions, VISITORS_MAX};

use crate::child::{Answer, Kind};
use crate::plain::Plain;

/// Where both listen.
pub const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Serves this twin, as the server that `kind` names.
pub fn run(kind: &str, twin: &Path, identity: &Path) {
    if kind == Kind::Host.word() {
        // All who come here come from one address.
        let options =
            ServerOptions { bind: LOOPBACK, address_max: VISITORS_MAX, ..ServerOptions::new(twin, identity) };
        let server = Server::start(options).expect("a host");
        println!("{}", server.link());
        answer(|| server.stats());
    } else {
        let plain = Plain::start(twin, identity);
        println!("{}", plain.link);
        answer(ServeStats::default);
    }
}

fn answer(stats: impl Fn() -> ServeStats) {
    for question in std::io::stdin().lock().lines() {
        if question.is_err() {
            return;
        }
        let ServeStats { visitors, retries, turned_away, .. } = stats();
        let answer = Answer {
            cpu_nanos: cpu_nanos(),
            memory_bytes: memory_bytes("VmRSS:"),
            memory_peak_bytes: memory_bytes("VmHWM:"),
            visitors,
            retries,
            turned_away,
        };
        let line = serde_json::to_string(&answer).expect("an answer");
        // Whoever has asked may be gone.
        if writeln!(std::io::stdout(), "{line}").is_err() {
            return;
        }
    }
}

/// CPU time of all threads of this process.
pub fn cpu_nanos() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// What Linux says of this process's memory; 0 elsewhere.
fn memory_bytes(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}
