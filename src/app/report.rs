//! What a visit was like, in numbers.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::sounds::SoundFacts;
use super::toll::{LIMIT, TollReport};
use super::viewer::Standing;
use crate::draw::Counts;

/// Frame times are kept for so many frames: ten minutes at 90 Hz.
const FRAMES_KEPT: usize = 54_000;

/// Everything that `view --json` prints.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What the venue calls itself.
    pub title: String,
    /// The GPU and its driver.
    pub gpu: String,
    /// Why the eyes are drawn one after the other, as what follows “because”; none where they are drawn at once.
    pub two_passes: Option<String>,
    /// Pixels of one eye.
    pub size: (u32, u32),
    /// Frames that were drawn with everything in view at hand.
    pub frames: u32,
    /// Tiles of the twin.
    pub tiles: Tiles,
    /// Bytes that came over the wire.
    pub bytes_received: u64,
    /// Bytes that were found in the cache.
    pub bytes_from_cache: u64,
    /// From the start of the program to the first frame that was shown: the lobby.
    pub first_frame_seconds: Option<f64>,
    /// From the start of the program to the first tile on the screen.
    pub first_tile_seconds: Option<f64>,
    /// From the start of the program to everything in view at the detail that the eye can see.
    pub whole_view_seconds: Option<f64>,
    /// Time between frames, milliseconds.
    pub frame_millis: Option<Spread>,
    /// CPU time of the frame's own thread from where the display let it begin to the submit, milliseconds.
    pub frame_cpu_millis: Option<Spread>,
    /// What streaming took of the frame's own thread, from the first frame on.
    pub streaming: TollReport,
    /// The most that tiles and images have occupied on the GPU, bytes; and what they may.
    pub resident_bytes_max: u64,
    /// See there.
    pub memory_bytes: u64,
    /// What was given up to hold the display's deadline; none where there is none to hold.
    pub governor: Option<Standing>,
    /// Draw calls of the last frame.
    pub draws: u32,
    /// Triangles of the last frame, for one eye.
    pub triangles_drawn: u64,
    /// The largest error in the last frame, in units of what the eye tells apart where it was: 1 unless all
    /// that the eye tells apart was more than a frame may cost.
    pub excess: f32,
    /// How many times larger errors than the eye tells apart the last frame accepted because memory was too small.
    pub memory_scale: f32,
    /// Changes of detail that were seen as a jump, because a frame could not afford to show both at once.
    pub popped: u64,
    /// How often the display was lost and came back.
    pub displays_lost: u32,
    /// What there was to hear.
    pub sounds: SoundFacts,
    /// The others whom the last frame saw, by name.
    pub people: Vec<String>,
    /// What the last frame asked of the driver; zeros without `--validate`.
    pub vulkan: Counts,
    /// Whether the validation layers were there to complain.
    pub is_validated: bool,
    /// What they and wgpu complained about.
    pub validation_messages: u64,
    /// Pictures that were written.
    pub pictures: Vec<PathBuf>,
}

/// Tiles, counted.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Tiles {
    /// That the twin has.
    pub total: usize,
    /// That are on the GPU.
    pub resident: usize,
    /// That the last frame drew.
    pub drawn: usize,
}

/// A distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Half are below.
    pub median: f64,
    /// 95 of 100 are below.
    pub p95: f64,
    /// 99 of 100 are below.
    pub p99: f64,
    /// None is above.
    pub max: f64,
}

/// Frame times, bounded.
#[derive(Clone, Debug)]
pub struct FrameTimes {
    millis: Vec<f32>,
}

impl FrameTimes {
    /// None yet; the memory is taken now, so that frames take none.
    pub fn new() -> Self {
        Self { millis: Vec::with_capacity(FRAMES_KEPT) }
    }

    /// One more; the first ones are kept when there are too many.
    pub fn record(&mut self, time: Duration) {
        if self.millis.len() < FRAMES_KEPT {
            self.millis.push(time.as_secs_f32() * 1e3);
        }
    }

