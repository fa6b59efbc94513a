//! Which pieces of the ground are wanted: those around the person, nearest first. What is seen does
//! not matter here: one can walk before one sees everything, and what is behind one stops one too.

use glam::Vec3;

use super::venue::{ColliderState, Venue};
use crate::scene::ColliderId;

/// The ground is here as far as this from the feet, metres: twice as far as a leap.
const NEAR_METRES: f32 = 15.0;

/// Beyond this it is forgotten, metres: who walks to and fro fetches nothing twice.
const FAR_METRES: f32 = 25.0;

/// What was found in the last look; keeps its lists' memory.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    missing: Vec<(f32, ColliderId)>,
    far: Vec<ColliderId>,
}

impl Ground {
    /// Looks around `feet`, and marks what is near as wanted in `round`.
    pub fn look(&mut self, venue: &mut Venue, feet: Option<Vec3>, round: u64) {
        self.missing.clear();
        self.far.clear();
        let Some(feet) = feet else { return };
        let cells = venue.tileset.colliders().iter().zip(&mut venue.colliders);
        for ((cell, slot), index) in cells.zip(0..) {
            let distance = cell.bounds.distance(feet);
            if distance <= NEAR_METRES {
                slot.wanted_round = round;
                if slot.state == ColliderState::Absent {
                    self.missing.push((distance, ColliderId(index)));
                }
            } else if distance > FAR_METRES && slot.state == ColliderState::Resident {
                self.far.push(ColliderId(index));
            }
        }
        self.missing.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }

    /// What is near and not here, nearest first.
    pub fn missing(&self) -> impl Iterator<Item = ColliderId> {
        self.missing.iter().map(|(_, collider)| *collider)
    }

    /// What is here and far away.
    pub fn far(&self) -> impl Iterator<Item = ColliderId> {
        self.far.iter().copied()
    }

    /// Whether all that is near is here or cannot be had, and nothing is here that is far.
    pub fn is_settled(&self, venue: &Venue, feet: Option<Vec3>) -> bool {
        let Some(feet) = feet else { return true };
        venue.tileset.colliders().iter().zip(&venue.colliders).all(|(cell, slot)| match slot.state {
            ColliderState::Absent | ColliderState::Decoding => cell.bounds.distance(feet) > NEAR_METRES,
            ColliderState::Resident => cell.bounds.distance(feet) <= FAR_METRES,
            ColliderState::Bad => true,
        })
    }
}
