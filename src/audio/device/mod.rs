//! What plays the mixer: a thread named "audio" that opens this machine's output, opens it again when it is
//! lost, and lets time pass in silence as long as there is none.
//!
//! On Linux it speaks PulseAudio's protocol, which PipeWire speaks too, because the other ways link a C
//! library that a fresh machine does not have. On Windows it is WASAPI and on Android AAudio, through cpal.

#[cfg(not(any(windows, target_os = "android", target_os = "linux")))]
mod none;
#[cfg(target_os = "linux")]
mod pulse;
#[cfg(any(windows, target_os = "android"))]
mod system;
#[cfg(all(test, target_os = "linux"))]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::Mixer;
use crate::scene::sound::SAMPLE_RATE_HZ;
#[cfg(not(any(windows, target_os = "android", target_os = "linux")))]
use none as output;
use output::Output;
#[cfg(target_os = "linux")]
use pulse as output;
#[cfg(any(windows, target_os = "android"))]
use system as output;

/// After the first loss an output is tried again this soon, and then ever more rarely.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_LAST: Duration = Duration::from_secs(10);

/// An output that has played for so long was a good one: the next loss begins anew.
const GOOD: Duration = Duration::from_secs(5);

/// How often a thread that waits looks whether it is to end.
const NAP: Duration = Duration::from_millis(50);

/// Why there is no sound.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is nothing that plays.
    #[error("nothing here plays sound ({0}): connect headphones, or start the sound server")]
    Absent(String),
    /// It does not want ours.
    #[error("the sound output refuses to play ({0}): look into the system's sound settings")]
    Refused(String),
    /// It was there.
    #[error("the sound output is gone ({0}): it is tried again")]
    Lost(String),
}

/// Which output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The socket of a PulseAudio server, on Linux; `None`: the user's.
    pub server: Option<PathBuf>,
}

/// What the thread tells.
#[derive(Debug, Default)]
pub(super) struct Status {
    is_ending: AtomicBool,
    is_open: AtomicBool,
    opened: AtomicU32,
}

impl Status {
    /// Whether the thread is to end.
    pub fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// An output is open.
    pub fn open(&self, name: &str) {
        self.is_open.store(true, Ordering::Relaxed);
        self.opened.fetch_add(1, Ordering::Relaxed);
        tracing::info!("sound comes from {name}");
    }
}

/// The thread that plays. It ends with this.
#[derive(Debug)]
pub struct Device {
    status: Arc<Status>,
    thread: Option<JoinHandle<()>>,
}

impl Device {
    /// Begins to play `mixer`, as soon as there is an output.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(mixer: Mixer, choice: Choice) -> std::io::Result<Self> {
        let status = Arc::new(Status::default());
        let shared = Arc::clone(&status);
        let thread = Builder::new().name("audio".to_owned()).spawn(move || run(mixer, &choice, &shared))?;
        Ok(Self { status, thread: Some(thread) })
    }

    /// Whether an output is open now.
    pub fn is_open(&self) -> bool {
        self.status.is_open.load(Ordering::Relaxed)
    }

    /// How often one was opened.
    pub fn opened(&self) -> u32 {
        self.status.opened.load(Ordering::Relaxed)
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.status.is_ending.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so already.
            let _ = thread.join();
        }
    }
}

/// Opens this machine's output and closes it again; returns its name.
///
/// # Errors
/// When there is none.
pub fn probe(choice: &Choice) -> Result<String, DeviceError> {
    output::probe(choice)
}

fn run(mixer: Mixer, choice: &Choice, status: &Status) {
    let mut output = Output::new(mixer, choice.clone());
    let mut wait = RETRY_FIRST;
    let mut has_told = false;
    while !status.is_ending() {
        let began = Instant::now();
        let Err(error) = output.play(status) else { return };
        let was_open = status.is_open.swap(false, Ordering::Relaxed);
        // One line a change: a machine without sound is not told about it every ten seconds.
        if was_open || !has_told {
            tracing::warn!("{error}");
        }
        has_told = !was_open || began.elapsed() < GOOD;
        if was_open && began.elapsed() >= GOOD {
            wait = RETRY_FIRST;
        }
        let until = Instant::now() + wait;
        while !status.is_ending() && Instant::now() < until {
            std::thread::sleep(NAP);
            output.skip(NAP.as_millis() as u64 * u64::from(SAMPLE_RATE_HZ) / 1000);
        }
        wait = (wait * 2).min(RETRY_LAST);
    }
}
