//! Detail changes little by little: what comes and what goes share every pixel, and no more is drawn than may be.

use std::collections::BTreeMap;

use super::placed::{placed, pose};
use super::*;

/// From frame to frame, seconds.
const FRAME_SECONDS: f64 = 1.0 / 72.0;

/// More than a change takes.
const FRAMES: usize = 30;

/// A scene in which time passes, and the eyes that look at it.
struct Watch {
    scene: Scene,
    culler: Culler,
    budget: Budget,
    list: DrawList,
    demand: Demand,
}

impl Watch {
    fn new(scene: Scene) -> Self {
        Self {
            scene,
            culler: Culler::default(),
            budget: Budget::UNLIMITED,
            list: DrawList::default(),
            demand: Demand::default(),
        }
    }

    fn frame_after(&mut self, seconds: f64, views: &ViewPair) {
        self.scene.set_seconds(self.scene.seconds() + seconds);
        let quality = Quality { budget: self.budget, ..Quality::default() };
        let sight = Sight { views, pixel_radians: PIXEL_RADIANS, quality: &quality };
        self.culler.cull(&self.scene, &[], &sight, &mut self.list, &mut self.demand);
    }

    fn frame(&mut self, views: &ViewPair) -> Vec<(u32, Fade)> {
        self.frame_after(FRAME_SECONDS, views);
        fades(&self.list)
    }
}

fn is_solid(draw: &&Draw) -> bool {
    draw.batch.alpha == AlphaMode::Opaque
}

/// Of the solid parts of tiles, in their order.
fn fades(list: &DrawList) -> Vec<(u32, Fade)> {
    let solid = list.draws.iter().filter(is_solid);
    let mut fades: Vec<_> = solid.filter_map(|draw| Some((tile_of(draw)?, draw.fade))).collect();
    fades.sort_by_key(|&(tile, _)| tile);
    fades
}

/// Of 64 kinds of pixels.
fn kinds(fade: Fade) -> u32 {
    match fade {
        Fade::Settled => 64,
        Fade::Coming(step) => u32::from(step),
        Fade::Going(step) => 64 - u32::from(step),
        Fade::Nothing => 0,
    }
}

fn near() -> ViewPair {
    eyes(Vec3::new(0.0, 1.0, 6.0), 0.0)
}

fn far() -> ViewPair {
    eyes(Vec3::new(0.0, 1.0, 700.0), 0.0)
}

#[test]
fn what_comes_and_what_goes_share_every_pixel() {
    for step in 0..=1000 {
        let progress = step as f32 / 1000.0;
        let (coming, going) = (Fade::coming(progress), Fade::going(progress));
        assert_eq!(kinds(coming) + kinds(going), 64);
        let is_pair = matches!((coming, going), (Fade::Coming(a), Fade::Going(b)) if a == b);
        let is_end =
            matches!((coming, going), (Fade::Nothing, Fade::Settled) | (Fade::Settled, Fade::Nothing));
        assert!(is_pair || is_end, "{coming:?} and {going:?}");
    }
}

#[test]
fn finer_tiles_come_while_the_coarse_one_goes() {
    let mut watch = Watch::new(scene());
    arrive(&mut watch.scene, 0);
    watch.frame_after(1e9, &near());
    assert_eq!(watch.frame(&near()), [(0, Fade::Settled)]);
    (3..5).for_each(|tile| arrive(&mut watch.scene, tile));
    assert_eq!(watch.frame(&near()), [(0, Fade::Settled)], "it begins with what was there");
    let mut before = 0;
    for frame in 1..18 {
        let fades = watch.frame(&near());
        let [(0, going), (3, Fade::Coming(step)), (4, Fade::Coming(other))] = fades[..] else {
            panic!("{fades:?} in frame {frame}");
        };
        assert_eq!((going, step), (Fade::Going(step), other));
        assert!(step > before, "{step} after {before}");
        assert!([0, 3, 4].into_iter().all(|tile| watch.demand.keeps.contains(&TileId(tile))));
        assert_eq!((watch.list.fading_count, watch.list.popped_count), (1, 0));
        before = step;
    }
    assert_eq!(watch.frame(&near()), [(3, Fade::Settled), (4, Fade::Settled)]);
    assert_eq!(watch.list.fading_count, 0);
}

