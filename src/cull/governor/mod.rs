//! Holds the deadline: frames' times → what is drawn how well.
//!
//! In: facts of each frame ([`FrameFacts`]). Out, seldom: a [`Decision`], another step on the [`Ladder`], with
//! its reason. Down goes fast: a few late frames are enough, and as long as they stay late each step is twice
//! the last. Up goes slowly: after a calm while, one step on trial; what fails is taken back at once, and the
//! next trial waits twice as long. Architecture invariant: no clock; time is what the frames took.

mod decision;
mod ladder;
mod window;

pub use decision::{Cause, Decision, Share};
pub use ladder::{Grade, Knobs, Ladder};

use window::{FRAMES, Seen, Window};

/// After a step, frames that were begun before it are not held against it.
const SETTLE_FRAMES: usize = 3;

/// So many late frames of so many: the load has jumped.
const BURST_LATE: usize = 3;

/// The same just after a step down, which then was too short.
const AGAIN_LATE: usize = 2;
const BURST_FRAMES: usize = 12;

/// So many late frames of all that are remembered: the load is a little too high.
const DRIP_LATE: usize = 6;

/// The share of late frames over some seconds that is too many, though few at a time; looked at so seldom that
/// frames which are late whatever is given up do not empty the ladder in a minute.
const SEEP_LATE: f32 = 0.03;
const SEEP_FRAMES: f32 = 450.0;
const SEEP_MILLIS: f32 = 10_000.0;

/// Late frames of all that are remembered that do not disturb the calm: other programs run, too.
const CALM_LATE: usize = 2;

/// More of a period than this does the GPU not get: the compositor has its part.
const GPU_FULL: f32 = 0.97;

/// After a step down the GPU is to need this, and a step up must not need more.
const WISHED: f32 = 0.88;

/// A thread or a GPU that needs less than this is not why frames are late.
const INNOCENT: f32 = 0.75;

/// Who steps down again within this steps twice as far, milliseconds.
const HURRY_MILLIS: f32 = 1_000.0;

/// Calm for so long: time to try a step up, milliseconds; twice that after a failure, up to the last.
const WAIT_MILLIS: f32 = 8_000.0;
const WAIT_MILLIS_MAX: f32 = 60_000.0;

/// A step up is on trial for so long, milliseconds. With [`WAIT_MILLIS`] it bounds what a load that comes and
/// goes can do: a step up and one down in 28 s.
const TRIAL_MILLIS: f32 = 20_000.0;

/// Steps up at once, at most, where nobody knows what the GPU would need.
const BLIND_STEPS_MAX: usize = 8;

/// Up goes only who has taken fewer steps than this within a minute: with the one up, the one that takes it back
/// and one more down there are six.
const STEPS_A_MINUTE: usize = 4;
const MINUTE_MILLIS: f32 = 60_000.0;

/// How bad it is, in the runtime's eyes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strain {
    /// All is well.
    #[default]
    Normal,
    /// It will get bad.
    Warning,
    /// It is bad.
    Impaired,
}

/// What there is to know of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameFacts {
    /// Since the frame before, milliseconds.
    pub frame_millis: f32,
    /// From one frame of the display to the next, at the rate it goes now, milliseconds.
    pub period_millis: f32,
    /// Whether the frame came after its time.
    pub is_late: bool,
    /// What the thread that draws worked for the frame, milliseconds.
    pub cpu_millis: Option<f32>,
    /// What the GPU worked for the frame, milliseconds.
    pub gpu_millis: Option<f32>,
    /// What the runtime says of frames in time.
    pub rendering: Strain,
    /// What the runtime says of heat.
    pub heat: Strain,
}

