//! What the person chose in the menu, kept from visit to visit in a small file.
//!
//! Read once at the start, written by a thread of its own whenever something was chosen: a frame never
//! waits for a disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use crate::rig::{Settings, Turn};
use crate::store::{Care, write_atomically};

/// What the file is called.
const FILE_NAME: &str = "settings.json";

/// Longer than any such file.
const FILE_BYTES_MAX: u64 = 4096;

/// Choices that wait to be written; of several only the last matters.
const WAITING_MAX: usize = 8;

/// A snap turn is within these, degrees.
const SNAP_DEGREES: std::ops::RangeInclusive<f32> = 10.0..=90.0;

/// The file.
pub struct SettingsFile {
    writer: Option<(SyncSender<Settings>, JoinHandle<()>)>,
}

impl SettingsFile {
    /// The file in `folder` and what is in it. Where it is missing or broken, the defaults; where there is
    /// no folder, nothing is kept.
    pub fn open(folder: Option<&Path>) -> (Self, Settings) {
        let Some(folder) = folder else { return (Self { writer: None }, Settings::default()) };
        let path = folder.join(FILE_NAME);
        let settings = read(&path).unwrap_or_else(|reason| {
            tracing::warn!("your settings in {} are not used ({reason}): the gentlest are", path.display());
            Settings::default()
        });
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let spawned = Builder::new().name("settings".to_owned()).spawn(move || write_all(&path, &receiver));
        let writer = spawned.inspect_err(|error| {
            tracing::warn!("settings will not be kept: no thread was to be had ({error})")
        });
        (Self { writer: writer.ok().map(|thread| (sender, thread)) }, settings)
    }

    /// Keeps these from now on. Does not wait.
    pub fn keep(&self, settings: Settings) {
        if let Some((sender, _)) = &self.writer
            && sender.try_send(settings).is_err()
        {
            tracing::warn!("a setting is not kept: the disk is too slow for so many");
        }
    }
}

impl Drop for SettingsFile {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.writer.take() {
            drop(sender);
            // What was chosen last is on the disk when the program ends.
            let _ = thread.join();
        }
    }
}

fn write_all(path: &Path, receiver: &Receiver<Settings>) {
    while let Ok(mut settings) = receiver.recv() {
        while let Ok(later) = receiver.try_recv() {
            settings = later;
        }
        if let Err(error) = write(path, &settings) {
            let path = path.display();
            tracing::warn!("your settings cannot be kept in {path} ({error}): check its permissions");
        }
    }
}

fn write(path: &Path, settings: &Settings) -> io::Result<()> {
    let json = serde_json::to_vec_pretty(settings)?;
    let folder: PathBuf = path.parent().unwrap_or(Path::new(".")).to_owned();
    fs::create_dir_all(folder)?;
    let partial_name = format!("{FILE_NAME}.{}.partial", std::process::id());
    write_atomically(path, &partial_name, &json, Care::Secret)
}

fn read(path: &Path) -> Result<Settings, String> {
    let facts = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Settings::default()),
        facts => facts.map_err(|error| error.to_string())?,
    };
    if facts.len() > FILE_BYTES_MAX {
        return Err(format!("{} bytes are too many", facts.len()));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let settings: Settings = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    match settings.turn {
        Turn::Snap { angle_degrees } if !SNAP_DEGREES.contains(&angle_degrees) => {
            Err(format!("nobody turns by {angle_degrees}° at once"))
        }
        _ => Ok(settings),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rig::Walk;

    #[test]
    fn what_was_chosen_last_is_there_the_next_time() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("not/yet");
        let (file, first) = SettingsFile::open(Some(&folder));
        assert_eq!(first, Settings::default());
        assert!(!folder.exists(), "looking makes nothing");
        let chosen = Settings { turn: Turn::Smooth, walk: Walk::Slide, is_mono: true };
        file.keep(Settings { is_mono: true, ..first });
        file.keep(chosen);
        drop(file);
        let (file, again) = SettingsFile::open(Some(&folder));
        assert_eq!(again, chosen);
        drop(file);
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FILE_NAME], "nothing half-written is left");
        assert_eq!(SettingsFile::open(None).1, Settings::default());
    }

    #[test]
    fn a_broken_file_gives_the_defaults_and_what_it_lacks_is_the_default() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE_NAME);
        let huge = " ".repeat(5000);
        let odd = r#"{"turn":{"Snap":{"angle_degrees":1e9}}}"#;
        for broken in ["", "{", "[]x", "{\"walk\":\"Fly\"}", odd, huge.as_str(), "\u{0}\u{1}"] {
            fs::write(&path, broken).unwrap();
            assert!(read(&path).is_err(), "{broken:.20}");
            assert_eq!(SettingsFile::open(Some(home.path())).1, Settings::default());
        }
        fs::write(&path, r#"{"is_mono":true,"of a later version":[1,2]}"#).unwrap();
        assert_eq!(read(&path).unwrap(), Settings { is_mono: true, ..Settings::default() });
    }
}
