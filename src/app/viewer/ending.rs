//! How a visit ends: what is still to be written, and when it is over.

use std::path::PathBuf;
use std::time::Duration;

use super::{Place, Viewer, present_failure};
use crate::app::Failure;
use crate::app::report::{Report, Tiles};
use crate::cull::Source;
use crate::draw::readback;
use crate::present::picture;
use crate::scene::TileId;

impl Viewer {
    /// Whether to go on, `elapsed` after the start.
    pub(super) fn check_end(&mut self, elapsed: Duration) -> Result<bool, Failure> {
        if let Some(end) = self.stays_until {
            return Ok(elapsed < end && self.failure.is_none());
        }
        if let Some(path) = &self.wishes.path
            && path.at(elapsed).is_none()
        {
            // Where the twin never came, there was nothing to walk through.
            let failure = self.failure.take().filter(|_| self.wishes.timeout.is_some());
            return match (failure, &self.place) {
                (Some(failure), _) => Err(failure),
                (None, Place::Lobby(sentence)) => Err(Failure::failed(format!(
                    "the path was over before the twin came ({sentence}): follow a longer one"
                ))),
                (None, Place::Twin) => Ok(false),
            };
        }
        let Some(timeout) = self.wishes.timeout else {
            return Ok(self.frames < self.wishes.frames.unwrap_or(u32::MAX));
        };
        // Nobody watches: an error ends the visit, and so does waiting for ever.
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if self.wishes.path.is_some() {
            return Ok(true);
        }
        if !self.is_counting() && elapsed > timeout {
            let sentence = match &self.place {
                Place::Lobby(sentence) => sentence.clone(),
                Place::Twin if self.report.whole_view_seconds.is_some() && !self.hears_all() => {
                    "sounds to be recorded are still missing".to_owned()
                }
                Place::Twin if self.report.whole_view_seconds.is_some() => {
                    format!("fewer than {} others have come and stayed", self.wishes.company)
                }
                Place::Twin => format!("{} tiles of the view are still missing", self.demand.wants.len()),
            };
            let waited = timeout.as_secs();
            return Err(Failure::failed(format!(
                "gave up after {waited} s ({sentence}): allow more with --timeout-seconds"
            )));
        }
        if self.frames < self.wishes.frames.unwrap_or(1) {
            return Ok(true);
        }
        self.conclude()?;
        self.stays_until = Some(elapsed + self.wishes.stay);
        Ok(!self.wishes.stay.is_zero())
    }

    /// Writes what the left eye saw.
    pub(super) fn take_picture(&mut self) -> Result<(), Failure> {
        let folder = self.wishes.pictures.clone().unwrap_or_else(|| PathBuf::from("."));
        let Some(image) = self.screen.display.picture() else { return Ok(()) };
        let eyes = readback::read(&self.screen.gpu, &image).map_err(Failure::failed)?;
        let [left, _] = &eyes;
        let pixels = match self.screen.display.has_two_eyes() {
            true => &picture::side_by_side(&eyes),
            false => left,
        };
        self.pictures += 1;
        let path = folder.join(format!("picture-{}.png", self.pictures));
        picture::write_png(&path, pixels).map_err(present_failure)?;
        tracing::info!("{} was written", path.display());
        self.report.pictures.push(path);
        Ok(())
    }

    /// The visit is over.
    pub(super) fn finish(mut self) -> Result<Report, Failure> {
        if self.stays_until.is_none() {
            self.conclude()?;
        }
        self.sounds.finish()?;
        self.note_messages();
        Ok(self.report)
    }

    /// Keeps what the validation layers said of this GPU.
    pub(super) fn note_messages(&mut self) {
        self.report.validation_messages += self.screen.gpu.validation_message_count();
        for message in self.screen.gpu.validation_messages() {
            tracing::error!("{message}");
        }
    }

    /// Writes the last frame that counts, and the report's last numbers.
    pub(super) fn conclude(&mut self) -> Result<(), Failure> {
        if let (Some(folder), true) = (self.wishes.pictures.clone(), self.wishes.timeout.is_some())
            && let Some(image) = self.screen.display.picture()
        {
            let eyes = readback::read(&self.screen.gpu, &image).map_err(Failure::failed)?;
            let both = picture::side_by_side(&eyes);
            let [left, right] = &eyes;
            for (name, pixels) in [("left.png", left), ("right.png", right), ("both.png", &both)] {
                picture::write_png(&folder.join(name), pixels).map_err(present_failure)?;
                self.report.pictures.push(folder.join(name));
            }
        }
        let counts = self.venue.counts();
        let drawn = (0..self.scene.tileset.tiles().len() as u32)
            .filter(|&tile| self.list.draws.iter().any(|draw| draw.source == Source::Tile(TileId(tile))))
            .count();
        self.report.tiles =
            Tiles { total: self.scene.tileset.tiles().len(), resident: self.scene.resident_count(), drawn };
        self.report.sounds = self.sounds.facts();
        self.report.frames = self.frames;
        self.report.bytes_received = counts.received;
        self.report.bytes_from_cache = counts.from_cache;
        self.report.frame_millis = self.times.spread();
        self.report.frame_cpu_millis = self.cpu_times.spread();
        self.report.governor = self.deadline.standing();
        self.report.streaming = self.toll.report();
        self.report.memory_bytes = self.memory_bytes;
        self.report.draws = self.stats.draws;
        self.report.triangles_drawn = self.list.triangle_count;
        self.report.excess = self.list.excess;
        self.report.memory_scale = self.list.memory_scale;
        self.report.vulkan = self.last_counts;
        let seen = self.venue.people().see(self.seen_at);
        self.report.people = seen.map(|seen| seen.name.to_owned()).collect();
        Ok(())
    }
}
