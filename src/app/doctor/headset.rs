//! The headset: its OpenXR runtime, and what that can do.

use super::{Finding, State};

const SUBJECT: &str = "headset";

#[cfg(feature = "xr")]
pub(super) fn look() -> Finding {
    use crate::present::openxr::{Runtime, RuntimeError};
    match Runtime::connect() {
        Ok(runtime) => {
            let facts = runtime.facts();
            let runtime = format!("{} {}", facts.name, facts.version);
            let finding = match &facts.headset {
                Some(headset) => Finding::works(SUBJECT, format!("{runtime}: {headset}")),
                None => Finding::new(SUBJECT, State::Absent, format!("{runtime} has no headset"))
                    .fix("connect the headset and switch it on"),
            };
            finding
                .fact("runtime", runtime)
                .fact("headset", facts.headset.clone())
                .fact("extensions", facts.extensions.clone())
                .fact("used_extensions", facts.used.clone())
        }
        Err(error) => {
            let fix = match error {
                RuntimeError::NoLoader(_) => "install SteamVR or Monado to use a headset here",
                RuntimeError::NoRuntime(_) => "start SteamVR or Monado to use a headset here",
                RuntimeError::NoVulkan { .. } => "update the runtime",
                RuntimeError::NoHeadset { .. } => "connect the headset and switch it on",
            };
            let sentence = error.to_string();
            let text = sentence.rsplit_once(": ").map_or(sentence.as_str(), |(text, _)| text);
            Finding::new(SUBJECT, State::Absent, text).fix(fix)
        }
    }
}

#[cfg(not(feature = "xr"))]
pub(super) fn look() -> Finding {
    Finding::new(SUBJECT, State::NotNeeded, "this build has no OpenXR")
}
