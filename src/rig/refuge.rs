//! The last good place, and when it is time to go back there.

use glam::Vec3;

/// Whoever is in the dark for so long is taken back, seconds: long enough to step back by oneself.
const LOST_SECONDS: f32 = 4.0;

/// A head so far from its body has left it behind a wall or a cliff, metres.
const APART_METRES: f32 = 0.6;

/// A head so near its body is where it should be, metres.
const TOGETHER_METRES: f32 = 0.3;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Refuge {
    place: Option<Vec3>,
    lost_seconds: f32,
}

impl Refuge {
    /// Says how the person is; returns where to take them, if it is time.
    ///
    /// `apart_metres` is between head and body, level; `stands` whether there is ground below.
    pub fn look(
        &mut self,
        feet: Vec3,
        apart_metres: f32,
        fade: f32,
        stands: bool,
        delta_seconds: f32,
    ) -> Option<Vec3> {
        let is_lost = fade > 0.9 || apart_metres > APART_METRES;
        if !is_lost {
            self.lost_seconds = 0.0;
            if stands && fade < 0.1 && apart_metres < TOGETHER_METRES {
                self.place = Some(feet);
            }
            return None;
        }
        self.lost_seconds += delta_seconds;
        if self.lost_seconds < LOST_SECONDS {
            return None;
        }
        self.lost_seconds = 0.0;
        self.place
    }
}
