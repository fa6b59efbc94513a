//! Transition: where the cut changes, what was shown goes while what is shown instead comes, pixel by pixel.
//!
//! A change has a root: one tile that is shown before or after, and below it those that are shown after or before. While
//! it lasts both are drawn, by complementary patterns, and nothing else changes below its root. What the budget does not
//! afford, what is not here any more, and everything after a leap of the eyes changes at once.

use glam::Vec3;

use super::budget::{Cost, tile_cost};
use super::cut::Node;
use super::draw_list::Fade;
use super::{Budget, Culler, DrawList};
use crate::scene::{Demand, Scene, TileId};

/// So long a change takes, seconds.
pub const FADE_SECONDS: f32 = 0.25;

/// After a frame that took longer there is no before: nobody would see the steps, seconds.
const PAUSE_SECONDS: f64 = 0.125;

/// Eyes that moved farther in one frame have leapt, metres.
const LEAP_METRES: f32 = 1.0;

/// The cut leaves one part in so many of the budget to what goes.
const RESERVE_DIVISOR: u32 = 10;

/// Of a part that nothing happens to.
const AT_REST: u32 = u32::MAX;

/// A tile where it stands, as part of what is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Its number among all tiles, counted where they stand.
    number: u32,
    /// 0 in the world, else one more than that of the placement.
    placement: u32,
    pub tile: TileId,
    /// Among the frame's nodes; of the cut only.
    index: u32,
    /// It is in view.
    is_seen: bool,
    /// The number of its change's root.
    change: u32,
    /// Since that began.
    seconds: f32,
    /// It is not of the cut, or part of a change: it is not drawn with the others.
    is_apart: bool,
}

impl Part {
    /// How far its change has come, from 0 to 1; `None` at rest.
    fn progress(&self) -> Option<f32> {
        (self.change != AT_REST).then_some(self.seconds / FADE_SECONDS)
    }

    /// The tile that stands above it.
    fn above(&self, scene: &Scene) -> Option<Self> {
        let tileset = &scene.tileset;
        let (placement, tile) = match tileset.parent(self.tile) {
            Some(parent) => (self.placement, parent),
            None => (0, tileset.placements().get(self.placement.checked_sub(1)? as usize)?.tile),
        };
        let number =
            if placement == 0 { tile.0 } else { self.number.wrapping_sub(self.tile.0).wrapping_add(tile.0) };
        Some(Self { number, placement, tile, ..*self })
    }
}

/// Where in a list each tile is.
#[derive(Clone, Debug, Default)]
struct Register {
    round: u32,
    /// By the tiles' numbers: in which round it was written, and the place.
    places: Vec<(u32, u32)>,
}

impl Register {
    fn write(&mut self, parts: &[Part], count: usize) {
        self.places.resize(count, (0, 0));
        self.round = self.round.wrapping_add(1).max(1);
        for (part, place) in parts.iter().zip(0..) {
            if let Some(slot) = self.places.get_mut(part.number as usize) {
                *slot = (self.round, place);
            }
        }
    }

    fn find(&self, number: u32) -> Option<u32> {
        let &(round, place) = self.places.get(number as usize)?;
        (round == self.round).then_some(place)
    }

    /// The nearest above the part that is in the list.
    fn find_above(&self, scene: &Scene, part: &Part) -> Option<u32> {
        let mut above = part.above(scene);
        while let Some(part) = above {
            if self.find(part.number).is_some() {
                return Some(part.number);
            }
            above = part.above(scene);
        }
        None
    }
}

/// What is shown here and not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    /// The number of the tile above that is shown there.
    root: u32,
    /// It was shown; else it is to be.
    is_old: bool,
    /// In its list.
    place: u32,
}

/// What happens to a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    AtOnce,
    Fade,
    /// Something that is to go has not come yet.
    Later,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Transition {
    /// What is shown once all changes are over, in view or not.
    shown: Vec<Part>,
    /// What was shown, and goes.
    leaving: Vec<Part>,
    /// What the cut shows.
    cut: Vec<Part>,
    /// What comes after `shown`.
    following: Vec<Part>,
    differences: Vec<Difference>,
    /// Roots of changes that cannot go on.
    ended: Vec<u32>,
    in_shown: Register,
    in_cut: Register,
    /// Of the frame before.
    seconds: f64,
    position: Vec3,
    /// Since then; 0 where time stands still, or there is no before.
    passed_seconds: f32,
    /// Time does pass.
    is_timed: bool,
    /// What changed at once for want of a budget.
    skipped_count: u32,
}

