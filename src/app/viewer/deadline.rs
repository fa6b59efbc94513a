//! Holds the display's deadline: what display and thread say of a frame → the governor → how well the next is
//! drawn.

use std::time::Duration;

use serde::Serialize;

use crate::cull::governor::{Decision, FrameFacts, Governor, Grade, Knobs, Strain};
use crate::cull::{Budget, DrawList, Quality};
use crate::present::{self, Display, Tempo};
use crate::ui::Detail;

/// How much coarser or finer memory makes everything before it is said again.
const MEMORY_STEP: f32 = 1.25;

/// How well it is drawn, and how that came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Rungs of the ladder that are given up; 0 is full quality.
    pub step: usize,
    /// Rungs that this display and renderer have.
    pub steps: usize,
    /// How coarsely the edges of pictures are shaded: 0 not at all.
    pub foveation: u8,
    /// How many times the unseen error is accepted.
    pub error_scale: f32,
    /// What share of the sides of the display's pictures is drawn.
    pub resolution_scale: f32,
    /// Whether the display was asked for its slower rate.
    pub is_slower: bool,
    /// How often another step was taken.
    pub decisions: u32,
    /// The last of them, in words.
    pub last: Option<String>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Deadline {
    governor: Option<Governor>,
    /// Whether the frame before was one that counts.
    has_before: bool,
    decisions: u32,
    last: Option<Decision>,
    /// How much coarser memory makes everything, as was last said; 0 as long as nothing was.
    memory_scale: f32,
    /// Whether frames are held to time at all: not where nobody watches, and pictures are compared.
    is_held: bool,
}

impl Deadline {
    /// `is_watched`: somebody sees the frames when they are drawn.
    pub fn new(is_watched: bool) -> Self {
        Self { is_held: is_watched, ..Self::default() }
    }

    /// How well to draw.
    pub fn quality(&self) -> Quality {
        let Grade { error_scale, is_slower, .. } = self.grade();
        let budget = if is_slower { Budget::SLOWER } else { Budget::default() };
        Quality { error_scale, budget, ..Quality::default() }
    }

    /// What is given up now.
    fn grade(&self) -> Grade {
        self.governor.as_ref().map_or(Grade::FULL, Governor::grade)
    }

    /// Nothing is drawn now, or nothing that counts: the next frame follows upon none.
    pub fn pause(&mut self) {
        self.has_before = false;
        if let Some(governor) = &mut self.governor {
            governor.pause();
        }
    }

    /// The display is another one, which may have other rungs: from the top again.
    pub fn forget_display(&mut self) {
        (self.governor, self.has_before) = (None, false);
    }

    /// One more frame was drawn, so long after the one before, with so much work of the thread.
    pub fn drew(&mut self, frame: Duration, cpu: Option<Duration>, display: &mut dyn Display) {
        let Some(tempo) = display.tempo().filter(|_| self.is_held) else { return };
        if !std::mem::replace(&mut self.has_before, true) {
            return;
        }
        let governor = self.governor.get_or_insert_with(|| Governor::new(&knobs(&tempo, display)));
        let Some(decision) = governor.observe(&facts(frame, cpu, &tempo)) else { return };
        tracing::info!("{decision}");
        self.decisions += 1;
        self.last = Some(decision);
        display.foveate(decision.grade.foveation);
        display.scale(decision.grade.resolution_scale);
        display.go_slower(decision.grade.is_slower);
    }

    /// Says so when memory for `bytes` makes everything coarser or finer than was said last.
    pub fn heed_memory(&mut self, scale: f32, bytes: u64) {
        let said = self.memory_scale.max(1.0);
        if scale <= 1.0 && said > 1.0 {
            tracing::info!("detail raised to 1.0×: memory holds all that the eye could tell apart");
        } else if scale > said * MEMORY_STEP || scale * MEMORY_STEP < said {
            let way = if scale > said { "lowered" } else { "raised" };
            let mebibytes = bytes >> 20;
            tracing::info!("detail {way} to {scale:.1}×: it would take more than {mebibytes} MiB of memory");
        } else {
            return;
        }
        self.memory_scale = scale;
    }

