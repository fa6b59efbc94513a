//! Where somebody stands, and what of the venue is drawn for them there.

use pavilion::cull::{Culler, DrawList, Quality, Sight};
use pavilion::math::{ViewPair, pose::EYE_DISTANCE_METRES};
use pavilion::scene::{Demand, Scene};

use super::SIZES;
use super::eye::{FOV, PIXEL_RADIANS, Qualities};
use super::walk;

/// What is compared, as it is called in the table and in JSON.
pub const CULLINGS: [&str; 3] = ["a pixel everywhere", "following the eye", "within the budget"];

/// Frames after which a cut that was there before is kept.
const SETTLING: u32 = 3;

/// A place of the walk.
pub struct Place {
    pub is_entrance: bool,
    /// What is seen from it, as [`CULLINGS`] has it.
    pub views: [View; CULLINGS.len()],
}

/// A view from a place, culled in one way.
pub struct View {
    pub eyes: ViewPair,
    pub list: DrawList,
    pixel_radians: f32,
    quality: Quality,
    culler: Culler,
    demand: Demand,
}

impl Place {
    /// The entrance, and places of the walk that are as far apart as can be.
    pub fn some(scene: &Scene, [width, _]: [u32; 2], count: usize) -> Vec<Self> {
        let heads = walk::heads(scene.tileset.bounds(), scene.tileset.spawn());
        let pixel_radians = PIXEL_RADIANS * SIZES[1][0] as f32 / width as f32;
        let chosen = heads.iter().step_by(heads.len().div_ceil(count)).enumerate();
        let places = chosen.map(|(number, head)| {
            let eyes = ViewPair::around(*head, FOV, EYE_DISTANCE_METRES);
            let Qualities { plain, foveated, capped } = Qualities::new();
            let views = [plain, foveated, capped].map(|quality| {
                let (culler, list, demand) = (Culler::default(), DrawList::default(), Demand::default());
                let mut view = View { eyes, list, pixel_radians, quality, culler, demand };
                (0..SETTLING).for_each(|_| view.cull(scene));
                view
            });
            Self { is_entrance: number == 0, views }
        });
        places.collect()
    }
}

impl View {
    /// What a frame culls.
    pub fn cull(&mut self, scene: &Scene) {
        let sight = Sight { views: &self.eyes, pixel_radians: self.pixel_radians, quality: &self.quality };
        self.culler.cull(scene, &[], &sight, &mut self.list, &mut self.demand);
    }
}