impl Transition {
    /// It is that late, and the eyes are there.
    pub fn begin(&mut self, seconds: f64, position: Vec3) {
        let passed = seconds - self.seconds;
        let has_leapt = position.distance(self.position) > LEAP_METRES;
        let goes_on = passed > 0.0 && passed <= PAUSE_SECONDS && !has_leapt;
        self.passed_seconds = if goes_on { passed as f32 } else { 0.0 };
        self.is_timed = passed != 0.0;
        (self.seconds, self.position, self.skipped_count) = (seconds, position, 0);
    }

    /// Since the frame before; 0 where nothing may fade in this frame.
    pub fn passed_seconds(&self) -> f32 {
        self.passed_seconds
    }

    /// Whether anything may fade in this frame.
    fn goes_on(&self) -> bool {
        self.passed_seconds > 0.0
    }

    /// What the cut may cost, so that something is left to what goes.
    pub fn leave_room(&self, budget: Budget) -> Budget {
        if !self.is_timed {
            return budget;
        }
        let Budget { triangles, draws } = budget;
        Budget {
            triangles: triangles - triangles / u64::from(RESERVE_DIVISOR),
            draws: draws - draws / RESERVE_DIVISOR,
        }
    }

    /// Everything is shown as the cut has it, from now on.
    fn settle(&mut self) {
        self.leaving.clear();
        self.shown.clear();
        self.cut.iter_mut().for_each(|part| (part.change, part.is_apart) = (AT_REST, false));
        self.shown.extend_from_slice(&self.cut);
    }

    /// Time passes: what has gone is gone.
    fn advance(&mut self) {
        let passed = self.passed_seconds;
        for part in self.shown.iter_mut().chain(&mut self.leaving) {
            part.seconds += passed;
        }
        let is_over = |part: &Part| Fade::coming(part.seconds / FADE_SECONDS) == Fade::Settled;
        self.leaving.retain(|part| !is_over(part));
        self.shown.iter_mut().filter(|part| is_over(part)).for_each(|part| part.change = AT_REST);
    }

    /// Ends the changes that cannot go on.
    fn end_changes(&mut self) {
        let Self { ended, leaving, shown, .. } = self;
        leaving.retain(|part| !ended.contains(&part.change));
        let stopped = shown.iter_mut().filter(|part| ended.contains(&part.change));
        stopped.for_each(|part| part.change = AT_REST);
        ended.clear();
    }

    /// Finds what is shown otherwise than the cut has it.
    fn compare(&mut self, scene: &Scene) {
        let Self { shown, cut, differences, in_shown, in_cut, .. } = self;
        let count = scene.tileset.node_count();
        in_shown.write(shown, count);
        in_cut.write(cut, count);
        differences.clear();
        for (list, other, is_old) in [(&*shown, &*in_cut, true), (&*cut, &*in_shown, false)] {
            let changed = list.iter().zip(0..).filter(|(part, _)| other.find(part.number).is_none());
            differences.extend(changed.filter_map(|(part, place)| {
                Some(Difference { root: other.find_above(scene, part)?, is_old, place })
            }));
        }
        differences.sort_unstable();
    }

    /// Lists what is shown from now on: the cut, but for what comes later.
    fn follow(&mut self) {
        let Self { shown, cut, following, in_shown, .. } = self;
        following.clear();
        for part in cut.iter() {
            let before = in_shown.find(part.number).and_then(|place| shown.get(place as usize));
            let before = before.filter(|before| before.change != AT_REST);
            let (change, seconds) = before.map_or((part.change, part.seconds), |it| (it.change, it.seconds));
            following.push(Part { change, seconds, is_apart: part.is_apart || change != AT_REST, ..*part });
        }
        following.retain(|part| !(part.is_apart && part.change == AT_REST));
        following.extend(shown.iter().filter(|part| part.is_apart));
        std::mem::swap(shown, following);
    }
}

