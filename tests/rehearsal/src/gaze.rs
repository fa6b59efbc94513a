//! What a viewer's eyes ask for: what its head sees, as culling finds it, or what a test says in its place.

use std::collections::BTreeSet;
use std::time::Duration;

use glam::Quat;
use pavilion::cull::{Budget, Culler, DrawList, Quality, Sight};
use pavilion::math::{Pose, fovea};
use pavilion::scene::demand::Want;
use pavilion::scene::{Demand, Scene, TileId};

use crate::sight::{self, PIXEL_RADIANS};

/// What a viewer is after.
#[derive(Clone, Debug)]
pub enum Wants {
    /// What its head sees.
    Seen,
    /// What its head sees, and then all the rest.
    All,
    /// These, most important first, wherever it looks.
    Listed(Vec<TileId>),
}

/// Eyes, and what they ask for.
pub struct Gaze {
    wants: Wants,
    head_before: Option<(Duration, Quat)>,
    culler: Culler,
    list: DrawList,
    demand: Demand,
    /// They have looked at this venue, and what they asked for is of it.
    has_looked: bool,
}

impl Gaze {
    /// Eyes that have seen nothing yet.
    pub fn new(wants: Wants) -> Self {
        Self {
            wants,
            head_before: None,
            culler: Culler::default(),
            list: DrawList::default(),
            demand: Demand::default(),
            has_looked: false,
        }
    }

    /// They are after something else from the next frame on.
    pub fn want(&mut self, wants: Wants) {
        self.wants = wants;
    }

    /// What they asked for when they last looked.
    pub fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Whether they lacked nothing of the venue when they last looked.
    pub fn is_satisfied(&self) -> bool {
        self.has_looked && self.demand.is_satisfied()
    }

    /// They see another venue from now on.
    pub fn forget(&mut self) {
        self.culler = Culler::default();
        self.has_looked = false;
    }

    /// They look at what is here of a venue, if there is one yet, from a head that is there.
    pub fn look(&mut self, scene: Option<&Scene>, now: Duration, head: Pose) {
        let ahead = self.turning(now, head);
        let Some(scene) = scene else { return };
        self.has_looked = true;
        match &self.wants {
            Wants::Seen => self.cull(scene, head, ahead),
            Wants::All => {
                self.cull(scene, head, ahead);
                self.add_all(scene);
            }
            Wants::Listed(tiles) => {
                self.demand.clear();
                let count = scene.tileset.tiles().len();
                for (rank, tile) in tiles.iter().filter(|tile| tile.index() < count).enumerate() {
                    if scene.resident(*tile).is_some() {
                        self.demand.keeps.push(*tile);
                    } else {
                        self.demand.wants.push(Want::new(*tile, 1.0 / (1.0 + rank as f32)));
                    }
                }
            }
        }
    }

    fn cull(&mut self, scene: &Scene, head: Pose, ahead: Quat) {
        let views = sight::views(head);
        let quality = Quality { budget: Budget::UNLIMITED, ahead, ..Quality::default() };
        let sight = Sight { views: &views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        self.culler.cull(scene, &[], &sight, &mut self.list, &mut self.demand);
    }

    /// How the head will have turned, by how it has turned since the last frame.
    fn turning(&mut self, now: Duration, head: Pose) -> Quat {
        let before = self.head_before.replace((now, head.orientation));
        let Some((then, before)) = before.filter(|(then, _)| *then < now) else { return Quat::IDENTITY };
        let turn = (head.orientation * before.inverse()).to_scaled_axis();
        fovea::ahead(turn / (now - then).as_secs_f32())
    }

    fn add_all(&mut self, scene: &Scene) {
        let named: BTreeSet<_> = self.demand.wants.iter().map(|want| want.tile).collect();
        for tile in (0..scene.tileset.tiles().len() as u32).map(TileId) {
            if scene.resident(tile).is_some() {
                self.demand.keeps.push(tile);
            } else if !named.contains(&tile) {
                self.demand.wants.push(Want::new(tile, 1e-3));
            }
        }
    }
}
