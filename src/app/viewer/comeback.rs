//! The headset's runtime is gone: what came from it goes, the visit stays, and goes on when it is back.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::{Place, Viewer, WAITING_MAX};
use crate::app::report::Report;
use crate::app::screen::Screen;
use crate::app::{Failure, FailureKind, lobby};
use crate::cull::Culler;

/// Between two tries: a runtime that starts is not held up, and one that stays away costs little.
const TRY: Duration = Duration::from_millis(250);

/// A display that is lost so often before it has shown a frame is broken.
const FRUITLESS_MAX: u32 = 8;

impl Viewer {
    /// Lets go of the display and everything on it, stays at the venue, and opens the display again as
    /// soon as there is one. The report, where the visit ends before that.
    ///
    /// # Errors
    /// Where nobody watches and it takes too long, or the display cannot be had for another reason than
    /// that its runtime is away.
    pub(super) fn come_back(
        mut self,
        sentence: &str,
        reopen: &impl Fn() -> Result<Screen, Failure>,
        is_interrupted: &impl Fn() -> bool,
    ) -> Result<ControlFlow<Report, Self>, Failure> {
        tracing::warn!("{sentence}; waiting for it");
        self.report.displays_lost += 1;
        self.fruitless += 1;
        if self.fruitless > FRUITLESS_MAX {
            return Err(Failure::failed(sentence));
        }
        self.forget_screen();
        let since = Instant::now();
        drop(self.screen);
        let screen = loop {
            if is_interrupted() {
                return Ok(ControlFlow::Break(self.report));
            }
            if self.wishes.timeout.is_some_and(|timeout| since.elapsed() > timeout) {
                return Err(Failure::failed(format!("{sentence}; it has not come back")));
            }
            match reopen() {
                Ok(screen) => break screen,
                Err(failure) if failure.kind == FailureKind::Environment => {
                    tracing::debug!("{}", failure.sentence);
                }
                Err(failure) => return Err(failure),
            }
            // The host is to know that we are still here. What it has to say waits, and no more of it is
            // taken than a frame takes.
            if self.events.len() < WAITING_MAX {
                self.toll.resume();
                self.venue.pump(self.started.elapsed(), None, &mut self.events, 0, &mut self.toll);
                self.toll.end_frame();
            }
            std::thread::sleep(TRY);
        };
        tracing::info!("the headset is back after {:.1} s", since.elapsed().as_secs_f64());
        let mut back = Self { screen, ..self };
        back.fill_screen()?;
        Ok(ControlFlow::Continue(back))
    }

    /// Keeps where everything is, and forgets what was on the GPU.
    fn forget_screen(&mut self) {
        self.note_messages();
        self.sounds.rest();
        self.scene.forget_residents();
        self.waiting.clear();
        self.figures.forget_uploads();
        self.menu.forget_picture();
        self.venue.start_over();
        self.memory_bytes = self.venue.memory_bytes();
        self.culler = Culler::default();
        self.last_frame = None;
        // The frame that was broken off ends here.
        self.toll.end_frame();
        self.deadline.forget_display();
    }

    /// Shows on a new screen what the old one showed; tiles come as they did the first time.
    fn fill_screen(&mut self) -> Result<(), Failure> {
        match &self.place {
            Place::Lobby(sentence) => {
                let lobby = lobby::build(sentence).map_err(Failure::failed)?;
                self.show_lobby(lobby);
            }
            Place::Twin => self.screen.renderer.set_tileset(&self.screen.gpu, &self.scene.tileset),
        }
        Ok(())
    }
}