impl Culler {
    /// Draws the cut anew with what comes, what goes and what still stays, if that is not the cut itself. `before`
    /// is how much of the list and of the sorted draws was there before the cut.
    pub(super) fn change_over(
        &mut self,
        scene: &Scene,
        list: &mut DrawList,
        before: (usize, usize, u64),
        budget: Budget,
    ) {
        self.list_cut(scene);
        if self.transition.goes_on() {
            let cost = self.cost_of(list);
            self.transition.advance();
            let left = self.go_on(scene, Cost::all_of(budget) - cost);
            self.transition.compare(scene);
            self.begin_changes(scene, left);
            self.transition.end_changes();
            self.transition.follow();
            if self.draw_over(scene, list, before) && self.cost_of(list).exceeds(budget) {
                self.transition.skipped_count += self.transition.leaving.len() as u32;
                self.transition.settle();
                self.draw_over(scene, list, before);
            }
        } else {
            self.transition.settle();
        }
        list.fading_count = self.transition.leaving.len() as u32;
        list.popped_count = self.transition.skipped_count;
    }

    /// What goes or stays beside the cut is needed until it has gone.
    pub(super) fn keep_leaving(&self, demand: &mut Demand) {
        let Transition { shown, leaving, .. } = &self.transition;
        demand
            .keeps
            .extend(leaving.iter().chain(shown.iter().filter(|part| part.is_apart)).map(|part| part.tile));
    }

    /// Lists what the cut shows: what is drawn, and out of view what would be wanted there.
    fn list_cut(&mut self, scene: &Scene) {
        let mut cut = std::mem::take(&mut self.transition.cut);
        cut.clear();
        self.nodes[0].is_shown = true;
        for index in 0..self.nodes.len() {
            let node = self.nodes[index];
            let is_opened = if node.is_visible {
                node.is_replaced || (scene.resident(node.tile).is_none() && node.is_refined)
            } else {
                node.is_refined
            };
            self.nodes[node.children()]
                .iter_mut()
                .for_each(|child| child.is_shown = node.is_shown && is_opened);
            if node.is_shown && !is_opened {
                let place = &self.places[node.place as usize];
                cut.push(Part {
                    number: place.memory.wrapping_add(node.tile.0),
                    placement: place.placement,
                    tile: node.tile,
                    index: index as u32,
                    is_seen: node.is_visible,
                    change: AT_REST,
                    seconds: 0.0,
                    is_apart: false,
                });
            }
        }
        self.transition.cut = cut;
    }

    /// Looks at all changes that go on, and ends those that cannot; returns what of the budget is left.
    fn go_on(&mut self, scene: &Scene, mut left: Cost) -> Cost {
        let mut transition = std::mem::take(&mut self.transition);
        transition.shown.iter_mut().for_each(|part| part.is_apart = false);
        for part in transition.shown.iter().filter(|part| part.change != AT_REST) {
            if self.is_missing(scene, part) {
                transition.ended.push(part.change);
            }
        }
        for part in &transition.leaving {
            let cost = self.cost_of_part(scene, part);
            let is_affordable = left.affords(cost);
            if is_affordable {
                left = left - cost;
            } else {
                transition.skipped_count += 1;
            }
            if !is_affordable || self.is_missing(scene, part) {
                transition.ended.push(part.change);
            }
        }
        transition.end_changes();
        self.transition = transition;
        left
    }

    /// Decides of all that is to be shown otherwise, root by root.
    fn begin_changes(&mut self, scene: &Scene, mut left: Cost) {
        let mut transition = std::mem::take(&mut self.transition);
        let differences = std::mem::take(&mut transition.differences);
        for change in differences.chunk_by(|a, b| a.root == b.root) {
            let root = change.first().map_or(AT_REST, |difference| difference.root);
            // The root itself is in the other list.
            let (old_root, new_root) = (transition.in_shown.find(root), transition.in_cut.find(root));
            let olds = || {
                let below = change.iter().filter(|difference| difference.is_old);
                below.map(|difference| difference.place).chain(old_root).map(|place| place as usize)
            };
            let news = || {
                let below = change.iter().filter(|difference| !difference.is_old);
                below.map(|difference| difference.place).chain(new_root).map(|place| place as usize)
            };
            match self.fate(scene, &mut transition, &mut left, olds()) {
                Fate::AtOnce => {}
                Fate::Fade => {
                    news().for_each(|place| {
                        (transition.cut[place].change, transition.cut[place].seconds) = (root, 0.0)
                    });
                    let leaving =
                        olds().map(|place| Part { change: root, seconds: 0.0, ..transition.shown[place] });
                    transition.leaving.extend(leaving);
                }
                Fate::Later => {
                    news().for_each(|place| transition.cut[place].is_apart = true);
                    olds().for_each(|place| transition.shown[place].is_apart = true);
                }
            }
        }
        transition.differences = differences;
        self.transition = transition;
    }

