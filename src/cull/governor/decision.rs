//! What the governor decided, and the sentence that says it.

use std::fmt;

use super::Strain;
use super::ladder::Grade;

/// A time against the time that there is, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Needed.
    pub millis: f32,
    /// From one frame of the display to the next.
    pub period_millis: f32,
}

/// Why another step was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause {
    /// Frames came late.
    Late {
        /// So many …
        late: usize,
        /// … of the last so many.
        of: usize,
    },
    /// The GPU's time is all but used up.
    Full,
    /// The runtime warns that frames do not come in time.
    Warned(Strain),
    /// The machine gets hot.
    Hot(Strain),
    /// All was well for so long.
    Calm {
        /// Seconds.
        seconds: f32,
    },
}

/// Another step on the ladder. Its words are for a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The step before.
    pub from: usize,
    /// The step from now on; 0 is full quality.
    pub step: usize,
    /// What was drawn how well before.
    pub was: Grade,
    /// What is drawn how well from now on.
    pub grade: Grade,
    /// Why.
    pub cause: Cause,
    /// What the GPU needed at the step before, where that is known.
    pub gpu: Option<Share>,
    /// What the thread that draws needed at the step before, where that is known.
    pub cpu: Option<Share>,
}

impl fmt::Display for Decision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_change(out)?;
        match self.cause {
            Cause::Late { late, of } => write!(out, ": {late} of the last {of} frames were late")?,
            Cause::Full => write!(out, ": the GPU is all but busy")?,
            Cause::Warned(_) => write!(out, ": the headset warns of late frames")?,
            Cause::Hot(Strain::Impaired) => write!(out, ": the headset is hot and slows down")?,
            Cause::Hot(_) => write!(out, ": the headset gets hot")?,
            Cause::Calm { seconds } => write!(out, ": all went well for {seconds:.0} s")?,
        }
        for (name, share) in [("GPU", self.gpu), ("CPU", self.cpu)] {
            if let Some(Share { millis, period_millis }) = share {
                write!(out, ", {name} {millis:.1} ms of {period_millis:.1} ms")?;
            }
        }
        Ok(())
    }
}

impl Decision {
    /// Everything that changes, with commas between.
    fn write_change(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (was, now) = (self.was, self.grade);
        let way = if self.step > self.from { "lowered" } else { "raised" };
        let mut comma = "";
        let mut say = |is_changed: bool, words: fmt::Arguments<'_>| {
            if !is_changed {
                return Ok(());
            }
            write!(out, "{}{words}", std::mem::replace(&mut comma, ", "))
        };
        say(was.foveation != now.foveation, format_args!("foveation set to {}", now.foveation))?;
        say(was.error_scale != now.error_scale, format_args!("detail {way} to {:.1}×", now.error_scale))?;
        let samples = if now.has_fewer_samples { 2 } else { 4 };
        say(was.has_fewer_samples != now.has_fewer_samples, format_args!("{samples} samples a pixel"))?;
        let percent = now.resolution_scale * 100.0;
        say(
            was.resolution_scale != now.resolution_scale,
            format_args!("resolution {way} to {percent:.0} %"),
        )?;
        say(was.avatar_tier != now.avatar_tier, format_args!("people's detail {way}"))?;
        say(was.is_slower != now.is_slower, format_args!("frame rate {way}"))
    }
}
