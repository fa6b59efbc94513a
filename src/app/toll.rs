//! What streaming takes of the frame's own thread: admitted by CPU time, told apart by what it was for.
//!
//! A frame's work is measured in laps: what was worked since the lap before is of the part that the lap names.

use std::time::Duration;

use serde::Serialize;

use super::report::{FrameTimes, Spread};
use crate::draw::cpu_time;

/// More than this in one frame is an excess: an eighth of a frame at 90 Hz, which culling and drawing are to have.
pub const LIMIT: Duration = Duration::from_micros(1500);

/// Beyond this nothing more is begun in a frame: what was begun before cannot be stopped half-way.
const BUDGET: Duration = Duration::from_micros(1000);

/// What of that may be spent before the frame is drawn, so that uploads have the rest.
const BEFORE_DRAWING: Duration = Duration::from_micros(600);

/// What streaming does on the frame's thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Takes what decoding threads and the cache's thread have ready.
    Results,
    /// Takes what the network's thread has ready.
    Network,
    /// Chooses what is fetched.
    Choice,
    /// Hands on what is to be fetched, decoded and kept.
    Requests,
    /// Takes in the twin that is about to be shown, and enters it.
    Twin,
    /// Puts in pieces of the ground and sounds, and takes what goes out of the scene.
    Content,
    /// Copies tiles and images for the GPU.
    Upload,
    /// Puts what has arrived there into the scene.
    Arrival,
}

/// All of them, by the names that reports use.
pub const PARTS: [(Part, &str); 8] = [
    (Part::Results, "results"),
    (Part::Network, "network"),
    (Part::Choice, "choice"),
    (Part::Requests, "requests"),
    (Part::Twin, "twin"),
    (Part::Content, "content"),
    (Part::Upload, "upload"),
    (Part::Arrival, "arrival"),
];

/// What a visit's streaming took of its frames.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TollReport {
    /// CPU time of streaming on the frame's thread, for each frame; milliseconds.
    pub cpu_millis: Option<Spread>,
    /// Frames in which that was more than it may be.
    pub excesses: u32,
    /// For each part the most that it took in one frame, milliseconds, and the excesses of which it was the largest.
    pub parts: Vec<PartReport>,
}

/// One part of it.
#[derive(Clone, Debug, Serialize)]
pub struct PartReport {
    /// Which.
    pub part: &'static str,
    /// Milliseconds.
    pub max_millis: f64,
    /// Frames.
    pub excesses: u32,
}

/// See the module.
#[derive(Debug)]
pub struct Toll {
    clock: fn() -> Option<Duration>,
    /// Whether frames have a deadline; where nobody watches they take what there is.
    is_held: bool,
    mark: Option<Duration>,
    spent: [Duration; PARTS.len()],
    waits: Option<Waits>,
    times: FrameTimes,
    most: [Duration; PARTS.len()],
    excesses: [u32; PARTS.len()],
}

impl Toll {
    /// Nothing was taken yet. `is_held`: frames are awaited, so that what streaming does is cut short.
    pub fn new(is_held: bool) -> Self {
        Self::with_clock(is_held, cpu_time::of_this_thread)
    }

    fn with_clock(is_held: bool, clock: fn() -> Option<Duration>) -> Self {
        Self {
            clock,
            is_held,
            mark: None,
            waits: None,
            spent: Default::default(),
            times: FrameTimes::new(),
            most: Default::default(),
            excesses: Default::default(),
        }
    }

    /// Counts waits as well from now on, which itself takes a while: it is left out of what is measured.
    pub fn count_waits(&mut self) {
        self.waits = Some(Waits::default());
    }

    /// Streaming goes on from here.
    pub fn resume(&mut self) {
        if let Some(waits) = &mut self.waits {
            waits.mark = cpu_time::waits_of_this_thread();
        }
        self.mark = (self.clock)();
    }

    /// What was worked since the lap before, or since streaming went on, was for this; and whatever was waited for.
    pub fn lap(&mut self, part: Part) {
        let now = (self.clock)();
        if let Some((now, mark)) = now.zip(self.mark) {
            self.add(part, now.saturating_sub(mark));
        }
        self.mark = now;
        if let Some(waits) = &mut self.waits {
            let now = cpu_time::waits_of_this_thread();
            let waited = now.zip(waits.mark).map(|(now, mark)| now.saturating_sub(mark));
            waits.counts[part as usize] += waited.unwrap_or_default();
            waits.mark = now;
            self.mark = (self.clock)();
        }
    }

    /// How often each part has waited so far in this frame for anything but its turn on a core: for a lock, a disk; `None`
    /// where that is not counted.
    pub fn waits(&self) -> Option<[u64; PARTS.len()]> {
        self.waits.as_ref().map(|waits| waits.counts)
    }

    /// So much was worked for this, as somebody else has measured.
    pub fn add(&mut self, part: Part, time: Duration) {
        self.spent[part as usize] += time;
    }

    /// Whether waits are counted.
    pub fn counts_waits(&self) -> bool {
        self.waits.is_some()
    }