#[test]
fn the_coarse_one_comes_back_the_same_way() {
    let mut watch = Watch::new(scene());
    (0..5).for_each(|tile| arrive(&mut watch.scene, tile));
    let at = |metres: f32| eyes(Vec3::new(0.0, 1.0, metres), 0.0);
    watch.frame_after(1e9, &at(540.0));
    assert_eq!(watch.frame(&at(540.0)), [(0, Fade::Settled)]);
    // Closer, metre by metre, and away again.
    let mut all: Vec<Vec<(u32, Fade)>> = Vec::new();
    let way =
        (0..70).map(|step| 539.5 - step as f32 * 0.9).chain((0..190).map(|step| 477.4 + step as f32 * 0.9));
    way.for_each(|metres| all.push(watch.frame(&at(metres))));
    let tiles = |fades: &[(u32, Fade)]| fades.iter().map(|&(tile, _)| tile).collect::<Vec<_>>();
    let mut shown: Vec<_> = all.iter().map(|fades| tiles(fades)).collect();
    shown.dedup();
    assert_eq!(shown, [vec![0], vec![0, 1, 2], vec![1, 2], vec![0, 1, 2], vec![0]]);
    assert!(
        all.iter().all(|fades| fades
            .iter()
            .filter(|fade| fade.0 != 2)
            .map(|fade| kinds(fade.1))
            .sum::<u32>()
            == 64)
    );
}

/// Nobody sees steps between two places, or where time stands still, as where single pictures are made.
#[test]
fn leaps_pauses_and_standing_time_change_at_once() {
    let settled = [(3, Fade::Settled), (4, Fade::Settled)];
    let after = |seconds, eyes: &ViewPair| {
        let mut watch = Watch::new(scene());
        arrive(&mut watch.scene, 0);
        watch.frame_after(1e9, &near());
        watch.frame(&near());
        (3..5).for_each(|tile| arrive(&mut watch.scene, tile));
        watch.frame_after(seconds, eyes);
        fades(&watch.list)
    };
    let at = |x| eyes(Vec3::new(x, 1.0, 6.0), 0.0);
    assert_ne!(after(FRAME_SECONDS, &at(0.9)), settled);
    assert_eq!(after(FRAME_SECONDS, &at(1.1)), settled, "a leap");
    assert_eq!(after(0.0, &at(0.0)), settled, "no time");
    assert_eq!(after(1.0, &at(0.0)), settled, "a pause");
    assert_eq!(after(-1.0, &at(0.0)), settled, "a clock that was set");
    // A leap ends what has begun.
    let mut watch = Watch::new(scene());
    arrive(&mut watch.scene, 0);
    watch.frame_after(1e9, &near());
    watch.frame(&near());
    (3..5).for_each(|tile| arrive(&mut watch.scene, tile));
    (0..5).for_each(|_| _ = watch.frame(&near()));
    assert_eq!(watch.list.fading_count, 1);
    assert_eq!(watch.frame(&far()), [(0, Fade::Settled)]);
}

#[test]
fn what_changes_again_meanwhile_waits_for_its_turn() {
    let mut watch = Watch::new(scene());
    arrive(&mut watch.scene, 0);
    watch.frame_after(1e9, &near());
    watch.frame(&near());
    (1..3).for_each(|tile| arrive(&mut watch.scene, tile));
    (0..4).for_each(|_| _ = watch.frame(&near()));
    (3..5).for_each(|tile| arrive(&mut watch.scene, tile));
    let mut shown = Vec::new();
    for _ in 0..2 * FRAMES {
        let fades = watch.frame(&near());
        assert!(coverage(&watch.list, 0).values().all(|&kinds| kinds == 64), "{fades:?}");
        shown.push(fades.iter().map(|&(tile, _)| tile).collect::<Vec<_>>());
    }
    shown.dedup();
    assert_eq!(shown, [vec![0, 1, 2], vec![1, 2], vec![1, 2, 3, 4], vec![3, 4]]);
}

