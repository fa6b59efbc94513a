//! What shows one tile at a time and is no part of the tree: what was shown goes while what is shown instead comes, pixel by
//! pixel, as in a [`transition`](super::transition). What has come is not there at once either.

use super::draw_list::Fade;
use super::transition::FADE_SECONDS;
use crate::scene::TileId;

/// What is shown of one thing. Nothing, by default.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Succession {
    /// What stays.
    tile: Option<TileId>,
    /// What goes.
    leaving: Option<TileId>,
    /// Since that began; `None` at rest.
    seconds: Option<f32>,
}

impl Succession {
    /// Shows `wanted` from now on, once what changes already has changed. So long after the frame before; 0 where there is
    /// none, and all changes at once.
    pub fn step(&mut self, wanted: Option<TileId>, passed_seconds: f32, is_here: impl Fn(TileId) -> bool) {
        let passed = self.seconds.map(|seconds| seconds + passed_seconds);
        self.seconds = passed.filter(|seconds| *seconds < FADE_SECONDS);
        let can_stay = self.tile.is_none_or(&is_here);
        if passed_seconds <= 0.0 || !can_stay {
            *self = Self { tile: wanted, ..Self::default() };
            return;
        }
        self.leaving = self.leaving.filter(|tile| self.seconds.is_some() && is_here(*tile));
        if self.seconds.is_none() && self.tile != wanted {
            (self.leaving, self.tile, self.seconds) = (self.tile, wanted, Some(0.0));
        }
    }

    /// What is drawn, and by how much; what stays first.
    pub fn parts(&self) -> impl Iterator<Item = (TileId, Fade)> + use<> {
        let progress = self.seconds.map_or(1.0, |seconds| seconds / FADE_SECONDS);
        let staying = self.tile.map(|tile| (tile, Fade::coming(progress)));
        let leaving = self.leaving.map(|tile| (tile, Fade::going(progress)));
        staying.into_iter().chain(leaving)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_SECONDS: f32 = FADE_SECONDS / 8.0;

    fn after(succession: &mut Succession, wanted: u32, frames: u32) -> Vec<(u32, Fade)> {
        (0..frames).for_each(|_| succession.step(Some(TileId(wanted)), FRAME_SECONDS, |_| true));
        succession.parts().map(|(tile, fade)| (tile.0, fade)).collect()
    }

    /// Wherever the one is drawn the other is not, and together they are everywhere.
    #[test]
    fn what_comes_and_what_goes_share_all_pixels_until_it_has_come() {
        let mut level = Succession::default();
        level.step(Some(TileId(3)), 0.0, |_| true);
        assert_eq!(after(&mut level, 3, 1), [(3, Fade::Settled)]);
        assert_eq!(after(&mut level, 2, 1), [(2, Fade::Nothing), (3, Fade::Settled)]);
        for frame in 1..8 {
            let step = 8 * frame;
            assert_eq!(after(&mut level, 2, 1), [(2, Fade::Coming(step)), (3, Fade::Going(step))]);
        }
        assert_eq!(after(&mut level, 2, 1), [(2, Fade::Settled)]);
    }

    #[test]
    fn what_changes_meanwhile_waits_for_its_turn() {
        let mut level = Succession::default();
        level.step(Some(TileId(3)), 0.0, |_| true);
        after(&mut level, 2, 4);
        let shown = after(&mut level, 1, 1);
        assert_eq!(shown.iter().map(|(tile, _)| *tile).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(after(&mut level, 1, 4), [(1, Fade::Nothing), (2, Fade::Settled)]);
        assert_eq!(after(&mut level, 1, 8), [(1, Fade::Settled)]);
    }

    #[test]
    fn the_first_comes_little_by_little_and_what_goes_leaves_nothing() {
        let mut prop = Succession::default();
        prop.step(None, FRAME_SECONDS, |_| true);
        assert_eq!(after(&mut prop, 1, 5), [(1, Fade::Coming(32))]);
        assert_eq!(after(&mut prop, 1, 4), [(1, Fade::Settled)]);
        prop.step(None, FRAME_SECONDS, |_| true);
        assert_eq!(prop.parts().collect::<Vec<_>>(), [(TileId(1), Fade::Settled)]);
        (0..8).for_each(|_| prop.step(None, FRAME_SECONDS, |_| true));
        assert_eq!(prop.parts().count(), 0);
    }

    #[test]
    fn where_there_is_no_before_and_where_something_is_missing_it_changes_at_once() {
        let mut level = Succession::default();
        level.step(Some(TileId(3)), 0.0, |_| true);
        after(&mut level, 2, 4);
        level.step(Some(TileId(2)), 0.0, |_| true);
        assert_eq!(level.parts().collect::<Vec<_>>(), [(TileId(2), Fade::Settled)]);
        after(&mut level, 1, 4);
        level.step(Some(TileId(2)), FRAME_SECONDS, |tile| tile != TileId(1));
        assert_eq!(level.parts().collect::<Vec<_>>(), [(TileId(2), Fade::Settled)]);
        after(&mut level, 1, 4);
        level.step(Some(TileId(1)), FRAME_SECONDS, |tile| tile != TileId(2));
        assert_eq!(level.parts().map(|(tile, _)| tile).collect::<Vec<_>>(), [TileId(1)]);
    }
}
