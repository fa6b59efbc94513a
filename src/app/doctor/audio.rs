//! Sound: whether something here plays it. The output is really opened, and closed again.

use super::{Finding, State};

const SUBJECT: &str = "audio";

#[cfg(feature = "viewer")]
pub(super) fn look() -> Finding {
    use crate::audio::device::{self, Choice, DeviceError};
    match device::probe(&Choice::default()) {
        Ok(name) => Finding::works(SUBJECT, format!("sound comes from {name}")).fact("output", name),
        Err(error) => {
            let text = error.to_string();
            let (text, fix) =
                text.rsplit_once(": ").filter(|(_, fix)| !fix.is_empty()).unwrap_or((&text, ""));
            let is_there = !matches!(error, DeviceError::Absent(_));
            let finding = Finding::new(SUBJECT, State::Absent, text).fact("is_there", is_there);
            if fix.is_empty() { finding } else { finding.fix(fix) }
        }
    }
}

#[cfg(not(feature = "viewer"))]
pub(super) fn look() -> Finding {
    Finding::new(SUBJECT, State::NotNeeded, "this build plays nothing")
}