    /// What is given up, with what budget and memory left undone in the last frame.
    pub fn detail(&self, list: &DrawList) -> Detail {
        let Grade { error_scale, resolution_scale, is_slower, .. } = self.grade();
        let (is_over_budget, is_over_memory) = (list.excess > 1.0, list.memory_scale > 1.0);
        Detail { error_scale, resolution_scale, is_slower, is_over_budget, is_over_memory }
    }

    /// The step and its error scale, for each line of a trace; `None` where frames are not held to time.
    pub fn step(&self) -> Option<(usize, f32)> {
        self.governor.as_ref().map(|governor| (governor.step(), governor.grade().error_scale))
    }

    /// For the report; `None` where frames are not held to time.
    pub fn standing(&self) -> Option<Standing> {
        let governor = self.governor.as_ref()?;
        let Grade { foveation, error_scale, resolution_scale, is_slower, .. } = governor.grade();
        Some(Standing {
            step: governor.step(),
            steps: governor.ladder().last(),
            foveation,
            error_scale,
            resolution_scale,
            is_slower,
            decisions: self.decisions,
            last: self.last.map(|decision| decision.to_string()),
        })
    }
}

/// What of the ladder there is: how coarsely the display lets its edges be shaded, detail, how many of its pixels are
/// drawn, and its rate. The renderer cannot change its samples yet, and people have one form.
fn knobs(tempo: &Tempo, display: &dyn Display) -> Knobs {
    Knobs {
        slower: tempo.slower,
        foveation_levels: display.foveation_levels(),
        has_resolution: display.has_scales(),
        ..Knobs::default()
    }
}

fn facts(frame: Duration, cpu: Option<Duration>, tempo: &Tempo) -> FrameFacts {
    let millis = |time: Duration| time.as_secs_f32() * 1e3;
    FrameFacts {
        frame_millis: millis(frame),
        period_millis: tempo.period_seconds * 1e3,
        is_late: tempo.is_late(),
        cpu_millis: cpu.map(millis),
        gpu_millis: tempo.gpu_millis,
        rendering: strain(tempo.rendering),
        heat: strain(tempo.heat),
    }
}

