//! A progress bar on a terminal, and nothing where nobody watches.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Columns of the bar itself.
const WIDTH: usize = 28;

/// Redrawn at most this often, so that drawing costs nothing.
const INTERVAL: Duration = Duration::from_millis(80);

/// One line that fills up, then is cleared.
pub struct Bar {
    is_shown: bool,
    last: Option<Instant>,
}

impl Bar {
    /// On standard error, if that is a terminal.
    pub fn new() -> Self {
        Self { is_shown: std::io::stderr().is_terminal(), last: None }
    }

    /// Shows `done` of `total` for the stage called `stage`.
    pub fn show(&mut self, stage: &str, done: u64, total: u64) {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= INTERVAL);
        if !self.is_shown || !is_due {
            return;
        }
        self.last = Some(Instant::now());
        let share = done as f64 / total.max(1) as f64;
        let filled = ((share * WIDTH as f64) as usize).min(WIDTH);
        let line = format!(
            "\r{stage:<12} [{}{}] {:3.0} %\x1b[K",
            "█".repeat(filled),
            "·".repeat(WIDTH - filled),
            share * 100.0
        );
        let mut out = std::io::stderr().lock();
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.is_shown && self.last.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}
