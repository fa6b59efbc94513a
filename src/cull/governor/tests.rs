#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const ALL: Knobs = Knobs {
    foveation_levels: 3,
    has_fewer_samples: true,
    has_resolution: true,
    avatar_tiers: 2,
    slower: Some(1.25),
};

const PERIOD_MILLIS: f32 = 1e3 / 90.0;

/// A frame that took one period, in time, of which nothing else is known.
const FINE: FrameFacts = FrameFacts {
    frame_millis: PERIOD_MILLIS,
    period_millis: PERIOD_MILLIS,
    is_late: false,
    cpu_millis: None,
    gpu_millis: None,
    rendering: Strain::Normal,
    heat: Strain::Normal,
};

const LATE: FrameFacts = FrameFacts { frame_millis: 2.0 * PERIOD_MILLIS, is_late: true, ..FINE };

/// A device whose rungs help by other factors than the governor supposes.
#[derive(Clone, Debug)]
struct Device {
    /// What remains of the load after each rung, by its place among all of [`ALL`]'s.
    remains: Vec<f32>,
    knows_gpu: bool,
    seconds: f32,
    seed: u32,
}

impl Device {
    fn new(remains: f32, knows_gpu: bool) -> Self {
        Self { remains: vec![remains; 14], knows_gpu, seconds: 0.0, seed: 1 }
    }