    /// What becomes of what was shown, of one root.
    fn fate(
        &mut self,
        scene: &Scene,
        transition: &mut Transition,
        left: &mut Cost,
        olds: impl Iterator<Item = usize> + Clone,
    ) -> Fate {
        let (mut cost, mut was_seen, mut is_missing, mut is_busy) = (Cost::NOTHING, false, false, false);
        for part in olds.clone().map(|place| transition.shown[place]) {
            cost = cost + self.cost_of_part(scene, &part);
            was_seen |= part.is_seen;
            is_missing |= self.is_missing(scene, &part);
            is_busy |= part.change != AT_REST;
        }
        if !was_seen && !is_busy {
            return Fate::AtOnce;
        }
        let is_affordable = left.affords(cost);
        transition.skipped_count += u32::from(!is_missing && !is_affordable);
        if is_missing || !is_affordable {
            let busy = olds.map(|place| transition.shown[place].change).filter(|&change| change != AT_REST);
            transition.ended.extend(busy);
            return Fate::AtOnce;
        }
        *left = *left - cost;
        if is_busy { Fate::Later } else { Fate::Fade }
    }

    /// Draws what is shown instead of the cut; returns whether that is something else.
    fn draw_over(&mut self, scene: &Scene, list: &mut DrawList, before: (usize, usize, u64)) -> bool {
        let mut transition = std::mem::take(&mut self.transition);
        let is_cut = transition.leaving.is_empty() && !transition.shown.iter().any(|part| part.is_apart);
        let was_cut = self.nodes.iter().all(|node| !node.is_apart);
        if !(is_cut && was_cut) {
            self.nodes.iter_mut().for_each(|node| node.is_apart = true);
            for part in transition.shown.iter().filter(|part| !part.is_apart) {
                self.nodes[part.index as usize].is_apart = false;
            }
            list.instances.truncate(before.0);
            self.sorted.truncate(before.1);
            list.triangle_count = before.2;
            self.emit(scene, list);
            for part in transition.shown.iter_mut().filter(|part| part.is_apart) {
                let fade = part.progress().map_or(Fade::Settled, Fade::coming);
                part.is_seen = self.emit_part(scene, part, fade, list);
            }
            for part in &transition.leaving {
                self.emit_part(scene, part, part.progress().map_or(Fade::Settled, Fade::going), list);
            }
        }
        self.transition = transition;
        !is_cut
    }

    fn emit_part(&mut self, scene: &Scene, part: &Part, fade: Fade, list: &mut DrawList) -> bool {
        let Some(node) = self.look_for(scene, part) else { return false };
        if let Some(resident) = scene.resident(part.tile).filter(|_| fade != Fade::Nothing) {
            self.emit_tile(scene, &node, resident, fade, list);
        }
        true
    }

    /// How the part is seen, if it is in view.
    fn look_for(&mut self, scene: &Scene, part: &Part) -> Option<Node> {
        let known = self.places.iter().position(|place| place.placement == part.placement);
        let place = match known {
            Some(place) => place as u32,
            None => self.enter_placement(scene, part.placement.checked_sub(1)? as usize)?,
        };
        let mut node = Node::new(part.tile, place, true);
        self.measure(scene, &mut node);
        node.is_visible = node.is_in_frustum && !self.is_in_shadow(scene, &node);
        let frustum = &self.places[place as usize].eyes.frustum;
        node.share =
            if node.is_inside { 1.0 } else { frustum.share_of_box(scene.tileset.tile(part.tile).bounds) };
        node.is_visible.then_some(node)
    }

    /// Whether there would be a hole.
    fn is_missing(&mut self, scene: &Scene, part: &Part) -> bool {
        scene.resident(part.tile).is_none() && self.look_for(scene, part).is_some()
    }

    fn cost_of_part(&mut self, scene: &Scene, part: &Part) -> Cost {
        self.look_for(scene, part).map_or(Cost::NOTHING, |node| tile_cost(scene, &node))
    }
}