    /// The distribution; `None` for no frames.
    pub fn spread(&self) -> Option<Spread> {
        let mut sorted = self.millis.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let at = |share: f64| {
            let index = (share * sorted.len().saturating_sub(1) as f64).round() as usize;
            sorted.get(index).map(|&millis| f64::from(millis))
        };
        Some(Spread { median: at(0.5)?, p95: at(0.95)?, p99: at(0.99)?, max: at(1.0)? })
    }
}

impl Report {
    fn last_frame(&self) -> String {
        let (draws, triangles) = (self.draws, self.triangles_drawn);
        let what = format!("  last frame   {draws} draws, {triangles} triangles for each eye");
        if self.excess > 1.0 {
            return format!(
                "{what}; up to {:.1}× coarser than was to be seen, because more is in view than a frame may cost",
                self.excess
            );
        }
        if self.memory_scale > 1.0 {
            return format!(
                "{what}; {:.1}× coarser than was to be seen, because memory is too small for that",
                self.memory_scale
            );
        }
        what
    }

    /// The report as a person reads it: one screen.
    pub fn to_text(&self) -> String {
        let seconds = |time: Option<f64>| time.map_or("–".to_owned(), |s| format!("{s:.2} s"));
        let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
        let frame = self.frame_millis.map_or("–".to_owned(), |spread| {
            format!(
                "median {:.1} ms, 95 % below {:.1} ms, longest {:.1} ms",
                spread.median, spread.p95, spread.max
            )
        });
        let passes = match &self.two_passes {
            None => "one for both eyes".to_owned(),
            Some(reason) => format!("one after the other for each eye, because {reason}"),
        };
        let mut lines = vec![
            format!("{}", if self.title.is_empty() { "(untitled)" } else { &self.title }),
            format!("  GPU          {}", self.gpu),
            format!("  passes       {passes}"),
            format!("  eyes         2 × {}×{}", self.size.0, self.size.1),
            format!(
                "  tiles        {} drawn, {} here, {} in the twin",
                self.tiles.drawn, self.tiles.resident, self.tiles.total
            ),
            format!(
                "  bytes        {} received, {} from the cache",
                megabytes(self.bytes_received),
                megabytes(self.bytes_from_cache)
            ),
            format!("  first frame  {}", seconds(self.first_frame_seconds)),
            format!("  first tile   {}", seconds(self.first_tile_seconds)),
            format!("  whole view   {}", seconds(self.whole_view_seconds)),
            format!("  frames       {}: {frame}", self.frames),
            self.last_frame(),
        ];
        if let Some(Standing { step, steps, decisions, last: Some(last), .. }) = &self.governor {
            lines.push(format!("  quality      step {step} of {steps} after {decisions} steps; {last}"));
        }
        if let TollReport { cpu_millis: Some(spread), excesses, .. } = &self.streaming {
            lines.push(format!(
                "  streaming    {:.2} ms of a frame's thread at most, 99 % below {:.2} ms; {excesses} frames above {:.1} ms",
                spread.max,
                spread.p99,
                LIMIT.as_secs_f64() * 1e3
            ));
        }
        if self.sounds.total > 0 {
            let SoundFacts { total, known, playing, .. } = self.sounds;
            lines.push(format!("  sounds       {playing} heard, {known} here, {total} in the twin"));
        }
        if !self.people.is_empty() {
            lines.push(format!("  others       {}", self.people.join(", ")));
        }
        lines.extend(self.pictures.iter().map(|path| format!("  picture      {}", path.display())));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_of_a_hundred_frames() {
        let mut times = FrameTimes::new();
        assert_eq!(times.spread(), None);
        (1..=101).for_each(|millis| times.record(Duration::from_millis(millis)));
        assert_eq!(times.spread(), Some(Spread { median: 51.0, p95: 96.0, p99: 100.0, max: 101.0 }));
    }
}
