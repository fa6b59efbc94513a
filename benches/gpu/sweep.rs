//! Every variant at every place, in turn: first one after the other, then backwards, and so on, so that what the GPU's
//! clocks and its other guests do in the meantime befalls all alike.

use std::time::Duration;

use pavilion::scene::Scene;

use super::lane::Lane;
use super::place::{CULLINGS, Place};
use super::tally::Tally;

/// Frames that follow one another without a wait, where there is time for that.
const BLOCK: u32 = 10;

/// How much is measured.
#[derive(Clone, Copy)]
pub struct Pace {
    /// Frames of each variant at each place, where there is time.
    pub frames: usize,
    /// At most, more or less.
    pub limit: Duration,
}

impl Pace {
    /// Rounds, and frames of a block, where one frame of all variants at all places takes `once`. Two rounds at
    /// least: what was seen once may be chance.
    fn rounds(self, once: Duration) -> (usize, u32) {
        let affordable = (self.limit.as_secs_f64() / once.as_secs_f64().max(1e-9)) as usize;
        // Each block has a frame more that does not count.
        let rounds = self.frames.div_ceil(BLOCK as usize).min(affordable / (BLOCK as usize + 1));
        if rounds >= 2 {
            return (rounds, BLOCK);
        }
        (self.frames.min(affordable / 2).max(2), 1)
    }
}

/// Measures what every lane takes for every view. Tallies come lane by lane, in each as
/// [`CULLINGS`] has it: first those of the entrance, then those of the other places together.
pub fn sweep(lanes: &mut [Lane], places: &mut [Place], scene: &Scene, pace: Pace) -> Vec<Tally> {
    let mut once = Duration::ZERO;
    for place in places.iter_mut() {
        for lane in lanes.iter_mut() {
            // The first frame of a size makes what later ones find.
            lane.try_one(scene, &mut place.views[0]);
            once += place.views.iter_mut().map(|view| lane.try_one(scene, view)).sum::<Duration>();
        }
    }
    let (rounds, frames) = pace.rounds(once);
    let variants = lanes.len() * CULLINGS.len();
    eprintln!(
        "bench: {variants} variants at {} places, {rounds} times {frames} frames; one frame of each takes {:.1} s",
        places.len(),
        once.as_secs_f64()
    );
    let mut tallies: Vec<Tally> = Vec::new();
    for is_entrance in [true, false] {
        for lane in lanes.iter() {
            let tally = |culling| Tally::new(is_entrance, lane.is_at_once(), lane.samples, culling);
            tallies.extend((0..CULLINGS.len()).map(tally));
        }
    }
    for place in places.iter_mut() {
        let first = if place.is_entrance { 0 } else { variants };
        for round in 0..rounds {
            let turn = |at: usize| if round % 2 == 0 { at } else { variants - 1 - at };
            for variant in (0..variants).map(turn) {
                let (lane, culling) = (variant / CULLINGS.len(), variant % CULLINGS.len());
                let block = lanes[lane].block(scene, &mut place.views[culling], frames);
                tallies[first + variant].add(&block);
            }
        }
    }
    tallies
}