#[test]
fn a_budget_too_small_for_both_is_kept() {
    let mut watch = Watch::new(scene());
    // Both cells are 12 triangles, the root 6: both and what is left to them are 18, the cells alone 12 of 14 · 9/10.
    watch.budget = Budget { triangles: 14, draws: 150 };
    arrive(&mut watch.scene, 0);
    watch.frame_after(1e9, &near());
    watch.frame(&near());
    (3..5).for_each(|tile| arrive(&mut watch.scene, tile));
    assert_eq!(watch.frame(&near()), [(3, Fade::Settled), (4, Fade::Settled)]);
    assert_eq!((watch.list.fading_count, watch.list.popped_count), (0, 1));
    assert_eq!(watch.list.triangle_count, 12);
    watch.frame(&near());
    assert_eq!(watch.list.popped_count, 0, "it is counted once");
}

/// Which local tile covers which cells of `scene()`.
fn cells(tile: u32) -> &'static [u32] {
    match tile {
        0 => &[1, 2],
        1 | 3 => &[1],
        _ => &[2],
    }
}

/// Of each cell where it stands, the kinds of pixels that anything is drawn on.
fn coverage(list: &DrawList, root: u32) -> BTreeMap<(u32, [i32; 3]), u32> {
    let mut coverage = BTreeMap::new();
    for draw in list.draws.iter().filter(is_solid) {
        let Some(tile) = tile_of(draw).and_then(|tile| tile.checked_sub(root)) else { continue };
        for instance in &list.instances[draw.instance as usize..][..draw.instance_count as usize] {
            let at = instance.world_from_grid.map(|row| (row.w * 100.0).round() as i32);
            for &cell in cells(tile) {
                *coverage.entry((cell, at)).or_default() += kinds(draw.fade);
            }
        }
    }
    coverage
}

/// Whether any of the cell is seen where it stands.
fn is_in_view(views: &ViewPair, poses: &[Pose], cell: u32, at: [i32; 3]) -> bool {
    let stands = |pose: &&Pose| pose.position.to_array().map(|x| (x * 100.0).round() as i32) == at;
    let pose = *poses.iter().find(stands).unwrap();
    let leaf = [bounds(-2.0), bounds(0.0)][cell as usize - 1];
    Frustum::around(views, 0.0).seen_from(pose).touches_box(leaf)
}

struct Dice(u32);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % sides
    }
}

/// Tiles come and go and heads turn in any order: whatever is seen without fades is seen with them, on every pixel once;
/// and when all is quiet, it is the same.
#[test]
fn no_pixel_shows_neither_or_both() {
    let mut mixed = 0;
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let (scene, root, poses) = if seed % 2 == 0 {
            (scene(), 0, vec![Pose::IDENTITY])
        } else {
            (placed(None), 8, (0..7).map(pose).collect())
        };
        let (mut watch, mut plain) = (Watch::new(scene.clone()), Watch::new(scene));
        arrive(&mut watch.scene, root);
        arrive(&mut plain.scene, root);
        watch.frame_after(1e9, &near());
        let (mut metres, mut yaw) = (6.0, 0.0);
        for frame in 0..400 {
            match dice.roll(24) {
                0 => (metres, yaw) = ([6.0, 200.0, 490.0, 700.0][dice.roll(4) as usize], 0.0),
                1 => metres += 0.5,
                2..6 => yaw += 0.1 * (dice.roll(3) as f32 - 1.0),
                6..8 => {
                    let tile = root + dice.roll(5);
                    arrive(&mut watch.scene, tile);
                    arrive(&mut plain.scene, tile);
                }
                8 => {
                    let tile = TileId(root + 1 + dice.roll(4));
                    watch.scene.set_resident(tile, None);
                    plain.scene.set_resident(tile, None);
                }
                _ => {}
            }
            let views = eyes(Vec3::new(0.0, 1.0, metres), yaw);
            watch.frame(&views);
            plain.frame_after(0.0, &views);
            let seen = coverage(&watch.list, root);
            for (&(cell, at), &kinds) in &coverage(&plain.list, root) {
                assert_eq!(kinds, 64);
                if is_in_view(&views, &poses, cell, at) {
                    assert_eq!(seen.get(&(cell, at)), Some(&64), "cell {cell}, seed {seed}, frame {frame}");
                }
            }
            mixed += usize::from(watch.list.fading_count > 0);
            if frame % 100 == 99 {
                (0..2 * FRAMES).for_each(|_| _ = watch.frame(&views));
                (0..2 * FRAMES).for_each(|_| plain.frame_after(0.0, &views));
                assert_eq!((fades(&watch.list), watch.list.fading_count), (fades(&plain.list), 0));
                assert_eq!(watch.demand.wants, plain.demand.wants);
                assert_eq!(watch.demand.keeps, plain.demand.keeps, "nothing is kept for ever");
            }
        }
    }
    assert!(mixed > 1000, "{mixed} frames had something between");
}