/// A step up that has yet to prove itself.
#[derive(Clone, Copy, Debug)]
struct Trial {
    /// The step that was safe.
    from: usize,
    millis: f32,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Governor {
    ladder: Ladder,
    step: usize,
    grade: Grade,
    window: Window,
    /// The share of late frames, over [`SEEP_FRAMES`].
    late_share: f32,
    /// Since the last step down.
    since_lower_millis: f32,
    /// Since there was last a reason not to step up.
    calm_millis: f32,
    /// How far the last step went, down and up.
    stride: usize,
    climb: usize,
    trial: Option<Trial>,
    /// Trials that failed in turn.
    failures: i32,
    /// How long ago the last steps were, newest first; a row of hurried ones down is one.
    since_millis: [f32; STEPS_A_MINUTE],
    rendering: Strain,
    heat: Strain,
}

impl Governor {
    /// At full quality, on a device with these knobs.
    pub fn new(knobs: &Knobs) -> Self {
        Self {
            ladder: Ladder::new(knobs),
            step: 0,
            grade: Grade::FULL,
            window: Window::default(),
            late_share: 0.0,
            since_lower_millis: HURRY_MILLIS,
            calm_millis: 0.0,
            stride: 1,
            climb: 1,
            trial: None,
            failures: 0,
            since_millis: [MINUTE_MILLIS; STEPS_A_MINUTE],
            rendering: Strain::Normal,
            heat: Strain::Normal,
        }
    }

    /// What is drawn how well now.
    pub fn grade(&self) -> Grade {
        self.grade
    }

    /// How many rungs are given up now; 0 is full quality.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The rungs that there are.
    pub fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// Frames were left out, or what they show is not what counts: nothing is concluded from those before.
    pub fn pause(&mut self) {
        self.window = Window::default();
        self.calm_millis = 0.0;
    }

    /// Takes the facts of one more frame. A decision holds from the next frame on.
    pub fn observe(&mut self, facts: &FrameFacts) -> Option<Decision> {
        let seen = seen(facts);
        self.window.push(seen);
        self.late_share += (f32::from(u8::from(seen.is_late)) - self.late_share) / SEEP_FRAMES;
        self.pass(facts.frame_millis);
        if let Some(cause) = self.told(facts) {
            return self.lower(cause, facts);
        }
        if self.window.count() <= SETTLE_FRAMES {
            return None;
        }
        if let Some(cause) = self.overload(seen) {
            return self.lower(cause, facts);
        }
        self.raise(facts)
    }

    /// Lets time go by.
    fn pass(&mut self, frame_millis: f32) {
        // What is no time, and a pause that nobody announced, count for little.
        let millis = if frame_millis > 0.0 { frame_millis.min(1_000.0) } else { 0.0 };
        self.since_lower_millis += millis;
        self.calm_millis += millis;
        self.since_millis.iter_mut().for_each(|since| *since += millis);
        if let Some(trial) = &mut self.trial {
            trial.millis += millis;
            if trial.millis > TRIAL_MILLIS {
                (self.trial, self.failures) = (None, 0);
            }
        }
        let is_strained = self.rendering.max(self.heat) > Strain::Normal;
        if is_strained || self.window.late(FRAMES) > CALM_LATE {
            self.calm_millis = 0.0;
        }
    }

    /// What the runtime says now and did not say before, if that is bad.
    fn told(&mut self, facts: &FrameFacts) -> Option<Cause> {
        let rendering = std::mem::replace(&mut self.rendering, facts.rendering);
        let heat = std::mem::replace(&mut self.heat, facts.heat);
        if facts.heat > heat {
            return Some(Cause::Hot(facts.heat));
        }
        (facts.rendering > rendering).then_some(Cause::Warned(facts.rendering))
    }

    /// Whether the load is too high at this step.
    fn overload(&self, newest: Seen) -> Option<Cause> {
        let count = self.window.count() - SETTLE_FRAMES;
        let burst = if self.since_lower_millis < HURRY_MILLIS { AGAIN_LATE } else { BURST_LATE };
        for (frames, enough) in [(BURST_FRAMES.min(count), burst), (count.min(FRAMES), DRIP_LATE)] {
            let late = self.window.late(frames);
            if late >= enough {
                return Some(Cause::Late { late, of: frames });
            }
        }
        if self.late_share > SEEP_LATE && self.since_lower_millis > SEEP_MILLIS {
            return Some(Cause::Late { late: self.window.late(count), of: count });
        }
        // Looked at only where the newest frame says so, too: most frames do not.
        let is_full =
            count >= BURST_FRAMES && newest.gpu > Some(GPU_FULL) && self.window.gpu() > Some(GPU_FULL);
        is_full.then_some(Cause::Full)
    }

