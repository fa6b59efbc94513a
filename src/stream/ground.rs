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
        for (collider, distance) in venue.tileset.grounds_within(feet, NEAR_METRES) {
            let slot = &mut venue.colliders[collider.index()];
            slot.wanted_round = round;
            if slot.state == ColliderState::Absent {
                self.missing.push((distance, collider));
            }
        }
        self.far.extend(here(venue).filter(|(_, distance)| distance(feet) > FAR_METRES).map(|(id, _)| id));
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
        let is_known = |collider: ColliderId| {
            matches!(venue.colliders[collider.index()].state, ColliderState::Resident | ColliderState::Bad)
        };
        let is_there =
            venue.tileset.grounds_within(feet, NEAR_METRES).all(|(collider, _)| is_known(collider));
        is_there && here(venue).all(|(_, distance)| distance(feet) <= FAR_METRES)
    }
}

/// What is here, and how far it is from a point, metres.
fn here(venue: &Venue) -> impl Iterator<Item = (ColliderId, impl Fn(Vec3) -> f32)> {
    let pieces = venue.colliders.iter().zip(venue.tileset.grounds()).zip(0..);
    let here = pieces.filter(|((slot, _), _)| slot.state == ColliderState::Resident);
    here.map(|((_, ground), index)| (ColliderId(index), |point| ground.bounds.distance(point)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use super::super::directory::Directory;
    use super::*;
    use crate::math::Aabb;
    use crate::protocol::ContentHash;
    use crate::scene::tileset::{Blob, Tables, Tile};
    use crate::scene::{BlobId, ColliderCell, Tileset};
    use crate::stream::decode::VenueNumber;

    /// Pieces of a metre at these places along X.
    fn venue(places: &[f32]) -> Venue {
        let bounds = |x: f32| Aabb { min: Vec3::new(x, 0.0, 0.0), max: Vec3::new(x + 1.0, 1.0, 1.0) };
        let tile = Tile {
            bounds: Aabb { min: Vec3::splat(-99.0), max: Vec3::splat(99.0) },
            geometric_error_metres: 0.0,
            first_child: 0,
            child_count: 0,
            content: None,
            images: Vec::new(),
            triangle_count: 0,
            draw_count: 0,
        };
        let cell = |(&x, index): (&f32, u32)| ColliderCell { bounds: bounds(x), blob: BlobId(index) };
        let blob = |_: &f32| Blob { hash: ContentHash([0; 32]), size_bytes: 1 };
        let tables = Tables {
            tiles: vec![tile],
            blobs: places.iter().map(blob).collect(),
            colliders: places.iter().zip(0..).map(cell).collect(),
            ..Tables::default()
        };
        let tileset = Arc::new(Tileset::try_from(tables).unwrap());
        let directory = Directory::new(&tileset);
        Venue::new(VenueNumber(1), ContentHash([1; 32]), tileset, directory)
    }

    #[test]
    fn what_is_near_is_asked_for_nearest_first_and_forgotten_only_when_it_is_far() {
        let mut venue = venue(&[12.0, 2.0, 40.0, -6.0]);
        let mut ground = Ground::default();
        let at = |x: f32| Some(Vec3::new(x, 0.0, 0.0));
        let ids = |list: &mut dyn Iterator<Item = ColliderId>| list.map(|id| id.0).collect::<Vec<_>>();
        ground.look(&mut venue, at(0.0), 1);
        assert_eq!(ids(&mut ground.missing()), [1, 3, 0]);
        assert!(!ground.is_settled(&venue, at(0.0)));
        for index in [0, 1, 3] {
            venue.colliders[index].state = ColliderState::Resident;
        }
        assert!(ground.is_settled(&venue, at(0.0)));
        // A few steps on: what is behind stays, although nobody would ask for it.
        ground.look(&mut venue, at(15.0), 2);
        assert_eq!((ids(&mut ground.missing()), ids(&mut ground.far())), (vec![], vec![]));
        ground.look(&mut venue, at(26.0), 3);
        assert_eq!((ids(&mut ground.missing()), ids(&mut ground.far())), (vec![2], vec![3]));
        assert!(!ground.is_settled(&venue, at(26.0)));
        // A renderer that was lost takes no ground along.
        venue.colliders[2].state = ColliderState::Decoding;
        let kept: Vec<_> = venue.colliders.iter().map(|slot| slot.at_start_over().state).collect();
        let (here, gone) = (ColliderState::Resident, ColliderState::Absent);
        assert_eq!(kept, [here, here, gone, here]);
        // What is refused for good is not waited for.
        venue.colliders[2].state = ColliderState::Bad;
        venue.colliders[3].state = ColliderState::Absent;
        assert!(ground.is_settled(&venue, at(26.0)));
        ground.look(&mut venue, None, 4);
        assert_eq!((ids(&mut ground.missing()), ids(&mut ground.far())), (vec![], vec![]));
    }
}
