//! What a real sound server plays: a PulseAudio of the prefix with a null output, whose monitor is recorded.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use glam::{Quat, Vec3};

use super::{Choice, Device, probe};
use crate::audio::{Source, open};
use crate::math::Pose;
use crate::scene::{BlobId, Clip, ClipId, Samples, Sound};

/// A server of our own; it ends with the test.
struct Server {
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Server {
    /// `None`, with the reason printed, where there is no PulseAudio.
    fn new() -> Option<Self> {
        let prefix = std::env::var_os("PAVILION_XR_PREFIX").map(PathBuf::from);
        if !prefix.is_some_and(|prefix| prefix.join("usr/bin/pulseaudio").exists()) {
            println!("skipped: PAVILION_XR_PREFIX names no folder with a PulseAudio in it");
            return None;
        }
        Some(Self { folder: tempfile::tempdir().unwrap(), child: None })
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("native")
    }

    /// Where the monitor of the output is heard, 16 bits in stereo.
    fn monitor(&self) -> PathBuf {
        self.folder.path().join("monitor")
    }

    /// Hears it, and does not wait for ever.
    fn listen(&self) -> UnixStream {
        let stream = UnixStream::connect(self.monitor()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    fn start(&mut self) {
        let prefix = PathBuf::from(std::env::var_os("PAVILION_XR_PREFIX").unwrap());
        let home = self.folder.path();
        let modules = find(&prefix.join("usr/lib"), "module-null-sink.so").expect("its modules");
        let socket =
            format!("module-native-protocol-unix socket={} auth-anonymous=1", self.socket().display());
        let output = "module-null-sink sink_name=out rate=48000 format=s16le channels=2";
        let monitor = format!(
            "module-simple-protocol-unix socket={} source=out.monitor record=1 playback=0 rate=48000 format=s16le channels=2",
            self.monitor().display()
        );
        let modules = modules.parent().unwrap();
        let libraries = prefix.join("usr/lib/x86_64-linux-gnu");
        // Not by the prefix's launcher: modules have libraries of their own beside them.
        let library_path = [&libraries, &libraries.join("pulseaudio"), &modules.to_owned()]
            .map(|folder| folder.display().to_string())
            .join(":");
        let child = Command::new(prefix.join("usr/lib64/ld-linux-x86-64.so.2"))
            .args(["--library-path", &library_path])
            .arg(prefix.join("usr/bin/pulseaudio"))
            .args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes"])
            .args(["--system=no", "--log-target=stderr", "--realtime=no", "--high-priority=no"])
            .arg(format!("--dl-search-path={}", modules.display()))
            .args([output, &monitor, &socket].map(|module| format!("--load={module}")))
            .envs([("HOME", home), ("XDG_RUNTIME_DIR", home), ("PULSE_RUNTIME_PATH", home)])
            .stderr(fs::File::create(home.join("log")).unwrap())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(wait(|| probe(&self.choice()).is_ok()), "{:?}\n{}", probe(&self.choice()), log());
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn choice(&self) -> Choice {
        Choice { server: Some(self.socket()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder { find(&path, name) } else { (entry.file_name() == name).then_some(path) }
    })
}

fn wait(mut condition: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// The next `frames` that are not silence from the monitor.
fn record(monitor: &mut UnixStream, frames: usize) -> Vec<[f32; 2]> {
    let mut heard = Vec::with_capacity(frames);
    let until = Instant::now() + Duration::from_secs(20);
    let mut bytes = [0; 4 * 480];
    while heard.len() < frames {
        assert!(Instant::now() < until, "only {} frames were heard", heard.len());
        monitor.read_exact(&mut bytes).unwrap();
        for [a, b, c, d] in bytes.as_chunks::<4>().0 {
            let frame = [i16::from_le_bytes([*a, *b]), i16::from_le_bytes([*c, *d])];
            if frame != [0; 2] || !heard.is_empty() {
                heard.push(frame.map(|value| f32::from(value) / 32_768.0));
            }
        }
    }
    heard.truncate(frames);
    heard
}

fn level(frames: &[[f32; 2]], ear: usize) -> f32 {
    (frames.iter().map(|frame| frame[ear] * frame[ear]).sum::<f32>() / frames.len() as f32).sqrt()
}

/// A tone of 1 kHz, 2 m to the left.
fn tone() -> Source {
    let turn = std::f32::consts::TAU / 48.0;
    let values = (0..48_000).map(|frame| ((frame as f32 * turn).sin() * 16_000.0) as i16).collect();
    let clip = Clip { blob: BlobId(0), frame_count: 48_000, is_stereo: false, loops: true };
    let sound = Sound {
        clip: ClipId(0),
        entity: None,
        position: Vec3::NEG_X * 2.0,
        gain_decibels: 0.0,
        inner_metres: 1.0,
        radius_metres: 50.0,
        is_ambient: false,
    };
    Source::new(&sound, &clip, Samples { channel_count: 1, values })
}

#[test]
fn a_real_server_plays_what_each_ear_is_to_hear_and_is_found_again_after_it_was_killed() {
    let Some(mut server) = Server::new() else { return };
    let (mut desk, mixer) = open();
    desk.add(tone()).unwrap();
    desk.listen(Pose::IDENTITY);
    // There is no server yet: silence, and it is tried again.
    let device = Device::start(mixer, server.choice()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert!(!device.is_open());
    server.start();
    assert!(wait(|| device.is_open()), "the server was not found");

    let mut monitor = server.listen();
    record(&mut monitor, 9_600);
    let heard = record(&mut monitor, 24_000);
    // The head-shadow filter of Brown and Duda (1998) at 1 kHz for 0° and 180°.
    let ratio = 1_000.0 * std::f32::consts::TAU / (2.0 * 343.0 / 0.0875);
    let at = |alpha: f32| ((1.0 + (alpha * ratio).powi(2)) / (1.0 + ratio * ratio)).sqrt();
    let expected = [at(2.0), at(1.05 + 0.95 * 216_f32.to_radians().cos())];
    for ear in [0, 1] {
        let pressure = 16_000.0 / 32_768.0 / 2.0 / 2.0_f32.sqrt() * expected[ear];
        let error = 20.0 * (level(&heard, ear) / pressure).log10();
        assert!(error.abs() < 0.3, "ear {ear} is off by {error} dB");
    }

    desk.listen(Pose { orientation: Quat::from_rotation_y(std::f32::consts::PI), ..Pose::IDENTITY });
    record(&mut monitor, 19_200);
    let turned = record(&mut monitor, 9_600);
    assert!(level(&turned, 1) > level(&turned, 0) * 1.3, "it is at the other ear once the head has turned");

    server.stop();
    assert!(wait(|| !device.is_open()), "the loss was not seen");
    server.start();
    assert!(wait(|| device.is_open()), "the new server was not found");
    assert_eq!(device.opened(), 2);
    let mut monitor = server.listen();
    assert!(level(&record(&mut monitor, 9_600), 1) > 0.1);
    let ending = Instant::now();
    drop(device);
    assert!(ending.elapsed() < Duration::from_secs(1), "it took {:?} to end", ending.elapsed());
}