/// However little a frame may cost, what goes does not make it more; and still every pixel is shown once.
#[test]
fn no_budget_is_broken_for_what_goes() {
    let poses: Vec<Pose> = (0..7).map(pose).collect();
    let (mut between, mut popped) = (0, 0);
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let mut watch = Watch::new(placed(None));
        watch.budget = Budget { triangles: u64::from(40 + dice.roll(80)), draws: 20 + dice.roll(40) };
        (8..13).for_each(|tile| arrive(&mut watch.scene, tile));
        watch.frame_after(1e9, &near());
        let (mut metres, mut yaw) = (6.0, 0.0);
        for frame in 0..300 {
            match dice.roll(12) {
                0 => yaw += 0.2 * (dice.roll(3) as f32 - 1.0),
                1..4 => metres += [0.9, -0.9, 0.5, 0.3][dice.roll(4) as usize],
                4 => watch.scene.set_resident(TileId(9 + dice.roll(4)), None),
                5 | 6 => arrive(&mut watch.scene, 9 + dice.roll(4)),
                _ => {}
            }
            let views = eyes(Vec3::new(0.0, 1.0, metres), yaw);
            watch.frame(&views);
            let Watch { list, budget, .. } = &watch;
            let cost = (list.triangle_count, list.draws.len());
            if list.fading_count > 0 {
                let fits = cost.0 <= budget.triangles && cost.1 <= budget.draws as usize;
                assert!(fits, "{cost:?} of {budget:?}, seed {seed}, frame {frame}");
            }
            between += list.fading_count;
            popped += list.popped_count;
            for ((cell, at), kinds) in coverage(list, 8) {
                if is_in_view(&views, &poses, cell, at) {
                    assert_eq!(kinds, 64, "cell {cell}, seed {seed}, frame {frame}");
                }
            }
        }
    }
    assert!(between > 100 && popped > 20, "{between} and {popped}");
}

/// Once it has seen a change, another takes no memory.
#[cfg(feature = "viewer")]
#[test]
fn changes_allocate_nothing() {
    let mut watch = Watch::new(scene());
    (0..5).for_each(|tile| arrive(&mut watch.scene, tile));
    let at = |metres: f32| eyes(Vec3::new(0.0, 1.0, metres), 0.0);
    let way: Vec<_> = (0..400_u32).map(|step| at(480.0 + step.abs_diff(200) as f32 * 0.9)).collect();
    watch.frame_after(1e9, &way[0]);
    let walk = |watch: &mut Watch| {
        let mut count = 0;
        for views in &way {
            watch.frame_after(FRAME_SECONDS, views);
            count += watch.list.fading_count;
        }
        count
    };
    walk(&mut watch);
    let (count, heard) = crate::tests::allocator::during(|| walk(&mut watch));
    assert!(count > 20, "{count} tiles were between");
    assert_eq!((heard.ours, heard.theirs), (Vec::new(), 0));
}