    /// Steps down, as far as the facts say that it takes.
    fn lower(&mut self, cause: Cause, facts: &FrameFacts) -> Option<Decision> {
        self.calm_millis = 0.0;
        let (gpu, cpu) = (self.window.gpu(), self.window.cpu());
        let is_hurried = self.since_lower_millis < HURRY_MILLIS;
        self.stride = if is_hurried { (2 * self.stride).min(self.ladder.last()) } else { 1 };
        let mut step = self.step + self.stride;
        match cause {
            Cause::Hot(Strain::Impaired) | Cause::Warned(Strain::Impaired) => step += 1,
            Cause::Late { .. } | Cause::Full => {
                if let Some(trial) = self.trial.take() {
                    self.failures += 1;
                    step = step.max(trial.from);
                }
                let is_cpu = cpu > Some(INNOCENT) && gpu.is_none_or(|gpu| gpu < INNOCENT);
                if is_cpu {
                    // Rungs that help the GPU alone are passed by.
                    let (first, last) = self.ladder.relieve_cpu(self.step)?;
                    step = step.clamp(first, last);
                }
                if let Some(gpu) = gpu.filter(|_| !is_cpu) {
                    let fits = |step: &usize| gpu * self.ladder.load(self.step, *step) <= WISHED;
                    step =
                        step.max((self.step..=self.ladder.last()).find(fits).unwrap_or(self.ladder.last()));
                }
            }
            _ => {}
        }
        (self.since_lower_millis, self.climb) = (0.0, 1);
        if !is_hurried {
            self.count();
        }
        self.go(step, cause, facts)
    }

    /// Steps up, if it was calm for long enough and the facts do not speak against it.
    fn raise(&mut self, facts: &FrameFacts) -> Option<Decision> {
        let wait_millis = (WAIT_MILLIS * 2.0_f32.powi(self.failures)).min(WAIT_MILLIS_MAX);
        if self.step == 0 || self.calm_millis < wait_millis {
            return None;
        }
        let is_restless = self.since_millis[STEPS_A_MINUTE - 1] < MINUTE_MILLIS;
        if is_restless || self.window.cpu() > Some(WISHED) {
            return None;
        }
        let step = match self.window.gpu() {
            Some(gpu) => {
                let fits = |step: &usize| gpu / self.ladder.load(*step, self.step) <= WISHED;
                (0..self.step).find(fits)?
            }
            None => self.step.saturating_sub(self.climb),
        };
        let cause = Cause::Calm { seconds: self.calm_millis * 1e-3 };
        self.climb = (2 * self.climb).min(BLIND_STEPS_MAX);
        self.trial = Some(Trial { from: self.step, millis: 0.0 });
        self.calm_millis = 0.0;
        self.count();
        self.go(step, cause, facts)
    }

    /// Counts a step.
    fn count(&mut self) {
        self.since_millis.rotate_right(1);
        self.since_millis[0] = 0.0;
    }

    fn go(&mut self, step: usize, cause: Cause, facts: &FrameFacts) -> Option<Decision> {
        let step = step.min(self.ladder.last());
        let from = std::mem::replace(&mut self.step, step);
        let was = std::mem::replace(&mut self.grade, self.ladder.grade(step));
        let share =
            |share: f32| Share { millis: share * facts.period_millis, period_millis: facts.period_millis };
        let decision = Decision {
            from,
            step,
            was,
            grade: self.grade,
            cause,
            gpu: self.window.gpu().map(share),
            cpu: self.window.cpu().map(share),
        };
        (self.window, self.late_share) = (Window::default(), 0.0);
        (from != step).then_some(decision)
    }
}

/// What is remembered of a frame.
fn seen(facts: &FrameFacts) -> Seen {
    let share = |millis: Option<f32>| {
        let share = millis? / facts.period_millis;
        (share >= 0.0 && share.is_finite()).then_some(share)
    };
    let (gpu, cpu) = (share(facts.gpu_millis), share(facts.cpu_millis));
    // Both had time to spare: something else held the frame up, and nothing that we give up helps.
    let is_innocent = gpu.is_some_and(|gpu| gpu < INNOCENT) && cpu.is_some_and(|cpu| cpu < INNOCENT);
    Seen { is_late: facts.is_late && !is_innocent, gpu, cpu }
}

#[cfg(test)]
mod tests;