    /// −1 ..= 1, the same each time.
    fn noise(&mut self) -> f32 {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.seed >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    /// Draws for so long under a load, as a share of the period at full quality. Every decision, with its time.
    fn run(&mut self, governor: &mut Governor, seconds: f32, load: f32, noise: f32) -> Vec<(f32, Decision)> {
        let (mut decisions, end) = (Vec::new(), self.seconds + seconds);
        while self.seconds < end {
            let load = load * (1.0 + noise * self.noise());
            let facts = self.frame(governor, load);
            decisions.extend(governor.observe(&facts).map(|decision| (self.seconds, decision)));
        }
        decisions
    }

    fn frame(&mut self, governor: &Governor, load: f32) -> FrameFacts {
        let remains: f32 = self.remains.iter().take(governor.step()).product();
        let needed = load * remains;
        let periods = needed.ceil().max(1.0);
        self.seconds += periods * PERIOD_MILLIS * 1e-3;
        let gpu_millis = self.knows_gpu.then_some(needed * PERIOD_MILLIS);
        let cpu_millis = Some(0.1 * PERIOD_MILLIS);
        FrameFacts {
            frame_millis: periods * PERIOD_MILLIS,
            is_late: periods > 1.0,
            gpu_millis,
            cpu_millis,
            ..FINE
        }
    }
}

fn observe(governor: &mut Governor, facts: FrameFacts, frames: usize) -> Option<Decision> {
    (0..frames).filter_map(|_| governor.observe(&facts)).last()
}

#[test]
fn the_ladder_goes_down_in_the_order_of_the_design() {
    let ladder = Ladder::new(&ALL);
    let grades: Vec<_> = (0..=ladder.last()).map(|step| ladder.grade(step)).collect();
    assert_eq!((grades.len(), grades[0]), (15, Grade::FULL));
    let at = |is_there: fn(&Grade) -> bool| grades.iter().position(is_there).unwrap();
    let order = [
        at(|grade| grade.foveation == 1),
        at(|grade| grade.foveation == 3),
        at(|grade| grade.error_scale > 1.0),
        at(|grade| grade.error_scale == 2.0),
        at(|grade| grade.has_fewer_samples),
        at(|grade| grade.resolution_scale < 1.0),
        at(|grade| grade.avatar_tier == 1),
        at(|grade| grade.is_slower),
    ];
    assert_eq!(order, [1, 3, 4, 7, 8, 9, 12, 14]);
    // What a step has given up, the next has given up too.
    for pair in grades.windows(2) {
        assert!(pair[1].foveation >= pair[0].foveation && pair[1].error_scale >= pair[0].error_scale);
        assert!(pair[1].resolution_scale <= pair[0].resolution_scale && pair[0] != pair[1]);
    }
}

#[test]
fn what_a_device_lacks_is_no_rung() {
    let detail = Ladder::new(&Knobs::default());
    assert_eq!(detail.last(), 4);
    assert_eq!(detail.grade(9), Grade { error_scale: 2.0, ..Grade::FULL });
    let odd = Knobs { foveation_levels: 200, slower: Some(f32::NAN), ..Knobs::default() };
    assert_eq!(Ladder::new(&odd).last(), 7);
}

#[test]
fn a_few_late_frames_lower_detail_and_say_why() {
    let mut governor = Governor::new(&Knobs::default());
    assert_eq!(observe(&mut governor, FrameFacts { gpu_millis: Some(8.0), ..FINE }, 200), None);
    let late = FrameFacts { gpu_millis: Some(12.9), ..LATE };
    assert_eq!(observe(&mut governor, late, 2), None, "two are an accident");
    let decision = governor.observe(&late).unwrap();
    assert_eq!((decision.from, decision.grade.error_scale), (0, 2.0), "as far as the GPU's time asks for");
    assert_eq!(
        decision.to_string(),
        "detail lowered to 2.0×: 3 of the last 12 frames were late, GPU 12.9 ms of 11.1 ms"
    );
    let raised = observe(&mut governor, FrameFacts { gpu_millis: Some(6.0), ..FINE }, 740).unwrap();
    assert_eq!(raised.to_string(), "detail raised to 1.0×: all went well for 8 s, GPU 6.0 ms of 11.1 ms");
}

#[test]
fn frames_that_something_else_holds_up_change_nothing() {
    let mut governor = Governor::new(&ALL);
    let spared = FrameFacts { gpu_millis: Some(5.0), cpu_millis: Some(2.0), ..LATE };
    assert_eq!(observe(&mut governor, spared, 500), None);
    // Neither does a hiccup a second.
    for _ in 0..60 {
        assert_eq!(observe(&mut governor, FINE, 89), None);
        assert_eq!(governor.observe(&LATE), None);
    }
    assert_eq!(governor.grade(), Grade::FULL);
}

#[test]
fn a_thread_that_is_too_slow_is_helped_by_less_detail_not_by_foveation() {
    let mut governor = Governor::new(&ALL);
    let slow = FrameFacts { gpu_millis: Some(4.0), cpu_millis: Some(12.0), ..LATE };
    let decision = observe(&mut governor, slow, 7).unwrap();
    assert!(decision.grade.error_scale > 1.0, "{decision}");
    // Where nothing that is left helps the thread, nothing more is given up.
    let mut governor = Governor::new(&Knobs { has_resolution: true, ..Knobs::default() });
    observe(&mut governor, slow, 200);
    assert_eq!(governor.grade(), Grade { error_scale: 2.0, ..Grade::FULL });
}

#[test]
fn heat_lowers_once_and_holds_until_it_is_gone() {
    let mut governor = Governor::new(&ALL);
    observe(&mut governor, FINE, 100);
    let hot = FrameFacts { heat: Strain::Warning, ..FINE };
    let decision = governor.observe(&hot).unwrap();
    assert_eq!(decision.to_string(), "foveation set to 1: the headset gets hot");
    assert_eq!(observe(&mut governor, hot, 90 * 60), None);
    let decision = governor.observe(&FrameFacts { heat: Strain::Impaired, ..FINE }).unwrap();
    assert_eq!(decision.step, 3);
    observe(&mut governor, FINE, 90 * 30);
    assert_eq!(governor.step(), 0, "the heat is gone");
    let warned = governor.observe(&FrameFacts { rendering: Strain::Warning, ..FINE }).unwrap();
    assert_eq!(warned.to_string(), "foveation set to 1: the headset warns of late frames");
}

#[test]
fn a_pause_forgets_the_frames_before_it() {
    let mut governor = Governor::new(&ALL);
    for _ in 0..100 {
        assert_eq!(observe(&mut governor, LATE, 2), None);
        governor.pause();
    }
}

/// However much the load jumps, a second later all is well, whether the GPU's time is known or not.
#[test]
fn a_jump_of_the_load_is_met_within_a_second() {
    for knows_gpu in [false, true] {
        for load in [1.05, 1.1, 1.3, 1.5, 1.8, 2.2, 2.6] {
            let (mut device, mut governor) = (Device::new(0.92, knows_gpu), Governor::new(&ALL));
            device.run(&mut governor, 10.0, 0.6, 0.05);
            let decisions = device.run(&mut governor, 1.0, load, 0.0);
            assert!(!decisions.is_empty());
            let mut frames = (0..30).map(|_| device.frame(&governor, load));
            assert!(frames.all(|facts| !facts.is_late), "{load} {knows_gpu} step {}", governor.step());
        }
    }
}

/// A load that just does not fit one step further up is tried once a minute in the end, not all the time.
#[test]
fn what_has_failed_is_tried_ever_more_seldom() {
    let (mut device, mut governor) = (Device::new(0.92, false), Governor::new(&ALL));
    device.run(&mut governor, 90.0, 1.05, 0.0);
    let decisions = device.run(&mut governor, 600.0, 1.05, 0.0);
    assert!((18..=20).contains(&decisions.len()), "{} steps in ten minutes", decisions.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever it is told, it stays on the ladder and says what it does.
    #[test]
    fn it_never_leaves_the_ladder(
        facts in proptest::collection::vec((any::<f32>(), any::<f32>(), any::<bool>(), any::<Option<f32>>(), 0..3_u8), 1..600),
    ) {
        let mut governor = Governor::new(&ALL);
        let mut known = governor.step();
        for (frame_millis, period_millis, is_late, gpu_millis, strain) in facts {
            let strain = [Strain::Normal, Strain::Warning, Strain::Impaired][usize::from(strain)];
            let facts = FrameFacts {
                frame_millis, period_millis, is_late, gpu_millis, heat: strain, rendering: strain, cpu_millis: gpu_millis,
            };
            if let Some(decision) = governor.observe(&facts) {
                prop_assert_eq!((decision.from, decision.step), (known, governor.step()));
                prop_assert!(decision.step != decision.from && decision.step <= governor.ladder().last());
                prop_assert!(decision.to_string().contains(": "));
                known = decision.step;
            }
            prop_assert_eq!(governor.step(), known);
        }
    }

    /// A steady load is answered at once, then with no more than six steps in any minute; and when it goes
    /// away, so does everything that was given up.
    #[test]
    fn a_steady_load_is_settled_and_quality_comes_back(
        load in 0.3_f32..2.4,
        noise in 0.0_f32..0.06,
        remains in proptest::collection::vec(0.84_f32..0.97, 14),
        knows_gpu: bool,
    ) {
        let mut governor = Governor::new(&ALL);
        let mut device = Device { remains, ..Device::new(1.0, knows_gpu) };
        device.run(&mut governor, 15.0, load, noise);
        let decisions = device.run(&mut governor, 240.0, load, noise);
        for (begin, _) in &decisions {
            let within = decisions.iter().filter(|(time, _)| (0.0..60.0).contains(&(time - begin))).count();
            prop_assert!(within <= 6, "{within} steps in a minute");
        }
        let late = (0..900).filter(|_| device.frame(&governor, load).is_late).count();
        prop_assert!(late < 45 || governor.step() == governor.ladder().last(), "{late} of 900 are late");
        device.run(&mut governor, 120.0, 0.3, noise);
        prop_assert_eq!(governor.grade(), Grade::FULL);
    }
}
