//! Ceiling: memory too small for what the eyes want → how coarse is fine enough, everywhere alike.
//!
//! In: what all that the cut wants would occupy, here or not, and what may be. Out: how many times the unseen error is
//! accepted. It rises as long as too much is wanted, before that is fetched, and comes down slowly while there is room; where
//! it has failed to, it waits until the eyes are elsewhere, so that nothing comes and goes while they rest.

use super::{Culler, Eyes};
use crate::math::Pose;
use crate::scene::{Demand, Scene};

/// More than this part of the ceiling is not wanted: what a tile occupies is known exactly only once it is here.
const FULL: f32 = 0.94;

/// There is room below this part.
const ROOMY: f32 = 0.75;

/// So many times the unseen error is accepted at most.
const SCALE_MAX: f32 = 256.0;

/// By so much it rises in a frame, at least and at most.
const RISE: [f32; 2] = [1.01, 1.2];

/// By so much it comes down.
const FALL: f32 = 1.005;

/// Where it came down too far, it stays above that by so much.
const APART: f32 = 1.02;

/// Eyes that moved or turned farther are elsewhere: metres, and the cosine of 20°.
const ELSEWHERE_METRES: f32 = 0.5;
const ELSEWHERE_COSINE: f32 = 0.94;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Ceiling {
    /// How many times the unseen error is accepted.
    scale: f32,
    /// It has come down so far and no farther.
    lowest: f32,
    /// It came down in the frame before.
    has_fallen: bool,
    /// Where the eyes were, and the ceiling, when `lowest` was found.
    gaze: Pose,
    bytes: u64,
    /// By tile and by image: in which round it was counted.
    counted: [Vec<u32>; 2],
    round: u32,
}

impl Default for Ceiling {
    fn default() -> Self {
        Self {
            scale: 1.0,
            lowest: 1.0,
            has_fallen: false,
            gaze: Pose::IDENTITY,
            bytes: u64::MAX,
            counted: [Vec::new(), Vec::new()],
            round: 0,
        }
    }
}

impl Ceiling {
    /// How many times the unseen error is accepted: 1 where all that the eyes want has room.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// Eyes that look like this want so many bytes, and so many may be here.
    fn observe(&mut self, gaze: Pose, wanted_bytes: u64, bytes: u64) {
        let turned = self.gaze.forward().dot(gaze.forward());
        let is_elsewhere = self.gaze.position.distance(gaze.position) > ELSEWHERE_METRES
            || turned < ELSEWHERE_COSINE
            || self.bytes != bytes;
        if is_elsewhere {
            (self.lowest, self.gaze, self.bytes) = (1.0, gaze, bytes);
        }
        let part = wanted_bytes as f32 / bytes.max(1) as f32;
        let has_fallen = std::mem::take(&mut self.has_fallen);
        if part > FULL {
            if has_fallen {
                self.lowest = self.scale * APART;
            }
            let [least, most] = RISE;
            let rise = (part / FULL).sqrt().clamp(least, most);
            self.scale = (self.scale * rise).min(SCALE_MAX);
        } else if part < ROOMY && self.scale > self.lowest {
            self.scale = (self.scale / FALL).max(self.lowest);
            self.has_fallen = true;
        }
    }

    /// Whether it is the first time in this round.
    fn is_first(counted: &mut Vec<u32>, index: usize, round: u32) -> bool {
        if counted.len() <= index {
            counted.resize(index + 1, 0);
        }
        std::mem::replace(&mut counted[index], round) != round
    }

    /// What all that is wanted would occupy, with all that is kept for it.
    fn wanted_bytes(&mut self, scene: &Scene, demand: &Demand) -> u64 {
        self.round = self.round.wrapping_add(1).max(1);
        let [tiles, images] = &mut self.counted;
        let last = demand.wants.iter().filter(|want| !want.is_step);
        let mut bytes = 0;
        for id in demand.keeps.iter().copied().chain(last.map(|want| want.tile)) {
            if !Self::is_first(tiles, id.index(), self.round) {
                continue;
            }
            let tile = scene.tileset.tile(id);
            bytes += scene.resident(id).map_or_else(|| tile.expected_bytes(), |resident| resident.size_bytes);
            for image in &tile.images {
                let form = scene.tileset.images().get(image.index());
                if let Some(form) = form.filter(|_| Self::is_first(images, image.index(), self.round)) {
                    bytes += form.size_bytes();
                }
            }
        }
        bytes
    }
}

impl Culler {
    /// Looks whether what this frame wants has room, and how coarse the next may be.
    pub(super) fn heed_ceiling(&mut self, scene: &Scene, eyes: &Eyes, demand: &Demand) {
        let wanted_bytes = self.ceiling.wanted_bytes(scene, demand);
        self.ceiling.observe(eyes.gaze, wanted_bytes, eyes.quality.resident_bytes);
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;

    /// Bytes that a view wants: half as much where the error is twice as large, in steps.
    fn wanted(scale: f32) -> u64 {
        (3000.0 / scale / 250.0).ceil() as u64 * 250
    }

    fn scales(ceiling: &mut Ceiling, bytes: u64, frames: usize) -> Vec<f32> {
        let mut frame = || {
            ceiling.observe(Pose::IDENTITY, wanted(ceiling.scale()), bytes);
            ceiling.scale()
        };
        (0..frames).map(|_| frame()).collect()
    }

    #[test]
    fn it_rises_until_all_has_room_and_then_rests() {
        let mut ceiling = Ceiling::default();
        let rise = scales(&mut ceiling, 1000, 40);
        let last = ceiling.scale();
        assert!(wanted(last) <= 1000 && last < 5.0, "{last}");
        assert!(rise.is_sorted(), "{rise:?}");
        let mut rest = scales(&mut ceiling, 1000, 2000);
        rest.drain(..1000);
        assert!(rest.iter().all(|&scale| scale == rest[0]), "{rest:?}");
        // There is room again.
        scales(&mut ceiling, 10_000, 1000);
        assert_eq!(ceiling.scale(), 1.0);
    }

    #[test]
    fn what_failed_is_tried_again_only_from_elsewhere() {
        let mut ceiling = Ceiling::default();
        // Three steps of 500: below two, and a third is too much.
        let wants = |scale: f32| if scale < 2.0 { 1500 } else { 500 };
        let mut failures = 0;
        let mut run = |ceiling: &mut Ceiling, x: f32, frames: usize| {
            for _ in 0..frames {
                let gaze = Pose { position: Vec3::X * x, ..Pose::IDENTITY };
                failures += usize::from(wants(ceiling.scale()) > 1000);
                ceiling.observe(gaze, wants(ceiling.scale()), 1000);
            }
            std::mem::take(&mut failures)
        };
        run(&mut ceiling, 0.0, 500);
        assert_eq!(run(&mut ceiling, 0.0, 5000), 0);
        assert_eq!(run(&mut ceiling, 0.3, 500), 0, "a little aside is not elsewhere");
        assert_eq!(run(&mut ceiling, 1.0, 500), 1);
    }
}
