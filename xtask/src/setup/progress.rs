//! Progress on stderr: one line that moves on a terminal, a line every tenth elsewhere.

use std::io::{IsTerminal, Write};

/// Counts one step of the setup from nothing to `total`.
pub struct Progress {
    label: &'static str,
    total: u64,
    shown: Option<u64>,
    moves: bool,
}

impl Progress {
    /// Starts at zero. `total` may be bytes or pieces: only the share is shown.
    pub fn start(label: &'static str, total: u64) -> Self {
        let mut progress =
            Self { label, total: total.max(1), shown: None, moves: std::io::stderr().is_terminal() };
        progress.at(0);
        progress
    }

    /// Shows that `done` of the total is behind us.
    pub fn at(&mut self, done: u64) {
        let percent = done.min(self.total).saturating_mul(100) / self.total;
        let step = if self.moves { percent } else { percent / 10 * 10 };
        if self.shown == Some(step) {
            return;
        }
        self.shown = Some(step);
        let end = if self.moves && step < 100 { "" } else { "\n" };
        let start = if self.moves { "\r" } else { "" };
        let mut stderr = std::io::stderr().lock();
        // A closed stderr is no reason to stop.
        let _ = write!(stderr, "{start}setup: {} {step:3} %{end}", self.label);
        let _ = stderr.flush();
    }
}
