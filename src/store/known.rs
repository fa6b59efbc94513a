//! Which twin each host showed last: who comes back says so, and is sent only what is new.
//!
//! A text file with a line a host: its fingerprint and the manifest's name, the latest last.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{Care, write_atomically};
use crate::protocol::{ContentHash, Fingerprint};

/// Hosts that are remembered; beyond, the one that was seen longest ago is forgotten.
const HOSTS_MAX: usize = 256;

/// A line: two names of 64 digits, a space, and its end.
const LINE_BYTES: usize = 64 + 1 + 64 + 1;

const FILE_NAME: &str = "known";

/// See the module. Its file may be lost at any time: then more is sent than need be.
#[derive(Debug)]
pub struct Known {
    path: PathBuf,
    hosts: Vec<(ContentHash, ContentHash)>,
}

impl Known {
    /// What is known in this folder; nothing where the file is not there or not one.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join(FILE_NAME);
        let mut text = String::new();
        let read = fs::File::open(&path)
            .and_then(|file| file.take((HOSTS_MAX * LINE_BYTES) as u64).read_to_string(&mut text));
        let line = |line: &str| {
            let (host, manifest) = line.split_once(' ')?;
            Some((host.parse().ok()?, manifest.parse().ok()?))
        };
        let hosts = read.map_or(Vec::new(), |_| text.lines().filter_map(line).collect());
        Self { path, hosts }
    }

    /// What this host showed last.
    pub fn shown_by(&self, host: Fingerprint) -> Option<ContentHash> {
        let host = ContentHash(host.0);
        self.hosts.iter().rev().find(|(other, _)| *other == host).map(|(_, manifest)| *manifest)
    }

    /// This host shows that.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember(&mut self, host: Fingerprint, manifest: ContentHash) -> io::Result<()> {
        let host = ContentHash(host.0);
        if self.hosts.last() == Some(&(host, manifest)) {
            return Ok(());
        }
        self.hosts.retain(|(other, _)| *other != host);
        let surplus = (self.hosts.len() + 1).saturating_sub(HOSTS_MAX);
        self.hosts.drain(..surplus);
        self.hosts.push((host, manifest));
        let text: String = self.hosts.iter().map(|(host, manifest)| format!("{host} {manifest}\n")).collect();
        let partial_name = format!("{FILE_NAME}.{}.partial", std::process::id());
        write_atomically(&self.path, &partial_name, text.as_bytes(), Care::Cache)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_last_twin_of_each_host_is_remembered_and_others_in_time_forgotten() {
        let folder = tempfile::TempDir::new().unwrap();
        let host = |n: u16| {
            let mut bytes = [0; 32];
            bytes[..2].copy_from_slice(&n.to_be_bytes());
            Fingerprint(bytes)
        };
        let mut known = Known::open(folder.path());
        assert_eq!(known.shown_by(host(1)), None);
        for n in 0..300 {
            known.remember(host(n), ContentHash([7; 32])).unwrap();
        }
        known.remember(host(299), ContentHash([8; 32])).unwrap();
        let known = Known::open(folder.path());
        assert_eq!(known.shown_by(host(299)), Some(ContentHash([8; 32])));
        assert_eq!((known.shown_by(host(44)), known.hosts.len()), (Some(ContentHash([7; 32])), 256));
        assert_eq!(known.shown_by(host(43)), None);
        fs::write(folder.path().join(FILE_NAME), b"\xff\xff nonsense\n").unwrap();
        assert_eq!(Known::open(folder.path()).shown_by(host(299)), None);
    }
}