fn strain(strain: present::Strain) -> Strain {
    match strain {
        present::Strain::Normal => Strain::Normal,
        present::Strain::Warning => Strain::Warning,
        present::Strain::Impaired => Strain::Impaired,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::draw::{EyeTarget, Gpu};
    use crate::math::ViewPair;
    use crate::present::{Begin, PresentError};
    use crate::rig::{Input, Person};
    use crate::tests::allocator;

    const FRAME: Duration = Duration::from_millis(22);

    /// A display that is always late, or has no deadline.
    struct Late {
        tempo: Option<Tempo>,
        is_slower: bool,
        foveation_levels: u8,
        foveation: u8,
        has_scales: bool,
        scale: f32,
    }

    impl Display for Late {
        fn tempo(&self) -> Option<Tempo> {
            self.tempo
        }
        fn go_slower(&mut self, is_slower: bool) {
            self.is_slower = is_slower;
        }
        fn foveation_levels(&self) -> u8 {
            self.foveation_levels
        }
        fn foveate(&mut self, level: u8) {
            self.foveation = level;
        }
        fn has_scales(&self) -> bool {
            self.has_scales
        }
        fn scale(&mut self, scale: f32) {
            self.scale = scale;
        }
        fn begin(&mut self, _: &Gpu, _: &mut Input) -> Result<Begin, PresentError> {
            Ok(Begin::Skip)
        }
        fn views(&mut self, _: &Person) -> ViewPair {
            unreachable!("nothing is drawn")
        }
        fn target(&self) -> EyeTarget {
            unreachable!("nothing is drawn")
        }
        fn show(&mut self, _: &Gpu, _: &mut wgpu::CommandEncoder, _: bool) -> Result<(), PresentError> {
            Ok(())
        }
        fn end(&mut self, _: &Gpu) -> Result<(), PresentError> {
            Ok(())
        }
    }

    fn late() -> Late {
        let tempo = Tempo { slower: Some(1.25), ..Tempo::of(1.0 / 90.0, 2.0 / 90.0) };
        Late {
            tempo: Some(tempo),
            is_slower: false,
            foveation_levels: 0,
            foveation: 0,
            has_scales: false,
            scale: 1.0,
        }
    }

    #[test]
    fn a_display_that_is_late_gets_less_detail_and_then_a_slower_rate() {
        let (mut deadline, mut display) = (Deadline::new(true), late());
        assert_eq!((deadline.quality(), deadline.standing()), (Quality::default(), None));
        (0..7).for_each(|_| deadline.drew(FRAME, None, &mut display));
        assert_eq!(deadline.quality().error_scale, 1.2);
        let down = || (0..200).for_each(|_| deadline.drew(FRAME, None, &mut display));
        let ((), heard) = allocator::during(down);
        assert_eq!(heard.ours, [""; 0], "a frame allocates nothing");
        let standing = deadline.standing().unwrap();
        assert_eq!(
            (standing.step, standing.steps, standing.error_scale, standing.is_slower),
            (5, 5, 2.0, true)
        );
        assert!(display.is_slower && standing.last.unwrap().contains("frame rate lowered"));
        deadline.forget_display();
        assert_eq!(deadline.quality(), Quality::default());
    }

    /// Shading comes first: nobody sees it where the display does it.
    #[test]
    fn a_display_that_shades_by_what_eyes_see_does_so_before_detail_goes() {
        let (mut deadline, mut display) = (Deadline::new(true), Late { foveation_levels: 3, ..late() });
        (0..7).for_each(|_| deadline.drew(FRAME, None, &mut display));
        let standing = deadline.standing().unwrap();
        assert_eq!((display.foveation, standing.foveation, standing.error_scale), (1, 1, 1.0));
        assert!(standing.last.unwrap().starts_with("foveation set to 1: "));
        (0..200).for_each(|_| deadline.drew(FRAME, None, &mut display));
        let standing = deadline.standing().unwrap();
        assert_eq!((display.foveation, standing.step, standing.steps), (3, 8, 8));
    }

    /// Detail that nobody sees goes first; a display that goes slower is the last resort.
    #[test]
    fn a_display_that_can_show_a_part_of_its_pictures_does_so_before_it_goes_slower() {
        let (mut deadline, mut display) = (Deadline::new(true), Late { has_scales: true, ..late() });
        let mut before = (1.0, 1.0, false);
        for _ in 0..200 {
            deadline.drew(FRAME, None, &mut display);
            let now = (display.scale, deadline.quality().error_scale, display.is_slower);
            assert!(
                now.0 <= before.0 && (now.0 == 1.0 || now.1 == 2.0) && (!now.2 || now.0 == 0.7),
                "{now:?}"
            );
            before = now;
        }
        let standing = deadline.standing().unwrap();
        assert_eq!(
            (display.scale, standing.resolution_scale, standing.step, standing.steps),
            (0.7, 0.7, 8, 8)
        );
    }

    #[test]
    fn where_nobody_watches_or_nothing_is_due_quality_stays_full() {
        let no_deadline = Late { tempo: None, ..late() };
        for (is_watched, mut display) in [(false, late()), (true, no_deadline)] {
            let mut deadline = Deadline::new(is_watched);
            (0..500).for_each(|_| deadline.drew(FRAME, None, &mut display));
            assert_eq!((deadline.quality(), deadline.standing()), (Quality::default(), None));
        }
    }

    #[test]
    fn the_first_frame_after_a_pause_is_not_held_against_anybody() {
        let (mut deadline, mut display) = (Deadline::new(true), late());
        for _ in 0..100 {
            (0..3).for_each(|_| deadline.drew(FRAME, None, &mut display));
            deadline.pause();
        }
        assert_eq!(deadline.standing().unwrap().step, 0);
    }
}