    /// So often somebody else has waited for this, as far as that was counted.
    pub fn add_waits(&mut self, part: Part, count: Option<u64>) {
        if let Some(waits) = &mut self.waits {
            waits.counts[part as usize] += count.unwrap_or_default();
        }
    }

    /// Whether what is left to be done before the frame is drawn is better left to the next one.
    pub fn is_spent(&self) -> bool {
        self.is_held && self.spent() >= BEFORE_DRAWING
    }

    /// What uploads may take; `None`: whatever they need.
    pub fn left_for_uploads(&self) -> Option<Duration> {
        self.is_held.then(|| BUDGET.saturating_sub(self.spent()))
    }

    /// What this frame has spent so far.
    pub fn spent(&self) -> Duration {
        self.spent.iter().sum()
    }

    /// The frame is over.
    pub fn end_frame(&mut self) {
        let spent = self.spent();
        self.times.record(spent);
        for (most, spent) in self.most.iter_mut().zip(self.spent) {
            *most = spent.max(*most);
        }
        let largest = PARTS.iter().max_by_key(|(part, _)| self.spent[*part as usize]);
        if spent > LIMIT
            && let Some(&(part, name)) = largest
        {
            self.excesses[part as usize] += 1;
            tracing::debug!("streaming took {spent:?} of a frame, most of it for {name}");
        }
        self.spent = Default::default();
        if let Some(waits) = &mut self.waits {
            waits.counts = Default::default();
        }
    }

    /// What each part has taken of this frame so far, milliseconds.
    pub fn parts_millis(&self) -> [f64; PARTS.len()] {
        self.spent.map(|spent| spent.as_secs_f64() * 1e3)
    }

    /// What it came to.
    pub fn report(&self) -> TollReport {
        let parts = PARTS.iter().map(|&(part, name)| PartReport {
            part: name,
            max_millis: self.most[part as usize].as_secs_f64() * 1e3,
            excesses: self.excesses[part as usize],
        });
        TollReport {
            cpu_millis: self.times.spread(),
            excesses: self.excesses.iter().sum(),
            parts: parts.collect(),
        }
    }
}

/// How often the thread has given its core away of its own accord.
#[derive(Debug, Default)]
struct Waits {
    mark: Option<u64>,
    counts: [u64; PARTS.len()],
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
    }

    fn clock() -> Option<Duration> {
        Some(Duration::from_micros(NOW.get()))
    }

    fn work(micros: u64) {
        NOW.set(NOW.get() + micros);
    }

    #[test]
    fn a_frame_stops_in_time_and_an_excess_has_a_name() {
        let mut toll = Toll::with_clock(true, clock);
        for (network, choice, upload) in [(500, 90, 300), (500, 200, 900), (100, 100, 100)] {
            work(10_000);
            toll.resume();
            work(network);
            toll.lap(Part::Network);
            assert!(!toll.is_spent());
            work(choice);
            toll.lap(Part::Choice);
            assert_eq!(toll.is_spent(), network + choice >= 600);
            assert_eq!(toll.left_for_uploads(), Some(Duration::from_micros(1000 - network - choice)));
            work(5_000);
            toll.add(Part::Upload, Duration::from_micros(upload));
            toll.end_frame();
        }
        let report = toll.report();
        assert_eq!(report.excesses, 1);
        let of = |name: &str| report.parts.iter().find(|part| part.part == name).unwrap().clone();
        assert_eq!((of("upload").excesses, of("upload").max_millis), (1, 0.9));
        assert_eq!((of("network").excesses, of("network").max_millis), (0, 0.5));
        assert!((report.cpu_millis.unwrap().max - 1.6).abs() < 1e-6);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_wait_is_counted_and_work_is_none() {
        let mut toll = Toll::new(true);
        toll.count_waits();
        let waits = |toll: &Toll| {
            let counts = toll.waits().unwrap();
            assert_eq!(
                counts.iter().sum::<u64>(),
                counts[Part::Network as usize] + counts[Part::Upload as usize]
            );
            [counts[Part::Network as usize], counts[Part::Upload as usize]]
        };
        toll.resume();
        (0..1000_u64).for_each(|number| {
            std::hint::black_box(number);
        });
        toll.lap(Part::Network);
        assert_eq!(waits(&toll), [0, 0]);
        std::thread::sleep(Duration::from_millis(2));
        toll.lap(Part::Network);
        std::thread::sleep(Duration::from_millis(2));
        toll.resume();
        toll.lap(Part::Upload);
        assert_eq!(waits(&toll), [1, 0]);
        toll.add_waits(Part::Upload, Some(2));
        assert_eq!(waits(&toll), [1, 2]);
        toll.end_frame();
        assert_eq!(waits(&toll), [0, 0]);
    }

    #[test]
    fn where_nobody_watches_nothing_is_cut_short_and_each_part_has_its_name() {
        let mut toll = Toll::with_clock(false, clock);
        toll.add(Part::Twin, Duration::from_secs(1));
        assert!(!toll.is_spent() && toll.left_for_uploads().is_none());
        for (index, (part, _)) in PARTS.into_iter().enumerate() {
            assert_eq!(part as usize, index);
        }
    }
}
