//! Which twin each host showed last, and which were carried here, whoever shows them: who comes says so, and is sent
//! only what is new.
//!
//! A text file with a line a twin: the fingerprint of its host, or zeros, and the manifest's name, the latest last.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::{Care, write_atomically};
use crate::protocol::{ContentHash, Fingerprint};

/// Twins that are remembered; beyond, the one that was seen longest ago is forgotten.
const TWINS_MAX: usize = 256;

/// Of them, those that were carried here: a newcomer names them all.
const CARRIED_MAX: usize = 4;

/// In the place of a host.
const CARRIED: ContentHash = ContentHash([0; 32]);

/// A line: two names of 64 digits, a space, and its end.
const LINE_BYTES: usize = 64 + 1 + 64 + 1;

const FILE_NAME: &str = "known";

/// See the module. Its file may be lost at any time: then more is sent than need be.
#[derive(Debug)]
pub struct Known {
    path: PathBuf,
    twins: Vec<(ContentHash, ContentHash)>,
}

impl Known {
    /// What is known in this folder; nothing where the file is not there or not one.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join(FILE_NAME);
        Self { twins: Self::read(&path), path }
    }

    fn read(path: &Path) -> Vec<(ContentHash, ContentHash)> {
        let mut text = String::new();
        let read = fs::File::open(path)
            .and_then(|file| file.take((TWINS_MAX * LINE_BYTES) as u64).read_to_string(&mut text));
        let line = |line: &str| {
            let (host, manifest) = line.split_once(' ')?;
            Some((host.parse().ok()?, manifest.parse().ok()?))
        };
        read.map_or(Vec::new(), |_| text.lines().filter_map(line).collect())
    }

    /// What this host showed last.
    pub fn shown_by(&self, host: Fingerprint) -> Option<ContentHash> {
        let host = ContentHash(host.0);
        self.twins.iter().rev().find(|(other, _)| *other == host).map(|(_, manifest)| *manifest)
    }

    /// What was carried here, the latest first.
    pub fn carried(&self) -> impl Iterator<Item = ContentHash> {
        self.twins.iter().rev().filter(|(host, _)| *host == CARRIED).map(|(_, manifest)| *manifest)
    }

    /// This host shows that.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember(&mut self, host: Fingerprint, manifest: ContentHash) -> io::Result<()> {
        self.put((ContentHash(host.0), manifest), 1)
    }

    /// That was carried here.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn carry(&mut self, manifest: ContentHash) -> io::Result<()> {
        self.put((CARRIED, manifest), CARRIED_MAX)
    }

    /// Puts it last, and forgets what is more than `twins_max` of the same host.
    fn put(&mut self, twin: (ContentHash, ContentHash), twins_max: usize) -> io::Result<()> {
        // Others write here too: a visit, while something is unpacked beside it.
        self.twins = Self::read(&self.path);
        if self.twins.last() == Some(&twin) {
            return Ok(());
        }
        self.twins.retain(|other| *other != twin);
        let mut surplus =
            (self.twins.iter().filter(|(host, _)| *host == twin.0).count() + 1).saturating_sub(twins_max);
        self.twins.retain(|(host, _)| {
            let is_surplus = *host == twin.0 && surplus > 0;
            surplus -= usize::from(is_surplus);
            !is_surplus
        });
        self.twins.drain(..(self.twins.len() + 1).saturating_sub(TWINS_MAX));
        self.twins.push(twin);
        let text: String = self.twins.iter().map(|(host, manifest)| format!("{host} {manifest}\n")).collect();
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
        assert_eq!((known.shown_by(host(44)), known.twins.len()), (Some(ContentHash([7; 32])), 256));
        assert_eq!(known.shown_by(host(43)), None);
        fs::write(folder.path().join(FILE_NAME), b"\xff\xff nonsense\n").unwrap();
        assert_eq!(Known::open(folder.path()).shown_by(host(299)), None);
    }

    #[test]
    fn the_last_twins_that_were_carried_here_are_remembered_beside_those_of_hosts() {
        let folder = tempfile::TempDir::new().unwrap();
        let (mut known, mut beside) = (Known::open(folder.path()), Known::open(folder.path()));
        let twin = |n: u8| ContentHash([n; 32]);
        beside.remember(Fingerprint([9; 32]), twin(9)).unwrap();
        for n in [1, 2, 3, 1, 4, 5] {
            known.carry(twin(n)).unwrap();
        }
        beside.remember(Fingerprint([8; 32]), twin(8)).unwrap();
        let known = Known::open(folder.path());
        assert_eq!(known.carried().collect::<Vec<_>>(), [5, 4, 1, 3].map(twin));
        assert_eq!((known.shown_by(Fingerprint([9; 32])), known.twins.len()), (Some(twin(9)), 6));
    }
}
